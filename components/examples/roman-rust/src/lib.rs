//! Roman numerals as two tools, with the guest crate.

mod numeral;

use serde::Deserialize;
use wirken_guest::tool::{Failure, Schema, Tool, integer, string};

wirken_guest::tool!(ToRoman, FromRoman);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToRoman {
    number: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FromRoman {
    numeral: String,
}

impl Tool for ToRoman {
    const NAME: &str = "to_roman";
    const DESCRIPTION: &str = "Writes a number from 1 to 3999 in Roman numerals.";

    fn schema() -> Schema {
        Schema::object().required("number", integer("The number."))
    }

    fn call(self) -> Result<String, Failure> {
        numeral::write(self.number).ok_or_else(|| Failure::invalid(format!("{} is not from 1 to 3999", self.number)))
    }
}

impl Tool for FromRoman {
    const NAME: &str = "from_roman";
    const DESCRIPTION: &str = "Reads a Roman numeral, up to MMMCMXCIX.";

    fn schema() -> Schema {
        Schema::object().required("numeral", string("The numeral."))
    }

    fn call(self) -> Result<String, Failure> {
        numeral::read(&self.numeral)
            .map(|number| number.to_string())
            .ok_or_else(|| Failure::invalid(format!("{:?} is no Roman numeral", self.numeral)))
    }
}
