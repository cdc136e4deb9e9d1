//! What waits for an answer, and what was given, of all sessions: looked at while a page is open, and told to the pages
//! when it changed.
//!
//! A question of a messenger's conversation, or an answer that the command line gave, is recorded in a session that no
//! page watches. What a page itself does is looked at again at once.

use tokio::sync::{Notify, watch};
use tokio::time::MissedTickBehavior;
use wirken_ledger::{KnownApproval, KnownGrant};
use wirken_types::event::Event;

use crate::backend::{Backend, BackendError};
use crate::bounds::LOOK_EVERY;
use crate::server::App;

/// As it was when it was last looked at.
#[derive(Default)]
pub(crate) struct Standing {
    pub(crate) approvals: watch::Sender<Vec<KnownApproval>>,
    pub(crate) grants: watch::Sender<Vec<KnownGrant>>,
    again: Notify,
}

impl Standing {
    /// It may be another one now.
    pub(crate) fn changed(&self) {
        self.again.notify_one();
    }
}

/// Whether an event changes what waits or what is given.
pub(crate) fn is_changed_by(event: &Event) -> bool {
    matches!(
        event,
        Event::ApprovalAsked { .. }
            | Event::ApprovalAnswered { .. }
            | Event::ApprovalExpired { .. }
            | Event::Granted { .. }
            | Event::GrantRevoked { .. }
            | Event::TurnFinished { .. }
            | Event::TurnInterrupted { .. }
            | Event::SessionClosed { .. }
    )
}

/// Looks until the server stops. With no page open it reads nothing.
pub(crate) async fn keep<B: Backend>(app: App<B>) {
    let mut tick = tokio::time::interval(LOOK_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        tokio::select! {
            () = app.closing.cancelled() => return,
            () = app.standing.again.notified() => {}
            _ = tick.tick() => {}
        }
        if app.sockets_open() == 0 {
            continue;
        }
        let looked = look(&app).await;
        if let Err(error) = &looked
            && !failing
        {
            tracing::error!(%error, "webchat: what waits for an answer could not be read");
        }
        failing = looked.is_err();
    }
}

async fn look<B: Backend>(app: &App<B>) -> Result<(), BackendError> {
    let (approvals, grants) = (app.backend.approvals().await?, app.backend.grants().await?);
    if replace(&app.standing.approvals, approvals) {
        app.list_changed();
    }
    replace(&app.standing.grants, grants);
    Ok(())
}

/// False where it is the same as before, and nobody is told.
fn replace<T: PartialEq>(kept: &watch::Sender<T>, now: T) -> bool {
    kept.send_if_modified(|before| {
        let changed = *before != now;
        *before = now;
        changed
    })
}
