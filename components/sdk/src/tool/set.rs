//! The tools of one component, as the world has them.

use std::marker::PhantomData;

use super::{CallPlan, Failure, Guest, Part, Tool, ToolDefinition, parse};

/// A component with the tools of a list: `(First, (Second, ()))`.
#[derive(Debug)]
pub struct Component<L>(PhantomData<L>);

/// A list of tools.
pub trait List {
    /// Adds what a model is told of each.
    fn define(definitions: &mut Vec<ToolDefinition>);
    /// None where no tool has this name.
    fn plan(name: &str, arguments: &str) -> Option<Result<CallPlan, Failure>>;
    /// None where no tool has this name.
    fn call(name: &str, arguments: &str) -> Option<Result<String, Failure>>;
}

impl List for () {
    fn define(_definitions: &mut Vec<ToolDefinition>) {}

    fn plan(_name: &str, _arguments: &str) -> Option<Result<CallPlan, Failure>> {
        None
    }

    fn call(_name: &str, _arguments: &str) -> Option<Result<String, Failure>> {
        None
    }
}

impl<T: Tool, L: List> List for (T, L) {
    fn define(definitions: &mut Vec<ToolDefinition>) {
        let input_schema = T::schema().to_string();
        definitions.push(ToolDefinition { name: T::NAME.to_owned(), description: T::DESCRIPTION.to_owned(), input_schema });
        L::define(definitions);
    }

    fn plan(name: &str, arguments: &str) -> Option<Result<CallPlan, Failure>> {
        if name == T::NAME { Some(parse::<T>(arguments).and_then(|tool| tool.plan())) } else { L::plan(name, arguments) }
    }

    fn call(name: &str, arguments: &str) -> Option<Result<String, Failure>> {
        if name == T::NAME { Some(parse::<T>(arguments).and_then(T::call)) } else { L::call(name, arguments) }
    }
}

impl<L: List> Guest for Component<L> {
    fn definitions() -> Vec<ToolDefinition> {
        crate::init();
        let mut definitions = Vec::new();
        L::define(&mut definitions);
        definitions
    }

    fn plan(name: String, arguments: String) -> Result<CallPlan, Failure> {
        crate::init();
        L::plan(&name, &arguments).unwrap_or_else(|| Err(unknown(&name)))
    }

    fn call(name: String, arguments: String) -> Result<Vec<Part>, Failure> {
        crate::init();
        let answer = L::call(&name, &arguments).unwrap_or_else(|| Err(unknown(&name)))?;
        Ok(vec![Part::Text(answer)])
    }
}

fn unknown(name: &str) -> Failure {
    Failure::invalid(format!("there is no tool {name:?} here"))
}
