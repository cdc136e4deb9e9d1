//! What an adapter process tells the gateway after the handshake.

use wirken_types::channel::{Health, Inbound, Outcome, State};

use crate::codec::{self, Form, data, inbound_bytes, list, list_length, text, texts, within, write_texts};
use crate::error::WireError;
use crate::limits::{MAX_ID_BYTES, MAX_REASON_BYTES, MAX_SKIPPED_BYTES, MAX_WORD_BYTES};
use crate::media::{self, MediumNews};
use crate::wire_capnp::to_gateway as wire;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToGateway {
    /// To be written down as one: what people did, and the state that follows from it. Answered by
    /// [`crate::ToAdapter::Committed`] with the same id; what else the component asked for waits until then.
    Commit {
        id: u64,
        inbounds: Vec<Inbound>,
        puts: Vec<State>,
        deletes: Vec<String>,
    },
    /// What became of the outbound with this id.
    Outcome {
        id: u64,
        outcome: Outcome,
    },
    Health(Health),
    /// A line of the component's.
    Log {
        level: String,
        message: String,
    },
    /// An event that ended the component twice, and is taken as handled: kept for the operator.
    Skipped {
        reason: String,
        body: Vec<u8>,
    },
    /// The component ended itself; it is built anew.
    Trapped {
        reason: String,
    },
    /// The component, or its process, cannot go on.
    Fatal {
        reason: String,
    },
    /// What the kernel lacks of the sandbox; empty when nothing.
    Confined {
        lacking: Vec<String>,
    },
    /// Still there.
    Beat,
    /// Of the file that the gateway wanted under this number.
    Medium {
        id: u64,
        news: MediumNews,
    },
}

impl ToGateway {
    pub fn encode(&self) -> Result<Vec<u8>, WireError> {
        let mut out = Vec::new();
        self.write(&mut out, Form::Message).map(|()| out)
    }

    /// Appends the whole frame, or nothing on an error.
    pub fn encode_frame(&self, out: &mut Vec<u8>) -> Result<(), WireError> {
        self.write(out, Form::Frame)
    }

    pub fn decode(message: &[u8]) -> Result<Self, WireError> {
        Self::read(codec::open(message)?.get_root()?)
    }

    fn write(&self, out: &mut Vec<u8>, form: Form) -> Result<(), WireError> {
        codec::write::<wire::Owned>(out, form, self.bytes(), |root| self.fill(root))
    }

    /// About what its texts take in a message.
    fn bytes(&self) -> usize {
        match self {
            Self::Commit { inbounds, puts, deletes, .. } => {
                let state: usize = puts.iter().map(|put| put.key.len() + put.value.len() + 64).sum();
                inbounds.iter().map(inbound_bytes).sum::<usize>() + state + deletes.len() * 64
            }
            Self::Skipped { reason, body } => reason.len() + body.len(),
            Self::Log { message: text, .. } | Self::Trapped { reason: text } | Self::Fatal { reason: text } => text.len(),
            Self::Medium { news, .. } => news.bytes(),
            Self::Outcome { .. } | Self::Health(_) | Self::Confined { .. } | Self::Beat => 0,
        }
    }

    fn fill(&self, mut root: wire::Builder<'_>) -> Result<(), WireError> {
        match self {
            Self::Commit { id, inbounds, puts, deletes } => {
                let mut to = root.init_commit();
                to.set_id(*id);
                let mut list = to.reborrow().init_inbounds(list_length("a commit's inbounds", inbounds.len())?);
                for (index, inbound) in (0..).zip(inbounds) {
                    codec::write_inbound(list.reborrow().get(index), inbound)?;
                }
                codec::write_state(to.reborrow().init_puts(list_length("a commit's puts", puts.len())?), puts)?;
                let deletions = to.init_deletes(list_length("a commit's deletes", deletes.len())?);
                write_texts("a commit's deletes", MAX_ID_BYTES, deletions, deletes)?;
            }
            Self::Outcome { id, outcome } => {
                let mut to = root.init_outcome();
                to.set_id(*id);
                codec::write_outcome(to.init_outcome(), outcome)?;
            }
            Self::Health(health) => {
                within("a health's state", health.state.len(), MAX_WORD_BYTES)?;
                within("a health's detail", health.detail.len(), MAX_REASON_BYTES)?;
                let mut to = root.init_health();
                to.set_state(health.state.as_str());
                to.set_detail(health.detail.as_str());
            }
            Self::Log { level, message } => {
                within("a log's level", level.len(), MAX_WORD_BYTES)?;
                within("a log's message", message.len(), MAX_REASON_BYTES)?;
                let mut to = root.init_log();
                to.set_level(level.as_str());
                to.set_message(message.as_str());
            }
            Self::Skipped { reason, body } => {
                within("a skipped event's reason", reason.len(), MAX_REASON_BYTES)?;
                within("a skipped event", body.len(), MAX_SKIPPED_BYTES)?;
                let mut to = root.init_skipped();
                to.set_reason(reason.as_str());
                to.set_body(body);
            }
            Self::Trapped { reason } => {
                within("a trap's reason", reason.len(), MAX_REASON_BYTES)?;
                root.init_trapped().set_reason(reason.as_str());
            }
            Self::Fatal { reason } => {
                within("the end's reason", reason.len(), MAX_REASON_BYTES)?;
                root.init_fatal().set_reason(reason.as_str());
            }
            Self::Confined { lacking } => {
                let to = root.init_confined().init_lacking(list_length("what the sandbox lacks", lacking.len())?);
                write_texts("what the sandbox lacks", MAX_REASON_BYTES, to, lacking)?;
            }
            Self::Beat => root.set_beat(()),
            Self::Medium { id, news } => media::write_news(root.init_medium(), *id, news)?,
        }
        Ok(())
    }

    fn read(root: wire::Reader<'_>) -> Result<Self, WireError> {
        Ok(match root.which()? {
            wire::Which::Commit(commit) => Self::Commit {
                id: commit.get_id(),
                inbounds: list("a commit's inbounds", commit.get_inbounds()?.iter(), codec::inbound)?,
                puts: list("a commit's puts", commit.get_puts()?.iter(), codec::state)?,
                deletes: texts("a commit's deletes", MAX_ID_BYTES, commit.get_deletes())?,
            },
            wire::Which::Outcome(outcome) => {
                if !outcome.has_outcome() {
                    return Err(WireError::Missing { what: "an outcome" });
                }
                Self::Outcome { id: outcome.get_id(), outcome: codec::outcome(outcome.get_outcome()?)? }
            }
            wire::Which::Health(health) => Self::Health(Health {
                state: text("a health's state", MAX_WORD_BYTES, health.get_state())?,
                detail: text("a health's detail", MAX_REASON_BYTES, health.get_detail())?,
            }),
            wire::Which::Log(log) => Self::Log {
                level: text("a log's level", MAX_WORD_BYTES, log.get_level())?,
                message: text("a log's message", MAX_REASON_BYTES, log.get_message())?,
            },
            wire::Which::Skipped(skipped) => Self::Skipped {
                reason: text("a skipped event's reason", MAX_REASON_BYTES, skipped.get_reason())?,
                body: data("a skipped event", MAX_SKIPPED_BYTES, skipped.get_body())?.to_vec(),
            },
            wire::Which::Trapped(trapped) => Self::Trapped { reason: text("a trap's reason", MAX_REASON_BYTES, trapped.get_reason())? },
            wire::Which::Fatal(fatal) => Self::Fatal { reason: text("the end's reason", MAX_REASON_BYTES, fatal.get_reason())? },
            wire::Which::Confined(confined) => {
                Self::Confined { lacking: texts("what the sandbox lacks", MAX_REASON_BYTES, confined.get_lacking())? }
            }
            wire::Which::Beat(()) => Self::Beat,
            wire::Which::Medium(medium) => {
                if !root.has_medium() {
                    return Err(WireError::Missing { what: "a medium" });
                }
                let (id, news) = media::news(medium?)?;
                Self::Medium { id, news }
            }
        })
    }
}
