//! `config.toml`: what the owner decided. One file, strict, without a single secret.
//!
//! Its JSON Schema is generated from the types here and committed as `docs/config.schema.json`.

mod approvals;
mod channels;
mod components;
mod media;
mod network;
mod programs;
mod skills;

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use approvals::{Approvals, ChannelApprovals, MAX_ENTRIES, MAX_ENTRY_BYTES, MAX_EXPIRE_MINUTES, MAX_REMEMBER_DAYS};
pub use channels::{Channel, ChannelLimits, Groups, MAX_ALLOW, MAX_ALLOW_BYTES, MAX_CHANNELS, MAX_PER_MINUTE};
pub use components::{Ceiling, Component, MAX_POLICIES, Policies};
pub use media::{MAX_TOTAL_MIB, Media};
pub use network::{MAX_USER_BYTES, NETWORK, Network, PROXY_PASSWORD};
pub use programs::{ProgramSandbox, Programs};
pub use skills::{MAX_DEBOUNCE_MS, SkillEntry, SkillLoad, Skills};

/// A configuration is not larger.
pub const MAX_BYTES: usize = 256 * 1024;

/// Where the browser finds the gateway, unless the configuration says otherwise.
pub const DEFAULT_PORT: u16 = 18790;

/// The one agent there is.
pub const AGENT: &str = "default";

/// What the agent is told before every conversation, unless the configuration says otherwise.
const INSTRUCTIONS: &str = "You are a helpful assistant. You work in a folder of the person you talk with, the workspace, \
     which you reach only through your tools. Say what you did, and say so when you could not do it.";

/// The configuration of wirken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// Who answers.
    pub provider: Provider,
    #[serde(default)]
    pub agent: Agent,
    #[serde(default)]
    pub webchat: Webchat,
    /// Accounts on platforms, by the names that you give them: lower-case letters, digits and hyphens.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = MAX_CHANNELS))]
    pub channels: BTreeMap<String, Channel>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub sandbox: Sandbox,
    #[serde(default, skip_serializing_if = "is_default")]
    pub programs: Programs,
    #[serde(default, skip_serializing_if = "is_default")]
    pub approvals: Approvals,
    /// Components with tools, and policies, by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub components: BTreeMap<String, Component>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub policies: Policies,
    #[serde(default, skip_serializing_if = "is_default")]
    pub ceiling: Ceiling,
    #[serde(default, skip_serializing_if = "is_default")]
    pub network: Network,
    #[serde(default, skip_serializing_if = "is_default")]
    pub media: Media,
    #[serde(default, skip_serializing_if = "is_default")]
    pub skills: Skills,
}

/// The model and the component that speaks its language.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Provider {
    /// The name of a provider component.
    pub component: String,
    /// The model's name, as the endpoint knows it.
    pub model: String,
    /// The component's own settings; `wirken component list` names the components.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub settings: Map<String, Value>,
    /// Options of each request: `temperature`, `max-output-tokens`, `effort` and the like.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub options: Map<String, Value>,
}

/// The agent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Agent {
    /// What it is told before every conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructions: Option<String>,
    /// The folder that its tools work in. Default: `workspace` in the data folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<PathBuf>,
    /// The skills that it may use, by their names; an empty list: none. Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skills: Option<Vec<String>>,
}

/// The browser surface.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Webchat {
    /// Its port on 127.0.0.1. Default: 18790. 0 takes any free one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
}

/// What confines the processes that speak with platforms.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Sandbox {
    /// Refuse to start a channel whose process the kernel cannot confine fully.
    #[serde(default)]
    pub require: bool,
}

/// Why a configuration is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error("the configuration has {0} bytes, and {MAX_BYTES} are the most")]
    TooLarge(usize),
    #[error("the configuration cannot be read: {0}")]
    Syntax(String),
    #[error("{field} is not allowed: {why}")]
    Field { field: String, why: String },
}

impl Config {
    /// One in which nothing but the provider was decided.
    pub fn of(provider: Provider) -> Self {
        Self {
            provider,
            agent: Agent::default(),
            webchat: Webchat::default(),
            channels: BTreeMap::new(),
            sandbox: Sandbox::default(),
            programs: Programs::default(),
            approvals: Approvals::default(),
            components: BTreeMap::new(),
            policies: Policies::default(),
            ceiling: Ceiling::default(),
            network: Network::default(),
            media: Media::default(),
            skills: Skills::default(),
        }
    }

    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        if text.len() > MAX_BYTES {
            return Err(ConfigError::TooLarge(text.len()));
        }
        let config: Self =
            toml::from_str(text).map_err(|error| ConfigError::Syntax(wirken_manifest::explain_unknown_key(&error.to_string())))?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        if self.provider.component.is_empty() {
            return Err(field("provider.component", "it is empty; `wirken component list` names the components"));
        }
        if self.provider.model.is_empty() {
            return Err(field("provider.model", "it is empty; use a name that the endpoint knows"));
        }
        if self.agent.workspace.as_ref().is_some_and(|path| !path.is_absolute()) {
            return Err(field("agent.workspace", "it is not an absolute path"));
        }
        self.programs.check()?;
        self.approvals.check()?;
        self.ceiling.check()?;
        self.policies.check()?;
        components::check(&self.components)?;
        self.network.check()?;
        self.media.check()?;
        self.skills.check()?;
        channels::check(&self.channels)
    }

    /// The sections in which another one differs, by their names in the file.
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        let Self {
            provider,
            agent,
            webchat,
            channels,
            sandbox,
            programs,
            approvals,
            components,
            policies,
            ceiling,
            network,
            media,
            skills,
        } = self;
        let same = [
            ("provider", *provider == other.provider),
            ("agent", *agent == other.agent),
            ("webchat", *webchat == other.webchat),
            ("channels", *channels == other.channels),
            ("sandbox", *sandbox == other.sandbox),
            ("programs", *programs == other.programs),
            ("approvals", *approvals == other.approvals),
            ("components", *components == other.components),
            ("policies", *policies == other.policies),
            ("ceiling", *ceiling == other.ceiling),
            ("network", *network == other.network),
            ("media", *media == other.media),
            ("skills", *skills == other.skills),
        ];
        same.into_iter().filter(|(_, same)| !same).map(|(name, _)| name).collect()
    }

    /// The file's text.
    pub fn render(&self) -> Result<String, ConfigError> {
        toml::to_string_pretty(self).map_err(|error| ConfigError::Syntax(error.to_string()))
    }

    pub fn instructions(&self) -> &str {
        self.agent.instructions.as_deref().unwrap_or(INSTRUCTIONS)
    }

    pub fn port(&self) -> u16 {
        self.webchat.port.unwrap_or(DEFAULT_PORT)
    }

    /// Each option as a JSON document.
    pub fn options(&self) -> Vec<(String, String)> {
        self.provider.options.iter().map(|(name, value)| (name.clone(), value.to_string())).collect()
    }
}

fn field(field: impl Into<String>, why: impl Into<String>) -> ConfigError {
    ConfigError::Field { field: field.into(), why: why.into() }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The JSON Schema of the file, as it is committed.
pub fn schema() -> String {
    let schema = schemars::schema_for!(Config);
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALLEST: &str = "[provider]\ncomponent = \"demo\"\nmodel = \"demo\"\n";

    #[test]
    fn reads_the_smallest_and_writes_what_it_reads() {
        let config = Config::parse(SMALLEST).unwrap();
        assert_eq!(config.port(), 18790);
        assert!(config.instructions().contains("workspace"));
        let full = format!(
            "{SMALLEST}[provider.settings]\nbase-url = \"https://api.example.com/v1\"\n[provider.options]\ntemperature = 0.5\n[agent]\ninstructions = \"Sei knapp.\"\nworkspace = \"/srv/work\"\n[webchat]\nport = 0\n"
        );
        let config = Config::parse(&full).unwrap();
        assert_eq!(Config::parse(&config.render().unwrap()), Ok(config.clone()));
        assert_eq!(config.options(), [("temperature".to_owned(), "0.5".to_owned())]);
    }

    #[test]
    fn the_sandbox_is_required_only_where_the_owner_says_so() {
        assert!(!Config::parse(SMALLEST).unwrap().sandbox.require);
        for (text, required) in [("[sandbox]\n", false), ("[sandbox]\nrequire = false\n", false), ("[sandbox]\nrequire = true\n", true)] {
            let config = Config::parse(&format!("{SMALLEST}{text}")).unwrap();
            assert_eq!(config.sandbox.require, required, "{text}");
            assert_eq!(Config::parse(&config.render().unwrap()), Ok(config));
        }
    }

    #[test]
    fn names_what_is_wrong() {
        for (text, said) in [
            ("[provider]\ncomponent = \"demo\"\nmodle = \"demo\"\n", "did you mean `model`?"),
            ("[provider]\ncomponent = \"\"\nmodel = \"m\"\n", "provider.component"),
            ("[provider]\ncomponent = \"c\"\nmodel = \"\"\n", "provider.model"),
            (&format!("{SMALLEST}[agent]\nworkspace = \"here\"\n"), "agent.workspace"),
            (&format!("{SMALLEST}[webchat]\nport = 65536\n"), "65536"),
            (&format!("{SMALLEST}[sandbox]\nrequired = true\n"), "did you mean `require`?"),
            (&format!("{SMALLEST}[sandbox]\nrequire = \"yes\"\n"), "boolean"),
            (&format!("{SMALLEST}[chanels]\n"), "did you mean `channels`?"),
            (&format!("{SMALLEST}[webchat]\nbind = \"0.0.0.0\"\n"), "unknown field `bind`"),
            ("", "provider"),
        ] {
            let error = Config::parse(text).unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn what_differs_is_named_as_in_the_file() {
        let config = |more: &str| Config::parse(&format!("{SMALLEST}{more}")).unwrap();
        let before = config("");
        for (more, section) in [
            ("[agent]\ninstructions = \"Be brief.\"\n", "agent"),
            ("[webchat]\nport = 1\n", "webchat"),
            ("[channels.work]\ncomponent = \"board\"\n", "channels"),
            ("[sandbox]\nrequire = true\n", "sandbox"),
            ("[programs]\nimage = \"debian:12\"\n", "programs"),
            ("[approvals]\nexpire-minutes = 5\n", "approvals"),
            ("[components.files.settings]\na = 1\n", "components"),
            ("[policies]\norder = []\n", "policies"),
            ("[ceiling]\nexec = false\n", "ceiling"),
            ("[network]\nca-file = \"/ca.pem\"\n", "network"),
            ("[media]\ntotal-mib = 100\n", "media"),
            ("[skills]\nallow-bundled = [\"notes\"]\n", "skills"),
        ] {
            assert_eq!((before.differences(&config(more)), config(more).differences(&before)), (vec![section], vec![section]));
        }
        assert_eq!(before.differences(&config("# a comment\n")), [""; 0]);
        let other =
            Config { provider: Provider { model: "other".into(), ..before.provider.clone() }, ..config("[sandbox]\nrequire = true\n") };
        assert_eq!(before.differences(&other), ["provider", "sandbox"]);
    }

    #[test]
    fn is_bounded_on_both_sides() {
        let padded = |size: usize| format!("{SMALLEST}#{}", "x".repeat(size - SMALLEST.len() - 1));
        assert!(Config::parse(&padded(MAX_BYTES)).is_ok());
        assert_eq!(Config::parse(&padded(MAX_BYTES + 1)), Err(ConfigError::TooLarge(MAX_BYTES + 1)));
    }

    #[test]
    fn the_committed_schema_is_current() {
        let committed = include_str!("../../../docs/config.schema.json");
        assert!(committed == schema(), "docs/config.schema.json is not what the types say: run `just gen`");
    }
}
