//! An answer that somebody typed. The whole message is one of a few forms, or it is no answer: nobody who only says
//! something to the agent has allowed anything by it.

use wirken_types::approval::{ApprovalId, Choice};

/// How many hexadecimal digits of a question's id name it among several.
pub const CODE_DIGITS: usize = 6;
/// Characters of a note. A longer message is not taken for an answer.
pub const MAX_NOTE_CHARS: usize = 1_000;

/// What a message says, where it is an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed {
    pub choice: Choice,
    /// What the agent is to be told. It comes with a denial alone.
    pub note: Option<String>,
    /// The question that is meant, in lower case; none where the message does not say.
    pub code: Option<String>,
}

/// The digits of a question by which a person names it.
pub fn code_of(id: ApprovalId) -> String {
    id.to_string().chars().take(CODE_DIGITS).collect()
}

/// Reads a message. `days` is how long a remembered answer is good for: any other number is none that was offered.
pub fn parse(text: &str, days: u32) -> Option<Typed> {
    let text = text.trim();
    if text.chars().any(char::is_control) {
        return None;
    }
    match text.split_once(':') {
        None => {
            let (form, code) = without_code(text);
            Some(Typed { choice: choice(&form, days)?, note: None, code })
        }
        Some((before, note)) => {
            let (form, code) = without_code(before.trim_end());
            let note = note.trim();
            let fits = (1..=MAX_NOTE_CHARS).contains(&note.chars().count());
            (fits && choice(&form, days)? == Choice::Deny).then(|| Typed { choice: Choice::Deny, note: Some(note.to_owned()), code })
        }
    }
}

fn choice(form: &str, days: u32) -> Option<Choice> {
    match form {
        "yes" | "allow" | "allow once" => Some(Choice::Once),
        "session" | "allow for this session" => Some(Choice::Session),
        "always" => Some(Choice::Remember),
        "no" | "deny" => Some(Choice::Deny),
        "allow for 1 day" if days == 1 => Some(Choice::Remember),
        // `allow for 1 days` is not offered, and `030` is no way to write 30.
        form if days != 1 && form == format!("allow for {days} days") => Some(Choice::Remember),
        _ => None,
    }
}

/// Takes the code off the front or the end of what is left in lower case.
fn without_code(text: &str) -> (String, Option<String>) {
    let lower = text.to_ascii_lowercase();
    let is_code = |word: &str| word.len() == CODE_DIGITS && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    if let Some((code, form)) = lower.split_once(' ').filter(|(first, _)| is_code(first)) {
        return (form.to_owned(), Some(code.to_owned()));
    }
    if let Some((form, code)) = lower.rsplit_once(' ').filter(|(_, last)| is_code(last)) {
        return (form.to_owned(), Some(code.to_owned()));
    }
    (lower, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(choice: Choice) -> Typed {
        Typed { choice, note: None, code: None }
    }

    #[test]
    fn reads_each_form_whatever_its_case() {
        for (text, choice) in [
            ("yes", Choice::Once),
            ("Yes", Choice::Once),
            (" ALLOW \n", Choice::Once),
            ("allow once", Choice::Once),
            ("session", Choice::Session),
            ("Allow for this session", Choice::Session),
            ("always", Choice::Remember),
            ("allow for 30 days", Choice::Remember),
            ("no", Choice::Deny),
            ("DENY", Choice::Deny),
        ] {
            assert_eq!(parse(text, 30), Some(typed(choice)), "{text:?}");
        }
    }

    #[test]
    fn reads_a_note_and_a_code() {
        let with = |choice, note: Option<&str>, code: Option<&str>| {
            Some(Typed { choice, note: note.map(str::to_owned), code: code.map(str::to_owned) })
        };
        for (text, expected) in [
            ("no: use the test folder", with(Choice::Deny, Some("use the test folder"), None)),
            ("Deny:Not now: later", with(Choice::Deny, Some("Not now: later"), None)),
            ("deny : later", with(Choice::Deny, Some("later"), None)),
            ("yes a1b2c3", with(Choice::Once, None, Some("a1b2c3"))),
            ("A1B2C3 yes", with(Choice::Once, None, Some("a1b2c3"))),
            ("a1b2c3 allow for this session", with(Choice::Session, None, Some("a1b2c3"))),
            ("allow for 30 days a1b2c3", with(Choice::Remember, None, Some("a1b2c3"))),
            ("no a1b2c3: later", with(Choice::Deny, Some("later"), Some("a1b2c3"))),
            ("a1b2c3 no: later", with(Choice::Deny, Some("later"), Some("a1b2c3"))),
        ] {
            assert_eq!(parse(text, 30), expected, "{text:?}");
        }
    }

    #[test]
    fn anything_else_is_no_answer() {
        for text in [
            "",
            " ",
            "yes please",
            "yes!",
            "yes.",
            "\"yes\"",
            "`yes`",
            "> yes",
            "oh yes",
            "yes yes",
            "yes\nno",
            "yes\nrm -rf /",
            "y",
            "ok",
            "sure",
            "yess",
            "yes,",
            "no problem, go on",
            "no way",
            "nope",
            "not: now",
            "allow it",
            "allow  once",
            "allow for 7 days",
            "allow for 030 days",
            "allow for 30 day",
            "allow for days",
            "allow for ever",
            "always yes",
            "session: why",
            "yes: fine",
            "allow: note",
            "no:",
            "no: ",
            ":",
            ": no",
            "deny: a\nb",
            "a1b2c3",
            "yes a1b2c",
            "yes a1b2c3d",
            "yes g1b2c3",
            "a1b2c3 yes d4e5f6",
            "yes  a1b2c3",
            "ＹＥＳ",
            "ye\u{200b}s",
            "уes",
            "/yes",
            "yes\u{0}",
            "no\tproblem",
        ] {
            assert_eq!(parse(text, 30), None, "{text:?}");
        }
    }

    #[test]
    fn only_as_many_days_as_are_offered() {
        assert_eq!(parse("allow for 7 days", 7), Some(typed(Choice::Remember)));
        assert_eq!(parse("allow for 1 day", 1), Some(typed(Choice::Remember)));
        assert_eq!(parse("allow for 1 days", 1), None);
        assert_eq!(parse("allow for 1 day", 30), None);
        assert_eq!(parse("allow for 30 days", 7), None);
    }

    #[test]
    fn a_note_has_a_bound() {
        let note = |n: usize| parse(&format!("no: {}", "ä".repeat(n)), 30);
        assert!(note(MAX_NOTE_CHARS).is_some());
        assert_eq!(note(MAX_NOTE_CHARS + 1), None);
    }

    #[test]
    fn a_code_is_the_beginning_of_the_id() {
        let id = ApprovalId::from_random([0xa1, 0xb2, 0xc3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
        assert_eq!(code_of(id), "a1b2c3");
        assert_eq!(parse(&format!("yes {}", code_of(id)), 30).unwrap().code, Some(code_of(id)));
    }
}
