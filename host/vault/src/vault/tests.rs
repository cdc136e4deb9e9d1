//! What a person and an attacker with access to the folder can and cannot do.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::time::SystemTime;

use base64::Engine as _;
use serde_json::json;
use wirken_secret::SecretError;

use super::*;

const VALUE: &str = "sk-a-very-secret-value";

/// A data folder of its own for each test, with the vault's folder not yet in it.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn vault(&self) -> PathBuf {
        self.0.path().join("vault")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.vault().join(name)
    }

    /// A vault with a key file and two credentials.
    fn filled() -> Self {
        let folder = Self::new();
        let mut vault = Vault::create(&folder.vault(), &KeySource::KeyFile).unwrap();
        vault.add(record("mail", "token"), &secret(VALUE)).unwrap();
        vault.add(record("weather", "token"), &secret("another-value")).unwrap();
        folder
    }

    fn open(&self) -> Result<Vault, VaultError> {
        Vault::open(&self.vault(), &KeySource::KeyFile)
    }

    fn edit(&self, edit: impl FnOnce(&mut Value)) {
        let path = self.file("records.json");
        let mut json: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        edit(&mut json);
        fs::write(&path, serde_json::to_vec(&json).unwrap()).unwrap();
    }

    fn contents(&self) -> BTreeMap<PathBuf, (Vec<u8>, SystemTime)> {
        let entries = fs::read_dir(self.vault()).unwrap().map(|entry| entry.unwrap().path());
        entries.map(|path| (path.clone(), (fs::read(&path).unwrap(), fs::metadata(&path).unwrap().modified().unwrap()))).collect()
    }
}

fn secret(text: &str) -> Secret {
    Secret::from_string(text.to_owned())
}

fn passphrase(text: &str) -> KeySource {
    KeySource::Passphrase(secret(text))
}

fn record(component: &str, name: &str) -> NewRecord {
    NewRecord {
        component: component.to_owned(),
        name: name.to_owned(),
        origins: vec!["https://api.example.com".parse().unwrap(), "*.example.org".parse().unwrap()],
        places: vec![Place::Bearer, Place::header("x-api-key").unwrap(), Place::path_prefix("bot").unwrap()],
    }
}

fn value(vault: &Vault, component: &str, name: &str) -> Option<String> {
    vault.get(component, name).unwrap().map(|credential| credential.secret.expose_str().unwrap().to_owned())
}

#[test]
fn keeps_credentials_over_a_restart_with_either_kind_of_key() {
    for (source, kind, file, other) in
        [(KeySource::KeyFile, KeyKind::KeyFile, "key", "key.age"), (passphrase("p"), KeyKind::Passphrase, "key.age", "key")]
    {
        let folder = Folder::new();
        assert_eq!(Vault::key_kind(&folder.vault()).unwrap(), None);
        assert!(!Vault::exists(&folder.vault()).unwrap());
        let mut vault = Vault::create(&folder.vault(), &source).unwrap();
        assert_eq!(vault.add(record("mail", "token"), &secret(VALUE)).unwrap(), Added::Added);
        drop(vault);

        assert_eq!(Vault::key_kind(&folder.vault()).unwrap(), Some(kind));
        assert!(folder.file(file).exists() && !folder.file(other).exists());
        let vault = Vault::open(&folder.vault(), &source).unwrap();
        let credential = vault.get("mail", "token").unwrap().unwrap();
        assert_eq!(credential.secret.expose(), VALUE.as_bytes());
        assert_eq!((credential.origins, credential.places), (record("", "").origins, record("", "").places));
        assert!(vault.get("mail", "other").unwrap().is_none() && vault.get("other", "token").unwrap().is_none());
        assert_eq!(vault.secrets().into_iter().map(|(label, _)| label).collect::<Vec<_>>(), ["mail/token"]);
    }
}

#[test]
fn replaces_rotates_and_removes() {
    let folder = Folder::filled();
    let mut vault = folder.open().unwrap();
    let before = vault.list().remove(0);
    let narrower = NewRecord { places: vec![Place::Bearer], ..record("mail", "token") };
    assert_eq!(vault.add(narrower, &secret("a-new-value")).unwrap(), Added::Replaced);
    assert_eq!(value(&vault, "mail", "token").as_deref(), Some("a-new-value"));
    let after = vault.list().remove(0);
    assert_eq!((after.created, after.places.len()), (before.created, 1));
    assert!(after.rotated >= before.rotated);

    assert!(vault.remove("mail", "token").unwrap());
    assert!(!vault.remove("mail", "token").unwrap());
    let vault = folder.open().unwrap();
    assert_eq!(value(&vault, "mail", "token"), None);
    assert_eq!(value(&vault, "weather", "token").as_deref(), Some("another-value"));
}

#[test]
fn a_rotation_changes_the_value_and_nothing_else() {
    let folder = Folder::filled();
    let mut vault = folder.open().unwrap();
    let before = vault.list().remove(0);
    assert!(vault.rotate("mail", "token", &secret("a-new-value")).unwrap());
    let after = folder.open().unwrap().list().remove(0);
    assert_eq!((&after.origins, &after.places, after.created), (&before.origins, &before.places, before.created));
    assert!(after.rotated >= before.rotated && after.problem.is_none());
    assert_eq!(value(&vault, "mail", "token").as_deref(), Some("a-new-value"));
    assert_eq!(value(&vault, "weather", "token").as_deref(), Some("another-value"));

    let contents = folder.contents();
    assert!(!vault.rotate("mail", "other", &secret("a-new-value")).unwrap());
    assert!(matches!(vault.rotate("mail", "token", &secret("a-new-value")), Err(VaultError::SameSecret { .. })));
    assert!(matches!(vault.rotate("mail", "token", &secret("short")), Err(VaultError::Secret(_))));
    assert_eq!(folder.contents(), contents);
}

#[test]
fn a_changed_record_is_not_rotated_to_wherever_it_points_now() {
    let folder = Folder::filled();
    folder.edit(|records| records["records"][0]["origins"][0] = json!("https://evil.test"));
    let mut vault = folder.open().unwrap();
    let contents = folder.contents();
    assert!(matches!(vault.rotate("mail", "token", &secret("a-new-value")), Err(VaultError::RecordChanged { .. })));
    assert_eq!(folder.contents(), contents);
}

#[test]
fn the_list_shows_where_a_credential_may_go_and_nothing_of_its_value() {
    let vault = Folder::filled().open().unwrap();
    let mut info = vault.list().remove(0);
    (info.created, info.rotated) = (Timestamp(1), Timestamp(2));
    let expected = json!({
        "component": "mail", "name": "token",
        "origins": ["https://api.example.com", "https://*.example.org"],
        "places": ["bearer", "header:x-api-key", "path-prefix:bot"],
        "created": 1, "rotated": 2, "problem": null,
    });
    assert_eq!(serde_json::to_value(&info).unwrap(), expected);
    assert!(!format!("{vault:?} {:?}", vault.get("mail", "token")).contains(VALUE));
}

#[test]
fn no_file_holds_a_secret_in_any_readable_form() {
    let folder = Folder::new();
    let mut vault = Vault::create(&folder.vault(), &passphrase("the-passphrase")).unwrap();
    vault.add(record("mail", "token"), &secret(VALUE)).unwrap();
    let engine = base64::engine::general_purpose::STANDARD_NO_PAD;
    for secret in [VALUE, "the-passphrase"] {
        // Whole groups of three bytes, so that the encoding does not depend on what follows.
        let whole = &secret.as_bytes()[..secret.len() / 3 * 3];
        let forms = [secret.to_owned(), engine.encode(whole), hex::encode(secret), hex::encode_upper(secret)];
        for (path, (bytes, _)) in folder.contents() {
            for form in &forms {
                let found = bytes.windows(form.len()).any(|window| window == form.as_bytes());
                assert!(!found, "{} holds {form}", path.display());
            }
        }
    }
    assert_eq!(folder.contents().len(), 2);
}

#[test]
fn creates_folder_and_files_for_the_owner_only() {
    let folder = Folder::filled();
    assert_eq!(fs::metadata(folder.vault()).unwrap().mode() & 0o7777, 0o700);
    for path in folder.contents().into_keys() {
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600, "{}", path.display());
    }
}

#[test]
fn refuses_a_folder_or_a_file_that_others_can_access() {
    for (name, mode, wanted) in [("key", 0o640, "0600"), ("key", 0o604, "0600"), ("records.json", 0o660, "0600"), (".", 0o750, "0700")] {
        let folder = Folder::filled();
        fs::set_permissions(folder.file(name), Permissions::from_mode(mode)).unwrap();
        let error = folder.open().unwrap_err();
        assert!(matches!(error, VaultError::Unprotected { .. }), "{name}: {error}");
        assert!(error.to_string().contains(&format!("chmod {wanted}")), "{error}");
    }
}

#[test]
fn a_wrong_or_empty_passphrase_changes_nothing() {
    let folder = Folder::new();
    let mut vault = Vault::create(&folder.vault(), &passphrase("right")).unwrap();
    vault.add(record("mail", "token"), &secret(VALUE)).unwrap();
    drop(vault);
    let before = folder.contents();
    let mode = fs::metadata(folder.vault()).unwrap();
    assert!(matches!(Vault::open(&folder.vault(), &passphrase("wrong")), Err(VaultError::WrongPassphrase)));
    assert!(matches!(Vault::open(&folder.vault(), &passphrase("")), Err(VaultError::EmptyPassphrase)));
    let not_text = KeySource::Passphrase(Secret::new(vec![0xff]));
    assert!(matches!(Vault::open(&folder.vault(), &not_text), Err(VaultError::PassphraseNotText)));
    assert!(matches!(Vault::open(&folder.vault(), &KeySource::KeyFile), Err(VaultError::PassphraseNeeded)));
    assert_eq!(folder.contents(), before);
    assert_eq!(fs::metadata(folder.vault()).unwrap().modified().unwrap(), mode.modified().unwrap());
}

#[test]
fn an_empty_passphrase_creates_nothing() {
    let folder = Folder::new();
    assert!(matches!(Vault::create(&folder.vault(), &passphrase("")), Err(VaultError::EmptyPassphrase)));
    assert!(!folder.vault().exists());
}

#[test]
fn a_wrong_key_file_is_noticed_at_opening_and_changes_nothing() {
    let folder = Folder::filled();
    fs::write(folder.file("key"), [7; 32]).unwrap();
    let before = folder.contents();
    assert!(matches!(folder.open(), Err(VaultError::WrongKey { .. })));
    fs::write(folder.file("key"), [7; 31]).unwrap();
    assert!(matches!(folder.open(), Err(VaultError::Damaged { .. })));
    assert_eq!(folder.contents()[&folder.file("records.json")], before[&folder.file("records.json")]);
    assert!(matches!(Vault::open(&folder.vault(), &passphrase("any")), Err(VaultError::PassphraseUnused)));
}

#[test]
fn a_record_changed_on_disk_is_unreadable_and_the_others_are_not() {
    type Edit = fn(&mut Value);
    let edits: &[(&str, Edit)] = &[
        ("an origin more", |record| record["origins"].as_array_mut().unwrap().push(json!("https://evil.example"))),
        ("another origin", |record| record["origins"][0] = json!("https://evil.example")),
        ("an origin less", |record| drop(record["origins"].as_array_mut().unwrap().remove(0))),
        ("no origin", |record| record["origins"] = json!([])),
        ("a text that is no origin", |record| record["origins"][0] = json!("*.com")),
        ("another place", |record| record["places"][0] = json!({"header": {"name": "x-other"}})),
        ("another prefix", |record| record["places"][2] = json!({"path-prefix": {"prefix": "file/bot"}})),
        ("a place less", |record| drop(record["places"].as_array_mut().unwrap().remove(0))),
        ("another component", |record| record["component"] = json!("mail2")),
        ("another name", |record| record["name"] = json!("token2")),
        ("another creation", |record| record["created"] = json!(1)),
        ("another rotation", |record| record["rotated"] = json!(1)),
        ("another nonce", |record| record["nonce"] = json!("00".repeat(24))),
        ("no nonce", |record| record["nonce"] = json!("")),
        ("another ciphertext", |record| record["ciphertext"] = json!("00".repeat(40))),
        ("a short ciphertext", |record| record["ciphertext"] = json!("00")),
        ("no hexadecimal ciphertext", |record| record["ciphertext"] = json!("zz")),
    ];
    for (what, edit) in edits {
        let folder = Folder::filled();
        folder.edit(|json| edit(&mut json["records"][0]));
        let vault = folder.open().unwrap();
        let info = vault.list().remove(0);
        let error = vault.get(&info.component, &info.name).expect_err(what);
        assert!(matches!(&error, VaultError::RecordChanged { component, .. } if *component == info.component), "{what}: {error}");
        assert_eq!(info.problem, Some(error.to_string()), "{what}");
        assert_eq!(value(&vault, "weather", "token").as_deref(), Some("another-value"), "{what}");
        assert_eq!(vault.secrets().len(), 1, "{what}");
    }
}

#[test]
fn a_secret_cannot_be_moved_into_another_record() {
    let folder = Folder::filled();
    folder.edit(|json| {
        for field in ["nonce", "ciphertext"] {
            json["records"][1][field] = json["records"][0][field].clone();
        }
    });
    assert!(matches!(folder.open().unwrap().get("weather", "token"), Err(VaultError::RecordChanged { .. })));
}

#[test]
fn a_changed_record_can_be_replaced_and_removed() {
    let folder = Folder::filled();
    folder.edit(|json| json["records"][0]["origins"] = json!([]));
    let mut vault = folder.open().unwrap();
    assert_eq!(vault.add(record("mail", "token"), &secret("a-new-value")).unwrap(), Added::Replaced);
    assert_eq!(value(&vault, "mail", "token").as_deref(), Some("a-new-value"));
    assert!(vault.remove("mail", "token").unwrap());
}

#[test]
fn a_place_of_a_later_version_is_refused_and_kept() {
    let folder = Folder::filled();
    let place = json!({"sigv4": {"region": "x", "service": "y"}});
    folder.edit(|json| json["records"][0]["places"] = json!([place]));
    let mut vault = folder.open().unwrap();
    assert!(matches!(vault.get("mail", "token"), Err(VaultError::RecordUnknownPlace { .. })));
    assert_eq!(vault.list()[0].places, [place.to_string()]);
    vault.add(record("third", "token"), &secret(VALUE)).unwrap();
    let mut kept = Value::Null;
    folder.edit(|json| kept = json["records"][0]["places"][0].clone());
    assert_eq!(kept, place);
}

#[test]
fn refuses_a_version_that_it_does_not_know_whatever_else_the_file_holds() {
    for version in [0, 2] {
        let folder = Folder::filled();
        folder.edit(|json| *json = json!({"version": version, "new": true}));
        assert!(matches!(folder.open(), Err(VaultError::UnknownVersion { version: found, .. }) if found == version));
    }
}

#[test]
fn refuses_damaged_and_missing_records() {
    let folder = Folder::filled();
    fs::write(folder.file("records.json"), b"{").unwrap();
    assert!(matches!(folder.open(), Err(VaultError::Damaged { .. })));
    fs::remove_file(folder.file("records.json")).unwrap();
    assert!(matches!(folder.open(), Err(VaultError::Damaged { what: "it is missing", .. })));
}

#[test]
fn refuses_short_secrets_and_names_that_are_none_and_writes_nothing() {
    let folder = Folder::filled();
    let before = folder.contents();
    let mut vault = folder.open().unwrap();
    assert!(matches!(vault.add(record("mail", "token"), &secret("1234567")), Err(VaultError::Secret(SecretError::TooShort))));
    assert!(matches!(vault.add(record("", "token"), &secret(VALUE)), Err(VaultError::InvalidName { .. })));
    assert!(matches!(vault.add(record("mail", "a b"), &secret(VALUE)), Err(VaultError::InvalidName { .. })));
    assert_eq!(folder.contents(), before);
    assert_eq!(value(&vault, "mail", "token").as_deref(), Some(VALUE));
    vault.add(record("mail", "short"), &secret("12345678")).unwrap();
}

#[test]
fn what_could_not_be_written_is_not_taken_as_stored() {
    let folder = Folder::filled();
    let mut vault = folder.open().unwrap();
    fs::create_dir(folder.file("records.json.new")).unwrap();
    assert!(matches!(vault.add(record("mail", "token"), &secret("a-new-value")), Err(VaultError::Io { .. })));
    assert!(matches!(vault.remove("mail", "token"), Err(VaultError::Io { .. })));
    assert_eq!(value(&vault, "mail", "token").as_deref(), Some(VALUE));
    assert_eq!(value(&folder.open().unwrap(), "mail", "token").as_deref(), Some(VALUE));
}

#[test]
fn never_creates_over_a_vault_or_over_records_whose_key_is_missing() {
    let folder = Folder::filled();
    let create = || Vault::create(&folder.vault(), &KeySource::KeyFile);
    assert!(matches!(create(), Err(VaultError::AlreadyExists { .. })));
    fs::rename(folder.file("key"), folder.0.path().join("key")).unwrap();
    assert!(matches!(create(), Err(VaultError::KeyLost { .. })));
    assert!(matches!(folder.open(), Err(VaultError::KeyLost { .. })));
    fs::rename(folder.0.path().join("key"), folder.file("key")).unwrap();
    assert_eq!(value(&folder.open().unwrap(), "mail", "token").as_deref(), Some(VALUE));
}

#[test]
fn creates_where_a_crash_left_records_without_a_key() {
    let folder = Folder::new();
    drop(Vault::create(&folder.vault(), &KeySource::KeyFile).unwrap());
    fs::remove_file(folder.file("key")).unwrap();
    Vault::create(&folder.vault(), &KeySource::KeyFile).unwrap().add(record("mail", "token"), &secret(VALUE)).unwrap();
    assert_eq!(value(&folder.open().unwrap(), "mail", "token").as_deref(), Some(VALUE));
}

#[test]
fn refuses_two_keys() {
    let folder = Folder::filled();
    fs::copy(folder.file("key"), folder.file("key.age")).unwrap();
    assert!(matches!(folder.open(), Err(VaultError::TwoKeys { .. })));
    assert!(matches!(Vault::create(&folder.vault(), &KeySource::KeyFile), Err(VaultError::TwoKeys { .. })));
}

#[test]
fn what_one_vault_sealed_opens_after_a_restart_and_in_no_other_vault_and_for_no_other_purpose() {
    let (folder, other) = (Folder::filled(), Folder::filled());
    let sealed = folder.open().unwrap().sealer("channel state").seal(b"account", b"cursor 7").unwrap();
    let vault = folder.open().unwrap();
    assert_eq!(vault.sealer("channel state").open(b"account", &sealed).unwrap().as_slice(), b"cursor 7");
    for (sealer, context) in [
        (vault.sealer("channel state"), "another"),
        (vault.sealer("channel stat"), "account"),
        (vault.sealer(""), "account"),
        (other.open().unwrap().sealer("channel state"), "account"),
    ] {
        let refused = sealer.open(context.as_bytes(), &sealed).unwrap_err();
        assert!(matches!(refused, VaultError::SealedChanged { .. }), "{refused}");
    }
}
