//! How far updates are confirmed, as the host keeps it from one instance to the next: `<bot>:<offset>` under the key
//! `offset`. Without it, or with one that cannot be read, Telegram repeats what it has.

use crate::types::State;

const KEY: &str = "offset";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) bot: i64,
    /// The number of the first update that is not confirmed.
    pub(crate) offset: i64,
}

impl Kept {
    /// None below 1: Telegram would take that as counted from the end, and forget all before.
    pub(crate) fn load(state: &[State]) -> Option<Self> {
        let state = state.iter().find(|state| state.key == KEY)?;
        let (bot, offset) = std::str::from_utf8(&state.value).ok()?.split_once(':')?;
        let offset = offset.parse().ok().filter(|offset| *offset > 0)?;
        Some(Self { bot: bot.parse().ok()?, offset })
    }

    pub(crate) fn state(self) -> State {
        State { key: KEY.to_owned(), value: format!("{}:{}", self.bot, self.offset).into_bytes() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(value: &[u8]) -> Option<Kept> {
        Kept::load(&[State { key: "other".into(), value: b"1:2".into() }, State { key: "offset".into(), value: value.into() }])
    }

    #[test]
    fn reads_what_it_wrote() {
        for kept in [Kept { bot: 42, offset: 1 }, Kept { bot: i64::MIN, offset: i64::MAX }] {
            assert_eq!(load(&kept.state().value), Some(kept));
        }
        assert_eq!(Kept { bot: 42, offset: 7 }.state().value, b"42:7");
    }

    #[test]
    fn is_none_where_the_state_is_missing_or_damaged() {
        assert_eq!(Kept::load(&[]), None);
        for value in ["", ":", "42", "42:", ":7", "42:0", "42:-1", "42:7:8", "x:7", "42:x", "42:9223372036854775808", "42:7\n"] {
            assert_eq!(load(value.as_bytes()), None, "{value}");
        }
        assert_eq!(load(b"42:\xff"), None);
    }
}
