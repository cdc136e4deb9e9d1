//! How a call fails, in words that help a model to do better.

use std::fmt;

use crate::path::Path;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    Arguments(String),
    Denied(String),
    Failed(String),
}

/// Why the workspace refused something. What it was about is the caller's to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Missing,
    Exists,
    NotFolder,
    IsFolder,
    Outside,
    ReadOnly,
    Full,
    TooManyEntries,
    /// In the host's own word.
    Other(&'static str),
}

impl Fault {
    pub(crate) fn at(self, path: &Path) -> Problem {
        match self {
            Self::Missing => Problem::Failed(format!("there is no {path} in the workspace")),
            Self::Exists => Problem::Failed(format!("{path} exists already")),
            Self::NotFolder => Problem::Failed(format!("{path}: a part of this path is a file, not a folder")),
            Self::IsFolder => Problem::Failed(format!("{path} is a folder, not a file")),
            Self::Outside => Problem::Denied(format!("{path} may not be touched, or leads out of the workspace")),
            Self::ReadOnly => Problem::Denied("the workspace is granted for reading only".into()),
            Self::Full => Problem::Failed(format!("{path}: there is no space left for it")),
            Self::TooManyEntries => Problem::Failed(format!("{path} holds too many files to look through; name a folder or a file in it")),
            Self::Other(word) => Problem::Failed(format!("{path}: {word}")),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Arguments(text) | Self::Denied(text) | Self::Failed(text)) = self;
        f.write_str(text)
    }
}
