//! Whole answers.

use super::*;

fn user(text: &str, tools: &[&str]) -> Conversation {
    let last = Last::User { text: text.into(), attachments: 0 };
    Conversation { last, tools: tools.iter().map(|tool| (*tool).into()).collect(), calls: 2, length: text.len() }
}

fn text(lines: &[Line]) -> String {
    lines.iter().filter_map(|line| if let Line::Text(text) = line { Some(text.as_str()) } else { None }).collect()
}

#[test]
fn says_one_word_per_line_and_loses_no_character() {
    let mut lines = Vec::new();
    say(&mut lines, "  Grüß  dich,\n\n🦀 und mehr ");
    let words: Vec<_> = ["  ", "Grüß  ", "dich,\n\n", "🦀 ", "und ", "mehr "].into_iter().map(|word| Line::Text(word.into())).collect();
    assert_eq!(lines, words);
}

#[test]
fn calls_a_tool_that_is_offered() {
    let lines = answer(&user("list the files", &["files_list"]));
    let call = Line::Call { id: "call-3".into(), name: "files_list".into(), arguments: "{}".into() };
    assert!(lines.contains(&call), "{lines:?}");
    assert_eq!(lines.last(), Some(&Line::Stop("tool-use".into())));
}

#[test]
fn says_so_where_a_tool_is_not_offered() {
    let lines = answer(&user("list the files", &["files_read"]));
    assert!(text(&lines).contains("`files_list`") && !lines.iter().any(|line| matches!(line, Line::Call { .. })));
    assert_eq!(lines.last(), Some(&Line::Stop("end".into())));
}

#[test]
fn calls_any_tool_with_the_arguments_that_it_is_given() {
    let lines = answer(&user("use word_count {\"text\": 1}", &["word_count"]));
    let call = Line::Call { id: "call-3".into(), name: "word_count".into(), arguments: "{\"text\": 1}".into() };
    assert!(lines.contains(&call), "{lines:?}");
    assert!(text(&answer(&user("use other {}", &["word_count"]))).contains("`other`, but it is not on offer"));
}

#[test]
fn arguments_are_json_whatever_the_text() {
    let lines = answer(&user("write \"quoted \\ text\" to ü.txt", &["files_write"]));
    let arguments = lines.iter().find_map(|line| if let Line::Call { arguments, .. } = line { Some(arguments) } else { None });
    let arguments: serde_json::Value = serde_json::from_str(arguments.unwrap()).unwrap();
    assert_eq!(arguments, json!({ "path": "ü.txt", "content": "quoted \\ text" }));
}

#[test]
fn quotes_what_it_does_not_understand() {
    let lines = answer(&user("Wie schön 🦀\nzwei", &[]));
    assert!(text(&lines).contains("> Wie schön 🦀\n> zwei\n"), "{lines:?}");
}

#[test]
fn takes_its_time_when_asked_to() {
    let lines = answer(&user("slowly please", &[]));
    assert_eq!(lines.iter().filter(|line| matches!(line, Line::Text(_))).count(), SLOW_WORDS);
    assert!(lines.contains(&Line::Usage { input: 4, output: 200 }));
}

#[test]
fn tells_of_attachments() {
    let last = Last::User { text: String::new(), attachments: 2 };
    let lines = answer(&Conversation { last, ..Conversation::default() });
    assert!(text(&lines).starts_with("You attached 2 files"), "{lines:?}");
}

#[test]
fn a_long_text_is_cut_between_characters() {
    assert_eq!(cut("üüü", 3), "üüü");
    assert_eq!(cut("üüü", 2), "üü…");
}
