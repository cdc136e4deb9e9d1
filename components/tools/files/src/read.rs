//! `files_read`: a text file, or some of its lines.
//!
//! A file is read as a stream and only the lines asked for are kept, so that a large one costs time, not memory.

use std::ops::ControlFlow;

use serde::Deserialize;

use crate::path::Path;
use crate::problem::Problem;
use crate::text::{SAMPLE_BYTES, is_binary};
use crate::workspace::{Workspace, file_size};

/// An answer, the note at its end included.
const OUTPUT_BYTES: usize = 64 * 1024;
const NOTE_BYTES: usize = 256;
const TEXT_BYTES: usize = OUTPUT_BYTES - NOTE_BYTES;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {
    pub(crate) path: String,
    /// The first line, counted from 1.
    offset: Option<u64>,
    limit: Option<u64>,
}

pub(crate) fn run(workspace: &dyn Workspace, arguments: &Arguments) -> Result<String, Problem> {
    let path = Path::parse(&arguments.path)?;
    let (first, limit) = (arguments.offset.unwrap_or(1), arguments.limit.unwrap_or(u64::MAX));
    if first == 0 || limit == 0 {
        return Err(Problem::Arguments("offset and limit are to be numbers from 1".into()));
    }
    let size = file_size(workspace, &path)?;
    let mut window =
        Window { first, end: first.saturating_add(limit), line: 1, open: false, kept: Vec::new(), sample: Vec::new(), state: State::Going };
    workspace.read(&path, &mut |piece| window.take(piece)).map_err(|fault| fault.at(&path))?;
    if is_binary(&window.sample) {
        return Err(Problem::Failed(format!("{path} is a binary file of {size} bytes, not UTF-8 text")));
    }
    window.answer(&path, size)
}

/// The lines `first..end` of what streams by.
struct Window {
    first: u64,
    end: u64,
    /// The line that the next byte belongs to.
    line: u64,
    /// Whether that line has begun.
    open: bool,
    kept: Vec<u8>,
    sample: Vec<u8>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The end of the file may come.
    Going,
    /// More bytes of the window than fit.
    Overfull,
    /// Something follows the window.
    Followed,
}

impl Window {
    fn take(&mut self, piece: &[u8]) -> ControlFlow<()> {
        let missing = SAMPLE_BYTES.saturating_sub(self.sample.len());
        self.sample.extend_from_slice(piece.get(..missing).unwrap_or(piece));
        for line in piece.split_inclusive(|byte| *byte == b'\n') {
            if self.line >= self.end {
                self.state = State::Followed;
                return ControlFlow::Break(());
            }
            if self.line >= self.first {
                self.kept.extend_from_slice(line);
                // One byte more, to know that there is more.
                if self.kept.len() > TEXT_BYTES {
                    self.state = State::Overfull;
                    return ControlFlow::Break(());
                }
            }
            self.open = line.last() != Some(&b'\n');
            self.line += u64::from(!self.open);
        }
        ControlFlow::Continue(())
    }

    fn answer(mut self, path: &Path, size: u64) -> Result<String, Problem> {
        if self.kept.is_empty() {
            return self.nothing(path);
        }
        let mut cut_line = false;
        if self.state == State::Overfull {
            self.kept.truncate(TEXT_BYTES);
            match self.kept.iter().rposition(|byte| *byte == b'\n') {
                Some(end) => self.kept.truncate(end + 1),
                None => cut_line = true,
            }
        }
        let text = decoded(&self.kept, cut_line);
        let lines = u64::try_from(self.kept.split_inclusive(|byte| *byte == b'\n').count()).unwrap_or(u64::MAX);
        let next = self.first.saturating_add(lines);
        if self.state == State::Going && self.first == 1 {
            return Ok(text);
        }
        let end = if text.ends_with('\n') { "" } else { "\n" };
        let last = next - 1;
        let note = match (self.state, cut_line) {
            (State::Going, _) => format!("[lines {} to {last}, the end of the file]", self.first),
            (_, false) => format!("[lines {} to {last} of a file of {size} bytes; go on with offset {next}]", self.first),
            (_, true) => format!("[line {last} is cut after {} bytes; go on after it with offset {next}]", text.len()),
        };
        Ok(format!("{text}{end}{note}"))
    }

    fn nothing(&self, path: &Path) -> Result<String, Problem> {
        if self.first == 1 {
            return Ok(format!("[{path} is empty]"));
        }
        let lines = self.line - 1 + u64::from(self.open);
        Err(Problem::Failed(format!("{path} ends before line {}: its last is line {lines}", self.first)))
    }
}

/// Text that never ends in the middle of a character, nor is longer than the bytes. What is not UTF-8, past the sample, is
/// a question mark.
fn decoded(bytes: &[u8], cut: bool) -> String {
    let bytes = match std::str::from_utf8(bytes) {
        Err(error) if cut && error.error_len().is_none() => bytes.get(..error.valid_up_to()).unwrap_or_default(),
        _ => bytes,
    };
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            text.push('?');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::memory::Memory;

    fn read(memory: &Memory, arguments: &str) -> Result<String, Problem> {
        run(memory, &serde_json::from_str(arguments).unwrap())
    }

    #[test]
    fn reads_a_whole_file_as_it_is() {
        let memory = Memory::with(&[("a", "Grüße\n🦀"), ("b", ""), ("c", "x\n")]);
        assert_eq!(read(&memory, "{\"path\":\"a\"}").unwrap(), "Grüße\n🦀");
        assert_eq!(read(&memory, "{\"path\":\"b\"}").unwrap(), "[b is empty]");
        assert_eq!(read(&memory, "{\"path\":\"c\"}").unwrap(), "x\n");
    }

    #[test]
    fn reads_the_lines_asked_for_and_says_how_to_go_on() {
        for piece in [0, 1, 2, 3] {
            let memory = Memory { piece, ..Memory::with(&[("a", "1\n2\n3\n4")]) };
            assert_eq!(
                read(&memory, "{\"path\":\"a\",\"offset\":2,\"limit\":2}").unwrap(),
                "2\n3\n[lines 2 to 3 of a file of 7 bytes; go on with offset 4]"
            );
            assert_eq!(read(&memory, "{\"path\":\"a\",\"offset\":4}").unwrap(), "4\n[lines 4 to 4, the end of the file]");
            assert_eq!(read(&memory, "{\"path\":\"a\",\"limit\":4}").unwrap(), "1\n2\n3\n4");
            let past = read(&memory, "{\"path\":\"a\",\"offset\":5}").unwrap_err();
            assert_eq!(past.to_string(), "a ends before line 5: its last is line 4");
        }
        assert!(read(&Memory::with(&[("a", "1")]), "{\"path\":\"a\",\"offset\":0}").is_err());
    }

    #[test]
    fn what_the_notes_lead_to_is_the_whole_file() {
        let text: String = (0..20_000).map(|line| format!("{line} Grüße\n")).collect();
        let memory = Memory { piece: 1000, ..Memory::with(&[("a", &text)]) };
        let (mut read_so_far, mut offset) = (String::new(), 1_u64);
        loop {
            let answer = read(&memory, &format!("{{\"path\":\"a\",\"offset\":{offset}}}")).unwrap();
            assert!(answer.len() <= OUTPUT_BYTES);
            let (text, note) = answer.rsplit_once('[').unwrap();
            read_so_far.push_str(text);
            match note.rsplit_once("offset ") {
                Some((_, next)) => offset = next.trim_end_matches(']').parse().unwrap(),
                None => break,
            }
        }
        assert_eq!(read_so_far, text);
    }

    #[test]
    fn cuts_a_long_line_between_characters_and_leads_past_it() {
        for lead in ["", "x", "xx", "xxx"] {
            let memory = Memory::with(&[("a", &format!("{lead}{}\nnext\n", "🦀".repeat(TEXT_BYTES)))]);
            let answer = read(&memory, "{\"path\":\"a\"}").unwrap();
            assert!(answer.len() <= OUTPUT_BYTES && answer.contains("🦀\n[line 1 is cut after") && answer.ends_with("offset 2]"));
        }
    }

    #[test]
    fn an_answer_of_exactly_the_limit_is_whole() {
        for (bytes, whole) in [(TEXT_BYTES, true), (TEXT_BYTES + 1, false)] {
            let memory = Memory { piece: 4096, ..Memory::with(&[("a", &"x".repeat(bytes))]) };
            assert_eq!(read(&memory, "{\"path\":\"a\"}").unwrap().len() == bytes, whole);
        }
    }

    #[test]
    fn names_a_binary_file_as_such() {
        let memory = Memory::default();
        memory.put("a", b"\x7fELF\0\0");
        assert_eq!(read(&memory, "{\"path\":\"a\"}").unwrap_err().to_string(), "a is a binary file of 6 bytes, not UTF-8 text");
        let mut late = "x\n".repeat(SAMPLE_BYTES).into_bytes();
        late.push(0xff);
        memory.put("late", &late);
        assert!(read(&memory, "{\"path\":\"late\"}").unwrap().ends_with("x\n?"));
    }

    #[test]
    fn reads_regular_files_alone() {
        let memory = Memory::with(&[("a/b", "")]);
        memory.put_link("link");
        memory.put_special("pipe");
        let table = [
            ("a", "a is a folder, not a file"),
            ("a/b/c", "a/b/c: a part of this path is a file, not a folder"),
            ("pipe", "pipe is not a regular file"),
        ];
        for (path, message) in table {
            assert_eq!(read(&memory, &format!("{{\"path\":\"{path}\"}}")).unwrap_err().to_string(), message);
        }
        assert!(matches!(read(&memory, "{\"path\":\"link\"}"), Err(Problem::Denied(_))));
    }
}
