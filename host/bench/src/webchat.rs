//! Starts, commands, and turns of the browser's pages: of one page, and of many at once.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use tokio::runtime::Runtime;

use crate::browser::{self, Browser, Login};
use crate::fakes::Fakes;
use crate::process::{self, Gateway};
use crate::{CHAT, STARTS, Summary, Times};

/// Commands whose first line is timed, and whether that is a remark on stderr.
const COMMANDS: [(&str, &[&str], bool); 5] = [
    ("ask", &["ask", "-m", "hi"], true),
    ("component_list", &["component", "list"], true),
    ("status", &["status"], false),
    ("sessions", &["sessions", "list", "--all"], false),
    ("audit_verify", &["audit", "verify"], false),
];
const WARM_UP: usize = 50;
const TURNS: usize = 500;
/// Of the one that grows long.
const LONG_CHAT: usize = 300;
const LONG_TURNS: usize = 50;
/// Pages at once, chats of each, and turns of each page. The gateway opens 32 pages and no more: 64 chats are two of each,
/// in turns.
const LOADS: [(usize, usize, usize); 2] = [(16, 1, 100), (32, 2, 80)];

/// Gives what the model's server alone takes for an answer, in milliseconds.
pub(crate) fn measure(binary: &Path, runtime: &Runtime, fakes: &Fakes, summary: &mut Summary) -> Result<f64> {
    let folder = tempfile::tempdir()?;
    process::set_up(binary, folder.path(), fakes.llm())?;
    starts(binary, folder.path(), summary)?;
    let gateway = Gateway::start(binary, folder.path())?;
    std::thread::sleep(Duration::from_secs(1));
    summary.put("idle_pss_mib", gateway.pss()?);
    let login = runtime.block_on(Login::new(&gateway.url))?;
    let llm = runtime.block_on(one(&gateway, &login, fakes, summary))?;
    summary.put("pss_after_turns_mib", gateway.pss()?);
    for (pages, chats, turns) in LOADS {
        runtime.block_on(many(&gateway, &login, fakes, (pages, chats, turns), llm, summary))?;
    }
    summary.put("pss_after_many_webchat_sessions_mib", gateway.pss()?);
    Ok(llm)
}

fn starts(binary: &Path, folder: &Path, summary: &mut Summary) -> Result<()> {
    // The first start compiles; the cache is warm from then on.
    drop(Gateway::start(binary, folder)?);
    let mut first_line = Times::default();
    let mut ready = Times::default();
    for _ in 0..STARTS {
        let gateway = Gateway::start(binary, folder)?;
        first_line.add(gateway.first_line);
        ready.add(gateway.ready);
    }
    summary.put("first_line_p50_ms", first_line.at(50));
    for (name, args, remark) in COMMANDS {
        let mut times = Times::default();
        for _ in 0..STARTS {
            times.add(process::first_line(binary, folder, args, remark)?);
        }
        summary.put(&format!("first_line_{name}_p50_ms"), times.at(50));
    }
    summary.put("ready_warm_p50_ms", ready.at(50));
    Ok(())
}

async fn one(gateway: &Gateway, login: &Login, fakes: &Fakes, summary: &mut Summary) -> Result<f64> {
    let mut turns = Times::default();
    let mut long = Times::default();
    let mut direct = Times::default();
    let mut page = login.open().await?;
    for turn in 0..WARM_UP {
        page.turn(&format!("warm {turn}")).await?;
    }
    let (cpu, began) = (gateway.cpu()?, Instant::now());
    for turn in 0..TURNS {
        if turn % CHAT == 0 {
            page.new_chat();
        }
        turns.add(page.turn(&format!("turn {turn}")).await?);
    }
    let (cpu, wall) = (gateway.cpu()? - cpu, began.elapsed());
    page.new_chat();
    for turn in 0..LONG_CHAT + LONG_TURNS {
        let took = page.turn(&format!("long {turn}")).await?;
        if turn >= LONG_CHAT {
            long.add(took);
        }
    }
    // The model's own part of a turn: the same request to the same server, from here.
    for _ in 0..TURNS {
        direct.add(browser::direct(fakes.llm()).await?);
    }
    let llm = direct.at(50);
    summary.put("turn_p50_ms", turns.at(50));
    summary.put("turn_p95_ms", turns.at(95));
    summary.put("llm_alone_p50_ms", llm);
    summary.put("turn_overhead_p50_ms", turns.at(50) - llm);
    summary.put("turn_overhead_p95_ms", turns.at(95) - llm);
    summary.put("turn_cpu_ms", cpu.as_secs_f64() * 1000.0 / TURNS as f64);
    summary.put("turns_per_second_one_browser", TURNS as f64 / wall.as_secs_f64());
    summary.put("long_chat_turn_overhead_p50_ms", long.at(50) - llm);
    Ok(llm)
}

/// A page and its chats.
struct Page {
    browser: Browser,
    chats: Vec<Option<String>>,
}

impl Page {
    /// Every chat is opened before the clock runs: with each, all pages are sent the list of chats.
    async fn open(login: &Login, chats: usize) -> Result<Self> {
        let mut page = Self { browser: login.open().await?, chats: Vec::new() };
        for _ in 0..chats {
            page.browser.new_chat();
            page.browser.turn("first").await?;
            page.chats.push(page.browser.chat());
        }
        Ok(page)
    }

    async fn talk(mut self, turns: usize) -> Result<Vec<Duration>> {
        let mut times = Vec::with_capacity(turns);
        for (turn, chat) in (0..turns).zip(self.chats.iter().cycle()) {
            self.browser.enter(chat.clone());
            times.push(self.browser.turn(&format!("turn {turn}")).await?);
        }
        Ok(times)
    }
}

/// Pages that each say their next message when their last one was answered.
async fn many(
    gateway: &Gateway,
    login: &Login,
    fakes: &Fakes,
    (pages, chats, turns): (usize, usize, usize),
    llm: f64,
    summary: &mut Summary,
) -> Result<()> {
    let mut open = Vec::new();
    for _ in 0..pages {
        open.push(Page::open(login, chats).await?);
    }
    let before = [gateway.cpu()?, fakes.cpu()?, process::cpu_of(std::process::id())?];
    let began = Instant::now();
    let talks: Vec<_> = open.into_iter().map(|page| tokio::spawn(page.talk(turns))).collect();
    let mut times = Vec::new();
    for talk in talks {
        times.append(&mut talk.await.map_err(|error| anyhow!("a page failed: {error}"))??);
    }
    let (wall, count) = (began.elapsed(), times.len() as f64);
    let after = [gateway.cpu()?, fakes.cpu()?, process::cpu_of(std::process::id())?];
    let [ours, llms, browsers] = [0, 1, 2].map(|at| {
        let spent = |all: &[Duration; 3]| all.get(at).copied().unwrap_or_default();
        (spent(&after) - spent(&before)).as_secs_f64() * 1000.0 / count
    });
    let times = Times::of(times);
    let name = format!("webchat_{}", pages * chats);
    summary.put(&format!("{name}_turn_overhead_p50_ms"), times.at(50) - llm);
    summary.put(&format!("{name}_turn_overhead_p95_ms"), times.at(95) - llm);
    summary.put(&format!("{name}_turns_per_second"), count / wall.as_secs_f64());
    summary.put(&format!("{name}_cpu_ms_per_turn"), ours);
    summary.put(&format!("{name}_fakes_cpu_ms_per_turn"), llms + browsers);
    Ok(())
}
