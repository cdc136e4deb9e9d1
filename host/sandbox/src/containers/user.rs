//! As which user a program runs: never root, and one who can write into the workspace.

use crate::program::ProgramError;

/// By convention the user who owns nothing.
const NOBODY: u32 = 65534;

/// A user and a group, neither of them root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// The gateway's own user; where that is root, the one who owns the workspace; where that is root too, nobody, if that gets in.
pub(crate) fn choose(gateway: (u32, u32), workspace: (u32, u32), mode: u32) -> Result<User, ProgramError> {
    let user = |(uid, gid)| User { uid, gid: if gid == 0 { NOBODY } else { gid } };
    match (gateway, workspace) {
        ((1.., _), _) => Ok(user(gateway)),
        (_, (1.., _)) => Ok(user(workspace)),
        // To write, read, and look around.
        _ if mode & 0o7 == 0o7 => Ok(User { uid: NOBODY, gid: NOBODY }),
        _ => Err(ProgramError::Unavailable(
            "no program runs as root, and the workspace is root's: run the gateway as another user, or give the workspace to the user \
             as whom programs shall run (`chown -R USER: WORKSPACE`)"
                .to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::{NOBODY, User, choose};

    #[test]
    fn is_never_root_and_can_write() {
        let nobody = User { uid: NOBODY, gid: NOBODY };
        for (gateway, workspace, mode, chosen) in [
            ((1000, 100), (1000, 100), 0o700, User { uid: 1000, gid: 100 }),
            ((1000, 100), (0, 0), 0o700, User { uid: 1000, gid: 100 }),
            ((1000, 0), (1000, 100), 0o700, User { uid: 1000, gid: NOBODY }),
            ((0, 0), (1001, 101), 0o700, User { uid: 1001, gid: 101 }),
            ((0, 0), (1001, 0), 0o700, User { uid: 1001, gid: NOBODY }),
            ((0, 0), (0, 0), 0o777, nobody),
            ((0, 5), (0, 5), 0o1777, nobody),
        ] {
            assert_eq!(choose(gateway, workspace, mode), Ok(chosen));
        }
        for mode in [0o700, 0o755, 0o770, 0o776, 0o773] {
            assert!(choose((0, 0), (0, 0), mode).unwrap_err().to_string().contains("chown"), "{mode:o}");
        }
    }
}
