//! A secret in a URL's path. Some services take one nowhere else: `https://api.example.com/bot<secret>/method`.
//!
//! Such a URL is a secret itself, and everything that handles requests likes to show URLs: errors, logs, `Debug`. So the
//! one that is sent exists only inside a [`Target`], which shows nothing, and is handed to the client and to nobody else;
//! all that is said about a request is said of the component's own URL. The client's copies are not wiped: no HTTP library
//! offers that.

use http::{Method, Uri};
use url::{Position, Url};
use wirken_types::credential::{Origin, PathPrefix};
use zeroize::Zeroizing;

use crate::authority::{Binding, Held};
use crate::error::Error;
use crate::request::URL_MAX_BYTES;

/// The URL that is sent. It has no `Debug` and no `Display`.
pub(crate) struct Target(Url);

impl Target {
    /// The component's own URL.
    pub(crate) fn new(url: Url) -> Self {
        Self(url)
    }

    /// Puts a credential before the path. The origin was decided on before, and stays what it was.
    pub(crate) fn put(&mut self, prefix: &PathPrefix, binding: &Binding, record: &Held, origin: &Origin) -> Result<(), Error> {
        let secret = record.secret.expose();
        let Some(secret) = str::from_utf8(secret).ok().filter(|secret| secret.bytes().all(stands_in_a_segment)) else {
            return Err(Error::Denied(format!(
                "the credential {:?} holds characters that cannot stand in a URL's path, perhaps a slash or a line end: store it again, \
                 exactly as the service gave it",
                binding.name
            )));
        };
        let (before, after) = (&self.0[..Position::BeforePath], &self.0[Position::BeforePath..]);
        let text = Zeroizing::new([before, "/", prefix.as_str(), secret, after].concat());
        if text.len() > URL_MAX_BYTES {
            return Err(Error::Limit { what: "the URL", bytes: URL_MAX_BYTES as u64, sent: false });
        }
        // A reader that understands the text otherwise than it was put together would send the secret elsewhere.
        let read = Url::parse(&text).ok().filter(|read| read.as_str() == *text && Origin::of(read).as_ref() == Ok(origin));
        self.0 = read.ok_or_else(|| Error::Invalid(format!("the URL has no place for the credential {:?} in its path", binding.name)))?;
        Ok(())
    }

    pub(crate) fn into_request<B>(self, method: Method, body: B) -> Result<http::Request<B>, Error> {
        let uri = Uri::try_from(self.0.as_str()).map_err(|error| Error::Invalid(format!("the URL cannot be sent: {error}")))?;
        let mut request = http::Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        Ok(request)
    }
}

/// RFC 3986, section 3.3: what stands in a segment of a path as it is.
fn stands_in_a_segment(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:@!$&'()*+,;=".contains(&byte)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use wirken_secret::Secret;
    use wirken_types::credential::Place;

    use super::*;

    fn put(url: &str, prefix: &str, secret: &[u8]) -> Result<String, Error> {
        let place = Place::path_prefix(prefix).expect(prefix);
        let Place::PathPrefix { prefix } = &place else { panic!("{place}") };
        let url: Url = url.parse().expect(url);
        let origin = Origin::of(&url).expect("an origin");
        let record = Held { origins: Vec::new(), places: Vec::new(), secret: Arc::new(Secret::new(secret.to_vec())) };
        let binding = Binding {
            name: "token".to_owned(),
            stored_as: "token".to_owned(),
            manifest_origins: Vec::new(),
            place: place.clone(),
            optional: false,
            record: None,
        };
        let mut target = Target::new(url);
        target.put(prefix, &binding, &record, &origin)?;
        Ok(target.0.to_string())
    }

    #[test]
    fn stands_before_the_whole_path_and_changes_nothing_else() {
        for (url, expected) in [
            ("https://api.example.com/x/y?q=1#f", "https://api.example.com/bot1:Ab_-/x/y?q=1#f"),
            ("https://api.example.com", "https://api.example.com/bot1:Ab_-/"),
            ("https://api.example.com/?q=/bot", "https://api.example.com/bot1:Ab_-/?q=/bot"),
            ("https://api.example.com//x", "https://api.example.com/bot1:Ab_-//x"),
            ("https://api.example.com/bot/x", "https://api.example.com/bot1:Ab_-/bot/x"),
            ("https://api.example.com/../x/./y/../z", "https://api.example.com/bot1:Ab_-/x/z"),
            ("https://api.example.com/%2e%2E/x%2Fy", "https://api.example.com/bot1:Ab_-/x%2Fy"),
            ("https://api.example.com:8443/@evil.test/", "https://api.example.com:8443/bot1:Ab_-/@evil.test/"),
            ("http://[::1]:1/x", "http://[::1]:1/bot1:Ab_-/x"),
        ] {
            assert_eq!(put(url, "bot", b"1:Ab_-").as_deref(), Ok(expected));
        }
        assert_eq!(put("https://a.test/x", "file/bot", b"12345").as_deref(), Ok("https://a.test/file/bot12345/x"));
    }

    #[test]
    fn takes_what_a_segment_takes_and_nothing_else() {
        for byte in 0..=u8::MAX {
            let secret = [b"12345678".as_slice(), &[byte], b"9"].concat();
            let good = byte.is_ascii_alphanumeric() || b"._~:@!$&'()*+,;=-".contains(&byte);
            match put("https://a.test/x", "bot", &secret) {
                Ok(url) => assert!(good && url == format!("https://a.test/bot12345678{}9/x", byte as char), "{byte:#x}: {url}"),
                Err(error) => {
                    assert!(!good && error.kind() == "denied", "{byte:#x}: {error}");
                    assert!(error.to_string().contains("store it again") && !error.to_string().contains("12345678"), "{error}");
                }
            }
        }
    }

    #[test]
    fn no_secret_is_a_step_to_another_folder() {
        for secret in [".", "..", "...", "@evil.test", ":443", "@", "//"] {
            match put("https://a.test/x", "v1/b", secret.as_bytes()) {
                Ok(url) => assert_eq!(url, format!("https://a.test/v1/b{secret}/x")),
                Err(error) => assert!(secret.contains('/'), "{secret}: {error}"),
            }
        }
    }

    #[test]
    fn the_secret_counts_in_the_length_of_the_url() {
        let base = "https://a.test/";
        let url = |length: usize| format!("{base}{}", "x".repeat(length - base.len()));
        let added = "/bot12345678".len();
        assert_eq!(put(&url(URL_MAX_BYTES - added), "bot", b"12345678").map(|url| url.len()), Ok(URL_MAX_BYTES));
        let error = put(&url(URL_MAX_BYTES - added + 1), "bot", b"12345678").expect_err("too long");
        assert_eq!((error.kind(), error.sent()), ("limit", false));
    }
}
