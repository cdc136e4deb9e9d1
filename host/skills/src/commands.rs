//! Skills that people call by name: `/name …`, `/skill name …`, and `$name` within a message.

mod references;

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use crate::prompt::Seen;
use crate::skill::Skill;
use crate::text;

pub use references::{MAX_REFERENCES, TooMany, references};

/// A command's name, in characters: what the strictest platform takes.
pub const MAX_NAME: usize = 32;
/// Its description, in UTF-16 code units: what the strictest platform takes.
pub const MAX_DESCRIPTION: usize = 100;
/// Where no character of a name is left.
const NAMELESS: &str = "skill";
/// The command that takes any skill's name.
const SKILL: &str = "skill";

/// A skill's command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command<'a> {
    /// Without the slash.
    pub name: String,
    pub description: String,
    pub skill: &'a Skill,
}

/// What a message asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call<'c, 'a> {
    pub command: &'c Command<'a>,
    /// What follows the name, trimmed.
    pub arguments: &'c str,
}

/// A tool to call without asking the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispatch<'a> {
    pub tool: &'a str,
    pub arguments: Value,
}

/// The commands of those skills that people may call.
#[derive(Clone, Debug, Default)]
pub struct Commands<'a> {
    list: Vec<Command<'a>>,
    exact: HashMap<String, usize>,
    near: HashMap<String, usize>,
}

impl<'a> Commands<'a> {
    /// A reserved name is given to none; of two skills that would have the same one, the later gets a number.
    pub fn of(skills: impl IntoIterator<Item = &'a Skill>, reserved: &[&str]) -> Self {
        let mut names = Names::default();
        names.used.extend(reserved.iter().map(|name| name.to_lowercase()));
        names.used.insert(SKILL.to_owned());
        let mut commands = Self::default();
        for skill in skills.into_iter().filter(|skill| skill.user_invocable) {
            let Some(name) = names.unused(&sanitize(&skill.name)) else { continue };
            commands.add(Command { name, description: short(&skill.description), skill });
        }
        commands
    }

    fn add(&mut self, command: Command<'a>) {
        let index = self.list.len();
        for name in [&command.name, &command.skill.name] {
            self.exact.entry(name.to_lowercase()).or_insert(index);
            self.near.entry(loose(name)).or_insert(index);
        }
        self.list.push(command);
    }

    pub fn iter(&self) -> impl Iterator<Item = &Command<'a>> {
        self.list.iter()
    }

    /// By the command's name or the skill's; spaces, `_` and `-` are one.
    pub fn find(&self, name: &str) -> Option<&Command<'a>> {
        let index = self.exact.get(&text::trim(name).to_lowercase()).or_else(|| self.near.get(&loose(name)))?;
        self.list.get(*index)
    }

    /// The command that a message begins with, if it begins with one.
    pub fn called<'c>(&'c self, message: &'c str) -> Option<Call<'c, 'a>> {
        let (name, arguments) = word(text::trim(message).strip_prefix('/')?)?;
        if name.eq_ignore_ascii_case(SKILL) {
            let (name, arguments) = word(arguments)?;
            return Some(Call { command: self.find(name)?, arguments });
        }
        let name = name.to_lowercase();
        let index = self.exact.get(&name)?;
        let command = self.list.get(*index).filter(|command| command.name == name)?;
        Some(Call { command, arguments })
    }
}

/// The names that are taken.
#[derive(Default)]
struct Names {
    used: HashSet<String>,
    /// The number to try next for a name that is taken.
    next: HashMap<String, usize>,
}

impl Names {
    /// The name, or the name with the first number that makes it one of its own.
    fn unused(&mut self, name: &str) -> Option<String> {
        if self.used.insert(name.to_owned()) {
            return Some(name.to_owned());
        }
        let next = self.next.entry(name.to_owned()).or_insert(2);
        // One of one more than there are is free.
        for number in *next..next.saturating_add(self.used.len()).saturating_add(1) {
            let suffix = format!("_{number}");
            let numbered = format!("{}{suffix}", text::cut(name, MAX_NAME.saturating_sub(suffix.len())));
            if self.used.insert(numbered.clone()) {
                *next = number + 1;
                return Some(numbered);
            }
        }
        None
    }
}

/// Lower case, and `_` for each run of anything but letters, digits and `_`.
fn sanitize(name: &str) -> String {
    let mut sanitized = String::new();
    for c in name.to_lowercase().chars() {
        let c = if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '_' };
        if c != '_' || !(sanitized.is_empty() || sanitized.ends_with('_')) {
            sanitized.push(c);
        }
    }
    let cut = text::cut(sanitized.trim_end_matches('_'), MAX_NAME);
    if cut.is_empty() { NAMELESS.to_owned() } else { cut.to_owned() }
}

fn short(description: &str) -> String {
    let line = text::collapse(description);
    if text::length(&line) <= MAX_DESCRIPTION {
        return line;
    }
    format!("{}…", text::cut(&line, MAX_DESCRIPTION - 1))
}

/// The first word and what follows it.
fn word(text: &str) -> Option<(&str, &str)> {
    let (word, rest) = text.split_once(text::is_space).unwrap_or((text, ""));
    (!word.is_empty()).then_some((word, text::trim(rest)))
}

fn loose(name: &str) -> String {
    let mut loose = String::new();
    for c in text::trim(name).to_lowercase().chars() {
        let c = if c == '_' || text::is_space(c) { '-' } else { c };
        if c != '-' || !loose.ends_with('-') {
            loose.push(c);
        }
    }
    loose
}

impl Command<'_> {
    /// What the model is told of a skill that a message names.
    pub fn told(&self, seen: &Seen) -> String {
        let (name, file) = (&self.skill.name, seen.location(&self.skill.file()));
        format!("Use the \"{name}\" skill for this request. Read its file first: {file}")
    }
}

impl<'a> Call<'_, 'a> {
    /// The tool that is to be called instead of the model, where the skill says so.
    pub fn dispatch(&self) -> Option<Dispatch<'a>> {
        let skill = self.command.skill;
        let arguments = json!({ "command": self.arguments, "commandName": self.command.name, "skillName": skill.name });
        Some(Dispatch { tool: skill.command_tool.as_deref()?, arguments })
    }

    /// What the model is told, where it is asked.
    pub fn told(&self, seen: &Seen) -> String {
        let mut told = self.command.told(seen);
        if !self.arguments.is_empty() {
            told.push_str("\n\nUser input:\n");
            told.push_str(self.arguments);
        }
        told
    }
}
