//! `[components.NAME]`, what the owner sets for a component, and `[ceiling]`, which no grant goes beyond.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use wirken_manifest::{Access, is_name};
use wirken_types::credential::OriginPattern;

use crate::{ConfigError, field};

const MAX_OPENED: usize = 256;

/// What the owner sets for one component with tools, or one policy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Component {
    /// Its own settings; `wirken component inspect` tells them.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub settings: Map<String, Value>,
    /// Origins that it may read from without anybody being asked, where its manifest covers them at all: `https://docs.rs`,
    /// `*.example.com`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<String>,
}

/// What no component goes beyond, whatever was granted to it. What is left out bounds nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Ceiling {
    /// How far the workspace is open to any tool at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<Access>,
    /// The origins to which tools may send requests at all, and providers and channels that were added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Vec<String>>,
    /// Whether tools may run programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exec: Option<bool>,
    /// Whether tools may keep state from one call to the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<bool>,
    /// Whether tools may send messages to people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messages: Option<bool>,
    /// Whether the requests of tools may carry credentials, and those of providers and channels that were added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<bool>,
}

/// The components that look at what goes in and out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Policies {
    /// Their names, in the order in which they are asked. One that was added and is not named is asked behind them. Default:
    /// `["injection"]`.
    #[serde(default = "first")]
    pub order: Vec<String>,
}

/// Policies in force.
pub const MAX_POLICIES: usize = 16;

fn first() -> Vec<String> {
    vec!["injection".to_owned()]
}

impl Default for Policies {
    fn default() -> Self {
        Self { order: first() }
    }
}

impl Policies {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let key = "policies.order";
        if self.order.len() > MAX_POLICIES {
            return Err(field(key, format!("it has {} entries, and {MAX_POLICIES} are the most", self.order.len())));
        }
        match self.order.iter().enumerate().find(|(at, name)| !is_name(name) || self.order.iter().take(*at).any(|other| other == *name)) {
            Some((_, name)) => Err(field(key, format!("{name:?} is no component's name, or stands there twice"))),
            None => Ok(()),
        }
    }
}

impl Component {
    /// The origins that are open to it.
    pub fn opened(&self) -> Vec<OriginPattern> {
        // They were read when the configuration was.
        self.open.iter().filter_map(|text| OriginPattern::parse(text).ok()).collect()
    }
}

impl Ceiling {
    /// Where requests may go at all; none for anywhere.
    pub fn origins(&self) -> Option<Vec<OriginPattern>> {
        Some(self.network.as_ref()?.iter().filter_map(|text| OriginPattern::parse(text).ok()).collect())
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        origins("ceiling.network", self.network.as_deref().unwrap_or_default())
    }
}

pub(crate) fn check(components: &BTreeMap<String, Component>) -> Result<(), ConfigError> {
    for (name, component) in components {
        if !is_name(name) {
            return Err(field(format!("components.{name:?}"), format!("a component's name has {}", wirken_manifest::NAME_IN_WORDS)));
        }
        origins(&format!("components.{name}.open"), &component.open)?;
    }
    Ok(())
}

fn origins(key: &str, list: &[String]) -> Result<(), ConfigError> {
    if list.len() > MAX_OPENED {
        return Err(field(key, format!("it has {} entries, and {MAX_OPENED} are the most", list.len())));
    }
    for text in list {
        OriginPattern::parse(text).map_err(|error| field(key, error.to_string()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::Config;

    fn parse(lines: &str) -> Result<Config, String> {
        Config::parse(&format!("[provider]\ncomponent = \"demo\"\nmodel = \"demo\"\n{lines}")).map_err(|error| error.to_string())
    }

    #[test]
    fn a_component_is_set_and_bounded() {
        let text = "[components.web-search]\nopen = [\"https://docs.rs\", \"*.example.com\"]\n[components.web-search.settings]\nprovider = \"searxng\"\n\
                    [ceiling]\nnetwork = [\"https://docs.rs\"]\nexec = false\nworkspace = \"read-only\"\n";
        let config = parse(text).unwrap();
        assert_eq!(config.components.get("web-search").unwrap().opened().len(), 2);
        assert_eq!(config.ceiling.origins().unwrap().len(), 1);
        assert_eq!(config.ceiling.exec, Some(false));
        assert_eq!(Config::parse(&config.render().unwrap()), Ok(config));
        assert_eq!(parse("").unwrap().ceiling.origins(), None);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (lines, said) in [
            ("[components.web-search]\nopened = []\n", "expected `settings` or `open`"),
            ("[components.Web]\nopen = []\n", "components.\"Web\""),
            ("[components.web]\nopen = [\"http://example.com\"]\n", "components.web.open"),
            ("[ceiling]\nnetwrk = []\n", "did you mean `network`?"),
            ("[ceiling]\nnetwork = [\"nowhere\"]\n", "ceiling.network"),
            ("[ceiling]\nworkspace = \"readonly\"\n", "read-only"),
        ] {
            let error = parse(lines).unwrap_err();
            assert!(error.contains(said), "{lines}: {error}");
        }
    }

    #[test]
    fn policies_have_an_order() {
        assert_eq!(parse("").unwrap().policies.order, ["injection"]);
        assert_eq!(parse("[policies]\norder = []\n").unwrap().policies.order, Vec::<String>::new());
        for order in ["[\"a\", \"a\"]", "[\"A\"]"] {
            assert!(parse(&format!("[policies]\norder = {order}\n")).unwrap_err().contains("policies.order"));
        }
        let many = |count: usize| format!("[policies]\norder = {:?}\n", (0..count).map(|at| format!("p{at}")).collect::<Vec<_>>());
        assert!(parse(&many(super::MAX_POLICIES)).is_ok());
        assert!(parse(&many(super::MAX_POLICIES + 1)).is_err());
    }

    #[test]
    fn lists_are_bounded_on_both_sides() {
        let list = |count: usize| format!("[components.web]\nopen = [{}]\n", "\"https://a.example\",".repeat(count));
        assert!(parse(&list(super::MAX_OPENED)).is_ok());
        assert!(parse(&list(super::MAX_OPENED + 1)).unwrap_err().contains("256"));
    }
}
