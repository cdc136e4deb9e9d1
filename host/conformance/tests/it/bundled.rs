//! What is shipped holds its own suite.

use crate::{broken, components, package, tried};

fn holds(path: &str, at_least: usize) {
    let report = tried(&package(path, |manifest| manifest), &components().join(path));
    assert!(report.holds(), "{path}:\n{}", broken(&report).join("\n"));
    assert!(report.checks.len() >= at_least, "{path}: {} checks", report.checks.len());
}

#[test]
fn the_providers() {
    holds("providers/openai", 80);
    holds("providers/demo", 10);
}

/// Every way to spoil each of a dozen responses is a session of its own: some ten thousand of them.
#[test]
fn the_channels() {
    holds("channels/telegram", 50);
}

#[test]
fn the_tools() {
    for (path, at_least) in [
        ("tools/exec", 7),
        ("tools/files", 20),
        ("tools/memory", 12),
        ("tools/message", 7),
        ("tools/web-fetch", 7),
        ("tools/web-search", 7),
    ] {
        holds(path, at_least);
    }
}

#[test]
fn the_policies() {
    holds("policies/injection", 11);
}
