//! component.toml: what a component is, which limits it asks for, which settings it takes, and which authority it
//! requests. Parsed strictly and checked as a whole, so that nothing behind this crate meets a half-valid manifest.
//!
//! A manifest is written by a component's publisher and trusted no further than that: it requests, and grants nothing.
//! No I/O, no Wasmtime: loading files and deciding about them live elsewhere.

mod keys;
mod origin;
mod raw;
mod settings;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use origin::OriginSpec;

/// The longest component.toml in bytes; a settings schema is the only part that can be long.
pub const MAX_FILE_BYTES: usize = 64 * 1024;
pub const MAX_NAME_CHARS: usize = 64;
/// A description is shown on one or two lines of a terminal.
pub const MAX_DESCRIPTION_CHARS: usize = 400;
pub const MAX_VERSION_CHARS: usize = 64;
pub const MAX_WORLD_CHARS: usize = 128;
pub const MAX_CREDENTIALS: usize = 16;
/// Per list: of one credential, or of the network.
pub const MAX_ORIGINS: usize = 32;

#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    pub name: String,
    pub kind: Kind,
    pub version: String,
    /// `namespace:package/world@version`
    pub world: String,
    pub description: String,
    pub limits: Limits,
    /// A JSON Schema of type `object`, known to compile.
    pub settings: Value,
    pub credentials: Vec<Credential>,
    pub network: Vec<OriginSpec>,
    pub filesystem: Workspace,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Provider,
    Tool,
    Channel,
    Policy,
}

impl Kind {
    /// The folder under `components/` and its `dist/` that holds guests of this kind.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Provider => "providers",
            Self::Tool => "tools",
            Self::Channel => "channels",
            Self::Policy => "policies",
        }
    }
}

/// What a component asks for; absent means the host's default, and the host's maximum caps every one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    pub fuel: Option<u64>,
    pub deadline_millis: Option<u64>,
    pub memory_bytes: Option<u64>,
    pub table_elements: Option<u64>,
    pub output_bytes: Option<u64>,
}

/// A credential that requests may name. It says where the key would go; the vault's own record must agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    pub name: String,
    pub description: String,
    pub origins: Vec<OriginSpec>,
    pub place: PlaceSpec,
    pub optional: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum PlaceSpec {
    /// `Authorization: Bearer …`
    Bearer,
    /// The whole value of a named header.
    Header { name: String },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Workspace {
    #[default]
    None,
    ReadOnly,
    ReadWrite,
}

impl Manifest {
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        if text.len() > MAX_FILE_BYTES {
            return Err(ManifestError::TooLarge { bytes: text.len() });
        }
        raw::parse(text)
    }

    /// The defaults of the settings' properties.
    pub fn defaults(&self) -> Map<String, Value> {
        settings::defaults(&self.settings)
    }

    /// The given settings completed with the defaults, or everything that is wrong with them, in words.
    pub fn validate_settings(&self, given: &Value) -> Result<Value, Vec<String>> {
        settings::validate(&self.settings, given)
    }

    /// Literal origins and suffixes as they are; for `{settings.key}` the origin of the URL in these settings.
    pub fn resolve_origins(&self, origins: &[OriginSpec], settings: &Value) -> Result<Vec<String>, ManifestError> {
        origins.iter().map(|origin| origin.resolve(settings)).collect()
    }
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    #[error("the manifest is {bytes} bytes long; at most {MAX_FILE_BYTES} are read")]
    TooLarge { bytes: usize },
    /// The parser's words, with line and column.
    #[error("{0}")]
    Toml(String),
    #[error("unknown key `{key}`{}", hint(.nearest.as_deref()))]
    UnknownKey { key: String, nearest: Option<String> },
    #[error("`{key}`: {problem}")]
    Invalid { key: String, problem: String },
}

impl ManifestError {
    fn invalid(key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid { key: key.into(), problem: problem.into() }
    }
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map(|nearest| format!("; did you mean `{nearest}`?")).unwrap_or_default()
}
