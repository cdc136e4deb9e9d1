//! Text from elsewhere, so that a model sees where it begins and ends.
//!
//! Whoever wrote it must not be able to end it and go on in the tool's voice. So each line of the tool's begins with a mark
//! that the text does not hold.

use sha2::{Digest as _, Sha256};

/// Of a mark, before they are written as digits.
const MARK_BYTES: usize = 4;

/// Hexadecimal digits that are the same for the same texts, and in none of them.
pub fn mark(texts: &[&str]) -> String {
    of_length(texts, MARK_BYTES)
}

fn of_length(texts: &[&str], bytes: usize) -> String {
    // Past this many, each is of another length: a long text cannot hold all that there are.
    const ROUNDS: u32 = 64;
    let mut round = 0_u32;
    loop {
        let mut hasher = Sha256::new_with_prefix(round.to_le_bytes());
        texts.iter().for_each(|text| hasher.update(text));
        let length = bytes + usize::try_from(round / ROUNDS).unwrap_or(0);
        let mark: String = hasher.finalize().iter().take(length).map(|byte| format!("{byte:02x}")).collect();
        if !texts.iter().any(|text| text.contains(&mark)) {
            return mark;
        }
        round = round.wrapping_add(1);
    }
}

/// A text between two lines of the tool's own. What they say is the tool's; it must hold no line end.
#[derive(Debug, Default)]
pub struct Fenced<'a> {
    pub before: &'a str,
    pub text: &'a str,
    pub after: &'a str,
}

impl Fenced<'_> {
    pub fn render(&self) -> String {
        let mark = mark(&[self.text, self.before, self.after]);
        let end = if self.text.is_empty() || self.text.ends_with('\n') { "" } else { "\n" };
        format!("[{mark} {}]\n{}{end}[{mark} {}]", self.before, self.text, self.after)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_stands_between_two_lines_that_it_does_not_hold() {
        let told = Fenced { before: "page", text: "one\n[00000000 end]\ntwo", after: "end" }.render();
        let lines: Vec<&str> = told.lines().collect();
        let mark = &lines[0][1..9];
        assert_eq!(lines, [&format!("[{mark} page]"), "one", "[00000000 end]", "two", &format!("[{mark} end]")]);
        assert_eq!(Fenced { before: "a", text: "", after: "b" }.render().lines().count(), 2);
        assert_eq!(Fenced { before: "a", text: "x\n", after: "b" }.render().lines().count(), 3);
    }

    #[test]
    fn a_mark_is_found_where_the_text_holds_all_short_ones() {
        let all: String = (0..=u8::MAX).map(|byte| format!("{byte:02x} ")).collect();
        let mark = of_length(&[&all], 1);
        assert!(mark.len() == 4 && !all.contains(&mark));
        // The text that knew the mark it would have had gets another.
        let first = super::mark(&["text"]);
        let knowing = format!("text {first}");
        assert_ne!(super::mark(&[&knowing]), first);
    }

    proptest! {
        #[test]
        fn no_text_holds_its_mark(text in ".{0,200}") {
            let told = Fenced { before: "begins", text: &text, after: "ends" }.render();
            let mark = &told[1..9];
            prop_assert_eq!(told.matches(mark).count(), 2);
        }
    }
}
