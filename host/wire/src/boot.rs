//! What the gateway writes into a child's pipe before anything else, and then closes: who it is, what it runs, the
//! credentials of its one account, and how it reaches the network. Every buffer that holds a secret is wiped.

use std::sync::Arc;

use capnp::message::{Builder, ScratchSpaceHeapAllocator};
use capnp::serialize;
use wirken_secret::Secret;
use zeroize::Zeroizing;

use crate::codec::{self, WORD_BYTES, data, list, list_length, optional_text, text, texts, within, write_texts};
use crate::error::WireError;
use crate::keys::{KEY_BYTES, KeyPair, PublicKey};
use crate::limits::{MAX_BOOT_BYTES, MAX_DOCUMENT_BYTES, MAX_ID_BYTES, MAX_NAME_BYTES, MAX_ROOT_BYTES, MAX_SECRET_BYTES};
use crate::wire_capnp::{boot as wire, credential, network};

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
    pub network: Network,
}

/// How any address is reached.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// Certificates of the owner's own authorities, as DER.
    pub roots: Vec<Vec<u8>>,
    /// `http://host:port`.
    pub proxy: Option<String>,
    pub proxy_user: Option<String>,
    /// The proxy's, and in no request.
    pub proxy_password: Option<Credential>,
}

/// A credential and where it may go.
#[derive(Clone, Debug)]
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
            network: read_network(root.get_network()?)?,
        })
    }

    /// Bytes that the message has at most. A text takes its own, one that ends it, and what fills its last word up; the
    /// pointers to it are counted with what holds them.
    fn room(&self) -> usize {
        const STRUCT: usize = 16 * WORD_BYTES;
        let field = |bytes: usize| bytes + 2 * WORD_BYTES;
        let entries = |list: &[String]| STRUCT + list.iter().map(|entry| field(entry.len()) + WORD_BYTES).sum::<usize>();
        let credentials = self.credentials.iter().chain(&self.network.proxy_password).map(|credential| {
            let lists = entries(&credential.origins) + entries(&credential.places);
            STRUCT + field(credential.name.len()) + lists + field(credential.secret.expose().len())
        });
        let Network { roots, proxy, proxy_user, proxy_password: _ } = &self.network;
        let roots = STRUCT + roots.iter().map(|root| field(root.len()) + WORD_BYTES).sum::<usize>();
        let network = STRUCT + roots + [proxy, proxy_user].into_iter().flatten().map(|text| field(text.len())).sum::<usize>();
        let texts = [&self.account, &self.component, &self.manifest, &self.settings, &self.socket].map(|text| field(text.len()));
        let bytes = 2 * STRUCT + texts.iter().sum::<usize>() + 2 * field(KEY_BYTES) + credentials.sum::<usize>() + network;
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
        write_network(root.reborrow().init_network(), &self.network)?;
        let mut list = root.init_credentials(list_length("the credentials", self.credentials.len())?);
        for (index, from) in (0..).zip(&self.credentials) {
            write_credential(list.reborrow().get(index), from)?;
        }
        Ok(())
    }
}

fn write_network(mut to: network::Builder<'_>, from: &Network) -> Result<(), WireError> {
    let mut roots = to.reborrow().init_roots(list_length("the certificates", from.roots.len())?);
    for (index, root) in (0..).zip(&from.roots) {
        within("a certificate", root.len(), MAX_ROOT_BYTES)?;
        roots.set(index, root);
    }
    if let Some(proxy) = &from.proxy {
        within("a proxy", proxy.len(), MAX_NAME_BYTES)?;
        to.set_proxy(proxy.as_str());
    }
    if let Some(user) = &from.proxy_user {
        within("a proxy's user", user.len(), MAX_NAME_BYTES)?;
        to.set_proxy_user(user.as_str());
    }
    match &from.proxy_password {
        Some(password) => write_credential(to.init_proxy_password(), password),
        None => Ok(()),
    }
}

fn read_network(from: network::Reader<'_>) -> Result<Network, WireError> {
    let root = |root: capnp::Result<_>| Ok(data("a certificate", MAX_ROOT_BYTES, root)?.to_vec());
    let password = from.has_proxy_password().then(|| read_credential(from.get_proxy_password()?)).transpose()?;
    Ok(Network {
        roots: list("the certificates", from.get_roots()?.iter(), root)?,
        proxy: optional_text("a proxy", MAX_NAME_BYTES, from.has_proxy(), from.get_proxy())?,
        proxy_user: optional_text("a proxy's user", MAX_NAME_BYTES, from.has_proxy_user(), from.get_proxy_user())?,
        proxy_password: password,
    })
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
