//! What a check found, for programs and in plain words, with what such a check cannot find.

use std::fmt;

use serde::Serialize;

use crate::chain::Chain;

/// What is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    All,
    Chain(Chain),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub rows: u64,
    pub of: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    pub scope: Scope,
    pub verdict: Verdict,
    /// These count what was checked: all of it, or up to the first row that is wrong.
    pub chains: u64,
    pub rows: u64,
    pub payloads: u64,
    /// Of the payloads, those erased by a row that says so.
    pub erased: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    Ok,
    /// There is no row to check.
    Empty,
    /// The first that is wrong, in the order of chains and rows. The chain is what stands in the file, whatever that is.
    Broken {
        chain: String,
        seq: u64,
        what: What,
    },
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum What {
    #[error("it is not there, though later rows of its chain are")]
    Missing,
    #[error("its bytes are not those that were hashed")]
    Altered,
    #[error("{0}")]
    Unreadable(String),
    #[error("its bytes belong to another place")]
    Misplaced,
    #[error("it does not follow the row before it: one of the two was replaced")]
    Unlinked,
    #[error("its column `{0}` says something else than the row")]
    Column(String),
    #[error("its content is not there, and no row says that it was erased")]
    ContentMissing,
    #[error("its content is not the one that was recorded")]
    ContentAltered,
    #[error("its content is filed under another row")]
    ContentMisplaced,
    #[error("a content is filed under it that no row has: rows were removed or replaced")]
    ContentStray,
    #[error("it says that a content was erased, and that content is there or was never known")]
    NotErased,
    #[error("the list of messages taken does not have it as it is: a message could be taken twice, or be refused")]
    Key,
    #[error("it is not the opening of a session, with which a chain begins")]
    NotOpened,
    #[error("it opens a session that was opened before")]
    OpenedTwice,
    #[error("the list of sessions differs from the rows in `{0}`")]
    Session(String),
    #[error("a session is listed that has no rows: its chain was removed")]
    SessionStray,
    #[error("the list of open turns differs from the rows")]
    Turn,
    #[error("the list of answers that were not delivered differs from the rows: one could be sent twice, or not at all")]
    Outbox,
    #[error("the list of questions to people differs from the rows: one could be answered twice, or seem allowed that was not")]
    Approval,
    #[error("the list of questions with buttons differs from the rows: one could be put twice, or keep its buttons when it is over")]
    Prompt,
    #[error("the list of grants differs from the rows at {0:?}: something could be done that nobody allowed, or no more")]
    Grant(String),
    #[error("the list of who was let in differs from the rows at {sender:?} of {account:?}")]
    Pairing { account: String, sender: String },
}

impl Report {
    pub fn is_ok(&self) -> bool {
        !matches!(self.verdict, Verdict::Broken { .. })
    }

    /// The report in plain words.
    pub fn says(&self) -> String {
        self.to_string()
    }
}

/// Kept true by tests that show each of these edits not caught.
const LIMITS: &str = "\
This was checked without signed heads. So an edit, a removal or a swap within a chain is caught, unless every later hash of that chain
was computed anew; and the loss of the last rows of a chain, or of a whole chain, with all that belongs to them, is not caught, nor are
rows that somebody else added at the end of one, such as one that calls a content erased.";

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scope, verdict, chains, rows, payloads, erased } = self;
        let subject = match scope {
            Scope::All => "The ledger".to_owned(),
            Scope::Chain(chain) => format!("Chain {chain}"),
        };
        let counts = format!(
            "{}, {}, {} ({erased} of them erased on purpose)",
            count(*rows, "row"),
            count(*chains, "chain"),
            count(*payloads, "content")
        );
        match verdict {
            Verdict::Empty => return write!(f, "{subject} is empty: there is nothing to check."),
            Verdict::Ok => writeln!(f, "{subject} is whole: {counts}.")?,
            Verdict::Broken { chain, seq, what } => {
                writeln!(f, "{subject} is damaged at row {seq} of chain {}: {what}.", chain.escape_debug())?;
                writeln!(f, "Right up to there: {counts}. Copy the file before anything else touches it.")?;
            }
        }
        f.write_str(LIMITS)
    }
}

fn count(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
