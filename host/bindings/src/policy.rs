//! A policy: a pure judge of what an agent does, reads and says.

use wasmtime::component::InstancePre;
use wirken_engine::{CallError, Cell, State};
use wirken_types::chat::{ToolCall, ToolResult};
use wirken_types::policy::{Context, Decision, Finding, Passage, Screening, Verdict};
use wirken_types::tool::Intent;

use crate::convert;
use crate::raw::policy as raw;
use raw::exports::wirken::policy::rules as wire;

/// A policy component, linked and ready to be instantiated.
pub struct PolicyPre<T: 'static> {
    pre: raw::PolicyPre<State<T>>,
}

impl<T: Send + 'static> PolicyPre<T> {
    pub fn new(pre: InstancePre<State<T>>) -> wasmtime::Result<Self> {
        Ok(Self { pre: raw::PolicyPre::new(pre)? })
    }

    pub async fn instantiate(&self, mut cell: Cell<T>) -> Result<Policy<T>, CallError> {
        let running = cell.begin().await?;
        let result = running.watch(self.pre.instantiate_async(cell.store())).await;
        let bindings = cell.end(result)?;
        Ok(Policy { cell, bindings })
    }
}

impl<T> std::fmt::Debug for PolicyPre<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PolicyPre").finish_non_exhaustive()
    }
}

/// An instance of a policy. `settings` is a JSON document, the owner's.
pub struct Policy<T: 'static> {
    cell: Cell<T>,
    bindings: raw::Policy,
}

impl<T: Send + 'static> Policy<T> {
    pub async fn check(&mut self, context: &Context, settings: &str, call: &ToolCall, intents: &[Intent]) -> Result<Verdict, CallError> {
        let running = self.cell.begin().await?;
        let (context, call) = (context_out(context, settings), convert::call_out(call));
        let intents: Vec<_> = intents.iter().map(convert::intent_out).collect();
        let result = running.watch(self.bindings.wirken_policy_rules().call_check(self.cell.store(), &context, &call, &intents)).await;
        Ok(verdict_in(self.cell.end(result)?))
    }

    pub async fn check_effect(
        &mut self,
        context: &Context,
        settings: &str,
        call: &ToolCall,
        effect: &Intent,
    ) -> Result<Verdict, CallError> {
        let running = self.cell.begin().await?;
        let (context, call, effect) = (context_out(context, settings), convert::call_out(call), convert::intent_out(effect));
        let rules = self.bindings.wirken_policy_rules();
        let result = running.watch(rules.call_check_effect(self.cell.store(), &context, &call, &effect)).await;
        Ok(verdict_in(self.cell.end(result)?))
    }

    pub async fn review(&mut self, context: &Context, settings: &str, call: &ToolCall, output: &ToolResult) -> Result<Decision, CallError> {
        let running = self.cell.begin().await?;
        let (context, call, output) = (context_out(context, settings), convert::call_out(call), convert::result_out(output));
        let result = running.watch(self.bindings.wirken_policy_rules().call_review(self.cell.store(), &context, &call, &output)).await;
        Ok(decision_in(self.cell.end(result)?))
    }

    pub async fn review_outbound(&mut self, context: &Context, settings: &str, text: &str, complete: bool) -> Result<Decision, CallError> {
        let running = self.cell.begin().await?;
        let context = context_out(context, settings);
        let rules = self.bindings.wirken_policy_rules();
        let result = running.watch(rules.call_review_outbound(self.cell.store(), &context, text, complete)).await;
        Ok(decision_in(self.cell.end(result)?))
    }

    pub async fn screen(&mut self, context: &Context, settings: &str, passage: &Passage) -> Result<Screening, CallError> {
        let running = self.cell.begin().await?;
        let context = context_out(context, settings);
        let passage = wire::Passage { source: passage.source.into(), name: passage.name.clone(), text: passage.text.clone() };
        let result = running.watch(self.bindings.wirken_policy_rules().call_screen(self.cell.store(), &context, &passage)).await;
        let wire::Screening { decision, findings } = self.cell.end(result)?;
        let finding = |wire::Finding { rule, severity, excerpt }| Finding { rule, severity, excerpt };
        Ok(Screening { decision: decision_in(decision), findings: findings.into_iter().map(finding).collect() })
    }
}

impl<T> std::fmt::Debug for Policy<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Policy").finish_non_exhaustive()
    }
}

fn context_out(context: &Context, settings: &str) -> wire::Context {
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
