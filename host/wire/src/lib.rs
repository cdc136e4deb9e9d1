//! What the gateway and an adapter process say to each other over a Unix socket: frames, the handshake, the messages
//! after it, and what a child is started with. An adapter process hosts one channel account's component.
//!
//! Nothing here opens a socket or reads a clock: bytes go in, and values or bytes come out; [`link`] moves them over a
//! stream that it is given. The socket, the deadlines and the
//! nonces are the caller's; only [`KeyPair::generate`] asks the system for randomness.
//!
//! 1. The gateway makes a key pair for the child and writes a [`Boot`] into the child's pipe.
//! 2. Both sides cut their stream with [`Frames`]. [`AdapterHandshake`] and [`GatewayHandshake`] prove to each side that
//!    the other holds the key of this start.
//! 3. [`ToGateway`] and [`ToAdapter`] follow, one per frame.
//!
//! An adapter hears what strangers send, so the gateway trusts nothing that it says: every text, list and blob is bounded
//! by [`limits`], in both directions. Who makes a message cuts what may be longer first; a longer one is not encoded.
//!
//! A file that came with a message comes in pieces with credit ([`MediumNews`]), between the other messages.

pub mod limits;
pub mod link;

mod boot;
mod codec;
mod error;
mod frames;
mod handshake;
mod keys;
mod media;
mod to_adapter;
mod to_gateway;

#[rustfmt::skip]
#[allow(
    clippy::all,
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    missing_debug_implementations,
    dead_code,
    reason = "generated: the generator's habits are not ours"
)]
mod wire_capnp;

pub use boot::{BOOT_DESCRIPTOR, Boot, CODE_DESCRIPTOR, Credential, Network};
pub use error::WireError;
pub use frames::{Frames, frame};
pub use handshake::{
    AdapterHandshake, AdapterStep, Authenticated, GatewayHandshake, GatewayStep, NONCE_BYTES, Nonce, PROTOCOL_VERSION, Refusal,
};
pub use keys::{KEY_BYTES, KeyPair, PublicKey};
pub use media::{MediumNews, MediumOrder};
pub use to_adapter::ToAdapter;
pub use to_gateway::ToGateway;
