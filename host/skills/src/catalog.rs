//! Which skills are of use, to one agent, here and now; and why the others are not.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use wirken_config::{SkillEntry, Skills};

use crate::commands::Commands;
use crate::eligible::{Lack, Surroundings, lacks};
use crate::library::{Found, Inventory};
use crate::order;
use crate::prompt::{Block, Limits, Listed, Seen, render};
use crate::roots::Source;
use crate::skill::{Diagnostic, Skill};

/// A skill with what is to be said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub skill: Arc<Skill>,
    pub source: Source,
    pub state: State,
    beyond_source: bool,
}

/// Whether it is of use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    Ready,
    /// A skill of the same name with a higher precedence is in this folder.
    Shadowed(PathBuf),
    Disabled,
    /// It is bundled, and the owner named others.
    NotAllowed,
    /// The agent has a list, and it is not on it.
    NotListed,
    Lacks(Vec<Lack>),
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ready => f.write_str("ready"),
            Self::Shadowed(by) => write!(f, "shadowed by {}", by.display()),
            Self::Disabled => f.write_str("disabled"),
            Self::NotAllowed => f.write_str("not among `allow-bundled`"),
            Self::NotListed => f.write_str("not on the agent's list of skills"),
            Self::Lacks(lacks) => {
                let lacks: Vec<_> = lacks.iter().map(Lack::to_string).collect();
                f.write_str(&lacks.join("; "))
            }
        }
    }
}

/// Every skill, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalog {
    pub entries: Vec<Entry>,
    pub unloadable: Vec<Diagnostic>,
    pub odd: Vec<Diagnostic>,
}

impl Catalog {
    /// Judges what there is. `list` is the agent's own list, where it has one.
    pub fn of(inventory: &Inventory, config: &Skills, list: Option<&[String]>, here: &dyn Surroundings) -> Self {
        let mut first: HashMap<&str, &Found> = HashMap::new();
        let mut entries: Vec<Entry> = Vec::with_capacity(inventory.found.len());
        for found in &inventory.found {
            let Found { skill, source, beyond_source } = found;
            let winner = *first.entry(skill.name.as_str()).or_insert(found);
            let state = match std::ptr::eq(winner, found) {
                true => judge(skill, *source, config, list, here),
                false => State::Shadowed(winner.skill.folder.clone()),
            };
            entries.push(Entry { skill: Arc::clone(skill), source: *source, state, beyond_source: *beyond_source });
        }
        entries.sort_by(|a, b| order::compare(&a.skill.name, &b.skill.name));
        Self { entries, unloadable: inventory.unloadable.clone(), odd: inventory.odd.clone() }
    }

    /// Those that may be used.
    pub fn ready(&self) -> impl Iterator<Item = &Skill> {
        self.entries.iter().filter(|entry| entry.state == State::Ready).map(|entry| entry.skill.as_ref())
    }

    /// The block of those that the model is told of.
    pub fn block(&self, seen: &Seen, limits: Limits) -> Block {
        let told = |entry: &&Entry| entry.state == State::Ready && !entry.skill.hidden_from_model;
        let (beyond, within): (Vec<_>, Vec<_>) = self.entries.iter().filter(told).partition(|entry| entry.beyond_source);
        let listed = within.into_iter().map(|entry| Listed {
            name: &entry.skill.name,
            description: &entry.skill.description,
            location: seen.location(&entry.skill.file()),
            note: None,
        });
        let mut block = render(listed.collect(), beyond.len(), limits);
        block.left_out.extend(beyond.into_iter().map(|entry| entry.skill.name.clone()));
        block
    }

    /// The commands of those that people may call.
    pub fn commands(&self, reserved: &[&str]) -> Commands<'_> {
        Commands::of(self.ready(), reserved)
    }
}

fn judge(skill: &Skill, source: Source, config: &Skills, list: Option<&[String]>, here: &dyn Surroundings) -> State {
    let entry = config.entries.get(skill.key());
    let named = |names: &[String]| names.iter().any(|name| name == &skill.name || name == skill.key());
    if entry.is_some_and(|entry| !entry.enabled) {
        return State::Disabled;
    }
    if source == Source::Bundled && !config.allow_bundled.is_empty() && !named(&config.allow_bundled) {
        return State::NotAllowed;
    }
    if list.is_some_and(|list| !list.contains(&skill.name)) {
        return State::NotListed;
    }
    let needs = &skill.metadata;
    let provides = |name: &str| entry.is_some_and(|entry| provides(entry, name, needs.primary_env.as_deref()));
    match lacks(needs, &provides, here) {
        lacks if lacks.is_empty() => State::Ready,
        lacks => State::Lacks(lacks),
    }
}

/// An entry sets a variable under `env`, or names the credential that stands for the skill's primary one.
fn provides(entry: &SkillEntry, name: &str, primary: Option<&str>) -> bool {
    entry.env.get(name).is_some_and(|value| !value.trim().is_empty()) || (primary == Some(name) && entry.api_key.is_some())
}
