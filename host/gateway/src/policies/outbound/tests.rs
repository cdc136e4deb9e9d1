use std::path::Path;

use serde_json::Map;
use wirken_engine::{Engine, Options, Wasm};
use wirken_manifest::Manifest;
use wirken_plugin::{Package, PolicyPlugin};

use super::*;

/// One that has no objection to what is said here.
fn policies() -> Arc<Policies> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../components/dist/fixtures/strict-policy");
    let manifest = Manifest::parse(&std::fs::read_to_string(folder.join("component.toml")).unwrap()).unwrap();
    let package = Package { manifest, wasm: Wasm::of(std::fs::read(folder.join("component.wasm")).unwrap()) };
    let engine = Engine::new(&Options::default()).unwrap();
    Arc::new(Policies::new(vec![PolicyPlugin::load(&engine, package, &Map::new()).unwrap()]))
}

/// What a turn is told of an answer that comes at once.
async fn told(policies: Arc<Policies>, steps: Vec<Step>) -> Vec<Input> {
    let answer: Answer = Box::pin(stream::iter([Ok(steps)]));
    let reviewed = answering(policies, Context::default(), TurnId::generate(), answer);
    reviewed.map(|(_, inputs)| inputs).concat().await
}

fn is_refused(inputs: &[Input]) -> bool {
    matches!(inputs, [Input::RequestFailed { error }] if error.kind == "limit" && error.message.contains("larger than what can be reviewed"))
}

/// A text and so many steps behind it, none of which is of a piece with the one before.
fn steps(behind: usize) -> Vec<Step> {
    let mut steps = vec![Step::Text("Well,".into())];
    steps.extend((0..behind).map(|nth| Step::Progress(String::new(), nth as u64, None)));
    steps
}

#[tokio::test]
async fn so_many_steps_wait_to_be_reviewed_and_no_more() {
    let whole = told(policies(), steps(MAX_HELD - 1)).await;
    assert_eq!(whole.len(), MAX_HELD);
    assert!(whole.iter().all(|input| matches!(input, Input::Step(_))));
    let refused = told(policies(), steps(MAX_HELD)).await;
    assert!(is_refused(&refused), "{} inputs", refused.len());
    // Pieces of one text are one step, and without a policy nothing waits.
    let pieces = told(policies(), vec![Step::Text("a".into()); MAX_HELD + 1]).await;
    assert!(matches!(&pieces[..], [Input::Step(Step::Text(text))] if text.len() == MAX_HELD + 1), "{} inputs", pieces.len());
    assert_eq!(told(Arc::default(), steps(MAX_HELD)).await.len(), MAX_HELD + 1);
}

#[tokio::test]
async fn so_many_bytes_wait_to_be_reviewed_and_no_more() {
    let steps = |bytes: usize| vec![Step::Text("W".into()), Step::Reasoning("x".repeat(bytes - 1))];
    let whole = told(policies(), steps(MAX_HELD_BYTES)).await;
    assert!(matches!(&whole[..], [Input::Step(Step::Text(_)), Input::Step(Step::Reasoning(_))]), "{} inputs", whole.len());
    assert!(is_refused(&told(policies(), steps(MAX_HELD_BYTES + 1)).await));
}
