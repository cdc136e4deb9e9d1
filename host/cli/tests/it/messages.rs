//! Messages to another conversation of a messenger: asked for, delivered, and delivered once whatever happens meanwhile.

use std::time::Duration;

use serde_json::json;
use wirken_testkit::llm::FakeLlm;
use wirken_testkit::telegram::{Chat, FakeTelegram, Fault, Options, Sent, User};

use crate::approvals::{codes, until};
use crate::channel::{Running, add};
use crate::component_life::{calling, recorded, set_up};
use crate::gullible::results;
use crate::support::{Wirken, stderr};

const SOON: Duration = Duration::from_secs(30);

struct World {
    telegram: FakeTelegram,
    wirken: Wirken,
    llm: FakeLlm,
    ada: User,
    with_ada: Chat,
    with_bob: Chat,
}

/// Ada may write; Bob is somebody else whom the bot knows.
async fn world() -> World {
    let telegram = FakeTelegram::start(Options::default()).await.unwrap();
    let (wirken, llm) = set_up().await;
    add(&wirken, &telegram, &["--allow", "11"]);
    let (ada, bob) = (User::new(11, "Ada"), User::new(22, "Bob"));
    let (with_ada, with_bob) = (Chat::private(&ada), Chat::private(&bob));
    telegram.enter(&with_bob);
    World { telegram, wirken, llm, ada, with_ada, with_bob }
}

fn send(text: &str) -> String {
    format!("call send_message {}", json!({ "channel": "telegram", "conversation": "22", "text": text }))
}

impl World {
    /// How often Bob has been told this.
    fn told_bob(&self, text: &str) -> usize {
        self.telegram.sent().iter().filter(|sent| sent.chat == self.with_bob.id && sent.text.contains(text)).count()
    }

    async fn told_ada(&self, part: &str, after: usize) -> String {
        let found = |sent: &[Sent]| {
            let mut here = sent.iter().skip(after).filter(|sent| sent.chat == self.with_ada.id && sent.text.contains(part));
            here.next().map(|sent| sent.text.clone())
        };
        self.telegram.wait(SOON, found).await.unwrap_or_else(|| panic!("{part:?} never came: {:?}", self.telegram.sent()))
    }

    /// Ada has something told to Bob; the code of the question whether that may be.
    fn ada_has_told(&self, text: &str) -> String {
        self.telegram.say(&self.with_ada, &self.ada, send(text).as_str());
        until("a question", || codes(&self.wirken).pop())
    }

    /// The outcome of each message that was begun.
    fn outcomes(&self) -> Vec<String> {
        let log = self.wirken.json(&["audit", "log", "-n", "500"]);
        let ended = log["rows"].as_array().unwrap().iter().filter(|row| row["event"]["kind"] == "effect-finished");
        ended.map(|row| row["event"]["outcome"].as_str().unwrap().to_owned()).collect()
    }
}

fn connected(wirken: &Wirken) {
    until("a connection", || (wirken.json(&["status"])["channels"][0]["health"] == "ok").then_some(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_asked_for_with_its_text_and_arrives_once() {
    let world = world().await;
    let World { telegram, wirken, llm, .. } = &world;
    let _running = Running::start(wirken);
    connected(wirken);
    let asking = calling(wirken, &send("Lunch at noon?"));
    let code = until("a question", || codes(wirken).pop());
    let shown = wirken.ok(&["permissions", "pending", "show", &code]);
    assert!(shown.contains("Send a message through the account \"telegram\" to the conversation \"22\"."), "{shown}");
    assert!(shown.contains("Lunch at noon?"), "{shown}");
    assert_eq!(wirken.json(&["permissions", "pending", "show", &code])["tier"], 2);
    assert_eq!(telegram.sent(), [], "nothing leaves before the answer");
    wirken.ok(&["permissions", "pending", "approve", &code, "--remember"]);
    let output = asking.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(results(llm)[0].contains("on its way"), "{:?}", results(llm));
    assert_eq!((world.told_bob("Lunch at noon?"), telegram.sent().len()), (1, 1));

    // What was remembered is for that conversation: another text goes, another person is asked about.
    assert!(calling(wirken, &send("Or at one?")).wait_with_output().unwrap().status.success());
    assert_eq!(world.told_bob("Or at one?"), 1);
    let elsewhere = json!({ "channel": "telegram", "conversation": "33", "text": "And you?" });
    let asking = calling(wirken, &format!("call send_message {elsewhere}"));
    let code = until("a question", || codes(wirken).pop());
    wirken.ok(&["permissions", "pending", "deny", &code]);
    asking.wait_with_output().unwrap();
    assert!(results(llm)[0].contains("did not allow"), "{:?}", results(llm));
    assert_eq!(telegram.sent().len(), 2);
    // Whoever may not be written to is told as that, and the turn goes on.
    let nobody = json!({ "channel": "telegram", "conversation": "33", "text": "Are you there?" });
    let asking = calling(wirken, &format!("call send_message {nobody}"));
    let code = until("a question", || codes(wirken).pop());
    wirken.ok(&["permissions", "pending", "approve", &code]);
    assert!(asking.wait_with_output().unwrap().status.success());
    assert!(results(llm)[0].contains("the platform refused it"), "{:?}", results(llm));
    assert_eq!(world.outcomes(), ["ok", "ok", "failed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_killed_while_a_message_leaves_does_not_send_it_again() {
    let world = world().await;
    let World { telegram, wirken, .. } = &world;
    // Taken and not answered; and on its way, and not taken.
    let faults = [("as it is taken", Fault::DelayAnswer(SOON), 1), ("before it is taken", Fault::Delay(SOON), 0)];
    for (text, fault, arrives) in faults {
        let running = Running::start(wirken);
        connected(wirken);
        let code = world.ada_has_told(text);
        // The question is one message too.
        world.told_ada(text, 0).await;
        let (before, said) = (telegram.requests_of("sendMessage"), telegram.sent().len());
        telegram.fail("sendMessage", 1, fault);
        wirken.ok(&["permissions", "pending", "approve", &code]);
        until("it leaves", || (telegram.requests_of("sendMessage") > before).then_some(()));
        drop(running);
        telegram.recover();
        let _running = Running::start(wirken);
        let told = world.told_ada("It says:", said).await;
        assert!(told.contains("Whether it took effect is unknown; it was not run again"), "{told}");
        assert_eq!(world.told_bob(text), arrives, "{text}: {:?}", telegram.sent());
    }
    let interrupted = wirken.json(&["audit", "log", "--action", "tool-finished"]);
    let interrupted = interrupted["rows"].as_array().unwrap().iter().filter(|row| row["event"]["outcome"] == "interrupted").count();
    assert_eq!(interrupted, 2);
    assert!(wirken.ok(&["audit", "verify"]).contains("whole"));
}

/// Takes half a minute: the gateway is started ten times, and connects each time.
#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_after_the_answer_a_message_arrives_once_or_is_told_of_as_unknown() {
    const ROUNDS: usize = 5;
    let world = world().await;
    let World { telegram, wirken, .. } = &world;
    let mut seed = u64::from(std::process::id());
    let text = |round: usize| format!("round {round} of many");
    let mut outcomes = Vec::new();
    for round in 0..ROUNDS {
        let running = Running::start(wirken);
        connected(wirken);
        let code = world.ada_has_told(&text(round));
        world.told_ada(&text(round), 0).await;
        wirken.ok(&["permissions", "pending", "approve", &code]);
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        tokio::time::sleep(Duration::from_millis((seed >> 33) % 150)).await;
        drop(running);
        let _running = Running::start(wirken);
        // Ended by the run that was killed, or by this one.
        let ended = until("its end", || recorded(wirken, "tool-finished").get(round).cloned());
        outcomes.push(ended["outcome"].as_str().unwrap().to_owned());
        until("the turn's end", || recorded(wirken, "turn-finished").get(round).cloned());
    }
    // All of it, now that whatever would come twice has come.
    for (round, outcome) in outcomes.iter().enumerate() {
        let count = world.told_bob(&text(round));
        match outcome.as_str() {
            "ok" => assert_eq!(count, 1, "{round}: {:?}", telegram.sent()),
            "interrupted" => assert!(count <= 1, "{round}: {:?}", telegram.sent()),
            other => panic!("{round}: {other}"),
        }
    }
    println!("{}", json!(outcomes));
    // The first attempt of a call is not named.
    let starts = recorded(wirken, "tool-started");
    assert!(starts.len() == ROUNDS && starts.iter().all(|event| event.get("attempt").is_none()), "each began once: {starts:?}");
}
