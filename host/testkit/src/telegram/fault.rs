//! What goes wrong on demand.

use std::time::Duration;

use super::answer::Refusal;

/// A mishap of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Refused, without an effect.
    Refuse(Refusal),
    /// The connection is cut, and the request has had no effect.
    CutBefore,
    /// The connection is cut, and the request has had its effect: nobody is told.
    CutAfter,
    /// The request has its effect only after this time.
    Delay(Duration),
    /// The request has its effect at once, and is answered after this time.
    DelayAnswer(Duration),
    /// In place of an answer comes this, and the request has had no effect.
    Answer { status: u16, body: String },
    /// A file comes in pieces of so many bytes, with this time between two of them. Of the method `file` alone, as the next.
    Slow { piece: usize, pause: Duration },
    /// A file breaks off after so many bytes.
    CutIn(usize),
}

/// What is still to go wrong.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    waiting: Vec<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    method: String,
    times: usize,
    fault: Fault,
}

impl Faults {
    pub(crate) fn add(&mut self, method: &str, times: usize, fault: Fault) {
        if times > 0 {
            self.waiting.push(Waiting { method: method.to_ascii_lowercase(), times, fault });
        }
    }

    /// The first that waits for this method, or for any.
    pub(crate) fn take(&mut self, method: &str) -> Option<Fault> {
        let at = self.waiting.iter().position(|waiting| waiting.method == "*" || waiting.method.eq_ignore_ascii_case(method))?;
        let waiting = self.waiting.get_mut(at)?;
        waiting.times = waiting.times.saturating_sub(1);
        let fault = waiting.fault.clone();
        if waiting.times == 0 {
            self.waiting.remove(at);
        }
        Some(fault)
    }

    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
    }
}
