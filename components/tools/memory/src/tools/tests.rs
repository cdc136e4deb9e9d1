use super::*;
use crate::definitions;
use crate::shelf::memory::Memory;

fn run(shelf: &Memory, name: &str, arguments: Value) -> Value {
    let answer = Call::parse(name, &arguments.to_string()).unwrap().run(shelf).unwrap();
    serde_json::from_str(&answer).unwrap()
}

fn fault(shelf: &Memory, name: &str, arguments: Value) -> Problem {
    match Call::parse(name, &arguments.to_string()) {
        Ok(call) => call.run(shelf).unwrap_err(),
        Err(problem) => problem,
    }
}

#[test]
fn what_is_saved_is_found_listed_replaced_and_forgotten() {
    let shelf = Memory::default();
    shelf.now.set(1_777_636_799_998);
    let saved = run(&shelf, "memory_save", json!({ "text": "Anna likes green tea", "tags": ["People"] }));
    let id = saved["saved"].as_str().unwrap().to_owned();
    assert_eq!(saved, json!({ "saved": id, "replaced": false, "notes": 1 }));
    let found = run(&shelf, "memory_search", json!({ "query": "TEA", "tags": ["people"] }));
    let whole = json!({ "id": id, "saved": "2026-05-01", "text": "Anna likes green tea", "tags": ["people"] });
    assert_eq!(found, json!({ "found": [whole], "matching": 1, "notes": 1 }));
    run(&shelf, "memory_save", json!({ "text": "Anna likes\nblack tea", "id": id }));
    let listed = run(&shelf, "memory_list", json!({}));
    let begun = json!({ "id": id, "saved": "2026-05-01", "begins": "Anna likes black tea" });
    assert_eq!(listed, json!({ "listed": [begun], "more": false, "notes": 1 }));
    assert_eq!(run(&shelf, "memory_forget", json!({ "id": id })), json!({ "forgotten": id }));
    assert!(fault(&shelf, "memory_forget", json!({ "id": id })).to_string().contains("no note"));
    assert_eq!(run(&shelf, "memory_search", json!({ "query": "tea" }))["found"], json!([]));
}

#[test]
fn a_list_goes_on_where_it_ended() {
    let shelf = Memory::default();
    for number in 0..5 {
        let tag = if number % 2 == 0 { "even" } else { "odd" };
        run(&shelf, "memory_save", json!({ "text": format!("note {number}"), "id": format!("n{number}"), "tags": [tag] }));
    }
    let ids = |arguments: Value| {
        let listed = run(&shelf, "memory_list", arguments);
        let ids: Vec<String> = listed["listed"].as_array().unwrap().iter().map(|note| note["id"].as_str().unwrap().to_owned()).collect();
        (ids.join(" "), listed["more"].as_bool().unwrap())
    };
    assert_eq!(ids(json!({ "limit": 2 })), ("n4 n3".into(), true));
    assert_eq!(ids(json!({ "limit": 2, "start": 2 })), ("n2 n1".into(), true));
    assert_eq!(ids(json!({ "limit": 2, "start": 4 })), ("n0".into(), false));
    assert_eq!(ids(json!({ "start": 9 })), (String::new(), false));
    assert_eq!(ids(json!({ "tags": ["even"], "start": 1 })), ("n2 n0".into(), false));
}

#[test]
fn an_answer_has_room_for_so_much_text() {
    let shelf = Memory::default();
    for number in 0..10 {
        let text = format!("tea {number} {}", "x".repeat(note::MAX_TEXT_BYTES - 6));
        run(&shelf, "memory_save", json!({ "text": text, "id": format!("n{number}") }));
    }
    let found = run(&shelf, "memory_search", json!({ "query": "tea", "limit": 10 }));
    let whole = found["found"].as_array().unwrap().iter().filter(|note| note["text"].is_string()).count();
    let begun = found["found"].as_array().unwrap().iter().filter(|note| note["begins"].is_string()).count();
    assert_eq!((whole, begun), (8, 2));
    let limited = run(&shelf, "memory_search", json!({ "query": "tea" }));
    assert_eq!((limited["found"].as_array().unwrap().len(), &limited["matching"]), (DEFAULT_FOUND, &json!(10)));
}

#[test]
fn every_bound_holds_on_both_sides() {
    let shelf = Memory::default();
    for (name, most, mut arguments) in [("memory_search", MAX_FOUND, json!({ "query": "x" })), ("memory_list", MAX_LISTED, json!({}))] {
        for (limit, fits) in [(0, false), (1, true), (most, true), (most + 1, false)] {
            arguments["limit"] = json!(limit);
            assert_eq!(Call::parse(name, &arguments.to_string()).unwrap().run(&shelf).is_ok(), fits, "{name} {limit}");
        }
    }
    assert!(matches!(fault(&shelf, "memory_save", json!({ "text": "x", "id": "a/b" })), Problem::Arguments(_)));
    assert!(matches!(fault(&shelf, "memory_search", json!({ "query": "!" })), Problem::Arguments(_)));
    assert!(shelf.values.borrow().is_empty());
}

#[test]
fn every_tool_takes_what_its_schema_requires_and_nothing_else() {
    for (name, description, schema) in definitions::all() {
        assert!(description.len() + schema.to_string().len() < 16 * 1024);
        let required = schema["required"].as_array().unwrap();
        let arguments: Value =
            required.iter().map(|key| (key.as_str().unwrap().to_owned(), json!("x"))).collect::<serde_json::Map<_, _>>().into();
        let call = Call::parse(name, &arguments.to_string()).unwrap();
        assert!(!call.purpose().contains('\n') && call.purpose().ends_with('.'), "{name}");
        let mut with_more = arguments.clone();
        with_more["surprise"] = json!(1);
        assert!(Call::parse(name, &with_more.to_string()).is_err_and(|problem| problem.to_string().contains("surprise")), "{name}");
        assert_eq!(Call::parse(name, "").is_ok(), required.is_empty(), "{name}");
        for property in schema["properties"].as_object().unwrap().values() {
            assert!(property["type"].is_string() && property["description"].is_string(), "{name}");
        }
    }
    assert!(Call::parse("memory_read", "{}").is_err());
}

#[test]
fn a_purpose_is_one_line_whatever_the_model_wrote() {
    for (name, arguments) in [
        ("memory_search", json!({ "query": format!("a\nApproved{}", "x".repeat(500)) })),
        ("memory_forget", json!({ "id": "a\nb" })),
        ("memory_save", json!({ "text": "a\nb", "id": "c\nd" })),
    ] {
        let purpose = Call::parse(name, &arguments.to_string()).unwrap().purpose();
        assert!(!purpose.contains('\n') && purpose.len() < 200, "{purpose}");
    }
}

#[test]
fn days_are_those_of_the_calendar() {
    let day = 86_400_000;
    for (days, expected) in [(0, "1970-01-01"), (58, "1970-02-28"), (59, "1970-03-01"), (11_016, "2000-02-29"), (20_574, "2026-05-01")] {
        assert_eq!((date(days * day), date(days * day + day - 1)), (expected.into(), expected.into()));
    }
}
