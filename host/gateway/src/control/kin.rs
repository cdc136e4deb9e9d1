//! Which processes the gateway started. What it starts is there to be contained: it says nothing to the control plane, even
//! if it comes to know the key.

/// How far up a caller's ancestors are looked at. A person's shell, terminal and session are not so many.
#[cfg(target_os = "linux")]
const ANCESTORS: usize = 64;

/// Whether a process was started by this one, or by one that was. Also of one that cannot be looked at: it ended, or hides.
///
/// Zero is a process that this one has no number for. It is in no namespace below, so nothing that was started here.
#[cfg(target_os = "linux")]
pub(crate) fn descends(pid: i32) -> bool {
    let (own, mut looked_at) = (std::process::id().cast_signed(), pid);
    for generation in 0..ANCESTORS {
        if looked_at <= 0 || (generation == 0 && looked_at == own) {
            return false;
        }
        // Its ancestors may be others' processes, which some machines hide.
        let Some(parent) = parent(looked_at) else { return generation == 0 };
        if parent == own {
            return true;
        }
        looked_at = parent;
    }
    false
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn descends(_pid: i32) -> bool {
    false
}

/// The fourth field of its `stat`. The second is the program's name in parentheses, and the program chooses it.
#[cfg(target_os = "linux")]
fn parent(pid: i32) -> Option<i32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}
