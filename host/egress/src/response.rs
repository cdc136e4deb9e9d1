//! What comes back: a head, and a body that arrives in pieces, each bounded, timed and scanned before anyone sees it.
//!
//! Dropping a [`Response`] ends the exchange: the connection is closed, or its stream reset.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::time::{Instant, sleep, timeout_at};
use wirken_secret::ScanStream;
use wirken_types::http::Header;

use crate::data;
use crate::error::{Direction, Error};
use crate::leak::found;
use crate::transport::broke_off;

/// A response of any status.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<Header>,
    pub(crate) body: Body,
}

impl Response {
    /// The next piece of the body, never empty; `None` after the last. A failure is final, and said again.
    pub async fn next_chunk(&mut self) -> Result<Option<Bytes>, Error> {
        self.body.next().await
    }

    /// The whole rest of the body, at most `limit` bytes of it.
    pub async fn collect(mut self, limit: u64) -> Result<Bytes, Error> {
        let mut whole = BytesMut::new();
        while let Some(chunk) = self.next_chunk().await? {
            if (whole.len() as u64).saturating_add(chunk.len() as u64) > limit {
                return Err(Error::Limit { what: "the body of the response", bytes: limit, sent: true });
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.freeze())
    }

    /// Tells somebody of the failure that ends the body, before whoever reads it hears of it.
    #[must_use]
    pub fn watched(mut self, watcher: impl FnOnce(&Error) + Send + Sync + 'static) -> Self {
        self.body.watcher = Some(Box::new(watcher));
        self
    }

    /// The first value of a header, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|header| header.name == name).map(|header| header.value.as_str())
    }
}

/// Where the bytes come from.
pub(crate) enum Source {
    Network {
        body: Incoming,
        host: String,
    },
    /// A `data:` URL: its rest, and the time to its next line.
    Data {
        rest: Bytes,
        pace: Duration,
    },
}

/// How far a body has come.
enum State {
    Open(Source),
    Done,
    Failed(Error),
}

pub(crate) struct Body {
    state: State,
    scan: ScanStream,
    received: u64,
    limit: u64,
    idle: Duration,
    /// When the whole exchange must have ended, and how long it had.
    deadline: Instant,
    total: Duration,
    watcher: Option<Watcher>,
}

type Watcher = Box<dyn FnOnce(&Error) + Send + Sync>;

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Body").field("received", &self.received).finish_non_exhaustive()
    }
}

/// The bounds of one body.
pub(crate) struct Bounds {
    pub(crate) limit: u64,
    pub(crate) idle: Duration,
    pub(crate) deadline: Instant,
    pub(crate) total: Duration,
}

impl Body {
    pub(crate) fn new(source: Source, scan: ScanStream, bounds: &Bounds) -> Self {
        let Bounds { limit, idle, deadline, total } = *bounds;
        Self { state: State::Open(source), scan, received: 0, limit, idle, deadline, total, watcher: None }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            let arrived = match &mut self.state {
                State::Failed(error) => return Err(error.clone()),
                State::Done => return Ok(None),
                State::Open(source) => receive(source, self.idle, self.deadline, self.total).await,
            };
            let passed = match arrived {
                Ok(Some(bytes)) => self.pass(bytes),
                Ok(None) => self.finish(),
                Err(error) => Err(error),
            };
            match passed {
                Ok(bytes) if bytes.is_empty() => {}
                Ok(bytes) => return Ok(Some(bytes)),
                // The source goes with the state: the connection is closed before the caller hears why.
                Err(error) => {
                    if let Some(watcher) = self.watcher.take() {
                        watcher(&error);
                    }
                    self.state = State::Failed(error);
                }
            }
        }
    }

    fn pass(&mut self, bytes: Bytes) -> Result<Bytes, Error> {
        self.received = self.received.saturating_add(bytes.len() as u64);
        if self.received > self.limit {
            return Err(Error::Limit { what: "the body of the response", bytes: self.limit, sent: true });
        }
        self.scan.push(bytes).map_err(|leak| found(leak, Direction::Incoming))
    }

    fn finish(&mut self) -> Result<Bytes, Error> {
        self.state = State::Done;
        self.scan.finish().map_err(|leak| found(leak, Direction::Incoming))
    }
}

/// Waits for the next bytes, no longer than either clock allows.
async fn receive(source: &mut Source, idle: Duration, deadline: Instant, total: Duration) -> Result<Option<Bytes>, Error> {
    let pause = Instant::now() + idle;
    let (until, what, limit) =
        if pause < deadline { (pause, "waiting for more of the response", idle) } else { (deadline, "the request", total) };
    let millis = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
    match timeout_at(until, read(source)).await {
        Ok(arrived) => arrived,
        Err(_) => Err(Error::Timeout { what, millis, sent: true }),
    }
}

async fn read(source: &mut Source) -> Result<Option<Bytes>, Error> {
    match source {
        Source::Network { body, host } => loop {
            match body.frame().await {
                None => return Ok(None),
                // Trailers are nobody's.
                Some(Ok(frame)) => {
                    if let Ok(bytes) = frame.into_data() {
                        return Ok(Some(bytes));
                    }
                }
                Some(Err(error)) => return Err(broke_off(&error, host)),
            }
        },
        Source::Data { rest, pace } => {
            let line = data::next_line(rest, !pace.is_zero());
            if line.is_some() && !rest.is_empty() {
                sleep(*pace).await;
            }
            Ok(line)
        }
    }
}
