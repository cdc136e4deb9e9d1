//! A gateway that is talked to without a pause by browsers and through a channel, whose process is killed now and then and
//! whose platform is gone for a minute. Memory, files and threads must not grow with what was done, every message must be answered once or listed as in doubt,
//! and the ledger must be whole at the end.

mod people;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use wirken_testkit::llm::{FakeLlm, Reply, Script};
use wirken_testkit::telegram::{FakeTelegram, Options};

use crate::browser::{Browser, Turn};
use crate::process::{self, Gateway};

/// Browsers that talk at the same time.
const BROWSERS: usize = 4;
/// Turns of one chat.
const CHAT: usize = 20;
const SAMPLE_EVERY: Duration = Duration::from_secs(5);
/// By then caches are filled, and chats that are over are put away as fast as new ones come: what follows is growth.
const SETTLED: Duration = Duration::from_secs(120);
/// Between two kills of the account's process. One that ends sooner is started again later each time.
const KILL_EVERY: Duration = Duration::from_secs(70);
/// The platform goes away once, for so long, when this much of the time is over.
const GONE_FOR: Duration = Duration::from_secs(60);
const GONE_AFTER: f64 = 0.6;
/// What is on its way when the talking ends has arrived and is written down by then.
const QUIET: Duration = Duration::from_secs(2);
/// Messages that the platform remembers.
const KEPT: usize = 1_000;
/// What the second half may have at most beyond the first, in MiB.
const MEMORY_SLACK: f64 = 16.0;
const FILES_SLACK: f64 = 16.0;

/// What a person would say, and how the model answers: in one piece, in many, with tools, cut off.
const SAYINGS: [&str; 5] = ["plain", "long", "write", "read", "broken"];

pub(crate) fn run(binary: &Path, seconds: u64) -> Result<()> {
    let length = Duration::from_secs(seconds);
    ensure!(length > SETTLED * 2, "a soak takes more than {} s", SETTLED.as_secs() * 2);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let llm = runtime.block_on(FakeLlm::start(Script::reply(answer).with_models([crate::MODEL]).keeping(0)))?;
    let platform = Arc::new(runtime.block_on(FakeTelegram::start(Options::default().keeping(KEPT)))?);
    let folder = tempfile::tempdir()?;
    process::set_up(binary, folder.path(), &llm.base_url())?;
    process::add_channel(binary, folder.path(), &platform.origin(), &platform.token(), people::PEOPLE)?;
    let gateway = Gateway::start(binary, folder.path())?;
    let mut watch =
        Watch { binary, folder: folder.path(), gateway: &gateway, platform: Arc::clone(&platform), kills: 0, samples: Vec::new() };
    let (said, seen) = runtime.block_on(async {
        let until = Instant::now() + length;
        let talks: Vec<_> = (0..BROWSERS)
            .map(|number| {
                let url = gateway.url_for_log_in(binary, folder.path());
                tokio::spawn(async move { talk(&url?, number, until).await })
            })
            .collect();
        let people = tokio::spawn(people::talk(platform, until));
        watch.until(until).await?;
        let mut said = Said::default();
        for talk in talks {
            said.add(&talk.await??);
        }
        let seen = people.await??;
        tokio::time::sleep(QUIET).await;
        anyhow::Ok((said, seen))
    })?;
    let (kills, samples) = (watch.kills, watch.samples);
    let restarts = process::adapter(binary, folder.path())?.restarts;
    drop(gateway);
    println!("{} answers, {} cut off as the script has it", said.answered, said.interrupted);
    ensure!(said.answered > 0 && said.interrupted > 0, "the script was not followed");
    println!("the account's process was killed {kills} times, and started again {restarts} times");
    ensure!(kills > 0 && restarts == kills, "it ended by itself");
    people::check(&seen, &folder.path().join("data"))?;
    judge(&samples)?;

    let verified = Command::new(binary).env("WIRKEN_DATA_DIR", folder.path().join("data")).args(["audit", "verify"]).output()?;
    println!("{}", String::from_utf8_lossy(&verified.stdout).trim_end());
    ensure!(verified.status.success(), "the ledger is broken");
    Ok(())
}

/// Looks at the gateway and at the account's process, and kills that.
struct Watch<'a> {
    binary: &'a Path,
    folder: &'a Path,
    gateway: &'a Gateway,
    platform: Arc<FakeTelegram>,
    kills: u64,
    samples: Vec<Sample>,
}

impl Watch<'_> {
    async fn until(&mut self, end: Instant) -> Result<()> {
        let began = Instant::now();
        let mut killed = began;
        let leaves = began + end.saturating_duration_since(began).mul_f64(GONE_AFTER);
        let (mut left, mut is_back) = (false, false);
        while Instant::now() < end {
            tokio::time::sleep(SAMPLE_EVERY).await;
            let account = process::adapter(self.binary, self.folder)?;
            let adapter = if account.is_running() { process::memory_of(account.pid()?)?.pss } else { 0.0 };
            let gateway = self.gateway;
            let sample =
                Sample { at: began.elapsed(), memory: gateway.pss()?, adapter, files: gateway.files()?, threads: gateway.threads()? };
            println!(
                "{:>5} s  {:>7.1} MiB  {:>4} files  {:>3} threads  {:>7.1} MiB of the account's process",
                sample.at.as_secs(),
                sample.memory,
                sample.files,
                sample.threads,
                sample.adapter
            );
            self.samples.push(sample);
            if !left && Instant::now() > leaves {
                println!("the platform is gone");
                self.platform.leave().await;
                left = true;
            } else if !is_back && Instant::now() > leaves + GONE_FOR {
                ensure!(account.health.contains("unreachable"), "the platform is gone, and its health is {}", account.health);
                println!("the platform is back");
                self.platform.come_back().await?;
                is_back = true;
            }
            if killed.elapsed() > KILL_EVERY && account.is_running() && left == is_back {
                process::kill(account.pid()?)?;
                killed = Instant::now();
                self.kills += 1;
            }
        }
        ensure!(is_back, "the platform was to be gone for {} s, and the time was too short", GONE_FOR.as_secs());
        Ok(())
    }
}

struct Sample {
    at: Duration,
    memory: f64,
    /// Memory of the account's process; 0 while there is none.
    adapter: f64,
    files: usize,
    threads: usize,
}

#[derive(Default)]
struct Said {
    answered: usize,
    interrupted: usize,
}

impl Said {
    fn add(&mut self, other: &Self) {
        self.answered += other.answered;
        self.interrupted += other.interrupted;
    }
}

/// Fails where the second half of what came after the start needs more than the first.
fn judge(samples: &[Sample]) -> Result<()> {
    let settled: Vec<_> = samples.iter().filter(|sample| sample.at >= SETTLED).collect();
    let (first, second) = settled.split_at(settled.len() / 2);
    stays("MiB of memory", MEMORY_SLACK, first, second, |sample| sample.memory)?;
    stays("MiB of memory of the account's process", MEMORY_SLACK, first, second, |sample| sample.adapter)?;
    stays("open files", FILES_SLACK, first, second, |sample| sample.files as f64)?;
    stays("threads", FILES_SLACK, first, second, |sample| sample.threads as f64)
}

fn stays(name: &str, slack: f64, first: &[&Sample], second: &[&Sample], of: impl Fn(&Sample) -> f64) -> Result<()> {
    let most = |half: &[&Sample]| half.iter().map(|sample| of(sample)).fold(0.0, f64::max);
    let (before, after) = (most(first), most(second));
    println!("{name}: at most {before:.1} in the first half, {after:.1} in the second");
    ensure!(after <= before + slack, "{name} grew from {before:.1} to {after:.1}");
    Ok(())
}

async fn talk(url: &str, number: usize, until: Instant) -> Result<Said> {
    let mut browser = Browser::log_in(url).await?;
    let mut said = Said::default();
    let mut turn = number;
    while Instant::now() < until {
        if turn.is_multiple_of(CHAT) {
            browser.new_chat();
        }
        let saying = SAYINGS.get(turn % SAYINGS.len()).context("a saying")?;
        match browser.say(&format!("{saying} {number} {turn}")).await? {
            Turn::Answered(_) if *saying != "broken" => said.answered += 1,
            Turn::Interrupted(_) if *saying == "broken" => said.interrupted += 1,
            other => bail!("{saying:?} ended as {other:?}"),
        }
        turn += 1;
    }
    Ok(said)
}

fn answer(request: &Value) -> Reply {
    let messages = request.get("messages").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if messages.last().is_some_and(|message| message.get("role").is_some_and(|role| role == "tool")) {
        return Reply::text("Done.");
    }
    let said = messages.last().and_then(|message| message.get("content"));
    if let Some(repeated) = said.and_then(people::answer) {
        return Reply::text(repeated);
    }
    let said = said.map(Value::to_string).unwrap_or_default();
    let file = format!("{}.txt", said.len());
    match SAYINGS.into_iter().find(|saying| said.contains(saying)) {
        Some("long") => Reply::text("Grüße an die Welt. ".repeat(200)),
        Some("write") => Reply::tool("files_write", &json!({ "path": file, "content": "ein Satz\n".repeat(50) })),
        Some("read") => Reply::tool("files_list", &json!({ "path": "." })).and_tool("files_read", &json!({ "path": file })),
        Some("broken") => Reply::text("This one is never finished, as it happens.").broken_after(3),
        _ => Reply::text("A short answer."),
    }
}
