//! A host that sends and runs nothing, and remembers what it was asked for. What a component keeps it has, for as long as it is tried.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use url::Url;
use wirken_egress::{Error as RequestError, Response};
use wirken_plugin::Ports;
use wirken_plugin::ports::{Answering, Command, Messages, Output, Programs, Refusal, Requests, Store};
use wirken_types::credential::Origin;
use wirken_types::http::Request;

/// What a call asked for, in the words of an intent: action and target.
#[derive(Clone, Debug, Default)]
pub(super) struct Witness {
    asked: Arc<Mutex<Vec<(&'static str, String)>>>,
    kept: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
}

impl Witness {
    pub(super) fn ports(&self) -> Ports {
        let me = Arc::new(self.clone());
        Ports {
            programs: Arc::clone(&me) as _,
            requests: Arc::clone(&me) as _,
            store: Arc::clone(&me) as _,
            messages: me,
            ..Ports::default()
        }
    }

    pub(super) fn asked(&self) -> Vec<(&'static str, String)> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hears(&self, action: &'static str, target: String) {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push((action, target));
    }
}

impl Store for Witness {
    fn get(&self, key: String) -> Answering<'_, Result<Option<Vec<u8>>, Refusal>> {
        Box::pin(std::future::ready(Ok(self.kept().get(&key).cloned())))
    }

    fn set(&self, key: String, value: Vec<u8>) -> Answering<'_, Result<(), Refusal>> {
        self.kept().insert(key, value);
        Box::pin(std::future::ready(Ok(())))
    }

    fn delete(&self, key: String) -> Answering<'_, Result<(), Refusal>> {
        self.kept().remove(&key);
        Box::pin(std::future::ready(Ok(())))
    }

    fn keys(&self, prefix: String) -> Answering<'_, Result<Vec<String>, Refusal>> {
        let keys = self.kept().keys().filter(|key| key.starts_with(&prefix)).cloned().collect();
        Box::pin(std::future::ready(Ok(keys)))
    }
}

impl Programs for Witness {
    fn run(&self, command: Command) -> Answering<'_, Result<Output, Refusal>> {
        self.hears("exec", command.program);
        Box::pin(std::future::ready(Err(Refusal::denied("running programs"))))
    }
}

impl Requests for Witness {
    fn send(&self, request: Request) -> Answering<'_, Result<Response, RequestError>> {
        let origin = Url::parse(&request.url).ok().and_then(|url| Origin::of(&url).ok());
        self.hears("http", origin.map_or(request.url, |origin| origin.to_string()));
        Box::pin(std::future::ready(Err(RequestError::Denied("this host only looks".into()))))
    }
}

impl Messages for Witness {
    fn send(&self, _channel: String, conversation: String, _text: String) -> Answering<'_, Result<(), Refusal>> {
        self.hears("send", conversation);
        Box::pin(std::future::ready(Err(Refusal::denied("sending messages"))))
    }
}
