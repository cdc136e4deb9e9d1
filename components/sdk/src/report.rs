//! The last words of a guest that panics.
//!
//! A component without imports cannot log, and a panic shows to the host as a bare `unreachable`. So a hook leaves the
//! message in linear memory, where the host finds it in the core dump of the trap.
//!
//! # Layout
//! One record, at no fixed address, not aligned:
//!
//! | offset | bytes | content |
//! | --- | --- | --- |
//! | 0 | 16 | the marker: `F7 1E 57 49 52 4B 45 4E 2D 50 41 4E 49 43 01 F8` (`WIRKEN-PANIC` between bytes that no UTF-8 text holds) |
//! | 16 | 4 | the length of the text in bytes, little-endian, at most 1 024 |
//! | 20 | length | the text, UTF-8: `src/file.rs:line:column: message`, cut between characters where it is longer |
//!
//! The record is written when a panic happens and not before, so its absence says that the trap was no panic. The module
//! itself never contains the marker: its data holds the bytes masked, and they are unmasked one by one into the record.
//! The first marker in memory is therefore the record, unless the guest forged one: **the text is a guest's claim**, to be
//! shown quoted and never to be acted on.

use core::fmt::{self, Write};
use core::hint::black_box;
use core::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::panic::{PanicHookInfo, set_hook};

pub const MARKER_BYTES: usize = 16;
/// The longest text in bytes: a message and its place, not a document, because every guest's memory holds the buffer.
pub const TEXT_BYTES: usize = 1024;
const LENGTH_BYTES: usize = 4;
const TEXT_AT: usize = MARKER_BYTES + LENGTH_BYTES;
const RECORD_BYTES: usize = TEXT_AT + TEXT_BYTES;

const MASK: u8 = 0x5A;
/// The marker, each byte xor `MASK`. Plain, it would sit in a data segment and be found there first.
const MASKED_MARKER: [u8; MARKER_BYTES] = [0xAD, 0x44, 0x0D, 0x13, 0x08, 0x11, 0x1F, 0x14, 0x77, 0x0A, 0x1B, 0x14, 0x13, 0x19, 0x5B, 0xA2];

/// Bytes that are written through a shared reference: the layout of plain bytes, without `unsafe`.
type Record = [AtomicU8; RECORD_BYTES];

#[used]
static RECORD: Record = [const { AtomicU8::new(0) }; RECORD_BYTES];
static INSTALLED: AtomicBool = AtomicBool::new(false);

/// Called first in every export: installs the hook once, and costs one load from then on.
pub fn enter() {
    if !INSTALLED.swap(true, Ordering::Relaxed) && cfg!(target_arch = "wasm32") {
        set_hook(Box::new(|info| leave(&RECORD, info)));
    }
}

fn leave(record: &Record, info: &PanicHookInfo<'_>) {
    let message = info.payload_as_str().unwrap_or("a panic without a text");
    match info.location() {
        Some(place) => write_record(record, format_args!("{}:{}:{}: {message}", place.file(), place.line(), place.column())),
        None => write_record(record, format_args!("{message}")),
    }
}

/// The marker comes last: whoever finds it finds a whole record.
fn write_record(record: &Record, text: fmt::Arguments<'_>) {
    let mut writer = Text { record, length: 0 };
    // An error only says that the text was cut.
    let _ = writer.write_fmt(text);
    let length = u32::try_from(writer.length).unwrap_or(0).to_le_bytes();
    for (cell, byte) in record.iter().skip(MARKER_BYTES).zip(length) {
        cell.store(byte, Ordering::Relaxed);
    }
    for (cell, masked) in record.iter().zip(MASKED_MARKER) {
        cell.store(masked ^ black_box(MASK), Ordering::Relaxed);
    }
    black_box(record);
}

struct Text<'a> {
    record: &'a Record,
    length: usize,
}

impl Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            let mut bytes = [0; 4];
            let bytes = character.encode_utf8(&mut bytes).as_bytes();
            if self.length + bytes.len() > TEXT_BYTES {
                return Err(fmt::Error);
            }
            for (cell, byte) in self.record.iter().skip(TEXT_AT + self.length).zip(bytes) {
                cell.store(*byte, Ordering::Relaxed);
            }
            self.length += bytes.len();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKER: &[u8; MARKER_BYTES] = b"\xF7\x1EWIRKEN-PANIC\x01\xF8";

    fn written(text: &str) -> Vec<u8> {
        let record: Record = [const { AtomicU8::new(0) }; RECORD_BYTES];
        write_record(&record, format_args!("{text}"));
        record.iter().map(|cell| cell.load(Ordering::Relaxed)).collect()
    }

    #[test]
    fn writes_marker_length_and_text() {
        let bytes = written("src/lib.rs:1:2: gebrochen 💥");
        assert_eq!(&bytes[..16], MARKER);
        let length = u32::from_le_bytes(bytes[16..20].try_into().unwrap()) as usize;
        assert_eq!(std::str::from_utf8(&bytes[20..20 + length]).unwrap(), "src/lib.rs:1:2: gebrochen 💥");
    }

    #[test]
    fn keeps_a_text_of_the_limit_and_cuts_a_longer_one_between_characters() {
        for (text, expected) in
            [("a".repeat(TEXT_BYTES), TEXT_BYTES), ("a".repeat(TEXT_BYTES + 1), TEXT_BYTES), ("x".to_owned() + &"é".repeat(600), 1023)]
        {
            let bytes = written(&text);
            let length = u32::from_le_bytes(bytes[16..20].try_into().unwrap()) as usize;
            assert_eq!(length, expected);
            assert!(std::str::from_utf8(&bytes[20..20 + length]).is_ok());
        }
    }
}
