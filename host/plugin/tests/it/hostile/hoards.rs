//! What is taken a little at a time: elements of a table, handles, lines of the log, pieces of a body.

use std::sync::{Arc, Mutex};

use serde_json::json;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use wirken_egress::{Error, Response};
use wirken_plugin::Ports;
use wirken_plugin::ports::{Answering, Log, Requests};
use wirken_types::chat::plain_text;
use wirken_types::event::ToolOutcome;
use wirken_types::http::{Request, Segment};

use super::{answer, crashed, fixture, tool, tool_in, wasm};

/// Grows its table by as many, and traps where it may not.
const TABLE: &str = r#"(component
    (core module $code
        (table $table 1 funcref)
        (func (export "grow") (param i32) (result i32)
            (if (i32.eq (table.grow $table (ref.null func) (local.get 0)) (i32.const -1)) (then unreachable))
            table.size $table)
    )
    (core instance $code (instantiate $code))
    (func (export "grow") (param "by" u32) (result u32) (canon lift (core func $code "grow")))
)"#;

pub(super) async fn table_growth() {
    let made = tool(wasm::plain("table-elements = 100\n", TABLE)).await.unwrap();
    assert_eq!(answer(&made, "grow", json!({ "by": 99 }), Ports::default()).await, 100);
    assert_eq!(crashed(&made, "grow", json!({ "by": 100 })).await, "table");
    // Each element costs fuel: one that asks for all that there are has none left before it is refused.
    assert_eq!(crashed(&made, "grow", json!({ "by": u32::MAX })).await, "fuel");
}

/// Makes as many resources of its own, and drops none.
const HANDLES: &str = r#"(component
    (type $thing (resource (rep i32)))
    (core func $new (canon resource.new $thing))
    (core module $code
        (import "" "new" (func $new (param i32) (result i32)))
        (func (export "hoard") (param $left i32)
            (loop $more
                (drop (call $new (i32.const 7)))
                (local.tee $left (i32.sub (local.get $left) (i32.const 1)))
                br_if $more))
    )
    (core instance $code (instantiate $code (with "" (instance (export "new" (func $new))))))
    (func (export "hoard") (param "handles" u32) (canon lift (core func $code "hoard")))
)"#;

/// As many as one instance may hold at once.
const MOST_HANDLES: u32 = 10_000;

pub(super) async fn handles_that_are_kept() {
    let made = tool(wasm::plain("", HANDLES)).await.unwrap();
    let hoard = |handles: u32| made.call("hoard".into(), json!({ "handles": handles }).to_string(), Ports::default());
    let end = hoard(MOST_HANDLES).await;
    assert_eq!((end.outcome, plain_text(&end.content)), (ToolOutcome::Ok, "Done.".to_owned()));
    let end = hoard(MOST_HANDLES + 1).await;
    assert_eq!((end.outcome, end.code), (ToolOutcome::Crashed, Some("host")), "{}", plain_text(&end.content));
}

#[derive(Default)]
struct Lines(Mutex<Vec<(&'static str, String)>>);

impl Log for Lines {
    fn log(&self, level: &'static str, message: &str) {
        self.0.lock().unwrap().push((level, message.to_owned()));
    }
}

/// Lines of one call that are passed on, and bytes of one of them.
const LINES: usize = 64;
const LINE_BYTES: usize = 1024;

pub(super) async fn log_flood() {
    let worldly = fixture("worldly").await;
    let logged = async |times: usize, message: &str| {
        let lines = Arc::new(Lines::default());
        let act = json!({ "do": [{ "act": "log", "level": "error\n", "message": message, "times": times }] });
        assert_eq!(answer(&worldly, "act", act, Ports { log: Arc::clone(&lines) as _, ..Ports::default() }).await, json!(["logged"]));
        std::mem::take(&mut *lines.0.lock().unwrap())
    };
    let of_guest = |lines: &[(&str, String)]| lines.iter().filter(|(_, line)| line == "x").count();
    let below = logged(LINES - 1, "x").await;
    assert_eq!((of_guest(&below), below.len()), (LINES - 1, LINES - 1));
    // The last is followed by a word of the host's, and nothing after it.
    for times in [LINES, LINES + 1, 10_000] {
        let lines = logged(times, "x").await;
        assert_eq!((of_guest(&lines), lines.len()), (LINES, LINES + 1), "{times}");
        assert!(lines.last().is_some_and(|(level, line)| *level == "warn" && line.contains("dropped")), "{lines:?}");
    }
    let whole = logged(1, &"y".repeat(LINE_BYTES)).await;
    assert_eq!(whole, [("info", "y".repeat(LINE_BYTES))], "a level that there is not is one of those that there are");
    assert_eq!(logged(1, &"y".repeat(LINE_BYTES + 1)).await, whole);
    assert_eq!(logged(1, &"ü".repeat(LINE_BYTES)).await, [("info", "ü".repeat(LINE_BYTES / 2))]);
}

/// Sends nothing, and keeps how long each body was.
#[derive(Default)]
struct Bodies(Mutex<Vec<usize>>);

impl Requests for Bodies {
    fn send(&self, request: Request) -> Answering<'_, Result<Response, Error>> {
        let bytes = |segment: &Segment| if let Segment::Bytes(bytes) = segment { bytes.len() } else { 0 };
        self.0.lock().unwrap().push(request.body.iter().map(bytes).sum());
        Box::pin(std::future::ready(Err(Error::Unavailable("nothing leaves in this test".into()))))
    }
}

/// Bytes of one request's body.
const BODY_BYTES: usize = 16 * 1024 * 1024;

pub(super) async fn body_without_end() {
    let prying = tool_in(crate::package("fixtures/prying"), None, json!({})).await.unwrap();
    let sent = async |bytes: usize| {
        let bodies = Arc::new(Bodies::default());
        let request = json!({ "authority": "localhost:9", "method": "POST", "bytes": bytes });
        let told = answer(&prying, "smuggle", request, Ports { requests: Arc::clone(&bodies) as _, ..Ports::default() }).await;
        (std::mem::take(&mut *bodies.0.lock().unwrap()), told["refused"].as_str().unwrap_or_default().to_owned())
    };
    let (bodies, told) = sent(BODY_BYTES).await;
    assert_eq!(bodies, [BODY_BYTES]);
    assert!(told.contains("nothing leaves in this test"), "{told}");
    for bytes in [BODY_BYTES + 1, 2 * BODY_BYTES] {
        let (bodies, told) = sent(bytes).await;
        assert_eq!(bodies, Vec::<usize>::new(), "{told}");
        assert!(told.contains("HttpRequestBodySize"), "{told}");
    }
}

/// Answers nobody before it is told to, and says how many wait.
struct Holding {
    inside: watch::Sender<usize>,
    gate: Semaphore,
}

impl Requests for Holding {
    fn send(&self, _request: Request) -> Answering<'_, Result<Response, Error>> {
        Box::pin(async {
            self.inside.send_modify(|inside| *inside += 1);
            self.gate.acquire().await.unwrap().forget();
            Err(Error::Unavailable("nothing leaves in this test".into()))
        })
    }
}

/// Of one component, under way.
const CALLS: usize = 48;

/// Calls that wait keep their place. Those of one component leave places to others.
pub(super) async fn calls_that_wait() {
    let prying = tool_in(crate::package("fixtures/prying"), None, json!({})).await.unwrap();
    let holding = Arc::new(Holding { inside: watch::Sender::new(0), gate: Semaphore::new(0) });
    let mut calls = JoinSet::new();
    for _ in 0..=CALLS {
        let (prying, ports) = (prying.clone(), Ports { requests: Arc::clone(&holding) as _, ..Ports::default() });
        calls.spawn(async move { answer(&prying, "smuggle", json!({ "authority": "localhost:9" }), ports).await });
    }
    let mut inside = holding.inside.subscribe();
    inside.wait_for(|inside| *inside == CALLS).await.unwrap();
    // Others are served meanwhile, and the next of its own is not.
    for _ in 0..3 {
        super::others_are_served().await;
    }
    assert_eq!(*inside.borrow(), CALLS);
    holding.gate.add_permits(1);
    inside.wait_for(|inside| *inside == CALLS + 1).await.unwrap();
    holding.gate.add_permits(CALLS);
    assert_eq!(calls.join_all().await.len(), CALLS + 1);
}
