//! Reading: the questions that the gateway and the command line ask.

use wirken_ledger::{Batch, Error, Reader};
use wirken_types::event::Event;
use wirken_types::{SessionId, TurnId};

use crate::support::{Home, one_turn, opened, place};

#[test]
fn a_fresh_installation_has_no_ledger() {
    let home = Home::new();
    assert_eq!(Reader::open(&home.path()).err(), Some(Error::NotFound { path: home.path() }));
}

#[tokio::test]
async fn open_turns_are_those_without_an_end() {
    let home = Home::new();
    let ledger = home.ledger();
    one_turn(&ledger, "a").await;
    let (session, turns) = (SessionId::generate(), [TurnId::generate(), TurnId::generate(), TurnId::generate()]);
    let started = turns.map(|turn| Event::TurnStarted { turn });
    ledger.append(Batch::of(session, [opened("b")]).with(session, started)).await.unwrap();
    let ended = [
        Event::TurnFinished { turn: turns[0], stop: "end".into() },
        Event::TurnResumed { turn: turns[1], attempt: 2 },
        Event::TurnInterrupted { turn: turns[2], reason: "asked".into() },
    ];
    ledger.append(Batch::of(session, ended)).await.unwrap();
    let open = home.reader().open_turns().unwrap();
    assert_eq!(open.iter().map(|open| (open.session, open.turn, open.seq)).collect::<Vec<_>>(), [(session, turns[1], 2)]);
}

#[tokio::test]
async fn sessions_are_found_by_place_and_named_by_their_first_message() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, _) = one_turn(&ledger, "c").await;
    let reader = home.reader();
    let found = reader.find_session(&place("c")).unwrap().unwrap();
    assert_eq!((found.id, found.title.as_deref()), (session, Some("Grüß dich, 世界 🌍")));
    assert_eq!(reader.session(session).unwrap(), Some(found));
    assert_eq!(reader.find_session(&place("d")).unwrap(), None);
}
