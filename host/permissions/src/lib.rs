//! What may happen without a person, what a person is asked, and who may answer.
//!
//! Nothing here performs I/O or reads a clock: whoever calls hands in what was seen ([`Surroundings`], [`Deciding`]), so
//! that the same question always has the same answer. The way of a call through this crate: a component's plan becomes
//! [`Action`]s, each is weighed ([`weigh`]: tier, reasons, what a grant would remember), all of them are decided
//! ([`decide`]), a person is shown a question ([`question`]), and an answer is taken or refused ([`may_answer`]).
//!
//! One rule stands over the rest: what is not known to be harmless is tier 3, and tier 3 is never remembered. So the
//! tables here list what is allowed. The lists of what is dangerous only explain, but for the one of files that hold
//! credentials, which cannot be turned around: most files hold none.
//!
//! What is deliberately elsewhere: grants and questions are kept by the ledger; a link is followed by whoever can see the
//! files ([`Surroundings::resolve`]); and that no shell reads an argv is the sandbox's word, as is that its `PATH` names
//! folders of the system alone.

mod action;
mod answer;
mod authority;
mod decide;
mod inspect;
mod judge;
mod launch;
mod path;
mod program;
pub mod prompt;
pub mod question;
mod shell;
mod shown;

pub use action::{Action, WORKSPACE};
pub use answer::{CODE_DIGITS, MAX_NOTE_CHARS, Typed, code_of, parse};
pub use authority::{Answer, Answerer, Asked, Refusal, Rules, may_answer};
pub use decide::{Ceilings, Deciding, Decision, MAX_ACTIONS, counts, decide};
pub use judge::{Conversation, Resolved, Surroundings, Weighed, judge, unseen, weigh};
pub use path::MAX_PATH_BYTES;
pub use question::choices;
