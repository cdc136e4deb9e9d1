//! `[approvals]` and `[channels.<account>.approvals]`: how long an answer is good for, who may give one, and what nobody is
//! asked about because it is not to happen.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ConfigError, field};

const REMEMBER_DAYS: u32 = 30;
const EXPIRE_MINUTES: u32 = 60;
const MAX_TIER: u8 = 2;

/// The longest that a grant may last.
pub const MAX_REMEMBER_DAYS: u32 = 365;
/// The longest that a question may wait: a week.
pub const MAX_EXPIRE_MINUTES: u32 = 7 * 24 * 60;
/// How many entries one of the lists may have.
pub const MAX_ENTRIES: usize = 1000;
/// The longest entry of such a list, in bytes.
pub const MAX_ENTRY_BYTES: usize = 256;

/// When people are asked, and what they can not allow.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Approvals {
    /// Days for which what is allowed for longer than a session is remembered. Default: 30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = MAX_REMEMBER_DAYS))]
    pub remember_days: Option<u32>,
    /// Minutes for which a question waits for its answer. Default: 60.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = MAX_EXPIRE_MINUTES))]
    pub expire_minutes: Option<u32>,
    /// The tools that the agent is offered, by name. Default: all that are loaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = MAX_ENTRIES), inner(length(min = 1, max = MAX_ENTRY_BYTES)))]
    pub allowed_tools: Option<BTreeSet<String>>,
    /// The tools that it is not offered, whatever the list above says.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(length(max = MAX_ENTRIES), inner(length(min = 1, max = MAX_ENTRY_BYTES)))]
    pub blocked_tools: BTreeSet<String>,
    /// Programs that nobody is asked about: they are not run. A guard against mistakes, since a program can be copied.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(length(max = MAX_ENTRIES), inner(length(min = 1, max = MAX_ENTRY_BYTES)))]
    pub blocked_programs: BTreeSet<String>,
}

/// Who may answer through a channel. An answer there is worth what the channel's process is worth.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ChannelApprovals {
    /// Up to which tier an answer in this channel counts: 1 for none, 2, or 3. What is above is answered in WebChat or by
    /// `wirken permissions`. Default: 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 3))]
    pub max_tier: Option<u8>,
    /// Who may answer, by the platform's ids. Default: nobody.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(length(max = MAX_ENTRIES), inner(length(min = 1, max = MAX_ENTRY_BYTES)))]
    pub approvers: BTreeSet<String>,
}

impl Approvals {
    pub fn remember_days(&self) -> u32 {
        self.remember_days.unwrap_or(REMEMBER_DAYS)
    }

    pub fn expire_minutes(&self) -> u32 {
        self.expire_minutes.unwrap_or(EXPIRE_MINUTES)
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let between = |key: &str, value: u32, most: u32| {
            let why = || format!("{value} is not between 1 and {most}");
            if (1..=most).contains(&value) { Ok(()) } else { Err(field(format!("approvals.{key}"), why())) }
        };
        between("remember-days", self.remember_days(), MAX_REMEMBER_DAYS)?;
        between("expire-minutes", self.expire_minutes(), MAX_EXPIRE_MINUTES)?;
        if let Some(allowed) = &self.allowed_tools {
            entries("approvals.allowed-tools", allowed)?;
        }
        entries("approvals.blocked-tools", &self.blocked_tools)?;
        entries("approvals.blocked-programs", &self.blocked_programs)
    }
}

impl ChannelApprovals {
    pub fn max_tier(&self) -> u8 {
        self.max_tier.unwrap_or(MAX_TIER)
    }

    pub(crate) fn check(&self, at: &str) -> Result<(), ConfigError> {
        let tier = self.max_tier();
        if !(1..=3).contains(&tier) {
            return Err(field(format!("{at}.max-tier"), format!("there is no tier {tier}: 1, 2 and 3 are")));
        }
        entries(&format!("{at}.approvers"), &self.approvers)
    }
}

fn entries(at: &str, entries: &BTreeSet<String>) -> Result<(), ConfigError> {
    if entries.len() > MAX_ENTRIES {
        return Err(field(at, format!("it has {} entries, and {MAX_ENTRIES} are the most", entries.len())));
    }
    if entries.iter().any(|entry| !(1..=MAX_ENTRY_BYTES).contains(&entry.len())) {
        return Err(field(at, format!("each entry has 1 to {MAX_ENTRY_BYTES} bytes")));
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
    fn says_nothing_and_everything() {
        let nothing = parse("").unwrap().approvals;
        assert_eq!((nothing.remember_days(), nothing.expire_minutes(), &nothing.allowed_tools), (30, 60, &None));
        let text = "[approvals]\nremember-days = 7\nexpire-minutes = 5\nallowed-tools = [\"exec\"]\nblocked-tools = [\"files_write\"]\nblocked-programs = [\"curl\"]\n\
                    [channels.a]\ncomponent = \"m\"\nshared-workspace = true\n[channels.a.approvals]\nmax-tier = 3\napprovers = [\"17\"]\n";
        let config = parse(text).unwrap();
        assert_eq!((config.approvals.remember_days(), config.approvals.expire_minutes()), (7, 5));
        let channel = &config.channels["a"];
        assert_eq!((channel.approvals.max_tier(), channel.approvals.approvers.contains("17"), channel.shared_workspace), (3, true, true));
        assert_eq!(Config::parse(&config.render().unwrap()), Ok(config));
        let plain = parse("[channels.a]\ncomponent = \"m\"\n").unwrap();
        let channel = &plain.channels["a"];
        assert_eq!((channel.approvals.max_tier(), channel.approvals.approvers.len(), channel.shared_workspace), (2, 0, false));
    }

    #[test]
    fn is_bounded_on_both_sides() {
        for (line, fits) in [
            ("remember-days = 1", true),
            ("remember-days = 365", true),
            ("remember-days = 0", false),
            ("remember-days = 366", false),
            ("expire-minutes = 1", true),
            ("expire-minutes = 10080", true),
            ("expire-minutes = 0", false),
            ("expire-minutes = 10081", false),
            ("blocked-tools = [\"\"]", false),
        ] {
            assert_eq!(parse(&format!("[approvals]\n{line}\n")).is_ok(), fits, "{line}");
        }
        for (tier, fits) in [(0, false), (1, true), (3, true), (4, false)] {
            let lines = format!("[channels.a]\ncomponent = \"m\"\n[channels.a.approvals]\nmax-tier = {tier}\n");
            assert_eq!(parse(&lines).is_ok(), fits, "{tier}");
        }
        for (length, fits) in [(256, true), (257, false)] {
            let lines = format!("[channels.a]\ncomponent = \"m\"\n[channels.a.approvals]\napprovers = [\"{}\"]\n", "x".repeat(length));
            assert_eq!(parse(&lines).is_ok(), fits, "{length}");
        }
        for (count, fits) in [(1000, true), (1001, false)] {
            let many: Vec<String> = (0..count).map(|index| format!("\"{index}\"")).collect();
            assert_eq!(parse(&format!("[approvals]\nblocked-programs = [{}]\n", many.join(","))).is_ok(), fits, "{count}");
        }
    }
}
