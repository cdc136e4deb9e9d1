//! HTTP as plain values: what a component describes and the host decides, authorizes and sends.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub name: String,
    pub value: String,
}

/// Bytes that the host keeps, by digest. They never travel through a component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blob {
    pub id: String,
    pub media_type: String,
    pub name: Option<String>,
    pub size: u64,
}

/// A piece of a body; the host expands and streams it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    Bytes(Vec<u8>),
    Blob(String),
    BlobBase64(String),
}

/// A request as a component described it. Nothing in it is trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub method: String,
    pub url: String,
    pub headers: Vec<Header>,
    pub body: Vec<Segment>,
    /// Names of the manifest's credential bindings to apply; empty for none.
    pub credentials: Vec<String>,
    pub timeout_millis: Option<u32>,
}

/// A response in one piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<Header>,
    pub body: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// `denied`, `invalid`, `connect`, `timeout`, `tls`, `limit`, `leak`, `interrupted` …
    pub kind: String,
    /// False only when not one byte left: then, and only then, is a retry safe for all methods.
    pub sent: bool,
    pub message: String,
}
