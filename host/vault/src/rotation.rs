//! When a credential should be replaced: pure, told the time.

use serde::Serialize;
use wirken_types::Timestamp;

use crate::vault::RecordInfo;

/// Days after which a credential is to be replaced, and for how many of them before that is said.
pub const ROTATE_AFTER_DAYS: u64 = 90;
pub const WARN_DAYS: u64 = 7;

const DAY_MILLIS: u64 = 24 * 60 * 60 * 1000;

/// How old a credential's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Age {
    /// Whole days since it was stored.
    pub age_days: u64,
    /// When it is to be replaced.
    pub due: Timestamp,
    pub rotation: Rotation,
}

/// Whether it is time to replace it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rotation {
    Fresh,
    Soon,
    Due,
}

impl RecordInfo {
    /// A value from the future, where a clock went wrong, is new.
    #[must_use]
    pub fn age(&self, now: Timestamp) -> Age {
        let days = now.0.saturating_sub(self.rotated.0) / DAY_MILLIS;
        let rotation = match days {
            ROTATE_AFTER_DAYS.. => Rotation::Due,
            days if days >= ROTATE_AFTER_DAYS - WARN_DAYS => Rotation::Soon,
            _ => Rotation::Fresh,
        };
        Age { age_days: days, due: Timestamp(self.rotated.0.saturating_add(ROTATE_AFTER_DAYS * DAY_MILLIS)), rotation }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warns_for_a_week_and_then_says_that_it_is_time() {
        let rotated = Timestamp(1_000);
        let info = RecordInfo {
            component: "mail".into(),
            name: "token".into(),
            origins: Vec::new(),
            places: Vec::new(),
            created: Timestamp(0),
            rotated,
            problem: None,
        };
        let at = |millis: u64| info.age(Timestamp(millis));
        let age = |days: u64| at(rotated.0 + days * DAY_MILLIS);
        assert_eq!((at(0).age_days, at(0).rotation), (0, Rotation::Fresh));
        for (days, rotation) in [
            (0, Rotation::Fresh),
            (82, Rotation::Fresh),
            (83, Rotation::Soon),
            (89, Rotation::Soon),
            (90, Rotation::Due),
            (400, Rotation::Due),
        ] {
            assert_eq!((age(days).age_days, age(days).rotation), (days, rotation));
            assert_eq!(age(days).due, Timestamp(1_000 + 90 * DAY_MILLIS));
        }
        assert_eq!(at(rotated.0 + 83 * DAY_MILLIS - 1).rotation, Rotation::Fresh);
        assert_eq!(at(rotated.0 + 90 * DAY_MILLIS - 1).rotation, Rotation::Soon);
        assert_eq!(at(u64::MAX).rotation, Rotation::Due);
    }
}
