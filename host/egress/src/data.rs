//! `data:` URLs (RFC 2397), answered here without a network: a component tried out, or shown, with a recorded answer.
//!
//! The media-type parameter `pace` is ours: so many milliseconds between two lines of the body, so that a recorded
//! stream arrives as a stream. It is taken out of the content type that the component sees.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use bytes::Bytes;
use percent_encoding::percent_decode_str;

use crate::error::Error;

/// The longest time between two lines, in milliseconds.
pub const PACE_MAX_MILLIS: u64 = 100;

/// The content type where a URL names none (RFC 2397).
const DEFAULT_MEDIA_TYPE: &str = "text/plain;charset=US-ASCII";

/// What a `data:` URL answers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) content_type: String,
    pub(crate) body: Bytes,
    pub(crate) pace: Duration,
}

/// The part after `data:`, if this is such a URL.
pub(crate) fn rest(url: &str) -> Option<&str> {
    let (scheme, rest) = url.trim_start().split_once(':')?;
    scheme.eq_ignore_ascii_case("data").then_some(rest)
}

/// Reads the part after `data:`.
pub(crate) fn parse(rest: &str, limit: usize) -> Result<Answer, Error> {
    if rest.len() > limit {
        return Err(Error::Limit { what: "the data: URL", bytes: limit as u64, sent: false });
    }
    // A fragment is not part of the data.
    let rest = rest.split_once('#').map_or(rest, |(data, _)| data);
    let (media_type, data) =
        rest.split_once(',').ok_or_else(|| Error::Invalid("a data: URL needs a comma before its data (RFC 2397)".to_owned()))?;

    let mut content_type = String::new();
    let mut pace = 0;
    let mut encoded = false;
    let mut parts = media_type.split(';').map(str::trim);
    content_type.push_str(parts.next().unwrap_or_default());
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        if part.eq_ignore_ascii_case("base64") && parts.peek().is_none() {
            encoded = true;
        } else if let Some(value) = parameter(part, "pace") {
            pace = value.parse().ok().filter(|pace| *pace <= PACE_MAX_MILLIS).ok_or_else(|| {
                Error::Invalid(format!("the pace of a data: URL is a number of milliseconds from 0 to {PACE_MAX_MILLIS}"))
            })?;
        } else {
            content_type.push(';');
            content_type.push_str(part);
        }
    }
    if content_type.is_empty() {
        content_type.push_str(DEFAULT_MEDIA_TYPE);
    } else if content_type.starts_with(';') {
        content_type.insert_str(0, "text/plain");
    }
    if http::HeaderValue::from_str(&content_type).is_err() {
        return Err(Error::Invalid("the media type of a data: URL is not a header value".to_owned()));
    }

    let body: Vec<u8> = percent_decode_str(data).collect();
    let body = if encoded { unbase64(body)? } else { body };
    Ok(Answer { content_type, body: body.into(), pace: Duration::from_millis(pace) })
}

fn parameter<'a>(part: &'a str, name: &str) -> Option<&'a str> {
    let (key, value) = part.split_once('=')?;
    key.trim().eq_ignore_ascii_case(name).then(|| value.trim())
}

/// Base64 with either alphabet, its padding optional and white space ignored.
fn unbase64(mut text: Vec<u8>) -> Result<Vec<u8>, Error> {
    text.retain(|byte| !byte.is_ascii_whitespace() && *byte != b'=');
    let padding = (4 - text.len() % 4) % 4;
    text.extend(std::iter::repeat_n(b'=', padding));
    STANDARD
        .decode(&text)
        .or_else(|_| URL_SAFE.decode(&text))
        .map_err(|_| Error::Invalid("the data of a data: URL is not valid base64".to_owned()))
}

/// Takes the next line, with its end, off a body; the whole rest where there is no pace to keep.
pub(crate) fn next_line(body: &mut Bytes, paced: bool) -> Option<Bytes> {
    if body.is_empty() {
        return None;
    }
    let end = if paced { memchr::memchr(b'\n', body).map_or(body.len(), |at| at + 1) } else { body.len() };
    Some(body.split_to(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str) -> Result<Answer, Error> {
        parse(rest(url).expect("a data: URL"), 1024)
    }

    #[test]
    fn reads_what_rfc_2397_describes() {
        let table = [
            ("data:,hello", "text/plain;charset=US-ASCII", "hello"),
            ("DATA:,hello%20world", "text/plain;charset=US-ASCII", "hello world"),
            ("data:;charset=utf-8,h%C3%A9", "text/plain;charset=utf-8", "hé"),
            ("data:text/event-stream,data: {}%0A%0A", "text/event-stream", "data: {}\n\n"),
            ("data:application/json;base64,eyJhIjoxfQ==", "application/json", "{\"a\":1}"),
            ("data:application/json;base64,eyJhIjoxfQ", "application/json", "{\"a\":1}"),
            ("data:;base64,Pz8_", "text/plain;charset=US-ASCII", "???"),
            ("data:;base64,", "text/plain;charset=US-ASCII", ""),
            ("data:text/plain;a=b;pace=5;c=d,x,y", "text/plain;a=b;c=d", "x,y"),
            ("data:text/plain,x#fragment", "text/plain", "x"),
            ("data:text/plain,100%", "text/plain", "100%"),
        ];
        for (url, content_type, body) in table {
            let answer = parsed(url).expect(url);
            assert_eq!((answer.content_type.as_str(), std::str::from_utf8(&answer.body).expect(url)), (content_type, body), "{url}");
        }
    }

    #[test]
    fn refuses_what_it_cannot_answer() {
        for url in ["data:text/plain", "data:;base64,!!!!", "data:;base64,a", "data:text/\u{1}plain,x"] {
            assert_eq!(parsed(url).expect_err(url).kind(), "invalid", "{url}");
        }
    }

    #[test]
    fn keeps_a_pace_up_to_its_limit_and_refuses_one_beyond() {
        assert_eq!(parsed("data:;pace=0,x").expect("none").pace, Duration::ZERO);
        assert_eq!(parsed("data:;PACE=100,x").expect("the limit").pace, Duration::from_millis(100));
        for url in ["data:;pace=101,x", "data:;pace=-1,x", "data:;pace=,x", "data:;pace=1.5,x", "data:;pace=99999999999999999999,x"] {
            assert_eq!(parsed(url).expect_err(url).kind(), "invalid", "{url}");
        }
    }

    #[test]
    fn bounds_the_length_of_the_url() {
        assert!(parse(",12345", 6).is_ok());
        assert_eq!(parse(",123456", 6).expect_err("too long").kind(), "limit");
    }

    #[test]
    fn only_its_own_scheme_is_answered() {
        for url in ["https://data:1/", "dat:,", "data", "xdata:,x"] {
            assert_eq!(rest(url), None, "{url}");
        }
    }

    #[test]
    fn paced_bodies_come_line_by_line() {
        let mut body = Bytes::from_static(b"a\n\nbc");
        let lines: Vec<_> = std::iter::from_fn(|| next_line(&mut body, true)).collect();
        assert_eq!(lines, [&b"a\n"[..], b"\n", b"bc"]);
        let mut body = Bytes::from_static(b"a\nb");
        assert_eq!(next_line(&mut body, false).as_deref(), Some(&b"a\nb"[..]));
        assert_eq!(next_line(&mut body, false), None);
    }
}
