//! The policy as a component: the world's types to ours, and back. Nothing is decided here.

use crate::bindings::exports::wirken::policy::rules as wit;
use crate::{policy, types};

pub(crate) struct Injection;

impl wit::Guest for Injection {
    fn check(context: wit::Context, call: wit::ToolCall, intents: Vec<wit::Intent>) -> wit::Verdict {
        wirken_guest::init();
        let intents: Vec<_> = intents.into_iter().map(Into::into).collect();
        policy::check(&context.into(), &call.arguments, &intents).into()
    }

    fn check_effect(context: wit::Context, _call: wit::ToolCall, effect: wit::Intent) -> wit::Verdict {
        wirken_guest::init();
        policy::check_effect(&context.into(), &effect.into()).into()
    }

    /// Its texts are screened one by one.
    fn review(_context: wit::Context, _call: wit::ToolCall, _output: wit::ToolResult) -> wit::Decision {
        wirken_guest::init();
        wit::Decision::Pass
    }

    fn review_outbound(context: wit::Context, text: String, _complete: bool) -> wit::Decision {
        wirken_guest::init();
        policy::review_outbound(&context.into(), &text).into()
    }

    fn screen(context: wit::Context, passage: wit::Passage) -> wit::Screening {
        wirken_guest::init();
        let (decision, findings) = policy::screen(&context.into(), types::Source::of(&passage.source), &passage.text);
        wit::Screening { decision: decision.into(), findings: findings.into_iter().map(Into::into).collect() }
    }
}

impl From<wit::Context> for types::Context {
    fn from(context: wit::Context) -> Self {
        Self { tainted: context.tainted, settings: context.settings }
    }
}

impl From<wit::Intent> for types::Intent {
    fn from(wit::Intent { action, target, detail }: wit::Intent) -> Self {
        Self { action, target, detail }
    }
}

impl From<types::Verdict> for wit::Verdict {
    fn from(verdict: types::Verdict) -> Self {
        match verdict {
            types::Verdict::Allow => Self::Allow,
            types::Verdict::Ask(reason) => Self::Ask(reason),
        }
    }
}

impl From<types::Decision> for wit::Decision {
    fn from(decision: types::Decision) -> Self {
        match decision {
            types::Decision::Pass => Self::Pass,
            types::Decision::Refuse(reason) => Self::Refuse(reason),
        }
    }
}

impl From<types::Finding> for wit::Finding {
    fn from(types::Finding { rule, severity, excerpt }: types::Finding) -> Self {
        Self { rule: rule.to_owned(), severity: severity as u8, excerpt }
    }
}
