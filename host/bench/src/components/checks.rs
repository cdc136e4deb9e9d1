//! What is checked around a call: what its component was granted, what a person allowed, what policies say.

use std::time::Instant;

use anyhow::{Result, ensure};
use serde_json::Map;
use url::Url;
use wirken_engine::{Engine, Wasm};
use wirken_manifest::Manifest;
use wirken_permissions::{Action, Ceilings, Deciding, Decision, Surroundings, WORKSPACE, decide, unseen, weigh};
use wirken_plugin::{Asked, Ceiling, Grant, Imported, PolicyPlugin, effective};
use wirken_types::approval::{self, Holder, Lasts};
use wirken_types::chat::ToolCall;
use wirken_types::credential::Origin;
use wirken_types::policy::{self, Context, Passage, Verdict};
use wirken_types::tool::Intent;
use wirken_types::{GrantId, SessionId, Timestamp};

use super::bare::Bare;
use super::{WARM_UP, package};
use crate::Times;

const ROUNDS: usize = 3_000;
/// What takes less than reading the clock is done so often between two looks at it.
const BATCH: u32 = 50;
/// Entries of a manifest's network, of which the last is the one that is asked for.
const ORIGINS: usize = 16;
/// Rights that are held.
const GRANTS: [usize; 3] = [0, 100, 1_000];

/// One question to a policy in a fresh instance, and the instance alone: one that only answers, and the bundled one.
pub(super) async fn policies(engine: Engine) -> Result<Vec<(&'static str, Times)>> {
    let [strict, injection] = ["fixtures/strict-policy", "policies/injection"].map(package);
    let (strict, injection) = (strict?, injection?);
    let instances = [instance(&engine, &strict.wasm)?, instance(&engine, &injection.wasm)?];
    let strict = PolicyPlugin::load(&engine, strict, &Map::new())?;
    let injection = PolicyPlugin::load(&engine, injection, &Map::new())?;
    let [strict_instance, injection_instance] = instances;
    Ok(vec![
        ("policy_bare_instance", strict_instance),
        ("policy_check", check(&strict).await?),
        ("injection_bare_instance", injection_instance),
        ("injection_check", check(&injection).await?),
        ("injection_screen", screen(&injection).await?),
    ])
}

fn instance(engine: &Engine, wasm: &Wasm) -> Result<Times> {
    let (code, _) = engine.load(wasm)?;
    let bare = Bare::new(code.component(), "wirken:policy/rules@0.1.0", "check")?;
    let mut times = Times::default();
    for round in 0..ROUNDS + WARM_UP {
        let began = Instant::now();
        bare.instance()?;
        if round >= WARM_UP {
            times.add(began.elapsed());
        }
    }
    Ok(times)
}

async fn check(policy: &PolicyPlugin) -> Result<Times> {
    let call = ToolCall { id: "call-1".into(), name: "exec".into(), arguments: r#"{"program":"cargo","arguments":["test"]}"#.into() };
    let (context, intents) = (context(), [intent("cargo", &["test"])]);
    let mut times = Times::default();
    for round in 0..ROUNDS + WARM_UP {
        let began = Instant::now();
        let verdict = policy.check(&context, &call, &intents).await;
        let took = began.elapsed();
        ensure!(verdict == Verdict::Allow, "{}: {verdict:?}", policy.name());
        if round >= WARM_UP {
            times.add(took);
        }
    }
    Ok(times)
}

async fn screen(policy: &PolicyPlugin) -> Result<Times> {
    let context = context();
    let text = "What will the weather be tomorrow, and should I take an umbrella?";
    let passage = Passage { source: "person", name: String::new(), text: text.into() };
    let mut times = Times::default();
    for round in 0..ROUNDS + WARM_UP {
        let began = Instant::now();
        let screening = policy.screen(&context, &passage).await;
        let took = began.elapsed();
        ensure!(screening.decision == policy::Decision::Pass, "{}: {screening:?}", policy.name());
        if round >= WARM_UP {
            times.add(took);
        }
    }
    Ok(times)
}

/// Whether a request may go where it goes: its address read, its origin taken, and both held against what was granted.
pub(super) fn grant() -> Result<Times> {
    let origins: Vec<String> = (0..ORIGINS).map(|at| format!("\"https://*.host-{at}.example\"")).collect();
    let manifest =
        format!("name = \"t\"\nkind = \"tool\"\nversion = \"0.1.0\"\nworld = \"w\"\n[network]\norigins = [{}]\n", origins.join(", "));
    let asked = Asked::of(&Manifest::parse(&manifest)?, &Map::new())?;
    let imported = Imported { http: true, ..Imported::default() };
    let network = effective(imported, &asked, &Grant::whole(&asked, None), &Ceiling::default()).network;
    let address = format!("https://api.host-{}.example/v1/items?page=2", ORIGINS - 1);
    batches(|| {
        let url = Url::parse(&address)?;
        ensure!(network.covers("GET", &Origin::of(&url)?, url.path()), "it was refused");
        Ok(())
    })
}

/// Whether a command may run: what a component asked for read, weighed, and held against the rights that somebody has.
pub(super) fn decisions() -> Result<Vec<(usize, Times)>> {
    GRANTS.into_iter().map(|count| Ok((count, decision(count)?))).collect()
}

fn decision(count: usize) -> Result<Times> {
    let intent = intent("basename", &["--suffix=.rs", "src/main.rs"]);
    let (session, now) = (SessionId::generate(), Timestamp::now());
    let holder = Holder { agent: "default".into(), account: "telegram".into(), sender: "1000".into() };
    let surroundings = Surroundings {
        workspace: Some(WORKSPACE),
        tainted: false,
        home: None,
        private: &[],
        readable: &[],
        opened: &|_| false,
        resolve: &unseen,
    };
    let key = |weighed: &wirken_permissions::Weighed| weighed.judged.key.clone();
    let right = |key: String| approval::Grant {
        id: GrantId::generate(),
        holder: holder.clone(),
        component: "exec".into(),
        key,
        lasts: Lasts::Session(session),
    };
    let mut grants: Vec<_> = (1..count).map(|at| right(format!("[\"exec\",\"program-{at}\"]"))).collect();
    // The one that is looked for is the last, where there is any.
    if let Some(key) = key(&weigh(Action::from_intent(&intent), &surroundings)).filter(|_| count > 0) {
        grants.push(right(key));
    }
    let ceilings = Ceilings::default();
    let deciding = Deciding {
        holder: Some(&holder),
        component: "exec",
        tool: "exec",
        session,
        now,
        grants: &grants,
        allowed: &[],
        ceilings: &ceilings,
    };
    batches(|| {
        let decision = decide(&[weigh(Action::from_intent(&intent), &surroundings)], &deciding);
        let expected = if count > 0 { matches!(decision, Decision::Allow) } else { matches!(decision, Decision::Ask { .. }) };
        ensure!(expected, "with {count} grants: {decision:?}");
        Ok(())
    })
}

fn batches(mut what: impl FnMut() -> Result<()>) -> Result<Times> {
    let mut times = Times::default();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        for _ in 0..BATCH {
            what()?;
        }
        times.add(began.elapsed() / BATCH);
    }
    Ok(times)
}

fn intent(program: &str, arguments: &[&str]) -> Intent {
    let detail = serde_json::json!({ "arguments": arguments }).to_string();
    Intent { action: "exec".into(), target: program.into(), detail }
}

fn context() -> Context {
    Context {
        agent: "default".into(),
        channel: "telegram".into(),
        conversation: "1000".into(),
        sender: "1000".into(),
        session: SessionId::generate().to_string(),
        component: "exec".into(),
        tier: 2,
        now: Timestamp::now(),
        ..Context::default()
    }
}
