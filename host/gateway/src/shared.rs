//! What every session shares: the ledger's two sides, the model, the tools, the screen.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use wirken_ledger::{Ledger, Reader};

use crate::channel::Outbox;
use crate::screen::Screen;
use crate::{GatewayError, Model, Parts, Tools};

pub(crate) struct Shared {
    pub(crate) ledger: Ledger,
    pub(crate) model: Arc<dyn Model>,
    pub(crate) tools: Arc<dyn Tools>,
    pub(crate) instructions: String,
    pub(crate) screen: Screen,
    /// By account; one that has none reads the ledger itself.
    outboxes: RwLock<HashMap<String, Outbox>>,
    reader: Arc<Mutex<Reader>>,
    history: Arc<Mutex<Reader>>,
}

impl Shared {
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { ledger, reader, history, model, tools, instructions, scanner } = parts;
        let screen = Screen::new(scanner, ledger.clone());
        let (reader, history) = (Arc::new(Mutex::new(reader)), Arc::new(Mutex::new(history)));
        Self { ledger, model, tools, instructions, screen, outboxes: RwLock::default(), reader, history }
    }

    /// What is said in this account goes into this outbox from now on.
    pub(crate) fn send_through(&self, account: &str, outbox: Outbox) {
        self.outboxes.write().unwrap_or_else(PoisonError::into_inner).insert(account.to_owned(), outbox);
    }

    pub(crate) fn outbox(&self, account: &str) -> Option<Outbox> {
        self.outboxes.read().unwrap_or_else(PoisonError::into_inner).get(account).cloned()
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
