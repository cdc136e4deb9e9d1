//! Whatever happens in whatever order, with restarts in between: nothing runs that nobody allowed.

use wirken_types::approval::Choice;

use super::approval::{answer, ask, blocked};
use super::*;

#[derive(Clone, Debug)]
enum Happening {
    Input(Input),
    Said,
    Restart,
    /// The component of every tool is another one, or the first again.
    Exchanged(bool),
}

fn any_happening() -> impl Strategy<Value = Happening> {
    let input = prop_oneof![
        3 => ("[ab]", prop_oneof!["read", "run", "run", "none"]).prop_map(|(id, name)| Input::Step(call(&id, &name))),
        3 => Just(Input::ResponseEnded),
        1 => Just(failure("rate-limited", None)),
        1 => Just(Input::Waited),
        2 => Just(Input::Planned(Verdict::Allow)),
        4 => (0..6_u8).prop_map(|id| Input::Planned(Verdict::Ask(ask(id, &[id, id + 1])))),
        1 => Just(Input::Planned(Verdict::Refuse { text: "no".into() })),
        8 => (0..6_u8, prop_oneof![Just(Choice::Once), Just(Choice::Session), Just(Choice::Remember), Just(Choice::Deny)])
            .prop_map(|(id, choice)| Input::Answered(answer(id, choice))),
        1 => (0..6_u8).prop_map(|id| Input::Expired { approval: ask(id, &[]).approval, reason: "late".into() }),
        3 => (0..6_u8, any::<bool>()).prop_map(|(id, reads)| blocked(reads.then(|| ask(id, &[id + 2])), "it read")),
        2 => Just(Input::ToolEnded { outcome: ToolOutcome::Ok, code: None, content: Vec::new() }),
    ];
    prop_oneof![20 => input.prop_map(Happening::Input), 1 => Just(Happening::Said), 2 => Just(Happening::Restart), 2 => any::<bool>().prop_map(Happening::Exchanged)]
}

/// What a reader of the record says of the call that is being made, without a look into the machine.
#[derive(Debug, Default)]
struct Seen {
    call_id: String,
    open: Option<Ask>,
    allowed: Vec<Digest>,
    starts: u32,
    running: bool,
    finished: Vec<String>,
}

impl Seen {
    fn of(&mut self, id: &str) {
        if self.call_id != id {
            let finished = std::mem::take(&mut self.finished);
            *self = Self { call_id: id.into(), finished, ..Self::default() };
        }
    }

    /// `cause` is what the record answers; none where the host took the turn up again.
    fn follow(&mut self, event: &Event, cause: Option<&Input>, planned: Option<&str>, gated: bool) {
        match event {
            Event::Responded { .. } => *self = Self::default(),
            Event::ApprovalAsked { call_id, approval, content: Some(question), expires_at, action, tier, .. } => {
                self.of(call_id);
                assert!(!self.running && self.open.is_none(), "asked while it runs, or twice: {event:?}");
                let (approval, tier, action, expires_at) = (*approval, *tier, *action, *expires_at);
                self.open = Some(Ask { approval, tier, action, expires_at, question: question.clone() });
            }
            Event::ApprovalAnswered { call_id, approval, choice, .. } => {
                let ask = self.open.take().unwrap();
                assert_eq!((&ask.approval, call_id), (approval, &self.call_id));
                if *choice != Choice::Deny {
                    self.allowed.extend(ask.question.actions.iter().map(|judged| judged.action));
                }
            }
            Event::ApprovalExpired { approval, .. } => assert_eq!(self.open.take().unwrap().approval, *approval),
            Event::ToolStarted { call_id, attempt, .. } => {
                self.of(call_id);
                assert!(!self.running && self.open.is_none(), "{event:?} {self:?}");
                match cause {
                    Some(Input::Planned(Verdict::Allow)) => assert_eq!(planned, Some(call_id.as_str())),
                    Some(Input::Answered(answer)) if answer.choice != Choice::Deny => assert!(!self.allowed.is_empty()),
                    _ => assert!(!gated, "{event:?} after {cause:?}"),
                }
                self.starts += 1;
                assert!(*attempt == self.starts && self.starts <= MAX_STARTS, "{event:?}");
                self.running = true;
            }
            Event::ToolBlocked { call_id, .. } => {
                assert!(self.running && *call_id == self.call_id);
                self.running = false;
            }
            Event::ToolFinished { call_id, .. } => {
                assert!(!self.finished.contains(call_id), "{call_id} ended twice");
                assert!(self.call_id != *call_id || self.open.is_none());
                self.running = false;
                self.finished.push(call_id.clone());
            }
            _ => {}
        }
    }
}

/// The calls of each response, and the results that follow it.
fn calls_and_results(messages: &[Message]) -> Vec<(Vec<String>, Vec<String>)> {
    let mut found = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        let Message::Assistant(items) = message else { continue };
        let calls = items.iter().filter_map(|item| if let AssistantItem::ToolCall(call) = item { Some(call.id.clone()) } else { None });
        let mut calls: Vec<String> = calls.collect();
        let mut results = match messages.get(index + 1) {
            Some(Message::Tool(results)) => results.iter().map(|result| result.call_id.clone()).collect(),
            _ => Vec::new(),
        };
        calls.sort();
        results.sort();
        found.push((calls, results));
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, ..ProptestConfig::default() })]

    /// A call runs because its tool is not gated, its own plan was allowed, or its own question was answered so, with
    /// exactly what was allowed; never twice without having been blocked between; and each has one result in the end.
    #[test]
    fn nothing_runs_that_nobody_allowed(happenings in prop::collection::vec(any_happening(), 0..80)) {
        let mut driven = Driven::start();
        let (mut seen, mut planned): (Seen, Option<String>) = (Seen::default(), None);
        let stop = Happening::Input(Input::Stop { reason: "enough".into() });
        for happening in happenings.into_iter().chain([stop]) {
            if driven.turn.ended() {
                break;
            }
            let before = driven.events.len();
            let cause = match happening {
                Happening::Input(input) => {
                    driven.input(input.clone());
                    Some(input)
                }
                Happening::Said => {
                    driven.say(&format!("more {before}"));
                    continue;
                }
                Happening::Restart => {
                    driven.restart();
                    None
                }
                Happening::Exchanged(other) => {
                    driven.offer(if other { Digest::of(b"another") } else { Digest::ZERO });
                    None
                }
            };
            let mut called = None;
            for effect in &driven.last {
                if let Effect::Call(call, allowed) = effect {
                    called = Some((call.clone(), allowed.clone()));
                }
            }
            for event in &driven.events[before..] {
                let gated = matches!(event, Event::ToolStarted { tool, .. } if tool == "run");
                seen.follow(event, cause.as_ref(), planned.as_deref(), gated);
            }
            if let Some((call, allowed)) = called {
                prop_assert!(seen.running && seen.call_id == call.id);
                let mut own = seen.allowed.clone();
                own.dedup();
                prop_assert!(allowed.actions.iter().all(|action| own.contains(action)));
                prop_assert!(own.iter().all(|action| allowed.actions.contains(action)));
            }
            prop_assert_eq!(driven.turn.deciding(), seen.open.as_ref());
            match driven.last.last() {
                Some(Effect::Plan(call)) => planned = Some(call.id.clone()),
                Some(_) => planned = None,
                None => {}
            }
            prop_assert_eq!(&Conversation::replay(&driven.events), &driven.live);
        }
        prop_assert!(driven.turn.ended());
        for (calls, results) in calls_and_results(driven.live.messages()) {
            prop_assert_eq!(calls, results);
        }
    }
}
