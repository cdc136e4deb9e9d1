//! Looking for secrets in what passes: whatever a component writes, and whatever comes back to it.
//!
//! The credentials that the host itself places are put in after the component's own bytes were searched, so that one in
//! the right place is not a finding and one anywhere else is.

use std::sync::Arc;

use percent_encoding::percent_decode_str;
use wirken_secret::{Leak, ScanStream, Scanner};
use wirken_types::http::Request;

use crate::error::{Direction, Error};

/// Searches everything in a request but its body.
pub(crate) fn scan_request(scanner: &Scanner, request: &Request) -> Result<(), Error> {
    let outgoing = |bytes: &[u8]| scan(scanner, bytes, Direction::Outgoing);
    outgoing(request.method.as_bytes())?;
    scan_url(scanner, &request.url)?;
    for header in &request.headers {
        outgoing(header.name.as_bytes())?;
        outgoing(header.value.as_bytes())?;
    }
    for name in &request.credentials {
        outgoing(name.as_bytes())?;
    }
    Ok(())
}

/// Searches a URL: as a component wrote it, and once more as it was read, for reading drops tabs and line breaks.
pub(crate) fn scan_url(scanner: &Scanner, url: &str) -> Result<(), Error> {
    scan(scanner, url.as_bytes(), Direction::Outgoing)?;
    if url.contains('%') {
        // Percent signs in other places than an encoder would choose.
        scan(scanner, &percent_decode_str(url).collect::<Vec<u8>>(), Direction::Outgoing)?;
    }
    Ok(())
}

/// Searches a request's body, its segments joined.
pub(crate) fn scan_body(scanner: &Scanner, body: &[u8]) -> Result<(), Error> {
    scan(scanner, body, Direction::Outgoing)
}

/// Searches a piece of a response's head.
pub(crate) fn scan_incoming(scanner: &Scanner, bytes: &[u8]) -> Result<(), Error> {
    scan(scanner, bytes, Direction::Incoming)
}

/// A search over the pieces of a response's body.
pub(crate) fn stream(scanner: &Arc<Scanner>) -> ScanStream {
    ScanStream::new(Arc::clone(scanner))
}

/// What the caller hears of a finding.
pub(crate) fn found(leak: Leak, direction: Direction) -> Error {
    Error::Leak { label: leak.label, encoding: leak.encoding, direction }
}

fn scan(scanner: &Scanner, bytes: &[u8], direction: Direction) -> Result<(), Error> {
    match scanner.find(bytes) {
        Some(leak) => Err(found(leak, direction)),
        None => Ok(()),
    }
}
