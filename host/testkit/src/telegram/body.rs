//! The arguments of a request, however they came: in the query, as a form, as JSON, or as `multipart/form-data`.
//!
//! The real server makes text of them all before it looks at them. So a number may come as text, and an object as JSON
//! within text; what reads an argument says what it takes it for.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use bytes::Bytes;
use memchr::memmem;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::answer::Refusal;

/// A file that came with a request.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    pub(crate) name: String,
    pub(crate) media_type: String,
    pub(crate) bytes: Bytes,
}

#[derive(Debug, Default)]
pub(crate) struct Arguments {
    values: Map<String, Value>,
    files: BTreeMap<String, Upload>,
}

/// Arguments that are JSON within text where the request is not JSON itself.
const STRUCTURED: [&str; 8] =
    ["allowed_updates", "caption_entities", "commands", "entities", "link_preview_options", "reply_markup", "reply_parameters", "scope"];

pub(crate) fn read(query: Option<&str>, content_type: &str, body: &Bytes) -> Result<Arguments, Refusal> {
    let mut arguments = Arguments::default();
    if let Some(query) = query {
        arguments.read_form(query)?;
    }
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match kind.as_str() {
        _ if body.is_empty() => {}
        "application/json" => match serde_json::from_slice(body) {
            Ok(Value::Object(values)) => arguments.values.extend(values.into_iter().filter(|(_, value)| !value.is_null())),
            Ok(_) => return Err(Refusal::bad("JSON object expected")),
            Err(_) => return Err(Refusal::bad("can't parse JSON")),
        },
        "application/x-www-form-urlencoded" => arguments.read_form(std::str::from_utf8(body).map_err(|_| not_text())?)?,
        "multipart/form-data" => arguments.read_parts(content_type, body)?,
        _ => {}
    }
    Ok(arguments)
}

fn not_text() -> Refusal {
    Refusal::bad("strings must be encoded in UTF-8")
}

impl Arguments {
    fn read_form(&mut self, form: &str) -> Result<(), Refusal> {
        for pair in form.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let decode = |text: &str| {
                let text = text.replace('+', " ");
                percent_decode_str(&text).decode_utf8().map(|text| text.into_owned()).map_err(|_| not_text())
            };
            self.values.insert(decode(name)?, decode(value)?.into());
        }
        Ok(())
    }

    fn read_parts(&mut self, content_type: &str, body: &Bytes) -> Result<(), Refusal> {
        let wrong = || Refusal::bad("can't parse multipart/form-data");
        let boundary = parameter(content_type, "boundary").filter(|boundary| !boundary.is_empty()).ok_or_else(wrong)?;
        let delimiter = format!("--{boundary}");
        let between = format!("\r\n{delimiter}");
        let mut at = memmem::find(body, delimiter.as_bytes()).ok_or_else(wrong)?.saturating_add(delimiter.len());
        loop {
            let rest = body.get(at..).unwrap_or_default();
            if rest.starts_with(b"--") {
                return Ok(());
            }
            let part = rest.strip_prefix(b"\r\n").ok_or_else(wrong)?;
            let head_end = memmem::find(part, b"\r\n\r\n").ok_or_else(wrong)?;
            let head = std::str::from_utf8(part.get(..head_end).unwrap_or_default()).map_err(|_| not_text())?;
            let begin = at.saturating_add(2 + 4).saturating_add(head_end);
            let length = memmem::find(body.get(begin..).unwrap_or_default(), between.as_bytes()).ok_or_else(wrong)?;
            let end = begin.saturating_add(length);
            self.take_part(head, body.slice(begin..end))?;
            at = end.saturating_add(between.len());
        }
    }

    fn take_part(&mut self, head: &str, bytes: Bytes) -> Result<(), Refusal> {
        let header = |wanted: &str| {
            let mut headers = head.split("\r\n").filter_map(|line| line.split_once(':'));
            headers.find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
        };
        let disposition = header("content-disposition").unwrap_or_default();
        let Some(name) = parameter(disposition, "name") else { return Ok(()) };
        match parameter(disposition, "filename") {
            Some(file_name) => {
                let media_type = header("content-type").unwrap_or("application/octet-stream").to_owned();
                self.files.insert(name, Upload { name: file_name, media_type, bytes });
            }
            None => {
                let text = std::str::from_utf8(&bytes).map_err(|_| not_text())?;
                self.values.insert(name, text.into());
            }
        }
        Ok(())
    }

    /// An argument as text; one that is empty counts as none.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let text = match self.values.get(name)? {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        Some(text).filter(|text| !text.is_empty())
    }

    pub(crate) fn integer(&self, name: &str) -> Option<i64> {
        self.text(name)?.trim().parse().ok()
    }

    /// A number, brought into its range without a word, as the real server does.
    pub(crate) fn clamped(&self, name: &str, default: i64, range: RangeInclusive<i64>) -> i64 {
        self.integer(name).unwrap_or(default).clamp(*range.start(), *range.end())
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.text(name).is_some_and(|text| matches!(text.trim().to_ascii_lowercase().as_str(), "true" | "yes" | "1"))
    }

    /// An object or a list. What stands for `what` in the refusal is the server's own name for it.
    pub(crate) fn json(&self, name: &str, what: &str) -> Result<Option<Value>, Refusal> {
        match self.values.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => {
                serde_json::from_str(text).map(Some).map_err(|_| Refusal::bad(format!("can't parse {what} JSON object")))
            }
            Some(value) => Ok(Some(value.clone())),
        }
    }

    /// A file: by the name of the argument, or where the argument says `attach://NAME`.
    pub(crate) fn file(&self, name: &str) -> Option<&Upload> {
        let attached = self.text(name).and_then(|text| text.strip_prefix("attach://").map(str::to_owned));
        self.files.get(attached.as_deref().unwrap_or(name))
    }

    /// The arguments for the record: objects as objects, files by name and size.
    pub(crate) fn recorded(&self) -> Value {
        let mut all = self.values.clone();
        for (name, value) in &mut all {
            if let (true, Some(text)) = (STRUCTURED.contains(&name.as_str()), value.as_str()) {
                *value = serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
            }
        }
        for (name, file) in &self.files {
            all.insert(name.clone(), json!({ "file_name": file.name, "file_size": file.bytes.len() }));
        }
        Value::Object(all)
    }
}

/// A parameter of a header: `; name=value` or `; name="value"`.
fn parameter(header: &str, wanted: &str) -> Option<String> {
    header.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case(wanted).then(|| value.trim().trim_matches('"').to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(body: &str) -> Result<Arguments, Refusal> {
        read(None, "multipart/form-data; boundary=\"x\"", &Bytes::copy_from_slice(body.as_bytes()))
    }

    #[test]
    fn the_same_arguments_come_in_four_ways() {
        let form = "chat_id=7&text=a+b%21&empty=";
        let json = r#"{"chat_id":7,"text":"a b!","none":null}"#;
        let multipart = "--x\r\nContent-Disposition: form-data; name=\"chat_id\"\r\n\r\n7\r\n--x\r\ncontent-disposition: form-data; name=text\r\n\r\na b!\r\n--x--\r\n";
        for arguments in [
            read(Some(form), "", &Bytes::new()),
            read(None, "application/x-www-form-urlencoded", &Bytes::from(form)),
            read(None, "application/json; charset=utf-8", &Bytes::from(json)),
            parts(multipart),
        ] {
            let arguments = arguments.unwrap();
            assert_eq!((arguments.integer("chat_id"), arguments.text("text").as_deref()), (Some(7), Some("a b!")));
            assert_eq!((arguments.text("empty"), arguments.text("none")), (None, None));
        }
    }

    #[test]
    fn a_file_is_found_by_its_name_and_where_it_is_attached() {
        let body = "--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\none\r\ntwo\r\n--x\r\nContent-Disposition: form-data; name=\"document\"\r\n\r\nattach://f\r\n--x--";
        let arguments = parts(body).unwrap();
        for name in ["f", "document"] {
            let file = arguments.file(name).unwrap();
            assert_eq!((file.name.as_str(), file.media_type.as_str(), &file.bytes[..]), ("a.txt", "text/plain", &b"one\r\ntwo"[..]));
        }
    }

    #[test]
    fn whatever_is_not_a_body_is_refused() {
        for body in ["", "--x", "--x\r\n", "--x\r\nhead", "--x\r\n\r\n\r\nno end", "--y\r\n\r\n\r\n--y--", "--xx"] {
            assert!(parts(body).is_err() || body.is_empty(), "{body:?}");
        }
        assert!(read(None, "multipart/form-data", &Bytes::from("--\r\n")).is_err());
        for json in ["[]", "{", "\"x\""] {
            assert!(read(None, "application/json", &Bytes::from(json)).is_err(), "{json}");
        }
        assert!(read(Some("text=%ff"), "", &Bytes::new()).is_err());
    }
}
