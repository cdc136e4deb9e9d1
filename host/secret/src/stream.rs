//! The search in a stream that arrives in pieces.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use crate::scanner::{Leak, Scanner};

/// Lets a stream through as long as it holds no secret. Bytes that may be the beginning of one wait for what follows,
/// so that no part of a secret gets past, however the stream is cut.
#[derive(Debug)]
pub struct ScanStream {
    scanner: Arc<Scanner>,
    held: Bytes,
    leak: Option<Leak>,
}

impl ScanStream {
    pub fn new(scanner: Arc<Scanner>) -> Self {
        Self { scanner, held: Bytes::new(), leak: None }
    }

    /// Takes the next piece and answers what may go further, in most cases a slice of the same memory. After a leak
    /// every further call answers the same leak.
    pub fn push(&mut self, chunk: Bytes) -> Result<Bytes, Leak> {
        if let Some(leak) = &self.leak {
            return Err(leak.clone());
        }
        if self.scanner.is_empty() {
            return Ok(chunk);
        }
        let mut ready = self.after_held(chunk);
        if let Some(leak) = self.scanner.find(&ready) {
            self.leak = Some(leak.clone());
            return Err(leak);
        }
        self.held = ready.split_off(ready.len() - self.scanner.unfinished(&ready));
        Ok(ready)
    }

    /// Says that nothing follows, and answers what still waited.
    pub fn finish(&mut self) -> Result<Bytes, Leak> {
        match &self.leak {
            Some(leak) => Err(leak.clone()),
            None => Ok(std::mem::take(&mut self.held)),
        }
    }

    fn after_held(&mut self, chunk: Bytes) -> Bytes {
        let held = std::mem::take(&mut self.held);
        if held.is_empty() {
            return chunk;
        }
        let mut joined = BytesMut::with_capacity(held.len() + chunk.len());
        joined.extend_from_slice(&held);
        joined.extend_from_slice(&chunk);
        joined.freeze()
    }
}
