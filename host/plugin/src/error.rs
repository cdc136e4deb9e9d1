//! Why a component was not loaded.

use wirken_engine::{CallError, EngineError};
use wirken_manifest::SettingsError;

/// A component that this host does not load, and why.
#[derive(Debug, thiserror::Error)]
#[error("the component {component} cannot be loaded: {problem}")]
pub struct LoadError {
    pub component: String,
    pub problem: Problem,
}

#[derive(Debug, thiserror::Error)]
pub enum Problem {
    #[error("its manifest says it is a {found}, and a {wanted} was expected")]
    Kind { wanted: &'static str, found: &'static str },
    #[error("its manifest names the world {found}; this host offers {offered}")]
    World { found: String, offered: String },
    #[error("it imports {import}, and a {kind} imports nothing but types: all that it does is to describe what the host may do")]
    Impure { kind: &'static str, import: String },
    #[error("it imports {import}; this host offers {offered}")]
    UnknownImport { import: String, offered: String },
    #[error("it imports {import}, which its manifest does not ask for: {remedy}")]
    Undeclared { import: String, remedy: String },
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("it does not export {wanted}, which its world {world} has: it exports {found}")]
    MissingExport { wanted: String, world: String, found: String },
    #[error("it exports {found}, and its world {world} has {wanted}; this host offers {offered}")]
    ExportVersion { found: String, world: String, wanted: String, offered: String },
    #[error("it is made with {import}, and its world {world} with {wanted}")]
    Types { import: String, world: String, wanted: String },
    #[error("it does not fit its world {world}: {reason}")]
    Shape { world: String, reason: String },
    #[error("it lists its tools wrongly: {0}")]
    Definitions(String),
    #[error(transparent)]
    Reflection(#[from] wirken_reflect::Error),
    /// The same words, of a component that is for a world of this host.
    #[error(transparent)]
    Unfit(wirken_reflect::Error),
    #[error("{0}")]
    Call(#[from] CallError),
}
