//! The list itself, in full or with shortened descriptions.

use super::{Listed, MAX_DESCRIPTION};
use crate::text;

/// How much of a description is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Full,
    /// At most so many UTF-16 code units of each; 0: none.
    Compact(usize),
}

impl Form {
    fn how_to_load(self) -> &'static str {
        match self {
            Self::Full => "Read a skill's file at its listed location when the task matches its description.",
            Self::Compact(0) => "Read a skill's file at its listed location when the task matches its name.",
            Self::Compact(_) => "Read a skill's file at its listed location when the task matches its name or description.",
        }
    }

    pub(super) fn in_words(self) -> Option<&'static str> {
        match self {
            Self::Full => None,
            Self::Compact(0) => Some("descriptions omitted"),
            Self::Compact(_) => Some("descriptions shortened"),
        }
    }
}

/// Empty without a skill.
pub(super) fn catalog(skills: &[Listed<'_>], form: Form) -> String {
    if skills.is_empty() {
        return String::new();
    }
    let mut text = String::from("\n\nThe following skills provide specialized instructions for specific tasks.\n");
    text.push_str(form.how_to_load());
    text.push_str(
        "\nWhen a skill file references a relative path, resolve it against the skill directory (parent of SKILL.md / dirname of \
         the path) and use that absolute path in tool commands.\n\n<available_skills>\n",
    );
    for skill in skills {
        text.push_str("  <skill>\n");
        element(&mut text, "name", skill.name);
        match form {
            Form::Full => element(&mut text, "description", skill.description),
            Form::Compact(0) => {}
            Form::Compact(most) => {
                let description = shorten(skill.description, most);
                if !description.is_empty() {
                    element(&mut text, "description", &description);
                }
            }
        }
        element(&mut text, "location", &skill.location);
        if let Some(note) = skill.note.filter(|note| !note.is_empty()) {
            element(&mut text, "location_note", note);
        }
        text.push_str("  </skill>\n");
    }
    text.push_str("</available_skills>");
    text
}

fn element(into: &mut String, name: &str, value: &str) {
    into.push_str("    <");
    into.push_str(name);
    into.push('>');
    escape(into, value);
    into.push_str("</");
    into.push_str(name);
    into.push_str(">\n");
}

pub(super) fn escape(into: &mut String, value: &str) {
    for c in value.chars() {
        match c {
            '&' => into.push_str("&amp;"),
            '<' => into.push_str("&lt;"),
            '>' => into.push_str("&gt;"),
            '"' => into.push_str("&quot;"),
            '\'' => into.push_str("&apos;"),
            c => into.push(c),
        }
    }
}

/// On one line, and no longer than this.
pub(super) fn shorten(description: &str, most: usize) -> String {
    let most = most.min(MAX_DESCRIPTION);
    let line = text::collapse(description);
    if text::length(&line) <= most {
        return line;
    }
    match most.checked_sub(3) {
        None | Some(0) => text::cut(&line, most).to_owned(),
        Some(room) => format!("{}...", text::cut(&line, room).trim_end_matches(text::is_space)),
    }
}
