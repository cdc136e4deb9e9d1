//! The recordings that a new component comes with: each can be read, whichever language it begins in.

use wirken_conformance::Report;
use wirken_manifest::Kind;
use wirken_scaffold::{Language, scaffold};

use crate::{broken, package, tried};

/// Another component of the kind is none that they fit; that they are recordings is what is seen.
#[test]
fn the_recordings_of_a_new_component_are_recordings() {
    for (kind, expected) in [(Kind::Tool, 1), (Kind::Provider, 2), (Kind::Channel, 1)] {
        for language in Language::ALL {
            let folder = tempfile::tempdir().unwrap();
            let traffic = folder.path().join("tests/traffic");
            std::fs::create_dir_all(&traffic).unwrap();
            let mut written = 0;
            for file in scaffold("it", kind, language).unwrap() {
                if let Some(name) = file.path.strip_prefix("tests/traffic/") {
                    std::fs::write(traffic.join(name), &file.content).unwrap();
                    written += 1;
                }
            }
            assert_eq!(written, expected, "{} in {}", kind.word(), language.word());
            // With the settings that they name.
            let setting = |name: &str| format!("[settings.properties.{name}]\ntype = \"string\"\ndescription = \"Where.\"\n\n");
            let settings = format!("{}{}[settings.properties.fault]", setting("base-url"), setting("api-url"));
            let edited = |manifest: String| manifest.replace("[settings.properties.fault]", &settings);
            let report = tried(&package(&format!("fixtures/faulty-{}", kind.word()), edited), folder.path());
            assert!(!has(&report, "recording"), "{} in {}: {}", kind.word(), language.word(), broken(&report).join("\n"));
            assert!(report.checks.len() > 3);
        }
    }
}

fn has(report: &Report, rule: &str) -> bool {
    report.checks.iter().any(|check| check.rule == rule)
}
