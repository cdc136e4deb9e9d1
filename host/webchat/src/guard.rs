//! Whether a request may be looked at at all: what it says of its host and of the page that sent it.
//!
//! A page elsewhere can make a browser send anything here, and a name of its own can resolve to this machine. It cannot
//! choose `Host`, `Origin` or `Sec-Fetch-Site`: the browser writes those.

use std::net::SocketAddr;

use http::header::{HOST, HeaderName, ORIGIN, UPGRADE};
use http::request::Parts;
use http::{HeaderMap, Method};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// The port that a browser leaves out of `Host`.
const HTTP_PORT: u16 = 80;

/// The hosts, each with its port, under which this server is itself.
#[derive(Clone, Debug)]
pub(crate) struct Hosts(Vec<String>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("This address is not one of WebChat's own. Open the address that `wirken webchat login` prints.")]
    Host,
    #[error("Another page sent this request, so it was refused.")]
    Origin,
    #[error("This request does not say which page sent it (there is no Origin header), so it was refused.")]
    NoOrigin,
    #[error("Another site led here, so this was refused. Open the address that `wirken webchat login` prints by hand.")]
    Site,
}

impl Hosts {
    pub(crate) fn of(address: SocketAddr) -> Self {
        // Not `localhost`: that name is two addresses, and another user may listen on the one that is not ours. A page of
        // his would be of the same origin as this one.
        let mut hosts = vec![address.to_string()];
        if address.port() == HTTP_PORT {
            let bare: Vec<String> = hosts.iter().filter_map(|host| Some(host.strip_suffix(":80")?.to_owned())).collect();
            hosts.extend(bare);
        }
        Self(hosts)
    }

    pub(crate) fn check(&self, request: &Parts) -> Result<(), Refusal> {
        let headers = &request.headers;
        let host = single(headers, HOST).ok_or(Refusal::Host)?;
        if !self.0.iter().any(|own| own == host) || request.uri.authority().is_some_and(|named| named.as_str() != host) {
            return Err(Refusal::Host);
        }
        if headers.contains_key(ORIGIN) {
            let own = single(headers, ORIGIN).and_then(|origin| origin.strip_prefix("http://")) == Some(host);
            if !own {
                return Err(Refusal::Origin);
            }
        } else if !matches!(request.method, Method::GET | Method::HEAD) || headers.contains_key(UPGRADE) {
            return Err(Refusal::NoOrigin);
        }
        if headers.contains_key(SEC_FETCH_SITE) && !matches!(single(headers, SEC_FETCH_SITE), Some("same-origin" | "none")) {
            return Err(Refusal::Site);
        }
        Ok(())
    }
}

/// The value of a header that is there exactly once.
fn single(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    value.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(address: &str, method: Method, uri: &str, headers: &[(&str, &str)]) -> Result<(), Refusal> {
        let mut request = http::Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Hosts::of(address.parse().unwrap()).check(&request.body(()).unwrap().into_parts().0)
    }

    const OWN: &str = "127.0.0.1:18790";

    #[test]
    fn admits_only_its_own_hosts() {
        let get = |host: &str| check(OWN, Method::GET, "/", &[("host", host)]);
        assert_eq!(get("127.0.0.1:18790"), Ok(()));
        for bad in [
            "",
            "127.0.0.1",
            "localhost",
            "localhost:18790",
            "127.0.0.1:18791",
            "127.0.0.1:80",
            "LOCALHOST:18790",
            "localhost.:18790",
            "[::1]:18790",
            "0.0.0.0:18790",
            "127.1:18790",
            "2130706433:18790",
            "user@127.0.0.1:18790",
            "127.0.0.1:18790 ",
            "127.0.0.1:18790.evil.example",
            "evil.example:18790",
            "rebind.evil.example",
        ] {
            assert_eq!(get(bad), Err(Refusal::Host), "{bad}");
        }
        assert_eq!(check(OWN, Method::GET, "/", &[]), Err(Refusal::Host));
        assert_eq!(check(OWN, Method::GET, "/", &[("host", OWN), ("host", OWN)]), Err(Refusal::Host));
        assert_eq!(check(OWN, Method::GET, "http://evil.example/", &[("host", OWN)]), Err(Refusal::Host));
        assert_eq!(check(OWN, Method::GET, "http://127.0.0.1:18790/", &[("host", OWN)]), Ok(()));
    }

    #[test]
    fn knows_itself_on_other_loopback_addresses() {
        assert_eq!(check("[::1]:9", Method::GET, "/", &[("host", "[::1]:9")]), Ok(()));
        assert_eq!(check("[::1]:9", Method::GET, "/", &[("host", "localhost:9")]), Err(Refusal::Host));
        assert_eq!(check("[::1]:9", Method::GET, "/", &[("host", "127.0.0.1:9")]), Err(Refusal::Host));
        assert_eq!(check("127.0.0.2:9", Method::GET, "/", &[("host", "127.0.0.2:9")]), Ok(()));
        assert_eq!(check("127.0.0.2:9", Method::GET, "/", &[("host", "localhost:9")]), Err(Refusal::Host));
        assert_eq!(check("127.0.0.1:80", Method::GET, "/", &[("host", "127.0.0.1")]), Ok(()));
        assert_eq!(check("127.0.0.1:80", Method::GET, "/", &[("host", "localhost")]), Err(Refusal::Host));
        assert_eq!(check("127.0.0.1:8080", Method::GET, "/", &[("host", "127.0.0.1:80")]), Err(Refusal::Host));
    }

    #[test]
    fn admits_only_its_own_origin_and_asks_for_it_where_something_changes() {
        let own = ("origin", "http://127.0.0.1:18790");
        let host = ("host", OWN);
        assert_eq!(check(OWN, Method::GET, "/", &[host]), Ok(()));
        assert_eq!(check(OWN, Method::GET, "/", &[host, own]), Ok(()));
        assert_eq!(check(OWN, Method::POST, "/login", &[host, own]), Ok(()));
        assert_eq!(check(OWN, Method::GET, "/socket", &[host, own, ("upgrade", "websocket")]), Ok(()));
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
            assert_eq!(check(OWN, method, "/login", &[host]), Err(Refusal::NoOrigin));
        }
        assert_eq!(check(OWN, Method::GET, "/socket", &[host, ("upgrade", "websocket")]), Err(Refusal::NoOrigin));
        for bad in [
            "null",
            "",
            "http://localhost:18790",
            "https://127.0.0.1:18790",
            "http://127.0.0.1:18791",
            "http://127.0.0.1",
            "http://127.0.0.1:18790/",
            "http://127.0.0.1:18790.evil.example",
            "http://evil.example",
            "HTTP://127.0.0.1:18790",
            "127.0.0.1:18790",
        ] {
            assert_eq!(check(OWN, Method::GET, "/", &[host, ("origin", bad)]), Err(Refusal::Origin), "{bad}");
        }
        assert_eq!(check(OWN, Method::GET, "/", &[host, own, own]), Err(Refusal::Origin));
    }

    #[test]
    fn admits_no_request_of_another_site() {
        let with = |site: &str| check(OWN, Method::GET, "/", &[("host", OWN), ("sec-fetch-site", site)]);
        assert_eq!(with("same-origin"), Ok(()));
        assert_eq!(with("none"), Ok(()));
        for bad in ["cross-site", "same-site", "", "none, same-origin"] {
            assert_eq!(with(bad), Err(Refusal::Site), "{bad}");
        }
        let twice = [("host", OWN), ("sec-fetch-site", "none"), ("sec-fetch-site", "none")];
        assert_eq!(check(OWN, Method::GET, "/", &twice), Err(Refusal::Site));
    }
}
