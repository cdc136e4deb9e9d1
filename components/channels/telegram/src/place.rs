//! Where something is said: a chat, or a topic of one. As an id of the host's: `<chat>` or `<chat>/<topic>`.

use serde_json::{Map, Value};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) chat: i64,
    pub(crate) topic: Option<i64>,
}

impl Place {
    pub(crate) fn parse(id: &str) -> Option<Self> {
        let (chat, topic) = id.split_once('/').map_or((id, None), |(chat, topic)| (chat, Some(topic)));
        Some(Self { chat: chat.parse().ok()?, topic: topic.map(str::parse).transpose().ok()? })
    }

    pub(crate) fn id(self) -> String {
        self.topic.map_or_else(|| self.chat.to_string(), |topic| format!("{}/{topic}", self.chat))
    }

    /// Groups and channels have numbers below 0.
    pub(crate) fn is_private(self) -> bool {
        self.chat > 0
    }

    /// The parameters that name it.
    pub(crate) fn parameters(self) -> Map<String, Value> {
        let mut parameters = Map::new();
        parameters.insert("chat_id".into(), self.chat.into());
        if let Some(topic) = self.topic {
            parameters.insert("message_thread_id".into(), topic.into());
        }
        parameters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_as_what_it_was_made_of() {
        for id in ["7", "-1001234567890", "-1001234567890/42"] {
            assert_eq!(Place::parse(id).unwrap().id(), id);
        }
        for id in ["", "x", "7/", "/7", "7/8/9", "99999999999999999999"] {
            assert_eq!(Place::parse(id), None, "{id}");
        }
    }
}
