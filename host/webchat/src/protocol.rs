//! What the page and the server say to each other, over the socket and over HTTP: every shape, in one place.

mod question;

use serde::{Deserialize, Serialize};
use wirken_ledger::{Row, Session};
use wirken_turn::Shown;
use wirken_types::approval::{ApprovalId, Choice};
use wirken_types::event::Event;
use wirken_types::policy::Treatment;
use wirken_types::{GrantId, SessionId, Timestamp, TurnId};

use crate::backend::Verification;
use crate::markdown::{self, Node};
use crate::words;

pub(crate) use question::{Pending, Prompt, Rights};

/// From the page, over the socket.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum FromPage {
    /// Send what is recorded in this chat from now on, and what is under way; with `from`, first what was recorded from
    /// that row on. A socket watches one chat: this replaces the one before.
    Watch {
        session: SessionId,
        #[serde(default)]
        from: Option<u64>,
    },
    /// Without a session a chat is opened, and watched from its first row.
    Say {
        session: Option<SessionId>,
        /// A UUID of the page's making. The same one again is the same message again.
        key: String,
        text: String,
    },
    Stop {
        session: SessionId,
    },
    /// The owner's answer to a question, of whatever session.
    Answer {
        approval: ApprovalId,
        choice: Choice,
        /// For the model; with a denial alone.
        #[serde(default)]
        note: Option<String>,
    },
    Revoke {
        grant: GrantId,
    },
}

/// To the page, over the socket.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub(crate) enum ToPage<'a> {
    /// The message is durable.
    Accepted {
        key: &'a str,
        session: SessionId,
        turn: TurnId,
        duplicate: bool,
    },
    Recorded {
        session: SessionId,
        seq: u64,
        at: Timestamp,
        event: &'a Event,
        #[serde(flatten)]
        form: Form,
    },
    Glimpse {
        session: SessionId,
        turn: TurnId,
        shown: Shown,
    },
    /// The list of chats, since it changed.
    Sessions {
        sessions: Vec<Chat>,
    },
    /// Rows were missed: watch again from the first that is not known.
    Lagged {
        session: SessionId,
    },
    /// The answer is durable.
    Answered {
        approval: ApprovalId,
        choice: Choice,
    },
    Revoked {
        grant: GrantId,
    },
    /// The questions that wait, of all sessions, since they changed.
    Approvals(Pending),
    /// The rights that were given, since they changed.
    Grants(Rights),
    Error {
        message: &'a str,
        #[serde(flatten)]
        about: About<'a>,
        /// The message must not be kept, not even as a draft.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        forget: bool,
    },
}

/// What an error belongs to.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum About<'a> {
    Nothing {},
    Message { key: &'a str },
    Question { approval: ApprovalId },
    Right { grant: GrantId },
}

/// A chat, as it stands in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Chat {
    pub(crate) id: SessionId,
    pub(crate) agent: String,
    pub(crate) title: Option<String>,
    pub(crate) opened_at: Timestamp,
    pub(crate) last_at: Timestamp,
    pub(crate) closed_at: Option<Timestamp>,
    pub(crate) running: bool,
    /// It asks something, and goes on once that is answered.
    pub(crate) waiting: bool,
}

impl Chat {
    pub(crate) fn of(session: Session, running: bool, waiting: bool) -> Self {
        let Session { id, place, opened_at, last_at, closed_at, title } = session;
        Self { id, agent: place.agent, title, opened_at, last_at, closed_at, running, waiting }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct Chats {
    pub(crate) sessions: Vec<Chat>,
}

/// A recorded step.
#[derive(Debug, Serialize)]
pub(crate) struct Item {
    pub(crate) seq: u64,
    pub(crate) at: Timestamp,
    pub(crate) event: Event,
    #[serde(flatten)]
    pub(crate) form: Form,
}

impl Item {
    pub(crate) fn of(row: Row, days: u32) -> Self {
        Self { seq: row.seq, at: row.at, form: Form::of(&row.event, days, Timestamp::now()), event: row.event }
    }
}

/// How an event is shown, where that is not for the page to say.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Form {
    /// Of an answer's text; none where it is best shown as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tree: Option<Vec<Node>>,
    /// Of a question.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prompt: Option<Prompt>,
    /// A line that the owner is to see in the chat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
}

impl Form {
    /// `days` is how long a remembered answer is good for.
    pub(crate) fn of(event: &Event, days: u32, now: Timestamp) -> Self {
        match event {
            Event::OutboundQueued { content: Some(text), .. } => Self { tree: markdown::tree(text), ..Self::default() },
            Event::ApprovalAsked { tier, expires_at, content, .. } => {
                Self { prompt: Some(Prompt::new(content.as_ref(), *tier, *expires_at, days, now)), ..Self::default() }
            }
            // What is of little weight stands in the ledger alone.
            Event::Screened { treatment, severity, .. } if *severity > 1 || *treatment != Treatment::Passed => {
                Self { note: Some(words::of(event)), ..Self::default() }
            }
            _ => Self::default(),
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct History {
    pub(crate) session: Chat,
    pub(crate) items: Vec<Item>,
}

#[derive(Debug, Serialize)]
pub(crate) struct LedgerRow {
    seq: u64,
    at: Timestamp,
    kind: &'static str,
    /// The first digits of its hash.
    hash: String,
    /// What happened, in words.
    text: String,
}

impl From<&Row> for LedgerRow {
    fn from(row: &Row) -> Self {
        Self { seq: row.seq, at: row.at, kind: row.event.kind(), hash: row.hash.short(), text: words::of(&row.event) }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct LedgerView {
    pub(crate) rows: Vec<LedgerRow>,
    pub(crate) verification: Checked,
}

#[derive(Debug, Serialize)]
pub(crate) struct Checked {
    ok: bool,
    text: String,
    details: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    broken_row: Option<u64>,
}

impl From<Verification> for Checked {
    fn from(Verification { ok, text, details, broken_row }: Verification) -> Self {
        Self { ok, text, details, broken_row }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    pub(crate) token: String,
}

/// What the page keeps and shows from then on, beside its cookie.
#[derive(Serialize)]
pub(crate) struct LoggedIn {
    pub(crate) key: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct Stopped {
    pub(crate) stopped: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct Status {
    pub(crate) version: &'static str,
    pub(crate) address: String,
    pub(crate) browsers: usize,
    pub(crate) sockets: usize,
    pub(crate) uptime_seconds: u64,
}

#[derive(Debug, Serialize)]
pub(crate) struct Failed<'a> {
    pub(crate) error: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parse(value: serde_json::Value) -> Result<FromPage, serde_json::Error> {
        serde_json::from_str(&value.to_string())
    }

    #[test]
    fn reads_what_the_page_sends() {
        let session = SessionId::generate();
        assert_eq!(parse(json!({"type":"watch","session":session})).unwrap(), FromPage::Watch { session, from: None });
        assert_eq!(parse(json!({"type":"watch","session":session,"from":3})).unwrap(), FromPage::Watch { session, from: Some(3) });
        assert_eq!(
            parse(json!({"type":"say","session":null,"key":"k","text":"ü"})).unwrap(),
            FromPage::Say { session: None, key: "k".into(), text: "ü".into() }
        );
        assert_eq!(parse(json!({"type":"stop","session":session})).unwrap(), FromPage::Stop { session });
        let (approval, grant) = (ApprovalId::from_random([7; 16]), GrantId::generate());
        assert_eq!(
            parse(json!({"type":"answer","approval":approval,"choice":"remember"})).unwrap(),
            FromPage::Answer { approval, choice: Choice::Remember, note: None }
        );
        assert_eq!(
            parse(json!({"type":"answer","approval":approval,"choice":"deny","note":"no"})).unwrap(),
            FromPage::Answer { approval, choice: Choice::Deny, note: Some("no".into()) }
        );
        assert_eq!(parse(json!({"type":"revoke","grant":grant})).unwrap(), FromPage::Revoke { grant });
        for bad in [
            json!({"type":"watch"}),
            json!({"type":"watch","session":"../../etc"}),
            json!({"type":"say","session":session,"key":"k"}),
            json!({"type":"say","session":session,"key":"k","text":"t","place":{}}),
            json!({"type":"approve","session":session}),
            json!({"type":"answer","approval":approval}),
            json!({"type":"answer","approval":"a1b2c3","choice":"once"}),
            json!({"type":"answer","approval":approval,"choice":"always"}),
            json!({"type":"answer","approval":approval,"choice":"once","by":"owner"}),
            json!({"type":"revoke","grant":"*"}),
            json!([]),
        ] {
            assert!(parse(bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_a_policy_found_is_shown_from_medium_on_and_whatever_it_changed() {
        let form = |severity, treatment| {
            let (policy, source, name) = ("injection".into(), "person".into(), String::new());
            let event = Event::Screened { turn: None, policy, source, name, treatment, severity, content: None };
            Form::of(&event, 30, Timestamp(5)).note
        };
        assert_eq!(form(1, Treatment::Passed), None);
        assert!(form(2, Treatment::Passed).is_some_and(|note| note.contains("injection")));
        assert!(form(0, Treatment::Replaced).is_some() && form(0, Treatment::Refused).is_some());
    }

    #[test]
    fn carries_the_form_of_an_answer_beside_its_text() {
        let (session, turn) = (SessionId::generate(), TurnId::generate());
        let event = Event::OutboundQueued { turn, outbound: 1, content: Some("*a*".into()) };
        let frame = ToPage::Recorded { session, seq: 7, at: Timestamp(5), event: &event, form: Form::of(&event, 30, Timestamp(5)) };
        assert_eq!(
            serde_json::to_value(frame).unwrap(),
            json!({"type":"recorded","session":session,"seq":7,"at":5,
                "event":{"kind":"outbound-queued","turn":turn,"outbound":1,"content":"*a*"},
                "tree":[{"t":"p","c":[{"t":"em","c":["a"]}]}]})
        );
        let frame = ToPage::Glimpse { session, turn, shown: Shown::Text { text: "a".into() } };
        assert_eq!(
            serde_json::to_value(frame).unwrap(),
            json!({"type":"glimpse","session":session,"turn":turn,"shown":{"type":"text","text":"a"}})
        );
    }
}
