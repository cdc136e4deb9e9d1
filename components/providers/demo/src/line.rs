//! The format of an answer: one JSON event per line. It is written and read here alone.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Line {
    Text(String),
    Begin { id: String, name: String },
    Delta { id: String, piece: String },
    Call { id: String, name: String, arguments: String },
    Usage { input: u64, output: u64 },
    Stop(String),
}

/// The body that these lines make.
pub(crate) fn body(lines: &[Line]) -> String {
    lines.iter().filter_map(|line| serde_json::to_string(line).ok()).map(|line| line + "\n").collect()
}

/// Takes lines off a stream of bytes, however it is split.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    pending: Vec<u8>,
}

impl Reader {
    /// The lines that these bytes complete; the first that is none of ours ends the stream.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Vec<Result<Line, Malformed>> {
        self.pending.extend_from_slice(bytes);
        let Some(end) = self.pending.iter().rposition(|byte| *byte == b'\n') else { return Vec::new() };
        let rest = self.pending.split_off(end + 1);
        let complete = std::mem::replace(&mut self.pending, rest);
        complete.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(read).collect()
    }

    /// The last line, if its end never came.
    pub(crate) fn finish(&mut self) -> Option<Result<Line, Malformed>> {
        let rest = std::mem::take(&mut self.pending);
        (!rest.is_empty()).then(|| read(&rest))
    }
}

/// A line that is not in this format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

fn read(line: &[u8]) -> Result<Line, Malformed> {
    serde_json::from_slice(line).map_err(|_| Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Line> {
        vec![
            Line::Text("Grüße,\n".into()),
            Line::Begin { id: "call-1".into(), name: "files_list".into() },
            Line::Delta { id: "call-1".into(), piece: "{\"a\":\"\\n\"".into() },
            Line::Call { id: "call-1".into(), name: "files_list".into(), arguments: "{}".into() },
            Line::Usage { input: 1, output: u64::MAX },
            Line::Stop("end".into()),
        ]
    }

    #[test]
    fn any_split_of_the_bytes_reads_the_same() {
        let body = body(&all());
        let expected: Vec<_> = all().into_iter().map(Ok).collect();
        for size in 1..=body.len() {
            let mut reader = Reader::default();
            let lines: Vec<_> = body.as_bytes().chunks(size).flat_map(|chunk| reader.push(chunk)).collect();
            assert_eq!(lines, expected, "in pieces of {size}");
            assert_eq!(reader.finish(), None);
        }
    }

    #[test]
    fn a_last_line_needs_no_end() {
        let mut reader = Reader::default();
        assert_eq!(reader.push(b"{\"stop\":\"end\"}"), []);
        assert_eq!(reader.finish(), Some(Ok(Line::Stop("end".into()))));
        assert_eq!(reader.finish(), None);
    }

    #[test]
    fn what_is_no_line_is_named_as_such() {
        let mut reader = Reader::default();
        assert_eq!(reader.push(b"\xff\xfe\n{}\n\n{\"text\":\"x\"}\n"), [Err(Malformed), Err(Malformed), Ok(Line::Text("x".into()))]);
    }
}
