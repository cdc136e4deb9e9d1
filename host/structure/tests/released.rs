//! What is released of `wit/`, in this tree, and in copies of it that somebody has changed.
#![expect(clippy::unwrap_used, reason = "a test fails where it is surprised")]

use std::fs;
use std::path::{Path, PathBuf};

use wirken_structure::wit::{Package, RECORD, Record, canonical, packages};
use wit_parser::Resolve;

fn wit() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit").canonicalize().unwrap()
}

/// A copy of our packages, with the record of this tree.
struct Copy {
    folder: tempfile::TempDir,
    record: Record,
}

impl Copy {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for package in packages(&wit()).unwrap() {
            let name = package.folder.strip_prefix(wit()).unwrap();
            fs::create_dir_all(folder.path().join(name)).unwrap();
            for file in fs::read_dir(&package.folder).unwrap() {
                let file = file.unwrap();
                fs::copy(file.path(), folder.path().join(name).join(file.file_name())).unwrap();
            }
        }
        Self { folder, record: Record::read(&wit().join(RECORD)).unwrap() }
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.folder.path().join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} does not hold {from:?}");
        fs::write(path, text.replacen(from, to, 1)).unwrap();
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn packages(&self) -> Vec<Package> {
        packages(self.folder.path()).unwrap()
    }

    /// The one thing that is wrong.
    fn objection(&self) -> String {
        let objections = self.record.objections(&self.packages());
        assert_eq!(objections.len(), 1, "{objections:#?}");
        objections.into_iter().next().unwrap()
    }
}

#[test]
fn what_is_released_is_what_it_was() {
    let record = Record::read(&wit().join(RECORD)).unwrap();
    let packages = packages(&wit()).unwrap();
    let objections = record.objections(&packages);
    assert!(objections.is_empty(), "{}", objections.join("\n"));
    assert_eq!(fs::read_to_string(wit().join(RECORD)).unwrap(), record.text(), "wit/{RECORD} is as `just release-wit` writes it");
    for name in ["channel", "chat", "host", "http", "policy", "provider", "tool"] {
        let name = format!("wirken:{name}@0.1.0");
        assert!(packages.iter().any(|package| package.name.to_string() == name), "{name}");
        assert!(record.text().contains(&format!("\"{name}\" = ")), "{name} is released");
    }
}

#[test]
fn a_released_package_changes_in_nothing_but_its_comments() {
    for (file, from, to) in [
        ("tool/tool.wit", "purpose: string,", "purpose: string, undoable: bool,"),
        ("tool/tool.wit", "failed(string),", ""),
        ("chat/types.wit", "call-id: string,", "call-ident: string,"),
        ("chat/types.wit", "type json = string;", "type json = list<u8>;"),
        ("host/host.wit", "log: func(level: string, message: string);", "log: func(message: string, level: string);"),
        ("channel/channel.wit", "shutdown,", "shutdown, paused,"),
        ("provider/provider.wit", "export codec;", "export codec; import wirken:http/types@0.1.0;"),
        ("policy/policy.wit", "screen: func(", "screened: func("),
        ("http/types.wit", "sent: bool", "sent: option<bool>"),
    ] {
        let copy = Copy::new();
        copy.edit(file, from, to);
        let objection = copy.objection();
        let package = format!("wirken:{}@0.1.0 is released", file.split('/').next().unwrap());
        assert!(objection.starts_with(&package) && objection.contains("newer version"), "{file}: {objection}");
    }
    let copy = Copy::new();
    for (file, from, to) in [
        ("tool/tool.wit", "/// Why a call gave no result.", "/// Why nothing came of a call. /* no block */"),
        ("tool/tool.wit", "purpose: string,", "purpose : /* a block /* in a block */ */ string // said\n ,"),
        ("tool/tool.wit", "\n", "\r\n\t"),
        ("channel/channel.wit", "    shutdown,", "shutdown,"),
    ] {
        copy.edit(file, from, to);
    }
    fs::rename(copy.folder.path().join("host/host.wit"), copy.folder.path().join("host/all.wit")).unwrap();
    assert_eq!(copy.record.objections(&copy.packages()), Vec::<String>::new());
}

#[test]
fn a_package_that_is_not_released_is_newer_than_what_is() {
    let copy = Copy::new();
    let newer = "package wirken:tool@0.2.0;\ninterface types { record intent { action: string, reason: string } }\n";
    copy.write("tool-0.2.0/tool.wit", newer);
    copy.write("radio/radio.wit", "package wirken:radio@0.1.0;\ninterface types { type wave = u32; }\n");
    assert_eq!(copy.record.objections(&copy.packages()), Vec::<String>::new(), "what is being made may change");

    for version in ["0.0.9", "0.1.0-rc.1"] {
        copy.write("tool-0.2.0/tool.wit", &newer.replace("0.2.0", version));
        let objection = copy.objection();
        assert!(
            objection.contains(&format!("wirken:tool@{version}")) && objection.contains("not newer than wirken:tool@0.1.0"),
            "{objection}"
        );
    }
    copy.write("tool-0.2.0/tool.wit", &newer.replace("0.2.0", "0.1.0"));
    assert!(copy.objection().contains("one of them is another version"));
}

#[test]
fn what_is_released_stays_and_uses_nothing_that_may_change() {
    let copy = Copy::new();
    fs::remove_dir_all(copy.folder.path().join("policy")).unwrap();
    assert!(copy.objection().starts_with("wirken:policy@0.1.0 is released, and no folder"), "{}", copy.objection());

    let mut copy = Copy::new();
    copy.write("chat-0.2.0/types.wit", "package wirken:chat@0.2.0;\ninterface types { type json = string; }\n");
    copy.write("tool-0.2.0/tool.wit", "package wirken:tool@0.2.0;\ninterface types { use wirken:chat/types@0.2.0.{json}; }\n");
    let all = copy.packages();
    let without: Vec<_> = all.iter().filter(|package| package.name.to_string() != "wirken:chat@0.2.0").cloned().collect();
    let objections = copy.record.clone().release(&without).unwrap_err();
    assert!(objections.concat().contains("uses wirken:chat@0.2.0, which is not"), "{objections:?}");
    assert_eq!(copy.record.release(&all).unwrap(), ["wirken:chat@0.2.0", "wirken:tool@0.2.0"]);
    assert_eq!(copy.record.release(&all).unwrap(), Vec::<String>::new(), "nothing is released twice");
    fs::write(copy.folder.path().join(RECORD), copy.record.text()).unwrap();
    copy.record = Record::read(&copy.folder.path().join(RECORD)).unwrap();
    copy.edit("tool-0.2.0/tool.wit", "{json}", "{json as text}");
    assert!(copy.objection().starts_with("wirken:tool@0.2.0 is released and never changes"));
    assert!(copy.record.release(&copy.packages()).is_err(), "a release does not take a change with it");
}

#[test]
fn one_folder_is_one_version_of_one_package() {
    for (text, word) in [
        ("package wirken:a;\ninterface i { }\n", "no version"),
        ("package wirken:a@0.1.0;\npackage wirken:b@0.1.0 { interface i { } }\n", "one folder is one package"),
        ("package wirken:a@0.1.0;\ninterface i { nonsense }\n", "expected"),
    ] {
        let copy = Copy::new();
        copy.write("a/a.wit", text);
        let error = packages(copy.folder.path()).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
    let copy = Copy::new();
    copy.write("wasi/cli.wit", "package wasi:cli@0.2.0;\ninterface i { }\n");
    assert!(!copy.packages().iter().any(|package| package.name.namespace == "wasi"), "what others release is theirs");
    for text in ["", "[released]\n\"wirken:tool\" = \"00\"\n", "[released]\n\"wirken:tool@0.1.0\" = \"00\"\n", "[other]\n"] {
        copy.write(RECORD, text);
        assert!(Record::read(&copy.folder.path().join(RECORD)).is_err(), "{text:?}");
    }
}

/// The digest is taken of this text: it has to say all that the package says.
#[test]
fn the_text_without_comments_says_the_same_to_a_parser() {
    let copy = Copy::new();
    for package in copy.packages() {
        for file in fs::read_dir(&package.folder).unwrap() {
            let path = file.unwrap().path();
            let text = canonical(&fs::read_to_string(&path).unwrap());
            assert_eq!(canonical(&text), text);
            assert!(!text.contains("//") && text.lines().count() == 1, "{text}");
            fs::write(path, text).unwrap();
        }
    }
    let (ours, theirs) = (printed(&wit()), printed(copy.folder.path()));
    assert_eq!(ours.len(), 7);
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!(ours, theirs);
    }
}

/// Every package of ours as a printer of WIT writes it, without comments.
fn printed(folder: &Path) -> Vec<String> {
    let mut resolve = Resolve::default();
    // In the order in which they use one another.
    ["http", "chat", "provider", "tool", "policy", "channel", "host"]
        .iter()
        .map(|name| {
            let (id, _) = resolve.push_path(folder.join(name)).unwrap();
            let mut printer = wit_component::WitPrinter::default();
            printer.emit_docs(false);
            printer.print(&resolve, id, &[]).unwrap();
            printer.output.to_string()
        })
        .collect()
}
