use serde_json::json;

use super::*;
use crate::SessionId;
use crate::approval::{Holder, Judged, Lasts};

#[test]
fn what_is_not_there_is_not_written_and_reads_as_nothing() {
    let turn = TurnId::generate();
    let inbound = |message| Event::Inbound {
        turn,
        account: "a".into(),
        key: "k".into(),
        sender: "s".into(),
        message,
        marks: Vec::new(),
        content: None,
    };
    let outcome = |shown| Event::OutboundOutcome { turn, outbound: 1, delivery: Delivery::InDoubt, detail: String::new(), shown };
    for (event, absent) in [(inbound(None), "message"), (outcome(Vec::new()), "shown")] {
        let text = serde_json::to_string(&event).unwrap();
        assert!(!text.contains(absent), "{text}");
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
    }
    for event in [inbound(Some("17".into())), outcome(vec!["17".into()])] {
        let text = serde_json::to_string(&event).unwrap();
        assert!(text.contains("\"17\""), "{text}");
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
    }
}

#[test]
fn a_command_belongs_to_no_turn() {
    let command = Event::Commanded { account: "a".into(), key: "k".into(), command: "/stop".into() };
    assert_eq!(command.turn(), None);
    let value = serde_json::to_value(&command).unwrap();
    assert_eq!(value, serde_json::json!({ "kind": "commanded", "account": "a", "key": "k", "command": "/stop" }));
    assert_eq!(serde_json::from_value::<Event>(value).unwrap(), command);
}

#[test]
fn only_the_queued_answer_holds_its_text() {
    let turn = TurnId::generate();
    let queued = Event::OutboundQueued { turn, outbound: 1, content: Some("text".into()) };
    assert_eq!(
        serde_json::to_value(&queued).unwrap(),
        serde_json::json!({ "kind": "outbound-queued", "turn": turn, "outbound": 1, "content": "text" })
    );
    let attempted = serde_json::to_value(Event::OutboundAttempted { turn, outbound: 1, attempt: 2 }).unwrap();
    assert_eq!(attempted, serde_json::json!({ "kind": "outbound-attempted", "turn": turn, "outbound": 1, "attempt": 2 }));
}

fn question(after: Option<&str>) -> Question {
    let judged = |key: Option<&str>, reasons: &[&str]| Judged {
        words: "run `make`".into(),
        tier: Tier::EveryTime,
        reasons: reasons.iter().map(ToString::to_string).collect(),
        key: key.map(Into::into),
        action: Digest::of(b"make"),
    };
    Question {
        component: "exec".into(),
        version: "0.1.0".into(),
        component_digest: Digest::of(b"exec"),
        tool: "run".into(),
        arguments: "{\"program\":\"make\"}".into(),
        actions: vec![judged(None, &[]), judged(Some("exec make"), &["it is new"])],
        purpose: "to build 🌍".into(),
        after: after.map(Into::into),
        holder: after.map(|_| Holder { agent: "default".into(), account: "telegram-1".into(), sender: "ana".into() }),
    }
}

fn grant(lasts: Lasts) -> Grant {
    let holder = Holder { agent: "default".into(), account: "telegram-1".into(), sender: "ana".into() };
    Grant { id: GrantId::generate(), holder, component: "exec".into(), key: "exec make".into(), lasts }
}

#[track_caller]
fn comes_back(event: &Event) -> serde_json::Value {
    let text = serde_json::to_string(event).unwrap();
    assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), *event, "{text}");
    let value = serde_json::to_value(event).unwrap();
    assert_eq!(serde_json::from_value::<Event>(value.clone()).unwrap(), *event);
    assert_eq!(value["kind"], event.kind());
    value
}

#[test]
fn what_is_asked_and_answered_comes_back_as_it_was() {
    let (turn, approval) = (TurnId::generate(), ApprovalId::from_random([0xab; 16]));
    let asked = |tier, expires_at, content| {
        let (call_id, action) = ("c".into(), Digest::of(b"all"));
        Event::ApprovalAsked { turn, call_id, approval, tier, action, expires_at: Timestamp(expires_at), content }
    };
    for (number, tier) in [Tier::Always, Tier::Remembered, Tier::EveryTime].into_iter().enumerate() {
        for content in [None, Some(question(None)), Some(question(Some("it read two files")))] {
            let value = comes_back(&asked(tier, u64::MAX, content.clone()));
            assert_eq!((&value["tier"], &value["approval"]), (&json!(number + 1), &json!("ab".repeat(16))));
            assert_eq!(value.get("content").is_some(), content.is_some());
        }
    }
    let answered = |choice, content| {
        let (call_id, by, via) = ("c".into(), "ana".into(), "webchat".into());
        Event::ApprovalAnswered { turn, call_id, approval, choice, by, via, content }
    };
    for (choice, word) in [(Choice::Once, "once"), (Choice::Session, "session"), (Choice::Remember, "remember"), (Choice::Deny, "deny")] {
        assert_eq!(comes_back(&answered(choice, None)).get("content"), None);
        let value = comes_back(&answered(choice, Some("not that file".into())));
        assert_eq!((&value["choice"], &value["content"]), (&json!(word), &json!("not that file")));
    }
    let expired = Event::ApprovalExpired { turn, call_id: "c".into(), approval, reason: "late".into() };
    comes_back(&expired);
    for event in [asked(Tier::Always, 0, None), answered(Choice::Once, None), expired] {
        assert_eq!(event.turn(), Some(turn));
    }
}

#[test]
fn what_is_no_tier_choice_or_question_is_not_read() {
    let turn = TurnId::generate();
    let asked = |tier, approval| {
        json!({ "kind": "approval-asked", "turn": turn, "call_id": "c", "approval": approval, "tier": tier,
                "action": Digest::ZERO, "expires_at": 1 })
    };
    let id = "0".repeat(32);
    for (tier, approval, fits) in [(1, &id, true), (3, &id, true), (0, &id, false), (4, &id, false), (1, &id[1..].to_owned(), false)] {
        assert_eq!(serde_json::from_value::<Event>(asked(tier, approval)).is_ok(), fits, "{tier} {approval}");
    }
    let answered = |choice| json!({ "kind": "approval-answered", "turn": turn, "call_id": "c", "approval": id, "choice": choice, "by": "a", "via": "cli" });
    assert!(serde_json::from_value::<Event>(answered("once")).is_ok());
    assert!(serde_json::from_value::<Event>(answered("always")).is_err());
}

#[test]
fn a_right_comes_back_with_its_end_and_belongs_to_no_turn() {
    let session = SessionId::generate();
    for (lasts, written) in [
        (Lasts::Session(session), json!({ "session": session })),
        (Lasts::Until(Timestamp(u64::MAX)), json!({ "until": u64::MAX })),
        (Lasts::Until(Timestamp(0)), json!({ "until": 0 })),
    ] {
        let given = Event::Granted { grant: grant(lasts), by: "ana".into() };
        let value = comes_back(&given);
        assert_eq!((&value["lasts"], &value["holder"]["sender"], &value["by"]), (&written, &json!("ana"), &json!("ana")));
        assert_eq!(given.turn(), None);
    }
    let revoked = Event::GrantRevoked { grant: GrantId::generate(), by: "owner".into() };
    comes_back(&revoked);
    assert_eq!(revoked.turn(), None);
}

#[test]
fn effects_and_blocks_of_a_call_come_back_as_they_were() {
    let (turn, call_id) = (TurnId::generate(), "c".to_owned());
    let started = |content| Event::EffectStarted {
        turn,
        call_id: call_id.clone(),
        effect: u64::MAX,
        action: "exec".into(),
        digest: Digest::of(b"make"),
        content,
    };
    let finished = |outcome| Event::EffectFinished { turn, call_id: call_id.clone(), effect: 1, outcome, detail: "exit status 0".into() };
    let blocked = Event::ToolBlocked { turn, call_id: call_id.clone(), tool: "run".into(), reason: "it asked for more".into() };
    let outcomes = [ToolOutcome::Ok, ToolOutcome::Failed, ToolOutcome::Denied, ToolOutcome::Crashed, ToolOutcome::Interrupted];
    let events = [started(None), started(Some("make all".into())), blocked].into_iter().chain(outcomes.map(finished));
    for event in events {
        let value = comes_back(&event);
        assert_eq!(event.turn(), Some(turn));
        assert_eq!(value.get("content").is_some(), matches!(event, Event::EffectStarted { content: Some(_), .. }));
    }
}

#[test]
fn a_first_attempt_is_written_as_it_was_before_there_were_others() {
    let turn = TurnId::generate();
    let started = |attempt| Event::ToolStarted {
        turn,
        call_id: "c".into(),
        tool: "run".into(),
        component: "exec".into(),
        component_digest: Digest::ZERO,
        attempt,
        content: None,
    };
    assert_eq!(comes_back(&started(1)).get("attempt"), None);
    for attempt in [0, 2, u32::MAX] {
        assert_eq!(comes_back(&started(attempt))["attempt"], attempt);
    }
}
