//! The bytes that are signed.

use super::{Nonce, PROTOCOL_VERSION};

const DOMAIN: &[u8] = b"wirken-adapter-handshake";

/// The signer.
#[derive(Clone, Copy, Debug)]
pub(super) enum Role {
    Gateway,
    Adapter,
}

/// What both sides know once both nonces are there.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) adapter_id: String,
    pub(super) adapter_nonce: Nonce,
    pub(super) gateway_nonce: Nonce,
}

impl Facts {
    /// Each part behind its length, so that no two different handshakes share their bytes.
    pub(super) fn transcript(&self, role: Role) -> Vec<u8> {
        let role: &[u8] = match role {
            Role::Gateway => b"gateway",
            Role::Adapter => b"adapter",
        };
        let version = PROTOCOL_VERSION.to_le_bytes();
        let parts = [DOMAIN, role, &version, self.adapter_id.as_bytes(), &self.adapter_nonce, &self.gateway_nonce];
        let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len() + size_of::<u64>()).sum());
        for part in parts {
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part);
        }
        bytes
    }
}
