//! A turn that the host stopped in: taken up again from its events, or ended where that would repeat something.

use std::collections::VecDeque;

use wirken_types::TurnId;
use wirken_types::chat::{AssistantItem, Part, ToolCall};
use wirken_types::event::{Event, ToolOutcome};

use crate::turn::{Effect, Phase, Setup, Turn};

/// Times that a turn is taken up again: one that stops the host each time must not do so for ever.
pub(crate) const MAX_RESUMES: u32 = 3;

impl Turn {
    /// Takes up the turn that these events (of its session, in order) left open.
    ///
    /// A request may be sent again: it changes nothing but the bill. A tool call that had started is never started
    /// again: its result becomes "interrupted", and the model is told so.
    pub fn resume<'a>(id: TurnId, setup: Setup, events: impl IntoIterator<Item = &'a Event>) -> (Self, Vec<Effect>) {
        let mut turn = Self::at(id, setup, Phase::Asking);
        let mut resumes = 0;
        let mut asked = false;
        let mut started: Option<String> = None;
        for event in events {
            if event.turn() != Some(id) {
                continue;
            }
            match event {
                Event::TurnResumed { .. } => resumes += 1,
                Event::Requested { round, .. } => {
                    turn.round = *round;
                    asked = true;
                    turn.calls.clear();
                }
                Event::Responded { content, .. } => {
                    asked = false;
                    turn.calls = calls_of(content.as_deref().unwrap_or_default());
                }
                Event::ToolStarted { call_id, .. } => started = Some(call_id.clone()),
                Event::ToolFinished { call_id, .. } => {
                    started = None;
                    turn.calls.retain(|call| call.id != *call_id);
                }
                Event::OutboundQueued { outbound, .. } => turn.outbound = *outbound,
                // Its beginning may be shown already; the answer that replaces it has to have the same number.
                Event::OutboundDrafted { outbound, .. } if *outbound > turn.outbound => turn.outbound = *outbound - 1,
                _ => {}
            }
        }

        let mut effects = Vec::new();
        let mut record = vec![Event::TurnResumed { turn: id, attempt: resumes + 1 }];
        if let Some(at) = started.and_then(|started| turn.calls.iter().position(|call| call.id == started))
            && let Some(call) = turn.calls.remove(at)
        {
            let text = "The gateway stopped while this call ran. Whether it took effect is unknown; it was not run again.";
            record.push(turn.tool_finished_event(&call, ToolOutcome::Interrupted, vec![Part::text(text)]));
        }
        if resumes >= MAX_RESUMES {
            turn.interrupt(format!("the gateway stopped {} times in the middle of it", resumes + 1), record, &mut effects);
        } else if asked {
            turn.ask_again(record, &mut effects);
        } else {
            turn.next_call(record, &mut effects);
        }
        (turn, effects)
    }
}

fn calls_of(items: &[AssistantItem]) -> VecDeque<ToolCall> {
    items
        .iter()
        .filter_map(|item| match item {
            AssistantItem::ToolCall(call) => Some(call.clone()),
            _ => None,
        })
        .collect()
}
