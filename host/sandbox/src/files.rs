//! Landlock: which files may be read, that no TCP port is taken, and that signals and abstract sockets stay inside.

use std::io::ErrorKind;
use std::os::fd::AsFd;

use landlock::{
    ABI, Access, AccessFs, AccessNet, LandlockStatus, PathBeneath, PathFd, PathFdError, RestrictSelf, Ruleset, RulesetAttr,
    RulesetCreatedAttr, Scope,
};
use rustix::fs::{FileType, fstat};

use crate::lacks::Landlock;
use crate::{Confinement, Error};

/// The newest version whose rights are asked for. A kernel that knows fewer enforces those it knows. The rights of version 9, which
/// the tests' kernels need not have, only refuse to connect to a Unix socket by its path, and the filter does that too.
pub(crate) const NEWEST: ABI = ABI::V9;

/// Confines this thread, and every thread that it will start.
pub(crate) fn confine(confinement: &Confinement) -> Result<Landlock, Error> {
    let mut rules = Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))?
        // Connecting stays open: which address is a good one, a port cannot tell.
        .handle_access(AccessNet::BindTcp)?
        .scope(Scope::from_all(NEWEST))?
        .create()?;
    for path in &confinement.readable {
        let file = match PathFd::new(path) {
            Ok(file) => file,
            Err(PathFdError::OpenCall { source, .. }) if is_out_of_reach(source.kind()) => continue,
            Err(PathFdError::OpenCall { source, path, .. }) => return Err(Error::Readable { path, source }),
            Err(_) => return Err(Error::Readable { path: path.clone(), source: ErrorKind::Other.into() }),
        };
        let status = fstat(file.as_fd()).map_err(|error| Error::Readable { path: path.clone(), source: error.into() })?;
        // Landlock refuses a rule that gives a file what only a folder has.
        let access = match FileType::from_raw_mode(status.st_mode) {
            FileType::Directory => AccessFs::ReadFile | AccessFs::ReadDir,
            _ => AccessFs::ReadFile.into(),
        };
        rules = rules.add_rule(PathBeneath::new(file, access))?;
    }
    Ok(described(rules.restrict_self()?.landlock))
}

/// What cannot even be looked up is not opened by leaving it out.
fn is_out_of_reach(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::PermissionDenied)
}

/// What the kernel has, with nothing changed: no flag is asked for, so that nothing is applied.
pub(crate) fn offered() -> Landlock {
    match RestrictSelf::default().no_new_privs(false).apply() {
        Ok(status) => described(status.landlock),
        Err(_) => Landlock::Absent,
    }
}

fn described(status: LandlockStatus) -> Landlock {
    match status {
        LandlockStatus::NotEnabled => Landlock::Off,
        LandlockStatus::NotImplemented => Landlock::Absent,
        LandlockStatus::Available { effective_abi, kernel_abi } => {
            let newer = kernel_abi.and_then(|version| u32::try_from(version).ok());
            Landlock::Version(newer.unwrap_or(effective_abi as u32))
        }
    }
}
