//! Two versions of the interfaces side by side, by way of one that is made for these tests: `next-tool` among the fixtures is
//! of `wirken:tool@0.2.0`. What loads, links and calls it is what ships; only the table of what is offered is longer.

mod next;

use std::path::Path;
use std::sync::{Arc, Mutex};

use wirken_engine::{Engine, Options, Wasm};
use wirken_manifest::Manifest;
use wirken_types::chat::{Part, plain_text};
use wirken_types::event::ToolOutcome;
use wirken_types::tool::Intent;

use crate::capability::{OFFERS, Offers};
use crate::error::LoadError;
use crate::package::Package;
use crate::ports::{self, Ports};
use crate::tool::{Owner, ToolPlugin};

fn package(folder: &str) -> Package {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name} of {}: {error}", folder.display()));
    let manifest = Manifest::parse(&String::from_utf8(read("component.toml")).unwrap()).unwrap();
    Package { manifest, wasm: Wasm::of(read("component.wasm")) }
}

fn next_tool() -> Package {
    package("../../components/dist/fixtures/next-tool")
}

fn first_tool() -> Package {
    package("tests/frozen/first-tool")
}

async fn load(engine: &Engine, package: Package, offers: &Offers) -> Result<ToolPlugin, LoadError> {
    ToolPlugin::load_from(engine, package, &Owner::default(), offers).await
}

/// Keeps what is logged.
#[derive(Default)]
struct Logged(Mutex<Vec<String>>);

impl ports::Log for Logged {
    fn log(&self, level: &'static str, message: &str) {
        self.0.lock().unwrap().push(format!("{level} {message}"));
    }
}

#[tokio::test]
async fn two_versions_are_loaded_side_by_side_and_speak_the_hosts_language() {
    let engine = Engine::new(&Options::default()).unwrap();
    let (first, next) =
        (load(&engine, first_tool(), &next::offers()).await.unwrap(), load(&engine, next_tool(), &next::offers()).await.unwrap());
    assert_eq!((first.info().world.as_str(), next.info().world.as_str()), ("wirken:tool/tool@0.1.0", "wirken:tool/tool@0.2.0"));
    let names = |tool: &ToolPlugin| tool.definitions().iter().map(|definition| definition.name.clone()).collect::<Vec<_>>();
    assert_eq!((names(&first).len(), names(&next)), (3, vec!["next".to_owned()]));

    // What is new in a record of the newer one is in the words that the host has for it.
    let plan = next.plan("next".into(), "notes.txt".into()).await.unwrap();
    assert_eq!(plan.purpose, "Reads. It cannot be undone.");
    let read = Intent { action: "read".into(), target: "notes.txt".into(), detail: "{}".into() };
    assert_eq!(plan.intents, [read]);
    let plan = first.plan("everything".into(), "{}".into()).await.unwrap();
    assert_eq!((plan.purpose.as_str(), plan.intents.len()), ("Everything, with {}.", 2));

    let logged = Arc::new(Logged::default());
    let ports = || Ports { log: Arc::clone(&logged) as _, ..Ports::default() };
    let (one, other) = tokio::join!(next.call("next".into(), "x".into(), ports()), first.call("parts".into(), "y".into(), ports()));
    assert_eq!((one.outcome, plain_text(&one.content).as_str()), (ToolOutcome::Ok, "next x 0 {}"));
    assert_eq!(other.content, [Part::text("y"), Part::Other("table".into(), "[1]".into())]);
    // One component, and two versions of one interface.
    assert_eq!(*logged.0.lock().unwrap(), ["info as before", "warn next: as now"]);

    let busy = next.call("next".into(), "busy".into(), ports()).await;
    assert_eq!((busy.outcome, plain_text(&busy.content).as_str()), (ToolOutcome::Failed, "busy: try again in 7 s"));
}

#[tokio::test]
async fn a_newer_version_is_refused_where_it_is_not_offered() {
    let engine = Engine::new(&Options::default()).unwrap();
    let told = load(&engine, next_tool(), &OFFERS).await.unwrap_err().to_string();
    assert!(told.ends_with("names the world wirken:tool/tool@0.2.0; this host offers wirken:tool/tool@0.1.0"), "{told}");

    let mut package = next_tool();
    package.manifest.world = "wirken:tool/tool@0.1.0".into();
    let told = load(&engine, package.clone(), &OFFERS).await.unwrap_err().to_string();
    let wrong = "it exports wirken:tool/tools@0.2.0, and its world wirken:tool/tool@0.1.0 has wirken:tool/tools@0.1.0; this host offers";
    assert!(told.ends_with(&format!("{wrong} wirken:tool/tool@0.1.0")), "{told}");
    let told = load(&engine, package.clone(), &next::offers()).await.unwrap_err().to_string();
    assert!(told.ends_with(&format!("{wrong} wirken:tool/tool@0.2.0, wirken:tool/tool@0.1.0")), "{told}");

    // Of a world that is offered, and importing what is not.
    let narrow = Offers { worlds: next::offers().worlds, capabilities: OFFERS.capabilities };
    let told = load(&engine, next_tool(), &narrow).await.unwrap_err().to_string();
    assert!(told.ends_with("it imports wirken:host/log@0.2.0; this host offers wirken:host/log@0.1.0"), "{told}");
    let later = wat::parse_str(
        r#"(component (import "wirken:host/log@0.3.0" (instance (export "log" (func)))) (instance (export "wirken:tool/tools@0.2.0")))"#,
    );
    let later = Package { wasm: Wasm::of(later.unwrap()), ..next_tool() };
    let told = load(&engine, later, &next::offers()).await.unwrap_err().to_string();
    assert!(told.ends_with("it imports wirken:host/log@0.3.0; this host offers wirken:host/log@0.2.0, wirken:host/log@0.1.0"), "{told}");
}
