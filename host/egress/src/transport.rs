//! The connections: one client for each kind of route, with a pool of its own, and what their failures mean.
//!
//! A client connects where its names lead (`resolve`), or asks the owner's proxy to (`proxy`). Behind either stands the same
//! TLS, between this process and the far end.

use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::Uri;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::CertificateError;
use rustls::pki_types::CertificateDer;
use tokio::time::timeout;
use tower_service::Service;

use crate::authority::Held;
use crate::body::Outgoing;
use crate::client::Limits;
use crate::destination::Route;
use crate::error::{Error, chain};
use crate::proxy::{ProxyOptions, Trouble, Via};
use crate::resolve::{BoxError, Names, Refused, Resolve};

/// How long a connection may be idle before it is asked whether it is alive, or is closed.
const KEEPALIVE: Duration = Duration::from_secs(15);
const KEEPALIVE_TRIES: u32 = 3;
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);
const IDLE: Duration = Duration::from_secs(90);

/// What bytes to the far end, or to the proxy, go over.
pub(crate) type Line = MaybeHttpsStream<hyper_util::rt::TokioIo<tokio::net::TcpStream>>;

pub(crate) type Client = legacy::Client<Connector, Outgoing>;

/// Loads nothing before the first request needs it.
pub(crate) struct Transport {
    connect: Duration,
    response_head: u64,
    extra_roots: Vec<Vec<u8>>,
    resolver: Arc<dyn Resolve>,
    via: Option<Arc<Via>>,
    tls: OnceLock<Arc<rustls::ClientConfig>>,
    public: OnceLock<Client>,
    loopback: OnceLock<Client>,
    private: OnceLock<Client>,
}

impl Transport {
    pub(crate) fn new(limits: &Limits, extra_roots: Vec<Vec<u8>>, proxy: Option<ProxyOptions>, resolver: Arc<dyn Resolve>) -> Self {
        Self {
            connect: limits.connect,
            response_head: limits.response_head,
            extra_roots,
            via: proxy.map(|options| Arc::new(Via::new(options, Arc::clone(&resolver)))),
            resolver,
            tls: OnceLock::new(),
            public: OnceLock::new(),
            loopback: OnceLock::new(),
            private: OnceLock::new(),
        }
    }

    /// What stands between this machine and what a route leads to. What the owner wrote of this machine and of the own
    /// network is reached as it was written.
    pub(crate) fn via(&self, route: Route) -> Option<&Arc<Via>> {
        match route {
            Route::Public => self.via.as_ref(),
            Route::Loopback | Route::Private => None,
        }
    }

    pub(crate) fn set_proxy_password(&self, password: Option<Held>) {
        if let Some(via) = &self.via {
            via.set_password(password);
        }
    }

    pub(crate) fn client(&self, route: Route) -> Result<&Client, Error> {
        let cell = match route {
            Route::Public => &self.public,
            Route::Loopback => &self.loopback,
            Route::Private => &self.private,
        };
        if let Some(client) = cell.get() {
            return Ok(client);
        }
        let tls = self.tls()?;
        let dial = match (self.via(route), route) {
            (Some(via), _) => {
                // To the proxy itself only its one protocol is spoken.
                let mut own = rustls::ClientConfig::clone(&tls);
                own.alpn_protocols.clear();
                Dial::Proxy(Arc::clone(via), (tcp(Names::Proxy(Arc::clone(&self.resolver))), own).into())
            }
            (None, Route::Public) => Dial::Direct(tcp(Names::Public(Arc::clone(&self.resolver)))),
            // A private address is a literal, which no resolver is asked about.
            (None, Route::Loopback | Route::Private) => Dial::Direct(tcp(Names::Local)),
        };
        let mut https = HttpsConnector::from((dial, tls));
        if route != Route::Loopback {
            https.enforce_https();
        }
        let client = legacy::Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .http2_max_header_list_size(u32::try_from(self.response_head).unwrap_or(u32::MAX))
            .build(Connector { https, limit: self.connect });
        Ok(cell.get_or_init(|| client))
    }

    /// The Web's authorities as they were when this was built, and those of the options; never the machine's own, which
    /// other programs add to.
    fn tls(&self) -> Result<Arc<rustls::ClientConfig>, Error> {
        if let Some(tls) = self.tls.get() {
            return Ok(Arc::clone(tls));
        }
        let mut roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for der in &self.extra_roots {
            roots
                .add(CertificateDer::from_slice(der))
                .map_err(|error| Error::Unavailable(format!("an extra trust root is not a certificate: {error}")))?;
        }
        let mut tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::Unavailable(format!("TLS does not start: {error}")))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::clone(self.tls.get_or_init(|| Arc::new(tls))))
    }
}

fn tcp(names: Names) -> HttpConnector<Names> {
    let mut tcp = HttpConnector::new_with_resolver(names);
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_keepalive(Some(KEEPALIVE));
    tcp.set_keepalive_interval(Some(KEEPALIVE));
    tcp.set_keepalive_retries(Some(KEEPALIVE_TRIES));
    #[cfg(target_os = "linux")]
    tcp.set_tcp_user_timeout(Some(UNACKNOWLEDGED));
    tcp
}

/// From an origin to a connection that speaks HTTP, within the time for it.
#[derive(Clone)]
pub(crate) struct Connector {
    https: HttpsConnector<Dial>,
    limit: Duration,
}

/// No connection came about in time.
#[derive(Debug, thiserror::Error)]
#[error("no connection within the time for it")]
struct TooSlow;

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<Line>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.https.poll_ready(context)
    }

    fn call(&mut self, origin: Uri) -> Self::Future {
        let (connecting, limit) = (self.https.call(origin), self.limit);
        Box::pin(async move { timeout(limit, connecting).await.unwrap_or_else(|_| Err(TooSlow.into())) })
    }
}

/// From an origin to the bytes that reach it.
#[derive(Clone)]
enum Dial {
    Direct(HttpConnector<Names>),
    /// With what connects to the proxy.
    Proxy(Arc<Via>, HttpsConnector<HttpConnector<Names>>),
}

impl Service<Uri> for Dial {
    type Response = Line;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Line, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        match self {
            Self::Direct(tcp) => tcp.poll_ready(context).map_err(Into::into),
            Self::Proxy(_, line) => line.poll_ready(context),
        }
    }

    fn call(&mut self, origin: Uri) -> Self::Future {
        match self {
            Self::Direct(tcp) => {
                let connecting = tcp.call(origin);
                Box::pin(async move { Ok(MaybeHttpsStream::Http(connecting.await?)) })
            }
            Self::Proxy(via, line) => {
                let (via, line) = (Arc::clone(via), line.clone());
                Box::pin(async move { via.open(line, &origin).await })
            }
        }
    }
}

/// Puts a failure before the response into our words. The client's errors hold no URL.
pub(crate) fn failed(error: &legacy::Error, host: &str) -> Error {
    if let Some(refused) = cause::<Refused>(error) {
        return Error::Denied(format!("{refused}: no request goes there"));
    }
    if !error.is_connect() {
        return broke_off(error, host);
    }
    if let Some(trouble) = cause::<Trouble>(error) {
        return trouble.told(host);
    }
    let host = host.to_owned();
    match cause::<rustls::Error>(error) {
        Some(reason) => Error::Tls { host, reason: untrusted(reason) },
        None => Error::Connect { host, reason: chain(innermost(error)) },
    }
}

/// The exchange had begun.
pub(crate) fn broke_off(error: &(dyn std::error::Error + 'static), host: &str) -> Error {
    Error::Interrupted { host: host.to_owned(), reason: chain(innermost(error)) }
}

/// Why the far end could not prove who it is. Whoever stands in between signs with an authority that the Web does not know.
pub(crate) fn untrusted(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => format!(
            "{error}: nobody that wirken trusts vouches for it; where a proxy or an authority of your own does, name the file with \
             its certificate as `ca-file` in the section [network] of config.toml"
        ),
        other => other.to_string(),
    }
}

/// Looks for a cause of a type, also inside I/O errors, which hide theirs from `source`.
pub(crate) fn cause<'a, T: std::error::Error + 'static>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        if let Some(inner) = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref)
            && let Some(found) = cause::<T>(inner)
        {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// The last cause: the ones around it say no more.
pub(crate) fn innermost<'a>(error: &'a (dyn std::error::Error + 'static)) -> &'a (dyn std::error::Error + 'static) {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolve::DenyResolve;

    #[test]
    fn only_public_origins_are_asked_of_the_proxy() {
        let options = ProxyOptions { proxy: "http://proxy.test:3128".parse().expect("a proxy"), user: None, password: None };
        let made = |proxy| Transport::new(&Limits::default(), Vec::new(), proxy, Arc::new(DenyResolve));
        let (with, without) = (made(Some(options)), made(None));
        for (route, through) in [(Route::Public, true), (Route::Loopback, false), (Route::Private, false)] {
            assert_eq!(with.via(route).is_some(), through, "{route:?}");
            assert!(without.via(route).is_none(), "{route:?}");
        }
    }
}
