//! The process is lost at every moment around a commit, one after the other: what was promised is there, the chain is
//! whole, and the next start goes on.

use std::io::{BufRead, BufReader};
use std::sync::atomic::{AtomicU32, Ordering};

use wirken_ledger::{Batch, Chain, CrashPoint, CrashPoints, Ledger, LogFilter, Options, OutboxState, Reader, Scope, Verdict, verify};
use wirken_types::event::{Delivery, Event};
use wirken_types::{SessionId, TurnId};

use crate::child::{Child, playing, tell, told};
use crate::support::{Home, inbound, one_turn, opened, system};

/// Ends the process, as a signal would, at the n-th point.
struct AbortAt {
    point: u32,
    reached: AtomicU32,
}

impl CrashPoints for AbortAt {
    fn reached(&self, _: CrashPoint) {
        if self.reached.fetch_add(1, Ordering::SeqCst) + 1 == self.point {
            std::process::abort();
        }
    }
}

/// Run by the test below.
#[test]
fn child_that_is_lost() {
    let Some((path, point)) = playing("lost") else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let options = Options::default().with_crash_points(AbortAt { point, reached: AtomicU32::new(0) });
        let ledger = Ledger::open(&path, options).unwrap();
        for number in 0..3 {
            let (session, turn) = (SessionId::generate(), TurnId::generate());
            let key = format!("{point}-{number}");
            let begin = [opened(&key), inbound(turn, &key, &"Grüße ".repeat(2000)), Event::TurnStarted { turn }];
            let receipt = ledger.append(Batch::of(session, begin).with(Chain::System, [system("begun")])).await.unwrap();
            receipt.rows.iter().for_each(|row| tell(&format!("{}/{}/{}", row.chain, row.seq, row.hash)));
            ledger.append_lazily(Batch::of(Chain::System, [system("on the way")])).await.unwrap();
            let digest = Reader::open(&path).unwrap().rows(session, 1).unwrap()[0].payload.unwrap().digest;
            ledger.erase_payload(digest).await.unwrap();
            tell(&format!("erased/{digest}/-"));
            let end = [Event::TurnFinished { turn, stop: "end".into() }, Event::SessionClosed { by: "test".into() }];
            let receipt = ledger.append(Batch::of(session, end)).await.unwrap();
            receipt.rows.iter().for_each(|row| tell(&format!("{}/{}/{}", row.chain, row.seq, row.hash)));
        }
        ledger.close().await.unwrap();
    });
}

#[tokio::test]
async fn nothing_promised_is_lost_wherever_the_process_dies() {
    let home = Home::new();
    let mut promised = Vec::new();
    let mut lost = 0;
    for number in 1.. {
        let ledger = &home.path();
        let output = Child { test: "crash::child_that_is_lost", role: "lost", ledger, number, file_limit: None }.run();
        promised.extend(told(&output));
        let reader = home.reader();
        let report = verify(&reader, Scope::All, &mut |_| ()).unwrap();
        let whole = matches!(report.verdict, Verdict::Ok) || (number == 1 && report.verdict == Verdict::Empty);
        assert!(whole, "point {number}: {report}");
        for promise in &promised {
            let parts: Vec<_> = promise.split('/').collect();
            if parts[0] == "erased" {
                let told = reader.rows(Chain::System, 0).unwrap();
                assert!(told.iter().any(|row| matches!(&row.event, Event::System { subject, .. } if subject == parts[1])), "{promise}");
                continue;
            }
            let rows = reader.rows(parts[0].parse::<Chain>().unwrap(), parts[1].parse().unwrap()).unwrap();
            assert_eq!(rows[0].hash.to_string(), parts[2], "point {number}");
        }
        // The session that was cut off leaves its place taken and its turn open, or nothing.
        assert!(reader.open_turns().unwrap().len() <= 1 + lost as usize);
        drop(reader);
        let next = home.ledger();
        one_turn(&next, &format!("after-{number}")).await;
        next.close().await.unwrap();
        if output.status.success() {
            break;
        }
        lost += 1;
    }
    assert!(lost >= 18, "only {lost} points were reached");
}

/// Run by the test below: a channel that takes a message, remembers that it did, and answers.
#[test]
fn child_that_is_lost_while_it_sends() {
    let Some((path, point)) = playing("sends") else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let options = Options::default().with_crash_points(AbortAt { point, reached: AtomicU32::new(0) });
        let ledger = Ledger::open(&path, options).unwrap();
        let deliveries = [Delivery::Delivered, Delivery::Failed, Delivery::InDoubt, Delivery::Unsent];
        for (number, delivery) in deliveries.into_iter().enumerate() {
            let (session, turn) = (SessionId::generate(), TurnId::generate());
            let key = format!("{point}-{number}");
            let remembered = |key: &str| vec![("cursor".to_owned(), Some(key.as_bytes().to_vec()))];
            let batch = Batch::of(session, [opened(&key), inbound(turn, &key, "hi")]).with_state("telegram-1", remembered(&key));
            ledger.append(batch).await.unwrap();
            tell(&format!("cursor {key}"));
            let outbound = 1;
            ledger.append(Batch::of(session, [Event::OutboundQueued { turn, outbound, content: Some(key.clone()) }])).await.unwrap();
            tell(&format!("queued {key}"));
            ledger.append(Batch::of(session, [Event::OutboundAttempted { turn, outbound, attempt: 1 }])).await.unwrap();
            tell(&format!("attempted {key}"));
            let outcome = Event::OutboundOutcome { turn, outbound, delivery, detail: String::new(), shown: vec![key.clone()] };
            ledger.append_lazily(Batch::of(session, [outcome])).await.unwrap();
            ledger.append(Batch::new().with_state("telegram-2", remembered(&key))).await.unwrap();
            tell(&format!("ended {key}"));
        }
        ledger.close().await.unwrap();
    });
}

#[tokio::test]
async fn what_a_channel_took_and_has_to_send_is_in_step_with_the_rows_wherever_the_process_dies() {
    let home = Home::new();
    let (mut lost, mut doubtful) = (0, 0);
    for number in 1.. {
        let ledger = &home.path();
        let test = "crash::child_that_is_lost_while_it_sends";
        let output = Child { test, role: "sends", ledger, number, file_limit: None }.run();
        let reader = home.reader();
        let report = verify(&reader, Scope::All, &mut |_| ()).unwrap();
        assert!(matches!(report.verdict, Verdict::Ok | Verdict::Empty), "point {number}: {report}");
        // The last message taken is the one that is remembered, and no other.
        let taken = reader.log(&LogFilter { action: Some("inbound".into()), limit: Some(1), ..LogFilter::default() }).unwrap();
        let taken = taken.into_iter().find_map(|row| if let Event::Inbound { key, .. } = row.event { Some(key) } else { None });
        let remembered = reader.channel_state("telegram-1").unwrap().pop().map(|(_, value)| String::from_utf8(value).unwrap());
        assert_eq!(remembered, taken, "point {number}");
        let told = told(&output);
        for promise in &told {
            let (what, key) = promise.split_once(' ').unwrap();
            let entry = reader.outbox(None).unwrap().into_iter().find(|entry| entry.place.conversation == key);
            let state = entry.as_ref().map(|entry| entry.state);
            match what {
                "cursor" => assert!(reader.find_inbound("telegram-1", key).unwrap().is_some(), "{promise}"),
                "queued" if told.contains(&format!("attempted {key}")) => {}
                "queued" => assert!(matches!(state, Some(OutboxState::Queued | OutboxState::Attempted)), "{promise} {state:?}"),
                "attempted" if told.contains(&format!("ended {key}")) => {}
                // The outcome rides on the commit that nobody was told of yet.
                "attempted" => assert!(entry.is_none_or(|entry| entry.attempt == 1), "{promise} {state:?}"),
                _ => {
                    let expected = [None, Some(OutboxState::Failed), Some(OutboxState::InDoubt), Some(OutboxState::Queued)];
                    assert_eq!(state, expected[key.rsplit('-').next().unwrap().parse::<usize>().unwrap()], "{promise}");
                    assert!(!reader.channel_state("telegram-2").unwrap().is_empty());
                }
            }
        }
        doubtful += reader.outbox(None).unwrap().iter().filter(|entry| entry.state == OutboxState::Attempted).count();
        if output.status.success() {
            break;
        }
        lost += 1;
    }
    assert!(lost >= 32 && doubtful > 0, "only {lost} points were reached, and {doubtful} answers were cut off");
}

/// Run by the test below: a gateway in the middle of its work.
#[test]
fn child_that_writes() {
    let Some((path, number)) = playing("write") else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let ledger = Ledger::open(&path, Options::default()).unwrap();
        for number in 0..number {
            one_turn(&ledger, &format!("c{number}")).await;
            tell(&number.to_string());
        }
        std::io::stdin().read_line(&mut String::new()).unwrap();
        ledger.close().await.unwrap();
    });
}

#[test]
fn another_process_reads_and_checks_while_one_writes() {
    const TURNS: u32 = 200;
    let home = Home::new();
    let ledger = &home.path();
    let mut child = Child { test: "crash::child_that_writes", role: "write", ledger, number: TURNS, file_limit: None }.spawn();
    let mut checked = 0;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let Some((_, number)) = line.split_once("told ") else { continue };
        let number: u64 = number.parse().unwrap();
        if number.is_multiple_of(20) {
            let report = verify(&home.reader(), Scope::All, &mut |_| ()).unwrap();
            assert_eq!(report.verdict, Verdict::Ok, "{report}");
            assert!(report.chains > number, "{report}");
            checked += 1;
        }
        if number + 1 == u64::from(TURNS) {
            let busy = Ledger::open(ledger, Options::default()).err();
            assert_eq!(busy, Some(wirken_ledger::Error::InUse { path: ledger.clone() }));
            drop(child.stdin.take());
        }
    }
    assert!(child.wait().unwrap().success());
    assert_eq!((checked, home.reader().open_sessions().unwrap().len()), (10, TURNS as usize));
}
