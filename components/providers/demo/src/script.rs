//! What is answered to a conversation: a function of its last message and of the tools on offer.

mod ask;
mod told;

use serde_json::json;

use crate::line::Line;
use ask::Ask;

/// The most of a user's text that is quoted back, in characters.
const QUOTE_CHARS: usize = 2_000;

/// Words in an answer that is to last.
const SLOW_WORDS: usize = 200;

const HELP: &str = "Hello! I am the **demo** provider: a script inside a component, with no model, no key and no network behind it.\n\n\
    Try one of these:\n\n\
    - `list the files`\n\
    - `write Good morning to notes.txt`\n\
    - `read notes.txt`\n\
    - `search morning`\n\
    - `use word_count {\"text\": \"one two\"}`, or any other tool that you added, with its arguments\n\
    - `count slowly`, to try the stop button\n\n\
    Anything else I say back to you.";

/// A conversation, as far as the script looks at it.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    pub(crate) last: Last,
    pub(crate) tools: Vec<String>,
    /// Calls made so far, so that the id of the next is new.
    pub(crate) calls: usize,
    /// Characters in it.
    pub(crate) length: usize,
}

#[derive(Debug)]
pub(crate) enum Last {
    User { text: String, attachments: usize },
    Results(Vec<ToolResult>),
}

#[derive(Debug)]
pub(crate) struct ToolResult {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) is_error: bool,
}

impl Default for Last {
    fn default() -> Self {
        Self::User { text: String::new(), attachments: 0 }
    }
}

/// The whole answer.
pub(crate) fn answer(conversation: &Conversation) -> Vec<Line> {
    let mut lines = Vec::new();
    let stop = match &conversation.last {
        Last::Results(results) => {
            say(&mut lines, &told::summary(results));
            "end"
        }
        Last::User { text, attachments } => reply(&mut lines, conversation, text, *attachments),
    };
    let words = u64::try_from(lines.len()).unwrap_or(u64::MAX);
    // About four characters to a token: a script counts none.
    let input = u64::try_from(conversation.length.div_ceil(4)).unwrap_or(u64::MAX);
    lines.push(Line::Usage { input, output: words });
    lines.push(Line::Stop(stop.to_owned()));
    lines
}

fn reply(lines: &mut Vec<Line>, conversation: &Conversation, text: &str, attachments: usize) -> &'static str {
    let (tool, arguments, intro) = match ask::read(text) {
        Ask::Use { tool, arguments } => return use_tool(lines, conversation, &tool, arguments, format!("I call `{tool}`.")),
        Ask::Help if attachments == 0 => return end(lines, HELP),
        Ask::Slowly => return end(lines, &slow()),
        Ask::Help | Ask::Other => return end(lines, &echo(text, attachments)),
        Ask::Write { text, file } => ("files_write", json!({ "path": file, "content": text }), format!("I write that to `{file}`.")),
        Ask::Read { file } => ("files_read", json!({ "path": file }), format!("I read `{file}`.")),
        Ask::Search { word } => ("files_search", json!({ "query": word }), "I search the workspace.".to_owned()),
        Ask::List => ("files_list", json!({}), "I look into the workspace.".to_owned()),
    };
    use_tool(lines, conversation, tool, arguments.to_string(), intro)
}

fn use_tool(lines: &mut Vec<Line>, conversation: &Conversation, tool: &str, arguments: String, intro: String) -> &'static str {
    if !conversation.tools.iter().any(|offered| offered == tool) {
        return end(lines, &format!("For that I would call the tool `{tool}`, but it is not on offer in this conversation."));
    }
    say(lines, &intro);
    call(lines, format!("call-{}", conversation.calls + 1), tool, arguments);
    "tool-use"
}

fn end(lines: &mut Vec<Line>, text: &str) -> &'static str {
    say(lines, text);
    "end"
}

/// One line per word, each with the white space that follows it.
fn say(lines: &mut Vec<Line>, text: &str) {
    let mut word = String::new();
    let mut spaced = false;
    for c in text.chars() {
        if spaced && !c.is_whitespace() {
            lines.push(Line::Text(std::mem::take(&mut word)));
        }
        spaced = c.is_whitespace();
        word.push(c);
    }
    if !word.is_empty() {
        lines.push(Line::Text(word));
    }
}

fn call(lines: &mut Vec<Line>, id: String, name: &str, arguments: String) {
    lines.push(Line::Begin { id: id.clone(), name: name.to_owned() });
    lines.push(Line::Delta { id: id.clone(), piece: arguments.clone() });
    lines.push(Line::Call { id, name: name.to_owned(), arguments });
}

fn echo(text: &str, attachments: usize) -> String {
    let mut answer = String::new();
    if !text.trim().is_empty() {
        answer.push_str("You said:\n\n");
        for line in cut(text.trim(), QUOTE_CHARS).lines() {
            answer.push_str(&format!("> {line}\n"));
        }
        answer.push('\n');
    }
    match attachments {
        0 => {}
        1 => answer.push_str("You attached one file, which I cannot look into. "),
        many => answer.push_str(&format!("You attached {many} files, which I cannot look into. ")),
    }
    answer + "I am only a script: say `help` to see what I can do."
}

fn slow() -> String {
    let words = ["one", "step", "after", "another,", "without", "any", "hurry,"];
    let walk: Vec<&str> = words.iter().copied().cycle().take(SLOW_WORDS - 1).collect();
    format!("{} done.", walk.join(" "))
}

/// The beginning of a text, and a sign where more followed.
fn cut(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned() + "…",
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
