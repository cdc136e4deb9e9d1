//! What is said about the results of tools.

use super::{ToolResult, cut};

/// The most that is shown of one result, in characters.
const SHOWN_CHARS: usize = 4_000;

pub(super) fn summary(results: &[ToolResult]) -> String {
    let told: Vec<String> = results.iter().map(one).collect();
    if told.is_empty() { "The tools answered nothing.".to_owned() } else { told.join("\n\n") }
}

fn one(result: &ToolResult) -> String {
    let text = result.text.trim_end();
    if result.is_error {
        return format!("That did not work. `{}` says:\n\n{}", result.name, block(text));
    }
    if text.is_empty() {
        return format!("`{}` is done, and had nothing to say.", result.name);
    }
    let lines = text.lines().count();
    match result.name.as_str() {
        "files_list" => format!("This is in the workspace:\n\n{}", block(text)),
        "files_read" => format!("Here it is, {lines} {}:\n\n{}", if lines == 1 { "line" } else { "lines" }, block(text)),
        "files_search" => format!("This is what I found:\n\n{}", block(text)),
        "files_write" | "files_edit" => format!("Done. {text}"),
        name => format!("`{name}` answers:\n\n{}", block(text)),
    }
}

/// A block of code, fenced by more backticks than it holds in a row.
fn block(text: &str) -> String {
    let text = cut(text, SHOWN_CHARS);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}\n{text}\n{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(name: &str, text: &str, is_error: bool) -> ToolResult {
        ToolResult { name: name.into(), text: text.into(), is_error }
    }

    #[test]
    fn says_what_came_of_each_call() {
        let told = summary(&[result("files_list", "a.txt\n", false), result("files_read", "denied: no", true)]);
        assert_eq!(told, "This is in the workspace:\n\n```\na.txt\n```\n\nThat did not work. `files_read` says:\n\n```\ndenied: no\n```");
        assert_eq!(summary(&[]), "The tools answered nothing.");
    }

    #[test]
    fn a_result_cannot_end_the_block_that_shows_it() {
        assert_eq!(block("a ```` b"), "`````\na ```` b\n`````");
    }

    #[test]
    fn cuts_a_long_result() {
        let told = summary(&[result("x", &"ü".repeat(SHOWN_CHARS + 1), false)]);
        assert!(told.chars().count() < SHOWN_CHARS + 40 && told.contains("ü…"));
    }
}
