//! What a new component begins as: the files of a small working example, for each kind and language.
//!
//! Pure: a name in, files out. The templates lie under `templates/`; the interfaces, and the crate that a Rust author needs,
//! are this tree's own, so that what is handed out is what the host was built with.

mod error;
mod language;
mod render;
mod template;
mod vendored;

pub use error::Error;
pub use language::Language;
use wirken_manifest::{Kind, NAME_IN_WORDS, is_name, is_reserved};

/// One file of a scaffold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Below the component's folder, with `/` between the parts.
    pub path: String,
    pub content: String,
}

/// The files of a new component, in the order of their paths.
pub fn scaffold(name: &str, kind: Kind, language: Language) -> Result<Vec<File>, Error> {
    if !is_name(name) {
        let shown: String = name.chars().take(80).collect();
        return Err(Error::Name { shown, words: NAME_IN_WORDS });
    }
    if is_reserved(name) {
        return Err(Error::Reserved { shown: name.to_owned() });
    }
    let words = render::Words::new(name, kind);
    let own = template::files(kind, language);
    let mut files: Vec<File> =
        own.into_iter().map(|(path, template)| File { path: path.to_owned(), content: words.fill(&template) }).collect();
    files.extend(vendored::files(kind, language));
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}
