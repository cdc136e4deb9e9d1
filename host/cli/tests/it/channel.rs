//! A channel from end to end: the binary, its process for the account, its component, and a platform.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value;

use wirken_testkit::llm::{FakeLlm, Reply, Script};
use wirken_testkit::telegram::{Chat, FakeTelegram, Fault, Options, Refusal, Sent, User};

use crate::support::{Wirken, stderr};

const SOON: Duration = Duration::from_secs(20);

/// A gateway that runs; it is killed with this.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn start(wirken: &Wirken) -> Self {
        let mut child = wirken.command(&["run", "--port", "0"]).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut rest = lines.skip_while(|line| !line.as_ref().unwrap().contains("Stop with Ctrl-C"));
        rest.next().unwrap().unwrap();
        std::thread::spawn(move || rest.for_each(drop));
        Self(child)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().unwrap();
    }
}

fn ada() -> User {
    User::new(11, "Ada")
}

/// Set up with the offline provider and one account on this platform.
fn connected(telegram: &FakeTelegram, more: &[&str]) -> Wirken {
    let wirken = Wirken::with_demo();
    add(&wirken, telegram, more);
    wirken
}

pub(crate) fn add(wirken: &Wirken, telegram: &FakeTelegram, more: &[&str]) {
    let url = format!("api-url={}", telegram.origin());
    let args = ["channel", "add", "telegram", "--non-interactive", "--key-file", "--credential-stdin", "--setting", &url];
    let output = wirken.run_with_input(&[&args, more].concat(), telegram.token().as_bytes());
    assert!(output.status.success(), "{}", stderr(&output));
}

async fn first(telegram: &FakeTelegram, chat: i64, part: &str) -> Sent {
    let found = |sent: &[Sent]| sent.iter().find(|sent| sent.chat == chat && sent.text.contains(part)).cloned();
    telegram.wait(SOON, found).await.unwrap_or_else(|| panic!("{part:?} never came: {:?}; {:?}", telegram.sent(), telegram.calls()))
}

#[tokio::test]
async fn a_stranger_gets_a_code_and_is_heard_once_the_owner_gave_it_back() {
    let telegram = FakeTelegram::start(Options::default()).await.unwrap();
    let wirken = connected(&telegram, &[]);
    let _running = Running::start(&wirken);
    let (ada, chat) = (ada(), Chat::private(&ada()));
    telegram.say(&chat, &ada, "hello");
    let told = first(&telegram, chat.id, "code").await;
    let code = told.text.lines().find(|line| line.len() == 8).unwrap().to_owned();
    let sessions = wirken.json(&["sessions", "list", "--all"]);
    assert_eq!(sessions["sessions"].as_array().unwrap().len(), 0, "nothing is kept of what a stranger says: {sessions}");

    assert!(wirken.fails(&["channel", "approve", "telegram", "AAAAAAAA"]).contains("no such code"));
    wirken.ok(&["channel", "approve", "telegram", &code.to_lowercase()]);
    first(&telegram, chat.id, "You are connected").await;
    telegram.say(&chat, &ada, "hello again");
    first(&telegram, chat.id, "demo").await;
    let listed = wirken.json(&["channel", "list"]);
    assert_eq!(listed["channels"][0]["people"][0]["sender"], Value::from("11"));
    assert_eq!(listed["channels"][0]["status"]["process"], Value::from("running"), "{listed}");
}

/// Set up with a model that answers as its test wants, and Ada allowed.
async fn answered_by(telegram: &FakeTelegram, script: Script, more: &[&str]) -> (Wirken, FakeLlm) {
    let llm = FakeLlm::start(script).await.unwrap();
    let wirken = Wirken::with_model(&llm.base_url());
    add(&wirken, telegram, &[&["--allow", "11"], more].concat());
    (wirken, llm)
}

#[tokio::test]
async fn a_slow_answer_grows_in_its_message_and_a_tool_is_used_on_the_way() {
    let telegram = FakeTelegram::start(Options::default()).await.unwrap();
    let words: Vec<String> = (0..40).map(|n| format!("word{n} ")).collect();
    let reply = Reply::text(words.concat()).pieces(6).pace(70);
    let (wirken, _llm) = answered_by(&telegram, Script::reply(move |_| reply.clone()), &[]).await;
    let _running = Running::start(&wirken);
    let (ada, chat) = (ada(), Chat::private(&ada()));
    telegram.say(&chat, &ada, "tell me");
    let sent = first(&telegram, chat.id, "word39").await;
    assert!(sent.versions.len() >= 2, "it was shown as it came: {:?}", sent.versions);
    assert_eq!(telegram.sent().len(), 1, "one message, and no second: {:?}", telegram.sent());
    assert!(telegram.requests_of("sendChatAction") >= 1);
    let gaps = sent.versions.windows(2).map(|pair| pair[1].at - pair[0].at);
    // The last is the whole answer, which waits for nothing.
    assert!(gaps.clone().rev().skip(1).all(|gap| gap >= Duration::from_millis(900)), "{:?}", gaps.collect::<Vec<_>>());
}

#[tokio::test]
async fn a_tool_round_ends_in_an_answer() {
    let telegram = FakeTelegram::start(Options::default()).await.unwrap();
    let wirken = connected(&telegram, &["--allow", "11"]);
    let _running = Running::start(&wirken);
    let (ada, chat) = (ada(), Chat::private(&ada()));
    telegram.say(&chat, &ada, "write good morning to note.txt");
    // Once it speaks of the file, and once of what became of it.
    telegram.wait(SOON, |sent| (sent.len() >= 2 && sent.iter().all(|sent| sent.text.contains("note.txt"))).then_some(())).await.unwrap();
    let written = std::fs::read_to_string(wirken.data().join("workspace/note.txt")).unwrap();
    assert!(written.contains("good morning"), "{written}");
}

#[tokio::test]
async fn in_a_group_only_what_is_meant_for_the_agent_is_heard_and_answered_as_a_reply() {
    let telegram = FakeTelegram::start(Options::default().without_privacy()).await.unwrap();
    let (wirken, llm) = answered_by(&telegram, Script::reply(|_| Reply::text("An answer.")), &[]).await;
    let _running = Running::start(&wirken);
    let (ada, bob, group) = (ada(), User::new(12, "Bob"), Chat::group(5, "Friends"));
    telegram.enter(&group);
    telegram.say(&group, &ada, "nobody is meant");
    telegram.say(&group, &bob, "@wirken_test_bot what is it?");
    let asked = telegram.say(&group, &ada, "@wirken_test_bot what is it?");
    let sent = first(&telegram, group.id, "An answer.").await;
    assert_eq!(sent.reply_to, Some(asked.message));
    assert_eq!(telegram.sent().len(), 1, "{:?}", telegram.sent());
    let requests = llm.recorded();
    assert_eq!(requests.len(), 1);
    let told = requests[0].body.to_string();
    assert!(told.contains("Ada (11) writes") && !told.contains("nobody is meant") && !told.contains("Bob"), "{told}");
}

#[tokio::test]
async fn what_the_platform_wants_later_is_sent_later_and_once() {
    let telegram = FakeTelegram::start(Options::default()).await.unwrap();
    let wirken = connected(&telegram, &["--allow", "11"]);
    let _running = Running::start(&wirken);
    let (ada, chat) = (ada(), Chat::private(&ada()));
    telegram.fail("sendMessage", 2, Fault::Refuse(Refusal::too_many(1)));
    telegram.say(&chat, &ada, "hello");
    first(&telegram, chat.id, "demo").await;
    assert_eq!((telegram.sent().len(), telegram.requests_of("sendMessage")), (1, 3));
    let rows = wirken.json(&["audit", "log", "--action", "outbound-attempted"]);
    assert_eq!(rows["rows"].as_array().unwrap().len(), 3, "each attempt is recorded: {rows}");
}

#[tokio::test]
async fn what_left_without_an_answer_is_shown_as_in_doubt_and_never_sent_again() {
    let telegram = FakeTelegram::start(Options::default()).await.unwrap();
    let wirken = connected(&telegram, &["--allow", "11"]);
    let running = Running::start(&wirken);
    let (ada, chat) = (ada(), Chat::private(&ada()));
    telegram.fail("sendMessage", 1, Fault::CutAfter);
    telegram.say(&chat, &ada, "hello");
    let entry = loop {
        let listed = wirken.json(&["channel", "list"]);
        match listed["channels"][0]["undelivered"].as_array().and_then(|entries| entries.first()) {
            Some(entry) if entry["state"] == "in-doubt" => break entry.clone(),
            _ => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    };
    assert!(wirken.ok(&["channel", "list"]).contains("may have been delivered"));
    assert!(wirken.ok(&["sessions", "show", entry["session"].as_str().unwrap()]).contains("may have been delivered"));
    drop(running);
    let _running = Running::start(&wirken);
    telegram.say(&chat, &ada, "and now?");
    telegram.wait(SOON, |sent| (sent.len() >= 2).then_some(())).await.unwrap();
    let texts: Vec<_> = telegram.sent().into_iter().map(|sent| sent.text).collect();
    assert_eq!((texts.len(), telegram.requests_of("sendMessage")), (2, 2), "{texts:?}");
}

#[tokio::test]
async fn malformed_and_repeated_updates_change_nothing() {
    let telegram = FakeTelegram::start(Options::default()).await.unwrap();
    let wirken = connected(&telegram, &["--allow", "11"]);
    let _running = Running::start(&wirken);
    let (ada, chat) = (ada(), Chat::private(&ada()));
    for what in [Value::Null, Value::from(7), serde_json::json!({ "text": 5, "chat": [] }), serde_json::json!({ "from": { "id": "x" } })] {
        telegram.inject("message", what.clone());
        telegram.inject("unheard_of", what);
    }
    let update = telegram.say(&chat, &ada, "hello").update.unwrap();
    first(&telegram, chat.id, "demo").await;
    assert!(telegram.repeat(update));
    telegram.repeat_as_new(update).unwrap();
    telegram.say(&chat, &ada, "help");
    telegram.wait(SOON, |sent| (sent.len() >= 2).then_some(())).await.unwrap();
    assert_eq!(telegram.sent().len(), 2, "{:?}", telegram.sent());
    let inbounds = wirken.json(&["audit", "log", "--action", "inbound"]);
    assert_eq!(inbounds["rows"].as_array().unwrap().len(), 2);
    let listed = wirken.json(&["channel", "list"]);
    assert_eq!(listed["channels"][0]["status"]["restarts"], Value::from(0), "{listed}");
}

#[tokio::test]
async fn a_platform_that_was_gone_is_found_again_and_nothing_was_lost() {
    let telegram = FakeTelegram::start(Options::default()).await.unwrap();
    let words: String = "slow ".repeat(20);
    let reply = Reply::text(words).pieces(5).pace(100);
    let (wirken, _llm) = answered_by(&telegram, Script::reply(move |_| reply.clone()), &[]).await;
    let _running = Running::start(&wirken);
    let (ada, chat) = (ada(), Chat::private(&ada()));
    telegram.say(&chat, &ada, "one");
    while telegram.pending() > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    telegram.leave().await;
    let health = |wirken: &Wirken| wirken.json(&["status"])["channels"][0]["health"].as_str().unwrap_or_default().to_owned();
    while health(&wirken) != "unreachable" {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // The answer is there by now, and nobody to take it.
    tokio::time::sleep(Duration::from_secs(3)).await;
    telegram.say(&chat, &ada, "two");
    telegram.come_back().await.unwrap();
    let found = telegram.wait(SOON, |sent| (sent.iter().filter(|sent| sent.text.starts_with("slow")).count() >= 2).then_some(())).await;
    found.unwrap_or_else(|| panic!("{:?}", telegram.sent()));
    while health(&wirken) != "ok" {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_token_that_the_platform_refuses_stops_the_channel_which_says_so_and_asks_no_more() {
    let telegram = FakeTelegram::start(Options::default()).await.unwrap();
    let wirken = Wirken::with_demo();
    let url = format!("api-url={}", telegram.origin());
    let args = ["channel", "add", "telegram", "--non-interactive", "--key-file", "--credential-stdin", "--setting", &url];
    assert!(wirken.run_with_input(&args, b"123456789:AAnot-the-token-of-any-bot-at-all-000").status.success());
    let _running = Running::start(&wirken);
    let status = loop {
        let status = wirken.json(&["status"])["channels"][0].clone();
        if status["process"] == "stopped" {
            break status;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert!(status["detail"].as_str().unwrap().contains("token"), "{status}");
    let requests = telegram.requests();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!((telegram.requests(), requests <= 2), (requests, true));
    assert!(wirken.ok(&["status"]).contains("telegram: stopped"));
    let stopped = wirken.json(&["audit", "log", "--action", "channel-stopped"]);
    assert_eq!(stopped["rows"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_process_that_is_killed_is_started_again_and_goes_on() {
    let telegram = FakeTelegram::start(Options::default()).await.unwrap();
    let wirken = connected(&telegram, &["--allow", "11"]);
    let running = Running::start(&wirken);
    let (ada, chat) = (ada(), Chat::private(&ada()));
    telegram.say(&chat, &ada, "hello");
    first(&telegram, chat.id, "demo").await;
    let pid = wirken.json(&["status"])["channels"][0]["pid"].as_u64().unwrap();
    kill(pid);
    telegram.say(&chat, &ada, "help");
    telegram.wait(SOON, |sent| (sent.len() >= 2).then_some(())).await.unwrap();
    let status = wirken.json(&["status"])["channels"][0].clone();
    assert_eq!((status["restarts"].as_u64(), status["pid"].as_u64() == Some(pid)), (Some(1), false), "{status}");
    // A gateway that is killed takes its processes with it.
    let pid = status["pid"].as_u64().unwrap();
    drop(running);
    let began = std::time::Instant::now();
    while std::path::Path::new(&format!("/proc/{pid}/exe")).exists() {
        assert!(began.elapsed() < SOON, "process {pid} outlived its gateway");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub(crate) fn kill(pid: u64) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}
