//! What a guest plans, what it runs and what somebody types: any text is judged, nothing that is run is tier 1, tier 3 is
//! never remembered, and nothing that a person is shown can be taken for another line of the host's. A button counts for the
//! question that stood above it alone.
//!
//! An input is lines: an action, a target, a detail, and the arguments of a program that the target names. All of it is
//! a typed answer too.
#![no_main]


use libfuzzer_sys::fuzz_target;
use wirken_permissions::{Action, Resolved, Surroundings, WORKSPACE, choices, judge, parse, prompt, question, unseen};
use wirken_types::approval::{ApprovalId, Judged, Question, Tier};
use wirken_types::tool::Intent;
use wirken_types::{Digest, Timestamp};

fuzz_target!(|text: &str| {
    let mut lines = text.split('\n').map(str::to_owned);
    let mut next = || lines.next().unwrap_or_default();
    let intent = Intent { action: next(), target: next(), detail: next() };
    let exec = Action::Exec { program: intent.target.clone(), arguments: lines.collect(), stdin: None };
    let planned = Action::from_intent(&intent);
    assert_eq!(planned.digest(), Action::from_intent(&intent).digest());

    for action in [exec, planned, Action::file(&intent.target, true), Action::file(text, false)] {
        let opened = |_: &wirken_types::credential::Origin| false;
        let around = |resolve| Surroundings { workspace: Some(WORKSPACE), tainted: false, home: None, private: &[], readable: &[], opened: &opened, resolve };
        let seen = judge(&action, &around(&|_: &str| Resolved::Itself));
        let blind = judge(&action, &around(&unseen));
        let tainted = judge(&action, &Surroundings { tainted: true, ..around(&|_: &str| Resolved::Itself) });
        assert!(blind.tier >= seen.tier && tainted.tier >= seen.tier, "{action:?}");
        for judged in [&seen, &blind, &tainted] {
            hold(&action, judged);
        }
        if seen.tier > Tier::Always {
            ask(text, seen);
        }
    }
    for action in [Digest::ZERO, Digest::of(text.as_bytes())] {
        if let Some((choice, below)) = prompt::pressed(text, action) {
            assert!(text.contains('.') && (!below || text.ends_with(&action.to_string()[..16])), "{choice:?}");
        }
    }
    if let Some(typed) = parse(text, 30) {
        assert!(!text.trim().contains('\n') && typed.note.is_none_or(|note| !note.is_empty()));
    }
});

/// As a prompt: each text on one line, each button one that a platform can give back and that says what it was.
fn ask(text: &str, judged: Judged) {
    let tier = judged.tier;
    let question = Question {
        component: text.into(),
        version: text.into(),
        component_digest: Digest::ZERO,
        tool: text.into(),
        arguments: text.into(),
        actions: vec![judged],
        purpose: text.into(),
        after: Some(text.into()),
        holder: None,
    };
    let (approval, action) = (ApprovalId::from_random([7; 16]), question::digest(&question));
    let asked = prompt::Asked { approval, question: &question, tier, action, expires_at: Timestamp(0) };
    let shown = prompt::prompt(&asked, choices(tier), 30);
    assert!(shown.literal.iter().all(|(label, text)| !label.contains('\n') && !text.contains('\n')), "{shown:?}");
    assert_eq!(shown.choices.len(), choices(tier).len());
    for (choice, button) in choices(tier).iter().zip(&shown.choices) {
        assert!(shown.id.len() + 1 + button.id.len() <= 64);
        assert_eq!(prompt::pressed(&button.id, action), Some((*choice, true)));
        assert_eq!(prompt::pressed(&button.id, Digest::ZERO), Some((*choice, false)));
    }
}

fn hold(action: &Action, judged: &Judged) {
    assert_eq!(judged.action, action.digest());
    assert_eq!(judged.key.is_some(), judged.tier == Tier::Remembered, "{judged:?}");
    match action {
        Action::Exec { .. } => assert!(judged.tier > Tier::Always && !judged.reasons.is_empty(), "{judged:?}"),
        Action::Other { .. } => assert_eq!(judged.tier, Tier::EveryTime),
        Action::Http { .. } | Action::File { .. } | Action::Send { .. } => {}
    }
    for text in judged.reasons.iter().chain([&judged.words]) {
        let hidden = |c: char| c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(!text.chars().any(hidden), "{text:?}");
    }
}
