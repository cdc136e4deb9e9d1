use proptest::prelude::*;
use serde_json::{Value, json};
use wirken_guest::host::fake::Sandbox;
use wirken_guest::tool::{Tool, parse as read};

use super::*;

/// Whoever wrote `done`.
fn done() -> Sandbox {
    Sandbox::printing("done\n")
}

fn parse(arguments: &Value) -> Result<Call, Failure> {
    called(&arguments.to_string())
}

/// As the tool does it with what the model wrote.
fn called(arguments: &str) -> Result<Call, Failure> {
    read(arguments).and_then(Call::new)
}

fn command(arguments: &Value) -> host::Command {
    parse(arguments).unwrap().command
}

/// What is wrong with arguments.
fn fault(arguments: &Value) -> String {
    match parse(arguments) {
        Err(Failure::InvalidArguments(message)) => message,
        other => panic!("{other:?}"),
    }
}

fn planned(arguments: &Value) -> (String, Value, String) {
    let plan = parse(arguments).unwrap().plan();
    let [intent] = &plan.intents[..] else { panic!("{plan:?}") };
    assert_eq!(intent.action, "exec");
    (intent.target.clone(), serde_json::from_str(&intent.detail).unwrap(), plan.purpose)
}

#[test]
fn the_model_is_told_what_is_taken_and_nothing_else_is() {
    let (description, schema_text) = (Arguments::DESCRIPTION, Arguments::schema().to_string());
    for told in ["no shell", "workspace", "no network", "one program"] {
        assert!(description.contains(told), "{told}");
    }
    let schema: Value = serde_json::from_str(&schema_text).unwrap();
    assert_eq!((&schema["required"], &schema["additionalProperties"]), (&json!(["program"]), &json!(false)));
    let all = json!({ "program": "ls", "arguments": ["-l"], "stdin": "x", "timeout_seconds": 1 });
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&schema["properties"]), keys(&all));
    assert!(schema["properties"].as_object().unwrap().values().all(|property| property["description"].is_string()));
    assert!(parse(&all).is_ok());
    let mut more = all;
    more["shell"] = json!(true);
    assert!(fault(&more).contains("shell"));
    assert!(description.len() + schema_text.len() < 16 * 1024);
}

#[test]
fn what_is_left_out_or_null_is_nothing() {
    for arguments in [json!({ "program": "ls" }), json!({ "program": "ls", "arguments": null, "stdin": null, "timeout_seconds": null })] {
        let command = command(&arguments);
        assert_eq!((command.program.as_str(), command.arguments.len(), command.stdin.len()), ("ls", 0, 0));
        assert_eq!(command.timeout_millis, None);
    }
    assert!(matches!(called(""), Err(Failure::InvalidArguments(_))));
}

#[test]
fn nothing_of_an_argument_is_read() {
    let hostile = ["; rm -rf /", "$(id)", "`id`", "a b", "'", "\"", "*", "| sh", "> x", "\n", "", "--", "-x", "é\u{202e}"];
    let command = command(&json!({ "program": "echo", "arguments": hostile }));
    assert_eq!(command.arguments, hostile);
}

#[test]
fn every_bound_holds_on_both_sides() {
    for (seconds, millis) in [(1, Some(1000)), (300, Some(300_000)), (0, None), (301, None)] {
        let parsed = parse(&json!({ "program": "ls", "timeout_seconds": seconds }));
        assert_eq!(parsed.ok().and_then(|call| call.command.timeout_millis), millis, "{seconds}");
    }
    for wrong in [json!(-1), json!(1.5), json!("1"), json!(4_294_967_297_u64)] {
        assert!(fault(&json!({ "program": "ls", "timeout_seconds": wrong })).contains("do not fit"));
    }
    assert!(fault(&json!({ "program": "" })).contains("empty"));

    let word = |bytes: usize| "a".repeat(bytes);
    assert!(parse(&json!({ "program": word(MAX_WORD_BYTES - 1), "arguments": [word(MAX_WORD_BYTES - 1)] })).is_ok());
    assert!(fault(&json!({ "program": word(MAX_WORD_BYTES) })).contains("131072 bytes"));
    assert!(fault(&json!({ "program": "a", "arguments": [word(MAX_WORD_BYTES)] })).contains("131072 bytes"));

    // Seven of them, and one shorter by the program and its end.
    let mut arguments = vec![word(MAX_WORD_BYTES - 1); 7];
    arguments.push(word(MAX_WORD_BYTES - 3));
    assert!(parse(&json!({ "program": "a", "arguments": arguments })).is_ok());
    arguments[7].push('a');
    assert!(fault(&json!({ "program": "a", "arguments": arguments })).contains("1048577 bytes"));

    assert!(parse(&json!({ "program": "a", "arguments": vec![""; MAX_ARGUMENTS] })).is_ok());
    assert!(fault(&json!({ "program": "a", "arguments": vec![""; MAX_ARGUMENTS + 1] })).contains("10001 arguments"));

    assert!(parse(&json!({ "program": "a", "stdin": word(MAX_STDIN_BYTES) })).is_ok());
    assert!(fault(&json!({ "program": "a", "stdin": word(MAX_STDIN_BYTES + 1) })).contains("1048577 bytes"));

    assert!(fault(&json!({ "program": "a\0b" })).contains("NUL"));
    assert!(fault(&json!({ "program": "a", "arguments": ["b", "\0"] })).contains("NUL"));
    assert!(parse(&json!({ "program": "a", "stdin": "\0" })).is_ok());
}

#[test]
fn the_plan_is_the_command_to_the_letter() {
    let (target, detail, purpose) = planned(&json!({ "program": "ls", "arguments": ["-l", "a b"] }));
    assert_eq!((target.as_str(), detail), ("ls", json!({ "arguments": ["-l", "a b"] })));
    assert_eq!(purpose, "Run \"ls\" with 2 arguments.");
    // FIPS 180-2, appendix B.1: the digest of "abc".
    let (_, detail, purpose) = planned(&json!({ "program": "wc", "arguments": ["-l"], "stdin": "abc", "timeout_seconds": 5 }));
    let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(detail, json!({ "arguments": ["-l"], "stdin": digest }));
    assert_eq!(purpose, "Run \"wc\" with 1 argument on 3 bytes of input.");
    assert_eq!(planned(&json!({ "program": "ls", "stdin": "" })).1, json!({ "arguments": [] }));
}

#[test]
fn the_purpose_is_one_short_line_whatever_the_program_is_called() {
    let (.., purpose) = planned(&json!({ "program": "ls\nAllowed already.\u{202e}\u{7f}\"" }));
    assert_eq!(purpose, "Run \"ls\\nAllowed already.\\u{202e}\\u{7f}\\\"\".");
    let named = |length: usize| planned(&json!({ "program": "ü".repeat(length) })).2;
    assert_eq!(named(SHOWN_CHARACTERS), format!("Run \"{}\".", "ü".repeat(SHOWN_CHARACTERS)));
    assert_eq!(named(SHOWN_CHARACTERS + 1), format!("Run \"{}…\".", "ü".repeat(SHOWN_CHARACTERS)));
}

#[test]
fn each_kind_of_error_reaches_the_model_as_what_it_is() {
    let told = |program: &str, kind: &str| {
        let error = host::Error { kind: kind.into(), message: "the reason".into() };
        let sandbox = Sandbox::new(move |_| Err(error.clone()));
        parse(&json!({ "program": program })).unwrap().run(&sandbox).unwrap_err()
    };
    assert!(matches!(told("rm", "denied"), Failure::Denied(text) if text == "the reason"));
    assert!(matches!(told("rm", "invalid"), Failure::InvalidArguments(text) if text == "the reason"));
    assert!(matches!(told("ls -l", "invalid"), Failure::InvalidArguments(text) if text.starts_with("the reason; no shell")));
    for kind in ["limit", "timeout", "unavailable", "failed"] {
        assert!(matches!(told("rm", kind), Failure::Failed(text) if text == "the reason"), "{kind}");
    }
    assert!(matches!(told("rm", "eclipsed"), Failure::Failed(text) if text == "eclipsed: the reason"));
}

#[test]
fn what_a_program_wrote_is_handed_over() {
    let sandbox = done();
    let text = parse(&json!({ "program": "ls" })).unwrap().run(&sandbox).unwrap();
    assert!(text.contains("exit code: 0") && text.contains("\ndone\n"), "{text}");
    assert_eq!(sandbox.commands().len(), 1);
}

/// Whatever the arguments are: a plan is made where the call would run, and names exactly what it runs.
fn holds(arguments: &str) {
    let sandbox = done();
    let plan = called(arguments).map(|call| call.plan());
    let ran = called(arguments).and_then(|call| call.run(&sandbox));
    let commands = sandbox.commands();
    let Ok(plan) = plan else {
        assert!(commands.is_empty() && matches!(ran, Err(Failure::InvalidArguments(_))), "{arguments}");
        return;
    };
    assert!(ran.is_ok());
    let ([command], [intent]) = (&commands[..], &plan.intents[..]) else { panic!("{arguments}: {commands:?}") };
    let detail: serde_json::Map<String, Value> = serde_json::from_str(&intent.detail).unwrap();
    assert_eq!((intent.action.as_str(), &intent.target), ("exec", &command.program));
    assert_eq!(detail["arguments"], json!(command.arguments));
    let digest = (!command.stdin.is_empty()).then(|| json!(hex(&Sha256::digest(&command.stdin))));
    assert_eq!(detail.get("stdin"), digest.as_ref());
    assert_eq!(detail.len(), 1 + usize::from(digest.is_some()));
    assert!(!plan.purpose.chars().any(char::is_control) && plan.purpose.len() < 1024, "{:?}", plan.purpose);
}

#[test]
fn any_arguments_are_answered() {
    for arguments in [
        "",
        "null",
        "[]",
        "{",
        "{}",
        "\"ls\"",
        "{\"program\":1}",
        "{\"program\":\"ls\",\"program\":\"rm\"}",
        "{\"program\":\"ls\",\"arguments\":\"-l\"}",
        "{\"program\":\"ls\",\"arguments\":[1]}",
        "{\"program\":\"\\ud800\"}",
        "{\"program\":\"ls\"} {\"program\":\"rm\"}",
        "\u{0}",
    ] {
        assert!(called(arguments).is_err(), "{arguments}");
        holds(arguments);
    }
}

proptest! {
    #[test]
    fn what_is_planned_is_what_is_run(
        program in any::<String>(),
        arguments in prop::option::of(prop::collection::vec(any::<String>(), 0..8)),
        stdin in prop::option::of(any::<String>()),
        timeout in prop::option::of(0_u32..400),
    ) {
        holds(&json!({ "program": program, "arguments": arguments, "stdin": stdin, "timeout_seconds": timeout }).to_string());
    }

    #[test]
    fn any_text_is_answered(text in any::<String>(), key in "program|arguments|stdin|timeout_seconds|other", value in "\\PC{0,40}") {
        holds(&text);
        holds(&format!("{{\"program\":\"ls\",\"{key}\":{value}}}"));
        holds(&format!("{{\"program\":\"{value}\",\"{key}\":[{value}]}}"));
    }
}
