//! Server-sent events whose data is JSON, from bytes that may be split anywhere.
//!
//! What comes out is a function of complete lines alone. A `data:` line that is a whole JSON object is given out at once,
//! without waiting for the empty line that ends its event: some servers omit that line.

use serde_json::Value;

use crate::error::{bounded, protocol};
use crate::types::Error;

/// Of one line, and of the data of one event.
pub const MAX_LINE_BYTES: usize = 1024 * 1024;

#[derive(Debug, PartialEq)]
pub(crate) enum Item {
    Json(Value),
    /// A document that the server calls an error, by the name of its event or field.
    Error(Value),
    Done,
    /// Data that is no JSON.
    Garbage(String),
}

/// Splits bytes at LF, CR and CR LF.
#[derive(Debug, Default)]
struct Lines {
    /// The line under way.
    line: Vec<u8>,
    /// The last byte was a CR, which ended a line; an LF right after it belongs to it.
    after_cr: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Sse {
    lines: Lines,
    event: Pending,
}

/// The event under way.
#[derive(Debug, Default)]
struct Pending {
    data: String,
    error: bool,
}

impl Sse {
    /// Gives what these bytes complete to `each`, in order, until it says that it wants no more.
    pub(crate) fn push(&mut self, mut bytes: &[u8], mut each: impl FnMut(Item) -> Result<bool, Error>) -> Result<bool, Error> {
        while let Some(line) = self.lines.next(&mut bytes)? {
            if let Some(item) = self.event.line(&line)?
                && !each(item)?
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The end of the stream ends its last line and its last event.
    pub(crate) fn finish(mut self) -> Result<Vec<Item>, Error> {
        let last = std::mem::take(&mut self.lines.line);
        let mut items: Vec<Item> = self.event.line(&last)?.into_iter().collect();
        if !last.is_empty() {
            items.extend(self.event.line(&[])?);
        }
        Ok(items)
    }
}

impl Lines {
    /// The next complete line, without its end, taken off the bytes; or none, and the bytes are kept.
    fn next(&mut self, bytes: &mut &[u8]) -> Result<Option<Vec<u8>>, Error> {
        if self.after_cr && !bytes.is_empty() {
            self.after_cr = false;
            *bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
        }
        let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(bytes.len());
        let (part, rest) = bytes.split_at_checked(end).unwrap_or_default();
        if self.line.len() + part.len() > MAX_LINE_BYTES {
            return Err(protocol(format!("the endpoint sent a line of more than {MAX_LINE_BYTES} bytes")));
        }
        self.line.extend_from_slice(part);
        let Some((end, rest)) = rest.split_first() else {
            *bytes = rest;
            return Ok(None);
        };
        *bytes = rest;
        self.after_cr = *end == b'\r';
        Ok(Some(std::mem::take(&mut self.line)))
    }
}

impl Pending {
    fn line(&mut self, line: &[u8]) -> Result<Option<Item>, Error> {
        // Bytes that are no UTF-8 cost a character, not the answer.
        let line = String::from_utf8_lossy(line);
        if line.is_empty() {
            return Ok(std::mem::take(self).dispatch());
        }
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => self.data(value),
            "event" => {
                self.error = value == "error";
                Ok(None)
            }
            // llama.cpp once sent its errors in a field of this name.
            "error" => Ok(serde_json::from_str(value).ok().map(Item::Error)),
            _ => Ok(None),
        }
    }

    fn data(&mut self, value: &str) -> Result<Option<Item>, Error> {
        if self.data.is_empty() {
            if value.trim() == "[DONE]" {
                return Ok(Some(Item::Done));
            }
            if value.starts_with('{')
                && let Ok(json) = serde_json::from_str(value)
            {
                return Ok(Some(self.item(json)));
            }
        }
        if self.data.len() + value.len() >= MAX_LINE_BYTES {
            return Err(protocol(format!("the endpoint sent an event of more than {MAX_LINE_BYTES} bytes")));
        }
        if !self.data.is_empty() {
            self.data.push('\n');
        }
        self.data.push_str(value);
        Ok(None)
    }

    fn dispatch(self) -> Option<Item> {
        let data = self.data.trim();
        if data.is_empty() {
            return None;
        }
        match serde_json::from_str(data) {
            Ok(json) => Some(self.item(json)),
            Err(_) => Some(Item::Garbage(bounded(data))),
        }
    }

    fn item(&self, json: Value) -> Item {
        if self.error { Item::Error(json) } else { Item::Json(json) }
    }
}
