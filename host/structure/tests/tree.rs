//! Applies the rules of this crate to the tree that it stands in.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails where it is surprised")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use wirken_structure::{ROOMS, name_in, objection};

/// Files under host/ that name a platform or vendor where people read them, and why.
const MAY_NAME: &[(&str, &str)] = &[];

/// Folders that hold nothing of the tree's own.
const NOT_OURS: &[&str] = &["target", "node_modules", ".venv", ".git", ".tools", "dist", "__pycache__"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Every file below a folder, but for what was built or installed there.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            if !NOT_OURS.iter().any(|name| entry.file_name() == *name) {
                files(&entry.path(), found);
            }
        } else if kind.is_file() && entry.file_name() != ".git" {
            found.push(entry.path());
        }
    }
}

fn files_below(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    files(&root().join(folder), &mut found);
    found.sort();
    found
}

/// The tree's own crates and their dependencies on each other that are not for tests alone.
fn dependencies() -> (BTreeSet<String>, Vec<(String, String)>) {
    #[expect(clippy::disallowed_methods, reason = "a test asks cargo what this workspace is")]
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let room = |name: &str| name.strip_prefix("wirken-").map(str::to_owned);
    let mut rooms = BTreeSet::new();
    let mut edges = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        let from = room(name).unwrap_or_else(|| panic!("{name} is not called wirken-<folder>"));
        let manifest = package["manifest_path"].as_str().unwrap();
        // Adapters have a folder of their own at the top, beside the host's.
        let folder = if from == "adapters-native" { from.clone() } else { format!("host/{from}") };
        assert!(manifest.ends_with(&format!("/{folder}/Cargo.toml")), "{name} is not in {folder}: {manifest}");
        for dependency in package["dependencies"].as_array().unwrap() {
            if dependency["kind"] != "dev"
                && let Some(to) = room(dependency["name"].as_str().unwrap())
            {
                edges.push((from.clone(), to));
            }
        }
        rooms.insert(from);
    }
    (rooms, edges)
}

#[test]
fn every_crate_has_a_place() {
    let (rooms, _) = dependencies();
    assert!(rooms.len() > 10, "{rooms:?}");
    let homeless: Vec<_> = rooms.iter().filter(|room| !ROOMS.iter().any(|(name, _)| name == room)).collect();
    assert!(homeless.is_empty(), "give these a place in host/structure/src/lib.rs: {homeless:?}");
    let gone: Vec<_> = ROOMS.iter().filter(|(name, _)| !rooms.contains(*name)).collect();
    assert!(gone.is_empty(), "these have a place and are not there: {gone:?}");
}

#[test]
fn dependencies_point_down() {
    let (_, edges) = dependencies();
    let objections: Vec<_> = edges.iter().filter_map(|(from, to)| objection(from, to)).collect();
    assert!(objections.is_empty(), "{}", objections.join("\n"));
}

#[test]
fn objects_to_each_kind_of_wrong_arrow() {
    for (from, to) in [
        ("types", "secret"),
        ("turn", "ledger"),
        ("turn", "manifest"),
        ("ledger", "vault"),
        ("egress", "vault"),
        ("engine", "bindings"),
        ("gateway", "webchat"),
        ("gateway", "bundled"),
        ("cli", "testkit"),
        ("bundled", "guests"),
        ("bundled", "engine"),
        ("cli", "unheard-of"),
    ] {
        assert!(objection(from, to).is_some(), "{from} -> {to}");
    }
    for (from, to) in [("secret", "types"), ("cli", "bundled"), ("webchat", "gateway"), ("testkit", "plugin"), ("bundled", "manifest")] {
        assert_eq!(objection(from, to), None);
    }
}

#[test]
fn the_host_knows_no_platform_and_no_vendor_by_name() {
    let mut named = BTreeSet::new();
    for path in ["host", "adapters-native"].into_iter().flat_map(files_below) {
        let relative = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        let parts: Vec<_> = relative.split('/').collect();
        let for_tests = matches!(parts.get(1), Some(&("testkit" | "structure" | "bench" | "guests")))
            || parts.iter().any(|part| matches!(*part, "tests" | "tests.rs" | "benches" | "snapshots"));
        if for_tests || !parts.contains(&"src") {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        // What follows is a test module within its file.
        let shipped = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
        for (number, line) in shipped.lines().enumerate() {
            if let Some(name) = name_in(line) {
                named.insert((relative.clone(), number + 1, name));
            }
        }
    }
    let unexcused: Vec<_> = named.iter().filter(|(file, ..)| !MAY_NAME.iter().any(|(allowed, _)| allowed == file)).collect();
    assert!(unexcused.is_empty(), "the host names what only a component may know: {unexcused:#?}");
    for (allowed, why) in MAY_NAME {
        assert!(named.iter().any(|(file, ..)| file == allowed), "{allowed} names nothing any more ({why}): take it off the list");
    }
}

#[test]
fn finds_names_in_identifiers_and_prose_but_not_in_other_words() {
    assert_eq!(name_in("struct OpenAiDecoder;"), Some("openai"));
    assert_eq!(name_in("fn slack_channel()"), Some("slack"));
    assert_eq!(name_in("as Teams does"), Some("teams"));
    assert_eq!(name_in("the slackest steamship, formatrix"), None);
}

#[test]
fn no_file_names_a_machine_or_a_registry_host() {
    // In halves, because this file is searched too.
    let words = [
        ["/work", "/wt"],
        ["/work", "/main"],
        ["/work", "/shared"],
        ["/work", "/.library"],
        ["registry.npm", "js.org"],
        ["files.python", "hosted.org"],
        ["pypi", ".org"],
        ["static.crates", ".io"],
        ["index.crates", ".io"],
        ["deb.debian", ".org"],
    ]
    .map(|halves| halves.concat());
    let mut found = Vec::new();
    for path in files_below("") {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        for word in &words {
            if text.contains(word.as_str()) {
                found.push(format!("{}: {word}", path.display()));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// To look for examples takes a second a crate, so most do not; one that has some is to be told from them.
#[test]
fn no_example_in_a_documentation_is_passed_over() {
    for manifest in files_below("host").into_iter().chain(files_below("adapters-native")).filter(|path| path.ends_with("Cargo.toml")) {
        if !std::fs::read_to_string(&manifest).unwrap().contains("doctest = false") {
            continue;
        }
        let mut sources = Vec::new();
        files(&manifest.with_file_name("src"), &mut sources);
        for source in sources.iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs")) {
            let example =
                std::fs::read_to_string(source).unwrap().lines().any(|line| line.trim_start().starts_with("//") && line.contains("```"));
            assert!(!example, "{} has an example, and its crate says `doctest = false`", source.display());
        }
    }
}

#[test]
fn every_rust_file_says_what_it_owns() {
    let mut silent = Vec::new();
    for folder in ["host", "adapters-native", "components", "fuzz"] {
        if !root().join(folder).exists() {
            continue;
        }
        for path in files_below(folder) {
            // A file of tests is described by what it tests; a program that must not compile, by its name.
            let described =
                path.file_name().is_some_and(|name| name == "tests.rs") || path.components().any(|part| part.as_os_str() == "ui");
            if path.extension().is_some_and(|extension| extension == "rs") && !described {
                let text = std::fs::read_to_string(&path).unwrap();
                let first = text.lines().find(|line| !line.trim().is_empty() && !line.starts_with("#!")).unwrap_or_default();
                if !first.starts_with("//!") {
                    silent.push(path);
                }
            }
        }
    }
    assert!(silent.is_empty(), "these do not begin with `//!`: {silent:#?}");
}

/// A word in backticks that can be the name of a test of this tree, and of little else.
fn is_test_name(word: &str) -> bool {
    word.matches('_').count() >= 4 && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// The tests that docs/security.md names: `path::name` is in that file, a further name on the line in the last file before
/// it, and one by itself in any. What they say of a test that is gone or renamed.
fn missing_tests(document: &str, text_of: impl Fn(&str) -> Option<String>, anywhere: &str) -> Vec<String> {
    let has = |text: &str, path: &str, name: &str| {
        if path.ends_with(".mjs") { text.contains(name) } else { text.contains(&format!("fn {name}(")) }
    };
    let mut missing = Vec::new();
    for line in document.lines() {
        let mut last = None;
        for span in line.split('`').skip(1).step_by(2) {
            let known = match span.split_once("::") {
                Some((path, name)) if path.contains('/') => {
                    last = text_of(path).map(|text| (path, text));
                    last.as_ref().is_some_and(|(path, text)| has(text, path, name))
                }
                _ if is_test_name(span) => match &last {
                    Some((path, text)) => has(text, path, span),
                    None => has(anywhere, ".rs", span),
                },
                _ => continue,
            };
            if !known {
                missing.push(span.to_owned());
            }
        }
    }
    missing
}

#[test]
fn each_test_that_a_promise_names_is_there() {
    let rust = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "rs");
    let all: Vec<PathBuf> = ["host", "adapters-native", "components"].into_iter().flat_map(files_below).filter(rust).collect();
    let anywhere: String = all.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let document = std::fs::read_to_string(root().join("docs/security.md")).unwrap();
    let missing = missing_tests(&document, |path| std::fs::read_to_string(root().join(path)).ok(), &anywhere);
    assert!(missing.is_empty(), "docs/security.md names tests that are not there: {missing:#?}");
    assert!(document.matches(".rs::").count() > 100, "it names its tests in another way than is looked for here");
}

#[test]
fn finds_a_promise_whose_test_is_gone() {
    let text_of = |path: &str| (path == "a/b.rs").then(|| "fn one_two_three_four_five() {}".to_owned());
    let missing = |line: &str| missing_tests(line, text_of, "fn six_seven_eight_nine_ten() {}");
    let nothing = Vec::<String>::new();
    assert_eq!(missing("| x | `a/b.rs::one_two_three_four_five`, `.env` |"), nothing);
    assert_eq!(missing("(`six_seven_eight_nine_ten`)"), nothing);
    assert_eq!(missing("`a/b.rs::one`"), ["a/b.rs::one"]);
    assert_eq!(missing("`a/c.rs::one_two_three_four_five`"), ["a/c.rs::one_two_three_four_five"]);
    assert_eq!(missing("`a/b.rs::one_two_three_four_five`, `six_seven_eight_nine_ten`"), ["six_seven_eight_nine_ten"]);
    assert_eq!(missing("`one_two_three_four_six`"), ["one_two_three_four_six"]);
}
