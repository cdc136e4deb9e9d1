//! Roman numerals, from I to MMMCMXCIX.

/// The largest that can be written with seven letters.
pub const MOST: u32 = 3999;

const LETTERS: [(u32, &str); 13] = [
    (1000, "M"),
    (900, "CM"),
    (500, "D"),
    (400, "CD"),
    (100, "C"),
    (90, "XC"),
    (50, "L"),
    (40, "XL"),
    (10, "X"),
    (9, "IX"),
    (5, "V"),
    (4, "IV"),
    (1, "I"),
];

/// None for 0 and what is past [`MOST`].
pub fn write(number: u32) -> Option<String> {
    if number == 0 || number > MOST {
        return None;
    }
    let (mut rest, mut text) = (number, String::new());
    for (value, letters) in LETTERS {
        while rest >= value {
            text.push_str(letters);
            rest -= value;
        }
    }
    Some(text)
}

/// None for what is written in another way than [`write`] does, but for its case.
pub fn read(text: &str) -> Option<u32> {
    let upper = text.to_ascii_uppercase();
    let (mut rest, mut number) = (upper.as_str(), 0);
    for (value, letters) in LETTERS {
        while let Some(shorter) = rest.strip_prefix(letters) {
            rest = shorter;
            number += value;
        }
    }
    // Read loosely, and taken only where it is what would have been written.
    (rest.is_empty() && write(number).as_deref() == Some(upper.as_str())).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_written_is_read_again() {
        for number in 1..=MOST {
            assert_eq!(write(number).and_then(|text| read(&text)), Some(number));
        }
        assert_eq!((write(1994).as_deref(), read("mcmxciv")), (Some("MCMXCIV"), Some(1994)));
    }

    #[test]
    fn what_no_roman_would_write_is_refused() {
        assert_eq!((write(0), write(MOST + 1)), (None, None));
        for wrong in ["", "IIII", "IM", "VX", "MMMM", "ABC", "X X"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
