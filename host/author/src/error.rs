//! Why a folder did not become a component, each in words that say what to do.

use std::path::{Path, PathBuf};

/// Why there is no component.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{} holds no component's source: a Cargo.toml, a package.json or an app.py was expected", folder.display())]
    NoLanguage { folder: PathBuf },
    #[error("{} is there already, and not empty: choose another name, or remove it", folder.display())]
    Occupied { folder: PathBuf },
    #[error("{program} is missing: {hint}")]
    Missing { program: String, hint: &'static str },
    #[error("{what} failed: see the messages above")]
    Failed { what: String },
    #[error("the compiler has no target {target}: run `rustup target add {target}`, or name one that has it in RUSTC")]
    NoTarget { target: &'static str },
    #[error("{} is not a library that can be a component: its Cargo.toml needs `[lib]` with `crate-type = [\"cdylib\"]`", folder.display())]
    NoLibrary { folder: PathBuf },
    #[error("{what} was not understood: {message}")]
    Unreadable { what: String, message: String },
    #[error("{} was built, and is no component: {message}", file.display())]
    NoComponent { file: PathBuf, message: String },
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: std::io::Error },
}

impl Error {
    pub(crate) fn at(path: impl AsRef<Path>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.as_ref().to_owned();
        move |source| Self::File { path, source }
    }
}
