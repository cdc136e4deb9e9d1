use serde::Deserialize;
use serde_json::{Value, json};

use super::*;
use crate::host::fake::{Denied, Given, Lines, Memory, Named, Outbox, Sandbox};
use crate::host::{Command, Credentials, Log, Messages, Programs, Settings, Store};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shout {
    text: Option<String>,
}

impl Tool for Shout {
    const NAME: &str = "shout";
    const DESCRIPTION: &str = "Says it in capitals.";

    fn schema() -> Schema {
        Schema::object().optional("text", string("What to say."))
    }

    fn call(self) -> Result<String, Failure> {
        Ok(self.text.unwrap_or_default().to_uppercase())
    }
}

#[derive(Deserialize)]
struct Fetch {
    path: String,
}

impl Tool for Fetch {
    const NAME: &str = "fetch";
    const DESCRIPTION: &str = "Fetches a page.";

    fn schema() -> Schema {
        Schema::object().required("path", string("Which.")).optional("times", integer("How often."))
    }

    fn plan(&self) -> Result<CallPlan, Failure> {
        Ok(CallPlan { purpose: "Fetch a page.".into(), intents: vec![Intent::http("GET", "https://a.example", &self.path)] })
    }

    fn call(self) -> Result<String, Failure> {
        Err(Failure::denied("no network"))
    }
}

type Both = Component<(Shout, (Fetch, ()))>;

fn call(name: &str, arguments: &str) -> Result<Vec<Part>, Failure> {
    Both::call(name.into(), arguments.into())
}

#[test]
fn a_component_defines_its_tools_in_their_order() {
    let definitions = Both::definitions();
    let names: Vec<&str> = definitions.iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(names, ["shout", "fetch"]);
    let schema: Value = serde_json::from_str(&definitions[1].input_schema).unwrap();
    assert_eq!(
        schema,
        json!({
            "type": "object",
            "properties": { "path": { "type": "string", "description": "Which." }, "times": { "type": "integer", "description": "How often." } },
            "required": ["path"],
            "additionalProperties": false,
        })
    );
}

#[test]
fn a_call_reaches_the_tool_of_its_name_and_no_other() {
    assert_eq!(call("shout", r#"{"text":"ho"}"#), Ok(vec![Part::Text("HO".into())]));
    assert_eq!(call("fetch", r#"{"path":"/"}"#), Err(Failure::Denied("no network".into())));
    assert_eq!(call("shou", "{}"), Err(Failure::InvalidArguments("there is no tool \"shou\" here".into())));
    assert!(matches!(Both::plan("x".into(), "{}".into()), Err(Failure::InvalidArguments(_))));
}

#[test]
fn arguments_that_do_not_fit_are_named_and_missing_ones_are_an_empty_object() {
    assert_eq!(call("shout", " "), Ok(vec![Part::Text(String::new())]));
    for wrong in [r#"{"words":1}"#, "[]", "no"] {
        assert!(
            matches!(call("shout", wrong), Err(Failure::InvalidArguments(text)) if text.starts_with("the arguments do not fit: ")),
            "{wrong}"
        );
    }
    assert!(matches!(call("fetch", "{}"), Err(Failure::InvalidArguments(text)) if text.contains("missing field `path`")));
}

#[test]
fn a_tool_without_a_plan_asks_for_nothing_and_one_with_it_for_that() {
    assert_eq!(Both::plan("shout".into(), "{}".into()), Ok(CallPlan { purpose: "Call shout.".into(), intents: Vec::new() }));
    let plan = Both::plan("fetch".into(), r#"{"path":"/x?y"}"#.into()).unwrap();
    assert_eq!((plan.intents[0].action.as_str(), plan.intents[0].target.as_str()), ("http", "https://a.example"));
    assert_eq!(serde_json::from_str::<Value>(&plan.intents[0].detail).unwrap(), json!({ "method": "GET", "path": "/x?y" }));
}

#[test]
fn intents_are_written_as_the_host_reads_them() {
    let detail = |intent: Intent| (intent.action, intent.target, serde_json::from_str::<Value>(&intent.detail).unwrap());
    assert_eq!(detail(Intent::read(".")), ("read".into(), ".".into(), json!({})));
    assert_eq!(detail(Intent::write("a/b")), ("write".into(), "a/b".into(), json!({})));
    assert_eq!(detail(Intent::exec("ls", &["-l".into()])), ("exec".into(), "ls".into(), json!({ "arguments": ["-l"] })));
    assert_eq!(detail(Intent::send("web", "c1")), ("send".into(), "c1".into(), json!({ "channel": "web" })));
}

#[test]
fn what_the_host_refuses_is_told_as_what_it_is() {
    let error = |kind: &str| host::Error { kind: kind.into(), message: "m".into() };
    assert_eq!(Failure::from(error("denied")), Failure::Denied("m".into()));
    assert_eq!(Failure::from(error("invalid")), Failure::InvalidArguments("m".into()));
    assert_eq!(Failure::from(error("timeout")), Failure::Failed("m".into()));
}

#[test]
fn fakes_answer_and_remember() {
    let command = Command { program: "date".into(), arguments: Vec::new(), stdin: Vec::new(), timeout_millis: None };
    let sandbox = Sandbox::printing("Monday");
    assert_eq!(sandbox.run(&command).unwrap().stdout, b"Monday");
    assert_eq!(sandbox.commands(), std::slice::from_ref(&command));

    let memory = Memory::default();
    memory.set("a/1", b"x").unwrap();
    memory.set("b", b"y").unwrap();
    assert_eq!((memory.get("a/1"), memory.keys("a/")), (Ok(Some(b"x".to_vec())), Ok(vec!["a/1".into()])));
    memory.delete("a/1").unwrap();
    assert_eq!(memory.get("a/1"), Ok(None));

    let (outbox, lines) = (Outbox::default(), Lines::default());
    outbox.send("web", "c1", "hello").unwrap();
    lines.log("info", "said");
    assert_eq!(outbox.sent(), [("web".into(), "c1".into(), "hello".into())]);
    assert_eq!(lines.lines(), [("info".into(), "said".into())]);
    assert!(Named(&["key"]).available("key") && !Named(&["key"]).available("other"));

    let denied = |error: host::Error| error.kind == "denied";
    assert!(denied(Denied.run(&command).unwrap_err()) && denied(Denied.get("a").unwrap_err()) && denied(Denied.set("a", b"").unwrap_err()));
    assert!(
        denied(Denied.delete("a").unwrap_err()) && denied(Denied.keys("").unwrap_err()) && denied(Denied.send("", "", "").unwrap_err())
    );
    assert!(!Denied.available("key"));
}

#[test]
fn settings_are_read_into_a_type() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Mine {
        city: String,
    }
    let given = Given(r#"{"city":"Ulm"}"#);
    assert_eq!(given.get(), r#"{"city":"Ulm"}"#);
    assert_eq!(host::settings(&given), Ok(Mine { city: "Ulm".into() }));
    assert!(host::settings::<Mine>(&Given("{}")).unwrap_err().message.contains("city"));
}
