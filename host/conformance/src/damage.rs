//! What becomes of bytes on a bad day: pieces, cuts, damage, nonsense. The same at every time, so that what failed once
//! fails again.

use serde_json::{Value, json};

/// Bodies that are no answer of any API.
pub(crate) const NONSENSE: [&[u8]; 12] = [
    b"",
    b"\0",
    b"<!doctype html><html><body><h1>502 Bad Gateway</h1></body></html>",
    b"null",
    b"true",
    b"[]",
    b"{}",
    b"\"text\"",
    b"{\"a\":",
    b"\xff\xfe\xfd\x80",
    b"data: {}\n\ndata: []\n\n",
    b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
];

/// A small generator of numbers that look like chance.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// Less than `most`, or 0.
    pub(crate) fn below(&mut self, most: usize) -> usize {
        // xorshift64
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(most.max(1)).unwrap_or(1)).unwrap_or(0)
    }
}

/// Places in `0..length`, all of them or as many as `most`, evenly spread.
pub(crate) fn places(length: usize, most: usize) -> impl Iterator<Item = usize> {
    let step = length.div_ceil(most.max(1)).max(1);
    (0..length).step_by(step)
}

/// Some bytes in pieces, none of them empty, cut at these places.
pub(crate) fn pieces<'a>(bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| (*cut).min(bytes.len())).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    cuts.dedup();
    cuts.iter().zip(cuts.iter().skip(1)).filter_map(|(from, to)| bytes.get(*from..*to)).collect()
}

/// Up to a dozen places to cut at.
pub(crate) fn random_cuts(length: usize, dice: &mut Dice) -> Vec<usize> {
    (0..=dice.below(12)).map(|_| dice.below(length)).collect()
}

/// With a few of its bytes changed, left out or doubled.
pub(crate) fn damaged(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len());
        let new = u8::try_from(dice.below(256)).unwrap_or(0);
        match (dice.below(3), bytes.get_mut(at)) {
            (_, None) | (2, _) => bytes.insert(at.min(bytes.len()), new),
            (1, _) => drop(bytes.remove(at)),
            (_, Some(byte)) => *byte = new,
        }
    }
    bytes
}

/// A document with one of its values in turn replaced by one of another kind, or taken out; as many as `most`.
pub(crate) fn misfits(document: &Value, most: usize) -> Vec<Value> {
    let mut pointers = Vec::new();
    collect(document, String::new(), &mut pointers);
    let others = [json!(null), json!(-1), json!(1e300), json!(""), json!([]), json!({}), json!([null]), json!("\u{0}\u{202e}\u{fffd}")];
    let mut all = Vec::new();
    for pointer in &pointers {
        for other in &others {
            all.push((pointer, Some(other)));
        }
        all.push((pointer, None));
    }
    places(all.len(), most).filter_map(|at| all.get(at)).map(|(pointer, other)| changed(document, pointer, *other)).collect()
}

fn changed(document: &Value, pointer: &str, other: Option<&Value>) -> Value {
    let mut document = document.clone();
    match other {
        Some(other) => {
            if let Some(value) = document.pointer_mut(pointer) {
                *value = other.clone();
            }
        }
        None => {
            let (parent, name) = pointer.rsplit_once('/').unwrap_or_default();
            match document.pointer_mut(parent) {
                Some(Value::Object(members)) => drop(members.remove(&name.replace("~1", "/").replace("~0", "~"))),
                Some(Value::Array(elements)) => elements.clear(),
                _ => {}
            }
        }
    }
    document
}

fn collect(value: &Value, at: String, pointers: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                collect(value, format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), pointers);
            }
        }
        Value::Array(elements) => {
            for (index, value) in elements.iter().enumerate() {
                collect(value, format!("{at}/{index}"), pointers);
            }
        }
        _ => {}
    }
    pointers.push(at);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_put_together_are_the_whole_and_none_is_empty() {
        let bytes = b"0123456789";
        let mut dice = Dice::new(7);
        for _ in 0..100 {
            let cuts = random_cuts(bytes.len(), &mut dice);
            let pieces = pieces(bytes, &cuts);
            assert_eq!(pieces.concat(), bytes);
            assert!(pieces.iter().all(|piece| !piece.is_empty()), "{cuts:?}");
        }
        assert_eq!(pieces(bytes, &[3, 3, 99]), [&b"012"[..], b"3456789"]);
        assert!(pieces(b"", &[0]).is_empty());
    }

    #[test]
    fn places_are_all_or_evenly_spread() {
        assert_eq!(places(5, 9).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
        assert_eq!(places(10, 4).collect::<Vec<_>>(), [0, 3, 6, 9]);
        assert_eq!(places(0, 4).count(), 0);
    }

    #[test]
    fn every_value_of_a_document_is_replaced_and_taken_out() {
        let document = json!({"a": [{"b/c": 1}], "d": "x"});
        let misfits = misfits(&document, usize::MAX);
        // Four values and the whole of it, in nine ways each.
        assert_eq!(misfits.len(), 45);
        for expected in [json!({"a": [{}], "d": "x"}), json!({"a": [{"b/c": null}], "d": "x"}), json!({"a": [], "d": "x"}), json!([])] {
            assert!(misfits.contains(&expected), "{expected}");
        }
        assert_eq!(super::misfits(&document, 10).len(), 9);
    }

    #[test]
    fn damage_is_the_same_at_every_time() {
        let all = |seed| {
            let mut dice = Dice::new(seed);
            (0..20).map(|_| damaged(b"a body", &mut dice)).collect::<Vec<_>>()
        };
        assert_eq!(all(3), all(3));
        assert!(all(3).iter().any(|body| body != b"a body"));
        damaged(b"", &mut Dice::new(1));
    }
}
