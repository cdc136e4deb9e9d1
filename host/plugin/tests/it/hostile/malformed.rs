//! Components that are not what they are taken for: they run before they are called, crash where nobody calls them, have other
//! functions than their world, or a manifest that is not theirs.

use serde_json::json;
use wirken_engine::CallError;
use wirken_manifest::{Exec, Kind, Messages, Store};
use wirken_plugin::{Access, Ports, Problem, ProviderPlugin, describe};
use wirken_types::chat::plain_text;
use wirken_types::event::ToolOutcome;

use super::wasm::{Module, of_tools, plain};
use super::{ENGINE, answer, call_error, crashed, tool};

/// What is made in these tests is whole where nothing is broken.
async fn is_whole() {
    let made = tool(Module::default().package()).await.unwrap();
    let end = made.call("act".into(), "{}".into(), Ports::default()).await;
    assert_eq!((end.outcome, plain_text(&end.content)), (ToolOutcome::Ok, String::new()));
}

/// A component of plain functions with this start, which is run for the first time when it is called.
fn started(start: &str) -> String {
    format!(
        r#"(component
            (core module $code (memory 1) (func $start {start}) (start $start) (func (export "act")))
            (core instance $code (instantiate $code))
            (func (export "act") (canon lift (core func $code "act"))))"#
    )
}

pub(super) async fn trap_in_start() {
    is_whole().await;
    let broken = Module { more: "(func $start unreachable) (start $start)", ..Module::default() };
    let error = call_error(tool(broken.package()).await.unwrap_err());
    assert_eq!(error, CallError::Trap { code: "unreachable", panic: None });
    let plain = tool(plain("", &started("unreachable"))).await.unwrap();
    for _ in 0..2 {
        assert_eq!(crashed(&plain, "act", json!({})).await, "unreachable");
    }
}

pub(super) async fn loop_in_start() {
    let broken = Module { more: "(func $start (loop (br 0))) (start $start)", ..Module::default() };
    assert_eq!(call_error(tool(broken.package()).await.unwrap_err()), CallError::Fuel { limit: 10_000_000 });
    assert_eq!(crashed(&tool(plain("", &started("(loop (br 0))"))).await.unwrap(), "act", json!({})).await, "fuel");
}

pub(super) async fn hoard_in_start() {
    let limits = "memory-bytes = 1_048_576\n";
    // One page is there.
    let end = tool(plain(limits, &started("(drop (memory.grow (i32.const 15)))")))
        .await
        .unwrap()
        .call("act".into(), "{}".into(), Ports::default())
        .await;
    assert_eq!(end.outcome, ToolOutcome::Ok, "{}", plain_text(&end.content));
    let greedy = "(if (i32.eq (memory.grow (i32.const 16)) (i32.const -1)) (then unreachable))";
    assert_eq!(crashed(&tool(plain(limits, &started(greedy))).await.unwrap(), "act", json!({})).await, "memory");
}

/// It makes a resource of its own; `drops` drops it, and `keeps` leaves that to the end of the instance.
const DESTRUCTOR: &str = r#"(component
    (core module $destructor (func (export "drop") (param i32) unreachable))
    (core instance $destructor (instantiate $destructor))
    (type $thing (resource (rep i32) (dtor (core func $destructor "drop"))))
    (core func $new (canon resource.new $thing))
    (core func $drop (canon resource.drop $thing))
    (core module $code
        (import "" "new" (func $new (param i32) (result i32)))
        (import "" "drop" (func $drop (param i32)))
        (func (export "drops") (call $drop (call $new (i32.const 7))))
        (func (export "keeps") (drop (call $new (i32.const 7))))
    )
    (core instance $code (instantiate $code (with "" (instance (export "new" (func $new)) (export "drop" (func $drop))))))
    (func (export "drops") (canon lift (core func $code "drops")))
    (func (export "keeps") (canon lift (core func $code "keeps")))
)"#;

pub(super) async fn trap_in_a_destructor() {
    let made = tool(plain("", DESTRUCTOR)).await.unwrap();
    assert_eq!(crashed(&made, "drops", json!({})).await, "unreachable");
    // What a call leaves is thrown away with its instance, and no code of the guest's runs for it.
    let end = made.call("keeps".into(), "{}".into(), Ports::default()).await;
    assert_eq!(end.outcome, ToolOutcome::Ok, "{}", plain_text(&end.content));
}

pub(super) async fn trap_after_the_return() {
    let more = r#"(func (export "cabi_post_wirken:tool/tools@0.1.0#call") (param i32) unreachable)"#;
    let made = tool(Module { more, ..Module::default() }.package()).await.unwrap();
    assert_eq!(crashed(&made, "act", json!({})).await, "unreachable");
    let more = r#"(func (export "cabi_post_wirken:tool/tools@0.1.0#definitions") (param i32) unreachable)"#;
    let error = call_error(tool(Module { more, ..Module::default() }.package()).await.unwrap_err());
    assert_eq!(error, CallError::Trap { code: "unreachable", panic: None });
}

/// The interface of tools, with `definitions` and whatever else.
fn tools(functions: &str, exports: &str) -> String {
    format!(
        r#"(component
            (core module $code
                (memory (export "memory") 1)
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 0)
                (func (export "none") (result i32) i32.const 0)
                (func (export "same") (param i32 i32) (result i32) i32.const 0))
            (core instance $code (instantiate $code))
            (func $definitions (result (list string)) (canon lift (core func $code "none") (memory $code "memory")))
            {functions}
            (instance $tools (export "definitions" (func $definitions)) {exports})
            (export "wirken:tool/tools@0.1.0" (instance $tools)))"#
    )
}

pub(super) async fn wrong_abi() {
    let call = r#"(func $call (param "name" string) (result string)
        (canon lift (core func $code "same") (memory $code "memory") (realloc (func $code "realloc"))))"#;
    let wrong = of_tools(&tools(call, r#"(export "plan" (func $call)) (export "call" (func $call))"#));
    let error = tool(wrong).await.unwrap_err();
    assert!(matches!(&error.problem, Problem::Call(CallError::Host { message }) if message.contains("type mismatch")), "{error}");
    // A core module is no component, whatever it exports.
    let module = tool(of_tools(r#"(module (func (export "call")))"#)).await.unwrap_err();
    assert!(module.to_string().contains("a core WebAssembly module"), "{module}");
}

pub(super) async fn missing_export() {
    let only = tool(of_tools(&tools("", ""))).await.unwrap_err();
    assert!(matches!(&only.problem, Problem::Shape { reason, .. } if reason.contains("wirken:tool/tools@0.1.0")), "{only}");
    let nothing = tool(of_tools("(component)")).await.unwrap_err();
    assert!(matches!(&nothing.problem, Problem::MissingExport { wanted, .. } if wanted.contains("wirken:tool/tools@0.1.0")), "{nothing}");
    let none_to_call = tool(plain("", "(component)")).await.unwrap_err();
    assert!(matches!(none_to_call.problem, Problem::Reflection(_)), "{none_to_call}");
}

/// Results that point outside of the guest's memory, or to what is no value of their type.
const POINTERS: &str = r#"(component
    (core module $code
        (memory (export "memory") 1)
        (data (i32.const 0) "\f0\ff\00\00\20\00\00\00")  ;; 32 bytes at 65520, where 16 are
        (data (i32.const 8) "\10\00\00\00\02\00\00\00\ff\fe") ;; two bytes that are no UTF-8
        (data (i32.const 24) "\00\00\00\00\ff\ff\ff\ff") ;; four thousand million bytes
        (data (i32.const 32) "\01\00\00\00\04\00\00\00") ;; a list that is not aligned
        (func (export "past") (result i32) i32.const 0)
        (func (export "letters") (result i32) i32.const 8)
        (func (export "huge") (result i32) i32.const 24)
        (func (export "aligned") (result i32) i32.const 32)
        (func (export "nowhere") (result i32) i32.const -8)
        (func (export "case") (result i32) i32.const 3)
        (func (export "char") (result i32) i32.const 0xd800)
    )
    (core instance $code (instantiate $code))
    (func (export "past") (result string) (canon lift (core func $code "past") (memory $code "memory")))
    (func (export "letters") (result string) (canon lift (core func $code "letters") (memory $code "memory")))
    (func (export "huge") (result string) (canon lift (core func $code "huge") (memory $code "memory")))
    (func (export "aligned") (result (list u32)) (canon lift (core func $code "aligned") (memory $code "memory")))
    (func (export "nowhere") (result string) (canon lift (core func $code "nowhere") (memory $code "memory")))
    (func (export "case") (result (result)) (canon lift (core func $code "case")))
    (func (export "char") (result char) (canon lift (core func $code "char")))
)"#;

pub(super) async fn pointers_to_nowhere() {
    let made = tool(plain("", POINTERS)).await.unwrap();
    for name in ["past", "letters", "huge", "aligned", "nowhere", "case", "char"] {
        let end = made.call(name.into(), "{}".into(), Ports::default()).await;
        assert_eq!(end.outcome, ToolOutcome::Crashed, "{name}: {}", plain_text(&end.content));
    }
    let nowhere = Module { call: "i32.const -4", ..Module::default() };
    let end = tool(nowhere.package()).await.unwrap().call("act".into(), "{}".into(), Ports::default()).await;
    assert_eq!(end.outcome, ToolOutcome::Crashed, "{}", plain_text(&end.content));
    // A list of definitions that begins where the memory ends.
    let definitions = Module { definitions: "(i32.store (i32.const 64) (i32.const 65536)) i32.const 64", ..Module::default() };
    assert!(matches!(call_error(tool(definitions.package()).await.unwrap_err()), CallError::Host { .. }));
}

pub(super) async fn lying_manifest() {
    // One that asks for less than it imports is refused by the first that it keeps back.
    type Change = fn(&mut wirken_manifest::Manifest);
    let less: [(&str, Change); 4] = [
        ("wirken:host/exec@0.1.0", |manifest| manifest.exec = Exec::default()),
        ("wirken:host/store@0.1.0", |manifest| manifest.store = Store::default()),
        ("wirken:host/messages@0.1.0", |manifest| manifest.messages = Messages::default()),
        ("wirken:host/credentials@0.1.0", |manifest| manifest.credentials.clear()),
    ];
    for (import, change) in less {
        let mut package = crate::package("fixtures/hostile");
        change(&mut package.manifest);
        let error = tool(package).await.unwrap_err();
        assert!(matches!(&error.problem, Problem::Undeclared { import: found, .. } if found == import), "{import}: {error}");
    }
    let mut package = crate::package("fixtures/worldly");
    package.manifest.network = wirken_manifest::Network::default();
    let error = tool(package).await.unwrap_err();
    assert!(matches!(&error.problem, Problem::Undeclared { import, .. } if import.starts_with("wasi:http/")), "{error}");

    // One that asks for more than it imports, and is granted all of it, has what it imports.
    let mut more = plain("", TWO_AND_TWO);
    let asking = crate::package("fixtures/two-faced").manifest;
    (more.manifest.exec, more.manifest.filesystem) = (asking.exec, asking.filesystem);
    let folder = tempfile::tempdir().unwrap();
    let more = super::tool_in(more, Some(folder.path()), json!({})).await.unwrap();
    assert_eq!((more.authority().exec, more.authority().workspace.clone(), more.is_gated()), (false, None, false));
    assert_eq!(answer(&more, "two", json!({}), Ports::default()).await, 2);

    // One that says it is of another kind is not taken for that.
    let mut codec = crate::package("fixtures/hostile");
    (codec.manifest.kind, codec.manifest.world) = (Kind::Provider, "wirken:provider/provider@0.1.0".into());
    let error = ProviderPlugin::load(&ENGINE, codec).unwrap_err();
    assert!(matches!(&error.problem, Problem::MissingExport { found, .. } if found.contains("wirken:tool/tools")), "{error}");
    let mut codec = plain("", TWO_AND_TWO);
    (codec.manifest.kind, codec.manifest.world) = (Kind::Provider, "wirken:provider/provider@0.1.0".into());
    let error = ProviderPlugin::load(&ENGINE, codec).unwrap_err();
    assert!(matches!(&error.problem, Problem::MissingExport { wanted, .. } if wanted.contains("wirken:provider/codec")), "{error}");

    // Whatever its manifest calls it, it is known by its bytes.
    let (mine, mut theirs) = (crate::package("fixtures/hostile"), crate::package("fixtures/hostile"));
    theirs.manifest.name = "files".into();
    assert_eq!(describe(&ENGINE, &mine).unwrap().digest, describe(&ENGINE, &theirs).unwrap().digest);

    // Limits beyond the host's are the host's: a thousand years and all the memory that there is end like any others.
    let mut limits = crate::package("fixtures/hostile");
    let asked = &mut limits.manifest.limits;
    (asked.memory_bytes, asked.fuel, asked.deadline_millis) = (Some(u64::MAX), Some(u64::MAX), Some(u64::MAX));
    assert_eq!(crashed(&tool(limits).await.unwrap(), "allocate", json!({})).await, "memory");

    // The workspace to read only, which its manifest says, is to read only whatever was granted.
    let mut reader = crate::package("fixtures/prying");
    reader.manifest.filesystem.workspace = wirken_manifest::Access::ReadOnly;
    let reader = super::tool_in(reader, Some(folder.path()), json!({})).await.unwrap();
    assert_eq!(reader.authority().workspace.as_ref().map(|(_, access)| *access), Some(Access::ReadOnly));
    let told = answer(&reader, "escape", json!({ "path": "new.txt" }), Ports::default()).await;
    assert_eq!(told["write"], json!({ "refused": "not-permitted" }), "{told}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

const TWO_AND_TWO: &str = r#"(component
    (core module $code (func (export "two") (result i32) i32.const 2))
    (core instance $code (instantiate $code))
    (func (export "two") (result u32) (canon lift (core func $code "two")))
)"#;
