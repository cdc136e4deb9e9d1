//! A conversation over the socket, and what is read of it afterwards.

use std::time::Duration;

use serde_json::{Value, json};
use wirken_turn::Shown;
use wirken_types::{SessionId, TurnId};
use wirken_webchat::bounds::{FRAME_BYTES, MESSAGE_CHARS};

use crate::client::Frame;
use crate::fake::UPDATES;
use crate::{Server, key};

#[tokio::test]
async fn a_message_opens_a_chat_and_its_answer_comes_back() {
    let server = Server::start().await;
    let mut socket = server.browser().await.socket().await;
    socket.say(Value::Null, &key(1), "grüß dich").await;
    let accepted = socket.until_type("accepted").await;
    assert_eq!((&accepted["key"], &accepted["duplicate"]), (&json!(key(1)), &json!(false)));
    // Every row from the first, each once, though it was recorded before anybody watched.
    for (seq, kind) in ["session-opened", "inbound", "turn-started", "requested"].into_iter().enumerate() {
        let frame = socket.until_type("recorded").await;
        assert_eq!((&frame["seq"], &frame["event"]["kind"]), (&json!(seq), &json!(kind)));
        assert_eq!(frame["session"], accepted["session"]);
    }
    let outbound = socket.until_recorded("outbound-queued").await;
    assert_eq!(outbound["event"]["content"], "You said *grüß dich*.");
    assert_eq!(outbound["tree"], json!([{"t":"p","c":["You said ",{"t":"em","c":["grüß dich"]},"."]}]));
    socket.until_recorded("turn-finished").await;

    // The next message goes to the same chat, and what is written is seen before it is recorded.
    socket.say(accepted["session"].clone(), &key(2), "more").await;
    let glimpse = socket.until_type("glimpse").await;
    assert_eq!(glimpse["session"], accepted["session"]);
    assert!(glimpse["shown"]["text"].as_str().unwrap().starts_with("You "), "{glimpse}");
    socket.until_recorded("outbound-queued").await;
}

#[tokio::test]
async fn a_message_sent_again_is_the_same_message() {
    let server = Server::start().await;
    let browser = server.browser().await;
    let mut socket = browser.socket().await;
    socket.say(Value::Null, &key(1), "once").await;
    let first = socket.until_type("accepted").await;
    drop(socket);
    let mut socket = browser.socket().await;
    socket.say(Value::Null, &key(1), "once").await;
    let again = socket.until_type("accepted").await;
    assert_eq!((&again["session"], &again["duplicate"]), (&first["session"], &json!(true)));
    // The page that lost its connection sees the chat from its first row all the same.
    assert_eq!(socket.until_type("recorded").await["seq"], 0);
    assert_eq!(browser.get("/api/sessions").await.json()["sessions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn watching_from_a_row_misses_none_and_repeats_none() {
    let server = Server::start().await;
    let browser = server.browser().await;
    let mut socket = browser.socket().await;
    socket.say(Value::Null, &key(1), "a").await;
    let session = socket.until_type("accepted").await["session"].clone();
    socket.until_recorded("turn-finished").await;
    let history = browser.get(&format!("/api/sessions/{}", session.as_str().unwrap())).await.json();
    let items = history["items"].as_array().unwrap();
    assert_eq!(items.len(), 7);
    assert_eq!(items[5]["tree"][0]["t"], "p");
    assert_eq!(history["session"]["title"], "a");
    let part = browser.get(&format!("/api/sessions/{}?from=5", session.as_str().unwrap())).await.json();
    assert_eq!(part["items"].as_array().unwrap()[..], items[5..]);

    let mut other = browser.socket().await;
    other.send(&json!({"type":"watch","session":session,"from":5})).await;
    assert_eq!(other.until_type("recorded").await["seq"], 5);
    assert_eq!(other.until_type("recorded").await["seq"], 6);
    socket.say(session.clone(), &key(2), "b").await;
    assert_eq!(other.until_type("recorded").await["seq"], 7);
    assert_eq!(other.until_recorded("turn-finished").await["seq"], 12);
}

#[tokio::test]
async fn only_the_browsers_own_chats_are_seen_or_touched() {
    let server = Server::start().await;
    let browser = server.browser().await;
    let foreign = server.fake.of_another_account();
    let unknown = SessionId::generate();
    assert_eq!(browser.get("/api/sessions").await.json(), json!({"sessions": []}));
    for id in [foreign, unknown] {
        for path in ["", "/ledger"] {
            assert_eq!(browser.get(&format!("/api/sessions/{id}{path}")).await.status, 404);
        }
        for path in ["/stop", "/close"] {
            assert_eq!(browser.post(&format!("/api/sessions/{id}{path}"), "").await.status, 404);
        }
        let mut socket = browser.socket().await;
        for frame in
            [json!({"type":"watch","session":id}), json!({"type":"watch","session":id,"from":0}), json!({"type":"stop","session":id})]
        {
            socket.send(&frame).await;
            assert!(socket.next().await["message"].as_str().unwrap().contains("no such chat"));
        }
        socket.say(json!(id), &key(1), "hi").await;
        let error = socket.next().await;
        assert_eq!((&error["type"], &error["key"]), (&json!("error"), &json!(key(1))));
    }
}

#[tokio::test]
async fn stops_an_answer_by_socket_and_by_request() {
    let server = Server::start().await;
    let browser = server.browser().await;
    let mut socket = browser.socket().await;
    socket.say(Value::Null, &key(1), "forever").await;
    let session = socket.until_type("accepted").await["session"].clone();
    socket.send(&json!({"type":"stop","session":session})).await;
    assert_eq!(socket.until_recorded("turn-interrupted").await["event"]["reason"], "you stopped it");
    let path = format!("/api/sessions/{}/stop", session.as_str().unwrap());
    assert_eq!(browser.post(&path, "").await.json(), json!({"stopped": false}));
    socket.say(session, &key(2), "forever").await;
    socket.until_type("accepted").await;
    assert_eq!(browser.post(&path, "").await.json(), json!({"stopped": true}));
    socket.until_recorded("turn-interrupted").await;
}

#[tokio::test]
async fn the_list_changes_on_every_page() {
    let server = Server::start().await;
    let browser = server.browser().await;
    let (mut one, mut other) = (browser.socket().await, browser.socket().await);
    one.say(Value::Null, &key(1), "hello there").await;
    let session = one.until_type("accepted").await["session"].clone();
    let list = other.until_type("sessions").await;
    assert_eq!((&list["sessions"][0]["id"], &list["sessions"][0]["title"]), (&session, &json!("hello there")));
    one.until_recorded("turn-finished").await;
    assert_eq!(browser.post(&format!("/api/sessions/{}/close", session.as_str().unwrap()), "").await.status, 204);
    let list = other.until_type("sessions").await;
    assert!(list["sessions"][0]["closed_at"].is_u64(), "{list}");
    assert_eq!(one.until_recorded("session-closed").await["event"]["by"], "owner");
}

#[tokio::test]
async fn the_ledger_says_what_happened_and_whether_it_is_whole() {
    let server = Server::start().await;
    let browser = server.browser().await;
    let mut socket = browser.socket().await;
    socket.say(Value::Null, &key(1), "use a tool").await;
    let session = socket.until_type("accepted").await["session"].clone();
    socket.until_recorded("turn-finished").await;
    let ledger = browser.get(&format!("/api/sessions/{}/ledger", session.as_str().unwrap())).await.json();
    assert_eq!(ledger["verification"]["ok"], true);
    let rows = ledger["rows"].as_array().unwrap();
    assert_eq!(rows[1]["text"], "owner said “use a tool”");
    assert_eq!((rows[1]["hash"].as_str().unwrap().len(), &rows[1]["kind"]), (12, &json!("inbound")));
    let tool = rows.iter().find(|row| row["kind"] == "tool-finished").unwrap();
    assert_eq!(tool["text"], "The tool files_list answered: “notes/ report.md photos/”");
}

#[tokio::test]
async fn says_why_a_message_was_not_taken() {
    let server = Server::start().await;
    let mut socket = server.browser().await.socket().await;
    let longest = "ü".repeat(MESSAGE_CHARS);
    for (key_given, text, says, keyed) in [
        (key(1), "  \n", "empty", true),
        (key(2), &*format!("{longest}x"), "100000 characters", true),
        ("x".to_owned(), "hi", "UUID", false),
    ] {
        socket.say(Value::Null, &key_given, text).await;
        let error = socket.next().await;
        assert!(error["message"].as_str().unwrap().contains(says), "{error}");
        assert_eq!(error.get("key").is_some(), keyed);
    }
    socket.say(Value::Null, &key(3), &longest).await;
    socket.until_type("accepted").await;
    server.fake.refuse(Some("the disk is full: see to it"));
    socket.say(Value::Null, &key(4), "hi").await;
    let error = socket.until_type("error").await;
    assert_eq!((&error["message"], &error["key"]), (&json!("the disk is full: see to it"), &json!(key(4))));
    for nonsense in ["", "{", "[]", "{\"type\":\"sudo\"}"] {
        socket.send_bytes(1, nonsense.as_bytes()).await;
        assert!(socket.until_type("error").await["message"].as_str().unwrap().contains("not understood"));
    }
    socket.send_bytes(2, b"\0").await;
    socket.until_type("error").await;
}

#[tokio::test]
async fn a_frame_has_a_bound() {
    let server = Server::start().await;
    let browser = server.browser().await;
    let mut socket = browser.socket().await;
    socket.send_bytes(1, &vec![b' '; FRAME_BYTES]).await;
    assert_eq!(socket.next().await["type"], "error");
    socket.send_bytes(1, &vec![b' '; FRAME_BYTES + 1]).await;
    assert!(matches!(socket.frame().await, None | Some(Frame::Close(_))));
}

#[tokio::test]
async fn a_slow_commit_holds_up_no_update_and_keeps_the_order() {
    let server = Server::start().await;
    let mut socket = server.browser().await.socket().await;
    socket.say(Value::Null, &key(1), "a").await;
    let session = socket.until_type("accepted").await["session"].clone();
    socket.until_recorded("turn-finished").await;
    server.fake.delay(Duration::from_millis(300));
    socket.say(session.clone(), &key(2), "b").await;
    socket.say(session.clone(), &key(3), "c").await;
    let id: SessionId = session.as_str().unwrap().parse().unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.fake.show(id, TurnId::generate(), Shown::Progress { label: "meanwhile".into(), done: 1, total: None });
    let first = socket.until(|frame| frame["type"] == "accepted" || frame["type"] == "glimpse").await;
    assert_eq!(first["shown"]["label"], "meanwhile");
    assert_eq!(socket.until_type("accepted").await["key"], key(2));
    assert_eq!(socket.until_type("accepted").await["key"], key(3));
}

#[tokio::test]
async fn a_page_that_falls_behind_is_told_so() {
    let server = Server::start().await;
    let mut socket = server.browser().await.socket().await;
    socket.say(Value::Null, &key(1), "a").await;
    let session = socket.until_type("accepted").await["session"].clone();
    let finished = socket.until_recorded("turn-finished").await;
    let id: SessionId = session.as_str().unwrap().parse().unwrap();
    // More at once than a watcher may be behind: no task runs between these on a runtime of one thread.
    for _ in 0..UPDATES + 10 {
        server.fake.record(id, wirken_types::event::Event::TurnStarted { turn: TurnId::generate() });
    }
    assert_eq!(socket.until_type("lagged").await["session"], session);
    let next = finished["seq"].as_u64().unwrap() + 1;
    socket.send(&json!({"type":"watch","session":session,"from":next})).await;
    socket.until(|frame| frame["seq"] == next).await;
    for seq in next + 1..next + UPDATES as u64 + 10 {
        assert_eq!(socket.until_type("recorded").await["seq"], seq);
    }
}

#[tokio::test]
async fn pieces_of_one_text_that_wait_become_one_frame() {
    let server = Server::start().await;
    let mut socket = server.browser().await.socket().await;
    socket.say(Value::Null, &key(1), "a").await;
    let session = socket.until_type("accepted").await["session"].clone();
    socket.until_recorded("turn-finished").await;
    let (id, turn): (SessionId, _) = (session.as_str().unwrap().parse().unwrap(), TurnId::generate());
    for n in 0..100 {
        server.fake.show(id, turn, Shown::Text { text: format!("{n},") });
    }
    server.fake.show(id, turn, Shown::Reasoning { text: "r".into() });
    let (mut text, mut frames) = (String::new(), 0);
    loop {
        let frame = socket.until_type("glimpse").await;
        match frame["shown"]["type"].as_str() {
            Some("text") => text += frame["shown"]["text"].as_str().unwrap(),
            _ => break,
        }
        frames += 1;
    }
    assert_eq!(text, (0..100).map(|n| format!("{n},")).collect::<String>());
    assert!(frames < 10, "{frames}");
}

#[tokio::test]
async fn a_browser_that_was_logged_out_says_nothing_more() {
    let server = Server::start().await;
    let mut socket = server.browser().await.socket().await;
    for _ in 0..wirken_webchat::bounds::BROWSERS {
        // A moment apart, so that the first is the one that was idle longest.
        tokio::time::sleep(Duration::from_millis(2)).await;
        server.browser().await;
    }
    socket.say(Value::Null, &key(1), "hi").await;
    assert!(socket.next().await["message"].as_str().unwrap().contains("wirken webchat login"));
    assert_eq!(socket.frame().await, Some(Frame::Close(4401)));
}

#[tokio::test]
async fn stopping_the_server_closes_its_sockets() {
    let mut server = Server::start().await;
    let mut socket = server.browser().await.socket().await;
    let begun = std::time::Instant::now();
    drop(server.stop.take());
    while let Some(frame) = socket.frame().await {
        assert!(matches!(frame, Frame::Ping | Frame::Close(1001)), "{frame:?}");
    }
    server.serving.await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}
