//! The channel's side of a soak: people whose every message must be answered once, or be listed as one whose answer may
//! not have arrived.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use wirken_ledger::{OutboxState, Reader};
use wirken_testkit::telegram::{Chat, FakeTelegram, User};

/// Everybody, each in a chat of his own. There are so many that a chat is put away before it is gone on with.
pub(super) const PEOPLE: Range<i64> = 1_000..2_000;
/// Answers in a row, before somebody else talks.
const STAY: usize = 20;
/// Who waits for an answer at any time, but for those who have waited long.
const AT_ONCE: usize = 4;
const LONG: Duration = Duration::from_secs(2);
/// An answer that did not come by then is looked for in the list of those in doubt.
const PATIENCE: Duration = Duration::from_secs(30);
/// A message that begins so is repeated by the model.
const REPEAT: &str = "repeat ";

/// What people saw.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) answered: usize,
    /// Messages whose answers did not come.
    missing: BTreeSet<String>,
}

/// Somebody who waits for the answer to this.
struct Waiting {
    text: String,
    since: Instant,
    /// Answers in a row, this one included.
    stayed: usize,
}

/// The answer to a request of theirs.
pub(super) fn answer(said: &Value) -> Option<&str> {
    let text = said.as_str().or_else(|| said.pointer("/0/text").and_then(Value::as_str))?;
    text.starts_with(REPEAT).then_some(text)
}

pub(super) async fn talk(platform: Arc<FakeTelegram>, until: Instant) -> Result<Seen> {
    let mut idle: VecDeque<(i64, usize)> = PEOPLE.map(|id| (id, 0)).collect();
    let mut waiting: HashMap<i64, Waiting> = HashMap::new();
    let mut result = Seen::default();
    let (mut said, mut seen) = (0_usize, 0_usize);
    loop {
        let now = Instant::now();
        while now < until && waiting.values().filter(|one| now.duration_since(one.since) < LONG).count() < AT_ONCE {
            let Some((id, stayed)) = idle.pop_front() else { break };
            said += 1;
            let text = format!("{REPEAT}{said} of {id}.");
            let user = User::new(id, "Person");
            platform.say(&Chat::private(&user), &user, text.as_str());
            waiting.insert(id, Waiting { text, since: now, stayed: stayed + 1 });
        }
        if waiting.is_empty() && now >= until {
            return Ok(result);
        }
        let sent = platform.wait_since(seen, Duration::from_millis(500)).await;
        seen += sent.len();
        for sent in sent {
            // One that took long is announced by its beginning.
            if let Entry::Occupied(one) = waiting.entry(sent.chat)
                && one.get().text.starts_with(&sent.text)
            {
                match one.remove().stayed {
                    STAY.. => idle.push_back((sent.chat, 0)),
                    stayed => idle.push_front((sent.chat, stayed)),
                }
            } else if !result.missing.remove(&sent.text) {
                bail!("{} was told something that nobody waits for, or told it twice: {:?}", sent.chat, sent.text);
            }
            result.answered += 1;
        }
        let now = Instant::now();
        for (id, one) in waiting.extract_if(|_, one| now.duration_since(one.since) > PATIENCE) {
            result.missing.insert(one.text);
            idle.push_back((id, 0));
        }
    }
}

/// Compares what people saw with what the gateway, which has ended, knows of its answers.
pub(super) fn check(seen: &Seen, data: &Path) -> Result<()> {
    let reader = Reader::open(&wirken_ledger::path_in(data))?;
    let mut doubted = BTreeSet::new();
    for entry in reader.outbox(None)? {
        let text = reader.outbox_content(entry.session, entry.seq)?.context("an answer without its text")?;
        ensure!(entry.state == OutboxState::InDoubt, "{text:?} ended as {:?}", entry.state);
        doubted.insert(text);
    }
    let lost: Vec<_> = seen.missing.difference(&doubted).collect();
    ensure!(lost.is_empty(), "these were not answered, and nobody says so: {lost:?}");
    println!("{} answers in the channel, {} in doubt, {} of these not there", seen.answered, doubted.len(), seen.missing.len());
    ensure!(seen.answered > 0, "nobody was answered in the channel");
    Ok(())
}
