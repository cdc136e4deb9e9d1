//! What of config.toml takes effect only when the gateway is started again. Components, and what was allowed to them, are read
//! anew while it runs; the configuration is read once.

use serde::{Deserialize, Serialize};
use wirken_config::Config;
use wirken_gateway::folder::Folder;

use crate::parts;

/// How the file differs from what a gateway was started with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Changed {
    /// In these sections.
    Sections(Vec<String>),
    /// It is not right: no gateway would start with it.
    Wrong(String),
}

/// None where it says the same.
pub(crate) fn changed(folder: &Folder, started_with: &Config) -> Option<Changed> {
    match parts::config(folder) {
        Ok(now) => {
            let sections: Vec<String> = started_with.differences(&now).into_iter().map(str::to_owned).collect();
            (!sections.is_empty()).then_some(Changed::Sections(sections))
        }
        Err(error) => Some(Changed::Wrong(format!("{error:#}"))),
    }
}

impl std::fmt::Display for Changed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sections(sections) => {
                let names: Vec<String> = sections.iter().map(|section| format!("[{section}]")).collect();
                write!(f, "{} changed since the start: start the gateway again for that to take effect", names.join(", "))
            }
            Self::Wrong(why) => write!(f, "changed since the start, and nothing starts with it: {why}"),
        }
    }
}
