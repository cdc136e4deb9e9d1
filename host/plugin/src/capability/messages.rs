//! `wirken:host/messages`: messages to people, by way of whoever judges, records and sends them.

use wasmtime::component::HasData;
use wirken_bindings::host::messages;
use wirken_bindings::host::types::Error;
use wirken_engine::{Clock, State};

use super::{Capability, Host, Offer, refused};
use crate::ports::Messages as Port;

pub(super) const CAPABILITY: Capability = Capability {
    interfaces: &["wirken:host/messages"],
    validate: |manifest| if manifest.messages.send { Ok(()) } else { Err("add `send = true` under [messages]".into()) },
    offers: &[Offer { version: "0.1.0", link: |linker| messages::add_to_linker::<_, Messages>(linker, view) }],
};

pub(super) struct Messages;

impl HasData for Messages {
    type Data<'a> = View<'a>;
}

pub(super) struct View<'a> {
    port: &'a dyn Port,
    clock: Clock,
}

fn view(state: &mut State<Host>) -> View<'_> {
    let clock = state.clock();
    View { port: &*state.data.ports.messages, clock }
}

impl messages::Host for View<'_> {
    async fn send(&mut self, channel: String, conversation_id: String, text: String) -> Result<(), Error> {
        self.clock.wait(self.port.send(channel, conversation_id, text)).await.map_err(refused)
    }
}
