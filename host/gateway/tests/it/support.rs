//! A model that follows a script, a tool that counts its starts in a file, real components where they are asked for, and a
//! gateway over them.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::future::Future;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::sync::{Notify, mpsc};
use wirken_engine::{Engine, Wasm};
use wirken_gateway::{
    About, Answer, Gateway, Model, NoSkills, Outward, Parts, Policies, Policy, Runner, Sandbox, Say, ToolSet, Tools, Update,
};
use wirken_ledger::{CrashPoints, KnownApproval, Ledger, Options, Reader};
use wirken_manifest::Manifest;
use wirken_plugin::{Asked, Grant, Owner, Package, Ports, ToolEnd, ToolPlugin};
use wirken_sandbox::program::{Ended, Piece, Program, ProgramError};
use wirken_secret::{Scanner, Secret};
use wirken_turn::ToolOrigin;
use wirken_types::chat::{Message, Part, ToolCall, ToolDefinition, plain_text};
use wirken_types::event::{Event, Place, ToolOutcome};
use wirken_types::provider::Event as Step;
use wirken_types::tool::CallPlan;
use wirken_types::{Digest, SessionId, TurnId};

/// What no session may hold.
pub(crate) const SECRET: &str = "sk-0123456789abcdef";

/// Answers the last message of a person: `call TOOL ARGUMENTS` makes that call and tells its result, `tool N` makes N calls first, `spill` one that returns the secret, `tell` tells
/// it in pieces, `slow WORDS` says them one after the other, `turn TEXT` says it from its end, `hang` never ends, anything else is echoed.
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
        if let Some((tool, arguments)) = said.strip_prefix("call ").and_then(|call| call.split_once(' ')) {
            let step = match messages.last() {
                Some(Message::Tool(results)) => Step::Text(results.iter().map(|result| plain_text(&result.content)).collect()),
                _ => Step::ToolCall(ToolCall { id: format!("call-{}", messages.len()), name: tool.into(), arguments: arguments.into() }),
            };
            return Box::pin(stream::iter([Ok(vec![step, Step::Stop("end".into())])]));
        }
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
        if let Some(text) = said.strip_prefix("turn ") {
            let text: String = text.chars().rev().collect();
            return Box::pin(stream::iter([Ok(vec![Step::Text(text), Step::Stop("end".into())])]));
        }
        if let Some(words) = said.strip_prefix("slow ") {
            let words: Vec<String> = words.split_inclusive(' ').map(str::to_owned).collect();
            let steps = stream::iter(words).then(|word| async {
                tokio::time::sleep(Duration::from_millis(60)).await;
                Ok(vec![Step::Text(word)])
            });
            return Box::pin(steps);
        }
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
        BTreeMap::from([("count".into(), ToolOrigin { component: "counting".into(), digest: Digest::ZERO, gated: false })])
    }

    fn about(&self, _tool: &str) -> Option<About> {
        None
    }

    fn plan(&self, _call: &ToolCall) -> Pin<Box<dyn Future<Output = Result<CallPlan, String>> + Send>> {
        Box::pin(async { Err("it has none".into()) })
    }

    fn call(&self, call: ToolCall, _ports: Ports) -> Pin<Box<dyn Future<Output = ToolEnd> + Send>> {
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
    let tools = Arc::new(Counting { file: trace_path(folder) });
    let runner = Arc::new(Sandbox::Missing("no program runs in this test".into()));
    start(folder, ledger, tools, Policy::default(), runner)
}

fn start(folder: &Path, ledger: Ledger, tools: Arc<dyn Tools>, policy: Policy, sandbox: Arc<dyn Runner>) -> (Gateway, Ledger) {
    assemble(folder, ledger, tools, policy, sandbox, Rest { outward: Outward::closed(), store: None, policies: Arc::default() })
}

/// What most tests have nothing of.
pub(crate) struct Rest {
    pub(crate) outward: Outward,
    pub(crate) store: Option<wirken_store::Store>,
    pub(crate) policies: Arc<Policies>,
}

/// A gateway over these tools, under these policies.
pub(crate) fn open_ruled(folder: &Path, tools: Arc<dyn Tools>, rest: Rest) -> (Gateway, Ledger) {
    wait_for_lock(folder);
    let ledger = Ledger::open(&ledger_path(folder), Options::default()).unwrap();
    let runner = Arc::new(Sandbox::Missing("no program runs in this test".into()));
    assemble(folder, ledger, tools, Policy::default(), runner, rest)
}

fn assemble(
    folder: &Path,
    ledger: Ledger,
    tools: Arc<dyn Tools>,
    policy: Policy,
    sandbox: Arc<dyn Runner>,
    rest: Rest,
) -> (Gateway, Ledger) {
    let reader = Reader::open(&ledger_path(folder)).unwrap();
    let history = Reader::open(&ledger_path(folder)).unwrap();
    let secret = Arc::new(Secret::from_string(SECRET.into()));
    let scanner = Arc::new(Scanner::new([("script/key".to_owned(), secret)]).unwrap());
    let parts = Parts {
        ledger: ledger.clone(),
        reader,
        history,
        model: Arc::new(Script),
        tools,
        instructions: "Be brief.".into(),
        scanner,
        policy,
        sandbox,
        outward: rest.outward,
        store: rest.store,
        blobs: None,
        policies: rest.policies,
        skills: Arc::new(NoSkills),
    };
    (Gateway::start(parts), ledger)
}

/// An engine that keeps what it compiles for the tests that come after.
pub(crate) fn engine() -> Engine {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled");
    Engine::new(&wirken_engine::Options { cache: Some(cache), ..wirken_engine::Options::default() }).unwrap()
}

/// A gateway over real components, with a workspace in `folder` that they may write.
pub(crate) async fn open_with(folder: &Path, components: &[&str], policy: Policy, runner: Arc<dyn Runner>) -> (Gateway, Ledger) {
    let workspace = folder.join("workspace");
    std::fs::create_dir_all(&workspace).unwrap();
    let workspace = workspace.canonicalize().unwrap();
    let engine = engine();
    let mut tools = ToolSet::default();
    for component in components {
        let package = package(component);
        let asked = Asked::of(&package.manifest, &package.manifest.settings(&serde_json::Map::new()).unwrap()).unwrap();
        let owner = Owner { grant: Grant::whole(&asked, Some(workspace.clone())), ..Owner::default() };
        tools.add(&ToolPlugin::load(&engine, package, &owner).await.unwrap()).unwrap();
    }
    wait_for_lock(folder);
    let ledger = Ledger::open(&ledger_path(folder), Options::default()).unwrap();
    start(folder, ledger, Arc::new(tools), Policy { workspace: Some(workspace), ..policy }, runner)
}

pub(crate) fn package(path: &str) -> Package {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../components/dist").join(path);
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{path}/{name}: {error}; run `just guests`"));
    let manifest = Manifest::parse(&String::from_utf8(read("component.toml")).unwrap()).unwrap();
    Package { manifest, wasm: Wasm::of(read("component.wasm")) }
}

/// Runs nothing, and keeps what it was asked to run.
#[derive(Default)]
pub(crate) struct Recording {
    pub(crate) ran: Mutex<Vec<(String, Vec<String>)>>,
    /// How much input each was given, in bytes.
    pub(crate) fed: Mutex<Vec<usize>>,
    /// Never ends what is named so.
    pub(crate) hangs: Option<String>,
    /// Waits with what is named so until it is told to go on.
    pub(crate) waits: Option<String>,
    pub(crate) go_on: Notify,
    /// Tells when it was begun.
    pub(crate) begun: Notify,
}

impl Recording {
    pub(crate) fn ran(&self) -> Vec<String> {
        self.ran.lock().unwrap().iter().map(|(program, arguments)| format!("{program} {}", arguments.join(" "))).collect()
    }
}

impl Runner for Recording {
    fn run<'a>(
        &'a self,
        program: &'a Program,
        pieces: mpsc::Sender<Piece>,
    ) -> Pin<Box<dyn Future<Output = Result<Ended, ProgramError>> + Send + 'a>> {
        Box::pin(async move {
            self.ran.lock().unwrap().push((program.program.clone(), program.arguments.clone()));
            self.fed.lock().unwrap().push(program.stdin.len());
            self.begun.notify_one();
            if self.hangs.as_ref() == Some(&program.program) {
                return std::future::pending().await;
            }
            if self.waits.as_ref() == Some(&program.program) {
                self.go_on.notified().await;
            }
            pieces.send(Piece::Stdout(b"it ran".to_vec())).await.unwrap();
            Ok(Ended { code: 0, stdout: b"it ran".to_vec(), stderr: Vec::new(), truncated: false })
        })
    }
}

/// The one open question, once there is one.
pub(crate) async fn question(gateway: &Gateway) -> KnownApproval {
    let wait = async {
        loop {
            if let Some(known) = gateway.approvals().await.unwrap().pop() {
                return known;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait).await.expect("somebody is asked")
}

pub(crate) fn place(conversation: &str) -> Place {
    Place { agent: "default".into(), account: "webchat".into(), conversation: conversation.into(), thread: None }
}

pub(crate) fn say(conversation: &str, key: &str, text: &str) -> Say {
    Say {
        session: None,
        place: place(conversation),
        sender: "owner".into(),
        key: key.into(),
        message: None,
        marks: Vec::new(),
        text: text.into(),
        files: Vec::new(),
    }
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
