//! What bounds the requests, the messages and the changes of a call, on both sides of each number.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use wirken_gateway::channel::{Account, Channels};
use wirken_types::approval::Choice;
use wirken_types::event::ToolOutcome;

use crate::effects::{World, world, world_with};
use crate::support::question;

/// Of one call.
const REQUESTS: usize = 64;
const MESSAGES: usize = 8;
const CHANGES: usize = 256;
/// Requests under way, of all calls together.
const AT_ONCE: usize = 32;
/// Bytes of one message, and of a conversation's id.
const TEXT_BYTES: usize = 64 * 1024;
const ID_BYTES: usize = 256;

fn answers(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap_or_else(|_| panic!("{text}"))
}

#[tokio::test]
async fn a_call_sends_so_many_requests_and_no_more() {
    for (requests, refused) in [(REQUESTS, 0), (REQUESTS + 1, 1)] {
        let world = world().await;
        let (outcome, text) = world.run("c", "1", vec![world.get("/a"); requests].into()).await;
        assert_eq!(outcome, ToolOutcome::Ok, "{text}");
        let denied: Vec<usize> =
            answers(&text).iter().enumerate().filter(|(_, told)| told["error"].is_string()).map(|(at, _)| at).collect();
        assert_eq!(denied, (REQUESTS..REQUESTS + refused).collect::<Vec<_>>(), "{text}");
        assert_eq!(world.server.lines().len(), REQUESTS);
    }
}

#[tokio::test]
async fn a_call_changes_what_it_keeps_so_often_and_no_more() {
    for (changes, refused) in [(CHANGES, 0), (CHANGES + 1, 1)] {
        let world = world().await;
        // To forget is a change too; to look is none.
        let change = |at: usize| {
            if at % 2 == 0 { json!({ "act": "set", "key": "k", "value": at.to_string() }) } else { json!({ "act": "delete", "key": "k" }) }
        };
        let looks = vec![json!({ "act": "get", "key": "k" }); CHANGES];
        let acts: Vec<Value> = looks.into_iter().chain((0..changes).map(change)).collect();
        let (outcome, text) = world.run("c", "1", acts.into()).await;
        assert_eq!(outcome, ToolOutcome::Ok, "{text}");
        let limits = answers(&text).iter().filter(|told| told["error"] == "limit").count();
        assert_eq!(limits, refused, "{text}");
    }
}

/// With an account on a platform, of which no process runs: what is allowed gets as far as that.
async fn with_platform(world: &World) -> Channels {
    let account = Account {
        id: "platform".into(),
        agent: "default".into(),
        component: "platform".into(),
        plugin: None,
        manifest: String::new(),
        given: "{}".into(),
        credentials: Vec::new(),
        allow: Vec::new(),
        groups: false,
        sender_per_minute: 10,
        account_per_minute: 10,
        missing: None,
        problem: Some("nobody is there".into()),
    };
    Channels::prepare(&world.gateway, vec![account], None).await.unwrap()
}

#[tokio::test]
async fn a_call_sends_so_many_messages_and_no_more() {
    for (messages, refused) in [(MESSAGES, 0), (MESSAGES + 1, 1)] {
        let world = world().await;
        let _channels = with_platform(&world).await;
        let to = |at: usize| format!("conversation-{at}");
        let plan: Vec<Value> =
            (0..messages).map(|at| json!({ "action": "send", "target": to(at), "detail": { "channel": "platform" } })).collect();
        let acts: Vec<Value> =
            (0..messages).map(|at| json!({ "act": "send", "channel": "platform", "conversation": to(at), "text": "hello" })).collect();
        let (session, turn) = world.begin("c", "1", plan.into(), acts.into(), &[]).await;
        let known = question(&world.gateway).await;
        assert_eq!(known.question.as_ref().unwrap().actions.len(), messages);
        world.gateway.answer_as_owner(known.approval, Choice::Once, None, "test").await.unwrap();
        let (outcome, text) = world.end(session, turn).await;
        assert_eq!(outcome, ToolOutcome::Ok, "{text}");
        let kinds: Vec<Value> = answers(&text).into_iter().map(|told| told["error"].clone()).collect();
        let expected = [vec![json!("unavailable"); MESSAGES], vec![json!("limit"); refused]].concat();
        assert_eq!(kinds, expected, "{text}");
    }
}

#[tokio::test]
async fn a_message_and_its_conversation_are_bounded() {
    let world = world().await;
    let act =
        |id: usize, text: usize| json!({ "act": "send", "channel": "nowhere", "conversation": "c".repeat(id), "text": "t".repeat(text) });
    let acts = json!([act(ID_BYTES, TEXT_BYTES), act(ID_BYTES + 1, 1), act(1, TEXT_BYTES + 1), act(0, 1), act(1, 0)]);
    let (_, text) = world.run("c", "1", acts).await;
    let told: Vec<String> = answers(&text).iter().map(|told| told["message"].as_str().unwrap().to_owned()).collect();
    // The first is let through to where its channel is looked for.
    for (told, word) in
        told.iter().zip(["no channel", "conversation's id", "a message has 1 to", "conversation's id", "a message has 1 to"])
    {
        assert!(told.contains(word), "{told}");
    }
}

/// A server that answers nobody before it is told to, and says how many wait.
async fn holding() -> (String, watch::Receiver<usize>, Arc<Semaphore>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (inside, waiting) = watch::channel(0);
    let (inside, gate) = (Arc::new(inside), Arc::new(Semaphore::new(0)));
    let open = Arc::clone(&gate);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (inside, open) = (Arc::clone(&inside), Arc::clone(&open));
            tokio::spawn(async move {
                let (mut head, mut byte) = (Vec::new(), [0]);
                while !head.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).await.is_ok() {
                    head.push(byte[0]);
                }
                inside.send_modify(|inside| *inside += 1);
                open.acquire().await.unwrap().forget();
                inside.send_modify(|inside| *inside -= 1);
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok").await.ok();
            });
        }
    });
    (url, waiting, gate)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_many_requests_are_under_way_and_the_next_waits() {
    let (url, mut waiting, gate) = holding().await;
    let world = world_with(&url).await;
    let get = json!({ "act": "request", "method": "GET", "url": url });
    let mut calls = Vec::new();
    for at in 0..=AT_ONCE {
        calls.push(world.begin(&format!("chat {at}"), &at.to_string(), json!([]), json!([get]), &[]).await);
    }
    let full = tokio::time::timeout(Duration::from_secs(20), waiting.wait_for(|inside| *inside == AT_ONCE)).await;
    full.unwrap().unwrap();
    // Whoever may come beside comes now: each call has begun, and one waits before anything of its request is on record.
    let begun = async |kind: &str| {
        let mut begun = 0;
        for (session, _) in &calls {
            begun += world.gateway.rows(*session).await.unwrap().iter().filter(|row| row.event.kind() == kind).count();
        }
        begun
    };
    while begun("tool-started").await <= AT_ONCE {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!((begun("effect-started").await, *waiting.borrow()), (AT_ONCE, AT_ONCE));
    // One goes, and one comes.
    gate.add_permits(1);
    while begun("effect-started").await <= AT_ONCE {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    gate.add_permits(AT_ONCE);
    for (session, turn) in calls {
        assert_eq!(world.end(session, turn).await.0, ToolOutcome::Ok);
    }
}
