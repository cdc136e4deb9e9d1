//! Components loaded, refused, called and stopped, with the guests that `just guests` built.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, clippy::panic, reason = "a test fails where it is surprised")]

mod foreign;
mod hostile;
mod stuck;
mod versions;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;
use std::time::Duration;

use wirken_engine::{Engine, Options, Wasm};
use wirken_manifest::{Kind, Manifest};
use wirken_plugin::ports::Log;
use wirken_plugin::{Access, Grant, Owner, Package, PolicyPlugin, Ports, Problem, ProviderPlugin, ToolEnd, ToolPlugin, describe};
use wirken_types::chat::{ToolCall, plain_text};
use wirken_types::event::ToolOutcome;
use wirken_types::policy::{Context, Decision, Passage, Verdict};
use wirken_types::provider::Target;

fn package(path: &str) -> Package {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../components/dist").join(path);
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{path}/{name}: {error}; run `just guests`"));
    let manifest = Manifest::parse(&String::from_utf8(read("component.toml")).unwrap()).unwrap();
    Package { manifest, wasm: Wasm::of(read("component.wasm")) }
}

fn engine() -> Engine {
    Engine::new(&Options::default()).unwrap()
}

fn workspace(folder: &Path, access: Access) -> Owner {
    Owner { grant: Grant { workspace: Some((folder.to_owned(), access)), ..Grant::default() }, ..Owner::default() }
}

/// With time enough that on a busy machine, too, what ends a call is another of its limits.
async fn hostile(engine: &Engine) -> ToolPlugin {
    let mut package = package("fixtures/hostile");
    package.manifest.limits.deadline_millis = Some(60_000);
    ToolPlugin::load(engine, package, &Owner::default()).await.unwrap()
}

async fn call(tool: &ToolPlugin, name: &str, arguments: &str) -> (ToolOutcome, String) {
    let ToolEnd { outcome, content, .. } = tool.call(name.into(), arguments.into(), Ports::default()).await;
    (outcome, plain_text(&content))
}

#[tokio::test]
async fn a_call_that_crashes_ends_alone_and_says_why() {
    let engine = engine();
    let tool = hostile(&engine).await;
    let (outcome, text) = call(&tool, "panic", r#"{"message":"out of ideas"}"#).await;
    assert_eq!(outcome, ToolOutcome::Crashed);
    assert!(text.contains("unreachable") && text.contains("out of ideas"), "{text}");
    for (name, word) in [("loop", "fuel"), ("recurse", "memory-out-of-bounds"), ("abort", "unreachable")] {
        let ToolEnd { outcome, code, content } = tool.call(name.into(), "{}".into(), Ports::default()).await;
        let text = plain_text(&content);
        assert_eq!((outcome, code), (ToolOutcome::Crashed, Some(word)), "{name}: {text}");
        assert!(text.contains(word), "{name}: {text}");
    }
    let ToolEnd { outcome, code, .. } = tool.call("allocate".into(), "{}".into(), Ports::default()).await;
    assert_eq!((outcome, code), (ToolOutcome::Crashed, Some("memory")));
    let (outcome, text) = call(&tool, "echo", r#"{"text":"ä"}"#).await;
    assert_eq!((outcome, text.contains('ä')), (ToolOutcome::Ok, true), "{text}");
}

#[tokio::test]
async fn a_call_that_nobody_waits_for_ends() {
    let engine = Engine::new(&Options { concurrent_calls: 1, ..Options::default() }).unwrap();
    let mut patient = package("fixtures/hostile");
    patient.manifest.limits.fuel = Some(100_000_000_000);
    patient.manifest.limits.deadline_millis = Some(60_000);
    let tool = ToolPlugin::load(&engine, patient, &Owner::default()).await.unwrap();
    let given_up = tokio::time::timeout(Duration::from_millis(50), call(&tool, "loop", "{}")).await;
    assert!(given_up.is_err(), "{given_up:?}");
    // There is one place for calls, and it is free again.
    let (outcome, _) = tokio::time::timeout(Duration::from_secs(20), call(&tool, "echo", r#"{"text":"ä"}"#)).await.unwrap();
    assert_eq!(outcome, ToolOutcome::Ok);
}

#[tokio::test]
async fn a_blob_that_nobody_gave_it_is_not_passed_on() {
    let tool = hostile(&engine()).await;
    let ToolEnd { outcome, content, .. } = tool.call("blob".into(), "{}".into(), Ports::default()).await;
    assert_eq!(outcome, ToolOutcome::Failed);
    assert!(plain_text(&content).contains("blob"), "{content:?}");
}

#[tokio::test]
async fn each_call_has_an_instance_of_its_own() {
    let engine = engine();
    let tool = hostile(&engine).await;
    for _ in 0..3 {
        assert_eq!(call(&tool, "count", "{}").await, (ToolOutcome::Ok, "1".into()));
    }
}

#[tokio::test]
async fn what_is_not_granted_is_refused_inside_the_guest() {
    let engine = engine();
    let tool = hostile(&engine).await;
    let (outcome, text) = call(&tool, "probe", "{}").await;
    assert_eq!(outcome, ToolOutcome::Ok, "{text}");
    let told: serde_json::Value = serde_json::from_str(&text).unwrap();
    let store = ["get", "set", "delete", "keys"].map(|name| &told["store"][name]);
    for refusal in store.into_iter().chain([&told["exec"], &told["messages"]]) {
        assert_eq!(refusal["kind"], "denied", "{text}");
    }
    assert_eq!(told["credentials"], false, "{text}");
    assert!(!text.contains("granted\":"), "{text}");
}

#[tokio::test]
async fn the_workspace_is_open_as_far_as_it_was_granted() {
    let engine = engine();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.txt"), "grüße").unwrap();
    let write = r#"{"path":"b.txt","content":"x"}"#;
    for (access, reads, writes) in [(Access::None, false, false), (Access::ReadOnly, true, false), (Access::ReadWrite, true, true)] {
        let owner = workspace(folder.path(), access);
        let files = ToolPlugin::load(&engine, package("tools/files"), &owner).await.unwrap();
        let (outcome, text) = call(&files, "files_read", r#"{"path":"a.txt"}"#).await;
        assert_eq!(outcome == ToolOutcome::Ok, reads, "{access:?} {text}");
        let (outcome, text) = call(&files, "files_write", write).await;
        assert_eq!(outcome == ToolOutcome::Ok, writes, "{access:?} {text}");
        assert_eq!(folder.path().join("b.txt").exists(), writes, "{access:?}");
    }
}

#[tokio::test]
async fn a_workspace_that_is_gone_fails_the_call_and_names_it() {
    let engine = engine();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gone");
    std::fs::create_dir(&path).unwrap();
    let owner = workspace(&path, Access::ReadOnly);
    let files = ToolPlugin::load(&engine, package("tools/files"), &owner).await.unwrap();
    std::fs::remove_dir(&path).unwrap();
    let (outcome, text) = call(&files, "files_list", "{}").await;
    assert_eq!(outcome, ToolOutcome::Failed);
    assert!(text.contains("gone"), "{text}");
}

#[tokio::test]
async fn a_component_that_does_not_fit_is_refused_with_the_reason() {
    let engine = engine();
    let impure = ProviderPlugin::load(&engine, package("fixtures/impure-provider")).unwrap_err();
    assert!(matches!(&impure.problem, Problem::Impure { kind: "provider", import } if import.contains("wirken:host/log")), "{impure}");

    let tool_as_provider = ProviderPlugin::load(&engine, package("tools/files")).unwrap_err();
    assert!(matches!(tool_as_provider.problem, Problem::Kind { .. }), "{tool_as_provider}");

    let mut other_world = package("providers/demo");
    other_world.manifest.world = "wirken:provider/provider@9.0.0".into();
    let other_world = ProviderPlugin::load(&engine, other_world).unwrap_err();
    assert!(other_world.to_string().contains("9.0.0") && other_world.to_string().contains("0.1.0"), "{other_world}");

    let mut undeclared = package("tools/files");
    undeclared.manifest.filesystem = wirken_manifest::Filesystem::default();
    let undeclared = ToolPlugin::load(&engine, undeclared, &Owner::default()).await.unwrap_err();
    assert!(matches!(&undeclared.problem, Problem::Undeclared { import, .. } if import.starts_with("wasi:filesystem/")), "{undeclared}");

    let unknown = wat::parse_str(r#"(component (import "acme:radio/tx@1.2.3" (instance (export "send" (func)))) (instance $tools) (export "wirken:tool/tools@0.1.0" (instance $tools)))"#).unwrap();
    let unknown = Package { wasm: Wasm::of(unknown), ..package("tools/files") };
    let unknown = ToolPlugin::load(&engine, unknown, &Owner::default()).await.unwrap_err();
    assert!(unknown.to_string().contains("acme:radio/tx@1.2.3") && unknown.to_string().contains("wasi:filesystem"), "{unknown}");

    let newer = wat::parse_str(r#"(component (import "wirken:host/exec@0.3.0" (instance (export "run" (func)))) (instance $tools) (export "wirken:tool/tools@0.1.0" (instance $tools)))"#).unwrap();
    let newer = Package { wasm: Wasm::of(newer), ..package("tools/files") };
    let newer = ToolPlugin::load(&engine, newer, &Owner::default()).await.unwrap_err();
    assert!(newer.to_string().contains("wirken:host/exec@0.3.0") && newer.to_string().contains("wirken:host/exec@0.1.0"), "{newer}");

    let empty = Package { wasm: Wasm::of(wat::parse_str("(component)").unwrap()), ..package("tools/files") };
    let empty = ToolPlugin::load(&engine, empty, &Owner::default()).await.unwrap_err();
    assert!(matches!(empty.problem, Problem::MissingExport { .. }), "{empty}");
}

#[tokio::test]
async fn a_decoder_that_traps_or_loops_fails_its_own_response() {
    let engine = engine();
    let provider = ProviderPlugin::load(&engine, package("fixtures/slow-provider")).unwrap();
    for (bytes, code) in [("trap", "unreachable"), ("loop", "fuel")] {
        let mut bad = provider.decoder(&Target::default(), 200, &[]).await.unwrap();
        let mut good = provider.decoder(&Target::default(), 200, &[]).await.unwrap();
        let error = bad.push(bytes.as_bytes()).await.unwrap_err();
        assert_eq!(error.code(), code, "{error:?}");
        assert!(bad.push(b"more").await.is_err(), "a dead instance stays dead");
        assert!(!good.push(b"fine").await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_response_waits_for_room_when_as_many_are_under_way_as_there_may_be() {
    let engine = engine();
    let provider = ProviderPlugin::load(&engine, package("fixtures/slow-provider")).unwrap();
    let target = Target::default();
    let decoder = || provider.decoder(&target, 200, &[]);
    let mut decoders = Vec::new();
    for _ in 0..128 {
        decoders.push(decoder().await.unwrap());
    }
    let mut waiting = Box::pin(decoder());
    assert!(tokio::time::timeout(Duration::from_millis(200), &mut waiting).await.is_err());
    decoders.pop();
    let mut next = tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap().unwrap();
    assert!(!next.push(b"fine").await.unwrap().is_empty());
}

#[test]
fn a_bundled_component_is_described_without_running_it() {
    let info = describe(&engine(), &package("tools/files")).unwrap();
    assert_eq!((info.name.as_str(), info.kind), ("files", Kind::Tool));
    assert!(info.imports.iter().any(|import| import.unversioned() == "wasi:filesystem/types" && !import.is_types_only()));
}

fn policy(engine: &Engine, path: &str, settings: serde_json::Value) -> PolicyPlugin {
    PolicyPlugin::load(engine, package(path), settings.as_object().unwrap()).unwrap()
}

fn spoken(text: &str) -> Passage {
    Passage { source: "person", name: String::new(), text: text.into() }
}

#[tokio::test]
async fn a_policy_that_does_not_answer_has_said_no() {
    let engine = engine();
    let broken = policy(&engine, "fixtures/broken-policy", serde_json::json!({}));
    let context = Context::default();
    assert_eq!(broken.screen(&context, &spoken("fine")).await.decision, Decision::Pass);
    for (word, why) in [
        ("panic", "on fire"),
        ("trap", "unreachable"),
        ("loop", "fuel"),
        ("allocate", "memory"),
        // The stack of a guest's own stands before its data, and ends there.
        ("recurse", "memory-out-of-bounds"),
        ("long", "handed over"),
        // Which bound it meets first is its compiler's affair.
        ("many", "did not answer"),
    ] {
        let decision = broken.screen(&context, &spoken(&format!("broken:{word}"))).await.decision;
        assert!(matches!(&decision, Decision::Refuse(reason) if reason.contains(why)), "{word}: {decision:?}");
        let call = ToolCall { id: String::new(), name: String::new(), arguments: format!("broken:{word}") };
        let verdict = broken.check(&context, &call, &[]).await;
        assert!(matches!(&verdict, Verdict::Deny(reason) if reason.contains("did not answer")), "{word}: {verdict:?}");
    }
    // Each in an instance of its own.
    for _ in 0..2 {
        assert_eq!(broken.review_outbound(&context, "broken:count", true).await, Decision::Refuse("1".into()));
    }
}

#[tokio::test]
async fn a_policy_without_a_deadline_has_a_quarter_of_a_second() {
    let mut patient = package("fixtures/broken-policy");
    patient.manifest.limits.fuel = Some(100_000_000_000);
    patient.manifest.limits.deadline_millis = None;
    let policy = PolicyPlugin::load(&engine(), patient, &serde_json::Map::new()).unwrap();
    let decision = policy.screen(&Context::default(), &spoken("broken:loop")).await.decision;
    assert!(matches!(&decision, Decision::Refuse(reason) if reason.contains("250 ms")), "{decision:?}");
}

/// More than there is room for beside others, all at once.
#[tokio::test]
async fn policies_are_asked_while_every_other_instance_is_taken() {
    let engine = engine();
    let provider = ProviderPlugin::load(&engine, package("fixtures/slow-provider")).unwrap();
    let target = Target::default();
    let mut decoders = Vec::new();
    for _ in 0..128 {
        decoders.push(provider.decoder(&target, 200, &[]).await.unwrap());
    }
    let policy = policy(&engine, "fixtures/strict-policy", serde_json::json!({}));
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let policy = policy.clone();
        asked.spawn(async move { policy.screen(&Context::default(), &spoken("fine")).await.decision });
    }
    let all = tokio::time::timeout(Duration::from_secs(20), asked.join_all()).await.unwrap();
    assert_eq!(all, vec![Decision::Pass; 200]);
    assert_eq!(decoders.len(), 128);
}

#[tokio::test]
async fn a_policy_has_its_owners_settings_and_none_that_it_does_not_know() {
    let engine = engine();
    let strict = policy(&engine, "fixtures/strict-policy", serde_json::json!({ "mark": "mine" }));
    let decision = strict.review_outbound(&Context::default(), "strict:deny", true).await;
    assert_eq!(decision, Decision::Refuse("mine: refused at review-outbound".into()));
    let unknown = serde_json::json!({ "mrk": "mine" });
    let unknown = PolicyPlugin::load(&engine, package("fixtures/strict-policy"), unknown.as_object().unwrap()).unwrap_err();
    assert!(matches!(unknown.problem, Problem::Settings(_)), "{unknown}");
    let other = PolicyPlugin::load(&engine, package("tools/files"), &serde_json::Map::new()).unwrap_err();
    assert!(matches!(other.problem, Problem::Kind { .. }), "{other}");
    let mut impure = package("fixtures/strict-policy");
    let wasm = r#"(component (import "wirken:host/log@0.1.0" (instance (export "write" (func)))) (instance $rules) (export "wirken:policy/rules@0.1.0" (instance $rules)))"#;
    impure.wasm = Wasm::of(wat::parse_str(wasm).unwrap());
    let impure = PolicyPlugin::load(&engine, impure, &serde_json::Map::new()).unwrap_err();
    assert!(matches!(&impure.problem, Problem::Impure { kind: "policy", .. }), "{impure}");
}

#[tokio::test]
async fn asking_an_idle_policy_is_cheap() {
    let engine = engine();
    let injection = policy(&engine, "policies/injection", serde_json::json!({}));
    let (context, text) = (Context::default(), "What will the weather be tomorrow, and should I take an umbrella?");
    let mut best = Duration::MAX;
    for _ in 0..200 {
        let begun = std::time::Instant::now();
        assert_eq!(injection.screen(&context, &spoken(text)).await.decision, Decision::Pass);
        best = best.min(begun.elapsed());
    }
    println!("screening {} bytes takes {best:?}", text.len());
    // A tenth of a millisecond is the aim, of which a machine that is busy takes more.
    assert!(best < Duration::from_millis(5), "{best:?}");
}

/// A component that knows nothing of this host: it exports plain functions of the world.
const PLAIN: &str = r#"(component
    (core module $code
        (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add)
        (func (export "divide") (param i32 i32) (result i32) local.get 0 local.get 1 i32.div_u)
        (func (export "spin") (loop br 0))
    )
    (core instance $code (instantiate $code))
    (func (export "add") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $code "add")))
    (func (export "divide") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $code "divide")))
    (func (export "spin") (canon lift (core func $code "spin")))
)"#;

fn plain(text: &str) -> Package {
    let manifest = "name = \"plain\"\nkind = \"tool\"\nversion = \"0.0.0\"\nworld = \"reflected\"\n[limits]\nfuel = 10_000_000\n";
    Package { manifest: Manifest::parse(manifest).unwrap(), wasm: Wasm::of(wat::parse_str(text).unwrap()) }
}

#[tokio::test]
async fn the_plain_functions_of_any_component_are_tools() {
    let engine = engine();
    let tool = ToolPlugin::load(&engine, plain(PLAIN), &Owner::default()).await.unwrap();
    let names: Vec<&str> = tool.definitions().iter().map(|definition| definition.name.as_str()).collect();
    assert_eq!(names, ["add", "divide", "spin"]);
    assert!(tool.definitions().iter().all(|definition| definition.input_schema.contains("\"object\"")));
    assert!(!tool.is_gated());
    assert_eq!(call(&tool, "add", r#"{"a":1,"b":41}"#).await, (ToolOutcome::Ok, "42".to_owned()));
    assert_eq!(call(&tool, "add", r#"{"a":4294967295,"b":0}"#).await, (ToolOutcome::Ok, "4294967295".to_owned()));
    for arguments in [r#"{"a":4294967296,"b":0}"#, r#"{"a":-1,"b":0}"#, r#"{"a":1}"#, r#"{"a":1,"b":2,"c":3}"#, "[1,2]", "no"] {
        let (outcome, text) = call(&tool, "add", arguments).await;
        assert_eq!(outcome, ToolOutcome::Failed, "{arguments}: {text}");
    }
    let (outcome, text) = call(&tool, "divide", r#"{"a":1,"b":0}"#).await;
    assert_eq!(outcome, ToolOutcome::Crashed, "{text}");
    let (outcome, text) = call(&tool, "spin", "{}").await;
    assert!(outcome == ToolOutcome::Crashed && text.contains("fuel"), "{text}");
}

#[tokio::test]
async fn a_component_without_a_callable_function_says_why() {
    let engine = engine();
    let nothing = ToolPlugin::load(&engine, plain("(component)"), &Owner::default()).await.unwrap_err();
    assert!(matches!(nothing.problem, Problem::Reflection(_)), "{nothing}");
    let module = ToolPlugin::load(&engine, plain("(module)"), &Owner::default()).await.unwrap_err();
    assert!(module.to_string().contains("module"), "{module}");
}

/// Says where it runs, computes for some rounds, and says it again.
const WORKING: &str = r#"(component
    (import "wirken:host/log@0.1.0" (instance $log (export "log" (func (param "level" string) (param "message" string)))))
    (core module $memory (memory (export "memory") 1) (data (i32.const 0) "info"))
    (core instance $memory (instantiate $memory))
    (core func $say (canon lower (func $log "log") (memory $memory "memory")))
    (core module $code
        (import "host" "say" (func $say (param i32 i32 i32 i32)))
        (func (export "work") (param $rounds i32)
            (call $say (i32.const 0) (i32.const 4) (i32.const 0) (i32.const 4))
            (loop $more
                (local.set $rounds (i32.sub (local.get $rounds) (i32.const 1)))
                (br_if $more (i32.gt_s (local.get $rounds) (i32.const 0))))
            (call $say (i32.const 0) (i32.const 4) (i32.const 0) (i32.const 4)))
    )
    (core instance $code (instantiate $code (with "host" (instance (export "say" (func $say))))))
    (func (export "work") (param "rounds" u32) (canon lift (core func $code "work")))
)"#;

/// The threads on which a component said something.
#[derive(Default)]
struct Threads(Mutex<Vec<ThreadId>>);

impl Log for Threads {
    fn log(&self, _level: &'static str, _message: &str) {
        self.0.lock().unwrap().push(std::thread::current().id());
    }
}

/// The loop of the second is half a second or so; the engine's clock looks every few milliseconds.
#[tokio::test]
async fn a_quick_call_stays_where_it_is_and_one_that_computes_goes_on_elsewhere() {
    let mut working = plain(WORKING);
    working.manifest.limits.fuel = Some(100_000_000_000);
    working.manifest.limits.deadline_millis = Some(300_000);
    let tool = ToolPlugin::load(&engine(), working, &Owner::default()).await.unwrap();
    let here = std::thread::current().id();
    for (rounds, stays) in [(1, true), (500_000_000, false)] {
        let threads = Arc::new(Threads::default());
        let ports = Ports { log: Arc::clone(&threads) as _, ..Ports::default() };
        let end = tool.call("work".into(), format!(r#"{{"rounds":{rounds}}}"#), ports).await;
        assert_eq!(end.outcome, ToolOutcome::Ok, "{end:?}");
        let threads = threads.0.lock().unwrap();
        assert_eq!(threads.iter().map(|thread| *thread == here).collect::<Vec<_>>(), [true, stays], "{rounds} rounds");
    }
}
