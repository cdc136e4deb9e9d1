//! A provider without a model, a key or a network: it composes its whole answer itself and carries it in a `data:` URL,
//! which the host answers from itself, line by line. For a first conversation before any key exists, and for tests of
//! everything that lies between a chat and a provider.
//!
//! `script` decides what is said, `codec` puts it into a URL and takes the events out again.

mod bindings;
mod codec;
mod script;

use std::cell::RefCell;

use bindings::exports::wirken::provider::codec::{ChatRequest, Error, Event, Guest, GuestDecoder, Header, Request, Target, Task, TaskPage};

struct Demo;

impl Guest for Demo {
    type Decoder = Decoder;

    fn encode(target: Target, request: ChatRequest) -> Result<Request, Error> {
        wirken_guest::enter();
        codec::encode(&target, &request)
    }

    fn encode_task(_target: Target, task: Task) -> Result<Request, Error> {
        wirken_guest::enter();
        codec::encode_task(&task)
    }

    fn decode_models(status: u16, body: Vec<u8>) -> Result<TaskPage, Error> {
        wirken_guest::enter();
        codec::decode_models(status, &body)
    }
}

struct Decoder(RefCell<codec::Decoder>);

impl GuestDecoder for Decoder {
    fn new(status: u16, _headers: Vec<Header>) -> Self {
        wirken_guest::enter();
        Self(RefCell::new(codec::Decoder::new(status)))
    }

    fn push(&self, bytes: Vec<u8>) -> Vec<Event> {
        wirken_guest::enter();
        self.0.borrow_mut().push(&bytes)
    }

    fn finish(&self) -> Vec<Event> {
        wirken_guest::enter();
        self.0.borrow_mut().finish()
    }
}
