//! Many messages from many chats, while the gateway and the process of the channel are killed at random.
//!
//! What the platform shows is compared with what was said: nothing is there twice, each chat has its order, and what is
//! missing is listed by name. An answer is in doubt only where it was on its way when something was killed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::json;
use wirken_ledger::{OutboxState, Reader, Scope, SessionFilter};
use wirken_testkit::llm::{FakeLlm, Script};
use wirken_testkit::telegram::{Chat, FakeTelegram, Options, User};
use wirken_types::event::Event;

use crate::channel::{Running, add, kill};
use crate::support::Wirken;

const CHATS: i64 = 100;
const MESSAGES: usize = 10_000;
/// Messages that a chat says before the answer to the first of them came.
const AHEAD: usize = 3;
/// Between two kills, so many messages are answered; so few that there are some dozens of kills.
const BETWEEN: usize = 250;
const PATIENCE: Duration = Duration::from_secs(60);

/// How far each chat is.
struct Talk {
    people: Vec<(User, Chat)>,
    /// By chat: what was said, and how much of that was answered.
    said: BTreeMap<i64, Vec<usize>>,
    answered: BTreeMap<i64, usize>,
    next: usize,
}

impl Talk {
    fn new(telegram: &FakeTelegram) -> Self {
        let people: Vec<_> = (0..CHATS)
            .map(|n| {
                let user = User::new(1000 + n, format!("Person {n}"));
                let chat = Chat::private(&user);
                telegram.enter(&chat);
                (user, chat)
            })
            .collect();
        Self { said: BTreeMap::new(), answered: BTreeMap::new(), people, next: 0 }
    }

    /// Says what there is room for; one more everywhere where nothing moves, since what is in doubt is never shown.
    fn say(&mut self, telegram: &FakeTelegram, stuck: bool) {
        for (user, chat) in &self.people {
            let said = self.said.entry(chat.id).or_default();
            let mut room =
                (self.answered.get(&chat.id).copied().unwrap_or_default() + AHEAD).saturating_sub(said.len()).max(usize::from(stuck));
            while self.next < MESSAGES && room > 0 {
                telegram.say(chat, user, format!("{} {}", chat.id, self.next));
                said.push(self.next);
                self.next += 1;
                room -= 1;
            }
        }
    }

    /// An answer names what it answers; what was said before that is answered with it.
    fn shown(&mut self, chat: i64, text: &str) {
        let number = text.split_once(' ').and_then(|(_, number)| number.parse().ok());
        let at = self.said.get(&chat).and_then(|said| said.iter().position(|said| Some(*said) == number));
        if let Some(at) = at {
            self.answered.insert(chat, at + 1);
        }
    }
}

/// What was under way when everything stood still: attempted, and nothing known since.
fn on_their_way(wirken: &Wirken) -> usize {
    let reader = Reader::open(&wirken_ledger::path_in(&wirken.data())).unwrap();
    let entries = reader.outbox(Some("telegram")).unwrap();
    entries.iter().filter(|entry| entry.state == OutboxState::Attempted).count()
}

fn doubts(wirken: &Wirken) -> usize {
    let reader = Reader::open(&wirken_ledger::path_in(&wirken.data())).unwrap();
    reader.outbox(Some("telegram")).unwrap().iter().filter(|entry| entry.state == OutboxState::InDoubt).count()
}

/// Takes about a minute: ten thousand turns, and some forty starts of the gateway or of the channel's process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_messages_and_killing_at_random() {
    let telegram = FakeTelegram::start(Options::default().keeping(40_000)).await.unwrap();
    let llm = FakeLlm::start(Script::echo().keeping(0)).await.unwrap();
    let wirken = Wirken::with_model(&llm.base_url());
    let mut talk = Talk::new(&telegram);
    let ids: Vec<String> = talk.people.iter().map(|(user, _)| user.id.to_string()).collect();
    let allowed: Vec<&str> = ids.iter().flat_map(|id| ["--allow", id]).collect();
    add(&wirken, &telegram, &allowed);
    let config = wirken.data().join("config.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let limits = "\n[channels.telegram.limits]\nsender-per-minute = 1000000\naccount-per-minute = 1000000\n";
    std::fs::write(&config, text + limits).unwrap();

    let mut running = Running::start(&wirken);
    let (mut kills, mut on_the_way, mut next_kill) = (0, 0, BETWEEN);
    let (mut seen, mut moved) = (0, Instant::now());
    loop {
        talk.say(&telegram, moved.elapsed() > Duration::from_secs(2));
        let new = telegram.wait_since(seen, Duration::from_millis(200)).await;
        if !new.is_empty() {
            moved = Instant::now();
        }
        seen += new.len();
        for sent in new {
            talk.shown(sent.chat, &sent.text);
        }
        if seen >= next_kill && talk.next < MESSAGES {
            next_kill = seen + BETWEEN;
            kills += 1;
            if kills % 2 == 0 {
                drop(running);
                on_the_way += on_their_way(&wirken);
                running = Running::start(&wirken);
            } else if let Some(pid) = wirken.json(&["status"])["channels"][0]["pid"].as_u64() {
                let before = doubts(&wirken);
                kill(pid);
                // Its gateway knows what it was given and not told of.
                let began = Instant::now();
                while wirken.json(&["status"])["channels"][0]["pid"].as_u64() == Some(pid) {
                    assert!(began.elapsed() < PATIENCE);
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                let added = doubts(&wirken).saturating_sub(before);
                assert!(added <= 64, "{added} in doubt after one kill: more than may be on their way at once");
                on_the_way += added;
            }
        }
        let reader = Reader::open(&wirken_ledger::path_in(&wirken.data())).unwrap();
        let open =
            || reader.outbox(Some("telegram")).unwrap().iter().any(|e| matches!(e.state, OutboxState::Queued | OutboxState::Attempted));
        if talk.next == MESSAGES
            && telegram.pending() == 0
            && moved.elapsed() > Duration::from_secs(1)
            && !open()
            && reader.open_turns().unwrap().is_empty()
        {
            break;
        }
        assert!(moved.elapsed() < PATIENCE, "nothing moved: {} said, {seen} shown, {}", talk.next, wirken.ok(&["channel", "list"]));
    }
    drop(running);
    assert!(kills >= 20, "only {kills} kills");
    check(&telegram, &wirken, on_the_way, kills);
}

#[expect(clippy::print_stdout, reason = "how much was in doubt is worth seeing, with `--nocapture`")]
fn check(telegram: &FakeTelegram, wirken: &Wirken, on_the_way: usize, kills: usize) {
    let mut shown: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    let mut interrupted = 0;
    for sent in telegram.sent() {
        // An answer that could not be given says so.
        let Some((_, number)) = sent.text.split_once(' ').filter(|(chat, _)| *chat == sent.chat.to_string()) else {
            assert!(sent.text.starts_with("(This was interrupted"), "{sent:?}");
            interrupted += 1;
            continue;
        };
        shown.entry(sent.chat).or_default().push(number.parse().unwrap());
    }
    for (chat, numbers) in &shown {
        assert!(numbers.is_sorted_by(|a, b| a < b), "chat {chat} is out of order, or has something twice: {numbers:?}");
    }
    let reader = Reader::open(&wirken_ledger::path_in(&wirken.data())).unwrap();
    assert!(wirken_ledger::verify(&reader, Scope::All, &mut |_| {}).unwrap().is_ok());
    let entries = reader.outbox(Some("telegram")).unwrap();
    let in_doubt = entries.iter().filter(|entry| entry.state == OutboxState::InDoubt).count();
    assert_eq!(entries.len(), in_doubt, "nothing failed, and nothing waits: {entries:?}");
    assert!(in_doubt <= on_the_way, "{in_doubt} in doubt, and {on_the_way} were on their way at {kills} kills");

    // Every message was taken once; its answer is shown, or its turn tells why it is not.
    let there: BTreeSet<usize> = shown.values().flatten().copied().collect();
    let doubted: BTreeSet<_> = entries.iter().map(|entry| (entry.session, entry.turn)).collect();
    let mut taken = BTreeSet::new();
    let mut lost = Vec::new();
    for session in reader.sessions(&SessionFilter::default()).unwrap() {
        let rows = reader.rows(session.id, 0).unwrap();
        let ended: BTreeSet<_> =
            rows.iter().filter(|row| matches!(row.event, Event::TurnInterrupted { .. })).filter_map(|row| row.event.turn()).collect();
        // A message that arrives while an answer is under way is answered in the same turn, with or after it.
        for row in &rows {
            let Event::Inbound { turn, content: Some(content), .. } = &row.event else { continue };
            let text = wirken_types::chat::plain_text(content);
            let number: usize = text.split_once(' ').unwrap().1.parse().unwrap();
            assert!(taken.insert(number), "{number} was taken twice");
            let joined = rows.iter().any(|other| {
                matches!(&other.event, Event::Inbound { turn: its, content: Some(content), .. } if its == turn
                    && there.contains(&wirken_types::chat::plain_text(content).split_once(' ').unwrap().1.parse().unwrap()))
            });
            if !there.contains(&number) && !joined && !ended.contains(turn) && !doubted.contains(&(session.id, *turn)) {
                lost.push(number);
            }
        }
    }
    assert_eq!(taken.len(), MESSAGES);
    assert!(lost.is_empty(), "lost without a word: {lost:?}");
    println!(
        "{}",
        json!({ "kills": kills, "shown": there.len(), "in-doubt": in_doubt, "on-their-way": on_the_way, "interrupted": interrupted })
    );
}
