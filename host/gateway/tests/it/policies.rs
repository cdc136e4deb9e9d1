//! The owner's policies over a gateway: every answer at every question beside one that nobody objects to, every way of
//! failing, and what is bundled.

pub(crate) mod scene;

use wirken_gateway::{GatewayError, Update};
use wirken_ledger::{Chain, LogFilter, Reader};
use wirken_turn::Shown;
use wirken_types::approval::{Choice, Tier};
use wirken_types::chat::{AssistantItem, plain_text};
use wirken_types::event::{Event, Mark, ToolOutcome};
use wirken_types::policy::Treatment;

use crate::support::{ledger_path, over, question, say};
use scene::{OPENED, POISON, Scene, injection, strict};

const BROKEN: [&str; 7] = ["panic", "trap", "loop", "allocate", "recurse", "long", "many"];

#[tokio::test]
async fn a_call_is_denied_before_it_begins_and_the_model_is_told_by_whom() {
    let scene = Scene::of(&[strict("one")]);
    let (outcome, text) = scene.call("show", "strict:deny@check").await;
    assert_eq!(outcome, ToolOutcome::Denied);
    assert!(text.contains("strict-policy") && text.contains("one: denied at check"), "{text}");
    assert_eq!(scene.tools.calls(), 0, "nothing of it ran");
    let (outcome, text) = scene.call("show", "strict@check").await;
    assert_eq!((outcome, text.as_str()), (ToolOutcome::Ok, "strict@check"));
    // A plan is told too.
    let (outcome, _) = scene.call("get", &format!("{OPENED}/?strict:deny@check")).await;
    assert_eq!((outcome, scene.tools.calls()), (ToolOutcome::Denied, 1));
}

#[tokio::test]
async fn a_policy_has_a_person_asked_once_and_shown_why() {
    let scene = Scene::of(&[strict("one")]);
    let (session, turn) = scene.begin("show", "strict:ask@check").await;
    let known = question(&scene.gateway).await;
    assert_eq!((known.tier, scene.tools.calls()), (Tier::EveryTime, 0));
    let asked = known.question.unwrap();
    assert!(asked.actions.iter().any(|judged| judged.words.contains("one: asks at check")), "{asked:?}");
    let kept = scene.gateway.answer_as_owner(known.approval, Choice::Remember, None, "test").await;
    assert!(kept.is_err(), "it is not remembered: {kept:?}");
    scene.gateway.answer_as_owner(known.approval, Choice::Once, None, "test").await.unwrap();
    over(&scene.gateway, session, turn).await;
    assert_eq!(scene.ended(session, turn).await.0, ToolOutcome::Ok);
    // Once is once.
    let (session, turn) = scene.begin("show", "strict:ask@check").await;
    let known = question(&scene.gateway).await;
    scene.gateway.answer_as_owner(known.approval, Choice::Deny, None, "test").await.unwrap();
    over(&scene.gateway, session, turn).await;
    assert_eq!((scene.ended(session, turn).await.0, scene.tools.calls()), (ToolOutcome::Denied, 1));
}

#[tokio::test]
async fn what_was_allowed_for_a_reason_passes_at_its_effect_and_another_effect_does_not() {
    let scene = Scene::of(&[strict("one")]);
    // The reasons differ by function, so that both are asked: of the plan first, of the effect when it comes.
    let (session, turn) = scene.begin("get", &format!("{OPENED}/?strict:ask")).await;
    for asked in ["one: asks at check", "one: asks at check-effect"] {
        let known = question(&scene.gateway).await;
        let words: Vec<String> = known.question.unwrap().actions.into_iter().map(|judged| judged.words).collect();
        assert!(words.iter().any(|words| words.ends_with(&format!("{asked}."))), "{words:?}");
        assert!(words[0].contains("GET"), "{words:?}");
        scene.gateway.answer_as_owner(known.approval, Choice::Once, None, "test").await.unwrap();
        scene.moved_on(known.approval).await;
    }
    over(&scene.gateway, session, turn).await;
    assert_eq!(scene.kinds(session).await.iter().filter(|kind| **kind == "approval-asked").count(), 2);
    assert_eq!(scene.effects(session).await, ["http"]);
    // Two requests in one call, of which the person is shown one.
    let (session, turn) = scene.begin("twice", &format!("{OPENED}/?strict:ask@check-effect")).await;
    for _ in 0..2 {
        let known = question(&scene.gateway).await;
        scene.gateway.answer_as_owner(known.approval, Choice::Once, None, "test").await.unwrap();
        scene.moved_on(known.approval).await;
    }
    over(&scene.gateway, session, turn).await;
    // The first of them was done again in the third run: it reads.
    assert_eq!(scene.effects(session).await.len(), 1 + 3);
}

#[tokio::test]
async fn an_effect_is_denied_and_nothing_of_it_happens() {
    let scene = Scene::of(&[strict("one")]);
    let denied = format!("{OPENED}/?strict:deny@check-effect");
    for tool in ["get", "sneak"] {
        let (_, text) = scene.call(tool, &denied).await;
        assert!(text.contains("strict-policy") && text.contains("one: denied at check-effect"), "{tool}: {text}");
    }
    let session = scene.session().await;
    assert!(scene.effects(session).await.is_empty());
    scene.call("get", &format!("{OPENED}/?fine")).await;
    assert_eq!(scene.effects(session).await, ["http"]);
}

#[tokio::test]
async fn what_a_component_keeps_is_judged_too() {
    let scene = Scene::of(&[strict("one")]);
    for tool in ["keep", "forget"] {
        let (_, text) = scene.call(tool, "strict:deny@check-effect").await;
        assert!(text.contains("one: denied at check-effect"), "{text}");
    }
    let session = scene.session().await;
    assert!(scene.effects(session).await.is_empty());
    scene.call("keep", "fine").await;
    assert_eq!(scene.effects(session).await, ["keep"]);
    // Asked for, and allowed.
    let (session, turn) = scene.begin("keep", "strict:ask@check-effect").await;
    let known = question(&scene.gateway).await;
    assert!(known.question.unwrap().actions[0].words.starts_with("Keep "));
    scene.gateway.answer_as_owner(known.approval, Choice::Once, None, "test").await.unwrap();
    over(&scene.gateway, session, turn).await;
    assert_eq!(scene.effects(session).await, ["keep", "keep"]);
}

#[tokio::test]
async fn a_result_is_refused_or_replaced_before_the_model_reads_it() {
    let scene = Scene::of(&[strict("one")]);
    for (given, read) in [
        ("strict:deny@review secret", "The policy strict-policy withheld this result: one: refused at review."),
        ("strict:replace@review secret", "strict:replace@review [gone]"),
        ("strict:deny@screen secret", "The policy strict-policy withheld this text: one: refused at screen."),
        ("strict:replace@screen secret", "strict:replace@screen [gone]"),
        ("a secret", "a secret"),
    ] {
        // The words stand in the result alone: in the call they are turned round.
        let (_, text) = scene.call("reversed", &given.chars().rev().collect::<String>()).await;
        assert!(text.contains(read), "{given}: {text}");
        assert_eq!(text.contains("secret"), given == "a secret", "{given}: {text}");
        let failed = scene.call("failing", &given.chars().rev().collect::<String>()).await;
        assert!(failed.1.contains(read) && failed.0 == ToolOutcome::Failed, "a failure is a result too: {failed:?}");
        let document = scene.call("document", &given.chars().rev().collect::<String>()).await;
        assert!(document.1.contains("secret") == (given == "a secret") || given.contains("@review"), "{document:?}");
    }
    let told = scene.remarks().await;
    assert!(told.contains(&("strict-policy".into(), "tool".into(), Treatment::Replaced, 0)), "{told:?}");
    assert!(told.contains(&("strict-policy".into(), "tool".into(), Treatment::Refused, 0)), "{told:?}");
}

#[tokio::test]
async fn a_message_is_refused_or_replaced_before_it_is_recorded() {
    let scene = Scene::of(&[strict("one")]);
    let refused = scene.gateway.say(say("chat", "k", "strict:deny@screen")).await.unwrap_err();
    assert!(matches!(&refused, GatewayError::Withheld { policy, reason } if policy == "strict-policy" && reason.contains("screen")));
    assert!(scene.gateway.sessions("webchat", 5).await.unwrap().is_empty(), "it opens no session");
    let filter = LogFilter { chain: Some(Chain::System), ..LogFilter::default() };
    let rows = Reader::open(&ledger_path(scene.folder.path())).unwrap().log(&filter).unwrap();
    assert!(rows.iter().any(|row| matches!(&row.event, Event::Screened { turn: None, treatment: Treatment::Refused, .. })));
    // The key is free still.
    let (session, _) = scene.say("k", "strict:replace@screen my secret").await;
    let inbound = scene.said(session).await;
    assert_eq!(inbound, ["strict:replace@screen my [gone]"]);
    let refused = scene.gateway.say(say("chat", "l", "strict:deny@screen")).await;
    assert!(refused.is_err());
    scene.say("l", "my secret").await;
    assert_eq!(scene.said(session).await.len(), 2);
}

#[tokio::test]
async fn an_answer_is_refused_or_replaced_before_a_person_reads_it_and_the_model_remembers_that() {
    let scene = Scene::of(&[strict("one")]);
    for (key, text, read) in [
        ("1", "strict:deny@review-outbound", "(The policy strict-policy withheld this answer: one: refused at review-outbound.)"),
        ("2", "strict:replace@review-outbound secret", "You said: strict:replace@review-outbound [gone]"),
        ("3", "my secret", "You said: my secret"),
    ] {
        let (session, turn) = scene.say(key, text).await;
        let rows = scene.gateway.rows(session).await.unwrap();
        let of_turn: Vec<Event> = rows.into_iter().map(|row| row.event).filter(|event| event.turn() == Some(turn)).collect();
        let queued: Vec<&str> = of_turn
            .iter()
            .filter_map(|event| if let Event::OutboundQueued { content, .. } = event { content.as_deref() } else { None })
            .collect();
        assert_eq!(queued, [read]);
        let responded =
            of_turn.iter().find_map(|event| if let Event::Responded { content, .. } = event { content.clone() } else { None }).unwrap();
        assert_eq!(responded, [AssistantItem::Text(read.into())]);
    }
}

#[tokio::test]
async fn a_draft_is_shown_only_after_it_was_reviewed() {
    let scene = Scene::of(&[strict("one")]);
    let (shown, queued) = scene.slow("1", "slow all is well here").await;
    assert_eq!((shown.as_str(), queued.as_str()), ("all is well here", "all is well here"), "it is shown while it is written");
    let (shown, queued) = scene.slow("2", "slow this is strict:deny@review-draft fine").await;
    assert_eq!(
        (shown.as_str(), queued.as_str()),
        ("this is strict:deny@review-draft fine", shown.as_str()),
        "what is complete is judged by itself"
    );
    let (shown, queued) = scene.slow("4", "slow this is strict:deny@review-draft and strict:deny@review-outbound").await;
    // How much of an answer is judged at a time depends on how fast it comes.
    assert!("this is ".starts_with(&shown), "nothing after what a policy objected to: {shown}");
    assert!(queued.contains("withheld this answer"), "{queued}");
    let (shown, queued) = scene.slow("3", "slow this is strict:deny@review-outbound").await;
    assert!(queued.contains("withheld this answer") && !queued.contains("this is"), "{queued} {shown}");
}

#[tokio::test]
async fn a_message_that_a_tool_sends_is_reviewed_before_anybody_is_asked() {
    let scene = Scene::of(&[strict("one")]).with_platform().await;
    let (_, text) = scene.call("tell", "strict:deny@review-outbound").await;
    assert!(text.contains("withheld this message") && text.contains("strict-policy"), "{text}");
    let (session, turn) = scene.begin("tell", "strict:replace@review-outbound my secret").await;
    let known = question(&scene.gateway).await;
    assert_eq!(known.tier, Tier::Remembered);
    scene.gateway.answer_as_owner(known.approval, Choice::Once, None, "test").await.unwrap();
    over(&scene.gateway, session, turn).await;
    let rows = scene.gateway.rows(session).await.unwrap();
    let begun =
        rows.iter().find_map(|row| if let Event::EffectStarted { content: Some(content), .. } = &row.event { Some(content) } else { None });
    assert!(begun.unwrap().contains("my [gone]"), "{begun:?}");
}

#[tokio::test]
async fn several_are_asked_in_their_order_and_each_is_given_what_the_one_before_left() {
    let scene = Scene::of(&[strict("one"), strict("two")]);
    let (session, turn) = scene.begin("show", "strict:ask@check").await;
    let asked = question(&scene.gateway).await;
    let words: Vec<String> = asked.question.unwrap().actions.into_iter().map(|judged| judged.words).collect();
    assert!(words[0].contains("one: asks") && words[1].contains("two: asks"), "{words:?}");
    scene.gateway.answer_as_owner(asked.approval, Choice::Once, None, "test").await.unwrap();
    over(&scene.gateway, session, turn).await;
    let (_, text) = scene.call("show", "strict:deny@check").await;
    assert!(text.contains("one: denied") && !text.contains("two:"), "a denial ends the asking: {text}");
    // Exchanged while it runs, and none at all.
    scene.policies.replace(vec![strict("three")]);
    let (_, text) = scene.call("show", "strict:deny@check").await;
    assert!(text.contains("three: denied"), "{text}");
    scene.policies.replace(Vec::new());
    let (outcome, _) = scene.call("show", "strict:deny").await;
    assert_eq!(outcome, ToolOutcome::Ok);
}

#[tokio::test]
async fn a_policy_is_told_for_whom_and_where() {
    let scene = Scene::of(&[strict("one")]);
    let (_, text) = scene.call("show", "strict:context@check").await;
    for part in [
        "\"agent\":\"default\"",
        "\"channel\":\"webchat\"",
        "\"conversation\":\"chat\"",
        "\"sender\":\"owner\"",
        "\"component\":\"scene\"",
        "\"tier\":1",
        "\"tainted\":false",
        "\"timed\":true",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let (session, turn) = scene.say("f", "strict:context@review-outbound").await;
    let answer = scene.answer(session, turn).await;
    assert!(answer.contains("\"sender\":\"owner\"") && answer.contains("\"tier\":0"), "{answer}");
    let refused = scene
        .gateway
        .say(wirken_gateway::Say { marks: vec![Mark::Forwarded], ..say("chat", "g", "strict:context@screen") })
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("\"tainted\":true"), "{refused}");
}

#[tokio::test]
async fn every_way_of_failing_denies_at_every_question() {
    let scene = Scene::of(&[scene::broken()]);
    let quiet = scene.call("show", "fine").await;
    assert_eq!(quiet, (ToolOutcome::Ok, "fine".into()), "one that does not fail is in nobody's way");
    for way in BROKEN {
        let word = format!("broken:{way}");
        let said = scene.gateway.say(say("chat", way, &word)).await;
        // What is many for one is none for another.
        assert!(matches!(&said, Err(GatewayError::Withheld { policy, .. }) if policy == "broken-policy"), "{way}: {said:?}");
        let reversed: String = word.chars().rev().collect();
        let (_, text) = scene.call("reversed", &reversed).await;
        assert!(text.contains("broken-policy withheld this result"), "{way}: {text}");
        let (session, turn) = scene.say(&format!("answer-{way}"), &format!("turn {reversed}")).await;
        let answer = scene.answer(session, turn).await;
        assert!(answer.contains("broken-policy withheld this answer"), "{way}: {answer}");
        let (outcome, text) = scene.call("asked", &reversed).await;
        assert!(outcome == ToolOutcome::Denied && text.contains("broken-policy does not allow"), "{way}: {text}");
        let (_, text) = scene.call("sneak-reversed", &reversed).await;
        assert!(text.contains("broken-policy does not allow"), "{way}: {text}");
    }
    let session = scene.session().await;
    assert!(scene.effects(session).await.is_empty(), "nothing was done");
    // Nonsense within the bounds is cleaned, and an instance remembers nothing.
    let (session, turn) = scene.say("wild", &format!("turn {}", "broken:wild".chars().rev().collect::<String>())).await;
    let answer = scene.answer(session, turn).await;
    assert!(answer.contains("one line"), "{answer:?}");
    for key in ["c1", "c2"] {
        let refused = scene.gateway.say(say("chat", key, "broken:count")).await.unwrap_err();
        assert!(matches!(refused, GatewayError::Withheld { reason, .. } if reason == "1"));
    }
}

#[tokio::test]
async fn injection_flags_and_what_is_sent_out_from_there_on_is_asked() {
    let scene = Scene::of(&[injection(serde_json::json!({}))]);
    let benign = scene.call("show", "The weather in Oslo is mild, and the trains run on time.").await;
    assert!(benign.1.contains("Oslo") && scene.remarks().await.is_empty(), "{benign:?}");
    let (outcome, text) = scene.call("poisoned", "").await;
    assert_eq!((outcome, text.as_str()), (ToolOutcome::Ok, POISON), "it flags, and withholds nothing");
    let told = scene.remarks().await;
    assert!(
        told.iter().any(|(policy, source, treatment, severity)| policy == "injection"
            && source == "tool"
            && *treatment == Treatment::Passed
            && *severity == 3),
        "{told:?}"
    );
    // What was recorded taints the session, now and after a restart.
    let scene = scene.restarted().await;
    let (session, turn) = scene.begin("get", &format!("{OPENED}/weather")).await;
    let known = question(&scene.gateway).await;
    assert_eq!(known.tier, Tier::Remembered);
    scene.gateway.answer_as_owner(known.approval, Choice::Deny, None, "test").await.unwrap();
    over(&scene.gateway, session, turn).await;
    assert!(scene.effects(session).await.is_empty());
}

#[tokio::test]
async fn a_session_without_poison_is_not_asked() {
    let scene = Scene::of(&[injection(serde_json::json!({}))]);
    scene.call("show", "The weather in Oslo is mild.").await;
    let session = scene.session().await;
    scene.call("get", &format!("{OPENED}/weather")).await;
    assert_eq!(scene.effects(session).await, ["http"]);
    assert!(!scene.kinds(session).await.contains(&"approval-asked"));
}

#[tokio::test]
async fn injection_withholds_where_its_owner_says_so() {
    let scene = Scene::of(&[injection(serde_json::json!({ "block": true }))]);
    let (_, text) = scene.call("poisoned", "").await;
    assert!(text.contains("The policy injection withheld this text") && !text.contains("developer"), "{text}");
    let (_, text) = scene.call("show", "The weather in Oslo is mild.").await;
    assert!(text.contains("Oslo"), "{text}");
}

/// A plain turn asks twice: of the message, and of the answer.
#[tokio::test]
async fn a_policy_is_asked_twice_in_a_plain_turn() {
    let scene = Scene::of(&[strict("one")]);
    // Each of these is answered at one question alone, and only once.
    for (key, word) in [("1", "strict:find1@screen"), ("2", "strict:replace@review-outbound")] {
        scene.say(key, word).await;
    }
    let told = scene.remarks().await;
    let found = |source: &str, treatment, severity| ("strict-policy".to_owned(), source.to_owned(), treatment, severity);
    assert_eq!(told, [found("person", Treatment::Passed, 1), found("model", Treatment::Replaced, 0)]);
}

impl Scene {
    /// What was shown while an answer came, and what was recorded of it.
    async fn slow(&self, key: &str, text: &str) -> (String, String) {
        let session = match self.gateway.sessions("webchat", 1).await.unwrap().pop() {
            Some(session) => session.id,
            None => self.say("first", "hello").await.0,
        };
        let mut updates = self.gateway.watch(session);
        let (session, turn) = self.say(key, text).await;
        let mut shown = String::new();
        while let Ok(update) = updates.try_recv() {
            if let Update::Glimpse { shown: Shown::Text { text }, .. } = update {
                shown.push_str(&text);
            }
        }
        (shown, self.answer(session, turn).await)
    }

    async fn said(&self, session: wirken_types::SessionId) -> Vec<String> {
        let rows = self.gateway.rows(session).await.unwrap();
        let text = |event: &Event| if let Event::Inbound { content: Some(parts), .. } = event { Some(plain_text(parts)) } else { None };
        rows.iter().filter_map(|row| text(&row.event)).collect()
    }
}
