//! Questions to people: which are open, that each is answered once, and that the list follows the rows whatever they say.

use std::collections::BTreeMap;

use proptest::prelude::*;
use wirken_ledger::{ApprovalState, Batch, Chain, Error, KnownApproval, Ledger, Reader, Scope, Verdict, verify};
use wirken_types::approval::{ApprovalId, Choice, Tier};
use wirken_types::event::{Event, Place, ToolOutcome};
use wirken_types::{Digest, SessionId, Timestamp, TurnId};

use crate::support::{CALL, Home, answered, answered_by, asks, expired, opened, place, put, question};

fn whole(reader: &Reader, session: SessionId) {
    for scope in [Scope::All, Scope::Chain(session.into())] {
        assert_eq!(verify(reader, scope, &mut |_| ()).unwrap().verdict, Verdict::Ok);
    }
}

fn open(reader: &Reader) -> Vec<ApprovalId> {
    reader.approvals().unwrap().open.into_iter().map(|known| known.approval).collect()
}

/// A session with an open turn.
async fn asking(ledger: &Ledger, conversation: &str) -> (SessionId, TurnId) {
    let (session, turn) = (SessionId::generate(), TurnId::generate());
    ledger.append(Batch::of(session, [opened(conversation), Event::TurnStarted { turn }])).await.unwrap();
    (session, turn)
}

async fn refused(ledger: &Ledger, chain: impl Into<Chain>, events: impl IntoIterator<Item = Event>) -> Error {
    let error = ledger.append(Batch::of(chain, events)).await.unwrap_err();
    assert!(error.is_refusal(), "{error}");
    error
}

#[tokio::test]
async fn a_question_is_listed_with_what_was_asked_until_it_is_answered() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, turn) = asking(&ledger, "c").await;
    let approval = question();
    ledger.append(Batch::of(session, [put(turn, approval)]).at(Timestamp(7))).await.unwrap();
    let reader = home.reader();
    let mut known = KnownApproval {
        approval,
        session,
        place: place("c"),
        turn,
        call_id: CALL.into(),
        tier: Tier::Remembered,
        action: Digest::of(b"all"),
        asked_at: Timestamp(7),
        expires_at: Timestamp(1_000),
        seq: 2,
        state: ApprovalState::Open,
        by: None,
        ended_at: None,
        question: Some(asks()),
    };
    assert_eq!(reader.approvals().unwrap().open, [known.clone()]);
    assert_eq!(reader.approval(approval).unwrap(), Some(known.clone()));
    assert_eq!(reader.approval(question()).unwrap(), None);
    whole(&reader, session);
    // That it expired long ago is for those to say who record the answer.
    ledger.append(Batch::of(session, [answered(turn, approval, Choice::Session)]).at(Timestamp(9_000))).await.unwrap();
    (known.state, known.by, known.ended_at) = (ApprovalState::Allowed, Some("ana".into()), Some(Timestamp(9_000)));
    assert_eq!((reader.approvals().unwrap().open, reader.approval(approval).unwrap()), (vec![], Some(known)));
    whole(&reader, session);
}

#[tokio::test]
async fn of_two_who_answer_the_second_is_told_who_was_first() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, turn) = asking(&ledger, "c").await;
    for (first, state) in [(Choice::Once, ApprovalState::Allowed), (Choice::Deny, ApprovalState::Denied)] {
        // At the same time, one after the other, and in one batch.
        let approval = question();
        ledger.append(Batch::of(session, [put(turn, approval)])).await.unwrap();
        let bob = ledger.append(Batch::of(session, [answered_by(turn, approval, Choice::Remember, "bob")]));
        let ana = ledger.append(Batch::of(session, [answered(turn, approval, first)]));
        let (ana, bob) = tokio::join!(biased; ana, bob);
        ana.unwrap();
        let before = Error::AnsweredBefore { approval, by: "ana".into() };
        assert_eq!(bob, Err(before.clone()));
        assert_eq!(refused(&ledger, session, [answered_by(turn, approval, first, "eve")]).await, before);
        assert_eq!(refused(&ledger, session, [expired(turn, approval)]).await, before);
        assert_eq!(home.reader().approval(approval).unwrap().map(|known| known.state), Some(state));
        let other = question();
        let twice = [put(turn, other), answered_by(turn, other, first, "bob"), answered(turn, other, Choice::Once)];
        assert_eq!(refused(&ledger, session, twice).await, Error::AnsweredBefore { approval: other, by: "bob".into() });
        assert_eq!(home.reader().approval(other).unwrap(), None, "of a batch that is refused nothing is written");
    }
    whole(&home.reader(), session);
}

#[tokio::test]
async fn a_question_is_answered_in_its_session_for_its_call_only() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, turn) = asking(&ledger, "c").await;
    let (other, other_turn) = asking(&ledger, "d").await;
    let approval = question();
    ledger.append(Batch::of(session, [put(turn, approval)])).await.unwrap();
    let not_asked = Error::NotAsked { approval };
    let again = refused(&ledger, other, [put(other_turn, approval)]).await;
    assert_eq!(again, Error::AskedBefore { approval });
    assert_eq!(refused(&ledger, session, [put(turn, approval)]).await, again);
    assert_eq!(refused(&ledger, other, [answered(turn, approval, Choice::Once)]).await, not_asked);
    assert_eq!(refused(&ledger, session, [answered(other_turn, approval, Choice::Once)]).await, not_asked);
    assert_eq!(refused(&ledger, session, [expired(other_turn, approval)]).await, not_asked);
    let (call_id, by, via) = ("another".into(), "ana".into(), "cli".into());
    let elsewhere = Event::ApprovalAnswered { turn, call_id, approval, choice: Choice::Once, by, via, content: None };
    assert_eq!(refused(&ledger, session, [elsewhere]).await, not_asked);
    let unknown = question();
    let error = refused(&ledger, session, [answered(turn, unknown, Choice::Once)]).await;
    assert_eq!(error, Error::NotAsked { approval: unknown });
    assert!(refused(&ledger, Chain::System, [put(turn, unknown)]).await.to_string().contains("belongs to a session"));
    assert_eq!(open(&home.reader()), [approval]);
    ledger.append(Batch::of(session, [answered(turn, approval, Choice::Once)])).await.unwrap();
    whole(&home.reader(), session);
}

#[tokio::test]
async fn a_question_ends_with_its_turn_and_can_then_be_answered_by_nobody() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, turn) = asking(&ledger, "c").await;
    let reader = home.reader();
    let ends = [Event::TurnFinished { turn, stop: "end".into() }, Event::TurnInterrupted { turn, reason: "stopped".into() }];
    for end in ends {
        let [first, second, kept] = [question(), question(), question()];
        let other = TurnId::generate();
        ledger.append(Batch::of(session, [put(turn, first), put(other, kept)])).await.unwrap();
        // The end in the same batch as what came late, before it and after it.
        let late = [put(turn, second), end.clone(), answered(turn, second, Choice::Once)];
        assert_eq!(refused(&ledger, session, late).await, Error::NotOpen { approval: second });
        let late = [end.clone(), answered(turn, first, Choice::Once)];
        assert_eq!(refused(&ledger, session, late).await, Error::NotOpen { approval: first });
        ledger.append(Batch::of(session, [put(turn, second), end]).at(Timestamp(50))).await.unwrap();
        for approval in [first, second] {
            let known = reader.approval(approval).unwrap().unwrap();
            assert_eq!((known.state, known.by, known.ended_at), (ApprovalState::Ended, None, Some(Timestamp(50))));
            for late in [answered(turn, approval, Choice::Once), expired(turn, approval)] {
                assert_eq!(refused(&ledger, session, [late]).await, Error::NotOpen { approval });
            }
        }
        assert_eq!(open(&reader), [kept]);
        ledger.append(Batch::of(session, [expired(other, kept)])).await.unwrap();
        let late = refused(&ledger, session, [answered(other, kept, Choice::Once)]).await;
        assert_eq!(late, Error::NotOpen { approval: kept });
        assert_eq!(reader.approval(kept).unwrap().unwrap().state, ApprovalState::Expired);
        whole(&reader, session);
    }
}

#[tokio::test]
async fn of_a_closed_session_a_question_expires_and_what_was_begun_has_an_outcome() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, turn) = asking(&ledger, "c").await;
    let [approval, other] = [question(), question()];
    let closed = Event::SessionClosed { by: "ana".into() };
    ledger.append(Batch::of(session, [put(turn, approval), put(turn, other), closed])).await.unwrap();
    let reader = home.reader();
    // Nobody can answer it, so nobody is shown it as if he could.
    assert_eq!((open(&reader), reader.approval(approval).unwrap().unwrap().state), (vec![], ApprovalState::Open));
    for late in [answered(turn, approval, Choice::Once), put(turn, question())] {
        assert_eq!(refused(&ledger, session, [late]).await, Error::SessionClosed { session });
    }
    let (call_id, outcome, detail) = (CALL.to_owned(), ToolOutcome::Ok, String::new());
    let started =
        Event::EffectStarted { turn, call_id: call_id.clone(), effect: 1, action: "exec".into(), digest: Digest::ZERO, content: None };
    assert_eq!(refused(&ledger, session, [started.clone()]).await, Error::SessionClosed { session });
    // What rides along may come after a close that nobody told its writer of, and must not stop the ledger.
    let finished = Event::EffectFinished { turn, call_id, effect: 1, outcome, detail };
    ledger.append_lazily(Batch::of(session, [finished])).await.unwrap();
    ledger.flush().await.unwrap();
    let ends = [expired(turn, approval), Event::TurnInterrupted { turn, reason: "closed".into() }];
    ledger.append(Batch::of(session, ends)).await.unwrap();
    let state = |approval| reader.approval(approval).unwrap().unwrap().state;
    assert_eq!((state(approval), state(other)), (ApprovalState::Expired, ApprovalState::Ended));
    whole(&reader, session);
    // What can be refused, or is waited for, rides along with nothing.
    let (session, turn) = asking(&ledger, "d").await;
    let approval = question();
    for event in [put(turn, approval), answered(turn, approval, Choice::Once), expired(turn, approval), started] {
        let error = ledger.append_lazily(Batch::of(session, [event])).await.unwrap_err();
        assert!(error.to_string().contains("not appended lazily"), "{error}");
    }
}

#[tokio::test]
async fn an_erased_question_is_listed_without_what_was_asked() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, turn) = asking(&ledger, "c").await;
    let approval = question();
    ledger.append(Batch::of(session, [put(turn, approval)])).await.unwrap();
    let reader = home.reader();
    let row = reader.rows(session, 2).unwrap().remove(0);
    ledger.erase_payload(row.payload.unwrap().digest).await.unwrap();
    let listed = reader.approvals().unwrap().open;
    assert_eq!((listed.len(), &listed[0].question, listed[0].action), (1, &None, Digest::of(b"all")));
    whole(&reader, session);
}

#[tokio::test]
async fn questions_come_in_the_order_in_which_they_were_asked() {
    let home = Home::new();
    let ledger = home.ledger();
    let [first, second] = [asking(&ledger, "a").await, asking(&ledger, "b").await];
    let ids = [question(), question(), question()];
    // The clock was set back between the two.
    ledger.append(Batch::of(second.0, [put(second.1, ids[2])]).at(Timestamp(2_000))).await.unwrap();
    ledger.append(Batch::of(first.0, [put(first.1, ids[0])]).at(Timestamp(1_000))).await.unwrap();
    ledger.append(Batch::of(second.0, [put(second.1, ids[1])]).at(Timestamp(500))).await.unwrap();
    assert_eq!(open(&home.reader()), [ids[2], ids[0], ids[1]]);
}

#[tokio::test]
async fn the_end_of_a_question_is_bounded_on_both_sides() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, turn) = asking(&ledger, "c").await;
    let most = u64::try_from(i64::MAX).unwrap();
    for (end, fits) in [(most, true), (most + 1, false)] {
        let mut event = put(turn, question());
        if let Event::ApprovalAsked { expires_at, .. } = &mut event {
            *expires_at = Timestamp(end);
        }
        let taken = ledger.append(Batch::of(session, [event])).await;
        assert_eq!(taken.is_ok(), fits, "{taken:?}");
    }
    assert_eq!(home.reader().approvals().unwrap().open[0].expires_at, Timestamp(most));
    whole(&home.reader(), session);
}

/// Somebody with the file makes a question seem another one than was asked, or loses its row.
#[tokio::test]
async fn a_question_that_is_listed_wrongly_is_not_shown_and_hides_no_other() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, turn) = asking(&ledger, "c").await;
    let (other, other_turn) = asking(&ledger, "d").await;
    let [first, second, third] = [question(), question(), question()];
    ledger.append(Batch::of(session, [put(turn, first), put(turn, second)])).await.unwrap();
    ledger.append(Batch::of(other, [put(other_turn, third)])).await.unwrap();
    ledger.close().await.unwrap();
    let of_other = place("d");
    for (sql, left) in [
        (format!("UPDATE approvals SET seq = 3 WHERE approval = '{first}'"), vec![second, third]),
        (format!("UPDATE approvals SET seq = 9 WHERE approval = '{second}'"), vec![third]),
        (format!("UPDATE approvals SET seq = 1 WHERE approval = '{third}'"), vec![]),
    ] {
        home.meddle().execute_batch(&sql).unwrap();
        let reader = home.reader();
        let found = reader.approvals().unwrap();
        assert_eq!(found.open.iter().map(|known| known.approval).collect::<Vec<_>>(), left);
        assert_eq!(found.damaged.len(), 3 - left.len());
        for error in &found.damaged {
            assert!(matches!(error, Error::Damaged { what, .. } if what.contains("its row asks something else")), "{error}");
        }
        // What is wrong elsewhere is nobody's business here.
        let here = reader.approvals_at(&of_other).unwrap();
        assert_eq!((here.open.len(), here.damaged.len()), (left.len().min(1), usize::from(left.is_empty())));
    }
}

#[tokio::test]
async fn the_questions_of_a_place_are_its_own() {
    let home = Home::new();
    let ledger = home.ledger();
    let threaded = |thread: Option<&str>| Place { thread: thread.map(str::to_owned), ..place("c") };
    let elsewhere = [Place { account: "other".into(), ..place("c") }, Place { agent: "other".into(), ..place("c") }];
    let places = [place("c"), place("d"), threaded(Some("1")), threaded(Some("2"))].into_iter().chain(elsewhere);
    for place in places {
        let (session, turn) = (SessionId::generate(), TurnId::generate());
        ledger.append(Batch::of(session, [Event::SessionOpened { place: place.clone() }, Event::TurnStarted { turn }])).await.unwrap();
        let approval = question();
        ledger.append(Batch::of(session, [put(turn, approval)])).await.unwrap();
        let found = home.reader().approvals_at(&place).unwrap().open;
        assert_eq!(found.iter().map(|known| known.approval).collect::<Vec<_>>(), [approval], "{place:?}");
    }
    assert_eq!(home.reader().approvals_at(&place("nowhere")).unwrap().open, []);
    assert_eq!(home.reader().approvals().unwrap().open.len(), 6);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Whatever rows come, and however they are divided into batches, what is taken and listed is what a plain count of
    /// the rows taken says.
    #[test]
    fn the_list_follows_the_rows(steps in proptest::collection::vec((0..2_usize, 0..3_usize, 0..5_u8, any::<bool>()), 0..40)) {
        let home = Home::new();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let ids = [question(), question(), question()];
        let (expected, sessions) = runtime.block_on(async {
            let ledger = home.ledger();
            let sessions = [asking(&ledger, "a").await, asking(&ledger, "b").await];
            let (mut taken, mut expected) = (BTreeMap::new(), BTreeMap::new());
            let (mut events, mut fits) = (Vec::new(), true);
            for (index, id, step, ends) in steps {
                let ((session, turn), approval) = (sessions[index], ids[id]);
                let here = |known: Option<&(usize, ApprovalState)>| known == Some(&(index, ApprovalState::Open));
                let state = match step {
                    0 => ApprovalState::Open,
                    1 => ApprovalState::Allowed,
                    2 => ApprovalState::Denied,
                    3 => ApprovalState::Expired,
                    _ => ApprovalState::Ended,
                };
                events.push((session, match step {
                    0 => put(turn, approval),
                    1 => answered(turn, approval, Choice::Remember),
                    2 => answered(turn, approval, Choice::Deny),
                    3 => expired(turn, approval),
                    _ => Event::TurnFinished { turn, stop: "end".into() },
                }));
                match state {
                    ApprovalState::Ended => {
                        let own = expected.values_mut().filter(|known| here(Some(known)));
                        own.for_each(|known| known.1 = state);
                    }
                    ApprovalState::Open if !expected.contains_key(&approval) => drop(expected.insert(approval, (index, state))),
                    ApprovalState::Allowed | ApprovalState::Denied | ApprovalState::Expired if here(expected.get(&approval)) => {
                        expected.insert(approval, (index, state));
                    }
                    _ => fits = false,
                }
                if ends {
                    let batch = events.drain(..).fold(Batch::new(), |batch, (session, event)| batch.with(session, [event]));
                    let done = ledger.append(batch).await;
                    assert_eq!(done.is_ok(), fits, "{done:?}");
                    if fits {
                        taken.clone_from(&expected);
                    }
                    (expected, fits) = (taken.clone(), true);
                }
            }
            ledger.close().await.unwrap();
            (taken, sessions)
        });
        let reader = home.reader();
        for id in ids {
            let known = reader.approval(id).unwrap().map(|known| (known.session, known.state));
            prop_assert_eq!(known, expected.get(&id).map(|(index, state)| (sessions[*index].0, *state)));
        }
        let listed = expected.values().filter(|known| known.1 == ApprovalState::Open).count();
        prop_assert_eq!(open(&reader).len(), listed);
        whole(&reader, sessions[0].0);
    }
}
