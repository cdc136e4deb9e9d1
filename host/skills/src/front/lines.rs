//! Front matter line by line: what is read of one that is no YAML, and what makes YAML of one that nearly is.

use std::collections::BTreeMap;

use crate::text;

/// Each line `name: value`, and under a name without a value the indented lines that follow.
pub(super) fn read(front: &str) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    let mut lines = front.split('\n').peekable();
    while let Some(line) = lines.next() {
        let Some((name, rest)) = named(line) else { continue };
        let value = text::trim(rest);
        let value = if value.is_empty() && lines.peek().is_some_and(|next| next.starts_with([' ', '\t'])) {
            let mut block = String::new();
            while let Some(next) = lines.next_if(|next| next.is_empty() || next.starts_with([' ', '\t'])) {
                block.push_str(next);
                block.push('\n');
            }
            text::trim(&block).to_owned()
        } else {
            unquoted(value).to_owned()
        };
        if !value.is_empty() {
            values.insert(name.to_owned(), value);
        }
    }
    values
}

/// The name and what follows its colon.
fn named(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.split_once(':')?;
    let word = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    word.then_some((name, rest))
}

fn unquoted(value: &str) -> &str {
    let inner = |quote| value.strip_prefix(quote).and_then(|rest: &str| rest.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(value)
}

/// Indents a list or map in brackets that begins at the margin below its name, which YAML does not take there.
pub(super) fn indent_flows(front: &str) -> String {
    let mut indented = String::with_capacity(front.len());
    let mut lines = front.split('\n').peekable();
    while let Some(line) = lines.next() {
        push_line(&mut indented, "", line);
        if !named(line).is_some_and(|(_, rest)| text::trim(rest).is_empty()) {
            continue;
        }
        if !lines.peek().is_some_and(|next| next.starts_with(['[', '{'])) {
            continue;
        }
        let mut balance = 0;
        for next in lines.by_ref() {
            push_line(&mut indented, "  ", next);
            balance += opened(next);
            if balance <= 0 {
                break;
            }
        }
    }
    indented.pop();
    indented
}

fn push_line(into: &mut String, before: &str, line: &str) {
    into.push_str(before);
    into.push_str(line);
    into.push('\n');
}

/// How many more brackets a line opens than it closes, those in quotes left out.
fn opened(line: &str) -> i64 {
    let mut balance = 0;
    let mut quote = None;
    let mut escaped = false;
    for c in line.chars() {
        match (escaped, quote) {
            (true, _) => escaped = false,
            (_, Some(_)) if c == '\\' => escaped = true,
            (_, Some(open)) if c == open => quote = None,
            (_, Some(_)) => {}
            (_, None) => match c {
                '"' | '\'' => quote = Some(c),
                '{' | '[' => balance += 1,
                '}' | ']' => balance -= 1,
                _ => {}
            },
        }
    }
    balance
}

/// Puts the description in quotes, so that a colon in it is no second name. None where there is nothing to put.
pub(super) fn quote_description(front: &str) -> Option<String> {
    let mut found = false;
    let lines: Vec<_> = front
        .split('\n')
        .map(|line| {
            let value = ["description:", "\"description\":", "'description':"].iter().find_map(|name| line.strip_prefix(name));
            let value = value.map(text::trim).filter(|value| !found && !value.is_empty() && !is_block_header(value));
            match value {
                Some(value) => {
                    found = true;
                    std::borrow::Cow::Owned(format!("description: {}", text::quote(unquoted(value))))
                }
                None => std::borrow::Cow::Borrowed(line),
            }
        })
        .collect();
    found.then(|| lines.join("\n"))
}

/// `|`, `>` and their indicators: the text is in the lines that follow.
fn is_block_header(value: &str) -> bool {
    let Some(indicators) = value.strip_prefix(['|', '>']) else { return false };
    let sign = |byte: &u8| matches!(byte, b'+' | b'-');
    let digit = |byte: &u8| (b'1'..=b'9').contains(byte);
    match indicators.as_bytes() {
        [] => true,
        [one] => sign(one) || digit(one),
        [one, two] => (sign(one) && digit(two)) || (digit(one) && sign(two)),
        _ => false,
    }
}
