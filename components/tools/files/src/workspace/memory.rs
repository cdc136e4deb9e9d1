//! A workspace in memory, for tests.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::{Entry, Kind, Stat, Workspace};
use crate::path::Path;
use crate::problem::Fault;

/// Files, folders and links by path.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) nodes: RefCell<BTreeMap<String, Node>>,
    pub(crate) read_only: bool,
    /// Bytes handed out at once; 0 is all.
    pub(crate) piece: usize,
    /// A rename fails, and so does writing into a file.
    pub(crate) stuck: bool,
    /// Its files have other names elsewhere.
    pub(crate) shared: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Node {
    File(Vec<u8>),
    Folder,
    Link,
    Special,
}

impl Memory {
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let memory = Self::default();
        for (path, text) in files {
            memory.put(path, text.as_bytes());
        }
        memory
    }

    pub(crate) fn put(&self, path: &str, bytes: &[u8]) {
        self.node(path, Node::File(bytes.to_vec()));
    }

    pub(crate) fn put_link(&self, path: &str) {
        self.node(path, Node::Link);
    }

    pub(crate) fn put_special(&self, path: &str) {
        self.node(path, Node::Special);
    }

    fn node(&self, path: &str, node: Node) {
        let path = Path::parse(path).unwrap();
        let mut nodes = self.nodes.borrow_mut();
        for folder in path.folders() {
            nodes.insert(folder.to_string(), Node::Folder);
        }
        nodes.insert(path.to_string(), node);
    }

    pub(crate) fn text(&self, path: &str) -> Option<String> {
        match self.nodes.borrow().get(path) {
            Some(Node::File(bytes)) => Some(String::from_utf8(bytes.clone()).unwrap()),
            _ => None,
        }
    }

    pub(crate) fn paths(&self) -> Vec<String> {
        self.nodes.borrow().keys().cloned().collect()
    }

    fn get(&self, path: &Path) -> Result<Node, Fault> {
        if path.is_workspace() {
            return Ok(Node::Folder);
        }
        let nodes = self.nodes.borrow();
        if path.folders().any(|folder| matches!(nodes.get(&folder.to_string()), Some(Node::File(_)))) {
            return Err(Fault::NotFolder);
        }
        nodes.get(&path.to_string()).cloned().ok_or(Fault::Missing)
    }

    fn writable(&self) -> Result<(), Fault> {
        if self.read_only { Err(Fault::ReadOnly) } else { Ok(()) }
    }
}

impl Workspace for Memory {
    fn stat(&self, path: &Path) -> Result<Stat, Fault> {
        // Its links all lead out of it.
        match self.stat_link(path)?.kind {
            Kind::Link => Err(Fault::Outside),
            _ => self.stat_link(path),
        }
    }

    fn stat_link(&self, path: &Path) -> Result<Stat, Fault> {
        Ok(match self.get(path)? {
            Node::File(bytes) => Stat { kind: Kind::File, size: bytes.len() as u64, names: if self.shared { 2 } else { 1 } },
            Node::Folder => Stat { kind: Kind::Folder, size: 0, names: 1 },
            Node::Link => Stat { kind: Kind::Link, size: 0, names: 1 },
            Node::Special => Stat { kind: Kind::Special, size: 0, names: 1 },
        })
    }

    fn entries(&self, path: &Path) -> Result<Vec<Entry>, Fault> {
        if self.get(path)? != Node::Folder {
            return Err(Fault::NotFolder);
        }
        let nodes = self.nodes.borrow();
        let mut entries: Vec<Entry> = nodes
            .iter()
            .filter(|(name, _)| Path::parse(name).unwrap().parent() == *path)
            .map(|(name, node)| Entry {
                name: name.rsplit('/').next().unwrap().to_owned(),
                kind: match node {
                    Node::File(_) => Kind::File,
                    Node::Folder => Kind::Folder,
                    Node::Link => Kind::Link,
                    Node::Special => Kind::Special,
                },
            })
            .collect();
        entries.reverse();
        Ok(entries)
    }

    fn read(&self, path: &Path, piece: &mut dyn FnMut(&[u8]) -> ControlFlow<()>) -> Result<(), Fault> {
        let Node::File(bytes) = self.get(path)? else { return Err(Fault::IsFolder) };
        let size = if self.piece == 0 { bytes.len().max(1) } else { self.piece };
        for chunk in bytes.chunks(size) {
            if piece(chunk).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn create_folder(&self, path: &Path) -> Result<(), Fault> {
        self.writable()?;
        match self.get(path) {
            Ok(_) => Err(Fault::Exists),
            Err(Fault::Missing) => {
                self.nodes.borrow_mut().insert(path.to_string(), Node::Folder);
                Ok(())
            }
            Err(fault) => Err(fault),
        }
    }

    fn create(&self, path: &Path, bytes: &[u8]) -> Result<(), Fault> {
        self.writable()?;
        if self.get(&path.parent())? != Node::Folder {
            return Err(Fault::NotFolder);
        }
        if self.get(path).is_ok() {
            return Err(Fault::Exists);
        }
        self.nodes.borrow_mut().insert(path.to_string(), Node::File(bytes.to_vec()));
        Ok(())
    }

    fn overwrite(&self, path: &Path, bytes: &[u8]) -> Result<(), Fault> {
        self.writable()?;
        if self.stuck {
            return Err(Fault::Full);
        }
        let Node::File(_) = self.get(path)? else { return Err(Fault::IsFolder) };
        self.nodes.borrow_mut().insert(path.to_string(), Node::File(bytes.to_vec()));
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), Fault> {
        self.writable()?;
        if self.stuck {
            return Err(Fault::Full);
        }
        let node = self.get(from)?;
        let mut nodes = self.nodes.borrow_mut();
        nodes.remove(&from.to_string());
        nodes.insert(to.to_string(), node);
        Ok(())
    }

    fn remove(&self, path: &Path) -> Result<(), Fault> {
        self.writable()?;
        self.nodes.borrow_mut().remove(&path.to_string()).map(|_| ()).ok_or(Fault::Missing)
    }
}
