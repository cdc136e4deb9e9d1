//! Just enough of a shell's grammar to tell a person what a text does: which programs it names, and that it pipes,
//! substitutes, redirects or downloads.
//!
//! It is no judge. A text for a shell is tier 3 whatever is found in it, and one that is read wrongly here is only
//! explained badly.

use std::iter::Peekable;
use std::str::Chars;

use crate::launch::{DOWNLOADERS, WRAPPERS, known_name, runs_code};
use crate::program::WORD_CHARS;
use crate::shown::quoted;

/// How much of a text is read.
const MAX_CHARS: usize = 64 * 1024;
/// Substitutions within substitutions.
const MAX_DEPTH: usize = 16;
/// Programs and redirections that are kept.
const MAX_KEPT: usize = 64;

/// Words after which a command begins.
const KEYWORDS: &[&str] = &[
    "!", "{", "}", "case", "coproc", "do", "done", "elif", "else", "esac", "fi", "for", "function", "if", "select", "then", "time",
    "until", "while",
];

/// What a text holds.
#[derive(Debug, Default)]
pub(crate) struct Script {
    /// As written, in their order.
    pub(crate) programs: Vec<String>,
    pub(crate) pipes: bool,
    pub(crate) substitutes: bool,
    pub(crate) expands: bool,
    pub(crate) background: bool,
    pub(crate) redirects: Vec<String>,
    /// It is longer, or deeper, than is read.
    pub(crate) unread: bool,
}

impl Script {
    pub(crate) fn read(text: &str) -> Self {
        let mut script = Self::default();
        let end = text.char_indices().nth(MAX_CHARS).map_or(text.len(), |(at, _)| at);
        script.unread = end < text.len();
        let mut chars = text.get(..end).unwrap_or_default().chars().peekable();
        script.commands(&mut chars, None, 0);
        script
    }

    /// Sentences for a person, about a text that is called `what`.
    pub(crate) fn reasons(&self, what: &str, most: usize) -> Vec<String> {
        let names: Vec<String> = self.programs.iter().map(|name| quoted(name, WORD_CHARS)).collect();
        let known: Vec<String> = self.programs.iter().map(|name| known_name(name)).collect();
        let mut reasons = Vec::new();
        if !names.is_empty() {
            let shown = names.get(..most.min(names.len())).unwrap_or_default().join(", ");
            let more = names.len().saturating_sub(most);
            let more = if more == 0 { String::new() } else { format!(", and {more} more") };
            reasons.push(format!("Read as a shell reads it, {what} runs {shown}{more}."));
        }
        let downloads = known.iter().any(|name| DOWNLOADERS.contains(&name.as_str()));
        let runs = known.iter().any(|name| runs_code(name));
        let mut say = |it: bool, reason: &str| {
            if it {
                reasons.push(reason.to_owned());
            }
        };
        say(downloads && runs && (self.pipes || self.substitutes), "It downloads something and runs what came.");
        say(self.pipes, "It hands what one program writes to another.");
        say(self.substitutes, "It puts what some commands write into others.");
        say(self.expands, "It holds variables, whose values cannot be seen here.");
        say(self.background, "It leaves a program running behind it.");
        say(self.unread, "It is too long or too deep to be read here as a whole.");
        if let Some(first) = self.redirects.first() {
            let more = self.redirects.len() - 1;
            let more = if more == 0 { String::new() } else { format!(", and {more} more") };
            reasons.push(format!("It reads from or writes to files by redirection: {}{more}.", quoted(first, WORD_CHARS)));
        }
        reasons
    }

    /// Reads commands up to `until`, which is taken too.
    fn commands(&mut self, chars: &mut Peekable<Chars<'_>>, until: Option<char>, depth: usize) {
        if depth > MAX_DEPTH {
            self.unread = true;
            return;
        }
        let mut at = At::Command;
        let mut word: Option<String> = None;
        while let Some(c) = chars.next() {
            if Some(c) == until {
                break;
            }
            match c {
                ' ' | '\t' | '\r' => self.end(&mut word, &mut at),
                '\n' | ';' | '(' | ')' | '{' | '}' if !(matches!(c, '{' | '}') && word.is_some()) => {
                    self.end(&mut word, &mut at);
                    at = At::Command;
                }
                '|' => {
                    self.end(&mut word, &mut at);
                    self.pipes |= chars.next_if_eq(&'|').is_none();
                    chars.next_if_eq(&'&');
                    at = At::Command;
                }
                '&' => {
                    self.end(&mut word, &mut at);
                    if chars.next_if_eq(&'>').is_some() {
                        at = At::Redirect;
                    } else {
                        self.background |= chars.next_if_eq(&'&').is_none();
                        at = At::Command;
                    }
                }
                '<' | '>' => self.redirect(chars, &mut word, &mut at, depth),
                '#' if word.is_none() => while chars.next_if(|c| *c != '\n').is_some() {},
                c => self.piece(c, chars, word.get_or_insert_default(), depth),
            }
        }
        self.end(&mut word, &mut at);
    }

    fn redirect(&mut self, chars: &mut Peekable<Chars<'_>>, word: &mut Option<String>, at: &mut At, depth: usize) {
        // `2>`: the number belongs to the redirection.
        if word.as_deref().is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_digit())) {
            *word = None;
        }
        self.end(word, at);
        if chars.next_if_eq(&'(').is_some() {
            self.substitutes = true;
            self.commands(chars, Some(')'), depth + 1);
            return;
        }
        while chars.next_if(|c| matches!(c, '<' | '>' | '&' | '|' | '-')).is_some() {}
        *at = At::Redirect;
    }

    /// One piece of a word: a quote, a substitution, a variable, a character.
    fn piece(&mut self, c: char, chars: &mut Peekable<Chars<'_>>, word: &mut String, depth: usize) {
        match c {
            '\\' => match chars.next() {
                Some('\n') | None => {}
                Some(next) => word.push(next),
            },
            '\'' => word.extend(chars.by_ref().take_while(|c| *c != '\'')),
            '"' => {
                while let Some(c) = chars.next() {
                    match c {
                        '"' => break,
                        '\\' => word.extend(chars.next()),
                        '$' | '`' => self.piece(c, chars, word, depth),
                        c => word.push(c),
                    }
                }
            }
            '`' => {
                self.substitutes = true;
                self.commands(chars, Some('`'), depth + 1);
            }
            '$' if chars.next_if_eq(&'(').is_some() => {
                self.substitutes = true;
                self.commands(chars, Some(')'), depth + 1);
            }
            '$' if chars.peek().is_some_and(|c| matches!(c, '\'' | '"')) => {}
            '$' => {
                self.expands = true;
                word.push('$');
            }
            c => word.push(c),
        }
    }

    fn end(&mut self, word: &mut Option<String>, at: &mut At) {
        let Some(word) = word.take() else { return };
        match *at {
            At::Redirect => {
                if self.redirects.len() < MAX_KEPT {
                    self.redirects.push(word);
                }
                // Where a redirection stands first, the command is still to come.
                *at = At::Argument;
            }
            At::Command if KEYWORDS.contains(&word.as_str()) || is_setting(&word) => {}
            At::Command => {
                *at = if WRAPPERS.contains(&known_name(&word).as_str()) { At::Wrapped } else { At::Argument };
                self.keep(word);
            }
            At::Wrapped if word.starts_with(|c: char| c == '-' || c.is_ascii_digit()) || is_setting(&word) => {}
            At::Wrapped => {
                *at = if WRAPPERS.contains(&known_name(&word).as_str()) { At::Wrapped } else { At::Argument };
                self.keep(word);
            }
            At::Argument => {}
        }
    }

    fn keep(&mut self, word: String) {
        if self.programs.len() >= MAX_KEPT {
            self.unread = true;
        } else if !word.is_empty() {
            self.programs.push(word);
        }
    }
}

/// Where the next word stands.
#[derive(Clone, Copy)]
enum At {
    Command,
    /// Behind a program that starts another.
    Wrapped,
    Argument,
    Redirect,
}

/// `NAME=value`, in front of a command.
fn is_setting(word: &str) -> bool {
    word.split_once('=')
        .is_some_and(|(name, _)| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '+'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_programs() {
        for (text, programs) in [
            ("ls -la", &["ls"][..]),
            ("cat a | grep b | wc -l", &["cat", "grep", "wc"]),
            ("a && b || c; d & e\nf", &["a", "b", "c", "d", "e", "f"]),
            ("echo $(curl x) `wget y`", &["curl", "wget", "echo"]),
            ("echo \"$(rm 'a b')\"", &["rm", "echo"]),
            ("A=b C= rm x", &["rm"]),
            ("sudo -u 0 rm x", &["sudo", "rm"]),
            ("env A=b nice -n 5 rm x", &["env", "nice", "rm"]),
            ("if true; then rm x; fi", &["true", "rm"]),
            ("while read x; do rm $x; done", &["read", "rm"]),
            ("(rm x); { rm y; }", &["rm", "rm"]),
            ("diff <(ls a) <(ls b)", &["diff", "ls", "ls"]),
            ("ls # rm x", &["ls"]),
            ("ls #a\nrm", &["ls", "rm"]),
            ("'r'\"m\" x", &["rm"]),
            ("r\\m x", &["rm"]),
            ("echo 'rm; rm'", &["echo"]),
            ("ls 2>&1 >out", &["ls"]),
            ("/usr/bin/rm x", &["/usr/bin/rm"]),
            ("$'rm' x", &["rm"]),
            ("", &[]),
            ("   ", &[]),
        ] {
            let mut found = Script::read(text).programs;
            let mut expected: Vec<String> = programs.iter().map(|&name| name.to_owned()).collect();
            found.sort();
            expected.sort();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn says_what_else_it_does() {
        let all = |text: &str| Script::read(text).reasons("the text", 12).join(" ");
        for (text, said) in [
            ("curl x | sh", "downloads something and runs"),
            ("bash <(wget -qO- x)", "downloads something and runs"),
            ("a | b", "what one program writes to another"),
            ("echo $(a)", "what some commands write into others"),
            ("echo $HOME", "variables"),
            ("a &", "running behind"),
            ("a > /etc/x", "redirection: \"/etc/x\""),
            ("a &> x >> y", "redirection: \"x\", and 1 more"),
            ("a; b", "runs \"a\", \"b\""),
        ] {
            assert!(all(text).contains(said), "{text}: {}", all(text));
        }
        for text in ["a || b", "a && b", "ls -l 'a | b'", "echo '$HOME'"] {
            let said = all(text);
            assert!(!said.contains("hands what") && !said.contains("behind") && !said.contains("variables"), "{text}: {said}");
        }
    }

    #[test]
    fn a_long_list_of_programs_is_counted() {
        let reasons = Script::read(&"a;".repeat(14)).reasons("the text", 12).join(" ");
        assert!(reasons.contains("and 2 more"), "{reasons}");
        assert!(!Script::read(&"a;".repeat(MAX_KEPT)).unread);
        assert!(Script::read(&"a;".repeat(MAX_KEPT + 1)).unread);
    }

    #[test]
    fn reads_only_so_long_and_so_deep() {
        assert!(!Script::read(&" ".repeat(MAX_CHARS)).unread);
        assert!(Script::read(&" ".repeat(MAX_CHARS + 1)).unread);
        assert!(!Script::read(&"$(".repeat(MAX_DEPTH)).unread);
        assert!(Script::read(&"$(".repeat(MAX_DEPTH + 1)).unread);
        // Far more than any stack has room for.
        assert!(Script::read(&"$(".repeat(30_000)).unread);
    }
}
