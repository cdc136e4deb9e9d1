//! A gateway without an engine: it answers by a script that the message names, and remembers what it recorded.

#[path = "fake/asked.rs"]
mod asked;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

pub(crate) use asked::{DAYS, question};
use tokio::sync::broadcast;
use wirken_ledger::{Chain, KnownApproval, KnownGrant, Row, Session};
use wirken_turn::Shown;
use wirken_types::approval::{ApprovalId, Choice};
use wirken_types::chat::{AssistantItem, Part, ToolCall};
use wirken_types::event::{Event, Place, ToolOutcome};
use wirken_types::{Digest, GrantId, SessionId, Timestamp, TurnId};
use wirken_webchat::{Accepted, Backend, BackendError, Say, Update, Verification};

/// Updates that a watcher may fall behind.
pub(crate) const UPDATES: usize = 256;

#[derive(Clone, Default)]
pub(crate) struct Fake {
    state: Arc<Mutex<State>>,
    /// Between two pieces of an answer.
    pub(crate) pause: Duration,
}

#[derive(Default)]
struct State {
    sessions: HashMap<SessionId, Held>,
    keys: HashMap<String, Accepted>,
    refuse: Option<String>,
    delay: Duration,
    recorded: Vec<&'static str>,
    approvals: Vec<KnownApproval>,
    grants: Vec<KnownGrant>,
    /// What was answered, with its note.
    answers: Vec<(ApprovalId, Choice, Option<String>)>,
}

struct Held {
    session: Session,
    rows: Vec<Row>,
    updates: broadcast::Sender<Update>,
    turn: Option<TurnId>,
}

impl Fake {
    /// Every message is refused with these words from now on, or taken again.
    pub(crate) fn refuse(&self, words: Option<&str>) {
        self.state().refuse = words.map(str::to_owned);
    }

    /// What belongs to no chat.
    pub(crate) fn recorded(&self) -> Vec<&'static str> {
        self.state().recorded.clone()
    }

    /// How long a commit takes from now on.
    pub(crate) fn delay(&self, delay: Duration) {
        self.state().delay = delay;
    }

    /// A session of another account, with one message.
    pub(crate) fn of_another_account(&self) -> SessionId {
        let id = SessionId::generate();
        self.open(id, Place { agent: "default".into(), account: "telegram".into(), conversation: "1".into(), thread: None });
        self.record(id, Event::TurnStarted { turn: TurnId::generate() });
        id
    }

    pub(crate) fn record(&self, id: SessionId, event: Event) -> u64 {
        let mut state = self.state();
        let held = state.sessions.get_mut(&id).expect("an open session");
        let (seq, at) = (held.rows.len() as u64, Timestamp::now());
        let title = match &event {
            Event::Inbound { content: Some(parts), .. } => Some(wirken_types::chat::plain_text(parts)),
            _ => None,
        };
        held.session.last_at = at;
        held.session.title = held.session.title.take().or(title);
        let hash = Digest::of(format!("{seq}{event:?}").as_bytes());
        held.rows.push(Row { chain: Chain::Session(id), seq, at, hash, event: event.clone(), payload: None });
        drop(held.updates.send(Update::Recorded { seq, at, event: Arc::new(event) }));
        seq
    }

    pub(crate) fn show(&self, id: SessionId, turn: TurnId, shown: Shown) {
        drop(self.state().sessions[&id].updates.send(Update::Glimpse { turn, shown }));
    }

    fn open(&self, id: SessionId, place: Place) {
        let now = Timestamp::now();
        let session = Session { id, place: place.clone(), opened_at: now, last_at: now, closed_at: None, title: None };
        let held = Held { session, rows: Vec::new(), updates: broadcast::Sender::new(UPDATES), turn: None };
        self.state().sessions.insert(id, held);
        self.record(id, Event::SessionOpened { place });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn is_under_way(&self, id: SessionId, turn: TurnId) -> bool {
        self.state().sessions[&id].turn == Some(turn)
    }

    async fn stream(&self, id: SessionId, turn: TurnId, text: &str) -> bool {
        for piece in text.split_inclusive(' ') {
            if !self.is_under_way(id, turn) {
                return false;
            }
            self.show(id, turn, Shown::Text { text: piece.to_owned() });
            tokio::time::sleep(self.pause).await;
            tokio::task::yield_now().await;
        }
        self.is_under_way(id, turn)
    }

    fn responded(&self, id: SessionId, turn: TurnId, round: u32, stop: &str, content: Vec<AssistantItem>) {
        let usage = vec![("input".to_owned(), 812), ("output".to_owned(), 64)];
        self.record(id, Event::Responded { turn, round, stop: stop.into(), usage, content: Some(content) });
    }

    fn requested(&self, id: SessionId, turn: TurnId, round: u32) {
        self.record(id, Event::Requested { turn, round, provider: "demo".into(), model: "demo-1".into() });
    }

    async fn answer(self, id: SessionId, turn: TurnId, asked: String) {
        let mut round = 1;
        if asked.contains("think") {
            for piece in THOUGHT {
                self.show(id, turn, Shown::Reasoning { text: piece.into() });
                tokio::time::sleep(self.pause * 4).await;
            }
        }
        if asked.contains("tool") {
            self.tool(id, turn, &asked).await;
            round += 1;
            self.requested(id, turn, round);
        }
        if asked.contains("exec") && !self.exec(id, turn).await {
            return;
        }
        if asked.contains("busy") {
            self.record(id, Event::RequestFailed { turn, round, error: "rate-limited".into(), message: "too many requests".into() });
            self.show(id, turn, Shown::Waiting { millis: 2000, message: "too many requests".into() });
            tokio::time::sleep(self.pause * 40).await;
            self.requested(id, turn, round);
        }
        if asked.contains("forever") {
            while self.stream(id, turn, "and so on, ").await {}
            return;
        }
        let text = if asked.contains("rich") { RICH.to_owned() } else { format!("You said *{}*.", asked.trim()) };
        if !self.stream(id, turn, &text).await {
            return;
        }
        let reasoning = (round == 1 && asked.contains("think")).then(|| AssistantItem::Reasoning(THOUGHT.concat()));
        let content = reasoning.into_iter().chain([AssistantItem::Text(text.clone())]).collect();
        self.responded(id, turn, round, "end", content);
        self.record(id, Event::OutboundQueued { turn, outbound: 1, content: Some(text) });
        self.record(id, Event::TurnFinished { turn, stop: "end".into() });
        self.state().sessions.get_mut(&id).unwrap().turn = None;
    }

    async fn tool(&self, id: SessionId, turn: TurnId, asked: &str) {
        let fails = asked.contains("fail");
        let calls = [
            ToolCall { id: "a".into(), name: "files_list".into(), arguments: r#"{"path":"."}"#.into() },
            ToolCall {
                id: "b".into(),
                name: "files_read".into(),
                arguments: r#"{"path":"notes/2026-11-21.md","lines":{"from":1,"to":40}}"#.into(),
            },
        ];
        self.show(id, turn, Shown::CallBegun { id: "a".into(), tool: "files_list".into() });
        tokio::time::sleep(self.pause * 4).await;
        let reasoning = asked.contains("think").then(|| AssistantItem::Reasoning(THOUGHT.concat()));
        let content = reasoning.into_iter().chain(calls.iter().cloned().map(AssistantItem::ToolCall)).collect();
        self.responded(id, turn, 1, "tool-use", content);
        for call in calls {
            let (call_id, tool) = (call.id.clone(), call.name.clone());
            let component_digest = Digest::of(b"files");
            self.record(
                id,
                Event::ToolStarted {
                    turn,
                    call_id: call_id.clone(),
                    tool: tool.clone(),
                    component: "tools/files".into(),
                    component_digest,
                    attempt: 1,
                    content: Some(call),
                },
            );
            tokio::time::sleep(self.pause * 20).await;
            let (outcome, text) = match (fails, tool.as_str()) {
                (true, "files_read") => (ToolOutcome::Failed, "notes/2026-11-21.md: there is no such file"),
                (_, "files_read") => (ToolOutcome::Ok, "# Notes\n- ring the dentist\n- water the fig"),
                _ => (ToolOutcome::Ok, "notes/\nreport.md\nphotos/"),
            };
            self.record(id, Event::ToolFinished { turn, call_id, tool, outcome, code: None, content: Some(vec![Part::text(text)]) });
        }
    }
}

impl Backend for Fake {
    async fn say(&self, say: Say) -> Result<Accepted, BackendError> {
        let delay = self.state().delay;
        tokio::time::sleep(delay).await;
        if let Some(words) = &self.state().refuse {
            return Err(BackendError { message: words.clone(), forget: false });
        }
        if let Some(accepted) = self.state().keys.get(&say.key) {
            return Ok(Accepted { duplicate: true, ..*accepted });
        }
        let id = say.session.unwrap_or_else(SessionId::generate);
        if say.session.is_none() {
            self.open(id, say.place.clone());
        }
        let under_way = self.state().sessions[&id].turn;
        let turn = under_way.unwrap_or_else(TurnId::generate);
        let content = Some(vec![Part::text(say.text.clone())]);
        self.record(
            id,
            Event::Inbound {
                turn,
                account: say.place.account,
                key: say.key.clone(),
                sender: say.sender,
                message: None,
                marks: Vec::new(),
                content,
            },
        );
        if under_way.is_none() {
            self.state().sessions.get_mut(&id).unwrap().turn = Some(turn);
            self.record(id, Event::TurnStarted { turn });
            self.requested(id, turn, 1);
            tokio::spawn(self.clone().answer(id, turn, say.text));
        }
        let accepted = Accepted { session: id, turn, duplicate: false };
        self.state().keys.insert(say.key, accepted);
        Ok(accepted)
    }

    async fn stop(&self, session: SessionId, reason: &str) -> Result<bool, BackendError> {
        let Some(turn) = self.state().sessions.get_mut(&session).unwrap().turn.take() else { return Ok(false) };
        self.state().approvals.retain(|known| known.turn != turn);
        let partial = "and so on, and so on, ";
        self.responded(session, turn, 1, "stopped", vec![AssistantItem::Text(partial.into())]);
        self.record(session, Event::OutboundQueued { turn, outbound: 1, content: Some(partial.into()) });
        self.record(session, Event::TurnInterrupted { turn, reason: reason.into() });
        Ok(true)
    }

    async fn close_session(&self, session: SessionId, by: &str) -> Result<(), BackendError> {
        self.record(session, Event::SessionClosed { by: by.into() });
        let mut state = self.state();
        let held = state.sessions.get_mut(&session).unwrap();
        held.session.closed_at = Some(held.session.last_at);
        Ok(())
    }

    fn watch(&self, session: SessionId) -> broadcast::Receiver<Update> {
        self.state().sessions[&session].updates.subscribe()
    }

    fn running(&self, session: SessionId) -> bool {
        self.state().sessions[&session].turn.is_some()
    }

    /// Of all accounts, so that a surface which trusts its backend too much is caught.
    async fn sessions(&self, _account: &str, limit: usize) -> Result<Vec<Session>, BackendError> {
        let mut sessions: Vec<_> = self.state().sessions.values().map(|held| held.session.clone()).collect();
        sessions.sort_by_key(|session| std::cmp::Reverse(session.last_at));
        sessions.truncate(limit);
        Ok(sessions)
    }

    async fn session(&self, id: SessionId) -> Result<Option<Session>, BackendError> {
        Ok(self.state().sessions.get(&id).map(|held| held.session.clone()))
    }

    async fn rows(&self, session: SessionId, from: u64) -> Result<Vec<Row>, BackendError> {
        Ok(self.state().sessions[&session].rows.iter().filter(|row| row.seq >= from).cloned().collect())
    }

    async fn answer(&self, approval: ApprovalId, choice: Choice, note: Option<String>) -> Result<(), BackendError> {
        self.take(approval, choice, note).await
    }

    async fn approvals(&self) -> Result<Vec<KnownApproval>, BackendError> {
        Ok(self.state().approvals.clone())
    }

    async fn grants(&self) -> Result<Vec<KnownGrant>, BackendError> {
        Ok(self.state().grants.clone())
    }

    async fn revoke(&self, grant: GrantId, by: &str) -> Result<(), BackendError> {
        self.take_back(grant, by)
    }

    fn remember_days(&self) -> u32 {
        DAYS
    }

    async fn record(&self, action: &'static str, _detail: serde_json::Value) -> Result<(), BackendError> {
        self.state().recorded.push(action);
        Ok(())
    }

    async fn verify(&self, session: SessionId) -> Result<Verification, BackendError> {
        let rows = self.state().sessions[&session].rows.len();
        let text = format!("ok: {rows} rows, each hash matches its row and the row before it");
        let details =
            "Checked without signed heads: an edit within a chain is caught, unless every later hash of it was computed anew.".into();
        Ok(Verification { ok: true, text, details, broken_row: None })
    }
}

const THOUGHT: [&str; 3] = ["The person asks for a list. ", "I look into the folder first, ", "then I sum it up."];

const RICH: &str = r#"## What I found

The folder holds **three** entries; `report.md` is the largest. See the [style guide](https://docs.example/style) or <script>alert(1)</script>, and ![a chart](https://tracker.example/pixel.png).

1. Read `report.md`
2. Sum it up
   - by week
   - by person

| File | Size | Changed | Owner | What it is for |
|:-----|-----:|:-------:|-------|----------------|
| report.md | 14 KB | today | you | the weekly numbers, with comments |
| photos/ | 1.2 GB | 3 Nov | you | everything from the summer |

```rust
/// The largest file of a folder.
fn largest(files: &[File]) -> Option<&File> { files.iter().max_by_key(|file| file.size).filter(|file| file.size > 0) }
```

> Nothing was changed.

- [x] list the folder
- [ ] write the summary

Ask me to go on, or open https://example.org/a/very/long/path/that/does/not/break/anywhere/at/all/because/it/has/no/spaces."#;
