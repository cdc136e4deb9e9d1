//! Programs that read and show, and the options with which they do no more than that.
//!
//! A program has options that nobody expects of it (`tree -o` writes, `date -s` sets the clock, `file -C` compiles), so
//! what is listed is what is allowed: an option that does not stand here, exactly and whole, is not harmless. Long
//! options are not completed from their beginning, although the programs themselves do that.

mod table;

pub(crate) use table::find;

/// What arguments that are no options are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operands {
    /// There are none.
    None,
    /// Text: no file is opened by that name.
    Text,
    /// Text from the first on, whatever it begins with.
    Words,
    /// Files that are read.
    Files,
    /// Files or folders, of which names, sizes or contents are shown.
    Places,
    /// A pattern, unless an option gave one, and then files.
    PatternThenFiles,
    /// A format behind a `+`. Anything else would set the clock.
    Format,
}

/// One program. Every short option is one character of one of these texts.
#[derive(Debug)]
pub(crate) struct Inspector {
    name: &'static str,
    operands: Operands,
    /// Short options without a value.
    flags: &'static str,
    /// With one, in the same argument or the next.
    values: &'static str,
    /// With one in the next argument.
    apart: &'static str,
    /// With one in the same argument, or none.
    perhaps: &'static str,
    /// With a file to read, in the same argument or the next.
    files: &'static str,
    long: &'static [&'static str],
    long_values: &'static [&'static str],
    long_perhaps: &'static [&'static str],
    long_files: &'static [&'static str],
    /// Short and long options that take the place of the pattern.
    patterns: &'static [&'static str],
    /// Whether `-5` is a number of lines.
    digits: bool,
}

/// An argv, taken apart.
#[derive(Debug)]
pub(crate) struct Parsed<'a> {
    /// As written and in their order, with their values.
    pub(crate) options: Vec<&'a str>,
    /// Whatever may be opened. `-`, which is the input, is not among them.
    pub(crate) files: Vec<&'a str>,
    pub(crate) operands: Operands,
}

/// Where an option's value is.
enum Value {
    None,
    Attached,
    Next,
}

impl Inspector {
    /// Takes the arguments apart, or names the one that is not known to be harmless.
    pub(crate) fn parse<'a>(&self, arguments: &'a [String]) -> Result<Parsed<'a>, String> {
        let mut parsed = Parsed { options: Vec::new(), files: Vec::new(), operands: self.operands };
        let mut operands: Vec<&'a str> = Vec::new();
        let mut pattern_given = false;
        let mut rest = arguments.iter().map(String::as_str);
        while let Some(argument) = rest.next() {
            if self.operands == Operands::Words && !self.is_words_option(argument, &operands) {
                operands.push(argument);
                continue;
            }
            if argument == "--" {
                parsed.options.push(argument);
                operands.extend(rest.by_ref());
                break;
            }
            if argument == "-" || !argument.starts_with('-') {
                operands.push(argument);
                continue;
            }
            let option = self.option(argument).ok_or_else(|| argument.to_owned())?;
            parsed.options.push(argument);
            pattern_given |= option.is_pattern;
            let value = match option.value {
                Value::None => None,
                Value::Attached => option.attached,
                // Some read on for options behind the first operand, and some take all that follows for operands: a
                // value that the one skips is a file that the other opens.
                Value::Next if !operands.is_empty() => return Err(argument.to_owned()),
                Value::Next => {
                    let next = rest.next().ok_or_else(|| argument.to_owned())?;
                    parsed.options.push(next);
                    Some(next)
                }
            };
            if let Some(value) = value.filter(|value| option.is_file && *value != "-") {
                parsed.files.push(value);
            }
        }
        self.take(&operands, pattern_given, &mut parsed)?;
        Ok(parsed)
    }

    /// `echo` takes an argument for an option only in front of the first word, and only where all of it is known.
    fn is_words_option(&self, argument: &str, operands: &[&str]) -> bool {
        let flags = argument.strip_prefix('-').unwrap_or_default();
        operands.is_empty() && !flags.is_empty() && flags.chars().all(|c| self.flags.contains(c))
    }

    fn take<'a>(&self, operands: &[&'a str], pattern_given: bool, parsed: &mut Parsed<'a>) -> Result<(), String> {
        let files = match self.operands {
            Operands::None => match operands.first() {
                Some(first) => return Err((*first).to_owned()),
                None => &[],
            },
            Operands::Text | Operands::Words => &[],
            Operands::Files | Operands::Places => operands,
            Operands::PatternThenFiles if pattern_given => operands,
            Operands::PatternThenFiles => operands.get(1..).unwrap_or_default(),
            Operands::Format => match operands.iter().find(|operand| !operand.starts_with('+')) {
                Some(setting) => return Err((*setting).to_owned()),
                None => &[],
            },
        };
        parsed.files.extend(files.iter().filter(|file| **file != "-"));
        Ok(())
    }

    fn option<'a>(&self, argument: &'a str) -> Option<Found<'a>> {
        match argument.strip_prefix("--") {
            Some(long) => self.long_option(long),
            None => self.short_options(argument.strip_prefix('-')?),
        }
    }

    fn long_option<'a>(&self, long: &'a str) -> Option<Found<'a>> {
        let (name, attached) = match long.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (long, None),
        };
        let is_file = self.long_files.contains(&name);
        let value = if is_file || self.long_values.contains(&name) {
            if attached.is_some() { Value::Attached } else { Value::Next }
        } else if self.long_perhaps.contains(&name) {
            if attached.is_some() { Value::Attached } else { Value::None }
        } else if self.long.contains(&name) && attached.is_none() {
            Value::None
        } else {
            return None;
        };
        Some(Found { value, attached, is_file, is_pattern: self.patterns.contains(&name) })
    }

    /// Several in one argument: all but the last take no value.
    fn short_options<'a>(&self, bundle: &'a str) -> Option<Found<'a>> {
        if self.digits && !bundle.is_empty() && bundle.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Found { value: Value::None, attached: None, is_file: false, is_pattern: false });
        }
        for (at, c) in bundle.char_indices() {
            if self.flags.contains(c) {
                continue;
            }
            let rest = bundle.get(at + c.len_utf8()..).unwrap_or_default();
            let is_file = self.files.contains(c);
            let value = match () {
                () if (is_file || self.values.contains(c)) && rest.is_empty() => Value::Next,
                () if is_file || self.values.contains(c) => Value::Attached,
                () if self.apart.contains(c) && rest.is_empty() => Value::Next,
                () if self.perhaps.contains(c) => Value::Attached,
                () => return None,
            };
            let is_pattern = self.patterns.iter().any(|name| name.len() == 1 && name.contains(c));
            return Some(Found { value, attached: Some(rest), is_file, is_pattern });
        }
        Some(Found { value: Value::None, attached: None, is_file: false, is_pattern: false })
    }
}

struct Found<'a> {
    value: Value,
    attached: Option<&'a str>,
    is_file: bool,
    is_pattern: bool,
}

#[cfg(test)]
mod tests;
