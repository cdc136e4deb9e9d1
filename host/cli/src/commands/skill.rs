//! `wirken skill`: which skills there are, which are of use, and why the others are not.

use std::process::ExitCode;

use anyhow::bail;
use serde::Serialize;
use serde_json::json;
use wirken_config::Config;
use wirken_gateway::control::{self, Request};
use wirken_gateway::folder::Folder;
use wirken_skills::commands::Command;
use wirken_skills::prompt::Limits;
use wirken_skills::{Catalog, Diagnostic, Entry, Lack, State};

use super::credentials;
use crate::args::Skill;
use crate::environment::Environment;
use crate::output::{self, one_line};
use crate::skills::OwnSkills;
use crate::{parts, programs, questions};

/// Characters of a description in a list, and of a reason.
const EXCERPT: usize = 80;
const REASON: usize = 400;

pub(crate) fn run(environment: &Environment, args: Skill) -> anyhow::Result<ExitCode> {
    let folder = parts::folder(environment)?;
    let config = parts::config(&folder)?;
    let sandbox = programs::sandbox(&folder, &config, environment.home.clone());
    let skills = OwnSkills::new(environment, &folder, &config, &parts::workspace(&folder, &config)?, sandbox);
    let catalog = skills.catalog();
    let told = Told::of(&catalog, &skills);
    match args {
        Skill::List { all, report } => output::report(report.format, &told.list(all), |list| list.text(all))?,
        Skill::Info { skill, report } => {
            let info = Info::of(find(&catalog, &skill)?, &told);
            output::report(report.format, &info, Info::text)?;
        }
        Skill::Check { report } => {
            output::report(report.format, &told, Told::text)?;
            return Ok(ExitCode::from(u8::from(!told.unloadable.is_empty())));
        }
        Skill::Enable { skill } => switch(&folder, &config, &catalog, &skill, true)?,
        Skill::Disable { skill } => switch(&folder, &config, &catalog, &skill, false)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The one of this name that counts, by its name or its command's.
fn find<'a>(catalog: &'a Catalog, name: &str) -> anyhow::Result<&'a Entry> {
    let named = |entry: &&Entry| entry.skill.name == name && !matches!(entry.state, State::Shadowed(_));
    let called = || {
        let commands = catalog.commands(&[]);
        let folder = commands.find(name).map(|command| command.skill.folder.clone())?;
        catalog.entries.iter().find(|entry| entry.skill.folder == folder)
    };
    match catalog.entries.iter().find(named).or_else(called) {
        Some(entry) => Ok(entry),
        None => bail!("there is no skill named {:?}: `wirken skill list --all` names all that there are", one_line(name, 80)),
    }
}

/// As the record names it.
pub(crate) fn action(enabled: bool) -> &'static str {
    if enabled { "skill-enabled" } else { "skill-disabled" }
}

/// Writes into the configuration whether the skill of an entry is of use.
pub(crate) fn set(folder: &Folder, key: &str, enabled: bool) -> anyhow::Result<()> {
    let mut config = parts::config(folder)?;
    config.skills.entries.entry(key.to_owned()).or_default().enabled = enabled;
    // What says nothing is not written.
    config.skills.entries.retain(|_, entry| *entry != Default::default());
    let text = config.render()?;
    Config::parse(&text)?;
    questions::write(&folder.config(), &text)
}

fn switch(folder: &Folder, config: &Config, catalog: &Catalog, name: &str, enabled: bool) -> anyhow::Result<()> {
    let entry = find(catalog, name)?;
    let (skill, key) = (entry.skill.name.clone(), entry.skill.key().to_owned());
    let was = config.skills.entries.get(&key).is_none_or(|entry| entry.enabled);
    let (name, word) = (one_line(&skill, EXCERPT), if enabled { "enabled" } else { "disabled" });
    if was == enabled {
        output::note(format_args!("The skill {name} is {word} already."));
        return Ok(());
    }
    match parts::lock_unless_gateway(folder)? {
        Some(_lock) => credentials::recorded(folder, action(enabled), &skill, json!({ "key": key }), || set(folder, &key, enabled))?,
        None => {
            let request = Request::SkillSwitch { skill, key, enabled };
            parts::small_runtime()?.block_on(control::call(&folder.control(), &request))?;
        }
    }
    output::note(format_args!("The skill {name} is {word}, from the next turn on."));
    Ok(())
}

/// Everything, in words.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Told {
    skills: Vec<Row>,
    /// Files that are no skills, and why.
    unloadable: Vec<String>,
    /// What is odd about folders and files that load.
    warnings: Vec<String>,
    /// How many the model is told of, and in how many UTF-16 code units.
    told: usize,
    length: usize,
    /// Those of which it is not told, although they are ready: the block has no room.
    left_out: Vec<String>,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Row {
    name: String,
    description: String,
    source: &'static str,
    location: String,
    state: &'static str,
    /// Why it is not of use, or the model not told of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// What people type to call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<String>,
}

impl Told {
    fn of(catalog: &Catalog, skills: &OwnSkills) -> Self {
        let seen = skills.seen();
        let block = catalog.block(&seen, Limits::default());
        let commands = catalog.commands(wirken_gateway::RESERVED);
        let row = |entry: &Entry| {
            let skill = &entry.skill;
            let ready = entry.state == State::Ready;
            let left_out = ready && block.left_out.contains(&skill.name);
            let why = match &entry.state {
                State::Ready if skill.hidden_from_model => Some("the model is not told of it: `disable-model-invocation`".to_owned()),
                State::Ready if left_out => Some("the model is not told of it: the block has no room for more".to_owned()),
                State::Ready => None,
                other => Some(other.to_string()),
            };
            let called = |command: &&Command<'_>| ready && command.skill.folder == skill.folder;
            Row {
                name: skill.name.clone(),
                description: skill.description.clone(),
                source: entry.source.word(),
                location: seen.location(&skill.file()),
                state: word(&entry.state),
                why,
                command: commands.iter().find(called).map(|command| format!("/{}", command.name)),
            }
        };
        let warnings = catalog.odd.iter().chain(catalog.entries.iter().flat_map(|entry| &entry.skill.warnings));
        Self {
            skills: catalog.entries.iter().map(row).collect(),
            unloadable: catalog.unloadable.iter().map(Diagnostic::to_string).collect(),
            warnings: warnings.map(Diagnostic::to_string).collect(),
            told: block.included,
            length: block.text.encode_utf16().count(),
            left_out: block.left_out,
        }
    }

    fn list(&self, all: bool) -> List {
        let skills = self.skills.iter().filter(|row| all || row.state == "ready").cloned().collect();
        List { skills, unloadable: if all { self.unloadable.clone() } else { Vec::new() } }
    }

    fn text(&self) -> String {
        let count = |state: &str| self.skills.iter().filter(|row| row.state == state).count();
        let mut text = format!("Ready: {}; not of use: {}.\n", skills(count("ready")), self.skills.len() - count("ready"));
        text.push_str(&format!("The model is told of {}, in {} of {} characters.\n", self.told, self.length, Limits::default().length));
        if !self.left_out.is_empty() {
            text.push_str(&format!("There is no room to tell of: {}.\n", one_line(&self.left_out.join(", "), 4_000)));
        }
        let lines = |head: &str, lines: &[String]| {
            let lines: String = lines.iter().map(|line| format!("  {}\n", one_line(line, REASON))).collect();
            if lines.is_empty() { lines } else { format!("\n{head}\n{lines}") }
        };
        let lacking: Vec<String> = self
            .skills
            .iter()
            .filter(|row| row.state != "ready")
            .map(|row| format!("{}: {}", row.name, row.why.as_deref().unwrap_or("")))
            .collect();
        text.push_str(&lines("Not of use:", &lacking));
        text.push_str(&lines("No skills:", &self.unloadable));
        text.push_str(&lines("Remarks:", &self.warnings));
        text
    }
}

fn word(state: &State) -> &'static str {
    match state {
        State::Ready => "ready",
        State::Shadowed(_) => "shadowed",
        State::Disabled => "disabled",
        State::NotAllowed => "not-allowed",
        State::NotListed => "not-listed",
        State::Lacks(_) => "lacking",
    }
}

fn skills(count: usize) -> String {
    if count == 1 { "1 skill".to_owned() } else { format!("{count} skills") }
}

#[derive(Serialize)]
struct List {
    skills: Vec<Row>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unloadable: Vec<String>,
}

impl List {
    fn text(&self, all: bool) -> String {
        if self.skills.is_empty() && self.unloadable.is_empty() {
            return if all { "There is no skill yet." } else { "No skill is ready; `--all` shows the others, and why." }.to_owned();
        }
        let rows: Vec<Vec<String>> = self
            .skills
            .iter()
            .map(|row| {
                let about = row.why.as_deref().map_or_else(|| one_line(&row.description, EXCERPT), |why| one_line(why, REASON));
                vec![one_line(&row.name, 40), row.state.to_owned(), row.source.to_owned(), about]
            })
            .collect();
        let mut text = output::table(&["SKILL", "STATE", "FROM", "WHAT FOR, OR WHY NOT"], &rows);
        if !self.unloadable.is_empty() {
            text.push_str("\nNo skills:\n");
            text.extend(self.unloadable.iter().map(|line| format!("  {}\n", one_line(line, REASON))));
        }
        text
    }
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Info {
    #[serde(flatten)]
    row: Row,
    folder: String,
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    homepage: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    command_tool: Option<String>,
    /// What it needs, and whether that is there.
    needs: Vec<String>,
    lacks: Vec<String>,
    warnings: Vec<String>,
}

impl Info {
    fn of(entry: &Entry, told: &Told) -> Self {
        let skill = &entry.skill;
        let place = skill.file();
        let mut rows = told.skills.iter().filter(|row| row.name == skill.name);
        let row = rows.find(|row| row.state == word(&entry.state)).cloned().unwrap_or_else(|| Row {
            name: skill.name.clone(),
            description: skill.description.clone(),
            source: entry.source.word(),
            location: place.to_string_lossy().into_owned(),
            state: word(&entry.state),
            why: None,
            command: None,
        });
        let metadata = &skill.metadata;
        let named = |what: &str, names: &[String]| (!names.is_empty()).then(|| format!("{what} {}", names.join(", ")));
        let needs = [
            named("the system", &metadata.os),
            named("the programs", &metadata.bins),
            named("one of the programs", &metadata.any_bins),
            named("the variables", &metadata.env),
            named("in the configuration", &metadata.config),
        ];
        let lacks = match &entry.state {
            State::Lacks(lacks) => lacks.iter().map(Lack::to_string).collect(),
            _ => Vec::new(),
        };
        Self {
            row,
            folder: skill.folder.to_string_lossy().into_owned(),
            key: skill.key().to_owned(),
            homepage: skill.homepage.clone(),
            command_tool: skill.command_tool.clone(),
            needs: needs.into_iter().flatten().collect(),
            lacks,
            warnings: skill.warnings.iter().map(Diagnostic::to_string).collect(),
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        let mut add = |what: &str, value: &str| {
            if !value.is_empty() {
                text.push_str(&format!("{what}: {}\n", one_line(value, 2_000)));
            }
        };
        add("Skill", &self.row.name);
        add("For", &self.row.description);
        add("State", &self.row.why.as_ref().map_or_else(|| self.row.state.to_owned(), |why| format!("{}: {why}", self.row.state)));
        add("From", self.row.source);
        add("Folder", &self.folder);
        add("Told as", &self.row.location);
        add("Command", self.row.command.as_deref().unwrap_or_default());
        add("Calls the tool", self.command_tool.as_deref().unwrap_or_default());
        add("Homepage", self.homepage.as_deref().unwrap_or_default());
        add("Entry in the configuration", &self.key);
        add("Needs", &self.needs.join("; "));
        for warning in &self.warnings {
            add("Remark", warning);
        }
        text
    }
}
