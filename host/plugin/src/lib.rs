//! From a component's bytes to something that can be called, with exactly the authority that it was granted.
//!
//! Load → verify → grant → link. A component's imports are requests; its manifest says which of them it means; the
//! owner's [`Grant`] answers. What of that is in force is decided by [`authority::effective`], pure code, before
//! anything is instantiated. Each capability is one module: its interfaces, how it is linked, what it needs of a
//! manifest, what it is given for a call. One that is not granted is linked to a refusal, which a guest sees as a typed
//! error.
//!
//! Nothing here performs I/O on a component's behalf, keeps a record, or asks a person.

mod authority;
mod capability;
mod channel;
mod error;
mod imports;
mod package;
mod policy;
pub mod ports;
mod provider;
mod tool;
#[cfg(test)]
mod versions;

pub use authority::{Access, Asked, Authority, Ceiling, Grant, Imported, Network, effective, withheld};
pub use capability::offered;
pub use channel::ChannelPlugin;
pub use error::{LoadError, Problem};
pub use imports::Interface;
pub use package::{Info, Kind, Package, describe, validate};
pub use policy::PolicyPlugin;
pub use ports::Ports;
pub use provider::{Decoder, ProviderPlugin};
pub use tool::{Owner, ToolEnd, ToolPlugin};
