//! From an event to the bytes that are hashed: its content split off, the rest as one canonical document.
//!
//! What needs no place in a chain is done where the batch is made, on the caller's thread; the writer only adds the
//! place and hashes. The bytes are stored exactly as hashed, so no reader ever has to produce them again.

use serde_json::Value;
use wirken_types::approval::{Grant, Lasts};
use wirken_types::chat::plain_text;
use wirken_types::event::{Event, Place};
use wirken_types::{Digest, Timestamp, TurnId};

use crate::approval;
use crate::chain::Chain;
use crate::error::Error;
use crate::grant;
use crate::outbox;
use crate::pairing;
use crate::prompt;
use crate::row::{PayloadRef, payload_digest, row_hash};

/// The version of the canonical document.
pub(crate) const ROW_VERSION: u32 = 1;
pub(crate) const SALT_BYTES: usize = 16;
/// Characters of the first message that a session is shown with.
const TITLE_CHARS: usize = 80;
/// Nesting of a system event's detail; JSON readers stop at 128 levels, and the row adds some.
const DETAIL_DEPTH: usize = 64;

/// An event that has everything but its place.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) chain: Chain,
    pub(crate) kind: &'static str,
    pub(crate) turn: Option<TurnId>,
    /// The event without its content, as JSON.
    pub(crate) body: String,
    pub(crate) payload: Option<Payload>,
    pub(crate) effect: Effect,
}

#[derive(Debug)]
pub(crate) struct Payload {
    pub(crate) digest: Digest,
    pub(crate) salt: [u8; SALT_BYTES],
    pub(crate) bytes: Vec<u8>,
}

/// What a row changes in the tables that are derived from rows.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    None,
    Opened(Place),
    Closed,
    Inbound { account: String, key: String, title: Option<String> },
    Commanded { account: String, key: String },
    TurnStarted(TurnId),
    TurnEnded(TurnId),
    Outbox(outbox::Step),
    Pairing(pairing::Step),
    Approval(approval::Step),
    Prompt(prompt::Step),
    Grant(grant::Step),
}

impl Effect {
    pub(crate) fn of(event: &Event) -> Self {
        match event {
            Event::SessionOpened { place } => Self::Opened(place.clone()),
            Event::SessionClosed { .. } => Self::Closed,
            Event::Inbound { account, key, content, .. } => Self::Inbound {
                account: account.clone(),
                key: key.clone(),
                title: content.as_deref().and_then(|parts| title(&plain_text(parts))),
            },
            Event::Commanded { account, key, .. } => Self::Commanded { account: account.clone(), key: key.clone() },
            Event::TurnStarted { turn } => Self::TurnStarted(*turn),
            Event::TurnFinished { turn, .. } | Event::TurnInterrupted { turn, .. } => Self::TurnEnded(*turn),
            _ => outbox::Step::of(event)
                .map(Self::Outbox)
                .or_else(|| pairing::Step::of(event).map(Self::Pairing))
                .or_else(|| approval::Step::of(event).map(Self::Approval))
                .or_else(|| prompt::Step::of(event).map(Self::Prompt))
                .or_else(|| grant::Step::of(event).map(Self::Grant))
                .unwrap_or(Self::None),
        }
    }

    /// The account and the key that it takes, so that no later row can have them.
    pub(crate) fn taken(&self) -> Option<(&str, &str)> {
        match self {
            Self::Inbound { account, key, .. } | Self::Commanded { account, key } => Some((account, key)),
            _ => None,
        }
    }
}

/// Why an event cannot stand in this kind of chain, if it cannot.
pub(crate) fn misplaced(chain: Chain, event: &Event) -> Option<&'static str> {
    let of_system = match event {
        // The owner gives and revokes at the system's chain; who is asked in a session does it there.
        Event::Granted { grant: Grant { lasts: Lasts::Session(session), .. }, .. } => {
            let elsewhere = matches!(chain, Chain::Session(own) if own != *session);
            return elsewhere.then_some("is for another session than the one it stands in");
        }
        Event::System { .. } | Event::Granted { .. } | Event::GrantRevoked { .. } | Event::Screened { .. } => return None,
        Event::PairingAsked { .. } | Event::PairingApproved { .. } | Event::PairingRevoked { .. } | Event::UpdateSkipped { .. } => true,
        _ => false,
    };
    match (of_system, chain) {
        (true, Chain::Session(_)) => Some("belongs to the system's chain, not to a session"),
        (false, Chain::System) => Some("belongs to a session, not to the system's chain"),
        _ => None,
    }
}

/// Why a table cannot hold what an event says, if it cannot.
fn unlistable(event: &Event) -> Option<String> {
    let (what, number) = match event {
        Event::System { detail, .. } if depth(detail) > DETAIL_DEPTH => {
            return Some(format!("a system event's detail is nested deeper than {DETAIL_DEPTH} levels"));
        }
        Event::OutboundQueued { outbound, .. }
        | Event::OutboundAttempted { outbound, .. }
        | Event::OutboundDrafted { outbound, .. }
        | Event::OutboundOutcome { outbound, .. } => ("an answer's number", *outbound),
        Event::ApprovalAsked { expires_at, .. } => ("the end of a question", expires_at.0),
        Event::Granted { grant: Grant { lasts: Lasts::Until(until), .. }, .. } => ("the end of a grant", until.0),
        Event::PairingAsked { expires_at, .. } => ("the end of a pairing request", expires_at.0),
        _ => return None,
    };
    i64::try_from(number).is_err().then(|| format!("{what} is {number}, and {} is the most", i64::MAX))
}

impl Draft {
    pub(crate) fn of(chain: Chain, event: &Event) -> Result<Self, Error> {
        if let Some(why) = misplaced(chain, event) {
            return Err(Error::Invalid { why: format!("a {} event {why}", event.kind()) });
        }
        if let Some(why) = unlistable(event) {
            return Err(Error::Invalid { why });
        }
        let mut value = serde_json::to_value(event).map_err(unwritable)?;
        let content = value.as_object_mut().and_then(|object| object.remove("content"));
        let payload = match content {
            Some(content) => Some(Payload::of(serde_json::to_vec(&content).map_err(unwritable)?)?),
            None => None,
        };
        let body = serde_json::to_string(&value).map_err(unwritable)?;
        Ok(Self { chain, kind: event.kind(), turn: event.turn(), body, payload, effect: Effect::of(event) })
    }

    /// Whether nothing can refuse it, and nobody waits for it before he acts.
    pub(crate) fn may_ride_along(&self) -> bool {
        match self.effect {
            // An answer that its batch delivers at once has no effect, and can be refused all the same; what the host
            // does is recorded before it does it.
            Effect::None => !matches!(self.kind, "outbound-queued" | "effect-started"),
            Effect::TurnEnded(_) | Effect::Outbox(outbox::Step { to: outbox::To::Ended(_), .. }) => true,
            _ => false,
        }
    }

    pub(crate) fn payload_ref(&self) -> Option<PayloadRef> {
        self.payload.as_ref().map(|payload| PayloadRef { digest: payload.digest, size: payload.bytes.len() as u64 })
    }

    /// The canonical bytes at this place, and their hash.
    pub(crate) fn seal(&self, seq: u64, at: Timestamp, prev: Digest) -> (Vec<u8>, Digest) {
        let Self { chain, body, .. } = self;
        let at = at.0;
        let mut text = format!(r#"{{"v":{ROW_VERSION},"chain":"{chain}","seq":{seq},"at":{at},"prev":"{prev}","event":{body}"#);
        if let Some(PayloadRef { digest, size }) = self.payload_ref() {
            text.push_str(&format!(r#","payload":{{"digest":"{digest}","size":{size}}}"#));
        }
        text.push('}');
        let bytes = text.into_bytes();
        let hash = row_hash(&bytes);
        (bytes, hash)
    }
}

impl Payload {
    /// The salt keeps anyone from guessing an erased text and checking the guess against the digest that stays.
    fn of(bytes: Vec<u8>) -> Result<Self, Error> {
        let mut salt = [0; SALT_BYTES];
        getrandom::fill(&mut salt).map_err(|error| Error::Invalid { why: format!("the system gave no random bytes ({error})") })?;
        Ok(Self { digest: payload_digest(&salt, &bytes), salt, bytes })
    }
}

/// The first characters of a message on one line; strangers write it and terminals show it, so no control characters.
pub(crate) fn title(text: &str) -> Option<String> {
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    let mut title = String::new();
    for word in text.chars().map(printable).collect::<String>().split_whitespace() {
        if !title.is_empty() {
            title.push(' ');
        }
        title.push_str(word);
    }
    let title: String = title.chars().take(TITLE_CHARS).collect();
    (!title.is_empty()).then_some(title)
}

fn unwritable(error: serde_json::Error) -> Error {
    Error::Invalid { why: format!("the event cannot be written as JSON ({error})") }
}

fn depth(value: &Value) -> usize {
    let mut deepest = 0;
    let mut waiting = vec![(value, 1)];
    while let Some((value, depth)) = waiting.pop() {
        deepest = deepest.max(depth);
        match value {
            Value::Array(items) => waiting.extend(items.iter().map(|item| (item, depth + 1))),
            Value::Object(fields) => waiting.extend(fields.values().map(|field| (field, depth + 1))),
            _ => {}
        }
    }
    deepest
}
