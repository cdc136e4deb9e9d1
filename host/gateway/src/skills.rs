//! The owner's skills as turns use them: the block that the model is told, the folders that its tools may read, and what a
//! message calls by name.
//!
//! What there is, and whether it is of use, is decided in `wirken-skills`; a look is taken when a turn begins, and the turn
//! keeps what it saw.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use wirken_permissions::WORKSPACE;
use wirken_skills::commands::{Commands, TooMany, references};
use wirken_skills::prompt::{Block, Limits, Seen};
use wirken_skills::{Catalog, Skill};

/// What the chats' own commands are called, so that no skill's is.
pub const RESERVED: &[&str] = &["new", "stop", "start", "help"];

/// Where skills come from.
pub trait Skills: Send + Sync {
    /// Those that there are now. It looks at a disk, on a thread that may wait for it.
    fn look(&self) -> Option<Arc<Ready>>;
}

/// There are none.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSkills;

impl Skills for NoSkills {
    fn look(&self) -> Option<Arc<Ready>> {
        None
    }
}

/// What one look found.
#[derive(Debug)]
pub struct Ready {
    catalog: Catalog,
    seen: Seen,
    block: Block,
    folders: Vec<Folder>,
}

/// The folder of a skill that may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Folder {
    /// The path by which tools know it.
    pub(crate) path: String,
    /// Where it is.
    pub(crate) folder: PathBuf,
}

/// What a message calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Called {
    pub(crate) skills: Vec<String>,
    /// The tool that is called past the model, with its arguments.
    pub(crate) tool: Option<(String, Value)>,
    /// What the model reads instead of the message.
    pub(crate) told: String,
}

impl Ready {
    pub fn new(catalog: Catalog, seen: Seen) -> Self {
        let block = catalog.block(&seen, Limits::default());
        let folder = |skill: &Skill| Some(Folder { path: seen.path(&skill.folder)?, folder: skill.folder.clone() });
        let folders = catalog.ready().filter_map(folder).collect();
        Self { catalog, seen, block, folders }
    }

    pub(crate) fn block(&self) -> &Block {
        &self.block
    }

    /// The folder that a path leads into, and the path as an absolute one. A path that could lead out of it does not.
    pub(crate) fn folder_of(&self, path: &str) -> Option<(&Folder, String)> {
        let written = match path.strip_prefix("~/") {
            Some(below) => self.seen.home.as_ref()?.join(below),
            None => PathBuf::from(path),
        };
        let plain = |part: Component<'_>| matches!(part, Component::RootDir | Component::Normal(_));
        if !written.is_absolute() || !written.components().all(plain) {
            return None;
        }
        let found = self.folders.iter().filter(|folder| written.starts_with(&folder.path)).max_by_key(|folder| folder.path.len())?;
        let absolute: PathBuf = written.components().collect();
        Some((found, absolute.to_str()?.to_owned()))
    }

    /// The folders outside of the workspace that words of a program's command line name.
    pub(crate) fn named<'a>(&self, words: impl Iterator<Item = &'a str>) -> Vec<&Folder> {
        let words: Vec<&str> = words.filter(|word| word.contains('/')).collect();
        let outside = |folder: &&Folder| !Path::new(&folder.path).starts_with(WORKSPACE);
        let named = |folder: &&Folder| words.iter().any(|word| names(word, &folder.path));
        self.folders.iter().filter(outside).filter(named).collect()
    }

    /// What a message calls by name, if it calls anything. Lines before `from` are not the sender's.
    pub(crate) fn called(&self, text: &str, from: usize) -> Result<Option<Called>, TooMany> {
        let (head, said) = text.split_at_checked(from).unwrap_or(("", text));
        let commands = self.catalog.commands(RESERVED);
        if let Some(called) = called(&commands, &self.seen, said) {
            return Ok(Some(Called { told: format!("{head}{}", called.told), ..called }));
        }
        let named = references(said, &commands)?;
        if named.is_empty() {
            return Ok(None);
        }
        let told: Vec<String> = std::iter::once(text.to_owned()).chain(named.iter().map(|command| command.told(&self.seen))).collect();
        let skills = named.iter().map(|command| command.skill.name.clone()).collect();
        Ok(Some(Called { skills, tool: None, told: told.join("\n\n") }))
    }
}

fn called(commands: &Commands<'_>, seen: &Seen, said: &str) -> Option<Called> {
    // Platforms add whom a command is for where several could be meant.
    let (command, rest) = said.trim_start().split_once(char::is_whitespace).unwrap_or((said.trim(), ""));
    let addressed = command.split_once('@').map(|(command, _)| format!("{command} {rest}"));
    let call = commands.called(addressed.as_deref().unwrap_or(said))?;
    let tool = call.dispatch().map(|dispatch| (dispatch.tool.to_owned(), dispatch.arguments));
    Some(Called { skills: vec![call.command.skill.name.clone()], tool, told: call.told(seen) })
}

/// Whether a folder's path stands in a word, and not the beginning of another's.
fn names(word: &str, folder: &str) -> bool {
    let goes_on = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    word.match_indices(folder).any(|(at, found)| {
        let after = word.get(at + found.len()..).and_then(|rest| rest.chars().next());
        !after.is_some_and(goes_on)
    })
}

#[cfg(test)]
mod tests;
