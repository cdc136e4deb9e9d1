//! The lines of a `text/event-stream`, however its bytes are split.
//!
//! Sans-IO and bounded: the remote end controls every byte, so a line that never ends is an error and not memory.
//! Lines, not events: the APIs at hand put one JSON document on one `data` line, and a decoder that works line by line
//! gives the same events for every split.

/// A line grew past the limit; the stream is not decoded further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineTooLong {
    pub limit: usize,
}

/// Cuts a byte stream into lines at LF, CRLF or CR.
#[derive(Debug)]
pub struct Lines {
    limit: usize,
    partial: Vec<u8>,
    /// The last byte was a CR that ended a line: a LF right after it belongs to it.
    after_return: bool,
    first: bool,
    broken: bool,
}

impl Lines {
    /// `limit` is the longest line in bytes, without its end.
    pub fn new(limit: usize) -> Self {
        Self { limit, partial: Vec::new(), after_return: false, first: true, broken: false }
    }

    /// Hands every line that ended to `each`, in order.
    pub fn push(&mut self, mut bytes: &[u8], mut each: impl FnMut(&[u8])) -> Result<(), LineTooLong> {
        if self.broken {
            return Ok(());
        }
        if self.after_return
            && let Some((first, rest)) = bytes.split_first()
        {
            self.after_return = false;
            if *first == b'\n' {
                bytes = rest;
            }
        }
        while let Some(at) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            let (line, end) = bytes.split_at(at);
            self.keep(line)?;
            self.emit(&mut each);
            let (ended_by, rest) = end.split_first().unwrap_or((&b'\n', &[]));
            bytes = rest;
            if *ended_by == b'\r' {
                match bytes.split_first() {
                    Some((b'\n', rest)) => bytes = rest,
                    Some(_) => {}
                    None => self.after_return = true,
                }
            }
        }
        self.keep(bytes)
    }

    /// Hands over the last line where the stream ended without a line end.
    pub fn finish(&mut self, mut each: impl FnMut(&[u8])) {
        if !self.broken && !self.partial.is_empty() {
            self.emit(&mut each);
        }
    }

    fn keep(&mut self, piece: &[u8]) -> Result<(), LineTooLong> {
        if self.partial.len() + piece.len() > self.limit {
            self.broken = true;
            self.partial = Vec::new();
            return Err(LineTooLong { limit: self.limit });
        }
        self.partial.extend_from_slice(piece);
        Ok(())
    }

    fn emit(&mut self, each: &mut impl FnMut(&[u8])) {
        let mut line = self.partial.as_slice();
        if std::mem::take(&mut self.first) {
            line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
        }
        each(line);
        self.partial.clear();
    }
}

/// The value of a `data` line, without the one space that may follow the colon; `None` for every other line.
pub fn data(line: &[u8]) -> Option<&[u8]> {
    let value = line.strip_prefix(b"data:")?;
    Some(value.strip_prefix(b" ").unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(limit: usize, pieces: &[&[u8]]) -> (Vec<String>, bool) {
        let mut decoder = Lines::new(limit);
        let mut found = Vec::new();
        let mut broken = false;
        for piece in pieces {
            broken |= decoder.push(piece, |line| found.push(String::from_utf8_lossy(line).into_owned())).is_err();
        }
        decoder.finish(|line| found.push(String::from_utf8_lossy(line).into_owned()));
        (found, broken)
    }

    #[test]
    fn cuts_at_every_kind_of_line_end() {
        let (found, _) = lines(99, &[b"a\nb\r\nc\rd\r", b"\n\ne"]);
        assert_eq!(found, ["a", "b", "c", "d", "", "e"]);
    }

    #[test]
    fn drops_a_byte_order_mark_at_the_start_only() {
        let (found, _) = lines(99, &["\u{feff}a\n\u{feff}b\n".as_bytes()]);
        assert_eq!(found, ["a", "\u{feff}b"]);
    }

    #[test]
    fn accepts_a_line_of_the_limit_and_refuses_one_byte_more() {
        assert_eq!(lines(3, &[b"abc\n"]), (vec!["abc".to_owned()], false));
        assert_eq!(lines(3, &[b"ok\nab", b"cd\nlater\n"]), (vec!["ok".to_owned()], true));
    }

    #[test]
    fn reads_data_with_and_without_a_space() {
        assert_eq!(data(b"data: x"), Some(&b"x"[..]));
        assert_eq!(data(b"data:x"), Some(&b"x"[..]));
        assert_eq!(data(b"data:  x"), Some(&b" x"[..]));
        assert_eq!(data(b": comment"), None);
        assert_eq!(data(b"event: x"), None);
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_lines(text in "[a-c\r\n]{0,60}", cuts in prop::collection::vec(0usize..60, 0..8), limit in 1usize..20) {
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.sort_unstable();
            let mut pieces = Vec::new();
            let mut from = 0;
            for cut in cuts {
                pieces.push(&bytes[from..cut]);
                from = cut;
            }
            pieces.push(&bytes[from..]);
            prop_assert_eq!(lines(limit, &pieces), lines(limit, &[bytes]));
        }
    }
}
