//! A provider, as the world has it.

use std::cell::RefCell;
use std::marker::PhantomData;

use super::bindings::exports::wirken::provider::codec::{Guest, GuestDecoder};
use super::{ChatRequest, Decoder, Error, Event, Header, Provider, Request, Target, Task, TaskPage};

/// The component of a provider.
#[derive(Debug)]
pub struct Component<P>(PhantomData<P>);

/// One response's decoder. The host calls one function of it at a time.
#[derive(Debug)]
pub struct Response<D>(RefCell<D>);

impl<P: Provider> Guest for Component<P> {
    type Decoder = Response<P::Decoder>;

    fn encode(target: Target, request: ChatRequest) -> Result<Request, Error> {
        crate::init();
        P::encode(&target, &request)
    }

    fn encode_task(target: Target, task: Task) -> Result<Request, Error> {
        crate::init();
        P::encode_task(&target, &task)
    }

    fn decode_models(target: Target, status: u16, headers: Vec<Header>, body: Vec<u8>) -> Result<TaskPage, Error> {
        crate::init();
        P::decode_models(&target, status, &headers, &body)
    }
}

impl<D: Decoder> GuestDecoder for Response<D> {
    fn new(target: Target, status: u16, headers: Vec<Header>) -> Self {
        crate::init();
        Self(RefCell::new(D::new(target, status, headers)))
    }

    fn push(&self, bytes: Vec<u8>) -> Vec<Event> {
        crate::init();
        self.0.borrow_mut().push(&bytes)
    }

    fn finish(&self) -> Vec<Event> {
        crate::init();
        self.0.borrow_mut().finish()
    }
}
