//! Sessions: messages taken once, turns stopped, closed and taken up again.

use wirken_gateway::{GatewayError, MAX_MESSAGE_BYTES, Update};
use wirken_ledger::Options;
use wirken_turn::Shown;
use wirken_types::event::Event;

use crate::support::{open, over, say};

#[tokio::test]
async fn a_message_is_durable_when_it_is_accepted_and_answered_once() {
    let folder = tempfile::tempdir().unwrap();
    let (gateway, _ledger) = open(folder.path(), Options::default());
    let accepted = gateway.say(say("c", "k1", "grüß dich 👋")).await.unwrap();
    let kinds: Vec<_> = gateway.rows(accepted.session).await.unwrap().iter().map(|row| row.event.kind()).take(4).collect();
    assert_eq!(kinds, ["session-opened", "inbound", "turn-started", "requested"]);
    assert!(matches!(over(&gateway, accepted.session, accepted.turn).await, Event::TurnFinished { .. }));
    let again = gateway.say(say("c", "k1", "grüß dich 👋")).await.unwrap();
    assert!(again.duplicate);
    assert_eq!((again.session, again.turn), (accepted.session, accepted.turn));
    let rows = gateway.rows(accepted.session).await.unwrap();
    assert_eq!(rows.iter().filter(|row| row.event.kind() == "inbound").count(), 1);
    let answer = rows.iter().find_map(|row| if let Event::OutboundQueued { content, .. } = &row.event { content.clone() } else { None });
    assert_eq!(answer.as_deref(), Some("You said: grüß dich 👋"));
    assert!(gateway.verify(accepted.session).await.unwrap().is_ok());
    assert!(!gateway.running(accepted.session));
}

#[tokio::test]
async fn messages_that_arrive_together_share_one_session() {
    let folder = tempfile::tempdir().unwrap();
    let (gateway, _ledger) = open(folder.path(), Options::default());
    let (first, second) = tokio::join!(gateway.say(say("c", "k1", "one")), gateway.say(say("c", "k2", "two")));
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!(first.session, second.session);
    over(&gateway, first.session, second.turn).await;
    let other = gateway.say(say("d", "k3", "three")).await.unwrap();
    assert_ne!(other.session, first.session);
}

#[tokio::test]
async fn a_stop_ends_a_turn_that_hangs_and_keeps_what_had_come() {
    let folder = tempfile::tempdir().unwrap();
    let (gateway, _ledger) = open(folder.path(), Options::default());
    let opened = gateway.say(say("c", "first", "hello")).await.unwrap();
    over(&gateway, opened.session, opened.turn).await;
    let mut updates = gateway.watch(opened.session);
    let accepted = gateway.say(say("c", "k", "hang")).await.unwrap();
    let mut shown = String::new();
    while shown != "You said: hang" {
        if let Update::Glimpse { shown: Shown::Text { text }, .. } = updates.recv().await.unwrap() {
            shown.push_str(&text);
        }
    }
    assert!(gateway.running(accepted.session));
    assert!(gateway.stop(accepted.session, "stopped by its owner").await.unwrap());
    assert!(
        matches!(over(&gateway, accepted.session, accepted.turn).await, Event::TurnInterrupted { reason, .. } if reason == "stopped by its owner")
    );
    let rows = gateway.rows(accepted.session).await.unwrap();
    assert!(rows.iter().any(|row| matches!(&row.event, Event::OutboundQueued { content: Some(text), .. } if text == "You said: hang")));
    assert!(!gateway.stop(accepted.session, "again").await.unwrap());
}

#[tokio::test]
async fn a_closed_session_takes_nothing_and_its_place_is_free() {
    let folder = tempfile::tempdir().unwrap();
    let (gateway, _ledger) = open(folder.path(), Options::default());
    let first = gateway.say(say("c", "k1", "hang")).await.unwrap();
    gateway.close_session(first.session, "owner").await.unwrap();
    let mut late = say("c", "k2", "more");
    late.session = Some(first.session);
    assert!(matches!(gateway.say(late).await, Err(GatewayError::Closed(_))));
    assert!(matches!(gateway.close_session(first.session, "owner").await, Err(GatewayError::Closed(_))));
    let next = gateway.say(say("c", "k3", "hello")).await.unwrap();
    assert_ne!(next.session, first.session);
}

#[tokio::test]
async fn messages_are_bounded_on_both_sides() {
    let folder = tempfile::tempdir().unwrap();
    let (gateway, _ledger) = open(folder.path(), Options::default());
    assert!(matches!(gateway.say(say("c", "k", " \n")).await, Err(GatewayError::Empty)));
    let longest = "x".repeat(MAX_MESSAGE_BYTES);
    assert!(matches!(gateway.say(say("c", "k", &format!("{longest}x"))).await, Err(GatewayError::TooLong { .. })));
    gateway.say(say("c", "k", &longest)).await.unwrap();
}

#[tokio::test]
async fn an_unfinished_turn_is_taken_up_by_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let (gateway, ledger) = open(folder.path(), Options::default());
    let accepted = gateway.say(say("c", "k", "hang")).await.unwrap();
    ledger.close().await.unwrap();
    drop(gateway);
    let (gateway, _ledger) = open(folder.path(), Options::default());
    assert_eq!(gateway.resume().await.unwrap(), 1);
    gateway.stop(accepted.session, "enough").await.unwrap();
    over(&gateway, accepted.session, accepted.turn).await;
    let kinds: Vec<_> = gateway.rows(accepted.session).await.unwrap().iter().map(|row| row.event.kind()).collect();
    assert!(kinds.contains(&"turn-resumed"), "{kinds:?}");
}
