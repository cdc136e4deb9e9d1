//! What a child is started with arrives whole, and shows no secret.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use wirken_secret::Secret;
use wirken_wire::limits::{MAX_BOOT_BYTES, MAX_DOCUMENT_BYTES, MAX_ID_BYTES, MAX_LIST, MAX_NAME_BYTES, MAX_ROOT_BYTES, MAX_SECRET_BYTES};
use wirken_wire::{Boot, Credential, KeyPair, Network, WireError};
use zeroize::Zeroizing;

use crate::raw::{lengthened, replaced};

fn credential(secret: &[u8]) -> Credential {
    Credential {
        name: "bot".into(),
        origins: vec!["https://api.example.com".into()],
        places: vec!["bearer".into()],
        secret: Arc::new(Secret::new(secret.to_vec())),
    }
}

fn boot() -> Boot {
    Boot {
        account: "account".into(),
        component: "example".into(),
        manifest: "name = \"example\"".into(),
        settings: "{}".into(),
        credentials: vec![credential(b"correct horse")],
        key: KeyPair::from_seed(&Zeroizing::new([0x5a; 32])),
        gateway: KeyPair::from_seed(&Zeroizing::new([1; 32])).public(),
        socket: "/run/example/adapters.sock".into(),
        require_sandbox: true,
        network: Network {
            roots: vec![b"a root".to_vec()],
            proxy: Some("http://proxy.example.com:3128".into()),
            proxy_user: Some("somebody".into()),
            proxy_password: Some(credential(b"battery staple")),
        },
    }
}

fn assert_same(one: &Boot, two: &Boot) {
    assert_eq!(
        (&one.account, &one.component, &one.manifest, &one.settings, &one.socket, one.require_sandbox),
        (&two.account, &two.component, &two.manifest, &two.settings, &two.socket, two.require_sandbox)
    );
    assert_eq!((one.key.seed(), one.gateway), (two.key.seed(), two.gateway));
    let network = |boot: &Boot| (boot.network.roots.clone(), boot.network.proxy.clone(), boot.network.proxy_user.clone());
    assert_eq!(network(one), network(two));
    let all = |boot: &Boot| boot.credentials.iter().chain(&boot.network.proxy_password).cloned().collect::<Vec<_>>();
    assert_eq!((one.credentials.len(), all(one).len()), (two.credentials.len(), all(two).len()));
    for (one, two) in all(one).iter().zip(&all(two)) {
        assert_eq!((&one.name, &one.origins, &one.places), (&two.name, &two.origins, &two.places));
        assert_eq!(one.secret.expose(), two.secret.expose());
    }
}

proptest! {
    #[test]
    fn what_a_child_is_started_with_arrives(
        texts in prop::array::uniform5("(?s).{0,40}"),
        credentials in vec((".{0,20}", vec(".{0,20}", 0..4), vec(".{0,9}", 0..4), vec(any::<u8>(), 0..60)), 0..6),
        seed in any::<[u8; 32]>(),
        require_sandbox in any::<bool>(),
        roots in vec(vec(any::<u8>(), 0..60), 0..6),
        proxy in prop::option::of(("(?s).{0,40}", prop::option::of(".{0,20}"), prop::option::of(vec(any::<u8>(), 0..60)))),
    ) {
        let [account, component, manifest, settings, socket] = texts;
        let credentials = credentials
            .into_iter()
            .map(|(name, origins, places, secret)| Credential { name, origins, places, secret: Arc::new(Secret::new(secret)) })
            .collect();
        let key = KeyPair::from_seed(&Zeroizing::new(seed));
        let (proxy, proxy_user, password) = proxy.map_or((None, None, None), |(proxy, user, password)| (Some(proxy), user, password));
        let network = Network { roots, proxy, proxy_user, proxy_password: password.map(|password| credential(&password)) };
        let boot = Boot { account, component, manifest, settings, credentials, key, socket, require_sandbox, network, ..self::boot() };
        let bytes = boot.encode().unwrap();
        // One segment: all of it was built in the buffer that is wiped.
        prop_assert_eq!(&bytes[..4], [0; 4]);
        prop_assert_eq!(bytes.capacity(), bytes.len());
        assert_same(&Boot::decode(bytes).unwrap(), &boot);
    }
}

#[test]
fn shows_no_secret() {
    let boot = boot();
    let shown = format!("{boot:?} {boot:#?} {:?}", Boot::decode(boot.encode().unwrap()).unwrap());
    for secret in ["correct", "horse", "battery", "99, 111, 114", "98, 97, 116", "5a5a", "90, 90"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    assert!(shown.contains("Secret(***)"));
}

/// Any field, at its bound and beyond it, in both directions.
#[test]
fn each_field_has_its_bound() {
    type Field = (&'static str, usize, fn(&mut Boot, String));
    let fields: [Field; 12] = [
        ("an account", MAX_ID_BYTES, |boot, text| boot.account = text),
        ("a component's name", MAX_ID_BYTES, |boot, text| boot.component = text),
        ("a component's manifest", MAX_DOCUMENT_BYTES, |boot, text| boot.manifest = text),
        ("a component's settings", MAX_DOCUMENT_BYTES, |boot, text| boot.settings = text),
        ("a socket's path", MAX_NAME_BYTES, |boot, text| boot.socket = text),
        ("a credential's name", MAX_ID_BYTES, |boot, text| boot.credentials[0].name = text),
        ("a credential's origins", MAX_NAME_BYTES, |boot, text| boot.credentials[0].origins = vec![text]),
        ("a credential's places", MAX_NAME_BYTES, |boot, text| boot.credentials[0].places = vec![text]),
        ("a credential's secret", MAX_SECRET_BYTES, |boot, text| boot.credentials[0].secret = Arc::new(Secret::from_string(text))),
        ("a proxy", MAX_NAME_BYTES, |boot, text| boot.network.proxy = Some(text)),
        ("a proxy's user", MAX_NAME_BYTES, |boot, text| boot.network.proxy_user = Some(text)),
        ("a certificate", MAX_ROOT_BYTES, |boot, text| boot.network.roots = vec![text.into_bytes()]),
    ];
    for (what, max, set) in fields {
        let with = |bytes: usize| {
            let mut boot = boot();
            set(&mut boot, "x".repeat(bytes));
            boot
        };
        let too_long = WireError::TooLong { what, bytes: max + 1, max };
        let bytes = with(max).encode().unwrap();
        assert_same(&Boot::decode(bytes.clone()).unwrap(), &with(max));
        assert_eq!(with(max + 1).encode().err(), Some(too_long.clone()));
        // A text ends with a zero; bytes do not.
        let count = if matches!(what, "a credential's secret" | "a certificate") { max } else { max + 1 };
        assert_eq!(Boot::decode(Zeroizing::new(lengthened(&bytes, count))).err(), Some(too_long));
    }
}

#[test]
fn each_list_has_its_bound() {
    let with = |origins: usize, places: usize| {
        let mut boot = boot();
        boot.credentials[0].origins = vec!["o".into(); origins];
        boot.credentials[0].places = vec!["p".into(); places];
        boot
    };
    assert_same(&Boot::decode(with(MAX_LIST, MAX_LIST).encode().unwrap()).unwrap(), &with(MAX_LIST, MAX_LIST));
    for (what, boot) in [("a credential's origins", with(MAX_LIST + 1, 0)), ("a credential's places", with(0, MAX_LIST + 1))] {
        assert_eq!(boot.encode().err(), Some(WireError::TooMany { what, count: MAX_LIST + 1, max: MAX_LIST }));
    }
    let mut boot = boot();
    boot.credentials = (0..=MAX_LIST).map(|_| credential(b"12345678")).collect();
    assert_eq!(boot.encode().err(), Some(WireError::TooMany { what: "the credentials", count: MAX_LIST + 1, max: MAX_LIST }));
    boot.credentials.pop();
    assert_same(&Boot::decode(boot.encode().unwrap()).unwrap(), &boot);
    boot.network.roots = vec![b"r".to_vec(); MAX_LIST + 1];
    assert_eq!(boot.encode().err(), Some(WireError::TooMany { what: "the certificates", count: MAX_LIST + 1, max: MAX_LIST }));
    boot.network.roots.pop();
    assert_same(&Boot::decode(boot.encode().unwrap()).unwrap(), &boot);
}

#[test]
fn without_a_proxy_there_is_none() {
    let boot = Boot { network: Network::default(), ..self::boot() };
    let read = Boot::decode(boot.encode().unwrap()).unwrap().network;
    assert!(read.roots.is_empty() && read.proxy.is_none() && read.proxy_user.is_none() && read.proxy_password.is_none(), "{read:?}");
}

#[test]
fn the_whole_has_its_bound() {
    let mut boot = boot();
    boot.credentials = (0..MAX_BOOT_BYTES / MAX_SECRET_BYTES).map(|_| credential(&[7; MAX_SECRET_BYTES])).collect();
    assert!(matches!(boot.encode().err(), Some(WireError::TooLong { what: "what a child is started with", max: MAX_BOOT_BYTES, .. })));
    boot.credentials.pop();
    assert_same(&Boot::decode(boot.encode().unwrap()).unwrap(), &boot);
    let longer = Zeroizing::new(vec![0; MAX_BOOT_BYTES + 1]);
    assert!(matches!(Boot::decode(longer).err(), Some(WireError::TooLong { max: MAX_BOOT_BYTES, .. })));
}

#[test]
fn refuses_keys_of_another_length_and_what_is_no_key() {
    let bytes = boot().encode().unwrap();
    // Both keys are lists of 32 bytes; the seed's pointer comes first.
    let count = |count: u32| (count << 3 | 2).to_le_bytes();
    let at: Vec<usize> = (4..bytes.len()).step_by(8).filter(|at| bytes[*at..].starts_with(&count(32))).collect();
    assert_eq!(at.len(), 2);
    for (at, what) in at.into_iter().zip(["the adapter's seed", "the gateway's key"]) {
        let mut changed = bytes.clone();
        changed[at..at + 4].copy_from_slice(&count(31));
        assert_eq!(Boot::decode(changed).err(), Some(WireError::WrongLength { what, bytes: 31, expected: 32 }));
    }
    let weak = replaced(&bytes, 8, &boot().gateway.to_bytes(), &[0; 32]);
    assert_eq!(Boot::decode(Zeroizing::new(weak)).err(), Some(WireError::BadKey));
    assert!(Boot::decode(Zeroizing::new(Vec::new())).is_err());
}
