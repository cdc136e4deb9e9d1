//! `wirken:policy@0.1.0`, in the host's own types.

use wasmtime::Store;
use wasmtime::component::InstancePre;
use wirken_engine::State;
use wirken_types::chat::{ToolCall, ToolResult};
use wirken_types::policy::{Decision, Finding, Passage, Screening, Verdict};
use wirken_types::tool::Intent;

use super::{Asked, PolicyExports, PolicyVersion};
use crate::convert;
use crate::raw::v0_1::policy as raw;
use crate::version::{Called, Link, Linked};
use raw::exports::wirken::policy::rules as wire;

pub(super) const fn version<T: Send + 'static>() -> PolicyVersion<T> {
    PolicyVersion {
        world: "wirken:policy/policy@0.1.0",
        exports: "wirken:policy/rules@0.1.0",
        types: &["wirken:chat/types@0.1.0", "wirken:http/types@0.1.0", "wirken:tool/types@0.1.0"],
        link,
    }
}

fn link<T: Send + 'static>(pre: InstancePre<State<T>>) -> wasmtime::Result<Linked<T, dyn PolicyExports<T>>> {
    Ok(Box::new(raw::PolicyPre::new(pre)?))
}

impl<T: Send + 'static> Link<T, dyn PolicyExports<T>> for raw::PolicyPre<State<T>> {
    fn instantiate<'a>(&'a self, store: &'a mut Store<State<T>>) -> Called<'a, Box<dyn PolicyExports<T>>> {
        Box::pin(async move { Ok(Box::new(self.instantiate_async(store).await?) as _) })
    }
}

impl<T: Send + 'static> PolicyExports<T> for raw::Policy {
    fn check<'a>(
        &'a self,
        store: &'a mut Store<State<T>>,
        asked: Asked<'a>,
        call: &'a ToolCall,
        intents: &'a [Intent],
    ) -> Called<'a, Verdict> {
        Box::pin(async move {
            let (context, call) = (context_out(asked), convert::call_out(call));
            let intents: Vec<_> = intents.iter().map(convert::intent_out).collect();
            Ok(verdict_in(self.wirken_policy_rules().call_check(store, &context, &call, &intents).await?))
        })
    }

    fn check_effect<'a>(
        &'a self,
        store: &'a mut Store<State<T>>,
        asked: Asked<'a>,
        call: &'a ToolCall,
        effect: &'a Intent,
    ) -> Called<'a, Verdict> {
        Box::pin(async move {
            let (context, call, effect) = (context_out(asked), convert::call_out(call), convert::intent_out(effect));
            Ok(verdict_in(self.wirken_policy_rules().call_check_effect(store, &context, &call, &effect).await?))
        })
    }

    fn review<'a>(
        &'a self,
        store: &'a mut Store<State<T>>,
        asked: Asked<'a>,
        call: &'a ToolCall,
        output: &'a ToolResult,
    ) -> Called<'a, Decision> {
        Box::pin(async move {
            let (context, call, output) = (context_out(asked), convert::call_out(call), convert::result_out(output));
            Ok(decision_in(self.wirken_policy_rules().call_review(store, &context, &call, &output).await?))
        })
    }

    fn review_outbound<'a>(
        &'a self,
        store: &'a mut Store<State<T>>,
        asked: Asked<'a>,
        text: &'a str,
        complete: bool,
    ) -> Called<'a, Decision> {
        Box::pin(async move {
            let reviewed = self.wirken_policy_rules().call_review_outbound(store, &context_out(asked), text, complete).await?;
            Ok(decision_in(reviewed))
        })
    }

    fn screen<'a>(&'a self, store: &'a mut Store<State<T>>, asked: Asked<'a>, passage: &'a Passage) -> Called<'a, Screening> {
        Box::pin(async move {
            let passage = wire::Passage { source: passage.source.into(), name: passage.name.clone(), text: passage.text.clone() };
            let screened = self.wirken_policy_rules().call_screen(store, &context_out(asked), &passage).await?;
            let finding = |wire::Finding { rule, severity, excerpt }| Finding { rule, severity, excerpt };
            Ok(Screening { decision: decision_in(screened.decision), findings: screened.findings.into_iter().map(finding).collect() })
        })
    }
}

fn context_out(Asked { context, settings }: Asked<'_>) -> wire::Context {
    wire::Context {
        agent: context.agent.clone(),
        channel: context.channel.clone(),
        conversation: context.conversation.clone(),
        shared: context.shared,
        sender: context.sender.clone(),
        session: context.session.clone(),
        component: context.component.clone(),
        tier: context.tier,
        tainted: context.tainted,
        now_millis: context.now.0,
        settings: settings.to_owned(),
    }
}

fn verdict_in(verdict: wire::Verdict) -> Verdict {
    match verdict {
        wire::Verdict::Allow => Verdict::Allow,
        wire::Verdict::Ask(reason) => Verdict::Ask(reason),
        wire::Verdict::Deny(reason) => Verdict::Deny(reason),
    }
}

fn decision_in(decision: wire::Decision) -> Decision {
    match decision {
        wire::Decision::Pass => Decision::Pass,
        wire::Decision::Replace(parts) => Decision::Replace(parts.into_iter().map(convert::part_in).collect()),
        wire::Decision::Refuse(reason) => Decision::Refuse(reason),
    }
}
