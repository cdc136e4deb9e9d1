//! Each file of the corpus, which `data/corpus.py` wrote together with what is expected of it.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};
use wirken_skills::{Install, InstallKind, Library, Root, Skill, Source};

type Table = BTreeMap<String, Map<String, Value>>;

fn data() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data"))
}

fn table() -> Table {
    serde_json::from_str(&std::fs::read_to_string(data().join("corpus.json")).unwrap()).unwrap()
}

fn install(install: &Install) -> Value {
    let kind = match install.kind {
        InstallKind::Brew => "brew",
        InstallKind::Node => "node",
        InstallKind::Go => "go",
        InstallKind::Uv => "uv",
        InstallKind::Download => "download",
    };
    json!([kind, install.target])
}

/// What a skill has under the names of the table.
fn told(skill: &Skill) -> Map<String, Value> {
    let needs = &skill.metadata;
    let told = json!({
        "name": skill.name,
        "description": skill.description,
        "homepage": skill.homepage,
        "user_invocable": skill.user_invocable,
        "hidden": skill.hidden_from_model,
        "tool": skill.command_tool,
        "bins": needs.bins,
        "any_bins": needs.any_bins,
        "env": needs.env,
        "config": needs.config,
        "os": needs.os,
        "primary_env": needs.primary_env,
        "skill_key": needs.skill_key,
        "emoji": needs.emoji,
        "always": needs.always,
        "install": needs.install.iter().map(install).collect::<Vec<_>>(),
    });
    let Value::Object(told) = told else { panic!() };
    told
}

/// What is expected of every key that a case does not name.
fn otherwise(key: &str) -> Value {
    match key {
        "user_invocable" => json!(true),
        "hidden" | "always" => json!(false),
        "bins" | "any_bins" | "env" | "config" | "os" | "install" => json!([]),
        _ => Value::Null,
    }
}

#[test]
fn every_file_of_the_corpus_is_what_the_contract_makes_of_it() {
    let table = table();
    assert!(table.len() >= 100, "{}", table.len());
    let mut wrong = Vec::new();
    for (folder, expected) in &table {
        let path = data().join("corpus").join(folder);
        let bytes = std::fs::read(path.join("SKILL.md")).unwrap();
        let parsed = Skill::parse(&String::from_utf8_lossy(&bytes), &path, folder);
        match (parsed, expected.get("refused")) {
            (Ok(skill), None) => {
                let told = told(&skill);
                assert!(expected.keys().all(|key| key == "warns" || told.contains_key(key)), "{folder} expects something unknown");
                for (key, value) in &told {
                    let meant = expected.get(key).cloned().unwrap_or_else(|| otherwise(key));
                    if *value != meant {
                        wrong.push(format!("{folder}: {key} is {value}, and {meant} was expected"));
                    }
                }
                let warnings: Vec<_> = skill.warnings.iter().map(ToString::to_string).collect();
                if let Some(warns) = expected.get("warns").and_then(Value::as_str)
                    && !warnings.iter().any(|warning| warning.contains(warns))
                {
                    wrong.push(format!("{folder}: does not warn of {warns:?} but {warnings:?}"));
                }
                let unwarned = |words: &str| expected.get("warns").is_none() && warnings.iter().any(|warning| warning.contains(words));
                if unwarned("line by line") || unwarned("`metadata`") || unwarned("install hint") {
                    wrong.push(format!("{folder}: warns without need: {warnings:?}"));
                }
            }
            (Err(diagnostic), Some(why)) => {
                let line = expected["line"].as_u64().and_then(|line| usize::try_from(line).ok());
                if !diagnostic.why.contains(why.as_str().unwrap()) || diagnostic.line != line {
                    wrong.push(format!("{folder}: is refused with {diagnostic:?}"));
                }
                if diagnostic.file != path.join("SKILL.md") {
                    wrong.push(format!("{folder}: the diagnostic names {}", diagnostic.file.display()));
                }
            }
            (Ok(skill), Some(why)) => wrong.push(format!("{folder}: loads as {:?}, and not because {why}", skill.name)),
            (Err(diagnostic), None) => wrong.push(format!("{folder}: is refused: {diagnostic}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_folder_of_all_of_them_loads_all_that_can_and_names_the_rest() {
    let table = table();
    let root = Root { source: Source::Local, path: data().join("corpus") };
    let inventory = Library::new(vec![root], Vec::new(), std::time::Duration::ZERO).look();
    let refused = table.values().filter(|expected| expected.contains_key("refused")).count();
    assert_eq!(inventory.unloadable.len(), refused);
    assert_eq!(inventory.found.len(), table.len() - refused);
    assert_eq!(inventory.odd, []);
}
