//! People who say their next message when their last one was answered.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use wirken_testkit::telegram::{Chat, FakeTelegram, User};

use super::{ANSWER, PATIENCE, Talked};

/// Who talks, and for how long.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// The id of the first person; those of the others follow it.
    pub(crate) first: i64,
    pub(crate) people: usize,
    /// So many of them wait for an answer at any time.
    pub(crate) at_once: usize,
    /// Whoever has had so many answers in a row goes to the end of the queue.
    pub(crate) stay: usize,
    pub(crate) turns: usize,
}

struct Person {
    user: User,
    chat: Chat,
    /// Answers in a row.
    stayed: usize,
}

pub(super) async fn talk(platform: &FakeTelegram, seen: &mut usize, plan: Plan) -> Result<Talked> {
    let mut idle: VecDeque<Person> = (plan.first..).take(plan.people).map(Person::new).collect();
    let mut waiting: HashMap<i64, (Person, Instant)> = HashMap::new();
    let mut said = 0;
    let mut times: Vec<Duration> = Vec::with_capacity(plan.turns);
    let began = Instant::now();
    while times.len() < plan.turns {
        while said < plan.turns && waiting.len() < plan.at_once {
            let Some(person) = idle.pop_front() else { break };
            said += 1;
            let at = Instant::now();
            platform.say(&person.chat, &person.user, format!("turn {said}"));
            waiting.insert(person.chat.id, (person, at));
        }
        let sent = platform.wait_since(*seen, PATIENCE).await;
        ensure!(!sent.is_empty(), "{} people wait for an answer, and for {} s none came", waiting.len(), PATIENCE.as_secs());
        *seen += sent.len();
        for sent in sent {
            // One that took long is announced by its beginning.
            ensure!(ANSWER.starts_with(&sent.text), "this is not the model's answer: {:?}", sent.text);
            let Some((mut person, at)) = waiting.remove(&sent.chat) else { bail!("{} was answered twice", sent.chat) };
            let arrived = sent.versions.first().context("a message without a text")?.at;
            times.push(arrived.saturating_duration_since(at));
            person.stayed += 1;
            if person.stayed < plan.stay {
                idle.push_front(person);
            } else {
                person.stayed = 0;
                idle.push_back(person);
            }
        }
    }
    let wall_micros = micros(began.elapsed());
    Ok(Talked { micros: times.into_iter().map(micros).collect(), wall_micros })
}

impl Person {
    fn new(id: i64) -> Self {
        let user = User::new(id, format!("Person {id}"));
        Self { chat: Chat::private(&user), user, stayed: 0 }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
