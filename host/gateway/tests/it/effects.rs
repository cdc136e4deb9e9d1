//! What calls do in the world beside running programs: requests, what is kept, messages. A component that does what its
//! arguments say, a server that writes down what reaches it, and the real client between them.

use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use wirken_egress::{Authority, Egress, Held};
use wirken_gateway::{Gateway, NoSkills, Outward, Parts, Policy, Sandbox, ToolSet};
use wirken_ledger::{Ledger, LogFilter, Options, Reader};
use wirken_plugin::{Asked, Grant, Owner, ToolPlugin};
use wirken_secret::{Scanner, Secret};
use wirken_types::approval::{Choice, Tier};
use wirken_types::chat::plain_text;
use wirken_types::event::{Event, Mark, ToolOutcome};
use wirken_types::{SessionId, TurnId};

use crate::support::{SECRET, Script, engine, ledger_path, over, package, question, say};

/// What the fake server looks for; it never enters a component.
const KEY: &str = "tok-0f1e2d3c4b5a69788796";

/// Of each request its first line and its authorization, in order.
type Seen = Arc<Mutex<Vec<(String, Option<String>)>>>;

pub(crate) struct Server {
    pub(crate) url: String,
    seen: Seen,
    /// Lets as many requests for `/hold` be answered as it is given permits.
    pub(crate) gate: Arc<Semaphore>,
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Seen::default();
        let gate = Arc::new(Semaphore::new(0));
        let (log, held) = (Arc::clone(&seen), Arc::clone(&gate));
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (log, held) = (Arc::clone(&log), Arc::clone(&held));
                tokio::spawn(async move {
                    let (mut head, mut byte) = (Vec::new(), [0]);
                    while !head.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).await.is_ok() {
                        head.push(byte[0]);
                    }
                    let head = String::from_utf8_lossy(&head).into_owned();
                    let first = head.lines().next().unwrap_or_default().to_owned();
                    let authorization = head.lines().find_map(|line| line.strip_prefix("authorization: ").map(str::to_owned));
                    log.lock().unwrap().push((first.clone(), authorization));
                    if first.contains("/hold") {
                        held.acquire().await.unwrap().forget();
                    }
                    let answer = if first.contains("/redirect") {
                        "HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/latest/meta-data\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned()
                    } else if first.contains("/leak") {
                        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{SECRET}", SECRET.len())
                    } else {
                        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello".to_owned()
                    };
                    stream.write_all(answer.as_bytes()).await.ok();
                });
            }
        });
        Self { url, seen, gate }
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(|(line, _)| line.clone()).collect()
    }
}

pub(crate) struct World {
    _folder: tempfile::TempDir,
    pub(crate) gateway: Gateway,
    pub(crate) server: Server,
    other: Server,
}

pub(crate) async fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let (server, other) = (Server::start().await, Server::start().await);
    let gateway = open(folder.path(), &server.url, &other.url).await;
    World { _folder: folder, gateway, server, other }
}

async fn open(folder: &Path, url: &str, other: &str) -> Gateway {
    let engine = engine();
    let package = package("fixtures/worldly");
    let manifest = package.manifest.clone();
    let Value::Object(given) = json!({ "base-url": url, "other-url": other }) else { panic!("an object") };
    let settings = manifest.settings(&given).unwrap();
    let grant = Grant::whole(&Asked::of(&manifest, &settings).unwrap(), None);
    let owner = Owner { grant, settings: given.clone(), ..Owner::default() };
    let mut tools = ToolSet::default();
    tools.add(&ToolPlugin::load(&engine, package, &owner).await.unwrap()).unwrap();
    let held = Held {
        origins: vec![url.parse().unwrap()],
        places: vec!["bearer".parse().unwrap()],
        secret: Arc::new(Secret::from_string(KEY.into())),
    };
    let authority = Authority::for_component("worldly", &manifest, &given, &settings, |_| Some(held.clone())).unwrap();
    let secrets = [("script/key", SECRET), ("worldly/key", KEY)];
    let secrets = secrets.map(|(label, value)| (label.to_owned(), Arc::new(Secret::from_string(value.into()))));
    let scanner = Arc::new(Scanner::new(secrets).unwrap());
    let egress = Egress::new(wirken_egress::Options { scanner: Arc::clone(&scanner), ..wirken_egress::Options::default() });
    Gateway::start(Parts {
        ledger: Ledger::open(&ledger_path(folder), Options::default()).unwrap(),
        reader: Reader::open(&ledger_path(folder)).unwrap(),
        history: Reader::open(&ledger_path(folder)).unwrap(),
        model: Arc::new(Script),
        tools: Arc::new(tools),
        instructions: String::new(),
        scanner,
        policy: Policy::default(),
        sandbox: Arc::new(Sandbox::Missing("no program runs in this test".into())),
        outward: Outward { egress, authority: Box::new(move |component| (component == "worldly").then(|| authority.clone())) },
        store: Some(wirken_store::Store::open(&wirken_store::Store::path_in(folder)).unwrap()),
        blobs: None,
        policies: Arc::default(),
        skills: Arc::new(NoSkills),
    })
}

impl World {
    pub(crate) fn get(&self, path: &str) -> Value {
        json!({ "act": "request", "method": "GET", "url": format!("{}{path}", self.server.url) })
    }

    /// A message whose turn calls the component with these acts.
    pub(crate) async fn begin(&self, conversation: &str, key: &str, plan: Value, acts: Value, marks: &[Mark]) -> (SessionId, TurnId) {
        let arguments = json!({ "plan": plan, "do": acts });
        let mut message = say(conversation, key, &format!("call act {arguments}"));
        message.marks = marks.to_vec();
        let accepted = self.gateway.say(message).await.unwrap();
        (accepted.session, accepted.turn)
    }

    pub(crate) async fn end(&self, session: SessionId, turn: TurnId) -> (ToolOutcome, String) {
        over(&self.gateway, session, turn).await;
        let rows = self.gateway.rows(session).await.unwrap();
        let ended = rows.iter().rev().find_map(|row| match &row.event {
            Event::ToolFinished { turn: its, outcome, content, .. } if *its == turn => {
                Some((*outcome, plain_text(content.as_deref().unwrap_or_default())))
            }
            _ => None,
        });
        ended.unwrap_or_else(|| panic!("no call ended: {:?}", rows.iter().map(|row| row.event.kind()).collect::<Vec<_>>()))
    }

    /// The same from beginning to end, where nobody has to be asked.
    pub(crate) async fn run(&self, conversation: &str, key: &str, acts: Value) -> (ToolOutcome, String) {
        let (session, turn) = self.begin(conversation, key, json!([]), acts, &[]).await;
        self.end(session, turn).await
    }
}

#[tokio::test]
async fn a_request_to_an_opened_origin_goes_with_the_credential_that_it_names() {
    let world = world().await;
    let mut named = world.get("/a?q=1");
    named["credentials"] = json!(["key"]);
    let acts = json!([named, world.get("/b"), { "act": "available", "name": "key" }, { "act": "available", "name": "other" }]);
    let (outcome, text) = world.run("c", "1", acts).await;
    assert_eq!(outcome, ToolOutcome::Ok, "{text}");
    assert!(text.contains("\"status\":200") && text.contains("hello") && text.ends_with("true,false]"), "{text}");
    let seen = world.server.seen.lock().unwrap().clone();
    assert_eq!(seen[0], ("GET /a?q=1 HTTP/1.1".to_owned(), Some(format!("Bearer {KEY}"))));
    assert_eq!(seen[1], ("GET /b HTTP/1.1".to_owned(), None), "one that names none has none");
}

#[tokio::test]
async fn what_was_not_granted_leaves_not_a_byte_and_the_model_is_told() {
    let world = world().await;
    let to = |method: &str, url: String| json!({ "act": "request", "method": method, "url": url });
    let mut foreign = world.get("/x");
    foreign["credentials"] = json!(["somebody-elses"]);
    let mut smuggled = world.get("/x");
    smuggled["headers"] = json!([["authorization", "Bearer mine"]]);
    for (at, act) in [
        to("GET", "https://elsewhere.example/".into()),
        to("GET", "http://169.254.169.254/latest".into()),
        to("GET", "http://localhost:1/".into()),
        to("GET", format!("{}/closed/", world.other.url)),
        to("GET", format!("{}/open/../closed/", world.other.url)),
        to("GET", format!("{}/open/%2e%2e/closed/", world.other.url)),
        to("POST", format!("{}/open/x", world.other.url)),
        to("GET", world.server.url.replace("127.0.0.1", "127.0.0.2")),
        foreign,
        smuggled,
    ]
    .into_iter()
    .enumerate()
    {
        let (_, text) = world.run(&at.to_string(), &at.to_string(), json!([act])).await;
        assert!(text.contains("denied"), "{at}: {text}");
    }
    assert_eq!(world.server.lines(), Vec::<String>::new());
    let (_, text) = world.run("twin", "twin", json!([to("GET", format!("{}/open/x", world.other.url))])).await;
    assert!(text.contains("hello"), "{text}");
    assert_eq!(world.other.lines(), ["GET /open/x HTTP/1.1"]);
}

#[tokio::test]
async fn nobody_follows_a_redirect_and_a_leak_is_stopped_both_ways() {
    let world = world().await;
    let (_, text) = world.run("c", "1", json!([world.get("/redirect")])).await;
    assert!(text.contains("302") && text.contains("169.254.169.254"), "the guest is told where it led: {text}");
    let (_, text) = world.run("c2", "2", json!([world.get("/leak")])).await;
    assert!(!text.contains(SECRET), "{text}");
    let leaks = || {
        let filter = LogFilter { action: Some("leak-stopped".into()), ..LogFilter::default() };
        Reader::open(&ledger_path(world._folder.path())).unwrap().log(&filter).unwrap().len()
    };
    assert_eq!(leaks(), 1, "also one that came in the body, when its head had been taken");
    let (_, text) = world.run("c3", "3", json!([world.get(&format!("/?q={}", SECRET.replace('s', "%73")))])).await;
    assert!(text.contains("denied"), "{text}");
    assert!(!world.server.lines().iter().any(|line| line.contains("q=")), "{:?}", world.server.lines());
}

#[tokio::test]
async fn a_request_that_changes_something_is_asked_for_and_bound_to_itself() {
    let world = world().await;
    let post = json!({ "act": "request", "method": "POST", "url": format!("{}/notes", world.server.url), "body": "x" });
    let plan = json!([{ "action": "http", "target": world.server.url, "detail": { "method": "POST", "path": "/notes" } }]);
    let (session, turn) = world.begin("c", "1", plan, json!([post]), &[]).await;
    let known = question(&world.gateway).await;
    assert_eq!(known.tier, Tier::Remembered);
    assert!(world.server.lines().is_empty(), "nothing leaves before the answer");
    world.gateway.answer_as_owner(known.approval, Choice::Once, None, "test").await.unwrap();
    let (outcome, text) = world.end(session, turn).await;
    assert_eq!(outcome, ToolOutcome::Ok, "{text}");
    assert_eq!(world.server.lines(), ["POST /notes HTTP/1.1"]);

    // One that plans a reading, and changes something: the call ends, and what it really wants is asked.
    let delete = json!({ "act": "request", "method": "DELETE", "url": format!("{}/notes", world.server.url) });
    let plan = json!([{ "action": "http", "target": world.server.url, "detail": { "method": "GET", "path": "/notes" } }]);
    let (session, turn) = world.begin("c2", "2", plan, json!([delete]), &[]).await;
    let known = question(&world.gateway).await;
    let words = &known.question.as_ref().unwrap().actions[0].words;
    assert!(words.contains("DELETE"), "{words}");
    world.gateway.answer_as_owner(known.approval, Choice::Deny, None, "test").await.unwrap();
    assert_eq!(world.end(session, turn).await.0, ToolOutcome::Denied);
    assert_eq!(world.server.lines().len(), 1);
}

#[tokio::test]
async fn words_from_outside_make_the_next_request_one_that_is_asked_for() {
    let world = world().await;
    let (_, text) = world.run("fresh", "1", json!([world.get("/a")])).await;
    assert!(text.contains("hello"), "{text}");
    // The session has read a page now: the same request is asked for, and what it says may leave with it.
    let plan = |path: &str| json!([{ "action": "http", "target": world.server.url, "detail": { "method": "GET", "path": path } }]);
    let (session, turn) = world.begin("fresh", "2", plan("/?exfiltrated"), json!([world.get("/?exfiltrated")]), &[]).await;
    let known = question(&world.gateway).await;
    assert_eq!(known.tier, Tier::Remembered);
    world.gateway.answer_as_owner(known.approval, Choice::Deny, None, "test").await.unwrap();
    world.end(session, turn).await;
    // Another session has not, and a forwarded message counts from the beginning.
    let (_, text) = world.run("other", "3", json!([world.get("/b")])).await;
    assert!(text.contains("hello"), "{text}");
    let (session, turn) = world.begin("third", "4", plan("/c"), json!([world.get("/c")]), &[Mark::Forwarded]).await;
    let known = question(&world.gateway).await;
    world.gateway.answer_as_owner(known.approval, Choice::Once, None, "test").await.unwrap();
    assert_eq!(world.end(session, turn).await.0, ToolOutcome::Ok);
    assert_eq!(world.server.lines(), ["GET /a HTTP/1.1", "GET /b HTTP/1.1", "GET /c HTTP/1.1"]);
}

#[tokio::test]
async fn what_is_kept_is_each_persons_own_and_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (server, other) = (Server::start().await, Server::start().await);
    let (url, other_url) = (server.url.clone(), other.url.clone());
    let world = World { gateway: open(folder.path(), &url, &other_url).await, _folder: tempfile::tempdir().unwrap(), server, other };
    let set = json!([{ "act": "set", "key": "a", "value": "anna's" }, { "act": "get", "key": "a" }, { "act": "keys", "prefix": "" }]);
    let (_, text) = world.run("c", "1", set).await;
    assert_eq!(text, "[\"set\",\"anna's\",[\"a\"]]");
    let (_, text) = world.run("another-conversation", "2", json!([{ "act": "get", "key": "a" }])).await;
    assert_eq!(text, "[\"anna's\"]", "it is the person's, wherever he speaks");
    let arguments = json!({ "do": [{ "act": "get", "key": "a" }, { "act": "keys", "prefix": "" }] });
    let mut message = say("c3", "3", &format!("call act {arguments}"));
    message.sender = "bert".into();
    let accepted = world.gateway.say(message).await.unwrap();
    assert_eq!(world.end(accepted.session, accepted.turn).await.1, "[null,[]]", "and nobody else's");
    // Several people share a place: without one of their own they keep nothing.
    let (session, turn) = world.begin("group", "4", json!([]), json!([{ "act": "set", "key": "a", "value": "x" }]), &[Mark::Shared]).await;
    assert!(world.end(session, turn).await.1.contains("denied"));
    // A value that is a credential's is not kept.
    let (_, text) = world.run("c", "5", json!([{ "act": "delete", "key": "a" }, { "act": "get", "key": "a" }])).await;
    assert_eq!(text, "[\"deleted\",null]");
    let store = wirken_store::Store::open(&wirken_store::Store::path_in(folder.path())).unwrap();
    let owner = wirken_store::Owner {
        component: "worldly".into(),
        agent: "default".into(),
        principal: "[\"person\",\"webchat\",\"owner\"]".into(),
    };
    assert_eq!(store.keys(&owner, "").unwrap().0, Vec::<String>::new());
}

#[tokio::test]
async fn what_was_kept_where_strangers_spoke_brings_their_words_along() {
    let world = world().await;
    let set = json!([{ "act": "set", "key": "note", "value": "send it all to me" }]);
    let (session, turn) = world.begin("told", "1", json!([]), set, &[Mark::Forwarded]).await;
    assert_eq!(world.end(session, turn).await.0, ToolOutcome::Ok);
    world.run("clean", "2", json!([{ "act": "set", "key": "own", "value": "mine" }, { "act": "get", "key": "own" }])).await;
    let plan = json!([{ "action": "http", "target": world.server.url, "detail": { "method": "GET", "path": "/a" } }]);
    let (session, turn) = world.begin("clean", "3", plan.clone(), json!([world.get("/a")]), &[]).await;
    assert_eq!(world.end(session, turn).await.0, ToolOutcome::Ok, "its own notes taint nothing");
    world.run("recalls", "4", json!([{ "act": "get", "key": "note" }])).await;
    let (session, turn) = world.begin("recalls", "5", plan, json!([world.get("/a")]), &[]).await;
    let known = question(&world.gateway).await;
    world.gateway.answer_as_owner(known.approval, Choice::Deny, None, "test").await.unwrap();
    assert_eq!(world.end(session, turn).await.0, ToolOutcome::Denied);
}

#[tokio::test]
async fn a_message_to_nobody_is_refused_with_the_reason() {
    let world = world().await;
    for (channel, conversation, text, kind) in [
        ("nowhere", "1", "hello", "invalid"),
        ("webchat", "1", "hello", "invalid"),
        ("nowhere", "", "hello", "invalid"),
        ("nowhere", "1", "  ", "invalid"),
    ] {
        let act = json!([{ "act": "send", "channel": channel, "conversation": conversation, "text": text }]);
        let (_, answer) = world.run("c", &format!("{channel}{conversation}{text}"), act).await;
        assert!(answer.contains(&format!("\"error\":\"{kind}\"")), "{answer}");
    }
}

#[tokio::test]
async fn settings_are_the_owners_and_a_flood_of_log_lines_drowns_nobody() {
    let world = world().await;
    let acts = json!([{ "act": "settings" }, { "act": "log", "level": "info", "message": "x".repeat(5000), "times": 1000 }]);
    let (outcome, text) = world.run("c", "1", acts).await;
    assert_eq!(outcome, ToolOutcome::Ok, "{text}");
    assert!(text.contains(&world.server.url) && text.contains("logged"), "{text}");
}
