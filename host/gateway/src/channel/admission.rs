//! Who may speak through an account: senders whom the configuration names, and those whom the owner paired. Everybody
//! else gets a code, and nothing that they say is kept.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use wirken_ledger::Pairing;
use wirken_types::channel::{InboundChoice, InboundMessage};
use wirken_types::{Digest, Timestamp};

use super::Account;

/// Without letters and digits that look like each other.
const ALPHABET: &[u8] = b"ABCDEFGHJKMNPQRSTUVWXYZ23456789";
const CODE_LENGTH: usize = 8;
/// How long a code is good for.
pub const CODE_LIFE: Duration = Duration::from_secs(60 * 60);
/// Senders of one account who may wait for an answer of the owner.
pub const PENDING: usize = 3;
/// The span of the configured rates.
const SPAN: Duration = Duration::from_secs(60);
/// How long a message can have waited for this host: past a day, platforms drop it.
const BACKLOG_MILLIS: u64 = 24 * 60 * 60 * 1000;
/// Answers to people who are not known, within that span.
const STRANGERS: u32 = 10;

/// What is to be done with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Take,
    /// Nothing, without a word.
    Ignore,
    /// Nothing but to say this.
    Tell(String),
    /// To give the sender this code, once that is recorded. He waits from here on.
    Pair {
        code: String,
        expires_at: Timestamp,
    },
}

/// What is to be done with a press of a button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Press {
    Take,
    /// Nothing, without a word.
    Ignore,
    /// Nothing but to say this.
    Tell(String),
    /// It counts for nothing. So many of them are told that.
    Stranger {
        tell: bool,
    },
}

/// Why a code is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApproveError {
    #[error(
        "there is no such code: `wirken channel list` says who waits; codes are good for an hour, and whoever writes again gets a new one"
    )]
    Unknown,
    #[error("this code is older than an hour: the person has to write again, and gets a new one")]
    Expired,
}

#[derive(Debug)]
pub(crate) struct Admission {
    allowed: HashSet<String>,
    groups: bool,
    sender_rate: u32,
    account_rate: u32,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    paired: HashSet<String>,
    waiting: HashMap<String, Waiting>,
    senders: HashMap<String, Bucket>,
    account: Option<Bucket>,
    /// Of answers to people who are not known, all together.
    strangers: Option<Bucket>,
}

impl State {
    fn too_fast(&mut self, sender: &str, now: u64, sender_rate: u32, account_rate: u32) -> Option<Verdict> {
        let bucket = self.senders.entry(sender.to_owned()).or_insert_with(|| Bucket::full(sender_rate, now));
        let account = self.account.get_or_insert_with(|| Bucket::full(account_rate, now));
        if bucket.take(sender_rate, now) && account.take(account_rate, now) {
            return None;
        }
        if std::mem::replace(&mut bucket.told, true) {
            return Some(Verdict::Ignore);
        }
        let text = "Too many messages in a short time. What you sent last was not read: please wait a minute and send it again.";
        Some(Verdict::Tell(text.into()))
    }
}

/// Somebody who was given a code.
#[derive(Debug)]
struct Waiting {
    code: Digest,
    /// None where an earlier run gave it.
    clear: Option<String>,
    conversation: Option<String>,
    expires_at: Timestamp,
}

/// So many at once, and as many again within each span. Its clock is the platform's: what people wrote at leisure while
/// the gateway was off is no flood when it comes at once.
#[derive(Debug)]
struct Bucket {
    tokens: f64,
    at: u64,
    /// They were told that they are too fast.
    told: bool,
}

impl Bucket {
    fn take(&mut self, rate: u32, now: u64) -> bool {
        let rate = f64::from(rate);
        // Lossless for any span that matters.
        let gained = now.saturating_sub(self.at) as f64 / SPAN.as_millis() as f64 * rate;
        self.tokens = (self.tokens + gained).min(rate);
        self.at = self.at.max(now);
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        self.told = false;
        true
    }

    fn full(rate: u32, now: u64) -> Self {
        Self { tokens: f64::from(rate), at: now, told: false }
    }
}

impl Admission {
    pub(crate) fn new(account: &Account, pairings: Vec<Pairing>) -> Self {
        let admission = Self {
            allowed: account.allow.iter().cloned().collect(),
            groups: account.groups,
            sender_rate: account.sender_per_minute,
            account_rate: account.account_per_minute,
            state: Mutex::default(),
        };
        admission.restore(pairings);
        admission
    }

    fn restore(&self, pairings: Vec<Pairing>) {
        let mut state = self.lock();
        for pairing in pairings {
            if pairing.approved_at.is_some() {
                state.paired.insert(pairing.sender);
            } else if let (Some(code), Some(expires_at)) = (pairing.code, pairing.expires_at) {
                let waiting = Waiting { code, clear: None, conversation: None, expires_at };
                state.waiting.insert(pairing.sender, waiting);
            }
        }
    }

    /// Decides about a message, before anything of it is kept.
    pub(crate) fn decide(&self, message: &InboundMessage) -> Verdict {
        self.decide_at(message, Timestamp::now())
    }

    fn decide_at(&self, message: &InboundMessage, today: Timestamp) -> Verdict {
        let direct = message.conversation.is_direct();
        // Several people talk to each other, and not to the agent.
        if message.sender.is_bot || (!direct && (!self.groups || !message.mentions_agent)) {
            return Verdict::Ignore;
        }
        // The platform's time, as far as it is one at which the message can have waited.
        let oldest = today.0.saturating_sub(BACKLOG_MILLIS);
        let at = message.sent_at_millis.map_or(today.0, |at| at.clamp(oldest, today.0));
        let sender = &message.sender.id;
        let mut state = self.lock();
        if self.allowed.contains(sender) || state.paired.contains(sender) {
            return state.too_fast(sender, at, self.sender_rate, self.account_rate).unwrap_or(Verdict::Take);
        }
        // A code in a group would be everybody's to read.
        if !direct {
            return Verdict::Ignore;
        }
        let strangers = state.strangers.get_or_insert_with(|| Bucket::full(STRANGERS, today.0));
        if !strangers.take(STRANGERS, today.0) {
            return Verdict::Ignore;
        }
        state.waiting.retain(|_, waiting| waiting.expires_at > today);
        if let Some(Waiting { clear: Some(code), .. }) = state.waiting.get(sender) {
            return Verdict::Tell(invitation(code));
        }
        if !state.waiting.contains_key(sender) && state.waiting.len() >= PENDING {
            return Verdict::Tell("Too many people are waiting for the owner's approval already. Please write again later.".into());
        }
        let Some(code) = new_code() else { return Verdict::Ignore };
        let expires_at = Timestamp(today.0.saturating_add(u64::try_from(CODE_LIFE.as_millis()).unwrap_or(u64::MAX)));
        let conversation = Some(message.conversation.id.clone());
        // Here and not when it is recorded: of many who write at once no more than so many wait.
        state.waiting.insert(sender.clone(), Waiting { code: digest(&code), clear: Some(code.clone()), conversation, expires_at });
        Verdict::Pair { code, expires_at }
    }

    /// Decides about a press of a button.
    pub(crate) fn decide_press(&self, choice: &InboundChoice) -> Press {
        self.decide_press_at(choice, Timestamp::now())
    }

    fn decide_press_at(&self, choice: &InboundChoice, now: Timestamp) -> Press {
        if choice.sender.is_bot || (!choice.conversation.is_direct() && !self.groups) {
            return Press::Ignore;
        }
        let sender = &choice.sender.id;
        let mut state = self.lock();
        if !self.allowed.contains(sender) && !state.paired.contains(sender) {
            let strangers = state.strangers.get_or_insert_with(|| Bucket::full(STRANGERS, now.0));
            return Press::Stranger { tell: strangers.take(STRANGERS, now.0) };
        }
        match state.too_fast(sender, now.0, self.sender_rate, self.account_rate) {
            None => Press::Take,
            Some(Verdict::Tell(text)) => Press::Tell(text),
            Some(_) => Press::Ignore,
        }
    }

    /// A code could not be recorded, and nobody was given it.
    pub(crate) fn not_asked(&self, sender: &str) {
        self.lock().waiting.remove(sender);
    }

    /// Who was given a code that the owner read back, and where to tell them.
    pub(crate) fn find(&self, code: &str) -> Result<(String, Option<String>), ApproveError> {
        let code = digest(&normal(code));
        let state = self.lock();
        let (sender, waiting) = state.waiting.iter().find(|(_, waiting)| waiting.code == code).ok_or(ApproveError::Unknown)?;
        if waiting.expires_at <= Timestamp::now() {
            return Err(ApproveError::Expired);
        }
        Ok((sender.clone(), waiting.conversation.clone()))
    }

    /// The owner's approval was recorded.
    pub(crate) fn approved(&self, sender: &str) {
        let mut state = self.lock();
        state.waiting.remove(sender);
        state.paired.insert(sender.to_owned());
    }

    /// The owner's revocation was recorded. One whom the configuration names stays allowed.
    pub(crate) fn revoked(&self, sender: &str) {
        let mut state = self.lock();
        state.waiting.remove(sender);
        state.paired.remove(sender);
    }

    pub(crate) fn paired(&self, sender: &str) -> bool {
        self.lock().paired.contains(sender)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a stranger is told.
pub(crate) fn invitation(code: &str) -> String {
    format!(
        "I do not know you yet, so nothing that you write is read. Give this code to the owner of this assistant:\n\n`{code}`\n\nIt is good for an hour."
    )
}

/// The code's digest: what is kept of it.
pub(crate) fn digest(code: &str) -> Digest {
    Digest::of_parts("wirken-pairing-1", &[code.as_bytes()])
}

/// As it was given, however it was typed.
fn normal(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

/// None where the system gives no random bytes.
fn new_code() -> Option<String> {
    let mut code = String::with_capacity(CODE_LENGTH);
    let mut bytes = [0; 32];
    while code.len() < CODE_LENGTH {
        getrandom::fill(&mut bytes).ok()?;
        // The largest multiple of the alphabet's length below 256: every letter is as likely.
        let fair = bytes.iter().filter(|byte| usize::from(**byte) < 256 / ALPHABET.len() * ALPHABET.len());
        let letters = fair.filter_map(|byte| ALPHABET.get(usize::from(*byte) % ALPHABET.len()));
        code.extend(letters.map(|letter| char::from(*letter)).take(CODE_LENGTH - code.len()));
    }
    Some(code)
}

#[cfg(test)]
mod tests;
