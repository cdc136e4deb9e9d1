//! Writes a request's JSON as a list of segments, so that a blob can stand inside a string without passing through here,
//! and a schema goes out as its author wrote it: models read properties in their order.

use crate::types::Segment;

/// A JSON document under way. Whoever writes keeps brackets balanced; commas set themselves.
#[derive(Debug, Default)]
pub(crate) struct Body {
    segments: Vec<Segment>,
    text: String,
}

impl Body {
    /// JSON as it is: a bracket, a number, a checked document.
    pub(crate) fn raw(&mut self, json: &str) {
        self.text.push_str(json);
    }

    /// Before an element of an array.
    pub(crate) fn item(&mut self) {
        if !matches!(self.text.as_bytes().last(), Some(b'[' | b'{')) {
            self.text.push(',');
        }
    }

    /// The name of a member; its value comes next.
    pub(crate) fn key(&mut self, name: &str) {
        self.item();
        self.string(name);
        self.text.push(':');
    }

    pub(crate) fn string(&mut self, value: &str) {
        self.text.push('"');
        for character in value.chars() {
            match character {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                control if u32::from(control) < 0x20 => self.text.push_str(&format!("\\u{:04x}", u32::from(control))),
                other => self.text.push(other),
            }
        }
        self.text.push('"');
    }

    pub(crate) fn member(&mut self, name: &str, value: &str) {
        self.key(name);
        self.string(value);
    }

    /// A string with a blob's content in Base64 at its end. `before` needs no escapes.
    pub(crate) fn blob_string(&mut self, before: &str, id: &str) {
        self.text.push('"');
        self.text.push_str(before);
        self.segments.push(Segment::Bytes(std::mem::take(&mut self.text).into_bytes()));
        self.segments.push(Segment::BlobBase64(id.to_owned()));
        self.text.push('"');
    }

    pub(crate) fn finish(mut self) -> Vec<Segment> {
        self.segments.push(Segment::Bytes(self.text.into_bytes()));
        self.segments
    }
}
