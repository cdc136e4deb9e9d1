//! The requests of a call. Where its component may send them was held against its grant before; here each is judged by
//! where it really goes, recorded, and sent with the credentials that it names.

use std::sync::Arc;

use serde_json::json;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use wirken_egress::{Authority, Egress, Error, Response};
use wirken_ledger::{Batch, Chain};
use wirken_permissions::Action;
use wirken_plugin::ports::{Answering, Refusal, Requests};
use wirken_types::credential::{Origin, OriginPattern};
use wirken_types::event::{Event, ToolOutcome};
use wirken_types::http::Request;

use super::{CallEffects, Weight};
use crate::shared::Shared;

/// As the record names a request. A session that has one holds words from outside.
pub(crate) const REQUEST: &str = "http";

/// Requests of one call.
const MAX_REQUESTS: u64 = 64;
/// Requests under way, of all calls together: each may hold a large body.
const AT_ONCE: usize = 32;

/// What a component's requests may do, as it is when a request is made; none for one that is not known.
pub type Authorities = Box<dyn Fn(&str) -> Option<Authority> + Send + Sync>;

/// How components' requests leave.
pub struct Outward {
    pub egress: Egress,
    pub authority: Authorities,
}

impl Outward {
    /// Nobody's requests leave.
    pub fn closed() -> Self {
        Self { egress: Egress::new(wirken_egress::Options::default()), authority: Box::new(|_| None) }
    }
}

impl std::fmt::Debug for Outward {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outward").finish_non_exhaustive()
    }
}

pub(crate) fn room_for_requests() -> Semaphore {
    Semaphore::new(AT_ONCE)
}

impl CallEffects {
    /// The names of its component's credentials that the vault holds.
    pub(crate) fn credentials(&self) -> Arc<std::collections::BTreeSet<String>> {
        let authority = (self.shared().outward.authority)(&self.component);
        let held = authority.into_iter().flat_map(|authority| authority.credentials).filter(|binding| binding.record.is_some());
        Arc::new(held.map(|binding| binding.name).collect())
    }

    async fn request(&self, request: Request) -> Result<Response, Error> {
        let Some(mut authority) = (self.shared().outward.authority)(&self.component) else {
            return Err(Error::Denied("the network is not granted to this component".into()));
        };
        let url = url::Url::parse(&request.url).map_err(|error| Error::Invalid(format!("the URL cannot be read: {error}")))?;
        let origin = Origin::of(&url).map_err(|error| Error::Denied(error.to_string()))?;
        self.holds_no_secret([request.url.as_str()].into_iter()).map_err(denied)?;
        self.count(REQUEST, MAX_REQUESTS, "requests").map_err(denied)?;
        let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        let weight = if matches!(request.method.as_str(), "GET" | "HEAD") { Weight::Reads } else { Weight::Changes };
        let action = Action::Http { method: request.method.clone(), origin: origin.clone(), path };
        let _room = self.shared().requests.acquire().await.map_err(|_| Error::Unavailable("the gateway is ending".into()))?;
        let begun = self.begin(action, weight).await.map_err(denied)?;
        // This one, and no other: what the component may reach at all was looked at before.
        authority.origins = vec![OriginPattern::Literal(origin)];
        let sent = self.shared().outward.egress.send(request, authority).await;
        let (outcome, detail) = match &sent {
            Ok(response) => (ToolOutcome::Ok, format!("status {}", response.status)),
            Err(error) => (ToolOutcome::Failed, error.kind().to_owned()),
        };
        self.finish(begun, outcome, detail).await;
        match sent {
            Ok(response) => Ok(response.watched(self.watcher())),
            Err(error) => {
                if let Some(event) = leak(&self.component, &error) {
                    record(self.shared(), event).await;
                }
                // The guest hears a code; the model is told why.
                self.refuse(super::refusal("denied", error.to_string()));
                Err(error)
            }
        }
    }

    /// What stops a body while its component reads it is recorded and told like what stops a request: the guest hears no more
    /// than that it broke off.
    fn watcher(&self) -> impl FnOnce(&Error) + Send + Sync + 'static {
        let (shared, state, component) = (Arc::clone(&self.shared), Arc::clone(&self.state), self.component.clone());
        let runtime = Handle::current();
        move |error| {
            if !matches!(error, Error::Leak { .. } | Error::Limit { .. }) {
                return;
            }
            super::told(&state, &error.to_string());
            if let Some(event) = leak(&component, error) {
                runtime.spawn(async move { record(&shared, event).await });
            }
        }
    }
}

/// Of a secret that was about to cross.
fn leak(component: &str, error: &Error) -> Option<Event> {
    let Error::Leak { label, encoding, direction } = error else { return None };
    let detail = json!({ "credential": label, "encoding": encoding, "direction": format!("{direction:?}").to_lowercase() });
    Some(Event::System { action: "leak-stopped".into(), subject: component.to_owned(), detail })
}

async fn record(shared: &Shared, event: Event) {
    if let Err(error) = shared.ledger.append(Batch::of(Chain::System, [event])).await {
        tracing::error!(%error, "a stopped leak could not be recorded");
    }
}

impl Requests for CallEffects {
    fn send(&self, request: Request) -> Answering<'_, Result<Response, Error>> {
        Box::pin(self.request(request))
    }
}

fn denied(refusal: Refusal) -> Error {
    match refusal.kind {
        "denied" | "limit" => Error::Denied(refusal.message),
        _ => Error::Unavailable(refusal.message),
    }
}
