//! What the model is shown: the session's events, folded into messages.

use std::collections::BTreeMap;

use wirken_types::chat::{AssistantItem, Message, Part, ToolResult};
use wirken_types::event::{Event, ToolOutcome};
use wirken_types::media::Remote;

/// Stands where a payload was erased.
const ERASED: &str = "[erased]";

/// The conversation of one session. It changes only by [`Conversation::apply`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conversation {
    messages: Vec<Message>,
    /// Calls of the last response that have no result yet, in its order: id and tool.
    open_calls: Vec<(String, String)>,
    results: Vec<ToolResult>,
    /// A request is out. What people say meanwhile comes after its answer, which did not see it.
    awaiting: bool,
    held: Vec<Held>,
    /// Where the messages are that files came with, by their keys.
    with_files: BTreeMap<String, usize>,
    /// What stands for the words of the next message of a person.
    instead: Option<String>,
}

/// What somebody said while it had to wait.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Held {
    parts: Vec<Part>,
    /// Where files came with it.
    key: Option<String>,
}

impl Conversation {
    /// The messages so far, in the order in which a model may be shown them.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    pub fn replay<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut conversation = Self::default();
        for event in events {
            conversation.apply(event);
        }
        conversation
    }

    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::SkillCalled { tool: None, content, .. } => self.instead.clone_from(content),
            Event::Inbound { content, key, .. } => {
                let mut parts = content.clone().unwrap_or_else(|| vec![Part::text(ERASED)]);
                if let (Some(text), Some(words)) = (self.instead.take(), parts.first_mut()) {
                    *words = Part::text(text);
                }
                let mut with_files = None;
                for part in &mut parts {
                    if let Some(remote) = Remote::of(part) {
                        *part = Part::text(format!("[This file has not come yet: {}]", remote.described()));
                        with_files = Some(key.clone());
                    }
                }
                self.held.push(Held { parts, key: with_files });
                self.settle();
            }
            Event::MediumFetched { key, part, content, .. } => {
                let content = content.clone().unwrap_or_else(|| Part::text(ERASED));
                if let Some(place) = self.parts_of(key).and_then(|parts| parts.get_mut(usize::try_from(*part).unwrap_or(usize::MAX))) {
                    *place = content;
                }
            }
            Event::Requested { .. } => self.awaiting = true,
            Event::Responded { content, .. } => {
                self.awaiting = false;
                let items = content.clone().unwrap_or_else(|| vec![AssistantItem::Text(ERASED.into())]);
                self.open_calls = items
                    .iter()
                    .filter_map(|item| match item {
                        AssistantItem::ToolCall(call) => Some((call.id.clone(), call.name.clone())),
                        _ => None,
                    })
                    .collect();
                if !items.is_empty() {
                    self.messages.push(Message::Assistant(items));
                }
                self.settle();
            }
            // The request is made again, and with it goes what was said meanwhile.
            Event::RequestFailed { .. } | Event::TurnResumed { .. } => {
                self.awaiting = false;
                self.settle();
            }
            Event::ToolFinished { call_id, outcome, content, .. } => {
                self.answer(call_id, *outcome != ToolOutcome::Ok, content.clone().unwrap_or_else(|| vec![Part::text(ERASED)]));
                self.settle();
            }
            Event::TurnFinished { .. } | Event::TurnInterrupted { .. } => {
                self.awaiting = false;
                // An API refuses a conversation in which a call has no result.
                for (id, _) in self.open_calls.clone() {
                    self.answer(&id, true, vec![Part::text("This call was not run: the turn had ended.")]);
                }
                self.settle();
            }
            Event::SessionOpened { .. }
            | Event::SessionClosed { .. }
            | Event::Commanded { .. }
            | Event::SkillsListed { .. }
            | Event::SkillCalled { .. }
            | Event::TurnStarted { .. }
            | Event::ApprovalAsked { .. }
            | Event::ApprovalAnswered { .. }
            | Event::ApprovalExpired { .. }
            | Event::PromptAttempted { .. }
            | Event::PromptOutcome { .. }
            | Event::PromptClosed { .. }
            | Event::Granted { .. }
            | Event::GrantRevoked { .. }
            | Event::EffectStarted { .. }
            | Event::EffectFinished { .. }
            | Event::ToolBlocked { .. }
            | Event::ToolStarted { .. }
            | Event::Screened { .. }
            | Event::OutboundQueued { .. }
            | Event::OutboundAttempted { .. }
            | Event::OutboundDrafted { .. }
            | Event::OutboundOutcome { .. }
            | Event::PairingAsked { .. }
            | Event::PairingApproved { .. }
            | Event::PairingRevoked { .. }
            | Event::UpdateSkipped { .. }
            | Event::System { .. } => {}
        }
    }

    fn answer(&mut self, call_id: &str, is_error: bool, content: Vec<Part>) {
        let Some(at) = self.open_calls.iter().position(|(id, _)| id == call_id) else { return };
        let (call_id, name) = self.open_calls.remove(at);
        self.results.push(ToolResult { call_id, name, content, is_error });
    }

    /// Of a message that files came with.
    fn parts_of(&mut self, key: &str) -> Option<&mut Vec<Part>> {
        if let Some(held) = self.held.iter_mut().find(|held| held.key.as_deref() == Some(key)) {
            return Some(&mut held.parts);
        }
        match self.messages.get_mut(*self.with_files.get(key)?) {
            Some(Message::User(parts)) => Some(parts),
            _ => None,
        }
    }

    /// Moves on what no longer has to wait.
    fn settle(&mut self) {
        if self.awaiting || !self.open_calls.is_empty() {
            return;
        }
        if !self.results.is_empty() {
            self.messages.push(Message::Tool(std::mem::take(&mut self.results)));
        }
        for Held { parts, key } in self.held.drain(..) {
            if let Some(key) = key {
                self.with_files.insert(key, self.messages.len());
            }
            self.messages.push(Message::User(parts));
        }
    }
}
