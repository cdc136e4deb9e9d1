//! One call: what the model asked for, as the request that leaves and as the plan that a person is shown.

use serde::Deserialize;
use serde_json::json;
use wirken_guest_http::fence::Fenced;
use wirken_guest_http::{Client, Error, Request, Response, Target};

use crate::bindings::exports::wirken::tool::tools::{CallPlan, Failure, Intent};
use crate::definition::NAME;
use crate::page::{self, Page};

pub(crate) const DEFAULT_CHARACTERS: usize = 20_000;
pub(crate) const MAX_CHARACTERS: usize = 100_000;
/// Within one origin.
const MAX_REDIRECTS: usize = 5;
/// Of an address in an answer.
const SHOWN_BYTES: usize = 2000;
const ACCEPT: &str = "text/html,application/xhtml+xml,text/plain;q=0.9,application/json;q=0.9,*/*;q=0.5";

/// As the model writes them. What it leaves out it may also give as null.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    url: String,
    max_chars: Option<usize>,
    start: Option<usize>,
}

/// A call whose arguments are right.
#[derive(Debug)]
pub(crate) struct Call {
    target: Target,
    start: usize,
    characters: usize,
}

/// What came of following an address.
enum Arrival {
    Page(Target, Response),
    /// It leads to another origin, which nobody was asked about.
    Elsewhere(Target),
}

impl Call {
    pub(crate) fn parse(name: &str, arguments: &str) -> Result<Self, Failure> {
        if name != NAME {
            return Err(wrong(format!("there is no tool {name:?} here")));
        }
        let arguments: Arguments = serde_json::from_str(arguments).map_err(|error| wrong(format!("the arguments do not fit: {error}")))?;
        let target = Target::parse(&arguments.url).map_err(|error| wrong(error.to_string()))?;
        match arguments.max_chars.unwrap_or(DEFAULT_CHARACTERS) {
            characters if (1..=MAX_CHARACTERS).contains(&characters) => {
                Ok(Self { target, start: arguments.start.unwrap_or(0), characters })
            }
            other => Err(wrong(format!("max_chars is {other}, and has to be from 1 to {MAX_CHARACTERS}"))),
        }
    }

    pub(crate) fn plan(&self) -> CallPlan {
        let detail = json!({ "method": "GET", "path": self.target.path() }).to_string();
        let intent = Intent { action: "http".to_owned(), target: self.target.origin(), detail };
        CallPlan { purpose: format!("Read a page of {}.", self.target.origin()), intents: vec![intent] }
    }

    pub(crate) fn run(&self, client: &dyn Client) -> Result<String, Failure> {
        match self.arrive(client)? {
            Arrival::Page(target, response) => {
                let page = page::read(&target, response).map_err(|error| failed(&target, error))?;
                self.window(&target, &page)
            }
            Arrival::Elsewhere(target) => Ok(format!(
                "The page has moved to another site, which was not asked: {}\nTo read it there, call {NAME} with that address.",
                shown(&target)
            )),
        }
    }

    fn arrive(&self, client: &dyn Client) -> Result<Arrival, Failure> {
        let mut target = self.target.clone();
        for _ in 0..=MAX_REDIRECTS {
            let request = Request::get(target.clone()).header("accept", ACCEPT);
            let response = client.send(&request).map_err(|error| failed(&target, error))?;
            match response.status {
                200..=299 => return Ok(Arrival::Page(target, response)),
                301 | 302 | 303 | 307 | 308 => {}
                status => return Err(refused(&target, status)),
            }
            let location = response.header("location").unwrap_or_default();
            let next = match target.join(location) {
                Ok(next) if !location.is_empty() => next,
                _ => return Err(failed(&target, Error::Failed("it redirects to no address".into()))),
            };
            if next.origin() != target.origin() {
                return Ok(Arrival::Elsewhere(next));
            }
            target = next;
        }
        Err(failed(&target, Error::Failed(format!("it redirects more than {MAX_REDIRECTS} times"))))
    }

    /// So much of the page as was asked for, and how to go on.
    fn window(&self, target: &Target, page: &Page) -> Result<String, Failure> {
        let total = page.text.chars().count();
        if self.start > 0 && self.start >= total {
            return Err(wrong(format!("the page has {total} characters, and start is {}", self.start)));
        }
        let end = self.start.saturating_add(self.characters).min(total);
        let at = |character: usize| page.text.char_indices().nth(character).map_or(page.text.len(), |(at, _)| at);
        let text = page.text.get(at(self.start)..at(end)).unwrap_or_default();
        let which = match (self.start, end == total) {
            (0, true) => format!("{total} characters"),
            (start, _) => format!("characters {start} to {end} of {total}"),
        };
        let before = format!("{}, {}, {which}; strangers wrote what follows", shown(target), page.kind);
        let after = match (end == total, page.whole) {
            (false, _) => format!("go on with start {end}"),
            (true, true) => "end of the page".to_owned(),
            (true, false) => "the page is longer: its rest was not read".to_owned(),
        };
        Ok(Fenced { before: &before, text, after: &after }.render())
    }
}

fn shown(target: &Target) -> String {
    let text = target.as_str();
    match text.get(..text.floor_char_boundary(SHOWN_BYTES)) {
        Some(head) if head.len() < text.len() => format!("{head}…"),
        _ => text.to_owned(),
    }
}

fn refused(target: &Target, status: u16) -> Failure {
    let why = match status {
        401 | 407 => "it wants a log-in",
        403 => "it does not let this reader in",
        404 | 410 => "there is no such page",
        429 => "there were too many requests; try again later",
        451 => "it may not show the page",
        500..=599 => "the server is in trouble",
        _ => "there is no page to read",
    };
    Failure::Failed(format!("{} answered {status}: {why}", target.origin()))
}

fn failed(target: &Target, error: Error) -> Failure {
    let origin = target.origin();
    match error {
        Error::Denied(message) if !target.is_https() => {
            Failure::Denied(format!("{message}: {origin} is not asked without encryption; try https://{}", target.authority()))
        }
        Error::Denied(message) => Failure::Denied(format!("{message} ({})", shown(target))),
        Error::Invalid(message) => wrong(format!("{origin}: {message}")),
        other => Failure::Failed(format!("{origin}: {other}")),
    }
}

fn wrong(message: impl Into<String>) -> Failure {
    Failure::InvalidArguments(message.into())
}

#[cfg(test)]
mod tests;
