//! What can be missing, each in one line that says what to do.

use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("no components/Cargo.toml here or above {}: run this inside the repository", start.display())]
    NoWorkspace { start: PathBuf },
    #[error("no guest found: a guest is a folder with a component.toml in {}/{{providers,channels,tools,policies,fixtures}}", components.display())]
    NoGuests { components: PathBuf },
    #[error("{}: {message}", file.display())]
    Manifest { file: PathBuf, message: String },
    #[error("no compiler for wasm32-unknown-unknown: {message}")]
    NoCompiler { message: String },
    #[error("the guests do not compile: see the messages above")]
    Compile,
    #[error("{guest}: no module at {}: is its [lib] a crate-type = [\"cdylib\"] with the folder's name?", module.display())]
    NoModule { guest: String, module: PathBuf },
    #[error("{guest}: not a component: {error}")]
    Encode { guest: String, error: String },
    #[error("{guest}: {message}")]
    Shape { guest: String, message: String },
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: std::io::Error },
}

impl Error {
    pub(crate) fn at(path: impl AsRef<Path>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.as_ref().to_owned();
        move |source| Self::File { path, source }
    }
}
