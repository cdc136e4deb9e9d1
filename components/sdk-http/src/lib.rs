//! HTTP for guests: one request by `wasi:http`, its answer read within a bound, and errors in words.
//!
//! The host decides whether a request is sent, places credentials and follows no redirect. What a tool does with HTTP is
//! written against [`Client`], so that it is tested without a host; [`Host`] is the one that sends. Text that came from
//! elsewhere is handed to a model within a [`fence`].

mod bindings;
mod error;
pub mod fence;
mod target;
#[cfg(feature = "testing")]
pub mod testing;
mod wasi;

use std::fmt;

pub use error::Error;
pub use target::{MAX_URL_BYTES, Target};
pub use wasi::Host;

/// Names the credentials of a request to the host, which takes the header away.
pub const CREDENTIALS: &str = "wirken-credentials";

/// Who sends requests.
pub trait Client {
    /// Returns with the head of the response, whatever its status is.
    fn send(&self, request: &Request) -> Result<Response, Error>;
}

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// In upper case.
    pub method: String,
    pub target: Target,
    /// Without those that are the host's: what frames a message, addresses it, or proves who sends it.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Names of the manifest's credential bindings.
    pub credentials: Vec<String>,
    /// Until the connection stands, until the response begins, and between two pieces of its body, each.
    pub timeout_millis: u32,
}

impl Request {
    /// Nothing but a method and an address.
    pub fn get(target: Target) -> Self {
        Self { method: "GET".into(), target, headers: Vec::new(), body: Vec::new(), credentials: Vec::new(), timeout_millis: 20_000 }
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    #[must_use]
    pub fn credential(mut self, name: &str) -> Self {
        self.credentials.push(name.to_owned());
        self
    }

    /// All headers that are handed to the host.
    pub(crate) fn entries(&self) -> Result<Vec<(String, Vec<u8>)>, Error> {
        if let Some((name, _)) = self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(CREDENTIALS)) {
            return Err(Error::Invalid(format!("{name} is no header: name credentials in the request")));
        }
        let mut entries: Vec<_> = self.headers.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes())).collect();
        if !self.credentials.is_empty() {
            entries.push((CREDENTIALS.to_owned(), self.credentials.join(",").into_bytes()));
        }
        Ok(entries)
    }
}

/// The head of what came back, and the body as far as it is asked for.
pub struct Response {
    pub status: u16,
    /// Names in lower case. Values that are not UTF-8 have U+FFFD in them.
    headers: Vec<(String, String)>,
    body: Box<dyn Body>,
}

/// A body as it comes.
pub trait Body {
    /// The next piece, or none at the end.
    fn next(&mut self) -> Result<Option<Vec<u8>>, Error>;
}

impl Response {
    pub fn new(status: u16, headers: impl IntoIterator<Item = (String, String)>, body: Box<dyn Body>) -> Self {
        let headers = headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
        Self { status, headers, body }
    }

    /// The first value of a header, whose name is given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All of the body, or [`Error::TooLong`].
    pub fn read(self, most: usize) -> Result<Vec<u8>, Error> {
        match self.read_beginning(most)? {
            (bytes, true) => Ok(bytes),
            (_, false) => Err(Error::TooLong { most }),
        }
    }

    /// As many bytes, or fewer, and whether that is all of the body.
    pub fn read_beginning(mut self, most: usize) -> Result<(Vec<u8>, bool), Error> {
        let mut bytes = Vec::new();
        while let Some(piece) = self.body.next()? {
            let room = most - bytes.len();
            bytes.extend_from_slice(piece.get(..room).unwrap_or(&piece));
            if piece.len() > room {
                return Ok((bytes, false));
            }
        }
        Ok((bytes, true))
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("status", &self.status).field("headers", &self.headers).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Pieces(Vec<Result<Vec<u8>, Error>>);

    impl Body for Pieces {
        fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
            if self.0.is_empty() { Ok(None) } else { self.0.remove(0).map(Some) }
        }
    }

    fn response(pieces: &[&[u8]]) -> Response {
        let pieces = pieces.iter().map(|piece| Ok(piece.to_vec())).collect();
        Response::new(200, [("Content-Type".to_owned(), "text/plain".to_owned())], Box::new(Pieces(pieces)))
    }

    #[test]
    fn a_body_is_read_up_to_its_bound_and_not_past_it() {
        assert_eq!(response(&[b"ab", b"", b"c"]).read(3), Ok(b"abc".to_vec()));
        assert_eq!(response(&[b"ab", b"cd"]).read(3), Err(Error::TooLong { most: 3 }));
        assert_eq!(response(&[b"ab", b"cd"]).read_beginning(3), Ok((b"abc".to_vec(), false)));
        assert_eq!(response(&[b"ab", b"cd"]).read_beginning(4), Ok((b"abcd".to_vec(), true)));
        assert_eq!(response(&[]).read(0), Ok(Vec::new()));
        assert_eq!(response(&[b"a"]).read(0), Err(Error::TooLong { most: 0 }));
    }

    #[test]
    fn a_body_that_breaks_off_is_no_body() {
        let broken = || Error::Failed("it broke off".into());
        let response = Response::new(200, [], Box::new(Pieces(vec![Ok(b"a".to_vec()), Err(broken())])));
        assert_eq!(response.read(10), Err(broken()));
    }

    #[test]
    fn headers_are_found_whatever_their_case_was() {
        assert_eq!(response(&[]).header("content-type"), Some("text/plain"));
        assert_eq!(response(&[]).header("location"), None);
    }

    #[test]
    fn credentials_are_named_in_one_header_that_nobody_else_may_set() {
        let request = Request::get(Target::parse("https://a.example/").unwrap());
        assert_eq!(request.clone().entries(), Ok(Vec::new()));
        let named = request.clone().header("accept", "*/*").credential("key").credential("other").entries().unwrap();
        assert_eq!(named, [("accept".to_owned(), b"*/*".to_vec()), ("wirken-credentials".to_owned(), b"key,other".to_vec())]);
        assert!(matches!(request.header("Wirken-Credentials", "key").entries(), Err(Error::Invalid(_))));
    }
}
