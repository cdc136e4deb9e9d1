//! The adapter's side. It signs nothing before the gateway has.

use wirken_types::channel::State;

use super::message::{self, Message};
use super::transcript::{Facts, Role};
use super::{Nonce, PROTOCOL_VERSION, Refusal};
use crate::codec::within;
use crate::error::WireError;
use crate::keys::{KeyPair, PublicKey};
use crate::limits::MAX_ID_BYTES;

/// One connection's. It ends with [`AdapterStep::Welcome`], [`AdapterStep::Refused`] or a [`Refusal`] of its own, and
/// refuses all that comes after.
#[derive(Debug)]
pub struct AdapterHandshake<'k> {
    adapter_id: String,
    key: &'k KeyPair,
    gateway: PublicKey,
    nonce: Nonce,
    expecting: Expecting,
}

#[derive(Clone, Copy, Debug)]
enum Expecting {
    Challenge,
    Welcome,
    Nothing,
}

#[derive(Debug, PartialEq, Eq)]
pub enum AdapterStep {
    /// The peer is the gateway. Send this, raise the limit of [`crate::Frames`], and hand in what answers it.
    Proof(Vec<u8>),
    /// Done: the component's state, as it was committed.
    Welcome(Vec<State>),
    /// The peer says so; close.
    Refused(Refusal),
}

impl<'k> AdapterHandshake<'k> {
    /// The nonce is random, and used here only.
    pub fn new(adapter_id: String, key: &'k KeyPair, gateway: PublicKey, nonce: Nonce) -> Result<Self, WireError> {
        within("an adapter's id", adapter_id.len(), MAX_ID_BYTES)?;
        Ok(Self { adapter_id, key, gateway, nonce, expecting: Expecting::Challenge })
    }

    /// The first message.
    pub fn hello(&self) -> Vec<u8> {
        message::hello(&self.adapter_id, &self.nonce)
    }

    /// Takes the next message. After a refusal close.
    pub fn take(&mut self, bytes: &[u8]) -> Result<AdapterStep, Refusal> {
        let expecting = std::mem::replace(&mut self.expecting, Expecting::Nothing);
        if !matches!(expecting, Expecting::Welcome) {
            message::small(bytes)?;
        }
        match (expecting, Message::decode(bytes)?) {
            (Expecting::Challenge, Message::Challenge { version, nonce, signature }) => {
                if version != PROTOCOL_VERSION {
                    return Err(Refusal::Version);
                }
                let facts = Facts { adapter_id: self.adapter_id.clone(), adapter_nonce: self.nonce, gateway_nonce: nonce };
                if !self.gateway.verifies(&facts.transcript(Role::Gateway), &signature) {
                    return Err(Refusal::BadSignature);
                }
                self.expecting = Expecting::Welcome;
                Ok(AdapterStep::Proof(message::proof(&self.key.sign(&facts.transcript(Role::Adapter)))))
            }
            (Expecting::Welcome, Message::Welcome { state }) => Ok(AdapterStep::Welcome(state)),
            (Expecting::Challenge | Expecting::Welcome, Message::Refused { reason }) => {
                Refusal::from_code(&reason).map(AdapterStep::Refused).ok_or(Refusal::Malformed)
            }
            _ => Err(Refusal::OutOfOrder),
        }
    }
}
