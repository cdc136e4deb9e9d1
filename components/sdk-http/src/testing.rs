//! A client for tests: it sends nothing, remembers what it was asked to send, and answers as told.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};

use crate::{Body, Client, Error, Request, Response};

/// What a server would answer.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: vec![("content-type".into(), content_type.into())], body: body.into() }
    }

    /// A redirect.
    pub fn to(status: u16, location: &str) -> Self {
        Self { status, headers: vec![("location".into(), location.into())], body: Vec::new() }
    }
}

/// Answers by URL; there is no server for any other.
#[derive(Debug, Default)]
pub struct Recording {
    answers: BTreeMap<String, Result<Answer, Error>>,
    sent: RefCell<Vec<Request>>,
}

impl Recording {
    #[must_use]
    pub fn with(mut self, url: &str, answer: Answer) -> Self {
        self.answers.insert(url.to_owned(), Ok(answer));
        self
    }

    #[must_use]
    pub fn failing(mut self, url: &str, error: Error) -> Self {
        self.answers.insert(url.to_owned(), Err(error));
        self
    }

    /// What was sent, in order.
    pub fn sent(&self) -> Vec<Request> {
        self.sent.borrow().clone()
    }
}

impl Client for Recording {
    fn send(&self, request: &Request) -> Result<Response, Error> {
        self.sent.borrow_mut().push(request.clone());
        let none = || Err(Error::Failed("there is no such server".into()));
        let answer = self.answers.get(request.target.as_str()).cloned().unwrap_or_else(none)?;
        let pieces = answer.body.chunks(1000).map(<[u8]>::to_vec).collect();
        Ok(Response::new(answer.status, answer.headers, Box::new(Pieces(pieces))))
    }
}

struct Pieces(VecDeque<Vec<u8>>);

impl Body for Pieces {
    fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.0.pop_front())
    }
}
