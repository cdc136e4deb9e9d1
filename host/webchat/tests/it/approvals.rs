//! Questions to the owner over the socket, how they look, what may be answered, and the rights that come of it.

use std::time::Duration;

use serde_json::{Value, json};
use wirken_permissions::MAX_NOTE_CHARS;
use wirken_types::SessionId;
use wirken_types::approval::{Choice, Lasts, Tier};
use wirken_types::event::Event;
use wirken_types::{Timestamp, TurnId};
use wirken_webchat::bounds::{LISTED_APPROVALS, LISTED_GRANTS};

use crate::client::{Browser, Frame, Socket};
use crate::fake::{DAYS, question};
use crate::{Server, key};

const ARGUMENTS: &str = r#"{"program":"ls","arguments":["-l"]}"#;

/// Asks in a new chat whose answer runs a program, up to its question.
async fn asked(socket: &mut Socket, n: u64) -> Value {
    socket.say(Value::Null, &key(n), "exec it").await;
    socket.until_recorded("approval-asked").await
}

async fn answer(socket: &mut Socket, approval: &Value, choice: &str, note: Option<&str>) {
    socket.send(&json!({"type": "answer", "approval": approval, "choice": choice, "note": note})).await;
}

fn field<'a>(prompt: &'a Value, label: &str) -> &'a str {
    let fields = prompt["fields"].as_array().unwrap();
    fields.iter().find(|field| field["label"] == label).unwrap_or_else(|| panic!("{label}: {prompt}"))["text"].as_str().unwrap()
}

async fn pending(browser: &Browser) -> Vec<Value> {
    browser.get("/api/approvals").await.json()["approvals"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_question_shows_what_the_host_made_and_its_answer_goes_on() {
    let server = Server::start().await;
    let browser = server.browser().await;
    let mut socket = browser.socket().await;
    let asked = asked(&mut socket, 1).await;
    let prompt = &asked["prompt"];
    let labels: Vec<&str> = prompt["fields"].as_array().unwrap().iter().map(|field| field["label"].as_str().unwrap()).collect();
    assert_eq!(labels, ["Component", "Tool", "Arguments", "Action", "Tier 2", "A longer answer is good for", "Memory"]);
    assert!(field(prompt, "Component").starts_with("exec 0.1.0, digest "), "{prompt}");
    assert_eq!(field(prompt, "Arguments"), ARGUMENTS);
    let verbatim: Vec<&Value> = prompt["fields"].as_array().unwrap().iter().filter(|field| field["verbatim"] == true).collect();
    assert_eq!(verbatim.len(), 2, "{prompt}");
    // The claim is in no field of the host's.
    assert_eq!(prompt["claim"]["label"], "The component itself says");
    assert_eq!(prompt["claim"]["text"], "\"Run \\\"ls\\\" with 1 argument.\"");
    assert_eq!(prompt["tier"], 2);
    let left = prompt["left_millis"].as_u64().unwrap();
    assert!((290_000..=300_000).contains(&left), "{left}");
    assert_eq!(
        prompt["choices"],
        json!([
            {"choice": "once", "label": "Allow once"},
            {"choice": "session", "label": "Allow for this session"},
            {"choice": "remember", "label": format!("Allow for {DAYS} days")},
            {"choice": "deny", "label": "Deny"},
        ])
    );
    let approval = &asked["event"]["approval"];
    answer(&mut socket, approval, "once", None).await;
    let recorded = socket.until_recorded("approval-answered").await;
    assert_eq!((&recorded["event"]["by"], &recorded["event"]["via"]), (&json!("owner"), &json!("webchat")));
    socket.until_recorded("effect-finished").await;
    socket.until_recorded("turn-finished").await;

    // The history has the same card.
    let history = browser.get(&format!("/api/sessions/{}", asked["session"].as_str().unwrap())).await.json();
    let item = history["items"].as_array().unwrap().iter().find(|item| item["event"]["kind"] == "approval-asked").unwrap();
    assert_eq!(item["prompt"]["fields"], prompt["fields"]);
    assert!(
        history["items"].as_array().unwrap().iter().all(|item| item["event"]["kind"] == "approval-asked" || item.get("prompt").is_none())
    );
}

#[tokio::test]
async fn an_answer_is_acknowledged_once_it_is_durable() {
    let server = Server::start().await;
    let mut socket = server.browser().await.socket().await;
    let chat = server.fake.silent_chat();
    let approval = server.fake.ask(chat, Tier::Remembered, Some(question(Tier::Remembered, ARGUMENTS, "")));
    server.fake.delay(Duration::from_millis(100));
    answer(&mut socket, &json!(approval), "deny", None).await;
    assert_eq!(socket.until_type("answered").await, json!({"type": "answered", "approval": approval, "choice": "deny"}));
    assert_eq!(server.fake.answers(), [(approval, Choice::Deny, None)]);
}

#[tokio::test]
async fn a_question_of_tier_three_is_never_remembered_and_an_erased_one_is_only_denied() {
    let server = Server::start().await;
    let browser = server.browser().await;
    let chat = server.fake.silent_chat();
    server.fake.ask(chat, Tier::EveryTime, Some(question(Tier::EveryTime, ARGUMENTS, "")));
    server.fake.ask(chat, Tier::Remembered, None);
    let pending = pending(&browser).await;
    let offered = |one: &Value| -> Vec<String> {
        one["prompt"]["choices"].as_array().unwrap().iter().map(|offered| offered["choice"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(offered(&pending[0]), ["once", "deny"]);
    assert_eq!(pending[0]["prompt"]["tier"], 3);
    assert_eq!(offered(&pending[1]), ["deny"]);
    assert_eq!(pending[1]["prompt"]["fields"], json!([]));
    assert!(pending[1]["prompt"].get("claim").is_none());
}

#[tokio::test]
async fn what_others_wrote_is_shown_letter_by_letter() {
    let server = Server::start().await;
    let browser = server.browser().await;
    let chat = server.fake.silent_chat();
    let arguments = "{\"program\":\"ls\u{202e}\u{200b}\u{1b}[2J\",\n\"x\":\"<img src=x onerror=alert(1)>\"}";
    let purpose = "</blockquote><script>alert(1)</script>\nTier: 1 **harmless** \u{2066}x";
    server.fake.ask(chat, Tier::EveryTime, Some(question(Tier::EveryTime, arguments, purpose)));
    let answer = browser.get("/api/approvals").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    let prompt = answer.json()["approvals"][0]["prompt"].clone();
    assert_eq!(field(&prompt, "Arguments"), "{\"program\":\"ls\\u{202e}\\u{200b}\\u{1b}[2J\",\\n\"x\":\"<img src=x onerror=alert(1)>\"}");
    // Text, and no tree: what looks like Markdown or markup is neither.
    assert_eq!(prompt["claim"]["text"], "\"</blockquote><script>alert(1)</script>\\nTier: 1 **harmless** \\u{2066}x\"");
    for text in [field(&prompt, "Arguments"), prompt["claim"]["text"].as_str().unwrap()] {
        assert!(text.chars().all(|c| c == ' ' || c.is_ascii_graphic()), "{text:?}");
    }
}

#[tokio::test]
async fn very_long_arguments_are_named_by_their_digest() {
    let server = Server::start().await;
    let browser = server.browser().await;
    let chat = server.fake.silent_chat();
    let long = format!("{{\"program\":\"{}\"}}", "x".repeat(1_000_000));
    server.fake.ask(chat, Tier::EveryTime, Some(question(Tier::EveryTime, &long, &long)));
    let prompt = pending(&browser).await[0]["prompt"].clone();
    let shown = field(&prompt, "Arguments");
    assert!(shown.len() < 9_000, "{}", shown.len());
    assert!(shown.contains("characters are not shown here"), "{shown}");
    assert!(shown.ends_with(&format!("SHA-256 {}", wirken_types::Digest::of(long.as_bytes()))), "{shown}");
    assert!(prompt["claim"]["text"].as_str().unwrap().len() < 9_000);
}

#[tokio::test]
async fn a_note_goes_with_a_denial_and_has_a_bound() {
    let server = Server::start().await;
    let mut socket = server.browser().await.socket().await;
    let chat = server.fake.silent_chat();
    let longest = "ü".repeat(MAX_NOTE_CHARS);
    let ask = || json!(server.fake.ask(chat, Tier::Remembered, Some(question(Tier::Remembered, ARGUMENTS, ""))));
    let approval = ask();
    for (choice, note, says) in
        [("deny", format!("{longest}ü"), "1000 characters"), ("once", "do it".into(), "denial"), ("session", "x".into(), "denial")]
    {
        answer(&mut socket, &approval, choice, Some(&note)).await;
        let error = socket.until_type("error").await;
        assert!(error["message"].as_str().unwrap().contains(says), "{error}");
        assert_eq!(error["approval"], approval);
    }
    assert_eq!(server.fake.answers(), []);
    answer(&mut socket, &approval, "deny", Some(&longest)).await;
    socket.until_type("answered").await;
    // Blanks are no note.
    let other = ask();
    answer(&mut socket, &other, "once", Some(" \n")).await;
    socket.until_type("answered").await;
    let notes: Vec<Option<String>> = server.fake.answers().into_iter().map(|(.., note)| note).collect();
    assert_eq!(notes, [Some(longest), None]);
}

#[tokio::test]
async fn a_refused_answer_says_why_beside_its_question() {
    let server = Server::start().await;
    let mut socket = server.browser().await.socket().await;
    let chat = server.fake.silent_chat();
    let approval = server.fake.ask(chat, Tier::Remembered, Some(question(Tier::Remembered, ARGUMENTS, "")));
    answer(&mut socket, &json!(approval), "deny", Some("the password is hunter2")).await;
    let error = socket.until_type("error").await;
    assert_eq!((&error["approval"], &error["forget"]), (&json!(approval), &json!(true)));
    server.fake.decide(approval, Choice::Once, None, "cli").unwrap();
    answer(&mut socket, &json!(approval), "once", None).await;
    let error = socket.until_type("error").await;
    assert_eq!(error["message"], "this question was already answered by owner");
    assert_eq!((&error["approval"], error.get("forget"), error.get("key")), (&json!(approval), None, None));
    assert_eq!(server.fake.answers().len(), 1);
    let gone = wirken_types::GrantId::generate();
    socket.send(&json!({"type": "revoke", "grant": gone})).await;
    let error = socket.until_type("error").await;
    assert_eq!(error["grant"], json!(gone));
    assert!(error["message"].as_str().unwrap().contains("revoked already"), "{error}");
}

#[tokio::test]
async fn of_two_pages_that_answer_one_is_told_so_and_both_see_it() {
    let server = Server::start().await;
    let browser = server.browser().await;
    let (mut one, mut other, mut watching) = (browser.socket().await, browser.socket().await, browser.socket().await);
    let asked = asked(&mut one, 1).await;
    let approval = &asked["event"]["approval"];
    let waiting = other.until_type("approvals").await;
    assert_eq!((&waiting["approvals"][0]["approval"], &waiting["more"]), (approval, &json!(0)));
    answer(&mut one, approval, "remember", None).await;
    one.until_type("answered").await;
    answer(&mut other, approval, "deny", None).await;
    assert_eq!(other.until_type("error").await["approval"], *approval);
    assert_eq!(server.fake.answers().len(), 1);
    // In whichever order the two come.
    let (mut given, mut waits) = (Value::Null, true);
    while given.is_null() || waits {
        let frame = watching.next().await;
        match frame["type"].as_str() {
            Some("grants") if frame["grants"] != json!([]) => given = frame,
            Some("approvals") => waits = frame["approvals"] != json!([]),
            _ => {}
        }
    }

    // A right that one page revokes is gone on the other.
    let grant = given["grants"][0]["grant"].clone();
    one.send(&json!({"type": "revoke", "grant": grant})).await;
    assert_eq!(one.until_type("revoked").await["grant"], grant);
    watching.until(|frame| frame["type"] == "grants" && frame["grants"] == json!([])).await;
    assert_eq!(browser.get("/api/grants").await.json(), json!({"grants": [], "more": 0}));
}

#[tokio::test]
async fn questions_of_other_accounts_come_to_every_page_and_are_answered_there() {
    let server = Server::start().await;
    let browser = server.browser().await;
    let mut socket = browser.socket().await;
    let session = server.fake.of_another_account();
    let approval = server.fake.ask(session, Tier::EveryTime, Some(question(Tier::EveryTime, ARGUMENTS, "")));
    // Nobody watches that session, and what is asked there comes all the same.
    let waiting = socket.until_type("approvals").await;
    let one = &waiting["approvals"][0];
    assert_eq!((&one["approval"], &one["session"], &one["conversation"]), (&json!(approval), &json!(session), &json!("1")));
    assert_ne!(one["account"], "webchat");
    answer(&mut socket, &json!(approval), "once", None).await;
    socket.until_type("answered").await;
    assert_eq!(server.fake.answers(), [(approval, Choice::Once, None)]);
    socket.until(|frame| frame["type"] == "approvals" && frame["approvals"] == json!([])).await;
    // It can be answered, and not be read.
    assert_eq!(browser.get(&format!("/api/sessions/{session}")).await.status, 404);
}

#[tokio::test]
async fn the_list_says_which_chats_wait() {
    let server = Server::start().await;
    let browser = server.browser().await;
    let (mut one, mut other) = (browser.socket().await, browser.socket().await);
    let asked = asked(&mut one, 1).await;
    let waits = |frame: &Value, waits: bool| frame["type"] == "sessions" && frame["sessions"][0]["waiting"] == waits;
    other.until(|frame| waits(frame, true)).await;
    let chats = browser.get("/api/sessions").await.json();
    assert_eq!((&chats["sessions"][0]["id"], &chats["sessions"][0]["waiting"]), (&asked["session"], &json!(true)));
    answer(&mut one, &asked["event"]["approval"], "deny", None).await;
    other.until(|frame| waits(frame, false)).await;
}

#[tokio::test]
async fn so_many_questions_and_rights_are_listed_and_the_rest_is_counted() {
    let server = Server::start().await;
    let browser = server.browser().await;
    let chat = server.fake.silent_chat();
    let ask = || server.fake.ask(chat, Tier::Remembered, Some(question(Tier::Remembered, ARGUMENTS, "")));
    let first = ask();
    for _ in 1..LISTED_APPROVALS {
        ask();
    }
    let count = |answer: &Value, name: &str| (answer[name].as_array().unwrap().len(), answer["more"].as_u64().unwrap());
    assert_eq!(count(&browser.get("/api/approvals").await.json(), "approvals"), (LISTED_APPROVALS, 0));
    ask();
    let listed = browser.get("/api/approvals").await.json();
    assert_eq!(count(&listed, "approvals"), (LISTED_APPROVALS, 1));
    assert_eq!(listed["approvals"][0]["approval"], json!(first));

    for _ in 0..LISTED_GRANTS {
        server.fake.give("[]", Lasts::Session(chat));
    }
    assert_eq!(count(&browser.get("/api/grants").await.json(), "grants"), (LISTED_GRANTS, 0));
    let last = server.fake.give("[]", Lasts::Session(chat));
    let listed = browser.get("/api/grants").await.json();
    assert_eq!(count(&listed, "grants"), (LISTED_GRANTS, 1));
    assert_eq!(listed["grants"][0]["grant"], json!(last));
}

#[tokio::test]
async fn a_right_says_whose_it_is_what_it_is_for_and_how_long() {
    let server = Server::start().await;
    let browser = server.browser().await;
    let (later, chat) = (Timestamp::now().plus(Duration::from_secs(60)), server.fake.silent_chat());
    let session = server.fake.give("[\"file\",\"read\",\"/etc/x\u{202e}\"]", Lasts::Session(chat));
    server.fake.give("[\"exec\",\"ls\",[],[]]", Lasts::Until(Timestamp::now()));
    let until = server.fake.give("[\"exec\",\"ls\",[\"-l\"],[\"at /workspace\"]]", Lasts::Until(later));
    let grants = browser.get("/api/grants").await.json();
    // One whose time is up is none.
    let [newest, oldest] = &grants["grants"].as_array().unwrap()[..] else { panic!("{grants}") };
    assert_eq!((&newest["grant"], &newest["until"], newest.get("session")), (&json!(until), &json!(later), None));
    assert_eq!(newest["words"], "run ls with -l, at /workspace");
    assert_eq!(newest["key"], "[\"exec\",\"ls\",[\"-l\"],[\"at /workspace\"]]");
    assert_eq!((&newest["account"], &newest["sender"], &newest["agent"]), (&json!("mail"), &json!("ann\\u{202e}"), &json!("default")));
    assert_eq!((&oldest["grant"], &oldest["session"], oldest.get("until")), (&json!(session), &json!(chat), None));
    assert_eq!(oldest["words"], "read files in /etc/x\\u{202e}");
}

#[tokio::test]
async fn nobody_else_sees_or_answers_a_question() {
    let server = Server::start().await;
    let browser = server.browser().await;
    let chat = server.fake.silent_chat();
    let approval = server.fake.ask(chat, Tier::Remembered, Some(question(Tier::Remembered, ARGUMENTS, "")));
    for path in ["/api/approvals", "/api/grants"] {
        for stranger in [Browser { key: String::new(), ..browser.clone() }, Browser { cookie: String::new(), ..browser.clone() }] {
            assert_eq!(stranger.get(path).await.status, 401, "{path}");
        }
        let host = server.address.to_string();
        let headers =
            [("host", host.as_str()), ("origin", "http://evil.example"), ("cookie", &browser.cookie), ("x-wirken-key", &browser.key)];
        assert_eq!(crate::raw(server.address, "GET", path, &headers, "").await.status, 403, "{path}");
        // Nothing is answered or revoked but over the socket.
        assert_eq!(browser.post(path, &json!({"approval": approval, "choice": "once"}).to_string()).await.status, 405, "{path}");
    }
    let mut socket = browser.socket().await;
    for _ in 0..wirken_webchat::bounds::BROWSERS {
        // A moment apart, so that the first is the one that was idle longest.
        tokio::time::sleep(Duration::from_millis(2)).await;
        server.browser().await;
    }
    answer(&mut socket, &json!(approval), "once", None).await;
    let error = socket.until(|frame| frame["type"] == "error").await;
    assert!(error["message"].as_str().unwrap().contains("wirken webchat login"), "{error}");
    assert_eq!(socket.frame().await, Some(Frame::Close(4401)));
    assert_eq!(server.fake.answers(), []);
}

#[tokio::test]
async fn a_browser_that_is_logged_out_hears_of_no_question() {
    let server = Server::start().await;
    let mut socket = server.browser().await.socket().await;
    for _ in 0..wirken_webchat::bounds::BROWSERS {
        tokio::time::sleep(Duration::from_millis(2)).await;
        server.browser().await;
    }
    let chat = server.fake.silent_chat();
    server.fake.ask(chat, Tier::Remembered, Some(question(Tier::Remembered, ARGUMENTS, "")));
    loop {
        match socket.frame().await {
            Some(Frame::Text(text)) => assert!(!text.contains("approvals"), "{text}"),
            Some(Frame::Ping) => {}
            other => break assert_eq!(other, Some(Frame::Close(4401))),
        }
    }
}

#[tokio::test]
async fn the_ledger_says_what_was_asked_and_answered() {
    let server = Server::start().await;
    let browser = server.browser().await;
    let mut socket = browser.socket().await;
    let asked = asked(&mut socket, 1).await;
    let (session, approval) = (asked["session"].as_str().unwrap(), asked["event"]["approval"].as_str().unwrap());
    answer(&mut socket, &asked["event"]["approval"], "session", None).await;
    socket.until_recorded("turn-finished").await;
    let id: SessionId = session.parse().unwrap();
    let turn: TurnId = asked["event"]["turn"].as_str().unwrap().parse().unwrap();
    let blocked = Event::ToolBlocked { turn, call_id: "x".into(), tool: "exec".into(), reason: "it ran rm".into() };
    server.fake.record(id, blocked);
    let ledger = browser.get(&format!("/api/sessions/{session}/ledger")).await.json();
    let code = &approval[..6];
    let text = |kind: &str| {
        let rows = ledger["rows"].as_array().unwrap();
        rows.iter().find(|row| row["kind"] == kind).unwrap_or_else(|| panic!("{kind}"))["text"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        text("approval-asked"),
        format!("A person was asked to allow what the tool exec of exec is about to do (question {code}, tier 2)")
    );
    assert_eq!(text("approval-answered"), format!("owner allowed it for this session through webchat (question {code})"));
    assert!(text("granted").contains("until the session ends"), "{}", text("granted"));
    assert_eq!(text("effect-started"), "Effect 1 of the call was begun: exec “ls -l”");
    assert_eq!(text("effect-finished"), "Effect 1 of the call was done: exit code 0");
    assert_eq!(text("tool-blocked"), "The tool exec was ended before it did something that nobody had allowed: it ran rm");
}
