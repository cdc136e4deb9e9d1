//! `wirken:host/log`: words for whoever looks after the host. A flood of them drowns nobody: each is cut, and of one call so
//! many are passed on.

use wasmtime::component::HasData;
use wirken_bindings::host::log;
use wirken_engine::State;

use super::{Capability, Host, Offer, freely};
use crate::ports::Log as Port;

pub(super) const CAPABILITY: Capability = Capability {
    interfaces: &["wirken:host/log"],
    validate: freely,
    offers: &[Offer { version: "0.1.0", link: |linker| log::add_to_linker::<_, Log>(linker, view) }],
};

/// Messages of one call that are passed on.
pub(crate) const MAX_MESSAGES: u32 = 64;
/// Bytes of one of them.
pub(crate) const MAX_BYTES: usize = 1024;

pub(crate) struct Log;

impl HasData for Log {
    type Data<'a> = View<'a>;
}

pub(crate) struct View<'a> {
    port: &'a dyn Port,
    logged: &'a mut u32,
}

pub(crate) fn view(state: &mut State<Host>) -> View<'_> {
    let Host { ports, logged, .. } = &mut state.data;
    View { port: &*ports.log, logged }
}

impl log::Host for View<'_> {
    async fn log(&mut self, level: String, message: String) {
        if *self.logged >= MAX_MESSAGES {
            return;
        }
        *self.logged += 1;
        let level = match level.as_str() {
            "debug" => "debug",
            "warn" => "warn",
            "error" => "error",
            _ => "info",
        };
        let end = message.floor_char_boundary(MAX_BYTES);
        self.port.log(level, message.get(..end).unwrap_or_default());
        if *self.logged == MAX_MESSAGES {
            self.port.log("warn", "what this call logs from here on is dropped");
        }
    }
}
