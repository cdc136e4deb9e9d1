//! A tool that counts the words of a text.
//!
//! A tool is the type of its arguments: what a model writes is read into it, and `call` answers. It imports nothing, so
//! that it needs nothing to be granted.

use serde::Deserialize;
use wirken_guest::tool::{Failure, Schema, Tool, boolean, string};

wirken_guest::tool!(CountWords);

/// What the model writes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CountWords {
    text: String,
    #[serde(default)]
    distinct: bool,
}

impl Tool for CountWords {
    const NAME: &str = "{{tool}}";
    const DESCRIPTION: &str = "Counts the words of a text. Use it instead of counting yourself.";

    fn schema() -> Schema {
        Schema::object()
            .required("text", string("The text."))
            .optional("distinct", boolean("Whether a word that occurs again counts once."))
    }

    fn call(self) -> Result<String, Failure> {
        if self.text.trim().is_empty() {
            return Err(Failure::invalid("the text is empty; give the words to count"));
        }
        Ok(match count(&self.text, self.distinct) {
            1 => "1 word".to_owned(),
            words => format!("{words} words"),
        })
    }
}

fn count(text: &str, distinct: bool) -> usize {
    let words = text.split_whitespace();
    if distinct { words.map(str::to_lowercase).collect::<std::collections::BTreeSet<_>>().len() } else { words.count() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(arguments: &str) -> Result<String, Failure> {
        wirken_guest::tool::parse::<CountWords>(arguments)?.call()
    }

    #[test]
    fn counts_words() {
        assert_eq!(call(r#"{"text":"to be or not to be"}"#), Ok("6 words".into()));
        assert_eq!(call(r#"{"text":"To be or not to be","distinct":true}"#), Ok("4 words".into()));
        assert_eq!(call(r#"{"text":" one\n"}"#), Ok("1 word".into()));
    }

    #[test]
    fn says_what_is_wrong_with_arguments() {
        for wrong in ["", "{}", r#"{"text":1}"#, r#"{"text":"a","words":2}"#, r#"{"text":" "}"#] {
            assert!(matches!(call(wrong), Err(Failure::InvalidArguments(_))), "{wrong}");
        }
    }
}
