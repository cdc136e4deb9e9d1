//! What the services answer: results as JSON, and refusals.
//!
//! SearXNG: docs.searxng.org/dev/search_api. Brave: api-dashboard.search.brave.com/api-reference/web/search. Of what they
//! send only this much is read; a field that is missing is empty.

use serde::Deserialize;
use serde_json::Value;
use wirken_guest_http::Response;

use crate::settings::Provider;

/// What a service found, in its order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) results: Vec<Hit>,
    /// What it says by itself, without a page.
    pub(crate) answers: Vec<String>,
    /// What it proposes to search for instead.
    pub(crate) suggestions: Vec<String>,
    /// The engines behind it that did not answer, and why.
    pub(crate) silent: Vec<String>,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Hit {
    pub(crate) title: String,
    pub(crate) url: String,
    pub(crate) snippet: String,
    /// As the service wrote it.
    pub(crate) date: Option<String>,
}

pub(crate) fn read(provider: Provider, body: &[u8]) -> Result<Found, String> {
    let wrong = |error: serde_json::Error| format!("the search service sent something that is not its JSON: {error}");
    match provider {
        Provider::Searxng => serde_json::from_slice::<Searxng>(body).map(Searxng::found).map_err(wrong),
        Provider::Brave => serde_json::from_slice::<Brave>(body).map(Brave::found).map_err(wrong),
    }
}

/// Why there are no results, and what to do about it.
pub(crate) fn refusal(provider: Provider, response: &Response) -> String {
    let status = response.status;
    let wait = response
        .header("retry-after")
        .and_then(|value| value.trim().parse::<u32>().ok())
        .map_or_else(String::new, |seconds| format!(" It asks to wait {seconds} seconds."));
    match (provider, status) {
        (Provider::Searxng, 403) => "the SearXNG refused (403): it does not offer JSON. Its owner adds json to search.formats in its \
             settings.yml; where it does already, its limiter takes this machine for a robot"
            .into(),
        (Provider::Searxng, 429) => format!(
            "the SearXNG refused (429): too many requests, or its limiter takes this machine for a robot. Its owner lets this address \
             pass in limiter.toml, or turns server.limiter off.{wait}"
        ),
        (Provider::Searxng, 404) => "there is no SearXNG at this address (404): base-url, in the settings of web-search, is its address \
             without /search"
            .into(),
        (Provider::Brave, 401 | 403) => format!(
            "the Brave Search API refused ({status}): the key is missing, or not right. Store it with `wirken credentials add web-search api-key`"
        ),
        (Provider::Brave, 422) => "the Brave Search API refused (422): the key or a parameter of the search is not right. If no key is \
             stored: `wirken credentials add web-search api-key`"
            .into(),
        (Provider::Brave, 429) => {
            format!("the Brave Search API refused (429): too many requests, or those of this month are used up.{wait}")
        }
        (_, 300..=399) => format!(
            "the search service sent a redirect ({status}), which is not followed: base-url, in the settings of web-search, has to be where it is now"
        ),
        (_, 500..=599) => format!("the search service is in trouble ({status}): try again later.{wait}"),
        _ => format!("the search service refused ({status})"),
    }
}

/// The shape of `/search?format=json`. An answer is an object in newer versions, and was a text.
#[derive(Deserialize)]
struct Searxng {
    #[serde(default)]
    results: Vec<SearxngResult>,
    #[serde(default)]
    answers: Vec<Value>,
    #[serde(default)]
    suggestions: Vec<Value>,
    /// Pairs of a name and a reason.
    #[serde(default)]
    unresponsive_engines: Vec<Value>,
}

#[derive(Deserialize)]
struct SearxngResult {
    title: Option<String>,
    url: Option<String>,
    content: Option<String>,
    #[serde(rename = "publishedDate")]
    published_date: Option<String>,
}

impl Searxng {
    fn found(self) -> Found {
        let results = self.results.into_iter().map(|result| Hit {
            title: result.title.unwrap_or_default(),
            url: result.url.unwrap_or_default(),
            snippet: result.content.unwrap_or_default(),
            date: result.published_date,
        });
        let text = |value: &Value| value.as_str().or_else(|| value.get("answer")?.as_str()).map(str::to_owned);
        let engine = |value: &Value| match value.as_array()?.as_slice() {
            [name, reason, ..] => Some(format!("{} ({})", name.as_str()?, reason.as_str()?)),
            _ => None,
        };
        Found {
            results: results.collect(),
            answers: self.answers.iter().filter_map(text).collect(),
            suggestions: self.suggestions.iter().filter_map(text).collect(),
            silent: self.unresponsive_engines.iter().filter_map(engine).collect(),
        }
    }
}

/// The shape of `/res/v1/web/search`. Without `web` there was nothing.
#[derive(Deserialize)]
struct Brave {
    web: Option<BraveWeb>,
}

#[derive(Deserialize)]
struct BraveWeb {
    #[serde(default)]
    results: Vec<BraveResult>,
}

#[derive(Deserialize)]
struct BraveResult {
    title: Option<String>,
    url: Option<String>,
    description: Option<String>,
    page_age: Option<String>,
}

impl Brave {
    fn found(self) -> Found {
        let results = self.web.into_iter().flat_map(|web| web.results).map(|result| Hit {
            title: result.title.unwrap_or_default(),
            url: result.url.unwrap_or_default(),
            snippet: result.description.unwrap_or_default(),
            date: result.page_age,
        });
        Found { results: results.collect(), ..Found::default() }
    }
}
