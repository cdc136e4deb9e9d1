//! A response as text: by its media type, within bounds.

use wirken_guest_http::{Error, Response, Target};

use crate::{charset, html};

/// What is read of a page. A longer one is read so far.
pub(crate) const MAX_BYTES: usize = 4 * 1024 * 1024;
const KIND_BYTES: usize = 100;
/// Where the type says nothing, this much is looked at.
const SAMPLE_BYTES: usize = 1024;

/// What a person would read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page {
    /// The media type, in characters that can do no harm.
    pub(crate) kind: String,
    pub(crate) text: String,
    /// Nothing is missing at its end.
    pub(crate) whole: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Html,
    Text,
    /// To be told from its bytes.
    Unknown,
    /// What cannot be read, in words.
    Other(&'static str),
}

pub(crate) fn read(target: &Target, response: Response) -> Result<Page, Error> {
    let header = response.header("content-type").unwrap_or_default().to_owned();
    let kind = essence(&header);
    let shape = shape(&kind);
    if let Shape::Other(what) = shape {
        let size = response.header("content-length").and_then(|value| value.trim().parse::<u64>().ok());
        let size = size.map_or_else(String::new, |bytes| format!(" of {bytes} bytes"));
        return Err(Error::Failed(format!("this is {what}{size} ({kind}), which this tool cannot read")));
    }
    let (bytes, whole) = response.read_beginning(MAX_BYTES)?;
    let shape = if shape == Shape::Unknown { sniffed(&bytes) } else { shape };
    let kind = if kind.is_empty() { "of no stated type".to_owned() } else { kind };
    if shape != Shape::Html && bytes.contains(&0) && !charset::is_wide(&header, &bytes) {
        return Err(Error::Failed(format!("this is no text, whatever it says ({kind}): it holds zero bytes")));
    }
    let decoded = charset::decode(&header, &bytes, shape == Shape::Html);
    let text = match shape {
        Shape::Html => html::readable(&decoded, target),
        _ => decoded,
    };
    if text.trim().is_empty() {
        let why = if shape == Shape::Html && !bytes.is_empty() { "; perhaps scripts put it together" } else { "" };
        return Err(Error::Failed(format!("the page has no readable text{why}")));
    }
    Ok(Page { kind, text, whole })
}

/// The media type without its parameters; nothing where it is none.
fn essence(header: &str) -> String {
    let essence = header.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let fits = essence.len() <= KIND_BYTES
        && essence.split('/').count() == 2
        && essence.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/+-._".contains(&byte));
    if fits { essence } else { String::new() }
}

fn shape(kind: &str) -> Shape {
    match kind {
        "" => Shape::Unknown,
        "text/html" | "application/xhtml+xml" => Shape::Html,
        "application/json"
        | "application/xml"
        | "application/javascript"
        | "application/x-javascript"
        | "application/ecmascript"
        | "application/yaml"
        | "application/x-yaml"
        | "application/toml"
        | "application/x-ndjson"
        | "application/jsonl"
        | "application/sql"
        | "application/x-sh"
        | "application/graphql"
        | "message/rfc822" => Shape::Text,
        "application/pdf" | "application/x-pdf" => Shape::Other("a PDF"),
        "application/octet-stream" => Shape::Other("a file of unknown kind"),
        _ if kind.ends_with("+json") || kind.ends_with("+xml") && !kind.starts_with("image/") => Shape::Text,
        _ => match kind.split('/').next().unwrap_or_default() {
            "text" => Shape::Text,
            "image" => Shape::Other("a picture"),
            "audio" => Shape::Other("a sound"),
            "video" => Shape::Other("a film"),
            "font" => Shape::Other("a font"),
            _ => Shape::Other("a file"),
        },
    }
}

fn sniffed(bytes: &[u8]) -> Shape {
    let sample = String::from_utf8_lossy(bytes.get(..SAMPLE_BYTES).unwrap_or(bytes)).trim_start().to_ascii_lowercase();
    let begins = ["<!doctype html", "<html", "<head", "<body", "<!--", "<title", "<p", "<div", "<h1", "<table"];
    if begins.iter().any(|start| sample.starts_with(start)) { Shape::Html } else { Shape::Text }
}

#[cfg(test)]
mod tests {
    use wirken_guest_http::testing::{Answer, Recording};
    use wirken_guest_http::{Client as _, Request};

    use super::*;

    fn page(content_type: &str, body: &[u8]) -> Result<Page, String> {
        let target = Target::parse("https://a.example/").unwrap();
        let client = Recording::default().with(target.as_str(), Answer::new(200, content_type, body));
        let response = client.send(&Request::get(target.clone())).unwrap();
        read(&target, response).map_err(|error| error.to_string())
    }

    #[test]
    fn text_is_as_it_is_and_html_is_read() {
        for kind in ["text/plain", "application/json", "application/activity+json", "application/atom+xml", "text/markdown", "text/css"] {
            assert_eq!(page(kind, b"{\"a\": \"<b>x</b>\"}\n").unwrap().text, "{\"a\": \"<b>x</b>\"}\n", "{kind}");
        }
        for kind in ["text/html", "TEXT/HTML; charset=utf-8", "application/xhtml+xml"] {
            assert_eq!(page(kind, b"<p>a <b>x</b>").unwrap().text, "a x", "{kind}");
        }
        assert_eq!(page("", b" <!DOCTYPE html><p>x").unwrap(), Page { kind: "of no stated type".into(), text: "x".into(), whole: true });
        assert_eq!(page("nonsense]\n[", b"a < b").unwrap().text, "a < b");
    }

    #[test]
    fn what_is_no_text_is_named_and_not_shown() {
        let table = [
            ("application/pdf", "a PDF"),
            ("image/png", "a picture"),
            ("image/svg+xml", "a picture"),
            ("video/mp4", "a film"),
            ("application/zip", "a file (application/zip)"),
            ("application/octet-stream", "unknown kind"),
        ];
        for (kind, words) in table {
            let told = page(kind, b"%PDF-1.7").unwrap_err();
            assert!(told.contains(words) && !told.contains("%PDF"), "{told}");
        }
        assert!(page("text/plain", b"a\0b").unwrap_err().contains("zero bytes"));
        assert!(page("", b"\x7fELF\0").unwrap_err().contains("zero bytes"));
    }

    #[test]
    fn a_page_without_text_is_told() {
        assert!(page("text/html", b"<script>x()</script>").unwrap_err().contains("scripts"));
        assert_eq!(page("text/plain", b" \n").unwrap_err(), "the page has no readable text");
    }

    #[test]
    fn a_long_page_is_read_so_far() {
        for (bytes, whole) in [(MAX_BYTES, true), (MAX_BYTES + 1, false)] {
            let page = page("text/plain", &vec![b'x'; bytes]).unwrap();
            assert_eq!((page.text.len(), page.whole), (MAX_BYTES, whole));
        }
    }
}
