//! Blocks byte for byte: `data/blocks.mjs` wrote them from the written rules.

use serde::Deserialize;
use wirken_skills::prompt::{self, Limits, Listed, MAX_LENGTH, MAX_SKILLS};

#[derive(Deserialize)]
struct Cases {
    blocks: Vec<Case>,
    source: String,
    contexts: Vec<Context>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    skills: Vec<Input>,
    more: Option<usize>,
    limits: Option<Room>,
    expected: Expected,
}

#[derive(Deserialize)]
struct Input {
    name: String,
    description: String,
    location: String,
    note: Option<String>,
}

#[derive(Deserialize)]
struct Room {
    skills: Option<usize>,
    length: Option<usize>,
}

#[derive(Deserialize)]
struct Expected {
    text: String,
    included: usize,
}

#[derive(Deserialize)]
struct Context {
    tokens: u64,
    expected: String,
}

fn cases() -> Cases {
    serde_json::from_str(include_str!("../data/blocks.json")).unwrap()
}

fn listed(input: &Input) -> Listed<'_> {
    Listed { name: &input.name, description: &input.description, location: input.location.clone(), note: input.note.as_deref() }
}

#[test]
fn every_block_is_byte_for_byte_what_the_rules_say() {
    let cases = cases();
    assert!(cases.blocks.len() > 60);
    let mut wrong = Vec::new();
    for case in &cases.blocks {
        let room = case.limits.as_ref();
        let limits = Limits {
            skills: room.and_then(|room| room.skills).unwrap_or(MAX_SKILLS),
            length: room.and_then(|room| room.length).unwrap_or(MAX_LENGTH),
        };
        let block = prompt::render(case.skills.iter().map(listed).collect(), case.more.unwrap_or(0), limits);
        if block.text != case.expected.text || block.included != case.expected.included {
            let at = block.text.bytes().zip(case.expected.text.bytes()).take_while(|(a, b)| a == b).count();
            let here = |text: &str| text.get(at.saturating_sub(60)..).map(|text| text.chars().take(160).collect::<String>());
            wrong.push(format!(
                "{}: {} of {} included; from byte {at}: {:?}, and {:?} was expected",
                case.name,
                block.included,
                case.expected.included,
                here(&block.text),
                here(&case.expected.text)
            ));
        }
        assert_eq!(block.left_out.len() + block.included, case.skills.len(), "{}", case.name);
        assert!(block.text.encode_utf16().count() <= limits.length, "{}", case.name);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_block_shrinks_with_the_context_byte_for_byte() {
    let cases = cases();
    for Context { tokens, expected } in &cases.contexts {
        assert!(prompt::fit_context(&cases.source, *tokens) == *expected, "{tokens} tokens");
    }
}

#[test]
fn what_is_no_block_stays_as_it_is() {
    for text in ["", "words and <description>words</description>", "<available_skills><description>never closed"] {
        assert_eq!(prompt::fit_context(text, 5), text);
    }
}

#[test]
fn the_home_folder_is_a_tilde() {
    use std::path::Path;
    let home = Some(Path::new("/home/a"));
    for (path, shown) in [
        ("/home/a/.wirken/skills/x/SKILL.md", "~/.wirken/skills/x/SKILL.md"),
        ("/home/ab/SKILL.md", "/home/ab/SKILL.md"),
        ("/srv/SKILL.md", "/srv/SKILL.md"),
    ] {
        assert_eq!(prompt::location(Path::new(path), home), shown);
    }
    assert_eq!(prompt::location(Path::new("/srv/SKILL.md"), None), "/srv/SKILL.md");
    assert_eq!(prompt::location(Path::new("/srv/SKILL.md"), Some(Path::new("/"))), "/srv/SKILL.md", "a root is no home");
}
