//! What was recorded: the files of a component's `tests/traffic`, and the bytes in them.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Below the component's folder.
const FOLDER: &str = "tests/traffic";

/// All recordings of one component, in the order of their names.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    files: Vec<File>,
}

/// One recording, not yet read.
#[derive(Clone, Debug)]
pub(crate) struct File {
    /// Its name without its folder.
    pub(crate) name: String,
    text: String,
    /// Where its bodies lie that stand in files of their own.
    folder: PathBuf,
}

/// A recording that cannot be read from the disk.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", path.display())]
pub struct Error {
    path: PathBuf,
    source: std::io::Error,
}

impl Traffic {
    /// The recordings of a component's folder; none where it has none.
    pub fn read(component: &Path) -> Result<Self, Error> {
        let folder = component.join(FOLDER);
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| Error { path, source }
        };
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(failed(&folder)(error)),
        };
        let mut files = Vec::new();
        for entry in entries {
            let path = entry.map_err(failed(&folder))?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            if name.ends_with(".json") {
                let text = std::fs::read_to_string(&path).map_err(failed(&path))?;
                files.push(File { name: name.to_owned(), text, folder: folder.clone() });
            }
        }
        files.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self { files })
    }

    pub(crate) fn files(&self) -> &[File] {
        &self.files
    }
}

impl File {
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Result<T, String> {
        serde_json::from_str(&self.text).map_err(|error| format!("it is no recording of this kind: {error}"))
    }
}

/// A body: one piece, or the pieces in which it came.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Body {
    Pieces(Vec<Piece>),
    Whole(Piece),
}

impl Default for Body {
    fn default() -> Self {
        Self::Pieces(Vec::new())
    }
}

/// Some bytes.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Piece {
    Text(String),
    Named(Named),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Named {
    Base64(String),
    Json(Value),
    /// Beside the recording.
    File(PathBuf),
}

impl Body {
    /// The pieces' bytes, none of them empty.
    pub(crate) fn pieces(&self, file: &File) -> Result<Vec<Vec<u8>>, String> {
        let pieces = match self {
            Self::Pieces(pieces) => pieces.as_slice(),
            Self::Whole(piece) => std::slice::from_ref(piece),
        };
        let bytes: Vec<Vec<u8>> = pieces.iter().map(|piece| piece.bytes(file)).collect::<Result<_, _>>()?;
        Ok(bytes.into_iter().filter(|piece| !piece.is_empty()).collect())
    }
}

impl Piece {
    fn bytes(&self, file: &File) -> Result<Vec<u8>, String> {
        match self {
            Self::Text(text) => Ok(text.clone().into_bytes()),
            Self::Named(Named::Json(value)) => Ok(value.to_string().into_bytes()),
            Self::Named(Named::Base64(text)) => {
                base64::engine::general_purpose::STANDARD.decode(text).map_err(|error| format!("a body is no base64: {error}"))
            }
            Self::Named(Named::File(path)) => {
                std::fs::read(file.folder.join(path)).map_err(|error| format!("the body {}: {error}", path.display()))
            }
        }
    }
}

/// A document as it reads: JSON where it is JSON, a text where it is text, and base64 where it is neither.
pub(crate) fn document(bytes: &[u8]) -> Value {
    if let Ok(value) = serde_json::from_slice(bytes) {
        return value;
    }
    match str::from_utf8(bytes) {
        Ok(text) => Value::from(text),
        Err(_) => serde_json::json!({ "base64": base64::engine::general_purpose::STANDARD.encode(bytes) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_are_read_in_order_and_bodies_in_each_form() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Traffic::read(folder.path()).unwrap().files().is_empty());
        let traffic = folder.path().join(FOLDER);
        std::fs::create_dir_all(&traffic).unwrap();
        for (name, text) in
            [("b.json", r#"["a", {"base64": "/w=="}, {"json": {"x": 1}}, {"file": "body.sse"}, ""]"#), ("a.json", "\"one\"")]
        {
            std::fs::write(traffic.join(name), text).unwrap();
        }
        std::fs::write(traffic.join("body.sse"), "data: 1\n").unwrap();
        let read = Traffic::read(folder.path()).unwrap();
        let bodies: Vec<_> = read.files().iter().map(|file| file.parse::<Body>().unwrap().pieces(file).unwrap()).collect();
        assert_eq!(bodies[0], [b"one".to_vec()]);
        assert_eq!(bodies[1], [b"a".to_vec(), vec![0xff], b"{\"x\":1}".to_vec(), b"data: 1\n".to_vec()]);
        std::fs::write(traffic.join("c.json"), r#"{"file": "none"}"#).unwrap();
        let read = Traffic::read(folder.path()).unwrap();
        assert!(read.files()[2].parse::<Body>().unwrap().pieces(&read.files()[2]).unwrap_err().contains("none"));
        assert!(read.files()[2].parse::<Vec<u8>>().unwrap_err().contains("line 1"));
    }
}
