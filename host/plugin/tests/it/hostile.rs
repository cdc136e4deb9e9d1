//! Guests that mean harm: each way to, with what the host makes of it. After each, others are served by the same engine.
//!
//! The list below is all of them. A way without a test does not compile; a fixture, or a tool of one, that the list does not
//! have fails a test here.

mod credentials;
mod hoards;
mod limits;
mod malformed;
mod network;
mod paths;
mod secrets;
pub(crate) mod server;
mod wasm;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use serde_json::{Value, json};
use wirken_engine::{CallError, Engine, Options};
use wirken_plugin::{Asked, Grant, LoadError, Owner, Package, Ports, Problem, ToolEnd, ToolPlugin};
use wirken_types::chat::plain_text;
use wirken_types::event::ToolOutcome;

/// Makes a test of each way to misbehave: `name by MODULE with "FIXTURE/TOOL"…`, which calls `MODULE::name` and then sees
/// that others are served.
macro_rules! guests {
    ($($name:ident by $module:ident $(with $($tool:literal),+)?;)*) => {
        /// Each way, with the tools of fixtures that go it.
        const GUESTS: &[(&str, &[&str])] = &[$((stringify!($name), &[$($($tool),+)?])),*];

        $(
            #[tokio::test]
            async fn $name() {
                $module::$name().await;
                others_are_served().await;
            }
        )*
    };
}

guests! {
    endless_loop by limits with "hostile/loop";
    endless_allocation by limits with "hostile/allocate";
    deep_recursion by limits with "hostile/recurse";
    huge_output by limits with "hostile/big-output";
    huge_argument_to_the_host by limits with "worldly/act";
    crash by limits with "hostile/panic", "hostile/abort";
    blob_of_nobodys by limits with "hostile/blob";
    table_growth by hoards;
    handles_that_are_kept by hoards;
    log_flood by hoards with "worldly/act";
    body_without_end by hoards with "prying/smuggle";
    calls_that_wait by hoards with "prying/smuggle";
    trap_in_start by malformed;
    loop_in_start by malformed;
    hoard_in_start by malformed;
    trap_in_a_destructor by malformed;
    trap_after_the_return by malformed;
    wrong_abi by malformed;
    pointers_to_nowhere by malformed;
    missing_export by malformed;
    lying_manifest by malformed;
    forbidden_host by network with "worldly/act", "prying/smuggle";
    redirect_to_loopback by network with "worldly/act";
    rebinding by network with "worldly/act";
    header_smuggling by network with "prying/smuggle";
    path_escapes by paths with "prying/escape";
    secret_probe by secrets with "prying/snoop", "hostile/probe";
    what_an_earlier_call_left by secrets with "prying/snoop", "hostile/count";
    credential_of_another by credentials with "worldly/act";
}

/// Does nobody any harm.
const HARMLESS: &str = "hostile/echo";

/// Fixtures that are tested where what they try is decided: below `host`, in the file that names them.
const ELSEWHERE: [(&str, &str); 16] = [
    ("two-faced", "gateway/tests/it/lies.rs"),
    ("broken-policy", "gateway/tests/it/policies.rs"),
    ("strict-policy", "gateway/tests/it/policies.rs"),
    ("troubled-channel", "cli/tests/it/channel_trouble.rs"),
    ("impure-provider", "plugin/tests/it/main.rs"),
    ("slow-provider", "plugin/tests/it/main.rs"),
    ("echo", "bench/src/components.rs"),
    ("first-tool", "plugin/src/versions.rs"),
    ("next-tool", "plugin/src/versions.rs"),
    ("scaffold-channel", "cli/tests/it/added.rs"),
    ("scaffold-policy", "cli/tests/it/added.rs"),
    ("scaffold-provider", "cli/tests/it/added.rs"),
    ("faulty-channel", "conformance/tests/it/faulty.rs"),
    ("faulty-policy", "conformance/tests/it/faulty.rs"),
    ("faulty-provider", "conformance/tests/it/faulty.rs"),
    ("faulty-tool", "conformance/tests/it/faulty.rs"),
];

/// One for all of these tests, as a gateway has one for all of its components.
static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let cache = Some(Path::new(env!("CARGO_TARGET_TMPDIR")).join("engine"));
    Engine::new(&Options { cache, ..Options::default() }).unwrap()
});

/// A component with all that its manifest asks for.
async fn tool(package: Package) -> Result<ToolPlugin, LoadError> {
    tool_in(package, None, json!({})).await
}

pub(crate) async fn tool_in(package: Package, workspace: Option<&Path>, settings: Value) -> Result<ToolPlugin, LoadError> {
    let Value::Object(settings) = settings else { panic!("settings are an object") };
    let asked = Asked::of(&package.manifest, &package.manifest.settings(&settings).unwrap()).unwrap();
    let owner = Owner { grant: Grant::whole(&asked, workspace.map(Path::to_owned)), settings, ..Owner::default() };
    ToolPlugin::load(&ENGINE, package, &owner).await
}

/// With time enough that on a busy machine, too, what ends a call is what the test is of.
async fn fixture(name: &str) -> ToolPlugin {
    let mut package = crate::package(&format!("fixtures/{name}"));
    package.manifest.limits.deadline_millis = Some(60_000);
    tool(package).await.unwrap()
}

/// What its text says, of a call that came to its end.
async fn answer(tool: &ToolPlugin, name: &str, arguments: Value, ports: Ports) -> Value {
    let ToolEnd { outcome, content, .. } = tool.call(name.into(), arguments.to_string(), ports).await;
    let text = plain_text(&content);
    assert_eq!(outcome, ToolOutcome::Ok, "{text}");
    serde_json::from_str(&text).unwrap()
}

/// Which limit or trap ended a call.
async fn crashed(tool: &ToolPlugin, name: &str, arguments: Value) -> &'static str {
    let ToolEnd { outcome, code, content } = tool.call(name.into(), arguments.to_string(), Ports::default()).await;
    let text = plain_text(&content);
    assert_eq!(outcome, ToolOutcome::Crashed, "{text}");
    assert!(text.contains(&tool.info().name), "the model is told which component it was: {text}");
    code.unwrap()
}

/// Why a component was not loaded, where it was asked what it offers.
fn call_error(error: LoadError) -> CallError {
    match error.problem {
        Problem::Call(error) => error,
        other => panic!("{other:?}"),
    }
}

async fn others_are_served() {
    let honest = fixture("worldly").await;
    assert_eq!(answer(&honest, "act", json!({ "do": [{ "act": "available", "name": "key" }] }), Ports::default()).await, json!([false]));
}

#[tokio::test]
async fn every_fixture_and_every_tool_of_one_is_in_the_list() {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../components/dist/fixtures");
    let mut there = BTreeSet::new();
    for folder in std::fs::read_dir(dist).unwrap() {
        let name = folder.unwrap().file_name().into_string().unwrap();
        if let Some((_, file)) = ELSEWHERE.iter().find(|(fixture, _)| *fixture == name) {
            let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file)).unwrap();
            assert!(text.contains(&name), "{file} has no test of {name}");
        } else {
            there.extend(fixture(&name).await.definitions().iter().map(|tool| format!("{name}/{}", tool.name)));
        }
    }
    let listed = GUESTS.iter().flat_map(|(_, tools)| *tools).chain([&HARMLESS]);
    let listed: BTreeSet<String> = listed.map(|tool| (*tool).to_owned()).collect();
    assert_eq!(there, listed, "left: the fixtures that were built; right: the list in this file");
}
