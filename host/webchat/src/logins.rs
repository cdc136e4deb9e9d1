//! Who is logged in: tokens that wait to be used once, and browsers that used one. All of it in memory, as hashes.
//!
//! Times come from the caller, so that every bound is tested to the millisecond.

use std::collections::VecDeque;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;
use wirken_types::{Digest, Timestamp};

use crate::bounds::{BROWSER_IDLE, BROWSERS, LOGIN_LIFETIME, PENDING_LOGINS};
use crate::error::Error;

/// Bytes of a token, of a cookie and of a key.
const SECRET_BYTES: usize = 32;

/// A log-in, good for once. It shows itself only when asked to.
pub struct LoginToken(String);

impl LoginToken {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address to open. The token is in its fragment, which browsers send to nobody.
    pub fn url(&self, address: SocketAddr) -> String {
        format!("http://{address}/#login={}", self.0)
    }
}

impl fmt::Debug for LoginToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginToken(..)")
    }
}

/// Clones share one state.
#[derive(Clone, Default)]
pub struct Logins {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// Oldest first.
    pending: VecDeque<Pending>,
    browsers: Vec<Browser>,
}

struct Pending {
    hash: Digest,
    issued: Timestamp,
}

struct Browser {
    hash: Digest,
    last_seen: Timestamp,
}

/// What a browser shows from its log-in on: both, each time.
///
/// A browser gives its cookies to whatever answers on any port of this machine, and a page's storage to the pages of its
/// own origin alone, port included. So a cookie that another program was given is of no use to it without the key; and the
/// key, which scripts can read, is of no use without the cookie, which they cannot.
pub(crate) struct Admission {
    pub(crate) cookie: String,
    pub(crate) key: String,
}

/// A browser that is, or was, logged in: the hash of its cookie and key.
#[derive(Clone, Copy)]
pub(crate) struct BrowserKey(Digest);

#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error("This log-in link was used before, or is older than {} minutes. Run `wirken webchat login` for a new one.", LOGIN_LIFETIME.as_secs() / 60)]
    Unknown,
    #[error("{0}")]
    NoRandom(Error),
}

impl Logins {
    /// A new token, good for one log-in within [`LOGIN_LIFETIME`].
    pub fn issue(&self, now: Timestamp) -> Result<LoginToken, Error> {
        let token = random()?;
        let mut state = self.state();
        state.expire(now);
        if state.pending.len() >= PENDING_LOGINS {
            state.pending.pop_front();
        }
        state.pending.push_back(Pending { hash: Digest::of(token.as_bytes()), issued: now });
        Ok(LoginToken(token))
    }

    /// Takes a token and gives the admission for it. Guessing 256 bits needs no lock, which anybody on this machine could
    /// turn against the owner.
    pub(crate) fn redeem(&self, token: &str, now: Timestamp) -> Result<Admission, Refused> {
        let admission = Admission { cookie: random().map_err(Refused::NoRandom)?, key: random().map_err(Refused::NoRandom)? };
        let hash = Digest::of(token.as_bytes());
        let mut state = self.state();
        state.expire(now);
        let Some(at) = position(state.pending.iter().map(|pending| &pending.hash), &hash) else {
            return Err(Refused::Unknown);
        };
        state.pending.remove(at);
        if state.browsers.len() >= BROWSERS
            && let Some(idlest) = (0..state.browsers.len()).min_by_key(|at| state.browsers.get(*at).map(|browser| browser.last_seen))
        {
            state.browsers.swap_remove(idlest);
        }
        state.browsers.push(Browser { hash: shown(&admission.cookie, &admission.key), last_seen: now });
        Ok(admission)
    }

    /// The browser with this cookie and this key, if it is logged in.
    pub(crate) fn browser(&self, cookie: &str, key: &str, now: Timestamp) -> Option<BrowserKey> {
        let key = BrowserKey(shown(cookie, key));
        self.admits(key, now).then_some(key)
    }

    /// Whether this browser is still logged in. Being asked does not count as use.
    pub(crate) fn knows(&self, BrowserKey(hash): BrowserKey, now: Timestamp) -> bool {
        let mut state = self.state();
        state.expire(now);
        position(state.browsers.iter().map(|browser| &browser.hash), &hash).is_some()
    }

    /// Whether this browser is still logged in. Being asked counts as use.
    pub(crate) fn admits(&self, BrowserKey(hash): BrowserKey, now: Timestamp) -> bool {
        let mut state = self.state();
        state.expire(now);
        let Some(at) = position(state.browsers.iter().map(|browser| &browser.hash), &hash) else { return false };
        if let Some(browser) = state.browsers.get_mut(at) {
            browser.last_seen = browser.last_seen.max(now);
        }
        true
    }

    pub(crate) fn count(&self) -> usize {
        self.state().browsers.len()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Logins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logins").finish_non_exhaustive()
    }
}

impl State {
    fn expire(&mut self, now: Timestamp) {
        self.pending.retain(|pending| since(pending.issued, now) < LOGIN_LIFETIME);
        self.browsers.retain(|browser| since(browser.last_seen, now) < BROWSER_IDLE);
    }
}

fn shown(cookie: &str, key: &str) -> Digest {
    Digest::of_parts("wirken-webchat-browser", &[cookie.as_bytes(), key.as_bytes()])
}

fn since(earlier: Timestamp, later: Timestamp) -> Duration {
    Duration::from_millis(later.0.saturating_sub(earlier.0))
}

/// Looks at all of them, whichever fits, so that the time taken says nothing of the bytes.
fn position<'a>(hashes: impl Iterator<Item = &'a Digest>, wanted: &Digest) -> Option<usize> {
    let mut found = None;
    for (at, hash) in hashes.enumerate() {
        if bool::from(hash.as_bytes().ct_eq(wanted.as_bytes())) {
            found = Some(at);
        }
    }
    found
}

fn random() -> Result<String, Error> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes).map_err(Error::NoRandom)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests;
