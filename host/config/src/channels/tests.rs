use crate::Config;

use super::*;

const PROVIDER: &str = "[provider]\ncomponent = \"demo\"\nmodel = \"demo\"\n";

const FULL: &str = r#"
[channels.family-chat]
component = "messenger"
agent = "default"
allow = ["12345", "@somebody:example.org"]
groups = "off"
[channels.family-chat.settings]
language = "de"
ids = [1, 2]
[channels.family-chat.limits]
sender-per-minute = 1
account-per-minute = 1000000
[channels.work]
component = "messenger"
[sandbox]
require = true
"#;

fn read(text: &str) -> Result<Config, ConfigError> {
    Config::parse(&format!("{PROVIDER}{text}"))
}

/// One channel with these lines more.
fn channel(lines: &str) -> Result<Channel, String> {
    let config = read(&format!("[channels.a]\ncomponent = \"messenger\"\n{lines}\n")).map_err(|error| error.to_string())?;
    Ok(config.channels["a"].clone())
}

#[test]
fn reads_the_smallest_and_the_fullest_and_writes_what_it_reads() {
    let config = read(FULL).unwrap();
    let (full, smallest) = (&config.channels["family-chat"], &config.channels["work"]);
    assert_eq!((full.agent(), full.groups, full.settings["language"].as_str()), ("default", Groups::Off, Some("de")));
    assert_eq!((full.limits.sender_per_minute(), full.limits.account_per_minute()), (1, MAX_PER_MINUTE));
    assert_eq!((full.allow.as_slice(), smallest.allow.len()), (["12345".to_owned(), "@somebody:example.org".to_owned()].as_slice(), 0));
    assert_eq!((smallest.agent(), smallest.groups), ("default", Groups::Mention));
    assert_eq!((smallest.limits.sender_per_minute(), smallest.limits.account_per_minute()), (20, 600));
    let written = config.render().unwrap();
    assert_eq!(Config::parse(&written), Ok(config.clone()), "{written}");
    assert_eq!(Config::parse(&written).unwrap().render().unwrap(), written);
    assert!(config.channels.keys().eq(["family-chat", "work"]), "in the order of their names");
}

#[test]
fn what_is_not_said_is_not_written() {
    let written = read("[channels.work]\ncomponent = \"messenger\"\n").unwrap().render().unwrap();
    for absent in ["groups", "allow", "settings]", "limits", "sandbox"] {
        assert!(!written.contains(absent), "{absent}: {written}");
    }
    assert!(!read("").unwrap().render().unwrap().contains("channels"));
}

#[test]
fn names_what_is_wrong() {
    for (lines, said) in [
        ("alow = []", "did you mean `allow`?"),
        ("groups = \"of\"", "did you mean `off`?"),
        ("groups = \"all\"", "unknown variant `all`"),
        ("allow = [12345]", "string"),
        ("agent = \"other\"", "channels.a.agent"),
        ("agent = \"\"", "channels.a.agent"),
        ("[channels.a.limits]\nsender-per-minut = 1", "did you mean `sender-per-minute`?"),
        ("[channels.a.limits]\nsender-per-minute = -1", "-1"),
        ("[channels.a.limits]\naccount-per-minute = 1.5", "1.5"),
        ("settings = 1", "map"),
    ] {
        let error = channel(lines).unwrap_err();
        assert!(error.contains(said), "{lines}: {error}");
    }
    for (text, said) in
        [("[channels.a]\n", "component"), ("[channels.a]\ncomponent = \"\"\n", "channels.a.component"), ("[channels]\na = 1\n", "Channel")]
    {
        let error = read(text).unwrap_err().to_string();
        assert!(error.contains(said), "{text}: {error}");
    }
}

#[test]
fn an_account_has_a_name_that_is_not_the_hosts() {
    let named = |name: &str| read(&format!("[channels.{name:?}]\ncomponent = \"messenger\"\n"));
    for name in ["a", "0", "family-chat", "webchat-2", "default", &"n".repeat(64)] {
        assert!(named(name).is_ok(), "{name}");
    }
    for name in ["", "-a", "a-", "a--b", "A", "ä", "a b", "a/b", "a.b", "..", &"n".repeat(65)] {
        let error = named(name).unwrap_err().to_string();
        assert!(error.contains("account name"), "{name}: {error}");
    }
    for name in wirken_manifest::RESERVED_NAMES {
        let error = named(name).unwrap_err().to_string();
        assert!(error.contains(&format!("channels.{name} is not allowed")), "{error}");
    }
    assert!(named(crate::NETWORK).is_err(), "the proxy's password stands under it");
}

#[test]
fn every_bound_has_two_sides() {
    let channels = |count: usize| read(&(0..count).map(|number| format!("[channels.a{number}]\ncomponent = \"m\"\n")).collect::<String>());
    assert!(channels(MAX_CHANNELS).is_ok());
    assert!(channels(MAX_CHANNELS + 1).unwrap_err().to_string().contains("32 are the most"));
    let allow = |entries: &[String]| channel(&format!("allow = {entries:?}"));
    assert!(allow(&vec!["1".to_owned(); MAX_ALLOW]).is_ok());
    assert!(allow(&vec!["1".to_owned(); MAX_ALLOW + 1]).unwrap_err().contains("channels.a.allow"));
    for (bytes, good) in [(0, false), (1, true), (MAX_ALLOW_BYTES, true), (MAX_ALLOW_BYTES + 1, false)] {
        assert_eq!(allow(&["x".repeat(bytes)]).is_ok(), good, "{bytes}");
    }
    assert!(allow(&["é".repeat(MAX_ALLOW_BYTES / 2)]).is_ok() && allow(&["é".repeat(MAX_ALLOW_BYTES / 2 + 1)]).is_err(), "bytes count");
    for key in ["sender-per-minute", "account-per-minute"] {
        for (rate, good) in [(0, false), (1, true), (MAX_PER_MINUTE, true), (MAX_PER_MINUTE + 1, false)] {
            let read = channel(&format!("[channels.a.limits]\n{key} = {rate}"));
            assert_eq!(read.is_ok(), good, "{key} = {rate}");
            assert!(read.err().is_none_or(|error| error.contains(&format!("channels.a.limits.{key}"))));
        }
    }
}
