//! Each command: what it prints, what it refuses, what it leaves behind.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::support::{Wirken, stderr};

const SECRET: &str = "sk-test-äÖ-4f9c0d1e2b3a";

#[test]
fn a_new_installation_is_set_up_asked_and_verified() {
    let wirken = Wirken::new();
    assert!(wirken.fails(&["ask", "-m", "hello"]).contains("wirken setup"));
    assert!(wirken.ok(&["audit", "verify"]).contains("empty"));
    assert!(wirken.ok(&["status"]).contains("wirken setup"));
    wirken.ok(&["setup", "--non-interactive", "--provider", "demo", "--setting", "pace-millis=0"]);
    assert!(wirken.fails(&["setup", "--non-interactive", "--provider", "demo"]).contains("--force"));
    assert!(wirken.ok(&["ask", "-m", "grüß dich 👋"]).contains("grüß dich 👋"));
    let asked = wirken.json(&["ask", "-m", "list the files"]);
    assert_eq!(asked["tools"][0]["tool"], "files_list");
    assert_eq!(asked["tools"][0]["outcome"], "ok");
    let verified = wirken.run(&["audit", "verify"]);
    assert!(verified.status.success());
    assert_eq!(wirken.json(&["sessions", "list", "--all"])["sessions"].as_array().unwrap().len(), 2);
    assert_eq!(wirken.json(&["sessions", "list"])["sessions"].as_array().unwrap().len(), 0);
    let session = asked["session"].as_str().unwrap();
    assert!(wirken.ok(&["sessions", "show", session]).contains("owner: list the files"));
    assert!(wirken.ok(&["sessions", "show", &session[session.len() - 8..]]).contains("files_list"));
    assert!(wirken.fails(&["sessions", "close", session]).contains("closed already"));
    let log = wirken.json(&["audit", "log", "--action", "tool-started"]);
    assert_eq!(log["rows"].as_array().unwrap().len(), 1);
    let components = wirken.json(&["component", "list"]);
    let files = components["components"].as_array().unwrap().iter().find(|component| component["name"] == "files").unwrap();
    assert!(
        files["imports"].as_array().unwrap().iter().any(|import| import["name"].as_str().unwrap().starts_with("wasi:filesystem/types@"))
    );
    assert_eq!(wirken.json(&["config", "check"])["ok"], true);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the shell itself says whether it can read a script")]
fn every_shell_is_told_every_command() {
    let wirken = Wirken::new();
    let help = wirken.ok(&["--help"]);
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let commands: Vec<&str> = commands.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(commands.len() > 12 && commands.contains(&"credentials") && !commands.contains(&"adapter"), "{commands:?}");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = wirken.ok(&["completions", shell]);
        for command in &commands {
            assert!(script.contains(command), "{shell}: {command}");
        }
        for below in ["rotate", "value-file", "pending"] {
            assert!(script.contains(below), "{shell}: {below}");
        }
    }
    let script = wirken.outside().join("wirken.bash");
    fs::write(&script, wirken.ok(&["completions", "bash"])).unwrap();
    assert!(std::process::Command::new("bash").arg("-n").arg(&script).status().unwrap().success());
    // As the shell itself asks: what may stand behind `wirken cred`, and behind `wirken credentials `.
    let complete = |words: &str, at: usize| {
        let text = format!(
            ". {}; COMP_WORDS=({words}); COMP_CWORD={at}; _wirken wirken \"${{COMP_WORDS[$COMP_CWORD]}}\" \"${{COMP_WORDS[$((COMP_CWORD-1))]}}\"; echo \"${{COMPREPLY[@]}}\"",
            script.display()
        );
        let output = std::process::Command::new("bash").args(["-c", &text]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(complete("wirken cred", 1).trim(), "credentials");
    assert!(complete("wirken credentials ''", 2).contains("add") && complete("wirken credentials ''", 2).contains("rotate"));
    assert!(complete("wirken ''", 1).contains("setup") && !complete("wirken ''", 1).contains("adapter"), "{}", complete("wirken ''", 1));
    assert!(wirken.fails(&["completions", "csh"]).contains("bash"));
}

#[test]
fn a_changed_row_is_found_named_and_the_exit_code_is_one() {
    let wirken = Wirken::with_demo();
    wirken.ok(&["ask", "-m", "hello"]);
    let path = wirken_ledger::path_in(&wirken.data());
    let database = rusqlite::Connection::open(path).unwrap();
    let changed = database
        .execute("UPDATE rows SET canonical = CAST(replace(CAST(canonical AS TEXT), 'owner', 'other') AS BLOB) WHERE kind = 'inbound'", [])
        .unwrap();
    assert_eq!(changed, 1);
    drop(database);
    let output = wirken.run(&["audit", "verify", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let text = wirken.run(&["audit", "verify"]);
    assert!(String::from_utf8_lossy(&text.stdout).contains("row 1"), "{}", String::from_utf8_lossy(&text.stdout));
}

#[test]
fn a_locked_folder_says_who_holds_it() {
    let wirken = Wirken::with_demo();
    let mut gateway = wirken.command(&["run", "-p", "0"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(gateway.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.next().unwrap().starts_with("wirken "));
    let url = lines.find(|line| line.contains("/#login=")).unwrap();
    let pid = gateway.id().to_string();
    assert!(wirken.fails(&["run", "-p", "0"]).contains(&pid));
    assert!(wirken.fails(&["channel", "add", "telegram", "--non-interactive"]).contains(&format!("process {pid}")));
    let status = wirken.json(&["status"]);
    assert_eq!(status["running"], true);
    assert_eq!(status["pid"].to_string(), pid);
    let second = wirken.ok(&["webchat", "login"]);
    assert!(second.contains("/#login=") && !url.contains(second.trim()));
    rustix::process::kill_process(rustix::process::Pid::from_child(&gateway), rustix::process::Signal::TERM).unwrap();
    assert!(gateway.wait().unwrap().success());
    assert!(wirken.fails(&["webchat", "login"]).contains("wirken run"));
}

#[test]
fn bad_input_is_named_with_what_to_do() {
    let wirken = Wirken::new();
    for (args, said) in [
        (&["setup", "--non-interactive"][..], "demo, openai"),
        (&["setup", "--non-interactive", "--provider", "dmeo"], "did you mean demo?"),
        (&["setup", "--non-interactive", "--provider", "demo", "--setting", "pace-milis=1"], "did you mean \"pace-millis\"?"),
        (&["setup", "--non-interactive", "--provider", "demo", "--setting", "pace-millis=101"], "100"),
        (&["setup", "--non-interactive", "--provider", "openai"], "--model"),
        (&["setup", "--non-interactive", "--provider", "openai", "--model", "m", "--setting", "base-url=http://example.com/v1"], "https"),
        (&["setup", "--non-interactive", "--provider", "demo", "--workspace", "/nowhere/at/all"], "make it first"),
        (&["setup"], "--non-interactive"),
    ] {
        let error = wirken.fails(args);
        assert!(error.contains(said), "{args:?}: {error}");
        assert!(!wirken.data().join("config.toml").exists(), "{args:?} wrote a configuration");
    }
    let wirken = Wirken::with_demo();
    assert!(wirken.fails(&["ask", "-m", "hi", "--agent", "other"]).contains("default"));
    assert!(wirken.fails(&["audit", "log", "--since", "soon"]).contains("7d"));
    assert!(wirken.fails(&["sessions", "show", "nope"]).contains("sessions list"));
    let path = wirken.data().join("config.toml");
    fs::write(&path, fs::read_to_string(&path).unwrap().replace("model", "modle")).unwrap();
    assert!(wirken.fails(&["config", "check"]).contains("did you mean `model`?"));
    let outside = wirken.outside().to_str().unwrap().to_owned();
    assert!(
        wirken
            .fails(&["setup", "--force", "--non-interactive", "--provider", "demo", "--workspace", &outside])
            .contains("holds the data folder")
    );
}

#[test]
fn credentials_are_kept_listed_without_value_and_removed() {
    let wirken = Wirken::new();
    wirken.ok(&["setup", "--non-interactive", "--provider", "openai", "--model", "m", "--setting", "base-url=http://127.0.0.1:9/v1"]);
    let add = ["credentials", "add", "openai", "api-key", "--stdin", "--key-file"];
    let short = wirken.run_with_input(&add, b"1234567");
    assert!(!short.status.success() && stderr(&short).contains('8'), "{}", stderr(&short));
    let kept = wirken.run_with_input(&add, format!("{SECRET}\n").as_bytes());
    assert!(kept.status.success(), "{}", stderr(&kept));
    assert!(stderr(&kept).contains("http://127.0.0.1:9"), "{}", stderr(&kept));
    let listed = wirken.ok(&["credentials", "list"]);
    assert!(listed.contains("api-key") && listed.contains("bearer") && !listed.contains("sk-test"), "{listed}");
    assert!(wirken.fails(&["credentials", "remove", "openai", "other"]).contains("credentials list"));
    let unknown = wirken.run_with_input(&["credentials", "add", "openai", "token", "--stdin"], SECRET.as_bytes());
    assert!(stderr(&unknown).contains("api-key"), "{}", stderr(&unknown));
    wirken.ok(&["credentials", "remove", "openai", "api-key"]);
    assert_eq!(wirken.json(&["credentials", "list"])["credentials"].as_array().unwrap().len(), 0);
    let log = wirken.ok(&["audit", "log", "--session", "system"]);
    assert!(log.contains("credential-added") && log.contains("credential-removed") && !log.contains("sk-test"), "{log}");
}

#[test]
fn a_wrong_or_empty_passphrase_writes_nothing() {
    let wirken = Wirken::new();
    wirken.ok(&["setup", "--non-interactive", "--provider", "openai", "--model", "m"]);
    let file = |name: &str, text: &str| {
        let path = wirken.outside().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (right, wrong, empty) = (file("right", "correct horse\n"), file("wrong", "wrong horse\n"), file("empty", "\n"));
    let add = |passphrase: &str| {
        wirken.run_with_input(&["credentials", "add", "openai", "api-key", "--stdin", "--passphrase-file", passphrase], SECRET.as_bytes())
    };
    assert!(!add(&empty).status.success());
    assert!(!wirken.data().join("vault/key.age").exists());
    assert!(add(&right).status.success());
    let contents = || {
        let mut files: Vec<_> = fs::read_dir(wirken.data().join("vault")).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
            .into_iter()
            .map(|path| (path.clone(), fs::read(&path).unwrap(), fs::metadata(&path).unwrap().modified().unwrap()))
            .collect::<Vec<_>>()
    };
    let before = contents();
    for passphrase in [&wrong, &empty] {
        assert!(!add(passphrase).status.success());
        assert!(!wirken.run(&["credentials", "remove", "openai", "api-key", "--passphrase-file", passphrase]).status.success());
        assert_eq!(contents(), before);
    }
}

/// A program that needs a loader names it in a segment of this type.
const PT_INTERP: u32 = 3;

#[test]
#[cfg(all(target_os = "linux", target_pointer_width = "64", target_endian = "little"))]
fn the_binary_is_static() {
    let elf = fs::read(env!("CARGO_BIN_EXE_wirken")).unwrap();
    assert!(elf.starts_with(b"\x7fELF"));
    let half = |at: usize| usize::from(u16::from_le_bytes(elf[at..at + 2].try_into().unwrap()));
    let (table, size, count) = (u64::from_le_bytes(elf[0x20..0x28].try_into().unwrap()) as usize, half(0x36), half(0x38));
    let kinds: Vec<u32> = (0..count).map(|n| table + n * size).map(|at| u32::from_le_bytes(elf[at..at + 4].try_into().unwrap())).collect();
    assert!(kinds.len() > 3 && !kinds.contains(&PT_INTERP), "{kinds:?}");
}
