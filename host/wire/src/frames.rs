//! The cut of a byte stream into messages: four bytes of length, little-endian, and the message.

use crate::error::WireError;
use crate::limits::{MAX_FRAME_BYTES, MAX_HANDSHAKE_BYTES};

const LENGTH_BYTES: usize = 4;

/// What an empty decoder keeps of its memory.
const KEPT_BYTES: usize = 64 * 1024;

/// Cuts what arrives into frames. A length allocates nothing: memory grows with the bytes that are pushed, and a length
/// beyond the limit is refused when its four bytes are there.
///
/// Take every frame after each push; then no more waits than one frame and one push.
#[derive(Debug)]
pub struct Frames {
    buffer: Vec<u8>,
    /// Of the buffer, what was handed out already.
    taken: usize,
    max: usize,
}

impl Frames {
    /// For a peer that is not known yet: refuses more than [`MAX_HANDSHAKE_BYTES`].
    pub fn new() -> Self {
        Self { buffer: Vec::new(), taken: 0, max: MAX_HANDSHAKE_BYTES }
    }

    /// From now on the limit is [`MAX_FRAME_BYTES`]: the peer has proved who it is.
    pub fn authenticated(&mut self) {
        self.max = MAX_FRAME_BYTES;
    }

    /// Takes the next bytes of the stream, however they are cut.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.taken == self.buffer.len() {
            self.buffer.clear();
            self.buffer.shrink_to(KEPT_BYTES);
            self.taken = 0;
        } else if self.taken > self.buffer.len() / 2 {
            // Each byte is moved once at most for each that was handed out.
            self.buffer.drain(..self.taken);
            self.taken = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next frame's message, when all of it is there.
    pub fn next_frame(&mut self) -> Result<Option<&[u8]>, WireError> {
        let waiting = self.buffer.get(self.taken..).unwrap_or_default();
        let Some((length, rest)) = waiting.split_first_chunk::<LENGTH_BYTES>() else { return Ok(None) };
        let bytes = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
        if bytes > self.max {
            return Err(WireError::FrameTooLong { bytes, max: self.max });
        }
        let Some(message) = rest.get(..bytes) else { return Ok(None) };
        self.taken += LENGTH_BYTES + bytes;
        Ok(Some(message))
    }

    /// Whether the stream may end here: nothing has arrived of a frame that is not whole.
    pub fn is_empty(&self) -> bool {
        self.taken == self.buffer.len()
    }
}

impl Default for Frames {
    fn default() -> Self {
        Self::new()
    }
}

/// A message as a frame. The messages after the handshake write their own: `encode_frame` spares this copy.
pub fn frame(message: &[u8]) -> Result<Vec<u8>, WireError> {
    let mut out = Vec::with_capacity(LENGTH_BYTES + message.len());
    begin_frame(&mut out, message.len())?;
    out.extend_from_slice(message);
    Ok(out)
}

/// Writes the length of the message that follows.
pub(crate) fn begin_frame(out: &mut Vec<u8>, bytes: usize) -> Result<(), WireError> {
    let too_long = WireError::TooLong { what: "the message", bytes, max: MAX_FRAME_BYTES };
    if bytes > MAX_FRAME_BYTES {
        return Err(too_long);
    }
    out.extend_from_slice(&u32::try_from(bytes).map_err(|_| too_long)?.to_le_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_grows_with_what_arrives_and_not_with_what_is_announced() {
        let mut frames = Frames::new();
        frames.authenticated();
        frames.push(&u32::try_from(MAX_FRAME_BYTES).unwrap().to_le_bytes());
        assert_eq!(frames.next_frame(), Ok(None));
        assert!(frames.buffer.capacity() < 64, "{}", frames.buffer.capacity());
        let piece = [7; 1000];
        for arrived in 1..=100 {
            frames.push(&piece);
            assert_eq!(frames.next_frame(), Ok(None));
            assert!(frames.buffer.capacity() <= 2 * (LENGTH_BYTES + arrived * piece.len()));
        }
    }

    #[test]
    fn memory_of_a_long_frame_is_given_back() {
        let mut frames = Frames::new();
        frames.authenticated();
        frames.push(&frame(&vec![7; MAX_FRAME_BYTES]).unwrap());
        assert_eq!(frames.next_frame().unwrap().map(<[u8]>::len), Some(MAX_FRAME_BYTES));
        frames.push(&[0]);
        assert!(frames.buffer.capacity() <= KEPT_BYTES, "{}", frames.buffer.capacity());
    }

    #[test]
    fn memory_stays_small_however_many_frames_pass() {
        let mut frames = Frames::new();
        let mut stream = frame(&[7; 1000]).unwrap();
        // The beginning of the next frame always waits.
        stream.rotate_left(1);
        frames.push(&frame(&[7; 1000]).unwrap()[..1]);
        for _ in 0..1000 {
            frames.push(&stream);
            assert_eq!(frames.next_frame().unwrap().map(<[u8]>::len), Some(1000));
            assert_eq!(frames.next_frame(), Ok(None));
        }
        assert!(frames.buffer.capacity() <= 8 * stream.len(), "{}", frames.buffer.capacity());
    }
}
