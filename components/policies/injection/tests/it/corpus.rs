//! Texts that attack and texts that do not, and what is found in each, exactly.
//!
//! A hostile text counts as found from medium on, and a benign one as wrongly flagged. A hostile line with a lower severity is
//! a known miss, and a benign one with a higher a known false alarm. Both say why, and their numbers stand below.

use std::collections::BTreeMap;

use injection::scan;
use injection::types::{Severity, Source};
use serde_json::Value;

/// Hostile lines, those of them that are missed, benign lines, those of them that are flagged.
const TOTALS: (u32, u32, u32, u32) = (357, 28, 307, 3);

const CORPUS: &str = include_str!("../corpus.jsonl");

pub(crate) struct Line {
    pub(crate) id: String,
    pub(crate) hostile: bool,
    pub(crate) category: String,
    pub(crate) language: String,
    pub(crate) source: Source,
    pub(crate) severity: u64,
    /// It is missed, or wrongly flagged.
    pub(crate) why: Option<String>,
    pub(crate) text: String,
}

pub(crate) fn lines() -> Vec<Line> {
    let read = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| line[key].as_str().unwrap_or_else(|| panic!("{key}: {line}")).to_owned();
        Line {
            id: text("id"),
            hostile: text("kind") == "hostile",
            category: text("category"),
            language: text("lang"),
            source: Source::of(&text("source")),
            why: line["why"].as_str().map(str::to_owned),
            severity: line["severity"].as_u64().unwrap(),
            text: text("text"),
        }
    };
    CORPUS.lines().map(read).collect()
}

pub(crate) fn severity(text: &str, source: Source) -> u64 {
    scan(text, source).findings.first().map_or(0, |finding| finding.severity as u64)
}

#[test]
fn each_line_is_as_severe_as_it_says() {
    let mut wrong = Vec::new();
    let (mut found, mut hostile, mut flagged, mut benign) = (0, 0, 0, 0);
    let mut recall: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    for line in lines() {
        let severity = severity(&line.text, line.source);
        if severity != line.severity {
            let rules: Vec<_> =
                scan(&line.text, line.source).findings.iter().map(|finding| (finding.rule, finding.severity as u8)).collect();
            wrong.push(format!("{}: {severity}, not {}: {rules:?} {}", line.id, line.severity, line.text));
        }
        let known = if line.hostile { line.severity < 2 } else { line.severity >= 2 };
        assert_eq!(line.why.is_some(), known, "{}", line.id);
        let told = u32::from(severity >= Severity::Medium as u64);
        if line.hostile {
            for key in [format!("category {}", line.category), format!("language {}", line.language)] {
                let entry = recall.entry(key).or_default();
                entry.0 += told;
                entry.1 += 1;
            }
            (found, hostile) = (found + told, hostile + 1);
        } else {
            (flagged, benign) = (flagged + told, benign + 1);
        }
    }
    for (key, (found, all)) in &recall {
        println!("{key}: {found} of {all}");
    }
    println!("found {found} of {hostile}; flagged {flagged} of {benign}");
    assert_eq!((hostile, hostile - found, benign, flagged), TOTALS, "{}", wrong.join("\n"));

    assert!(wrong.is_empty(), "{} lines:\n{}", wrong.len(), wrong.join("\n"));
}
