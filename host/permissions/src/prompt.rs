//! A question as a prompt with buttons, and what a press of one says.
//!
//! A button is bound to what stood above it: beside the choice its id carries the beginning of the digest of all that was
//! asked, and the prompt's id is the question's, which nobody can guess. Who may press is for [`crate::may_answer`] to say.

use wirken_types::approval::{ApprovalId, Choice as Answer, Question, Tier};
use wirken_types::channel::{Choice, Prompt};
use wirken_types::{Digest, Timestamp};

use crate::answer::code_of;
use crate::authority::Rules;
use crate::question::{choices, days_in_words, fits_message, in_message, label, visible};

/// Hexadecimal digits of the question's digest in a button. With the id and the choice they fit where a platform takes 64
/// bytes.
const DIGEST_DIGITS: usize = 16;

/// What of a question is to be answered in a channel.
pub fn offered(question: &Question, tier: Tier, rules: &Rules) -> &'static [Answer] {
    if rules.approvers.is_empty() {
        &[]
    } else if tier <= rules.max_tier && fits_message(question) {
        choices(tier)
    } else {
        // To deny harms nobody.
        &[Answer::Deny]
    }
}

/// A question that is put, and until when it stands.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub approval: ApprovalId,
    pub question: &'a Question,
    pub tier: Tier,
    /// Of everything that is asked.
    pub action: Digest,
    pub expires_at: Timestamp,
}

/// The question with a button for each of `offered`. What may be typed instead stands in it too: not everybody sees buttons.
/// `days` is how long a remembered answer is good for.
pub fn prompt(asked: &Asked<'_>, offered: &[Answer], days: u32) -> Prompt {
    let Asked { approval, question, tier, action, expires_at } = *asked;
    let code = code_of(approval);
    let allows = offered.iter().any(|choice| *choice != Answer::Deny);
    let title = if allows { "May the agent do this?" } else { "The agent asks to be allowed something." };
    let typed: Vec<String> = offered.iter().map(|choice| typed(*choice, &code, days)).collect();
    let mut literal = vec![("Press a button, or write nothing but one of these".to_owned(), typed.join(" | "))];
    if !allows {
        literal.push(("To allow it".to_owned(), format!("{}.", elsewhere(&code))));
    }
    literal.extend(in_message(question, tier));
    let choice = |choice: &Answer| Choice { id: id_of(*choice, action), label: label(*choice, days), style: style(*choice).to_owned() };
    let choices = offered.iter().map(choice).collect();
    Prompt { id: approval.to_string(), title: title.to_owned(), literal, choices, expires_at_millis: expires_at.0 }
}

/// Where a question is answered that is not answered where it is shown.
pub fn elsewhere(code: &str) -> String {
    format!("It is allowed in WebChat, or with `wirken permissions pending show {code}`, and not here")
}

/// What a question is about, in a line.
pub fn about(question: &Question) -> String {
    let more = question.actions.len().saturating_sub(1);
    let words = question.actions.first().map_or_else(|| visible(&question.tool), |judged| visible(&judged.words));
    if more == 0 { words } else { format!("{words} (and {more} more)") }
}

fn typed(choice: Answer, code: &str, days: u32) -> String {
    match choice {
        Answer::Once => format!("yes {code}"),
        Answer::Session => format!("session {code}"),
        Answer::Remember => format!("always {code} ({})", days_in_words(days)),
        Answer::Deny => format!("no {code} | no {code}: WHY"),
    }
}

fn word(choice: Answer) -> &'static str {
    match choice {
        Answer::Once => "once",
        Answer::Session => "session",
        Answer::Remember => "remember",
        Answer::Deny => "deny",
    }
}

fn style(choice: Answer) -> &'static str {
    match choice {
        Answer::Once => "good",
        Answer::Session | Answer::Remember => "plain",
        Answer::Deny => "danger",
    }
}

fn id_of(choice: Answer, action: Digest) -> String {
    let digest: String = action.to_string().chars().take(DIGEST_DIGITS).collect();
    format!("{}.{digest}", word(choice))
}

/// What a button says that was pressed: the choice, and whether it stood below this question. None where there is no such
/// button.
pub fn pressed(choice_id: &str, action: Digest) -> Option<(Answer, bool)> {
    let (name, _) = choice_id.split_once('.')?;
    let all = [Answer::Once, Answer::Session, Answer::Remember, Answer::Deny];
    let choice = all.into_iter().find(|choice| word(*choice) == name)?;
    Some((choice, id_of(choice, action) == choice_id))
}

#[cfg(test)]
mod tests;
