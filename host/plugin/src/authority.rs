//! What a component may do: its imports, its manifest and its owner's grant, all three agreeing.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// How far a folder is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    #[default]
    None,
    ReadOnly,
    ReadWrite,
}

/// What the owner answers to a component's requests. The default grants nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grant {
    /// The agent's workspace, and how far it is open.
    pub workspace: Option<(PathBuf, Access)>,
}

/// What is in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Authority {
    pub workspace: Option<(PathBuf, Access)>,
}

/// The authority of a component whose imports can reach a file system only if `imports_filesystem`, whose manifest asks
/// for `asked`, and whose owner grants `grant`.
pub fn effective(imports_filesystem: bool, asked: Access, grant: &Grant) -> Authority {
    let workspace = grant.workspace.as_ref().and_then(|(folder, granted)| {
        let access = asked.min(*granted);
        (imports_filesystem && access > Access::None).then(|| (folder.clone(), access))
    });
    Authority { workspace }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_narrowest_of_imports_manifest_and_grant_is_in_force() {
        use Access::{None as Shut, ReadOnly, ReadWrite};
        let folder = PathBuf::from("/workspace");
        for (imports, asked, granted, expected) in [
            (true, ReadWrite, Some(ReadWrite), Some(ReadWrite)),
            (true, ReadWrite, Some(ReadOnly), Some(ReadOnly)),
            (true, ReadOnly, Some(ReadWrite), Some(ReadOnly)),
            (true, Shut, Some(ReadWrite), Option::None),
            (true, ReadWrite, Some(Shut), Option::None),
            (true, ReadWrite, Option::None, Option::None),
            (false, ReadWrite, Some(ReadWrite), Option::None),
        ] {
            let grant = Grant { workspace: granted.map(|access| (folder.clone(), access)) };
            let authority = effective(imports, asked, &grant);
            assert_eq!(authority.workspace, expected.map(|access| (folder.clone(), access)), "{imports} {asked:?} {granted:?}");
        }
    }
}
