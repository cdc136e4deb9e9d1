//! That process itself.

use std::io::Write;

use anyhow::Result;
use serde::Serialize;
use tokio::sync::mpsc;
use wirken_testkit::llm::{FakeLlm, Reply, Script};
use wirken_testkit::telegram::{FakeTelegram, Options};

use super::{ANSWER, Addresses, Ask, PATIENCE, people};

/// Messages that the platform remembers: those under way, and no more, so that it stays as fast as it was.
const KEPT: usize = 1_000;

/// Answers what it is asked until nobody is left to ask.
pub(crate) fn serve() -> Result<()> {
    // One thread: what takes its time here is little, and handing it from thread to thread would cost more.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let platform = FakeTelegram::start(Options::default().keeping(KEPT)).await?;
        let script = Script::reply(|_| Reply::text(ANSWER)).with_models([crate::MODEL]).keeping(0);
        let llm = FakeLlm::start(script).await?;
        say(&Addresses { llm: llm.base_url(), platform: platform.origin(), token: platform.token() })?;
        let mut asked = asked();
        let mut seen = 0;
        while let Some(line) = asked.recv().await {
            match serde_json::from_str(&line)? {
                Ask::Polls => say(&platform.requests_of(POLL))?,
                Ask::PollAfter(count) => say(&platform.wait_for_requests(POLL, count, PATIENCE).await)?,
                Ask::Talk(plan) => say(&people::talk(&platform, &mut seen, plan).await?)?,
            }
        }
        Ok(())
    })
}

const POLL: &str = "getUpdates";

/// The lines of stdin, which are waited for on a thread of their own.
fn asked() -> mpsc::UnboundedReceiver<String> {
    let (sender, receiver) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

fn say(what: &impl Serialize) -> Result<()> {
    let line = serde_json::to_string(what)? + "\n";
    let mut output = std::io::stdout().lock();
    output.write_all(line.as_bytes())?;
    Ok(output.flush()?)
}
