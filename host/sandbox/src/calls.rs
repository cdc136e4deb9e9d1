//! The filter of system calls: which ones a confined process has no use for, and is refused.
//!
//! What is listed here answers EPERM, as if the process's user were not allowed it. It is a list of what is refused, since what an
//! allocator, a runtime and a C library call changes with each version of theirs; it is kept whole by the other end: a
//! system call that is newer than the list is answered as an older kernel would, ENOSYS, and those who call it have a way back.
//!
//! Where Landlock could do the same, both do it: kernels without some of its versions are about. The filter sees numbers and no memory, so
//! that what hides its arguments in a structure (clone3, openat2) is answered ENOSYS as well.

pub(crate) mod refused;

use std::collections::BTreeMap;

use libc::{c_int, c_long};
use rustix::process::getpid;
use rustix::thread::secure_computing_mode;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, apply_filter,
    sock_filter,
};

use crate::Error;

/// Those whose numbers are told apart here, and on which the tests run.
pub(crate) const ARCHITECTURE_IS_KNOWN: bool = cfg!(any(target_arch = "x86_64", target_arch = "aarch64"));

/// The last system call, in the order in which all architectures have numbered them since 424, that the list was made in view of.
const NEWEST: c_long = libc::SYS_set_mempolicy_home_node;

/// Numbers from here on are x86_64's second set of calls, for pointers of 32 bits. No list that names calls by their usual
/// numbers meets them.
const SECOND_SET: u32 = 0x4000_0000;

/// Installs the filter for this thread, and every thread that it will start. False where there is none to install.
pub(crate) fn confine() -> Result<bool, Error> {
    if !ARCHITECTURE_IS_KNOWN || secure_computing_mode().is_err() {
        return Ok(false);
    }
    let refusals = refusals().map_err(seccompiler::Error::Backend)?;
    apply_filter(&numbers(&[libc::SYS_clone3, libc::SYS_openat2])?)?;
    // Last, since it refuses to install another.
    apply_filter(&refusals)?;
    Ok(true)
}

/// What is decided by the number alone: unknown calls and these do not exist, and those of the second set end the process.
pub(crate) fn numbers(absent: &[c_long]) -> Result<BpfProgram, Error> {
    let number =
        |call: c_long| u32::try_from(call).map_err(|_| Error::system("build the filter of system calls", rustix::io::Errno::RANGE));
    let instruction = |code: u32, jt: u8, jf: u8, k: u32| sock_filter { code: code as u16, jt, jf, k };
    let answer = |action: SeccompAction| instruction(libc::BPF_RET | libc::BPF_K, 0, 0, action.into());
    let unless = |test: u32, k: u32| instruction(libc::BPF_JMP | test | libc::BPF_K, 0, 1, k);
    let none = || answer(SeccompAction::Errno(libc::ENOSYS.unsigned_abs()));
    // The number is the first field that a filter is given. Each test passes over the answer behind it where it does not hold.
    let mut program = vec![
        instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        unless(libc::BPF_JGE, SECOND_SET),
        answer(SeccompAction::KillProcess),
        unless(libc::BPF_JGT, number(NEWEST)?),
        none(),
    ];
    for call in absent {
        program.extend([unless(libc::BPF_JEQ, number(*call)?), none()]);
    }
    program.push(answer(SeccompAction::Allow));
    Ok(program)
}

/// What is refused; and a call of another architecture, which this processor may also run, ends the process.
fn refusals() -> Result<BpfProgram, BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = refused::ALWAYS.concat().into_iter().map(|call| (call, Vec::new())).collect();
    for (call, when) in conditional()? {
        rules.entry(call).or_default().push(when);
    }
    let refusal = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    SeccompFilter::new(rules, SeccompAction::Allow, refusal, std::env::consts::ARCH.try_into()?)?.try_into()
}

/// What is refused for some arguments only. Each line is enough for itself.
fn conditional() -> Result<Vec<(c_long, SeccompRule)>, BackendError> {
    let myself = getpid().as_raw_nonzero().get();
    let mut rules = Vec::new();
    let mut refuse = |call: c_long, conditions: &[Argument]| {
        let conditions = conditions.iter().map(Argument::condition).collect::<Result<_, _>>()?;
        rules.push((call, SeccompRule::new(conditions)?));
        Ok::<_, BackendError>(())
    };

    // A new process, and not a thread of this one; and namespaces, in either.
    refuse(libc::SYS_clone, &[Argument::lacks(0, libc::CLONE_THREAD)])?;
    for namespace in refused::NAMESPACES {
        refuse(libc::SYS_clone, &[Argument::has(0, *namespace)])?;
    }
    // Memory that can be executed. What is mapped already can still be run.
    for call in [libc::SYS_mmap, libc::SYS_mprotect, libc::SYS_pkey_mprotect] {
        refuse(call, &[Argument::has(2, libc::PROT_EXEC)])?;
    }
    // Anything but TCP and UDP.
    refuse(libc::SYS_socket, &[Argument::is_not(0, libc::AF_INET), Argument::is_not(0, libc::AF_INET6)])?;
    for kind in [libc::SOCK_RAW, libc::SOCK_RDM, libc::SOCK_SEQPACKET, libc::SOCK_DCCP, refused::SOCK_PACKET] {
        refuse(libc::SYS_socket, &[Argument::is_kind(1, kind)])?;
    }
    let not = |protocol| Argument::is_not(2, protocol);
    refuse(libc::SYS_socket, &[not(libc::IPPROTO_IP), not(libc::IPPROTO_TCP), not(libc::IPPROTO_UDP)])?;
    // A pair is a Unix socket: one of datagrams could turn to another peer, by its path.
    refuse(libc::SYS_socketpair, &[Argument::is_not(0, libc::AF_UNIX)])?;
    for kind in [libc::SOCK_DGRAM, libc::SOCK_RAW] {
        refuse(libc::SYS_socketpair, &[Argument::is_kind(1, kind)])?;
    }
    // Signals to anybody else, and changing the limits of anybody else.
    for call in [libc::SYS_kill, libc::SYS_tgkill] {
        refuse(call, &[Argument::is_not(0, myself)])?;
    }
    refuse(libc::SYS_prlimit64, &[Argument::is_not(0, 0), Argument::is_not(0, myself)])?;
    for command in refused::FCNTL {
        refuse(libc::SYS_fcntl, &[Argument::is(1, *command)])?;
    }
    for request in refused::IOCTL {
        refuse(libc::SYS_ioctl, &[Argument::is(1, *request)])?;
    }
    for option in refused::PRCTL {
        refuse(libc::SYS_prctl, &[Argument::is(0, *option)])?;
    }
    // Files are read and nothing else.
    for flag in [libc::O_WRONLY, libc::O_RDWR, libc::O_CREAT, libc::O_TRUNC] {
        refuse(libc::SYS_openat, &[Argument::has(2, flag)])?;
        #[cfg(target_arch = "x86_64")]
        refuse(libc::SYS_open, &[Argument::has(1, flag)])?;
    }
    Ok(rules)
}

/// What the kernel keeps of a socket's kind; above are flags.
const KIND: u64 = 0xf;

/// A test of one argument: its lower 32 bits, since that is what the kernel looks at in each call above.
pub(crate) struct Argument {
    index: u8,
    test: SeccompCmpOp,
    value: u64,
}

impl Argument {
    fn new(index: u8, test: SeccompCmpOp, value: c_int) -> Self {
        Self { index, test, value: u64::from(value.cast_unsigned()) }
    }

    pub(crate) fn is(index: u8, value: c_int) -> Self {
        Self::new(index, SeccompCmpOp::Eq, value)
    }

    pub(crate) fn is_not(index: u8, value: c_int) -> Self {
        Self::new(index, SeccompCmpOp::Ne, value)
    }

    pub(crate) fn is_kind(index: u8, value: c_int) -> Self {
        Self::new(index, SeccompCmpOp::MaskedEq(KIND), value)
    }

    pub(crate) fn has(index: u8, flag: c_int) -> Self {
        Self::new(index, SeccompCmpOp::MaskedEq(u64::from(flag.cast_unsigned())), flag)
    }

    fn lacks(index: u8, flag: c_int) -> Self {
        Self::new(index, SeccompCmpOp::MaskedEq(u64::from(flag.cast_unsigned())), 0)
    }

    pub(crate) fn condition(&self) -> Result<SeccompCondition, BackendError> {
        SeccompCondition::new(self.index, SeccompCmpArgLen::Dword, self.test.clone(), self.value)
    }
}
