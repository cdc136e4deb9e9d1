//! The second pass, for a model with a small context: descriptions shrink until the block has its share.

use super::MAX_DESCRIPTION;
use super::catalog::{escape, shorten};
use crate::text;

/// The share of a context's tokens that the block may have in characters.
const SHARE: u64 = 5;
/// The length to which descriptions shrink even where that is not enough.
const MIN_DESCRIPTION: usize = 64;

const OPEN: &str = "<description>";
const CLOSE: &str = "</description>";

/// The block for a model that reads so many tokens. Names and locations stay, so it may be longer than its share.
pub fn fit_context(block: &str, tokens: u64) -> String {
    let target = usize::try_from(tokens / SHARE).unwrap_or(usize::MAX);
    if tokens == 0 || text::length(block) <= target {
        return block.to_owned();
    }
    let Some((before, list)) = block.find("<available_skills>").and_then(|start| block.split_at_checked(start)) else {
        return block.to_owned();
    };
    let fits = |text: &str| text::length(text) <= target;
    let mut best = render(before, list, MIN_DESCRIPTION);
    if fits(&best) {
        let (mut low, mut high) = (MIN_DESCRIPTION, MAX_DESCRIPTION);
        while low <= high {
            let middle = (low + high) / 2;
            let candidate = render(before, list, middle);
            if fits(&candidate) {
                best = candidate;
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
    }
    if text::length(&best) < text::length(block) { best } else { block.to_owned() }
}

/// Every value is escaped, so these words in angle brackets are only ever our own.
fn render(before: &str, list: &str, most: usize) -> String {
    let mut text = before.to_owned();
    let mut rest = list;
    while let Some((head, tail)) = rest.split_once(OPEN) {
        let Some((description, after)) = tail.split_once(CLOSE) else { break };
        text.push_str(head);
        text.push_str(OPEN);
        escape(&mut text, &shorten(&unescape(description), most));
        text.push_str(CLOSE);
        rest = after;
    }
    text.push_str(rest);
    text
}

fn unescape(value: &str) -> String {
    value.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'").replace("&amp;", "&")
}
