//! What a model may call in a component that knows nothing of wirken: its plain typed functions, read from its bytes.
//!
//! [`Reflected::of`] lists them, each with a tool's name, a description and a JSON Schema of its arguments, and says of
//! each other function why it is not among them. [`Function::lift`] makes the component's values of what a model wrote,
//! and [`Function::lower`] makes JSON of what came back. `docs/components.md` has the mapping as authors see it.
//!
//! A component is a stranger's, and so are its types, its names and its comments: everything here is bounded by the
//! constants below, and none of it runs the component. Whether its code is valid is the engine's to say; only its types
//! are checked here. Why the types are taken from the validator and not from a WIT decoder: that one takes what it cannot
//! name for a bug of its own, and ends the process.
//!
//! Deliberately elsewhere: the engine's own values, and how a component is instantiated, granted and called.

mod component;
mod description;
mod error;
mod expand;
mod function;
mod lift;
mod lower;
mod names;
mod parse;
mod reflected;
mod schema;
mod types;
mod value;

pub use component::{is_wasi_03, unfit};
pub use error::{ArgumentError, Error, Reason, ResultError};
pub use function::{Function, Outcome};
pub use reflected::{Import, Reflected, Refused};
pub use types::{Case, Field, Type};
pub use value::Value;

/// Components written in Python have 18 MB, those in JavaScript 12 MB.
pub const MAX_COMPONENT_BYTES: usize = 64 << 20;
/// Tools of one component, as `wit/tool` has it.
pub const MAX_FUNCTIONS: usize = 64;
/// Functions that are looked at, callable or not: a resource has many that are not.
pub const MAX_EXPORTS: usize = 1024;
/// Imports that are listed.
pub const MAX_IMPORTS: usize = 1024;
/// Types and functions in all the interfaces that are imported and exported.
pub const MAX_ITEMS: usize = 16 << 10;
/// A tool's description and schema together, as `wit/tool` has it.
pub const MAX_DEFINITION_BYTES: usize = 16 << 10;
/// Types within types. Each is at most four levels of its schema, and JSON is read to 128 levels.
pub const MAX_DEPTH: usize = 16;
/// Some models' APIs refuse longer names of tools and of properties.
pub const MAX_NAME_BYTES: usize = 64;
/// Some models' APIs refuse longer descriptions of tools.
pub const MAX_DESCRIPTION_CHARS: usize = 1024;
/// A comment on one field or case.
pub const MAX_COMMENT_CHARS: usize = 256;
/// The section with a component's comments; a larger one is not read.
pub const MAX_COMMENTS_BYTES: usize = 1 << 20;
/// What a model writes for one call.
pub const MAX_ARGUMENT_BYTES: usize = 1 << 20;
/// What is made of one result.
pub const MAX_RESULT_BYTES: usize = 8 << 20;
/// Modules and components within each other.
pub const MAX_NESTING: usize = 32;
