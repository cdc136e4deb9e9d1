//! Erasing a content: gone from the file for ever, while its chain stays whole and says so.

use wirken_ledger::{Batch, Chain, Erasure, Error, Scope, Verdict, What, verify};
use wirken_types::event::Event;
use wirken_types::{Digest, TurnId};

use crate::support::{Home, inbound, one_turn};

#[tokio::test]
async fn an_erased_content_leaves_a_whole_chain_and_no_trace() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, turn) = one_turn(&ledger, "c").await;
    let secret = "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich ".repeat(300);
    ledger.append(Batch::of(session, [inbound(turn, "c-2", &secret)])).await.unwrap();
    let rows = home.reader().rows(session, 0).unwrap();
    for row in [&rows[1], &rows[4]] {
        let digest = row.payload.unwrap().digest;
        assert!(matches!(ledger.erase_payload(digest).await, Ok(Erasure::Erased(_))));
        assert_eq!(ledger.erase_payload(digest).await, Ok(Erasure::ErasedBefore));
    }
    let reader = home.reader();
    let erased = &reader.rows(session, 1).unwrap()[0];
    assert!(matches!(&erased.event, Event::Inbound { content: None, key, .. } if key == "c-1"));
    assert_eq!((erased.payload, erased.hash), (rows[1].payload, rows[1].hash));
    assert_eq!(reader.session(session).unwrap().unwrap().title, None, "the title is a copy of the content");
    let report = verify(&reader, Scope::All, &mut |_| ()).unwrap();
    assert_eq!((&report.verdict, report.payloads, report.erased), (&Verdict::Ok, 2, 2), "{report}");
    let told = reader.rows(Chain::System, 0).unwrap();
    assert!(
        matches!(&told[0].event, Event::System { action, subject, .. } if action == "payload-erased" && *subject == rows[1].payload.unwrap().digest.to_hex())
    );
    // A later first message does not become the title.
    ledger.append(Batch::of(session, [inbound(turn, "c-3", "later")])).await.unwrap();
    assert_eq!(home.reader().session(session).unwrap().unwrap().title, None);
    assert_eq!(verify(&home.reader(), Scope::Chain(session.into()), &mut |_| ()).unwrap().verdict, Verdict::Ok);
    drop(reader);
    ledger.close().await.unwrap();
    for entry in std::fs::read_dir(home.path().parent().unwrap()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for trace in ["Sylter Deich".as_bytes(), "Grüß dich".as_bytes()] {
            assert!(!bytes.windows(trace.len()).any(|window| window == trace));
        }
    }
}

#[tokio::test]
async fn a_content_taken_away_is_not_taken_for_an_erased_one() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, _) = one_turn(&ledger, "c").await;
    ledger.close().await.unwrap();
    let broken = |sql: &str| {
        home.meddle().execute_batch(sql).unwrap();
        let Verdict::Broken { chain, seq, what } = verify(&home.reader(), Scope::All, &mut |_| ()).unwrap().verdict else {
            panic!("{sql}")
        };
        assert_eq!((chain, seq), (session.to_string(), 1));
        what
    };
    assert_eq!(broken("UPDATE payloads SET erased_by = 0"), What::ContentAltered);
    assert_eq!(broken("UPDATE payloads SET salt = NULL, bytes = NULL"), What::ContentMissing);
    assert_eq!(broken("UPDATE payloads SET erased_by = NULL"), What::ContentMissing);
    assert_eq!(broken("DELETE FROM payloads"), What::ContentMissing);
}

#[tokio::test]
async fn only_the_ledger_says_that_it_erased() {
    let home = Home::new();
    let ledger = home.ledger();
    let digest = Digest::of(b"never stored");
    assert_eq!(ledger.erase_payload(digest).await, Err(Error::NoSuchPayload { digest }));
    let forged = Event::System { action: "payload-erased".into(), subject: digest.to_hex(), detail: serde_json::Value::Null };
    let refused = ledger.append(Batch::of(Chain::System, [forged])).await;
    assert!(matches!(refused, Err(Error::Invalid { .. })), "{refused:?}");
    let (session, _) = one_turn(&ledger, "c").await;
    let turn = TurnId::generate();
    ledger.append(Batch::of(session, [Event::TurnStarted { turn }])).await.unwrap();
}
