//! A gateway with a channel, killed at every commit, and started again.
//!
//! A child (this test binary once more) is the gateway and aborts at its n-th crash point; the process of its channel is
//! the binary's own, and dies with it. A second child takes up what is open. The platform is the parent's.

use std::path::Path;
use std::pin::Pin;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use wirken_engine::Wasm;
use wirken_gateway::channel::{Account, AccountCredential, ChannelParts, Channels, Hosted};
use wirken_gateway::{Answer, DenyTools, Gateway, Model, NoSkills, Outward, Parts, Policy, Sandbox};
use wirken_ledger::{CrashPoint, CrashPoints, Ledger, Options, OutboxState, Reader, Scope};
use wirken_manifest::Manifest;
use wirken_plugin::{ChannelPlugin, Package};
use wirken_secret::{Scanner, Secret};
use wirken_testkit::telegram::{self, Chat, FakeTelegram, User};
use wirken_types::chat::{Message, ToolDefinition, plain_text};
use wirken_types::provider::{Event as Step, ProviderError};
use wirken_vault::{KeySource, Vault};

const FOLDER: &str = "WIRKEN_TEST_COMMITS_FOLDER";
const CRASH_AT: &str = "WIRKEN_TEST_COMMITS_AT";
const ORIGIN: &str = "WIRKEN_TEST_COMMITS_ORIGIN";
const SOON: Duration = Duration::from_secs(20);

pub(crate) struct AbortAt(AtomicU32);

impl AbortAt {
    pub(crate) fn new(at: u32) -> Self {
        Self(AtomicU32::new(at))
    }
}

impl CrashPoints for AbortAt {
    fn reached(&self, _: CrashPoint) {
        if self.0.fetch_sub(1, Ordering::SeqCst) == 1 {
            std::process::abort();
        }
    }
}

/// Answers with what was said last.
struct Echo;

impl Model for Echo {
    fn names(&self) -> (String, String) {
        ("echo".into(), "echo".into())
    }

    fn ask(&self, messages: Vec<Message>, _: Vec<ToolDefinition>) -> Answer {
        let said = messages.iter().rev().find_map(|message| match message {
            Message::User(parts) => Some(plain_text(parts)),
            _ => None,
        });
        let steps: Vec<Result<Vec<Step>, ProviderError>> = vec![Ok(vec![Step::Text(said.unwrap_or_default()), Step::Stop("end".into())])];
        let answer: Pin<Box<_>> = Box::pin(futures_util::stream::iter(steps));
        answer
    }
}

/// An account on the platform, with the bundled component of this name.
pub(crate) fn account(engine: &wirken_engine::Engine, component: &str, origin: &str, token: &str) -> Account {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../components/dist").join(component);
    let manifest = std::fs::read_to_string(folder.join("component.toml")).unwrap();
    let wasm = std::fs::read(folder.join("component.wasm")).unwrap();
    let package = Package { manifest: Manifest::parse(&manifest).unwrap(), wasm: Wasm::of(wasm) };
    Account {
        id: "account".into(),
        agent: "default".into(),
        component: package.manifest.name.clone(),
        hosted: Ok(Hosted { plugin: ChannelPlugin::load(engine, package).unwrap(), manifest }),
        given: serde_json::json!({ "api-url": origin }).to_string(),
        credentials: vec![AccountCredential {
            name: "token".into(),
            origins: vec![origin.into()],
            places: vec!["path-prefix:bot".into()],
            secret: Arc::new(Secret::from_string(token.into())),
        }],
        allow: vec!["11".into(), "12".into()],
        groups: true,
        sender_per_minute: 1000,
        account_per_minute: 1000,
        missing: None,
    }
}

/// A gateway over a folder that answers with what was said, and its ledger.
pub(crate) fn gateway<P: CrashPoints>(folder: &Path, options: Options<P>) -> (Gateway, Ledger) {
    let path = wirken_ledger::path_in(folder);
    let ledger = Ledger::open(&path, options).unwrap();
    let parts = Parts {
        ledger: ledger.clone(),
        reader: Reader::open(&path).unwrap(),
        history: Reader::open(&path).unwrap(),
        model: Arc::new(Echo),
        tools: Arc::new(DenyTools),
        instructions: String::new(),
        scanner: Arc::new(Scanner::empty()),
        policy: Policy::default(),
        sandbox: Arc::new(Sandbox::Missing(String::new())),
        outward: Outward::closed(),
        store: None,
        blobs: Some(wirken_ledger::Blobs::open(&wirken_ledger::Blobs::path_in(folder), u64::MAX, None).unwrap()),
        policies: Arc::default(),
        skills: Arc::new(NoSkills),
    };
    (Gateway::start(parts), ledger)
}

pub(crate) fn channel_parts(folder: &Path) -> ChannelParts {
    let program = env!("CARGO_BIN_EXE_wirken").into();
    ChannelParts { folder: folder.join("adapters"), program, argument: "adapter", require_sandbox: false }
}

/// Runs in the child, until it is killed.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the parent tells the child through its environment")]
async fn child() {
    let (Ok(folder), Ok(at), Ok(origin)) = (std::env::var(FOLDER), std::env::var(CRASH_AT), std::env::var(ORIGIN)) else { return };
    let folder = Path::new(&folder);
    let vault = folder.join("vault");
    let vault = Vault::open(&vault, &KeySource::KeyFile).or_else(|_| Vault::create(&vault, &KeySource::KeyFile)).unwrap();
    let engine = wirken_engine::Engine::new(&wirken_engine::Options { cache: Some(folder.join("cache")), ..Default::default() }).unwrap();
    let points = AbortAt::new(at.parse().unwrap());
    let (gateway, _ledger) = gateway(folder, Options::default().with_crash_points(points));
    let account = account(&engine, "channels/telegram", &origin, "123456789:AAtest-token_of-the-fake-Bot-API-0000");
    let channels = Channels::prepare(&gateway, vec![account], Some(&vault.sealer("channel-state"))).await.unwrap();
    channels.start(channel_parts(folder)).unwrap();
    gateway.resume().await.unwrap();
    std::future::pending::<()>().await;
}

#[expect(clippy::disallowed_methods, reason = "a test that kills processes starts them")]
fn start(folder: &Path, origin: &str, crash_at: u32) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["channel_commits::child", "--exact", "--nocapture"])
        .env(FOLDER, folder)
        .env(ORIGIN, origin)
        .env(CRASH_AT, crash_at.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Whether nothing is under way any more: everything was taken, and every answer is somewhere.
fn quiet(folder: &Path, telegram: &FakeTelegram) -> bool {
    let Ok(reader) = Reader::open(&wirken_ledger::path_in(folder)) else { return false };
    let outbox = reader.outbox(None).unwrap();
    let waits = |state| matches!(state, OutboxState::Queued | OutboxState::Attempted);
    let settled = telegram.sent().len() + outbox.iter().filter(|entry| !waits(entry.state)).count();
    telegram.pending() == 0 && reader.open_turns().unwrap().is_empty() && !outbox.iter().any(|entry| waits(entry.state)) && settled >= 3
}

/// Takes about 20 s: some 20 crashes, each followed by a second start.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_every_commit_nothing_is_sent_twice_and_nothing_is_lost_without_a_word() {
    let cache = tempfile::tempdir().unwrap();
    for (crashes, at) in (1..200).enumerate() {
        let telegram = FakeTelegram::start(telegram::Options::default()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        // What is compiled once is compiled for all.
        std::os::unix::fs::symlink(cache.path(), folder.path().join("cache")).unwrap();
        let (ada, bob) = (User::new(11, "Ada"), User::new(12, "Bob"));
        let (a, b) = (Chat::private(&ada), Chat::private(&bob));
        telegram.say(&a, &ada, "one");
        telegram.say(&b, &bob, "two");
        let mut child = start(folder.path(), &telegram.origin(), at);
        let began = Instant::now();
        let mut said = false;
        let crashed = loop {
            // The third comes when the first was answered.
            if !said && !telegram.sent().is_empty() {
                telegram.say(&a, &ada, "three");
                said = true;
            }
            if child.try_wait().unwrap().is_some() {
                break true;
            }
            if said && quiet(folder.path(), &telegram) {
                break false;
            }
            assert!(began.elapsed() < SOON, "crash point {at}: nothing happens: {:?}", telegram.calls());
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        child.kill().ok();
        child.wait().unwrap();
        if !crashed {
            assert!(crashes >= 6, "only {crashes} crash points were reached");
            return;
        }
        if !said {
            telegram.say(&a, &ada, "three");
        }
        let mut child = start(folder.path(), &telegram.origin(), u32::MAX);
        let began = Instant::now();
        while !quiet(folder.path(), &telegram) {
            assert!(began.elapsed() < SOON, "crash point {at}: the second start does not get through: {:?}", telegram.sent());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        check(folder.path(), &telegram, at);
    }
    panic!("the child never got through");
}

fn check(folder: &Path, telegram: &FakeTelegram, at: u32) {
    let reader = Reader::open(&wirken_ledger::path_in(folder)).unwrap();
    assert!(wirken_ledger::verify(&reader, Scope::All, &mut |_| {}).unwrap().is_ok(), "crash point {at}");
    let sent: Vec<String> = telegram.sent().into_iter().map(|sent| sent.text).collect();
    let entries = reader.outbox(None).unwrap();
    let mut missing = 0;
    for text in ["one", "two", "three"] {
        match sent.iter().filter(|sent| *sent == text).count() {
            0 => missing += 1,
            1 => {}
            many => panic!("crash point {at}: {text:?} was sent {many} times: {sent:?}"),
        }
    }
    // In doubt is what may have been sent, so that it may be there too.
    assert!(entries.iter().all(|entry| entry.state == OutboxState::InDoubt), "crash point {at}: {entries:?}");
    assert!(missing <= entries.len() && entries.len() <= 2, "crash point {at}: {missing} are missing, {entries:?} {sent:?}");
    let place = |text: &str| sent.iter().position(|sent| sent == text);
    assert!(place("three").is_none_or(|three| place("one").is_none_or(|one| one < three)), "crash point {at}: {sent:?}");
}
