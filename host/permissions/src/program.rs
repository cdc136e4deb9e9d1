//! A program and its argv: tier 2 where the program is one of [`crate::inspect`]'s, by its plain name, with options
//! that are listed there and operands that hold nothing private. Everything else is tier 3, and is explained.

use serde_json::json;
use wirken_types::approval::Tier;

use crate::inspect::{self, Operands, Parsed};
use crate::judge::{Finding, Surroundings};
use crate::shown::{is_visible, quoted};
use crate::{launch, path};

/// Characters of a word in a reason.
pub(crate) const WORD_CHARS: usize = 80;

/// The folders of a system where a program is what its name says.
const SYSTEM_FOLDERS: &[&str] = &["/bin/", "/usr/bin/"];

pub(crate) fn judge(program: &str, arguments: &[String], surroundings: &Surroundings<'_>) -> Finding {
    match inspection(program, arguments, surroundings) {
        Ok(finding) => finding,
        Err(first) => {
            let mut reasons = vec![first];
            for reason in launch::explain(program, arguments).reasons {
                if !reasons.contains(&reason) {
                    reasons.push(reason);
                }
            }
            Finding::never(reasons)
        }
    }
}

/// Tier 2, or why not.
fn inspection(program: &str, arguments: &[String], surroundings: &Surroundings<'_>) -> Result<Finding, String> {
    let name = plain_name(program)?;
    let inspector = inspect::find(name).ok_or_else(|| "It is none of the programs that are known to read and show only.".to_owned())?;
    if let Some(argument) = arguments.iter().find(|argument| !is_visible(argument)) {
        return Err(format!("An argument holds characters that cannot be seen: {}.", quoted(argument, WORD_CHARS)));
    }
    if let Some(operator) = arguments.iter().find(|argument| is_shell_operator(argument)) {
        return Err(format!("No shell reads these arguments, and {} means something to a shell alone.", quoted(operator, WORD_CHARS)));
    }
    let parsed = inspector.parse(arguments).map_err(|word| {
        format!("{} is not among the options and arguments of {name} that are known to be harmless.", quoted(&word, WORD_CHARS))
    })?;
    let folders = operands(&parsed, surroundings)?;
    let key = json!(["exec", program, parsed.options, folders]).to_string();
    Ok(Finding { tier: Tier::Remembered, reasons: vec!["It reads and shows, and changes nothing.".to_owned()], key: Some(key) })
}

/// A program's bare name, where what was written is that, or that in a folder of the system.
fn plain_name(program: &str) -> Result<&str, String> {
    if program.is_empty() {
        return Err("It names no program.".to_owned());
    }
    if !is_visible(program) {
        return Err("The program's name holds characters that cannot be seen.".to_owned());
    }
    if !program.is_ascii() {
        return Err("The program's name holds characters that may look like others.".to_owned());
    }
    if program.contains(' ') {
        return Err("The program's name holds spaces: no program is called so, and no shell is here to take it apart.".to_owned());
    }
    if program.contains('=') {
        return Err("The program's name sets something for another program, as only a shell understands.".to_owned());
    }
    let name = SYSTEM_FOLDERS.iter().find_map(|folder| program.strip_prefix(folder)).unwrap_or(program);
    if name.contains('/') {
        return Err("The program is named by a path where it may be anything.".to_owned());
    }
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err("The program's name has capital letters: it is another one than that in small letters.".to_owned());
    }
    Ok(name)
}

/// What somebody writes who thinks that a shell reads it: an operator alone, or one that redirects with its file.
fn is_shell_operator(argument: &str) -> bool {
    let operator = |c: char| "|&;<>()`".contains(c);
    let rest = argument.trim_start_matches(|c: char| c.is_ascii_digit() || c == '&');
    rest.starts_with('>') || (argument.chars().any(operator) && argument.chars().all(|c| operator(c) || c.is_ascii_digit()))
}

/// What a key says of each operand that is a file: the folder that it is in, or itself where it may be a folder.
fn operands(parsed: &Parsed<'_>, surroundings: &Surroundings<'_>) -> Result<Vec<String>, String> {
    let mut keys = Vec::new();
    for &written in &parsed.files {
        if written.contains(['|', ';', '&', '$', '`', '<', '>']) {
            return Err(format!("No shell reads these arguments, and {} is written as if one did.", quoted(written, WORD_CHARS)));
        }
        let judged = path::judge(written, false, surroundings);
        if judged.tier == Tier::EveryTime {
            let reason = judged.reason.unwrap_or_default();
            return Err(format!("It reads {}. {reason}", quoted(written, WORD_CHARS)));
        }
        let whole = parsed.operands == Operands::Places
            || matches!(written.rsplit('/').next(), Some("" | "." | ".."))
            || judged.real == "/"
            || surroundings.workspace == Some(judged.real.as_str());
        keys.push(if whole { format!("at {}", judged.real) } else { format!("in {}", path::folder(&judged.real)) });
    }
    Ok(keys)
}
