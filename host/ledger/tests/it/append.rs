//! Appending: what is promised to a caller, what is refused, and what a refusal leaves alone.

use wirken_ledger::{Batch, Chain, Error, Ledger, Options, Scope, verify};
use wirken_types::event::Event;
use wirken_types::{SessionId, TurnId};

use crate::support::{Home, commanded, inbound, one_turn, opened, system};

#[tokio::test]
async fn an_append_is_readable_once_it_resolves() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, turn) = one_turn(&ledger, "c").await;
    let rows = home.reader().rows(session, 0).unwrap();
    assert_eq!(rows.iter().map(|row| row.event.kind()).collect::<Vec<_>>(), ["session-opened", "inbound", "turn-started", "turn-finished"]);
    assert_eq!(rows.iter().map(|row| row.seq).collect::<Vec<_>>(), [0, 1, 2, 3]);
    assert_eq!(rows[1].event, inbound(turn, "c-1", "Grüß dich, 世界 🌍"));
    ledger.close().await.unwrap();
    assert_eq!(home.reader().rows(session, 2).unwrap().len(), 2);
}

#[tokio::test]
async fn a_chain_goes_on_after_a_restart() {
    let home = Home::new();
    let ledger = home.ledger();
    let first = ledger.append(Batch::of(Chain::System, [system("one")])).await.unwrap();
    ledger.close().await.unwrap();
    let second = home.ledger().append(Batch::of(Chain::System, [system("two")])).await.unwrap();
    assert_eq!((first.rows[0].seq, second.rows[0].seq), (0, 1));
}

#[tokio::test]
async fn the_same_message_is_taken_once_and_its_whole_batch_is_refused() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, _) = one_turn(&ledger, "c").await;
    let turn = TurnId::generate();
    let again = ledger.append(Batch::of(session, [inbound(turn, "c-1", "again"), Event::TurnStarted { turn }])).await;
    let (account, key) = ("telegram-1".to_owned(), "c-1".to_owned());
    assert_eq!(again, Err(Error::Duplicate { account, key, chain: session.into(), seq: 1 }));
    assert_eq!(home.reader().rows(session, 0).unwrap().len(), 4);
    ledger.append(Batch::of(session, [inbound(turn, "c-2", "new")])).await.unwrap();
    let twice = ledger.append(Batch::of(session, [inbound(turn, "c-3", "a"), inbound(turn, "c-3", "a")])).await;
    assert!(matches!(twice, Err(Error::Invalid { .. })), "{twice:?}");
}

#[tokio::test]
async fn a_command_is_taken_once_and_has_one_key_with_the_messages() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, turn) = one_turn(&ledger, "c").await;
    let (other, _) = one_turn(&ledger, "d").await;
    ledger.append(Batch::of(session, [commanded("c-2", "/stop")])).await.unwrap();
    let taken = |key: &str, seq| {
        let (account, key) = ("telegram-1".to_owned(), key.to_owned());
        Err(Error::Duplicate { account, key, chain: session.into(), seq })
    };
    // A command as itself or as another, in its session or another one; a message as a command, and the other way round.
    for (chain, event, key, seq) in [
        (session, commanded("c-2", "/stop"), "c-2", 4),
        (other, commanded("c-2", "/new"), "c-2", 4),
        (session, inbound(turn, "c-2", "hi"), "c-2", 4),
        (session, commanded("c-1", "/stop"), "c-1", 1),
    ] {
        let refused = ledger.append(Batch::of(chain, [event, Event::TurnStarted { turn: TurnId::generate() }])).await;
        assert_eq!(refused, taken(key, seq));
    }
    let elsewhere = Event::Commanded { account: "telegram-2".into(), key: "c-2".into(), command: "/stop".into() };
    ledger.append(Batch::of(session, [elsewhere])).await.unwrap();
    for pair in [[commanded("c-3", "/stop"), commanded("c-3", "/stop")], [inbound(turn, "c-3", "a"), commanded("c-3", "/stop")]] {
        let twice = ledger.append(Batch::of(session, pair)).await;
        assert!(matches!(twice, Err(Error::Invalid { .. })), "{twice:?}");
    }
    let reader = home.reader();
    assert_eq!((reader.rows(session, 0).unwrap().len(), reader.rows(other, 0).unwrap().len()), (6, 4));
    assert_eq!(reader.find_inbound("telegram-1", "c-2").unwrap(), Some((session.into(), 4)));
    assert_eq!(reader.find_inbound("telegram-1", "c-3").unwrap(), None);
    assert_eq!(reader.open_turns().unwrap(), []);
    assert!(verify(&reader, Scope::All, &mut |_| ()).unwrap().is_ok());
}

#[tokio::test]
async fn a_command_closes_its_session_in_one_batch_and_comes_to_no_closed_one() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, _) = one_turn(&ledger, "c").await;
    let close = Event::SessionClosed { by: "ana".into() };
    let next = SessionId::generate();
    let batch = Batch::of(session, [commanded("new", "/new"), close]);
    ledger.append(batch.clone().with(next, [opened("c")])).await.unwrap();
    let again = ledger.append(batch).await;
    assert_eq!(again, Err(Error::SessionClosed { session }));
    assert_eq!(ledger.append(Batch::of(session, [commanded("late", "/stop")])).await, Err(Error::SessionClosed { session }));
    // The same update finds the session that it opened, and is known there.
    let refused = ledger.append(Batch::of(next, [commanded("new", "/new"), Event::SessionClosed { by: "ana".into() }])).await;
    assert!(matches!(refused, Err(Error::Duplicate { seq: 4, .. })), "{refused:?}");
    assert_eq!(home.reader().open_sessions().unwrap().iter().map(|session| session.id).collect::<Vec<_>>(), [next]);
    let misplaced = ledger.append(Batch::of(Chain::System, [commanded("s", "/new")])).await;
    assert!(matches!(misplaced, Err(Error::Invalid { .. })), "{misplaced:?}");
}

#[tokio::test]
async fn a_place_has_one_open_session() {
    let home = Home::new();
    let ledger = home.ledger();
    let (first, _) = one_turn(&ledger, "c").await;
    let second = SessionId::generate();
    let refused = ledger.append(Batch::of(second, [opened("c")])).await;
    assert_eq!(refused, Err(Error::PlaceTaken { session: first }));
    let close = Event::SessionClosed { by: "ana".into() };
    ledger.append(Batch::of(first, [close.clone()]).with(second, [opened("c")])).await.unwrap();
    assert_eq!(home.reader().open_sessions().unwrap().iter().map(|session| session.id).collect::<Vec<_>>(), [second]);
    let turn = TurnId::generate();
    for event in [close, inbound(turn, "late", "late"), Event::TurnStarted { turn }] {
        assert_eq!(ledger.append(Batch::of(first, [event])).await, Err(Error::SessionClosed { session: first }));
    }
    // What was on its way may still arrive.
    ledger.append(Batch::of(first, [Event::TurnFinished { turn, stop: "end".into() }])).await.unwrap();
}

#[tokio::test]
async fn a_session_is_opened_once_and_before_anything_else() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, stranger) = (SessionId::generate(), SessionId::generate());
    let turn = TurnId::generate();
    assert_eq!(ledger.append(Batch::of(stranger, [Event::TurnStarted { turn }])).await, Err(Error::NotOpened { session: stranger }));
    ledger.append(Batch::of(session, [opened("c")])).await.unwrap();
    let close = Event::SessionClosed { by: "ana".into() };
    assert_eq!(ledger.append(Batch::of(session, [close, opened("d")])).await, Err(Error::OpenedBefore { session }));
    let misplaced = ledger.append(Batch::of(Chain::System, [opened("e")])).await;
    assert!(matches!(misplaced, Err(Error::Invalid { .. })), "{misplaced:?}");
}

#[tokio::test]
async fn a_second_writer_is_told_who_writes() {
    let home = Home::new();
    let ledger = home.ledger();
    let second = Ledger::open(&home.path(), Options::default());
    assert_eq!(second.err(), Some(Error::InUse { path: home.path() }));
    ledger.close().await.unwrap();
    home.ledger().close().await.unwrap();
}
