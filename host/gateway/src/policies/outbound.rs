//! An answer on its way from the model to people. Nothing of its text goes on before the policies saw it: what there is so
//! far is reviewed from time to time, so that it can be shown while it is written, and all of it once it is complete.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use tokio::time::Instant;
use wirken_turn::Input;
use wirken_types::TurnId;
use wirken_types::event::Event;
use wirken_types::policy::Context;
use wirken_types::provider::{Event as Step, ProviderError};

use super::{Left, Policies};
use crate::Answer;

/// How long a text waits for more before what there is is reviewed. Nobody sees it, and an answer that comes at once is
/// reviewed once.
const DRAFT: Duration = Duration::from_millis(25);
/// Of the time that an answer takes, its drafts may take one part in so many.
const SHARE: u32 = 20;
/// What waits to be reviewed, in steps and in bytes; an answer may not be larger anyway.
const MAX_HELD: usize = 10_000;
const MAX_HELD_BYTES: usize = 8 * 1024 * 1024;

/// What came of an answer, a piece at a time: to be recorded, and to be told to the turn. Its end is the answer's end.
pub(crate) type Answering = Pin<Box<dyn Stream<Item = (Vec<Event>, Vec<Input>)> + Send>>;

/// The same answer, reviewed.
pub(crate) fn answering(policies: Arc<Policies>, context: Context, turn: TurnId, answer: Answer) -> Answering {
    let reviewing = Reviewing {
        policies,
        context,
        turn,
        answer,
        told: String::new(),
        held: Vec::new(),
        held_bytes: 0,
        due: None,
        patience: DRAFT,
        objected: false,
        over: false,
    };
    Box::pin(stream::unfold(reviewing, Reviewing::next))
}

struct Reviewing {
    policies: Arc<Policies>,
    context: Context,
    turn: TurnId,
    answer: Answer,
    /// The text that the turn has.
    told: String,
    /// What it does not have yet, from the first text on that waits.
    held: Vec<Step>,
    held_bytes: usize,
    /// When what waits is reviewed as a draft.
    due: Option<Instant>,
    patience: Duration,
    /// A policy did not let a draft pass: nothing more is shown until all is there.
    objected: bool,
    over: bool,
}

enum Came {
    Steps(Vec<Step>),
    Failed(ProviderError),
    End,
    Due,
}

impl Reviewing {
    async fn next(mut self) -> Option<((Vec<Event>, Vec<Input>), Self)> {
        while !self.over {
            let came = self.come().await;
            let (events, inputs) = match came {
                Came::Due => (Vec::new(), self.draft().await),
                Came::Steps(steps) => self.take(steps).await,
                Came::Failed(error) => {
                    self.over = true;
                    // Of an answer that told a secret nothing is kept.
                    let (events, mut inputs) = if error.kind == "leak" { Default::default() } else { self.complete().await };
                    inputs.push(Input::RequestFailed { error });
                    (events, inputs)
                }
                Came::End => {
                    self.over = true;
                    self.complete().await
                }
            };
            if !events.is_empty() || !inputs.is_empty() {
                return Some(((events, inputs), self));
            }
        }
        None
    }

    async fn come(&mut self) -> Came {
        if self.due.is_some_and(|due| due <= Instant::now()) {
            return Came::Due;
        }
        let due = self.due;
        let due = async move {
            match due {
                Some(due) => tokio::time::sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            came = self.answer.next() => match came {
                Some(Ok(steps)) => Came::Steps(steps),
                Some(Err(error)) => Came::Failed(error),
                None => Came::End,
            },
            () = due => Came::Due,
        }
    }

    async fn take(&mut self, steps: Vec<Step>) -> (Vec<Event>, Vec<Input>) {
        if self.held.is_empty() && self.policies.is_empty() {
            return (Vec::new(), self.release(steps));
        }
        let mut steps = steps.into_iter();
        for step in steps.by_ref() {
            if let Step::Failed(error) = step {
                self.over = true;
                let (events, mut inputs) = self.complete().await;
                inputs.push(Input::Step(Step::Failed(error)));
                return (events, inputs);
            }
            self.hold(step);
        }
        if self.held.len() > MAX_HELD || self.held_bytes > MAX_HELD_BYTES {
            self.over = true;
            let message = "the model's answer is larger than what can be reviewed at once".into();
            return (
                Vec::new(),
                vec![Input::RequestFailed { error: ProviderError { kind: "limit".into(), message, retry_after_millis: None } }],
            );
        }
        if !self.held.iter().any(is_text) && !self.objected {
            let held = self.take_held();
            return (Vec::new(), self.release(held));
        }
        if self.due.is_none() && !self.objected {
            self.due = Some(Instant::now() + self.patience);
        }
        (Vec::new(), Vec::new())
    }

    /// Pieces of one text, or of one thought, are one step.
    fn hold(&mut self, step: Step) {
        // Nobody reads these: the whole call follows.
        if matches!(step, Step::ToolCallDelta(..)) {
            return;
        }
        self.held_bytes += bytes_of(&step);
        match (self.held.last_mut(), &step) {
            (Some(Step::Text(last)), Step::Text(piece)) | (Some(Step::Reasoning(last)), Step::Reasoning(piece)) => last.push_str(piece),
            _ => self.held.push(step),
        }
    }

    fn take_held(&mut self) -> Vec<Step> {
        (self.due, self.held_bytes) = (None, 0);
        std::mem::take(&mut self.held)
    }

    fn release(&mut self, steps: Vec<Step>) -> Vec<Input> {
        for step in &steps {
            if let Step::Text(text) = step {
                self.told.push_str(text);
            }
        }
        steps.into_iter().map(Input::Step).collect()
    }

    /// All of its text so far.
    fn text(&self) -> String {
        let mut text = self.told.clone();
        self.held.iter().for_each(|step| {
            if let Step::Text(piece) = step {
                text.push_str(piece);
            }
        });
        text
    }

    /// Shows what there is, if nobody objects. What is found is told when all is there.
    async fn draft(&mut self) -> Vec<Input> {
        let begun = Instant::now();
        let (left, _) = self.policies.outbound(&self.context, self.turn, &self.text(), false).await;
        self.patience = DRAFT.max(begun.elapsed().saturating_mul(SHARE));
        self.due = None;
        if left != Left::Whole {
            self.objected = true;
            return Vec::new();
        }
        let held = self.take_held();
        self.release(held)
    }

    async fn complete(&mut self) -> (Vec<Event>, Vec<Input>) {
        let text = self.text();
        let held = self.take_held();
        if text.is_empty() {
            return (Vec::new(), self.release(held));
        }
        let (left, events) = self.policies.outbound(&self.context, self.turn, &text, true).await;
        let text = match left {
            Left::Whole => return (events, self.release(held)),
            Left::Instead(text) => text,
            Left::Nothing(refused) => refused.words("answer"),
        };
        let mut inputs = self.release(held.into_iter().filter(|step| !is_text(step)).collect());
        inputs.push(Input::Revised { text });
        (events, inputs)
    }
}

fn is_text(step: &Step) -> bool {
    matches!(step, Step::Text(_))
}

fn bytes_of(step: &Step) -> usize {
    match step {
        Step::Text(text) | Step::Reasoning(text) | Step::Stop(text) => text.len(),
        Step::ToolCall(call) => call.id.len() + call.name.len() + call.arguments.len(),
        Step::ToolCallBegin(one, other) | Step::ToolCallDelta(one, other) | Step::Other(one, other) => one.len() + other.len(),
        Step::Opaque(opaque) => opaque.model.len() + opaque.value.len(),
        Step::Usage(usage) => usage.iter().map(|(name, _)| name.len()).sum(),
        Step::Progress(label, ..) => label.len(),
        Step::Failed(error) => error.message.len(),
    }
}

#[cfg(test)]
mod tests;
