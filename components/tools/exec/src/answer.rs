//! What came of a program, as a model reads it.
//!
//! A program chooses what it writes, and may have read anything: it must not be able to end its own output and go on in
//! the tool's voice. So each line of the tool's begins with a mark that neither output holds.

use sha2::{Digest as _, Sha256};
use wirken_guest::host::Output;

use crate::call::hex;

/// An output up to this long is shown whole; of a longer one, the two ends.
pub(crate) const WHOLE_BYTES: usize = 32 * 1024;
/// Either end.
const END_BYTES: usize = WHOLE_BYTES / 2;
/// Of the mark, before they are written as digits. 64 KiB cannot hold all that there are of this length.
const MARK_BYTES: usize = 4;

pub(crate) fn text(output: &Output) -> String {
    let (stdout, stderr) = (Shown::of(&output.stdout), Shown::of(&output.stderr));
    let mark = mark(&[&stdout, &stderr], MARK_BYTES);
    let mut text = format!("[{mark} exit code: {}]\n", output.exit_code);
    stdout.write("stdout", &mark, &mut text);
    stderr.write("stderr", &mark, &mut text);
    if output.truncated {
        text.push_str(&format!("[{mark} one of the two was longer than the sandbox keeps: its end is missing]\n"));
    }
    text
}

/// What is shown of one output.
struct Shown {
    bytes: usize,
    /// It, or its beginning.
    head: String,
    /// How many bytes follow that are not shown, and its end behind them.
    tail: Option<(usize, String)>,
    /// Some of what is shown stands for bytes that are no text.
    replaced: bool,
}

impl Shown {
    fn of(bytes: &[u8]) -> Self {
        let length = bytes.len();
        let (head, tail) = if length <= WHOLE_BYTES {
            (bytes, None)
        } else {
            let (from, to) = (before(bytes, END_BYTES), after(bytes, length - END_BYTES));
            (bytes.get(..from).unwrap_or_default(), Some((to - from, bytes.get(to..).unwrap_or_default())))
        };
        let replaced = [head, tail.map_or(&[], |(_, tail)| tail)].iter().any(|part| std::str::from_utf8(part).is_err());
        let lossy = |part: &[u8]| String::from_utf8_lossy(part).into_owned();
        Self { bytes: length, head: lossy(head), tail: tail.map(|(gap, tail)| (gap, lossy(tail))), replaced }
    }

    fn parts(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.head.as_str()).chain(self.tail.iter().map(|(_, tail)| tail.as_str()))
    }

    fn write(&self, name: &str, mark: &str, text: &mut String) {
        if self.bytes == 0 {
            text.push_str(&format!("[{mark} {name}: empty]\n"));
            return;
        }
        let replaced = if self.replaced { ", and what is not UTF-8 in it is shown as \u{fffd}" } else { "" };
        text.push_str(&format!("[{mark} {name}: {} bytes{replaced}]\n", self.bytes));
        line(&self.head, text);
        if let Some((gap, tail)) = &self.tail {
            text.push_str(&format!("[{mark} {gap} bytes of {name} are left out here]\n"));
            line(tail, text);
        }
        text.push_str(&format!("[{mark} end of {name}]\n"));
    }
}

/// What a program wrote, so that the next thing stands on a line of its own.
fn line(part: &str, text: &mut String) {
    text.push_str(part);
    if !part.ends_with('\n') {
        text.push('\n');
    }
}

/// So many bytes as hexadecimal digits: the same for the same outputs, and in neither of them.
fn mark(outputs: &[&Shown], bytes: usize) -> String {
    let parts = || outputs.iter().flat_map(|shown| shown.parts());
    let mut round = 0_u32;
    loop {
        let mut hasher = Sha256::new_with_prefix(round.to_le_bytes());
        parts().for_each(|part| hasher.update(part));
        let mark = hex(hasher.finalize().get(..bytes).unwrap_or_default());
        if !parts().any(|part| part.contains(&mark)) {
            return mark;
        }
        round = round.wrapping_add(1);
    }
}

/// Where to cut so that no character is, up to three bytes before.
fn before(bytes: &[u8], at: usize) -> usize {
    (at.saturating_sub(3)..=at).rev().find(|at| starts_character(bytes, *at)).unwrap_or(at)
}

/// The same, up to three bytes behind.
fn after(bytes: &[u8], at: usize) -> usize {
    (at..=at.saturating_add(3)).find(|at| starts_character(bytes, *at)).unwrap_or(at)
}

/// Whether no character goes on here (RFC 3629, section 3).
fn starts_character(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_none_or(|byte| byte & 0xc0 != 0x80)
}

#[cfg(test)]
mod tests;
