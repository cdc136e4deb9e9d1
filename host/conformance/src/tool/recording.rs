//! One call, as a recording tells it.

use serde::Deserialize;
use serde_json::{Map, Value};

/// A call and what came of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Call {
    /// For whoever reads the file.
    #[serde(default)]
    #[expect(dead_code, reason = "it is read by people")]
    about: String,
    /// The owner's, without the manifest's defaults.
    #[serde(default)]
    pub(super) settings: Map<String, Value>,
    pub(super) tool: String,
    /// A document, or a text as a model may write it.
    arguments: Value,
    /// All that the model reads.
    pub(super) answer: Option<String>,
    /// A part of what the model reads of a failure.
    pub(super) failure: Option<String>,
}

impl Call {
    pub(super) fn arguments(&self) -> String {
        self.arguments.as_str().map_or_else(|| self.arguments.to_string(), str::to_owned)
    }
}
