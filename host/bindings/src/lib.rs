//! The only `bindgen!` of the host: one module per package version, conversion to the host's own types, and typed
//! handles to what a component exports.
//!
//! Nothing here grants, records or performs I/O. The traits in [`host`] are what a capability implements; which
//! implementation a component gets is decided where it is linked.

mod channel;
mod convert;
pub mod host;
mod plain;
mod policy;
mod provider;
mod raw;
mod tool;

pub use channel::{ChannelPre, Connection};
pub use plain::PlainPre;
pub use policy::{Policy, PolicyPre};
pub use provider::{Decoder, Provider, ProviderPre};
pub use tool::{Tool, ToolPre};
