//! `wirken:host/exec`: programs, by way of whoever judges, records and runs them. A component never runs one itself.

use std::time::Duration;

use wasmtime::component::HasData;
use wirken_bindings::host::exec::{self, Command, Output};
use wirken_bindings::host::types::Error;
use wirken_engine::{Clock, State};

use super::{Capability, Host, Offer};
use crate::ports::{self, Programs};

pub(super) const CAPABILITY: Capability = Capability {
    interfaces: &["wirken:host/exec"],
    validate: |manifest| if manifest.exec.run { Ok(()) } else { Err("add `run = true` under [exec]".into()) },
    offers: &[Offer { version: "0.1.0", link: |linker| exec::add_to_linker::<_, Exec>(linker, view) }],
};

pub(super) struct Exec;

impl HasData for Exec {
    type Data<'a> = View<'a>;
}

pub(super) struct View<'a> {
    programs: &'a dyn Programs,
    clock: Clock,
}

fn view(state: &mut State<Host>) -> View<'_> {
    let clock = state.clock();
    View { programs: &*state.data.ports.programs, clock }
}

impl exec::Host for View<'_> {
    async fn run(&mut self, command: Command) -> Result<Output, Error> {
        let Command { program, arguments, stdin, timeout_millis } = command;
        let timeout = timeout_millis.map(|millis| Duration::from_millis(millis.into()));
        let run = self.programs.run(ports::Command { program, arguments, stdin, timeout });
        // A program takes its own time, and not the guest's.
        match self.clock.rest(run).await {
            Ok(ports::Output { code, stdout, stderr, truncated }) => Ok(Output { exit_code: code, stdout, stderr, truncated }),
            Err(ports::Refusal { kind, message }) => Err(Error { kind: kind.into(), message }),
        }
    }
}
