//! "Did you mean …": the nearest of the names that would have been right.

/// The nearest known name, where one is near enough to be meant.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .min()
        .filter(|(distance, candidate)| *distance <= candidate.chars().count().max(3) / 3)
        .map(|(_, candidate)| candidate)
}

/// Adds the nearest key to a deserializer's message about an unknown one.
pub fn explain_unknown_key(message: &str) -> String {
    let message = message.trim_end();
    let Some((_, rest)) = message.split_once("unknown field `").or_else(|| message.split_once("unknown variant `")) else {
        return message.to_owned();
    };
    let mut quoted = rest.split('`');
    let Some(unknown) = quoted.next() else { return message.to_owned() };
    // Between two quoted names stands only punctuation or "or".
    let known: Vec<&str> = quoted.enumerate().filter(|(index, _)| index % 2 == 1).map(|(_, name)| name).collect();
    match nearest(unknown, known) {
        Some(name) => format!("{message}; did you mean `{name}`?"),
        None => message.to_owned(),
    }
}
