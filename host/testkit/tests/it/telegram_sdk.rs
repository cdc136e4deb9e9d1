//! The fake Bot API against two clients that others wrote: whatever they accept, they got from a server that speaks the
//! protocol. Both ways: what they send is recorded, and what people say arrives.
//!
//! A script asks this side, line by line on its output, for what people should do, and reads on its input what came of it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use wirken_testkit::telegram::{Chat, FakeTelegram, Fault, Options, Refusal, Said, User};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn ada() -> User {
    User::new(11, "Ada").named("ada_l")
}

fn chat(name: &str) -> Chat {
    match name {
        "private" => Chat::private(&ada()),
        "group" => Chat::group(5, "Garden"),
        "forum" => Chat::forum(6, "Club"),
        other => panic!("{other}"),
    }
}

/// Does what a script asks for.
fn act(server: &FakeTelegram, wish: &Value) -> Value {
    let text = |name: &str| wish[name].as_str().unwrap_or_default();
    let number = |name: &str| wish[name].as_i64();
    let place = || chat(wish["chat"].as_str().unwrap_or("private"));
    match text("do") {
        "say" => {
            let said = match text("file") {
                "photo" => Said::photo(text("text"), vec![0xFF, 0xD8, 0xFF]),
                "document" => Said::document(text("text"), "notes.txt", "text/plain", "some notes"),
                _ => Said::text(text("text")),
            };
            let said = number("reply_to").into_iter().fold(said, Said::reply_to);
            let said = number("thread").into_iter().fold(said, Said::thread);
            let spoken = server.say(&place(), &ada(), said);
            json!({ "message": spoken.message, "update": spoken.update })
        }
        "edit" => json!(server.edit(&place(), number("message").unwrap(), text("text"))),
        "press" => json!(server.press(&place(), &ada(), number("message").unwrap(), text("button"))),
        "forge" => json!(server.forge(&place(), &ada(), number("message").unwrap(), text("data"))),
        "press again" => json!(server.repeat_press(text("query"))),
        "answer" => json!(server.answer_to(text("query"))),
        "count" => json!(server.requests_of(text("method"))),
        "repeat" => json!(server.repeat(number("update").unwrap())),
        "block" => json!(server.block(&place())),
        "unblock" => json!(server.unblock(&place())),
        "fail" => {
            let fault = match text("how") {
                "cut before" => Fault::CutBefore,
                "cut after" => Fault::CutAfter,
                "late" => Fault::DelayAnswer(Duration::from_secs(2)),
                "limit" => Fault::Refuse(Refusal::too_many(3)),
                "broken" => Fault::Refuse(Refusal::new(502, "Bad Gateway")),
                other => panic!("{other}"),
            };
            json!(server.fail(text("method"), 1, fault))
        }
        other => panic!("{other}"),
    }
}

/// Runs a script to its end and gives what it checked.
fn conduct(server: &FakeTelegram, program: PathBuf, script: PathBuf) -> Vec<String> {
    #[expect(clippy::disallowed_methods, reason = "a client to test against, which nobody ships")]
    let mut command = Command::new(program);
    command.arg(script).arg(server.origin()).arg(server.token());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut answers = child.stdin.take().unwrap();
    let mut complaints = child.stderr.take().unwrap();
    let complaints = std::thread::spawn(move || {
        let mut text = String::new();
        complaints.read_to_string(&mut text).map(|_| text)
    });
    let mut checked = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if let Some(name) = line.strip_prefix("ok ") {
            checked.push(name.to_owned());
        } else if let Some(wish) = line.strip_prefix("please ") {
            let came = act(server, &serde_json::from_str(wish).unwrap());
            writeln!(answers, "{came}").unwrap();
        }
    }
    let complaints = complaints.join().unwrap().unwrap();
    assert!(child.wait().unwrap().success(), "after {checked:?}: {complaints}");
    checked
}

async fn start() -> Arc<FakeTelegram> {
    let server = FakeTelegram::start(Options::default()).await.unwrap();
    ["private", "group", "forum"].map(chat).iter().for_each(|chat| server.enter(chat));
    Arc::new(server)
}

/// What both scripts sent, as the record has it.
fn assert_recorded(server: &FakeTelegram) {
    let sent = server.sent();
    let texts: Vec<_> = sent.iter().map(|sent| (sent.chat, sent.text.as_str())).collect();
    let expected = [
        (11, "hello wörld 👩‍🚀"),
        (11, "bold and code"),
        (11, "bold and link"),
        (11, "an answer"),
        (11, "in pieces, edited twice"),
        (11, "gone soon"),
    ];
    assert_eq!(texts[..expected.len()], expected);
    let edits: Vec<_> = sent[4].versions.iter().map(|version| version.text.as_str()).collect();
    assert_eq!(edits, ["in pieces", "in pieces, edited", "in pieces, edited twice"]);
    assert!(sent[4].versions.is_sorted_by_key(|version| version.at));
    assert!(sent[5].deleted.is_some());
    assert_eq!(sent[3].reply_to, Some(sent[0].message));
    assert_eq!(sent[1].entities[0], json!({ "type": "bold", "offset": 0, "length": 4 }));
    let actions: Vec<_> = server.calls().into_iter().filter(|call| call.method == "sendChatAction").collect();
    assert_eq!((actions.len(), &actions[0].parameters["action"]), (1, &json!("typing")));
    let upload = sent.iter().find(|sent| sent.media.is_some()).unwrap();
    assert_eq!((upload.text.as_str(), &upload.media.as_ref().unwrap().1["file_name"]), ("a file", &json!("report.txt")));
    // A request of which nobody heard that it was done, and one that was not done.
    let count = |text: &str| sent.iter().filter(|sent| sent.text == text).count();
    assert_eq!((count("cut after"), count("cut before")), (1, 0));
}

const CHECKED: [&str; 9] = ["sends", "edits", "keyboards", "receives", "groups", "files", "refusals", "faults", "conflicts"];

#[tokio::test]
async fn python_telegram_bot_takes_it_for_the_real_one() {
    let python = root().join(".tools/py/bin/python");
    assert!(python.exists(), "the clients to test against are missing: run ./bootstrap test");
    let server = start().await;
    let theirs = Arc::clone(&server);
    let script = root().join("host/testkit/tests/it/telegram_ptb.py");
    let checked = tokio::task::spawn_blocking(move || conduct(&theirs, python, script)).await.unwrap();
    assert_eq!(checked, [&CHECKED[..], &["polls"]].concat());
    assert_recorded(&server);
}

#[tokio::test]
async fn grammy_takes_it_for_the_real_one() {
    assert!(root().join("e2e/node_modules/grammy").exists(), "the clients to test against are missing: run ./bootstrap test");
    let server = start().await;
    let theirs = Arc::clone(&server);
    let script = root().join("e2e/lib/grammy.mjs");
    let checked = tokio::task::spawn_blocking(move || conduct(&theirs, "node".into(), script)).await.unwrap();
    assert_eq!(checked, [&CHECKED[..], &["polls"]].concat());
    assert_recorded(&server);
}
