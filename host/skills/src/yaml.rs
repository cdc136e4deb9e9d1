//! YAML, core schema, into a tree of bounded size.
//!
//! The text is a stranger's: depth, nodes and what aliases repeat are counted while the tree grows, and building it
//! takes no recursion. The parser gives events alone, so nothing is built that was not counted.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::rc::Rc;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag};

use crate::text;

/// Lists and maps within each other.
pub(crate) const MAX_DEPTH: usize = 64;
/// Values, those that an alias repeats counted each time. A long text counts as several.
pub(crate) const MAX_NODES: usize = 10_000;
/// Bytes of a text that count as one more value.
const BYTES_PER_NODE: usize = 256;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Yaml {
    Null,
    Boolean(bool),
    Number(f64),
    Text(String),
    List(Vec<Rc<Yaml>>),
    /// In the order of the text; no key is there twice.
    Map(Vec<(String, Rc<Yaml>)>),
}

/// Why there is no tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum YamlError {
    /// It is no YAML, and may be something else. The line counts from 1.
    Syntax { line: usize, why: String },
    /// It is larger than anything meant for reading.
    Bounds { line: usize, why: String },
}

/// The one document of a text.
pub(crate) fn parse(input: &str) -> Result<Rc<Yaml>, YamlError> {
    let mut builder = Builder::default();
    let mut parser = Parser::new_from_str(input);
    while let Some(next) = parser.next_event() {
        let (event, span) = next.map_err(|error| scan(&error))?;
        if matches!(event, Event::StreamEnd) {
            break;
        }
        builder.take(event, span)?;
    }
    Ok(builder.root.unwrap_or_else(|| Rc::new(Yaml::Null)))
}

fn scan(error: &ScanError) -> YamlError {
    YamlError::Syntax { line: error.marker().line(), why: error.info().to_owned() }
}

/// What a list or map becomes when its end is there.
enum Open {
    List(Vec<Rc<Yaml>>),
    Map { entries: Vec<(String, Rc<Yaml>)>, seen: HashSet<String>, key: Option<String> },
}

#[derive(Default)]
struct Builder {
    open: Vec<(Open, usize, usize)>,
    anchors: HashMap<usize, (Rc<Yaml>, usize)>,
    root: Option<Rc<Yaml>>,
    nodes: usize,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), YamlError> {
        let line = span.start.line();
        match event {
            Event::DocumentStart(_) if self.root.is_some() => Err(syntax(line, "there is more than one document")),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => Ok(()),
            Event::Scalar(value, style, anchor, tag) => {
                let size = 1 + value.len() / BYTES_PER_NODE;
                self.count(size, line)?;
                self.add(Rc::new(scalar(value, style, tag.as_deref())), anchor, size, line)
            }
            Event::SequenceStart(anchor, _) => self.begin(Open::List(Vec::new()), anchor, line),
            Event::MappingStart(anchor, _) => self.begin(Open::Map { entries: Vec::new(), seen: HashSet::new(), key: None }, anchor, line),
            Event::SequenceEnd | Event::MappingEnd => self.end(line),
            Event::Alias(anchor) => {
                let (value, size) =
                    self.anchors.get(&anchor).cloned().ok_or_else(|| syntax(line, "an alias stands within what it repeats"))?;
                self.count(size, line)?;
                self.add(value, 0, size, line)
            }
        }
    }

    fn begin(&mut self, open: Open, anchor: usize, line: usize) -> Result<(), YamlError> {
        if self.open.len() >= MAX_DEPTH {
            return Err(YamlError::Bounds { line, why: format!("it nests more than {MAX_DEPTH} deep") });
        }
        self.count(1, line)?;
        self.open.push((open, anchor, self.nodes));
        Ok(())
    }

    fn end(&mut self, line: usize) -> Result<(), YamlError> {
        let Some((open, anchor, before)) = self.open.pop() else { return Err(syntax(line, "something ends that did not begin")) };
        let value = match open {
            Open::List(items) => Yaml::List(items),
            Open::Map { entries, .. } => Yaml::Map(entries),
        };
        let size = self.nodes.saturating_sub(before).saturating_add(1);
        self.add(Rc::new(value), anchor, size, line)
    }

    fn add(&mut self, value: Rc<Yaml>, anchor: usize, size: usize, line: usize) -> Result<(), YamlError> {
        if anchor != 0 {
            self.anchors.insert(anchor, (Rc::clone(&value), size));
        }
        match self.open.last_mut() {
            None => self.root = Some(value),
            Some((Open::List(items), ..)) => items.push(value),
            Some((Open::Map { entries, seen, key }, ..)) => match key.take() {
                Some(name) => entries.push((name, value)),
                None => {
                    let name = value.text();
                    if !seen.insert(name.clone()) {
                        return Err(syntax(line, &format!("the key `{}` is there twice", text::cut(&name, 64))));
                    }
                    *key = Some(name);
                }
            },
        }
        Ok(())
    }

    fn count(&mut self, nodes: usize, line: usize) -> Result<(), YamlError> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > MAX_NODES {
            return Err(YamlError::Bounds { line, why: format!("it holds more than {MAX_NODES} values, what aliases repeat included") });
        }
        Ok(())
    }
}

fn syntax(line: usize, why: &str) -> YamlError {
    YamlError::Syntax { line, why: why.to_owned() }
}

fn scalar(value: Cow<'_, str>, style: ScalarStyle, tag: Option<&Tag>) -> Yaml {
    let suffix = tag.filter(|tag| tag.is_yaml_core_schema()).map(|tag| tag.suffix.as_str());
    match suffix {
        None if tag.is_none() && style == ScalarStyle::Plain => plain(value),
        Some("null" | "bool" | "int" | "float") => plain(value),
        _ => Yaml::Text(value.into_owned()),
    }
}

/// What a word without quotes is in the core schema.
fn plain(value: Cow<'_, str>) -> Yaml {
    match value.as_ref() {
        "" | "~" | "null" | "Null" | "NULL" => Yaml::Null,
        "true" | "True" | "TRUE" => Yaml::Boolean(true),
        "false" | "False" | "FALSE" => Yaml::Boolean(false),
        word => match float(word) {
            Some(number) => Yaml::Number(number),
            None => Yaml::Text(value.into_owned()),
        },
    }
}

fn float(word: &str) -> Option<f64> {
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = word.strip_prefix(prefix) {
            let valued = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
            return valued.then(|| {
                digits.chars().filter_map(|c| c.to_digit(radix)).fold(0.0, |sum, digit| sum * f64::from(radix) + f64::from(digit))
            });
        }
    }
    let unsigned = word.strip_prefix(['+', '-']).unwrap_or(word);
    match unsigned {
        ".inf" | ".Inf" | ".INF" => return Some(if word.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY }),
        ".nan" | ".NaN" | ".NAN" if unsigned == word => return Some(f64::NAN),
        _ => {}
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let shaped = digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty());
    let powered = exponent.is_none_or(|text| {
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        !unsigned.is_empty() && digits(unsigned)
    });
    if shaped && powered { word.parse().ok() } else { None }
}

impl Yaml {
    pub(crate) fn is_structured(&self) -> bool {
        matches!(self, Self::List(_) | Self::Map(_))
    }

    /// As a string: a scalar as it reads, anything else as JSON.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Boolean(value) => value.to_string(),
            Self::Number(value) => text::number(*value),
            Self::Text(value) => value.clone(),
            Self::List(_) | Self::Map(_) => {
                let mut json = String::new();
                self.json(&mut json);
                json
            }
        }
    }

    /// No deeper than [`MAX_DEPTH`] and what aliases add to it, which the count of nodes bounds.
    fn json(&self, into: &mut String) {
        match self {
            Self::Null => into.push_str("null"),
            Self::Number(value) if !value.is_finite() => into.push_str("null"),
            Self::Boolean(_) | Self::Number(_) => into.push_str(&self.text()),
            Self::Text(value) => into.push_str(&text::quote(value)),
            Self::List(items) => {
                into.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        into.push(',');
                    }
                    item.json(into);
                }
                into.push(']');
            }
            Self::Map(entries) => {
                into.push('{');
                for (index, (name, value)) in entries.iter().enumerate() {
                    let comma = if index > 0 { "," } else { "" };
                    let _ = write!(into, "{comma}{}:", text::quote(name));
                    value.json(into);
                }
                into.push('}');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(items: usize) -> Result<Rc<Yaml>, YamlError> {
        parse(&format!("[{}]", "x,".repeat(items)))
    }

    #[test]
    fn the_count_of_values_has_two_sides() {
        assert!(list(MAX_NODES - 1).is_ok());
        assert!(matches!(list(MAX_NODES), Err(YamlError::Bounds { .. })));
    }

    #[test]
    fn a_long_text_counts_as_several_values() {
        let text = |bytes: usize| parse(&"x".repeat(bytes));
        assert!(text(BYTES_PER_NODE * MAX_NODES - 1).is_ok());
        assert!(matches!(text(BYTES_PER_NODE * MAX_NODES), Err(YamlError::Bounds { .. })));
    }

    #[test]
    fn what_an_alias_repeats_is_counted_each_time() {
        let repeated = |times: usize| parse(&format!("a: &a [{}]\nb: [{}]\n", "x,".repeat(98), "*a,".repeat(times)));
        // The map, two names, the anchored list and the one that repeats it.
        let most = (MAX_NODES - 3 - 99 - 1) / 99;
        assert!(repeated(most).is_ok());
        assert!(matches!(repeated(most + 1), Err(YamlError::Bounds { .. })));
    }

    #[test]
    fn depth_has_two_sides() {
        let nested = |depth: usize| parse(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
        assert!(nested(MAX_DEPTH).is_ok());
        assert_eq!(nested(MAX_DEPTH + 1), Err(YamlError::Bounds { line: 1, why: "it nests more than 64 deep".into() }));
    }

    #[test]
    fn words_are_what_the_core_schema_says() {
        for (word, json) in [
            ("~", ""),
            ("null", ""),
            ("'null'", "null"),
            ("True", "true"),
            ("no", "no"),
            ("1_000", "1_000"),
            ("+12", "12"),
            ("-0", "0"),
            ("1.50", "1.5"),
            (".5", "0.5"),
            ("5.", "5"),
            (".", "."),
            ("1e3", "1000"),
            ("1e", "1e"),
            ("0x1F", "31"),
            ("0o17", "15"),
            ("0x", "0x"),
            ("-.inf", "-Infinity"),
            (".nan", "NaN"),
            ("-.nan", "-.nan"),
            ("1.2.3", "1.2.3"),
            ("0b1", "0b1"),
            ("!!str 12", "12"),
            ("!!int '12'", "12"),
            ("!own 12", "12"),
            ("[1, ~, 'a', {b: true}]", r#"[1,null,"a",{"b":true}]"#),
            ("{b: 1, a: 2}", r#"{"b":1,"a":2}"#),
            ("[.nan]", "[null]"),
        ] {
            assert_eq!(parse(word).unwrap().text(), json, "{word}");
        }
    }

    #[test]
    fn says_in_which_line_it_is_none() {
        for (text, at) in [("a: 1\nb: [", 2), ("a: 1\na: 2", 2), ("a: b: c", 1), ("a: 1\n---\nb: 2", 2)] {
            assert!(
                matches!(parse(text), Err(YamlError::Syntax { line, .. }) if line == at || line == at + 1),
                "{text}: {:?}",
                parse(text)
            );
        }
    }
}
