//! A model that believes whatever it reads.

use serde_json::Value;
use wirken_testkit::llm::{FakeLlm, Reply, Script};

/// Each line `call TOOL ARGUMENTS` of what a person says or a tool returns is a call that it makes, one after the other.
/// `{result}` in arguments is the first line of what the call before returned. When no such line is left, it tells its last result.
pub(crate) fn gullible() -> Script {
    Script::reply(|request| {
        let messages = request["messages"].as_array().cloned().unwrap_or_default();
        let of = |role: &str| messages.iter().filter(|message| message["role"] == role).cloned().collect::<Vec<Value>>();
        let heard = messages.iter().filter(|message| message["role"] == "user" || message["role"] == "tool");
        let calls: Vec<String> = heard
            .filter_map(|message| message["content"].as_str())
            .flat_map(str::lines)
            .filter_map(|line| line.trim().strip_prefix("call ").map(str::to_owned))
            .collect();
        let made: usize = of("assistant").iter().map(|message| message["tool_calls"].as_array().map_or(0, Vec::len)).sum();
        let last = of("tool").last().and_then(|message| message["content"].as_str().map(str::to_owned)).unwrap_or_default();
        match calls.get(made).and_then(|call| call.split_once(' ')) {
            Some((tool, arguments)) => {
                let first = last.lines().next().unwrap_or_default();
                let quoted = Value::from(first).to_string();
                let arguments = arguments.replace("{result}", quoted.trim_matches('"'));
                let arguments = serde_json::from_str(&arguments).unwrap_or_else(|error| panic!("{arguments}: {error}"));
                Reply::tool(tool, &arguments)
            }
            None => Reply::text(format!("It says: {last}")),
        }
    })
}

/// What it was told by tools, in order, as of its last request.
pub(crate) fn results(llm: &FakeLlm) -> Vec<String> {
    let messages = llm.last().unwrap().body["messages"].as_array().cloned().unwrap();
    let results = messages.iter().filter(|message| message["role"] == "tool");
    results.map(|message| message["content"].as_str().unwrap().to_owned()).collect()
}

/// Everything that it was ever told.
pub(crate) fn heard(llm: &FakeLlm) -> String {
    llm.recorded().iter().map(|recorded| recorded.body.to_string()).collect()
}
