//! The files of the agent's workspace, as tools: list, read, write, edit and search.
//!
//! The workspace is the first folder that the host opens for this component; without one, every call is denied. A second one
//! is the folder of the skill that the call reads. The host confines what is reached through them, whatever happens here.

mod bindings;
mod edit;
mod list;
mod path;
mod problem;
mod read;
mod search;
mod skill;
mod text;
mod tools;
mod workspace;
mod write;

use bindings::exports::wirken::tool::tools::{CallPlan, Failure, Guest, Intent, Part, ToolDefinition};
use problem::Problem;
use skill::Skill;
use tools::Call;
use workspace::wasi::Granted;

struct Files;

impl Guest for Files {
    fn definitions() -> Vec<ToolDefinition> {
        wirken_guest::init();
        let definition = |(name, description, schema): (&str, &str, serde_json::Value)| ToolDefinition {
            name: name.to_owned(),
            description: description.to_owned(),
            input_schema: schema.to_string(),
        };
        tools::definitions().into_iter().map(definition).collect()
    }

    fn plan(name: String, arguments: String) -> Result<CallPlan, Failure> {
        wirken_guest::init();
        let plan = Call::parse(&name, &arguments)?.plan()?;
        let intent = |action: &&str| Intent { action: (*action).to_owned(), target: plan.target.clone(), detail: "{}".to_owned() };
        Ok(CallPlan { intents: plan.actions.iter().map(intent).collect(), purpose: plan.purpose })
    }

    fn call(name: String, arguments: String) -> Result<Vec<Part>, Failure> {
        wirken_guest::init();
        // First, so that a call without a workspace is denied whatever it asks.
        let workspace = Granted::open()?;
        let folder = Granted::skill();
        let skill = folder.as_ref().map(|(path, files)| Skill { path, files });
        let text = skill::run(&Call::parse(&name, &arguments)?, &workspace, skill.as_ref())?;
        Ok(vec![Part::Text(text)])
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::Arguments(message) => Self::InvalidArguments(message),
            Problem::Denied(message) => Self::Denied(message),
            Problem::Failed(message) => Self::Failed(message),
        }
    }
}
