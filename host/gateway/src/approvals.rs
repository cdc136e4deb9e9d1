//! Questions to people: which are open, who answered, what is granted, and what is taken back.

use wirken_ledger::{ApprovalState, Batch, Chain, KnownApproval, KnownGrant};
use wirken_permissions::{Action, Answerer, MAX_NOTE_CHARS};
use wirken_types::approval::{ApprovalId, Choice, Grant, Holder, Lasts};
use wirken_types::event::{Event, Place};
use wirken_types::{Digest, GrantId, SessionId, Timestamp};

use crate::permits::Asker;
use crate::session::Command;
use crate::{Gateway, GatewayError, LOCAL_ACCOUNTS};

/// Who speaks through the surfaces that are the owner's alone.
const OWNER: &str = "owner";

/// An answer to a question.
#[derive(Clone, Debug)]
pub struct Answering {
    pub approval: ApprovalId,
    pub choice: Choice,
    /// What the model is to be told of a denial.
    pub note: Option<String>,
    /// What the person saw, where the surface says so: another question than the one that is open is not answered by it.
    pub digest: Option<Digest>,
    pub by: Answers,
}

/// Who answers, and through what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answers {
    /// The owner, through a surface that nobody else reaches.
    Owner {
        via: String,
    },
    Channel {
        account: String,
        conversation: String,
        thread: Option<String>,
        sender: String,
    },
}

impl Answers {
    pub(crate) fn answerer(&self) -> Answerer<'_> {
        match self {
            Self::Owner { .. } => Answerer::Owner,
            Self::Channel { account, conversation, thread, sender } => {
                Answerer::Channel { account, conversation, thread: thread.as_deref(), sender }
            }
        }
    }

    /// As it stands in the record: who, and through what.
    pub(crate) fn names(&self) -> (String, String) {
        match self {
            Self::Owner { via } => ("owner".into(), via.clone()),
            Self::Channel { account, sender, .. } => (sender.clone(), account.clone()),
        }
    }
}

impl Gateway {
    /// The owner's own answer, from a surface that only the owner reaches.
    pub async fn answer_as_owner(&self, approval: ApprovalId, choice: Choice, note: Option<String>, via: &str) -> Result<(), GatewayError> {
        self.answer(Answering { approval, choice, note, digest: None, by: Answers::Owner { via: via.into() } }).await
    }

    /// Answers a question, once. Whoever may not is refused, and that is recorded.
    pub async fn answer(&self, answering: Answering) -> Result<(), GatewayError> {
        if let Some(note) = &answering.note {
            let chars = note.chars().count();
            if chars > MAX_NOTE_CHARS {
                return Err(GatewayError::NoteTooLong { chars });
            }
            self.registry.screen().said(&answering.by.names().0, note).await?;
        }
        let result = self.try_answer(&answering).await;
        if let Err(error) = &result {
            self.record_refused(&answering, error).await?;
        }
        result
    }

    pub(crate) async fn record_refused(&self, answering: &Answering, error: &GatewayError) -> Result<(), GatewayError> {
        let (by, via) = answering.by.names();
        let detail = serde_json::json!({ "by": by, "via": via, "reason": error.to_string() });
        self.record_system("answer-refused", &answering.approval.to_string(), detail).await
    }

    /// The same, for a caller that records refusals itself.
    pub(crate) async fn try_answer(&self, answering: &Answering) -> Result<(), GatewayError> {
        let id = answering.approval;
        let known = self.approval(id).await?.ok_or_else(|| GatewayError::UnknownApproval(id.to_string()))?;
        if known.state != ApprovalState::Open {
            return Err(GatewayError::NotOpen(became(&known)));
        }
        let entry = self.registry.entry(known.session);
        let (reply, answer) = tokio::sync::oneshot::channel();
        entry.send(Command::Answer { answering: Box::new(answering.clone()), reply }).await?;
        match answer.await.unwrap_or(Err(GatewayError::Stopping)) {
            // Somebody else was quicker.
            Err(GatewayError::NotOpen(_)) => {
                let known = self.approval(id).await?.ok_or_else(|| GatewayError::UnknownApproval(id.to_string()))?;
                Err(GatewayError::NotOpen(became(&known)))
            }
            other => other,
        }
    }

    /// The open questions of all sessions, the oldest first. One whose row is damaged is left out, and the log says so.
    pub async fn approvals(&self) -> Result<Vec<KnownApproval>, GatewayError> {
        let found = self.read(|reader| reader.approvals()).await?;
        Ok(self.registry.shared().believed(found))
    }

    /// The same, of one place.
    pub(crate) async fn approvals_at(&self, place: Place) -> Result<Vec<KnownApproval>, GatewayError> {
        let found = self.read(move |reader| reader.approvals_at(&place)).await?;
        Ok(self.registry.shared().believed(found))
    }

    /// Has each question that is open in an account put once more, where it may have been lost on its way.
    pub(crate) async fn ask_again(&self, account: &str) -> Result<(), GatewayError> {
        for known in self.approvals().await? {
            if known.place.account == account
                && let Some(entry) = self.registry.live(known.session)
            {
                // One that has ended meanwhile asks nothing.
                entry.send(Command::AskAgain).await.ok();
            }
        }
        Ok(())
    }

    /// A question, open or not.
    pub async fn approval(&self, id: ApprovalId) -> Result<Option<KnownApproval>, GatewayError> {
        self.read(move |reader| reader.approval(id)).await
    }

    /// What is granted. What has expired is left out.
    pub async fn grants(&self) -> Result<Vec<KnownGrant>, GatewayError> {
        let now = Timestamp::now();
        let mut grants = self.read(|reader| reader.grants(None)).await?;
        grants.retain(|known| !matches!(known.grant.lasts, Lasts::Until(until) if until <= now));
        Ok(grants)
    }

    /// From now on it counts for nothing. A program that runs under it runs on.
    pub async fn revoke_grant(&self, grant: GrantId, by: &str) -> Result<(), GatewayError> {
        let event = Event::GrantRevoked { grant, by: by.into() };
        self.registry.shared().ledger.append(Batch::of(Chain::System, [event])).await?;
        Ok(())
    }

    /// Gives somebody the right to run one program in this form, as if he had been asked and it were to be remembered.
    pub async fn grant_program(
        &self,
        holder: Holder,
        component: String,
        program: String,
        arguments: Vec<String>,
        by: &str,
    ) -> Result<Given, GatewayError> {
        let permits = &self.registry.shared().permits;
        let channel = permits.policy.channels.contains_key(&holder.account);
        if !channel && !LOCAL_ACCOUNTS.contains(&holder.account.as_str()) {
            return Err(GatewayError::Unknown { what: "account", name: holder.account });
        }
        if channel && holder.sender == OWNER {
            return Err(GatewayError::Unknown { what: "person of a channel", name: holder.sender });
        }
        let origins = permits.tools.origins();
        if !origins.values().any(|origin| origin.component == component) {
            return Err(GatewayError::Unknown { what: "component with tools", name: component });
        }
        let action = Action::Exec { program, arguments, stdin: None };
        let words = action.words();
        let place = Place { agent: holder.agent.clone(), account: holder.account.clone(), conversation: String::new(), thread: None };
        // Of no session: what is granted in general is weighed as it stands for one that is not tainted.
        let asker =
            Asker { session: SessionId::generate(), place, holder: Some(holder.clone()), tainted: false, shared: false, skills: None };
        let judged = permits.weigh(vec![action], "", &asker).await.pop().map(|weighed| weighed.judged);
        let key = judged.as_ref().and_then(|judged| judged.key.clone());
        let Some(key) = key else {
            let reasons = judged.map(|judged| judged.reasons.join("; ")).unwrap_or_default();
            return Err(GatewayError::NotRemembered { words, reasons });
        };
        let until = permits.until();
        let grant = Grant { id: GrantId::generate(), holder, component, key, lasts: Lasts::Until(until) };
        let event = Event::Granted { grant: grant.clone(), by: by.into() };
        self.registry.shared().ledger.append(Batch::of(Chain::System, [event])).await?;
        Ok(Given { grant, until, words })
    }

    /// Days for which what is allowed for longer than a session is remembered.
    pub fn remember_days(&self) -> u32 {
        self.registry.shared().permits.policy.remember_days
    }
}

/// A right that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    pub grant: Grant,
    pub until: Timestamp,
    /// What it is for.
    pub words: String,
}

fn became(known: &KnownApproval) -> String {
    let by = known.by.as_deref().unwrap_or("somebody");
    match known.state {
        ApprovalState::Open => "it is about to be answered".into(),
        ApprovalState::Allowed => format!("{by} allowed it"),
        ApprovalState::Denied => format!("{by} denied it"),
        ApprovalState::Expired if known.ended_at.is_some_and(|ended| ended < known.expires_at) => {
            "it was taken back before anybody answered".into()
        }
        ApprovalState::Expired => "nobody answered in time".into(),
        ApprovalState::Ended => "what it was asked for has ended".into(),
    }
}
