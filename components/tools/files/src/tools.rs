//! The tools by name: what a model is told of each, what a call will touch, and the call itself.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::path::Path;
use crate::problem::Problem;
use crate::skill::is_elsewhere;
use crate::workspace::Workspace;
use crate::{edit, list, read, search, write};

/// A call whose arguments have the right shape.
#[derive(Clone, Debug)]
pub(crate) enum Call {
    List(list::Arguments),
    Read(read::Arguments),
    Write(write::Arguments),
    Edit(edit::Arguments),
    Search(search::Arguments),
}

/// What a call will touch.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) purpose: String,
    pub(crate) actions: &'static [&'static str],
    pub(crate) target: String,
}

impl Call {
    pub(crate) fn parse(name: &str, arguments: &str) -> Result<Self, Problem> {
        Ok(match name {
            "files_list" => Self::List(parse(arguments)?),
            "files_read" => Self::Read(parse(arguments)?),
            "files_write" => Self::Write(parse(arguments)?),
            "files_edit" => Self::Edit(parse(arguments)?),
            "files_search" => Self::Search(parse(arguments)?),
            other => return Err(Problem::Arguments(format!("there is no tool {other:?} here"))),
        })
    }

    pub(crate) fn plan(&self) -> Result<Plan, Problem> {
        let (verb, actions, path): (_, &'static [&'static str], _) = match self {
            Self::List(arguments) => ("List", &["read"], arguments.path.as_deref()),
            Self::Read(arguments) => ("Read", &["read"], Some(arguments.path.as_str())),
            Self::Write(arguments) => ("Write", &["write"], Some(arguments.path.as_str())),
            Self::Edit(arguments) => ("Edit", &["read", "write"], Some(arguments.path.as_str())),
            Self::Search(arguments) => ("Search", &["read"], arguments.path.as_deref()),
        };
        let path = path.unwrap_or(".");
        if let Some(elsewhere) = self.reads().filter(|path| is_elsewhere(path)) {
            return Ok(Plan { purpose: format!("{verb} {elsewhere}."), actions, target: plain(elsewhere)? });
        }
        let path = Path::parse(path)?;
        let shown = if path.is_workspace() { "the workspace".to_owned() } else { path.to_string() };
        Ok(Plan { purpose: format!("{verb} {shown}."), actions, target: path.to_string() })
    }

    /// The path of a call that changes nothing.
    pub(crate) fn reads(&self) -> Option<&str> {
        match self {
            Self::List(list::Arguments { path, .. }) | Self::Search(search::Arguments { path, .. }) => path.as_deref(),
            Self::Read(arguments) => Some(&arguments.path),
            Self::Write(_) | Self::Edit(_) => None,
        }
    }

    /// The same call at another path, where it changes nothing.
    pub(crate) fn at(&self, path: &str) -> Self {
        let mut call = self.clone();
        match &mut call {
            Self::List(list::Arguments { path: at, .. }) | Self::Search(search::Arguments { path: at, .. }) => *at = Some(path.to_owned()),
            Self::Read(arguments) => arguments.path = path.to_owned(),
            Self::Write(_) | Self::Edit(_) => {}
        }
        call
    }

    pub(crate) fn run(&self, workspace: &dyn Workspace) -> Result<String, Problem> {
        match self {
            Self::List(arguments) => list::run(workspace, arguments),
            Self::Read(arguments) => read::run(workspace, arguments),
            Self::Write(arguments) => write::run(workspace, arguments),
            Self::Edit(arguments) => edit::run(workspace, arguments),
            Self::Search(arguments) => search::run(workspace, arguments),
        }
    }
}

/// A path that is not of the workspace, once it is known to be plain. One of the workspace has its own form.
fn plain(path: &str) -> Result<String, Problem> {
    let steps = path.trim_start_matches('~').trim_start_matches('/');
    Path::parse(if steps.is_empty() { "." } else { steps })?;
    Ok(path.to_owned())
}

/// A model that has nothing to say may say nothing.
fn parse<'a, T: Deserialize<'a>>(arguments: &'a str) -> Result<T, Problem> {
    let arguments = if arguments.trim().is_empty() { "{}" } else { arguments };
    serde_json::from_str(arguments).map_err(|error| Problem::Arguments(format!("the arguments do not fit: {error}")))
}

/// Name, description, and schema of the arguments.
pub(crate) fn definitions() -> Vec<(&'static str, &'static str, Value)> {
    let path =
        |what: &str| json!({ "type": "string", "description": format!("{what}, relative to the workspace, such as notes/today.md") });
    let folder = |what: &str| json!({ "type": "string", "description": format!("{what}, relative to the workspace; the workspace itself if left out") });
    vec![
        (
            "files_list",
            "Lists the files of a folder in the workspace or of a listed skill, with their sizes.",
            object(
                &[],
                json!({
                    "path": folder("The folder"),
                    "recursive": { "type": "boolean", "description": "Whether to list the folders in it too." },
                    "depth": { "type": "integer", "minimum": 1, "maximum": list::MAX_DEPTH, "description": format!("How many folders deep, if recursive; {} if left out.", list::DEFAULT_DEPTH) },
                }),
            ),
        ),
        (
            "files_read",
            "Reads a text file of the workspace or of a listed skill, up to 64 KiB at once. A note at the end says how to go on.",
            object(
                &["path"],
                json!({
                    "path": { "type": "string", "description": "The file, relative to the workspace, such as notes/today.md, or a skill's by its absolute path" },
                    "offset": { "type": "integer", "minimum": 1, "description": "The first line to read, counted from 1." },
                    "limit": { "type": "integer", "minimum": 1, "description": "The number of lines to read." },
                }),
            ),
        ),
        (
            "files_write",
            "Writes a whole text file in the workspace, new or in place of the old, and creates the folders on its way.",
            object(
                &["path", "content"],
                json!({
                    "path": path("The file"),
                    "content": { "type": "string", "description": "All of the file's text." },
                }),
            ),
        ),
        (
            "files_edit",
            "Replaces a text in a file of the workspace by another. The text must occur exactly once, unless replace_all is set.",
            object(
                &["path", "old_text", "new_text"],
                json!({
                    "path": path("The file"),
                    "old_text": { "type": "string", "minLength": 1, "description": "The text to replace, exactly as it is in the file." },
                    "new_text": { "type": "string", "description": "The text to put in its place." },
                    "replace_all": { "type": "boolean", "description": "Whether to replace every occurrence." },
                }),
            ),
        ),
        (
            "files_search",
            "Searches the files of the workspace for a text, to the letter, and names the lines that hold it.",
            object(
                &["query"],
                json!({
                    "query": { "type": "string", "minLength": 1, "description": "The text to look for, within one line." },
                    "path": folder("The folder or file to search"),
                }),
            ),
        ),
    ]
}

fn object(required: &[&str], properties: Value) -> Value {
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::memory::Memory;

    #[test]
    fn every_tool_takes_what_its_schema_requires_and_nothing_else() {
        for (name, _, schema) in definitions() {
            let required = schema["required"].as_array().unwrap();
            let arguments: Value =
                required.iter().map(|key| (key.as_str().unwrap().to_owned(), json!("x"))).collect::<serde_json::Map<_, _>>().into();
            assert!(Call::parse(name, &arguments.to_string()).is_ok(), "{name}");
            let mut with_more = arguments.clone();
            with_more["surprise"] = json!(1);
            assert!(Call::parse(name, &with_more.to_string()).is_err_and(|problem| problem.to_string().contains("surprise")), "{name}");
            assert_eq!(Call::parse(name, "").is_ok(), required.is_empty(), "{name}");
            for property in schema["properties"].as_object().unwrap().values() {
                assert!(property["type"].is_string() && property["description"].is_string(), "{name}");
            }
        }
    }

    #[test]
    fn any_arguments_are_answered() {
        for arguments in
            ["", "null", "[]", "{", "{\"path\":1}", "{\"path\":\"a\",\"offset\":-1}", "\u{0}", "{\"path\":\"a\",\"path\":\"b\"}"]
        {
            for (name, ..) in definitions() {
                if let Ok(call) = Call::parse(name, arguments) {
                    let _ = (call.plan(), call.run(&Memory::default()));
                }
            }
        }
        assert!(Call::parse("files_delete", "{}").is_err());
    }

    #[test]
    fn a_plan_names_what_the_call_will_touch() {
        let plan = |name, arguments| Call::parse(name, arguments).and_then(|call| call.plan());
        let edit = "{\"path\":\"./a//b\",\"old_text\":\"x\",\"new_text\":\"y\"}";
        assert_eq!(plan("files_edit", edit), Ok(Plan { purpose: "Edit a/b.".into(), actions: &["read", "write"], target: "a/b".into() }));
        assert_eq!(plan("files_list", "{}"), Ok(Plan { purpose: "List the workspace.".into(), actions: &["read"], target: ".".into() }));
        assert!(matches!(plan("files_read", "{\"path\":\"../x\"}"), Err(Problem::Arguments(_))));
    }

    #[test]
    fn what_was_written_is_read_edited_found_and_listed() {
        let memory = Memory::default();
        let run = |name, arguments: Value| Call::parse(name, &arguments.to_string()).unwrap().run(&memory).unwrap();
        run("files_write", json!({ "path": "a/b", "content": "one two" }));
        run("files_edit", json!({ "path": "a/b", "old_text": "two", "new_text": "zwei" }));
        assert_eq!(run("files_read", json!({ "path": "a/b" })), "one zwei");
        assert_eq!(run("files_search", json!({ "query": "zwei" })), "a/b:1: one zwei");
        assert_eq!(run("files_list", json!({ "recursive": true })), "a/\na/b (8 bytes)");
    }
}
