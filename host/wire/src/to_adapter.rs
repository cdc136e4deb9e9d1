//! What the gateway tells an adapter process after the handshake.

use wirken_types::channel::{Outbound, Typing};

use crate::codec::{self, Form, outbound_bytes, text, within};
use crate::error::WireError;
use crate::limits::MAX_ID_BYTES;
use crate::media::{self, MediumOrder};
use crate::wire_capnp::to_adapter as wire;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToAdapter {
    /// The commit with this id is written down.
    Committed {
        id: u64,
    },
    Outbound(Outbound),
    Typing(Typing),
    /// Still there.
    Beat,
    /// End in order: the component is told.
    Shutdown,
    /// Of the file with this number.
    Medium {
        id: u64,
        order: MediumOrder,
    },
}

impl ToAdapter {
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
        let bytes = match self {
            Self::Outbound(outbound) => outbound_bytes(outbound),
            Self::Medium { order, .. } => order.bytes(),
            Self::Committed { .. } | Self::Typing(_) | Self::Beat | Self::Shutdown => 0,
        };
        codec::write::<wire::Owned>(out, form, bytes, |root| self.fill(root))
    }

    fn fill(&self, mut root: wire::Builder<'_>) -> Result<(), WireError> {
        match self {
            Self::Committed { id } => root.init_committed().set_id(*id),
            Self::Outbound(outbound) => codec::write_outbound(root.init_outbound(), outbound)?,
            Self::Typing(typing) => {
                within("a conversation's id", typing.conversation_id.len(), MAX_ID_BYTES)?;
                let mut to = root.init_typing();
                to.set_conversation_id(typing.conversation_id.as_str());
                to.set_active(typing.active);
            }
            Self::Beat => root.set_beat(()),
            Self::Shutdown => root.set_shutdown(()),
            Self::Medium { id, order } => media::write_order(root.init_medium(), *id, order)?,
        }
        Ok(())
    }

    fn read(root: wire::Reader<'_>) -> Result<Self, WireError> {
        Ok(match root.which()? {
            wire::Which::Committed(committed) => Self::Committed { id: committed.get_id() },
            wire::Which::Outbound(outbound) => {
                if !root.has_outbound() {
                    return Err(WireError::Missing { what: "an outbound" });
                }
                Self::Outbound(codec::outbound(outbound?)?)
            }
            wire::Which::Typing(typing) => Self::Typing(Typing {
                conversation_id: text("a conversation's id", MAX_ID_BYTES, typing.get_conversation_id())?,
                active: typing.get_active(),
            }),
            wire::Which::Beat(()) => Self::Beat,
            wire::Which::Shutdown(()) => Self::Shutdown,
            wire::Which::Medium(medium) => {
                if !root.has_medium() {
                    return Err(WireError::Missing { what: "a medium" });
                }
                let (id, order) = media::order(medium?)?;
                Self::Medium { id, order }
            }
        })
    }
}
