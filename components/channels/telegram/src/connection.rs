//! One bot, connected: passes each event to the part that it is for.

use crate::api;
use crate::core::{Core, Purpose};
use crate::fetch;
use crate::outbox::Outbox;
use crate::poll::Poll;
use crate::prompt::Prompts;
use crate::settings::Settings;
use crate::types::{Effect, Event, Failure, Response, State};
use crate::typing::Typing;

#[derive(Debug)]
pub struct Connection {
    /// Or what is wrong with the settings.
    parts: Result<Parts, String>,
}

#[derive(Debug)]
struct Parts {
    core: Core,
    poll: Poll,
    outbox: Outbox,
    prompts: Prompts,
    typing: Typing,
}

impl Connection {
    #[must_use]
    pub fn new(settings: &str, state: &[State], random: &[u8], recovering: bool) -> Self {
        let parts = Settings::load(settings).map(|settings| Parts {
            core: Core::new(settings),
            poll: Poll::new(state, recovering),
            outbox: Outbox::new(),
            prompts: Prompts::new(random),
            typing: Typing::default(),
        });
        Self { parts }
    }

    pub fn start(&mut self, now_millis: u64) -> Vec<Effect> {
        match &mut self.parts {
            Ok(parts) => {
                parts.core.now = now_millis;
                parts.poll.start(&mut parts.core);
                parts.core.take_effects()
            }
            Err(error) => vec![Effect::Fatal(error.clone())],
        }
    }

    pub fn handle(&mut self, now_millis: u64, event: Event) -> Vec<Effect> {
        let Ok(parts) = &mut self.parts else { return Vec::new() };
        parts.core.now = now_millis;
        parts.event(event);
        parts.core.take_effects()
    }
}

impl Parts {
    fn event(&mut self, event: Event) {
        let core = &mut self.core;
        match event {
            Event::Outbound(outbound) => self.outbox.take(core, &mut self.prompts, outbound),
            Event::MediaWanted(token) => fetch::wanted(core, token),
            Event::Stored(id) => drop(core.answered(id)),
            Event::HttpResponse(id, response) => self.answered(id, &response),
            Event::HttpFailed(id, failure) => self.failed(id, &failure),
            Event::Shutdown => self.shut_down(),
            _ if core.closed => {}
            Event::Timer(id) => self.rang(id),
            Event::Typing(conversation, active) => self.typing.set(core, conversation, active),
            Event::Poisoned(response) => self.poll.poisoned(core, &response),
            Event::Other => {}
        }
    }

    /// Answers of requests that are under way may come for a moment yet. What they say of deliveries counts; an update
    /// that nobody would confirm comes again.
    fn shut_down(&mut self) {
        let core = &mut self.core;
        self.poll.stop(core);
        for purpose in core.close() {
            if let Purpose::Delivery(outbound) = purpose {
                self.outbox.rang(core, outbound);
            }
        }
    }

    fn answered(&mut self, id: u64, response: &Response) {
        let core = &mut self.core;
        match core.answered(id) {
            Some(Purpose::Delivery(outbound)) => self.outbox.answered(core, outbound, &api::read(response)),
            _ if core.closed => {}
            Some(Purpose::Poll) => self.poll.answered(core, &self.prompts, response),
            Some(Purpose::Typing(conversation)) => self.typing.answered(core, &conversation, Some(&api::read(response))),
            Some(Purpose::File(token)) => fetch::answered(core, token, &api::read(response)),
            Some(Purpose::Download | Purpose::Aside) | None => {}
        }
    }

    fn failed(&mut self, id: u64, failure: &Failure) {
        let core = &mut self.core;
        match core.answered(id) {
            Some(Purpose::Delivery(outbound)) => self.outbox.failed(core, outbound, failure),
            _ if core.closed => {}
            Some(Purpose::Poll) => self.poll.failed(core, failure),
            Some(Purpose::Typing(conversation)) => self.typing.answered(core, &conversation, None),
            Some(Purpose::File(token)) => fetch::failed(core, token, failure),
            Some(Purpose::Download | Purpose::Aside) | None => {}
        }
    }

    fn rang(&mut self, id: u32) {
        let core = &mut self.core;
        match core.rang(id) {
            Some(Purpose::Poll) => self.poll.rang(core),
            Some(Purpose::Delivery(outbound)) => self.outbox.rang(core, outbound),
            Some(Purpose::Typing(conversation)) => self.typing.rang(core, &conversation),
            Some(Purpose::File(_) | Purpose::Download | Purpose::Aside) | None => {}
        }
    }
}
