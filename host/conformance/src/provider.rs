//! Providers: a request for every conversation, and for every response the same events however it arrives, or a failure that
//! says why.

mod answers;
mod conversations;
mod recording;
pub(crate) mod request;
mod told;

use serde_json::{Map, Value};
use wirken_engine::Engine;
use wirken_plugin::{Package, ProviderPlugin};
use wirken_types::http::Header;
use wirken_types::provider::{Event, Target};

use crate::report::{Report, Rule};
use crate::traffic::{File, Traffic};
use recording::Exchange;

const LOADS: Rule = Rule { name: "loads", words: "it loads, and imports nothing but types" };
const RECORDED: Rule = Rule { name: "recorded", words: "there is recorded traffic to try it on" };
const READS: Rule = Rule { name: "recording", words: "the recording can be read" };
const REQUEST: Rule = Rule { name: "request", words: "it describes the recorded request" };
const ALLOWED: Rule = Rule { name: "request-allowed", words: "a host with its manifest sends that request" };
const ANSWER: Rule = Rule { name: "answer", words: "the recorded response comes to the recorded events" };
const MODELS: Rule = Rule { name: "models", words: "it lists models or says that it does not, and takes no nonsense for a list" };

/// Everything that a provider has to do.
pub(crate) async fn conform(engine: &Engine, package: Package, traffic: &Traffic, report: &mut Report) {
    let plugin = match ProviderPlugin::load(engine, package) {
        Ok(plugin) => plugin,
        Err(error) => return report.add(LOADS, "", Err(error.problem.to_string())),
    };
    report.add(LOADS, "", Ok(()));
    if traffic.files().is_empty() {
        let remedy = "put at least one exchange into tests/traffic, as docs/authors.md describes it";
        return report.add(RECORDED, "", Err(remedy.into()));
    }
    for file in traffic.files() {
        match Subject::read(&plugin, file) {
            Ok(subject) => subject.conform(&file.name, report).await,
            Err(why) => report.add(READS, &file.name, Err(why)),
        }
    }
}

/// One exchange and the component that is tried on it.
struct Subject<'a> {
    plugin: &'a ProviderPlugin,
    exchange: Exchange,
    /// With the manifest's defaults.
    settings: Map<String, Value>,
    target: Target,
    pieces: Vec<Vec<u8>>,
    /// All pieces together.
    body: Vec<u8>,
    headers: Vec<Header>,
}

impl<'a> Subject<'a> {
    fn read(plugin: &'a ProviderPlugin, file: &File) -> Result<Self, String> {
        let exchange: Exchange = file.parse()?;
        let settings = plugin.manifest().settings(&exchange.settings).map_err(|error| error.to_string())?;
        let base_url = settings.get("base-url").and_then(Value::as_str).unwrap_or_default().to_owned();
        let target = Target { base_url, settings: Value::Object(settings.clone()).to_string() };
        let pieces = exchange.response.body.pieces(file)?;
        let (body, headers) = (pieces.concat(), exchange.response.headers());
        Ok(Self { plugin, exchange, settings, target, pieces, body, headers })
    }

    async fn conform(&self, name: &str, report: &mut Report) {
        let by_host = self.requests(name, report).await;
        let whole = match self.decode_all(self.exchange.response.status, &[&self.body]).await {
            Ok(events) => events,
            Err(why) => return report.add(ANSWER, name, Err(why)),
        };
        let expected = Value::from(self.exchange.events.clone());
        let holds = told::broken(&whole).and_then(|()| crate::matching::covers(&expected, &Value::from(told::events(&whole))));
        report.add(ANSWER, name, holds);
        self.answers(name, &whole, by_host, report).await;
        self.conversations(name, report).await;
        report.add(MODELS, name, self.models().await);
    }

    /// Whether the request is one that the host answers by itself.
    async fn requests(&self, name: &str, report: &mut Report) -> bool {
        let asked = self.exchange.chat.request();
        match self.plugin.encode(&self.target, &asked).await {
            Ok(Ok(request)) => {
                report.add(REQUEST, name, request::is(&self.exchange.request, &request));
                report.add(ALLOWED, name, request::is_allowed(&request, self.plugin.manifest(), &self.settings));
                return request.url.starts_with("data:");
            }
            Ok(Err(error)) => report.add(REQUEST, name, Err(format!("it answered with an error instead ({error})"))),
            Err(error) => report.add(REQUEST, name, Err(error.to_string())),
        }
        false
    }

    /// A request for the list, and what comes of answers that are none.
    async fn models(&self) -> Result<(), String> {
        let asked = self.plugin.encode_model_list(&self.target, None).await.map_err(|error| error.to_string())?;
        match asked {
            Ok(request) => request::is_allowed(&request, self.plugin.manifest(), &self.settings)?,
            Err(error) if error.kind == "invalid-request" => return Ok(()),
            Err(error) => {
                return Err(format!("asked for its list of models it answers {error}: `invalid-request` says that there is none"));
            }
        }
        for (status, body) in crate::damage::NONSENSE.iter().flat_map(|body| [(200, *body), (500, *body)]) {
            let listed = self.plugin.decode_models(&self.target, status, &self.headers, body).await;
            match listed.map_err(|error| format!("{error}, of the body {:?}", String::from_utf8_lossy(body)))? {
                Ok((models, _)) if status == 500 => return Err(format!("it takes an answer of status 500 for {} models", models.len())),
                Ok((models, _)) if models.iter().any(|model| model.id.is_empty()) => return Err("it lists a model without a name".into()),
                _ => {}
            }
        }
        Ok(())
    }

    /// The events of one response, whole.
    async fn decode_all(&self, status: u16, pieces: &[&[u8]]) -> Result<Vec<Event>, String> {
        let failed = |error: wirken_engine::CallError| error.to_string();
        let mut decoder = self.plugin.decoder(&self.target, status, &self.headers).await.map_err(failed)?;
        let mut events = Vec::new();
        for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
            events.extend(decoder.push(piece).await.map_err(failed)?);
        }
        events.extend(decoder.finish().await.map_err(failed)?);
        Ok(events)
    }
}
