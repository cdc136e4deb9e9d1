//! What a component says of itself: `component.toml`, parsed strictly.
//!
//! A manifest is written by whoever made the component, so nothing in it is trusted: every field is bounded, an unknown
//! key is an error that names the nearest one, and what it asks for is a request that the owner answers.

mod nearest;
mod reach;
mod settings;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use wirken_types::credential::Place;

pub use nearest::{explain_unknown_key, nearest};
pub use reach::{ANYWHERE, Reach, ReachSpec, To};
pub use settings::SettingsError;

/// A manifest is not larger.
pub const MAX_BYTES: usize = 64 * 1024;

const MAX_NAME: usize = 64;
/// No component and no account of a channel has one of these names: under them stands what is the host's own, in the vault
/// and in the record.
pub const RESERVED_NAMES: [&str; 5] = ["webchat", "cli", "system", "owner", "network"];
/// What [`is_name`] asks for, as an error says it.
pub const NAME_IN_WORDS: &str = "1 to 64 lower-case letters, digits and single hyphens inside";
const MAX_DESCRIPTION: usize = 400;
const MAX_LIST: usize = 32;

/// `component.toml`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Manifest {
    pub name: String,
    pub kind: Kind,
    pub version: Version,
    /// The WIT world that it exports, with its version.
    pub world: String,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub limits: Limits,
    /// A JSON Schema of its settings, an object.
    #[serde(default)]
    pub settings: Map<String, Value>,
    #[serde(default)]
    pub credentials: Vec<Credential>,
    #[serde(default)]
    pub network: Network,
    #[serde(default)]
    pub filesystem: Filesystem,
    #[serde(default)]
    pub exec: Exec,
    #[serde(default)]
    pub store: Store,
    #[serde(default)]
    pub messages: Messages,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Provider,
    Tool,
    Channel,
    Policy,
}

impl Kind {
    pub fn word(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Tool => "tool",
            Self::Channel => "channel",
            Self::Policy => "policy",
        }
    }

    /// The folder that components of this kind live in, under `components/`.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Provider => "providers",
            Self::Tool => "tools",
            Self::Channel => "channels",
            Self::Policy => "policies",
        }
    }
}

/// `major.minor.patch`, numbers alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version([u32; 3]);

impl TryFrom<String> for Version {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut numbers = [0; 3];
        let mut parts = text.split('.');
        for number in &mut numbers {
            let part = parts.next().filter(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
            *number = part
                .and_then(|part| part.parse().ok())
                .ok_or_else(|| format!("{text:?} is no version: three numbers were expected, as in 0.1.0"))?;
        }
        if parts.next().is_some() {
            return Err(format!("{text:?} is no version: three numbers were expected, as in 0.1.0"));
        }
        Ok(Self(numbers))
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.to_string()
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major}.{minor}.{patch}")
    }
}

/// Asked for; the host's maximum caps each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Limits {
    pub fuel: Option<u64>,
    pub deadline_millis: Option<u64>,
    pub memory_bytes: Option<u64>,
    pub table_elements: Option<u64>,
    pub output_bytes: Option<u64>,
}

/// A credential that it wants placed in requests. Its value never enters the component.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Credential {
    pub name: String,
    pub description: String,
    /// Origins, `*.suffix`, or `{settings.key}`.
    pub origins: Vec<String>,
    pub place: PlaceSpec,
    /// Another credential of this manifest: the vault holds one value for both, and this is a second place for it.
    pub value_of: Option<String>,
    /// Requests may go without it where the vault holds none.
    #[serde(default)]
    pub optional: bool,
}

/// Where in a request it goes, as written: `{ kind = "bearer" }`, `{ kind = "header", name = "x-api-key" }`,
/// `{ kind = "path-prefix", prefix = "bot" }`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", deny_unknown_fields, rename_all = "kebab-case")]
pub enum PlaceSpec {
    Bearer,
    Header { name: String },
    PathPrefix { prefix: String },
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Network {
    /// Where its requests may go at all.
    #[serde(default)]
    pub origins: Vec<ReachSpec>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Filesystem {
    #[serde(default)]
    pub workspace: Access,
}

/// How far the workspace is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Not at all.
    #[default]
    None,
    /// To be read.
    ReadOnly,
    /// To be read and changed.
    ReadWrite,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Exec {
    /// Whether it asks to run programs at all. Which of them may run is judged for each.
    #[serde(default)]
    pub run: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Store {
    /// Whether it asks to keep state of its own from one call to the next.
    #[serde(default)]
    pub keep: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Messages {
    /// Whether it asks to send messages to people. To whom is judged for each.
    #[serde(default)]
    pub send: bool,
}

/// Why a manifest is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    #[error("the manifest has {0} bytes, and {MAX_BYTES} are the most")]
    TooLarge(usize),
    #[error("the manifest cannot be read: {0}")]
    Syntax(String),
    #[error("the manifest's {field} is not allowed: {why}")]
    Field { field: String, why: String },
}

impl Manifest {
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        if text.len() > MAX_BYTES {
            return Err(ManifestError::TooLarge(text.len()));
        }
        let manifest: Self = toml::from_str(text).map_err(|error| ManifestError::Syntax(explain_unknown_key(&error.to_string())))?;
        manifest.check()?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), ManifestError> {
        check_name("name", &self.name)?;
        if is_reserved(&self.name) {
            return Err(field_error("name", format!("wirken uses the name {:?} itself; give the component another one", self.name)));
        }
        bounded("description", self.description.chars().count(), MAX_DESCRIPTION, "characters")?;
        bounded("world", self.world.len(), 200, "bytes")?;
        bounded("credentials", self.credentials.len(), MAX_LIST, "entries")?;
        bounded("network.origins", self.network.origins.len(), MAX_LIST, "entries")?;
        let limits = [
            ("limits.fuel", self.limits.fuel),
            ("limits.deadline-millis", self.limits.deadline_millis),
            ("limits.memory-bytes", self.limits.memory_bytes),
            ("limits.table-elements", self.limits.table_elements),
            ("limits.output-bytes", self.limits.output_bytes),
        ];
        if let Some((field, _)) = limits.into_iter().find(|(_, value)| *value == Some(0)) {
            return Err(field_error(field, "0 would let nothing run"));
        }
        let mut seen = std::collections::BTreeSet::new();
        for credential in &self.credentials {
            check_name("credentials.name", &credential.name)?;
            if !seen.insert(&credential.name) {
                return Err(field_error("credentials", format!("two are named {}", credential.name)));
            }
            bounded("credentials.description", credential.description.chars().count(), MAX_DESCRIPTION, "characters")?;
            bounded("credentials.origins", credential.origins.len(), MAX_LIST, "entries")?;
            credential.place()?;
            self.check_value_of(credential)?;
        }
        for spec in &self.network.origins {
            spec.check()?;
            if spec.origin == ANYWHERE && (self.kind != Kind::Tool || !self.credentials.is_empty()) {
                let why = format!("{ANYWHERE:?} is for tools without credentials: name the origins, or `*.suffix`");
                return Err(field_error("network.origins", why));
            }
            if self.kind != Kind::Tool && !(spec.methods.is_empty() && spec.paths.is_empty()) {
                return Err(field_error(
                    "network.origins",
                    "`methods` and `paths` are for tools: what this kind sends is named by its origin",
                ));
            }
        }
        if self.kind == Kind::Channel && self.network.origins.is_empty() {
            let why = "a channel has to name at least one origin: that of the platform that it speaks with";
            return Err(field_error("network.origins", why));
        }
        settings::check_schema(&self.settings).map_err(|why| field_error("settings", why))
    }

    fn check_value_of(&self, credential: &Credential) -> Result<(), ManifestError> {
        let Some(name) = &credential.value_of else { return Ok(()) };
        let own = self.credentials.iter().find(|other| other.name == *name).filter(|other| other.value_of.is_none());
        if own.is_some() {
            return Ok(());
        }
        let shown: String = name.chars().take(80).collect();
        Err(field_error("credentials.value-of", format!("{shown:?} is no credential of this manifest with a value of its own")))
    }

    /// The credentials that have a value of their own, which somebody has to give.
    pub fn own_credentials(&self) -> impl Iterator<Item = &Credential> {
        self.credentials.iter().filter(|credential| credential.value_of.is_none())
    }

    /// Where the value of a credential goes: its own place, and those that share it.
    pub fn places(&self, name: &str) -> Result<Vec<Place>, ManifestError> {
        self.credentials.iter().filter(|credential| credential.stored_as() == name).map(Credential::place).collect()
    }
}

impl Credential {
    /// The name under which the vault holds its value.
    pub fn stored_as(&self) -> &str {
        self.value_of.as_deref().unwrap_or(&self.name)
    }

    /// Where the credential goes.
    pub fn place(&self) -> Result<Place, ManifestError> {
        let place = match &self.place {
            PlaceSpec::Bearer => Ok(Place::Bearer),
            PlaceSpec::Header { name } => Place::header(name),
            PlaceSpec::PathPrefix { prefix } => Place::path_prefix(prefix),
        };
        place.map_err(|error| field_error("credentials.place", error.to_string()))
    }
}

fn field_error(field: impl Into<String>, why: impl Into<String>) -> ManifestError {
    ManifestError::Field { field: field.into(), why: why.into() }
}

fn bounded(field: &str, length: usize, most: usize, unit: &str) -> Result<(), ManifestError> {
    if length > most { Err(field_error(field, format!("it has {length} {unit}, and {most} are the most"))) } else { Ok(()) }
}

fn check_name(field: &str, name: &str) -> Result<(), ManifestError> {
    if is_name(name) {
        return Ok(());
    }
    let shown: String = name.chars().take(80).collect();
    Err(field_error(field, format!("{shown:?} is not {NAME_IN_WORDS}")))
}

/// Lower-case letters, digits and single hyphens inside: a name that can stand in a path, a command and a sentence.
pub fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !name.is_empty()
        && name.len() <= MAX_NAME
        && name.bytes().all(allowed)
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.contains("--")
}

/// Whether the host uses a name itself.
pub fn is_reserved(name: &str) -> bool {
    RESERVED_NAMES.contains(&name)
}

#[cfg(test)]
mod tests;
