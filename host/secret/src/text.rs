//! The search in a text that is assembled from pieces, as a model's answer is.

use std::sync::Arc;

use crate::scanner::{Leak, Scanner};

/// As [`crate::ScanStream`], on text. What waits may be asked for early, where something else must stand behind it: the
/// search goes on over it all the same.
#[derive(Debug)]
pub struct ScanText {
    scanner: Arc<Scanner>,
    /// The end of the text so far that may be the beginning of a secret.
    tail: String,
    /// Of the tail, what was asked for early.
    released: usize,
}

impl ScanText {
    pub fn new(scanner: Arc<Scanner>) -> Self {
        Self { scanner, tail: String::new(), released: 0 }
    }

    /// Takes the next piece and answers what may go further.
    pub fn push(&mut self, piece: &str) -> Result<String, Leak> {
        let mut text = std::mem::take(&mut self.tail);
        text.push_str(piece);
        if let Some(leak) = self.scanner.find(text.as_bytes()) {
            return Err(leak);
        }
        let end = text.floor_char_boundary(text.len() - self.scanner.unfinished(text.as_bytes()));
        let ready = text.get(self.released..end).unwrap_or_default().to_owned();
        self.released = self.released.saturating_sub(end);
        self.tail = text.split_off(end);
        Ok(ready)
    }

    /// Answers what waits, because the text ends or because it must not wait.
    pub fn release(&mut self) -> String {
        let ready = self.tail.get(self.released..).unwrap_or_default().to_owned();
        self.released = self.tail.len();
        ready
    }
}
