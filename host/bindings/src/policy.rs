//! A policy: a pure judge of what an agent does, reads and says.

mod v0_1;

use wasmtime::Store;
use wasmtime::component::InstancePre;
use wirken_engine::{CallError, Cell, State};
use wirken_types::chat::{ToolCall, ToolResult};
use wirken_types::policy::{Context, Decision, Passage, Screening, Verdict};
use wirken_types::tool::Intent;

use crate::version::{Called, Linked, Version};

/// When and for whom a policy is asked, and its owner's settings.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub context: &'a Context,
    /// A JSON document.
    pub settings: &'a str,
}

/// What is called of a policy, whatever its version.
pub trait PolicyExports<T: 'static>: Send + Sync {
    fn check<'a>(
        &'a self,
        store: &'a mut Store<State<T>>,
        asked: Asked<'a>,
        call: &'a ToolCall,
        intents: &'a [Intent],
    ) -> Called<'a, Verdict>;

    fn check_effect<'a>(
        &'a self,
        store: &'a mut Store<State<T>>,
        asked: Asked<'a>,
        call: &'a ToolCall,
        effect: &'a Intent,
    ) -> Called<'a, Verdict>;

    fn review<'a>(
        &'a self,
        store: &'a mut Store<State<T>>,
        asked: Asked<'a>,
        call: &'a ToolCall,
        output: &'a ToolResult,
    ) -> Called<'a, Decision>;

    fn review_outbound<'a>(
        &'a self,
        store: &'a mut Store<State<T>>,
        asked: Asked<'a>,
        text: &'a str,
        complete: bool,
    ) -> Called<'a, Decision>;

    fn screen<'a>(&'a self, store: &'a mut Store<State<T>>, asked: Asked<'a>, passage: &'a Passage) -> Called<'a, Screening>;
}

/// A version of the world of policies.
pub type PolicyVersion<T> = Version<T, dyn PolicyExports<T>>;

/// A policy component, linked and ready to be instantiated.
pub struct PolicyPre<T: 'static> {
    linked: Linked<T, dyn PolicyExports<T>>,
}

impl<T: Send + 'static> PolicyPre<T> {
    /// Newest first.
    pub const VERSIONS: &'static [PolicyVersion<T>] = &[v0_1::version()];

    pub fn new(version: &PolicyVersion<T>, pre: InstancePre<State<T>>) -> wasmtime::Result<Self> {
        Ok(Self { linked: (version.link)(pre)? })
    }

    pub async fn instantiate(&self, mut cell: Cell<T>) -> Result<Policy<T>, CallError> {
        let running = cell.begin().await?;
        let result = running.watch(self.linked.instantiate(cell.store())).await;
        let exports = cell.end(result)?;
        Ok(Policy { cell, exports })
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
    exports: Box<dyn PolicyExports<T>>,
}

impl<T: Send + 'static> Policy<T> {
    pub async fn check(&mut self, context: &Context, settings: &str, call: &ToolCall, intents: &[Intent]) -> Result<Verdict, CallError> {
        let running = self.cell.begin().await?;
        let asked = Asked { context, settings };
        let result = running.watch(self.exports.check(self.cell.store(), asked, call, intents)).await;
        self.cell.end(result)
    }

    pub async fn check_effect(
        &mut self,
        context: &Context,
        settings: &str,
        call: &ToolCall,
        effect: &Intent,
    ) -> Result<Verdict, CallError> {
        let running = self.cell.begin().await?;
        let asked = Asked { context, settings };
        let result = running.watch(self.exports.check_effect(self.cell.store(), asked, call, effect)).await;
        self.cell.end(result)
    }

    pub async fn review(&mut self, context: &Context, settings: &str, call: &ToolCall, output: &ToolResult) -> Result<Decision, CallError> {
        let running = self.cell.begin().await?;
        let asked = Asked { context, settings };
        let result = running.watch(self.exports.review(self.cell.store(), asked, call, output)).await;
        self.cell.end(result)
    }

    pub async fn review_outbound(&mut self, context: &Context, settings: &str, text: &str, complete: bool) -> Result<Decision, CallError> {
        let running = self.cell.begin().await?;
        let asked = Asked { context, settings };
        let result = running.watch(self.exports.review_outbound(self.cell.store(), asked, text, complete)).await;
        self.cell.end(result)
    }

    pub async fn screen(&mut self, context: &Context, settings: &str, passage: &Passage) -> Result<Screening, CallError> {
        let running = self.cell.begin().await?;
        let asked = Asked { context, settings };
        let result = running.watch(self.exports.screen(self.cell.store(), asked, passage)).await;
        self.cell.end(result)
    }
}

impl<T> std::fmt::Debug for Policy<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Policy").finish_non_exhaustive()
    }
}
