//! Front matter: what stands between the fences of a SKILL.md, as names and texts.
//!
//! People write it by hand, so it is read leniently: as YAML; where that fails with the description quoted and lists and
//! maps that begin at the margin indented; and where that fails too, line by line. What is refused is refused in words.

mod lines;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::text;
use crate::yaml::{self, Yaml, YamlError};

/// Every value of a front matter as text. Names are unique; of a line that repeats one, the last counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FrontMatter {
    values: BTreeMap<String, String>,
    /// The text after `metadata:` as it stands, where YAML made something else of it.
    raw_metadata: Option<String>,
    /// Why it was read line by line, if it was.
    pub(crate) recovered: Option<Trouble>,
}

/// What is wrong with a file. The line counts from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) line: usize,
    pub(crate) why: String,
}

/// A file in its two parts.
pub(crate) struct Parts<'a> {
    pub(crate) front: &'a str,
    pub(crate) body: &'a str,
}

/// A byte order mark is left out, and every line ends in a line feed.
pub(crate) fn normalize(content: &str) -> Cow<'_, str> {
    let content = content.strip_prefix('\u{feff}').unwrap_or(content);
    if content.contains('\r') { Cow::Owned(content.replace("\r\n", "\n").replace('\r', "\n")) } else { Cow::Borrowed(content) }
}

/// Splits what [`normalize`] returned. None where the file does not begin with a fence.
pub(crate) fn split(normalized: &str) -> Option<Result<Parts<'_>, Trouble>> {
    let (first, rest) = normalized.split_once('\n')?;
    if !is_fence(first) {
        return None;
    }
    let mut start = 0;
    for line in rest.split_inclusive('\n') {
        let end = start + line.len();
        if is_fence(line.strip_suffix('\n').unwrap_or(line)) {
            let front = rest.get(..start).unwrap_or_default();
            return Some(Ok(Parts { front: front.strip_suffix('\n').unwrap_or(front), body: rest.get(end..).unwrap_or_default() }));
        }
        start = end;
    }
    Some(Err(Trouble { line: 1, why: "its front matter has no end: a line `---` was expected after it".to_owned() }))
}

fn is_fence(line: &str) -> bool {
    line.strip_prefix("---").is_some_and(|rest| rest.chars().all(text::is_space))
}

impl FrontMatter {
    /// Reads what stands between the fences.
    pub(crate) fn parse(front: &str) -> Result<Self, Trouble> {
        let lines = lines::read(front);
        let error = match Self::from_yaml(front, &lines) {
            Ok(read) => return Ok(read),
            Err(error) => error,
        };
        let quoted = match &error {
            YamlError::Syntax { .. } => lines::quote_description(front),
            YamlError::Bounds { .. } => None,
        };
        if let Some(Ok(read)) = quoted.map(|quoted| Self::from_yaml(&quoted, &lines)) {
            return Ok(read);
        }
        match error {
            YamlError::Bounds { line, why } => Err(trouble(line, format!("its front matter is not read: {why}"))),
            YamlError::Syntax { line, why } if lines.is_empty() => Err(trouble(line, format!("its front matter is no YAML: {why}"))),
            YamlError::Syntax { line, why } => {
                let raw_metadata = lines.get("metadata").cloned();
                let recovered = Some(trouble(line, format!("its front matter is no YAML, and was read line by line: {why}")));
                Ok(Self { values: lines, raw_metadata, recovered })
            }
        }
    }

    fn from_yaml(front: &str, lines: &BTreeMap<String, String>) -> Result<Self, YamlError> {
        let root = yaml::parse(&lines::indent_flows(front))?;
        let entries: &[(String, Rc<Yaml>)] = match root.as_ref() {
            Yaml::Map(entries) => entries,
            Yaml::Null => &[],
            _ => return Err(YamlError::Syntax { line: 1, why: "names with values were expected, as in `name: value`".to_owned() }),
        };
        let mut values = BTreeMap::new();
        let mut raw_metadata = None;
        for (name, value) in entries {
            let name = text::trim(name);
            if name.is_empty() || **value == Yaml::Null {
                continue;
            }
            if name == "metadata" && value.is_structured() {
                raw_metadata = lines.get(name).cloned();
            }
            values.insert(name.to_owned(), text::trim(&value.text()).to_owned());
        }
        for (name, value) in lines {
            values.entry(name.clone()).or_insert_with(|| value.clone());
        }
        Ok(Self { values, raw_metadata, recovered: None })
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// The value under the first of two spellings that is there.
    pub(crate) fn either(&self, name: &str, other: &str) -> &str {
        self.get(name).or_else(|| self.get(other)).unwrap_or_default()
    }

    pub(crate) fn boolean(&self, name: &str, otherwise: bool) -> bool {
        self.get(name).and_then(text::boolean).unwrap_or(otherwise)
    }

    /// What `metadata` may be, the likelier reading first.
    pub(crate) fn metadata(&self) -> impl Iterator<Item = &str> {
        self.get("metadata").into_iter().chain(self.raw_metadata.as_deref())
    }
}

/// Lines of the front matter count from the one after the fence.
fn trouble(line: usize, why: String) -> Trouble {
    Trouble { line: line.saturating_add(1), why }
}
