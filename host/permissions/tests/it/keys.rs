//! What a grant remembers: two actions with one key are alike, and every way to be alike is in the key.

use proptest::prelude::*;
use serde_json::Value;
use wirken_permissions::{Action, Resolved, Surroundings, judge};
use wirken_types::approval::Tier;
use wirken_types::credential::Origin;

use crate::support::{around, exec, itself, judged, line};

fn key(text: &str) -> String {
    let judged = judged(&line(text));
    judged.key.unwrap_or_else(|| panic!("{text}: {:?}", judged.reasons))
}

#[test]
fn one_key_covers_other_files_of_the_folder_and_other_texts() {
    for (a, b) in [
        ("cat src/a", "cat src/b"),
        ("cat src/a", "cat ./src//x/../b"),
        ("grep foo src/a", "grep bar src/b"),
        ("echo a", "echo b c"),
        ("which ls", "which cat"),
        ("date +%s", "date +%F"),
    ] {
        assert_eq!(key(a), key(b), "{a}, {b}");
    }
}

#[test]
fn what_differs_in_more_has_another_key() {
    for (a, b) in [
        ("cat src/a", "cat docs/a"),
        ("cat src/a", "cat src/sub/a"),
        ("cat src/a", "cat src/a src/b"),
        ("cat src/a", "cat -n src/a"),
        ("cat src/a", "tac src/a"),
        ("cat src/a", "/bin/cat src/a"),
        ("cat a", "cat /a"),
        ("ls -l -a", "ls -a -l"),
        ("ls -l -a", "ls -la"),
        ("ls", "ls /"),
        ("ls .", "ls /"),
        ("ls .", "ls /etc"),
        ("ls src", "ls docs"),
        ("ls src", "ls src/sub"),
        ("cat src/", "cat src/a"),
        ("cat src/.", "cat src/a"),
        ("cat src/a", "cat src"),
        ("head -n 5 a", "head -n 50 a"),
        ("grep -e a b", "grep -e c b"),
        ("grep -f a b", "grep -f c b"),
        ("cat -- a", "cat a"),
    ] {
        assert_ne!(key(a), key(b), "{a}, {b}");
    }
    // The workspace itself is never taken for one file in the root.
    assert!(key("cat /workspace").contains("at /workspace") && key("ls ..").contains("at /\""));
}

#[test]
fn a_key_cannot_be_forged_by_what_stands_in_it() {
    let one = judged(&exec("cat", &["a\",\"b/c"])).key.unwrap();
    let two = judged(&exec("cat", &["a", "b/c"])).key.unwrap();
    assert_ne!(one, two);
    let send = |account: &str, conversation: &str| {
        judged(&Action::Send { account: account.into(), conversation: conversation.into() }).key.unwrap()
    };
    assert_ne!(send("a\",\"b", "c"), send("a", "b\",\"c"));
    assert_ne!(send("exec", "ls"), key("ls"));
    assert_ne!(judged(&Action::file("/tmp/a", true)).key, judged(&Action::file("/tmp/a", false)).key);
}

#[test]
fn a_request_is_remembered_by_its_class_and_origin() {
    let origins = ["https://a.example", "https://a.example:8443", "https://b.example"].map(|text| Origin::parse(text).unwrap());
    let known = |origin: &Origin| origins.contains(origin);
    // Where the session holds words from outside, a person is asked about reading too.
    let around = Surroundings { opened: &known, tainted: true, ..around(&itself) };
    let clean = Surroundings { tainted: false, ..around };
    let key = |method: &str, origin: &str, path: &str| {
        let action = Action::Http { method: method.into(), origin: Origin::parse(origin).unwrap(), path: path.into() };
        judge(&action, if matches!(method, "GET" | "HEAD") { &around } else { &clean }).key
    };
    let base = key("GET", "https://a.example", "/");
    assert_eq!(base.as_deref(), Some("[\"http\",\"read\",\"https://a.example\"]"));
    assert_eq!(key("HEAD", "https://A.example:443", "/other?x"), base);
    for (method, origin) in [("POST", "https://a.example"), ("OPTIONS", "https://a.example"), ("FETCH", "https://a.example")] {
        assert_eq!(key(method, origin, "/"), key("DELETE", origin, "/"));
        assert_ne!(key(method, origin, "/"), base);
    }
    assert_ne!(key("GET", "https://a.example:8443", "/"), base);
    assert_ne!(key("GET", "https://b.example", "/"), base);
    assert_eq!(key("GET", "https://c.example", "/"), None);
}

/// Words of which many make a harmless command.
fn words() -> impl Strategy<Value = Vec<String>> {
    let word = prop::sample::select(vec![
        "-l",
        "-a",
        "-la",
        "-n",
        "-e",
        "5",
        "a",
        "b",
        "src/a",
        "src/b",
        "src/",
        "src",
        "docs/a",
        "../x",
        "/etc/hosts",
        "/etc",
        ".",
        "..",
        "--",
        "-n5",
        "--color",
        "x/../src/a",
        "/workspace/src/a",
        "-f",
        "-",
    ]);
    prop::collection::vec(word.prop_map(str::to_owned), 0..5)
}

/// What has to be alike, found in another way than the key is: the words that begin with `-`, and where the others lead.
fn likeness(program: &str, arguments: &[String], key: &str) -> (String, Vec<String>, Vec<Value>) {
    let Value::Array(parts) = serde_json::from_str(key).unwrap() else { panic!("{key} is no array") };
    let folders = parts[3].as_array().unwrap().clone();
    let ended = arguments.iter().position(|word| word == "--").unwrap_or(arguments.len());
    let dashed = arguments[..ended].iter().filter(|word| word.starts_with('-') && *word != "-").cloned().collect();
    (program.to_owned(), dashed, folders)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn two_commands_with_one_key_are_alike(
        program in prop::sample::select(vec!["ls", "cat", "grep", "head", "stat", "/bin/cat"]),
        other in prop::sample::select(vec!["ls", "cat", "grep", "head", "stat", "/bin/cat"]),
        one in words(),
        two in words(),
    ) {
        let (a, b) = (judged(&exec(program, &one)), judged(&exec(other, &two)));
        if let (Some(a_key), Some(b_key)) = (&a.key, &b.key) {
            prop_assert_eq!((a.tier, b.tier), (Tier::Remembered, Tier::Remembered));
            let same = likeness(program, &one, a_key) == likeness(other, &two, b_key);
            prop_assert!(same || a_key != b_key, "{one:?} {two:?} {a_key}");
        }
    }

    /// Every file that is opened is named by the key: there is no more of one than of the other, and each is in its folder.
    #[test]
    fn a_key_names_the_folder_of_every_operand(names in prop::collection::vec("[a-c]{1,2}(/([a-c]{1,2}|\\.\\.|\\.)){0,3}/?", 0..4)) {
        let judged = judged(&exec("cat", &names));
        prop_assert_eq!(judged.tier, Tier::Remembered);
        let key: Value = serde_json::from_str(&judged.key.unwrap()).unwrap();
        let folders = key[3].as_array().unwrap();
        prop_assert_eq!(folders.len(), names.len());
        for (name, folder) in names.iter().zip(folders) {
            let mut real = vec!["workspace"];
            for part in name.split('/') {
                match part {
                    "" | "." => {}
                    ".." => { real.pop(); }
                    part => real.push(part),
                }
            }
            let (how, folder) = folder.as_str().unwrap().split_once(" /").unwrap();
            let folder: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
            if how == "at" { prop_assert_eq!(&folder, &real) } else { prop_assert_eq!(&folder[..], &real[..real.len() - 1]) }
        }
    }

    /// A key is of where a path leads, so that a link moved after the grant is another key.
    #[test]
    fn a_key_follows_links(to in "/data/[a-c]{1,3}/[a-c]{1,3}") {
        let led = |path: &str| if path == "/workspace/l" { Resolved::Elsewhere(to.clone()) } else { Resolved::Itself };
        let through = judge(&line("cat l"), &around(&led)).key;
        let direct = judge(&line(&format!("cat {to}")), &around(&itself)).key;
        prop_assert_eq!(through, direct);
    }
}
