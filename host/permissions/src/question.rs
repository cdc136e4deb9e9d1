//! A question as it is bound to its answer, and as a person reads it: what the host made first, what the guest claims last.

use wirken_types::Digest;
use wirken_types::approval::{Choice, Holder, Question, Tier};

use crate::shown::{line, quoted};

/// Characters of the arguments and of the guest's claim that a page or a terminal shows.
const FIELD_CHARS: usize = 8_000;
/// The same in a message of a channel, whose platform may take some thousands in all.
const MESSAGE_CHARS: usize = 600;
/// Characters of each action, in a message.
const MESSAGE_ACTION_CHARS: usize = 800;
/// Actions that a message names. The rest is counted.
const MESSAGE_ACTIONS: usize = 5;
/// Names, versions, what would be remembered.
const NAME_CHARS: usize = 400;

/// What may be answered to a question of that tier.
pub fn choices(tier: Tier) -> &'static [Choice] {
    match tier {
        Tier::Always => &[],
        Tier::Remembered => &[Choice::Once, Choice::Session, Choice::Remember, Choice::Deny],
        Tier::EveryTime => &[Choice::Once, Choice::Deny],
    }
}

/// A choice as a person reads it. `days` is how long a remembered one is good for.
pub fn label(choice: Choice, days: u32) -> String {
    match choice {
        Choice::Once => "Allow once".to_owned(),
        Choice::Session => "Allow for this session".to_owned(),
        Choice::Remember if days == 1 => "Allow for 1 day".to_owned(),
        Choice::Remember => format!("Allow for {days} days"),
        Choice::Deny => "Deny".to_owned(),
    }
}

/// Names everything that is asked: an answer to one question is none to another. The claim of the guest is not in it,
/// because nothing comes of it.
pub fn digest(question: &Question) -> Digest {
    let mut owned: Vec<Vec<u8>> = Vec::new();
    for judged in &question.actions {
        owned.push(judged.action.as_bytes().to_vec());
        owned.push(vec![u8::from(judged.tier), u8::from(judged.key.is_some())]);
        owned.push(judged.key.clone().unwrap_or_default().into_bytes());
    }
    if let Some(Holder { agent, account, sender }) = &question.holder {
        owned.extend([agent, account, sender].map(|name| name.as_bytes().to_vec()));
    }
    let mut parts: Vec<&[u8]> = vec![
        question.component.as_bytes(),
        question.version.as_bytes(),
        question.component_digest.as_bytes(),
        question.tool.as_bytes(),
        question.arguments.as_bytes(),
    ];
    parts.extend(owned.iter().map(Vec::as_slice));
    Digest::of_parts("wirken/question", &parts)
}

/// Labels and texts in the order in which a person is to read them, one line each. The last is what the component says.
pub fn render(question: &Question, tier: Tier) -> Vec<(String, String)> {
    fields(question, tier, &Room { field: FIELD_CHARS, action: usize::MAX, actions: usize::MAX })
}

/// The same as a message, with how to answer it. What others wrote stands in a block that nothing in it ends, so that a
/// platform which takes marks for formatting hides none of it. `code` is in the message alone: whoever writes it has seen this.
pub fn message(question: &Question, tier: Tier, code: &str, days: u32) -> String {
    let forms: Vec<String> = choices(tier)
        .iter()
        .map(|choice| match choice {
            Choice::Once => format!("`yes {code}`"),
            Choice::Session => format!("`session {code}`"),
            Choice::Remember => format!("`always {code}`"),
            Choice::Deny => "`no`".to_owned(),
        })
        .collect();
    let always = if choices(tier).contains(&Choice::Remember) { format!(" `always` is {}.", days_in_words(days)) } else { String::new() };
    let answers = format!("Answer with nothing but one of {}; `no: …` tells the agent why.{always}", forms.join(", "));
    format!("May the agent do this? {answers}\n{}", block(question, tier))
}

/// A question that is not answered where it is shown, but `how` says where.
pub fn told(question: &Question, tier: Tier, how: &str) -> String {
    format!("The agent asks to be allowed something. {how}\n{}", block(question, tier))
}

/// Whether a message shows all of it: what is not seen is not allowed by who answers there.
pub fn fits_message(question: &Question) -> bool {
    let within = |text: &str, most: usize| text.chars().count() <= most;
    question.actions.len() <= MESSAGE_ACTIONS
        && within(&question.arguments, MESSAGE_CHARS)
        && question.actions.iter().all(|judged| within(&judged.words, MESSAGE_ACTION_CHARS))
        && question.after.as_ref().is_none_or(|after| within(after, MESSAGE_CHARS))
}

/// The fields as a message has them.
pub(crate) fn in_message(question: &Question, tier: Tier) -> Vec<(String, String)> {
    let room = Room { field: MESSAGE_CHARS, action: MESSAGE_ACTION_CHARS, actions: MESSAGE_ACTIONS };
    fields(question, tier, &room)
}

/// The fields, each on a line of its own, in a fence that is longer than any within.
fn block(question: &Question, tier: Tier) -> String {
    let lines: Vec<String> = in_message(question, tier).into_iter().map(|(label, text)| format!("{label}: {text}")).collect();
    let text = lines.join("\n");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}\n{text}\n{fence}")
}

pub(crate) fn days_in_words(days: u32) -> String {
    if days == 1 { "for 1 day".to_owned() } else { format!("for {days} days") }
}

/// A name that somebody else chose, such as what a grant remembers, so that it can stand beside the host's own words.
pub fn visible(name: &str) -> String {
    line(name, NAME_CHARS)
}

/// How much is shown.
struct Room {
    field: usize,
    action: usize,
    actions: usize,
}

fn fields(question: &Question, tier: Tier, room: &Room) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut field = |label: &str, text: String| fields.push((label.to_owned(), text));
    let (name, version) = (line(&question.component, NAME_CHARS), line(&question.version, NAME_CHARS));
    field("Component", format!("{name} {version}, digest {}", question.component_digest));
    field("Tool", line(&question.tool, NAME_CHARS));
    field("Arguments", shown_whole_or_named(&question.arguments, room.field));
    if let Some(after) = &question.after {
        field("Before this", line(after, room.field));
    }
    let total = question.actions.len();
    for (at, judged) in question.actions.iter().enumerate().take(room.actions) {
        let number = if total == 1 { String::new() } else { format!(" {} of {total}", at + 1) };
        field(&format!("Action{number}"), line(&judged.words, room.action));
        if !judged.reasons.is_empty() {
            field(&format!("Tier {}", u8::from(judged.tier)), line(&judged.reasons.join(" "), room.action));
        }
        if let Some(key) = judged.key.as_ref().filter(|_| choices(tier).contains(&Choice::Remember)) {
            field("A longer answer is good for", line(key, NAME_CHARS));
        }
    }
    if total > room.actions {
        let hidden = total - room.actions;
        field("Not shown here", format!("{hidden} of the {total} actions. The page and the command line show all of them."));
    }
    field("Memory", memory(question, tier));
    field("The component itself says", quoted(&question.purpose, room.field));
    fields
}

/// Whether a longer answer is offered, and who is asked no more because of it: not whoever gives it.
fn memory(question: &Question, tier: Tier) -> String {
    match &question.holder {
        _ if tier == Tier::EveryTime => "This is asked every time, and not remembered.".to_owned(),
        None => "This can be remembered.".to_owned(),
        Some(Holder { account, sender, .. }) => {
            let (sender, account) = (quoted(sender, NAME_CHARS), quoted(account, NAME_CHARS));
            format!("This can be remembered, for what {sender} asks for through {account}, whoever answers.")
        }
    }
}

/// Where not all of a text is shown, its digest tells two apart that have the same ends.
fn shown_whole_or_named(text: &str, limit: usize) -> String {
    let shown = line(text, limit);
    if text.chars().count() <= limit { shown } else { format!("{shown}, SHA-256 {}", Digest::of(text.as_bytes())) }
}

#[cfg(test)]
mod tests;
