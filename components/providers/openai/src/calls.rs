//! Tool calls, put together from their pieces.
//!
//! The API tells pieces apart by `index`. Servers leave it out, give every call the same, leave out ids, or send a call
//! whole; which call a piece belongs to is decided here, from whichever of these a piece has.

use serde_json::Value;

use crate::error::protocol;
use crate::types::{Error, Event, ToolCall};

/// In one response: as many as the host takes.
pub const MAX_CALLS: usize = 64;

/// Of all calls of a response together.
pub const MAX_ARGUMENT_BYTES: usize = 1024 * 1024;

#[derive(Debug, Default)]
pub(crate) struct Calls {
    calls: Vec<Call>,
    argument_bytes: usize,
}

#[derive(Debug, Default)]
struct Call {
    index: Option<u64>,
    id: String,
    name: String,
    arguments: String,
    /// Given out as a whole; nothing can be added.
    complete: bool,
}

/// What one element of `tool_calls` says. Empty where it says nothing.
struct Piece<'a> {
    index: Option<u64>,
    id: &'a str,
    name: &'a str,
    arguments: String,
}

impl Calls {
    pub(crate) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// An element of `tool_calls`, or the `function_call` that preceded them.
    pub(crate) fn piece(&mut self, value: &Value, out: &mut Vec<Event>) -> Result<(), Error> {
        let piece = Piece::read(value);
        self.argument_bytes += piece.arguments.len();
        if self.argument_bytes > MAX_ARGUMENT_BYTES {
            return Err(protocol(format!("the tool calls' arguments are larger than {MAX_ARGUMENT_BYTES} bytes")));
        }
        let at = self.place(&piece)?;
        let unused_id = if piece.name.is_empty() { String::new() } else { self.unused_id(at) };
        let Some(call) = self.calls.get_mut(at) else { return Ok(()) };
        if call.complete {
            if piece.arguments.trim().is_empty() {
                return Ok(());
            }
            return Err(protocol(format!("the endpoint added to a call of {:?} that it had finished", call.name)));
        }
        let begun = !call.name.is_empty();
        if call.id.is_empty() && !begun {
            call.id = piece.id.to_owned();
        }
        call.arguments.push_str(&piece.arguments);
        if begun {
            if !piece.arguments.is_empty() {
                out.push(Event::ToolCallDelta(call.id.clone(), piece.arguments));
            }
        } else if !piece.name.is_empty() {
            call.name = piece.name.to_owned();
            if call.id.is_empty() {
                call.id = unused_id;
            }
            out.push(Event::ToolCallBegin(call.id.clone(), call.name.clone()));
            if !call.arguments.is_empty() {
                out.push(Event::ToolCallDelta(call.id.clone(), call.arguments.clone()));
            }
        }
        Ok(())
    }

    /// Gives out, whole, every call that has not been.
    pub(crate) fn complete(&mut self, length_reached: bool, out: &mut Vec<Event>) -> Result<(), Error> {
        for call in self.calls.iter_mut().filter(|call| !call.complete) {
            if call.name.is_empty() {
                return Err(protocol("the endpoint sent a tool call without a name"));
            }
            if call.arguments.trim().is_empty() {
                call.arguments = "{}".into();
            }
            // Parsed, and not merely skimmed, so that nesting too deep for the next reader is found here.
            if let Err(error) = serde_json::from_str::<Value>(&call.arguments) {
                let cause = if length_reached { "the answer reached its length limit within them".into() } else { error.to_string() };
                return Err(protocol(format!("the arguments of a call of {:?} are not valid JSON: {cause}", call.name)));
            }
            call.complete = true;
            let arguments = std::mem::take(&mut call.arguments);
            out.push(Event::ToolCall(ToolCall { id: call.id.clone(), name: call.name.clone(), arguments }));
        }
        Ok(())
    }

    /// Where a piece belongs: a call that is there, or a new one.
    fn place(&mut self, piece: &Piece<'_>) -> Result<usize, Error> {
        let last = |test: &dyn Fn(&Call) -> bool| self.calls.iter().rposition(test);
        let found = match (piece.index, piece.id) {
            (Some(index), id) => last(&|call| call.index == Some(index)).filter(|at| {
                // A second call under the first one's index: servers that number nothing send zeros.
                let call = self.calls.get(*at);
                !call.is_some_and(|call| !id.is_empty() && !piece.name.is_empty() && !call.id.is_empty() && call.id != id)
            }),
            (None, "") if piece.name.is_empty() => last(&|_| true),
            (None, "") => None,
            (None, id) => last(&|call| call.id == id),
        };
        if let Some(at) = found {
            return Ok(at);
        }
        if self.calls.len() >= MAX_CALLS {
            return Err(protocol(format!("the model asked for more than {MAX_CALLS} tool calls at once")));
        }
        self.calls.push(Call { index: piece.index, ..Call::default() });
        Ok(self.calls.len() - 1)
    }

    /// An id for the call at this place, should the server give none.
    fn unused_id(&self, at: usize) -> String {
        let mut number = at + 1;
        loop {
            let id = format!("call_{number}");
            if !self.calls.iter().any(|call| call.id == id) {
                return id;
            }
            number += 1;
        }
    }
}

impl<'a> Piece<'a> {
    fn read(value: &'a Value) -> Self {
        // `function_call` is the function itself.
        let function = value.get("function").unwrap_or(value);
        let text = |value: Option<&'a Value>| value.and_then(Value::as_str).unwrap_or_default();
        let arguments = match function.get("arguments") {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(json) => json.to_string(),
        };
        Self { index: value.get("index").and_then(Value::as_u64), id: text(value.get("id")), name: text(function.get("name")), arguments }
    }
}
