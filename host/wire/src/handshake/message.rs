//! The messages of the handshake, as bytes.

use capnp::serialize;
use wirken_types::channel::State;

use super::{Nonce, PROTOCOL_VERSION, Refusal};
use crate::codec::{self, Form, list, list_length, text};
use crate::error::WireError;
use crate::keys::SIGNATURE_BYTES;
use crate::limits::{MAX_HANDSHAKE_BYTES, MAX_ID_BYTES, MAX_WORD_BYTES};
use crate::wire_capnp::handshake as wire;

pub(super) type Signature = [u8; SIGNATURE_BYTES];

#[derive(Debug)]
pub(super) enum Message {
    Hello { version: u32, adapter_id: String, nonce: Nonce },
    Challenge { version: u32, nonce: Nonce, signature: Signature },
    Proof { signature: Signature },
    Welcome { state: Vec<State> },
    Refused { reason: String },
}

impl Message {
    /// Only a welcome may be longer than what a stranger may send, and who takes one knows the gateway by then.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let message = codec::open(bytes)?;
        let message = Self::read(message.get_root()?)?;
        if !matches!(message, Self::Welcome { .. }) {
            small(bytes)?;
        }
        Ok(message)
    }

    fn read(root: wire::Reader<'_>) -> Result<Self, WireError> {
        Ok(match root.which()? {
            wire::Which::Hello(hello) => Self::Hello {
                version: hello.get_version(),
                adapter_id: text("an adapter's id", MAX_ID_BYTES, hello.get_adapter_id())?,
                nonce: exactly("a nonce", hello.get_nonce()?)?,
            },
            wire::Which::Challenge(challenge) => Self::Challenge {
                version: challenge.get_version(),
                nonce: exactly("a nonce", challenge.get_nonce()?)?,
                signature: exactly("a signature", challenge.get_signature()?)?,
            },
            wire::Which::Proof(proof) => Self::Proof { signature: exactly("a signature", proof.get_signature()?)? },
            wire::Which::Welcome(welcome) => Self::Welcome { state: list("the state", welcome.get_state()?.iter(), codec::state)? },
            wire::Which::Refused(refused) => Self::Refused { reason: text("a refusal's code", MAX_WORD_BYTES, refused.get_reason())? },
        })
    }
}

/// Refuses more than a stranger may send.
pub(super) fn small(bytes: &[u8]) -> Result<(), WireError> {
    let length = bytes.len();
    if length > MAX_HANDSHAKE_BYTES { Err(WireError::FrameTooLong { bytes: length, max: MAX_HANDSHAKE_BYTES }) } else { Ok(()) }
}

pub(super) fn hello(adapter_id: &str, nonce: &Nonce) -> Vec<u8> {
    encode(|root| {
        let mut to = root.init_hello();
        to.set_version(PROTOCOL_VERSION);
        to.set_adapter_id(adapter_id);
        to.set_nonce(nonce);
    })
}

pub(super) fn challenge(nonce: &Nonce, signature: &Signature) -> Vec<u8> {
    encode(|root| {
        let mut to = root.init_challenge();
        to.set_version(PROTOCOL_VERSION);
        to.set_nonce(nonce);
        to.set_signature(signature);
    })
}

pub(super) fn proof(signature: &Signature) -> Vec<u8> {
    encode(|root| root.init_proof().set_signature(signature))
}

pub(super) fn refused(refusal: Refusal) -> Vec<u8> {
    encode(|root| root.init_refused().set_reason(refusal.code()))
}

pub(super) fn welcome(state: &[State]) -> Result<Vec<u8>, WireError> {
    let bytes = state.iter().map(|state| state.key.len() + state.value.len() + 64).sum();
    let mut out = Vec::new();
    codec::write::<wire::Owned>(&mut out, Form::Message, bytes, |root| {
        codec::write_state(root.init_welcome().init_state(list_length("the state", state.len())?), state)
    })?;
    Ok(out)
}

/// For what is short whatever it holds.
pub(super) fn encode(fill: impl FnOnce(wire::Builder<'_>)) -> Vec<u8> {
    let mut message = codec::builder(0);
    fill(message.init_root());
    serialize::write_message_to_words(&message)
}

fn exactly<const N: usize>(what: &'static str, bytes: &[u8]) -> Result<[u8; N], WireError> {
    bytes.try_into().map_err(|_| WireError::WrongLength { what, bytes: bytes.len(), expected: N })
}
