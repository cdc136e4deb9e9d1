//! What agentskills.io asks of a skill. Here these are advice: a skill that does not keep to them loads all the same.

use crate::text;

const MAX_NAME: usize = 64;
const MAX_DESCRIPTION: usize = 1024;
const MAX_COMPATIBILITY: usize = 500;
const MAX_BODY_LINES: usize = 500;

/// Each rule that is not kept.
pub(crate) fn objections(name: &str, folder: &str, description: &str, compatibility: Option<&str>, body: &str) -> Vec<String> {
    let mut said = Vec::new();
    if !is_name(name) {
        said.push(format!("agentskills.io asks for a name of 1 to {MAX_NAME} lower-case letters, digits and single hyphens inside"));
    }
    if name != folder {
        said.push(format!("agentskills.io asks that the folder is called `{}`, as the skill is", text::cut(name, MAX_NAME)));
    }
    let mut long = |what: &str, has: usize, most: usize| {
        if has > most {
            said.push(format!("agentskills.io asks for at most {most} {what}, and there are {has}"));
        }
    };
    long("characters of description", description.chars().count(), MAX_DESCRIPTION);
    long("characters of compatibility", compatibility.map_or(0, |text| text.chars().count()), MAX_COMPATIBILITY);
    long("lines of instructions", body.lines().count(), MAX_BODY_LINES);
    said
}

fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    (1..=MAX_NAME).contains(&name.chars().count()) && name.split('-').all(|part| !part.is_empty() && part.chars().all(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_two_sides() {
        let said = |name: &str, description: usize, compatibility: usize, lines: usize| {
            objections(name, name, &"é".repeat(description), Some(&"é".repeat(compatibility)), &"x\n".repeat(lines)).len()
        };
        assert_eq!(said(&"a".repeat(64), 1024, 500, 500), 0);
        assert_eq!(said(&"a".repeat(65), 1024, 500, 500), 1);
        assert_eq!(said("a", 1025, 500, 500), 1);
        assert_eq!(said("a", 1024, 501, 500), 1);
        assert_eq!(said("a", 1024, 500, 501), 1);
        for name in ["a-b", "2048", "a1-2b"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "-a", "a-", "a--b", "A", "a_b", "a b", "é"] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn a_name_unlike_the_folder_is_worth_a_word() {
        assert_eq!(objections("a", "a", "", None, ""), [""; 0]);
        assert!(objections("a", "b", "", None, "")[0].contains("called `a`"));
    }
}
