//! Which packages of `wit/` are released, and whether each is still what was released.
//!
//! A released package never changes: what was built for it would not load any more. Its comments may, since nobody is built
//! for them; so what is kept of it is the digest of its text without comments and white space. It is taken of the text and
//! not of what a parser makes of it, because it has to be the same with every version of every parser.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use wirken_types::Digest;
use wit_parser::{PackageName, SourceMap};

/// Where the digests are, in `wit/`.
pub const RECORD: &str = "released.toml";

/// Whose packages these are. The others are copies of what somebody else has released.
const NAMESPACE: &str = "wirken";

const HEAD: &str = "\
# The packages that are released, each with the SHA-256 of its WIT without comments and white space. What is released never
# changes, but for its comments: a change is a new version, in a folder of its own. `just release-wit` adds the lines.

[released]
";

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("{}: {message}", path.display())]
    Record { path: PathBuf, message: String },
    #[error("{}: {message}", folder.display())]
    Package { folder: PathBuf, message: String },
}

fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    |source| Error::File { path: path.to_owned(), source }
}

/// One folder of `wit/`, which is one version of one package.
#[derive(Clone, Debug)]
pub struct Package {
    pub folder: PathBuf,
    pub name: PackageName,
    /// The packages of ours whose types it is made of.
    pub uses: Vec<PackageName>,
    pub digest: Digest,
}

/// The packages of ours below a folder.
pub fn packages(folder: &Path) -> Result<Vec<Package>, Error> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&folder).map_err(file(&folder))? {
            let path = entry.map_err(file(&folder))?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "wit") {
                files.push(path);
            }
        }
        if !files.is_empty() {
            found.extend(package(folder, &files)?);
        }
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

fn package(folder: PathBuf, files: &[PathBuf]) -> Result<Option<Package>, Error> {
    let mut sources = SourceMap::default();
    let mut texts = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(path).map_err(file(path))?;
        texts.push(canonical(&text));
        sources.push(path, text);
    }
    let wrong = |message: String| Error::Package { folder: folder.clone(), message };
    let group = sources.parse().map_err(|(sources, error)| wrong(error.render(&sources)))?;
    let ours = |name: &&PackageName| name.namespace == NAMESPACE;
    let name = group.main.name.clone();
    if let Some(nested) = group.nested.first() {
        return Err(wrong(format!("it holds {} beside {name}: one folder is one package", nested.name)));
    }
    if !ours(&&name) {
        return Ok(None);
    }
    if name.version.is_none() {
        return Err(wrong(format!("{name} has no version")));
    }
    // Whatever its files are called.
    texts.sort();
    let digest = Digest::of(texts.join("\n").as_bytes());
    let uses = group.main.foreign_deps.keys().filter(ours).cloned().collect();
    Ok(Some(Package { folder, name, uses, digest }))
}

/// What is released.
#[derive(Clone, Debug, Default)]
pub struct Record {
    released: BTreeMap<PackageName, Digest>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    released: BTreeMap<String, String>,
}

impl Record {
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(file(path))?;
        Self::parse(&text).map_err(|message| Error::Record { path: path.to_owned(), message })
    }

    fn parse(text: &str) -> Result<Self, String> {
        let Text { released } = toml::from_str(text).map_err(|error| error.to_string())?;
        let line = |(name, digest): (String, String)| {
            let package = parsed(&name).ok_or_else(|| format!("{name:?} names no version of a package"))?;
            Ok((package, digest.parse().map_err(|_| format!("what stands for {name} is no SHA-256"))?))
        };
        Ok(Self { released: released.into_iter().map(line).collect::<Result<_, String>>()? })
    }

    /// As it is kept.
    pub fn text(&self) -> String {
        let line = |(name, digest): (&PackageName, &Digest)| format!("\"{name}\" = \"{digest}\"\n");
        HEAD.chars().chain(self.released.iter().map(line).collect::<String>().chars()).collect()
    }

    /// What is wrong with the packages that there are, in sentences that say what to do.
    pub fn objections(&self, packages: &[Package]) -> Vec<String> {
        let mut objections = Vec::new();
        for (index, Package { folder, name, uses, digest }) in packages.iter().enumerate() {
            let place = folder.display();
            if let Some(other) = packages.iter().take(index).find(|other| other.name == *name) {
                objections.push(format!("{name} is in {} and in {place}: one of them is another version", other.folder.display()));
                continue;
            }
            match self.released.get(name) {
                Some(released) if released == digest => {
                    objections.extend(
                        uses.iter()
                            .filter(|used| !self.released.contains_key(used))
                            .map(|used| format!("{name} is released, and uses {used}, which is not: release that first")),
                    );
                }
                Some(_) => objections.push(format!(
                    "{name} is released and never changes, but for its comments; {place} holds something else now: put back what was \
                     there, and make the change in a folder of its own, in a package of a newer version"
                )),
                None => objections.extend(self.newest(name).filter(|newest| newest.version >= name.version).map(|newest| {
                    format!("{name} in {place} is not released, and not newer than {newest}, which is: give it a newer version")
                })),
            }
        }
        for name in self.released.keys().filter(|name| !packages.iter().any(|package| package.name == **name)) {
            objections.push(format!("{name} is released, and no folder of wit/ holds it: put it back"));
        }
        objections
    }

    /// Releases what is newer, and says what that was.
    pub fn release(&mut self, packages: &[Package]) -> Result<Vec<String>, Vec<String>> {
        let objections = self.objections(packages);
        if !objections.is_empty() {
            return Err(objections);
        }
        let mut with = self.clone();
        let new: Vec<&Package> = packages.iter().filter(|package| !self.released.contains_key(&package.name)).collect();
        with.released.extend(new.iter().map(|package| (package.name.clone(), package.digest)));
        let objections = with.objections(packages);
        if !objections.is_empty() {
            return Err(objections);
        }
        *self = with;
        Ok(new.iter().map(|package| package.name.to_string()).collect())
    }

    /// The newest released version of the same package.
    fn newest(&self, name: &PackageName) -> Option<&PackageName> {
        self.released.keys().rfind(|other| (&other.namespace, &other.name) == (&name.namespace, &name.name))
    }
}

/// `namespace:name@version`.
fn parsed(text: &str) -> Option<PackageName> {
    let (package, version) = text.split_once('@')?;
    let (namespace, name) = package.split_once(':')?;
    Some(PackageName { namespace: namespace.to_owned(), name: name.to_owned(), version: Some(version.parse().ok()?) })
}

/// A text without its comments, and with a space only where two words would become one. It says the same.
pub fn canonical(text: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '%');
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    let mut gap = false;
    loop {
        if let Some(comment) = rest.strip_prefix("//") {
            rest = comment.split_once('\n').map_or("", |(_, rest)| rest);
            gap = true;
        } else if let Some(comment) = rest.strip_prefix("/*") {
            rest = after_block(comment);
            gap = true;
        } else {
            let mut chars = rest.chars();
            let Some(c) = chars.next() else { return kept };
            rest = chars.as_str();
            if c.is_whitespace() {
                gap = true;
                continue;
            }
            if gap && is_word(c) && kept.ends_with(is_word) {
                kept.push(' ');
            }
            kept.push(c);
            gap = false;
        }
    }
}

/// What follows a block comment that has begun. Within it others may begin and end.
fn after_block(text: &str) -> &str {
    let mut depth = 1_usize;
    let mut rest = text;
    while depth > 0 {
        if let Some(inner) = rest.strip_prefix("/*") {
            (rest, depth) = (inner, depth + 1);
        } else if let Some(outer) = rest.strip_prefix("*/") {
            (rest, depth) = (outer, depth - 1);
        } else {
            let mut chars = rest.chars();
            if chars.next().is_none() {
                return "";
            }
            rest = chars.as_str();
        }
    }
    rest
}
