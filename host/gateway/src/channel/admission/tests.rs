//! Who is let in, and how fast they may write.

use wirken_types::channel::{Conversation, Sender};

use super::*;

const MINUTE: u64 = 60_000;
const NOON: u64 = 1_800_000_000_000;

fn admission(allow: &[&str], sender_rate: u32, account_rate: u32) -> Admission {
    Admission {
        allowed: allow.iter().map(|sender| (*sender).to_owned()).collect(),
        groups: true,
        sender_rate,
        account_rate,
        state: Mutex::default(),
    }
}

fn said(sender: &str, kind: &str, mentions_agent: bool, at: u64) -> InboundMessage {
    let conversation = Conversation { id: format!("chat-{sender}"), kind: kind.into(), parent: None, title: None };
    InboundMessage {
        key: "k".into(),
        id: "1".into(),
        edit_of: None,
        forwarded: false,
        conversation,
        sender: Sender { id: sender.into(), display_name: None, is_bot: false },
        text: "hi".into(),
        attachments: Vec::new(),
        reply_to: None,
        mentions_agent,
        sent_at_millis: Some(at),
    }
}

fn direct(sender: &str, at: u64) -> InboundMessage {
    said(sender, "direct", true, at)
}

fn decide(admission: &Admission, message: &InboundMessage, now: u64) -> Verdict {
    admission.decide_at(message, Timestamp(now))
}

fn wait(admission: &Admission, sender: &str, code: &str, expires_at: u64) {
    let waiting = Waiting { code: digest(code), clear: None, conversation: None, expires_at: Timestamp(expires_at) };
    admission.lock().waiting.insert(sender.into(), waiting);
}

#[test]
fn nobody_is_heard_unless_the_owner_said_so() {
    let admission = admission(&["ada"], 20, 600);
    let today = Timestamp::now().0;
    assert_eq!(decide(&admission, &direct("ada", today), today), Verdict::Take);
    let Verdict::Pair { code, .. } = decide(&admission, &direct("eve", today), today) else { panic!() };
    assert_eq!(code.len(), CODE_LENGTH);
    assert!(code.bytes().all(|letter| ALPHABET.contains(&letter)) && !code.contains(['0', 'O', '1', 'I', 'L']));
    assert_eq!(decide(&admission, &direct("eve", today), today), Verdict::Tell(invitation(&code)), "the same code again");
    let spelled = format!(" {}-{} ", &code[..4].to_lowercase(), &code[4..]);
    assert_eq!(admission.find(&spelled), Ok(("eve".to_owned(), Some("chat-eve".to_owned()))));
    assert_eq!(admission.find("AAAAAAAA"), Err(ApproveError::Unknown));
    admission.approved("eve");
    assert_eq!(decide(&admission, &direct("eve", today), today), Verdict::Take);
    assert_eq!(admission.find(&code), Err(ApproveError::Unknown), "a code is good once");
    admission.revoked("eve");
    assert!(matches!(decide(&admission, &direct("eve", today), today), Verdict::Pair { .. }));
}

#[test]
fn in_a_group_only_those_are_heard_who_may_write_and_mean_the_agent() {
    let mut admission = admission(&["ada"], 20, 600);
    for (sender, mentions, verdict) in
        [("ada", true, Verdict::Take), ("ada", false, Verdict::Ignore), ("eve", true, Verdict::Ignore), ("eve", false, Verdict::Ignore)]
    {
        assert_eq!(decide(&admission, &said(sender, "group", mentions, NOON), NOON), verdict, "{sender} {mentions}");
    }
    let mut bot = direct("ada", NOON);
    bot.sender.is_bot = true;
    assert_eq!(decide(&admission, &bot, NOON), Verdict::Ignore);
    admission.groups = false;
    assert_eq!(decide(&admission, &said("ada", "thread", true, NOON), NOON), Verdict::Ignore);
    assert_eq!(decide(&admission, &direct("ada", NOON), NOON), Verdict::Take);
}

#[test]
fn three_may_wait_and_for_an_hour() {
    let admission = admission(&[], 20, 600);
    for sender in ["a", "b", "c"] {
        assert!(matches!(decide(&admission, &direct(sender, NOON), NOON), Verdict::Pair { .. }));
    }
    assert!(matches!(decide(&admission, &direct("d", NOON), NOON), Verdict::Tell(text) if text.contains("Too many")));
    let later = NOON + 60 * MINUTE;
    assert!(matches!(decide(&admission, &direct("d", later - 1), later - 1), Verdict::Tell(_)));
    assert!(matches!(decide(&admission, &direct("d", later), later), Verdict::Pair { .. }));
}

#[test]
fn a_code_that_is_too_old_says_so() {
    let admission = admission(&[], 20, 600);
    let now = Timestamp::now().0;
    wait(&admission, "a", "ABCDEFGH", now.saturating_sub(1));
    wait(&admission, "b", "HGFEDCBA", now + MINUTE);
    assert_eq!(admission.find("ABCDEFGH"), Err(ApproveError::Expired));
    assert!(admission.find("HGFEDCBA").is_ok());
}

#[test]
fn a_flood_is_stopped_and_said_once_and_a_backlog_is_no_flood() {
    let admission = admission(&["ada", "bob"], 3, 1000);
    for _ in 0..3 {
        assert_eq!(decide(&admission, &direct("ada", NOON), NOON), Verdict::Take);
    }
    assert!(matches!(decide(&admission, &direct("ada", NOON), NOON), Verdict::Tell(text) if text.contains("Too many messages")));
    assert_eq!(decide(&admission, &direct("ada", NOON), NOON), Verdict::Ignore, "said once");
    assert_eq!(decide(&admission, &direct("bob", NOON), NOON), Verdict::Take, "others are not meant");
    let third = NOON + MINUTE / 3;
    assert_eq!(decide(&admission, &direct("ada", third), third), Verdict::Take);
    // Twenty minutes' worth at once, written over twenty minutes.
    let after = third + 20 * MINUTE;
    for minute in 1..=20 {
        for _ in 0..3 {
            assert_eq!(decide(&admission, &direct("ada", third + minute * MINUTE), after), Verdict::Take);
        }
    }
    // Nor is somebody heard more who claims to have written long ago.
    let much_later = after + 48 * 60 * MINUTE;
    for _ in 0..3 {
        assert_eq!(decide(&admission, &direct("ada", much_later), much_later), Verdict::Take);
    }
    assert!(matches!(decide(&admission, &direct("ada", NOON), much_later), Verdict::Tell(_)));
    let after = much_later;
    // Nobody writes in the future to have more.
    assert_eq!(decide(&admission, &direct("ada", after + 60 * MINUTE), after), Verdict::Ignore);
}

#[test]
fn all_together_may_write_so_much_and_strangers_take_nothing_of_it() {
    let admission = admission(&["ada", "bob"], 100, 2);
    for stranger in 0..50 {
        decide(&admission, &direct(&format!("s{stranger}"), NOON), NOON);
    }
    assert_eq!(decide(&admission, &direct("ada", NOON), NOON), Verdict::Take);
    assert_eq!(decide(&admission, &direct("bob", NOON), NOON), Verdict::Take);
    assert!(matches!(decide(&admission, &direct("ada", NOON), NOON), Verdict::Tell(_)));
    assert_eq!(decide(&admission, &direct("s7", NOON), NOON), Verdict::Ignore, "strangers are answered so often and no more");
}

#[test]
fn what_an_earlier_run_knew_is_known() {
    let pairing = |sender: &str, code: Option<Digest>, approved_at| Pairing {
        account: "a".into(),
        sender: sender.into(),
        name: None,
        code,
        asked_at: None,
        expires_at: Some(Timestamp(Timestamp::now().0 + MINUTE)),
        approved_at,
    };
    let known = admission(&[], 20, 600);
    known.restore(vec![pairing("in", None, Some(Timestamp(1))), pairing("waits", Some(digest("ABCDEFGH")), None)]);
    assert_eq!(decide(&known, &direct("in", NOON), NOON), Verdict::Take);
    assert_eq!(known.find("abcd-efgh"), Ok(("waits".to_owned(), None)));
}

fn press(sender: &str, kind: &str) -> InboundChoice {
    let InboundMessage { key, conversation, sender, .. } = said(sender, kind, false, NOON);
    InboundChoice { key, prompt_id: "p".into(), choice_id: "c".into(), conversation, sender }
}

#[test]
fn who_may_write_may_press_in_a_group_too_and_no_bot_may() {
    let admission = admission(&["ada"], 20, 600);
    for kind in ["direct", "group"] {
        assert_eq!(admission.decide_press_at(&press("ada", kind), Timestamp(NOON)), Press::Take, "{kind}");
    }
    let mut bot = press("ada", "direct");
    bot.sender.is_bot = true;
    assert_eq!(admission.decide_press_at(&bot, Timestamp(NOON)), Press::Ignore);
    let deaf = Admission { groups: false, ..admission };
    assert_eq!(deaf.decide_press_at(&press("ada", "group"), Timestamp(NOON)), Press::Ignore);
    assert_eq!(deaf.decide_press_at(&press("ada", "direct"), Timestamp(NOON)), Press::Take);
}

#[test]
fn presses_are_as_fast_as_messages_may_be_and_so_many_strangers_are_told() {
    let admission = admission(&["ada"], 3, 600);
    let at = |sender: &str, now: u64| admission.decide_press_at(&press(sender, "direct"), Timestamp(now));
    for _ in 0..3 {
        assert_eq!(at("ada", NOON), Press::Take);
    }
    assert!(matches!(at("ada", NOON), Press::Tell(_)), "said once");
    assert_eq!((at("ada", NOON), at("ada", NOON + MINUTE / 3)), (Press::Ignore, Press::Take));
    for told in [true; STRANGERS as usize].into_iter().chain([false; 2]) {
        assert_eq!(at("eve", NOON), Press::Stranger { tell: told });
    }
}
