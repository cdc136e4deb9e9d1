//! The tools by name: arguments, what a person is told, and the call itself.
//!
//! Answers are JSON, so that no note can pretend to be another or to be the tool.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::key::Key;
use crate::note::{self, Note};
use crate::problem::Problem;
use crate::search;
use crate::shelf::{self, Catalogue, Shelf};

pub(crate) const DEFAULT_FOUND: usize = 8;
pub(crate) const MAX_FOUND: usize = 50;
pub(crate) const DEFAULT_LISTED: usize = 50;
pub(crate) const MAX_LISTED: usize = 200;
/// Of all notes in one answer. What does not fit is shown by its beginning.
const OUTPUT_BYTES: usize = 64 * 1024;
const BEGINNING_CHARACTERS: usize = 120;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Save {
    text: String,
    tags: Option<Vec<String>>,
    id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Search {
    query: String,
    tags: Option<Vec<String>>,
    limit: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct List {
    tags: Option<Vec<String>>,
    start: Option<usize>,
    limit: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Forget {
    id: String,
}

/// A call whose arguments have the right shape.
#[derive(Debug)]
pub(crate) enum Call {
    Save(Save),
    Search(Search),
    List(List),
    Forget(Forget),
}

impl Call {
    pub(crate) fn parse(name: &str, arguments: &str) -> Result<Self, Problem> {
        Ok(match name {
            "memory_save" => Self::Save(parse(arguments)?),
            "memory_search" => Self::Search(parse(arguments)?),
            "memory_list" => Self::List(parse(arguments)?),
            "memory_forget" => Self::Forget(parse(arguments)?),
            other => return Err(Problem::Arguments(format!("there is no tool {other:?} here"))),
        })
    }

    /// In one line whatever the model wrote.
    pub(crate) fn purpose(&self) -> String {
        match self {
            Self::Save(Save { text, id: Some(id), .. }) => format!("Keep {} characters as the note {id:?}.", text.chars().count()),
            Self::Save(Save { text, .. }) => format!("Keep a note of {} characters.", text.chars().count()),
            Self::Search(Search { query, .. }) => {
                format!("Search the notes for {:?}.", query.chars().take(BEGINNING_CHARACTERS).collect::<String>())
            }
            Self::List(_) => "List the notes.".to_owned(),
            Self::Forget(Forget { id }) => format!("Delete the note {id:?}."),
        }
    }

    pub(crate) fn run(&self, shelf: &dyn Shelf) -> Result<String, Problem> {
        let answer = match self {
            Self::Save(save) => save.run(shelf),
            Self::Search(search) => search.run(shelf),
            Self::List(list) => list.run(shelf),
            Self::Forget(forget) => forget.run(shelf),
        };
        Ok(answer?.to_string())
    }
}

impl Save {
    fn run(&self, shelf: &dyn Shelf) -> Result<Value, Problem> {
        let note = Note::new(&self.text, self.tags.as_deref().unwrap_or_default())?;
        let id = self.id.as_deref();
        id.map_or(Ok(()), note::check_id)?;
        let saved = shelf::save(shelf, &note, id)?;
        Ok(json!({ "saved": saved.id, "replaced": saved.replaced, "notes": saved.of }))
    }
}

impl Search {
    fn run(&self, shelf: &dyn Shelf) -> Result<Value, Problem> {
        let tags = note::tags(self.tags.as_deref().unwrap_or_default())?;
        let limit = within("limit", self.limit, DEFAULT_FOUND, MAX_FOUND)?;
        let catalogue = Catalogue::load(shelf)?;
        let hits = search::search(shelf, &catalogue, &self.query, &tags)?;
        let matching = hits.len();
        let mut room = OUTPUT_BYTES;
        let shown: Vec<Value> = hits
            .iter()
            .take(limit)
            .map(|hit| {
                let whole = hit.note.text.len() <= room;
                room = room.saturating_sub(hit.note.text.len());
                if whole { entry(&hit.key, &hit.note, "text", &hit.note.text) } else { begun(&hit.key, &hit.note) }
            })
            .collect();
        Ok(json!({ "found": shown, "matching": matching, "notes": catalogue.len() }))
    }
}

impl List {
    fn run(&self, shelf: &dyn Shelf) -> Result<Value, Problem> {
        let tags = note::tags(self.tags.as_deref().unwrap_or_default())?;
        let limit = within("limit", self.limit, DEFAULT_LISTED, MAX_LISTED)?;
        let catalogue = Catalogue::load(shelf)?;
        let (mut pass, mut shown, mut more) = (self.start.unwrap_or(0), Vec::new(), false);
        let tagged = |key: &&Key| tags.iter().all(|tag| key.may_be_tagged(tag));
        for key in catalogue.latest_first().into_iter().filter(tagged) {
            if shown.len() == limit {
                more = true;
                break;
            }
            // Without tags, what is passed over need not be read.
            if tags.is_empty() && pass > 0 {
                pass -= 1;
                continue;
            }
            let Some(note) = shelf::read(shelf, key)? else { continue };
            if !tags.iter().all(|tag| note.tags.contains(tag)) {
                continue;
            }
            if pass > 0 {
                pass -= 1;
            } else {
                shown.push(begun(key, &note));
            }
        }
        Ok(json!({ "listed": shown, "more": more, "notes": catalogue.len() }))
    }
}

impl Forget {
    fn run(&self, shelf: &dyn Shelf) -> Result<Value, Problem> {
        note::check_id(&self.id)?;
        if shelf::forget(shelf, &self.id)? {
            Ok(json!({ "forgotten": self.id }))
        } else {
            Err(Problem::Failed(format!("there is no note {:?}: memory_list shows which there are", self.id)))
        }
    }
}

/// A note by its beginning.
fn begun(key: &Key, note: &Note) -> Value {
    let line = note.text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(BEGINNING_CHARACTERS) {
        Some((end, _)) => entry(key, note, "begins", &format!("{}…", line.get(..end).unwrap_or_default())),
        None => entry(key, note, "begins", &line),
    }
}

fn entry(key: &Key, note: &Note, part: &str, text: &str) -> Value {
    let mut entry = json!({ "id": key.id, "saved": date(key.millis), part: text });
    if let (false, Some(entry)) = (note.tags.is_empty(), entry.as_object_mut()) {
        entry.insert("tags".into(), json!(note.tags));
    }
    entry
}

/// The day, by the calendar in use and in UTC (Howard Hinnant's `civil_from_days`).
fn date(millis: u64) -> String {
    let days = millis / 86_400_000 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

fn within(name: &str, given: Option<usize>, default: usize, most: usize) -> Result<usize, Problem> {
    match given.unwrap_or(default) {
        number if (1..=most).contains(&number) => Ok(number),
        other => Err(Problem::Arguments(format!("{name} is {other}, and has to be from 1 to {most}"))),
    }
}

/// A model that has nothing to say may say nothing.
fn parse<'a, T: Deserialize<'a>>(arguments: &'a str) -> Result<T, Problem> {
    let arguments = if arguments.trim().is_empty() { "{}" } else { arguments };
    serde_json::from_str(arguments).map_err(|error| Problem::Arguments(format!("the arguments do not fit: {error}")))
}

#[cfg(test)]
mod tests;
