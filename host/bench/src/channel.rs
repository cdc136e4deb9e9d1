//! A channel from a message that waits at the platform to its answer's arrival there, the memory of the gateway and of
//! the account's process, and how soon after its start the account is polled for.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::fakes::{Fakes, Plan, Talked};
use crate::process::{self, Gateway};
use crate::{CHAT, STARTS, Summary, Times};

/// People who talk at once, and their turns.
const LOADS: [(usize, usize); 3] = [(1, 300), (16, 2_000), (64, 3_200)];
const WARM_UP: usize = 200;
/// The long run: memory and speed are to be the same at its end.
const TURNS: usize = 10_000;
const CROWD: usize = 100;
const CROWD_AT_ONCE: usize = 16;
/// Turns at either end of the long run, and beside it of people who have not talked before.
const ENDS: usize = 500;
/// How long nothing is done before idleness is measured, and while it is.
const SETTLE: Duration = Duration::from_secs(2);
const IDLE: Duration = Duration::from_secs(5);
/// The gateway keeps a chat at hand for some time after its last turn. By then none is left.
const REST: Duration = Duration::from_secs(25);

pub(crate) fn measure(binary: &Path, fakes: &mut Fakes, llm: f64, summary: &mut Summary) -> Result<()> {
    let folder = tempfile::tempdir()?;
    process::set_up(binary, folder.path(), fakes.llm())?;
    process::add_channel(binary, folder.path(), fakes.platform(), fakes.token(), People::ids())?;
    // The first start compiles; the cache is warm from then on.
    drop(fakes.first_poll(|| Gateway::start(binary, folder.path()))?);
    let mut polls = Times::default();
    for _ in 0..STARTS {
        let (gateway, at) = fakes.first_poll(|| Gateway::start(binary, folder.path()))?;
        polls.add(at.saturating_duration_since(gateway.began));
    }
    summary.put("start_to_first_poll_p50_ms", polls.at(50));

    let (gateway, _) = fakes.first_poll(|| Gateway::start(binary, folder.path()))?;
    let adapter = process::adapter(binary, folder.path())?.pid()?;
    let mut measured = Measured { both: Both { gateway, adapter }, people: People { next: FIRST }, fakes, llm, summary };
    measured.idle()?;
    for (at_once, turns) in LOADS {
        measured.load(at_once, turns)?;
    }
    measured.long_run()?;
    let running = process::adapter(binary, folder.path())?.pid()?;
    ensure!(running == adapter, "the account's process ended and was started again meanwhile");
    Ok(())
}

/// The id of the first person.
const FIRST: i64 = 1_000;
/// Everybody who talks, each in a chat of his own; all may write.
const PEOPLE: i64 = 700;

struct People {
    next: i64,
}

impl People {
    fn ids() -> std::ops::Range<i64> {
        FIRST..FIRST + PEOPLE
    }

    /// The first of so many who have not talked before.
    fn take(&mut self, count: usize) -> Result<i64> {
        let first = self.next;
        self.next += i64::try_from(count)?;
        ensure!(self.next <= FIRST + PEOPLE, "there are only {PEOPLE} people");
        Ok(first)
    }
}

/// The gateway and the account's process, which serve a message together.
struct Both {
    gateway: Gateway,
    adapter: u32,
}

impl Both {
    fn cpu(&self) -> Result<Duration> {
        Ok(self.gateway.cpu()? + process::cpu_of(self.adapter)?)
    }
}

struct Measured<'a> {
    both: Both,
    people: People,
    fakes: &'a mut Fakes,
    /// What the model's server alone takes for an answer, in milliseconds.
    llm: f64,
    summary: &'a mut Summary,
}

/// What people saw, and the processor time that it took.
struct Cost {
    talked: Talked,
    ours: Duration,
    fakes: Duration,
}

impl Measured<'_> {
    fn idle(&mut self) -> Result<()> {
        std::thread::sleep(SETTLE);
        self.memory("idle")?;
        let cpu = self.both.cpu()?;
        std::thread::sleep(IDLE);
        let cpu = self.both.cpu()? - cpu;
        self.summary.put("gateway_and_adapter_idle_cpu_ms_per_second", millis(cpu) / IDLE.as_secs_f64());
        let first = self.people.take(WARM_UP / CHAT)?;
        self.fakes.talk(Plan { first, people: WARM_UP / CHAT, at_once: 4, stay: CHAT, turns: WARM_UP })?;
        Ok(())
    }

    fn memory(&mut self, when: &str) -> Result<()> {
        let gateway = process::memory_of(self.both.gateway.pid())?;
        let adapter = process::memory_of(self.both.adapter)?;
        self.summary.put(&format!("gateway_and_adapter_pss_{when}_mib"), gateway.pss + adapter.pss);
        self.summary.put(&format!("gateway_pss_{when}_mib"), gateway.pss);
        self.summary.put(&format!("adapter_pss_{when}_mib"), adapter.pss);
        self.summary.put(&format!("adapter_private_{when}_mib"), adapter.private);
        Ok(())
    }

    fn talk(&mut self, plan: Plan) -> Result<Cost> {
        let (ours, fakes) = (self.both.cpu()?, self.fakes.cpu()?);
        let talked = self.fakes.talk(plan)?;
        Ok(Cost { talked, ours: self.both.cpu()? - ours, fakes: self.fakes.cpu()? - fakes })
    }

    /// Each person goes on until a chat is as long as the pages' chats are, and the next one follows.
    fn load(&mut self, at_once: usize, turns: usize) -> Result<()> {
        let people = turns / CHAT;
        let plan = Plan { first: self.people.take(people)?, people, at_once, stay: CHAT, turns };
        let cost = self.talk(plan)?;
        let times = Times::of(cost.talked.times());
        self.summary.put(&format!("telegram_turn_overhead_{at_once}_p50_ms"), times.at(50) - self.llm);
        self.summary.put(&format!("telegram_turn_overhead_{at_once}_p95_ms"), times.at(95) - self.llm);
        self.cost(&format!("telegram_{at_once}"), turns, &cost);
        Ok(())
    }

    fn cost(&mut self, name: &str, turns: usize, cost: &Cost) {
        self.summary.put(&format!("{name}_turns_per_second"), cost.talked.per_second());
        self.summary.put(&format!("{name}_cpu_ms_per_turn"), millis(cost.ours) / turns as f64);
        self.summary.put(&format!("{name}_fakes_cpu_ms_per_turn"), millis(cost.fakes) / turns as f64);
    }

    /// The last turns of the long run are those of long chats; whether the gateway itself grew slower is seen on people
    /// who are new before it and after it.
    fn long_run(&mut self) -> Result<()> {
        let before = self.crowd(ENDS)?;
        self.memory("before_10000_turns")?;
        let cost = self.crowd(TURNS)?;
        let after = self.crowd(ENDS)?;
        let times = cost.talked.times();
        let (first, last) = (times.iter().take(ENDS), times.iter().rev().take(ENDS));
        self.summary.put("telegram_long_run_first_500_p50_ms", Times::of(first.copied().collect()).at(50));
        self.summary.put("telegram_long_run_last_500_p50_ms", Times::of(last.copied().collect()).at(50));
        self.summary.put("telegram_new_chats_before_long_run_p50_ms", Times::of(before.talked.times()).at(50));
        self.summary.put("telegram_new_chats_after_long_run_p50_ms", Times::of(after.talked.times()).at(50));
        self.cost("telegram_long_run", TURNS, &cost);
        std::thread::sleep(SETTLE);
        self.memory("after_10000_turns")?;
        std::thread::sleep(REST);
        self.memory("at_rest_after_10000_turns")
    }

    fn crowd(&mut self, turns: usize) -> Result<Cost> {
        let first = self.people.take(CROWD)?;
        self.talk(Plan { first, people: CROWD, at_once: CROWD_AT_ONCE, stay: 1, turns })
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
