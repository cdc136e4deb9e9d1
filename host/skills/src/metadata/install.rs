//! How to get a program that a skill needs, as its author says. It is shown to the owner; nothing here runs it.
//!
//! What names a package is checked to the letter, so that it stays a name wherever it is put: no option, no path that
//! climbs, no second word.

use serde_json::{Map, Value};

use super::{list, string};
use crate::text;

/// What installs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Brew,
    Node,
    Go,
    Uv,
    Download,
}

/// One way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Install {
    pub kind: Kind,
    pub id: Option<String>,
    pub label: Option<String>,
    pub bins: Vec<String>,
    pub os: Vec<String>,
    /// A formula, a package, a module or an address, by the kind.
    pub target: String,
    /// What a download must hash to, in lower case.
    pub sha256: Option<String>,
    pub archive: Option<String>,
    pub extract: Option<bool>,
    pub strip_components: Option<u64>,
    pub target_dir: Option<String>,
}

/// Those that can be used; what was wrong with the others.
pub(super) fn read(value: Option<&Value>, warnings: &mut Vec<String>) -> Vec<Install> {
    let mut installs = Vec::new();
    for (index, item) in value.and_then(Value::as_array).into_iter().flatten().enumerate() {
        match item.as_object().ok_or("it is no map".to_owned()).and_then(one) {
            Ok(install) => installs.push(install),
            Err(why) => warnings.push(format!("install hint {} is passed over: {why}", index + 1)),
        }
    }
    installs
}

fn one(raw: &Map<String, Value>) -> Result<Install, String> {
    let named = raw.get("kind").and_then(Value::as_str).or_else(|| raw.get("type").and_then(Value::as_str)).unwrap_or_default();
    let kind = match text::trim(named).to_lowercase().as_str() {
        "brew" => Kind::Brew,
        "node" => Kind::Node,
        "go" => Kind::Go,
        "uv" => Kind::Uv,
        "download" => Kind::Download,
        _ => return Err(format!("its kind `{}` is none of brew, node, go, uv and download", text::cut(named, 32))),
    };
    let value = |name: &str| string(raw, name).map(|value| text::trim(&value).to_owned());
    let (names, is_one): (&[&str], fn(&str) -> bool) = match kind {
        Kind::Brew => (&["formula", "cask"], is_formula),
        Kind::Node => (&["package"], is_npm_package),
        Kind::Go => (&["module"], is_module),
        Kind::Uv => (&["package"], is_python_package),
        Kind::Download => (&["url"], is_address),
    };
    let target = names.iter().filter_map(|name| value(name)).find(|value| is_one(value));
    let target = target.ok_or_else(|| format!("`{}` is missing or is no plain name of one", names.join("` or `")))?;
    Ok(Install {
        kind,
        id: string(raw, "id"),
        label: string(raw, "label"),
        bins: list(raw.get("bins")),
        os: list(raw.get("os")),
        target,
        sha256: if kind == Kind::Download { sha256(raw.get("sha256"))? } else { None },
        archive: string(raw, "archive"),
        extract: raw.get("extract").and_then(Value::as_bool),
        strip_components: raw.get("stripComponents").and_then(Value::as_u64),
        target_dir: string(raw, "targetDir"),
    })
}

fn sha256(value: Option<&Value>) -> Result<Option<String>, String> {
    let Some(value) = value else { return Ok(None) };
    let digest = value.as_str().map(|text| text::trim(text).to_ascii_lowercase());
    let digest = digest.filter(|digest| digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()));
    digest.map(Some).ok_or_else(|| "`sha256` is not 64 hexadecimal digits".to_owned())
}

/// A letter or digit, then these or the extra characters.
fn is_word(text: &str, extra: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphanumeric()) && chars.all(|c| c.is_ascii_alphanumeric() || extra.contains(c))
}

fn is_formula(text: &str) -> bool {
    is_word(text, "@+._/-") && !text.contains("..")
}

fn is_module(text: &str) -> bool {
    let (module, version) = text.split_once('@').map_or((text, None), |(module, version)| (module, Some(version)));
    is_word(module, "._~+-/") && version.is_none_or(|version| is_word(version, "._~+-/"))
}

fn is_python_package(text: &str) -> bool {
    is_word(text, "._-[]=<>!~+,")
}

/// A name of the registry, with a scope and a version where there are any: no address, no path, no option.
fn is_npm_package(spec: &str) -> bool {
    let (scope, rest) = match spec.strip_prefix('@') {
        Some(scoped) => match scoped.split_once('/') {
            Some((scope, rest)) => (Some(scope), rest),
            None => return false,
        },
        None => (None, spec),
    };
    let (name, version) = rest.split_once('@').map_or((rest, None), |(name, version)| (name, Some(version)));
    let version_is_one = |version: &str| is_word(version.trim_start_matches(['^', '~', 'v']), "._+-");
    scope.is_none_or(|scope| is_word(scope, "._-")) && is_word(name, "._-") && version.is_none_or(version_is_one)
}

fn is_address(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let rest = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', '?', '#'])) && !text.contains(text::is_space)
}
