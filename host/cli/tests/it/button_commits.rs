//! A question with buttons, from the call that has to be allowed to the end of its turn: killed at every commit, and started
//! again. And one that nobody answers.
//!
//! As in `channel_commits`, a child is the gateway and aborts at its n-th crash point, and the platform is the parent's.

use std::collections::BTreeMap;
use std::fs;
use std::future::Future;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use wirken_gateway::channel::Channels;
use wirken_gateway::{About, Answer, Gateway, Model, NoSkills, Outward, Parts, Policy, Sandbox, Tools};
use wirken_ledger::{Ledger, Options, Reader, Scope};
use wirken_permissions::Rules;
use wirken_plugin::{Network, Ports, ToolEnd};
use wirken_secret::Scanner;
use wirken_testkit::telegram::{self, Chat, FakeTelegram, Sent, User};
use wirken_turn::ToolOrigin;
use wirken_types::Digest;
use wirken_types::approval::Tier;
use wirken_types::chat::{Message, Part, ToolCall, ToolDefinition};
use wirken_types::event::{Event, ToolOutcome};
use wirken_types::provider::{Event as Step, ProviderError};
use wirken_types::tool::{CallPlan, Intent};
use wirken_vault::{KeySource, Vault};

use crate::channel_commits::{AbortAt, account, channel_parts};

const FOLDER: &str = "WIRKEN_TEST_BUTTONS_FOLDER";
const CRASH_AT: &str = "WIRKEN_TEST_BUTTONS_AT";
const ORIGIN: &str = "WIRKEN_TEST_BUTTONS_ORIGIN";
const EXPIRE: &str = "WIRKEN_TEST_BUTTONS_EXPIRE";
const SOON: Duration = Duration::from_secs(20);

/// Calls the tool, and tells what came of it.
struct Caller;

impl Model for Caller {
    fn names(&self) -> (String, String) {
        ("caller".into(), "caller".into())
    }

    fn ask(&self, messages: Vec<Message>, _: Vec<ToolDefinition>) -> Answer {
        let step = match messages.last() {
            Some(Message::User(_)) => Step::ToolCall(ToolCall { id: "call-0".into(), name: "act".into(), arguments: "{}".into() }),
            _ => Step::Text("That was that.".into()),
        };
        let steps: Vec<Result<Vec<Step>, ProviderError>> = vec![Ok(vec![step, Step::Stop("end".into())])];
        let answer: Pin<Box<_>> = Box::pin(futures_util::stream::iter(steps));
        answer
    }
}

/// One tool, which a person has to allow, and which writes a line into a file.
struct Acting(PathBuf);

impl Tools for Acting {
    fn definitions(&self) -> Vec<ToolDefinition> {
        vec![ToolDefinition { name: "act".into(), description: String::new(), input_schema: "{}".into() }]
    }

    fn origins(&self) -> BTreeMap<String, ToolOrigin> {
        BTreeMap::from([("act".into(), ToolOrigin { component: "acting".into(), digest: Digest::ZERO, gated: true })])
    }

    fn about(&self, _: &str) -> Option<About> {
        let (component, version, digest) = ("acting".into(), "1.0.0".into(), Digest::ZERO);
        Some(About { component, version, digest, writes: false, gated: true, network: Network::default() })
    }

    fn plan(&self, _: &ToolCall) -> Pin<Box<dyn Future<Output = Result<CallPlan, String>> + Send>> {
        let (action, target, detail) = ("send".into(), "22".into(), "{\"channel\":\"account\"}".into());
        Box::pin(async { Ok(CallPlan { purpose: "act".into(), intents: vec![Intent { action, target, detail }] }) })
    }

    fn call(&self, _: ToolCall, _: Ports) -> Pin<Box<dyn Future<Output = ToolEnd> + Send>> {
        let mut file = fs::OpenOptions::new().create(true).append(true).open(&self.0).unwrap();
        writeln!(file, "ran").unwrap();
        Box::pin(async { ToolEnd { outcome: ToolOutcome::Ok, code: None, content: vec![Part::text("done")] } })
    }
}

fn trace(folder: &Path) -> String {
    fs::read_to_string(folder.join("trace")).unwrap_or_default()
}

/// Runs in the child, until it is killed.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the parent tells the child through its environment")]
async fn child() {
    let (Ok(folder), Ok(at), Ok(origin)) = (std::env::var(FOLDER), std::env::var(CRASH_AT), std::env::var(ORIGIN)) else { return };
    let expire = Duration::from_secs(std::env::var(EXPIRE).unwrap().parse().unwrap());
    let folder = Path::new(&folder);
    let vault = folder.join("vault");
    let vault = Vault::open(&vault, &KeySource::KeyFile).or_else(|_| Vault::create(&vault, &KeySource::KeyFile)).unwrap();
    let engine = wirken_engine::Engine::new(&wirken_engine::Options { cache: Some(folder.join("cache")), ..Default::default() }).unwrap();
    let path = wirken_ledger::path_in(folder);
    let ledger = Ledger::open(&path, Options::default().with_crash_points(AbortAt::new(at.parse().unwrap()))).unwrap();
    let rules = Rules { max_tier: Tier::EveryTime, approvers: ["11".to_owned()].into() };
    let gateway = Gateway::start(Parts {
        ledger: ledger.clone(),
        reader: Reader::open(&path).unwrap(),
        history: Reader::open(&path).unwrap(),
        model: Arc::new(Caller),
        tools: Arc::new(Acting(folder.join("trace"))),
        instructions: String::new(),
        scanner: Arc::new(Scanner::empty()),
        policy: Policy { expire, channels: [("account".to_owned(), rules)].into(), ..Policy::default() },
        sandbox: Arc::new(Sandbox::Missing(String::new())),
        outward: Outward::closed(),
        store: None,
        blobs: None,
        policies: Arc::default(),
        skills: Arc::new(NoSkills),
    });
    let account = account(&engine, "channels/telegram", &origin, "123456789:AAtest-token_of-the-fake-Bot-API-0000");
    let channels = Channels::prepare(&gateway, vec![account], Some(&vault.sealer("channel-state"))).await.unwrap();
    channels.start(channel_parts(folder)).unwrap();
    gateway.resume().await.unwrap();
    std::future::pending::<()>().await;
}

#[expect(clippy::disallowed_methods, reason = "a test that kills processes starts them")]
fn start(folder: &Path, origin: &str, crash_at: u32, expire: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["button_commits::child", "--exact", "--nocapture"])
        .env(FOLDER, folder)
        .env(ORIGIN, origin)
        .env(CRASH_AT, crash_at.to_string())
        .env(EXPIRE, expire.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn has_buttons(sent: &Sent) -> bool {
    sent.reply_markup.as_ref().is_some_and(|markup| markup["inline_keyboard"].as_array().is_some_and(|rows| !rows.is_empty()))
}

/// A platform, a person who speaks to the bot, and where a gateway lives.
struct World {
    telegram: FakeTelegram,
    folder: tempfile::TempDir,
    ada: User,
    chat: Chat,
}

async fn world(cache: &Path) -> World {
    let telegram = FakeTelegram::start(telegram::Options::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    // What is compiled once is compiled for all.
    std::os::unix::fs::symlink(cache, folder.path().join("cache")).unwrap();
    let ada = User::new(11, "Ada");
    let chat = Chat::private(&ada);
    telegram.say(&chat, &ada, "go");
    World { telegram, folder, ada, chat }
}

impl World {
    fn start(&self, crash_at: u32, expire: u64) -> Child {
        start(self.folder.path(), &self.telegram.origin(), crash_at, expire)
    }

    fn reader(&self) -> Option<Reader> {
        Reader::open(&wirken_ledger::path_in(self.folder.path())).ok()
    }

    /// Presses each button that allows once, of every message once.
    fn press(&self, pressed: &mut Vec<i64>) {
        for sent in self.telegram.sent().iter().filter(|sent| has_buttons(sent)) {
            if !pressed.contains(&sent.message) && self.telegram.press(&self.chat, &self.ada, sent.message, "Allow once").is_some() {
                pressed.push(sent.message);
            }
        }
    }

    /// Whether nothing is under way any more: the turn has ended, and no question is shown as open that the ledger knows of.
    fn quiet(&self) -> bool {
        let Some(reader) = self.reader() else { return false };
        let waits = |entry: &wirken_ledger::OutboxEntry| {
            matches!(entry.state, wirken_ledger::OutboxState::Queued | wirken_ledger::OutboxState::Attempted)
        };
        let rows = reader.open_sessions().unwrap();
        self.telegram.pending() == 0
            && !rows.is_empty()
            && reader.open_turns().unwrap().is_empty()
            && reader.prompts(None).unwrap().is_empty()
            && !reader.outbox(None).unwrap().iter().any(waits)
    }

    fn check(&self, at: u32) {
        let reader = self.reader().unwrap();
        assert!(wirken_ledger::verify(&reader, Scope::All, &mut |_| {}).unwrap().is_ok(), "crash point {at}");
        let session = reader.open_sessions().unwrap()[0].id;
        let rows = reader.rows(session, 0).unwrap();
        let events = || rows.iter().map(|row| &row.event);
        let started = events().filter(|event| matches!(event, Event::ToolStarted { .. })).count();
        let ran = trace(self.folder.path()).lines().count();
        assert!(ran <= started && started <= 1, "crash point {at}: it ran {ran} times, of {started}: {rows:?}");
        let answered: Vec<_> = events().filter(|event| matches!(event, Event::ApprovalAnswered { .. })).collect();
        assert_eq!(answered.len(), 1, "crash point {at}: {rows:?}");
        // A message that nobody is known to have been shown may keep its buttons, and each such one is on record.
        let doubtful =
            events().filter(|event| matches!(event, Event::PromptOutcome { delivery: wirken_types::event::Delivery::InDoubt, .. }));
        let left = self.telegram.sent().iter().filter(|sent| has_buttons(sent)).count();
        let asked = self.telegram.sent().iter().filter(|sent| sent.versions[0].text.starts_with("May the agent")).count();
        let doubtful = doubtful.count();
        assert!(left <= doubtful && asked <= 1 + doubtful, "crash point {at}: {left} of {asked} keep their buttons, {doubtful} in doubt");
        let closed = self.telegram.sent().iter().filter(|sent| sent.text.contains("Allowed once: by 11.")).count();
        assert_eq!(closed, 1, "crash point {at}: {:?}", self.telegram.sent());
    }
}

/// Takes about 30 s: some 25 crashes, each followed by a second start.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_every_commit_a_question_is_neither_lost_nor_answered_twice() {
    let cache = tempfile::tempdir().unwrap();
    for (crashes, at) in (1..200).enumerate() {
        let world = world(cache.path()).await;
        let mut child = world.start(at, 3600);
        let mut pressed = Vec::new();
        let began = Instant::now();
        let crashed = loop {
            world.press(&mut pressed);
            if child.try_wait().unwrap().is_some() {
                break true;
            }
            if !pressed.is_empty() && world.quiet() {
                break false;
            }
            assert!(began.elapsed() < SOON, "crash point {at}: nothing happens: {:?}", world.telegram.calls());
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        child.kill().ok();
        child.wait().unwrap();
        if !crashed {
            world.check(at);
            assert!(crashes >= 10, "only {crashes} crash points were reached");
            return;
        }
        let mut child = world.start(u32::MAX, 3600);
        let began = Instant::now();
        while !world.quiet() {
            world.press(&mut pressed);
            assert!(began.elapsed() < SOON, "crash point {at}: the second start does not get through: {:?}", world.telegram.sent());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        world.check(at);
    }
    panic!("the child never got through");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_nobody_answers_in_time_loses_its_buttons_and_a_press_after_it_counts_for_nothing() {
    let cache = tempfile::tempdir().unwrap();
    let world = world(cache.path()).await;
    let mut child = world.start(u32::MAX, 2);
    let found = |sent: &[Sent]| sent.iter().find(|sent| has_buttons(sent)).cloned();
    let asked = world.telegram.wait(SOON, found).await.unwrap();
    let data = asked.reply_markup.as_ref().unwrap()["inline_keyboard"][0][0]["callback_data"].as_str().unwrap().to_owned();
    let over = |sent: &[Sent]| {
        let now = sent.iter().find(|sent| sent.message == asked.message)?;
        (now.text.contains("Not allowed: nobody answered in time.") && !has_buttons(now)).then_some(())
    };
    world.telegram.wait(SOON, over).await.unwrap();
    world.telegram.forge(&world.chat, &world.ada, asked.message, &data).unwrap();
    let told = |sent: &[Sent]| sent.iter().any(|sent| sent.text.contains("not open any more: nobody answered in time")).then_some(());
    world.telegram.wait(SOON, told).await.unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(trace(world.folder.path()), "");
}
