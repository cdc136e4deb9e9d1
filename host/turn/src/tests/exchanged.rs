//! Components that are exchanged while a turn runs.

use wirken_types::approval::Choice;

use super::approval::{answer, ask, awaits, deciding, ok, planning, runs};
use super::*;

impl Driven {
    /// From now on every tool is of this component.
    pub(super) fn offer(&mut self, digest: Digest) -> &mut Self {
        let mut tools = setup().tools;
        tools.values_mut().for_each(|origin| origin.digest = digest);
        let effects = self.turn.offer(tools);
        self.take(effects);
        self
    }

    /// Of each start, the call and the component.
    fn started(&self) -> Vec<(&str, Digest)> {
        let started = self.events.iter().filter_map(|event| match event {
            Event::ToolStarted { call_id, component_digest, .. } => Some((call_id.as_str(), *component_digest)),
            _ => None,
        });
        started.collect()
    }
}

fn another() -> Digest {
    Digest::of(b"another")
}

#[test]
fn a_call_that_runs_ends_and_the_next_one_is_of_the_new_component() {
    let mut driven = planning();
    driven.input(Input::Planned(Verdict::Allow));
    driven.offer(another());
    assert_eq!(driven.last, [], "nothing of it is ended");
    driven.input(ok());
    assert_eq!(driven.started(), [("1", Digest::ZERO), ("2", another())]);
    assert_eq!(driven.result("1"), Some((ToolOutcome::Ok, "done".into())));
}

#[test]
fn what_was_planned_by_one_component_is_planned_anew_for_another() {
    let mut driven = planning();
    driven.offer(Digest::ZERO);
    assert_eq!(driven.last, [], "the same one plans on");
    driven.offer(another());
    assert!(matches!(&driven.last[..], [Effect::Plan(call)] if call.id == "1"), "{:?}", driven.last);
    driven.input(Input::Planned(Verdict::Allow));
    assert_eq!(driven.started(), [("1", another())]);
}

#[test]
fn what_was_asked_of_one_component_is_not_answered_for_another() {
    let mut driven = deciding();
    driven.offer(Digest::ZERO);
    awaits_still(&driven);
    driven.offer(another());
    assert_eq!(driven.recorded(), ["approval-expired", "tool-finished", "tool-started"], "the next call goes on");
    let (outcome, told) = driven.result("1").unwrap();
    assert!(outcome == ToolOutcome::Denied && told.contains("not the one any more"), "{told}");
    runs(&driven, "2", None, &[]);
    let before = driven.events.len();
    driven.input(Input::Answered(answer(1, Choice::Once)));
    assert_eq!(driven.events.len(), before, "an answer comes too late");
}

fn awaits_still(driven: &Driven) {
    assert_eq!(driven.last, []);
    assert_eq!(driven.turn.deciding(), Some(&*ask(1, &[1, 2])));
}

#[test]
fn a_tool_that_is_gone_is_not_called() {
    for mut driven in [planning(), deciding()] {
        let effects = driven.turn.offer(BTreeMap::new());
        driven.take(effects);
        assert_eq!(driven.started(), []);
        let (outcome, _) = driven.result("1").unwrap();
        assert_eq!(outcome, ToolOutcome::Denied);
        assert!(driven.result("2").unwrap().1.contains("no tool named"));
        assert_eq!(driven.last.last(), Some(&Effect::Ask), "the turn goes on");
    }
    let mut driven = deciding();
    driven.offer(Digest::ZERO).input(Input::Answered(answer(1, Choice::Once)));
    runs(&driven, "1", Some(1), &[1, 2]);
    awaits(&deciding(), 1);
}
