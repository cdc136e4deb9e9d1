//! What turns an author's folder into a component: the language's own tools, run in that folder, and a look at what came
//! of it.
//!
//! It trusts the folder as its author does: a build script, a package's install script and a plugin run as the one who
//! started the build. Programs are given their arguments one by one; no shell reads them. What a host may do with the
//! component is judged by whoever loads it.

mod build;
mod encode;
mod error;
mod javascript;
mod python;
mod run;
mod rust;
mod shape;

pub use build::{Built, build, create, detect};
pub use encode::encode;
pub use error::Error;
pub use run::Tools;
pub use shape::Shape;
