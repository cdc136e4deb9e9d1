//! Questions that the scripted gateway asks, how it takes answers, and the rights that come of them.

use std::time::Duration;

use wirken_ledger::{ApprovalState, KnownApproval, KnownGrant};
use wirken_types::approval::{ApprovalId, Choice, Grant, Holder, Judged, Lasts, Question, Tier};
use wirken_types::chat::{AssistantItem, Part, ToolCall};
use wirken_types::event::{Event, Place, ToolOutcome};
use wirken_types::{Digest, GrantId, SessionId, Timestamp, TurnId};
use wirken_webchat::BackendError;

use super::Fake;

/// How many days a remembered answer is good for here.
pub(crate) const DAYS: u32 = 30;
/// How long a question waits.
const WAITS: Duration = Duration::from_secs(5 * 60);
const KEY: &str = "[\"exec\",\"ls\",[\"-l\"],[\"at /workspace\"]]";

/// Of one program, with these arguments as the model gave them and this purpose as the component claims it.
pub(crate) fn question(tier: Tier, arguments: &str, purpose: &str) -> Question {
    let judged = Judged {
        words: "Run the program \"ls\" with the argument \"-l\".".into(),
        tier,
        reasons: vec!["It reads and shows, and changes nothing.".into()],
        key: (tier == Tier::Remembered).then(|| KEY.to_owned()),
        action: Digest::of(b"ls -l"),
    };
    Question {
        component: "exec".into(),
        version: "0.1.0".into(),
        component_digest: Digest::of(b"exec"),
        tool: "exec".into(),
        arguments: arguments.into(),
        actions: vec![judged],
        purpose: purpose.into(),
        after: None,
        holder: None,
    }
}

impl Fake {
    /// Asks in a session that is open. Nothing waits for the answer.
    pub(crate) fn ask(&self, session: SessionId, tier: Tier, question: Option<Question>) -> ApprovalId {
        self.ask_in(session, TurnId::generate(), "a", tier, question)
    }

    fn ask_in(&self, session: SessionId, turn: TurnId, call_id: &str, tier: Tier, question: Option<Question>) -> ApprovalId {
        let approval = ApprovalId::from_random(*uuid_of(&SessionId::generate()));
        let (action, asked_at, call_id) = (Digest::of(approval.to_string().as_bytes()), Timestamp::now(), call_id.to_owned());
        let expires_at = asked_at.plus(WAITS);
        let place = self.state().sessions[&session].session.place.clone();
        let (asked, id) = (question.clone(), call_id.clone());
        let seq = self.record(session, Event::ApprovalAsked { turn, call_id, approval, tier, action, expires_at, content: asked });
        self.state().approvals.push(KnownApproval {
            approval,
            session,
            place,
            turn,
            call_id: id,
            tier,
            action,
            asked_at,
            expires_at,
            seq,
            state: ApprovalState::Open,
            by: None,
            ended_at: None,
            question,
        });
        approval
    }

    /// A chat of the browser's in which nothing was said.
    pub(crate) fn silent_chat(&self) -> SessionId {
        let id = SessionId::generate();
        self.open(id, Place { agent: "default".into(), account: "webchat".into(), conversation: id.to_string(), thread: None });
        id
    }

    /// A right that somebody gave by another way.
    pub(crate) fn give(&self, key: &str, lasts: Lasts) -> GrantId {
        let holder = Holder { agent: "default".into(), account: "mail".into(), sender: "ann\u{202e}".into() };
        let grant = Grant { id: GrantId::generate(), holder, component: "exec".into(), key: key.into(), lasts };
        let id = grant.id;
        self.state().grants.push(KnownGrant { grant, by: "owner".into(), given_at: Timestamp::now(), revoked_at: None });
        id
    }

    pub(crate) fn answers(&self) -> Vec<(ApprovalId, Choice, Option<String>)> {
        self.state().answers.clone()
    }

    /// Answers as the gateway does: once, and durable before it returns.
    pub(super) async fn take(&self, approval: ApprovalId, choice: Choice, note: Option<String>) -> Result<(), BackendError> {
        let delay = self.state().delay;
        tokio::time::sleep(delay).await;
        self.decide(approval, choice, note, "webchat")
    }

    pub(crate) fn decide(&self, approval: ApprovalId, choice: Choice, note: Option<String>, via: &str) -> Result<(), BackendError> {
        let refused = |message: &str, forget| Err(BackendError { message: message.into(), forget });
        if note.as_deref().is_some_and(|note| note.contains("hunter2")) {
            return refused("the note holds the value of a credential", true);
        }
        let mut state = self.state();
        let Some(at) = state.approvals.iter().position(|known| known.approval == approval) else {
            return refused("this question was already answered by owner", false);
        };
        let known = state.approvals.remove(at);
        state.answers.push((approval, choice, note.clone()));
        drop(state);
        let KnownApproval { session, turn, call_id, place, question, .. } = known;
        let (by, via) = ("owner".to_owned(), via.to_owned());
        self.record(session, Event::ApprovalAnswered { turn, call_id, approval, choice, by: by.clone(), via, content: note });
        let lasts = match choice {
            Choice::Session => Lasts::Session(session),
            Choice::Remember => Lasts::Until(Timestamp::now().plus(Duration::from_secs(u64::from(DAYS) * 24 * 60 * 60))),
            Choice::Once | Choice::Deny => return Ok(()),
        };
        for key in question.into_iter().flat_map(|question| question.actions).filter_map(|judged| judged.key) {
            let holder = Holder { agent: place.agent.clone(), account: place.account.clone(), sender: by.clone() };
            let grant = Grant { id: GrantId::generate(), holder, component: "exec".into(), key, lasts };
            self.record(session, Event::Granted { grant: grant.clone(), by: by.clone() });
            self.state().grants.push(KnownGrant { grant, by: by.clone(), given_at: Timestamp::now(), revoked_at: None });
        }
        Ok(())
    }

    pub(super) fn take_back(&self, grant: GrantId, _by: &str) -> Result<(), BackendError> {
        let mut state = self.state();
        let before = state.grants.len();
        state.grants.retain(|known| known.grant.id != grant);
        if state.grants.len() < before {
            return Ok(());
        }
        Err(BackendError { message: format!("the right {grant} was revoked already"), forget: false })
    }

    /// A call that waits for a person. False where its turn was stopped meanwhile.
    pub(super) async fn exec(&self, id: SessionId, turn: TurnId) -> bool {
        let arguments = r#"{"program":"ls","arguments":["-l"]}"#;
        let call = ToolCall { id: "x".into(), name: "exec".into(), arguments: arguments.into() };
        self.responded(id, turn, 1, "tool-use", vec![AssistantItem::ToolCall(call.clone())]);
        let asked = question(Tier::Remembered, arguments, "Run \"ls\" with 1 argument.");
        let approval = self.ask_in(id, turn, "x", Tier::Remembered, Some(asked));
        let choice = loop {
            tokio::time::sleep(Duration::from_millis(20)).await;
            if !self.is_under_way(id, turn) {
                return false;
            }
            let answered = self.answers().into_iter().find(|(answered, ..)| *answered == approval);
            if let Some((_, choice, note)) = answered {
                break (choice, note);
            }
        };
        let (call_id, tool) = ("x".to_owned(), "exec".to_owned());
        let (outcome, text) = match choice {
            (Choice::Deny, note) => (ToolOutcome::Denied, format!("The person did not allow this. {}", note.unwrap_or_default())),
            _ => {
                let component_digest = Digest::of(b"exec");
                let (id_of, content) = (call_id.clone(), Some(call));
                let (tool, component) = (tool.clone(), "exec".to_owned());
                self.record(id, Event::ToolStarted { turn, call_id: id_of, tool, component, component_digest, attempt: 1, content });
                let (id_of, digest) = (call_id.clone(), Digest::of(b"ls -l"));
                let content = Some("ls -l".to_owned());
                self.record(id, Event::EffectStarted { turn, call_id: id_of, effect: 1, action: "exec".into(), digest, content });
                tokio::time::sleep(self.pause * 20).await;
                let (call_id, outcome, detail) = (call_id.clone(), ToolOutcome::Ok, "exit code 0".to_owned());
                self.record(id, Event::EffectFinished { turn, call_id, effect: 1, outcome, detail });
                (ToolOutcome::Ok, "notes.txt".to_owned())
            }
        };
        self.record(id, Event::ToolFinished { turn, call_id, tool, outcome, code: None, content: Some(vec![Part::text(text)]) });
        self.requested(id, turn, 2);
        true
    }
}

fn uuid_of(session: &SessionId) -> &[u8; 16] {
    session.as_bytes()
}
