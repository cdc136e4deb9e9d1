//! The filter of system calls for a program. Programs are of every kind, so that this refuses what reaches past the sandbox, or asks of
//! the kernel what no ordinary program does; the rest is held by namespaces and rights.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{BackendError, BpfProgram, SeccompAction, SeccompFilter, SeccompRule, apply_filter};

use crate::calls::{ARCHITECTURE_IS_KNOWN, Argument, numbers, refused};

/// Why a program would not be held.
#[derive(Debug, thiserror::Error)]
pub(super) enum FilterError {
    #[error("this processor's system calls are not known")]
    Architecture,
    #[error("{0}")]
    Filter(#[from] seccompiler::Error),
    #[error("{0}")]
    Own(#[from] crate::Error),
}

/// Answered as by a kernel that has none of them, for which callers have a way back: `clone3` hides its flags from a filter, and
/// memory files are memory that no limit of a process counts.
const ABSENT: &[c_long] = &[
    libc::SYS_clone3,
    libc::SYS_memfd_create,
    libc::SYS_memfd_secret,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
];

/// Refused whatever their arguments, beside the groups that no child may use.
const REFUSED: &[c_long] = &[
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_process_mrelease,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    libc::SYS_move_pages,
    libc::SYS_migrate_pages,
    libc::SYS_io_setup,
    libc::SYS_io_submit,
    libc::SYS_remap_file_pages,
    libc::SYS_fanotify_init,
    libc::SYS_fanotify_mark,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
];

/// Typing on a terminal, and drawing on the console.
const IOCTL: [libc::c_int; 2] = [0x5412, 0x541c];

/// Answers by which a program asks for its personality, or keeps the usual one.
const PERSONALITY: [libc::c_int; 2] = [0, -1];

/// For this process and all that it starts.
pub(super) fn confine() -> Result<(), FilterError> {
    if !ARCHITECTURE_IS_KNOWN {
        return Err(FilterError::Architecture);
    }
    let (refusals, sockets) = (refusals().map_err(seccompiler::Error::Backend)?, sockets().map_err(seccompiler::Error::Backend)?);
    apply_filter(&numbers(ABSENT)?)?;
    apply_filter(&sockets)?;
    apply_filter(&refusals)?;
    Ok(())
}

fn refusals() -> Result<BpfProgram, BackendError> {
    let always = [REFUSED, refused::SHARED, refused::KEYS, refused::SPACES, refused::KERNEL].concat();
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = always.into_iter().map(|call| (call, Vec::new())).collect();
    let mut refuse = |call: c_long, conditions: &[Argument]| {
        let conditions = conditions.iter().map(Argument::condition).collect::<Result<_, _>>()?;
        rules.entry(call).or_default().push(SeccompRule::new(conditions)?);
        Ok::<_, BackendError>(())
    };
    for namespace in refused::NAMESPACES {
        refuse(libc::SYS_clone, &[Argument::has(0, *namespace)])?;
    }
    for request in IOCTL {
        refuse(libc::SYS_ioctl, &[Argument::is(1, request)])?;
    }
    refuse(libc::SYS_personality, &PERSONALITY.map(|usual| Argument::is_not(0, usual)))?;
    // A pair of datagrams could turn to another peer, by its path.
    for kind in [libc::SOCK_DGRAM, libc::SOCK_RAW] {
        refuse(libc::SYS_socketpair, &[Argument::is_kind(1, kind)])?;
    }
    // How much a socket keeps is counted as the usual.
    for option in [libc::SO_SNDBUF, libc::SO_SNDBUFFORCE] {
        refuse(libc::SYS_setsockopt, &[Argument::is(1, libc::SOL_SOCKET), Argument::is(2, option)])?;
    }
    program(rules, libc::EPERM)
}

/// No socket of any family: there is no network, and a socket in the workspace is that of somebody outside. A pair of its own is left.
fn sockets() -> Result<BpfProgram, BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::from([(libc::SYS_socket, Vec::new())]);
    rules.insert(libc::SYS_socketpair, vec![SeccompRule::new(vec![Argument::is_not(0, libc::AF_UNIX).condition()?])?]);
    program(rules, libc::EAFNOSUPPORT)
}

fn program(rules: BTreeMap<i64, Vec<SeccompRule>>, answer: libc::c_int) -> Result<BpfProgram, BackendError> {
    let refusal = SeccompAction::Errno(answer.unsigned_abs());
    SeccompFilter::new(rules, SeccompAction::Allow, refusal, std::env::consts::ARCH.try_into()?)?.try_into()
}
