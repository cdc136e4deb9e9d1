//! What a version more takes: its generated types, what it is in the host's own, and a line in each table. In what ships the
//! first two are in `host/bindings`, and the rest beside what is there already.

use wasmtime::Store;
use wasmtime::component::{HasData, InstancePre};
use wirken_bindings::{Called, Link, ToolExports, ToolVersion};
use wirken_engine::State;
use wirken_types::chat::{Part, ToolDefinition};
use wirken_types::tool::{CallPlan, Intent, ToolFailure};

use self::raw::exports::wirken::tool::tools as wire;
use crate::capability::{Capability, Host, OFFERS, Offer, Offers, log};

mod raw {
    wasmtime::component::bindgen!({
        path: [
            "../../wit/http",
            "../../wit/chat",
            "../../components/fixtures/next-tool/wit/tool",
            "../../components/fixtures/next-tool/wit/host",
        ],
        inline: "
            package wirken:next;
            world next {
                include wirken:tool/tool@0.2.0;
                import wirken:host/log@0.2.0;
            }
        ",
        world: "wirken:next/next",
        imports: { default: async },
        exports: { default: async },
    });
}

/// What a host offers that has the version made for tests too.
pub(super) fn offers() -> Offers {
    let worlds: Vec<_> = [version()].into_iter().chain(OFFERS.worlds.iter().copied()).collect();
    let with_log = |capability: &'static Capability| -> &'static Capability {
        let Capability { interfaces, validate, offers } = *capability;
        if !interfaces.contains(&"wirken:host/log") {
            return capability;
        }
        let offers: Vec<_> = [NEXT_LOG].into_iter().chain(offers.iter().copied()).collect();
        Box::leak(Box::new(Capability { interfaces, validate, offers: offers.leak() }))
    };
    let capabilities: Vec<_> = OFFERS.capabilities.iter().copied().map(with_log).collect();
    Offers { worlds: worlds.leak(), capabilities: capabilities.leak() }
}

const NEXT_LOG: Offer = Offer { version: "0.2.0", link: |linker| raw::wirken::host::log::add_to_linker::<_, NextLog>(linker, log::view) };

struct NextLog;

impl HasData for NextLog {
    type Data<'a> = log::View<'a>;
}

impl raw::wirken::host::log::Host for log::View<'_> {
    async fn log(&mut self, entry: raw::wirken::host::log::Entry) {
        let raw::wirken::host::log::Entry { level, message, topic } = entry;
        wirken_bindings::host::log::Host::log(self, level, format!("{topic}: {message}")).await;
    }
}

const fn version() -> ToolVersion<Host> {
    ToolVersion {
        world: "wirken:tool/tool@0.2.0",
        exports: "wirken:tool/tools@0.2.0",
        types: &["wirken:chat/types@0.1.0", "wirken:http/types@0.1.0", "wirken:tool/types@0.2.0"],
        link: |pre: InstancePre<State<Host>>| Ok(Box::new(raw::NextPre::new(pre)?)),
    }
}

impl Link<Host, dyn ToolExports<Host>> for raw::NextPre<State<Host>> {
    fn instantiate<'a>(&'a self, store: &'a mut Store<State<Host>>) -> Called<'a, Box<dyn ToolExports<Host>>> {
        Box::pin(async move { Ok(Box::new(self.instantiate_async(store).await?) as _) })
    }
}

impl ToolExports<Host> for raw::Next {
    fn definitions<'a>(&'a self, store: &'a mut Store<State<Host>>) -> Called<'a, Vec<ToolDefinition>> {
        Box::pin(async move {
            let definitions = self.wirken_tool_tools().call_definitions(store).await?;
            let definition = |wire::ToolDefinition { name, description, input_schema }| ToolDefinition { name, description, input_schema };
            Ok(definitions.into_iter().map(definition).collect())
        })
    }

    fn plan<'a>(
        &'a self,
        store: &'a mut Store<State<Host>>,
        name: &'a str,
        arguments: &'a str,
    ) -> Called<'a, Result<CallPlan, ToolFailure>> {
        Box::pin(async move {
            let plan = self.wirken_tool_tools().call_plan(store, &call_out(name, arguments)).await?;
            Ok(plan.map(plan_in).map_err(failure_in))
        })
    }

    fn call<'a>(
        &'a self,
        store: &'a mut Store<State<Host>>,
        name: &'a str,
        arguments: &'a str,
    ) -> Called<'a, Result<Vec<Part>, ToolFailure>> {
        Box::pin(async move {
            let result = self.wirken_tool_tools().call_call(store, &call_out(name, arguments)).await?;
            Ok(result.map(|parts| parts.into_iter().map(part_in).collect()).map_err(failure_in))
        })
    }
}

fn call_out(name: &str, arguments: &str) -> wire::ToolCall {
    wire::ToolCall { name: name.to_owned(), arguments: arguments.to_owned(), tries: 0 }
}

/// A reason has no place in the host's own types, and is left out; that something is final is told to whoever is asked.
fn plan_in(plan: wire::CallPlan) -> CallPlan {
    let intent = |wire::Intent { action, target, detail, reason: _ }| Intent { action, target, detail };
    let last = if plan.final_ { " It cannot be undone." } else { "" };
    CallPlan { purpose: plan.purpose + last, intents: plan.intents.into_iter().map(intent).collect() }
}

fn failure_in(failure: wire::Failure) -> ToolFailure {
    match failure {
        wire::Failure::InvalidArguments(text) => ToolFailure::InvalidArguments(text),
        wire::Failure::Denied(text) => ToolFailure::Denied(text),
        wire::Failure::Failed(text) => ToolFailure::Failed(text),
        wire::Failure::Busy(seconds) => ToolFailure::Other("busy".to_owned(), format!("try again in {seconds} s")),
        wire::Failure::Other((kind, text)) => ToolFailure::Other(kind, text),
    }
}

fn part_in(part: wire::Part) -> Part {
    match part {
        wire::Part::Text(text) => Part::Text(text),
        wire::Part::Other((kind, value)) => Part::Other(kind, value),
        wire::Part::Blob(_) => Part::text("a blob"),
    }
}
