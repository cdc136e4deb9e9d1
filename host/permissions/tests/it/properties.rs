//! Laws: no rewriting that means the same lowers a tier, no text at all confuses, and nothing that is run is tier 1.

use proptest::prelude::*;
use proptest::sample::Index;
use wirken_permissions::{Action, parse, question};
use wirken_types::Digest;
use wirken_types::approval::{Holder, Question, Tier};
use wirken_types::tool::Intent;

use crate::corpus::{self, Argv};
use crate::support::{exec, judged, line};

/// How somebody writes the same command so that it looks like less.
#[derive(Clone, Copy, Debug)]
enum Rewriting {
    Wrap(&'static str),
    Shell(&'static str),
    Folder(&'static str),
    Setting,
    Capitals,
    Wide,
    Invisible(char),
    Space,
    EndOfOptions,
    UnknownOption(&'static str),
    SplitBundle,
    DottedPaths,
}

fn rewriting() -> impl Strategy<Value = Rewriting> {
    let wrappers = vec![
        "env",
        "env A=b",
        "nice",
        "nice -n 5",
        "timeout 9",
        "nohup",
        "stdbuf -oL",
        "xargs",
        "busybox",
        "sudo",
        "sudo -u me",
        "doas",
        "time",
        "setsid",
        "chroot /",
        "flock /tmp/l",
        "watch",
        "command",
        "exec",
        "find . -exec",
        "ssh host",
        "parallel",
        "strace",
        "/usr/bin/env",
        "unshare",
        "script -c",
    ];
    let folders =
        vec!["/bin/", "/usr/bin/", "//bin/", "/bin/../bin/", "/bin/./", "./", "/tmp/", "~/", "../", "/usr/local/bin/", "bin/", "/bin//"];
    prop_oneof![
        prop::sample::select(wrappers).prop_map(Rewriting::Wrap),
        prop::sample::select(vec!["sh", "bash", "/bin/sh", "dash", "zsh", "SH"]).prop_map(Rewriting::Shell),
        prop::sample::select(folders).prop_map(Rewriting::Folder),
        Just(Rewriting::Setting),
        Just(Rewriting::Capitals),
        Just(Rewriting::Wide),
        prop::sample::select(vec!['\u{200b}', '\u{202e}', '\u{ad}', '\u{feff}', '\0', '\n', '\u{301}']).prop_map(Rewriting::Invisible),
        Just(Rewriting::Space),
        Just(Rewriting::EndOfOptions),
        prop::sample::select(vec!["--frobnicate", "--out=x", "-\u{e9}", "--exec=rm", "-;"]).prop_map(Rewriting::UnknownOption),
        Just(Rewriting::SplitBundle),
        Just(Rewriting::DottedPaths),
    ]
}

/// `at` chooses a place where the rewriting has a choice.
fn rewrite((program, arguments): &Argv, rewriting: Rewriting, at: &Index) -> Argv {
    let mut arguments = arguments.clone();
    let inside = |text: &str, c: char| {
        let place = at.index(text.chars().count() + 1);
        text.chars().take(place).chain([c]).chain(text.chars().skip(place)).collect::<String>()
    };
    match rewriting {
        Rewriting::Wrap(words) => {
            let mut argv: Vec<String> = words.split(' ').map(str::to_owned).collect();
            argv.push(program.clone());
            argv.append(&mut arguments);
            (argv.remove(0), argv)
        }
        Rewriting::Shell(shell) => {
            let text = std::iter::once(program).chain(&arguments).map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ");
            (shell.to_owned(), vec!["-c".to_owned(), text])
        }
        Rewriting::Folder(folder) => (format!("{folder}{program}"), arguments),
        Rewriting::Setting => (format!("A=b {program}"), arguments),
        Rewriting::Capitals => (program.to_uppercase(), arguments),
        Rewriting::Wide => {
            let wide = |c: char| char::from_u32(u32::from(c) + 0xfee0).filter(|_| c.is_ascii_graphic()).unwrap_or(c);
            (program.chars().map(wide).collect(), arguments)
        }
        Rewriting::Invisible(c) => (inside(program, c), arguments),
        Rewriting::Space => (inside(program, ' '), arguments),
        // In front of the operands: behind it what was an option would be a file.
        Rewriting::EndOfOptions => {
            let options = arguments.iter().rposition(|word| word.starts_with('-')).map_or(0, |last| last + 1);
            if !arguments.iter().any(|word| word == "--") && options == 0 {
                arguments.insert(0, "--".to_owned());
            }
            (program.clone(), arguments)
        }
        Rewriting::UnknownOption(option) => {
            arguments.insert(0, option.to_owned());
            (program.clone(), arguments)
        }
        // `tree -LI 2 x` has its values behind the bundle: split, they are those of others.
        Rewriting::SplitBundle if program.ends_with("tree") => (program.clone(), arguments),
        Rewriting::SplitBundle => {
            let split = |word: &String| match word.strip_prefix('-') {
                Some(flags) if flags.len() > 1 && flags.bytes().all(|c| c.is_ascii_alphabetic()) => {
                    flags.chars().map(|c| format!("-{c}")).collect()
                }
                _ => vec![word.clone()],
            };
            (program.clone(), arguments.iter().flat_map(split).collect())
        }
        Rewriting::DottedPaths => {
            let dotted = |word: &String| {
                if word.starts_with('/') { format!("/.{}", word.replacen('/', "//x/..//./", 1)) } else { word.clone() }
            };
            (program.clone(), arguments.iter().map(dotted).collect())
        }
    }
}

fn tier(argv: &Argv) -> Tier {
    judged(&exec(&argv.0, &argv.1)).tier
}

/// Text of which some is nearly a command, a path or an answer.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[-=/.~a-zA-Z0-9 $`|;<>(){}'\"\\\\&:\u{202e}\u{200b}]{0,24}",
        prop::sample::select(vec!["ls", "cat", "grep", "-c", "--", "sh", "env", "find", "python", "/etc/shadow", "-exec", "echo", "tree"])
            .prop_map(str::to_owned),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6_000))]

    #[test]
    fn no_rewriting_lowers_a_tier(which in any::<Index>(), steps in prop::collection::vec((rewriting(), any::<Index>()), 1..4)) {
        let mut argv = which.get(&corpus::ALL).clone();
        let mut least = tier(&argv);
        for (rewriting, at) in steps {
            argv = rewrite(&argv, rewriting, &at);
            let now = tier(&argv);
            prop_assert!(now >= least, "{rewriting:?} made {argv:?} {now:?}");
            least = now;
        }
    }

    #[test]
    fn a_disguise_is_tier_3(which in any::<Index>(), rewriting in rewriting(), at in any::<Index>()) {
        let plain = which.get(&corpus::HARMLESS).clone();
        let disguised = rewrite(&plain, rewriting, &at);
        let stays = match rewriting {
            Rewriting::EndOfOptions | Rewriting::SplitBundle | Rewriting::DottedPaths => true,
            Rewriting::Folder("/bin/" | "/usr/bin/") => !plain.0.contains('/'),
            // Whatever follows it is written back.
            Rewriting::UnknownOption(_) => plain.0 == "echo",
            _ => false,
        };
        if !stays {
            prop_assert_eq!(tier(&disguised), Tier::EveryTime, "{:?}", disguised);
        }
    }

    #[test]
    fn a_hostile_operand_is_found_wherever_it_stands(
        program in prop::sample::select(vec!["cat", "ls", "head", "stat", "wc", "grep x", "diff", "tail", "file", "du", "nl"]),
        before in prop::collection::vec("[a-z]{1,8}", 0..4),
        secret in prop::sample::select(vec![
            "/etc/shadow", "/root/.ssh/id_rsa", ".env", "/proc/self/environ", "x/../.env", "/home/me/.aws/credentials", "//root//.ssh/x", "~/.netrc",
        ]),
        after in prop::collection::vec("[a-z]{1,8}", 0..4),
    ) {
        let words: Vec<String> =
            program.split(' ').map(str::to_owned).chain(before).chain([secret.to_owned()]).chain(after).collect();
        prop_assert_eq!(judged(&line(&words.join(" "))).tier, Tier::EveryTime);
    }

    #[test]
    fn any_argv_is_judged_and_none_is_tier_1(program in any_text(), arguments in prop::collection::vec(any_text(), 0..6)) {
        let action = exec(&program, &arguments);
        let judged = judged(&action);
        prop_assert!(judged.tier > Tier::Always);
        prop_assert_eq!(judged.key.is_some(), judged.tier == Tier::Remembered);
        prop_assert!(!judged.reasons.is_empty());
        prop_assert_eq!(judged.action, action.digest());
        for text in judged.reasons.iter().chain([&judged.words]) {
            prop_assert!(!text.chars().any(|c| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}')), "{text:?}");
        }
    }

    #[test]
    fn any_file_is_judged_and_one_outside_is_not_tier_1(path in any_text(), write in any::<bool>()) {
        let judged = judged(&Action::file(&path, write));
        prop_assert_eq!(judged.key.is_some(), judged.tier == Tier::Remembered);
        if path.starts_with('/') && !path.contains("workspace") {
            prop_assert!(judged.tier > Tier::Always, "{path}");
        }
    }

    #[test]
    fn any_intent_is_an_action_with_words_and_a_digest(action in any_text(), target in any_text(), detail in any_text()) {
        let intent = Intent { action, target, detail };
        let one = Action::from_intent(&intent);
        prop_assert_eq!(one.digest(), Action::from_intent(&intent).digest());
        prop_assert!(!one.words().contains('\n'));
        if let Action::Other { action, target, detail } = &one {
            prop_assert_eq!((action, target, detail), (&intent.action, &intent.target, &intent.detail));
            let judged = judged(&one);
            prop_assert_eq!((judged.tier, judged.key), (Tier::EveryTime, None));
        }
    }

    #[test]
    fn two_argvs_share_a_digest_only_where_they_are_one(
        one in prop::collection::vec("[ab-]{0,2}", 1..4),
        two in prop::collection::vec("[ab-]{0,2}", 1..4),
    ) {
        let (a, b) = (exec(&one[0], &one[1..]), exec(&two[0], &two[1..]));
        prop_assert_eq!(a.digest() == b.digest(), a == b);
        prop_assert_eq!(a.words() == b.words(), a == b);
    }

    #[test]
    fn any_message_is_an_answer_or_none(text in any_text(), days in 0_u32..100) {
        if let Some(typed) = parse(&text, days) {
            prop_assert!(typed.code.is_none_or(|code| code.len() == 6));
        }
    }

    #[test]
    fn a_question_has_as_many_lines_whatever_is_in_it(texts in prop::collection::vec(any_text(), 5)) {
        let question = |texts: &[String]| Question {
            component: texts[0].clone(),
            version: texts[1].clone(),
            component_digest: Digest::ZERO,
            tool: texts[2].clone(),
            arguments: texts[3].clone(),
            actions: vec![judged(&line("rm a"))],
            purpose: texts[4].clone(),
            after: None,
            holder: Some(Holder { agent: String::new(), account: texts[2].clone(), sender: texts[4].clone() }),
        };
        let lines = |question: &Question| question::message(question, Tier::Remembered, "a1b2c3", 30).lines().count();
        prop_assert_eq!(lines(&question(&texts)), lines(&question(&["".to_owned(), "".to_owned(), "".to_owned(), "".to_owned(), "".to_owned()])));
    }
}
