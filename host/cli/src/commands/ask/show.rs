//! The side of a question on which the person is: what the answer looks like while it comes, and in the end.

use anyhow::Context;
use serde::Serialize;
use serde_json::Value;
use wirken_turn::Shown as Glimpse;
use wirken_types::SessionId;
use wirken_types::approval::Choice;
use wirken_types::event::{Event, ToolOutcome};

use super::answer::Step;
use super::approve::{self, Asked};
use crate::output::{self, Format, Safe};

#[derive(Debug, Default, Serialize)]
struct Answer {
    session: Option<SessionId>,
    text: String,
    tools: Vec<ToolUse>,
    /// Why there is no whole answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    interrupted: Option<String>,
    /// The kind of the last request's failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<String>,
}

#[derive(Debug, Serialize)]
struct ToolUse {
    tool: String,
    arguments: Value,
    outcome: Option<ToolOutcome>,
    /// Of a crash.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip)]
    call_id: String,
}

/// An answer as far as it has come.
#[derive(Debug)]
pub(super) struct Shown {
    answer: Answer,
    /// What glimpses showed of the text that comes next.
    streamed: String,
    text: bool,
    /// Days for which a remembered answer is good.
    days: u32,
    /// What waits for an answer.
    asked: Option<Asked>,
}

impl Shown {
    pub(super) fn new(format: Format, days: u32) -> Self {
        Self { answer: Answer::default(), streamed: String::new(), text: format == Format::Text, days, asked: None }
    }

    /// What the agent waits to be allowed.
    pub(super) fn asked(&self) -> Option<&Asked> {
        self.asked.as_ref()
    }

    /// Takes one step, and shows what a person is to see of it.
    pub(super) fn take(&mut self, piece: Value) -> anyhow::Result<()> {
        match serde_json::from_value(piece).context("the gateway said what this command does not know: it may be of another version")? {
            Step::Begun { session } => self.answer.session = Some(session),
            Step::Glimpse { shown } if self.text => self.glimpse(shown)?,
            Step::Glimpse { .. } => {}
            Step::Recorded { event } => self.recorded(*event)?,
        }
        Ok(())
    }

    fn glimpse(&mut self, shown: Glimpse) -> anyhow::Result<()> {
        match shown {
            Glimpse::Text { text } => {
                output::piece(&Safe(&text).to_string())?;
                self.streamed.push_str(&text);
            }
            Glimpse::Waiting { millis, message } => {
                output::note(format_args!("No answer yet ({}); trying again in {millis} ms …", output::one_line(&message, 200)));
            }
            Glimpse::Progress { label, done, .. } => output::note(format_args!("{}: {done}", output::one_line(&label, 80))),
            Glimpse::Output { text, .. } => output::remark(Safe(&text)),
            Glimpse::Reasoning { .. } | Glimpse::CallBegun { .. } => {}
        }
        Ok(())
    }

    fn recorded(&mut self, event: Event) -> anyhow::Result<()> {
        let answer = &mut self.answer;
        match event {
            Event::OutboundQueued { content: Some(text), .. } => {
                if !answer.text.is_empty() {
                    answer.text.push('\n');
                }
                answer.text.push_str(&text);
                if self.text {
                    // What a glimpse did not show, and the line break that a model seldom ends with.
                    let rest = text.strip_prefix(self.streamed.as_str()).unwrap_or(&text);
                    output::piece(&Safe(rest).to_string())?;
                    if !text.ends_with('\n') {
                        output::piece("\n")?;
                    }
                }
                self.streamed.clear();
            }
            Event::ToolStarted { call_id, tool, content, .. } => {
                let arguments = content.map(|call| call.arguments).unwrap_or_default();
                if self.text {
                    output::note(format_args!("[{} {}]", output::one_line(&tool, 64), output::one_line(&arguments, 200)));
                }
                let arguments = serde_json::from_str(&arguments).unwrap_or(Value::String(arguments));
                answer.tools.push(ToolUse { tool, arguments, outcome: None, code: None, call_id });
            }
            Event::ToolFinished { call_id, outcome, code, .. } => {
                if let Some(used) = answer.tools.iter_mut().find(|used| used.call_id == call_id && used.outcome.is_none()) {
                    used.outcome = Some(outcome);
                    used.code = code;
                }
            }
            Event::ApprovalAsked { approval, tier, content, .. } => {
                if let Some(question) = content {
                    approve::show(&question, tier, self.days);
                }
                self.asked = Some(Asked { approval, tier });
            }
            Event::ApprovalAnswered { choice, via, .. } => {
                self.asked = None;
                let word = if choice == Choice::Deny { "Denied" } else { "Allowed" };
                output::note(format_args!("{word} (through {}).", output::one_line(&via, 40)));
            }
            Event::ApprovalExpired { reason, .. } => {
                self.asked = None;
                output::note(format_args!("Not allowed: {}.", output::one_line(&reason, 200)));
            }
            Event::RequestFailed { error, .. } => answer.failed = Some(error),
            Event::Responded { .. } => answer.failed = None,
            Event::TurnFinished { .. } if answer.text.is_empty() && self.text => output::note("The model answered nothing."),
            Event::TurnInterrupted { reason, .. } => answer.interrupted = Some(reason),
            _ => {}
        }
        Ok(())
    }

    /// The whole of it, for a program.
    pub(super) fn report(&self) -> anyhow::Result<()> {
        if self.text {
            return Ok(());
        }
        output::report(Format::Json, &self.answer, |_| String::new())
    }

    pub(super) fn interrupted(&self) -> Option<&str> {
        self.answer.interrupted.as_deref()
    }

    /// Whether its last request failed, and so.
    pub(super) fn failed_for(&self, kind: &str) -> bool {
        self.answer.failed.as_deref() == Some(kind)
    }
}
