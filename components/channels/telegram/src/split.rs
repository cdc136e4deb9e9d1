//! Cuts a text into messages: at the end of a paragraph where one is near, else of a line, else of a word.

use crate::entity::{Entity, Formatted, is_visible};

/// Of one message, in UTF-16 code units. Telegram's limit.
pub const MAX_UNITS: usize = 4096;

/// Of one message. Telegram ignores those beyond.
pub const MAX_ENTITIES: usize = 100;

/// How far back, in characters, a cut moves to leave what is drawn as one in one piece.
const CLUSTER_CHARACTERS: usize = 64;

/// The parts, in order. Each is something to see; white space where it was cut is gone.
pub fn split(whole: &Formatted) -> Vec<Formatted> {
    let mut parts = Vec::new();
    let mut rest = whole.text.as_str();
    // Of `rest`, in units.
    let mut offset = 0;
    while !rest.is_empty() {
        let cut = cut(rest);
        let (piece, after) = rest.split_at_checked(cut).unwrap_or((rest, ""));
        let text = if after.is_empty() { piece } else { piece.trim_end() };
        if is_visible(text) {
            parts.push(Formatted { text: text.to_owned(), entities: clipped(&whole.entities, offset, crate::entity::units(text)) });
        }
        let next = skip(piece, after);
        offset += crate::entity::units(rest.get(..rest.len() - next.len()).unwrap_or_default());
        rest = next;
    }
    parts
}

/// What follows a cut, without the white space that separated it. The indentation of a line stays.
fn skip<'a>(piece: &str, after: &'a str) -> &'a str {
    let line = piece.ends_with('\n') || after.starts_with('\n');
    let mut rest = after;
    while let Some((_, next)) = rest.split_once('\n').filter(|(blank, _)| blank.trim().is_empty()) {
        rest = next;
    }
    // Spaces at a cut between words separate; those after a line's end indent.
    if line || rest.len() < after.len() { rest } else { rest.trim_start() }
}

/// How many bytes the next part takes; more than none of a text that is not empty.
fn cut(text: &str) -> usize {
    let mut at = 0;
    let mut end = text.len();
    let mut half = 0;
    for (byte, character) in text.char_indices() {
        at += character.len_utf16();
        if at > MAX_UNITS {
            end = byte;
            break;
        }
        if at <= MAX_UNITS / 2 {
            half = byte + character.len_utf8();
        }
    }
    let Some((window, after)) = text.split_at_checked(end).filter(|(_, after)| !after.is_empty()) else { return text.len() };
    // A separator may follow at once.
    let starts = |separator: &str| after.starts_with(separator).then_some(end);
    let last = |separator: &str| starts(separator).or_else(|| window.rfind(separator)).filter(|at| *at > half);
    let word = || {
        let at_once = after.starts_with(char::is_whitespace).then_some(end);
        at_once.or_else(|| window.rfind(char::is_whitespace)).filter(|at| is_visible(window.get(..*at).unwrap_or_default()))
    };
    last("\n\n").or_else(|| last("\n")).or_else(word).unwrap_or_else(|| cluster(text, end))
}

/// The nearest place at or before `end` where nothing that is drawn as one is cut.
fn cluster(text: &str, end: usize) -> usize {
    let mut next = text.get(end..).and_then(|after| after.chars().next());
    let mut at = end;
    for character in text.get(..end).unwrap_or_default().chars().rev().take(CLUSTER_CHARACTERS) {
        if !next.is_some_and(|next| joins(character, next)) {
            return at;
        }
        next = Some(character);
        at -= character.len_utf8();
        if at == 0 {
            break;
        }
    }
    end
}

/// Whether two characters are, most likely, drawn as one.
fn joins(before: char, after: char) -> bool {
    let flag = |character| matches!(character, '\u{1f1e6}'..='\u{1f1ff}');
    before == '\u{200d}' || (flag(before) && flag(after)) || continues(after)
}

/// Joiners, accents, vowel signs, selectors of variants, tones of skin and tags: they belong to what is before them.
fn continues(character: char) -> bool {
    matches!(
        character,
        '\u{200d}'
            | '\u{300}'..='\u{36f}'
            | '\u{483}'..='\u{489}'
            | '\u{591}'..='\u{5bd}'
            | '\u{610}'..='\u{61a}'
            | '\u{64b}'..='\u{65f}'
            | '\u{93a}'..='\u{94f}'
            | '\u{e31}'..='\u{e3a}'
            | '\u{1ab0}'..='\u{1aff}'
            | '\u{1dc0}'..='\u{1dff}'
            | '\u{20d0}'..='\u{20ff}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{fe20}'..='\u{fe2f}'
            | '\u{1f3fb}'..='\u{1f3ff}'
            | '\u{e0020}'..='\u{e007f}'
    )
}

/// The entities of a part that begins at a unit and has so many.
fn clipped(entities: &[Entity], begin: usize, length: usize) -> Vec<Entity> {
    let end = begin.saturating_add(length);
    let inside = |entity: &Entity| {
        let (from, to) = (entity.offset.max(begin), entity.end().min(end));
        (from < to).then(|| Entity { kind: entity.kind.clone(), offset: from - begin, length: to - from })
    };
    entities.iter().filter_map(inside).take(MAX_ENTITIES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::{Kind, units};

    fn texts(text: &str) -> Vec<String> {
        split(&Formatted::plain(text)).into_iter().map(|part| part.text).collect()
    }

    #[test]
    fn takes_what_fits_as_one_part() {
        assert_eq!(texts(&"x".repeat(MAX_UNITS)), ["x".repeat(MAX_UNITS)]);
        assert_eq!(texts(&"x".repeat(MAX_UNITS + 1)), ["x".repeat(MAX_UNITS), "x".into()]);
        let rockets = "🚀".repeat(MAX_UNITS / 2);
        assert_eq!(texts(&rockets), [rockets.as_str()]);
        assert_eq!(texts(&format!("{rockets}x")), [rockets.clone(), "x".into()]);
        assert_eq!(texts(&format!("x{rockets}")), [format!("x{}", "🚀".repeat(MAX_UNITS / 2 - 1)), "🚀".into()], "no half a character");
        assert!(texts("").is_empty() && texts(&" ".repeat(9_000)).is_empty());
    }

    #[test]
    fn prefers_paragraphs_to_lines_to_words() {
        let (long, short) = ("a".repeat(3_000), "b".repeat(900));
        assert_eq!(texts(&format!("{long}\n\n{short}\n{short}")), [long.clone(), format!("{short}\n{short}")]);
        assert_eq!(texts(&format!("{long}\n{short} {short}")), [long.clone(), format!("{short} {short}")]);
        assert_eq!(texts(&format!("{long} {short} {short}")), [format!("{long} {short}"), short.clone()]);
        assert_eq!(
            texts(&format!("{short}\n\n{long}{long}")),
            [short.clone(), "a".repeat(4_096), "a".repeat(1_904)],
            "a small paragraph goes by its word"
        );
        assert_eq!(
            texts(&format!("{}\n\nb", "a".repeat(MAX_UNITS))),
            ["a".repeat(MAX_UNITS), "b".into()],
            "the separator itself needs no room"
        );
        assert_eq!(texts(&format!("{long}\n\n\n    {short}{short}")), [long, format!("    {short}{short}")], "indentation stays");
    }

    #[test]
    fn leaves_what_is_drawn_as_one_in_one_piece() {
        let astronaut = "👩🏽‍🚀";
        let parts = texts(&astronaut.repeat(MAX_UNITS));
        assert!(parts.iter().all(|part| part.starts_with('👩') && part.ends_with('🚀') && units(part) <= MAX_UNITS));
        let endless = format!("a{}", "\u{301}".repeat(9_000));
        assert_eq!(texts(&endless).concat(), endless, "what never ends is cut all the same");
    }

    #[test]
    fn clips_entities_to_their_part() {
        let mut whole = Formatted::default();
        whole.push(&"a".repeat(3_000), None);
        whole.push(&format!(" {} {}", "🚀".repeat(500), "b".repeat(500)), Some(Kind::Bold));
        let parts = split(&whole);
        let spans: Vec<_> =
            parts.iter().map(|part| part.entities.iter().map(|entity| (entity.offset, entity.length)).collect::<Vec<_>>()).collect();
        assert_eq!(spans, [vec![(3_000, 1_001)], vec![(0, 500)]]);
    }

    #[test]
    fn drops_entities_that_telegram_would_ignore() {
        let mut whole = Formatted::default();
        for _ in 0..MAX_ENTITIES {
            whole.push("a", Some(Kind::Bold));
        }
        assert_eq!(split(&whole)[0].entities.len(), MAX_ENTITIES);
        whole.push("a", Some(Kind::Bold));
        assert_eq!(split(&whole)[0].entities.len(), MAX_ENTITIES);
    }
}
