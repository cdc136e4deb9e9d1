//! A component's request made into one that can be sent: its method and headers checked and bounded. Pure.

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use http::{Method, request::Builder};
use wirken_types::credential::{Origin, Place};
use wirken_types::http::Header;
use zeroize::Zeroizing;

use crate::authority::{Binding, Held};
use crate::error::{Error, quoted};
use crate::path::Target;

/// The longest URL that goes over the network, in bytes, a credential in its path included; servers refuse longer ones.
pub const URL_MAX_BYTES: usize = 32 * 1024;
/// All names and values of a request's headers, in bytes.
pub const HEADERS_MAX_BYTES: usize = 64 * 1024;

/// Headers that frame the message, address it, or prove who sends it. They are the host's; a component that could set
/// one could smuggle a second request, reach another site behind the same address, or present an identity.
const RESERVED: [&str; 22] = [
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "cookie2",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
];

/// Whether a header is the host's to set, in any case.
pub fn is_reserved(name: &str) -> bool {
    RESERVED.iter().any(|reserved| name.eq_ignore_ascii_case(reserved))
}

const AGENT: HeaderValue = HeaderValue::from_static(concat!("wirken/", env!("CARGO_PKG_VERSION")));

/// Reads the method. CONNECT would open a tunnel past every check, and TRACE echoes credentials.
pub(crate) fn method(text: &str) -> Result<Method, Error> {
    let method = Builder::new().method(text).body(()).map(|request| request.method().clone());
    match method {
        Ok(Method::CONNECT | Method::TRACE) => Err(Error::Denied(format!("requests with the method {text} are never sent"))),
        Ok(method) => Ok(method),
        Err(_) => Err(Error::Invalid(format!("\"{}\" is not an HTTP method", quoted(text)))),
    }
}

/// Reads the component's headers, and adds the host's own.
pub(crate) fn headers(given: &[Header]) -> Result<HeaderMap, Error> {
    let bytes = given.iter().fold(0_usize, |sum, header| sum.saturating_add(header.name.len()).saturating_add(header.value.len()));
    if bytes > HEADERS_MAX_BYTES {
        return Err(Error::Limit { what: "the head of the request", bytes: HEADERS_MAX_BYTES as u64, sent: false });
    }
    let mut headers = HeaderMap::with_capacity(given.len().saturating_add(3));
    for header in given {
        let name = HeaderName::from_bytes(header.name.as_bytes())
            .map_err(|_| Error::Invalid(format!("\"{}\" is not the name of an HTTP header", quoted(&header.name))))?;
        if RESERVED.contains(&name.as_str()) {
            return Err(Error::Denied(format!("the header {name} is set by the host: leave it out{}", instead(&name))));
        }
        let value = HeaderValue::from_str(&header.value)
            .map_err(|_| Error::Invalid(format!("the value of the header {name} holds characters that a header cannot")))?;
        headers.append(name, value);
    }
    if !headers.contains_key(USER_AGENT) {
        headers.insert(USER_AGENT, AGENT);
    }
    if !headers.contains_key(ACCEPT) {
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    }
    // What is compressed cannot be scanned.
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    Ok(headers)
}

fn instead(name: &HeaderName) -> &'static str {
    if name == AUTHORIZATION || name == http::header::COOKIE { ", and name a credential binding in the request instead" } else { "" }
}

/// Puts a credential at its place. The component must have left that place free.
pub(crate) fn put(headers: &mut HeaderMap, target: &mut Target, binding: &Binding, record: &Held, origin: &Origin) -> Result<(), Error> {
    let secret = record.secret.expose();
    let (name, value) = match &binding.place {
        Place::PathPrefix { prefix } => return target.put(prefix, binding, record, origin),
        Place::Proxy { .. } => {
            return Err(Error::Denied(format!("the credential {:?} is a proxy's, and goes into no request", binding.name)));
        }
        Place::Bearer => (AUTHORIZATION, Zeroizing::new([b"Bearer ", secret].concat())),
        Place::Header { name } => {
            let header = HeaderName::from_bytes(name.as_str().as_bytes())
                .map_err(|_| Error::Invalid(format!("the credential {:?} is bound to {name}, which is no header", binding.name)))?;
            (header, Zeroizing::new(secret.to_vec()))
        }
    };
    if headers.contains_key(&name) {
        return Err(Error::Denied(format!(
            "the header {name} is where the credential {:?} goes, and the request has one already: leave it out",
            binding.name
        )));
    }
    // The value keeps this very buffer, which is wiped with the request.
    let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(value)).map_err(|_| {
        Error::Denied(format!(
            "the credential {:?} holds characters that a header cannot, perhaps a line end: store it again, on one line",
            binding.name
        ))
    })?;
    value.set_sensitive(true);
    headers.insert(name, value);
    Ok(())
}
