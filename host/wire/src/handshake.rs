//! How each side proves to the other that it is the one of this start, before either believes a word.
//!
//! ```text
//! adapter → gateway   hello      version, adapter id, nonce
//! gateway → adapter   challenge  version, nonce, signature by the gateway's key
//! adapter → gateway   proof      signature by the adapter's key
//! gateway → adapter   welcome    the component's state        or refused at any point, with a reason
//! ```
//!
//! Both signatures are over the same facts and the signer's role, so that neither fits another connection, another
//! version, another adapter or the other direction. The kernel carries the bytes between two processes of one owner, so
//! nothing is encrypted.

mod adapter;
mod gateway;
mod message;
mod refusal;
#[cfg(test)]
mod tests;
mod transcript;

pub use adapter::{AdapterHandshake, AdapterStep};
pub use gateway::{Authenticated, GatewayHandshake, GatewayStep};
pub use refusal::Refusal;

/// What both sides must speak. There is no older one to fall back to: both are the same binary.
pub const PROTOCOL_VERSION: u32 = 2;

pub const NONCE_BYTES: usize = 32;

/// Random, and used for one handshake only: a proof is bound to the gateway's by it.
pub type Nonce = [u8; NONCE_BYTES];
