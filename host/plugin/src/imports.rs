//! What a component imports and exports, read from its type without running it.

use serde::Serialize;
use wasmtime::component::types::ComponentItem;
use wirken_engine::{Code, Engine};

/// One imported interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Interface {
    /// As the component names it, version included.
    pub name: String,
    /// The first function or resource in it, if it holds more than types.
    #[serde(skip)]
    pub first_item: Option<String>,
}

impl Interface {
    /// The name without its version.
    pub fn unversioned(&self) -> &str {
        unversioned(&self.name)
    }

    pub fn version(&self) -> Option<&str> {
        version(&self.name)
    }

    /// Whether importing it gives no authority at all.
    pub fn is_types_only(&self) -> bool {
        self.first_item.is_none()
    }
}

/// The name of an interface without its version.
pub(crate) fn unversioned(name: &str) -> &str {
    name.split_once('@').map_or(name, |(name, _)| name)
}

fn version(name: &str) -> Option<&str> {
    name.split_once('@').map(|(_, version)| version)
}

/// Whether two names are of one interface, at versions that are the same up to the last point.
pub(crate) fn fits(name: &str, offered: &str) -> bool {
    let line = |name| version(name).and_then(|version: &str| version.rsplit_once('.')).map(|(line, _)| line);
    unversioned(name) == unversioned(offered) && line(name).is_some() && line(name) == line(offered)
}

/// How many of a component's names a message repeats, and of each so many characters: a stranger chose them.
const SHOWN: usize = 8;
const SHOWN_CHARS: usize = 100;

/// A component's name for something, for a sentence.
pub(crate) fn short(name: &str) -> String {
    if name.chars().nth(SHOWN_CHARS).is_none() { name.to_owned() } else { name.chars().take(SHOWN_CHARS - 1).chain(['…']).collect() }
}

/// Several of a component's names.
pub(crate) fn shown(names: &[String]) -> String {
    let more = (names.len() > SHOWN).then(|| format!("{} more", names.len() - SHOWN));
    let names: Vec<String> = names.iter().take(SHOWN).map(|name| short(name)).chain(more).collect();
    listed(names.iter().map(String::as_str))
}

/// Several names of ours.
pub(crate) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

pub(crate) fn exports(engine: &Engine, code: &Code) -> Vec<String> {
    let engine = engine.wasmtime();
    code.component().component_type().exports(engine).map(|(name, _)| name.to_owned()).collect()
}

pub(crate) fn of(engine: &Engine, code: &Code) -> Vec<Interface> {
    let engine = engine.wasmtime();
    code.component()
        .component_type()
        .imports(engine)
        .map(|(name, import)| {
            let first_item = match import.ty {
                ComponentItem::ComponentInstance(instance) => instance
                    .exports(engine)
                    .find(|(_, export)| !matches!(export.ty, ComponentItem::Type(_)))
                    .map(|(item, _)| format!("{item} of {name}")),
                ComponentItem::Type(_) => None,
                _ => Some(name.to_owned()),
            };
            Interface { name: name.to_owned(), first_item }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_repeats_so_much_of_what_a_stranger_chose() {
        let longest = "a".repeat(SHOWN_CHARS);
        assert_eq!(short(&longest), longest);
        assert_eq!(short(&format!("{longest}a")), format!("{}…", "a".repeat(SHOWN_CHARS - 1)));
        let names = |count: usize| (0..count).map(|number| format!("n{number}")).collect::<Vec<_>>();
        assert_eq!((shown(&[]), shown(&names(2))), ("nothing".to_owned(), "n0, n1".to_owned()));
        assert!(shown(&names(SHOWN)).ends_with(", n7"));
        assert!(shown(&names(SHOWN + 1)).ends_with(", n7, 1 more"));
    }

    #[test]
    fn of_a_version_what_stands_before_the_last_point_counts() {
        for name in ["a:b/c@0.1.0", "a:b/c@0.1.9", "a:b/c@0.1.0-rc"] {
            assert!(fits(name, "a:b/c@0.1.0"), "{name}");
        }
        for name in ["a:b/c@0.2.0", "a:b/c@1.1.0", "a:b/c@0.10.0", "a:b/c", "a:b/c@1", "a:b/d@0.1.0", "a:b/c/d@0.1.0", ""] {
            assert!(!fits(name, "a:b/c@0.1.0"), "{name}");
        }
    }
}
