//! A component that trapped, and the next instance of it: what becomes of what was under way, how long it is waited, and
//! which event is taken as handled because it ended two instances in a row.

use std::collections::HashSet;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;
use wirken_bindings::Beginning;
use wirken_engine::CallError;
use wirken_types::Timestamp;
use wirken_types::channel::{Effect, Event, Health, Outcome, State};
use wirken_types::http::{Failure, Response};
use wirken_wire::ToGateway;
use wirken_wire::limits::MAX_SKIPPED_BYTES;

use super::{Driver, End, Ended};
use crate::bounds;
use crate::timers::Timers;

/// Events without a trap after which an instance is trusted again.
pub(super) const CONFIDENCE: u32 = 200;
/// Between a trap and the next instance, doubling. One that was brought about by an update costs the others little.
const PAUSE: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(60);
const RECOVERY_PAUSE_MAX: Duration = Duration::from_secs(5);

#[derive(Default)]
pub(super) struct Recovery {
    /// An instance trapped, and fewer than [`CONFIDENCE`] events were handled since.
    pub(super) recovering: bool,
    pub(super) traps: u32,
    pub(super) handled: u32,
    /// When the next instance is made.
    pub(super) at: Option<Instant>,
    /// The response that ended the last one, after the one before had ended too.
    pub(super) poison: Option<Response>,
}

impl Driver {
    /// The instance is dead. Nothing of it goes on; what it had committed stands.
    pub(super) async fn trapped(&mut self, event: Event, error: &CallError) -> Result<(), Ended> {
        self.connection = None;
        self.requests.abort_all();
        self.requests = JoinSet::new();
        self.under_way.clear();
        self.timers = Timers::default();
        for medium in self.media.clear() {
            self.not_fetched(medium, "the channel's component failed").await?;
        }
        self.events.retain(|event| matches!(event, Event::Outbound(_)));
        // What it had said of outbounds holds; the rest of what it wanted goes with it.
        let rest: Vec<Effect> = self.commits.iter_mut().flat_map(|commit| commit.rest.drain(..)).collect();
        for effect in rest {
            if let Effect::Outcome(..) = effect {
                self.carry_out(effect).await?;
            }
        }
        let reason = bounds::reason(error.to_string());
        self.link.send(&ToGateway::Trapped { reason: reason.clone() }).await?;
        let mut waiting = HashSet::new();
        for event in &self.events {
            if let Event::Outbound(outbound) = event {
                waiting.insert(outbound.id);
            }
        }
        let own = match &event {
            Event::Outbound(outbound) => Some(outbound.id),
            _ => None,
        };
        for id in std::mem::take(&mut self.unanswered) {
            let outcome = if waiting.contains(&id) {
                self.unanswered.insert(id);
                continue;
            } else if own == Some(id) {
                // Its effects were never carried out.
                Outcome::Failed(Failure {
                    kind: "component".into(),
                    sent: false,
                    message: bounds::reason(format!("the channel's component failed on it: {reason}")),
                })
            } else {
                Outcome::InDoubt(bounds::reason(format!("the channel's component failed while it was being sent: {reason}")))
            };
            self.link.send(&ToGateway::Outcome { id, outcome }).await?;
        }
        if let Event::HttpResponse(_, response) | Event::Poisoned(response) = event
            && self.recovery.recovering
        {
            let mut body = response.body.clone();
            body.truncate(MAX_SKIPPED_BYTES);
            self.link.send(&ToGateway::Skipped { reason, body }).await?;
            self.recovery.poison = Some(response);
            self.recovery.traps = 0;
        }
        let most = if self.recovery.poison.is_some() { RECOVERY_PAUSE_MAX } else { PAUSE_MAX };
        self.recovery.recovering = true;
        self.recovery.handled = 0;
        let pause = PAUSE.saturating_mul(1 << self.recovery.traps.min(16)).min(most);
        self.recovery.traps = self.recovery.traps.saturating_add(1);
        self.recovery.at = Some(Instant::now() + pause);
        self.healthy(Health { state: "restarting".into(), detail: format!("its component failed: {error}") }).await
    }

    /// A fresh instance, from what is committed.
    pub(super) async fn build(&mut self) -> Result<(), Ended> {
        self.recovery.at = None;
        let mut random = [0; 32];
        if getrandom::fill(&mut random).is_err() {
            return self.broken("the system gave no random bytes").await;
        }
        let state: Vec<State> = self.state.iter().map(|(key, value)| State { key: key.clone(), value: value.clone() }).collect();
        let beginning = Beginning { settings: &self.settings, state: &state, random: &random, recovering: self.recovery.recovering };
        let connected = self.component.connect(&self.limits, beginning).await;
        let mut connection = match connected {
            Ok(connection) => connection,
            Err(error) => return self.broken(&error.to_string()).await,
        };
        let effects = match connection.start(Timestamp::now().0).await {
            Ok(effects) => effects,
            Err(error) => return self.broken(&error.to_string()).await,
        };
        self.connection = Some(connection);
        if let Some(response) = self.recovery.poison.take() {
            self.events.push_front(Event::Poisoned(response));
        }
        self.perform(effects).await
    }

    /// What the component was never told of was not sent: no doubt about that.
    pub(super) async fn hand_back(&mut self) -> Result<(), Ended> {
        for event in std::mem::take(&mut self.events) {
            if let Event::Outbound(outbound) = event
                && self.unanswered.remove(&outbound.id)
            {
                self.link.send(&ToGateway::Outcome { id: outbound.id, outcome: Outcome::Later(0) }).await?;
            }
        }
        Ok(())
    }

    pub(super) async fn broken<T>(&mut self, reason: &str) -> Result<T, Ended> {
        self.hand_back().await?;
        self.link.send(&ToGateway::Trapped { reason: bounds::reason(format!("it does not start: {reason}")) }).await?;
        Err(Ended(End::Broken))
    }
}
