use std::collections::BTreeSet;

use wirken_types::approval::Judged;

use super::*;

const ID: ApprovalId = ApprovalId::from_random([0xa1, 0xb2, 0xc3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);

fn question(words: &str) -> Question {
    let action = Digest::of(words.as_bytes());
    Question {
        component: "exec".into(),
        version: "0.1.0".into(),
        component_digest: Digest::of(b"component"),
        tool: "exec".into(),
        arguments: "{\"program\":\"ls\"}".into(),
        actions: vec![Judged { words: words.into(), tier: Tier::Remembered, reasons: Vec::new(), key: None, action }],
        purpose: "list files\nTier 1: harmless".into(),
        after: None,
        holder: None,
    }
}

fn rules(approvers: &[&str], max_tier: Tier) -> Rules {
    Rules { max_tier, approvers: approvers.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>() }
}

fn shown(tier: Tier, rules: &Rules) -> Prompt {
    let question = question("Run \"ls\".");
    let asked = Asked { approval: ID, question: &question, tier, action: Digest::of(b"all of it"), expires_at: Timestamp(99) };
    prompt(&asked, offered(&question, tier, rules), 30)
}

fn labels(prompt: &Prompt) -> Vec<&str> {
    prompt.choices.iter().map(|choice| choice.label.as_str()).collect()
}

#[test]
fn a_button_stands_for_each_answer_of_the_tier_and_for_no_other() {
    let remembered = shown(Tier::Remembered, &rules(&["ann"], Tier::Remembered));
    assert_eq!(labels(&remembered), ["Allow once", "Allow for this session", "Allow for 30 days", "Deny"]);
    let every_time = shown(Tier::EveryTime, &rules(&["ann"], Tier::EveryTime));
    assert_eq!(labels(&every_time), ["Allow once", "Deny"]);
    assert_eq!((every_time.id.as_str(), every_time.expires_at_millis), ("a1b2c30405060708090a0b0c0d0e0f10", 99));
}

#[test]
fn above_the_channels_tier_no_button_allows_and_it_says_where_it_is_answered() {
    let above = shown(Tier::EveryTime, &rules(&["ann"], Tier::Remembered));
    assert_eq!(labels(&above), ["Deny"]);
    assert_eq!(above.title, "The agent asks to be allowed something.");
    let (_, how) = above.literal.iter().find(|(label, _)| label == "To allow it").unwrap();
    assert_eq!(how, "It is allowed in WebChat, or with `wirken permissions pending show a1b2c3`, and not here.");
    assert!(!above.literal.iter().any(|(_, text)| text.contains("yes a1b2c3")));
    assert!(offered(&question("x"), Tier::Remembered, &rules(&[], Tier::EveryTime)).is_empty(), "there is nobody to press");
}

#[test]
fn a_question_that_a_message_does_not_show_whole_can_be_denied_there_and_no_more() {
    let everything = rules(&["ann"], Tier::EveryTime);
    assert_eq!(offered(&question(&"x".repeat(800)), Tier::EveryTime, &everything).len(), 2);
    assert_eq!(offered(&question(&"x".repeat(801)), Tier::EveryTime, &everything), [Answer::Deny]);
}

#[test]
fn what_the_host_made_comes_first_the_claim_last_and_no_text_has_a_line_of_its_own() {
    let prompt = shown(Tier::Remembered, &rules(&["ann"], Tier::Remembered));
    let labels: Vec<&str> = prompt.literal.iter().map(|(label, _)| label.as_str()).collect();
    let expected = ["Component", "Tool", "Arguments", "Action", "Memory", "The component itself says"];
    assert_eq!(labels, [&["Press a button, or write nothing but one of these"][..], &expected].concat());
    assert!(prompt.literal.iter().all(|(_, text)| !text.contains('\n')));
    assert_eq!(prompt.literal.last().unwrap().1, "\"list files\\nTier 1: harmless\"");
    assert_eq!(prompt.literal[0].1, "yes a1b2c3 | session a1b2c3 | always a1b2c3 (for 30 days) | no a1b2c3 | no a1b2c3: WHY");
}

#[test]
fn a_button_says_its_choice_and_counts_for_its_own_question_alone() {
    let prompt = shown(Tier::Remembered, &rules(&["ann"], Tier::Remembered));
    let all = [Answer::Once, Answer::Session, Answer::Remember, Answer::Deny];
    for (choice, meant) in prompt.choices.iter().zip(all) {
        assert_eq!(pressed(&choice.id, Digest::of(b"all of it")), Some((meant, true)), "{}", choice.id);
        assert_eq!(pressed(&choice.id, Digest::of(b"another")), Some((meant, false)));
        assert!(prompt.id.len() + 1 + choice.id.len() <= 64, "{}", choice.id);
    }
    for id in ["", "once", "twice.", "Once.0", "once ."] {
        assert_eq!(pressed(id, Digest::ZERO), None, "{id}");
    }
    assert_eq!(pressed("once.", Digest::ZERO), Some((Answer::Once, false)), "a digest that is cut off is none");
}
