//! One SKILL.md, read: what it is called, what it is for, and what it asks for.

use std::path::{Path, PathBuf};

use crate::front::{self, FrontMatter, Trouble};
use crate::metadata::{self, Metadata};
use crate::rules;
use crate::text;

/// The name of the file.
pub const FILE: &str = "SKILL.md";
/// A file that is larger is no skill. From the contract.
pub const MAX_FILE_BYTES: u64 = 256_000;

/// A skill as its file describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skill {
    pub name: String,
    pub description: String,
    /// The absolute folder that holds its SKILL.md.
    pub folder: PathBuf,
    pub homepage: Option<String>,
    /// People can start it with a slash.
    pub user_invocable: bool,
    /// The model is not told of it.
    pub hidden_from_model: bool,
    /// The tool that its slash command calls, past the model.
    pub command_tool: Option<String>,
    pub metadata: Metadata,
    /// What is odd and does not keep it from loading.
    pub warnings: Vec<Diagnostic>,
}

/// Something to say of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub file: PathBuf,
    /// Counts from 1, where a line is meant.
    pub line: Option<usize>,
    pub why: String,
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}, line {line}: {}", self.file.display(), self.why),
            None => write!(f, "{}: {}", self.file.display(), self.why),
        }
    }
}

impl Skill {
    /// Reads the text of the SKILL.md in a folder, or says why it is no skill. `called` is the folder's name as its owner
    /// sees it, which is another where a link leads there.
    pub fn parse(content: &str, folder: &Path, called: &str) -> Result<Self, Diagnostic> {
        let file = folder.join(FILE);
        let wrong = |line: Option<usize>, why: String| Diagnostic { file: file.clone(), line, why };
        let trouble = |Trouble { line, why }: Trouble| wrong(Some(line), why);
        let normalized = front::normalize(content);
        let parts = match front::split(&normalized) {
            Some(parts) => parts.map_err(trouble)?,
            None => {
                return Err(wrong(Some(1), "it has no front matter: a first line `---` was expected, then `description: …`".to_owned()));
            }
        };
        let front = FrontMatter::parse(parts.front).map_err(trouble)?;
        let value = |name: &str| front.get(name).map(text::trim).filter(|value| !value.is_empty()).map(str::to_owned);
        let name = value("name").unwrap_or_else(|| text::trim(called).to_owned());
        let description =
            value("description").ok_or_else(|| wrong(None, "a description is required: add a line `description: …`".to_owned()))?;
        if name.is_empty() {
            return Err(wrong(None, "it has no name: add a line `name: …`".to_owned()));
        }
        let (metadata, mut odd) = metadata::read(front.metadata());
        let command_tool = dispatch(&front, &mut odd);
        odd.extend(rules::objections(&name, called, &description, value("compatibility").as_deref(), parts.body));
        let mut warnings: Vec<_> = front.recovered.clone().map(trouble).into_iter().collect();
        warnings.extend(odd.into_iter().map(|why| wrong(None, why)));
        Ok(Self {
            homepage: value("homepage").or_else(|| metadata.homepage.clone()),
            user_invocable: front.boolean("user-invocable", true),
            hidden_from_model: front.boolean("disable-model-invocation", false),
            command_tool,
            folder: folder.to_owned(),
            name,
            description,
            metadata,
            warnings,
        })
    }

    pub fn file(&self) -> PathBuf {
        self.folder.join(FILE)
    }

    /// The name of its entry in the configuration.
    pub fn key(&self) -> &str {
        self.metadata.skill_key.as_deref().unwrap_or(&self.name)
    }
}

/// What a SKILL.md tells whoever uses the skill: its text, with `{baseDir}` as the folder.
pub fn instructions(content: &str, folder: &Path) -> String {
    content.replace("{baseDir}", &folder.to_string_lossy())
}

fn dispatch(front: &FrontMatter, odd: &mut Vec<String>) -> Option<String> {
    let kind = text::trim(front.either("command-dispatch", "command_dispatch")).to_lowercase();
    if kind.is_empty() {
        return None;
    }
    if kind != "tool" {
        odd.push(format!("`command-dispatch: {}` is passed over: `tool` is the only kind", text::cut(&kind, 32)));
        return None;
    }
    let tool = text::trim(front.either("command-tool", "command_tool"));
    if tool.is_empty() {
        odd.push("`command-dispatch: tool` is passed over: `command-tool` names no tool".to_owned());
        return None;
    }
    let mode = text::trim(front.either("command-arg-mode", "command_arg_mode")).to_lowercase();
    if !matches!(mode.as_str(), "" | "raw") {
        odd.push(format!("`command-arg-mode: {}` is taken for `raw`, the only mode", text::cut(&mode, 32)));
    }
    Some(tool.to_owned())
}
