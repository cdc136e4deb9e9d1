use std::fs;

use super::*;

const MANIFEST_TEXT: &str = "name = \"weather\"\nkind = \"tool\"\nversion = \"0.1.0\"\nworld = \"wirken:tool/tool@0.1.0\"\n[network]\norigins = [\"https://api.example.com\"]\n";

fn components() -> (tempfile::TempDir, Components) {
    let folder = tempfile::tempdir().unwrap();
    let components = Components::of(folder.path());
    (folder, components)
}

fn code(bytes: &'static [u8]) -> Wasm {
    Wasm::embedded(bytes)
}

fn allowed(text: &str, wasm: &'static [u8]) -> Consent {
    Consent::whole(&Manifest::parse(text).unwrap(), text, &code(wasm))
}

#[test]
fn what_is_put_is_there_as_it_was_allowed() {
    let (_folder, components) = components();
    assert_eq!(components.names().unwrap(), Vec::<String>::new());
    assert!(matches!(components.read("weather"), Err(Error::Unknown(_))));
    components.put(MANIFEST_TEXT, &code(b"code"), &allowed(MANIFEST_TEXT, b"code")).unwrap();
    assert_eq!(components.names().unwrap(), ["weather"]);
    let installed = components.read("weather").unwrap();
    assert_eq!((&*installed.wasm.bytes().unwrap(), installed.rests()), (&b"code"[..], None));
    assert_eq!(installed.consent.network.iter().collect::<Vec<_>>(), ["https://api.example.com"]);
    components.put(MANIFEST_TEXT, &code(b"newer"), &allowed(MANIFEST_TEXT, b"newer")).unwrap();
    assert_eq!(components.read("weather").unwrap().wasm.digest(), Digest::of(b"newer"));
    assert_eq!(fs::read_dir(components.root()).unwrap().count(), 1, "nothing of the old one is left");
    components.remove("weather").unwrap();
    assert!(matches!(components.remove("weather"), Err(Error::Unknown(_))));
    assert_eq!(fs::read_dir(components.root()).unwrap().count(), 0);
}

#[test]
fn a_file_that_is_not_the_one_allowed_rests() {
    let (_folder, components) = components();
    components.put(MANIFEST_TEXT, &code(b"code"), &allowed(MANIFEST_TEXT, b"code")).unwrap();
    let folder = components.root().join("weather");
    fs::write(folder.join("component.wasm"), "other code").unwrap();
    assert_eq!(components.read("weather").unwrap().rests(), Some(Rest::Changed));
    fs::write(folder.join("component.wasm"), "code").unwrap();
    assert_eq!(components.read("weather").unwrap().rests(), None);
    fs::write(folder.join("component.toml"), format!("{MANIFEST_TEXT}[exec]\nrun = true\n")).unwrap();
    assert_eq!(components.read("weather").unwrap().rests(), Some(Rest::Changed));
    fs::write(folder.join("component.toml"), MANIFEST_TEXT).unwrap();
    fs::remove_file(folder.join("consent.toml")).unwrap();
    assert_eq!(components.read("weather").unwrap().rests(), Some(Rest::Unasked));
}

#[test]
fn consent_changes_alone_and_is_kept() {
    let (_folder, components) = components();
    components.put(MANIFEST_TEXT, &code(b"code"), &allowed(MANIFEST_TEXT, b"code")).unwrap();
    components.allow("weather", |consent| consent.disabled = true).unwrap();
    assert_eq!(components.read("weather").unwrap().rests(), Some(Rest::Disabled));
    components.allow("weather", |consent| (consent.disabled, consent.quarantined) = (false, Some("it trapped".into()))).unwrap();
    assert_eq!(components.read("weather").unwrap().rests(), Some(Rest::Quarantined("it trapped".into())));
    components.allow("weather", |consent| consent.quarantined = None).unwrap();
    assert_eq!(components.read("weather").unwrap().rests(), None);
    assert_eq!(fs::read_dir(components.root().join("weather")).unwrap().count(), 3);
}

#[test]
fn what_is_wrong_is_named_with_its_file() {
    let (_folder, components) = components();
    for name in ["..", "a/b", "", "Weather", ".weather"] {
        assert!(matches!(components.read(name), Err(Error::Name(_))), "{name}");
        assert!(matches!(components.remove(name), Err(Error::Name(_))), "{name}");
    }
    components.put(MANIFEST_TEXT, &code(b"code"), &allowed(MANIFEST_TEXT, b"code")).unwrap();
    let folder = components.root().join("weather");
    for (file, text, said) in [
        ("component.toml", "nam = 1\n", "component.toml"),
        ("component.toml", &MANIFEST_TEXT.replace("weather", "wether"), "rename one"),
        ("consent.toml", "exek = true\n", "consent.toml"),
    ] {
        let before = fs::read(folder.join(file)).unwrap();
        fs::write(folder.join(file), text).unwrap();
        let error = components.read("weather").unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
        fs::write(folder.join(file), before).unwrap();
    }
    fs::remove_file(folder.join("component.wasm")).unwrap();
    assert!(components.read("weather").unwrap_err().to_string().contains("component.wasm"));
}

#[test]
fn a_change_that_was_interrupted_leaves_the_old_one() {
    let (_folder, components) = components();
    components.put(MANIFEST_TEXT, &code(b"code"), &allowed(MANIFEST_TEXT, b"code")).unwrap();
    let left = components.root().join(".weather.0011223344556677");
    fs::create_dir(&left).unwrap();
    fs::write(left.join("component.wasm"), "half").unwrap();
    assert_eq!(components.names().unwrap(), ["weather"]);
    assert_eq!(components.read("weather").unwrap().wasm.digest(), Digest::of(b"code"));
    components.put(MANIFEST_TEXT, &code(b"newer"), &allowed(MANIFEST_TEXT, b"newer")).unwrap();
    assert!(!left.exists());
}

#[test]
fn sizes_and_numbers_are_bounded_on_both_sides() {
    let (_folder, components) = components();
    let named = |index: usize| MANIFEST_TEXT.replace("weather", &format!("c{index}"));
    for index in 0..MAX_COMPONENTS {
        components.put(&named(index), &code(b""), &Consent::default()).unwrap();
    }
    assert!(matches!(components.put(MANIFEST_TEXT, &code(b""), &Consent::default()), Err(Error::TooMany)));
    components.put(&named(0), &code(b"again"), &Consent::default()).unwrap();
    let file = components.root().join("c1/component.wasm");
    let sparse = fs::OpenOptions::new().write(true).open(&file).unwrap();
    sparse.set_len(MAX_WASM_BYTES).unwrap();
    assert_eq!(components.read("c1").unwrap().wasm.size(), MAX_WASM_BYTES);
    sparse.set_len(MAX_WASM_BYTES + 1).unwrap();
    assert!(matches!(components.read("c1"), Err(Error::TooLarge { .. })));
}

#[test]
fn a_version_that_asks_for_more_is_told_from_one_that_does_not() {
    let old = allowed(MANIFEST_TEXT, b"");
    let more = |text: String| wants_more(&old, &Manifest::parse(&text).unwrap());
    assert_eq!(more(MANIFEST_TEXT.replace("0.1.0\"\nworld", "0.2.0\"\nworld")), Vec::<String>::new());
    assert_eq!(more(MANIFEST_TEXT.replace("\"https://api.example.com\"", "")), Vec::<String>::new(), "less is not more");
    let all = format!(
        "{}[exec]\nrun = true\n[store]\nkeep = true\n[messages]\nsend = true\n[filesystem]\nworkspace = \"read-only\"\n[[credentials]]\nname = \"key\"\ndescription = \"k\"\norigins = [\"https://api.example.com\"]\nplace = {{ kind = \"bearer\" }}\n",
        MANIFEST_TEXT.replace("api.example", "other.example")
    );
    assert_eq!(more(all).len(), 6);
}
