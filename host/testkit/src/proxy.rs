//! A proxy that opens tunnels by CONNECT: it leads each name where the test says, asks for a password, refuses, or looks into
//! what passes, as a company's does.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::{fmt, io};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// The head of a request is not longer.
const HEAD_MAX_BYTES: usize = 64 * 1024;

/// What the proxy does.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// `user:password`, where it asks for them.
    pub login: Option<String>,
    /// Where a tunnel leads, by `host:port`. Every other one is refused with 403.
    pub routes: HashMap<String, Route>,
}

/// Where a tunnel leads.
#[derive(Clone)]
pub enum Route {
    To(SocketAddr),
    /// The proxy is the server for the client, and passes on what it reads.
    Intercepted(TlsAcceptor, SocketAddr),
    /// No tunnel: an answer of these bytes.
    Answer(Vec<u8>),
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::To(address) => write!(f, "To({address})"),
            Self::Intercepted(_, address) => write!(f, "Intercepted({address})"),
            Self::Answer(bytes) => write!(f, "Answer({})", String::from_utf8_lossy(bytes)),
        }
    }
}

/// A request for a tunnel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// `host:port`.
    pub target: String,
    /// `user:password`.
    pub login: Option<String>,
}

/// The proxy while it runs, on this machine.
#[derive(Clone, Debug)]
pub struct FakeProxy {
    address: SocketAddr,
    rules: Arc<Mutex<Rules>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl FakeProxy {
    /// Starts one, that speaks TLS itself where it is given an identity.
    pub async fn start(rules: Rules, tls: Option<TlsAcceptor>) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let proxy = Self { address: listener.local_addr()?, rules: Arc::new(Mutex::new(rules)), seen: Arc::default() };
        let this = proxy.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (this, tls) = (this.clone(), tls.clone());
                tokio::spawn(async move {
                    // Whoever connected may go at any time.
                    let _ = match tls {
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => this.serve(stream).await,
                            Err(error) => Err(error),
                        },
                        None => this.serve(stream).await,
                    };
                });
            }
        });
        Ok(proxy)
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Other rules, from the next request on.
    pub fn set(&self, change: impl FnOnce(&mut Rules)) {
        change(&mut self.rules.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What was asked of it so far.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn serve<S: AsyncRead + AsyncWrite + Unpin>(&self, mut client: S) -> io::Result<()> {
        let head = head(&mut client).await?;
        let mut lines = head.split("\r\n");
        let mut words = lines.next().unwrap_or_default().split(' ');
        let (Some("CONNECT"), Some(target), Some("HTTP/1.1"), None) = (words.next(), words.next(), words.next(), words.next()) else {
            return answer(&mut client, b"HTTP/1.1 405 Method Not Allowed\r\nAllow: CONNECT\r\nContent-Length: 0\r\n\r\n").await;
        };
        let headers: Vec<(String, &str)> =
            lines.filter_map(|line| line.split_once(':')).map(|(name, value)| (name.to_ascii_lowercase(), value.trim())).collect();
        let header = |wanted: &str| headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| *value);
        // RFC 9112, section 3.2. tinyproxy leaves the port out.
        let named = header("host").is_some_and(|host| host == target || target.rsplit_once(':').is_some_and(|(name, _)| name == host));
        if !named {
            return answer(&mut client, b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
        }
        let login =
            header("proxy-authorization").and_then(|value| value.strip_prefix("Basic ")).and_then(|text| STANDARD.decode(text).ok());
        let login = login.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(Seen { target: target.to_owned(), login: login.clone() });
        if rules.login.is_some() && rules.login != login {
            let refusal =
                b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"test\"\r\nContent-Length: 0\r\n\r\n";
            return answer(&mut client, refusal).await;
        }
        match rules.routes.get(target) {
            None => answer(&mut client, b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").await,
            Some(Route::Answer(bytes)) => answer(&mut client, bytes).await,
            Some(Route::To(address)) => {
                let server = connect(*address).await?;
                established(&mut client).await?;
                relay(client, server).await
            }
            Some(Route::Intercepted(tls, address)) => {
                established(&mut client).await?;
                let client = tls.accept(client).await?;
                relay(client, connect(*address).await?).await
            }
        }
    }
}

async fn head<S: AsyncRead + Unpin>(client: &mut S) -> io::Result<String> {
    let mut bytes = Vec::new();
    // One at a time: what follows is the tunnel's.
    while !bytes.ends_with(b"\r\n\r\n") {
        if bytes.len() == HEAD_MAX_BYTES {
            return Err(io::Error::other("the head of a request is too long"));
        }
        bytes.push(client.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

async fn established<S: AsyncWrite + Unpin>(client: &mut S) -> io::Result<()> {
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    client.flush().await
}

async fn answer<S: AsyncWrite + Unpin>(client: &mut S, bytes: &[u8]) -> io::Result<()> {
    client.write_all(bytes).await?;
    client.shutdown().await
}

#[expect(clippy::disallowed_methods, reason = "a fake is the far end, and no client of the host")]
async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    TcpStream::connect(address).await
}

async fn relay<S: AsyncRead + AsyncWrite + Unpin>(mut client: S, mut server: TcpStream) -> io::Result<()> {
    copy_bidirectional(&mut client, &mut server).await.map(drop)
}
