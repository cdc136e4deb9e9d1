//! Requests by `wasi:http`, one at a time and waited for.

use crate::bindings::wasi::http::outgoing_handler;
use crate::bindings::wasi::http::types::{
    Fields, IncomingBody, IncomingResponse, Method, OutgoingBody, OutgoingRequest, RequestOptions, Scheme, http_error_code,
};
use crate::bindings::wasi::io::streams::{InputStream, StreamError};
use crate::{Body, Client, Error, Request, Response};

/// What is read of a body at once.
const PIECE_BYTES: u64 = 64 * 1024;
/// What `blocking-write-and-flush` takes at most, by its definition.
const WRITTEN_BYTES: usize = 4096;
const NANOS_IN_MILLI: u64 = 1_000_000;

/// The host that this component runs in.
#[derive(Clone, Copy, Debug, Default)]
pub struct Host;

impl Client for Host {
    fn send(&self, request: &Request) -> Result<Response, Error> {
        let outgoing = outgoing(request)?;
        let body = outgoing.body().map_err(|()| refused("body"))?;
        let future = outgoing_handler::handle(outgoing, Some(options(request.timeout_millis)))?;
        write(body, &request.body)?;
        future.subscribe().block();
        let response = future.get().and_then(Result::ok).ok_or_else(|| Error::Failed("the host gave no response".into()))??;
        let headers: Vec<_> =
            response.headers().entries().into_iter().map(|(name, value)| (name, String::from_utf8_lossy(&value).into_owned())).collect();
        let status = response.status();
        Ok(Response::new(status, headers, Box::new(Incoming::of(response)?)))
    }
}

fn outgoing(request: &Request) -> Result<OutgoingRequest, Error> {
    let headers = Fields::from_list(&request.entries()?).map_err(|error| Error::Invalid(format!("a header cannot be sent: {error}")))?;
    let outgoing = OutgoingRequest::new(headers);
    let (target, scheme) = (&request.target, if request.target.is_https() { Scheme::Https } else { Scheme::Http });
    outgoing.set_method(&method(&request.method)).map_err(|()| refused("method"))?;
    outgoing.set_scheme(Some(&scheme)).map_err(|()| refused("scheme"))?;
    outgoing.set_authority(Some(target.authority())).map_err(|()| refused("host"))?;
    outgoing.set_path_with_query(Some(target.path())).map_err(|()| refused("path"))?;
    Ok(outgoing)
}

fn refused(what: &str) -> Error {
    Error::Invalid(format!("the host does not take the request's {what}"))
}

fn method(name: &str) -> Method {
    match name {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        "OPTIONS" => Method::Options,
        "PATCH" => Method::Patch,
        other => Method::Other(other.to_owned()),
    }
}

fn options(timeout_millis: u32) -> RequestOptions {
    let options = RequestOptions::new();
    let timeout = Some(u64::from(timeout_millis) * NANOS_IN_MILLI);
    // A host may keep to its own bounds, and says so by an error here.
    let _ = (options.set_connect_timeout(timeout), options.set_first_byte_timeout(timeout), options.set_between_bytes_timeout(timeout));
    options
}

fn write(body: OutgoingBody, bytes: &[u8]) -> Result<(), Error> {
    if !bytes.is_empty() {
        let stream = body.write().map_err(|()| refused("body"))?;
        for piece in bytes.chunks(WRITTEN_BYTES) {
            stream.blocking_write_and_flush(piece).map_err(failure)?;
        }
    }
    Ok(OutgoingBody::finish(body, None)?)
}

/// The resources that a response's body needs while it is read, each before the one that it came from: in this order they
/// are given back.
struct Incoming {
    stream: InputStream,
    _body: IncomingBody,
    _response: IncomingResponse,
}

impl Incoming {
    fn of(response: IncomingResponse) -> Result<Self, Error> {
        let gone = |()| Error::Failed("the host gave no body".into());
        let body = response.consume().map_err(gone)?;
        let stream = body.stream().map_err(gone)?;
        Ok(Self { stream, _body: body, _response: response })
    }
}

impl Body for Incoming {
    fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        match self.stream.blocking_read(PIECE_BYTES) {
            Ok(piece) => Ok(Some(piece)),
            Err(StreamError::Closed) => Ok(None),
            Err(error) => Err(failure(error)),
        }
    }
}

fn failure(error: StreamError) -> Error {
    match error {
        StreamError::Closed => Error::Failed("the connection broke off".into()),
        StreamError::LastOperationFailed(error) => match http_error_code(&error) {
            Some(code) => code.into(),
            None => Error::Failed("the connection broke off".into()),
        },
    }
}
