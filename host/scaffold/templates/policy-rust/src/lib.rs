//! A policy that bans words: an answer that holds one is withheld, a call that holds one is asked about, and one that
//! reaches the model is put on record.

use serde::Deserialize;
use wirken_guest::policy::{Context, Decision, Finding, Intent, Passage, Policy, Screening, ToolCall, Verdict};

wirken_guest::policy!(Words);

struct Words;

#[derive(Default, Deserialize)]
struct Settings {
    words: Vec<String>,
}

impl Policy for Words {
    fn check(context: &Context, call: &ToolCall, _intents: &[Intent]) -> Verdict {
        match banned(context, &call.arguments) {
            Some(word) => Verdict::Ask(format!("the call holds the word {word:?}")),
            None => Verdict::Allow,
        }
    }

    fn review_outbound(context: &Context, text: &str, _complete: bool) -> Decision {
        match banned(context, text) {
            Some(word) => Decision::Refuse(format!("the answer holds the word {word:?}")),
            None => Decision::Pass,
        }
    }

    fn screen(context: &Context, passage: &Passage) -> Screening {
        let finding = |word| Finding { rule: "banned-word".into(), severity: 1, excerpt: word };
        Screening { decision: Decision::Pass, findings: banned(context, &passage.text).map(finding).into_iter().collect() }
    }
}

/// The first banned word that a text holds, in any case and not as a part of another.
fn banned(context: &Context, text: &str) -> Option<String> {
    // The host has checked them against the manifest.
    let settings: Settings = serde_json::from_str(&context.settings).unwrap_or_default();
    let text = text.to_lowercase();
    let mut words = text.split(|letter: char| !letter.is_alphanumeric());
    words.find(|word| settings.words.iter().any(|banned| banned.to_lowercase() == *word)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context() -> Context {
        Context {
            agent: "default".into(),
            channel: "webchat".into(),
            conversation: "c1".into(),
            shared: false,
            sender: String::new(),
            session: "s1".into(),
            component: String::new(),
            tier: 0,
            tainted: false,
            now_millis: 0,
            settings: r#"{"words":["Voldemort"]}"#.into(),
        }
    }

    #[test]
    fn an_answer_with_a_banned_word_is_withheld() {
        assert!(matches!(Words::review_outbound(&context(), "It was VOLDEMORT!", true), Decision::Refuse(_)));
        for text in ["", "It was nobody.", "voldemorts"] {
            assert_eq!(Words::review_outbound(&context(), text, true), Decision::Pass, "{text}");
        }
    }

    #[test]
    fn a_call_with_one_is_asked_about() {
        let check = |arguments: &str| {
            let call = ToolCall { id: "1".into(), name: "search".into(), arguments: arguments.into() };
            Words::check(&context(), &call, &[])
        };
        assert!(matches!(check(r#"{"query":"voldemort"}"#), Verdict::Ask(_)));
        assert_eq!(check(r#"{"query":"weather"}"#), Verdict::Allow);
    }

    #[test]
    fn a_text_with_one_reaches_the_model_and_the_record() {
        let screen = |text: &str| Words::screen(&context(), &Passage { source: "person".into(), name: String::new(), text: text.into() });
        let found = screen("Who is Voldemort?");
        assert_eq!((found.decision, found.findings[0].rule.as_str(), found.findings.len()), (Decision::Pass, "banned-word", 1));
        assert!(screen("Who is it?").findings.is_empty());
    }
}
