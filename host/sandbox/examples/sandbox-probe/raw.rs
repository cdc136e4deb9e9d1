//! System calls as an attacker makes them: by number.
#![expect(unsafe_code, reason = "an attacker does not use safe wrappers")]

use std::io;

use libc::c_long;

/// One system call; the arguments that are not given are zero.
pub(crate) fn call(number: c_long, arguments: &[usize]) -> io::Result<usize> {
    let mut all = [0; 6];
    all[..arguments.len()].copy_from_slice(arguments);
    let [a, b, c, d, e, f] = all;
    // SAFETY: nothing vouches for it. Each caller is a process for this one call, and what it breaks there is the finding.
    let result = unsafe { libc::syscall(number, a, b, c, d, e, f) };
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result.cast_unsigned() as usize) }
}

/// A number that the kernel reads with its sign.
pub(crate) fn signed(number: i32) -> usize {
    i64::from(number).cast_unsigned() as usize
}

/// Memory of one page, which nothing else uses.
pub(crate) fn page(protection: i32) -> io::Result<usize> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    call(libc::SYS_mmap, &[0, 4096, signed(protection), signed(flags), signed(-1), 0])
}

pub(crate) fn write(address: usize, value: u8) {
    // SAFETY: the address is that of a page which the caller has just mapped and made writable.
    unsafe { (address as *mut u8).write_volatile(value) };
}

pub(crate) fn read(address: usize) -> u8 {
    // SAFETY: as above.
    unsafe { (address as *const u8).read_volatile() }
}

/// The number of this process, by the gate for programs of 32 bits: the filter's list knows other numbers.
#[cfg(target_arch = "x86_64")]
pub(crate) fn getpid_through_the_other_gate() -> i32 {
    let mut result: i32 = 20;
    // SAFETY: the call takes no argument, and changes only what is named here.
    unsafe { std::arch::asm!("int 0x80", inout("eax") result, out("r8") _, out("r9") _, out("r10") _, out("r11") _) };
    result
}

static CAUGHT: std::sync::atomic::AtomicI32 = std::sync::atomic::AtomicI32::new(0);

extern "C" fn catch(signal: i32) {
    CAUGHT.store(signal, std::sync::atomic::Ordering::SeqCst);
}

/// Raises a signal in this thread, and tells which one its handler saw.
pub(crate) fn raise_and_catch(signal: i32) -> i32 {
    // SAFETY: the handler stores to an atomic and does nothing else.
    unsafe {
        libc::signal(signal, catch as *const () as libc::sighandler_t);
        libc::raise(signal);
    }
    CAUGHT.load(std::sync::atomic::Ordering::SeqCst)
}
