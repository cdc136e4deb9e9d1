//! A row as it is read: canonical bytes taken apart again, with the content put back where it came from.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use wirken_types::event::Event;
use wirken_types::{Digest, Timestamp};

use crate::chain::Chain;
use crate::encode::ROW_VERSION;

const ROW_DOMAIN: &str = "wirken-ledger-row-1";
const PAYLOAD_DOMAIN: &str = "wirken-ledger-payload-1";

/// One recorded step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    pub chain: Chain,
    pub seq: u64,
    pub at: Timestamp,
    pub hash: Digest,
    /// With its content, unless that was erased.
    pub event: Event,
    /// Present where the event had content when it was written, erased since or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<PayloadRef>,
}

/// What the chain keeps of a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayloadRef {
    /// Over a random salt and the bytes.
    pub digest: Digest,
    pub size: u64,
}

/// The canonical document.
#[derive(Debug, Deserialize)]
pub(crate) struct Canonical {
    pub(crate) v: u32,
    pub(crate) chain: Chain,
    pub(crate) seq: u64,
    pub(crate) at: Timestamp,
    pub(crate) prev: Digest,
    event: Value,
    pub(crate) payload: Option<PayloadRef>,
}

impl Canonical {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let parsed: Self = serde_json::from_slice(bytes).map_err(|error| format!("its bytes cannot be read ({error})"))?;
        if parsed.v != ROW_VERSION {
            return Err(format!("it has version {}, and version {ROW_VERSION} was expected", parsed.v));
        }
        Ok(parsed)
    }

    /// The event, with this content where there is one.
    pub(crate) fn into_event(self, content: Option<&[u8]>) -> Result<Event, String> {
        let mut event = self.event;
        if let Some(bytes) = content {
            let content = serde_json::from_slice(bytes).map_err(|error| format!("its content cannot be read ({error})"))?;
            let Some(object) = event.as_object_mut() else { return Err("its event is no object".into()) };
            object.insert("content".into(), content);
        }
        serde_json::from_value(event).map_err(|error| format!("its event cannot be read ({error})"))
    }
}

pub(crate) fn row_hash(canonical: &[u8]) -> Digest {
    Digest::of_parts(ROW_DOMAIN, &[canonical])
}

pub(crate) fn payload_digest(salt: &[u8], bytes: &[u8]) -> Digest {
    Digest::of_parts(PAYLOAD_DOMAIN, &[salt, bytes])
}
