//! The gateway's side. Nothing that the peer says is believed before its proof.

use std::fmt;

use wirken_types::channel::State;

use super::message::{self, Message};
use super::transcript::{Facts, Role};
use super::{Nonce, PROTOCOL_VERSION, Refusal};
use crate::error::WireError;
use crate::keys::{KeyPair, PublicKey};

/// One connection's. It ends with [`GatewayStep::Authenticated`] or a [`Refusal`], and refuses all that comes after.
pub struct GatewayHandshake<'k, L> {
    key: &'k KeyPair,
    nonce: Nonce,
    state: Expecting<L>,
}

#[expect(clippy::large_enum_variant, reason = "there is one for each connection")]
enum Expecting<L> {
    Hello(L),
    Proof { facts: Facts, expected: PublicKey },
    Nothing,
}

#[derive(Debug)]
pub enum GatewayStep {
    /// Send this, and hand in what answers it.
    Challenge(Vec<u8>),
    /// Raise the limit of [`crate::Frames`], and send the welcome.
    Authenticated(Authenticated),
}

/// That the peer has the key of this adapter. Only a handshake makes one.
#[derive(Debug, PartialEq, Eq)]
pub struct Authenticated {
    adapter_id: String,
}

impl Authenticated {
    pub fn adapter_id(&self) -> &str {
        &self.adapter_id
    }

    /// The last message of the handshake: the component's state, as it was committed.
    pub fn welcome(&self, state: &[State]) -> Result<Vec<u8>, WireError> {
        message::welcome(state)
    }
}

impl<'k, L: FnOnce(&str) -> Option<PublicKey>> GatewayHandshake<'k, L> {
    /// `lookup` answers the key that the adapter with an id was started with. The nonce is random, and used here only.
    pub fn new(key: &'k KeyPair, nonce: Nonce, lookup: L) -> Self {
        Self { key, nonce, state: Expecting::Hello(lookup) }
    }

    /// Takes the next message. After a refusal send [`Refusal::encode`] and close.
    pub fn take(&mut self, bytes: &[u8]) -> Result<GatewayStep, Refusal> {
        let state = std::mem::replace(&mut self.state, Expecting::Nothing);
        message::small(bytes)?;
        match (state, Message::decode(bytes)?) {
            (Expecting::Hello(lookup), Message::Hello { version, adapter_id, nonce }) => {
                if version != PROTOCOL_VERSION {
                    return Err(Refusal::Version);
                }
                let expected = lookup(&adapter_id).ok_or(Refusal::UnknownAdapter)?;
                let facts = Facts { adapter_id, adapter_nonce: nonce, gateway_nonce: self.nonce };
                let signature = self.key.sign(&facts.transcript(Role::Gateway));
                self.state = Expecting::Proof { facts, expected };
                Ok(GatewayStep::Challenge(message::challenge(&self.nonce, &signature)))
            }
            (Expecting::Proof { facts, expected }, Message::Proof { signature }) => {
                if !expected.verifies(&facts.transcript(Role::Adapter), &signature) {
                    return Err(Refusal::BadSignature);
                }
                Ok(GatewayStep::Authenticated(Authenticated { adapter_id: facts.adapter_id }))
            }
            _ => Err(Refusal::OutOfOrder),
        }
    }
}

impl<L> fmt::Debug for GatewayHandshake<'_, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expecting = match &self.state {
            Expecting::Hello(_) => "hello",
            Expecting::Proof { .. } => "proof",
            Expecting::Nothing => "nothing",
        };
        f.debug_struct("GatewayHandshake").field("expecting", &expecting).finish_non_exhaustive()
    }
}
