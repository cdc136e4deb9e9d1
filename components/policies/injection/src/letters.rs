//! How a letter looks, whatever its code point: the tables behind `fold`.

/// U+00C0 to U+024F without their marks; `.` where there is no one Latin letter.
const LATIN: &[u8] =
    b"aaaaaa.ceeeeiiiidnooooo.ouuuuy..aaaaaa.ceeeeiiiidnooooo.ouuuuy.yaaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii..jjkkkl\
lllllllllnnnnnnnnnoooooo..rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzsb........d....eeeff....i..l.....oo.............uu....zz........\
..............aaiioouuuuuuuuuueaaaa....ggkkoooo..j...gg..nnaa....aaaaeeeeiiiioooorrrruuuusstt..hh......aaeeooooooooyy......acclt....\
bu.eejj..rryy";

/// U+1E00 to U+1EFF in the same way.
const LATIN_MORE: &[u8] =
    b"aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmmmmmmnnnnnnnnoooooooopppprrrrrrrrssssssssssttttttttuuuu\
uuuuuuvvvvwwwwwwwwwwxxxxyyzzzzzzhtwy.s....aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeeeeeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy.\
.....";

/// U+2100 to U+214F.
const LETTERLIKE: &[u8] = b"..c.......ghhhh.iill.n...pqrrr......z...z.kabc.eef.mo....i...........ddeij......";

/// Small, raised and lowered letters, each before the letter that it is read as.
const SMALL: &str = "ªaºoˡlˢsˣxⅠiⅤvⅩxⅬlⅭcⅮdⅯmⅰiⅴvⅹxⅼlⅽcⅾdⅿmⱼjⱽv\u{209d}w\u{209e}y\u{209f}z🄫c🄬rɑaɡgɢgɩiɪiɴnʀrʏyʙbʜhʟlʰhʲjʳrʷwʸyᴀaᴄcᴅdᴇeᴊjᴋkᴍmᴏoᴘpᴛtᴜuᴠvᴡwᴢzᴬaᴮbᴰdᴱeᴳgᴴhᴵiᴶjᴷkᴸlᴹmᴺnᴼoᴾpᴿrᵀtᵁuᵂwᵃaᵇbᵈdᵉeᵍgᵏkᵐmᵒoᵖpᵗtᵘuᵛv\
ᵢiᵣrᵤuᵥvᶜcᶠfᶻzⁱiⁿnₐaₑeₒoₓxₕhₖkₗlₘmₙnₚpₛsₜtꜰfꜱs";

/// Letters of other alphabets that are drawn as a Latin one.
const ALIKE: &str = "аaвbеeкkмmнhоoрpсcтtуyхxіiјjѕsԁdһhԛqԝwԍgӏlґrѵvԉhαaοoρpνvιiκkτtυuηnχxγyωwσoεeՏsհhոnսuօoԛqᎪaᎬeᎢtᎥiꮪsꭰdꮃwоo";

/// U+FF66 to U+FF9D at their usual width.
const KATAKANA: &str = "ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン";

/// What a letter is read as, in lower case and without marks. One may become several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Read {
    One(char),
    Two(char, char),
}

/// Of a character that is seen and is no mark.
pub(crate) fn read(ch: char) -> Read {
    if ch.is_ascii() {
        return Read::One(ch.to_ascii_lowercase());
    }
    let code = u32::from(ch);
    match ch {
        'ß' | 'ẞ' => return Read::Two('s', 's'),
        'Æ' | 'æ' | 'Ǽ' | 'ǽ' => return Read::Two('a', 'e'),
        'Œ' | 'œ' => return Read::Two('o', 'e'),
        'ﬀ' => return Read::Two('f', 'f'),
        'ﬁ' => return Read::Two('f', 'i'),
        'ﬂ' => return Read::Two('f', 'l'),
        'ﬅ' | 'ﬆ' => return Read::Two('s', 't'),
        'й' | 'Й' => return Read::One('и'),
        'ё' | 'Ё' => return Read::One('е'),
        'ї' | 'Ї' => return Read::One('і'),
        'أ' | 'إ' | 'آ' | 'ٱ' => return Read::One('ا'),
        'ى' => return Read::One('ي'),
        'ة' => return Read::One('ه'),
        '\u{a0}' | '\u{3000}' => return Read::One(' '),
        '\u{2028}' | '\u{2029}' => return Read::One('\n'),
        '‘' | '’' | '′' | 'ʼ' => return Read::One('\''),
        '｡' => return Read::One('。'),
        '‐' | '‑' | '‒' | '–' | '—' | '−' => return Read::One('-'),
        _ => {}
    }
    let found = match code {
        0xff01..=0xff5e => char::from_u32(code - 0xfee0).map(|ch| ch.to_ascii_lowercase()),
        0xc0..=0x24f => entry(LATIN, code - 0xc0),
        0x1e00..=0x1eff => entry(LATIN_MORE, code - 0x1e00),
        0x2100..=0x214f => entry(LETTERLIKE, code - 0x2100),
        0x249c..=0x24b5 => letter(code - 0x249c),
        0x24b6..=0x24e9 => letter((code - 0x24b6) % 26),
        0xb2 | 0xb3 => char::from_digit(code - 0xb0, 10),
        0xb9 => Some('1'),
        0x24ea => Some('0'),
        0x2070 | 0x2074..=0x2079 => char::from_digit(code - 0x2070, 10),
        0x2080..=0x2089 => char::from_digit(code - 0x2080, 10),
        0x2460..=0x2468 => char::from_digit(code - 0x2460 + 1, 10),
        0x1d400..=0x1d6a3 => letter((code - 0x1d400) % 52 % 26),
        0x1d7ce..=0x1d7ff => char::from_digit((code - 0x1d7ce) % 10, 10),
        0x1f130..=0x1f149 => letter(code - 0x1f130),
        0x1f150..=0x1f169 => letter(code - 0x1f150),
        0x1f170..=0x1f189 => letter(code - 0x1f170),
        0x1f1e6..=0x1f1ff => letter(code - 0x1f1e6),
        0xff66..=0xff9d => KATAKANA.chars().nth(usize::try_from(code - 0xff66).unwrap_or(usize::MAX)),
        0x2b0..=0x2b8
        | 0x2e0..=0x2e4
        | 0x1d00..=0x1dbf
        | 0x2071..=0x209f
        | 0x2160..=0x217f
        | 0x2c7c..=0x2c7d
        | 0x1f12b..=0x1f12c
        | 0xa730..=0xa731
        | 0x251..=0x2af
        | 0xaa
        | 0xba => pair(SMALL, ch),
        _ => None,
    };
    if let Some(found) = found {
        return Read::One(found);
    }
    match ch.to_lowercase().next() {
        // The small letter may be read as another.
        Some(lower) if lower != ch => read(lower),
        _ => Read::One(ch),
    }
}

/// The Latin letter that a letter of another alphabet is drawn as.
pub(crate) fn alike(ch: char) -> Option<char> {
    pair(ALIKE, ch)
}

/// Not seen, and without a part in how its neighbours are read: whoever looks for words has to look through it.
pub(crate) fn is_invisible(ch: char) -> bool {
    matches!(
        u32::from(ch),
        0xad | 0x34f | 0x61c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f | 0x202a..=0x202e
            | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a
            | 0xe0000..=0xe0fff
    )
}

/// Drawn over, under or through the letter before.
pub(crate) fn is_mark(ch: char) -> bool {
    matches!(
        u32::from(ch),
        0x300..=0x36f | 0x483..=0x489 | 0x591..=0x5bd | 0x64b..=0x65f | 0x670 | 0x640 | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff
            | 0x20d0..=0x20ff | 0xfe20..=0xfe2f
    )
}

/// A kana with the voicing mark that follows it, as one letter.
pub(crate) fn voiced(kana: char, mark: char) -> Option<char> {
    let by = match mark {
        '\u{3099}' | 'ﾞ' => 1,
        '\u{309a}' | 'ﾟ' => 2,
        _ => return None,
    };
    let takes = matches!(kana, 'か'..='ぢ' | 'つ'..='ど' | 'は'..='ぽ' | 'カ'..='ヂ' | 'ツ'..='ド' | 'ハ'..='ポ');
    let composed = char::from_u32(u32::from(kana) + by).unwrap_or(kana);
    Some(if takes { composed } else { kana })
}

/// Two parts of a Korean syllable as one letter.
pub(crate) fn syllable(first: char, second: char) -> Option<char> {
    let (first, second) = (u32::from(first), u32::from(second));
    match (first, second) {
        (0x1100..=0x1112, 0x1161..=0x1175) => char::from_u32(0xac00 + ((first - 0x1100) * 21 + (second - 0x1161)) * 28),
        (0xac00..=0xd7a3, 0x11a8..=0x11c2) if (first - 0xac00).is_multiple_of(28) => char::from_u32(first + second - 0x11a7),
        _ => None,
    }
}

/// Written without spaces between words.
pub(crate) fn is_dense(ch: char) -> bool {
    matches!(u32::from(ch), 0x3041..=0x30ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x3ffff)
}

fn letter(at: u32) -> Option<char> {
    char::from_u32(u32::from('a') + at)
}

fn entry(table: &[u8], at: u32) -> Option<char> {
    table.get(usize::try_from(at).ok()?).copied().filter(u8::is_ascii_lowercase).map(char::from)
}

fn pair(table: &str, ch: char) -> Option<char> {
    let mut letters = table.chars();
    while let (Some(from), Some(to)) = (letters.next(), letters.next()) {
        if from == ch {
            return Some(to);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_normalization::UnicodeNormalization as _;

    fn text(ch: char) -> String {
        match read(ch) {
            Read::One(ch) => ch.into(),
            Read::Two(first, second) => [first, second].iter().collect(),
        }
    }

    /// What Unicode takes for the same letter is read as the same letter.
    #[test]
    fn reads_every_form_of_a_latin_letter_as_unicode_does() {
        let (mut told, mut wrong) = (0, Vec::new());
        for ch in ('\u{80}'..='\u{2fff}').chain('\u{ff00}'..='\u{ffef}').chain('\u{1d400}'..='\u{1d7ff}').chain('\u{1f100}'..='\u{1f1ff}') {
            let plain: String = std::iter::once(ch).nfkd().filter(|ch| !is_mark(*ch)).collect();
            if plain.len() == 1 && plain.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                told += 1;
                if text(ch) != plain.to_lowercase() {
                    wrong.push((ch, u32::from(ch)));
                }
            }
        }
        assert_eq!(wrong, []);
        assert!(told > 1_400, "{told}");
    }

    #[test]
    fn what_is_read_once_is_read_the_same_again() {
        for ch in '\u{0}'..='\u{1ffff}' {
            let once = text(ch);
            let twice: String = once.chars().map(text).collect();
            assert_eq!(once, twice, "{ch} U+{:04X}", u32::from(ch));
        }
    }

    #[test]
    fn puts_kana_and_korean_together_as_unicode_does() {
        for text in ["がぎぱぽパヴデ", "지시를무시하세요", "각힣"] {
            let mut whole: Vec<char> = Vec::new();
            for ch in text.nfd() {
                let last = whole.last().copied().unwrap_or(' ');
                match voiced(last, ch).or_else(|| syllable(last, ch)) {
                    Some(joined) => *whole.last_mut().unwrap() = joined,
                    None => whole.push(ch),
                }
            }
            assert_eq!(whole.iter().collect::<String>().replace('ウ', "ヴ"), text);
        }
    }

    #[test]
    fn tables_have_the_length_of_their_ranges() {
        assert_eq!((LATIN.len(), LATIN_MORE.len(), LETTERLIKE.len()), (0x250 - 0xc0, 0x100, 0x50));
        assert_eq!(KATAKANA.chars().count(), 0xff9e - 0xff66);
        assert!(SMALL.chars().count().is_multiple_of(2) && ALIKE.chars().count().is_multiple_of(2));
    }
}
