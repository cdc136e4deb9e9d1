//! What a platform brings: again, damaged, to another instance, and after a crash.

use std::collections::BTreeSet;

use serde_json::Value;
use wirken_types::channel::Event;
use wirken_types::http::{Header, Request, Response};

use super::player::Player;
use super::recording::What;
use super::{Begin, Subject};
use crate::damage::{Dice, NONSENSE, damaged, misfits};
use crate::report::{Report, Rule};

const REPEATED: Rule = Rule { name: "repeated", words: "what the platform brings again is taken once" };
const KEYS: Rule = Rule { name: "keys", words: "the key of what people did is the same in every instance" };
const MALFORMED: Rule = Rule { name: "malformed", words: "a response that makes no sense crashes nothing, and it goes on" };
const POISONED: Rule = Rule { name: "poisoned", words: "after a crash it goes on behind the response that caused it" };

/// Ways to spoil one response.
const MISFITS: usize = 256;
const DAMAGED: usize = 64;
/// Responses of other statuses than the recorded one.
const STATUSES: [u16; 12] = [204, 301, 400, 401, 403, 404, 409, 413, 429, 500, 502, 504];
/// Timers that may have to ring before it asks again.
const PATIENCE: usize = 8;

/// A recorded response and the connection just before it.
struct Moment<'a> {
    step: usize,
    of: &'a str,
    status: u16,
    headers: Vec<Header>,
    body: &'a [u8],
}

impl Subject<'_> {
    pub(super) async fn updates(&self, report: &mut Report) {
        let mut brings = false;
        for moment in self.moments() {
            let subject = format!("{}, step {}", self.name, moment.step + 1);
            match self.brought(&moment).await {
                Ok(0) => {}
                Ok(_) => {
                    brings = true;
                    report.add(REPEATED, &subject, self.repeated(&moment).await);
                }
                Err(why) => report.add(REPEATED, &subject, Err(why)),
            }
            report.add(MALFORMED, &subject, self.malformed(&moment).await);
            report.add(POISONED, &subject, self.poisoned(&moment).await);
        }
        if brings {
            report.add(KEYS, self.name, self.keys().await);
        }
    }

    fn moments(&self) -> Vec<Moment<'_>> {
        let mut moments = Vec::new();
        for (step, (recorded, body)) in self.session.steps.iter().zip(&self.bodies).enumerate() {
            if let What::Response(answer) = &recorded.what {
                moments.push(Moment { step, of: &answer.of, status: answer.status, headers: answer.headers(), body });
            }
        }
        moments
    }

    /// The connection before a response, the id of the request that it answers, and that request.
    async fn before(&self, moment: &Moment<'_>) -> Result<(Player, u64, Request), String> {
        let played = self.play(moment.step, &self.begin()).await?;
        let id = played.names.get(moment.of).copied().ok_or("the request has no name")?;
        let request = played.player.requests.get(&id).cloned();
        Ok((played.player, id, request.ok_or("the request is not under way any more")?))
    }

    /// How many things that people did a response brings.
    async fn brought(&self, moment: &Moment<'_>) -> Result<usize, String> {
        let (mut player, id, _) = self.before(moment).await?;
        let before = player.inbound.len();
        player.respond(id, moment.status, moment.headers.clone(), moment.body.to_vec()).await?;
        Ok(player.inbound.len() - before)
    }

    /// The host takes each key once: so what is brought again must have the key that it had.
    async fn repeated(&self, moment: &Moment<'_>) -> Result<(), String> {
        let (mut player, id, request) = self.before(moment).await?;
        player.respond(id, moment.status, moment.headers.clone(), moment.body.to_vec()).await?;
        let known: BTreeSet<String> = player.keys().into_iter().map(str::to_owned).collect();
        let mut rings = 0;
        let again = loop {
            if let Some(id) = player.like(&request) {
                break id;
            }
            rings += 1;
            if rings > PATIENCE || !player.ring().await? {
                return Err("it never asks the platform again: neither a request nor a timer follows".into());
            }
        };
        player.respond(again, moment.status, moment.headers.clone(), moment.body.to_vec()).await?;
        match player.keys().into_iter().find(|key| !known.contains(*key)) {
            Some(key) => Err(format!("brought again, it has the new key {key:?}: the agent hears it twice")),
            None => Ok(()),
        }
    }

    /// A key depends on neither chance nor time.
    async fn keys(&self) -> Result<(), String> {
        let steps = self.session.steps.len();
        let first = self.play(steps, &self.begin()).await?;
        let other = self.play(steps, &Begin { random: [77; 32], later: 86_400_000, ..self.begin() }).await?;
        let (first, other) = (first.player.keys(), other.player.keys());
        match first.symmetric_difference(&other).next() {
            Some(key) => {
                Err(format!("another instance gives the key {key:?} to what had another one: after a restart the agent hears it again"))
            }
            None => Ok(()),
        }
    }

    async fn malformed(&self, moment: &Moment<'_>) -> Result<(), String> {
        let mut bodies: Vec<(u16, Vec<u8>)> = NONSENSE.iter().map(|body| (moment.status, body.to_vec())).collect();
        if let Ok(document) = serde_json::from_slice::<Value>(moment.body) {
            bodies.extend(misfits(&document, MISFITS).into_iter().map(|value| (moment.status, value.to_string().into_bytes())));
        }
        let mut dice = Dice::new(3);
        bodies.extend((0..DAMAGED).map(|_| (moment.status, damaged(moment.body, &mut dice))));
        bodies.extend(STATUSES.into_iter().flat_map(|status| [(status, Vec::new()), (status, moment.body.to_vec())]));
        for (status, body) in bodies {
            let about = || {
                let text: String = String::from_utf8_lossy(&body).chars().take(200).collect();
                format!("of status {status} with the body {text:?}")
            };
            let (mut player, id, _) = self.before(moment).await?;
            player
                .respond(id, status, moment.headers.clone(), body.clone())
                .await
                .map_err(|why| format!("{why}, by a response {}", about()))?;
            if !player.goes_on() {
                return Err(format!("after a response {} it waits for nothing and asks for nothing: it is silent for ever", about()));
            }
        }
        Ok(())
    }

    /// As its host does it: a new instance from what was committed, which is told what ended the one before it.
    async fn poisoned(&self, moment: &Moment<'_>) -> Result<(), String> {
        let (before, ..) = self.before(moment).await?;
        let begin = Begin { state: before.state, recovering: true, ..self.begin() };
        let (mut player, _) = Player::begin(self.pre, &self.limits, &begin).await?;
        let response = Response { status: moment.status, headers: moment.headers.clone(), body: moment.body.to_vec() };
        player.handle(&Event::Poisoned(response)).await.map_err(|why| format!("told of the response that ended an instance, {why}"))?;
        if player.goes_on() { Ok(()) } else { Err("told of the response that ended an instance, it asks for nothing any more".into()) }
    }
}
