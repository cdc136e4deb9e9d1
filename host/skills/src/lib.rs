//! Skills: folders with a SKILL.md that tell a model how to do something, read as the system reads them that they were
//! written for.
//!
//! The first half is pure: one file ([`Skill`]), what it needs ([`Surroundings`]), the block that a model is told
//! ([`prompt`]) and the commands that people type ([`commands`]). The second walks folders ([`Library`]) and judges what is
//! in them ([`Catalog`]). Nothing here runs what a skill says, installs what it asks for, or opens the vault.

mod boundary;
mod catalog;
pub mod commands;
mod eligible;
mod front;
mod here;
mod library;
mod metadata;
mod order;
pub mod prompt;
mod roots;
mod rules;
mod skill;
mod text;
mod walk;
mod yaml;

pub use boundary::open_folder;
pub use catalog::{Catalog, Entry, State};
pub use eligible::{Lack, Nothing, Surroundings, lacks};
pub use here::{Here, in_folders};
pub use library::{Found, Inventory, Library, MAX_CANDIDATES, MAX_LOADED};
pub use metadata::{Install, Kind as InstallKind, Metadata};
pub use roots::{Places, Root, Source, roots};
pub use skill::{Diagnostic, FILE, MAX_FILE_BYTES, Skill, instructions};
pub use walk::{MAX_DEPTH, MAX_FOLDERS};
