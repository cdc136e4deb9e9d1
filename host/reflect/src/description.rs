//! What a tool is said to do: its author's comment, where the component carries it, else its signature.
//!
//! WIT's comments are kept in a custom section, `package-docs`: a byte of version, then JSON. It is written for packages;
//! in a component it is taken as it comes, because nothing but a description depends on it: of any world, and of any
//! package's interface by that interface's name. One that cannot be read is none.

use std::collections::HashMap;

use serde_json::Value as Json;

use crate::types::{Field, Listed, Type};
use crate::{MAX_COMMENT_CHARS, MAX_DESCRIPTION_CHARS};

#[derive(Default)]
pub(crate) struct Comments {
    /// By interface, or none for what stands in the world itself; then by function.
    functions: HashMap<(Option<String>, String), String>,
    /// By interface and type; then by field or case.
    items: HashMap<(Option<String>, String), HashMap<String, String>>,
}

impl Comments {
    pub(crate) fn read(section: &[u8]) -> Self {
        let mut comments = Self::default();
        let Some((0 | 1, text)) = section.split_first() else { return comments };
        let Ok(package) = serde_json::from_slice::<Json>(text) else { return comments };
        for (name, interface) in members(&package, "interfaces") {
            comments.add(Some(name), interface);
        }
        for (_, world) in members(&package, "worlds") {
            // Imports share the older keys; what is exported comes last and stays.
            comments.add(None, world);
            for (name, interface) in members(world, "interfaces").chain(members(world, "interface_exports")) {
                comments.add(Some(name), interface);
            }
        }
        comments
    }

    fn add(&mut self, interface: Option<&String>, holder: &Json) {
        for (name, function) in members(holder, "funcs").chain(members(holder, "func_exports")) {
            if let Some(text) = text(function) {
                self.functions.insert((interface.cloned(), name.clone()), text.to_owned());
            }
        }
        for (name, ty) in members(holder, "types") {
            let items = members(ty, "items").filter_map(|(name, item)| Some((name.clone(), text(item)?.to_owned()))).collect();
            self.items.insert((interface.cloned(), name.clone()), items);
        }
    }

    /// The comment on a function of an export.
    fn function(&self, export: Option<&str>, function: &str) -> Option<&str> {
        let key = |interface: Option<&str>| (interface.map(str::to_owned), function.to_owned());
        self.functions.get(&key(export)).or_else(|| self.functions.get(&key(export.map(interface)))).map(String::as_str)
    }

    /// The comment on a field or case of a type. Where an interface uses a type of another, the component does not say of
    /// which: then it is the one interface that has such a type.
    pub(crate) fn item(&self, export: Option<&str>, ty: &str, item: &str) -> Option<String> {
        let of = |holder: Option<&str>| self.items.get(&(holder.map(str::to_owned), ty.to_owned()))?.get(item);
        let elsewhere = || {
            let mut others = self.items.iter().filter(|((_, name), _)| name == ty).filter_map(|(_, items)| items.get(item));
            others.next().filter(|_| others.next().is_none())
        };
        let text = of(export).or_else(|| of(export.map(interface))).or_else(elsewhere)?;
        Some(shown(text, MAX_COMMENT_CHARS)).filter(|text| !text.is_empty())
    }
}

fn members<'a>(holder: &'a Json, key: &str) -> impl Iterator<Item = (&'a String, &'a Json)> {
    holder.get(key).and_then(Json::as_object).into_iter().flatten()
}

/// A comment is a string, or an object with one: both are written.
fn text(value: &Json) -> Option<&str> {
    value.as_str().or_else(|| value.get("docs")?.as_str())
}

/// The last part of `package:name/interface@version`; a plain name is itself.
pub(crate) fn interface(export: &str) -> &str {
    let unversioned = export.split_once('@').map_or(export, |(name, _)| name);
    unversioned.rsplit_once('/').map_or(unversioned, |(_, interface)| interface)
}

/// A description for a model and for people.
pub(crate) fn of(comments: &Comments, export: Option<&str>, function: &str, parameters: &[Field], result: Option<&Type>) -> String {
    let comment = comments.function(export, function).map(|text| shown(text, MAX_DESCRIPTION_CHARS));
    comment.filter(|text| !text.is_empty()).unwrap_or_else(|| {
        let result = result.map_or_else(String::new, |ty| format!(" -> {ty}"));
        let place = export.map_or_else(String::new, |export| format!(" of {export}"));
        shown(&format!("The function{place}: `{function}: func({}){result}`", Listed(parameters)), MAX_DESCRIPTION_CHARS)
    })
}

/// Without what a terminal would obey, and not longer than so many characters.
fn shown(text: &str, most: usize) -> String {
    let plain = |c: char| if c.is_control() && c != '\n' { ' ' } else { c };
    let text = text.trim();
    if text.chars().nth(most).is_none() {
        return text.chars().map(plain).collect();
    }
    let mut cut: String = text.chars().map(plain).take(most.saturating_sub(2)).collect();
    cut.push_str(" …");
    cut
}

#[cfg(test)]
mod tests;
