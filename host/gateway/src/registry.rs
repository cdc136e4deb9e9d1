//! Which sessions are open, where, and who listens to them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::{broadcast, mpsc};
use wirken_ledger::{Batch, Chain, Reader};
use wirken_types::SessionId;
use wirken_types::event::{Event, Place};

use crate::screen::Screen;
use crate::session::{self, Command};
use crate::shared::Shared;
use crate::{GatewayError, Parts, Update};

/// Commands that may wait for one session.
const COMMANDS: usize = 64;

/// Updates that a slow watcher may fall behind; past it, it is told so and reads the history again.
const UPDATES: usize = 1024;

pub(crate) struct Registry {
    shared: Arc<Shared>,
    live: Mutex<Live>,
    /// Held while the session at a place is looked for.
    finding: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Live {
    entries: HashMap<SessionId, Entry>,
    /// Of the entries that were found by their place.
    places: HashMap<Place, SessionId>,
    watchers: HashMap<SessionId, Watchers>,
}

/// Whoever listens to a session. Room for what a slow one may fall behind is made when there is one: most sessions of a
/// channel are listened to by nobody.
#[derive(Clone, Default)]
pub(crate) struct Watchers(Arc<OnceLock<broadcast::Sender<Update>>>);

impl Watchers {
    pub(crate) fn tell(&self, update: Update) {
        if let Some(sender) = self.0.get() {
            // They may all be gone by now.
            drop(sender.send(update));
        }
    }

    fn subscribe(&self) -> broadcast::Receiver<Update> {
        self.0.get_or_init(|| broadcast::Sender::new(UPDATES)).subscribe()
    }

    /// Whether anybody listens, or an actor speaks.
    fn in_use(&self) -> bool {
        Arc::strong_count(&self.0) > 1 || self.0.get().is_some_and(|sender| sender.receiver_count() > 0)
    }
}

/// A session whose actor runs.
#[derive(Clone)]
pub(crate) struct Entry {
    commands: mpsc::Sender<Command>,
    running: Arc<AtomicBool>,
}

impl Entry {
    pub(crate) async fn send(&self, command: Command) -> Result<(), GatewayError> {
        self.commands.send(command).await.map_err(|_| GatewayError::Stopping)
    }
}

impl Registry {
    pub(crate) fn new(parts: Parts) -> Self {
        let shared = Shared::new(parts);
        Self { shared: Arc::new(shared), live: Mutex::default(), finding: tokio::sync::Mutex::default() }
    }

    pub(crate) fn screen(&self) -> &Screen {
        &self.shared.screen
    }

    /// The actor of a session, started where it does not run.
    pub(crate) fn entry(&self, id: SessionId) -> Entry {
        let mut live = self.lock();
        self.entry_in(&mut live, id)
    }

    /// The actor of the open session at a place. A place without one gets an id now, so that two messages that arrive
    /// together open one session; the session itself is opened by the record of the first.
    pub(crate) async fn entry_at(&self, place: &Place) -> Result<Entry, GatewayError> {
        if let Some(entry) = self.live_at(place) {
            return Ok(entry);
        }
        let _finding = self.finding.lock().await;
        if let Some(entry) = self.live_at(place) {
            return Ok(entry);
        }
        let wanted = place.clone();
        let known = self.read(move |reader| reader.find_session(&wanted)).await?;
        let id = known.map_or_else(SessionId::generate, |session| session.id);
        let mut live = self.lock();
        let entry = self.entry_in(&mut live, id);
        live.places.insert(place.clone(), id);
        Ok(entry)
    }

    fn live_at(&self, place: &Place) -> Option<Entry> {
        let live = self.lock();
        live.places.get(place).and_then(|id| live.entries.get(id)).filter(|entry| !entry.commands.is_closed()).cloned()
    }

    pub(crate) fn live(&self, id: SessionId) -> Option<Entry> {
        self.lock().entries.get(&id).filter(|entry| !entry.commands.is_closed()).cloned()
    }

    pub(crate) fn running(&self, id: SessionId) -> bool {
        self.lock().entries.get(&id).is_some_and(|entry| entry.running.load(Ordering::Relaxed))
    }

    pub(crate) fn watch(&self, id: SessionId) -> broadcast::Receiver<Update> {
        let mut live = self.lock();
        live.watchers.retain(|_, watchers| watchers.in_use());
        live.watchers(id).subscribe()
    }

    /// A closed session takes nothing more, and its place is free for a new one.
    pub(crate) fn forget(&self, id: SessionId) {
        let mut live = self.lock();
        live.entries.remove(&id);
        live.places.retain(|_, other| *other != id);
    }

    /// Records in a session whose actor does not run.
    pub(crate) async fn record(&self, session: SessionId, events: Vec<Event>) -> Result<(), GatewayError> {
        self.shared.ledger.append(Batch::of(session, events)).await?;
        Ok(())
    }

    /// Records what became of something that was said, or is about to. What only tells of it rides along with whatever is
    /// recorded next: nobody waits for it.
    pub(crate) async fn record_outbound(&self, session: SessionId, event: Event, rides_along: bool) -> Result<(), GatewayError> {
        // Whether a question is shown decides at a restart whether it is put again.
        let waits = matches!(event, Event::PromptOutcome { .. } | Event::PromptClosed { .. });
        let batch = Batch::of(session, [event]);
        if rides_along && !waits {
            self.shared.ledger.append_lazily(batch).await?;
        } else {
            self.shared.ledger.append(batch).await?;
        }
        Ok(())
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(crate) async fn record_system(&self, action: &str, subject: &str, detail: serde_json::Value) -> Result<(), GatewayError> {
        let event = Event::System { action: action.to_owned(), subject: subject.to_owned(), detail };
        self.shared.ledger.append(Batch::of(Chain::System, [event])).await?;
        Ok(())
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Reader) -> Result<T, wirken_ledger::Error> + Send + 'static,
    ) -> Result<T, GatewayError> {
        self.shared.read(question).await
    }

    pub(crate) async fn read_history<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Reader) -> Result<T, wirken_ledger::Error> + Send + 'static,
    ) -> Result<T, GatewayError> {
        self.shared.read_history(question).await
    }

    fn entry_in(&self, live: &mut Live, id: SessionId) -> Entry {
        if let Some(entry) = live.entries.get(&id)
            && !entry.commands.is_closed()
        {
            return entry.clone();
        }
        let Live { entries, places, watchers } = live;
        entries.retain(|_, entry| !entry.commands.is_closed());
        places.retain(|_, id| entries.contains_key(id));
        watchers.retain(|_, watchers| watchers.in_use());
        let (commands, inbox) = mpsc::channel(COMMANDS);
        let running = Arc::new(AtomicBool::new(false));
        let watchers = live.watchers(id).clone();
        tokio::spawn(session::run(id, Arc::clone(&self.shared), inbox, watchers, Arc::clone(&running)));
        let entry = Entry { commands, running };
        live.entries.insert(id, entry.clone());
        entry
    }

    fn lock(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Live {
    fn watchers(&mut self, id: SessionId) -> &Watchers {
        self.watchers.entry(id).or_default()
    }
}
