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
mod version;

pub use channel::{Beginning, ChannelExports, ChannelPre, ChannelVersion, Connection};
pub use plain::PlainPre;
pub use policy::{Asked, Policy, PolicyExports, PolicyPre, PolicyVersion};
pub use provider::{Decoder, Page, Provider, ProviderExports, ProviderPre, ProviderVersion};
pub use tool::{Tool, ToolExports, ToolPre, ToolVersion};
pub use version::{Called, Link, Linked, Linking, Version, fit_side_by_side, offered};
