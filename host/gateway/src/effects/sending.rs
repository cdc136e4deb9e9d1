//! Messages to people, beside the answer to the one who asked.

use std::time::Duration;

use wirken_permissions::Action;
use wirken_plugin::ports::{Answering, Messages, Refusal};
use wirken_types::channel::Outcome;
use wirken_types::event::ToolOutcome;

use super::{CallEffects, Weight, refusal};
use crate::LOCAL_ACCOUNTS;
use crate::policies::Left;

/// Messages of one call.
const MAX_MESSAGES: u64 = 8;
/// One message, in bytes.
const MAX_TEXT_BYTES: usize = 64 * 1024;
/// A conversation's id, in bytes, as channels have them.
const MAX_ID_BYTES: usize = 256;
/// How long it is waited for what became of a message.
const PATIENCE: Duration = Duration::from_secs(30);

impl CallEffects {
    async fn send_message(&self, channel: String, conversation: String, text: String) -> Result<(), Refusal> {
        let text_fits = (1..=MAX_TEXT_BYTES).contains(&text.len()) && !text.trim().is_empty();
        if !text_fits {
            return Err(refusal("invalid", format!("a message has 1 to {MAX_TEXT_BYTES} bytes, and this one has {}", text.len())));
        }
        if !(1..=MAX_ID_BYTES).contains(&conversation.len()) {
            return Err(refusal("invalid", format!("a conversation's id has 1 to {MAX_ID_BYTES} bytes")));
        }
        if LOCAL_ACCOUNTS.contains(&channel.as_str()) {
            return Err(refusal("invalid", "nobody can be written to there: the answer itself is shown where it was asked for"));
        }
        let Some(outbox) = self.shared().outbox(&channel) else {
            return Err(refusal("invalid", format!("there is no channel named {channel:?}; `wirken channel list` names them")));
        };
        self.holds_no_secret([channel.as_str(), conversation.as_str(), text.as_str()].into_iter())?;
        self.count("send", MAX_MESSAGES, "messages")?;
        let text = self.reviewed(text).await?;
        let action = Action::Send { account: channel, conversation: conversation.clone() };
        let begun = self.begin_with(action, Weight::Changes, format!(" It says:\n{text}")).await?;
        let sent = match outbox.message(&conversation, &text) {
            Some(outcome) => match tokio::time::timeout(PATIENCE, outcome).await {
                Ok(Ok(outcome)) => judge(outcome),
                // Its process has gone.
                Ok(Err(_)) => Err(refusal("failed", "the connection broke off: it may have been delivered, or not")),
                Err(_) => Err(refusal("timeout", "the platform has not said what became of it: it may still be delivered")),
            },
            None => Err(refusal("unavailable", "the channel is not connected, or has too much to send: nothing was sent")),
        };
        let (outcome, detail) = match &sent {
            Ok(()) => (ToolOutcome::Ok, String::new()),
            Err(refusal) => (ToolOutcome::Failed, refusal.kind.to_owned()),
        };
        self.finish(begun, outcome, detail).await;
        sent
    }
}

impl CallEffects {
    /// What the policies leave of a message to people.
    async fn reviewed(&self, text: String) -> Result<String, Refusal> {
        let (permits, context) = (&self.shared().permits, self.asker().context(&self.component, None));
        let (left, events) = permits.policies.outbound(&context, self.turn, &text, true).await;
        self.note(events).await?;
        match left {
            Left::Whole => Ok(text),
            Left::Instead(text) if (1..=MAX_TEXT_BYTES).contains(&text.len()) && !text.trim().is_empty() => {
                self.holds_no_secret([text.as_str()].into_iter())?;
                Ok(text)
            }
            Left::Instead(_) => Err(self.refuse(refusal("denied", "a policy left nothing of the message that could be sent"))),
            Left::Nothing(refused) => Err(self.refuse(refusal("denied", refused.words("message")))),
        }
    }
}

fn judge(outcome: Outcome) -> Result<(), Refusal> {
    match outcome {
        Outcome::Delivered(_) => Ok(()),
        Outcome::Failed(failure) => Err(refusal("failed", format!("the platform refused it: {}", failure.message))),
        Outcome::InDoubt(why) => Err(refusal("failed", format!("it may have been delivered, or not: {why}"))),
        Outcome::Later(_) => Err(refusal("unavailable", "the platform wants no more messages now: nothing was sent")),
    }
}

impl Messages for CallEffects {
    fn send(&self, channel: String, conversation: String, text: String) -> Answering<'_, Result<(), Refusal>> {
        Box::pin(self.send_message(channel, conversation, text))
    }
}
