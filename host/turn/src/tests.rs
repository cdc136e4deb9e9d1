mod approval;
mod exchanged;
mod files;
mod interleaved;
mod resumed;

use std::collections::BTreeMap;

use proptest::prelude::*;
use wirken_types::chat::{AssistantItem, Message, Part, ToolCall, plain_text};
use wirken_types::event::{Event, Place, ToolOutcome};
use wirken_types::provider::{Event as Step, ProviderError};
use wirken_types::{Digest, TurnId};

use super::*;
use crate::turn::MAX_ITEMS;

fn setup() -> Setup {
    let origin = ToolOrigin { component: "files".into(), digest: Digest::ZERO, gated: false };
    let gated = ToolOrigin { gated: true, ..origin.clone() };
    let tools = BTreeMap::from([("read".into(), origin.clone()), ("list".into(), origin), ("run".into(), gated)]);
    Setup { provider: "p".into(), model: "m".into(), tools, surface: Surface::Reads }
}

fn inbound(turn: TurnId, text: &str) -> Event {
    Event::Inbound {
        turn,
        account: "webchat".into(),
        key: text.into(),
        sender: "owner".into(),
        message: None,
        marks: Vec::new(),
        content: Some(vec![Part::text(text)]),
    }
}

fn call(id: &str, name: &str) -> Step {
    Step::ToolCall(ToolCall { id: id.into(), name: name.into(), arguments: "{}".into() })
}

fn failure(kind: &str, retry_after_millis: Option<u64>) -> Input {
    Input::RequestFailed { error: ProviderError { kind: kind.into(), message: "no".into(), retry_after_millis } }
}

/// A turn with everything that it recorded, as its driver would.
struct Driven {
    turn: Turn,
    events: Vec<Event>,
    live: Conversation,
    last: Vec<Effect>,
}

impl Driven {
    fn start() -> Self {
        Self::start_at(Surface::Reads)
    }

    fn start_at(surface: Surface) -> Self {
        let id = TurnId::generate();
        let place = Place { agent: "a".into(), account: "webchat".into(), conversation: "c".into(), thread: None };
        let (turn, effects) = Turn::start(id, Setup { surface, ..setup() }, vec![Event::SessionOpened { place }], inbound(id, "hi"));
        let mut driven = Self { turn, events: Vec::new(), live: Conversation::default(), last: Vec::new() };
        driven.take(effects);
        driven
    }

    fn take(&mut self, effects: Vec<Effect>) {
        for effect in &effects {
            if let Effect::Record(events) = effect {
                events.iter().for_each(|event| self.live.apply(event));
                self.events.extend(events.clone());
            }
        }
        self.last = effects;
    }

    fn input(&mut self, input: Input) -> &mut Self {
        let effects = self.turn.handle(input);
        self.take(effects);
        self
    }

    fn step(&mut self, step: Step) -> &mut Self {
        self.input(Input::Step(step))
    }

    fn say(&mut self, text: &str) {
        let event = inbound(self.turn.id(), text);
        self.live.apply(&event);
        self.events.push(event);
        self.input(Input::Said);
    }

    fn kinds(&self) -> Vec<&'static str> {
        self.events.iter().map(Event::kind).collect()
    }

    fn resumed(&self) -> (Turn, Vec<Effect>) {
        Turn::resume(self.turn.id(), setup(), &self.events)
    }

    /// What was queued: number and text.
    fn answers(&self) -> Vec<(u64, &str)> {
        let queued = self.events.iter().filter_map(|event| match event {
            Event::OutboundQueued { outbound, content, .. } => Some((*outbound, content.as_deref()?)),
            _ => None,
        });
        queued.collect()
    }
}

#[test]
fn a_plain_turn_takes_two_records() {
    let mut driven = Driven::start();
    assert!(matches!(&driven.last[..], [Effect::Record(_), Effect::Ask]));
    driven.step(Step::Text("Hel".into())).step(Step::Text("lo".into())).step(Step::Stop("end".into())).input(Input::ResponseEnded);
    assert!(matches!(&driven.last[..], [Effect::Record(_), Effect::End]));
    assert_eq!(
        driven.kinds(),
        ["session-opened", "inbound", "turn-started", "requested", "responded", "outbound-queued", "outbound-outcome", "turn-finished"]
    );
    assert_eq!(driven.live.messages().last(), Some(&Message::Assistant(vec![AssistantItem::Text("Hello".into())])));
    assert!(driven.turn.ended());
}

#[test]
fn what_is_revised_takes_the_place_of_all_text_and_of_nothing_else() {
    let thought = || Step::Reasoning("so".into());
    let revised = |text: &str| Input::Revised { text: text.into() };
    let said = |steps: Vec<Step>, text: &str| {
        let mut driven = Driven::start();
        for step in steps {
            driven.step(step);
        }
        driven.input(revised(text)).input(Input::ResponseEnded);
        let Some(Message::Assistant(items)) = driven.live.messages().get(1).cloned() else { panic!("{:?}", driven.live) };
        let answers: Vec<String> = driven.answers().into_iter().map(|(_, text)| text.to_owned()).collect();
        (items, answers)
    };
    let (text, reasoning) = (|text: &str| AssistantItem::Text(text.into()), AssistantItem::Reasoning("so".into()));
    let steps = vec![thought(), Step::Text("one".into()), thought(), Step::Text("two".into())];
    assert_eq!(said(steps, "new"), (vec![reasoning.clone(), text("new"), reasoning.clone()], vec!["new".to_owned()]));
    assert_eq!(said(vec![thought(), Step::Text("one".into())], ""), (vec![reasoning.clone()], Vec::new()));
    assert_eq!(said(vec![thought()], "new"), (vec![reasoning, text("new")], vec!["new".to_owned()]));
    let (items, _) = said(vec![call("1", "read")], "new");
    assert!(matches!(&items[..], [AssistantItem::Text(_), AssistantItem::ToolCall(_)]), "{items:?}");
}

#[test]
fn an_answer_is_delivered_by_being_recorded_only_where_the_surface_reads_the_record() {
    assert_eq!(Surface::default(), Surface::Reads);
    for (surface, expected) in [
        (Surface::Reads, vec!["responded", "outbound-queued", "outbound-outcome", "turn-finished"]),
        (Surface::Sends, vec!["responded", "outbound-queued", "turn-finished"]),
    ] {
        let mut driven = Driven::start_at(surface);
        driven.step(Step::Text("Hello".into())).input(Input::ResponseEnded);
        assert_eq!(driven.kinds()[4..], expected);
        assert_eq!(driven.answers(), [(1, "Hello")]);
        let mut stopped = Driven::start_at(surface);
        stopped.step(Step::Text("Hel".into())).input(Input::Stop { reason: "enough".into() });
        assert_eq!(stopped.kinds()[4..expected.len() + 3], expected[..expected.len() - 1]);
    }
}

#[test]
fn answers_are_numbered_from_one_and_the_number_is_known_before() {
    let mut driven = Driven::start_at(Surface::Sends);
    for number in 1..=3 {
        assert_eq!(driven.turn.next_outbound(), number);
        driven.step(Step::Text(format!("answer {number}"))).step(call("c", "read"));
        assert_eq!(driven.turn.next_outbound(), number, "a text that is under way has no number yet");
        driven.input(Input::ResponseEnded);
        driven.input(Input::ToolEnded { outcome: ToolOutcome::Ok, code: None, content: Vec::new() });
    }
    assert_eq!(driven.answers(), [(1, "answer 1"), (2, "answer 2"), (3, "answer 3")]);
    // A response without a text takes no number.
    driven.step(call("d", "read")).input(Input::ResponseEnded);
    assert_eq!(driven.turn.next_outbound(), 4);
}

#[test]
fn a_resumed_turn_gives_the_number_of_a_beginning_that_is_shown_to_the_answer_that_replaces_it() {
    let mut driven = Driven::start_at(Surface::Sends);
    driven.step(Step::Text("one".into())).step(call("c", "read")).input(Input::ResponseEnded);
    driven.input(Input::ToolEnded { outcome: ToolOutcome::Ok, code: None, content: Vec::new() });
    let turn = driven.turn.id();
    let drafted = |outbound| Event::OutboundDrafted { turn, outbound, shown: vec!["17".into()] };
    // Each record of the gateway's outbox in turn, as it comes between those of the turn.
    for (event, next) in [
        (Event::OutboundAttempted { turn, outbound: 1, attempt: 1 }, 2),
        (drafted(1), 2),
        (drafted(2), 2),
        (drafted(2), 2),
        (Event::OutboundQueued { turn, outbound: 2, content: None }, 3),
        (drafted(2), 3),
        (drafted(3), 3),
        // Of an answer that was given up and never queued, with a later one begun.
        (drafted(5), 5),
    ] {
        driven.events.push(event.clone());
        assert_eq!(driven.resumed().0.next_outbound(), next, "{event:?}");
    }
    let other = Event::OutboundQueued { turn: TurnId::generate(), outbound: 9, content: None };
    driven.events.push(other);
    assert_eq!(driven.resumed().0.next_outbound(), 5);
}

#[test]
fn calls_run_one_after_the_other_and_each_is_recorded_before_it_starts() {
    let mut driven = Driven::start();
    driven.step(call("1", "read")).step(call("2", "nothing-of-this-name")).step(call("3", "list")).input(Input::ResponseEnded);
    assert!(matches!(&driven.last[..], [Effect::Record(_), Effect::Call(call, _)] if call.id == "1"));
    assert_eq!(driven.events.last().unwrap().kind(), "tool-started");
    driven.input(Input::ToolEnded { outcome: ToolOutcome::Ok, code: None, content: vec![Part::text("one")] });
    assert!(matches!(&driven.last[..], [Effect::Record(_), Effect::Call(call, _)] if call.id == "3"));
    driven.input(Input::ToolEnded { outcome: ToolOutcome::Failed, code: None, content: vec![Part::text("three")] });
    assert!(matches!(&driven.last[..], [Effect::Record(_), Effect::Ask]));
    let Some(Message::Tool(results)) = driven.live.messages().last() else { panic!("{:?}", driven.live) };
    let shown: Vec<(&str, bool)> = results.iter().map(|result| (result.call_id.as_str(), result.is_error)).collect();
    assert_eq!(shown, [("1", false), ("2", true), ("3", true)]);
    assert!(plain_text(&results[1].content).contains("list, read, run"), "{results:?}");
}

#[test]
fn calls_of_one_response_never_share_an_id() {
    let mut driven = Driven::start();
    for id in ["x", "x", "", "", "x-2"] {
        driven.step(call(id, "read"));
    }
    driven.input(Input::ResponseEnded);
    let Some(Event::Responded { content: Some(items), .. }) = driven.events.iter().find(|event| event.kind() == "responded") else {
        panic!()
    };
    let ids: std::collections::BTreeSet<&str> =
        items.iter().filter_map(|item| if let AssistantItem::ToolCall(call) = item { Some(call.id.as_str()) } else { None }).collect();
    assert_eq!(ids.len(), 5, "{ids:?}");
    assert!(!ids.contains(""));
}

#[test]
fn the_twentieth_round_is_made_and_a_twenty_first_is_not() {
    let mut driven = Driven::start();
    for round in 1..MAX_ROUNDS {
        driven.step(call("c", "read")).input(Input::ResponseEnded);
        driven.input(Input::ToolEnded { outcome: ToolOutcome::Ok, code: None, content: Vec::new() });
        assert!(matches!(driven.last.last(), Some(Effect::Ask)), "round {round}");
    }
    driven.step(call("c", "read")).input(Input::ResponseEnded);
    assert!(driven.turn.ended());
    assert_eq!(driven.kinds().iter().filter(|kind| **kind == "requested").count(), MAX_ROUNDS as usize);
    assert!(matches!(driven.events.last(), Some(Event::TurnInterrupted { reason, .. }) if reason.contains("20")));
    // The call that was not run has a result all the same.
    assert!(matches!(driven.live.messages().last(), Some(Message::Tool(results)) if results.len() == 1));
}

#[test]
fn what_is_said_meanwhile_is_answered_in_the_same_turn_and_comes_after_the_answer_that_did_not_see_it() {
    let mut driven = Driven::start();
    driven.step(Step::Text("one".into()));
    driven.say("and two?");
    driven.input(Input::ResponseEnded);
    assert!(matches!(driven.last.last(), Some(Effect::Ask)));
    let roles: Vec<&str> = driven
        .live
        .messages()
        .iter()
        .map(|message| match message {
            Message::User(_) => "user",
            Message::Assistant(_) => "assistant",
            _ => "other",
        })
        .collect();
    assert_eq!(roles, ["user", "assistant", "user"]);
    driven.step(Step::Text("two".into())).input(Input::ResponseEnded);
    assert!(driven.turn.ended());
}

#[test]
fn a_busy_provider_is_asked_three_times_and_waited_for_thirty_seconds_at_most() {
    let mut driven = Driven::start();
    driven.input(failure("rate-limited", Some(30_000)));
    assert!(matches!(driven.last.last(), Some(Effect::Wait(30_000))));
    driven.input(Input::Waited);
    assert!(matches!(driven.last.last(), Some(Effect::Ask)));
    driven.input(failure("overloaded", None)).input(Input::Waited);
    driven.input(failure("rate-limited", Some(1)));
    assert!(driven.turn.ended(), "{:?}", driven.last);

    let mut impatient = Driven::start();
    impatient.input(failure("rate-limited", Some(30_001)));
    assert!(impatient.turn.ended());
    let mut refused = Driven::start();
    refused.input(failure("authentication", None));
    assert!(refused.turn.ended());
}

#[test]
fn a_broken_answer_keeps_what_had_come_but_no_call_of_it() {
    let mut driven = Driven::start();
    driven.step(Step::Text("Half".into())).step(call("1", "read"));
    driven.input(failure("rate-limited", None));
    assert!(driven.turn.ended());
    assert_eq!(driven.live.messages().last(), Some(&Message::Assistant(vec![AssistantItem::Text("Half".into())])));
    assert!(!driven.kinds().contains(&"tool-started"));
}

#[test]
fn a_stop_ends_every_phase_and_late_steps_change_nothing() {
    let mut asking = Driven::start();
    asking.step(Step::Text("Hal".into())).input(Input::Stop { reason: "enough".into() });
    assert!(matches!(asking.last.first(), Some(Effect::Abandon)));
    let mut calling = Driven::start();
    calling.step(call("1", "read")).step(call("2", "list")).input(Input::ResponseEnded).input(Input::Stop { reason: "enough".into() });
    let mut waiting = Driven::start();
    waiting.input(failure("rate-limited", None)).input(Input::Stop { reason: "enough".into() });
    for driven in [&mut asking, &mut calling, &mut waiting] {
        assert!(driven.turn.ended());
        assert!(matches!(driven.events.last(), Some(Event::TurnInterrupted { reason, .. }) if reason == "enough"));
        let before = driven.events.len();
        driven.step(Step::Text("late".into())).input(Input::ResponseEnded).input(Input::Waited);
        driven.input(Input::ToolEnded { outcome: ToolOutcome::Ok, code: None, content: Vec::new() });
        assert_eq!(driven.events.len(), before);
    }
    assert!(matches!(calling.live.messages().last(), Some(Message::Tool(results)) if results.len() == 2));
}

#[test]
fn responses_are_bounded_on_both_sides() {
    let mut fits = Driven::start();
    fits.step(Step::Text("x".repeat(8 * 1024 * 1024)));
    assert!(!fits.turn.ended());
    fits.step(Step::Text("x".into()));
    assert!(fits.turn.ended());
    let mut calls = Driven::start();
    for index in 0..64 {
        calls.step(call(&index.to_string(), "read"));
    }
    assert!(!calls.turn.ended());
    calls.step(call("more", "read"));
    assert!(calls.turn.ended());
}

fn any_input() -> impl Strategy<Value = Option<Input>> {
    let text = "[a-zäö]{0,8}";
    prop_oneof![
        text.prop_map(|text| Some(Input::Step(Step::Text(text)))),
        text.prop_map(|text| Some(Input::Step(Step::Reasoning(text)))),
        ("[ab]{0,2}", prop_oneof!["read", "list", "none"]).prop_map(|(id, name)| Some(Input::Step(call(&id, &name)))),
        Just(Some(Input::ResponseEnded)),
        Just(Some(Input::ResponseEnded)),
        prop_oneof!["rate-limited", "protocol"].prop_map(|kind| Some(failure(&kind, None))),
        Just(Some(Input::Waited)),
        text.prop_map(|text| Some(Input::Revised { text })),
        text.prop_map(|text| Some(Input::ToolEnded { outcome: ToolOutcome::Ok, code: None, content: vec![Part::text(text)] })),
        Just(None),
    ]
}

proptest! {
    /// Whatever happens, the session that is rebuilt from its events is the live one, no call starts twice, and a turn
    /// that was cut off anywhere can be taken up without starting a call again.
    #[test]
    fn a_rebuilt_session_is_the_live_one(inputs in prop::collection::vec(any_input(), 0..40), cut in 0_usize..200) {
        let mut driven = Driven::start();
        for (index, input) in inputs.into_iter().enumerate() {
            match input {
                Some(input) => { driven.input(input); }
                None if !driven.turn.ended() => driven.say(&format!("more {index}")),
                None => {}
            }
        }
        prop_assert_eq!(&Conversation::replay(&driven.events), &driven.live);

        // Cut off after any record that stands at a commit's end, which is anywhere between two inputs.
        let cut = cut % (driven.events.len() + 1);
        let kept = &driven.events[..cut.max(4)];
        let ended = kept.iter().any(|event| matches!(event, Event::TurnFinished { .. } | Event::TurnInterrupted { .. }));
        if !ended {
            let (turn, effects) = Turn::resume(driven.turn.id(), setup(), kept);
            let mut events = kept.to_vec();
            let queued = kept.iter().filter(|event| event.kind() == "outbound-queued").count();
            prop_assert_eq!(turn.next_outbound(), queued as u64 + 1);
            for effect in effects {
                if let Effect::Record(more) = effect {
                    events.extend(more);
                }
            }
            let mut started = Vec::new();
            for event in &events {
                match event {
                    Event::Responded { .. } => started.clear(),
                    Event::ToolStarted { call_id, .. } => {
                        prop_assert!(!started.contains(call_id), "{} started twice", call_id);
                        started.push(call_id.clone());
                    }
                    _ => {}
                }
            }
        }
    }
}

#[test]
fn what_was_said_during_a_request_goes_with_it_when_it_is_made_again() {
    let mut driven = Driven::start();
    let id = driven.turn.id();
    for event in [inbound(id, "and this?"), Event::Commanded { account: "a".into(), key: "k".into(), command: "/stop".into() }] {
        driven.live.apply(&event);
        driven.events.push(event);
    }
    assert_eq!(driven.live.messages().len(), 1);
    let (turn, effects) = Turn::resume(id, setup(), &driven.events);
    driven.turn = turn;
    driven.take(effects);
    assert_eq!(driven.last.last(), Some(&Effect::Ask));
    let asked: Vec<String> = driven
        .live
        .messages()
        .iter()
        .map(|message| match message {
            Message::User(parts) => plain_text(parts),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(asked, ["hi", "and this?"]);
    assert_eq!(driven.live, Conversation::replay(&driven.events));
}

#[test]
fn a_message_that_calls_a_skill_is_read_as_what_the_skill_makes_of_it() {
    let turn = TurnId::generate();
    let called = |tool: Option<&str>, content: Option<&str>| Event::SkillCalled {
        turn,
        skills: vec!["notes".into()],
        tool: tool.map(str::to_owned),
        content: content.map(str::to_owned),
    };
    for (event, read) in [
        (called(None, Some("use it")), "use it"),
        // The arguments of a call are no message, and what was erased stands for nothing.
        (called(Some("keep"), Some("{}")), "/notes milk"),
        (called(None, None), "/notes milk"),
    ] {
        let conversation = Conversation::replay([&event, &inbound(turn, "/notes milk"), &inbound(turn, "and more")]);
        let user = |text: &str| Message::User(vec![Part::text(text)]);
        assert_eq!(conversation.messages(), [user(read), user("and more")], "only the message that follows");
    }
}

#[test]
fn what_is_said_during_the_last_request_is_not_passed_over() {
    let mut driven = Driven::start();
    for round in 1..MAX_ROUNDS {
        driven.input(Input::Step(call(&format!("c{round}"), "read"))).input(Input::ResponseEnded);
        driven.input(Input::ToolEnded { outcome: ToolOutcome::Ok, code: None, content: Vec::new() });
    }
    driven.input(Input::Said).input(Input::Step(Step::Text("done".into()))).input(Input::ResponseEnded);
    assert!(
        matches!(driven.events.last(), Some(Event::TurnInterrupted { reason, .. }) if reason.contains("say it again")),
        "{:?}",
        driven.events.last()
    );
}

#[test]
fn names_are_bounded_on_both_sides() {
    for (id, name, fits) in [(512, 128, true), (513, 128, false), (512, 129, false)] {
        let mut driven = Driven::start();
        driven.input(Input::Step(call(&"i".repeat(id), &"n".repeat(name))));
        assert_eq!(driven.turn.ended(), !fits, "{id} {name}");
    }
    let mut driven = Driven::start();
    let totals = (0..40).map(|n| (format!("{n}{}", "ü".repeat(100)), n)).collect();
    driven.input(Input::Step(Step::Usage(totals))).input(Input::Step(Step::Stop("ü".repeat(100)))).input(Input::ResponseEnded);
    let Some(Event::Responded { usage, stop, .. }) = driven.events.iter().find(|event| event.kind() == "responded") else { panic!() };
    assert_eq!((usage.len(), stop.len()), (32, 128));
    assert!(usage.iter().all(|(name, _)| name.len() <= 128));
}

#[test]
fn of_an_answer_that_told_a_secret_nothing_is_kept() {
    let mut driven = Driven::start();
    driven.input(Input::Step(Step::Text("It begins with sk-".into()))).input(failure("leak", None));
    assert!(driven.turn.ended());
    assert!(driven.events.iter().all(|event| !matches!(event.kind(), "responded" | "outbound-queued")), "{:?}", driven.events);
}

#[test]
fn what_a_provider_says_of_a_failure_is_bounded_on_both_sides() {
    for (bytes, kept) in [(2048, 2048), (2049, 2048)] {
        let mut driven = Driven::start();
        let error = ProviderError { kind: "k".repeat(bytes), message: "m".repeat(bytes), retry_after_millis: None };
        driven.input(Input::Step(Step::Failed(error)));
        let failed = driven.events.iter().find_map(|event| match event {
            Event::RequestFailed { error, message, .. } => Some((error.len(), message.len())),
            _ => None,
        });
        assert_eq!(failed, Some((128, kept)));
        assert!(matches!(driven.events.last(), Some(Event::TurnInterrupted { reason, .. }) if reason.len() == kept));
    }
}

#[test]
fn the_parts_of_a_response_are_bounded_on_both_sides() {
    let mut driven = Driven::start();
    for number in 0..MAX_ITEMS {
        let step = if number % 2 == 0 { Step::Text(String::new()) } else { Step::Reasoning(String::new()) };
        driven.turn.handle(Input::Step(step));
    }
    assert!(!driven.turn.ended());
    driven.step(Step::Other(String::new(), String::new()));
    assert!(driven.turn.ended());
}
