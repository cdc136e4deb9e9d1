//! Landlock for a program: it reads and runs what its root has, and writes the workspace and temporary files.
//!
//! The namespace of mounts says the same by other means: each stands should the other fall.

use landlock::{ABI, Access, AccessFs, AccessNet, BitFlags, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreatedAttr, Scope};

use crate::files::{NEWEST, offered};
use crate::lacks::Landlock;
use crate::program::WORKSPACE;

/// Why a program would not be held.
#[derive(Debug, thiserror::Error)]
pub(super) enum RulesError {
    #[error("this kernel has {0:?} of it")]
    Missing(Landlock),
    #[error("{0}")]
    Ruleset(#[from] landlock::RulesetError),
    #[error("{0}")]
    Path(#[from] landlock::PathFdError),
}

pub(super) fn confine() -> Result<(), RulesError> {
    check(offered())?;
    let read = AccessFs::from_read(ABI::V1);
    let devices = AccessFs::ReadFile | AccessFs::ReadDir | AccessFs::WriteFile | AccessFs::Truncate | AccessFs::IoctlDev;
    let mut rules = Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))?
        // No rule opens a port: there is no network to begin with.
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?;
    for (path, access) in [("/", read), ("/dev", devices), ("/tmp", writing()), (WORKSPACE, writing())] {
        rules = rules.add_rule(PathBeneath::new(PathFd::new(path)?, access))?;
    }
    rules.restrict_self()?;
    Ok(())
}

/// All but devices.
fn writing() -> BitFlags<AccessFs> {
    AccessFs::from_all(NEWEST) & !(AccessFs::MakeBlock | AccessFs::MakeChar | AccessFs::IoctlDev)
}

pub(super) fn check(landlock: Landlock) -> Result<(), RulesError> {
    match landlock {
        Landlock::Version(version) if version >= super::lacks::LANDLOCK => Ok(()),
        other => Err(RulesError::Missing(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Landlock, check};

    #[test]
    fn needs_a_version_that_can_tell_folders_apart() {
        for (landlock, will_do) in
            [(Landlock::Absent, false), (Landlock::Off, false), (Landlock::Version(1), false), (Landlock::Version(2), true)]
        {
            assert_eq!(check(landlock).is_ok(), will_do, "{landlock:?}");
        }
    }
}
