//! What every session shares: the ledger's two sides, the model, the tools, the screen.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tokio::sync::Semaphore;
use wirken_ledger::{Approvals, Blobs, KnownApproval, Ledger, Reader};
use wirken_types::approval::{Grant, Holder};
use wirken_types::http::Blob;

use crate::channel::{Media, Outbox};
use crate::effects::{Outward, room_for_requests};
use crate::permits::{self, Permits};
use crate::programs::{AT_ONCE, Runner};
use crate::screen::Screen;
use crate::{GatewayError, Model, Parts, Skills};

/// Damaged questions that are told of, each once: somebody looks at the list every second.
const TOLD: usize = 64;

pub(crate) struct Shared {
    pub(crate) ledger: Ledger,
    pub(crate) model: Arc<dyn Model>,
    pub(crate) permits: Permits,
    pub(crate) sandbox: Arc<dyn Runner>,
    /// Room for programs that run at the same time.
    pub(crate) programs: Semaphore,
    /// Room for requests that are under way at the same time.
    pub(crate) requests: Semaphore,
    pub(crate) outward: Outward,
    /// What components keep; none where there is no folder for it.
    pub(crate) store: Option<Arc<Mutex<wirken_store::Store>>>,
    pub(crate) instructions: String,
    pub(crate) skills: Arc<dyn Skills>,
    pub(crate) screen: Screen,
    /// By account; one that has none reads the ledger itself.
    outboxes: RwLock<HashMap<String, (Outbox, Media)>>,
    /// None where there is no place for files.
    pub(crate) blobs: Option<Blobs>,
    damaged: Mutex<BTreeSet<String>>,
    reader: Arc<Mutex<Reader>>,
    history: Arc<Mutex<Reader>>,
}

impl Shared {
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts {
            ledger,
            reader,
            history,
            model,
            tools,
            instructions,
            scanner,
            policy,
            sandbox,
            outward,
            store,
            blobs,
            policies,
            skills,
        } = parts;
        let screen = Screen::new(scanner, ledger.clone());
        let (reader, history) = (Arc::new(Mutex::new(reader)), Arc::new(Mutex::new(history)));
        let permits = Permits { policy: Arc::new(policy), tools, policies };
        Self {
            ledger,
            model,
            permits,
            sandbox,
            programs: Semaphore::new(AT_ONCE),
            requests: room_for_requests(),
            outward,
            store: store.map(|store| Arc::new(Mutex::new(store))),
            instructions,
            skills,
            screen,
            outboxes: RwLock::default(),
            blobs,
            damaged: Mutex::default(),
            reader,
            history,
        }
    }

    /// What is said in this account goes into this outbox from now on, and files that come with messages through this.
    pub(crate) fn speak_through(&self, account: &str, outbox: Outbox, media: Media) {
        self.outboxes.write().unwrap_or_else(PoisonError::into_inner).insert(account.to_owned(), (outbox, media));
    }

    /// Whether a picture is there, as long as it was. What is in it is looked at where it is sent.
    pub(crate) fn keeps(&self, blob: &Blob) -> bool {
        self.blobs.as_ref().zip(blob.id.parse().ok()).is_some_and(|(blobs, digest)| blobs.size(digest) == Some(blob.size))
    }

    pub(crate) fn outbox(&self, account: &str) -> Option<Outbox> {
        self.outboxes.read().unwrap_or_else(PoisonError::into_inner).get(account).map(|(outbox, _)| outbox.clone())
    }

    pub(crate) fn media(&self, account: &str) -> Option<Media> {
        self.outboxes.read().unwrap_or_else(PoisonError::into_inner).get(account).map(|(_, media)| media.clone())
    }

    /// The questions that can be believed. Of the others the log tells.
    pub(crate) fn believed(&self, found: Approvals) -> Vec<KnownApproval> {
        let mut told = self.damaged.lock().unwrap_or_else(PoisonError::into_inner);
        for error in found.damaged {
            if told.len() < TOLD && told.insert(error.to_string()) {
                tracing::error!(%error, "an open question cannot be believed, and is not shown: `wirken audit verify` says more");
            }
        }
        found.open
    }

    /// What somebody was granted, as it is now.
    pub(crate) async fn granted(&self, holder: Option<Holder>) -> Result<Vec<Grant>, GatewayError> {
        match holder {
            Some(holder) => self.read(move |reader| permits::granted(reader, &holder)).await,
            None => Ok(Vec::new()),
        }
    }

    /// Asks the reading side, on a thread that may block.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Reader) -> Result<T, wirken_ledger::Error> + Send + 'static,
    ) -> Result<T, GatewayError> {
        ask(&self.reader, question).await
    }

    /// The same, for what takes long: it holds up nobody who only wants to speak.
    pub(crate) async fn read_history<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Reader) -> Result<T, wirken_ledger::Error> + Send + 'static,
    ) -> Result<T, GatewayError> {
        ask(&self.history, question).await
    }
}

async fn ask<T: Send + 'static>(
    reader: &Arc<Mutex<Reader>>,
    question: impl FnOnce(&Reader) -> Result<T, wirken_ledger::Error> + Send + 'static,
) -> Result<T, GatewayError> {
    let reader = Arc::clone(reader);
    let task = tokio::task::spawn_blocking(move || question(&reader.lock().unwrap_or_else(PoisonError::into_inner)));
    Ok(task.await.map_err(|_| GatewayError::Stopping)??)
}
