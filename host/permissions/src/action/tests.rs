use super::*;

fn intent(action: &str, target: &str, detail: &str) -> Intent {
    Intent { action: action.into(), target: target.into(), detail: detail.into() }
}

fn exec(program: &str, arguments: &[&str]) -> Action {
    Action::Exec { program: program.into(), arguments: arguments.iter().map(|&text| text.to_owned()).collect(), stdin: None }
}

#[test]
fn a_plan_and_the_call_that_does_it_are_one_action() {
    let input = Digest::of(b"in");
    let detail = format!("{{\"arguments\":[\"-l\",\"a b\"],\"stdin\":\"{input}\"}}");
    let planned = Action::from_intent(&intent("exec", "ls", &detail));
    let done = Action::Exec { program: "ls".into(), arguments: vec!["-l".into(), "a b".into()], stdin: Some(input) };
    assert_eq!((planned.digest(), &planned), (done.digest(), &done));

    let planned = Action::from_intent(&intent("http", "https://Example.com:443", r#"{"method":"GET","path":"/a?b=c"}"#));
    let origin = Origin::parse("https://example.com").unwrap();
    assert_eq!(planned, Action::Http { method: "GET".into(), origin, path: "/a?b=c".into() });

    for path in ["notes/a.txt", "/workspace/notes/a.txt", "./notes//a.txt", "//workspace/./notes/a.txt"] {
        assert_eq!(Action::from_intent(&intent("write", path, "{}")), Action::file("notes/a.txt", true));
    }
    assert_eq!(
        Action::from_intent(&intent("send", "42", r#"{"channel":"mail"}"#)),
        Action::Send { account: "mail".into(), conversation: "42".into() }
    );
}

#[test]
fn an_action_is_said_so_that_it_is_read_back_as_itself() {
    let origin = Origin::parse("https://example.com").unwrap();
    for action in [
        exec("ls", &["-l", "a \"b\""]),
        Action::Exec { program: "cat".into(), arguments: Vec::new(), stdin: Some(Digest::of(b"in")) },
        Action::Http { method: "POST".into(), origin, path: "/a?b=\"c\"".into() },
        Action::file("notes/a.txt", true),
        Action::file("/etc/passwd", false),
        Action::Send { account: "mail".into(), conversation: "42".into() },
        Action::Other { action: "dance".into(), target: "floor".into(), detail: "{".into() },
    ] {
        assert_eq!(Action::from_intent(&action.intent()), action);
    }
}

#[test]
fn no_input_and_empty_input_are_one() {
    let empty = format!("{{\"arguments\":[],\"stdin\":\"{}\"}}", Digest::of(b""));
    assert_eq!(Action::from_intent(&intent("exec", "ls", &empty)), exec("ls", &[]));
}

#[test]
fn what_is_not_exactly_of_a_known_form_is_something_else() {
    for (action, target, detail) in [
        ("exec", "ls", "{}"),
        ("exec", "ls", "[[\"-l\"]]"),
        ("exec", "ls", "{\"arguments\":\"-l\"}"),
        ("exec", "ls", "{\"arguments\":[1]}"),
        ("exec", "ls", "{\"arguments\":[],\"arguments\":[\"-l\"]}"),
        ("exec", "ls", "{\"arguments\":[],\"shell\":true}"),
        ("exec", "ls", "{\"arguments\":[],\"stdin\":\"abc\"}"),
        ("exec", "ls", "{\"arguments\":[]} x"),
        ("Exec", "ls", "{\"arguments\":[]}"),
        ("exec ", "ls", "{\"arguments\":[]}"),
        ("http", "https://example.com/path", "{\"method\":\"GET\",\"path\":\"/\"}"),
        ("http", "http://example.com", "{\"method\":\"GET\",\"path\":\"/\"}"),
        ("http", "https://example.com", "{\"method\":\"get\",\"path\":\"/\"}"),
        ("http", "https://example.com", "{\"method\":\"\",\"path\":\"/\"}"),
        ("http", "https://example.com", "{\"method\":\"AAAAAAAAAAAAAAAAA\",\"path\":\"/\"}"),
        ("http", "https://example.com", "{\"method\":\"GET\",\"path\":\"@evil.example/\"}"),
        ("http", "https://example.com", "{\"method\":\"GET\"}"),
        ("read", "a", ""),
        ("read", "a", "{\"offset\":1}"),
        ("send", "mail", "{}"),
        ("send", "1", "{\"channel\":\"\"}"),
        ("send", "", "{\"channel\":\"mail\"}"),
        ("cron", "0 0 * * * *", "{}"),
        ("", "", ""),
    ] {
        let found = Action::from_intent(&intent(action, target, detail));
        assert!(matches!(found, Action::Other { .. }), "{action} {target} {detail}: {found:?}");
    }
    // The other side of the bound on a method.
    let longest = r#"{"method":"AAAAAAAAAAAAAAAA","path":"/"}"#;
    assert!(matches!(Action::from_intent(&intent("http", "https://example.com", longest)), Action::Http { .. }));
}

#[test]
fn different_actions_have_different_digests() {
    let input = |text: &[u8]| Action::Exec { program: "ls".into(), arguments: vec![], stdin: Some(Digest::of(text)) };
    let http = |method: &str, origin: &str, path: &str| Action::Http {
        method: method.into(),
        origin: Origin::parse(origin).unwrap(),
        path: path.into(),
    };
    let other = |a: &str, t: &str, d: &str| Action::Other { action: a.into(), target: t.into(), detail: d.into() };
    let send = |a: &str, c: &str| Action::Send { account: a.into(), conversation: c.into() };
    let all = [
        exec("ls", &[]),
        exec("ls", &[""]),
        exec("ls", &["", ""]),
        exec("ls", &["-l", "a"]),
        exec("ls", &["-la"]),
        exec("ls", &["-l a"]),
        exec("ls-l", &["a"]),
        exec("", &["ls"]),
        exec("ls\u{200b}", &[]),
        input(b"a"),
        input(b"b"),
        http("GET", "https://a.example", "/"),
        http("POST", "https://a.example", "/"),
        http("GET", "https://b.example", "/"),
        http("GET", "https://a.example", "/?"),
        Action::file("a", false),
        Action::file("a", true),
        Action::file("/a", true),
        Action::file("b/../a", true),
        send("a", "bc"),
        send("ab", "c"),
        other("send", "a", "bc"),
        other("exec", "ls", "{}"),
        other("exec", "ls{}", ""),
    ];
    for (i, a) in all.iter().enumerate() {
        for (j, b) in all.iter().enumerate() {
            assert_eq!(a.digest() == b.digest(), i == j, "{a:?} {b:?}");
        }
    }
}

#[test]
fn says_what_happens_and_quotes_what_others_wrote() {
    assert_eq!(exec("ls", &[]).words(), "Run the program \"ls\" with no arguments.");
    assert_eq!(exec("ls", &["a b"]).words(), "Run the program \"ls\" with the argument \"a b\".");
    assert_eq!(exec("ls", &["-l", "a"]).words(), "Run the program \"ls\" with the arguments \"-l\", \"a\".");
    assert_eq!(Action::file("a", false).words(), "Read the file \"/workspace/a\".");
    assert_eq!(Action::file("/a", true).words(), "Write the file \"/a\".");
    let forged = exec("ls\nTier 1", &["\" with no arguments.\u{202e}"]);
    assert_eq!(forged.words(), "Run the program \"ls\\nTier 1\" with the argument \"\\\" with no arguments.\\u{202e}\".");
    let input = Action::Exec { program: "cat".into(), arguments: vec![], stdin: Some(Digest::of(b"x")) };
    assert!(input.words().contains(&Digest::of(b"x").to_hex()));
}

#[test]
fn many_arguments_are_counted() {
    let arguments = |n: usize| Action::Exec { program: "rm".into(), arguments: (0..n).map(|i| i.to_string()).collect(), stdin: None };
    assert!(!arguments(SHOWN_ARGUMENTS).words().contains("not shown"));
    let words = arguments(SHOWN_ARGUMENTS + 1).words();
    assert!(words.contains("\"19\", [1 of the 41 arguments are not shown here], \"21\""), "{words}");
}
