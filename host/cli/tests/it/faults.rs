//! What goes wrong around the binary: it is stopped, files are torn, lost or changed, whoever reads it goes away.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use wirken_ledger::{OpenTurn, Reader};

use crate::support::{Wirken, stderr};

const SECRET: &str = "sk-test-4f9c0d1e2b3a";

/// Set up with the offline provider at its slowest.
fn slow() -> Wirken {
    let wirken = Wirken::new();
    wirken.ok(&["setup", "--non-interactive", "--provider", "demo", "--setting", "pace-millis=100"]);
    wirken
}

fn open_turns(wirken: &Wirken) -> Vec<OpenTurn> {
    Reader::open(&wirken_ledger::path_in(&wirken.data())).and_then(|reader| reader.open_turns()).unwrap_or_default()
}

fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// `wirken ask`, in the middle of its answer.
fn asking(wirken: &Wirken) -> Child {
    let question = "say many words to me, one after the other, slowly";
    let child = wirken.command(&["ask", "-m", question]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_until("a turn begins", || !open_turns(wirken).is_empty());
    child
}

fn kinds(wirken: &Wirken) -> Vec<String> {
    let log = wirken.json(&["audit", "log", "-n", "1000"]);
    log["rows"].as_array().unwrap().iter().map(|row| row["event"]["kind"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_question_that_is_stopped_is_over() {
    let wirken = slow();
    let mut child = asking(&wirken);
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert!(!child.wait().unwrap().success());
    assert_eq!(open_turns(&wirken), []);
    assert!(kinds(&wirken).ends_with(&["turn-interrupted".into(), "session-closed".into()]), "{:?}", kinds(&wirken));
}

#[test]
fn a_question_whose_command_was_killed_is_not_asked_again() {
    for next in [&["ask", "-m", "hello"][..], &["run", "-p", "0"]] {
        let wirken = slow();
        let mut child = asking(&wirken);
        child.kill().unwrap();
        child.wait().unwrap();
        let session = open_turns(&wirken)[0].session.to_string();
        assert!(wirken.ok(&["sessions", "show", &session]).contains("unfinished"));
        let mut next = wirken.command(next).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        wait_until("it is ended", || !open_turns(&wirken).iter().any(|turn| turn.session.to_string() == session));
        kill_process(Pid::from_child(&next), Signal::TERM).unwrap();
        next.wait().unwrap();
        let shown = wirken.ok(&["sessions", "show", &session]);
        assert!(shown.contains("interrupted: the command that asked had ended") && shown.contains("closed"), "{shown}");
    }
}

#[test]
fn a_session_that_was_closed_meanwhile_does_not_go_on() {
    let wirken = slow();
    let mut child = asking(&wirken);
    child.kill().unwrap();
    child.wait().unwrap();
    let session = open_turns(&wirken)[0].session.to_string();
    wirken.ok(&["sessions", "close", &session]);
    assert_eq!(open_turns(&wirken), []);
    let before = kinds(&wirken);
    let mut gateway = wirken.command(&["run", "-p", "0"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(gateway.stdout.take().unwrap()).lines();
    lines.find(|line| line.as_ref().unwrap().starts_with("Answers come from")).unwrap().unwrap();
    kill_process(Pid::from_child(&gateway), Signal::TERM).unwrap();
    gateway.wait().unwrap();
    let after = kinds(&wirken);
    assert_eq!(after[before.len()..], ["system".to_owned()], "only the log-in was issued");
}

#[test]
fn the_gateway_goes_on_when_nobody_reads_it_and_stops_when_its_terminal_goes() {
    let wirken = Wirken::with_demo();
    let mut gateway = wirken.command(&["run", "-p", "0"]).stdout(Stdio::piped()).spawn().unwrap();
    drop(gateway.stdout.take());
    wait_until("it runs", || wirken.json(&["status"])["running"] == true);
    kill_process(Pid::from_child(&gateway), Signal::HUP).unwrap();
    assert!(gateway.wait().unwrap().success());
}

#[test]
fn a_vault_that_lost_its_key_is_not_taken_for_none() {
    let wirken = Wirken::new();
    wirken.ok(&["setup", "--non-interactive", "--provider", "openai", "--model", "m"]);
    let add = ["credentials", "add", "openai", "api-key", "--stdin", "--key-file"];
    // A refused secret leaves no vault behind.
    for short in ["1234567", "  1234567  \n", "sk-one\nsk-two-0123456789"] {
        assert!(!wirken.run_with_input(&add, short.as_bytes()).status.success(), "{short:?}");
        assert!(!wirken.data().join("vault").exists(), "{short:?}");
    }
    assert!(wirken.run_with_input(&add, format!("  {SECRET} \n").as_bytes()).status.success());
    // Options that do not fit the vault that is there are not passed over.
    assert!(stderr(&wirken.run_with_input(&add, SECRET.as_bytes())).contains("--key-file changes nothing"));
    let passphrase = wirken.outside().join("passphrase");
    fs::write(&passphrase, "correct horse").unwrap();
    let unlocked = wirken.fails(&["credentials", "list", "--passphrase-file", passphrase.to_str().unwrap()]);
    assert!(unlocked.contains("leave --passphrase-file out"), "{unlocked}");
    fs::rename(wirken.data().join("vault/key"), wirken.outside().join("key")).unwrap();
    for args in [&["credentials", "list"][..], &["run", "-p", "0"], &["ask", "-m", "hello"]] {
        let error = wirken.fails(args);
        assert!(error.contains("holds records but no key"), "{args:?}: {error}");
    }
}

#[test]
fn torn_keys_are_made_anew() {
    let wirken = Wirken::with_demo();
    wirken.ok(&["ask", "-m", "hello"]);
    fs::write(wirken.data().join("cache/key"), "").unwrap();
    wirken.ok(&["component", "list"]);
    wirken.ok(&["ask", "-m", "hello"]);
    assert_eq!(fs::metadata(wirken.data().join("cache/key")).unwrap().len(), 32);
    fs::create_dir_all(wirken.data().join("control")).unwrap();
    for (bytes, mode) in [(&[1; 7][..], 0o600), (&[1; 32], 0o644)] {
        let key = wirken.data().join("control/control.key");
        fs::write(&key, bytes).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
        let mut gateway = wirken.command(&["run", "-p", "0"]).stdout(Stdio::null()).spawn().unwrap();
        wait_until("it answers", || {
            wirken.run(&["status", "--format", "json"]).status.success() && wirken.json(&["status"])["running"] == true
        });
        assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
        assert_ne!(fs::read(&key).unwrap(), bytes);
        kill_process(Pid::from_child(&gateway), Signal::TERM).unwrap();
        assert!(gateway.wait().unwrap().success());
    }
}

#[test]
fn a_changed_compiled_component_is_recorded_by_the_next_start_and_left_alone_by_a_look() {
    let wirken = Wirken::with_demo();
    wirken.ok(&["ask", "-m", "hello"]);
    let compiled = || {
        let files = fs::read_dir(wirken.data().join("cache")).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|path| path.extension() == Some(OsStr::new("cwasm"))).collect::<Vec<_>>()
    };
    for path in compiled() {
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, &bytes).unwrap();
        wirken.ok(&["component", "list"]);
        assert_eq!(fs::read(&path).unwrap(), bytes, "a command that looks changed {}", path.display());
    }
    wirken.ok(&["ask", "-m", "hello"]);
    let rows = wirken.json(&["audit", "log", "--action", "compiled-component-rejected"]);
    let rejected: Vec<_> = rows["rows"].as_array().unwrap().iter().map(|row| row["event"]["subject"].as_str().unwrap()).collect();
    assert_eq!(rejected, ["demo", "exec", "files", "memory", "message", "web-fetch", "web-search", "injection"]);
}

#[test]
fn a_ledger_that_cannot_be_read_is_broken() {
    let wirken = Wirken::with_demo();
    assert_eq!(wirken.json(&["audit", "verify"])["verdict"], "ok");
    let fresh = Wirken::new();
    assert_eq!(fresh.json(&["audit", "verify"])["verdict"], "empty");
    assert!(wirken.fails(&["audit", "verify", "--session", "4896d64b"]).contains("sessions list"));
    let path = wirken_ledger::path_in(&wirken.data());
    let mut bytes = fs::read(&path).unwrap();
    bytes[4096..].fill(0xff);
    fs::write(&path, bytes).unwrap();
    let output = wirken.run(&["audit", "verify", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["verdict"], &report["checked-heads"]), (&"broken".into(), &false.into()));
}

#[test]
fn a_folder_whose_name_is_no_text_is_no_reason_to_panic() {
    let wirken = Wirken::new();
    let folder = wirken.outside().join(OsStr::from_bytes(b"d\xff"));
    for args in [&["status"][..], &["status", "--format", "json"], &["config", "check"], &["sessions", "list"]] {
        let output = wirken.command(args).env("WIRKEN_DATA_DIR", &folder).output().unwrap();
        assert!(output.status.code().is_some_and(|code| code < 2), "{args:?}: {}", stderr(&output));
    }
}

#[test]
fn what_a_provider_does_not_take_is_found_without_asking_it() {
    let wirken = Wirken::new();
    wirken.ok(&["setup", "--non-interactive", "--provider", "openai", "--model", "m", "--setting", "base-url=http://127.0.0.1:9/v1"]);
    wirken.ok(&["config", "check"]);
    let path = wirken.data().join("config.toml");
    let text = fs::read_to_string(&path).unwrap() + "\n[provider.options]\ntemprature = 1\n";
    fs::write(&path, text).unwrap();
    let error = wirken.fails(&["config", "check"]);
    assert!(error.contains("temprature"), "{error}");
    // A new set-up keeps what a person wrote, unless it is for another provider.
    wirken.ok(&["setup", "--force", "--non-interactive", "--provider", "openai", "--model", "n"]);
    assert!(fs::read_to_string(&path).unwrap().contains("temprature"));
}

#[test]
fn a_set_up_that_fails_leaves_nothing() {
    let wirken = Wirken::new();
    let openai = ["setup", "--non-interactive", "--provider", "openai", "--model", "m", "--key-file", "--credential-stdin"];
    assert!(!wirken.run_with_input(&openai, b"short").status.success());
    assert!(!wirken.data().join("config.toml").exists() && !wirken.data().join("vault").exists());
    let demo = ["setup", "--non-interactive", "--provider", "demo", "--credential-stdin"];
    assert!(stderr(&wirken.run_with_input(&demo, SECRET.as_bytes())).contains("takes no credential"));
    assert!(wirken.run_with_input(&openai, SECRET.as_bytes()).status.success());
    let rows = wirken.json(&["audit", "log", "--session", "system"]);
    let actions: Vec<_> = rows["rows"].as_array().unwrap().iter().map(|row| row["event"]["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["credential-added", "set-up"]);
}
