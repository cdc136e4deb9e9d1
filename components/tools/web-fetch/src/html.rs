//! HTML as a person would read it, in time that grows with the length of the page and nothing else.
//!
//! Tokens are those of the HTML standard. There is no tree: a stack of open elements is enough to know what is hidden and
//! how text is laid out, and no page can make it expensive by nesting or by leaving elements open. Where a page is so
//! broken that the standard moves its parts around, what is hidden stays hidden here.

mod elements;
mod entities;
mod open;
mod reader;
mod style;
mod tokens;
mod writer;

use wirken_guest_http::Target;

/// The text of a page, its links resolved against where it came from.
pub(crate) fn readable(html: &str, base: &Target) -> String {
    reader::read(html, base)
}

#[cfg(test)]
mod tests;
