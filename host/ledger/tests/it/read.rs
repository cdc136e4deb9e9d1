//! Reading: the questions that the gateway and the command line ask.

use wirken_ledger::{Batch, Chain, Error, LogFilter, Progress, Reader, Scope, SessionFilter, Verdict, verify};
use wirken_types::chat::Part;
use wirken_types::event::Event;
use wirken_types::http::Blob;
use wirken_types::{Digest, SessionId, Timestamp, TurnId};

use crate::support::{Home, commanded, inbound, one_turn, opened, place, system};

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

#[tokio::test]
async fn a_command_names_no_session() {
    let home = Home::new();
    let ledger = home.ledger();
    let session = SessionId::generate();
    ledger.append(Batch::of(session, [opened("c"), commanded("1", "/stop")])).await.unwrap();
    assert_eq!(home.reader().session(session).unwrap().unwrap().title, None);
    ledger.append(Batch::of(session, [inbound(TurnId::generate(), "2", "hi"), commanded("3", "/stop")])).await.unwrap();
    assert_eq!(home.reader().session(session).unwrap().unwrap().title.as_deref(), Some("hi"));
    assert_eq!(verify(&home.reader(), Scope::All, &mut |_| ()).unwrap().verdict, Verdict::Ok);
}

#[tokio::test]
async fn a_title_is_one_short_line_without_control_characters() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, turn) = (SessionId::generate(), TurnId::generate());
    let text = format!("  \u{1b}[31mrot\n\tund {}", "ü".repeat(100));
    ledger.append(Batch::of(session, [opened("c"), inbound(turn, "1", &text), inbound(turn, "2", "second")])).await.unwrap();
    let title = home.reader().session(session).unwrap().unwrap().title.unwrap();
    assert_eq!(title, format!("[31mrot und {}", "ü".repeat(68)));
}

#[tokio::test]
async fn threads_of_a_conversation_are_places_of_their_own() {
    let home = Home::new();
    let ledger = home.ledger();
    let places = [None, Some(String::new()), Some("7".to_owned())].map(|thread| wirken_types::event::Place { thread, ..place("c") });
    let mut ids = Vec::new();
    for place in &places {
        let session = SessionId::generate();
        ledger.append(Batch::of(session, [Event::SessionOpened { place: place.clone() }])).await.unwrap();
        ids.push(session);
    }
    let reader = home.reader();
    for (place, id) in places.iter().zip(ids) {
        let found = reader.find_session(place).unwrap().unwrap();
        assert_eq!((found.id, &found.place), (id, place));
        assert!(
            matches!(ledger.append(Batch::of(SessionId::generate(), [Event::SessionOpened { place: place.clone() }])).await, Err(Error::PlaceTaken { session }) if session == id)
        );
    }
}

#[tokio::test]
async fn the_log_is_filtered_and_ends_with_the_newest() {
    let home = Home::new();
    let ledger = home.ledger();
    let at = |time: u64, action: &str| Batch::of(Chain::System, [system(action)]).at(Timestamp(time));
    ledger.append(at(10, "component-loaded")).await.unwrap();
    let (session, _) = one_turn(&ledger, "a").await;
    ledger.append(at(20, "leak-refused")).await.unwrap();
    ledger.append(at(30, "component-loaded")).await.unwrap();
    let reader = home.reader();
    let log = |filter: LogFilter| reader.log(&filter).unwrap().into_iter().map(|row| (row.chain, row.seq)).collect::<Vec<_>>();
    let (system, session) = (Chain::System, Chain::Session(session));
    let all = log(LogFilter::default());
    assert_eq!(all, [(system, 0), (session, 0), (session, 1), (session, 2), (session, 3), (system, 1), (system, 2)]);
    assert_eq!(log(LogFilter { limit: Some(2), ..LogFilter::default() }), all[5..]);
    let action = |name: &str| LogFilter { action: Some(name.into()), ..LogFilter::default() };
    assert_eq!(log(action("component-loaded")), [(system, 0), (system, 2)]);
    assert_eq!(log(LogFilter { limit: Some(1), ..action("component-loaded") }), [(system, 2)]);
    assert_eq!(log(action("inbound")), [(session, 1)]);
    assert_eq!(log(action("system")).len(), 3);
    assert_eq!(log(LogFilter { chain: Some(session), limit: Some(1), ..LogFilter::default() }), [(session, 3)]);
    let since = LogFilter { since: Some(Timestamp(20)), chain: Some(system), ..LogFilter::default() };
    assert_eq!(log(since), [(system, 1), (system, 2)]);
}

#[tokio::test]
async fn sessions_are_listed_with_the_last_used_first() {
    let home = Home::new();
    let ledger = home.ledger();
    let (first, _) = one_turn(&ledger, "a").await;
    let (second, turn) = one_turn(&ledger, "b").await;
    let later = Timestamp(Timestamp::now().0 + 60_000);
    ledger.append(Batch::of(first, [Event::SessionClosed { by: "ana".into() }]).at(later)).await.unwrap();
    let reader = home.reader();
    let list = |filter: SessionFilter| reader.sessions(&filter).unwrap().into_iter().map(|session| session.id).collect::<Vec<_>>();
    assert_eq!(list(SessionFilter::default()), [first, second]);
    assert_eq!(list(SessionFilter { open_only: true, ..SessionFilter::default() }), [second]);
    assert_eq!(list(SessionFilter { limit: Some(1), ..SessionFilter::default() }), [first]);
    assert_eq!(list(SessionFilter { account: Some("none".into()), ..SessionFilter::default() }), []);
    assert_eq!(list(SessionFilter { agent: Some("main".into()), ..SessionFilter::default() }).len(), 2);
    assert_eq!(reader.session(first).unwrap().unwrap().closed_at, Some(later));
    assert_eq!(reader.find_inbound("telegram-1", "b-1").unwrap(), Some((second.into(), 1)));
    assert_eq!(reader.find_inbound("telegram-2", "b-1").unwrap(), None);
    assert_eq!(reader.rows(second, 1).unwrap()[0].event.turn(), Some(turn));
}

#[tokio::test]
async fn an_altered_row_or_content_is_not_handed_out() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, _) = one_turn(&ledger, "c").await;
    ledger.close().await.unwrap();
    for (sql, seq) in [
        ("UPDATE payloads SET bytes = CAST(replace(CAST(bytes AS TEXT), 'dich', 'mich') AS BLOB)", 1),
        ("UPDATE rows SET canonical = CAST(replace(CAST(canonical AS TEXT), 'main', 'eve') AS BLOB) WHERE seq = 0", 0),
    ] {
        home.meddle().execute_batch(sql).unwrap();
        let refused = home.reader().rows(session, 0).unwrap_err();
        assert!(matches!(&refused, Error::Damaged { seq: at, .. } if *at == seq), "{refused}");
    }
}

#[tokio::test]
async fn a_check_of_nothing_says_empty_and_a_long_one_tells_its_progress() {
    let home = Home::new();
    let ledger = home.ledger();
    let check = |scope, progress: &mut dyn FnMut(Progress)| verify(&home.reader(), scope, progress).unwrap();
    let empty = check(Scope::All, &mut |_| ());
    assert_eq!((&empty.verdict, empty.says().as_str()), (&Verdict::Empty, "The ledger is empty: there is nothing to check."));
    let (session, _) = one_turn(&ledger, "c").await;
    ledger.append(Batch::of(Chain::System, (0..2500).map(|number| system(&number.to_string())))).await.unwrap();
    let mut told = Vec::new();
    let whole = check(Scope::All, &mut |Progress { rows, of }| told.push((rows, of)));
    assert_eq!(told, [(1000, 2504), (2000, 2504), (2504, 2504)]);
    assert_eq!((whole.is_ok(), whole.chains, whole.rows, whole.payloads, whole.erased), (true, 2, 2504, 1, 0));
    assert!(whole.says().starts_with("The ledger is whole: 2504 rows, 2 chains, 1 content (0 of them erased on purpose)."), "{whole}");
    let one = check(Scope::Chain(session.into()), &mut |_| ());
    assert_eq!((one.verdict, one.rows), (Verdict::Ok, 4));
    assert_eq!(check(Scope::Chain(SessionId::generate().into()), &mut |_| ()).verdict, Verdict::Empty);
}

#[tokio::test]
async fn the_files_that_rows_name_are_those_that_were_kept_and_not_erased() {
    let home = Home::new();
    let ledger = home.ledger();
    let (one, two) = (SessionId::generate(), SessionId::generate());
    let turn = TurnId::generate();
    let fetched = |part, kept, content| Event::MediumFetched { turn, key: "k".into(), part, kept, content };
    let blob = |name: &str| {
        let id = Digest::of(name.as_bytes()).to_hex();
        Some(Part::Blob(Blob { id, media_type: "image/png".into(), name: None, size: 1 }))
    };
    let events = [opened("one"), fetched(1, true, blob("a")), fetched(2, false, Some(Part::text("no"))), fetched(3, true, blob("b"))];
    let receipt = ledger.append(Batch::of(one, events)).await.unwrap();
    ledger.append(Batch::of(two, [opened("two"), fetched(1, true, blob("c"))])).await.unwrap();
    let named = |chain: Option<Chain>| -> Vec<(Chain, u64, Digest)> {
        home.reader().named_blobs(chain).unwrap().into_iter().map(|named| (named.chain, named.seq, named.digest)).collect()
    };
    let (a, b, c) = ((one.into(), 1, Digest::of(b"a")), (one.into(), 3, Digest::of(b"b")), (two.into(), 1, Digest::of(b"c")));
    assert_eq!(named(None), [a, b, c]);
    assert_eq!(named(Some(two.into())), [c]);
    let content = home.reader().rows(one, receipt.rows[1].seq).unwrap()[0].payload.unwrap().digest;
    ledger.erase_payload(content).await.unwrap();
    assert_eq!(named(None), [b, c], "what was erased names nothing");
}
