//! Where skills are looked for, and whose word counts where two have the same name.

use std::path::{Path, PathBuf};

/// A kind of place, the highest precedence first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// `skills` in the workspace.
    Workspace,
    /// `.agents/skills` in the workspace.
    Project,
    /// `.agents/skills` in the home folder.
    Personal,
    /// `skills` in the data folder.
    Local,
    /// What came with wirken.
    Bundled,
    /// A folder that the configuration adds.
    Extra,
}

impl Source {
    pub fn word(self) -> &'static str {
        match self {
            Self::Workspace => "workspace",
            Self::Project => "project",
            Self::Personal => "personal",
            Self::Local => "local",
            Self::Bundled => "bundled",
            Self::Extra => "extra",
        }
    }
}

/// A folder that is searched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    pub source: Source,
    pub path: PathBuf,
}

/// The folders that the places stand for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Places<'a> {
    pub workspace: Option<&'a Path>,
    /// The home folder, where its skills are wanted.
    pub home: Option<&'a Path>,
    pub data: Option<&'a Path>,
    pub bundled: Option<&'a Path>,
    pub extra: &'a [PathBuf],
}

/// Every root, the highest precedence first.
pub fn roots(places: Places<'_>) -> Vec<Root> {
    let below = |source, folder: Option<&Path>, path: &str| folder.map(|folder| Root { source, path: folder.join(path) });
    let mut roots: Vec<Root> = [
        below(Source::Workspace, places.workspace, "skills"),
        below(Source::Project, places.workspace, ".agents/skills"),
        below(Source::Personal, places.home, ".agents/skills"),
        below(Source::Local, places.data, "skills"),
        places.bundled.map(|path| Root { source: Source::Bundled, path: path.to_owned() }),
    ]
    .into_iter()
    .flatten()
    .collect();
    roots.extend(places.extra.iter().map(|path| Root { source: Source::Extra, path: path.clone() }));
    roots
}
