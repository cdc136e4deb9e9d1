//! What files that come with messages may take.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ConfigError, field};

/// The most that may be configured: a tebibyte.
pub const MAX_TOTAL_MIB: u64 = 1024 * 1024;
const DEFAULT_TOTAL_MIB: u64 = 2048;

/// Files that people send along with messages.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Media {
    /// What all of them may take, in MiB. Where that is reached, later ones are not kept, and the agent is told so. Default: 2048.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = MAX_TOTAL_MIB))]
    pub total_mib: Option<u64>,
}

impl Media {
    pub fn total_bytes(&self) -> u64 {
        self.total_mib.unwrap_or(DEFAULT_TOTAL_MIB).saturating_mul(1024 * 1024)
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        match self.total_mib {
            Some(mib) if !(1..=MAX_TOTAL_MIB).contains(&mib) => {
                Err(field("media.total-mib", format!("{mib} is not from 1 to {MAX_TOTAL_MIB}")))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_much_and_no_more() {
        let media = |total_mib| Media { total_mib };
        for good in [None, Some(1), Some(MAX_TOTAL_MIB)] {
            assert!(media(good).check().is_ok());
        }
        assert!(media(Some(0)).check().is_err() && media(Some(MAX_TOTAL_MIB + 1)).check().is_err());
        assert_eq!((media(None).total_bytes(), media(Some(1)).total_bytes()), (2 << 30, 1 << 20));
    }
}
