use wirken_types::Digest;
use wirken_types::approval::{Grant, Holder};
use wirken_types::event::Place;

use super::*;

fn question() -> Question {
    Question {
        component: "exec".into(),
        version: "0.1.0".into(),
        component_digest: Digest::of(b"exec"),
        tool: "exec".into(),
        arguments: "{}".into(),
        actions: Vec::new(),
        purpose: "to help".into(),
        after: None,
        holder: None,
    }
}

#[test]
fn the_time_that_is_left_ends_at_nothing() {
    let left = |now| Prompt::new(Some(&question()), Tier::Remembered, Timestamp(1_000), 30, Timestamp(now)).left_millis;
    assert_eq!((left(400), left(999), left(1_000), left(5_000)), (600, 1, 0, 0));
}

#[test]
fn the_claim_is_apart_and_nothing_is_left_out() {
    let prompt = Prompt::new(Some(&question()), Tier::EveryTime, Timestamp(1), 7, Timestamp(0));
    let rendered = render(&question(), Tier::EveryTime);
    assert_eq!(prompt.fields.len() + 1, rendered.len());
    let claim = prompt.claim.unwrap();
    assert_eq!(Some(&(claim.label, claim.text)), rendered.last());
    assert!(prompt.fields.iter().any(|field| field.verbatim && field.label == "Arguments"));
    let days = |days| Prompt::new(Some(&question()), Tier::Remembered, Timestamp(1), days, Timestamp(0)).choices.swap_remove(2).label;
    assert_eq!((days(1), days(7)), ("Allow for 1 day".to_owned(), "Allow for 7 days".to_owned()));
}

#[test]
fn a_place_is_written_out() {
    let known = KnownApproval {
        approval: ApprovalId::from_random([1; 16]),
        session: SessionId::generate(),
        place: Place { agent: "default".into(), account: "mail".into(), conversation: "a\u{202e}b".into(), thread: Some("\n".into()) },
        turn: wirken_types::TurnId::generate(),
        call_id: "c".into(),
        tier: Tier::Remembered,
        action: Digest::ZERO,
        asked_at: Timestamp(1),
        expires_at: Timestamp(2),
        seq: 3,
        state: wirken_ledger::ApprovalState::Open,
        by: None,
        ended_at: None,
        question: Some(question()),
    };
    let mut pending = Pending::of(&[known], 30, Timestamp(1));
    let waiting = pending.approvals.remove(0);
    assert_eq!((waiting.conversation.as_str(), waiting.thread.as_deref()), ("a\\u{202e}b", Some("\\n")));
}

#[test]
fn a_key_that_is_known_has_words_and_any_other_has_none() {
    for (key, words) in [
        ("[\"exec\",\"ls\",[],[]]", Some("run ls without options")),
        ("[\"exec\",\"ls\",[\"-l\",\"-a\"],[\"at /workspace\",\"in /etc\"]]", Some("run ls with -l -a, at /workspace, in /etc")),
        ("[\"http\",\"read\",\"https://a.example\"]", Some("read from https://a.example")),
        ("[\"http\",\"write\",\"https://a.example\"]", Some("send to https://a.example")),
        ("[\"file\",\"read\",\"/etc\"]", Some("read files in /etc")),
        ("[\"file\",\"write\",\"/etc\"]", Some("write files in /etc")),
        ("[\"send\",\"mail\",\"c1\"]", Some("write to the conversation c1 at mail")),
        ("[\"exec\",\"ls\",\"-l\",[]]", None),
        ("[\"exec\",\"ls\",[1],[]]", None),
        ("[\"http\",\"trace\",\"https://a.example\"]", None),
        ("[\"new\",\"a\",\"b\"]", None),
        ("ls", None),
        ("", None),
    ] {
        assert_eq!(in_words(key).as_deref(), words, "{key}");
    }
}

#[test]
fn a_right_is_good_up_to_its_end_and_not_at_it() {
    let known = |lasts, revoked_at| {
        let holder = Holder { agent: "default".into(), account: "mail".into(), sender: "ann".into() };
        let grant = Grant { id: GrantId::generate(), holder, component: "exec".into(), key: "[]".into(), lasts };
        KnownGrant { grant, by: "owner".into(), given_at: Timestamp(1), revoked_at }
    };
    let listed = |known| Rights::of(&[known], Timestamp(10)).grants.len();
    assert_eq!(listed(known(Lasts::Until(Timestamp(11)), None)), 1);
    assert_eq!(listed(known(Lasts::Until(Timestamp(10)), None)), 0);
    assert_eq!(listed(known(Lasts::Session(SessionId::generate()), None)), 1);
    assert_eq!(listed(known(Lasts::Session(SessionId::generate()), Some(Timestamp(2)))), 0);
}
