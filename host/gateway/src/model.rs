//! A model as a session sees it: messages in, steps out. Behind it a provider component encodes the request, egress
//! sends it with the credential placed, and a decoder in an instance of its own turns bytes into steps.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};

use futures_util::future::BoxFuture;
use futures_util::stream::{self, Stream};
use wirken_egress::{Authority, Egress, Pieces, Response};
use wirken_engine::CallError;
use wirken_ledger::{Batch, BlobError, Blobs as Files, Chain, Ledger};
use wirken_plugin::{Decoder, ProviderPlugin};
use wirken_types::Digest;
use wirken_types::chat::{Message, Part, ToolDefinition};
use wirken_types::event::Event;
use wirken_types::provider::{ChatRequest, Event as Step, ProviderError, Target};

/// The steps of one response; dropping it gives the request up.
pub type Answer = Pin<Box<dyn Stream<Item = Result<Vec<Step>, ProviderError>> + Send>>;

/// Something that answers conversations.
pub trait Model: Send + Sync {
    /// The provider's component and the model's name, for the record.
    fn names(&self) -> (String, String);
    fn ask(&self, messages: Vec<Message>, tools: Vec<ToolDefinition>) -> Answer;
}

/// The model that answers, which may be exchanged for another at any time: a response that is under way ends with what it
/// began with.
pub struct ChosenModel {
    model: RwLock<Arc<dyn Model>>,
}

impl std::fmt::Debug for ChosenModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChosenModel").finish_non_exhaustive()
    }
}

impl ChosenModel {
    pub fn new(model: Arc<dyn Model>) -> Self {
        Self { model: RwLock::new(model) }
    }

    /// This one from now on.
    pub fn replace(&self, model: Arc<dyn Model>) {
        *self.model.write().unwrap_or_else(PoisonError::into_inner) = model;
    }

    fn now(&self) -> Arc<dyn Model> {
        Arc::clone(&self.model.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Model for ChosenModel {
    fn names(&self) -> (String, String) {
        self.now().names()
    }

    fn ask(&self, messages: Vec<Message>, tools: Vec<ToolDefinition>) -> Answer {
        self.now().ask(messages, tools)
    }
}

/// One whose component cannot be used: it answers why.
#[derive(Clone, Debug)]
pub struct NoModel {
    pub component: String,
    pub model: String,
    pub why: String,
}

impl Model for NoModel {
    fn names(&self) -> (String, String) {
        (self.component.clone(), self.model.clone())
    }

    fn ask(&self, _messages: Vec<Message>, _tools: Vec<ToolDefinition>) -> Answer {
        let error = ProviderError { kind: NOT_OFFERED.into(), message: format!("{}.", self.why), retry_after_millis: None };
        Box::pin(stream::once(std::future::ready(Err(error))))
    }
}

/// What is not offered now is not offered the next time either, so that nobody asks again.
const NOT_OFFERED: &str = "not-offered";

/// A model behind a provider component.
#[derive(Debug)]
pub struct ProviderModel {
    inner: Arc<Inner>,
}

struct Inner {
    plugin: ProviderPlugin,
    egress: Egress,
    ledger: Ledger,
    model: String,
    target: Target,
    options: Vec<(String, String)>,
    authority: Box<dyn Fn() -> Authority + Send + Sync>,
    files: Option<Files>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProviderModel").field("model", &self.model).finish_non_exhaustive()
    }
}

/// What a provider's model is made of.
pub struct ProviderParts {
    pub plugin: ProviderPlugin,
    pub egress: Egress,
    /// For what belongs to no session: a leak that was stopped.
    pub ledger: Ledger,
    pub model: String,
    pub target: Target,
    pub options: Vec<(String, String)>,
    /// What each request may do, and the credentials that it may carry.
    pub authority: Box<dyn Fn() -> Authority + Send + Sync>,
    /// The pictures of conversations; none where nothing keeps them.
    pub files: Option<Files>,
}

impl std::fmt::Debug for ProviderParts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProviderParts").field("model", &self.model).finish_non_exhaustive()
    }
}

impl ProviderModel {
    pub fn new(parts: ProviderParts) -> Self {
        let ProviderParts { plugin, egress, ledger, model, target, options, authority, files } = parts;
        Self { inner: Arc::new(Inner { plugin, egress, ledger, model, target, options, authority, files }) }
    }
}

impl Model for ProviderModel {
    fn names(&self) -> (String, String) {
        (self.inner.plugin.info().name.clone(), self.inner.model.clone())
    }

    fn ask(&self, messages: Vec<Message>, tools: Vec<ToolDefinition>) -> Answer {
        let inner = Arc::clone(&self.inner);
        let request = ChatRequest { model: inner.model.clone(), messages, tools, options: inner.options.clone() };
        Box::pin(stream::unfold(Exchange::Begin(inner, Box::new(request)), Exchange::advance))
    }
}

/// The files that one request may carry: those of the conversation that it is about.
#[derive(Debug)]
struct ShownFiles {
    files: Option<Files>,
    shown: BTreeSet<String>,
}

impl ShownFiles {
    fn of(request: &ChatRequest, files: Option<Files>) -> Self {
        let parts = request.messages.iter().filter_map(|message| if let Message::User(parts) = message { Some(parts) } else { None });
        let ids = parts.flatten().filter_map(|part| if let Part::Blob(blob) = part { Some(blob.id.clone()) } else { None });
        Self { files, shown: ids.collect() }
    }
}

impl wirken_egress::Blobs for ShownFiles {
    fn open(&self, id: &str) -> BoxFuture<'static, Result<Pieces, String>> {
        let shown = self.files.clone().filter(|_| self.shown.contains(id)).zip(id.parse::<Digest>().ok());
        Box::pin(async move {
            let (files, digest) = shown.ok_or("the request names a file that is not of its conversation")?;
            let file = blocking(move || files.open_file(digest)).await?;
            let pieces = stream::try_unfold(file, |mut file| async {
                let read = blocking(move || file.next_piece().map(|piece| (piece, file))).await?;
                Ok(match read {
                    (Some(piece), file) => Some((piece.into(), file)),
                    (None, _) => None,
                })
            });
            Ok(Box::pin(pieces) as Pieces)
        })
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, BlobError> + Send + 'static) -> Result<T, String> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| "the gateway ends".to_owned())?.map_err(|error| error.to_string())
}

/// How far one request has come.
enum Exchange {
    Begin(Arc<Inner>, Box<ChatRequest>),
    Receiving(Arc<Inner>, Box<Response>, Box<Decoder>),
    Over,
}

impl Exchange {
    async fn advance(self) -> Option<(Result<Vec<Step>, ProviderError>, Self)> {
        let (inner, mut response, mut decoder) = match self {
            Self::Over => return None,
            Self::Begin(inner, request) => match inner.begin(*request).await {
                Ok((response, decoder)) => (inner, Box::new(response), Box::new(decoder)),
                Err(error) => return Some((Err(error), Self::Over)),
            },
            Self::Receiving(inner, response, decoder) => (inner, response, decoder),
        };
        let result = match response.next_chunk().await {
            Ok(Some(bytes)) => match decoder.push(&bytes).await {
                Ok(steps) => return Some((Ok(steps), Self::Receiving(inner, response, decoder))),
                Err(error) => Err(inner.component_failed(&error)),
            },
            Ok(None) => decoder.finish().await.map_err(|error| inner.component_failed(&error)),
            Err(error) => Err(inner.request_failed(error).await),
        };
        Some((result, Self::Over))
    }
}

impl Inner {
    async fn begin(&self, request: ChatRequest) -> Result<(Response, Decoder), ProviderError> {
        let encoded = self.plugin.encode(&self.target, &request).await.map_err(|error| match error {
            CallError::Output { .. } | CallError::Memory { .. } => ProviderError {
                kind: "context-length".into(),
                message: "This conversation is too large for one request: begin a new chat.".into(),
                retry_after_millis: None,
            },
            error => self.component_failed(&error),
        })??;
        let shown = Arc::new(ShownFiles::of(&request, self.files.clone()));
        let response = match self.egress.send_with(encoded, (self.authority)(), shown).await {
            Ok(response) => response,
            Err(error) => return Err(self.request_failed(error).await),
        };
        let decoder =
            self.plugin.decoder(&self.target, response.status, &response.headers).await.map_err(|error| self.component_failed(&error))?;
        Ok((response, decoder))
    }

    fn component_failed(&self, error: &CallError) -> ProviderError {
        let message = format!("The provider component {} failed: {error}.", self.plugin.info().name);
        ProviderError { kind: format!("component-{}", error.code()), message, retry_after_millis: None }
    }

    async fn request_failed(&self, error: wirken_egress::Error) -> ProviderError {
        let component = &self.plugin.info().name;
        if let wirken_egress::Error::Leak { label, direction, encoding } = &error {
            let detail =
                serde_json::json!({ "credential": label, "encoding": encoding, "direction": format!("{direction:?}").to_lowercase() });
            let event = Event::System { action: "leak-stopped".into(), subject: component.clone(), detail };
            // Where the ledger fails, the turn fails at its next record and says why.
            if let Err(error) = self.ledger.append(Batch::of(Chain::System, [event])).await {
                tracing::error!(%error, "a stopped leak could not be recorded");
            }
        }
        // Nothing left, so trying again repeats nothing.
        let kind = match &error {
            error if error.retryable() && !error.sent() => "unavailable",
            wirken_egress::Error::Unavailable(_) => NOT_OFFERED,
            error => error.kind(),
        };
        ProviderError { kind: kind.into(), message: format!("{error}."), retry_after_millis: None }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::TryStreamExt;
    use wirken_egress::Blobs as _;
    use wirken_types::chat::AssistantItem;
    use wirken_types::http::Blob;

    use super::*;

    fn kept(files: &Files, bytes: &[u8]) -> Part {
        let mut file = files.begin(100).unwrap();
        file.write(bytes).unwrap();
        let (digest, size) = file.finish().unwrap();
        Part::Blob(Blob { id: digest.to_hex(), media_type: "image/png".into(), name: None, size })
    }

    async fn read(shown: &ShownFiles, part: &Part) -> Result<Vec<u8>, String> {
        let Part::Blob(blob) = part else { panic!("{part:?}") };
        let pieces: Vec<bytes::Bytes> = shown.open(&blob.id).await?.try_collect().await?;
        Ok(pieces.concat())
    }

    #[tokio::test]
    async fn a_request_carries_the_files_of_its_conversation_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::open(folder.path(), u64::MAX, None).unwrap();
        let (mine, others) = (kept(&files, b"mine"), kept(&files, b"of another conversation"));
        // A model that names a file has not been shown it.
        let Part::Blob(named) = others.clone() else { panic!() };
        let messages = vec![Message::User(vec![mine.clone()]), Message::Assistant(vec![AssistantItem::Blob(named)])];
        let request = ChatRequest { model: "m".into(), messages, tools: Vec::new(), options: Vec::new() };
        let shown = ShownFiles::of(&request, Some(files.clone()));
        assert_eq!(read(&shown, &mine).await.unwrap(), b"mine");
        assert!(read(&shown, &others).await.unwrap_err().contains("not of its conversation"));
        assert!(shown.open("../../vault/key").await.is_err(), "an id is a digest");
        assert!(read(&ShownFiles::of(&request, None), &mine).await.is_err(), "nothing is kept");
    }
}
