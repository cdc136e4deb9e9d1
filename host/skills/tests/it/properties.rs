//! What holds of any text.

use std::path::Path;

use proptest::prelude::*;
use wirken_skills::prompt::{self, Limits, Listed};
use wirken_skills::{Skill, commands::Commands};

/// Texts that look like front matter often enough to get past its fences.
fn fronts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-z]{1,8}: ",
        "description: ",
        "metadata: ",
        "name: ",
        r#"[\{\}\[\]:,'"&*!|>#%@`~\-? \t\n]{1,6}"#,
        "\\PC{0,6}",
        Just("\n".to_owned()),
        Just("&a ".to_owned()),
        Just("*a".to_owned()),
        Just("\r\n  ".to_owned()),
        Just("\n---\n".to_owned()),
        Just(r#"{"openclaw": {"requires": {"bins": ["x"]}}}"#.to_owned()),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| format!("---\n{}\n---\nbody", pieces.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_a_skill_or_an_error_in_words(text in prop_oneof![fronts(), any::<String>()]) {
        match Skill::parse(&text, Path::new("/skills/x"), "x") {
            Ok(skill) => prop_assert!(!skill.name.is_empty() && !skill.description.is_empty()),
            Err(diagnostic) => prop_assert!(!diagnostic.why.is_empty()),
        }
    }

    #[test]
    fn the_kind_of_line_ends_changes_nothing(text in fronts()) {
        let text = text.replace('\r', "");
        let with = |text: &str| Skill::parse(text, Path::new("/skills/x"), "x");
        prop_assert_eq!(with(&text), with(&text.replace('\n', "\r\n")));
        prop_assert_eq!(with(&text), with(&format!("\u{feff}{text}")));
    }

    #[test]
    fn what_json_quotes_reads_back(name in "\\PC{1,40}", description in any::<String>()) {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let text = format!("---\nname: {}\ndescription: {}\n---\n", quoted(&name), quoted(&description));
        let trim = |text: &str| text.trim_matches(|c: char| c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}')).to_owned();
        let Ok(skill) = Skill::parse(&text, Path::new("/skills/x"), "x") else {
            prop_assert!(trim(&description).is_empty() || trim(&description).contains(|c: char| c.is_control()));
            return Ok(());
        };
        prop_assert_eq!(&skill.description, &trim(&description));
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn a_block_keeps_to_its_budget_and_loses_no_name(
        skills in prop::collection::vec(("\\PC{1,20}", "\\PC{0,400}"), 0..60),
        length in 0_usize..20_000,
        tokens in 0_u64..100_000,
    ) {
        let listed = skills.iter().map(|(name, description)| Listed { name, description, location: format!("/{name}"), note: None });
        let block = prompt::render(listed.collect(), 0, Limits { skills: 50, length });
        prop_assert!(block.text.encode_utf16().count() <= length);
        prop_assert_eq!(block.included + block.left_out.len(), skills.len());
        prop_assert_eq!(block.text.matches("  <skill>\n").count(), block.included);
        let small = prompt::fit_context(&block.text, tokens);
        prop_assert!(small.len() <= block.text.len());
        prop_assert_eq!(small.matches("<name>").count(), block.included);
    }

    #[test]
    fn commands_are_unique_and_every_one_is_found(names in prop::collection::vec("[a-zA-Z0-9_ \\-é天]{1,40}", 0..40), message in any::<String>()) {
        let read = |name: &String| Skill::parse(&format!("---\nname: '{name}'\ndescription: d\n---\n"), Path::new("/x"), "x").unwrap();
        let skills: Vec<_> = names.iter().map(read).collect();
        let commands = Commands::of(&skills, &["help"]);
        let mut seen = std::collections::HashSet::new();
        for command in commands.iter() {
            prop_assert!(seen.insert(&command.name), "{} twice", command.name);
            prop_assert!((1..=32).contains(&command.name.len()) && command.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'));
            let message = format!("/{} now", command.name);
            prop_assert_eq!(&commands.called(&message).unwrap().command.name, &command.name);
        }
        prop_assert_eq!(seen.len(), skills.len());
        let _ = commands.called(&message);
        let _ = wirken_skills::commands::references(&message, &commands);
    }
}
