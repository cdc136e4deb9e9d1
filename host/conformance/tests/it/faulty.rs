//! For each rule a component that breaks it, and nothing else.

use std::path::Path;

use serde_json::{Value, json};
use wirken_conformance::Report;

use crate::{broken, package, tried};

const PROVIDER: &str = include_str!("../traffic/provider.json");
const CHANNEL: &str = include_str!("../traffic/channel.json");
const TOOL: &str = include_str!("../traffic/tool.json");

/// The fixture of a kind with a fault, on its recording.
fn with_fault(fixture: &str, recording: Option<&str>, fault: &str) -> Report {
    let folder = tempfile::tempdir().unwrap();
    if let Some(recording) = recording {
        let mut recording: Value = serde_json::from_str(recording).unwrap();
        recording["settings"] = json!({ "fault": fault });
        record(folder.path(), &recording);
    }
    let edited = |manifest: String| manifest.replace("default = \"none\"", &format!("default = {fault:?}"));
    tried(&package(&format!("fixtures/{fixture}"), edited), folder.path())
}

fn record(folder: &Path, recording: &Value) {
    let traffic = folder.join("tests/traffic");
    std::fs::create_dir_all(&traffic).unwrap();
    std::fs::write(traffic.join("recorded.json"), recording.to_string()).unwrap();
}

/// The rules that a fault breaks, each once.
fn rules(report: &Report) -> Vec<&'static str> {
    let mut rules: Vec<_> = report.checks.iter().filter(|check| check.problem.is_some()).map(|check| check.rule).collect();
    rules.dedup();
    rules
}

fn finds(fixture: &str, recording: Option<&str>, faults: &[(&str, &[&str])]) {
    let good = with_fault(fixture, recording, "none");
    assert!(good.holds(), "without a fault: {}", broken(&good).join("\n"));
    for (fault, expected) in faults {
        let report = with_fault(fixture, recording, fault);
        assert_eq!(rules(&report), *expected, "{fault}: {}", broken(&report).join("\n"));
    }
}

#[test]
fn each_fault_of_a_provider_is_found() {
    finds(
        "faulty-provider",
        Some(PROVIDER),
        &[
            ("request", &["request"]),
            ("request-allowed", &["request-allowed", "conversations"]),
            ("answer", &["answer"]),
            ("split", &["split", "damaged"]),
            ("cut-off", &["cut-off", "garbage"]),
            ("damaged", &["damaged", "garbage"]),
            ("crash", &["damaged"]),
            ("garbage", &["garbage"]),
            ("status", &["status"]),
            ("conversations", &["conversations"]),
            ("options", &["options"]),
            ("models", &["models"]),
        ],
    );
    assert_eq!(rules(&with_fault("faulty-provider", None, "none")), ["recorded"]);
}

#[test]
fn each_fault_of_a_channel_is_found() {
    finds(
        "faulty-channel",
        Some(CHANNEL),
        &[
            ("session", &["session"]),
            ("request-allowed", &["request-allowed"]),
            ("effects", &["effects"]),
            ("acknowledges", &["session", "acknowledges"]),
            ("repeated", &["repeated"]),
            ("keys", &["keys"]),
            ("malformed", &["malformed"]),
            ("silent", &["malformed"]),
            ("poisoned", &["poisoned"]),
            ("send-fails", &["send-fails"]),
            ("in-doubt", &["send-fails"]),
            ("order", &["order", "shapes"]),
            ("truncates", &["order"]),
            ("shapes", &["shapes"]),
            ("buttons", &["shapes"]),
            ("strays", &["strays"]),
            ("shutdown", &["shutdown"]),
        ],
    );
    assert_eq!(rules(&with_fault("faulty-channel", None, "none")), ["recorded"]);
}

#[test]
fn each_fault_of_a_tool_is_found() {
    finds(
        "faulty-tool",
        Some(TOOL),
        &[
            ("loads", &["loads"]),
            ("schema", &["schema"]),
            ("unfit", &["unfit"]),
            ("untyped", &["unfit"]),
            ("crash", &["unfit", "huge"]),
            ("huge", &["huge"]),
            ("unknown", &["unknown"]),
            ("plan", &["plan"]),
            ("planned", &["planned"]),
            ("call", &["call"]),
        ],
    );
}

#[test]
fn each_fault_of_a_policy_is_found() {
    finds("faulty-policy", None, &[("crash", &["answers"]), ("endless", &["answers"]), ("remembers", &["remembers"])]);
}

#[test]
fn a_recording_that_is_none_is_said_to_be_so() {
    for kind in ["provider", "channel", "tool"] {
        let folder = tempfile::tempdir().unwrap();
        record(folder.path(), &json!({ "stpes": [] }));
        let report = tried(&package(&format!("fixtures/faulty-{kind}"), |manifest| manifest), folder.path());
        assert!(rules(&report).contains(&"recording"), "{kind}: {}", broken(&report).join("\n"));
        assert!(broken(&report).join("\n").contains("stpes"), "{kind}");
    }
}

#[test]
fn a_component_of_another_kind_does_not_load() {
    let folder = tempfile::tempdir().unwrap();
    let edited = |manifest: String| manifest.replace("wirken:policy/policy", "wirken:policy/other");
    let report = tried(&package("fixtures/faulty-policy", edited), folder.path());
    assert_eq!(rules(&report), ["loads"]);
}
