//! A channel, as the world has it.

use std::cell::RefCell;
use std::marker::PhantomData;

use super::bindings::exports::wirken::channel::adapter::{Guest, GuestConnection};
use super::{Channel, Effect, Event, State};

/// The component of a channel.
#[derive(Debug)]
pub struct Component<C>(PhantomData<C>);

/// One account's connection. The host calls one function of it at a time.
#[derive(Debug)]
pub struct Connection<C>(RefCell<C>);

impl<C: Channel> Guest for Component<C> {
    type Connection = Connection<C>;
}

impl<C: Channel> GuestConnection for Connection<C> {
    fn new(settings: String, state: Vec<State>, random: Vec<u8>, recovering: bool) -> Self {
        crate::init();
        Self(RefCell::new(C::new(&settings, state, &random, recovering)))
    }

    fn start(&self, now_millis: u64) -> Vec<Effect> {
        crate::init();
        self.0.borrow_mut().start(now_millis)
    }

    fn handle(&self, now_millis: u64, event: Event) -> Vec<Effect> {
        crate::init();
        self.0.borrow_mut().handle(now_millis, event)
    }
}
