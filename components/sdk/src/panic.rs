//! A panic that says why.
//!
//! A guest without imports cannot log, and a panic reaches its host as a bare `unreachable`. So the last message is left
//! in memory, where the host finds it in the core dump: sixteen marker bytes, a little-endian `u32` length, that many
//! bytes of UTF-8.

use std::fmt::{self, Write as _};
use std::hint::black_box;
use std::panic::PanicHookInfo;
use std::sync::{Mutex, Once};

/// The most that is kept of a message, in bytes.
pub const MESSAGE_BYTES: usize = 1024;

const LENGTH_BYTES: usize = size_of::<u32>();
const HEAD_BYTES: usize = MARKER_MASKED.len() + LENGTH_BYTES;

/// The marker, each byte under [`MASK`]: the host takes the last marker that it finds in memory, so none may lie in a
/// data segment.
const MARKER_MASKED: [u8; 16] = masked(*b"\xf7wirken-panic\x00\x01\xf7");

const MASK: u8 = 0x5a;

static SLOT: Mutex<Slot> = Mutex::new(Slot { bytes: [0; HEAD_BYTES + MESSAGE_BYTES], length: 0 });

/// Makes the last panic of this instance readable to the host. The first line of every export, which [`crate::tool!`]
/// and its like write; cheap after the first call.
pub fn init() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| std::panic::set_hook(Box::new(leave)));
}

fn leave(info: &PanicHookInfo<'_>) {
    // A panic while the slot is held cannot be told; it must not wait for itself either.
    if let Ok(mut slot) = SLOT.try_lock() {
        slot.fill(info);
        // The only reader is outside this program.
        black_box(&*slot);
    }
}

/// The marker, the length and the message, as they lie in memory.
struct Slot {
    bytes: [u8; HEAD_BYTES + MESSAGE_BYTES],
    length: usize,
}

impl Slot {
    fn fill(&mut self, message: &dyn fmt::Display) {
        self.length = 0;
        // Fails where the message is cut, and that is as good.
        let _ = write!(self, "{message}");
        let (marker, rest) = self.bytes.split_at_mut(MARKER_MASKED.len());
        let mask = black_box(MASK);
        for (to, from) in marker.iter_mut().zip(black_box(MARKER_MASKED)) {
            *to = from ^ mask;
        }
        let length = u32::try_from(self.length).unwrap_or(0).to_le_bytes();
        for (to, from) in rest.iter_mut().zip(length) {
            *to = from;
        }
    }
}

impl fmt::Write for Slot {
    /// Takes what fits, cut between two characters.
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = MESSAGE_BYTES - self.length;
        let cut = text.floor_char_boundary(room);
        let start = HEAD_BYTES + self.length;
        if let (Some(to), Some(from)) = (self.bytes.get_mut(start..start + cut), text.as_bytes().get(..cut)) {
            to.copy_from_slice(from);
            self.length += cut;
        }
        if cut < text.len() { Err(fmt::Error) } else { Ok(()) }
    }
}

const fn masked(mut bytes: [u8; 16]) -> [u8; 16] {
    let mut at = 0;
    while at < bytes.len() {
        #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, within the bounds of the loop")]
        {
            bytes[at] ^= MASK;
        }
        at += 1;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(message: &str) -> Slot {
        let mut slot = Slot { bytes: [0xff; HEAD_BYTES + MESSAGE_BYTES], length: 7 };
        slot.fill(&message);
        slot
    }

    #[test]
    fn leaves_the_layout_that_the_host_reads() {
        let slot = filled("grüß Gott");
        assert_eq!(&slot.bytes[..16], b"\xf7wirken-panic\x00\x01\xf7");
        assert_eq!(&slot.bytes[16..20], &11_u32.to_le_bytes());
        assert_eq!(&slot.bytes[20..31], "grüß Gott".as_bytes());
    }

    #[test]
    fn cuts_a_long_message_between_two_characters() {
        let exact = filled(&"x".repeat(MESSAGE_BYTES));
        assert_eq!(exact.length, MESSAGE_BYTES);
        let cut = filled(&format!("x{}", "ü".repeat(MESSAGE_BYTES)));
        assert_eq!(cut.length, MESSAGE_BYTES - 1);
        assert!(std::str::from_utf8(&cut.bytes[HEAD_BYTES..HEAD_BYTES + cut.length]).is_ok());
    }

    #[test]
    fn a_later_message_replaces_an_earlier_one() {
        let mut slot = filled("a long first message");
        slot.fill(&"short");
        assert_eq!(&slot.bytes[16..25], b"\x05\0\0\0short");
    }

    #[test]
    fn a_panic_leaves_its_message_and_its_place() {
        init();
        init();
        let _ = std::panic::catch_unwind(|| panic!("the kettle is empty"));
        let slot = SLOT.lock().unwrap();
        let text = std::str::from_utf8(&slot.bytes[HEAD_BYTES..HEAD_BYTES + slot.length]).unwrap();
        assert!(text.contains("the kettle is empty") && text.contains("src/panic.rs"), "{text}");
    }
}
