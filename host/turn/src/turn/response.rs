//! A response as it comes, piece by piece, and what it may hold.

use wirken_types::chat::{AssistantItem, ToolCall, Usage};
use wirken_types::provider::Event as Step;

use super::{MAX_NAME_BYTES, Turn, cut};
use crate::effect::{Effect, Shown};

/// What one response may hold, all its text, reasoning and arguments together.
const MAX_RESPONSE_BYTES: usize = 8 * 1024 * 1024;

/// Of the id that a model gives to a call.
const MAX_ID_BYTES: usize = 512;

/// Totals that a response may have.
const MAX_TOTALS: usize = 32;

/// Items of one response: texts, thoughts, calls and documents, each of which takes room even where it is empty.
pub(crate) const MAX_ITEMS: usize = 10_000;

/// Tool calls in one response.
const MAX_CALLS: usize = 64;

/// What has come of a response so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Response {
    pub(super) items: Vec<AssistantItem>,
    pub(super) usage: Usage,
    stop: Option<String>,
    bytes: usize,
}

impl Turn {
    pub(super) fn step(&mut self, step: Step, effects: &mut Vec<Effect>) {
        let response = &mut self.response;
        match step {
            Step::Text(text) => {
                response.bytes += text.len();
                match response.items.last_mut() {
                    Some(AssistantItem::Text(last)) => last.push_str(&text),
                    _ => response.items.push(AssistantItem::Text(text.clone())),
                }
                effects.push(Effect::Show(Shown::Text { text }));
            }
            Step::Reasoning(text) => {
                response.bytes += text.len();
                match response.items.last_mut() {
                    Some(AssistantItem::Reasoning(last)) => last.push_str(&text),
                    _ => response.items.push(AssistantItem::Reasoning(text.clone())),
                }
                effects.push(Effect::Show(Shown::Reasoning { text }));
            }
            Step::ToolCallBegin(id, tool) => {
                response.bytes += id.len() + tool.len();
                effects.push(Effect::Show(Shown::CallBegun { id, tool }));
            }
            Step::ToolCallDelta(..) => {}
            Step::ToolCall(mut call) => {
                response.bytes += call.arguments.len() + call.name.len() + call.id.len();
                if response.calls().count() >= MAX_CALLS {
                    let message = format!("the model asked for more than {MAX_CALLS} tool calls at once");
                    return self.broken("protocol", message, effects);
                }
                // Results are matched by id, so two calls of a response must not share one, whatever a model says.
                if call.name.len() > MAX_NAME_BYTES || call.id.len() > MAX_ID_BYTES {
                    let message = format!(
                        "the model named a tool in {} bytes and its call in {}; {MAX_NAME_BYTES} and {MAX_ID_BYTES} are the most",
                        call.name.len(),
                        call.id.len()
                    );
                    return self.broken("protocol", message, effects);
                }
                let base = call.id.clone();
                let mut suffix = 2;
                while call.id.is_empty() || response.calls().any(|other| other.id == call.id) {
                    call.id = format!("{base}-{suffix}");
                    suffix += 1;
                }
                response.items.push(AssistantItem::ToolCall(call));
            }
            Step::Opaque(opaque) => {
                response.bytes += opaque.value.len() + opaque.model.len();
                response.items.push(AssistantItem::Opaque(opaque));
            }
            Step::Usage(mut usage) => {
                usage.truncate(MAX_TOTALS);
                usage.iter_mut().for_each(|(name, _)| cut(name, MAX_NAME_BYTES));
                response.usage = usage;
            }
            Step::Stop(mut reason) => {
                cut(&mut reason, MAX_NAME_BYTES);
                response.stop = Some(reason);
            }
            Step::Progress(label, done, total) => {
                response.bytes += label.len();
                effects.push(Effect::Show(Shown::Progress { label, done, total }));
            }
            Step::Failed(error) => return self.failed(&error, effects),
            Step::Other(kind, value) => {
                response.bytes += value.len() + kind.len();
                response.items.push(AssistantItem::Other(kind, value));
            }
        }
        if self.response.items.len() > MAX_ITEMS {
            return self.broken("limit", format!("the model's answer has more than {MAX_ITEMS} parts"), effects);
        }
        if self.response.bytes > MAX_RESPONSE_BYTES {
            self.broken("limit", format!("the model's answer is larger than {MAX_RESPONSE_BYTES} bytes"), effects);
        }
    }
}

impl Response {
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Why it ended.
    pub(super) fn stop(&self) -> String {
        self.stop.clone().unwrap_or_else(|| "end".into())
    }

    /// A call or a signature of an unfinished response is not one.
    pub(super) fn keep_text(&mut self) {
        self.items.retain(|item| matches!(item, AssistantItem::Text(_)));
    }

    /// Says this instead, where its text began, or else before what it calls.
    pub(super) fn revise(&mut self, text: String) {
        let is_text = |item: &AssistantItem| matches!(item, AssistantItem::Text(_));
        let begins =
            self.items.iter().position(is_text).or_else(|| self.items.iter().position(|item| matches!(item, AssistantItem::ToolCall(_))));
        let at = begins.unwrap_or(self.items.len());
        self.items.retain(|item| !is_text(item));
        if !text.is_empty() {
            self.bytes += text.len();
            self.items.insert(at.min(self.items.len()), AssistantItem::Text(text));
        }
    }

    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for item in &self.items {
            if let AssistantItem::Text(piece) = item {
                text.push_str(piece);
            }
        }
        text
    }

    pub(super) fn calls(&self) -> impl Iterator<Item = &ToolCall> {
        self.items.iter().filter_map(|item| match item {
            AssistantItem::ToolCall(call) => Some(call),
            _ => None,
        })
    }
}
