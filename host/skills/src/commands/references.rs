//! `$name` within a message.

use super::{Command, Commands};

/// Skills that one message may refer to.
pub const MAX_REFERENCES: usize = 8;

/// A message that refers to more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the message refers to {0} skills, and {MAX_REFERENCES} are the most: name fewer")]
pub struct TooMany(pub usize);

/// Each skill that a message refers to, once, in the order of the message. A `\` before the `$` makes it text, and names
/// without a lower-case letter are a shell's variables.
pub fn references<'c, 'a>(message: &str, commands: &'c Commands<'a>) -> Result<Vec<&'c Command<'a>>, TooMany> {
    let mut found: Vec<&Command<'_>> = Vec::new();
    let mut backslashes = 0_usize;
    let mut rest = message;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        if c != '$' {
            backslashes = if c == '\\' { backslashes + 1 } else { 0 };
            rest = after;
            continue;
        }
        let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ':'))).unwrap_or(after.len());
        let (name, tail) = after.split_at(end);
        let name = name.trim_end_matches(':');
        let is_name = backslashes.is_multiple_of(2) && name.bytes().any(|byte| byte.is_ascii_lowercase());
        if is_name
            && let Some(command) = commands.find(name)
            && !found.iter().any(|known| known.name == command.name)
        {
            found.push(command);
        }
        backslashes = 0;
        rest = tail;
    }
    if found.len() > MAX_REFERENCES { Err(TooMany(found.len())) } else { Ok(found) }
}
