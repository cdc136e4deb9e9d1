//! A policy, as the world has it.

use std::marker::PhantomData;

use super::bindings::exports::wirken::policy::rules::Guest;
use super::{Context, Decision, Intent, Passage, Policy, Screening, ToolCall, ToolResult, Verdict};

/// The component of a policy.
#[derive(Debug)]
pub struct Component<P>(PhantomData<P>);

impl<P: Policy> Guest for Component<P> {
    fn check(context: Context, call: ToolCall, intents: Vec<Intent>) -> Verdict {
        crate::init();
        P::check(&context, &call, &intents)
    }

    fn check_effect(context: Context, call: ToolCall, effect: Intent) -> Verdict {
        crate::init();
        P::check_effect(&context, &call, &effect)
    }

    fn review(context: Context, call: ToolCall, output: ToolResult) -> Decision {
        crate::init();
        P::review(&context, &call, &output)
    }

    fn review_outbound(context: Context, text: String, complete: bool) -> Decision {
        crate::init();
        P::review_outbound(&context, &text, complete)
    }

    fn screen(context: Context, passage: Passage) -> Screening {
        crate::init();
        P::screen(&context, &passage)
    }
}
