//! Messages that files come with: the model is asked once it is known what became of each.

use wirken_types::http::Blob;
use wirken_types::media::Remote;

use super::*;

fn remote(token: &str) -> Remote {
    Remote { token: token.into(), media_type: "image/png".into(), name: Some(token.into()), size: None }
}

/// A message with two files.
fn with_files(turn: TurnId, key: &str) -> Event {
    match inbound(turn, key) {
        Event::Inbound { turn, account, key, sender, message, marks, .. } => {
            let content = Some(vec![Part::text("look"), remote("a").part(), remote("b").part()]);
            Event::Inbound { turn, account, key, sender, message, marks, content }
        }
        other => other,
    }
}

fn file(key: &str, part: u64) -> File {
    File { key: key.into(), part }
}

fn blob(name: &str) -> Part {
    Part::Blob(Blob { id: name.into(), media_type: "image/png".into(), name: Some(name.into()), size: 1 })
}

impl Driven {
    fn start_with(key: &str) -> Self {
        let id = TurnId::generate();
        let (turn, effects) = Turn::start(id, setup(), Vec::new(), with_files(id, key));
        let mut driven = Self { turn, events: Vec::new(), live: Conversation::default(), last: Vec::new() };
        driven.take(effects);
        driven
    }

    fn record(&mut self, event: Event) {
        self.live.apply(&event);
        self.events.push(event);
    }

    fn fetched(&mut self, key: &str, part: u64, name: &str) -> &mut Self {
        let turn = self.turn.id();
        self.record(Event::MediumFetched { turn, key: key.into(), part, kept: true, content: Some(blob(name)) });
        self.input(Input::Fetched { file: file(key, part) })
    }

    fn send(&mut self, key: &str) {
        let event = with_files(self.turn.id(), key);
        let files = files_of(&event);
        self.record(event);
        self.input(Input::Said);
        self.input(Input::Sent { files });
    }

    /// What the model is shown of the people's words.
    fn shown(&self) -> Vec<Vec<Part>> {
        let said = |message: &Message| if let Message::User(parts) = message { Some(parts.clone()) } else { None };
        self.live.messages().iter().filter_map(said).collect()
    }
}

#[test]
fn the_request_waits_for_the_files_and_carries_them_in_their_places() {
    let mut driven = Driven::start_with("k");
    assert!(
        matches!(&driven.last[..], [Effect::Record(_), Effect::Fetch(files)] if *files == [(file("k", 1), remote("a")), (file("k", 2), remote("b"))])
    );
    assert_eq!(driven.kinds(), ["inbound", "turn-started"], "nothing is asked yet");
    assert!(driven.turn.fetching());
    driven.fetched("k", 2, "B");
    assert_eq!(driven.last, []);
    driven.fetched("k", 2, "B");
    assert_eq!(driven.last, [], "the same once more settles nothing");
    driven.fetched("k", 1, "A");
    assert!(matches!(&driven.last[..], [Effect::Record(_), Effect::Ask]) && !driven.turn.fetching());
    assert_eq!(driven.shown(), [vec![Part::text("look"), blob("A"), blob("B")]]);
    driven.step(Step::Text("nice".into())).input(Input::ResponseEnded);
    assert!(driven.turn.ended());
}

#[test]
fn a_file_that_comes_with_later_words_holds_up_the_request_that_answers_them() {
    let mut driven = Driven::start();
    driven.step(call("1", "read")).input(Input::ResponseEnded);
    driven.send("k");
    assert!(matches!(&driven.last[..], [Effect::Fetch(files)] if files.len() == 2), "what runs goes on");
    let ended = Input::ToolEnded { outcome: ToolOutcome::Ok, code: None, content: vec![Part::text("x")] };
    driven.input(ended);
    assert!(matches!(&driven.last[..], [Effect::Record(events)] if matches!(&events[..], [Event::ToolFinished { .. }])));
    driven.fetched("k", 1, "A").fetched("k", 2, "B");
    assert!(matches!(&driven.last[..], [Effect::Record(_), Effect::Ask]));
    assert_eq!(driven.shown()[1], [Part::text("look"), blob("A"), blob("B")]);
}

#[test]
fn files_that_come_while_the_model_answers_are_shown_in_the_next_request() {
    let mut driven = Driven::start();
    driven.send("k");
    driven.fetched("k", 1, "A").fetched("k", 2, "B");
    assert_eq!(driven.last, []);
    driven.step(Step::Text("first".into())).input(Input::ResponseEnded);
    assert!(matches!(&driven.last[..], [Effect::Record(_), Effect::Ask]), "they are in already");
    assert_eq!(driven.shown()[1], [Part::text("look"), blob("A"), blob("B")]);
}

#[test]
fn a_turn_that_ends_says_of_each_file_what_became_of_it() {
    let mut driven = Driven::start_with("k");
    driven.fetched("k", 1, "A");
    driven.input(Input::Stop { reason: "stopped".into() });
    assert!(driven.turn.ended());
    assert_eq!(driven.kinds()[3..], ["medium-fetched", "turn-interrupted"]);
    let parts = &driven.shown()[0];
    assert!(parts[1] == blob("A") && matches!(&parts[2], Part::Text(text) if text.contains("could not be fetched")), "{parts:?}");
    driven.fetched("k", 2, "B");
    assert_eq!(driven.last, [], "late");
}

#[test]
fn a_turn_that_is_taken_up_again_fetches_what_is_open_and_nothing_else() {
    let mut driven = Driven::start_with("k");
    let (turn, effects) = driven.resumed();
    assert!(turn.fetching() && matches!(&effects[..], [Effect::Record(_), Effect::Fetch(files)] if files.len() == 2), "{effects:?}");
    driven.fetched("k", 1, "A");
    let (mut turn, effects) = driven.resumed();
    assert!(matches!(&effects[..], [Effect::Record(_), Effect::Fetch(files)] if *files == [(file("k", 2), remote("b"))]), "{effects:?}");
    let effects = turn.handle(Input::Fetched { file: file("k", 2) });
    assert!(matches!(&effects[..], [Effect::Record(_), Effect::Ask]) && turn.round == 1, "{effects:?}");
    driven.fetched("k", 2, "B");
    let (turn, effects) = driven.resumed();
    assert!(matches!(effects.last(), Some(Effect::Ask)) && !turn.fetching());
    assert_eq!(Conversation::replay(&driven.events), driven.live, "the record is the conversation");
}

#[test]
fn what_was_erased_is_shown_as_erased() {
    let id = TurnId::generate();
    let erased = Event::MediumFetched { turn: id, key: "k".into(), part: 1, kept: true, content: None };
    let mut conversation = Conversation::replay(&[with_files(id, "k"), erased.clone()]);
    let Some(Message::User(parts)) = conversation.messages().first() else { panic!("{conversation:?}") };
    assert!(matches!(&parts[1], Part::Text(text) if text == "[erased]") && matches!(&parts[2], Part::Text(_)), "{parts:?}");
    // What is no part of any message changes nothing.
    let before = conversation.clone();
    for (key, part) in [("other", 1), ("k", 3), ("k", u64::MAX)] {
        conversation.apply(&Event::MediumFetched { turn: id, key: key.into(), part, kept: true, content: Some(blob("x")) });
    }
    assert_eq!(conversation, before);
}
