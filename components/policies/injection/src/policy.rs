//! What the scanner's findings come to, at each of the five questions. Nothing is kept between two of them.

use serde_json::Value;

use crate::settings::Settings;
use crate::types::{Context, Decision, Finding, Intent, Severity, Source, Verdict};
use crate::{rule, scan};

/// A query that is longer may carry away what the session holds. A search of a few words does not reach it.
const LONG_QUERY: usize = 512;

/// A model that obeyed an attack often passes it on. Only in a session that holds a stranger's words: in any other, the person
/// who wrote them is the one who would be asked.
pub fn check(context: &Context, arguments: &str, intents: &[Intent]) -> Verdict {
    if !context.tainted || !Settings::read(&context.settings).ask {
        return Verdict::Allow;
    }
    let found = scan(arguments, Source::Stranger).findings;
    if let Some(worst) = found.iter().find(|finding| finding.severity == Severity::High) {
        return Verdict::Ask(format!("What is handed to this tool holds what looks like an attack on the model ({}).", worst.rule));
    }
    intents.iter().map(|intent| check_effect(context, intent)).find(|verdict| *verdict != Verdict::Allow).unwrap_or(Verdict::Allow)
}

/// What leaves in an address is seen by nobody, so that it is where a session's text is carried out.
pub fn check_effect(context: &Context, effect: &Intent) -> Verdict {
    if effect.action != "http" || !context.tainted || !Settings::read(&context.settings).ask {
        return Verdict::Allow;
    }
    let detail: Value = serde_json::from_str(&effect.detail).unwrap_or_default();
    let path = detail.get("path").and_then(Value::as_str).unwrap_or_default();
    let query = path.split_once('?').map_or("", |(_, query)| query);
    if query.len() > LONG_QUERY {
        return Verdict::Ask(format!("The address carries {} bytes of text out of a session that holds a stranger's words.", query.len()));
    }
    if scan(path, Source::Stranger).carries_text {
        return Verdict::Ask("The address carries encoded text out of a session that holds a stranger's words.".to_owned());
    }
    Verdict::Allow
}

/// A model's own words instruct nobody, but those who read them see pictures loaded, and do not see what is hidden in them.
pub fn review_outbound(context: &Context, text: &str) -> Decision {
    let found = scan(text, Source::Stranger).findings;
    let told: Vec<_> = found.into_iter().filter(|finding| matches!(finding.rule, rule::EXFILTRATION | rule::HIDDEN)).collect();
    decide(context, &told)
}

pub fn screen(context: &Context, source: Source, text: &str) -> (Decision, Vec<Finding>) {
    let found = scan(text, source).findings;
    (decide(context, &found), found)
}

/// The most severe comes first.
fn decide(context: &Context, found: &[Finding]) -> Decision {
    match (found.first(), Settings::read(&context.settings).block) {
        (Some(worst), Some(least)) if worst.severity >= least => {
            Decision::Refuse(format!("It looks like an attack on the model: {}.", worst.rule))
        }
        _ => Decision::Pass,
    }
}
