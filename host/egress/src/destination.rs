//! Where a request goes, and over which kind of connection: pure, decided before a name is resolved.

use url::{Host, Url};
use wirken_types::credential::{InvalidOrigin, Origin};

use crate::authority::Authority;
use crate::error::{Error, quoted};
use crate::guard::{Address, classify};
use crate::place::list;

/// Which connections a request may use. Each kind has a pool of its own, so that a connection opened under one rule is
/// never used under another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// A name or an address that everyone can reach, over TLS.
    Public,
    /// This machine, as the human named it.
    Loopback,
    /// An address of the human's own network, as the human wrote it, over TLS.
    Private,
}

/// Decides where a URL leads, and whether the authority covers that.
pub(crate) fn decide(url: &Url, authority: &Authority) -> Result<(Origin, Route), Error> {
    let origin = Origin::of(url).map_err(|error| refused(&error))?;
    if !authority.origins.iter().any(|pattern| pattern.matches(&origin)) {
        return Err(Error::Denied(format!(
            "{} may not send requests to {origin}: it may reach {}",
            authority.component,
            list(&authority.origins)
        )));
    }
    let address = match url.host() {
        Some(Host::Domain("localhost")) => Address::Loopback,
        Some(Host::Domain(_)) => Address::Public,
        Some(Host::Ipv4(address)) => classify(address.into()),
        Some(Host::Ipv6(address)) => classify(address.into()),
        None => return Err(Error::Invalid("the URL has no host".to_owned())),
    };
    let own = authority.own.contains(&origin);
    match address {
        Address::Public if origin.is_https() => Ok((origin, Route::Public)),
        Address::Loopback if own => Ok((origin, Route::Loopback)),
        Address::Private if own && origin.is_https() => Ok((origin, Route::Private)),
        Address::Public => Err(Error::Denied(format!("{origin} is not encrypted: use https://"))),
        Address::Loopback => Err(closed(authority, &origin, "is this machine itself")),
        Address::Private => Err(closed(authority, &origin, "is in a private network")),
        Address::Forbidden(what) => Err(Error::Denied(format!("{origin} is {what}: no request goes there"))),
    }
}

fn closed(authority: &Authority, origin: &Origin, what: &str) -> Error {
    Error::Denied(format!(
        "{origin} {what}: {} may go there only after you write that address in its settings yourself",
        authority.component
    ))
}

/// The words for an origin are about storing credentials; these are about sending a request.
fn refused(error: &InvalidOrigin) -> Error {
    match error {
        InvalidOrigin::Scheme { scheme } => Error::Denied(format!("requests go to https:// URLs, not to {}:", quoted(scheme))),
        InvalidOrigin::PlainHttp { host } => Error::Denied(format!(
            "http://{0} is not encrypted: use https://{0} (plain HTTP is only for an address of this machine that you wrote in the settings)",
            quoted(host)
        )),
        InvalidOrigin::UserInfo => {
            Error::Denied("a URL holds no user and no password: store the password as a credential, and name it in the request".to_owned())
        }
        other => Error::Invalid(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(url: &str, origins: &[&str], own: &[&str]) -> Result<Route, &'static str> {
        let authority = Authority {
            component: "mail".to_owned(),
            origins: origins.iter().map(|text| text.parse().expect(text)).collect(),
            own: own.iter().map(|text| text.parse().expect(text)).collect(),
            credentials: Vec::new(),
        };
        decide(&url.parse().expect(url), &authority).map(|(_, route)| route).map_err(|error| error.kind())
    }

    #[test]
    fn goes_only_where_the_authority_leads() {
        let origins = ["https://api.example.com", "https://*.example.org"];
        for (url, expected) in [
            ("https://api.example.com/v1?x=1", Ok(Route::Public)),
            ("https://API.example.com:443/", Ok(Route::Public)),
            ("https://a.example.org/", Ok(Route::Public)),
            ("https://api.example.com:8443/", Err("denied")),
            ("https://example.org/", Err("denied")),
            ("https://a.b.example.org/", Err("denied")),
            ("https://api.example.com.evil.test/", Err("denied")),
            ("https://api.example.com@evil.test/", Err("denied")),
            ("https://user:pass@api.example.com/", Err("denied")),
            ("http://api.example.com/", Err("denied")),
            ("ftp://api.example.com/", Err("denied")),
            ("file:///etc/passwd", Err("denied")),
            ("ws://api.example.com/", Err("denied")),
            ("unix:/run/docker.sock", Err("denied")),
        ] {
            assert_eq!(decided(url, &origins, &[]), expected, "{url}");
        }
        assert_eq!(decided("https://api.example.com/", &[], &["https://api.example.com"]), Err("denied"), "own origins widen nothing");
    }

    #[test]
    fn this_machine_opens_only_to_the_very_origin_that_the_human_wrote() {
        for own in ["http://127.0.0.1:11434", "https://127.0.0.1:8443", "http://localhost:11434", "http://[::1]:11434", "https://localhost"]
        {
            assert_eq!(decided(own, &[own], &[own]), Ok(Route::Loopback), "{own}");
            assert_eq!(decided(own, &[own], &[]), Err("denied"), "{own} without the human");
        }
        let origins = ["http://127.0.0.1:1", "http://localhost:2", "http://127.0.0.2:1"];
        for url in ["http://127.0.0.1:1/", "http://127.0.0.2:1/", "http://127.1:1/", "http://0x7f000001:1/"] {
            assert_eq!(decided(url, &origins, &["http://localhost:2"]), Err("denied"), "{url}");
        }
    }

    #[test]
    fn a_private_address_opens_only_over_tls_and_as_the_human_wrote_it() {
        for own in ["https://192.168.1.10:8443", "https://10.0.0.1", "https://100.64.0.1", "https://[fd12::1]"] {
            assert_eq!(decided(own, &[own], &[own]), Ok(Route::Private), "{own}");
            assert_eq!(decided(own, &[own], &["https://192.168.1.11"]), Err("denied"), "{own} without the human");
        }
        assert_eq!(decided("http://192.168.1.10/", &["https://192.168.1.10"], &["https://192.168.1.10"]), Err("denied"));
    }

    #[test]
    fn nobody_opens_a_forbidden_address() {
        for own in [
            "https://169.254.169.254",
            "https://0.0.0.0",
            "https://224.0.0.1",
            "https://[fe80::1]",
            "https://[::ffff:7f00:1]",
            "https://[::]",
        ] {
            assert_eq!(decided(own, &[own], &[own]), Err("denied"), "{own}");
        }
    }

    #[test]
    fn public_addresses_need_no_name() {
        assert_eq!(decided("https://8.8.8.8/", &["https://8.8.8.8"], &[]), Ok(Route::Public));
        assert_eq!(decided("https://[2606:4700::1111]/", &["https://[2606:4700::1111]"], &[]), Ok(Route::Public));
    }
}
