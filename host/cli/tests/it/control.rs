//! Commands that go through the gateway while it runs: a question, and credentials; and who is not answered there.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use wirken_gateway::control::{CallFailed, Request, call, call_with_value};
use wirken_ledger::{OpenTurn, Reader};
use wirken_secret::Secret;
use wirken_testkit::llm::{FakeLlm, Script};
use wirken_testkit::telegram::{FakeTelegram, Options};

use crate::channel::Running;
use crate::support::{Wirken, stderr};

const KEY: &str = "sk-first-4f9c0d1e2b3a";
const OTHER_KEY: &str = "sk-second-a1b2c3d4e5f6";

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

fn asking(wirken: &Wirken) -> Child {
    let question = "say many words to me, one after the other, slowly";
    let child = wirken.command(&["ask", "-m", question]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_until("a turn begins", || !open_turns(wirken).is_empty());
    child
}

/// The system's events of this action, oldest first.
fn recorded(wirken: &Wirken, action: &str) -> Vec<Value> {
    let log = wirken.json(&["audit", "log", "--action", action]);
    log["rows"].as_array().unwrap().iter().map(|row| row["event"].clone()).collect()
}

#[test]
fn a_question_is_answered_by_the_gateway_as_without_it() {
    let wirken = Wirken::with_demo();
    let question = ["ask", "-m", "list the files, grüß dich 👋"];
    let alone = (wirken.run(&question), wirken.json(&question));
    let _gateway = Running::start(&wirken);
    let through = (wirken.run(&question), wirken.json(&question));
    assert!(through.0.status.success(), "{}", stderr(&through.0));
    assert_eq!(String::from_utf8(through.0.stdout).unwrap(), String::from_utf8(alone.0.stdout.clone()).unwrap());
    assert_eq!(stderr(&alone.0), String::from_utf8(through.0.stderr).unwrap());
    let without_session = |mut answer: Value| {
        assert!(answer.as_object_mut().unwrap().remove("session").is_some_and(|id| id.is_string()), "{answer}");
        answer
    };
    let answer = without_session(through.1);
    assert_eq!((&answer["tools"][0]["tool"], &answer["tools"][0]["outcome"]), (&json!("files_list"), &json!("ok")));
    assert_eq!(answer, without_session(alone.1));
    let sessions = wirken.json(&["sessions", "list", "--all"]);
    let sessions = sessions["sessions"].as_array().unwrap();
    assert!(sessions.len() == 4 && sessions.iter().all(|session| session["account"] == "cli"), "{sessions:?}");
    assert_eq!(wirken.json(&["sessions", "list"])["sessions"], json!([]), "each is over with its command");
    assert!(wirken.fails(&["ask", "-m", " "]).contains("empty"));
}

#[test]
fn an_answer_streams_through_the_gateway() {
    let wirken = slow();
    let _gateway = Running::start(&wirken);
    let mut child = asking_aloud(&wirken);
    let mut first = [0];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    assert!(!open_turns(&wirken).is_empty(), "nothing was shown before the answer was over");
    // Nobody reads on: that is an end, and no error.
    assert!(child.wait().unwrap().success());
    wait_until("its turn is stopped", || open_turns(&wirken).is_empty());
    let log = wirken.ok(&["audit", "log"]);
    assert!(log.contains("session-closed"), "{log}");
}

fn asking_aloud(wirken: &Wirken) -> Child {
    let question = "say many words to me, one after the other, slowly, and then some more of them";
    wirken.command(&["ask", "-m", question]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

#[test]
fn a_question_that_is_given_up_is_over_in_the_gateway() {
    let wirken = slow();
    let _gateway = Running::start(&wirken);
    for signal in [Signal::INT, Signal::TERM, Signal::KILL] {
        let mut child = asking(&wirken);
        kill_process(Pid::from_child(&child), signal).unwrap();
        assert!(!child.wait().unwrap().success());
        if signal == Signal::KILL {
            wait_until("the gateway sees it go", || open_turns(&wirken).is_empty());
        }
        assert_eq!(open_turns(&wirken), [], "{signal:?}");
        wait_until("its session is closed", || wirken.json(&["sessions", "list"])["sessions"] == json!([]));
    }
    let interrupted = wirken.json(&["audit", "log", "--action", "turn-interrupted"]);
    assert_eq!(interrupted["rows"].as_array().unwrap().len(), 3);
}

#[test]
fn a_question_whose_gateway_stops_says_so_and_is_not_taken_up() {
    let wirken = slow();
    let gateway = Running::start(&wirken);
    let question = "say many words to me, one after the other, slowly";
    let child = wirken.command(&["ask", "-m", question]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until("a turn begins", || !open_turns(&wirken).is_empty());
    drop(gateway);
    let output = child.wait_with_output().unwrap();
    assert!(!output.status.success() && stderr(&output).contains("the gateway hung up"), "{}", stderr(&output));
    let _gateway = Running::start(&wirken);
    wait_until("it is ended", || open_turns(&wirken).is_empty());
    let interrupted = wirken.ok(&["audit", "log", "--action", "turn-interrupted"]);
    assert!(interrupted.contains("the command that asked had ended"), "{interrupted}");
}

#[test]
fn a_stranger_at_the_socket_is_refused_and_recorded() {
    let wirken = Wirken::with_demo();
    let _gateway = Running::start(&wirken);
    let mut stream = UnixStream::connect(wirken.data().join("control/control.sock")).unwrap();
    for bytes in [&[7; 32][..], &[8; 32], br#"{"request":"webchat-login"}"#] {
        stream.write_all(&u32::try_from(bytes.len()).unwrap().to_be_bytes()).unwrap();
        stream.write_all(bytes).unwrap();
    }
    let mut said = Vec::new();
    stream.read_to_end(&mut said).ok();
    assert!(said.len() <= 72, "more than a nonce and a proof: {said:?}");
    wait_until("it is recorded", || !recorded(&wirken, "control-refused").is_empty());
    let refused = recorded(&wirken, "control-refused");
    assert_eq!(refused[0]["detail"]["reason"], "no proof of control.key");
    assert_eq!(refused[0]["detail"]["pid"], json!(std::process::id()));
    // Another key, as a person would have that copied the folder.
    let key = wirken.data().join("control/control.key");
    let right = fs::read(&key).unwrap();
    fs::write(&key, [9; 32]).unwrap();
    assert!(wirken.fails(&["status"]).contains("not this data folder's gateway"));
    assert!(wirken.fails(&["ask", "-m", "hello"]).contains("not this data folder's gateway"));
    fs::write(&key, right).unwrap();
    wirken.ok(&["ask", "-m", "hello"]);
}

/// Whose key is what the model takes.
async fn with_model(accepted: &str) -> (FakeLlm, Wirken) {
    let llm = FakeLlm::start(Script::echo().with_key(accepted).with_models(["m"])).await.unwrap();
    let wirken = Wirken::new();
    let url = format!("base-url={}", llm.base_url());
    let setup =
        ["setup", "--non-interactive", "--provider", "openai", "--model", "m", "--setting", &url, "--key-file", "--credential-stdin"];
    let output = wirken.run_with_input(&setup, KEY.as_bytes());
    assert!(output.status.success(), "{}", stderr(&output));
    (llm, wirken)
}

fn add(wirken: &Wirken, whose: &[&str], value: &str) -> Output {
    let output = wirken.run_with_input(&[&["credentials", "add"], whose, &["--stdin"]].concat(), value.as_bytes());
    let said = [output.stdout.clone(), output.stderr.clone()].concat();
    assert!(!String::from_utf8(said).unwrap().contains(value), "the value was shown");
    output
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_is_changed_is_used_by_the_next_request_and_looked_for() {
    let (llm, wirken) = with_model(OTHER_KEY).await;
    let _gateway = Running::start(&wirken);
    assert!(wirken.fails(&["ask", "-m", "hello"]).contains("keep the right key with `wirken credentials add openai api-key`"));
    let replaced = add(&wirken, &["openai", "api-key"], OTHER_KEY);
    assert!(stderr(&replaced).contains("Replaced openai/api-key: it goes to http://127.0.0.1"), "{}", stderr(&replaced));
    assert!(wirken.ok(&["ask", "-m", "hello again"]).contains("hello again"));
    assert_eq!(llm.last().unwrap().authorization, Some(format!("Bearer {OTHER_KEY}")));
    // The new one is looked for from then on, and the old one until the next change: a request that is out may have it.
    let told = wirken.fails(&["ask", "-m", &format!("my key is {OTHER_KEY}")]);
    assert!(told.contains("holds the value of the credential openai/api-key") && !told.contains(OTHER_KEY), "{told}");
    assert!(wirken.fails(&["ask", "-m", &format!("my key was {KEY}")]).contains("holds the value"));

    wirken.ok(&["credentials", "remove", "openai", "api-key"]);
    assert!(wirken.fails(&["credentials", "remove", "openai", "api-key"]).contains("credentials list"));
    assert!(wirken.fails(&["ask", "-m", "hello"]).contains("wirken credentials add openai api-key"));
    assert_eq!(llm.last().unwrap().authorization, None);
    assert!(add(&wirken, &["openai", "api-key"], OTHER_KEY).status.success());
    wirken.ok(&["ask", "-m", "hello"]);

    let log = wirken.json(&["audit", "log", "--session", "system"]);
    let changes: Vec<_> = log["rows"].as_array().unwrap().iter().map(|row| row["event"]["action"].as_str().unwrap()).collect();
    let changes: Vec<_> = changes.into_iter().filter(|action| action.starts_with("credential")).collect();
    assert_eq!(changes, ["credential-added", "credential-replaced", "credential-removed", "credential-added"]);
    assert!(!log.to_string().contains(OTHER_KEY) && !log.to_string().contains(KEY));
    assert_eq!(wirken.json(&["audit", "verify"])["verdict"], "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_a_credential_outlives_the_gateway_that_made_it() {
    let (_llm, wirken) = with_model(OTHER_KEY).await;
    let gateway = Running::start(&wirken);
    assert!(add(&wirken, &["openai", "api-key"], OTHER_KEY).status.success());
    drop(gateway);
    wirken.ok(&["ask", "-m", "hello"]);
    let _gateway = Running::start(&wirken);
    wirken.ok(&["ask", "-m", "hello"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_is_rotated_with_and_without_a_gateway() {
    let (_llm, wirken) = with_model(OTHER_KEY).await;
    let rotate =
        |whose: &[&str], value: &str| wirken.run_with_input(&[&["credentials", "rotate"], whose, &["--stdin"]].concat(), value.as_bytes());
    let whole = || wirken.json(&["credentials", "list"])["credentials"][0].clone();
    let kept = whole();
    assert_eq!((&kept["age_days"], &kept["rotation"]), (&json!(0), &json!("fresh")), "{kept}");
    assert_eq!(kept["due"].as_u64().unwrap() - kept["rotated"].as_u64().unwrap(), 90 * 24 * 60 * 60 * 1000);
    for (whose, value, said) in [
        (&["openai", "token"][..], OTHER_KEY, "there is no credential openai/token"),
        (&["opneai", "api-key"], OTHER_KEY, "there is no credential opneai/api-key"),
        (&["openai", "api-key"], KEY, "has this very value already"),
        (&["openai", "api-key"], "1234567", "8 bytes"),
        (&["openai", "api-key"], "sk-one\nsk-two-0123456789", "line breaks"),
    ] {
        let alone = rotate(whose, value);
        let gateway = Running::start(&wirken);
        let through = rotate(whose, value);
        drop(gateway);
        for output in [alone, through] {
            let error = stderr(&output);
            assert!(!output.status.success() && error.contains(said) && !error.contains(value), "{whose:?}: {error}");
        }
    }
    assert_eq!(recorded(&wirken, "credential-rotated").len(), 2, "what was begun is recorded");
    assert_eq!(recorded(&wirken, "credential-rotated-failed").len(), 2);

    let gateway = Running::start(&wirken);
    assert!(wirken.fails(&["ask", "-m", "hello"]).contains("openai"));
    let output = rotate(&["openai", "api-key"], OTHER_KEY);
    assert!(output.status.success() && stderr(&output).contains("Rotated openai/api-key"), "{}", stderr(&output));
    assert!(wirken.ok(&["ask", "-m", "hello again"]).contains("hello again"));
    drop(gateway);
    let rotated = whole();
    assert_eq!((&rotated["origins"], &rotated["places"], &rotated["created"]), (&kept["origins"], &kept["places"], &kept["created"]));
    assert!(rotated["rotated"].as_u64() > kept["rotated"].as_u64());
    assert!(rotate(&["openai", "api-key"], KEY).status.success());
    assert!(wirken.fails(&["ask", "-m", "hello"]).contains("openai"), "the old value is used again");
    let file = wirken.outside().join("key");
    fs::write(&file, format!("{OTHER_KEY}\n")).unwrap();
    wirken.ok(&["credentials", "rotate", "openai", "api-key", "--value-file", file.to_str().unwrap()]);
    assert!(wirken.ok(&["ask", "-m", "hello at last"]).contains("hello at last"));
    assert!(wirken.fails(&["credentials", "rotate", "openai", "api-key"]).contains("use --stdin or --value-file"));
    assert!(wirken.ok(&["credentials", "list"]).contains("in 90 days"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_takes_no_credential_that_is_not_one() {
    let (_llm, wirken) = with_model(KEY).await;
    let _gateway = Running::start(&wirken);
    for (args, said) in [
        (&["opneai", "api-key"][..], "no component named"),
        (&["openai", "token"], "api-key"),
        (&["telegram", "token"], "wirken channel add telegram"),
        (&["openai", "api-key", "--origin", "*.com"], "*.com"),
        (&["openai", "api-key", "--key-file"], "--key-file changes nothing"),
        (&["openai", "api-key", "--passphrase-file", "/dev/null"], "leave --passphrase-file out"),
    ] {
        let output = add(&wirken, args, OTHER_KEY);
        assert!(!output.status.success() && stderr(&output).contains(said), "{args:?}: {}", stderr(&output));
    }
    let short = add(&wirken, &["openai", "api-key"], "\u{fffd}1234");
    assert!(!short.status.success() && stderr(&short).contains('8'), "{}", stderr(&short));
    // Nor from a caller that did not look first.
    let control = wirken.data().join("control");
    let request = |component: &str, name: &str, origin: &str, place: &str| Request::CredentialAdd {
        component: component.into(),
        name: name.into(),
        origins: vec![origin.into()],
        places: vec![place.into()],
    };
    for (request, value, said) in [
        (request("opneai", "api-key", "https://a.example", "bearer"), OTHER_KEY, "no component named"),
        (request("openai", "token", "https://a.example", "bearer"), OTHER_KEY, "api-key"),
        (request("openai", "api-key", "*.com", "bearer"), OTHER_KEY, "*.com"),
        (request("openai", "api-key", "https://a.example", "anywhere"), OTHER_KEY, "anywhere"),
        (request("openai", "api-key", "https://a.example", "bearer"), "1234567", "8"),
        (request("openai", "api-key", "https://a.example", "bearer"), "sk-one\nsk-two-0123456789", "line breaks"),
    ] {
        let refused = call_with_value(&control, &request, &Secret::from_string(value.into())).await;
        assert!(
            matches!(&refused, Err(CallFailed::Refused(why)) if why.contains(said) && !why.contains(value)),
            "{request:?}: {refused:?}"
        );
    }
    let unknown = Request::CredentialRemove { component: "openai".into(), name: "token".into() };
    assert!(matches!(call(&control, &unknown).await, Err(CallFailed::Refused(why)) if why.contains("credentials list")));
    wirken.ok(&["ask", "-m", "hello"]);
    assert_eq!(recorded(&wirken, "credential-replaced").len(), 0);
}

#[test]
fn a_vault_is_not_made_under_a_gateway_that_runs() {
    let wirken = Wirken::with_demo();
    let _gateway = Running::start(&wirken);
    let output = add(&wirken, &["openai", "api-key", "--key-file"], KEY);
    assert!(!output.status.success() && stderr(&output).contains("there is no vault yet"), "{}", stderr(&output));
    assert!(!wirken.data().join("vault").exists());
    assert!(wirken.fails(&["setup", "--force", "--non-interactive", "--provider", "demo"]).contains("stop it first"));
}

/// The state of the only channel, once it is so.
fn channel(wirken: &Wirken, what: &str, is: impl Fn(&Value) -> bool) -> Value {
    let state = || wirken.json(&["status"])["channels"][0].clone();
    wait_until(what, || is(&state()));
    state()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_starts_again_with_the_credential_that_it_is_given() {
    let telegram = FakeTelegram::start(Options::default()).await.unwrap();
    let wirken = Wirken::with_demo();
    let url = format!("api-url={}", telegram.origin());
    let connect = ["channel", "add", "telegram", "--non-interactive", "--key-file", "--credential-stdin", "--setting", &url];
    let wrong = "1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    assert!(wirken.run_with_input(&connect, wrong.as_bytes()).status.success());
    let _gateway = Running::start(&wirken);
    let stopped = channel(&wirken, "it gives up with a wrong token", |state| state["process"] == "stopped");
    assert!(stopped["detail"].as_str().unwrap().contains("does not know this bot token"), "{stopped}");

    let token = telegram.token();
    assert!(add(&wirken, &["telegram", "token"], &token).status.success());
    let running = |state: &Value| state["process"] == "running" && state["health"] == "ok";
    let first = channel(&wirken, "it runs with the right one", running)["pid"].clone();
    assert!(add(&wirken, &["telegram", "token"], &token).status.success());
    let second = channel(&wirken, "it is started again", |state| running(state) && state["pid"] != first)["pid"].clone();
    wirken.ok(&["credentials", "remove", "telegram", "token"]);
    let stopped = channel(&wirken, "it cannot run without", |state| state["process"] == "stopped");
    assert!(stopped["detail"].as_str().unwrap().contains("its credential token is missing"), "{stopped}");
    assert!(!fs::exists(format!("/proc/{second}")).unwrap(), "its process goes on with what was removed");
    assert!(add(&wirken, &["telegram", "token"], &token).status.success());
    channel(&wirken, "it runs again", running);
    // What a person may not say follows too.
    assert!(wirken.fails(&["ask", "-m", &format!("is {token} good?")]).contains("telegram/token"));
    let log = wirken.ok(&["audit", "log", "--session", "system"]);
    assert!(log.contains("its credential was changed") && !log.contains(&token), "{log}");
}
