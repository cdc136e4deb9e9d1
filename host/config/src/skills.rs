//! Skills: which are used, and where they are looked for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{ConfigError, field, is_default};

/// Longest time in milliseconds that a change may have to rest.
pub const MAX_DEBOUNCE_MS: u64 = 60_000;
const DEFAULT_DEBOUNCE_MS: u64 = 250;
/// Entries of each list under `[skills]`.
const MAX_LIST: usize = 1_000;

/// Folders with a SKILL.md: docs/skills.md.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Skills {
    /// The bundled skills that may be used. Default: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = MAX_LIST))]
    pub allow_bundled: Vec<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub load: SkillLoad,
    /// What is decided of one skill, by its name, or by the key that it names itself.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub entries: BTreeMap<String, SkillEntry>,
}

/// Where skills are looked for besides their usual folders, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct SkillLoad {
    /// More folders: absolute, or beginning with `~/`. Their skills give way to every other of the same name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = MAX_LIST))]
    pub extra_dirs: Vec<PathBuf>,
    /// Folders that links in those folders may lead to: absolute, or beginning with `~/`. Default: none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = MAX_LIST))]
    pub allow_symlink_targets: Vec<PathBuf>,
    /// Look for changes, and not only once.
    pub watch: bool,
    /// Milliseconds for which a change must have rested before it counts.
    #[schemars(range(max = MAX_DEBOUNCE_MS))]
    pub watch_debounce_ms: u64,
}

impl Default for SkillLoad {
    fn default() -> Self {
        Self { extra_dirs: Vec::new(), allow_symlink_targets: Vec::new(), watch: true, watch_debounce_ms: DEFAULT_DEBOUNCE_MS }
    }
}

/// One skill.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct SkillEntry {
    /// Whether it may be used.
    pub enabled: bool,
    /// The name of the credential that stands for the variable that the skill calls its primary one; never the credential.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<String>,
    /// Variables that the skill asks for and that are no secrets.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// The skill's own settings.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub config: Map<String, Value>,
}

impl Default for SkillEntry {
    fn default() -> Self {
        Self { enabled: true, api_key: None, env: BTreeMap::new(), config: Map::new() }
    }
}

impl Skills {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        for (name, folders) in [("extra-dirs", &self.load.extra_dirs), ("allow-symlink-targets", &self.load.allow_symlink_targets)] {
            at_most(&format!("skills.load.{name}"), folders.len())?;
            if folders.iter().any(|folder| !folder.is_absolute() && !folder.starts_with("~")) {
                return Err(field(format!("skills.load.{name}"), "a folder is neither absolute nor begins with `~/`"));
            }
        }
        at_most("skills.allow-bundled", self.allow_bundled.len())?;
        at_most("skills.entries", self.entries.len())?;
        if self.load.watch_debounce_ms > MAX_DEBOUNCE_MS {
            return Err(field("skills.load.watch-debounce-ms", format!("{MAX_DEBOUNCE_MS} is the most")));
        }
        for (name, entry) in &self.entries {
            let at = |key: &str| format!("skills.entries.{name}.{key}");
            if entry.api_key.as_ref().is_some_and(|key| !is_credential(key)) {
                return Err(field(
                    at("api-key"),
                    "it is no name of a credential: use lower-case letters, digits and hyphens, and never the key itself",
                ));
            }
            let plain = |name: &str| !name.is_empty() && !name.contains(['=', '\0']);
            if let Some(variable) = entry.env.keys().find(|variable| !plain(variable)) {
                return Err(field(at("env"), format!("`{variable}` is no name of a variable")));
            }
        }
        Ok(())
    }
}

impl SkillLoad {
    /// A list of folders with `~` as the home folder. Without one, those that need it are left out.
    pub fn folders(list: &[PathBuf], home: Option<&Path>) -> Vec<PathBuf> {
        let expand = |folder: &PathBuf| match folder.strip_prefix("~") {
            Ok(below) => home.map(|home| home.join(below)),
            Err(_) => Some(folder.clone()),
        };
        list.iter().filter_map(expand).collect()
    }
}

/// Names of credentials are short words; keys are long.
fn is_credential(name: &str) -> bool {
    wirken_manifest::is_name(name)
}

fn at_most(what: &str, count: usize) -> Result<(), ConfigError> {
    if count > MAX_LIST { Err(field(what, format!("it has {count} entries, and {MAX_LIST} are the most"))) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(&format!("[provider]\ncomponent = \"demo\"\nmodel = \"demo\"\n{text}")).map_err(|error| error.to_string())
    }

    #[test]
    fn reads_what_the_owner_decided_and_writes_it_again() {
        let text = "[agent]\nskills = []\n[skills]\nallow-bundled = [\"git\"]\n[skills.load]\nextra-dirs = [\"/srv/skills\", \"~/more\"]\nwatch = false\n\
            [skills.entries.image-lab]\napi-key = \"images\"\nenv = { HOST = \"h\" }\nconfig = { size = 3 }\n[skills.entries.\"Git Hub\"]\nenabled = false\n";
        let config = parse(text).unwrap();
        assert_eq!(config.agent.skills, Some(Vec::new()));
        assert_eq!((config.skills.load.watch, config.skills.load.watch_debounce_ms), (false, 250));
        assert!(config.skills.entries["image-lab"].enabled && !config.skills.entries["Git Hub"].enabled);
        assert_eq!(Config::parse(&config.render().unwrap()), Ok(config.clone()));
        let home = Path::new("/home/a");
        assert_eq!(SkillLoad::folders(&config.skills.load.extra_dirs, Some(home)), ["/srv/skills", "/home/a/more"].map(PathBuf::from));
        assert_eq!(SkillLoad::folders(&config.skills.load.extra_dirs, None), ["/srv/skills"].map(PathBuf::from));
    }

    #[test]
    fn says_nothing_where_nothing_was_decided() {
        let config = parse("").unwrap();
        assert_eq!((config.skills, config.agent.skills), (Skills::default(), None));
        assert!(!parse("").unwrap().render().unwrap().contains("skills"));
    }

    #[test]
    fn names_what_is_wrong() {
        let folders = |count: usize| format!("[skills.load]\nextra-dirs = [{}]\n", "\"/a\",".repeat(count));
        assert!(parse(&folders(MAX_LIST)).is_ok() && parse(&format!("[skills.load]\nwatch-debounce-ms = {MAX_DEBOUNCE_MS}\n")).is_ok());
        for (text, said) in [
            (folders(MAX_LIST + 1), "1000 are the most"),
            (format!("[skills.load]\nwatch-debounce-ms = {}\n", MAX_DEBOUNCE_MS + 1), "60000 is the most"),
            ("[skills.load]\nextra-dirs = [\"here\"]\n".to_owned(), "skills.load.extra-dirs"),
            ("[skills.load]\nextra-dirs = [\"~someone/x\"]\n".to_owned(), "neither absolute"),
            ("[skills.load]\nallow-symlink-targets = [\"../x\"]\n".to_owned(), "skills.load.allow-symlink-targets"),
            ("[skills.load]\nextraDirs = []\n".to_owned(), "did you mean `extra-dirs`?"),
            ("[skills.entries.a]\nenable = true\n".to_owned(), "did you mean `enabled`?"),
            ("[skills.entries.a]\napi-key = \"Sk_1234567890\"\n".to_owned(), "skills.entries.a.api-key"),
            ("[skills.entries.a]\nenv = { \"A=B\" = \"c\" }\n".to_owned(), "no name of a variable"),
        ] {
            let error = parse(&text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
