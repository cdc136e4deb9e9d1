//! Channels: one messaging platform, as a state machine.
//!
//! Events in, effects out. There is no clock, no randomness and no network but what [`Channel`] is handed and asks for.

#[doc(hidden)]
pub mod bindings;
mod component;

pub use bindings::export;
pub use bindings::exports::wirken::channel::adapter::{
    Answered, Attachment, Choice, Claim, Conversation, Draft, Effect, Event, Health, HttpRequest, Inbound, InboundChoice, InboundMessage,
    InboundNotice, Literal, LogLine, Medium, Outbound, OutboundContent, OutboundOutcome, Outcome, Prompt, PromptEnd, RemoteBlob, Sender,
    SocketBinaryFrame, SocketEnd, SocketFailure, SocketRequest, SocketTextFrame, State, StoredMedium, Timer, Typing, Unanswered, Webhook,
    WebhookAnswer,
};
pub use bindings::wirken::http::types::{Blob, Failure, Header, Request, Response, Segment};
#[doc(hidden)]
pub use component::Component;

/// One account on the platform, connected.
pub trait Channel: 'static {
    /// `settings` is a JSON object that fits the manifest; `state` is what was put and not deleted; `random` is 32 bytes;
    /// `recovering` asks to take one update at a time.
    fn new(settings: &str, state: Vec<State>, random: &[u8], recovering: bool) -> Self;
    /// Called once, first.
    fn start(&mut self, now_millis: u64) -> Vec<Effect>;
    /// What follows from one event, in order.
    fn handle(&mut self, now_millis: u64, event: Event) -> Vec<Effect>;
}

/// Makes a component of a channel: `wirken_guest::channel!(Mine);`.
#[macro_export]
macro_rules! channel {
    ($channel:ty) => {
        const _: () = {
            type Component = $crate::channel::Component<$channel>;
            // A linker of this machine's takes none of the names that are exported.
            #[cfg(target_arch = "wasm32")]
            $crate::channel::export! { Component with_types_in $crate::channel::bindings }
            #[cfg(not(target_arch = "wasm32"))]
            $crate::channel::fits::<Component>();
        };
    };
}

/// Compiles where a type is a component.
#[doc(hidden)]
pub const fn fits<C: bindings::exports::wirken::channel::adapter::Guest>() {}

#[cfg(test)]
mod tests;
