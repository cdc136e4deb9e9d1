//! The side of a question on which the gateway is: in another process, or in the command's own.

use anyhow::bail;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::error::RecvError;
use wirken_gateway::control::Progress;
use wirken_gateway::{Gateway, Say, Update};
use wirken_turn::Shown;
use wirken_types::event::{Event, Place};
use wirken_types::{SessionId, TurnId};

use super::AGENT;

/// Where the sessions of this command are.
pub(crate) const ACCOUNT: &str = "cli";
/// Why a question that was not answered is not taken up again.
pub(crate) const GONE: &str = "the command that asked had ended";

/// What whoever asked is told, in order.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub(super) enum Step {
    Begun { session: SessionId },
    Glimpse { shown: Shown },
    Recorded { event: Box<Event> },
}

/// Asks in a session of its own, which is over once this returns, however that came: answered, or because nobody waits for
/// the answer any more.
pub(crate) async fn answer(gateway: &Gateway, message: &str, progress: Progress) -> anyhow::Result<()> {
    let conversation = TurnId::generate().to_string();
    let place = Place { agent: AGENT.into(), account: ACCOUNT.into(), conversation: conversation.clone(), thread: None };
    let say = Say {
        session: None,
        place,
        sender: "owner".into(),
        key: conversation,
        message: None,
        marks: Vec::new(),
        text: message.to_owned(),
        files: Vec::new(),
    };
    let accepted = gateway.say(say).await?;
    let followed = tokio::select! {
        followed = follow(gateway, accepted.session, accepted.turn, &progress) => followed,
        () = progress.gone() => Ok(()),
    };
    gateway.close_session(accepted.session, "wirken ask").await?;
    followed
}

/// Tells of the turn as it goes, to its end.
async fn follow(gateway: &Gateway, session: SessionId, turn: TurnId, progress: &Progress) -> anyhow::Result<()> {
    let mut updates = gateway.watch(session);
    tell(progress, Step::Begun { session }).await?;
    // What was recorded before the watch began, and what was while this was too slow for it.
    let mut missed = true;
    let mut next = 0;
    loop {
        if std::mem::take(&mut missed) {
            for row in gateway.rows_from(session, next).await? {
                next = row.seq + 1;
                if recorded(progress, turn, row.event).await? {
                    return Ok(());
                }
            }
        }
        match updates.recv().await {
            Ok(Update::Recorded { seq, event, .. }) if seq >= next => {
                next = seq + 1;
                if recorded(progress, turn, Event::clone(&event)).await? {
                    return Ok(());
                }
            }
            Ok(Update::Recorded { .. }) => {}
            Ok(Update::Glimpse { shown, .. }) => tell(progress, Step::Glimpse { shown }).await?,
            Err(RecvError::Lagged(_)) => missed = true,
            Err(RecvError::Closed) => bail!("the session ended without an answer"),
        }
    }
}

/// Tells of one event, where it is of this turn and anything is to be seen of it; true when the turn is over.
async fn recorded(progress: &Progress, turn: TurnId, mut event: Event) -> anyhow::Result<bool> {
    if event.turn() != Some(turn) {
        return Ok(false);
    }
    let over = matches!(event, Event::TurnFinished { .. } | Event::TurnInterrupted { .. });
    match &mut event {
        // What is in it is large, and shown from other rows or not at all.
        Event::Responded { content, .. } => *content = None,
        Event::ToolFinished { content, .. } => *content = None,
        Event::OutboundQueued { .. }
        | Event::ToolStarted { .. }
        | Event::RequestFailed { .. }
        | Event::ApprovalAsked { .. }
        | Event::ApprovalAnswered { .. }
        | Event::ApprovalExpired { .. } => {}
        _ if over => {}
        _ => return Ok(false),
    }
    tell(progress, Step::Recorded { event: Box::new(event) }).await?;
    Ok(over)
}

async fn tell(progress: &Progress, step: Step) -> anyhow::Result<()> {
    Ok(progress.tell(serde_json::to_value(step)?).await?)
}
