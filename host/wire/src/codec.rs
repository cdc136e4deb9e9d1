//! Cap'n Proto messages to bytes and back, within the bounds of [`crate::limits`].

mod fields;
mod inbound;
mod outbound;
#[cfg(test)]
mod tests;

use capnp::message::{Builder, HeapAllocator, Reader, ReaderOptions};
use capnp::serialize::{self, BufferSegments};
use capnp::traits::Owned;

use crate::error::WireError;
use crate::frames::begin_frame;
use crate::limits::{MAX_FRAME_BYTES, MAX_NESTING};

pub(crate) use fields::{data, list, list_length, optional_text, text, texts, within, write_texts};
pub(crate) use inbound::{inbound, inbound_bytes, read_blob, state, write_blob, write_inbound, write_state};
pub(crate) use outbound::{outbound, outbound_bytes, outcome, write_outbound, write_outcome};

pub(crate) const WORD_BYTES: usize = 8;

/// Words of a message beside its texts that are allocated at once. Most messages need no more.
const FIRST_WORDS: usize = 128;

/// Words that a message may be charged beside those that it has: an empty list costs one.
const SPARE_WORDS: usize = 64;

/// Reads the whole of `bytes` as a message, where they are.
///
/// Pointers may point at the same words many times, so that a small message becomes a large value. Each word is charged
/// each time that it is read, and a message may read twice the words that it has.
pub(crate) fn open(bytes: &[u8]) -> Result<Reader<BufferSegments<&[u8]>>, WireError> {
    if bytes.len() > MAX_FRAME_BYTES {
        return Err(WireError::FrameTooLong { bytes: bytes.len(), max: MAX_FRAME_BYTES });
    }
    let words = bytes.len() / WORD_BYTES * 2 + SPARE_WORDS;
    let options = ReaderOptions { traversal_limit_in_words: Some(words), nesting_limit: MAX_NESTING };
    let mut rest = bytes;
    let message = serialize::read_message_from_flat_slice(&mut rest, options)?;
    if rest.is_empty() { Ok(message) } else { Err(WireError::Trailing { bytes: rest.len() }) }
}

/// A message under construction, with room for about `bytes` of texts.
pub(crate) fn builder(bytes: usize) -> Builder<HeapAllocator> {
    let words = (bytes / WORD_BYTES).min(MAX_FRAME_BYTES / WORD_BYTES) + FIRST_WORDS;
    Builder::new(HeapAllocator::new().first_segment_words(u32::try_from(words).unwrap_or(u32::MAX)))
}

/// Whether the message goes out with its length before it.
#[derive(Clone, Copy)]
pub(crate) enum Form {
    Message,
    Frame,
}

/// Appends a message of type `T`, which `fill` writes; `bytes` as in [`builder`]. Appends nothing on an error.
pub(crate) fn write<T: Owned>(
    out: &mut Vec<u8>,
    form: Form,
    bytes: usize,
    fill: impl FnOnce(T::Builder<'_>) -> Result<(), WireError>,
) -> Result<(), WireError> {
    let mut message = builder(bytes);
    fill(message.init_root())?;
    let bytes = serialize::compute_serialized_size_in_words(&message) * WORD_BYTES;
    within("the message", bytes, MAX_FRAME_BYTES)?;
    out.reserve(size_of::<u32>() + bytes);
    if let Form::Frame = form {
        begin_frame(out, bytes)?;
    }
    Ok(serialize::write_message(out, &message)?)
}
