//! Where a request goes: the URL as it leaves, in the parts that a plan and `wasi:http` name.

use std::fmt;

use url::{Position, Url};

use crate::error::Error;

/// The host's own bound.
pub const MAX_URL_BYTES: usize = 32 * 1024;

/// An absolute `http:` or `https:` URL without user, password and fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target(Url);

impl Target {
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::of(Url::parse(text.trim()), text)
    }

    /// What a reference means on the page that is there.
    pub fn join(&self, reference: &str) -> Result<Self, Error> {
        Self::of(self.0.join(reference.trim()), reference)
    }

    fn of(parsed: Result<Url, url::ParseError>, text: &str) -> Result<Self, Error> {
        let shown: String = text.chars().take(200).collect();
        let wrong = |why: &str| Err(Error::Invalid(format!("{shown:?} is not a URL that can be asked for: {why}")));
        let mut url = match parsed {
            Ok(url) => url,
            Err(error) => return wrong(&format!("{error}; it has to begin with https://")),
        };
        if !matches!(url.scheme(), "http" | "https") {
            return wrong("only http: and https: are spoken");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return wrong("it names a user or a password");
        }
        url.set_fragment(None);
        if url.as_str().len() > MAX_URL_BYTES {
            return wrong(&format!("it is longer than {MAX_URL_BYTES} bytes"));
        }
        Ok(Self(url))
    }

    /// The target of an `http` intent: scheme, host, and a port that is not the scheme's own.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// Path and query, as they leave.
    pub fn path(&self) -> &str {
        &self.0[Position::BeforePath..Position::AfterQuery]
    }

    /// Host, and a port that is not the scheme's own.
    pub fn authority(&self) -> &str {
        &self.0[Position::BeforeHost..Position::AfterPort]
    }

    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Adds to the query, encoded as a form is.
    #[must_use]
    pub fn with_query(mut self, pairs: &[(&str, &str)]) -> Self {
        self.0.query_pairs_mut().extend_pairs(pairs);
        self
    }

    /// Puts segments behind the path.
    #[must_use]
    pub fn with_path(mut self, segments: &[&str]) -> Self {
        if let Ok(mut path) = self.0.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        self
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_a_url_apart_as_it_leaves() {
        let table = [
            ("https://A.Example", "https://a.example", "/"),
            ("https://a.example:443/x?q=1#part", "https://a.example", "/x?q=1"),
            ("http://a.example:8080/a b?c d", "http://a.example:8080", "/a%20b?c%20d"),
            (" https://a.example/../x/./y \n", "https://a.example", "/x/y"),
            ("https://m\u{fc}ller.example/\u{e4}", "https://xn--mller-kva.example", "/%C3%A4"),
            ("https://[2001:DB8::1]/", "https://[2001:db8::1]", "/"),
            ("https:\\\\a.example\\x", "https://a.example", "/x"),
            ("https://a.example?", "https://a.example", "/?"),
            ("https://0x7f.1/", "https://127.0.0.1", "/"),
        ];
        for (text, origin, path) in table {
            let target = Target::parse(text).unwrap();
            assert_eq!((target.origin().as_str(), target.path()), (origin, path), "{text}");
            assert_eq!(format!("{}{}", target.origin(), target.path()), target.to_string());
            assert_eq!(Target::parse(target.as_str()), Ok(target.clone()));
            assert!(target.origin().ends_with(target.authority()));
        }
    }

    #[test]
    fn refuses_what_is_not_asked_for_over_http() {
        let table = [
            ("", "https://"),
            ("a.example/x", "https://"),
            ("ftp://a.example", "only http"),
            ("file:///etc/passwd", "only http"),
            ("javascript:alert(1)", "only http"),
            ("data:text/plain,x", "only http"),
            ("https://user@a.example/", "a user"),
            ("https://:secret@a.example/", "a user"),
            ("https://", "empty host"),
            ("https://a b/", "domain"),
        ];
        for (text, why) in table {
            let error = Target::parse(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn a_url_has_a_longest_length() {
        let path = |bytes: usize| format!("https://a.example/{}", "x".repeat(bytes - "https://a.example/".len()));
        assert!(Target::parse(&path(MAX_URL_BYTES)).is_ok());
        let error = Target::parse(&path(MAX_URL_BYTES + 1)).unwrap_err().to_string();
        assert!(error.contains("32768 bytes") && error.len() < 400, "{error}");
    }

    #[test]
    fn joins_and_adds_without_leaving_the_form() {
        let target = Target::parse("https://a.example/x/y?q").unwrap();
        assert_eq!(target.join("../z").unwrap().as_str(), "https://a.example/z");
        assert_eq!(target.join("//b.example").unwrap().origin(), "https://b.example");
        assert!(target.join("javascript:alert(1)").is_err());
        assert_eq!(target.clone().with_query(&[("a", "b c&d=#")]).path(), "/x/y?q&a=b+c%26d%3D%23");
        for base in ["https://a.example/x", "https://a.example/x/"] {
            let deeper = Target::parse(base).unwrap().with_path(&["search", "a/b"]);
            assert_eq!(deeper.path(), "/x/search/a%2Fb");
        }
    }
}
