//! The keys that a manifest may hold, and the nearest one to a key that it may not. Kept apart from the types because a
//! deserializer names all keys where a reader wants the one they meant.

use toml::{Table, Value};

use crate::ManifestError;

const TOP: &[&str] = &["name", "kind", "version", "world", "description", "limits", "settings", "credentials", "network", "filesystem"];
const LIMITS: &[&str] = &["fuel", "deadline-millis", "memory-bytes", "table-elements", "output-bytes"];
const CREDENTIAL: &[&str] = &["name", "description", "origins", "place", "optional"];
const PLACE: &[&str] = &["kind", "name"];
const NETWORK: &[&str] = &["origins"];
const FILESYSTEM: &[&str] = &["workspace"];

/// `settings` is a JSON Schema with words of its own and is not walked.
pub(crate) fn check(table: &Table) -> Result<(), ManifestError> {
    check_table(table, TOP, "")?;
    check_child(table, "limits", LIMITS)?;
    check_child(table, "network", NETWORK)?;
    check_child(table, "filesystem", FILESYSTEM)?;
    for credential in table.get("credentials").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table) {
        check_table(credential, CREDENTIAL, "credentials.")?;
        if let Some(place) = credential.get("place").and_then(Value::as_table) {
            check_table(place, PLACE, "credentials.place.")?;
        }
    }
    Ok(())
}

fn check_child(table: &Table, name: &str, known: &[&str]) -> Result<(), ManifestError> {
    match table.get(name).and_then(Value::as_table) {
        Some(child) => check_table(child, known, &format!("{name}.")),
        None => Ok(()),
    }
}

fn check_table(table: &Table, known: &[&str], prefix: &str) -> Result<(), ManifestError> {
    for key in table.keys() {
        if !known.contains(&key.as_str()) {
            let nearest = nearest(key, known.iter().copied()).map(|name| format!("{prefix}{name}"));
            return Err(ManifestError::UnknownKey { key: format!("{prefix}{key}"), nearest });
        }
    }
    Ok(())
}

/// The known word that a human most likely meant, if any is near.
pub(crate) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    /// Below this, a suggestion misleads more often than it helps (strsim's Jaro-Winkler, 0 to 1).
    const NEAR: f64 = 0.75;
    known
        .map(|candidate| (strsim::jaro_winkler(&word.replace('_', "-"), candidate), candidate))
        .filter(|(similarity, _)| *similarity >= NEAR)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}
