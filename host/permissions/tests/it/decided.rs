//! What may happen, what is asked and what is refused.

use std::collections::BTreeSet;

use wirken_permissions::{
    Action, Ceilings, Deciding, Decision, MAX_ACTIONS, MAX_PATH_BYTES, Resolved, Surroundings, Weighed, counts, decide, judge, unseen,
    weigh,
};
use wirken_types::approval::{Grant, Holder, Lasts, Tier};
use wirken_types::credential::Origin;
use wirken_types::{Digest, GrantId, SessionId, Timestamp};

use crate::support::{HOME, around, exec, itself, judged, line};

const NOW: Timestamp = Timestamp(1_000);

fn holder() -> Holder {
    Holder { agent: "default".into(), account: "mail".into(), sender: "ann".into() }
}

fn weighed(text: &str) -> Weighed {
    weigh(line(text), &around(&itself))
}

fn grant(text: &str, lasts: Lasts) -> Grant {
    let key = weighed(text).judged.key.unwrap();
    Grant { id: GrantId::generate(), holder: holder(), component: "exec".into(), key, lasts }
}

struct Case {
    session: SessionId,
    holder: Option<Holder>,
    grants: Vec<Grant>,
    allowed: Vec<Digest>,
    ceilings: Ceilings,
}

impl Case {
    fn new() -> Self {
        Self {
            session: SessionId::generate(),
            holder: Some(holder()),
            grants: Vec::new(),
            allowed: Vec::new(),
            ceilings: Ceilings::default(),
        }
    }

    fn deciding(&self) -> Deciding<'_> {
        Deciding {
            holder: self.holder.as_ref(),
            component: "exec",
            tool: "run",
            session: self.session,
            now: NOW,
            grants: &self.grants,
            allowed: &self.allowed,
            ceilings: &self.ceilings,
        }
    }

    fn decide(&self, lines: &[&str]) -> Decision {
        decide(&lines.iter().map(|text| weighed(text)).collect::<Vec<_>>(), &self.deciding())
    }
}

fn ask(tier: Tier, missing: &[usize]) -> Decision {
    Decision::Ask { tier, missing: missing.to_vec() }
}

#[test]
fn nothing_and_what_is_harmless_is_allowed() {
    assert_eq!(Case::new().decide(&[]), Decision::Allow);
    let around = around(&itself);
    let home = Action::Send { account: HOME.account.into(), conversation: HOME.conversation.into() };
    let all = [weigh(Action::file("a", true), &around), weigh(home, &around)];
    assert_eq!(decide(&all, &Case::new().deciding()), Decision::Allow);
}

#[test]
fn what_nobody_allowed_is_asked() {
    let case = Case::new();
    assert_eq!(case.decide(&["ls -l"]), ask(Tier::Remembered, &[0]));
    assert_eq!(case.decide(&["ls -l", "rm a", "cat b"]), ask(Tier::EveryTime, &[0, 1, 2]));
}

#[test]
fn a_grant_counts_until_its_end_and_not_at_it() {
    let mut case = Case::new();
    for (end, decision) in [(NOW.0 + 1, Decision::Allow), (NOW.0, ask(Tier::Remembered, &[0])), (NOW.0 - 1, ask(Tier::Remembered, &[0]))] {
        case.grants = vec![grant("ls -l src/a", Lasts::Until(Timestamp(end)))];
        assert_eq!(case.decide(&["ls -l src/a"]), decision);
    }
}

#[test]
fn a_grant_for_a_session_counts_in_that_one() {
    let mut case = Case::new();
    case.grants = vec![grant("ls -l", Lasts::Session(case.session))];
    assert_eq!(case.decide(&["ls -l"]), Decision::Allow);
    case.grants = vec![grant("ls -l", Lasts::Session(SessionId::generate()))];
    assert_eq!(case.decide(&["ls -l"]), ask(Tier::Remembered, &[0]));
}

#[test]
fn a_grant_is_for_one_holder_one_component_and_one_key() {
    let good = grant("cat docs/a", Lasts::Until(Timestamp(NOW.0 + 1)));
    let other = |change: &dyn Fn(&mut Grant)| {
        let mut grant = good.clone();
        change(&mut grant);
        grant
    };
    let mut case = Case::new();
    for bad in [
        other(&|g| g.holder.agent = "work".into()),
        other(&|g| g.holder.account = "chat".into()),
        other(&|g| g.holder.sender = "eve".into()),
        other(&|g| g.component = "exec2".into()),
        other(&|g| g.key.push(' ')),
        other(&|g| g.key = String::new()),
    ] {
        case.grants = vec![bad.clone()];
        assert_eq!(case.decide(&["cat docs/a"]), ask(Tier::Remembered, &[0]), "{bad:?}");
    }
    case.grants = vec![good.clone()];
    assert_eq!(case.decide(&["cat docs/b"]), Decision::Allow);
    assert_eq!(case.decide(&["cat docs/b", "cat src/b", "cat -n docs/b"]), ask(Tier::Remembered, &[1, 2]));
    assert!(counts(&good, &good.key, &case.deciding()));
    // Two people speak in the turn: nobody's grant is everybody's.
    case.holder = None;
    assert_eq!(case.decide(&["cat docs/b"]), ask(Tier::Remembered, &[0]));
}

#[test]
fn tier_3_has_no_key_and_no_grant_is_one_for_it() {
    let mut case = Case::new();
    let rm = weighed("rm a");
    assert_eq!((rm.judged.tier, &rm.judged.key), (Tier::EveryTime, &None));
    case.grants = vec![Grant { key: String::new(), ..grant("ls", Lasts::Until(Timestamp(u64::MAX))) }];
    assert_eq!(case.decide(&["rm a"]), ask(Tier::EveryTime, &[0]));
    // Not even where what was judged says so.
    let mut forged = rm;
    forged.judged.key = Some("k".into());
    case.grants = vec![Grant { key: "k".into(), ..grant("ls", Lasts::Until(Timestamp(u64::MAX))) }];
    assert_eq!(decide(&[forged], &case.deciding()), ask(Tier::EveryTime, &[0]));
}

#[test]
fn what_was_allowed_once_happens_once() {
    let mut case = Case::new();
    case.allowed = vec![line("rm a").digest()];
    assert_eq!(case.decide(&["rm a"]), Decision::Allow);
    assert_eq!(case.decide(&["rm a", "rm a"]), ask(Tier::EveryTime, &[1]));
    assert_eq!(case.decide(&["rm b"]), ask(Tier::EveryTime, &[0]));
    case.allowed = vec![line("rm a").digest(); 2];
    assert_eq!(case.decide(&["rm a", "rm a"]), Decision::Allow);
    // A grant is used before what was allowed once, which is then still there.
    case.allowed = vec![line("ls -l").digest()];
    case.grants = vec![grant("ls -l", Lasts::Session(case.session))];
    assert_eq!(case.decide(&["ls -l", "ls -l"]), Decision::Allow);
}

#[test]
fn the_owners_ceilings_hold_whatever_was_answered() {
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>();
    let mut case = Case::new();
    case.allowed = vec![
        line("curl x").digest(),
        line("env curl x").digest(),
        line("/opt/CURL x").digest(),
        exec("sh", &["-c", "a | curl x"]).digest(),
    ];
    case.ceilings.blocked_programs = names(&["curl"]);
    let refused = |decision: &Decision, word: &str| matches!(decision, Decision::Refuse { text } if text.contains(word));
    for text in ["curl x", "env curl x", "/opt/CURL x"] {
        assert!(refused(&case.decide(&["ls", text]), "curl"), "{text}");
    }
    let shell = weigh(exec("sh", &["-c", "a | curl x"]), &around(&itself));
    assert!(refused(&decide(&[shell], &case.deciding()), "curl"));
    assert_eq!(case.decide(&["ls"]), ask(Tier::Remembered, &[0]));

    case.ceilings = Ceilings { blocked_tools: names(&["run"]), ..Ceilings::default() };
    assert!(refused(&case.decide(&[]), "blocked"));
    case.ceilings = Ceilings { allowed_tools: Some(names(&["read"])), ..Ceilings::default() };
    assert!(refused(&case.decide(&[]), "not among"));
    case.ceilings = Ceilings { allowed_tools: Some(names(&["run"])), ..Ceilings::default() };
    assert_eq!(case.decide(&[]), Decision::Allow);
}

#[test]
fn nobody_is_asked_for_more_than_can_be_read() {
    let case = Case::new();
    assert!(matches!(case.decide(&["ls"; MAX_ACTIONS]), Decision::Ask { .. }));
    assert!(matches!(case.decide(&["ls"; MAX_ACTIONS + 1]), Decision::Refuse { .. }));
}

#[test]
fn taint_raises_what_sends_something_out() {
    let known = |origin: &Origin| *origin == Origin::parse("https://known.example").unwrap();
    let clean = Surroundings { opened: &known, ..around(&itself) };
    let tainted = Surroundings { tainted: true, ..clean };
    let http =
        |method: &str, origin: &str| Action::Http { method: method.into(), origin: Origin::parse(origin).unwrap(), path: "/".into() };
    let send = |conversation: &str| Action::Send { account: "mail".into(), conversation: conversation.into() };
    for (action, before, after) in [
        (http("GET", "https://known.example"), Tier::Always, Tier::Remembered),
        (http("HEAD", "https://known.example"), Tier::Always, Tier::Remembered),
        (http("POST", "https://known.example"), Tier::Remembered, Tier::EveryTime),
        (http("get", "https://known.example"), Tier::Remembered, Tier::EveryTime),
        (http("GET", "https://other.example"), Tier::EveryTime, Tier::EveryTime),
        (send("other"), Tier::Remembered, Tier::EveryTime),
        (send("home"), Tier::Always, Tier::Always),
        (Action::file("a", true), Tier::Always, Tier::Always),
        (line("ls"), Tier::Remembered, Tier::Remembered),
    ] {
        let (was, is) = (judge(&action, &clean), judge(&action, &tainted));
        assert_eq!((was.tier, is.tier), (before, after), "{action:?}");
        assert_eq!(was.key.is_some(), before == Tier::Remembered, "{action:?}");
        assert_eq!(is.key.is_some(), after == Tier::Remembered, "{action:?}");
        let says_why = is.reasons.iter().any(|reason| reason.contains("came from outside"));
        assert_eq!(says_why, matches!(action, Action::Http { .. }) || action == send("other"), "{action:?}");
    }
}

#[test]
fn the_home_of_a_message_is_its_account_and_conversation() {
    let send = |account: &str, conversation: &str| Action::Send { account: account.into(), conversation: conversation.into() };
    assert_eq!(judged(&send("mail", "home")).tier, Tier::Always);
    for action in [send("chat", "home"), send("mail", "home "), send("mail", "Home")] {
        assert_eq!(judged(&action).tier, Tier::Remembered);
    }
    let homeless = Surroundings { home: None, ..around(&itself) };
    assert_eq!(judge(&send("mail", "home"), &homeless).tier, Tier::Remembered);
}

#[test]
fn a_link_never_makes_a_file_more_harmless() {
    let led =
        |to: &'static str| move |path: &str| if path == "/workspace/link" { Resolved::Elsewhere(to.into()) } else { Resolved::Itself };
    for (to, tier) in [
        ("/workspace/a", Tier::Always),
        ("/data/a", Tier::Remembered),
        ("/home/me/.ssh/id_ed25519", Tier::EveryTime),
        ("/workspace/../etc/shadow", Tier::EveryTime),
        ("/proc/self/environ", Tier::EveryTime),
        ("elsewhere", Tier::EveryTime),
        ("", Tier::EveryTime),
    ] {
        assert_eq!(judge(&Action::file("link", false), &around(&led(to))).tier, tier, "{to}");
        let exec = judge(&line("cat link"), &around(&led(to)));
        assert_eq!(exec.tier, tier.max(Tier::Remembered), "{to}");
    }
    // A link that is private itself stays so wherever it leads.
    let from_env = |path: &str| if path.ends_with(".env") { Resolved::Elsewhere("/workspace/a".into()) } else { Resolved::Itself };
    assert_eq!(judge(&Action::file(".env", false), &around(&from_env)).tier, Tier::EveryTime);
    // What a grant remembers is where it leads.
    let out = judge(&line("cat link"), &around(&led("/data/a")));
    assert_eq!(out.key.as_deref(), Some("[\"exec\",\"cat\",[],[\"in /data\"]]"));
    // Dangling, or nobody looked.
    for action in [Action::file("a", false), line("cat a"), line("ls -l /usr")] {
        let judged = judge(&action, &around(&unseen));
        assert_eq!((judged.tier, judged.key), (Tier::EveryTime, None));
        assert!(judged.reasons.iter().any(|reason| reason.contains("cannot be seen from here")), "{:?}", judged.reasons);
    }
}

#[test]
fn a_path_has_a_bound() {
    let path = |n: usize| format!("/workspace/{}", "a".repeat(n - "/workspace/".len()));
    assert_eq!(judged(&Action::file(&path(MAX_PATH_BYTES), false)).tier, Tier::Always);
    assert_eq!(judged(&Action::file(&path(MAX_PATH_BYTES + 1), false)).tier, Tier::EveryTime);
}

#[test]
fn without_a_workspace_no_file_is_in_one() {
    let bare = Surroundings { workspace: None, ..around(&itself) };
    assert_eq!(judge(&Action::file("a", false), &bare).tier, Tier::Remembered);
    assert_eq!(judge(&Action::file("a", true), &bare).tier, Tier::EveryTime);
}

#[test]
fn the_gateways_own_folder_is_nobodys() {
    let private = ["/workspace/data".to_owned(), "/srv/wirken/".to_owned()];
    let around = Surroundings { private: &private, ..around(&itself) };
    for path in ["data/vault", "data", "/srv/wirken/x", "/srv/x/../wirken/x", "/SRV/Wirken/x", "/srv/ｗirken/x"] {
        assert_eq!(judge(&Action::file(path, false), &around).tier, Tier::EveryTime, "{path}");
    }
    for path in ["database", "/srv/wirken2/x"] {
        assert!(judge(&Action::file(path, false), &around).tier < Tier::EveryTime, "{path}");
    }
}

#[test]
fn a_skills_folder_is_read_unasked_and_never_written_so() {
    let (private, readable) = (["/home/a/.wirken".to_owned()], ["/home/a/.wirken/skills/notes".to_owned()]);
    let around = Surroundings { private: &private, readable: &readable, ..around(&itself) };
    let tier = |path: &str, write| judge(&Action::file(path, write), &around).tier;
    for path in ["", "/", "/SKILL.md", "/a/b.txt", "/../notes/a"] {
        assert_eq!(tier(&format!("/home/a/.wirken/skills/notes{path}"), false), Tier::Always, "{path}");
        assert_eq!(tier(&format!("/home/a/.wirken/skills/notes{path}"), true), Tier::EveryTime, "{path}");
    }
    for path in ["notes/.env", "notes/.ssh/key", "notes/../other/a", "notes-2/a", "", "../vault/key"] {
        assert_eq!(tier(&format!("/home/a/.wirken/skills/{path}"), false), Tier::EveryTime, "{path}");
    }
    // A program that reads there is asked about as elsewhere.
    let reads = |path: &str| judge(&exec("cat", &[path]), &around).tier;
    assert_eq!(reads("/home/a/.wirken/skills/notes/SKILL.md"), Tier::Remembered);
    assert_eq!(reads("/home/a/.wirken/vault/key"), Tier::EveryTime);
}

#[test]
fn tier_3_says_why_in_plain_words() {
    for (program, arguments, said) in [
        ("", &[][..], "names no program"),
        ("ls\u{200b}", &[], "cannot be seen"),
        ("ls\n", &[], "cannot be seen"),
        ("\u{ff4c}s", &[], "may look like others"),
        ("ls -l", &[], "holds spaces"),
        ("A=b", &["ls"], "sets something for another program"),
        ("./ls", &[], "by a path where it may be anything"),
        ("/usr/bin/../local/bin/ls", &[], "by a path where it may be anything"),
        ("LS", &[], "capital letters"),
        ("rm", &["a"], "none of the programs that are known to read and show"),
        ("rm", &["a"], "remove or overwrite"),
        ("tree", &["-o", "a"], "\"-o\" is not among the options"),
        ("cat", &["a", "|", "sh"], "\"|\" means something to a shell alone"),
        ("cat", &["$HOME/a"], "written as if one did"),
        ("cat", &["/etc/shadow"], "hold credentials"),
        ("cat", &["~/a"], "somebody's home"),
        ("cat", &["/proc/self/mem"], "belongs to the kernel"),
        ("sh", &["-c", "curl x | sh"], "downloads something and runs what came"),
        ("env", &["A=b", "rm", "a"], "Its arguments name \"rm\""),
        ("python3", &["-c", "1"], "given code to run"),
        ("sudo", &["rm", "a"], "who may do what"),
        ("curl", &["x"], "speaks with other machines"),
    ] {
        let reasons = judged(&exec(program, arguments)).reasons.join(" ");
        assert!(reasons.contains(said), "{program} {arguments:?}: {reasons}");
    }
}
