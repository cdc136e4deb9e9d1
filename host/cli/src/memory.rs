//! Memory that a crowd needed goes back to the system when the crowd has gone. The C library's allocator keeps what was
//! freed in the middle of its heap, unless it is told. And what only the start needed of the program itself is let go once it
//! is over.

use std::time::Duration;

/// How often it is looked. A look costs nothing to speak of; giving back takes a millisecond for each ten megabytes.
const EVERY: Duration = Duration::from_secs(2);

/// What is free and not worth giving back, in bytes.
const KEPT: usize = 2 * 1024 * 1024;

/// Gives back what is not needed any more, for as long as it is polled.
pub(crate) async fn tidy() {
    let mut free = 0;
    let mut started = false;
    loop {
        tokio::time::sleep(EVERY).await;
        if !std::mem::replace(&mut started, true) {
            wirken_sandbox::let_go();
        }
        // What cannot be given back is not tried for again until there is more of it.
        if free_bytes() > free + KEPT {
            give_back();
            free = free_bytes();
        }
        free = free.min(free_bytes());
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "the allocator has no safe interface to ask")]
fn free_bytes() -> usize {
    // SAFETY: it reads the allocator's own books, under the allocator's locks.
    unsafe { libc::mallinfo2() }.fordblks
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "the allocator has no safe interface to tell")]
fn give_back() {
    // SAFETY: it touches free memory alone, under the allocator's locks.
    unsafe { libc::malloc_trim(0) };
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn free_bytes() -> usize {
    0
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn give_back() {}
