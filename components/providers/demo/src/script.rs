//! What the demo says: a pure function from a conversation to an answer, total over every input.

use serde_json::json;

use crate::bindings::exports::wirken::provider::codec::{ChatRequest, Message};
use crate::bindings::wirken::chat::types::{AssistantItem, Part, ToolResult};

/// How much of the user's words the echo quotes, in characters; at the default pace more would keep them waiting.
const QUOTE_CHARS: usize = 600;
/// How much of a tool's result is shown, in characters.
const RESULT_CHARS: usize = 1_500;

/// The longest arguments of a call in bytes: escaped once more they must still fit on one line of the codec.
const ARGUMENTS_BYTES: usize = 256 * 1024;

/// An answer: words, and perhaps one call after them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) call: Option<Call>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) name: &'static str,
    pub(crate) arguments: String,
}

pub(crate) fn answer(request: &ChatRequest) -> Answer {
    match request.messages.last() {
        Some(Message::Tool(results)) => say(summary(results)),
        Some(Message::User(parts)) => reply(request, parts),
        _ => say(greeting()),
    }
}

fn reply(request: &ChatRequest, parts: &[Part]) -> Answer {
    let text = user_text(parts);
    let text = text.trim();
    let lower = text.to_lowercase();
    if let Some((content, path)) = write_order(text) {
        return act(request, &format!("I write that to `{path}`."), "files_write", json!({ "path": path, "content": content }).to_string());
    }
    if let Some(path) = after_word(text, &["read", "open"]).map(file_name).filter(|path| !path.is_empty()) {
        return act(request, &format!("I read `{path}`."), "files_read", json!({ "path": path }).to_string());
    }
    if let Some(word) = after_word(text, &["search", "find"]).map(search_word).filter(|word| !word.is_empty()) {
        return act(request, &format!("I search for “{word}”."), "files_search", json!({ "pattern": word }).to_string());
    }
    if has_word(&lower, &["help", "hilfe", "aide", "ayuda"]) || lower.contains("what can you") {
        return say(help(request));
    }
    if has_word(&lower, &["file", "files", "list", "workspace", "folder", "folders", "directory", "dateien", "ordner"]) {
        return act(request, "Let me look into the workspace.", "files_list", json!({ "path": "." }).to_string());
    }
    if text.is_empty() || (lower.chars().count() < 24 && has_word(&lower, &["hello", "hi", "hey", "hallo", "bonjour", "hola", "servus"])) {
        return say(greeting());
    }
    say(echo(request, text))
}

fn say(text: String) -> Answer {
    Answer { text, call: None }
}

/// A call where the tool is offered and calls are allowed, else the reason in words.
fn act(request: &ChatRequest, words: &str, name: &'static str, arguments: String) -> Answer {
    let forbidden = request.options.iter().any(|(key, value)| key == "tool-choice" && value == "\"none\"");
    if forbidden || !offers(request, name) {
        return say(format!("I would call the tool `{name}` for that, but this conversation **offers me no such tool**."));
    }
    if arguments.len() > ARGUMENTS_BYTES {
        return say(format!("That is more than I can hand to `{name}` at once; a shorter text will do."));
    }
    Answer { text: format!("{words}\n\n"), call: Some(Call { name, arguments }) }
}

fn offers(request: &ChatRequest, name: &str) -> bool {
    request.tools.iter().any(|tool| tool.name == name)
}

fn greeting() -> String {
    "Hello! I am the **demo provider** of wirken: no model, no key, no network. My answers are scripted, and everything \
     around them is real: streaming, tools, approvals, the ledger.\n\nTry `list the files`, `read notes.md`, \
     `write hello to hello.txt`, or `help`."
        .to_owned()
}

fn help(request: &ChatRequest) -> String {
    let mut text = "Here is what I understand:\n\n\
        - `list the files` shows the workspace\n\
        - `read FILE` shows a file\n\
        - `write TEXT to FILE` writes one\n\
        - `search WORD` looks through all files\n\
        - anything else comes back as an echo\n\n"
        .to_owned();
    if request.tools.is_empty() {
        text.push_str("This conversation offers me **no tools**, so I can only talk.");
    } else {
        let names: Vec<String> = request.tools.iter().take(20).map(|tool| format!("`{}`", tool.name)).collect();
        text.push_str(&format!("Tools that I am offered: {}.", names.join(", ")));
    }
    text
}

fn echo(request: &ChatRequest, text: &str) -> String {
    let turn = request.messages.iter().filter(|message| matches!(message, Message::User(_))).count();
    let mut quote = String::new();
    for line in cut(text, QUOTE_CHARS).lines() {
        quote.push_str("> ");
        quote.push_str(line);
        quote.push('\n');
    }
    format!("You said:\n\n{quote}\nThat was message **{turn}** of this conversation. I am only a script; say `help` to see what I can do.")
}

fn summary(results: &[ToolResult]) -> String {
    let mut text = String::new();
    for result in results {
        let content = user_text(&result.content);
        let content = content.trim_end();
        let lines = content.lines().count();
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        text.push_str(&match (result.is_error, content.is_empty()) {
            (true, _) => format!("`{}` **did not work**:", result.name),
            (false, true) => format!("`{}` is done and had nothing to say.", result.name),
            (false, false) => format!("`{}` is done. It returned {lines} line{}:", result.name, if lines == 1 { "" } else { "s" }),
        });
        if !content.is_empty() {
            let fence = fence(content);
            text.push_str(&format!("\n\n{fence}\n{}\n{fence}", cut(content, RESULT_CHARS)));
        }
    }
    if text.is_empty() { "The tools returned nothing.".to_owned() } else { text }
}

/// Longer than every run of backticks in the content, so that the content cannot end its own block.
fn fence(content: &str) -> String {
    let longest = content.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

pub(crate) fn user_text(parts: &[Part]) -> String {
    let mut text = String::new();
    for part in parts {
        if !text.is_empty() {
            text.push('\n');
        }
        match part {
            Part::Text(piece) => text.push_str(piece),
            Part::Blob(blob) => {
                let name = blob.name.as_deref().unwrap_or("an attachment");
                text.push_str(&format!("[{name}, {}, {} bytes]", blob.media_type, blob.size));
            }
            Part::Other((kind, _)) => text.push_str(&format!("[{kind}]")),
        }
    }
    text
}

/// The characters of everything that the request says; a model would count tokens.
pub(crate) fn input_chars(request: &ChatRequest) -> usize {
    let of_item = |item: &AssistantItem| match item {
        AssistantItem::Text(text) => text.chars().count(),
        AssistantItem::ToolCall(call) => call.arguments.chars().count(),
        _ => 0,
    };
    let of_message = |message: &Message| match message {
        Message::System(text) => text.chars().count(),
        Message::User(parts) => user_text(parts).chars().count(),
        Message::Assistant(items) => items.iter().map(of_item).sum(),
        Message::Tool(results) => results.iter().map(|result| user_text(&result.content).chars().count()).sum(),
    };
    request.messages.iter().map(of_message).sum()
}

/// `write TEXT to FILE`, where the last ` to ` is the one that counts.
fn write_order(text: &str) -> Option<(String, String)> {
    let rest = after_word(text, &["write"])?;
    let (content, path) = rest.rsplit_once(" to ")?;
    let path = file_name(path);
    let content = content.trim().trim_matches(['"', '“', '”', '`']);
    (!path.is_empty()).then(|| (content.to_owned(), path.to_owned()))
}

/// What follows one of `words` at the start, compared without case.
fn after_word<'a>(text: &'a str, words: &[&str]) -> Option<&'a str> {
    let (first, rest) = text.split_once(char::is_whitespace)?;
    words.iter().any(|word| first.eq_ignore_ascii_case(word)).then(|| rest.trim())
}

fn file_name(text: &str) -> &str {
    let text = text.trim().trim_end_matches(['?', '!', ',', ';']).trim_end_matches('.');
    let text = after_word(text, &["the"]).unwrap_or(text);
    let text = after_word(text, &["file"]).unwrap_or(text);
    text.trim_matches(['"', '“', '”', '\'', '`'])
}

fn search_word(text: &str) -> &str {
    let text = after_word(text, &["for"]).unwrap_or(text);
    text.trim().trim_matches(['"', '“', '”', '`'])
}

fn has_word(lower: &str, words: &[&str]) -> bool {
    lower.split(|character: char| !character.is_alphanumeric()).any(|word| words.contains(&word))
}

fn cut(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((at, _)) => format!("{} …", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}
