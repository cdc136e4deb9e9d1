//! How much one call may do in the world, and all together at a time; each bound from both sides.

use std::time::Duration;

use serde_json::{Value, json};
use wirken_gateway::channel::Channels;
use wirken_types::approval::Choice;
use wirken_types::event::{Place, ToolOutcome};

use crate::effects::{World, world};
use crate::policies::scene::platform;
use crate::support::{question, say};

const MAX_REQUESTS: usize = 64;
const AT_ONCE: usize = 32;
const MAX_CHANGES: usize = 256;
const MAX_MESSAGES: usize = 8;
const MAX_TEXT_BYTES: usize = 64 * 1024;
const MAX_ID_BYTES: usize = 256;

fn answers(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[tokio::test]
async fn a_call_sends_so_many_requests_and_no_more() {
    let world = world().await;
    let (outcome, text) = world.run("c", "1", Value::from(vec![world.get("/a"); MAX_REQUESTS + 1])).await;
    assert_eq!(outcome, ToolOutcome::Ok, "{text}");
    let answers = answers(&text);
    assert!(answers[..MAX_REQUESTS].iter().all(|answer| answer["status"] == 200), "{text}");
    assert!(answers[MAX_REQUESTS].to_string().contains("denied"), "{}", answers[MAX_REQUESTS]);
    assert_eq!(world.server.lines().len(), MAX_REQUESTS);
    // The next call has as many again.
    let (_, text) = world.run("d", "2", json!([world.get("/b")])).await;
    assert!(text.contains("hello"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn so_many_requests_are_under_way_at_a_time_and_the_next_waits() {
    let world = world().await;
    let mut begun = Vec::new();
    for number in 0..=AT_ONCE {
        let conversation = number.to_string();
        begun.push(world.begin(&conversation, &conversation, json!([]), json!([world.get("/hold")]), &[]).await);
    }
    let arrived = async |count: usize| {
        while world.server.lines().len() < count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), arrived(AT_ONCE)).await.expect("they arrive");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(world.server.lines().len(), AT_ONCE, "the last waits for one of them to end");
    world.server.gate.add_permits(1);
    tokio::time::timeout(Duration::from_secs(30), arrived(AT_ONCE + 1)).await.expect("it comes in its place");
    world.server.gate.add_permits(AT_ONCE);
    for (session, turn) in begun {
        let (outcome, text) = world.end(session, turn).await;
        assert!(outcome == ToolOutcome::Ok && text.contains("hello"), "{text}");
    }
}

#[tokio::test]
async fn a_call_changes_so_much_of_what_is_kept_and_no_more() {
    let world = world().await;
    let set = |key: usize| json!({ "act": "set", "key": key.to_string(), "value": "x" });
    let mut acts: Vec<Value> = (0..MAX_CHANGES - 1).map(set).collect();
    // To forget is a change too, and to read is none.
    acts.push(json!({ "act": "delete", "key": "0" }));
    acts.push(json!({ "act": "get", "key": "1" }));
    acts.push(set(MAX_CHANGES));
    acts.push(json!({ "act": "delete", "key": "1" }));
    acts.push(json!({ "act": "keys", "prefix": "1" }));
    let (outcome, text) = world.run("c", "1", Value::from(acts)).await;
    assert_eq!(outcome, ToolOutcome::Ok, "{text}");
    let answers = answers(&text);
    assert!(answers[..MAX_CHANGES - 1].iter().all(|answer| answer == "set"), "{text}");
    assert_eq!((&answers[MAX_CHANGES - 1], &answers[MAX_CHANGES]), (&json!("deleted"), &json!("x")));
    for refused in &answers[MAX_CHANGES + 1..MAX_CHANGES + 3] {
        assert_eq!(refused["error"], "limit", "{refused}");
        assert!(refused["message"].as_str().unwrap().contains("256 changes of what is kept"), "{refused}");
    }
    assert!(answers[MAX_CHANGES + 3].as_array().unwrap().contains(&json!("1")), "what was refused has changed nothing");
    let (_, text) = world.run("d", "2", json!([{ "act": "delete", "key": "1" }])).await;
    assert!(text.contains("deleted"), "{text}");
}

/// A call in a conversation of a channel; what it sends there is an answer to where the message came from.
async fn at_home(world: &World, key: &str, acts: Value) -> Vec<Value> {
    let mut message = say("home", key, &format!("call act {}", json!({ "do": acts })));
    message.place = Place { account: "platform".into(), ..message.place };
    let accepted = world.gateway.say(message).await.unwrap();
    let (outcome, text) = world.end(accepted.session, accepted.turn).await;
    assert_eq!(outcome, ToolOutcome::Ok, "{text}");
    answers(&text)
}

fn message(conversation: &str, text: &str) -> Value {
    json!({ "act": "send", "channel": "platform", "conversation": conversation, "text": text })
}

#[tokio::test]
async fn a_call_sends_so_many_messages_of_so_many_bytes_and_no_more() {
    let world = world().await;
    let _channels = Channels::prepare(&world.gateway, vec![platform()], None).await.unwrap();
    // Nobody is connected there: what passes the bounds is told that.
    let sent = at_home(&world, "1", Value::from(vec![message("home", "hello"); MAX_MESSAGES + 1])).await;
    assert!(sent[..MAX_MESSAGES].iter().all(|answer| answer["error"] == "unavailable"), "{sent:?}");
    assert!(sent[MAX_MESSAGES]["error"] == "limit" && sent[MAX_MESSAGES].to_string().contains("8 messages"), "{sent:?}");
    let texts = [1, MAX_TEXT_BYTES, MAX_TEXT_BYTES + 1].map(|bytes| message("home", &"x".repeat(bytes)));
    let sent = at_home(&world, "2", Value::from(texts.to_vec())).await;
    let errors: Vec<&str> = sent.iter().map(|answer| answer["error"].as_str().unwrap()).collect();
    assert_eq!(errors, ["unavailable", "unavailable", "invalid"]);
    let sent = at_home(&world, "3", json!([message(&"i".repeat(MAX_ID_BYTES + 1), "hello"), message("", "hello")])).await;
    assert!(sent.iter().all(|answer| answer["error"] == "invalid"), "{sent:?}");
    // An id as long as one may be is another conversation, which is asked about.
    let longest = message(&"i".repeat(MAX_ID_BYTES), "hello");
    let (session, turn) = world.begin("c", "4", json!([]), json!([longest]), &[]).await;
    let known = question(&world.gateway).await;
    world.gateway.answer_as_owner(known.approval, Choice::Deny, None, "test").await.unwrap();
    assert_eq!(world.end(session, turn).await.0, ToolOutcome::Denied);
}
