//! Paths that lead out of the workspace: into the folder of a skill, which the host opens for a call that reads it, and for
//! no other.

use crate::path::Path;
use crate::problem::Problem;
use crate::tools::Call;
use crate::workspace::Workspace;

/// The file of a skill that says how to use it, and what stands in it for the skill's folder.
const FILE: &str = "SKILL.md";
const FOLDER: &str = "{baseDir}";

/// The folder of a skill, and the absolute path by which the host names it.
pub(crate) struct Skill<'a> {
    pub(crate) path: &'a str,
    pub(crate) files: &'a dyn Workspace,
}

/// Whether a path is not meant to be relative to the workspace.
pub(crate) fn is_elsewhere(path: &str) -> bool {
    path.starts_with('/') || path.starts_with("~/")
}

/// Runs a call where its path leads.
pub(crate) fn run(call: &Call, workspace: &dyn Workspace, skill: Option<&Skill<'_>>) -> Result<String, Problem> {
    let Some(path) = call.reads().filter(|path| is_elsewhere(path)) else { return call.run(workspace) };
    match skill.and_then(|skill| Some((skill, below(path, skill.path)?))) {
        Some((skill, below)) => skill.run(call, below),
        None if path.starts_with('/') && Path::parse(path).is_ok() => call.run(workspace),
        None => Err(Problem::Denied(format!("{path} is neither in the workspace nor in the folder of a skill that may be read"))),
    }
}

impl Skill<'_> {
    fn run(&self, call: &Call, below: &str) -> Result<String, Problem> {
        // What the tools say of the workspace, they say of this folder.
        let here = |text: String| text.replace("the workspace", "the skill's folder");
        let text = call.at(below).run(self.files).map_err(|problem| match problem {
            Problem::Arguments(text) => Problem::Arguments(here(text)),
            Problem::Denied(text) => Problem::Denied(here(text)),
            Problem::Failed(text) => Problem::Failed(here(text)),
        })?;
        Ok(match call {
            Call::Read(_) if below == FILE => text.replace(FOLDER, self.path),
            Call::Read(_) => text,
            _ => format!("{text}\n[paths are relative to {}]", self.path),
        })
    }
}

/// What of a path is below a folder, `.` for the folder itself. What `~` stands for is known by the folder alone.
fn below<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    let rest = match path.strip_prefix('~') {
        None => path.strip_prefix(folder)?,
        Some(home) => {
            let mut ends = home.match_indices('/').map(|(at, _)| at).chain([home.len()]).filter(|at| *at > 0);
            // The longest: the folder's name may occur twice.
            let end = ends.rfind(|at| home.get(..*at).is_some_and(|head| folder.ends_with(head)))?;
            home.get(end..)?
        }
    };
    match rest.trim_start_matches('/') {
        "" => Some("."),
        below if rest.starts_with('/') => Some(below),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::memory::Memory;

    const PATH: &str = "/home/a/.wirken/skills/notes";

    fn call(name: &str, arguments: &str) -> Result<String, Problem> {
        let workspace = Memory::with(&[("SKILL.md", "mine {baseDir}"), ("skills/notes/SKILL.md", "draft {baseDir}")]);
        let files = Memory::with(&[("SKILL.md", "Run {baseDir}/scripts/run.sh."), ("scripts/run.sh", "echo {baseDir}")]);
        let call = Call::parse(name, arguments)?;
        call.plan()?;
        run(&call, &workspace, Some(&Skill { path: PATH, files: &files }))
    }

    fn read(path: &str) -> Result<String, Problem> {
        call("files_read", &serde_json::json!({ "path": path }).to_string())
    }

    #[test]
    fn reads_a_skill_by_the_path_that_it_is_listed_with() {
        for path in [format!("{PATH}/SKILL.md"), "~/.wirken/skills/notes/SKILL.md".into(), format!("{PATH}//./SKILL.md")] {
            let said = read(&path).unwrap();
            let whole = said == format!("Run {PATH}/scripts/run.sh.") || path.contains("/./");
            assert!(whole && said.contains("scripts/run.sh"), "{path}: {said}");
        }
        assert_eq!(read(&format!("{PATH}/scripts/run.sh")).unwrap(), "echo {baseDir}", "only SKILL.md speaks of its folder");
        assert_eq!(read("SKILL.md").unwrap(), "mine {baseDir}", "a relative path is one of the workspace");
        assert_eq!(read("/workspace/skills/notes/SKILL.md").unwrap(), "draft {baseDir}");
        let listed = call("files_list", &format!("{{\"path\":\"{PATH}\"}}")).unwrap();
        assert_eq!(listed, format!("SKILL.md (29 bytes)\nscripts/\n[paths are relative to {PATH}]"));
        assert!(call("files_search", "{\"path\":\"~/.wirken/skills/notes\",\"query\":\"echo\"}").unwrap().contains("scripts/run.sh"));
    }

    #[test]
    fn reads_nothing_else_and_writes_nothing() {
        for path in [
            "/home/a/.wirken/skills/notes-2/SKILL.md",
            "/home/a/.wirken/skills",
            "/home/a/.wirken/vault/key",
            "~/.wirken/vault/key",
            "~/skills",
            "/etc/passwd",
            "~/",
        ] {
            assert!(matches!(read(path), Err(Problem::Denied(_))), "{path}");
        }
        for path in ["../x", "~/.wirken/skills/notes/../../vault", "/workspace/../etc/passwd"] {
            assert!(matches!(read(path), Err(Problem::Arguments(_))), "{path}");
        }
        let missing = read(&format!("{PATH}/nothing")).unwrap_err();
        assert_eq!(missing.to_string(), "there is no nothing in the skill's folder");
        for (tool, more) in [("files_write", "\"content\":\"x\""), ("files_edit", "\"old_text\":\"a\",\"new_text\":\"b\"")] {
            let refused = call(tool, &format!("{{\"path\":\"{PATH}/SKILL.md\",{more}}}")).unwrap_err();
            assert!(refused.to_string().contains("absolute"), "{refused}");
        }
    }

    #[test]
    fn without_a_skill_only_the_workspace_is_there() {
        let workspace = Memory::with(&[("a", "here")]);
        let read = |path: &str| run(&Call::parse("files_read", &format!("{{\"path\":\"{path}\"}}")).unwrap(), &workspace, None);
        assert_eq!(read("/workspace/a").unwrap(), "here");
        assert!(matches!(read("/home/a/x"), Err(Problem::Denied(_))));
    }
}
