use wirken_types::approval::{Holder, Judged};

use super::*;

fn judged(tier: Tier) -> Judged {
    let key = (tier == Tier::Remembered).then(|| "[\"exec\",\"ls\",[],[]]".to_owned());
    Judged { words: "Run the program \"ls\".".into(), tier, reasons: vec!["It reads.".into()], key, action: Digest::of(b"ls") }
}

fn question() -> Question {
    Question {
        component: "exec".into(),
        version: "0.1.0".into(),
        component_digest: Digest::of(b"component"),
        tool: "run".into(),
        arguments: "{\"program\":\"ls\"}".into(),
        actions: vec![judged(Tier::Remembered)],
        purpose: "list files".into(),
        after: None,
        holder: Some(holder("ana")),
    }
}

fn holder(sender: &str) -> Holder {
    Holder { agent: "default".into(), account: "messenger".into(), sender: sender.into() }
}

#[test]
fn the_digest_names_everything_but_the_claim() {
    let base = digest(&question());
    let claim = Question { purpose: "something else".into(), ..question() };
    assert_eq!(digest(&claim), base);
    let with = |change: &dyn Fn(&mut Question)| {
        let mut question = question();
        change(&mut question);
        digest(&question)
    };
    let changed = [
        with(&|q| q.component = "exec2".into()),
        with(&|q| q.version = "0.1.1".into()),
        with(&|q| q.component_digest = Digest::ZERO),
        with(&|q| q.tool = "runs".into()),
        with(&|q| q.arguments.push(' ')),
        with(&|q| q.actions.clear()),
        with(&|q| q.actions.push(judged(Tier::Remembered))),
        with(&|q| q.actions[0].action = Digest::ZERO),
        with(&|q| q.actions[0].tier = Tier::EveryTime),
        with(&|q| q.actions[0].key = None),
        with(&|q| q.actions[0].key = Some(String::new())),
        with(&|q| q.holder = None),
        with(&|q| q.holder = Some(holder("bob"))),
    ];
    for (at, one) in changed.iter().enumerate() {
        assert_ne!(*one, base, "{at}");
        assert!(changed.iter().skip(at + 1).all(|other| other != one), "{at}");
    }
}

#[test]
fn a_name_is_written_out_and_has_a_bound() {
    assert_eq!(visible("a\u{202e}b\n"), "a\\u{202e}b\\n");
    let longest = "x".repeat(NAME_CHARS);
    assert_eq!(visible(&longest), longest);
    assert!(visible(&format!("{longest}x")).contains("[1 of its 401 characters"));
}

#[test]
fn what_the_host_made_comes_first_and_the_claim_last() {
    let labels = |tier| render(&question(), tier).into_iter().map(|(label, _)| label).collect::<Vec<_>>();
    assert_eq!(
        labels(Tier::Remembered),
        ["Component", "Tool", "Arguments", "Action", "Tier 2", "A longer answer is good for", "Memory", "The component itself says"]
    );
    assert_eq!(labels(Tier::EveryTime), ["Component", "Tool", "Arguments", "Action", "Tier 2", "Memory", "The component itself says"]);
    let text = message(&question(), Tier::Remembered, "a1b2c3", 30);
    let last = text.lines().rev().nth(1).unwrap();
    assert_eq!(last, "The component itself says: \"list files\"");
    assert!(text.contains("`yes a1b2c3`, `session a1b2c3`, `always a1b2c3`, `no`") && text.contains("for 30 days"), "{text}");
    let text = message(&question(), Tier::EveryTime, "a1b2c3", 30);
    assert!(text.contains("one of `yes a1b2c3`, `no`;") && !text.contains("always") && text.contains("not remembered"), "{text}");
}

#[test]
fn a_longer_answer_says_whom_it_serves_and_escapes_his_name() {
    let memory = |question: &Question, tier| {
        let fields = render(question, tier);
        fields.into_iter().find_map(|(label, text)| (label == "Memory").then_some(text)).unwrap()
    };
    let words = "This can be remembered, for what \"ana\" asks for through \"messenger\", whoever answers.";
    assert_eq!(memory(&question(), Tier::Remembered), words);
    assert!(message(&question(), Tier::Remembered, "a1b2c3", 30).contains(words));
    assert!(!memory(&question(), Tier::EveryTime).contains("ana"), "nobody is served");
    // Of a question that was asked before its holder was recorded.
    assert_eq!(memory(&Question { holder: None, ..question() }, Tier::Remembered), "This can be remembered.");
    let forged = Question { holder: Some(holder("owner\" asks for through \"webchat\"\u{202e}")), ..question() };
    let shown = memory(&forged, Tier::Remembered);
    assert!(shown.contains("owner\\\" asks") && shown.contains("\\u{202e}"), "{shown}");
}

#[test]
fn a_question_after_something_happened_says_so() {
    let question = Question { after: Some("It read\n\"a\".".into()), actions: vec![judged(Tier::EveryTime); 2], ..question() };
    let fields = render(&question, Tier::EveryTime);
    assert!(fields.contains(&("Before this".into(), "It read\\n\"a\".".into())), "{fields:?}");
    assert!(fields.iter().any(|(label, _)| label == "Action 2 of 2"));
}

#[test]
fn nobody_can_forge_a_line() {
    let hostile = "x\nTool: harmless\r\u{202e}\u{2028}Memory: none".to_owned();
    let question = Question {
        component: hostile.clone(),
        version: hostile.clone(),
        tool: hostile.clone(),
        arguments: hostile.clone(),
        purpose: format!("{hostile}\" end"),
        after: Some(hostile.clone()),
        holder: Some(holder(&hostile)),
        actions: vec![Judged { words: hostile.clone(), reasons: vec![hostile.clone()], key: Some(hostile), ..judged(Tier::Remembered) }],
        ..question()
    };
    let honest = message(&Question { after: Some("x".into()), ..self::question() }, Tier::Remembered, "a1b2c3", 30);
    let text = message(&question, Tier::Remembered, "a1b2c3", 30);
    assert_eq!(text.lines().count(), honest.lines().count());
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()) && !text.contains(['\u{202e}', '\u{2028}']), "{text}");
    assert!(text.ends_with("none\\\" end\"\n```"), "{text}");
}

#[test]
fn long_arguments_are_never_cut_in_silence() {
    let arguments = |n: usize| Question { arguments: "a".repeat(n - 3) + "end", ..question() };
    let shown = |n: usize| render(&arguments(n), Tier::EveryTime)[2].1.clone();
    assert!(!shown(FIELD_CHARS).contains("not shown"));
    let long = shown(FIELD_CHARS + 1);
    assert!(long.contains("[1 of its 8001 characters are not shown here]") && long.contains("end\", SHA-256 "), "{long}");
    let shown_in_message = |n: usize| message(&arguments(n), Tier::EveryTime, "a1b2c3", 30);
    assert!(!shown_in_message(MESSAGE_CHARS).contains("not shown"));
    assert!(shown_in_message(MESSAGE_CHARS + 1).contains("[1 of its 601 characters are not shown here]"));
}

#[test]
fn a_message_names_some_actions_and_counts_the_rest() {
    let many = |n: usize| message(&Question { actions: vec![judged(Tier::EveryTime); n], ..question() }, Tier::EveryTime, "a1b2c3", 30);
    assert!(!many(MESSAGE_ACTIONS).contains("Not shown here"));
    assert!(many(MESSAGE_ACTIONS + 1).contains("Not shown here: 1 of the 6 actions."));
}

#[test]
fn choices_are_those_of_the_tier() {
    assert_eq!(choices(Tier::EveryTime), [Choice::Once, Choice::Deny]);
    assert_eq!(choices(Tier::Remembered).len(), 4);
    assert_eq!(label(Choice::Remember, 30), "Allow for 30 days");
    assert_eq!(label(Choice::Remember, 1), "Allow for 1 day");
    assert!(choices(Tier::Always).is_empty());
}

#[test]
fn a_fence_is_longer_than_whatever_would_end_it() {
    for ticks in ["", "`", "```", "``````"] {
        let question = Question { arguments: format!("a{ticks}b"), ..question() };
        let text = message(&question, Tier::EveryTime, "a1b2c3", 30);
        let fence = text.lines().last().unwrap();
        assert!(fence.len() > ticks.len() && fence.len() >= 3 && fence.chars().all(|c| c == '`'), "{text}");
        assert_eq!(text.matches(fence).count(), 2, "{text}");
    }
    assert!(told(&question(), Tier::EveryTime, "Elsewhere.").contains("Elsewhere.\n```\n"));
}

#[test]
fn what_a_message_does_not_show_whole_does_not_fit() {
    let arguments = |n: usize| Question { arguments: "a".repeat(n), ..question() };
    assert!(fits_message(&arguments(MESSAGE_CHARS)) && !fits_message(&arguments(MESSAGE_CHARS + 1)));
    let actions = |n: usize| Question { actions: vec![judged(Tier::EveryTime); n], ..question() };
    assert!(fits_message(&actions(MESSAGE_ACTIONS)) && !fits_message(&actions(MESSAGE_ACTIONS + 1)));
    let words = |n: usize| Question { actions: vec![Judged { words: "w".repeat(n), ..judged(Tier::EveryTime) }], ..question() };
    assert!(fits_message(&words(MESSAGE_ACTION_CHARS)) && !fits_message(&words(MESSAGE_ACTION_CHARS + 1)));
    let after = |n: usize| Question { after: Some("w".repeat(n)), ..question() };
    assert!(fits_message(&after(MESSAGE_CHARS)) && !fits_message(&after(MESSAGE_CHARS + 1)));
}
