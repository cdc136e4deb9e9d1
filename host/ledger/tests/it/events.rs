//! Every kind of event comes back as it went in, and its content stands apart from its row.

use serde_json::json;
use wirken_ledger::{Batch, Chain, Scope, Verdict, verify};
use wirken_types::approval::{ApprovalId, Choice, Lasts};
use wirken_types::chat::{AssistantItem, Opaque, Part, ToolCall};
use wirken_types::event::{Delivery, Event, Place, ToolOutcome};
use wirken_types::http::Blob;
use wirken_types::policy::{Finding, Remarks, Treatment};
use wirken_types::{Digest, GrantId, SessionId, Timestamp, TurnId};

use crate::support::{CALL, Home, answered, expired, granted, put, question, revoke, system};

/// What a column can hold.
const GREATEST: u64 = i64::MAX as u64;
const TEXT: &str = "naïve “Zeichen” — 漢字 \u{1f9d1}\u{200d}\u{1f680} \"\\\u{0}\n\u{202e}";

fn screened(turn: Option<TurnId>, treatment: Treatment, content: Option<Remarks>) -> Event {
    Event::Screened { turn, policy: TEXT.into(), source: TEXT.into(), name: TEXT.into(), treatment, severity: u8::MAX, content }
}

fn every_kind(turn: TurnId) -> Vec<Event> {
    let text = || TEXT.to_owned();
    let blob = Blob { id: text(), media_type: "image/png".into(), name: Some(text()), size: u64::MAX };
    let call = ToolCall { id: text(), name: text(), arguments: format!("{{\"x\":{}}}", json!(TEXT)) };
    let parts = vec![Part::text(TEXT), Part::Blob(blob.clone()), Part::Other(text(), "{}".into())];
    let items = vec![
        AssistantItem::Text(text()),
        AssistantItem::Reasoning(text()),
        AssistantItem::Blob(blob),
        AssistantItem::ToolCall(call.clone()),
        AssistantItem::Opaque(Opaque { model: text(), value: text() }),
        AssistantItem::Other(text(), "[1]".into()),
    ];
    let outcomes = [ToolOutcome::Ok, ToolOutcome::Failed, ToolOutcome::Denied, ToolOutcome::Crashed, ToolOutcome::Interrupted];
    let place = Place { agent: text(), account: text(), conversation: text(), thread: Some(text()) };
    let remarks = Remarks { reason: text(), findings: vec![Finding { rule: text(), severity: 3, excerpt: text() }] };
    let mut events = vec![
        Event::SessionOpened { place },
        Event::Inbound {
            turn,
            account: text(),
            key: text(),
            sender: text(),
            message: Some(text()),
            marks: vec![wirken_types::event::Mark::Forwarded],
            content: Some(parts.clone()),
        },
        Event::Inbound {
            turn,
            account: text(),
            key: "without content".into(),
            sender: text(),
            message: None,
            marks: Vec::new(),
            content: None,
        },
        Event::MediumFetched { turn, key: text(), part: GREATEST, kept: true, content: Some(Part::text(TEXT)) },
        Event::MediumFetched { turn, key: text(), part: 0, kept: false, content: None },
        Event::Commanded { account: text(), key: "of a command".into(), command: text() },
        Event::SkillsListed { skills: u64::MAX, content: Some(text()) },
        Event::SkillCalled { turn, skills: vec![text()], tool: None, content: Some(text()) },
        Event::SkillCalled { turn, skills: Vec::new(), tool: Some(text()), content: None },
        Event::TurnStarted { turn },
        Event::TurnResumed { turn, attempt: u32::MAX },
        Event::Requested { turn, round: 0, provider: text(), model: text() },
        Event::Responded { turn, round: 1, stop: text(), usage: vec![(text(), u64::MAX)], content: Some(items) },
        Event::RequestFailed { turn, round: 2, error: text(), message: text() },
        Event::ToolStarted {
            turn,
            call_id: text(),
            tool: text(),
            component: text(),
            component_digest: Digest::of(b"component"),
            attempt: 1,
            content: Some(call),
        },
        Event::EffectStarted {
            turn,
            call_id: text(),
            effect: u64::MAX,
            action: text(),
            digest: Digest::of(b"effect"),
            content: Some(text()),
        },
        Event::EffectFinished { turn, call_id: text(), effect: u64::MAX, outcome: ToolOutcome::Failed, detail: text() },
        Event::ToolBlocked { turn, call_id: text(), tool: text(), reason: text() },
        Event::PromptAttempted { turn, approval: ApprovalId::from_random([9; 16]) },
        Event::PromptClosed { turn, approval: ApprovalId::from_random([9; 16]), delivery: Delivery::InDoubt, detail: text() },
        Event::OutboundQueued { turn, outbound: GREATEST, content: Some(text()) },
        Event::OutboundQueued { turn, outbound: 0, content: None },
        Event::OutboundAttempted { turn, outbound: GREATEST, attempt: u32::MAX },
        Event::OutboundDrafted { turn, outbound: GREATEST, shown: Vec::new() },
        Event::OutboundDrafted { turn, outbound: GREATEST, shown: vec![text(), String::new()] },
        screened(Some(turn), Treatment::Replaced, Some(remarks)),
        screened(Some(turn), Treatment::Passed, Some(Remarks::default())),
        screened(None, Treatment::Refused, None),
        Event::TurnInterrupted { turn, reason: text() },
        Event::TurnFinished { turn, stop: text() },
        Event::System { action: text(), subject: text(), detail: json!({ "content": TEXT, "deep": [{ "kind": null, "n": -1 }] }) },
        Event::SessionClosed { by: text() },
    ];
    events.extend(outcomes.map(|outcome| Event::ToolFinished {
        turn,
        call_id: text(),
        tool: text(),
        outcome,
        code: Some(text()),
        content: Some(parts.clone()),
    }));
    let deliveries = [Delivery::Delivered, Delivery::Failed, Delivery::InDoubt, Delivery::Unsent];
    for shown in [Vec::new(), vec![text(), text()]] {
        let outcome = |delivery| Event::OutboundOutcome { turn, outbound: 0, delivery, detail: text(), shown: shown.clone() };
        events.extend(deliveries.map(outcome));
        let approval = ApprovalId::from_random([9; 16]);
        let outcome = |delivery| Event::PromptOutcome { turn, approval, delivery, detail: text(), shown: shown.clone() };
        events.extend(deliveries.map(outcome));
    }
    let (questions, grant) = ([question(), question(), question()], GrantId::generate());
    events.extend(questions.map(|approval| put(turn, approval)));
    let (approval, note) = (questions[0], Some(text()));
    let (call_id, by, via) = (CALL.into(), text(), text());
    events.push(Event::ApprovalAnswered { turn, call_id, approval, choice: Choice::Deny, by, via, content: note });
    events.extend([answered(turn, questions[1], Choice::Once), expired(turn, questions[2])]);
    events.extend([granted(grant, Lasts::Until(Timestamp(GREATEST))), revoke(grant)]);
    // Questions end with their turn, and nothing follows a close.
    events.sort_by_key(|event| matches!(event.kind(), "turn-finished" | "turn-interrupted"));
    events.sort_by_key(|event| event.kind() == "session-closed");
    events
}

fn every_kind_of_the_system() -> Vec<Event> {
    let text = || TEXT.to_owned();
    let asked =
        |name| Event::PairingAsked { account: text(), sender: text(), name, code: Digest::of(b"code"), expires_at: Timestamp(GREATEST) };
    vec![
        asked(Some(text())),
        asked(None),
        Event::PairingApproved { account: text(), sender: text() },
        Event::PairingRevoked { account: text(), sender: text() },
        Event::UpdateSkipped { account: text(), reason: text(), content: Some(text()) },
        Event::UpdateSkipped { account: text(), reason: text(), content: None },
        screened(None, Treatment::Refused, Some(Remarks { reason: text(), findings: Vec::new() })),
        system("started"),
    ]
}

#[tokio::test]
async fn every_event_comes_back_as_it_was() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, own) = (SessionId::generate(), every_kind(TurnId::generate()));
    let of_system = every_kind_of_the_system();
    let events = [own.clone(), of_system.clone()].concat();
    let kinds: std::collections::BTreeSet<_> = events.iter().map(Event::kind).collect();
    assert_eq!(kinds.len(), 37, "a kind is missing here: {kinds:?}");
    let receipt = ledger.append(Batch::of(session, own).with(Chain::System, of_system)).await.unwrap();
    let mut rows = home.reader().rows(session, 0).unwrap();
    rows.extend(home.reader().rows(Chain::System, 0).unwrap());
    for ((row, event), position) in rows.iter().zip(&events).zip(&receipt.rows) {
        assert_eq!(&row.event, event);
        assert_eq!((row.chain, row.seq, row.hash), (position.chain, position.seq, position.hash));
        let content = serde_json::to_value(event).unwrap().get("content").map(ToString::to_string);
        assert_eq!(row.payload.map(|payload| payload.size), content.map(|content| content.len() as u64));
        serde_json::to_string(row).unwrap();
    }
    assert_eq!(rows.len(), events.len());
    let report = verify(&home.reader(), Scope::All, &mut |_| ()).unwrap();
    assert_eq!((&report.verdict, report.chains, report.rows), (&Verdict::Ok, 2, events.len() as u64), "{report}");
}

#[tokio::test]
async fn what_was_said_stands_in_no_row() {
    let home = Home::new();
    let ledger = home.ledger();
    crate::support::one_turn(&ledger, "c").await;
    ledger.close().await.unwrap();
    let mut stored = Vec::new();
    let connection = home.meddle();
    let mut statement = connection.prepare("SELECT canonical FROM rows").unwrap();
    for canonical in statement.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap() {
        stored.push(String::from_utf8(canonical.unwrap()).unwrap());
    }
    assert!(!stored.concat().contains("dich"), "{stored:?}");
}

#[tokio::test]
async fn a_detail_that_could_not_be_read_back_is_refused() {
    let home = Home::new();
    let ledger = home.ledger();
    let nest = |depth: u32| (0..depth).fold(json!(1), |inner, _| json!([inner]));
    let event = |depth| Event::System { action: "a".into(), subject: "s".into(), detail: nest(depth) };
    let refused = ledger.append(Batch::of(Chain::System, [event(200)])).await.unwrap_err();
    assert!(refused.is_refusal(), "{refused}");
    ledger.append(Batch::of(Chain::System, [event(60)])).await.unwrap();
    assert_eq!(home.reader().rows(Chain::System, 0).unwrap()[0].event, event(60));
}
