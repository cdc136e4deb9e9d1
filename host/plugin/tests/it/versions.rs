//! What was built for the first version of the interfaces and kept, and what does not fit any version that is offered.

use std::path::Path;
use std::sync::Arc;

use wirken_bindings::{Beginning, ChannelPre};
use wirken_engine::{Engine, Limits, Wasm};
use wirken_manifest::{Kind, Manifest};
use wirken_plugin::ports::{Answering, Command, Messages, Output, Programs, Refusal, Store};
use wirken_plugin::{
    Asked, ChannelPlugin, Grant, LoadError, Owner, Package, PolicyPlugin, Ports, Problem, ProviderPlugin, ToolPlugin, validate,
};
use wirken_types::channel::Effect;
use wirken_types::chat::{Part, plain_text};
use wirken_types::event::ToolOutcome;
use wirken_types::policy::{Context, Decision};
use wirken_types::provider::{ChatRequest, Event, Target};
use wirken_types::tool::Intent;

use crate::{engine, package, spoken};

/// Built at the release of 0.1.0, and never again. To replace one is to break the promise that they stand for.
const FROZEN: [(&str, &str); 4] = [
    ("first-tool", "6630bfbf20235a0dd281ee255ea376f0050fa86b77e91092f62856f7d4ed446f"),
    ("slow-provider", "aaed8383a995ddcbe0f37b5081725916e8df9f29a1b70595f7b5372465aa5c7e"),
    ("broken-policy", "35d13f3d7f2fe6ce91aaa0be4190fb3a563cdf8d115a83abec799a01e90e7406"),
    ("troubled-channel", "13173f44ddec7a5670aecf8a78d7071a47309318eed5c7cf3dfa359f60886025"),
];

fn frozen(name: &str) -> Package {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/frozen").join(name);
    let manifest = Manifest::parse(&std::fs::read_to_string(folder.join("component.toml")).unwrap()).unwrap();
    Package { manifest, wasm: Wasm::of(std::fs::read(folder.join("component.wasm")).unwrap()) }
}

#[test]
fn what_is_frozen_is_what_it_was() {
    for (name, digest) in FROZEN {
        assert_eq!(frozen(name).wasm.digest().to_hex(), digest, "{name} was built at the release, and stays as it is");
    }
}

fn ready<'a, T: Send + 'a>(value: T) -> Answering<'a, T> {
    Box::pin(std::future::ready(value))
}

/// A host that does what it is asked for.
struct Willing;

impl Programs for Willing {
    fn run(&self, command: Command) -> Answering<'_, Result<Output, Refusal>> {
        let stdout = format!("{:?} {:?} {:?}", command.arguments, String::from_utf8_lossy(&command.stdin), command.timeout);
        ready(Ok(Output { code: 3, stdout: stdout.into_bytes(), stderr: b"err".to_vec(), truncated: true }))
    }
}

impl Store for Willing {
    fn get(&self, key: String) -> Answering<'_, Result<Option<Vec<u8>>, Refusal>> {
        ready(Ok(Some(format!("of {key}").into_bytes())))
    }

    fn set(&self, key: String, value: Vec<u8>) -> Answering<'_, Result<(), Refusal>> {
        let message = format!("{key} is {} bytes too large", value.len());
        ready(Err(Refusal { kind: "limit", message }))
    }

    fn delete(&self, _key: String) -> Answering<'_, Result<(), Refusal>> {
        ready(Ok(()))
    }

    fn keys(&self, _prefix: String) -> Answering<'_, Result<Vec<String>, Refusal>> {
        ready(Ok(vec!["a".into(), "b".into()]))
    }
}

impl Messages for Willing {
    fn send(&self, _channel: String, _conversation: String, _text: String) -> Answering<'_, Result<(), Refusal>> {
        ready(Ok(()))
    }
}

/// The frozen one, and what its source compiles to today.
#[tokio::test]
async fn a_tool_of_the_first_version_does_what_it_did() {
    let engine = engine();
    for package in [frozen("first-tool"), package("fixtures/first-tool")] {
        let settings = package.manifest.settings(&serde_json::Map::new()).unwrap();
        let grant = Grant::whole(&Asked::of(&package.manifest, &settings).unwrap(), None);
        let tool = ToolPlugin::load(&engine, package, &Owner { grant, ..Owner::default() }).await.unwrap();
        assert_eq!(tool.info().world, "wirken:tool/tool@0.1.0");
        let names: Vec<&str> = tool.definitions().iter().map(|definition| definition.name.as_str()).collect();
        assert_eq!(names, ["everything", "parts", "fail"]);

        let plan = tool.plan("everything".into(), "{}".into()).await.unwrap();
        let intent =
            |action: &str, target: &str, detail: &str| Intent { action: action.into(), target: target.into(), detail: detail.into() };
        let intents = [intent("exec", "echo", r#"{"arguments":["a","b"]}"#), intent("send", "home", r#"{"channel":"messenger"}"#)];
        assert_eq!((plan.purpose.as_str(), plan.intents.as_slice()), ("Everything, with {}.", intents.as_slice()));
        assert_eq!(tool.plan("parts".into(), "{}".into()).await.unwrap_err(), "parts has no plan");

        let willing = Arc::new(Willing);
        let ports = Ports {
            programs: Arc::clone(&willing) as _,
            store: Arc::clone(&willing) as _,
            messages: willing,
            credentials: Arc::new(["key".to_owned()].into()),
            ..Ports::default()
        };
        let everything = tool.call("everything".into(), "{}".into(), ports).await;
        let told = [
            r#"settings {"greeting":"hello"}"#,
            "credentials true",
            r#"exec 3 ["a", "b"] "in" Some(1.5s) err true"#,
            "set limit: a is 1 bytes too large",
            "get of a",
            "keys a+b",
            "delete done",
            "send done",
        ];
        assert_eq!(plain_text(&everything.content), told.join("\n"));
        let refused = plain_text(&tool.call("everything".into(), "{}".into(), Ports::default()).await.content);
        assert_eq!(refused.matches("denied: ").count(), 6, "{refused}");

        let parts = tool.call("parts".into(), "ä".into(), Ports::default()).await;
        assert_eq!(parts.content, [Part::text("ä"), Part::Other("table".into(), "[1]".into())]);
        for (what, outcome, text) in [
            ("invalid", ToolOutcome::Failed, "invalid arguments: these do not fit"),
            ("denied", ToolOutcome::Denied, "denied: nobody allowed it"),
            ("failed", ToolOutcome::Failed, "it did not work"),
            ("other", ToolOutcome::Failed, "tired: not today"),
        ] {
            let end = tool.call("fail".into(), what.into(), Ports::default()).await;
            assert_eq!((end.outcome, plain_text(&end.content).as_str()), (outcome, text));
        }
    }
}

#[tokio::test]
async fn a_provider_of_the_first_version_does_what_it_did() {
    let provider = ProviderPlugin::load(&engine(), frozen("slow-provider")).unwrap();
    let target = Target { base_url: "https://a.example/x".into(), settings: "{}".into() };
    let request = ChatRequest { model: "m".into(), messages: Vec::new(), tools: Vec::new(), options: Vec::new() };
    let encoded = provider.encode(&target, &request).await.unwrap().unwrap();
    assert_eq!((encoded.method.as_str(), encoded.url.as_str()), ("GET", "https://a.example/x"));
    let mut decoder = provider.decoder(&target, 200, &[]).await.unwrap();
    assert_eq!(decoder.push(b"a word").await.unwrap(), [Event::Text("a word".into())]);
    assert_eq!(decoder.finish().await.unwrap(), [Event::Stop("end".into())]);
    let (models, next) = provider.decode_models(&target, 200, &[], b"").await.unwrap().unwrap();
    assert_eq!((models.len(), models[0].id.as_str(), next), (1, "slow", None));
}

#[tokio::test]
async fn a_policy_of_the_first_version_does_what_it_did() {
    let policy = PolicyPlugin::load(&engine(), frozen("broken-policy"), &serde_json::Map::new()).unwrap();
    let context = Context::default();
    assert_eq!(policy.screen(&context, &spoken("fine")).await.decision, Decision::Pass);
    assert_eq!(policy.review_outbound(&context, "broken:count", true).await, Decision::Refuse("1".into()));
}

#[tokio::test]
async fn a_channel_of_the_first_version_does_what_it_did() {
    let engine = engine();
    let channel = ChannelPlugin::load(&engine, frozen("troubled-channel")).unwrap();
    // As the process that hosts it links it.
    let version = wirken_bindings::offered(ChannelPre::VERSIONS, &channel.info().world).unwrap();
    let (code, _) = engine.load(&frozen("troubled-channel").wasm).unwrap();
    let pre = ChannelPre::new(version, &engine, &code).unwrap();
    let state = [wirken_types::channel::State { key: "at".into(), value: b"5".to_vec() }];
    let beginning = Beginning { settings: "{}", state: &state, random: &[7; 32], recovering: true };
    let mut connection = pre.connect(&Limits::DEFAULT, beginning).await.unwrap();
    let effects = connection.start(1).await.unwrap();
    assert!(matches!(&effects[..], [Effect::Health(_), Effect::Http(5, request)] if request.url == "data:text/plain,5"), "{effects:?}");
}

fn of(path: &str, text: &str) -> Package {
    Package { wasm: Wasm::of(wat::parse_str(text).unwrap()), ..package(path) }
}

/// Without running it, and in the words in which loading it fails.
async fn told(engine: &Engine, package: Package) -> (String, Problem) {
    let validated = validate(engine, &package).unwrap_err();
    let LoadError { component, problem } = match package.manifest.kind {
        Kind::Tool => ToolPlugin::load(engine, package, &Owner::default()).await.unwrap_err(),
        Kind::Provider => ProviderPlugin::load(engine, package).unwrap_err(),
        Kind::Channel => ChannelPlugin::load(engine, package).unwrap_err(),
        Kind::Policy => PolicyPlugin::load(engine, package, &serde_json::Map::new()).unwrap_err(),
    };
    assert_eq!((validated.component, validated.problem.to_string()), (component, problem.to_string()));
    (problem.to_string(), problem)
}

/// Of each kind: a component of it, its world, and what that exports.
const KINDS: [(&str, &str, &str); 4] = [
    ("tools/files", "wirken:tool/tool@0.1.0", "wirken:tool/tools@0.1.0"),
    ("providers/demo", "wirken:provider/provider@0.1.0", "wirken:provider/codec@0.1.0"),
    ("channels/telegram", "wirken:channel/channel@0.1.0", "wirken:channel/adapter@0.1.0"),
    ("policies/injection", "wirken:policy/policy@0.1.0", "wirken:policy/rules@0.1.0"),
];

#[tokio::test]
async fn a_component_of_another_version_says_which_and_what_is_offered() {
    let engine = engine();
    for (path, world, export) in KINDS {
        validate(&engine, &package(path)).unwrap();
        let newer = |name: &str| name.replace("@0.1.0", "@0.2.0");

        let mut other = package(path);
        other.manifest.world = newer(world);
        let (text, _) = told(&engine, other).await;
        assert_eq!(text, format!("its manifest names the world {}; this host offers {world}", newer(world)));

        let (text, _) = told(&engine, of(path, "(component)")).await;
        assert_eq!(text, format!("it does not export {export}, which its world {world} has: it exports nothing"));

        let (text, _) = told(&engine, of(path, r#"(component (instance (export "a:b/c@1.0.0")) (instance (export "d")))"#)).await;
        assert_eq!(text, format!("it does not export {export}, which its world {world} has: it exports a:b/c@1.0.0, d"));

        let (text, _) = told(&engine, of(path, &format!(r#"(component (instance (export "{}")))"#, newer(export)))).await;
        let exported = newer(export);
        assert_eq!(text, format!("it exports {exported}, and its world {world} has {export}; this host offers {world}"));

        let empty = format!(r#"(component (instance (export "{export}")))"#);
        let (text, problem) = told(&engine, of(path, &empty)).await;
        assert!(matches!(problem, Problem::Shape { .. }), "{problem:?}");
        assert!(text.starts_with(&format!("it does not fit its world {world}: ")) && text.contains(export), "{text}");

        let made_with = format!(
            r#"(component (import "wirken:chat/types@0.2.0" (instance (type string) (export "json" (type (eq 0))))) (instance (export "{export}")))"#
        );
        let (text, _) = told(&engine, of(path, &made_with)).await;
        assert_eq!(text, format!("it is made with wirken:chat/types@0.2.0, and its world {world} with wirken:chat/types@0.1.0"));
    }
}

#[tokio::test]
async fn an_import_that_is_not_offered_is_named_with_what_is() {
    let engine = engine();
    let import = |name: &str| {
        format!(r#"(component (import "{name}" (instance (export "run" (func)))) (instance (export "wirken:tool/tools@0.1.0")))"#)
    };
    for (name, offered) in [
        ("wirken:host/store@0.3.0", "this host offers wirken:host/store@0.1.0"),
        ("wirken:host/log@1.0.0", "this host offers wirken:host/log@0.1.0"),
        ("wirken:host/log", "this host offers wirken:host/log@0.1.0"),
        ("wasi:clocks/wall-clock@0.1.0", "this host offers wasi:clocks/wall-clock@0.2.12"),
    ] {
        let (text, problem) = told(&engine, of("tools/files", &import(name))).await;
        assert!(matches!(problem, Problem::UnknownImport { .. }), "{problem:?}");
        assert_eq!(text, format!("it imports {name}; {offered}"));
    }
    for name in ["acme:radio/tx@1.2.3", "wasi:sockets/tcp@0.2.12"] {
        let (text, _) = told(&engine, of("tools/files", &import(name))).await;
        assert!(text.starts_with(&format!("it imports {name}; this host offers wasi:io/error@0.2.12, ")), "{text}");
        assert!(text.ends_with("wirken:host/settings@0.1.0, wirken:host/log@0.1.0"), "{text}");
    }
    // Of the same line, a later one fits as far as its functions do.
    let (text, problem) = told(&engine, of("tools/files", &import("wirken:host/log@0.1.9"))).await;
    assert!(matches!(problem, Problem::Shape { .. }), "{text}");
    assert!(text.contains("wirken:host/log@0.1.9"), "{text}");
}

#[tokio::test]
async fn what_is_asynchronous_or_of_wasi_03_is_refused_with_that_reason() {
    let engine = engine();
    let wasi = r#"(component (import "wasi:clocks/monotonic-clock@0.3.0" (instance (export "now" (func (result u64))))) (instance (export "wirken:tool/tools@0.1.0")))"#;
    let (text, _) = told(&engine, of("tools/files", wasi)).await;
    let reason = "it is made for WASI 0.3 (it imports wasi:clocks/monotonic-clock@0.3.0), and this host offers WASI 0.2: build it for that";
    assert_eq!(text, reason);

    for (path, ..) in KINDS {
        let (text, _) = told(&engine, of(path, LIFTED)).await;
        let reason = "it is asynchronous (it exports a function with the asynchronous ABI), and this host calls synchronous functions: \
                      build it without async";
        assert_eq!(text, reason);
        let (text, _) = told(&engine, of(path, r#"(component (import "a:b/c@0.1.0" (instance (export "f" (func async)))))"#)).await;
        let reason = "it is asynchronous (a function that it imports or exports is `async`), and this host calls synchronous functions: \
                      build it without async";
        assert_eq!(text, reason);
        let both = r#"(component (import "wasi:http/handler@0.3.0-rc-2025-09-16" (instance (export "handle" (func async)))))"#;
        let (text, _) = told(&engine, of(path, both)).await;
        let reason =
            "it is made for WASI 0.3 (it imports wasi:http/handler@0.3.0-rc-2025-09-16), and this host offers WASI 0.2: build it for that";
        assert_eq!(text, reason);

        let (text, _) = told(&engine, of(path, "(module)")).await;
        assert!(text.starts_with("it is a core WebAssembly module and no component: make one of it"), "{text}");
        let (text, _) = told(&engine, Package { wasm: Wasm::embedded(b"#!/bin/sh\n"), ..package(path) }).await;
        assert!(text.starts_with("it is no WebAssembly"), "{text}");
        // What has no name of its own is told in the engine's words.
        let (text, problem) = told(&engine, Package { wasm: Wasm::embedded(b"\0asm\x0d\0\x01\0\xff"), ..package(path) }).await;
        assert!(matches!(problem, Problem::Engine(_)) && text.starts_with("the component does not compile: "), "{text}");
    }
}

/// Exports a function with the asynchronous ABI.
const LIFTED: &str = r#"(component
    (core module $code
        (func (export "run") (result i32) i32.const 0)
        (func (export "back") (param i32 i32 i32) (result i32) i32.const 0)
    )
    (core instance $code (instantiate $code))
    (func (export "run") async (canon lift (core func $code "run") async (callback (core func $code "back"))))
)"#;
