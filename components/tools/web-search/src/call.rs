//! One call: what the model asked for, as the request that leaves and as the plan that a person is shown.

use serde::Deserialize;
use serde_json::json;
use wirken_guest_http::{Client, Error, Request, Target};

use crate::answer;
use crate::bindings::exports::wirken::tool::tools::{CallPlan, Failure, Intent};
use crate::definition::NAME;
use crate::service;
use crate::settings::{Provider, Service};

pub(crate) const DEFAULT_COUNT: usize = 8;
/// As many as one page of either service has.
pub(crate) const MAX_COUNT: usize = 20;
/// The bound of the Brave Search API; a SearXNG has none.
pub(crate) const MAX_QUERY_CHARACTERS: usize = 400;
/// A page of results is far smaller.
const MAX_RESPONSE_BYTES: usize = 4 * 1024 * 1024;
/// The name of the manifest's binding.
const CREDENTIAL: &str = "api-key";
const SHOWN_CHARACTERS: usize = 120;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Freshness {
    Day,
    Week,
    Month,
    Year,
}

/// As the model writes them. What it leaves out it may also give as null.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    query: String,
    count: Option<usize>,
    language: Option<String>,
    freshness: Option<Freshness>,
}

/// A call whose arguments are right.
#[derive(Debug)]
pub(crate) struct Call {
    provider: Provider,
    query: String,
    count: usize,
    target: Target,
}

impl Call {
    pub(crate) fn parse(name: &str, arguments: &str, settings: &str) -> Result<Self, Failure> {
        if name != NAME {
            return Err(wrong(format!("there is no tool {name:?} here")));
        }
        let arguments: Arguments = serde_json::from_str(arguments).map_err(|error| wrong(format!("the arguments do not fit: {error}")))?;
        let query = check_query(&arguments.query)?;
        let count = match arguments.count.unwrap_or(DEFAULT_COUNT) {
            count if (1..=MAX_COUNT).contains(&count) => count,
            other => return Err(wrong(format!("count is {other}, and has to be from 1 to {MAX_COUNT}"))),
        };
        let language = arguments.language.as_deref().map(check_language).transpose()?;
        let Service { provider, endpoint } = Service::parse(settings).map_err(Failure::Failed)?;
        let number = count.to_string();
        let mut pairs = vec![("q", query)];
        match provider {
            Provider::Searxng => {
                pairs.push(("format", "json"));
                pairs.extend(language.map(|language| ("language", language)));
                pairs.extend(arguments.freshness.map(|freshness| ("time_range", freshness.in_words())));
            }
            Provider::Brave => {
                pairs.push(("count", number.as_str()));
                pairs.extend(language.map(|language| ("search_lang", language)));
                pairs.extend(arguments.freshness.map(|freshness| ("freshness", freshness.in_letters())));
            }
        }
        let target = endpoint.with_query(&pairs);
        Ok(Self { provider, query: query.to_owned(), count, target })
    }

    pub(crate) fn plan(&self) -> CallPlan {
        let detail = json!({ "method": "GET", "path": self.target.path() }).to_string();
        let intent = Intent { action: "http".to_owned(), target: self.target.origin(), detail };
        let query: String = self.query.chars().take(SHOWN_CHARACTERS).collect();
        let cut = if query.len() < self.query.len() { "…" } else { "" };
        CallPlan { purpose: format!("Search the web for {query:?}{cut}."), intents: vec![intent] }
    }

    pub(crate) fn run(&self, client: &dyn Client) -> Result<String, Failure> {
        let request = Request::get(self.target.clone()).header("accept", "application/json");
        let request = match self.provider {
            Provider::Searxng => request,
            Provider::Brave => request.credential(CREDENTIAL),
        };
        let response = client.send(&request).map_err(|error| self.unsent(error))?;
        if response.status != 200 {
            return Err(Failure::Failed(service::refusal(self.provider, &response)));
        }
        let body = response.read(MAX_RESPONSE_BYTES).map_err(|error| self.unsent(error))?;
        let found = service::read(self.provider, &body).map_err(Failure::Failed)?;
        answer::text(&self.query, &found, self.count).map_err(Failure::Failed)
    }

    fn unsent(&self, error: Error) -> Failure {
        let origin = self.target.origin();
        match error {
            Error::Denied(message) => Failure::Denied(format!(
                "{message}: the search service is {origin}; the owner says which one it is in the settings of web-search (base-url), and may have to allow it"
            )),
            Error::Invalid(message) => Failure::Failed(format!("the query cannot be sent to {origin}: {message}")),
            other => Failure::Failed(format!("the search service at {origin} did not answer: {other}")),
        }
    }
}

impl Freshness {
    fn in_words(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    fn in_letters(self) -> &'static str {
        match self {
            Self::Day => "pd",
            Self::Week => "pw",
            Self::Month => "pm",
            Self::Year => "py",
        }
    }
}

fn check_query(query: &str) -> Result<&str, Failure> {
    let query = query.trim();
    if query.is_empty() {
        return Err(wrong("the query is empty"));
    }
    let characters = query.chars().count();
    if characters > MAX_QUERY_CHARACTERS {
        return Err(wrong(format!("the query has {characters} characters, and {MAX_QUERY_CHARACTERS} are the most")));
    }
    Ok(query)
}

/// A code such as `de` or `pt-BR`; a SearXNG knows `all` and `auto` too.
fn check_language(language: &str) -> Result<&str, Failure> {
    let fits = (2..=16).contains(&language.len()) && language.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-');
    if fits { Ok(language) } else { Err(wrong(format!("{language:?} is no language: give a code such as en or pt-BR"))) }
}

fn wrong(message: impl Into<String>) -> Failure {
    Failure::InvalidArguments(message.into())
}

#[cfg(test)]
mod tests;
