//! What an author does with the binary: a component from nothing to an answer, and one that is put to use each time that it is
//! saved.

#![expect(clippy::disallowed_methods, reason = "a test is the author, who runs tools")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::channel::Running;
use crate::support::{Wirken, stderr};

/// Long enough for a machine that does much else.
const SOON: Duration = Duration::from_secs(60);

/// A component without a world of this host: one function, which answers a number.
fn component(answer: u32) -> Vec<u8> {
    let text = format!(
        r#"(component
            (core module $m (func (export "f") (result i32) i32.const {answer}))
            (core instance $i (instantiate $m))
            (func $f (result u32) (canon lift (core func $i "f")))
            (export "answer" (func $f)))"#
    );
    wat::parse_str(text).unwrap()
}

/// A project whose build is a copy: the version that `src/version` names. `slow` is one in whose build the author saves again.
fn project(wirken: &Wirken) -> PathBuf {
    let folder = wirken.outside().join("counter");
    for below in ["src", "made", "node_modules/.bin"] {
        fs::create_dir_all(folder.join(below)).unwrap();
    }
    for answer in [41, 42] {
        fs::write(folder.join(format!("made/{answer}")), component(answer)).unwrap();
    }
    fs::write(folder.join("package.json"), "{\"main\": \"src/version\"}\n").unwrap();
    fs::write(folder.join("src/version"), "41").unwrap();
    fs::write(folder.join("component.wasm"), component(41)).unwrap();
    let manifest = "name = \"counter\"\nkind = \"tool\"\nversion = \"0.1.0\"\nworld = \"reflected\"\ndescription = \"Counts.\"\n";
    fs::write(folder.join("component.toml"), manifest).unwrap();
    let tool = folder.join("node_modules/.bin/componentize-qjs");
    let script = "#!/bin/sh\nversion=$(cat src/version)\n\
                  if [ \"$version\" = slow ]; then printf 42 > src/version; version=41; fi\n\
                  cp \"made/$version\" component.wasm || { echo \"there is no version $version\"; exit 1; }\n";
    fs::write(&tool, script).unwrap();
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// `component dev`, and what it says.
struct Dev {
    child: Child,
    said: Arc<Mutex<String>>,
}

impl Dev {
    fn start(wirken: &Wirken, folder: &Path) -> Self {
        let mut command = wirken.command(&["component", "dev", folder.to_str().unwrap()]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let (heard, lines) = (Arc::clone(&said), BufReader::new(child.stderr.take().unwrap()).lines());
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| heard.lock().unwrap().push_str(&format!("{line}\n"))));
        Self { child, said }
    }

    fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// How often it has built, or tried to.
    fn rounds(&self) -> usize {
        self.said().matches("Waiting for a change").count()
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().unwrap();
    }
}

fn until(what: &str, dev: &Dev, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < SOON, "{what}; it said: {}", dev.said());
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// What the tool answers in the running gateway.
fn asked(wirken: &Wirken) -> String {
    wirken.ok(&["ask", "-m", "use answer {}"])
}

#[test]
fn a_save_changes_what_the_running_gateway_answers() {
    let wirken = Wirken::with_demo();
    let folder = project(&wirken);
    let save = |text: &str| fs::write(folder.join("src/version"), text).unwrap();
    wirken.ok(&["component", "add", folder.to_str().unwrap(), "--yes"]);
    let _gateway = Running::start(&wirken);
    assert!(asked(&wirken).contains("41"));

    let dev = Dev::start(&wirken, &folder);
    until("it builds at once", &dev, || dev.rounds() == 1);
    save("42");
    until("it builds what was saved", &dev, || dev.rounds() == 2);
    assert!(asked(&wirken).contains("42"), "{}", dev.said());

    // A build that fails leaves the version before in use, and the author is told.
    save("43");
    until("it tries what was saved", &dev, || dev.rounds() == 3);
    let said = dev.said();
    assert!(said.contains("there is no version 43") && said.contains("componentize-qjs failed: see the messages above"), "{said}");
    assert!(asked(&wirken).contains("42"));

    // So does a manifest that is wrong, or that asks for more than was allowed: nobody is there to be asked.
    let manifest = folder.join("component.toml");
    let right = fs::read_to_string(&manifest).unwrap();
    save("41");
    until("it goes on after a failure", &dev, || dev.rounds() == 4);
    assert!(asked(&wirken).contains("41"));
    fs::write(&manifest, format!("{right}wolrd = 1\n")).unwrap();
    until("it reads the manifest", &dev, || dev.said().contains("wolrd"));
    fs::write(&manifest, format!("{right}\n[network]\norigins = [\"https://a.example\"]\n")).unwrap();
    until("it asks before more is allowed", &dev, || dev.said().contains("there is no terminal to ask on"));
    fs::write(&manifest, &right).unwrap();

    // What is saved while it builds is built next.
    save("slow");
    until("it builds what was saved during a build", &dev, || asked(&wirken).contains("42"));
    assert!(wirken.json(&["audit", "log", "--action", "component-added"])["rows"].as_array().unwrap().len() >= 5);
}

/// As an author types it, below the folder `at`.
fn author(wirken: &Wirken, at: &Path, args: &[&str]) -> Output {
    let mut command = wirken.command(args);
    // As in a shell: of what the outer cargo sets, nothing is meant for this one.
    command.current_dir(at).env_remove("RUSTFLAGS").env_remove("CARGO_TARGET_DIR").env("RUSTC", wasm_compiler());
    command.output().unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The compiler that has the WebAssembly target.
fn wasm_compiler() -> String {
    let output = Command::new(root().join(".ci/wasm-toolchain")).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The commands of docs/authors.md, "The first five minutes", as they stand there.
///
/// It compiles a scaffold and the crates that it is made with, natively and to WebAssembly, which takes half a minute where the
/// guests of this tree were built before.
#[test]
fn the_first_five_minutes_go_as_they_are_told() {
    let wirken = Wirken::with_demo();
    let at = wirken.outside().to_owned();
    let begun = author(&wirken, &at, &["component", "new", "word-count", "--kind", "tool", "--lang", "rust"]);
    assert!(begun.status.success(), "{}", stderr(&begun));
    let folder = at.join("word-count");
    settle(&folder);

    // The author's own change: to the tool, and to what is expected of it.
    let edit = |file: &str, from: &str, to: &str| {
        let text = fs::read_to_string(folder.join(file)).unwrap();
        assert!(text.contains(from), "{file} has no {from:?}");
        fs::write(folder.join(file), text.replace(from, to)).unwrap();
    };
    edit("src/lib.rs", "format!(\"{words} words\")", "format!(\"{words} words!\")");
    edit("src/lib.rs", "words\".into()", "words!\".into()");
    let failed = author(&wirken, &folder, &["component", "test", "--format", "json"]);
    let report: Value = serde_json::from_slice(&failed.stdout).unwrap_or_else(|_| panic!("{}", stderr(&failed)));
    let broken: Vec<&Value> = report["checks"].as_array().unwrap().iter().filter(|check| !check["problem"].is_null()).collect();
    assert!(!failed.status.success() && broken.len() == 1, "{report:#}");
    assert_eq!((&broken[0]["rule"], &broken[0]["subject"]), (&Value::from("call"), &Value::from("call.json")));
    assert!(broken[0]["problem"].as_str().unwrap().contains("4 words!"), "{report:#}");
    edit("tests/traffic/call.json", "4 words", "4 words!");
    let tested = author(&wirken, &folder, &["component", "test"]);
    let said = String::from_utf8(tested.stdout.clone()).unwrap();
    assert!(tested.status.success() && said.contains("checks, and all hold."), "{said}{}", stderr(&tested));

    let built = author(&wirken, &folder, &["component", "build"]);
    assert!(String::from_utf8_lossy(&built.stdout).contains("it imports nothing but types"), "{}", stderr(&built));
    let added = author(&wirken, &folder, &["component", "add", ".", "--yes"]);
    assert!(added.status.success(), "{}", stderr(&added));
    let run = author(&wirken, &folder, &["component", "run", ".", "word_count", "{\"text\":\"one two three\"}"]);
    assert_eq!(String::from_utf8_lossy(&run.stdout).trim(), "3 words!", "{}", stderr(&run));
    let answer = wirken.ok(&["ask", "-m", "use word_count {\"text\": \"to be or not to be\"}"]);
    assert!(answer.contains("`word_count` answers:") && answer.contains("6 words!"), "{answer}");
}

/// With the crates that this tree's guests are built with: nothing is downloaded, and little is compiled.
fn settle(folder: &Path) {
    let components = root().join("components");
    fs::copy(components.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let written = fs::read_to_string(folder.join(".cargo/config.toml")).unwrap();
    let config = format!("{written}[net]\noffline = true\n[build]\ntarget-dir = {:?}\n", components.join("target"));
    fs::write(folder.join(".cargo/config.toml"), config).unwrap();
}
