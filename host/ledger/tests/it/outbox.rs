//! Answers on their way: which are listed, in which order, and that the list follows the rows whatever they say.

use std::collections::BTreeMap;

use proptest::prelude::*;
use wirken_ledger::{Batch, Chain, Error, OutboxEntry, OutboxState, Reader, Scope, Verdict, verify};
use wirken_types::event::{Delivery, Event, Place};
use wirken_types::{SessionId, Timestamp, TurnId};

use crate::support::{Home, one_turn, opened, place};

fn queued(turn: TurnId, outbound: u64, text: &str) -> Event {
    Event::OutboundQueued { turn, outbound, content: Some(text.into()) }
}

fn outcome(turn: TurnId, outbound: u64, delivery: Delivery) -> Event {
    Event::OutboundOutcome { turn, outbound, delivery, detail: String::new(), shown: Vec::new() }
}

fn drafted(turn: TurnId, outbound: u64) -> Event {
    Event::OutboundDrafted { turn, outbound, shown: vec!["17".into()] }
}

fn states(entries: &[OutboxEntry]) -> Vec<(u64, OutboxState, u32)> {
    entries.iter().map(|entry| (entry.outbound, entry.state, entry.attempt)).collect()
}

fn whole(reader: &Reader) {
    for scope in [Scope::All, Scope::Chain(Chain::System)] {
        let report = verify(reader, scope, &mut |_| ()).unwrap();
        assert!(matches!(report.verdict, Verdict::Ok | Verdict::Empty), "{report}");
    }
}

#[tokio::test]
async fn an_answer_is_listed_until_it_is_delivered() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, turn) = one_turn(&ledger, "c").await;
    let at = Timestamp(Timestamp::now().0 + 5);
    ledger.append(Batch::of(session, [queued(turn, 1, "Grüß dich"), queued(turn, 2, "again")]).at(at)).await.unwrap();
    let reader = home.reader();
    let first =
        OutboxEntry { session, place: place("c"), turn, outbound: 1, seq: 4, queued_at: at, state: OutboxState::Queued, attempt: 0 };
    let listed = reader.outbox(None).unwrap();
    assert_eq!((&listed[0], listed.len()), (&first, 2));
    assert_eq!(reader.outbox_content(session, 4).unwrap().as_deref(), Some("Grüß dich"));
    // Neither a row of another kind nor one that is not there has an answer's text.
    assert_eq!((reader.outbox_content(session, 1).unwrap(), reader.outbox_content(session, 99).unwrap()), (None, None));

    let attempted = |attempt| Event::OutboundAttempted { turn, outbound: 1, attempt };
    ledger.append(Batch::of(session, [attempted(1), drafted(turn, 1)])).await.unwrap();
    assert_eq!(states(&reader.outbox(None).unwrap()), [(1, OutboxState::Attempted, 1), (2, OutboxState::Queued, 0)]);
    ledger.append(Batch::of(session, [attempted(2)])).await.unwrap();
    ledger.append_lazily(Batch::of(session, [outcome(turn, 1, Delivery::Delivered)])).await.unwrap();
    ledger.flush().await.unwrap();
    assert_eq!(states(&reader.outbox(None).unwrap()), [(2, OutboxState::Queued, 0)]);
    whole(&reader);
}

#[tokio::test]
async fn an_answer_that_failed_or_is_in_doubt_stays_until_it_is_delivered_after_all() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, turn) = one_turn(&ledger, "c").await;
    let attempted = |outbound| Event::OutboundAttempted { turn, outbound, attempt: 1 };
    let events = [queued(turn, 1, "a"), attempted(1), outcome(turn, 1, Delivery::Failed)];
    ledger.append(Batch::of(session, events)).await.unwrap();
    let events = [queued(turn, 2, "b"), attempted(2), outcome(turn, 2, Delivery::InDoubt)];
    ledger.append(Batch::of(session, events)).await.unwrap();
    let reader = home.reader();
    assert_eq!(states(&reader.outbox(None).unwrap()), [(1, OutboxState::Failed, 1), (2, OutboxState::InDoubt, 1)]);
    whole(&reader);
    for outbound in [1, 2] {
        ledger.append(Batch::of(session, [attempted(outbound), outcome(turn, outbound, Delivery::Delivered)])).await.unwrap();
    }
    assert_eq!(reader.outbox(None).unwrap(), []);
    whole(&reader);
}

#[tokio::test]
async fn an_answer_of_which_nothing_was_sent_waits_again_in_its_place() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, turn) = one_turn(&ledger, "c").await;
    let attempted = |attempt| Event::OutboundAttempted { turn, outbound: 1, attempt };
    ledger.append(Batch::of(session, [queued(turn, 1, "a"), attempted(1), queued(turn, 2, "b")])).await.unwrap();
    ledger.append_lazily(Batch::of(session, [outcome(turn, 1, Delivery::Unsent)])).await.unwrap();
    ledger.close().await.unwrap();
    let reader = home.reader();
    assert_eq!(states(&reader.outbox(None).unwrap()), [(1, OutboxState::Queued, 1), (2, OutboxState::Queued, 0)]);
    assert_eq!(reader.outbox(None).unwrap()[0].seq, 4);
    whole(&reader);
    // One that was delivered, or never queued, does not come back.
    let ledger = home.ledger();
    ledger.append(Batch::of(session, [attempted(2), outcome(turn, 1, Delivery::Delivered)])).await.unwrap();
    let unsent = [1, 3].map(|outbound| outcome(turn, outbound, Delivery::Unsent));
    ledger.append(Batch::of(session, unsent)).await.unwrap();
    assert_eq!(states(&reader.outbox(None).unwrap()), [(2, OutboxState::Queued, 0)]);
    whole(&reader);
}

#[tokio::test]
async fn what_its_own_batch_delivers_is_never_listed() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, turn) = one_turn(&ledger, "c").await;
    let (other, _) = one_turn(&ledger, "d").await;
    let reader = home.reader();
    ledger.append(Batch::of(session, [queued(turn, 1, "a"), outcome(turn, 1, Delivery::Delivered)])).await.unwrap();
    assert_eq!(reader.outbox(None).unwrap(), []);
    // The outcome of another answer, another session's or an earlier one is none of this answer.
    let batch = Batch::of(session, [outcome(turn, 2, Delivery::Delivered), queued(turn, 2, "b"), outcome(turn, 3, Delivery::Delivered)]);
    ledger.append(batch.with(other, [outcome(turn, 2, Delivery::Delivered)])).await.unwrap();
    assert_eq!(states(&reader.outbox(None).unwrap()), [(2, OutboxState::Queued, 0)]);
    // One that was queued before leaves the list too.
    ledger.append(Batch::of(session, [queued(turn, 2, "b"), outcome(turn, 2, Delivery::Delivered)])).await.unwrap();
    assert_eq!(reader.outbox(None).unwrap(), []);
    whole(&reader);
}

#[tokio::test]
async fn the_oldest_comes_first_by_arrival_and_each_account_sees_its_own() {
    let home = Home::new();
    let ledger = home.ledger();
    let (first, turn) = one_turn(&ledger, "a").await;
    let second = SessionId::generate();
    let away = Place { account: "telegram-2".into(), thread: Some("7".into()), ..place("b") };
    ledger.append(Batch::of(second, [Event::SessionOpened { place: away.clone() }])).await.unwrap();
    // The clock was set back between the two.
    ledger.append(Batch::of(second, [queued(turn, 1, "late")]).at(Timestamp(2_000))).await.unwrap();
    ledger.append(Batch::of(first, [queued(turn, 1, "one")]).at(Timestamp(1_000))).await.unwrap();
    ledger.append(Batch::of(second, [queued(turn, 2, "two")]).at(Timestamp(500))).await.unwrap();
    let reader = home.reader();
    let list = |account: Option<&str>| -> Vec<_> {
        reader.outbox(account).unwrap().into_iter().map(|entry| (entry.session, entry.outbound)).collect()
    };
    assert_eq!(list(None), [(second, 1), (first, 1), (second, 2)]);
    assert_eq!((list(Some("telegram-1")), list(Some("telegram-2"))), (vec![(first, 1)], vec![(second, 1), (second, 2)]));
    assert_eq!(list(Some("telegram-3")), []);
    assert_eq!(reader.outbox(Some("telegram-2")).unwrap()[0].place, away);
    whole(&reader);
}

#[tokio::test]
async fn an_answer_of_a_closed_session_still_leaves_and_no_new_one_is_queued() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, turn) = one_turn(&ledger, "c").await;
    ledger.append(Batch::of(session, [queued(turn, 1, "a"), Event::SessionClosed { by: "ana".into() }])).await.unwrap();
    let late = ledger.append(Batch::of(session, [queued(turn, 2, "b")])).await;
    assert_eq!(late, Err(Error::SessionClosed { session }));
    // Delivered at once or not.
    let late = ledger.append(Batch::of(session, [queued(turn, 2, "b"), outcome(turn, 2, Delivery::Delivered)])).await;
    assert_eq!(late, Err(Error::SessionClosed { session }));
    ledger.append(Batch::of(session, [Event::OutboundAttempted { turn, outbound: 1, attempt: 1 }])).await.unwrap();
    // What rides along may come after a close that nobody told its writer of, and must not stop the ledger.
    ledger.append_lazily(Batch::of(session, [drafted(turn, 2), outcome(turn, 1, Delivery::InDoubt)])).await.unwrap();
    ledger.flush().await.unwrap();
    assert_eq!(states(&home.reader().outbox(None).unwrap()), [(1, OutboxState::InDoubt, 1)]);
    ledger.append_lazily(Batch::of(session, [outcome(turn, 1, Delivery::Unsent)])).await.unwrap();
    ledger.flush().await.unwrap();
    assert_eq!(states(&home.reader().outbox(None).unwrap()), [(1, OutboxState::Queued, 1)]);
    whole(&home.reader());
}

#[tokio::test]
async fn an_erased_answer_is_listed_and_has_no_text() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, turn) = one_turn(&ledger, "c").await;
    ledger.append(Batch::of(session, [queued(turn, 1, "a")])).await.unwrap();
    let digest = home.reader().rows(session, 4).unwrap()[0].payload.unwrap().digest;
    ledger.erase_payload(digest).await.unwrap();
    let reader = home.reader();
    assert_eq!((reader.outbox(None).unwrap().len(), reader.outbox_content(session, 4).unwrap()), (1, None));
    whole(&reader);
}

#[tokio::test]
async fn an_answers_number_is_bounded_on_both_sides() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, turn) = one_turn(&ledger, "c").await;
    let most = u64::try_from(i64::MAX).unwrap();
    for (outbound, fits) in [(most, true), (most + 1, false)] {
        for event in [
            queued(turn, outbound, "a"),
            Event::OutboundAttempted { turn, outbound, attempt: 1 },
            drafted(turn, outbound),
            outcome(turn, outbound, Delivery::Failed),
        ] {
            let kind = event.kind();
            let taken = ledger.append(Batch::of(session, [event])).await;
            assert_eq!(taken.is_ok(), fits, "{kind} {taken:?}");
        }
    }
    assert_eq!(states(&home.reader().outbox(None).unwrap()), [(most, OutboxState::Failed, 1)]);
    whole(&home.reader());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Whatever rows come, and however they are divided into batches, the list is what the rows say one by one.
    #[test]
    fn the_list_follows_the_rows(steps in proptest::collection::vec((0..2_usize, 0..2_u64, 0..7_u8, any::<bool>()), 0..40)) {
        let home = Home::new();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let expected = runtime.block_on(async {
            let ledger = home.ledger();
            let (sessions, turn) = ([SessionId::generate(), SessionId::generate()], TurnId::generate());
            let mut batch = Batch::of(sessions[0], [opened("a")]).with(sessions[1], [opened("b")]);
            let mut expected = BTreeMap::new();
            for (index, outbound, step, ends) in steps {
                let (session, key) = (sessions[index], (sessions[index], outbound));
                let mut set = |to: OutboxState, attempt: Option<u32>| {
                    expected.entry(key).and_modify(|(state, attempts)| (*state, *attempts) = (to, attempt.unwrap_or(*attempts)));
                };
                let event = match step {
                    0 => {
                        expected.insert(key, (OutboxState::Queued, 0));
                        queued(turn, outbound, "a")
                    }
                    1 => {
                        set(OutboxState::Attempted, Some(3));
                        Event::OutboundAttempted { turn, outbound, attempt: 3 }
                    }
                    2 => {
                        set(OutboxState::Failed, None);
                        outcome(turn, outbound, Delivery::Failed)
                    }
                    3 => {
                        set(OutboxState::InDoubt, None);
                        outcome(turn, outbound, Delivery::InDoubt)
                    }
                    4 => {
                        expected.remove(&key);
                        outcome(turn, outbound, Delivery::Delivered)
                    }
                    5 => {
                        set(OutboxState::Queued, None);
                        outcome(turn, outbound, Delivery::Unsent)
                    }
                    _ => drafted(turn, outbound),
                };
                batch = batch.with(session, [event]);
                if ends {
                    ledger.append(std::mem::take(&mut batch)).await.unwrap();
                }
            }
            ledger.append(batch).await.unwrap();
            ledger.close().await.unwrap();
            expected
        });
        let reader = home.reader();
        let listed = reader.outbox(None).unwrap();
        let found: BTreeMap<_, _> =
            listed.iter().map(|entry| ((entry.session, entry.outbound), (entry.state, entry.attempt))).collect();
        prop_assert_eq!(&found, &expected);
        prop_assert_eq!(listed.len(), expected.len());
        whole(&reader);
    }
}
