//! What a model writes for a call: any text is arguments or an error of a few lines, and what is lifted is the same after
//! it was lowered and lifted again.
//!
//! An input is: a tool's name in a line, the arguments. The tools are those of `every-type.wit` in the tests of
//! wirken-reflect; each that returns anything but a `result` of its own returns its first parameter's type.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use wirken_reflect::{Outcome, Reflected};

static TOOLS: LazyLock<Reflected> = LazyLock::new(|| Reflected::of(include_bytes!("../corpus/reflect/seed-00")).unwrap());

fuzz_target!(|text: &str| {
    let (tool, arguments) = text.split_once('\n').unwrap_or(("nothing", text));
    let Some(function) = TOOLS.function(tool) else { return };
    let values = match function.lift(arguments) {
        Ok(values) => values,
        Err(error) => {
            let told = error.to_string();
            assert!(!told.is_empty() && told.len() < 1024, "{told}");
            return;
        }
    };
    let lowered = function.lower_arguments(&values).unwrap();
    assert_eq!(function.lift(&lowered.to_string()).as_ref(), Ok(&values), "{lowered}");
    let echoes = function.result.is_some() && function.parameters.first().map(|parameter| &parameter.ty) == function.result.as_ref();
    if let (true, Some(first)) = (echoes, values.first()) {
        let outcome = function.lower(Some(first.clone())).unwrap();
        assert!(matches!(outcome, Outcome::Failed(_)) <= function.failure_schema.is_some());
    }
});
