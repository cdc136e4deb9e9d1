//! One recorded response in every way in which a network brings it, and in many in which no endpoint means it.

use wirken_types::provider::Event;

use super::{Subject, told};
use crate::damage::{Dice, NONSENSE, damaged, pieces, places, random_cuts};
use crate::report::{Report, Rule};

const SPLIT: Rule = Rule { name: "split", words: "however its bytes are split, the events are the same" };
const CUT_OFF: Rule = Rule { name: "cut-off", words: "a response that ended early has failed" };
const DAMAGED: Rule = Rule { name: "damaged", words: "a damaged response crashes nothing, and nothing follows a failure" };
const GARBAGE: Rule = Rule { name: "garbage", words: "what is no answer has failed" };
const STATUS: Rule =
    Rule { name: "status", words: "a response of another status has failed, in a kind that its host knows what to do with" };

/// Places at which a response is cut: all of them in a short one.
const CUTS: usize = 1024;
/// Ways to split it by chance, and ways to damage it.
const RANDOM: usize = 64;

const STATUSES: [u16; 17] = [301, 302, 304, 400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529];

impl Subject<'_> {
    /// `whole` is what the recorded response comes to in one piece; `by_host` is one that comes from no endpoint.
    pub(super) async fn answers(&self, name: &str, whole: &[Event], by_host: bool, report: &mut Report) {
        report.add(SPLIT, name, self.split(whole).await);
        report.add(CUT_OFF, name, self.cut_off(whole).await);
        report.add(DAMAGED, name, self.damaged().await);
        // What the host answers by itself has always the status 200.
        if !by_host {
            report.add(STATUS, name, self.statuses().await);
        }
        report.add(GARBAGE, name, self.garbage().await);
    }

    async fn split(&self, whole: &[Event]) -> Result<(), String> {
        let body = self.body.as_slice();
        let mut ways: Vec<(String, Vec<&[u8]>)> = vec![
            ("byte by byte".into(), body.chunks(1).collect()),
            ("in the recorded pieces".into(), self.pieces.iter().map(Vec::as_slice).collect()),
        ];
        ways.extend(places(body.len(), CUTS).skip(1).map(|at| (format!("in two at byte {at}"), pieces(body, &[at]))));
        let mut dice = Dice::new(1);
        ways.extend((0..RANDOM).map(|_| {
            let cuts = random_cuts(body.len(), &mut dice);
            (format!("cut at {cuts:?}"), pieces(body, &cuts))
        }));
        for (how, pieces) in ways {
            let events = self.decode_all(self.exchange.response.status, &pieces).await.map_err(|why| format!("split {how}: {why}"))?;
            if events != whole {
                let at = events.iter().zip(whole).take_while(|(a, b)| a == b).count();
                return Err(format!("split {how}, event {} is another: keep what is not whole for the next `push`", at + 1));
            }
        }
        Ok(())
    }

    /// Each beginning of it has failed, but for one that holds the whole answer already.
    async fn cut_off(&self, whole: &[Event]) -> Result<(), String> {
        let answer = told::without_usage(whole);
        for at in places(self.body.len(), CUTS) {
            let beginning = self.body.get(..at).unwrap_or_default();
            let (status, length) = (self.exchange.response.status, self.body.len());
            let events = self.decode_all(status, &[beginning]).await.map_err(|why| format!("after {at} of {length} bytes {why}"))?;
            told::broken(&events).map_err(|why| format!("after {at} of {length} bytes {why}"))?;
            if told::failure(&events).is_none() && told::without_usage(&events) != answer {
                let end = told::end(&events);
                return Err(format!(
                    "cut off after {at} of {length} bytes, it ends with {end} as if it were whole: answer `failed` in `finish`"
                ));
            }
        }
        Ok(())
    }

    async fn damaged(&self) -> Result<(), String> {
        let mut dice = Dice::new(2);
        for _ in 0..RANDOM {
            let body = damaged(&self.body, &mut dice);
            let cuts = random_cuts(body.len(), &mut dice);
            let about = |why: String| format!("{why}, of {}", shown(&body));
            let events = self.decode_all(self.exchange.response.status, &pieces(&body, &cuts)).await.map_err(about)?;
            told::broken(&events).map_err(about)?;
        }
        Ok(())
    }

    async fn garbage(&self) -> Result<(), String> {
        for body in NONSENSE {
            let events = self.decode_all(200, &[body]).await.map_err(|why| format!("{why}, of the body {}", shown(body)))?;
            told::broken(&events)?;
            if told::failure(&events).is_none() {
                return Err(format!("it takes the body {} for an answer that ends with {}", shown(body), told::end(&events)));
            }
        }
        Ok(())
    }

    async fn statuses(&self) -> Result<(), String> {
        let bodies: [&[u8]; 4] = [b"", b"{\"error\":{\"message\":\"no\"}}", b"<html>no</html>", &self.body];
        for (status, body) in STATUSES.into_iter().flat_map(|status| bodies.map(|body| (status, body))) {
            let events = self.decode_all(status, &[body]).await.map_err(|why| format!("of status {status}: {why}"))?;
            told::broken(&events).map_err(|why| format!("of status {status}: {why}"))?;
            let Some(kind) = told::failure(&events) else {
                return Err(format!("it takes a response of status {status} for an answer that ends with {}", told::end(&events)));
            };
            // Without a body there is no other reason than the status.
            let known: &[&str] = match status {
                401 => &["authentication"],
                429 | 503 => &["rate-limited", "overloaded", "unavailable"],
                _ => continue,
            };
            if body.is_empty() && !known.contains(&kind) {
                return Err(format!("status {status} is the kind {kind:?}, and the host goes by {}", known.join(", ")));
            }
        }
        Ok(())
    }
}

fn shown(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let short: String = text.chars().take(80).collect();
    format!("{short:?}{}", if short.len() < text.len() { "…" } else { "" })
}
