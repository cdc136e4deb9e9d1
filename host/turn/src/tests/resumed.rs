//! Turns that are taken up again, and what people are asked in them.

use wirken_types::approval::Choice;

use super::approval::{action, answer, ask, awaits, blocked, deciding, ok, planning, runs};
use super::*;
use crate::resume::MAX_RESUMES;
use crate::turn::MAX_FAILURE_BYTES;

#[test]
fn a_resumed_turn_asks_again_or_goes_on_with_calls_that_had_not_started() {
    let asked = Driven::start();
    let (turn, effects) = asked.resumed();
    assert!(matches!(effects.last(), Some(Effect::Ask)));
    assert_eq!(turn.round, 1);

    let mut called = Driven::start();
    called.step(call("1", "read")).step(call("2", "list")).input(Input::ResponseEnded);
    let (_, effects) = called.resumed();
    let [Effect::Record(events), Effect::Call(next, _)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(next.id, "2", "the call that had started is not started again");
    assert!(
        events
            .iter()
            .any(|event| matches!(event, Event::ToolFinished { call_id, outcome: ToolOutcome::Interrupted, .. } if call_id == "1"))
    );
}

#[test]
fn a_turn_that_stops_the_host_again_and_again_is_given_up() {
    let mut driven = Driven::start();
    for attempt in 1..=MAX_RESUMES {
        let (turn, effects) = driven.resumed();
        assert!(!turn.ended(), "attempt {attempt}");
        driven.take(effects);
    }
    let (turn, effects) = driven.resumed();
    assert!(turn.ended());
    driven.take(effects);
    assert!(matches!(driven.events.last(), Some(Event::TurnInterrupted { .. })));
}

#[test]
fn a_question_is_still_the_same_after_a_restart() {
    let mut driven = deciding();
    let asked = driven.turn.deciding().cloned();
    driven.restart();
    assert_eq!(driven.recorded(), ["turn-resumed"]);
    awaits(&driven, 1);
    assert_eq!(driven.turn.deciding().cloned(), asked);
    driven.input(Input::Answered(answer(1, Choice::Once)));
    runs(&driven, "1", Some(1), &[1, 2]);
    // What was allowed, and how often the call was started, is known after one more.
    driven.input(blocked(Some(ask(2, &[3])), "")).restart().input(Input::Answered(answer(2, Choice::Once)));
    runs(&driven, "1", Some(2), &[1, 2, 3]);
    assert_eq!(driven.attempts(), [1, 2]);
    driven.input(ok());
    runs(&driven, "2", None, &[]);
    assert_eq!(driven.live, Conversation::replay(&driven.events));
}

#[test]
fn a_person_may_take_his_time_through_many_restarts_and_a_crash_loop_still_ends() {
    let mut driven = deciding();
    for _ in 0..=2 * MAX_RESUMES {
        driven.restart();
        awaits(&driven, 1);
    }
    let attempts: Vec<u32> = driven
        .events
        .iter()
        .filter_map(|event| if let Event::TurnResumed { attempt, .. } = event { Some(*attempt) } else { None })
        .collect();
    assert_eq!(attempts, (1..=2 * MAX_RESUMES + 1).collect::<Vec<_>>());
    // Allowed, it stops the host: as often as any other turn is it taken up.
    driven.input(Input::Answered(answer(1, Choice::Once)));
    for attempt in 1..=MAX_RESUMES {
        driven.restart();
        assert!(!driven.turn.ended(), "attempt {attempt}");
    }
    driven.restart();
    assert!(driven.turn.ended());
    assert!(matches!(driven.events.last(), Some(Event::TurnInterrupted { reason, .. }) if reason.contains("4 times")));
    // A question that comes after some crashes is asked however many there were.
    let mut late = planning();
    for _ in 0..MAX_RESUMES {
        late.restart();
    }
    late.input(Input::Planned(Verdict::Ask(ask(1, &[1])))).restart();
    awaits(&late, 1);
    late.restart();
    awaits(&late, 1);
}

/// The answer was recorded by somebody else, while the gateway did not run.
#[test]
fn an_answer_that_nothing_came_of_yet_stands_after_a_restart() {
    let recorded = |driven: &Driven, id: u8, choice, note: Option<&str>| {
        let Answer { approval, choice, by, via, .. } = answer(id, choice);
        let (turn, call_id, content) = (driven.turn.id(), "1".into(), note.map(Into::into));
        Event::ApprovalAnswered { turn, call_id, approval, choice, by, via, content }
    };
    let mut allowed = deciding();
    allowed.events.push(recorded(&allowed, 1, Choice::Once, None));
    allowed.restart();
    assert_eq!(allowed.recorded(), ["turn-resumed", "tool-started"]);
    runs(&allowed, "1", Some(1), &[1, 2]);
    // A second attempt, too; and what had started is not started again.
    allowed.input(blocked(Some(ask(2, &[3])), ""));
    allowed.events.push(recorded(&allowed, 2, Choice::Session, None));
    allowed.restart();
    runs(&allowed, "1", Some(2), &[1, 2, 3]);
    allowed.restart();
    assert_eq!(allowed.attempts(), [1, 2]);
    let mut denied = deciding();
    denied.events.push(recorded(&denied, 1, Choice::Deny, Some("not that one")));
    denied.restart();
    assert_eq!(denied.recorded(), ["turn-resumed", "tool-finished", "tool-started"]);
    let told = "The person did not allow this. They say: not that one";
    assert_eq!(denied.result("1"), Some((ToolOutcome::Denied, told.into())));
    runs(&denied, "2", None, &[]);
    // What was allowed of a component that is another one now is not allowed of that.
    let mut other = deciding();
    other.events.push(recorded(&other, 1, Choice::Once, None));
    let origin = ToolOrigin { component: "files".into(), digest: action(7), gated: true };
    let tools = BTreeMap::from([("run".to_owned(), origin)]);
    let (turn, effects) = Turn::resume(other.turn.id(), Setup { tools, ..setup() }, &other.events);
    other.turn = turn;
    other.take(effects);
    assert!(matches!(other.last.last(), Some(Effect::Plan(call)) if call.id == "1"), "{:?}", other.last);
    other.input(Input::Planned(Verdict::Allow));
    runs(&other, "1", None, &[]);
}

#[test]
fn a_call_that_was_only_planned_is_planned_again() {
    let mut driven = planning();
    driven.restart();
    assert_eq!(driven.recorded(), ["turn-resumed"]);
    assert!(matches!(driven.last.last(), Some(Effect::Plan(call)) if call.id == "1"), "{:?}", driven.last);
}

#[test]
fn a_call_that_had_started_is_interrupted_at_its_second_attempt_too() {
    let mut driven = deciding();
    driven.input(Input::Answered(answer(1, Choice::Once)));
    let mut second = deciding();
    second.input(Input::Answered(answer(1, Choice::Once))).input(blocked(Some(ask(2, &[3])), ""));
    second.input(Input::Answered(answer(2, Choice::Once)));
    for (driven, attempts) in [(&mut driven, vec![1]), (&mut second, vec![1, 2])] {
        driven.restart();
        assert_eq!(driven.recorded(), ["turn-resumed", "tool-finished", "tool-started"]);
        assert!(matches!(driven.result("1"), Some((ToolOutcome::Interrupted, text)) if text.ends_with("not run again.")));
        runs(driven, "2", None, &[]);
        assert_eq!(driven.attempts(), attempts);
    }
}

#[test]
fn the_model_is_told_what_an_interrupted_call_had_begun() {
    let mut driven = planning();
    driven.input(Input::Planned(Verdict::Allow));
    let turn = driven.turn.id();
    let started = |effect, content: Option<&str>| Event::EffectStarted {
        turn,
        call_id: "1".into(),
        effect,
        action: "exec".into(),
        digest: action(1),
        content: content.map(Into::into),
    };
    let finished = |effect| Event::EffectFinished { turn, call_id: "1".into(), effect, outcome: ToolOutcome::Ok, detail: String::new() };
    // One of an attempt that was blocked is none of the next.
    driven.events.extend([started(1, Some("first"))]);
    driven.input(blocked(Some(ask(1, &[1])), "")).input(Input::Answered(answer(1, Choice::Once)));
    driven.events.extend([started(1, Some("make clean")), finished(1), started(2, Some("make all")), started(3, None)]);
    driven.restart();
    let (_, text) = driven.result("1").unwrap();
    assert!(text.ends_with("not run again. It had begun, and may have done in part or whole: exec (make all); exec"), "{text}");
    // The record says so of each, and of nothing that had ended.
    let cut_off = driven.events.iter().filter_map(|event| match event {
        Event::EffectFinished { call_id, effect, outcome: ToolOutcome::Interrupted, .. } => Some((call_id.as_str(), *effect)),
        _ => None,
    });
    assert_eq!(cut_off.collect::<Vec<_>>(), [("1", 2), ("1", 3)]);
    assert_eq!(driven.recorded(), ["turn-resumed", "effect-finished", "effect-finished", "tool-finished", "tool-started"]);

    let mut long = planning();
    long.input(Input::Planned(Verdict::Allow));
    let turn = long.turn.id();
    let (call_id, content) = ("1".into(), Some("ü".repeat(MAX_FAILURE_BYTES)));
    long.events.push(Event::EffectStarted { turn, call_id, effect: 1, action: "exec".into(), digest: action(1), content });
    long.restart();
    assert!(long.result("1").unwrap().1.len() < MAX_FAILURE_BYTES + 200);
}

#[test]
fn a_question_that_cannot_be_decided_any_more_expires() {
    let erase = |driven: &mut Driven, kind: &str| {
        for event in &mut driven.events {
            match event {
                Event::ApprovalAsked { content, .. } if kind == "question" => *content = None,
                Event::Responded { content, .. } if kind == "response" => *content = None,
                _ => {}
            }
        }
    };
    let mut erased = deciding();
    erase(&mut erased, "question");
    erased.restart();
    assert_eq!(erased.recorded(), ["turn-resumed", "approval-expired", "tool-finished", "tool-started"]);
    assert!(matches!(erased.result("1"), Some((ToolOutcome::Denied, text)) if text.contains("what was asked was erased")));
    runs(&erased, "2", None, &[]);
    // Of a call that is erased nothing can be run, and nothing is left to be told.
    let mut gone = deciding();
    erase(&mut gone, "response");
    gone.restart();
    assert_eq!(gone.recorded(), ["turn-resumed", "approval-expired", "requested"]);
    // The tool is another component's now, or nobody's.
    let origin = |digest| ToolOrigin { component: "files".into(), digest, gated: true };
    for tools in [BTreeMap::from([("run".to_owned(), origin(action(7)))]), BTreeMap::new()] {
        let mut other = deciding();
        let (turn, effects) = Turn::resume(other.turn.id(), Setup { tools, ..setup() }, &other.events);
        other.turn = turn;
        other.take(effects);
        assert!(matches!(other.result("1"), Some((ToolOutcome::Denied, text)) if text.contains("not the one any more")));
        assert_eq!((other.attempts(), other.turn.deciding()), (vec![], None));
    }
    // However often the host had stopped while he was asked.
    let mut often = deciding();
    for _ in 0..=MAX_RESUMES {
        often.restart();
    }
    erase(&mut often, "question");
    often.restart();
    assert!(!often.turn.ended());
}

#[test]
fn what_was_allowed_and_erased_since_is_allowed_no_more() {
    let mut driven = deciding();
    driven.input(Input::Answered(answer(1, Choice::Once))).input(blocked(Some(ask(2, &[3])), ""));
    for event in &mut driven.events {
        if let Event::ApprovalAsked { approval, content, .. } = event
            && *approval == ask(1, &[]).approval
        {
            *content = None;
        }
    }
    driven.restart().input(Input::Answered(answer(2, Choice::Once)));
    runs(&driven, "1", Some(2), &[3]);
}
