//! [`Egress`]: the order in which a request is scanned, judged, given its credentials and sent.
//!
//! Nothing is loaded before the first request needs it: trust roots, name servers and connection pools cost time that
//! a start has no use for.

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use http::header::CONTENT_ENCODING;
use hyper::body::{Body as _, Incoming};
use hyper_util::client::legacy::connect::HttpInfo;
use tokio::time::{Instant, timeout_at};
use tracing::{Span, instrument};
use url::Url;
use wirken_secret::Scanner;
use wirken_types::http::{Header, Request};

use crate::authority::{Authority, Held};
use crate::blobs::{Blobs, DenyBlobs};
use crate::destination::{self, Route};
use crate::error::Error;
use crate::guard::{Address, classify};
use crate::path::Target;
use crate::proxy::ProxyOptions;
use crate::resolve::{Dns, Resolve};
use crate::response::{Body, Bounds, Response, Source};
use crate::transport::{self, Transport};
use crate::{body, data, leak, place, request};

/// How much and how long.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The body of a request, in bytes.
    pub request_body: u64,
    /// Names and values of a response's headers, in bytes.
    pub response_head: u64,
    /// The body of a response, in bytes.
    pub response_body: u64,
    /// A `data:` URL, in bytes.
    pub data_url: usize,
    /// From the first packet to a secure connection, its name resolved.
    pub connect: Duration,
    /// From the request to the head of its response.
    pub head: Duration,
    /// Between two pieces of a response.
    pub idle: Duration,
    /// The whole exchange, where the request names no time of its own.
    pub total: Duration,
    /// The longest time that a request may name.
    pub total_max: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: u64 = 1024 * 1024;
        Self {
            request_body: 32 * MIB,
            response_head: 64 * 1024,
            response_body: 64 * MIB,
            data_url: MIB as usize,
            connect: Duration::from_secs(10),
            head: Duration::from_secs(300),
            idle: Duration::from_secs(120),
            total: Duration::from_secs(600),
            total_max: Duration::from_secs(3600),
        }
    }
}

/// What an [`Egress`] is made of.
pub struct Options {
    pub limits: Limits,
    /// Authorities trusted beside the Web's, as DER: a company's own.
    pub extra_roots: Vec<Vec<u8>>,
    /// What stands between this machine and public origins. Nothing in the environment names one.
    pub proxy: Option<ProxyOptions>,
    pub resolver: Arc<dyn Resolve>,
    pub blobs: Arc<dyn Blobs>,
    /// What to look for in everything that passes.
    pub scanner: Arc<Scanner>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            extra_roots: Vec::new(),
            proxy: None,
            resolver: Arc::new(Dns::default()),
            blobs: Arc::new(DenyBlobs),
            scanner: Arc::new(Scanner::empty()),
        }
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// The one client of the process. Clones share its pools.
#[derive(Clone)]
pub struct Egress {
    shared: Arc<Shared>,
}

struct Shared {
    limits: Limits,
    transport: Transport,
    blobs: Arc<dyn Blobs>,
    scanner: RwLock<Arc<Scanner>>,
}

impl std::fmt::Debug for Egress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Egress").field("limits", &self.shared.limits).finish_non_exhaustive()
    }
}

impl Egress {
    /// Loads nothing: the first request does.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let Options { limits, extra_roots, proxy, resolver, blobs, scanner } = options;
        let transport = Transport::new(&limits, extra_roots, proxy, resolver);
        Self { shared: Arc::new(Shared { limits, transport, blobs, scanner: RwLock::new(scanner) }) }
    }

    /// From the next connection on, tells the proxy another password. Tunnels that are open stay open.
    pub fn set_proxy_password(&self, password: Option<Held>) {
        self.shared.transport.set_proxy_password(password);
    }

    /// From the next request on, looks for other secrets: the vault's content changed.
    pub fn set_scanner(&self, scanner: Arc<Scanner>) {
        *self.shared.scanner.write().unwrap_or_else(PoisonError::into_inner) = scanner;
    }

    fn scanner(&self) -> Arc<Scanner> {
        Arc::clone(&self.shared.scanner.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Sends a request, and waits for the head of its response. Dropping the future, or the response, ends the exchange.
    ///
    /// A response of any status is a response; a redirect is one too, and nobody follows it here.
    pub async fn send(&self, request: Request, authority: Authority) -> Result<Response, Error> {
        self.send_with(request, authority, Arc::clone(&self.shared.blobs)).await
    }

    /// The same with the blobs that this very request may carry.
    #[instrument(name = "wirken.http.send", skip_all, fields(method, origin, status), err(level = "debug"))]
    pub async fn send_with(&self, request: Request, authority: Authority, blobs: Arc<dyn Blobs>) -> Result<Response, Error> {
        let scanner = self.scanner();
        // First of all, so that no refusal repeats a secret.
        leak::scan_request(&scanner, &request)?;
        let limits = &self.shared.limits;
        let total = request.timeout_millis.map_or(limits.total, |millis| Duration::from_millis(millis.into())).min(limits.total_max);
        let bounds = Bounds { limit: limits.response_body, idle: limits.idle, deadline: Instant::now() + total, total };

        let Request { method, url, headers, body, credentials, timeout_millis: _ } = request;
        let method = request::method(&method)?;
        Span::current().record("method", method.as_str());
        let mut headers = request::headers(&headers)?;
        if let Some(rest) = data::rest(&url) {
            for name in &credentials {
                place::declared(&authority.component, name, &authority.credentials)?;
            }
            return answer(rest, limits.data_url, &scanner, &bounds);
        }
        let url = parse(&url)?;
        leak::scan_url(&scanner, url.as_str())?;
        let (origin, route) = destination::decide(&url, &authority)?;
        Span::current().record("origin", tracing::field::display(&origin));
        let body = body::outgoing(body, limits.request_body, blobs, &scanner).await?;
        place::one_path(&authority.component, &credentials, &authority.credentials)?;
        let mut target = Target::new(url.clone());
        for name in &credentials {
            if let Some((binding, record)) = place::decide(&authority.component, name, &authority.credentials, &origin)? {
                request::put(&mut headers, &mut target, binding, record, &origin)?;
            }
        }

        let mut outgoing = target.into_request(method, body)?;
        *outgoing.headers_mut() = headers;
        let client = self.shared.transport.client(route)?;
        let until = bounds.deadline.min(Instant::now() + limits.head);
        let host = origin.host().to_owned();
        let response = match timeout_at(until, client.request(outgoing)).await {
            Ok(response) => response.map_err(|error| transport::failed(&error, &host))?,
            Err(_) if until == bounds.deadline => {
                return Err(Error::Timeout { what: "the request", millis: millis(bounds.total), sent: true });
            }
            Err(_) => return Err(Error::Timeout { what: "waiting for the response", millis: millis(limits.head), sent: true }),
        };
        Span::current().record("status", response.status().as_u16());
        self.receive(response, route, &url, host, &scanner, &bounds)
    }

    /// Judges the head of a response.
    fn receive(
        &self,
        response: http::Response<Incoming>,
        route: Route,
        url: &Url,
        host: String,
        scanner: &Arc<Scanner>,
        bounds: &Bounds,
    ) -> Result<Response, Error> {
        let connected = response.extensions().get::<HttpInfo>().map(HttpInfo::remote_addr);
        // Behind a proxy the connection leads to the proxy, which was judged when it was made.
        let direct = self.shared.transport.via(route).is_none();
        if direct && !connected.is_some_and(|address| belongs(address, route, url)) {
            let address = connected.map_or_else(|| "an unknown address".to_owned(), |address| address.ip().to_string());
            return Err(Error::Protocol(format!("{host} answered from {address}, where no request may go")));
        }
        let mut bytes = 0_u64;
        let mut headers = Vec::with_capacity(response.headers().len());
        for (name, value) in response.headers() {
            bytes = bytes.saturating_add(name.as_str().len() as u64).saturating_add(value.len() as u64);
            leak::scan_incoming(scanner, value.as_bytes())?;
            headers.push(Header { name: name.as_str().to_owned(), value: String::from_utf8_lossy(value.as_bytes()).into_owned() });
        }
        if bytes > self.shared.limits.response_head {
            return Err(Error::Limit { what: "the head of the response", bytes: self.shared.limits.response_head, sent: true });
        }
        let mut encodings = response.headers().get_all(CONTENT_ENCODING).iter();
        if encodings.any(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
            return Err(Error::Protocol(format!("{host} compressed its response unasked, so that it cannot be checked for secrets")));
        }
        if response.body().size_hint().exact().is_some_and(|length| length > bounds.limit) {
            return Err(Error::Limit { what: "the body of the response", bytes: bounds.limit, sent: true });
        }
        let status = response.status().as_u16();
        let source = Source::Network { body: response.into_body(), host };
        Ok(Response { status, headers, body: Body::new(source, leak::stream(scanner), bounds) })
    }
}

/// Reads a URL. A secret may hide behind percent signs in one that cannot even be read, so its text is not repeated.
fn parse(text: &str) -> Result<Url, Error> {
    if text.len() > request::URL_MAX_BYTES {
        return Err(Error::Limit { what: "the URL", bytes: request::URL_MAX_BYTES as u64, sent: false });
    }
    Url::parse(text).map_err(|error| Error::Invalid(format!("the URL cannot be read: {error}")))
}

/// Answers a `data:` URL.
fn answer(rest: &str, limit: usize, scanner: &Arc<Scanner>, bounds: &Bounds) -> Result<Response, Error> {
    let data::Answer { content_type, body, pace } = data::parse(rest, limit)?;
    let headers = vec![Header { name: "content-type".to_owned(), value: content_type }];
    Ok(Response { status: 200, headers, body: Body::new(Source::Data { rest: body, pace }, leak::stream(scanner), bounds) })
}

/// Whether a connection led where its route may lead.
fn belongs(connected: SocketAddr, route: Route, url: &Url) -> bool {
    let address = connected.ip();
    match route {
        Route::Public => classify(address) == Address::Public,
        Route::Loopback => classify(address) == Address::Loopback,
        Route::Private => match url.host() {
            Some(url::Host::Ipv4(literal)) => address == literal,
            Some(url::Host::Ipv6(literal)) => address == literal,
            _ => false,
        },
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_belongs_only_to_the_route_that_its_address_allows() {
        let routes = |connected: &str, url: &str| {
            let (address, url) = (SocketAddr::new(connected.parse().expect(connected), 443), url.parse().expect(url));
            [Route::Public, Route::Loopback, Route::Private].map(|route| belongs(address, route, &url))
        };
        assert_eq!(routes("8.8.8.8", "https://dns.google/"), [true, false, false]);
        assert_eq!(routes("127.0.0.1", "https://dns.google/"), [false, true, false]);
        assert_eq!(routes("::1", "http://localhost/"), [false, true, false]);
        assert_eq!(routes("192.168.1.1", "https://192.168.1.1/"), [false, false, true]);
        assert_eq!(routes("192.168.1.2", "https://192.168.1.1/"), [false, false, false]);
        assert_eq!(routes("fd00::1", "https://[fd00::1]/"), [false, false, true]);
        assert_eq!(routes("192.168.1.1", "https://router.example.com/"), [false, false, false]);
        assert_eq!(routes("169.254.169.254", "https://169.254.169.253/"), [false, false, false]);
    }
}
