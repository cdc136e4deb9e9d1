//! Tags and the text between them (HTML, section 13.2.5). Comments and the like are passed over.
//!
//! Whatever is looked for is looked for once: an end that never comes takes the rest of the page with it, as in the
//! standard, so that no search begins again.

use super::elements::{self, Content};
use super::entities;

/// A longer name is compared by its beginning.
const MAX_NAME_BYTES: usize = 64;

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// With references resolved where the standard does.
    Text(String),
    Start(Tag),
    /// The name, in lower case.
    End(String),
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tag {
    /// In lower case.
    pub(crate) name: String,
    pub(crate) closed: bool,
    /// Those that matter, each once.
    attributes: Vec<(&'static str, String)>,
}

impl Tag {
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

/// The attributes that are kept.
const KNOWN: [&str; 10] = ["href", "hidden", "aria-hidden", "style", "color", "bgcolor", "role", "start", "open", "type"];

/// The tokens of a page, one after the other.
#[derive(Debug)]
pub(crate) struct Tokens<'a> {
    rest: &'a str,
    /// The element whose content is text alone, up to its end tag.
    within: Option<(String, Content)>,
}

impl<'a> Tokens<'a> {
    pub(crate) fn new(html: &'a str) -> Self {
        Self { rest: html, within: None }
    }

    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// Passes over everything up to an end, and the end itself.
    fn pass(&mut self, end: &str) {
        let bytes = self.rest.find(end).map_or(self.rest.len(), |at| at + end.len());
        self.take(bytes);
    }

    /// The content of an element that holds no tags.
    fn text_within(&mut self, name: &str, content: Content) -> Option<Token> {
        let mut from = 0;
        let end = loop {
            let Some(at) = self.rest.get(from..).and_then(|rest| rest.find("</")).map(|at| from + at) else { break self.rest.len() };
            let after = self.rest.get(at + 2..).unwrap_or_default();
            let is_name = after.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
            if is_name && after.as_bytes().get(name.len()).is_none_or(|byte| is_space(*byte) || matches!(byte, b'/' | b'>')) {
                break at;
            }
            from = at + 2;
        };
        let text = self.take(end);
        match content {
            Content::Raw | Content::Tags => None,
            Content::Text => Some(Token::Text(entities::decode(text, false))),
        }
    }

    /// From a `<` on: a token, or nothing where there is only something to pass over, or text.
    fn markup(&mut self) -> Option<Token> {
        let bytes = self.rest.as_bytes();
        match (bytes.get(1), bytes.get(2)) {
            (Some(byte), _) if byte.is_ascii_alphabetic() => {
                self.take(1);
                self.tag().map(|tag| self.start(tag))
            }
            (Some(b'/'), Some(byte)) if byte.is_ascii_alphabetic() => {
                self.take(2);
                self.tag().map(|tag| Token::End(tag.name))
            }
            // The end of a page within these is text.
            (Some(b'/'), None) | (None, _) => Some(Token::Text(self.take(self.rest.len()).to_owned())),
            (Some(b'/' | b'?'), _) => {
                self.pass(">");
                None
            }
            (Some(b'!'), _) => {
                self.comment();
                None
            }
            _ => Some(Token::Text(self.take(1).to_owned())),
        }
    }

    fn start(&mut self, tag: Tag) -> Token {
        let content = elements::content(&tag.name);
        if content != Content::Tags {
            self.within = Some((tag.name.clone(), content));
        }
        Token::Start(tag)
    }

    fn comment(&mut self) {
        if !self.rest.starts_with("<!--") {
            return self.pass(">");
        }
        self.take(4);
        for early in [">", "->"] {
            if self.rest.starts_with(early) {
                self.take(early.len());
                return;
            }
        }
        loop {
            self.pass("--");
            if self.rest.is_empty() || self.rest.starts_with('>') {
                self.take(1);
                return;
            }
            if self.rest.starts_with("!>") {
                self.take(2);
                return;
            }
            // Of three hyphens, the last two may be the end.
            if self.rest.starts_with("->") {
                self.take(2);
                return;
            }
        }
    }

    /// Behind `<` or `</`. None at the end of the page: such a tag is dropped.
    fn tag(&mut self) -> Option<Tag> {
        let length = self.length_until(|byte| is_space(byte) || matches!(byte, b'/' | b'>'));
        let name = self.take(length);
        let mut tag = Tag { name: lower(name.get(..name.floor_char_boundary(MAX_NAME_BYTES)).unwrap_or(name)), ..Tag::default() };
        loop {
            let passed = self.length_until(|byte| !is_space(byte) && byte != b'/');
            tag.closed = self.take(passed).ends_with('/');
            match self.rest.as_bytes().first()? {
                b'>' => {
                    self.take(1);
                    return Some(tag);
                }
                _ => self.attribute(&mut tag)?,
            }
        }
    }

    fn attribute(&mut self, tag: &mut Tag) -> Option<()> {
        // An equals sign at the beginning belongs to the name.
        let first = usize::from(self.rest.starts_with('='));
        let behind = self.rest.get(first..)?;
        let length = behind.bytes().position(|byte| is_space(byte) || matches!(byte, b'/' | b'>' | b'=')).unwrap_or(behind.len());
        let name = self.take(first + length);
        let gap = self.length_until(|byte| !is_space(byte));
        let value = if self.rest.as_bytes().get(gap) == Some(&b'=') {
            self.take(gap + 1);
            self.value()?
        } else {
            ""
        };
        let known = KNOWN.iter().find(|known| name.eq_ignore_ascii_case(known));
        if let Some(known) = known
            && tag.attribute(known).is_none()
        {
            tag.attributes.push((known, entities::decode(value, true)));
        }
        Some(())
    }

    fn value(&mut self) -> Option<&'a str> {
        let gap = self.length_until(|byte| !is_space(byte));
        self.take(gap);
        match self.rest.as_bytes().first()? {
            quote @ (b'"' | b'\'') => {
                self.take(1);
                let Some(end) = self.rest.bytes().position(|byte| byte == *quote) else {
                    self.take(self.rest.len());
                    return None;
                };
                let value = self.take(end);
                self.take(1);
                Some(value)
            }
            _ => {
                let end = self.length_until(|byte| is_space(byte) || byte == b'>');
                Some(self.take(end))
            }
        }
    }

    fn length_until(&self, end: impl Fn(u8) -> bool) -> usize {
        self.rest.bytes().position(end).unwrap_or(self.rest.len())
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            if let Some((name, content)) = self.within.take()
                && let Some(text) = self.text_within(&name, content)
            {
                return Some(text);
            }
            let text = match self.rest.find('<') {
                _ if self.rest.is_empty() => return None,
                Some(0) => match self.markup() {
                    Some(token) => return Some(token),
                    None => continue,
                },
                Some(at) => self.take(at),
                None => self.take(self.rest.len()),
            };
            return Some(Token::Text(entities::decode(text, false)));
        }
    }
}

fn lower(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// What HTML takes for white space (Infra, section 4.6).
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0c)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tokens as they would be written, with the attributes that are kept.
    fn told(html: &str) -> String {
        Tokens::new(html)
            .map(|token| match token {
                Token::Text(text) => text,
                Token::End(name) => format!("</{name}>"),
                Token::Start(tag) => {
                    let attributes: String = tag.attributes.iter().map(|(name, value)| format!(" {name}={value:?}")).collect();
                    format!("<{}{attributes}{}>", tag.name, if tag.closed { "/" } else { "" })
                }
            })
            .collect()
    }

    #[test]
    fn tags_are_told_from_text() {
        let table = [
            ("a<B>c</B>d", "a<b>c</b>d"),
            ("a < b, 1<2, <3, </ >x, <>", "a < b, 1<2, <3, x, <>"),
            ("<a HREF=x/y>z</a href=q>", "<a href=\"x/y\">z</a>"),
            ("<a href = 'a\"b' href=c other>", "<a href=\"a\\\"b\">"),
            ("<a href=\"?x&amp;y&copy=1\">", "<a href=\"?x&y&copy=1\">"),
            ("<br/><br / ><p hidden/>", "<br/><br><p hidden=\"\"/>"),
            ("<p hidden/ >", "<p hidden=\"\">"),
            ("<p =x hidden>", "<p hidden=\"\">"),
            ("a<!-- <b> -->b<!-->c<!--->d<!-- x --!>e<!-- y --->f", "abcdef"),
            ("a<!doctype html>b<?php <b> ?>c</%>d<![CDATA[ x ]]>e", "ab ?>cde"),
            ("<script>if (a<b) </scripty> </script >x", "<script></script>x"),
            ("<style><b></STYLE>x", "<style></style>x"),
            ("<title>a <b> &amp; c</title>x", "<title>a <b> & c</title>x"),
            ("<textarea><p></textarea>", "<textarea><p></textarea>"),
            ("a<plaintext><b></plaintext>", "a<plaintext><b></plaintext>"),
        ];
        for (html, expected) in table {
            assert_eq!(told(html), expected, "{html}");
        }
    }

    #[test]
    fn what_never_ends_takes_the_rest() {
        for (html, expected) in [
            ("a<!-- b", "a"),
            ("a<!-- b --", "a"),
            ("a<b", "a"),
            ("a<b hidden", "a"),
            ("a<b style='x>y", "a"),
            ("a<b style=", "a"),
            ("a<script>b", "a<script>"),
            ("a<title>b", "a<title>b"),
            ("a<!x", "a"),
            ("a<", "a<"),
            ("a</", "a</"),
        ] {
            assert_eq!(told(html), expected, "{html}");
        }
    }

    #[test]
    fn a_name_counts_by_its_beginning() {
        let (exact, longer) = ("x".repeat(MAX_NAME_BYTES), "x".repeat(MAX_NAME_BYTES + 1));
        assert_eq!(told(&format!("<{exact}>")), told(&format!("<{longer}>")));
    }
}
