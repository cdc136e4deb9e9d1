//! A gateway over components that lie about what they do.

use std::sync::Arc;

use wirken_gateway::{Gateway, Policy, Say};
use wirken_ledger::Ledger;
use wirken_types::approval::Choice;
use wirken_types::event::{Event, ToolOutcome};
use wirken_types::{SessionId, TurnId};

use crate::support::{Recording, open_with, over, question, say};

/// A gateway over a component that lies, with a workspace and a runner that runs nothing.
pub(crate) struct Here {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) gateway: Gateway,
    pub(crate) ledger: Ledger,
    pub(crate) runner: Arc<Recording>,
}

pub(crate) async fn here() -> Here {
    with(Policy::default(), Recording::default()).await
}

pub(crate) async fn with(policy: Policy, runner: Recording) -> Here {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("workspace")).unwrap();
    std::fs::write(folder.path().join("workspace/note.txt"), "a note").unwrap();
    let runner = Arc::new(runner);
    let (gateway, ledger) = open_with(folder.path(), &["fixtures/two-faced"], policy, Arc::clone(&runner) as _).await;
    Here { folder, gateway, ledger, runner }
}

impl Here {
    pub(crate) async fn call(&self, key: &str, tool: &str) -> (SessionId, TurnId) {
        self.say(say("chat", key, &format!("call {tool} {{}}"))).await
    }

    pub(crate) async fn say(&self, say: Say) -> (SessionId, TurnId) {
        let accepted = self.gateway.say(say).await.unwrap();
        (accepted.session, accepted.turn)
    }

    /// Runs a call to its end with this answer to each question; tells the outcome, the text and how often was asked.
    pub(crate) async fn answered(&self, tool: &str, choice: Choice) -> (ToolOutcome, String, u32) {
        self.answered_with(tool, "{}", choice).await
    }

    pub(crate) async fn answered_with(&self, tool: &str, arguments: &str, choice: Choice) -> (ToolOutcome, String, u32) {
        let (session, turn) = self.say(say("chat", arguments, &format!("call {tool} {arguments}"))).await;
        let (gateway, asked) = (self.gateway.clone(), Arc::new(std::sync::atomic::AtomicU32::new(0)));
        let counted = Arc::clone(&asked);
        let answers = tokio::spawn(async move {
            loop {
                let known = question(&gateway).await;
                counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                gateway.answer_as_owner(known.approval, choice, None, "test").await.ok();
            }
        });
        over(&self.gateway, session, turn).await;
        answers.abort();
        let (outcome, text) = self.ended(session, turn).await;
        (outcome, text, asked.load(std::sync::atomic::Ordering::Relaxed))
    }

    pub(crate) async fn ended(&self, session: SessionId, turn: TurnId) -> (ToolOutcome, String) {
        let rows = self.gateway.rows(session).await.unwrap();
        let mut ends = rows.into_iter().filter_map(|row| match row.event {
            Event::ToolFinished { turn: its, outcome, content, .. } if its == turn => {
                Some((outcome, wirken_types::chat::plain_text(&content.unwrap())))
            }
            _ => None,
        });
        let end = ends.next().unwrap();
        assert!(ends.next().is_none(), "each call has one result");
        end
    }

    pub(crate) async fn kinds(&self, session: SessionId) -> Vec<&'static str> {
        self.gateway.rows(session).await.unwrap().iter().map(|row| row.event.kind()).collect()
    }

    /// How each program ended, by the record.
    pub(crate) async fn effects(&self, session: SessionId) -> Vec<ToolOutcome> {
        let rows = self.gateway.rows(session).await.unwrap();
        rows.into_iter()
            .filter_map(|row| if let Event::EffectFinished { outcome, .. } = row.event { Some(outcome) } else { None })
            .collect()
    }
}
