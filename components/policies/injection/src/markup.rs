//! What imitates the frame around a conversation: the marks of chat templates, speakers at the beginning of a line, tool calls
//! and results as models write and read them.

use crate::fold::Letter;
use crate::rule::{Hit, MIMICRY, ROLE, TEMPLATE};
use crate::types::Severity::{self, High, Low, Medium};

/// No name of a mark, a tag or a key is longer.
const MAX_NAME: usize = 40;
/// The keys of one object stand no further apart, in letters.
const OBJECT: usize = 400;
/// The most that are told of one piece of text.
const MAX: usize = 64;

/// Names between `<|` and `|>` that models know, or that such names begin with.
const MARKS: [&str; 22] = [
    "im_start",
    "im_end",
    "im_sep",
    "system",
    "user",
    "assistant",
    "endoftext",
    "end_of_text",
    "eot_id",
    "eom_id",
    "start_header_id",
    "end_header_id",
    "begin_of_text",
    "begin▁of▁sentence",
    "end▁of▁sentence",
    "start",
    "end",
    "channel",
    "message",
    "return",
    "tool",
    "fim_",
];

/// Other marks, whole.
const BRACKETS: [(&str, Severity); 12] = [
    ("[inst]", High),
    ("[/inst]", High),
    ("<<sys>>", High),
    ("<</sys>>", High),
    ("<start_of_turn>", High),
    ("<end_of_turn>", High),
    ("[system_prompt]", High),
    ("[/system_prompt]", High),
    ("[available_tools]", Medium),
    ("[tool_calls]", Medium),
    ("[tool_results]", Medium),
    ("</s>", Low),
];

/// Tags of tool calls and results, as models are taught to write them.
const TAGS: [&str; 18] = [
    "tool_call",
    "tool_calls",
    "function_call",
    "function_calls",
    "invoke",
    "tool_use",
    "tool_result",
    "tool_results",
    "tool_response",
    "tool_output",
    "function_result",
    "function_results",
    "function_response",
    "function_output",
    "function=",
    "tool_code",
    "tool▁call",
    "use_mcp_tool",
];

/// Those who speak in a transcript.
const SPEAKERS: [(&str, Severity); 14] = [
    ("system", Low),
    ("system prompt", Medium),
    ("system message", Medium),
    ("system override", Medium),
    ("system instruction", Medium),
    ("developer", Low),
    ("assistant", Low),
    ("human", Low),
    ("tool result", Medium),
    ("tool output", Medium),
    ("function result", Medium),
    ("function output", Medium),
    ("action input", Medium),
    ("instruction", Low),
];

/// Keys of a call or a message, and how much each says alone.
const KEYS: [(&str, Option<Severity>); 12] = [
    ("tool_calls", Some(Medium)),
    ("function_call", Some(Medium)),
    ("tool_use", Some(Medium)),
    ("tool_call_id", Some(Medium)),
    ("tool_use_id", Some(Medium)),
    ("tool_result", Some(Medium)),
    ("name", None),
    ("arguments", None),
    ("parameters", None),
    ("role", None),
    ("type", None),
    ("tool", None),
];

/// What a tool that does something is called.
const ACTS: [&str; 16] = [
    "exec", "shell", "bash", "run", "send", "message", "http", "fetch", "write", "delete", "email", "post", "terminal", "command",
    "transfer", "eval",
];

/// All of it in a piece of text.
pub(crate) fn find(letters: &[Letter], work: &mut u64) -> Vec<Hit> {
    let mut finder = Finder { letters, hits: Vec::new(), name: None, is_line: true, buffer: String::new(), work: 0 };
    for at in 0..letters.len() {
        finder.work += 1;
        finder.look(at);
        if finder.hits.len() >= MAX {
            break;
        }
    }
    *work += finder.work;
    finder.hits
}

struct Finder<'a> {
    letters: &'a [Letter],
    hits: Vec<Hit>,
    /// The last key `name` or `tool`, and whether its value is that of a tool that does something.
    name: Option<(usize, bool)>,
    /// Nothing of the line was seen that a speaker does not stand behind.
    is_line: bool,
    buffer: String,
    work: u64,
}

impl Finder<'_> {
    fn ch(&self, at: usize) -> char {
        self.letters.get(at).map_or('\0', |letter| letter.ch)
    }

    fn begins(&self, at: usize, text: &str) -> bool {
        text.chars().enumerate().all(|(offset, ch)| self.ch(at + offset) == ch)
    }

    fn hit(&mut self, rule: &'static str, severity: Severity, first: usize, end: usize) {
        let number = |at| u32::try_from(at).unwrap_or(u32::MAX);
        self.hits.push(Hit { rule, severity, first: number(first), end: number(end), evades: false });
    }

    fn look(&mut self, at: usize) {
        let ch = self.ch(at);
        match ch {
            '<' if self.ch(at + 1) == '|' => self.mark(at),
            '<' | '[' => self.bracket(at),
            '"' => self.key(at),
            '`' if self.begins(at, "```tool_") => self.hit(MIMICRY, Medium, at, at + 8),
            _ => {}
        }
        if self.is_line && ch.is_alphabetic() {
            self.speaker(at);
        }
        self.is_line = match ch {
            '\n' => true,
            // A sentence may be put in front of it.
            '.' | '!' | '?' => self.ch(at + 1) == ' ',
            ' ' | '\t' | '\r' | '#' | '*' | '>' | '-' | '=' | '[' | '<' | '(' | '_' | '|' | '"' => self.is_line,
            _ => false,
        };
    }

    /// What stands from here on and may be a name.
    fn name(&mut self, at: usize, fits: impl Fn(char) -> bool) -> usize {
        self.buffer.clear();
        let mut end = at;
        while end - at < MAX_NAME && self.letters.get(end).is_some_and(|letter| fits(letter.ch)) {
            self.buffer.push(self.ch(end));
            self.work += 1;
            end += 1;
        }
        end
    }

    fn mark(&mut self, at: usize) {
        let end = self.name(at + 2, |ch| ch.is_alphanumeric() || matches!(ch, '_' | '▁' | '-'));
        if end == at + 2 || !self.begins(end, "|>") {
            return;
        }
        let known = MARKS.iter().any(|mark| self.buffer.starts_with(mark));
        self.hit(TEMPLATE, if known { High } else { Low }, at, end + 2);
    }

    fn bracket(&mut self, at: usize) {
        let found = BRACKETS.iter().find(|(mark, _)| self.begins(at, mark));
        if let Some((mark, severity)) = found {
            return self.hit(TEMPLATE, *severity, at, at + mark.chars().count());
        }
        if self.ch(at) != '<' {
            return;
        }
        let start = at + 1 + usize::from(self.ch(at + 1) == '/');
        let end = self.name(start, |ch| ch.is_alphanumeric() || matches!(ch, '_' | '▁' | ':' | '='));
        let name = self.buffer.rsplit(':').next().unwrap_or_default();
        let known = TAGS.iter().any(|tag| name == *tag || (tag.ends_with('=') && name.starts_with(tag)));
        let speaks = matches!(name, "system" | "system_prompt" | "assistant" | "system_message") && self.ch(end) == '>';
        // It has a name where it is meant.
        let known = known && (name != "invoke" || self.ch(end) == ' ');
        if known && matches!(self.ch(end), '>' | ' ' | '\n' | '/') {
            self.hit(MIMICRY, Medium, at, end);
        } else if speaks {
            self.hit(ROLE, Medium, at, end + 1);
        }
    }

    /// Somebody who speaks from here on: a name and a colon, or a name in brackets.
    fn speaker(&mut self, at: usize) {
        let end = self.name(at, |ch| ch.is_ascii_alphabetic() || ch == ' ' || ch == '_');
        let name = self.buffer.split([' ', '_']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        let Some((_, severity)) = SPEAKERS.iter().find(|(speaker, _)| *speaker == name) else { return };
        let before = at.checked_sub(1).map_or('\n', |at| self.ch(at));
        let closes = match self.ch(end) {
            ':' => self.ch(end + 1) != ':' && before != '"',
            ']' => before == '[',
            '*' => self.ch(end + 1) == '*' || self.ch(end + 1) == ':',
            _ => false,
        };
        // A heading of a template.
        let blank = (1..at.min(4)).take_while(|back| self.ch(at - back) == ' ').count();
        let heading = blank > 0 && at > blank + 2 && self.begins(at - blank - 3, "###");
        if closes || heading {
            let addressed = self.is_addressed(end + 1) || (before == '[' && self.ch(end + 1) == '\n');
            let severity = if (heading && closes) || addressed { (*severity).max(Medium) } else { *severity };
            let rule = if name.contains("result") || name.contains("output") || name.contains("input") { MIMICRY } else { ROLE };
            self.hit(rule, severity, at, end + 1);
        }
    }

    /// Whether whoever speaks says "you".
    fn is_addressed(&self, at: usize) -> bool {
        let blank = self.letters.iter().skip(at).take(4).take_while(|letter| !letter.ch.is_alphabetic()).count();
        self.begins(at + blank, "you")
    }

    fn key(&mut self, at: usize) {
        let end = self.name(at + 1, |ch| ch.is_ascii_alphabetic() || ch == '_');
        let Some((key, severity)) = KEYS.iter().find(|(key, _)| *key == self.buffer) else { return };
        if self.ch(end) != '"' {
            return;
        }
        let mut colon = end + 1;
        while colon - end < 4 && self.ch(colon) == ' ' {
            colon += 1;
        }
        if self.ch(colon) != ':' {
            return;
        }
        if let Some(severity) = severity {
            return self.hit(MIMICRY, *severity, at, end + 1);
        }
        let value = self.value(colon + 1);
        match *key {
            "name" | "tool" => {
                let acts = ACTS.iter().any(|act| value.split(|ch: char| !ch.is_alphanumeric()).any(|word| word == *act));
                self.name = Some((at, acts));
            }
            "arguments" | "parameters" => {
                if let Some((name, acts)) = self.name.take().filter(|(name, _)| at - name < OBJECT) {
                    self.hit(MIMICRY, if acts { Medium } else { Low }, name, end + 1);
                }
            }
            "role" if matches!(value.as_str(), "system" | "tool" | "developer") => self.hit(MIMICRY, Medium, at, colon),
            "role" if value == "assistant" => self.hit(MIMICRY, Low, at, colon),
            "type" if matches!(value.as_str(), "tool_use" | "tool_result" | "function_call") => self.hit(MIMICRY, Medium, at, colon),
            _ => {}
        }
    }

    /// The string that a key has, as far as it may be a name.
    fn value(&mut self, at: usize) -> String {
        let mut start = at;
        while start - at < 4 && self.ch(start) == ' ' {
            start += 1;
        }
        if self.ch(start) != '"' {
            return String::new();
        }
        self.name(start + 1, |ch| ch.is_alphanumeric() || matches!(ch, '_' | '-' | '.'));
        self.buffer.clone()
    }
}
