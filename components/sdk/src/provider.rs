//! Providers: the API of a language model, as a codec.
//!
//! [`Provider::encode`] turns a conversation into a request, and a [`Decoder`] turns the bytes of the response into
//! events. Nothing is sent here, and nothing is imported.

#[doc(hidden)]
pub mod bindings;
mod component;

pub use bindings::export;
pub use bindings::exports::wirken::provider::codec::{
    CallBegin, CallDelta, ChatRequest, Error, Event, Header, Message, Model, Progress, Request, Target, Task, TaskPage, ToolCall,
    ToolDefinition, Usage,
};
pub use bindings::wirken::chat::types::{AssistantItem, Opaque, Part, ToolResult};
pub use bindings::wirken::http::types::{Blob, Segment};
#[doc(hidden)]
pub use component::Component;

/// One API.
pub trait Provider {
    /// Reads one response.
    type Decoder: Decoder;

    /// Describes the request that asks the model to go on.
    fn encode(target: &Target, request: &ChatRequest) -> Result<Request, Error>;

    /// Describes the request of a task: `list`, `show` or `pull`. Where the API has none, leave it as it is.
    fn encode_task(_target: &Target, task: &Task) -> Result<Request, Error> {
        Err(Error::new("invalid-request", format!("this provider has no task {:?}", task.action)))
    }

    /// Reads the whole response to `list` or `show`.
    fn decode_models(_target: &Target, _status: u16, _headers: &[Header], _body: &[u8]) -> Result<TaskPage, Error> {
        Err(Error::new("invalid-request", "this provider lists no models"))
    }
}

/// One response. However its bytes are split, the events are the same: what is not whole waits.
pub trait Decoder: 'static {
    /// A response of any status begins. Header names are in lower case.
    fn new(target: Target, status: u16, headers: Vec<Header>) -> Self;
    /// The next bytes, never none, and the events that they complete.
    fn push(&mut self, bytes: &[u8]) -> Vec<Event>;
    /// The body has ended. A response that ended too early is `failed` here.
    fn finish(&mut self) -> Vec<Event>;
}

/// Makes a component of a provider: `wirken_guest::provider!(Mine);`.
#[macro_export]
macro_rules! provider {
    ($provider:ty) => {
        const _: () = {
            type Component = $crate::provider::Component<$provider>;
            // A linker of this machine's takes none of the names that are exported.
            #[cfg(target_arch = "wasm32")]
            $crate::provider::export! { Component with_types_in $crate::provider::bindings }
            #[cfg(not(target_arch = "wasm32"))]
            $crate::provider::fits::<Component>();
        };
    };
}

impl Error {
    /// The kinds are those of `wit/provider/provider.wit`: `rate-limited`, `protocol` …
    pub fn new(kind: &str, message: impl Into<String>) -> Self {
        Self { kind: kind.to_owned(), message: message.into(), retry_after_millis: None }
    }
}

/// Compiles where a type is a component.
#[doc(hidden)]
pub const fn fits<C: bindings::exports::wirken::provider::codec::Guest>() {}

#[cfg(test)]
mod tests;
