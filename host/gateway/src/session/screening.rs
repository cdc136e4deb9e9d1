//! What a session hears and says, as the policies leave it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use wirken_ledger::{Batch, Chain};
use wirken_turn::{Effect, Turn};
use wirken_types::TurnId;
use wirken_types::approval::Holder;
use wirken_types::chat::{Part, plain_text};
use wirken_types::event::{Event, Mark, Place, ToolOutcome};
use wirken_types::policy::Passage;

use super::{Actor, Work};
use crate::permits::Asker;
use crate::policies::{Left, answering, source};
use crate::{Answer, GatewayError};

impl Actor {
    /// What the model is to read of what a person says, and what is to be recorded of that. `turn` is the one that the
    /// message would join.
    pub(super) async fn heard(
        &mut self,
        place: &Place,
        sender: &str,
        marks: &[Mark],
        turn: Option<TurnId>,
        text: String,
    ) -> Result<(String, Vec<Event>), GatewayError> {
        let policies = &self.shared.permits.policies;
        if policies.is_empty() {
            return Ok((text, Vec::new()));
        }
        let known: BTreeSet<Mark> = self.marks.iter().chain(marks).copied().collect();
        let asker = Asker {
            session: self.id,
            place: place.clone(),
            holder: Some(Holder { agent: place.agent.clone(), account: place.account.clone(), sender: sender.to_owned() }),
            tainted: known.contains(&Mark::Forwarded) || self.outside.load(Ordering::Relaxed),
            shared: known.contains(&Mark::Shared),
            skills: None,
        };
        let passage = Passage { source: source(marks), name: String::new(), text: text.clone() };
        let (left, events) = policies.passage(&asker.context("", None), turn, passage).await;
        let (policy, reason) = match left {
            Left::Whole => return Ok((text, events)),
            Left::Instead(text) if !text.trim().is_empty() => {
                self.shared.screen.said(sender, &text).await?;
                return Ok((text, events));
            }
            Left::Instead(_) => ("in force".to_owned(), "it left nothing of it".to_owned()),
            Left::Nothing(refused) => (refused.policy, refused.reason),
        };
        // Where no session is open there, none is opened by it.
        let chain = if self.place.is_some() { Chain::from(self.id) } else { Chain::System };
        self.shared.ledger.append(Batch::of(chain, events)).await?;
        Err(GatewayError::Withheld { policy, reason })
    }

    /// The answer that is asked for, as people are to read it.
    pub(super) fn reviewing(&self, answer: Answer) -> Work {
        let (Some(asker), Some(turn)) = (self.asker(), self.turn.as_ref().map(Turn::id)) else {
            // A turn without a place, or none at all, has nobody to answer.
            return Work::Nothing;
        };
        Work::Asking(answering(Arc::clone(&self.shared.permits.policies), asker.context("", None), turn, answer))
    }

    /// What a turn that is taken up again tells the model of a call that was cut off: it names what the call had begun, in
    /// words that its component chose in part.
    pub(super) async fn screened_again(&mut self, mut effects: Vec<Effect>) -> Vec<Effect> {
        let policies = &self.shared.permits.policies;
        let Some(asker) = self.asker().filter(|_| !policies.is_empty()) else { return effects };
        for effect in &mut effects {
            let Effect::Record(events) = effect else { continue };
            let mut remarks = Vec::new();
            for event in events.iter_mut() {
                if let Event::ToolFinished { turn, tool, outcome: ToolOutcome::Interrupted, content: Some(content), .. } = event {
                    let (text, mut more) = policies.told(&asker.context("", None), *turn, tool, plain_text(content)).await;
                    *content = vec![Part::Text(text)];
                    remarks.append(&mut more);
                }
            }
            events.splice(0..0, remarks);
        }
        effects
    }
}

/// What was remarked on a message before its turn had begun.
pub(super) fn belongs_to(event: &mut Event, its: TurnId) {
    if let Event::Screened { turn, .. } = event {
        *turn = Some(its);
    }
}
