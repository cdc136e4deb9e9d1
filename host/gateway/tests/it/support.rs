//! A model that follows a script, a tool that counts its starts in a file, and a gateway over both.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::future::Future;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use wirken_gateway::{Answer, Gateway, Model, Parts, Say, Tools, Update};
use wirken_ledger::{CrashPoints, Ledger, Options, Reader};
use wirken_plugin::ToolEnd;
use wirken_secret::{Scanner, Secret};
use wirken_turn::ToolOrigin;
use wirken_types::chat::{Message, Part, ToolCall, ToolDefinition, plain_text};
use wirken_types::event::{Event, Place, ToolOutcome};
use wirken_types::provider::Event as Step;
use wirken_types::{Digest, SessionId, TurnId};

/// What no session may hold.
pub(crate) const SECRET: &str = "sk-0123456789abcdef";

/// Answers the last message of a person: `tool N` makes N calls first, `spill` one that returns the secret, `tell` tells
/// it in pieces, `hang` never ends, anything else is echoed.
pub(crate) struct Script;

impl Model for Script {
    fn names(&self) -> (String, String) {
        ("script".into(), "1".into())
    }

    fn ask(&self, messages: Vec<Message>, _tools: Vec<ToolDefinition>) -> Answer {
        let said = messages.iter().rev().find_map(|message| match message {
            Message::User(parts) => Some(plain_text(parts)),
            _ => None,
        });
        let said = said.unwrap_or_default();
        let after_tools = matches!(messages.last(), Some(Message::Tool(_)));
        let steps: Vec<Step> = match said.strip_prefix("tool ").and_then(|count| count.parse::<u32>().ok()) {
            Some(count) if !after_tools => (0..count)
                .map(|index| {
                    Step::ToolCall(ToolCall {
                        id: format!("call-{index}"),
                        name: "count".into(),
                        arguments: format!("{{\"of\":{said:?}}}"),
                    })
                })
                .collect(),
            None if said == "spill" && !after_tools => {
                let arguments = "{\"of\":\"spill\"}".into();
                vec![Step::ToolCall(ToolCall { id: "call-0".into(), name: "count".into(), arguments })]
            }
            None if said == "tell" => {
                let pieces = ["It is sk-01", "2345", "6789abc", "def, is it not?"];
                let thought = Step::Reasoning("So, s".into());
                pieces.into_iter().flat_map(|piece| [Step::Text(piece.into()), thought.clone()]).chain([Step::Stop("end".into())]).collect()
            }
            _ => vec![Step::Text("You said: ".into()), Step::Text(said.clone()), Step::Stop("end".into())],
        };
        let steps = stream::iter(steps.into_iter().map(|step| Ok(vec![step])));
        if said == "hang" { Box::pin(steps.chain(stream::pending())) } else { Box::pin(steps) }
    }
}

/// Appends a line to a file when a call starts.
pub(crate) struct Counting {
    pub(crate) file: PathBuf,
}

impl Tools for Counting {
    fn definitions(&self) -> Vec<ToolDefinition> {
        vec![ToolDefinition { name: "count".into(), description: String::new(), input_schema: "{}".into() }]
    }

    fn origins(&self) -> BTreeMap<String, ToolOrigin> {
        BTreeMap::from([("count".into(), ToolOrigin { component: "counting".into(), digest: Digest::ZERO })])
    }

    fn call(&self, call: ToolCall) -> Pin<Box<dyn Future<Output = ToolEnd> + Send>> {
        let mut file = OpenOptions::new().create(true).append(true).open(&self.file).unwrap();
        writeln!(file, "{} {}", call.id, call.arguments).unwrap();
        let result = if call.arguments.contains("spill") { format!("KEY={SECRET}") } else { "counted".into() };
        Box::pin(async { ToolEnd { outcome: ToolOutcome::Ok, code: None, content: vec![Part::text(result)] } })
    }
}

pub(crate) fn ledger_path(folder: &Path) -> PathBuf {
    wirken_ledger::path_in(folder)
}

pub(crate) fn trace_path(folder: &Path) -> PathBuf {
    folder.join("trace")
}

/// A test beside this one may be starting a process just now, which holds this one's files, and with them the lock of a
/// ledger that was closed, until it has become another program.
fn wait_for_lock(folder: &Path) {
    let lock = ledger_path(folder).with_extension("lock");
    while std::fs::File::open(&lock).is_ok_and(|file| file.try_lock_shared().is_err()) {
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub(crate) fn open<P: CrashPoints>(folder: &Path, options: Options<P>) -> (Gateway, Ledger) {
    wait_for_lock(folder);
    let ledger = Ledger::open(&ledger_path(folder), options).unwrap();
    let reader = Reader::open(&ledger_path(folder)).unwrap();
    let history = Reader::open(&ledger_path(folder)).unwrap();
    let tools = Arc::new(Counting { file: trace_path(folder) });
    let secret = Arc::new(Secret::from_string(SECRET.into()));
    let scanner = Arc::new(Scanner::new([("script/key".to_owned(), secret)]).unwrap());
    let parts =
        Parts { ledger: ledger.clone(), reader, history, model: Arc::new(Script), tools, instructions: "Be brief.".into(), scanner };
    (Gateway::start(parts), ledger)
}

pub(crate) fn place(conversation: &str) -> Place {
    Place { agent: "default".into(), account: "webchat".into(), conversation: conversation.into(), thread: None }
}

pub(crate) fn say(conversation: &str, key: &str, text: &str) -> Say {
    Say { session: None, place: place(conversation), sender: "owner".into(), key: key.into(), message: None, text: text.into() }
}

/// Waits until a turn is over; returns its last event.
pub(crate) async fn over(gateway: &Gateway, session: SessionId, turn: TurnId) -> Event {
    let wait = async {
        let mut updates = gateway.watch(session);
        loop {
            for row in gateway.rows(session).await.unwrap() {
                if row.event.turn() == Some(turn) && matches!(row.event, Event::TurnFinished { .. } | Event::TurnInterrupted { .. }) {
                    return row.event;
                }
            }
            while let Ok(update) = updates.recv().await {
                if matches!(update, Update::Recorded { .. }) {
                    break;
                }
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait).await.expect("the turn ends")
}
