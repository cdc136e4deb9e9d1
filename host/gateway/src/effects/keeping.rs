//! What a component keeps from one call to the next: its own, and within that each person's, or each group's that was given
//! a place of its own.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;
use wirken_plugin::ports::{Answering, Refusal, Store};
use wirken_store::{Error, Kept, Owner};
use wirken_types::Digest;
use wirken_types::event::ToolOutcome;
use wirken_types::tool::Intent;

use super::{CallEffects, Weight, refusal};

/// As the record names it that something was read which had been written where words from outside were. A session that
/// has one holds such words itself.
pub(crate) const RECALL: &str = "recall";

const NO_PLACE: &str = "a conversation of several people keeps nothing, unless its owner gives it a workspace";

impl CallEffects {
    fn owner(&self) -> Result<Owner, Refusal> {
        let place = &self.asker.place;
        let principal = match (&self.asker.holder, self.asker.shared) {
            (_, true) if !self.shared().permits.has_workspace(&self.asker) => return Err(self.refuse(refusal("denied", NO_PLACE))),
            (_, true) => json!(["group", place.account, place.conversation]),
            (Some(holder), false) => json!(["person", holder.account, holder.sender]),
            (None, false) => return Err(refusal("denied", "nobody is known for whom it would be kept")),
        };
        Ok(Owner { component: self.component.clone(), agent: place.agent.clone(), principal: principal.to_string() })
    }

    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut wirken_store::Store) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Refusal> {
        let store: Arc<Mutex<wirken_store::Store>> = match &self.shared().store {
            Some(store) => Arc::clone(store),
            None => return Err(refusal("unavailable", "nothing is kept here")),
        };
        let asked = tokio::task::spawn_blocking(move || question(&mut store.lock().unwrap_or_else(PoisonError::into_inner)));
        match asked.await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) if error.is_bound() => Err(refusal(bound(&error), error.to_string())),
            Ok(Err(error)) => {
                tracing::error!(%error, "what components keep could not be read or written");
                Err(refusal("failed", "what is kept could not be read or written"))
            }
            Err(_) => Err(refusal("failed", "it could not be done")),
        }
    }

    async fn recalled(&self, tainted: bool) -> Result<(), Refusal> {
        if !tainted || self.asker().tainted {
            return Ok(());
        }
        let words = "Read what had been kept where words from outside had been read.".to_owned();
        let begun = self.start(RECALL, words, Digest::ZERO, Weight::Reads).await?;
        self.finish(begun, ToolOutcome::Ok, String::new()).await;
        Ok(())
    }

    async fn change(
        &self,
        words: String,
        intent: Intent,
        change: impl FnOnce(&mut wirken_store::Store) -> Result<(), Error> + Send + 'static,
    ) -> Result<(), Refusal> {
        self.judge_by_policies(&intent, &words, "changing what is kept").await?;
        let Intent { action, target, detail } = intent;
        let digest = Digest::of_parts("wirken/action/own", &[action.as_bytes(), target.as_bytes(), detail.as_bytes()]);
        let begun = self.start("keep", words, digest, Weight::Changes).await?;
        let changed = self.ask(change).await;
        let (outcome, detail) = match &changed {
            Ok(()) => (ToolOutcome::Ok, String::new()),
            Err(refusal) => (ToolOutcome::Failed, refusal.kind.to_owned()),
        };
        self.finish(begun, outcome, detail).await;
        changed
    }
}

/// In the words of `wirken:host`.
fn bound(error: &Error) -> &'static str {
    if matches!(error, Error::Key(_)) { "invalid" } else { "limit" }
}

/// Changes of one call to what is kept.
const MAX_CHANGES: u64 = 256;

impl Store for CallEffects {
    fn get(&self, key: String) -> Answering<'_, Result<Option<Vec<u8>>, Refusal>> {
        Box::pin(async move {
            let owner = self.owner()?;
            let kept = self.ask(move |store| store.get(&owner, &key)).await?;
            self.recalled(kept.as_ref().is_some_and(|kept| kept.tainted)).await?;
            Ok(kept.map(|kept| kept.value))
        })
    }

    fn set(&self, key: String, value: Vec<u8>) -> Answering<'_, Result<(), Refusal>> {
        Box::pin(async move {
            let owner = self.owner()?;
            self.count("keep", MAX_CHANGES, "changes of what is kept")?;
            // It is not encrypted.
            if self.screen().holds_bytes(&[key.as_bytes(), &value]) {
                return Err(refusal("denied", "it holds the value of a credential"));
            }
            let kept = Kept { value, tainted: self.asker().tainted };
            let words = format!("Keep {} bytes under {key:?}.", kept.value.len());
            let detail = json!({ "bytes": kept.value.len(), "sha256": Digest::of(&kept.value).to_hex() }).to_string();
            let intent = Intent { action: "keep".into(), target: key.clone(), detail };
            self.change(words, intent, move |store| store.set(&owner, &key, &kept)).await
        })
    }

    fn delete(&self, key: String) -> Answering<'_, Result<(), Refusal>> {
        Box::pin(async move {
            let owner = self.owner()?;
            self.count("keep", MAX_CHANGES, "changes of what is kept")?;
            let words = format!("Forget what is kept under {key:?}.");
            let intent = Intent { action: "forget".into(), target: key.clone(), detail: "{}".into() };
            self.change(words, intent, move |store| store.delete(&owner, &key)).await
        })
    }

    fn keys(&self, prefix: String) -> Answering<'_, Result<Vec<String>, Refusal>> {
        Box::pin(async move {
            let owner = self.owner()?;
            let (keys, tainted) = self.ask(move |store| store.keys(&owner, &prefix)).await?;
            self.recalled(tainted).await?;
            Ok(keys)
        })
    }
}
