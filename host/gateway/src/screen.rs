//! What a session must not hold: the value of a credential, in what a person says, a model answers or a tool returns.
//!
//! The bytes of a response were searched on their way in. A model answers in pieces, each in a frame of its own, and a
//! component may decode anything: so what is about to be recorded and shown is searched once more, as it will read.

use std::sync::{Arc, PoisonError, RwLock};

use futures_util::StreamExt;
use futures_util::stream;
use serde_json::json;
use wirken_ledger::{Batch, Chain, Ledger};
use wirken_plugin::ToolEnd;
use wirken_secret::{Leak, ScanStream, ScanText, Scanner, redact};
use wirken_types::chat::Part;
use wirken_types::event::{Event, ToolOutcome};
use wirken_types::provider::{Event as Step, ProviderError};

use crate::{Answer, GatewayError};

#[derive(Clone, Debug)]
pub(crate) struct Screen {
    scanner: Arc<RwLock<Arc<Scanner>>>,
    ledger: Ledger,
}

/// An answer on its way through.
struct Passing {
    screen: Screen,
    provider: String,
    answer: Answer,
    text: ScanText,
    reasoning: ScanText,
    over: bool,
}

impl Screen {
    pub(crate) fn new(scanner: Arc<Scanner>, ledger: Ledger) -> Self {
        Self { scanner: Arc::new(RwLock::new(scanner)), ledger }
    }

    /// Looks for other secrets from now on. The text of an answer that has begun is searched as it was begun.
    pub(crate) fn set_scanner(&self, scanner: Arc<Scanner>) {
        *self.scanner.write().unwrap_or_else(PoisonError::into_inner) = scanner;
    }

    fn scanner(&self) -> Arc<Scanner> {
        Arc::clone(&self.scanner.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What a person is about to say.
    pub(crate) async fn said(&self, sender: &str, text: &str) -> Result<(), GatewayError> {
        let Some(leak) = self.scanner().find(text.as_bytes()) else { return Ok(()) };
        self.record(&leak, sender, "message").await;
        Err(GatewayError::HoldsSecret { label: leak.label })
    }

    /// The same answer, which ends with an error where it would tell a secret.
    pub(crate) fn answer(&self, provider: String, answer: Answer) -> Answer {
        let scanner = self.scanner();
        if scanner.is_empty() {
            return answer;
        }
        let scan = || ScanText::new(Arc::clone(&scanner));
        let passing = Passing { screen: self.clone(), provider, answer, text: scan(), reasoning: scan(), over: false };
        Box::pin(stream::unfold(passing, Passing::next))
    }

    /// What a tool returned, or that it was withheld.
    pub(crate) async fn tool_end(&self, tool: &str, end: ToolEnd) -> ToolEnd {
        let leak = end.content.iter().find_map(|part| match part {
            Part::Text(text) => self.any([text.as_str()]),
            Part::Blob(blob) => self.any([Some(blob.media_type.as_str()), blob.name.as_deref()].into_iter().flatten()),
            Part::Other(kind, value) => self.any([kind.as_str(), value.as_str()]),
        });
        let Some(leak) = leak else { return end };
        self.record(&leak, tool, "tool-result").await;
        let text = format!("The result holds the value of the credential {} and was withheld. What the call did stands.", leak.label);
        ToolEnd { outcome: ToolOutcome::Failed, code: None, content: vec![Part::text(text)] }
    }

    /// For a file that comes in pieces.
    pub(crate) fn stream(&self) -> ScanStream {
        ScanStream::new(self.scanner())
    }

    /// For what a program writes, as it is shown while it runs. What it returns is searched once more, as a whole.
    pub(crate) fn streamed(&self) -> Streamed {
        Streamed { scan: ScanText::new(self.scanner()), bytes: Vec::new(), over: false }
    }

    /// Whether one of these tells a secret.
    pub(crate) fn holds<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> bool {
        self.any(texts).is_some()
    }

    /// The same of bytes that are no text.
    pub(crate) fn holds_bytes(&self, pieces: &[&[u8]]) -> bool {
        let scanner = self.scanner();
        pieces.iter().any(|piece| scanner.find(piece).is_some())
    }

    fn any<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> Option<Leak> {
        let scanner = self.scanner();
        texts.into_iter().find_map(|text| scanner.find(text.as_bytes()))
    }

    /// Where the ledger fails, the turn fails at its next record and says why.
    pub(crate) async fn record(&self, leak: &Leak, subject: &str, direction: &str) {
        let detail = json!({ "credential": leak.label, "encoding": leak.encoding, "direction": direction });
        let event = Event::System { action: "leak-stopped".into(), subject: subject.into(), detail };
        if let Err(error) = self.ledger.append(Batch::of(Chain::System, [event])).await {
            tracing::error!(%error, "a stopped leak could not be recorded");
        }
    }
}

/// What a program writes, on its way to whoever watches.
pub(crate) struct Streamed {
    scan: ScanText,
    /// The beginning of a character.
    bytes: Vec<u8>,
    over: bool,
}

impl Streamed {
    /// What may be shown now; nothing more once a secret was seen.
    pub(crate) fn pass(&mut self, bytes: &[u8]) -> Option<String> {
        if self.over {
            return None;
        }
        self.bytes.extend_from_slice(bytes);
        let unfinished = match std::str::from_utf8(&self.bytes) {
            Err(error) if error.error_len().is_none() => self.bytes.split_off(error.valid_up_to()),
            _ => Vec::new(),
        };
        let bytes = std::mem::replace(&mut self.bytes, unfinished);
        match self.scan.push(&String::from_utf8_lossy(&bytes)) {
            Ok(text) => Some(text),
            Err(_) => {
                self.over = true;
                None
            }
        }
    }
}

impl Passing {
    async fn next(mut self) -> Option<(Result<Vec<Step>, ProviderError>, Self)> {
        if self.over {
            return None;
        }
        let Some(result) = self.answer.next().await else {
            self.over = true;
            let rest = self.rest();
            return (!rest.is_empty()).then_some((Ok(rest), self));
        };
        let passed = match result {
            Ok(steps) => self.pass(steps),
            Err(error) => Ok(Err(self.redacted(error))),
        };
        let result = match passed {
            Ok(result) => result,
            Err(leak) => {
                self.screen.record(&leak, &self.provider, "incoming").await;
                let message = format!("The model's answer holds the value of the credential {} and was ended there.", leak.label);
                Err(ProviderError { kind: "leak".into(), message, retry_after_millis: None })
            }
        };
        self.over = result.is_err();
        Some((result, self))
    }

    fn pass(&mut self, steps: Vec<Step>) -> Result<Result<Vec<Step>, ProviderError>, Leak> {
        let mut passed = Vec::with_capacity(steps.len());
        for step in steps {
            match step {
                // What waits of the one goes before the other, in its order; the search goes on over it.
                Step::Text(piece) => {
                    let ready = self.text.push(&piece)?;
                    passed.extend(reasoning(self.reasoning.release()));
                    passed.extend(text(ready));
                }
                Step::Reasoning(piece) => {
                    let ready = self.reasoning.push(&piece)?;
                    passed.extend(text(self.text.release()));
                    passed.extend(reasoning(ready));
                }
                // Nobody sees these; the whole call follows.
                Step::ToolCallDelta(..) => {}
                other => {
                    if let Some(leak) = self.in_step(&other) {
                        return Err(leak);
                    }
                    if !matches!(other, Step::Usage(_) | Step::Progress(..)) {
                        passed.extend(self.rest());
                    }
                    passed.push(match other {
                        Step::Failed(error) => Step::Failed(self.redacted(error)),
                        other => other,
                    });
                }
            }
        }
        Ok(Ok(passed))
    }

    fn in_step(&self, step: &Step) -> Option<Leak> {
        match step {
            Step::ToolCallBegin(id, name) => self.screen.any([id.as_str(), name]),
            Step::ToolCall(call) => self.screen.any([call.id.as_str(), &call.name, &call.arguments]),
            Step::Opaque(opaque) => self.screen.any([opaque.model.as_str(), &opaque.value]),
            Step::Stop(reason) => self.screen.any([reason.as_str()]),
            Step::Progress(label, ..) => self.screen.any([label.as_str()]),
            Step::Other(kind, value) => self.screen.any([kind.as_str(), value]),
            Step::Usage(usage) => self.screen.any(usage.iter().map(|(name, _)| name.as_str())),
            Step::Text(_) | Step::Reasoning(_) | Step::ToolCallDelta(..) | Step::Failed(_) => None,
        }
    }

    /// What waited.
    fn rest(&mut self) -> Vec<Step> {
        reasoning(self.reasoning.release()).into_iter().chain(text(self.text.release())).collect()
    }

    fn redacted(&self, error: ProviderError) -> ProviderError {
        let scanner = self.screen.scanner();
        let redacted = |text: &str| redact(text, &scanner).into_owned();
        ProviderError { kind: redacted(&error.kind), message: redacted(&error.message), ..error }
    }
}

fn text(text: String) -> Option<Step> {
    (!text.is_empty()).then_some(Step::Text(text))
}

fn reasoning(text: String) -> Option<Step> {
    (!text.is_empty()).then_some(Step::Reasoning(text))
}
