//! The corpus: commands and paths, harmless and hostile, each with the tier that it has to have and what a grant would
//! remember of it. One JSON object a line, so that a new trick is a new line.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;
use wirken_permissions::Action;
use wirken_types::approval::{Judged, Tier};

use crate::support::{exec, judged};

const COMMANDS: &str = include_str!("../corpus/commands.jsonl");
const PATHS: &str = include_str!("../corpus/paths.jsonl");

/// A program and its arguments.
pub(crate) type Argv = (String, Vec<String>);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Command {
    category: String,
    program: String,
    arguments: Vec<String>,
    tier: Tier,
    key: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Path {
    category: String,
    path: String,
    write: bool,
    tier: Tier,
    key: Option<Value>,
}

fn lines<'a, T: Deserialize<'a>>(text: &'a str) -> Vec<T> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

/// Every command of the corpus, as an argv.
pub(crate) static ALL: LazyLock<Vec<Argv>> = LazyLock::new(|| argvs(|_| true));

/// Those that are not tier 3.
pub(crate) static HARMLESS: LazyLock<Vec<Argv>> = LazyLock::new(|| argvs(|command| command.tier != Tier::EveryTime));

fn argvs(wanted: impl Fn(&Command) -> bool) -> Vec<Argv> {
    lines::<Command>(COMMANDS).into_iter().filter(wanted).map(|command| (command.program, command.arguments)).collect()
}

/// What is wrong with a judgement, if anything is.
fn objection(judged: &Judged, tier: Tier, key: Option<&Value>) -> Option<String> {
    let found: Option<Value> = judged.key.as_ref().map(|key| serde_json::from_str(key).unwrap());
    let explained = tier == Tier::Always || !judged.reasons.is_empty();
    let fits = judged.tier == tier && found.as_ref() == key && (key.is_some() == (tier == Tier::Remembered)) && explained;
    (!fits).then(|| format!("{} is {:?} with {:?} because {:?}", judged.words, judged.tier, judged.key, judged.reasons))
}

/// So that no category shrinks unseen.
fn count<'a>(categories: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
    let mut counts = BTreeMap::new();
    for category in categories {
        *counts.entry(category).or_insert(0) += 1;
    }
    counts
}

#[test]
fn every_command_has_its_tier_and_its_key() {
    let commands: Vec<Command> = lines(COMMANDS);
    let wrong: Vec<String> = commands
        .iter()
        .filter_map(|command| objection(&judged(&exec(&command.program, &command.arguments)), command.tier, command.key.as_ref()))
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), commands.len(), wrong.join("\n"));
}

#[test]
fn every_path_has_its_tier_and_its_key() {
    let paths: Vec<Path> = lines(PATHS);
    let wrong: Vec<String> =
        paths.iter().filter_map(|path| objection(&judged(&Action::file(&path.path, path.write)), path.tier, path.key.as_ref())).collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), paths.len(), wrong.join("\n"));
}

#[test]
fn the_corpus_is_whole() {
    let commands: Vec<Command> = lines(COMMANDS);
    let expected = BTreeMap::from([
        ("credentials", 144),
        ("inspection", 139),
        ("interpreter", 67),
        ("look-alike", 49),
        ("odd-name", 47),
        ("operator", 37),
        ("option", 115),
        ("path-to-program", 45),
        ("program", 107),
        ("shell", 51),
        ("wrapper", 83),
    ]);
    assert_eq!(count(commands.iter().map(|command| command.category.as_str())), expected);
    let paths: Vec<Path> = lines(PATHS);
    let expected = BTreeMap::from([("outside", 22), ("private", 56), ("workspace", 46), ("written", 39)]);
    assert_eq!(count(paths.iter().map(|path| path.category.as_str())), expected);
    // One category of commands is harmless, and all of it is.
    assert!(commands.iter().all(|command| (command.category == "inspection") == (command.tier == Tier::Remembered)));
}
