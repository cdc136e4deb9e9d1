//! This machine as skills may ask about it: folders of programs, variables, and the configuration.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{Access, AtFlags, CWD, accessat};
use serde_json::Value;

use crate::eligible::Surroundings;
use crate::text;

/// What is here. Each program is looked up once, so it is made anew where a new look is meant.
pub struct Here {
    programs: Box<dyn Fn(&str) -> bool + Send + Sync>,
    variables: Vec<String>,
    config: Value,
    asked: Mutex<HashMap<String, bool>>,
}

impl std::fmt::Debug for Here {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Here").finish_non_exhaustive()
    }
}

impl Here {
    /// `programs` tells whether a program would run: see [`in_folders`]. `variables` are the names of those that are set to
    /// something.
    pub fn new(programs: Box<dyn Fn(&str) -> bool + Send + Sync>, variables: Vec<String>, config: Value) -> Self {
        Self { programs, variables, config, asked: Mutex::new(HashMap::new()) }
    }
}

impl Surroundings for Here {
    fn os(&self) -> &str {
        match std::env::consts::OS {
            "macos" => "darwin",
            "windows" => "win32",
            other => other,
        }
    }

    /// A name is a file's name: a path is none.
    fn has_program(&self, name: &str) -> bool {
        if name.is_empty() || name == "." || name == ".." || name.contains(['/', '\0']) {
            return false;
        }
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = asked.get(name) {
            return *there;
        }
        let there = (self.programs)(name);
        asked.insert(name.to_owned(), there);
        there
    }

    fn has_variable(&self, name: &str) -> bool {
        self.variables.iter().any(|variable| variable == name)
    }

    /// Names may be spelt `likeThis`, as where the skill comes from, or `like-this`.
    fn holds(&self, path: &str) -> bool {
        let mut value = &self.config;
        for name in path.split('.').filter(|name| !name.is_empty()) {
            let Some(below) = value.get(name).or_else(|| value.get(kebab(name))) else { return false };
            value = below;
        }
        match value {
            Value::Null | Value::Bool(false) => false,
            Value::Bool(true) | Value::Array(_) | Value::Object(_) => true,
            Value::Number(number) => number.as_f64() != Some(0.0),
            Value::String(string) => !text::trim(string).is_empty(),
        }
    }
}

fn kebab(name: &str) -> String {
    let mut kebab = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.push(if c == '_' { '-' } else { c.to_ascii_lowercase() });
    }
    kebab
}

/// Whether one of the folders holds a program of this name that may be run.
pub fn in_folders(folders: &[PathBuf], name: &str) -> bool {
    let runs = |path: &Path| path.is_file() && accessat(CWD, path, Access::EXEC_OK, AtFlags::empty()).is_ok();
    folders.iter().any(|folder| folder.is_absolute() && runs(&folder.join(name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::os::unix::fs::PermissionsExt;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn here(config: Value) -> Here {
        Here::new(Box::new(|name| name == "git"), vec!["HOME".to_owned()], config)
    }

    #[test]
    fn a_path_holds_something_or_not() {
        let here = here(json!({
            "webchat": {"port": 0}, "agent": {"workspace": "/srv", "instructions": " "}, "channels": {}, "skills": {"load": {"extra-dirs": []}},
            "list": [], "yes": true, "no": false, "nothing": null, "number": 0.5,
        }));
        for path in [
            "agent.workspace",
            "agent",
            "channels",
            "list",
            "yes",
            "number",
            "skills.load.extraDirs",
            "skills.load.extra-dirs",
            "skills.load.extra_dirs",
        ] {
            assert!(here.holds(path), "{path}");
        }
        for path in ["webchat.port", "agent.instructions", "no", "nothing", "unheard.of", "yes.more", "agent.workspace.x", "Agent.x"] {
            assert!(!here.holds(path), "{path}");
        }
    }

    #[test]
    fn a_program_is_looked_up_once_and_by_its_name_alone() {
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        let programs = move |_: &str| counter.fetch_add(1, Ordering::Relaxed) < 100;
        let here = Here::new(Box::new(programs), Vec::new(), Value::Null);
        assert!(here.has_program("a") && here.has_program("a") && here.has_program("b"));
        assert_eq!(asked.load(Ordering::Relaxed), 2);
        for name in ["", ".", "..", "../a", "/bin/a", "a\0"] {
            assert!(!here.has_program(name), "{name}");
        }
        assert_eq!(asked.load(Ordering::Relaxed), 2);
        assert!(!here.has_variable("HOME") && !here.holds(""));
        assert!(super::tests::here(Value::Null).has_variable("HOME"));
    }

    #[test]
    fn a_program_is_a_file_that_may_be_run() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        for (name, mode) in [("runs", 0o755), ("text", 0o644)] {
            std::fs::write(path.join(name), "").unwrap();
            std::fs::set_permissions(path.join(name), std::fs::Permissions::from_mode(mode)).unwrap();
        }
        std::fs::create_dir(path.join("folder")).unwrap();
        let folders = [PathBuf::from("/nowhere"), path.to_owned()];
        assert!(in_folders(&folders, "runs"));
        assert!(!in_folders(&folders, "text") && !in_folders(&folders, "folder") && !in_folders(&folders, "gone"));
        assert!(!in_folders(&[PathBuf::from(".")], "Cargo.toml") && !in_folders(&[], "runs"));
    }
}
