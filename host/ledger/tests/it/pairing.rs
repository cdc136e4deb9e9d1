//! Who was let in, as the rows of the system's chain say.

use wirken_ledger::{Batch, Chain, Ledger, Pairing, Scope, Verdict, verify};
use wirken_types::event::Event;
use wirken_types::{Digest, Timestamp};

use crate::support::{Home, one_turn};

fn asked(sender: &str, name: Option<&str>, code: &str, expires_at: u64) -> Event {
    Event::PairingAsked {
        account: "telegram-1".into(),
        sender: sender.into(),
        name: name.map(Into::into),
        code: Digest::of(code.as_bytes()),
        expires_at: Timestamp(expires_at),
    }
}

fn approved(sender: &str) -> Event {
    Event::PairingApproved { account: "telegram-1".into(), sender: sender.into() }
}

fn revoked(sender: &str) -> Event {
    Event::PairingRevoked { account: "telegram-1".into(), sender: sender.into() }
}

/// Records it, and says who is listed then, in a ledger that is whole.
async fn after(home: &Home, ledger: &Ledger, at: u64, event: Event) -> Vec<Pairing> {
    ledger.append(Batch::of(Chain::System, [event]).at(Timestamp(at))).await.unwrap();
    let reader = home.reader();
    for scope in [Scope::All, Scope::Chain(Chain::System)] {
        assert_eq!(verify(&reader, scope, &mut |_| ()).unwrap().verdict, Verdict::Ok);
    }
    reader.pairings(None).unwrap()
}

#[tokio::test]
async fn a_request_waits_and_is_replaced_until_it_is_approved() {
    let home = Home::new();
    let ledger = home.ledger();
    let mut waiting = Pairing {
        account: "telegram-1".into(),
        sender: "ana".into(),
        name: Some("Ana 🌍".into()),
        code: Some(Digest::of(b"one")),
        asked_at: Some(Timestamp(10)),
        expires_at: Some(Timestamp(100)),
        approved_at: None,
    };
    assert_eq!(after(&home, &ledger, 10, asked("ana", Some("Ana 🌍"), "one", 100)).await, [waiting.clone()]);
    (waiting.name, waiting.code) = (None, Some(Digest::of(b"two")));
    (waiting.asked_at, waiting.expires_at) = (Some(Timestamp(20)), Some(Timestamp(200)));
    assert_eq!(after(&home, &ledger, 20, asked("ana", None, "two", 200)).await, [waiting.clone()]);
    (waiting.code, waiting.approved_at) = (None, Some(Timestamp(30)));
    assert_eq!(after(&home, &ledger, 30, approved("ana")).await, [waiting.clone()]);
    // Whoever was let in stays so, and gets no new code, whatever he asks for.
    assert_eq!(after(&home, &ledger, 40, asked("ana", Some("Eve"), "three", 400)).await, [waiting.clone()]);
    assert_eq!(home.reader().rows(Chain::System, 0).unwrap().len(), 4, "the request is recorded all the same");
    waiting.approved_at = Some(Timestamp(50));
    assert_eq!(after(&home, &ledger, 50, approved("ana")).await, [waiting]);
    assert_eq!(after(&home, &ledger, 60, revoked("ana")).await, []);
    assert_eq!(after(&home, &ledger, 70, asked("ana", None, "four", 700)).await[0].code, Some(Digest::of(b"four")));
    // A request can be turned down, and nobody revoked twice is any worse.
    assert_eq!(after(&home, &ledger, 80, revoked("ana")).await, []);
    assert_eq!(after(&home, &ledger, 90, revoked("ana")).await, []);
}

#[tokio::test]
async fn somebody_who_did_not_ask_can_be_let_in() {
    let home = Home::new();
    let ledger = home.ledger();
    let listed = after(&home, &ledger, 5, approved("bob")).await;
    let (account, sender) = ("telegram-1".into(), "bob".into());
    let approved_at = Some(Timestamp(5));
    assert_eq!(listed, [Pairing { account, sender, name: None, code: None, asked_at: None, expires_at: None, approved_at }]);
}

#[tokio::test]
async fn each_account_has_its_own_senders() {
    let home = Home::new();
    let ledger = home.ledger();
    let elsewhere = Event::PairingApproved { account: "telegram-2".into(), sender: "ana".into() };
    ledger.append(Batch::of(Chain::System, [approved("bob"), elsewhere, asked("ana", None, "c", 9)])).await.unwrap();
    let reader = home.reader();
    let list = |account| -> Vec<_> {
        let listed = reader.pairings(account).unwrap().into_iter();
        listed.map(|pairing| (pairing.account, pairing.sender, pairing.approved_at.is_some())).collect()
    };
    let entry = |account: &str, sender: &str, approved| (account.to_owned(), sender.to_owned(), approved);
    assert_eq!(list(Some("telegram-1")), [entry("telegram-1", "ana", false), entry("telegram-1", "bob", true)]);
    assert_eq!(list(Some("telegram-2")), [entry("telegram-2", "ana", true)]);
    assert_eq!(list(None).len(), 3);
    assert_eq!(list(Some("telegram-3")), []);
    // Revoked at one, still let in at the other.
    ledger.append(Batch::of(Chain::System, [revoked("ana")])).await.unwrap();
    assert_eq!(list(None), [entry("telegram-1", "bob", true), entry("telegram-2", "ana", true)]);
}

#[tokio::test]
async fn these_belong_to_no_session_and_others_to_no_system() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, turn) = one_turn(&ledger, "c").await;
    let skipped = Event::UpdateSkipped { account: "telegram-1".into(), reason: "it trapped twice".into(), content: Some("{}".into()) };
    for event in [asked("ana", None, "c", 9), approved("ana"), revoked("ana"), skipped] {
        let refused = ledger.append(Batch::of(session, [event.clone()])).await.unwrap_err();
        assert!(refused.is_refusal() && refused.to_string().contains("belongs to the system's chain"), "{refused}");
        ledger.append(Batch::of(Chain::System, [event])).await.unwrap();
    }
    for event in [
        Event::OutboundQueued { turn, outbound: 1, content: None },
        Event::OutboundAttempted { turn, outbound: 1, attempt: 1 },
        Event::OutboundDrafted { turn, outbound: 1, shown: Vec::new() },
    ] {
        let refused = ledger.append(Batch::of(Chain::System, [event])).await.unwrap_err();
        assert!(refused.is_refusal() && refused.to_string().contains("belongs to a session"), "{refused}");
    }
}

#[tokio::test]
async fn what_was_skipped_is_kept_apart_and_can_be_erased() {
    let home = Home::new();
    let ledger = home.ledger();
    let update = "{\"message\":\"Falsches Üben von Xylophonmusik\"}";
    let skipped = Event::UpdateSkipped { account: "telegram-1".into(), reason: "it trapped twice".into(), content: Some(update.into()) };
    ledger.append(Batch::of(Chain::System, [skipped.clone()])).await.unwrap();
    let row = home.reader().rows(Chain::System, 0).unwrap().remove(0);
    assert_eq!(row.event, skipped);
    ledger.erase_payload(row.payload.unwrap().digest).await.unwrap();
    let reader = home.reader();
    let rows = reader.rows(Chain::System, 0).unwrap();
    assert!(matches!(&rows[0].event, Event::UpdateSkipped { content: None, reason, .. } if reason == "it trapped twice"));
    for scope in [Scope::All, Scope::Chain(Chain::System)] {
        let report = verify(&reader, scope, &mut |_| ()).unwrap();
        assert_eq!((&report.verdict, report.erased), (&Verdict::Ok, 1), "{report}");
    }
}

#[tokio::test]
async fn the_end_of_a_request_is_bounded_on_both_sides() {
    let home = Home::new();
    let ledger = home.ledger();
    let most = u64::try_from(i64::MAX).unwrap();
    let listed = after(&home, &ledger, 1, asked("ana", None, "c", most)).await;
    assert_eq!(listed[0].expires_at, Some(Timestamp(most)));
    let refused = ledger.append(Batch::of(Chain::System, [asked("ana", None, "c", most + 1)])).await.unwrap_err();
    assert!(refused.is_refusal(), "{refused}");
}
