//! The owner's proxy: a tunnel through it to each public origin, by CONNECT.
//!
//! The proxy is told a host, a port and its own password, and nothing else: TLS goes through the tunnel to the far end, so
//! that what passes is searched here as ever. But it is the proxy that resolves the name and connects. What this machine
//! knows of the name itself is judged before; what the proxy makes of it afterwards is the proxy's word.
//!
//! Nothing in the environment names a proxy: whoever can set `HTTPS_PROXY` for this process is not thereby its owner.

use std::fmt::Write as _;
use std::sync::{Arc, PoisonError, RwLock};

use http::{StatusCode, Uri};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower_service::Service;
use wirken_types::credential::{Place, Proxy};
use zeroize::Zeroizing;

use crate::authority::Held;
use crate::error::{Error, chain, quoted};
use crate::place::joined;
use crate::resolve::{BoxError, Names, Refused, Resolve, check_elsewhere, forbidden};
use crate::transport::{Line, cause, innermost, untrusted};

/// The head of a proxy's answer, in bytes.
const HEAD_MAX_BYTES: usize = 16 * 1024;

/// The proxy, and how it is told who asks.
#[derive(Clone, Debug)]
pub struct ProxyOptions {
    pub proxy: Proxy,
    /// The name that goes with the password.
    pub user: Option<String>,
    /// What the vault holds for it. It is used only where its record names this very proxy.
    pub password: Option<Held>,
}

/// The proxy while it is used.
pub(crate) struct Via {
    proxy: Proxy,
    user: Option<String>,
    password: RwLock<Option<Held>>,
    resolver: Arc<dyn Resolve>,
}

/// Why no tunnel came about.
#[derive(Debug, thiserror::Error)]
#[error("the proxy {proxy}: {why:?}")]
pub(crate) struct Trouble {
    proxy: Proxy,
    /// Whether it was told a password.
    told: bool,
    why: Why,
}

#[derive(Debug, PartialEq, Eq)]
enum Why {
    /// No connection to the proxy itself.
    Unreachable(String),
    /// It could not prove who it is.
    Untrusted(String),
    /// The password's record is about another proxy.
    Bound(String),
    /// It answered with this status, and asked for the named ways to prove who asks.
    Answered(StatusCode, Vec<String>),
    /// It answered with something that is no answer to CONNECT.
    Strange(&'static str),
}

impl Via {
    pub(crate) fn new(options: ProxyOptions, resolver: Arc<dyn Resolve>) -> Self {
        let ProxyOptions { proxy, user, password } = options;
        Self { proxy, user, password: RwLock::new(password), resolver }
    }

    pub(crate) fn set_password(&self, password: Option<Held>) {
        *self.password.write().unwrap_or_else(PoisonError::into_inner) = password;
    }

    /// A tunnel to an origin. `line` connects to the proxy.
    pub(crate) async fn open(&self, line: HttpsConnector<HttpConnector<Names>>, origin: &Uri) -> Result<Line, BoxError> {
        let host = origin.host().unwrap_or_default();
        if literal(host).is_none() {
            check_elsewhere(&*self.resolver, host).await?;
        }
        let (request, told) = self.request(host, origin.port_u16().unwrap_or(443)).map_err(|why| self.trouble(false, why))?;
        let mut stream = TokioIo::new(self.connect(line).await?);
        let lost = |error: std::io::Error| self.trouble(told, Why::Unreachable(error.to_string()));
        stream.write_all(&request).await.map_err(lost)?;
        stream.flush().await.map_err(lost)?;
        let mut head = Vec::new();
        loop {
            match judge(&head) {
                Some(Ok(())) => return Ok(stream.into_inner()),
                Some(Err(why)) => return Err(self.trouble(told, why).into()),
                None => {}
            }
            if stream.read_buf(&mut head).await.map_err(lost)? == 0 {
                return Err(self.trouble(told, Why::Strange("it closed the connection without an answer")).into());
            }
        }
    }

    async fn connect(&self, mut line: HttpsConnector<HttpConnector<Names>>) -> Result<Line, Trouble> {
        let unreachable = |reason: String| self.trouble(false, Why::Unreachable(reason));
        if let Some(what) = literal(self.proxy.host()).and_then(forbidden) {
            return Err(unreachable(format!("its address is {what}")));
        }
        let address = Uri::try_from(self.proxy.to_string()).map_err(|error| unreachable(error.to_string()))?;
        std::future::poll_fn(|context| line.poll_ready(context)).await.map_err(|error| unreachable(error.to_string()))?;
        line.call(address).await.map_err(|error| {
            let error: &(dyn std::error::Error + 'static) = &*error;
            // It would be taken for one of the far end.
            if let Some(refused) = cause::<Refused>(error) {
                return unreachable(refused.to_string());
            }
            match cause::<rustls::Error>(error) {
                Some(reason) => self.trouble(false, Why::Untrusted(untrusted(reason))),
                None => unreachable(chain(innermost(error))),
            }
        })
    }

    /// The request for a tunnel, and whether the password is in it.
    fn request(&self, host: &str, port: u16) -> Result<(Zeroizing<Vec<u8>>, bool), Why> {
        let password = self.password.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut request = Zeroizing::new(format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n").into_bytes());
        let told = match (&self.user, password) {
            (Some(user), Some(held)) => {
                if !held.places.contains(&Place::Proxy { proxy: self.proxy.clone() }) {
                    return Err(Why::Bound(joined(&held.places)));
                }
                let pair = Zeroizing::new([user.as_bytes(), b":", held.secret.expose()].concat());
                let encoded = Zeroizing::new(base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &*pair));
                // In one step, so that no copy of it is left behind by one that grows.
                request = Zeroizing::new([&request, b"Proxy-Authorization: Basic ".as_slice(), encoded.as_bytes(), b"\r\n\r\n"].concat());
                true
            }
            _ => {
                request.extend_from_slice(b"\r\n");
                false
            }
        };
        Ok((request, told))
    }

    fn trouble(&self, told: bool, why: Why) -> Trouble {
        Trouble { proxy: self.proxy.clone(), told, why }
    }
}

impl Trouble {
    /// What whoever sent a request to `host` is told.
    pub(crate) fn told(&self, host: &str) -> Error {
        let proxy = &self.proxy;
        let connect = |reason: String| Error::Connect { host: host.to_owned(), reason };
        match &self.why {
            Why::Unreachable(reason) => {
                connect(format!("the proxy {proxy}, which `network.proxy` in config.toml names, cannot be reached: {reason}"))
            }
            Why::Untrusted(reason) => Error::Tls { host: format!("the proxy {proxy}"), reason: reason.clone() },
            Why::Bound(places) => Error::Denied(format!(
                "the password for the proxy was kept as {places}, not for {proxy}: keep it anew with `wirken credentials add network proxy`"
            )),
            Why::Answered(status, ways) if *status == StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                Error::Denied(format!("the proxy {proxy} {}", self.unproven(ways)))
            }
            Why::Answered(status, _) if status.is_client_error() => {
                Error::Denied(format!("the proxy {proxy} refuses to let requests through to {host}: it answered {status}"))
            }
            Why::Answered(status, _) => connect(format!("the proxy {proxy} answered {status}")),
            Why::Strange(what) => connect(format!("what answers as the proxy {proxy} is none, or is out of order: {what}")),
        }
    }

    fn unproven(&self, ways: &[String]) -> String {
        let mut text = String::from("asks who uses it (407)");
        let basic = ways.is_empty() || ways.iter().any(|way| way.eq_ignore_ascii_case("basic"));
        // A write into a text cannot fail.
        let _ = if !basic {
            write!(text, " by {}, and wirken knows Basic alone: let it take a user and a password for this machine", ways.join(" or "))
        } else if self.told {
            write!(text, ", and does not take the user and the password: keep the right one with `wirken credentials rotate network proxy`")
        } else {
            write!(
                text,
                ": write the user's name as `proxy-user` beside `proxy`, and keep the password with `wirken credentials add network proxy`"
            )
        };
        text
    }
}

/// An address that needs no name.
fn literal(host: &str) -> Option<std::net::IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Reads the answer to CONNECT, as far as it came: none while more is needed.
fn judge(head: &[u8]) -> Option<Result<(), Why>> {
    let Some(end) = memchr::memmem::find(head, b"\r\n\r\n") else {
        return (head.len() >= HEAD_MAX_BYTES).then_some(Err(Why::Strange("the head of its answer is too long")));
    };
    if end + 4 > HEAD_MAX_BYTES {
        return Some(Err(Why::Strange("the head of its answer is too long")));
    }
    let text = String::from_utf8_lossy(head.get(..end).unwrap_or_default());
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.")).and_then(|rest| rest.get(1..)?.strip_prefix(' '));
    let code = status.and_then(|rest| rest.split(' ').next()).filter(|code| code.len() == 3);
    let Some(status) = code.and_then(|code| StatusCode::from_bytes(code.as_bytes()).ok()) else {
        return Some(Err(Why::Strange("it does not speak HTTP/1")));
    };
    if !status.is_success() {
        let way = |line: &str| {
            let (name, value) = line.split_once(':')?;
            let way = value.split_whitespace().next()?;
            name.eq_ignore_ascii_case("proxy-authenticate").then(|| quoted(way).to_string())
        };
        return Some(Err(Why::Answered(status, lines.filter_map(way).take(8).collect())));
    }
    // The far end waits to be spoken to: what came with the answer is the proxy's own.
    Some(if head.len() > end + 4 { Err(Why::Strange("it sent something before the far end could")) } else { Ok(()) })
}

#[cfg(test)]
mod tests {
    use wirken_secret::Secret;

    use super::*;
    use crate::resolve::DenyResolve;

    fn via(user: Option<&str>, place: Option<&str>) -> Via {
        let password = place.map(|place| Held {
            origins: Vec::new(),
            places: vec![place.parse().expect(place)],
            secret: Arc::new(Secret::from_string("correct-horse".to_owned())),
        });
        let options = ProxyOptions { proxy: "http://proxy.test:3128".parse().expect("a proxy"), user: user.map(str::to_owned), password };
        Via::new(options, Arc::new(DenyResolve))
    }

    fn asked(via: &Via, host: &str, port: u16) -> Result<(String, bool), Why> {
        via.request(host, port).map(|(request, told)| (String::from_utf8(request.to_vec()).expect("text"), told))
    }

    #[test]
    fn asks_for_a_host_and_a_port_and_says_no_more() {
        let plain = "CONNECT api.example.com:443 HTTP/1.1\r\nHost: api.example.com:443\r\n\r\n".to_owned();
        assert_eq!(asked(&via(None, None), "api.example.com", 443), Ok((plain.clone(), false)));
        assert_eq!(asked(&via(Some("me"), None), "api.example.com", 443), Ok((plain.clone(), false)));
        assert_eq!(asked(&via(None, Some("proxy:http://proxy.test:3128")), "api.example.com", 443), Ok((plain, false)));
        let (request, _) = asked(&via(None, None), "[2606:4700::1111]", 8443).expect("a request");
        assert!(request.starts_with("CONNECT [2606:4700::1111]:8443 HTTP/1.1\r\n"), "{request}");
    }

    #[test]
    fn the_password_goes_to_the_proxy_that_its_record_names_and_to_no_other() {
        let (request, told) = asked(&via(Some("me"), Some("proxy:http://proxy.test:3128")), "a.test", 443).expect("a request");
        assert!(told && request.ends_with("\r\nProxy-Authorization: Basic bWU6Y29ycmVjdC1ob3JzZQ==\r\n\r\n"), "{request}");
        for place in ["proxy:http://proxy.test:3129", "proxy:https://proxy.test:3128", "proxy:http://other.test:3128", "bearer"] {
            assert_eq!(asked(&via(Some("me"), Some(place)), "a.test", 443), Err(Why::Bound(place.to_owned())));
        }
    }

    #[test]
    fn reads_an_answer_however_it_arrives() {
        for (answer, expected) in [
            ("HTTP/1.1 200 Connection established\r\n\r\n", Ok(())),
            ("HTTP/1.0 200\r\nProxy-agent: x\r\n\r\n", Ok(())),
            ("HTTP/1.1 204 Fine\r\n\r\n", Ok(())),
            ("HTTP/1.1 403 Filtered\r\n\r\nbody", Err(Why::Answered(StatusCode::FORBIDDEN, Vec::new()))),
            (
                "HTTP/1.1 407 No\r\nproxy-authenticate: NTLM\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\n",
                Err(Why::Answered(StatusCode::PROXY_AUTHENTICATION_REQUIRED, vec!["NTLM".into(), "Basic".into()])),
            ),
            ("HTTP/1.1 502 Bad\r\n\r\n", Err(Why::Answered(StatusCode::BAD_GATEWAY, Vec::new()))),
            ("HTTP/2 200\r\n\r\n", Err(Why::Strange("it does not speak HTTP/1"))),
            ("HTTP/1.1 2000 OK\r\n\r\n", Err(Why::Strange("it does not speak HTTP/1"))),
            ("SSH-2.0-x\r\n\r\n", Err(Why::Strange("it does not speak HTTP/1"))),
            ("HTTP/1.1 200 OK\r\n\r\nx", Err(Why::Strange("it sent something before the far end could"))),
        ] {
            let end = answer.find("\r\n\r\n").expect("an end") + 4;
            for cut in 0..end {
                assert_eq!(judge(&answer.as_bytes()[..cut]), None, "{answer:?} up to {cut}");
            }
            assert_eq!(judge(answer.as_bytes()), Some(expected), "{answer:?}");
        }
    }

    #[test]
    fn the_head_of_an_answer_is_bounded_on_both_sides() {
        let head = |bytes: usize| format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(bytes - 24)).into_bytes();
        assert_eq!((head(HEAD_MAX_BYTES).len(), judge(&head(HEAD_MAX_BYTES))), (HEAD_MAX_BYTES, Some(Ok(()))));
        let too_long = Some(Err(Why::Strange("the head of its answer is too long")));
        assert_eq!(judge(&head(HEAD_MAX_BYTES + 1)), too_long);
        assert_eq!(judge(&vec![b'y'; HEAD_MAX_BYTES - 1]), None);
        assert_eq!(judge(&vec![b'y'; HEAD_MAX_BYTES]), too_long);
    }

    #[test]
    fn says_whose_fault_it_is_and_what_to_do() {
        let answered = |status: u16, ways: &[&str]| {
            Why::Answered(StatusCode::from_u16(status).expect("a status"), ways.iter().map(|way| (*way).to_owned()).collect())
        };
        for (told, why, kind, said) in [
            (false, answered(407, &["Basic"]), "denied", "`wirken credentials add network proxy`"),
            (false, answered(407, &[]), "denied", "`proxy-user`"),
            (true, answered(407, &["NTLM", "basic"]), "denied", "`wirken credentials rotate network proxy`"),
            (true, answered(407, &["NTLM", "Negotiate"]), "denied", "by NTLM or Negotiate, and wirken knows Basic alone"),
            (false, answered(403, &[]), "denied", "refuses to let requests through to api.test: it answered 403 Forbidden"),
            (false, answered(405, &[]), "denied", "405"),
            (false, answered(503, &[]), "connect", "503 Service Unavailable"),
            (false, answered(302, &[]), "connect", "302"),
            (false, Why::Unreachable("refused".into()), "connect", "`network.proxy`"),
            (false, Why::Untrusted("no".into()), "tls", "no secure connection to the proxy http://proxy.test:3128: no"),
            (false, Why::Bound("bearer".into()), "denied", "kept as bearer"),
            (false, Why::Strange("x"), "connect", "is none"),
        ] {
            let error = Trouble { proxy: "http://proxy.test:3128".parse().expect("a proxy"), told, why }.told("api.test");
            assert_eq!((error.kind(), error.sent()), (kind, false), "{error}");
            assert!(error.to_string().contains(said) && error.to_string().contains("http://proxy.test:3128"), "{error}");
        }
    }
}
