//! What every session shares: the ledger's two sides, the model, the tools, the screen.

use std::sync::{Arc, Mutex, PoisonError};

use wirken_ledger::{Ledger, Reader};

use crate::screen::Screen;
use crate::{GatewayError, Model, Parts, Tools};

pub(crate) struct Shared {
    pub(crate) ledger: Ledger,
    pub(crate) model: Arc<dyn Model>,
    pub(crate) tools: Arc<dyn Tools>,
    pub(crate) instructions: String,
    pub(crate) screen: Screen,
    reader: Arc<Mutex<Reader>>,
    history: Arc<Mutex<Reader>>,
}

impl Shared {
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { ledger, reader, history, model, tools, instructions, scanner } = parts;
        let screen = Screen::new(scanner, ledger.clone());
        Self { ledger, model, tools, instructions, screen, reader: Arc::new(Mutex::new(reader)), history: Arc::new(Mutex::new(history)) }
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
