//! A stranger's SKILL.md: any text is a skill or an error in words, what is shown of it keeps to its bounds, and any
//! message is one that calls it or not.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use wirken_skills::commands::{Commands, references};
use wirken_skills::prompt::{self, Limits, Listed};
use wirken_skills::Skill;

fuzz_target!(|text: &str| {
    let skill = match Skill::parse(text, Path::new("/skills/x"), "x") {
        Ok(skill) => skill,
        Err(diagnostic) => {
            assert!(!diagnostic.to_string().is_empty());
            return;
        }
    };
    assert!(!skill.name.is_empty() && !skill.description.is_empty());
    let listed = Listed { name: &skill.name, description: &skill.description, location: "/skills/x/SKILL.md".to_owned(), note: None };
    let block = prompt::render(vec![listed], 0, Limits { skills: 1, length: 1_000 });
    assert!(block.text.encode_utf16().count() <= 1_000);
    assert_eq!(block.text.matches("<skill>").count(), block.included);
    assert!(prompt::fit_context(&block.text, 1_000).len() <= block.text.len());
    let again = skill.clone();
    let both = [skill, again];
    let commands = Commands::of(&both, &["help"]);
    for command in commands.iter() {
        assert!((1..=32).contains(&command.name.len()), "{}", command.name);
        assert!(command.description.encode_utf16().count() <= 100);
    }
    let _ = commands.called(text);
    let _ = references(text, &commands);
});
