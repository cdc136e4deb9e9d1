//! One folder to one component.

use std::path::{Path, PathBuf};

use wirken_scaffold::{File, Language};

use crate::{Error, Shape, Tools, encode, javascript, python, rust};

/// What a build leaves, in the component's folder.
pub(crate) const OUTPUT: &str = "component.wasm";

/// What was built.
#[derive(Clone, Debug)]
pub struct Built {
    pub language: Language,
    /// `component.wasm` in the folder.
    pub path: PathBuf,
    pub bytes: usize,
    pub shape: Shape,
}

/// Builds `component.wasm` in a component's folder, and looks at what it asks for. `progress` is given a line at each step; what
/// the tools say goes to the standard error as they say it.
pub fn build(folder: &Path, tools: &Tools, progress: &mut dyn FnMut(&str)) -> Result<Built, Error> {
    let language = detect(folder)?;
    let made = match language {
        Language::Rust => rust::build(folder, tools, progress)?,
        Language::JavaScript => javascript::build(folder, tools, progress)?,
        Language::Python => python::build(folder, tools, progress)?,
    };
    let wrong = |message: String| Error::NoComponent { file: made.clone(), message };
    let module = std::fs::read(&made).map_err(Error::at(&made))?;
    let component = encode(&module).map_err(wrong)?;
    let shape = Shape::of(&component).map_err(wrong)?;
    let path = folder.join(OUTPUT);
    write(&path, &component)?;
    Ok(Built { language, path, bytes: component.len(), shape })
}

/// The language of a component's folder, by the file that its tools look for.
pub fn detect(folder: &Path) -> Result<Language, Error> {
    let has = |file: &str| folder.join(file).is_file();
    if has("Cargo.toml") {
        Ok(Language::Rust)
    } else if has("package.json") {
        Ok(Language::JavaScript)
    } else if has("app.py") {
        Ok(Language::Python)
    } else {
        Err(Error::NoLanguage { folder: folder.to_owned() })
    }
}

/// Writes a new component's files into a folder that is not there, or empty.
pub fn create(folder: &Path, files: &[File]) -> Result<(), Error> {
    let occupied = match std::fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
        Err(error) => return Err(Error::at(folder)(error)),
    };
    if occupied {
        return Err(Error::Occupied { folder: folder.to_owned() });
    }
    for File { path, content } in files {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(Error::at(parent))?;
        }
        std::fs::write(&path, content).map_err(Error::at(&path))?;
    }
    Ok(())
}

/// In place at once: whoever watches the file never reads half of it.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let partial = path.with_extension(format!("partial-{}", std::process::id()));
    std::fs::write(&partial, bytes).map_err(Error::at(&partial))?;
    std::fs::rename(&partial, path).map_err(Error::at(path))
}
