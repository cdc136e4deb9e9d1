//! What a user's message asks for, by its words.

/// What the script understands.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ask {
    Help,
    Slowly,
    List,
    Write {
        text: String,
        file: String,
    },
    Read {
        file: String,
    },
    Search {
        word: String,
    },
    /// Any tool, by its name.
    Use {
        tool: String,
        arguments: String,
    },
    Other,
}

const GREETINGS: [&str; 8] = ["hello", "hi", "hey", "help", "hallo", "moin", "servus", "greetings"];
const FILES: [&str; 9] = ["list", "ls", "file", "files", "workspace", "folder", "folders", "directory", "directories"];

pub(super) fn read(message: &str) -> Ask {
    let message = message.trim();
    let message = after(message, "please").unwrap_or(message);
    let words: Vec<String> = message.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    let any = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    if any(&["slowly"]) {
        return Ask::Slowly;
    }
    if let Some(command) = command(message) {
        return command;
    }
    if any(&FILES) {
        return Ask::List;
    }
    let greets = words.first().is_none_or(|first| GREETINGS.contains(&first.as_str()));
    if greets && words.len() <= 4 || any(&["help"]) { Ask::Help } else { Ask::Other }
}

fn command(message: &str) -> Option<Ask> {
    if let Some(rest) = after(message, "write") {
        let at = rest.to_ascii_lowercase().rfind(" to ")?;
        let (text, file) = (bare(rest.get(..at)?), name(rest.get(at + " to ".len()..)?));
        return (!file.is_empty()).then_some(Ask::Write { text, file });
    }
    if let Some(rest) = after(message, "read") {
        let file = name(rest);
        return (!file.is_empty()).then_some(Ask::Read { file });
    }
    if let Some(rest) = after(message, "use") {
        let (tool, arguments) = rest.split_at(rest.find('{')?);
        let tool = bare(tool.trim().trim_end_matches(':'));
        return (!tool.is_empty() && !tool.contains(char::is_whitespace))
            .then(|| Ask::Use { tool, arguments: arguments.trim().to_owned() });
    }
    let rest = after(message, "search")?;
    let word = bare(after(rest, "for").unwrap_or(rest));
    (!word.is_empty()).then_some(Ask::Search { word })
}

/// What follows a first word, if this is it.
fn after<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (first, rest) = text.split_once(char::is_whitespace)?;
    first.trim_end_matches(',').eq_ignore_ascii_case(word).then(|| rest.trim_start())
}

/// A text without the quotation marks around it.
fn bare(text: &str) -> String {
    let text = text.trim();
    let inner = ['"', '\'', '`'].iter().find_map(|mark| text.strip_prefix(*mark)?.strip_suffix(*mark));
    inner.unwrap_or(text).to_owned()
}

/// A file's name, without the end of the sentence.
fn name(text: &str) -> String {
    bare(text.trim().trim_end_matches(['.', '!', '?']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn understands_its_commands() {
        let write = |text: &str, file: &str| Ask::Write { text: text.into(), file: file.into() };
        let table = [
            ("write good day to notes.txt", write("good day", "notes.txt")),
            ("Please, WRITE \"from A to B\" TO `a/b.md`.", write("from A to B", "a/b.md")),
            ("write İİ to ü.txt", write("İİ", "ü.txt")),
            ("read notes.txt", Ask::Read { file: "notes.txt".into() }),
            ("Read 'my files.txt'?", Ask::Read { file: "my files.txt".into() }),
            ("search for Müller", Ask::Search { word: "Müller".into() }),
            ("search morning", Ask::Search { word: "morning".into() }),
            ("use word_count {\"text\": \"a file\"} ", Ask::Use { tool: "word_count".into(), arguments: "{\"text\": \"a file\"}".into() }),
            ("Use `word-count`: {", Ask::Use { tool: "word-count".into(), arguments: "{".into() }),
            ("use your head {", Ask::Other),
            ("use {}", Ask::Other),
            ("use word_count", Ask::Other),
            ("What is in my workspace?", Ask::List),
            ("list", Ask::List),
            ("hello", Ask::Help),
            ("Hi there!", Ask::Help),
            ("can you help me", Ask::Help),
            ("", Ask::Help),
            ("count slowly to ten", Ask::Slowly),
            ("write a poem", Ask::Other),
            ("read", Ask::Other),
            ("the profile is done", Ask::Other),
        ];
        for (message, ask) in table {
            assert_eq!(read(message), ask, "{message}");
        }
    }

    #[test]
    fn any_text_can_be_read() {
        for message in
            ["write  to ", " to ", "write \" to \"", "read \"", "search for ", "🦀 to 🦀", "write 🦀 to 🦀", "\u{0}", "please ", "read ..."]
        {
            read(message);
        }
    }
}
