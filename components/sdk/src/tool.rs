//! Tools: what a model may call.
//!
//! A tool is the type of its arguments. `serde` reads them from what the model wrote, [`Tool::plan`] says what a call will
//! ask of the host, and [`Tool::call`] answers.
//!
//! ```
//! use serde::Deserialize;
//! use wirken_guest::tool::{Failure, Schema, Tool, string};
//!
//! #[derive(Deserialize)]
//! #[serde(deny_unknown_fields)]
//! struct Shout {
//!     text: String,
//! }
//!
//! impl Tool for Shout {
//!     const NAME: &str = "shout";
//!     const DESCRIPTION: &str = "Says it in capitals.";
//!
//!     fn schema() -> Schema {
//!         Schema::object().required("text", string("What to say."))
//!     }
//!
//!     fn call(self) -> Result<String, Failure> {
//!         Ok(self.text.to_uppercase())
//!     }
//! }
//!
//! wirken_guest::tool!(Shout);
//!
//! assert_eq!(Shout { text: "ho".into() }.call(), Ok("HO".into()));
//! ```

#[doc(hidden)]
pub mod bindings;
mod intent;
mod schema;
mod set;

use serde::de::DeserializeOwned;

use crate::host;

/// Exports a type that implements [`Guest`], for what [`crate::tool!`] does not do: tools whose names are not known when
/// it is compiled, or answers that are more than text.
pub use bindings::export;
pub use bindings::exports::wirken::tool::tools::{CallPlan, Failure, Guest, Intent, Part, ToolDefinition};
pub use schema::{Schema, boolean, integer, number, string, strings};
#[doc(hidden)]
pub use set::Component;

/// One tool, with the arguments of one call.
pub trait Tool: DeserializeOwned {
    /// 1 to 64 ASCII letters, digits, `_` or `-`, of no other tool in the gateway.
    const NAME: &'static str;
    /// What it does and when to use it, for the model.
    const DESCRIPTION: &'static str;

    /// What a model is told of the arguments. The model may write others: what `serde` refuses is told to it.
    fn schema() -> Schema;

    /// What this call will ask of the host: all of it, to the letter. Most tools ask for nothing.
    fn plan(&self) -> Result<CallPlan, Failure> {
        Ok(CallPlan { purpose: format!("Call {}.", Self::NAME), intents: Vec::new() })
    }

    /// The answer, for the model to read.
    fn call(self) -> Result<String, Failure>;
}

/// Makes the tools of a component: `wirken_guest::tool!(One, Two);`, each a [`tool::Tool`](Tool).
#[macro_export]
macro_rules! tool {
    ($($tool:ty),+ $(,)?) => {
        const _: () = {
            type Component = $crate::tool::Component<$crate::tool!(@list $($tool),+)>;
            // A linker of this machine's takes none of the names that are exported.
            #[cfg(target_arch = "wasm32")]
            $crate::tool::export! { Component with_types_in $crate::tool::bindings }
            #[cfg(not(target_arch = "wasm32"))]
            $crate::tool::fits::<Component>();
        };
    };
    (@list) => { () };
    (@list $first:ty $(, $rest:ty)*) => { ($first, $crate::tool!(@list $($rest),*)) };
}

/// Compiles where a type is a component.
#[doc(hidden)]
pub const fn fits<C: Guest>() {}

/// Reads the arguments of a call. A model that has nothing to say may say nothing.
pub fn parse<T: DeserializeOwned>(arguments: &str) -> Result<T, Failure> {
    let arguments = if arguments.trim().is_empty() { "{}" } else { arguments };
    serde_json::from_str(arguments).map_err(|error| Failure::invalid(format!("the arguments do not fit: {error}")))
}

impl Failure {
    /// The arguments make no sense: say which and why.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::InvalidArguments(message.into())
    }

    /// The host refused something that the call needs.
    pub fn denied(message: impl Into<String>) -> Self {
        Self::Denied(message.into())
    }

    /// It was tried and did not work.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::Failed(message.into())
    }
}

impl From<host::Error> for Failure {
    fn from(host::Error { kind, message }: host::Error) -> Self {
        match kind.as_str() {
            "denied" => Self::Denied(message),
            "invalid" => Self::InvalidArguments(message),
            _ => Self::Failed(message),
        }
    }
}

#[cfg(test)]
mod tests;
