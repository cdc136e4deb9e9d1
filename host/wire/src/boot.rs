//! What the gateway writes into a child's pipe before anything else, and then closes: who it is, what it runs, and the
//! credentials of its one account. Every buffer that holds a secret is wiped.

use std::sync::Arc;

use capnp::message::{Builder, ScratchSpaceHeapAllocator};
use capnp::serialize;
use wirken_secret::Secret;
use zeroize::Zeroizing;

use crate::codec::{self, WORD_BYTES, data, list, list_length, text, texts, within, write_texts};
use crate::error::WireError;
use crate::keys::{KEY_BYTES, KeyPair, PublicKey};
use crate::limits::{MAX_BOOT_BYTES, MAX_DOCUMENT_BYTES, MAX_ID_BYTES, MAX_NAME_BYTES, MAX_SECRET_BYTES};
use crate::wire_capnp::{boot as wire, credential};

/// The descriptor of the pipe that it comes through, in the child.
pub const BOOT_DESCRIPTOR: i32 = 3;
/// That of the compiled component.
pub const CODE_DESCRIPTOR: i32 = 4;

/// All that a child is given. It is no frame: the child reads to the end of its pipe, into one buffer with room for
/// [`MAX_BOOT_BYTES`], because one that grows leaves copies behind.
#[derive(Debug)]
pub struct Boot {
    pub account: String,
    /// The component's name.
    pub component: String,
    /// Its `component.toml`.
    pub manifest: String,
    /// A JSON object.
    pub settings: String,
    pub credentials: Vec<Credential>,
    /// The adapter's own, made for this start.
    pub key: KeyPair,
    pub gateway: PublicKey,
    /// The path of the gateway's socket.
    pub socket: String,
    /// Whether the child ends where the kernel cannot confine it.
    pub require_sandbox: bool,
}

/// A credential and where it may go.
#[derive(Debug)]
pub struct Credential {
    pub name: String,
    pub origins: Vec<String>,
    /// As people type them: `bearer` …
    pub places: Vec<String>,
    pub secret: Arc<Secret>,
}

impl Boot {
    pub fn encode(&self) -> Result<Zeroizing<Vec<u8>>, WireError> {
        let room = self.room();
        within("what a child is started with", room, MAX_BOOT_BYTES)?;
        // The message is built within this, where its allocator finds room for all of it.
        let mut scratch = Zeroizing::new(vec![0; room]);
        let mut message = Builder::new(ScratchSpaceHeapAllocator::new(&mut scratch));
        self.fill(message.init_root())?;
        let mut out = Zeroizing::new(Vec::with_capacity(serialize::compute_serialized_size_in_words(&message) * WORD_BYTES));
        serialize::write_message(&mut *out, &message)?;
        Ok(out)
    }

    /// Takes the buffer, to wipe it.
    pub fn decode(bytes: Zeroizing<Vec<u8>>) -> Result<Self, WireError> {
        within("what a child is started with", bytes.len(), MAX_BOOT_BYTES)?;
        let message = codec::open(&bytes)?;
        let root: wire::Reader<'_> = message.get_root()?;
        let seed = Zeroizing::new(exactly("the adapter's seed", root.get_seed()?)?);
        Ok(Self {
            account: text("an account", MAX_ID_BYTES, root.get_account())?,
            component: text("a component's name", MAX_ID_BYTES, root.get_component())?,
            manifest: text("a component's manifest", MAX_DOCUMENT_BYTES, root.get_manifest())?,
            settings: text("a component's settings", MAX_DOCUMENT_BYTES, root.get_settings())?,
            credentials: list("the credentials", root.get_credentials()?.iter(), read_credential)?,
            key: KeyPair::from_seed(&seed),
            gateway: PublicKey::from_bytes(&exactly("the gateway's key", root.get_gateway_key()?)?)?,
            socket: text("a socket's path", MAX_NAME_BYTES, root.get_socket())?,
            require_sandbox: root.get_require_sandbox(),
        })
    }

    /// Bytes that the message has at most. A text takes its own, one that ends it, and what fills its last word up; the
    /// pointers to it are counted with what holds them.
    fn room(&self) -> usize {
        const STRUCT: usize = 16 * WORD_BYTES;
        let field = |bytes: usize| bytes + 2 * WORD_BYTES;
        let entries = |list: &[String]| STRUCT + list.iter().map(|entry| field(entry.len()) + WORD_BYTES).sum::<usize>();
        let credentials = self.credentials.iter().map(|credential| {
            let lists = entries(&credential.origins) + entries(&credential.places);
            STRUCT + field(credential.name.len()) + lists + field(credential.secret.expose().len())
        });
        let texts = [&self.account, &self.component, &self.manifest, &self.settings, &self.socket].map(|text| field(text.len()));
        let bytes = 2 * STRUCT + texts.iter().sum::<usize>() + 2 * field(KEY_BYTES) + credentials.sum::<usize>();
        bytes.next_multiple_of(WORD_BYTES)
    }

    fn fill(&self, mut root: wire::Builder<'_>) -> Result<(), WireError> {
        within("an account", self.account.len(), MAX_ID_BYTES)?;
        within("a component's name", self.component.len(), MAX_ID_BYTES)?;
        within("a component's manifest", self.manifest.len(), MAX_DOCUMENT_BYTES)?;
        within("a component's settings", self.settings.len(), MAX_DOCUMENT_BYTES)?;
        within("a socket's path", self.socket.len(), MAX_NAME_BYTES)?;
        root.set_account(self.account.as_str());
        root.set_component(self.component.as_str());
        root.set_manifest(self.manifest.as_str());
        root.set_settings(self.settings.as_str());
        root.set_seed(self.key.seed().as_slice());
        root.set_gateway_key(&self.gateway.to_bytes());
        root.set_socket(self.socket.as_str());
        root.set_require_sandbox(self.require_sandbox);
        let mut list = root.init_credentials(list_length("the credentials", self.credentials.len())?);
        for (index, from) in (0..).zip(&self.credentials) {
            write_credential(list.reborrow().get(index), from)?;
        }
        Ok(())
    }
}

fn write_credential(mut to: credential::Builder<'_>, from: &Credential) -> Result<(), WireError> {
    within("a credential's name", from.name.len(), MAX_ID_BYTES)?;
    within("a credential's secret", from.secret.expose().len(), MAX_SECRET_BYTES)?;
    to.set_name(from.name.as_str());
    to.set_secret(from.secret.expose());
    let origins = to.reborrow().init_origins(list_length("a credential's origins", from.origins.len())?);
    write_texts("a credential's origins", MAX_NAME_BYTES, origins, &from.origins)?;
    let places = to.init_places(list_length("a credential's places", from.places.len())?);
    write_texts("a credential's places", MAX_NAME_BYTES, places, &from.places)
}

fn read_credential(from: credential::Reader<'_>) -> Result<Credential, WireError> {
    Ok(Credential {
        name: text("a credential's name", MAX_ID_BYTES, from.get_name())?,
        origins: texts("a credential's origins", MAX_NAME_BYTES, from.get_origins())?,
        places: texts("a credential's places", MAX_NAME_BYTES, from.get_places())?,
        secret: Arc::new(Secret::new(data("a credential's secret", MAX_SECRET_BYTES, from.get_secret())?.to_vec())),
    })
}

fn exactly<const N: usize>(what: &'static str, bytes: &[u8]) -> Result<[u8; N], WireError> {
    bytes.try_into().map_err(|_| WireError::WrongLength { what, bytes: bytes.len(), expected: N })
}
