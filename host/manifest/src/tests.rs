use serde_json::json;

use super::*;

const SMALLEST: &str = r#"
name = "a"
kind = "tool"
version = "0.1.0"
world = "wirken:tool/tool@0.1.0"
"#;

const FULL: &str = r#"
name = "chat-api"
kind = "provider"
version = "1.20.3"
world = "wirken:provider/provider@0.1.0"
description = "A provider with everything"
[limits]
fuel = 1
[settings]
type = "object"
additionalProperties = false
[settings.properties.base-url]
type = "string"
default = "https://api.example.com/v1"
[settings.properties.pace]
type = "integer"
maximum = 100
[[credentials]]
name = "api-key"
description = "The key"
origins = ["{settings.base-url}"]
place = { kind = "header", name = "x-api-key" }
optional = true
[network]
origins = ["{settings.base-url}", "https://static.example.com"]
[filesystem]
workspace = "read-only"
[exec]
run = true
"#;

fn with(line: &str) -> Result<Manifest, ManifestError> {
    Manifest::parse(&format!("{SMALLEST}{line}\n"))
}

#[test]
fn reads_the_smallest_and_the_fullest() {
    let smallest = Manifest::parse(SMALLEST).unwrap();
    assert_eq!(smallest.filesystem.workspace, Access::None);
    assert!(!smallest.exec.run);
    let full = Manifest::parse(FULL).unwrap();
    assert_eq!(full.version.to_string(), "1.20.3");
    assert_eq!(full.credentials[0].place().unwrap(), Place::header("x-api-key").unwrap());
    assert_eq!(full.limits.fuel, Some(1));
    assert!(full.exec.run);
}

#[test]
fn an_unknown_key_names_the_nearest() {
    for (line, hint) in [
        ("descripton = \"x\"", "did you mean `description`?"),
        ("[limits]\nfuell = 1", "did you mean `fuel`?"),
        ("[network]\norigin = []", "`origins`"),
        ("[exce]\nrun = true", "did you mean `exec`?"),
        ("[exec]\nruns = true", "`run`"),
    ] {
        let error = with(line).unwrap_err().to_string();
        assert!(error.contains(hint), "{error}");
    }
}

#[test]
fn names_are_bounded_on_both_sides() {
    let named = |name: &str| Manifest::parse(&SMALLEST.replace("\"a\"", &format!("{name:?}")));
    for good in ["a", "a-b", "0", &"n".repeat(64)] {
        assert!(named(good).is_ok(), "{good}");
    }
    for bad in ["", "-a", "a-", "a--b", "A", "ä", "a b", "a/b", "..", &"n".repeat(65)] {
        assert!(named(bad).is_err(), "{bad}");
    }
}

#[test]
fn no_component_has_a_name_that_the_host_uses_itself() {
    let named = |name: &str| Manifest::parse(&SMALLEST.replace("\"a\"", &format!("{name:?}")));
    for name in RESERVED_NAMES {
        let error = named(name).unwrap_err().to_string();
        assert_eq!(
            error,
            format!("the manifest's name is not allowed: wirken uses the name {name:?} itself; give the component another one")
        );
        assert!(named(&format!("{name}-2")).is_ok());
    }
    assert!(RESERVED_NAMES.contains(&"network"), "the vault keeps the proxy's password under it");
}

#[test]
fn texts_and_lists_are_bounded_on_both_sides() {
    assert!(with(&format!("description = \"{}\"", "ä".repeat(400))).is_ok());
    assert!(with(&format!("description = \"{}\"", "ä".repeat(401))).is_err());
    assert!(with("[limits]\nfuel = 0").is_err());
    assert!(with("[limits]\nfuel = 1").is_ok());
    let origins = |count: usize| with(&format!("[network]\norigins = [{}]", "\"https://a.example\",".repeat(count)));
    assert!(origins(32).is_ok());
    assert!(origins(33).is_err());
    let credential =
        |index: usize| format!("[[credentials]]\nname = \"c{index}\"\ndescription = \"\"\norigins = []\nplace = {{ kind = \"bearer\" }}\n");
    assert!(with(&(0..32).map(credential).collect::<String>()).is_ok());
    assert!(with(&(0..33).map(credential).collect::<String>()).is_err());
    assert!(with(&(credential(1) + &credential(1))).is_err());
    let padding = MAX_BYTES - SMALLEST.len() - 2;
    assert!(with(&format!("#{}", "x".repeat(padding))).is_ok());
    assert_eq!(with(&format!("#{}", "x".repeat(padding + 1))), Err(ManifestError::TooLarge(MAX_BYTES + 1)));
}

#[test]
fn versions_are_three_numbers() {
    for (text, good) in [
        ("0.1.0", true),
        ("10.20.30", true),
        ("1.0", false),
        ("1.0.0.0", false),
        ("v1.0.0", false),
        ("1..0", false),
        ("1.+1.0", false),
        ("1.0.99999999999", false),
    ] {
        assert_eq!(Version::try_from(text.to_owned()).is_ok(), good, "{text}");
    }
}

#[test]
fn settings_take_defaults_and_name_what_is_wrong() {
    let manifest = Manifest::parse(FULL).unwrap();
    let map = |value: serde_json::Value| value.as_object().unwrap().clone();
    assert_eq!(manifest.settings(&map(json!({"pace": 5}))).unwrap()["base-url"], "https://api.example.com/v1");
    assert!(manifest.settings(&map(json!({"pace": 100}))).is_ok());
    let error = manifest.settings(&map(json!({"pace": 101}))).unwrap_err().to_string();
    assert!(error.contains("pace") && error.contains("100"), "{error}");
    let error = manifest.settings(&map(json!({"base_url": "x"}))).unwrap_err().to_string();
    assert!(error.contains("did you mean \"base-url\"?"), "{error}");
}

#[test]
fn origins_come_from_the_settings_that_they_name() {
    let manifest = Manifest::parse(FULL).unwrap();
    let settings = json!({"base-url": "http://localhost:8080/v1"}).as_object().unwrap().clone();
    let origins = manifest.network_origins(&settings).unwrap();
    assert_eq!(origins.len(), 2);
    let own = manifest.own_origins(&settings).unwrap();
    assert_eq!(own.iter().map(ToString::to_string).collect::<Vec<_>>(), ["http://localhost:8080"]);
    assert!(origins.iter().any(|origin| origin.matches(&own[0])));
    // A default is nobody's own.
    assert_eq!(manifest.own_origins(&serde_json::Map::new()).unwrap(), []);
    let remote = json!({"base-url": "http://api.example.com/v1"}).as_object().unwrap().clone();
    assert!(manifest.network_origins(&remote).unwrap_err().to_string().contains("https"));
}

#[test]
fn each_place_is_read_and_a_wrong_one_is_named() {
    let placed = |place: &str| {
        with(&format!("[[credentials]]\nname = \"key\"\ndescription = \"\"\norigins = []\nplace = {place}"))
            .map(|manifest| manifest.credentials[0].place().unwrap().to_string())
            .map_err(|error| error.to_string())
    };
    for (place, typed) in [
        ("{ kind = \"bearer\" }", "bearer"),
        ("{ kind = \"header\", name = \"X-Api-Key\" }", "header:x-api-key"),
        ("{ kind = \"path-prefix\", prefix = \"bot\" }", "path-prefix:bot"),
        ("{ kind = \"path-prefix\", prefix = \"file/bot\" }", "path-prefix:file/bot"),
    ] {
        assert_eq!(placed(place).as_deref(), Ok(typed));
    }
    for (place, said) in [
        ("{ kind = \"header\", name = \"host\" }", "credentials.place"),
        ("{ kind = \"path-prefix\", prefix = \"../bot\" }", "cannot stand before a credential"),
        ("{ kind = \"path-prefix\", prefix = \"\" }", "cannot stand before a credential"),
        ("{ kind = \"path-prefix\" }", "prefix"),
        ("{ kind = \"path-prefix\", prefix = \"bot\", extra = 1 }", "extra"),
        ("{ kind = \"path-prefx\", prefix = \"bot\" }", "did you mean `path-prefix`?"),
    ] {
        let error = placed(place).unwrap_err();
        assert!(error.contains(said), "{place}: {error}");
    }
}

#[test]
fn programs_run_only_where_a_manifest_asks_in_so_many_words() {
    for (section, asks) in [("", false), ("[exec]", false), ("[exec]\nrun = false", false), ("[exec]\nrun = true", true)] {
        assert_eq!(with(section).unwrap().exec.run, asks, "{section}");
    }
    for unclear in ["exec = true", "[exec]\nrun = \"yes\"", "[exec]\nrun = 1", "[exec]\nrun = [\"ls\"]"] {
        assert!(matches!(with(unclear), Err(ManifestError::Syntax(_))), "{unclear}");
    }
}

#[test]
fn a_channel_says_with_whom_it_speaks() {
    let channel = SMALLEST.replace("\"tool\"", "\"channel\"");
    let error = Manifest::parse(&channel).unwrap_err().to_string();
    assert!(error.contains("network.origins") && error.contains("at least one origin"), "{error}");
    assert!(Manifest::parse(&format!("{channel}[network]\norigins = []\n")).is_err());
    let manifest = Manifest::parse(&format!(
        "{channel}[network]\norigins = [\"https://api.example.com\"]\n[[credentials]]\nname = \"token\"\ndescription = \"The bot's\"\norigins = [\"https://api.example.com\"]\nplace = {{ kind = \"path-prefix\", prefix = \"bot\" }}\n"
    ))
    .unwrap();
    assert_eq!((manifest.kind, manifest.credentials.len()), (Kind::Channel, 1));
    // The other kinds may go nowhere.
    for kind in ["tool", "provider", "policy"] {
        assert!(Manifest::parse(&SMALLEST.replace("\"tool\"", &format!("{kind:?}"))).is_ok(), "{kind}");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_parses_or_is_refused(text in "\\PC{0,400}") {
        let _ = Manifest::parse(&text);
        let _ = Manifest::parse(&format!("{SMALLEST}{text}"));
    }
}

#[test]
fn a_second_place_has_the_value_of_the_first() {
    let with = |value_of: &str| {
        let place = |prefix: &str| format!("place = {{ kind = \"path-prefix\", prefix = \"{prefix}\" }}\n");
        let head = "name = \"t\"\nkind = \"channel\"\nversion = \"0.1.0\"\nworld = \"w\"\n[network]\norigins = [\"https://a.example\"]\n";
        let credential =
            |name: &str| format!("[[credentials]]\nname = \"{name}\"\ndescription = \"x\"\norigins = [\"https://a.example\"]\n");
        let (first, second) = (credential("token") + &place("bot"), credential("files") + &place("file/bot"));
        Manifest::parse(&format!("{head}{first}{second}value-of = \"{value_of}\"\n"))
    };
    let manifest = with("token").unwrap();
    let own: Vec<&str> = manifest.own_credentials().map(|credential| credential.name.as_str()).collect();
    assert_eq!(own, ["token"]);
    assert_eq!(manifest.credentials[1].stored_as(), "token");
    let places: Vec<String> = manifest.places("token").unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(places, ["path-prefix:bot", "path-prefix:file/bot"]);
    for wrong in ["files", "other", ""] {
        let error = with(wrong).unwrap_err().to_string();
        assert!(error.contains("credentials.value-of"), "{error}");
    }
}
