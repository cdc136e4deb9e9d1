//! Questions with buttons in the outbox alone: put once, told what came of them once, whatever becomes of either.

use wirken_types::channel::{Choice, Prompt};
use wirken_types::http::Failure;

use super::*;

fn question() -> Question {
    let approval = ApprovalId::from_random(*uuid());
    Question { session: SessionId::generate(), turn: TurnId::generate(), approval }
}

/// Bytes that no other question has.
fn uuid() -> &'static [u8; 16] {
    use std::sync::atomic::{AtomicU8, Ordering};
    static NEXT: AtomicU8 = AtomicU8::new(1);
    Box::leak(Box::new([NEXT.fetch_add(1, Ordering::Relaxed); 16]))
}

fn prompt(question: Question) -> Prompt {
    let choices = vec![Choice { id: "deny.0".into(), label: "Deny".into(), style: "danger".into() }];
    Prompt { id: question.approval.to_string(), title: "May it?".into(), literal: Vec::new(), choices, expires_at_millis: 9 }
}

fn put(outbox: &Outbox, conversation: &str, question: Question) {
    outbox.ask(conversation, question, prompt(question), "May it, in words?", "Run ls.");
}

fn sent(drawn: Drawn) -> (u64, OutboundContent, Option<Event>) {
    match drawn {
        Drawn::Outbound { outbound, record } => (outbound.id, outbound.content, record.map(|record| record.event)),
        Drawn::Typing(typing) => panic!("{typing:?}"),
    }
}

async fn next(outbox: &Outbox) -> (u64, OutboundContent, Option<Event>) {
    sent(soon(outbox).await.expect("something is to be sent"))
}

fn failed() -> Outcome {
    Outcome::Failed(Failure { kind: "unavailable".into(), sent: false, message: "no buttons".into() })
}

fn delivery(record: Option<Record>) -> Delivery {
    match record.map(|record| record.event) {
        Some(Event::PromptOutcome { delivery, .. } | Event::PromptClosed { delivery, .. }) => delivery,
        other => panic!("{other:?}"),
    }
}

/// One that is shown as message 7.
async fn shown(outbox: &Outbox) -> Question {
    let question = question();
    put(outbox, "c", question);
    let (id, ..) = next(outbox).await;
    assert_eq!(delivery(outbox.settle(id, delivered(&["7"]))), Delivery::Delivered);
    question
}

fn closing(content: &OutboundContent) -> (&[String], &str) {
    match content {
        OutboundContent::PromptClosed(end) => (&end.shown, &end.text),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_recorded_before_it_is_given_and_put_once() {
    let outbox = Outbox::new();
    outbox.connect();
    let question = question();
    put(&outbox, "c", question);
    put(&outbox, "c", question);
    let (id, content, record) = next(&outbox).await;
    assert!(matches!(&content, OutboundContent::Prompt(prompt) if prompt.id == question.approval.to_string()), "{content:?}");
    assert!(matches!(record, Some(Event::PromptAttempted { approval, .. }) if approval == question.approval), "{record:?}");
    put(&outbox, "c", question);
    assert_eq!(outbox.waiting(), 1);
    let Some(Record { event: Event::PromptOutcome { shown, .. }, .. }) = outbox.settle(id, delivered(&["7", "8"])) else { panic!() };
    assert_eq!(shown, ["7", "8"]);
    put(&outbox, "c", question);
    outbox.disconnect("gone");
    outbox.connect();
    put(&outbox, "c", question);
    assert!(soon(&outbox).await.is_none(), "it is shown");
}

#[tokio::test(start_paused = true)]
async fn its_message_says_once_what_came_of_it() {
    let outbox = Outbox::new();
    outbox.connect();
    let question = shown(&outbox).await;
    outbox.over(question.approval, "Denied.");
    outbox.over(question.approval, "Allowed.");
    outbox.turn_over(question.session, question.turn, "Ended.");
    let (id, content, record) = next(&outbox).await;
    assert_eq!((closing(&content), record), ((&["7".to_owned()][..], "Denied."), None));
    assert_eq!(delivery(outbox.settle(id, delivered(&["7"]))), Delivery::Delivered);
    assert!(soon(&outbox).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_turn_is_the_end_of_its_questions_alone() {
    let outbox = Outbox::new();
    outbox.connect();
    let (one, other) = (shown(&outbox).await, shown(&outbox).await);
    outbox.turn_over(one.session, other.turn, "Ended.");
    assert!(soon(&outbox).await.is_none());
    outbox.turn_over(one.session, one.turn, "Ended.");
    assert_eq!(closing(&next(&outbox).await.1).1, "Ended.");
    assert!(soon(&outbox).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn one_that_is_over_before_it_leaves_never_does() {
    let outbox = Outbox::new();
    let question = question();
    put(&outbox, "c", question);
    outbox.over(question.approval, "Denied.");
    outbox.connect();
    assert!(soon(&outbox).await.is_none());
    assert_eq!(outbox.waiting(), 0);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_over_while_it_leaves_is_told_so_once_it_is_shown() {
    let outbox = Outbox::new();
    outbox.connect();
    for (outcome, told) in [(delivered(&["7"]), true), (failed(), false), (Outcome::InDoubt("?".into()), false), (Outcome::Later(1), false)]
    {
        let question = question();
        put(&outbox, "c", question);
        let (id, ..) = next(&outbox).await;
        outbox.over(question.approval, "Denied.");
        assert!(soon(&outbox).await.is_none(), "not before it is known where");
        outbox.settle(id, outcome).unwrap();
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(outbox.waiting(), usize::from(told));
        if told {
            let (id, content, _) = next(&outbox).await;
            assert_eq!(closing(&content).1, "Denied.");
            outbox.settle(id, delivered(&["7"]));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn where_there_are_no_buttons_it_is_put_in_words() {
    let outbox = Outbox::new();
    outbox.connect();
    let question = question();
    put(&outbox, "c", question);
    let (id, ..) = next(&outbox).await;
    assert_eq!(delivery(outbox.settle(id, failed())), Delivery::Failed);
    let (id, text, ..) = text_of(&soon(&outbox).await.unwrap());
    assert_eq!(text, "May it, in words?");
    assert!(outbox.settle(id, delivered(&["7"])).is_none(), "words are no part of the record");
    // Over this connection it was put; over the next one nobody knows.
    put(&outbox, "c", question);
    assert!(soon(&outbox).await.is_none());
    outbox.disconnect("gone");
    outbox.connect();
    put(&outbox, "c", question);
    assert!(matches!(next(&outbox).await.1, OutboundContent::Prompt(_)));
}

#[tokio::test(start_paused = true)]
async fn one_that_may_not_have_arrived_is_put_again_and_then_left_to_the_next_connection() {
    let outbox = Outbox::new();
    outbox.connect();
    let question = question();
    put(&outbox, "c", question);
    for attempt in 1..=2 {
        let (id, content, record) = next(&outbox).await;
        assert!(matches!(content, OutboundContent::Prompt(_)) && record.is_some(), "attempt {attempt}");
        assert_eq!(delivery(outbox.settle(id, Outcome::InDoubt("cut off".into()))), Delivery::InDoubt);
        assert!(soon(&outbox).await.is_none(), "not at once");
        tokio::time::advance(Duration::from_secs(3)).await;
    }
    assert!(soon(&outbox).await.is_none());
    let (id, ..) = {
        outbox.disconnect("gone");
        outbox.connect();
        put(&outbox, "c", question);
        next(&outbox).await
    };
    // What was on its way when the process ended is in doubt, and asked for again.
    let records = outbox.disconnect("gone");
    assert!(matches!(&records[..], [Record { event: Event::PromptOutcome { delivery: Delivery::InDoubt, .. }, .. }]), "{records:?}");
    assert!(outbox.settle(id, delivered(&["7"])).is_none());
    outbox.connect();
    put(&outbox, "c", question);
    assert!(matches!(next(&outbox).await.1, OutboundContent::Prompt(_)));
}

#[tokio::test(start_paused = true)]
async fn one_that_was_recorded_and_never_given_is_unsent() {
    let outbox = Outbox::new();
    outbox.connect();
    let question = question();
    put(&outbox, "c", question);
    let (id, ..) = next(&outbox).await;
    outbox.give_back(id);
    let records = outbox.disconnect("gone");
    assert!(matches!(&records[..], [Record { event: Event::PromptOutcome { delivery: Delivery::Unsent, .. }, .. }]), "{records:?}");
    outbox.connect();
    assert!(matches!(next(&outbox).await, (_, OutboundContent::Prompt(_), Some(Event::PromptAttempted { .. }))));
    put(&outbox, "c", question);
    assert!(soon(&outbox).await.is_none(), "and it is not put twice");
}

#[tokio::test(start_paused = true)]
async fn a_platform_that_wants_to_be_asked_later_is() {
    let outbox = Outbox::new();
    outbox.connect();
    let question = question();
    put(&outbox, "c", question);
    for (advance, goes_on) in [(Duration::ZERO, true), (PATIENCE - Duration::from_secs(60), true), (Duration::from_secs(120), false)] {
        tokio::time::advance(advance).await;
        let (id, ..) = next(&outbox).await;
        assert_eq!(delivery(outbox.settle(id, Outcome::Later(1_000))), Delivery::Unsent);
        tokio::time::advance(Duration::from_secs(31)).await;
        assert_eq!(outbox.waiting(), usize::from(goes_on));
    }
}

#[tokio::test(start_paused = true)]
async fn an_end_is_told_again_until_it_is_known_or_hopeless() {
    let outbox = Outbox::new();
    outbox.connect();
    // The process ends before it says anything.
    let question = shown(&outbox).await;
    outbox.over(question.approval, "Denied.");
    next(&outbox).await;
    assert!(outbox.disconnect("gone").is_empty(), "to do it twice does no harm");
    outbox.connect();
    for attempt in 1..=4 {
        let (id, content, record) = next(&outbox).await;
        assert_eq!((closing(&content).0, record), (&["7".to_owned()][..], None));
        let settled = outbox.settle(id, Outcome::InDoubt("cut off".into()));
        assert_eq!(settled.is_some(), attempt == 4, "attempt {attempt}");
        tokio::time::advance(Duration::from_secs(3)).await;
    }
    assert!(soon(&outbox).await.is_none());
    // The message is gone.
    let question = shown(&outbox).await;
    outbox.over(question.approval, "Denied.");
    let (id, ..) = next(&outbox).await;
    assert_eq!(delivery(outbox.settle(id, failed())), Delivery::Failed);
    assert!(soon(&outbox).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_run_showed_is_not_put_again_and_its_end_says_what_it_was_about() {
    let outbox = Outbox::new();
    let (open, over) = (question(), question());
    outbox.restore_prompt("c", open, vec!["7".into()], None, "Run ls.");
    outbox.restore_prompt("c", over, vec!["8".into()], Some("Denied."), "Run wc.");
    outbox.connect();
    put(&outbox, "c", open);
    let (id, content, _) = next(&outbox).await;
    assert_eq!(closing(&content), (&["8".to_owned()][..], "Denied.\nRun wc."));
    outbox.settle(id, delivered(&["8"]));
    assert!(soon(&outbox).await.is_none());
    outbox.over(open.approval, "Allowed.");
    assert_eq!(closing(&next(&outbox).await.1).1, "Allowed.\nRun ls.");
}
