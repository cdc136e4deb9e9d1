//! Calls that a person has to allow: planned, asked about, answered, blocked.

use wirken_types::approval::{ApprovalId, Choice, Grant, Holder, Judged, Lasts, Question, Tier};
use wirken_types::{GrantId, SessionId, Timestamp};

use super::*;
use crate::turn::MAX_FAILURE_BYTES;

pub(super) fn action(number: u8) -> Digest {
    Digest::of(&[number])
}

pub(super) fn question(actions: &[u8]) -> Question {
    let judged = |number: &u8| Judged {
        words: format!("run {number}"),
        tier: Tier::Remembered,
        reasons: Vec::new(),
        key: number.is_multiple_of(2).then(|| format!("key {number}")),
        action: action(*number),
    };
    Question {
        component: "files".into(),
        version: "1.0.0".into(),
        component_digest: Digest::ZERO,
        tool: "run".into(),
        arguments: "{}".into(),
        actions: actions.iter().map(judged).collect(),
        purpose: "to look".into(),
        after: None,
        holder: None,
    }
}

pub(super) fn ask(id: u8, actions: &[u8]) -> Box<Ask> {
    let (approval, expires_at) = (ApprovalId::from_random([id; 16]), Timestamp(1000 + u64::from(id)));
    Box::new(Ask { approval, tier: Tier::Remembered, action: action(id), expires_at, question: question(actions) })
}

pub(super) fn answer(id: u8, choice: Choice) -> Answer {
    let approval = ApprovalId::from_random([id; 16]);
    Answer { approval, choice, by: "ana".into(), via: "webchat".into(), note: None, granted: Vec::new() }
}

fn grant(key: &str, lasts: Lasts) -> Grant {
    let holder = Holder { agent: "a".into(), account: "webchat".into(), sender: "owner".into() };
    Grant { id: GrantId::generate(), holder, component: "files".into(), key: key.into(), lasts }
}

pub(super) fn ok() -> Input {
    Input::ToolEnded { outcome: ToolOutcome::Ok, code: None, content: vec![Part::text("done")] }
}

pub(super) fn blocked(repeat: Option<Box<Ask>>, done: &str) -> Input {
    Input::ToolBlocked { reason: "it asked to run something else".into(), repeat, done: done.into() }
}

/// A turn whose first call, of a gated tool, is planned; a second one of a tool that is not gated follows.
pub(super) fn planning() -> Driven {
    let mut driven = Driven::start();
    driven.step(call("1", "run")).step(call("2", "read")).input(Input::ResponseEnded);
    driven
}

pub(super) fn deciding() -> Driven {
    let mut driven = planning();
    driven.input(Input::Planned(Verdict::Ask(ask(1, &[1, 2]))));
    driven
}

impl Driven {
    /// The turn as a host makes it anew that was stopped.
    pub(super) fn restart(&mut self) -> &mut Self {
        let (turn, effects) = self.resumed();
        self.turn = turn;
        self.take(effects);
        self
    }

    pub(super) fn recorded(&self) -> Vec<&'static str> {
        match self.last.first() {
            Some(Effect::Record(events)) => events.iter().map(Event::kind).collect(),
            _ => Vec::new(),
        }
    }

    /// How a call ended, and what the model is told of it.
    pub(super) fn result(&self, id: &str) -> Option<(ToolOutcome, String)> {
        self.events.iter().rev().find_map(|event| match event {
            Event::ToolFinished { call_id, outcome, content: Some(content), .. } if call_id == id => Some((*outcome, plain_text(content))),
            _ => None,
        })
    }

    pub(super) fn attempts(&self) -> Vec<u32> {
        let attempt = |event: &Event| match event {
            Event::ToolStarted { attempt, call_id, .. } if call_id == "1" => Some(*attempt),
            _ => None,
        };
        self.events.iter().filter_map(attempt).collect()
    }
}

#[track_caller]
pub(super) fn runs(driven: &Driven, id: &str, approval: Option<u8>, actions: &[u8]) {
    let [Effect::Record(events), Effect::Call(call, allowed)] = &driven.last[..] else { panic!("{:?}", driven.last) };
    assert!(matches!(events.last(), Some(Event::ToolStarted { call_id, .. }) if call_id == id), "{events:?}");
    assert_eq!(call.id, id);
    let actions = actions.iter().map(|number| action(*number)).collect();
    assert_eq!(*allowed, Allowed { approval: approval.map(|id| ApprovalId::from_random([id; 16])), actions });
}

#[track_caller]
pub(super) fn awaits(driven: &Driven, id: u8) {
    let expected = ask(id, &[]);
    let awaited = Effect::Await { approval: expected.approval, expires_at: expected.expires_at };
    assert_eq!(driven.last.last(), Some(&awaited), "{:?}", driven.last);
    assert_eq!(driven.turn.deciding().map(|ask| ask.approval), Some(expected.approval));
}

#[test]
fn a_call_of_a_gated_tool_is_planned_before_it_is_recorded_as_started() {
    let mut driven = planning();
    let [Effect::Record(events), Effect::Plan(call)] = &driven.last[..] else { panic!("{:?}", driven.last) };
    assert_eq!((events.len(), events[0].kind(), call.id.as_str()), (1, "responded", "1"));
    driven.input(Input::Planned(Verdict::Allow));
    assert_eq!(driven.recorded(), ["tool-started"]);
    runs(&driven, "1", None, &[]);
    // The next one is not gated, and starts in the record of the first one's end.
    driven.input(ok());
    assert_eq!(driven.recorded(), ["tool-finished", "tool-started"]);
    runs(&driven, "2", None, &[]);
    driven.input(ok());
    assert_eq!(driven.last.last(), Some(&Effect::Ask));
}

#[test]
fn a_person_is_asked_and_what_he_allowed_comes_with_the_call() {
    let mut driven = deciding();
    assert_eq!(driven.recorded(), ["approval-asked"]);
    awaits(&driven, 1);
    assert_eq!(driven.turn.deciding(), Some(&*ask(1, &[1, 2])));
    driven.input(Input::Answered(answer(1, Choice::Once)));
    assert_eq!(driven.recorded(), ["approval-answered", "tool-started"]);
    runs(&driven, "1", Some(1), &[1, 2]);
    assert_eq!(driven.turn.deciding(), None);
    // What was allowed is allowed of this call only.
    driven.input(ok());
    runs(&driven, "2", None, &[]);
}

#[test]
fn an_answer_to_another_question_changes_nothing() {
    let mut driven = deciding();
    let before = driven.events.len();
    for choice in [Choice::Once, Choice::Session, Choice::Remember, Choice::Deny] {
        driven.input(Input::Answered(answer(2, choice)));
    }
    let other = ask(2, &[]).approval;
    driven.input(Input::Expired { approval: other, reason: "late".into() }).input(Input::Planned(Verdict::Allow)).input(ok());
    driven.input(blocked(None, ""));
    assert_eq!((driven.events.len(), driven.last.len()), (before, 0));
    // Nor does the same answer once more.
    driven.input(Input::Answered(answer(1, Choice::Once)));
    let before = driven.events.len();
    driven.input(Input::Answered(answer(1, Choice::Once)));
    driven.input(Input::Expired { approval: ask(1, &[]).approval, reason: "late".into() });
    assert_eq!(driven.events.len(), before);
}

#[test]
fn what_is_remembered_is_what_was_offered_for_as_long_as_was_chosen() {
    let (session, until) = (Lasts::Session(SessionId::generate()), Lasts::Until(Timestamp(9)));
    let all = [grant("key 2", session), grant("key 2", until), grant("key 1", session), grant("key 4", until)];
    for (choice, kept) in [(Choice::Once, None), (Choice::Session, Some(0)), (Choice::Remember, Some(1)), (Choice::Deny, None)] {
        let mut driven = deciding();
        driven.input(Input::Answered(Answer { granted: all.to_vec(), ..answer(1, choice) }));
        let given = driven.events.iter().filter_map(|event| match event {
            Event::Granted { grant, by } if by == "ana" => Some(grant.clone()),
            _ => None,
        });
        assert_eq!(given.collect::<Vec<_>>(), kept.map(|index: usize| all[index].clone()).into_iter().collect::<Vec<_>>(), "{choice:?}");
        if kept.is_some() {
            assert_eq!(driven.recorded(), ["approval-answered", "granted", "tool-started"]);
        }
    }
}

#[test]
fn a_denial_is_told_to_the_model_with_its_note_and_the_next_call_goes_on() {
    for (note, expected) in [
        (None, "The person did not allow this."),
        (Some(""), "The person did not allow this."),
        (Some("use the other file"), "The person did not allow this. They say: use the other file"),
    ] {
        let mut driven = deciding();
        driven.input(Input::Answered(Answer { note: note.map(Into::into), ..answer(1, Choice::Deny) }));
        assert_eq!(driven.recorded(), ["approval-answered", "tool-finished", "tool-started"]);
        assert_eq!(driven.result("1"), Some((ToolOutcome::Denied, expected.into())));
        runs(&driven, "2", None, &[]);
    }
    // Of what was allowed the model is told nothing, so nothing is kept that it would have been told.
    let mut driven = deciding();
    driven.input(Input::Answered(Answer { note: Some("fine".into()), ..answer(1, Choice::Once) }));
    assert!(driven.events.iter().any(|event| matches!(event, Event::ApprovalAnswered { content: None, .. })));
}

#[test]
fn a_refusal_and_an_expiry_are_told_to_the_model() {
    let mut refused = planning();
    refused.input(Input::Planned(Verdict::Refuse { text: "No program may be run here.".into() }));
    assert_eq!(refused.recorded(), ["tool-finished", "tool-started"]);
    assert_eq!(refused.result("1"), Some((ToolOutcome::Denied, "No program may be run here.".into())));
    let mut expired = deciding();
    expired.input(Input::Expired { approval: ask(1, &[]).approval, reason: "nobody answered in time".into() });
    assert_eq!(expired.recorded(), ["approval-expired", "tool-finished", "tool-started"]);
    assert_eq!(expired.result("1"), Some((ToolOutcome::Denied, "Nobody allowed this: nobody answered in time.".into())));
    for driven in [&refused, &expired] {
        runs(driven, "2", None, &[]);
        assert!(driven.attempts().is_empty());
    }
}

#[test]
fn what_is_said_while_a_person_is_asked_joins_the_turn() {
    for mut driven in [planning(), deciding()] {
        driven.say("and this?");
        assert!(driven.last.is_empty());
        driven.input(Input::Planned(Verdict::Allow)).input(Input::Answered(answer(1, Choice::Once)));
        driven.input(ok()).input(ok());
        assert_eq!(driven.last.last(), Some(&Effect::Ask));
        assert_eq!(driven.live.messages().last(), Some(&Message::User(vec![Part::text("and this?")])));
    }
}

#[test]
fn a_stop_ends_a_question_and_a_plan() {
    let mut asked = deciding();
    asked.input(Input::Stop { reason: "enough".into() });
    assert_eq!(asked.recorded(), ["approval-expired", "tool-finished", "turn-interrupted"]);
    assert!(asked.events.iter().any(|event| matches!(event, Event::ApprovalExpired { reason, .. } if reason == "stopped")));
    let mut planned = planning();
    planned.input(Input::Stop { reason: "enough".into() });
    assert_eq!(planned.recorded(), ["turn-interrupted"]);
    for (driven, first) in [(&asked, "before anybody had allowed it"), (&planned, "This call was not run")] {
        assert!(driven.turn.ended() && driven.attempts().is_empty() && driven.turn.deciding().is_none());
        let Some(Message::Tool(results)) = driven.live.messages().last() else { panic!("{:?}", driven.live) };
        let texts: Vec<String> = results.iter().map(|result| plain_text(&result.content)).collect();
        assert!(texts.len() == 2 && texts[0].contains(first) && texts[1].contains("not run"), "{texts:?}");
    }
    let before = asked.events.len();
    asked.input(Input::Answered(answer(1, Choice::Once)));
    assert_eq!(asked.events.len(), before);
}

#[test]
fn a_blocked_call_is_asked_about_and_runs_again_with_all_that_was_allowed() {
    let mut driven = deciding();
    driven.input(Input::Answered(answer(1, Choice::Once))).input(blocked(Some(ask(2, &[2, 3])), "it read two files"));
    assert_eq!(driven.recorded(), ["tool-blocked", "approval-asked"]);
    awaits(&driven, 2);
    // The first question was answered, and is none any more.
    driven.input(Input::Answered(answer(1, Choice::Once)));
    assert!(driven.last.is_empty());
    driven.input(Input::Answered(answer(2, Choice::Once)));
    runs(&driven, "1", Some(2), &[1, 2, 3]);
    assert_eq!(driven.attempts(), [1, 2]);
    driven.input(ok());
    assert_eq!(driven.result("1"), Some((ToolOutcome::Ok, "done".into())));
}

#[test]
fn what_one_question_shows_twice_is_allowed_twice() {
    let mut driven = planning();
    driven.input(Input::Planned(Verdict::Ask(ask(1, &[1, 2, 1])))).input(Input::Answered(answer(1, Choice::Once)));
    runs(&driven, "1", Some(1), &[1, 2, 1]);
    // A question that shows one of them again allows it no more often.
    driven.input(blocked(Some(ask(2, &[1, 2, 3])), "")).input(Input::Answered(answer(2, Choice::Once)));
    runs(&driven, "1", Some(2), &[1, 2, 1, 3]);
}

#[test]
fn a_blocked_call_that_is_not_allowed_says_that_it_had_begun() {
    for input in [
        Input::Answered(answer(2, Choice::Deny)),
        Input::Expired { approval: ask(2, &[]).approval, reason: "late".into() },
        Input::Stop { reason: "enough".into() },
    ] {
        let mut driven = planning();
        driven.input(Input::Planned(Verdict::Allow)).input(blocked(Some(ask(2, &[3])), "")).input(input);
        let (outcome, text) = driven.result("1").unwrap();
        assert!(outcome == ToolOutcome::Denied && text.contains("It had begun"), "{text}");
        assert_eq!(driven.attempts(), [1]);
    }
}

#[test]
fn a_call_that_did_more_than_read_is_not_run_again() {
    for (done, expected) in [("", "It had done nothing by then."), ("it ran `make`", "What it had done stands: it ran `make`.")] {
        let mut driven = planning();
        driven.input(Input::Planned(Verdict::Allow)).input(blocked(None, done));
        assert_eq!(driven.recorded(), ["tool-blocked", "tool-finished", "tool-started"]);
        let (outcome, text) = driven.result("1").unwrap();
        assert!(outcome == ToolOutcome::Denied && text.ends_with(expected) && text.contains("run something else"), "{text}");
        runs(&driven, "2", None, &[]);
    }
}

#[test]
fn a_call_is_started_five_times_at_most() {
    let mut driven = planning();
    driven.input(Input::Planned(Verdict::Allow));
    for attempt in 1..MAX_STARTS as u8 {
        driven.input(blocked(Some(ask(attempt, &[attempt])), ""));
        awaits(&driven, attempt);
        driven.input(Input::Answered(answer(attempt, Choice::Once)));
        runs(&driven, "1", Some(attempt), &(1..=attempt).collect::<Vec<_>>());
    }
    assert_eq!(driven.attempts(), [1, 2, 3, 4, 5]);
    driven.input(blocked(Some(ask(9, &[9])), "it read"));
    assert_eq!(driven.recorded(), ["tool-blocked", "tool-finished", "tool-started"]);
    let (outcome, text) = driven.result("1").unwrap();
    assert!(outcome == ToolOutcome::Denied && text.ends_with("It was started 5 times, and is not started again."), "{text}");
    runs(&driven, "2", None, &[]);
}

/// Each of so many calls asks, and is answered so.
fn asked_about(calls: u8, choice: Choice) -> Driven {
    let mut driven = Driven::start();
    for number in 1..=calls {
        driven.step(call(&number.to_string(), "run"));
    }
    driven.input(Input::ResponseEnded);
    for number in 1..=calls {
        driven.input(Input::Planned(Verdict::Ask(ask(number, &[number]))));
        driven.input(Input::Answered(answer(number, choice)));
        if choice != Choice::Deny {
            driven.input(ok());
        }
    }
    driven
}

#[test]
fn a_person_is_asked_eight_times_in_a_turn_at_most() {
    let most = u8::try_from(MAX_QUESTIONS).unwrap();
    for choice in [Choice::Deny, Choice::Once] {
        for (calls, asked) in [(most, most), (most + 1, most)] {
            let driven = asked_about(calls, choice);
            let questions = driven.events.iter().filter(|event| event.kind() == "approval-asked").count();
            assert_eq!(questions, usize::from(asked), "{choice:?}");
            let (outcome, text) = driven.result(&calls.to_string()).unwrap();
            let refused = outcome == ToolOutcome::Denied && text.contains("asked 8 times in this turn, and is asked no more");
            assert_eq!(refused, calls > most, "{choice:?}: {text}");
            assert_eq!(driven.events.last().map(Event::kind), Some("requested"), "the turn goes on without it");
        }
    }
    // A restart does not begin anew, and what a call had begun when it was blocked is told.
    let mut blocked_late = asked_about(most, Choice::Deny);
    blocked_late.restart();
    blocked_late.step(call("late", "run")).input(Input::ResponseEnded);
    blocked_late.input(Input::Planned(Verdict::Allow)).input(blocked(Some(ask(99, &[9])), ""));
    assert_eq!(blocked_late.recorded(), ["tool-blocked", "tool-finished", "requested"]);
    let (outcome, text) = blocked_late.result("late").unwrap();
    assert!(outcome == ToolOutcome::Denied && text.contains("asked no more") && text.contains("It had begun"), "{text}");
}

#[test]
fn what_a_call_was_ended_for_is_bounded_on_both_sides() {
    for (bytes, kept) in [(MAX_FAILURE_BYTES, MAX_FAILURE_BYTES), (MAX_FAILURE_BYTES + 1, MAX_FAILURE_BYTES)] {
        let reason = "r".repeat(bytes);
        let mut driven = planning();
        driven.input(Input::Planned(Verdict::Allow));
        driven.input(Input::ToolBlocked { reason: reason.clone(), repeat: Some(ask(1, &[])), done: String::new() });
        driven.input(Input::Expired { approval: ask(1, &[]).approval, reason });
        let found = driven.events.iter().filter_map(|event| match event {
            Event::ToolBlocked { reason, .. } | Event::ApprovalExpired { reason, .. } => Some(reason.len()),
            _ => None,
        });
        assert_eq!(found.collect::<Vec<_>>(), [kept, kept]);
    }
}
