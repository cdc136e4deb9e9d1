//! A ledger with some of everything in it, for tests that meddle with it.

use proptest::prelude::*;
use wirken_ledger::{Batch, Chain, Erasure};
use wirken_types::approval::{ApprovalId, Choice, Lasts};
use wirken_types::chat::AssistantItem;
use wirken_types::event::{Delivery, Event};
use wirken_types::{Digest, GrantId, SessionId, Timestamp, TurnId};

use crate::support::{Home, answered, commanded, expired, granted, inbound, opened, put, question, revoke, system};

/// The tables that are checked, with their columns.
pub(crate) const TABLES: [(&str, &[&str]); 10] = [
    ("rows", &["chain", "seq", "at", "kind", "turn", "payload", "hash", "canonical", "id"]),
    ("payloads", &["digest", "chain", "seq", "salt", "bytes", "erased_by"]),
    ("inbounds", &["account", "key", "chain", "seq"]),
    ("sessions", &["id", "agent", "account", "conversation", "thread", "opened_at", "last_at", "closed_at", "title", "title_seq"]),
    ("open_turns", &["chain", "turn", "seq", "at"]),
    ("outbox", &["chain", "turn", "outbound", "seq", "at", "state", "attempt"]),
    (
        "approvals",
        &["approval", "chain", "turn", "call_id", "tier", "action", "asked_at", "expires_at", "seq", "state", "answered_by", "ended_at"],
    ),
    ("prompts", &["chain", "approval", "seq", "state"]),
    ("grants", &["id", "account", "sender", "agent", "component", "key", "session", "until", "given_by", "given_at", "revoked_at"]),
    ("pairings", &["account", "sender", "name", "code", "asked_at", "expires_at", "approved_at"]),
];

fn queued(turn: TurnId, outbound: u64, text: &str) -> Event {
    Event::OutboundQueued { turn, outbound, content: Some(text.into()) }
}

fn asked(sender: &str, name: &str) -> Event {
    let (account, sender, name) = ("telegram-1".into(), sender.into(), Some(name.into()));
    Event::PairingAsked { account, sender, name, code: Digest::of(b"code"), expires_at: Timestamp(1_000_000) }
}

fn approved(sender: &str) -> Event {
    Event::PairingApproved { account: "telegram-1".into(), sender: sender.into() }
}

/// What becomes of a question with buttons.
fn prompted(turn: TurnId, approval: ApprovalId, step: usize) -> Event {
    let (detail, shown) = (String::new(), vec!["17".into()]);
    match step % 4 {
        0 => Event::PromptAttempted { turn, approval },
        1 => Event::PromptOutcome { turn, approval, delivery: Delivery::Delivered, detail, shown },
        2 => Event::PromptOutcome { turn, approval, delivery: Delivery::InDoubt, detail, shown: Vec::new() },
        _ => Event::PromptClosed { turn, approval, delivery: Delivery::Delivered, detail },
    }
}

/// What people were asked and gave, so that no row is made which the ledger refuses.
struct People {
    turns: [TurnId; 3],
    open: [Vec<ApprovalId>; 3],
    held: Vec<GrantId>,
}

impl People {
    /// An event for the chain of that number, the last being the system's.
    fn event(&mut self, index: usize, step: u8, text: &str) -> Event {
        let turn = self.turns.get(index).copied();
        match (step, turn, self.held.pop()) {
            (9, Some(turn), _) => {
                let approval = question();
                self.open[index].push(approval);
                put(turn, approval)
            }
            (10 | 11, Some(turn), _) if !self.open[index].is_empty() => {
                let approval = self.open[index].remove(0);
                match text.len() % 3 {
                    0 => answered(turn, approval, Choice::Deny),
                    1 => answered(turn, approval, Choice::Once),
                    _ => expired(turn, approval),
                }
            }
            (12, _, Some(grant)) => revoke(grant),
            (_, _, held) => {
                let grant = GrantId::generate();
                self.held.extend(held.into_iter().chain([grant]));
                granted(grant, Lasts::Until(Timestamp(text.len() as u64)))
            }
        }
    }
}

/// A ledger with some history: three sessions, the system's chain, one erased content; at least one open turn, one
/// answer that was not delivered, one question, with buttons and over, and one grant of each kind, and one sender of each kind.
pub(crate) fn build(steps: &[(usize, u8, String)]) -> Home {
    let home = Home::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let ledger = home.ledger();
        let sessions = [SessionId::generate(), SessionId::generate(), SessionId::generate()];
        let mut batch = Batch::new().with(Chain::System, [system("started"), asked("bob", "Bob"), asked("ana", "Ana"), approved("ana")]);
        let turns = sessions.map(|_| TurnId::generate());
        for (index, session) in sessions.iter().enumerate() {
            let turn = turns[index];
            let first = inbound(turn, &format!("first-{index}"), "Hallo");
            batch = batch.with(*session, [opened(&format!("c{index}")), first, Event::TurnStarted { turn }, queued(turn, 9, "Hallo")]);
            let (questions, lasts) = ([question(), question()], Lasts::Session(*session));
            batch = batch.with(*session, questions.map(|approval| put(turn, approval)));
            batch = batch.with(*session, [answered(turn, questions[1], Choice::Session), granted(GrantId::generate(), lasts)]);
            let shown = questions.map(|approval| prompted(turn, approval, usize::from(approval == questions[1])));
            batch = batch.with(*session, shown);
        }
        let mut people = People { turns, open: Default::default(), held: vec![GrantId::generate()] };
        batch = batch.with(sessions[1], [granted(people.held[0], Lasts::Until(Timestamp(9)))]);
        let revoked = GrantId::generate();
        batch = batch.with(Chain::System, [granted(revoked, Lasts::Session(sessions[2])), revoke(revoked)]);
        for (number, (index, step, text)) in steps.iter().enumerate() {
            let turn = TurnId::generate();
            let chain = sessions.get(*index).map_or(Chain::System, |session| Chain::Session(*session));
            let (outbound, sender) = (number as u64 % 3, format!("s{}", number % 3));
            let answering = turns.get(*index).copied().unwrap_or(turn);
            let event = match step {
                4 if chain == Chain::System => asked(&sender, text),
                5 if chain == Chain::System => approved(&sender),
                6 if chain == Chain::System => Event::PairingRevoked { account: "telegram-1".into(), sender },
                7 if chain == Chain::System => Event::UpdateSkipped { account: sender, reason: text.clone(), content: Some(text.clone()) },
                13 if chain != Chain::System => {
                    let approval = people.open.get(*index).and_then(|open| open.first()).copied().unwrap_or_else(question);
                    prompted(answering, approval, text.len())
                }
                9.. => people.event(*index, *step, text),
                _ if chain == Chain::System => system(text),
                4 => queued(answering, outbound, text),
                5 => Event::OutboundAttempted { turn: answering, outbound, attempt: 1 + number as u32 },
                6 | 7 => {
                    let delivery = [Delivery::Delivered, Delivery::Failed, Delivery::InDoubt, Delivery::Unsent][number / 3 % 4];
                    Event::OutboundOutcome { turn: answering, outbound, delivery, detail: text.clone(), shown: vec![text.clone()] }
                }
                0 => inbound(turn, &format!("k{number}"), text),
                8 => commanded(&format!("k{number}"), text),
                1 => Event::TurnStarted { turn },
                2 => {
                    let content = Some(vec![AssistantItem::Text(text.clone())]);
                    Event::Responded { turn, round: 1, stop: "end".into(), usage: vec![("input".into(), 7)], content }
                }
                _ => Event::TurnFinished { turn, stop: text.clone() },
            };
            batch = batch.with(chain, [event]);
        }
        ledger.append(batch).await.unwrap();
        let digest = home.reader().rows(sessions[0], 1).unwrap()[0].payload.unwrap().digest;
        assert!(matches!(ledger.erase_payload(digest).await.unwrap(), Erasure::Erased(_)));
        ledger.append(Batch::of(Chain::System, [system("stopped")])).await.unwrap();
        ledger.close().await.unwrap();
    });
    home
}

pub(crate) fn steps() -> impl Strategy<Value = Vec<(usize, u8, String)>> {
    proptest::collection::vec((0..4_usize, 0..14_u8, "\\PC{0,12}"), 4..24)
}
