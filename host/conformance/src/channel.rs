//! Channels: what people said goes in once, under a key that never changes and before the platform is told that it was
//! taken; what the agent says goes out once, in order, and each gets one outcome.

mod player;
mod recording;
mod sends;
mod told;
mod updates;

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use wirken_bindings::ChannelPre;
use wirken_engine::{Engine, Limits};
use wirken_manifest::Manifest;
use wirken_plugin::{ChannelPlugin, Package};
use wirken_types::Digest;
use wirken_types::channel::{Effect, Event};
use wirken_types::http::Response;

use crate::matching::{covers, shown};
use crate::provider::request;
use crate::report::{Report, Rule};
use crate::traffic::{File, Traffic};
use player::{Begin, Player};
use recording::{Session, What};

const LOADS: Rule = Rule { name: "loads", words: "it loads, and imports nothing but types" };
const RECORDED: Rule = Rule { name: "recorded", words: "there is recorded traffic to try it on" };
const READS: Rule = Rule { name: "recording", words: "the recording can be read" };
const SESSION: Rule = Rule { name: "session", words: "each recorded step has the recorded effects" };
const ALLOWED: Rule = Rule { name: "request-allowed", words: "a host with its manifest sends each of its requests" };
const CONTRACT: Rule = Rule { name: "effects", words: "every effect is one that a host carries out" };
const ACKNOWLEDGES: Rule = Rule { name: "acknowledges", words: "nothing is acknowledged before it was taken" };
const STRAYS: Rule = Rule { name: "strays", words: "answers and timers that it did not ask for crash nothing" };
const SHUTDOWN: Rule = Rule { name: "shutdown", words: "it stops at any step, and takes nothing up after it" };

/// Everything that a channel has to do.
pub(crate) async fn conform(engine: &Engine, package: Package, traffic: &Traffic, report: &mut Report) {
    let (plugin, pre) = match load(engine, package) {
        Ok(loaded) => loaded,
        Err(why) => return report.add(LOADS, "", Err(why)),
    };
    report.add(LOADS, "", Ok(()));
    if traffic.files().is_empty() {
        let remedy = "put at least one session into tests/traffic, as docs/authors.md describes it";
        return report.add(RECORDED, "", Err(remedy.into()));
    }
    let mut kinds = (false, false);
    for file in traffic.files() {
        match Subject::read(plugin.manifest(), &pre, file) {
            Ok(subject) => {
                kinds = (kinds.0 || subject.has("inbound"), kinds.1 || subject.has("outcome"));
                subject.conform(report).await;
            }
            Err(why) => report.add(READS, &file.name, Err(why)),
        }
    }
    report.add(
        RECORDED,
        "",
        match kinds {
            (true, true) => Ok(()),
            (false, _) => Err("no session brings an `inbound`: record one in which somebody says something".into()),
            (_, false) => Err("no session has an `outcome`: record one in which the agent says something".into()),
        },
    );
}

/// As the process of an account does it.
fn load(engine: &Engine, package: Package) -> Result<(ChannelPlugin, ChannelPre), String> {
    let plugin = ChannelPlugin::load(engine, package).map_err(|error| error.problem.to_string())?;
    let code = plugin.seal().and_then(|code| engine.adopt(&code, Digest::ZERO)).map_err(|error| error.to_string())?;
    let world = &plugin.manifest().world;
    let version = wirken_bindings::offered(ChannelPre::VERSIONS, world).ok_or_else(|| format!("the world {world} is not offered"))?;
    let pre = ChannelPre::new(version, engine, &code).map_err(|error| format!("{error:#}"))?;
    Ok((plugin, pre))
}

/// One session and the component that is tried on it.
struct Subject<'a> {
    name: &'a str,
    manifest: &'a Manifest,
    pre: &'a ChannelPre,
    limits: Limits,
    session: Session,
    settings: Map<String, Value>,
    /// The body of each step that is a response.
    bodies: Vec<Vec<u8>>,
}

/// A session played up to some step.
struct Played {
    player: Player,
    /// The request of each name.
    names: BTreeMap<String, u64>,
    /// What the last step did.
    effects: Vec<Effect>,
    /// The first difference to the recording.
    difference: Option<String>,
}

impl<'a> Subject<'a> {
    fn read(manifest: &'a Manifest, pre: &'a ChannelPre, file: &'a File) -> Result<Self, String> {
        let session: Session = file.parse()?;
        let settings = manifest.settings(&session.settings).map_err(|error| error.to_string())?;
        let body = |what: &What| match what {
            What::Response(answer) => answer.body.pieces(file).map(|pieces| pieces.concat()),
            _ => Ok(Vec::new()),
        };
        let bodies = session.steps.iter().map(|step| body(&step.what)).collect::<Result<_, _>>()?;
        Ok(Self { name: &file.name, manifest, pre, limits: Limits::asked(&manifest.limits), session, settings, bodies })
    }

    /// Whether an effect of this kind is recorded.
    fn has(&self, kind: &str) -> bool {
        self.session.steps.iter().flat_map(|step| &step.effects).any(|effect| effect.get(kind).is_some())
    }

    async fn conform(&self, report: &mut Report) {
        let played = match self.play(self.session.steps.len(), &self.begin()).await {
            Ok(played) => played,
            Err(why) => return report.add(SESSION, self.name, Err(why)),
        };
        let Played { player, difference, .. } = played;
        let recorded = difference.map_or(Ok(()), Err);
        let good = recorded.is_ok();
        report.add(SESSION, self.name, recorded);
        report.add(ALLOWED, self.name, self.requests().await);
        report.add(CONTRACT, self.name, player.broken.map_or(Ok(()), Err));
        report.add(ACKNOWLEDGES, self.name, player.early.map_or(Ok(()), Err));
        // What is derived from a session that went another way says nothing.
        if good {
            self.updates(report).await;
            self.sends(report).await;
            report.add(STRAYS, self.name, self.strays().await);
            report.add(SHUTDOWN, self.name, self.shutdown().await);
        }
    }

    fn begin(&self) -> Begin {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned).into_bytes();
        Begin {
            settings: Value::Object(self.settings.clone()).to_string(),
            state: self.session.state.iter().map(|(key, value)| (key.clone(), text(value))).collect(),
            random: [9; 32],
            later: 0,
            recovering: false,
        }
    }

    /// Plays the session up to a step.
    async fn play(&self, steps: usize, begin: &Begin) -> Result<Played, String> {
        let (player, effects) = Player::begin(self.pre, &self.limits, begin).await.map_err(|why| format!("at its start {why}"))?;
        let mut played = Played { player, names: BTreeMap::new(), effects, difference: None };
        played.compare("at its start", &self.session.start);
        for (at, step) in self.session.steps.iter().enumerate().take(steps) {
            let place = format!("in step {}", at + 1);
            played.effects = self.step(&mut played, at, &step.what).await.map_err(|why| format!("{place} {why}"))?;
            played.compare(&place, &step.effects);
        }
        Ok(played)
    }

    async fn step(&self, played: &mut Played, at: usize, what: &What) -> Result<Vec<Effect>, String> {
        let named = |name: &str| {
            let id = played.names.get(name).copied();
            id.ok_or_else(|| format!("it answers the request {name:?}, and no effect before it has `\"as\": {name:?}`"))
        };
        match what {
            What::Response(answer) => {
                let id = named(&answer.of)?;
                let body = self.bodies.get(at).cloned().unwrap_or_default();
                played.player.respond(id, answer.status, answer.headers(), body).await
            }
            What::Failure(failed) => {
                let id = named(&failed.of)?;
                played.player.fail(id, &failed.kind, failed.sent).await
            }
            What::Wait(millis) => played.player.wait(*millis).await,
            What::Outbound(said) => {
                played.player.say(&said.conversation_id, said.reply_to.clone(), said.content()).await.map(|(_, effects)| effects)
            }
            What::Typing(typing) => {
                let (conversation_id, active) = (typing.conversation_id.clone(), typing.active);
                played.player.handle(&Event::Typing(wirken_types::channel::Typing { conversation_id, active })).await
            }
            What::MediaWanted(token) => played.player.handle(&Event::MediaWanted(token.clone())).await,
            What::Shutdown(_) => {
                played.player.timers.clear();
                played.player.handle(&Event::Shutdown).await
            }
        }
    }

    /// Whether a host sends what it describes, at its start and after each step.
    async fn requests(&self) -> Result<(), String> {
        for steps in 0..=self.session.steps.len() {
            let played = self.play(steps, &self.begin()).await?;
            for effect in &played.effects {
                if let Effect::Http(_, described) | Effect::Media(_, Ok((_, described))) = effect {
                    request::is_allowed(described, self.manifest, &self.settings)?;
                }
            }
        }
        Ok(())
    }

    async fn strays(&self) -> Result<(), String> {
        for steps in 0..=self.session.steps.len() {
            let mut played = self.play(steps, &self.begin()).await?;
            let (unknown, body) = (u64::MAX - 7, b"{}".to_vec());
            let response = Response { status: 200, headers: Vec::new(), body };
            let about = |why: String| format!("after {steps} steps {why}");
            played.player.handle(&Event::HttpResponse(unknown, response)).await.map_err(about)?;
            played.player.fail(unknown, "interrupted", true).await.map_err(about)?;
            played.player.handle(&Event::Timer(u32::MAX - 7)).await.map_err(about)?;
        }
        Ok(())
    }

    async fn shutdown(&self) -> Result<(), String> {
        for steps in 0..=self.session.steps.len() {
            let Played { mut player, .. } = self.play(steps, &self.begin()).await?;
            let about = |why: String| format!("told to stop after {steps} steps {why}");
            player.timers.clear();
            // What the session does is judged by itself.
            player.broken = None;
            let before = player.inbound.len();
            player.handle(&Event::Shutdown).await.map_err(about)?;
            // Answers to what is under way still come.
            for id in player.requests.keys().copied().collect::<Vec<_>>() {
                player.fail(id, "interrupted", true).await.map_err(about)?;
            }
            if player.inbound.len() > before {
                return Err(about("it hands over something that people said: nobody commits that any more".into()));
            }
            if let Some(why) = player.broken {
                return Err(about(why));
            }
        }
        Ok(())
    }
}

impl Played {
    /// Compares what the last step did with what it did when it was recorded, and names its requests.
    fn compare(&mut self, place: &str, wanted: &[Value]) {
        let heard = told::heard(wanted, &self.effects);
        let mut requests = self.effects.iter().filter_map(|effect| if let Effect::Http(id, _) = effect { Some(*id) } else { None });
        for wanted in wanted.iter().filter_map(|wanted| wanted.get("http")) {
            let id = requests.next();
            if let (Some(name), Some(id)) = (wanted.get("as").and_then(Value::as_str), id) {
                self.names.insert(name.to_owned(), id);
            }
        }
        let expected = Value::from(wanted.iter().map(nameless).collect::<Vec<_>>());
        if let Err(why) = covers(&expected, &Value::from(heard.clone())) {
            let all = shown(&Value::from(heard));
            self.difference.get_or_insert(format!("{place}, of its effects {why}; they are {all}"));
        }
    }
}

fn nameless(wanted: &Value) -> Value {
    let mut wanted = wanted.clone();
    if let Some(http) = wanted.get_mut("http").and_then(Value::as_object_mut) {
        http.remove("as");
    }
    wanted
}
