//! The outbox alone: order, one at a time, drafts, what is in doubt.

use super::lane::{DRAFT_AFTER, PATIENCE, TYPING_AFTER};
use super::*;

mod prompts;

fn answer(outbound: u64) -> Answer {
    Answer { session: SessionId::generate(), turn: TurnId::generate(), outbound }
}

fn text_of(drawn: &Drawn) -> (u64, String, bool, Vec<String>) {
    match drawn {
        Drawn::Outbound { outbound, .. } => match &outbound.content {
            OutboundContent::Text(draft) => (outbound.id, draft.text.clone(), draft.last, draft.shown.clone()),
            other => panic!("{other:?}"),
        },
        Drawn::Typing(typing) => panic!("{typing:?}"),
    }
}

/// What is drawn within a time that is never slept.
async fn soon(outbox: &Outbox) -> Option<Drawn> {
    tokio::time::timeout(Duration::from_millis(5), outbox.next()).await.ok()
}

fn delivered(ids: &[&str]) -> Outcome {
    Outcome::Delivered(ids.iter().map(|id| (*id).to_owned()).collect())
}

#[tokio::test(start_paused = true)]
async fn nothing_is_drawn_before_somebody_can_send_it() {
    let outbox = Outbox::new();
    outbox.queue("c", answer(1), "a", None, false);
    assert!(soon(&outbox).await.is_none());
    outbox.connect();
    let drawn = soon(&outbox).await.unwrap();
    assert_eq!(text_of(&drawn).1, "a");
    let Drawn::Outbound { record: Some(record), .. } = &drawn else { panic!("{drawn:?}") };
    assert!(matches!(record.event, Event::OutboundAttempted { attempt: 1, .. }), "{record:?}");
}

#[tokio::test(start_paused = true)]
async fn a_conversation_keeps_its_order_and_holds_up_no_other() {
    let outbox = Outbox::new();
    outbox.connect();
    outbox.queue("c", answer(1), "a", None, false);
    outbox.queue("c", answer(2), "b", None, false);
    let (first, text, ..) = text_of(&soon(&outbox).await.unwrap());
    assert_eq!(text, "a");
    assert!(soon(&outbox).await.is_none(), "one at a time");
    outbox.queue("d", answer(1), "x", None, false);
    assert_eq!(text_of(&soon(&outbox).await.unwrap()).1, "x");
    let record = outbox.settle(first, delivered(&["1"])).unwrap();
    assert!(matches!(record.event, Event::OutboundOutcome { delivery: Delivery::Delivered, .. }));
    assert_eq!(text_of(&soon(&outbox).await.unwrap()).1, "b");
    assert!(outbox.settle(first, delivered(&[])).is_none(), "an outcome counts once");
}

#[tokio::test(start_paused = true)]
async fn what_is_to_be_sent_later_is_sent_first_then_and_attempted_again() {
    let outbox = Outbox::new();
    outbox.connect();
    outbox.queue("c", answer(1), "a", None, false);
    outbox.queue("c", answer(2), "b", None, false);
    let (id, ..) = text_of(&soon(&outbox).await.unwrap());
    let record = outbox.settle(id, Outcome::Later(30_000)).unwrap();
    assert!(matches!(record.event, Event::OutboundOutcome { delivery: Delivery::Unsent, .. }), "a restart is to know: {record:?}");
    assert!(soon(&outbox).await.is_none());
    tokio::time::advance(Duration::from_millis(29_900)).await;
    assert!(soon(&outbox).await.is_none());
    tokio::time::advance(Duration::from_millis(200)).await;
    let drawn = soon(&outbox).await.unwrap();
    assert_eq!(text_of(&drawn).1, "a");
    let Drawn::Outbound { outbound, record: Some(record) } = &drawn else { panic!("{drawn:?}") };
    assert_eq!(outbound.attempt, 2);
    assert!(matches!(record.event, Event::OutboundAttempted { attempt: 2, .. }));
}

#[tokio::test(start_paused = true)]
async fn patience_with_a_platform_ends_after_a_day() {
    let outbox = Outbox::new();
    outbox.connect();
    outbox.queue("c", answer(1), "a", None, false);
    for (advance, over) in [(PATIENCE - Duration::from_secs(1), false), (Duration::from_secs(2), true)] {
        tokio::time::advance(advance).await;
        let (id, ..) = text_of(&soon(&outbox).await.unwrap());
        let record = outbox.settle(id, Outcome::Later(0)).unwrap();
        let failed = matches!(record.event, Event::OutboundOutcome { delivery: Delivery::Failed, .. });
        assert_eq!(failed, over);
        tokio::time::advance(WAIT_MIN * 4).await;
    }
    assert!(soon(&outbox).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_reservation_spares_the_attempt_and_blocks_its_conversation() {
    let outbox = Outbox::new();
    assert!(!outbox.reserve("c"), "nobody is connected");
    outbox.connect();
    assert!(outbox.reserve("c"));
    assert!(!outbox.reserve("c"));
    outbox.notice("c", "n");
    assert!(soon(&outbox).await.is_none(), "what was reserved comes first");
    outbox.release("c");
    assert_eq!(text_of(&soon(&outbox).await.unwrap()).1, "n");

    assert!(outbox.reserve("d"));
    outbox.queue("d", answer(1), "a", Some("7"), true);
    let drawn = soon(&outbox).await.unwrap();
    let Drawn::Outbound { outbound, record: None } = &drawn else { panic!("{drawn:?}") };
    assert_eq!((outbound.attempt, outbound.reply_to.as_deref()), (1, Some("7")));
}

#[tokio::test(start_paused = true)]
async fn so_many_are_handed_out_and_no_more() {
    let outbox = Outbox::new();
    outbox.connect();
    for chat in 0..=WINDOW {
        outbox.queue(&format!("c{chat}"), answer(1), "a", None, false);
    }
    let mut last = 0;
    for _ in 0..WINDOW {
        last = text_of(&soon(&outbox).await.unwrap()).0;
    }
    assert!(soon(&outbox).await.is_none());
    assert!(!outbox.reserve("new"));
    outbox.settle(last, delivered(&[]));
    assert!(soon(&outbox).await.is_some());
}

#[tokio::test(start_paused = true)]
async fn what_was_handed_out_is_in_doubt_when_nobody_is_left_to_tell() {
    let outbox = Outbox::new();
    outbox.connect();
    outbox.queue("c", answer(1), "handed", None, false);
    outbox.queue("c", answer(2), "waiting", None, false);
    soon(&outbox).await.unwrap();
    outbox.notice("c", "a notice");
    let records = outbox.disconnect("gone");
    assert_eq!(records.len(), 1);
    assert!(matches!(&records[0].event, Event::OutboundOutcome { outbound: 1, delivery: Delivery::InDoubt, .. }), "{records:?}");
    assert_eq!(outbox.waiting(), 1);
    assert!(soon(&outbox).await.is_none());
    outbox.connect();
    assert_eq!(text_of(&soon(&outbox).await.unwrap()).1, "waiting");
    assert!(soon(&outbox).await.is_none(), "a notice does not outlive its connection");
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_is_shown_as_it_comes_and_ends_where_it_began() {
    let outbox = Outbox::new();
    outbox.connect();
    let under_way = answer(1);
    outbox.stream("c", under_way, "The", None);
    assert!(soon(&outbox).await.is_none(), "it may be over soon");
    tokio::time::advance(DRAFT_AFTER).await;
    outbox.stream("c", under_way, " quick", None);
    let drawn = soon(&outbox).await.unwrap();
    let (id, text, last, shown) = text_of(&drawn);
    assert_eq!((text.as_str(), last, shown.len()), ("The quick", false, 0));
    let Drawn::Outbound { record: Some(record), .. } = &drawn else { panic!("{drawn:?}") };
    assert!(matches!(&record.event, Event::OutboundDrafted { shown, .. } if shown.is_empty()));
    let record = outbox.settle(id, delivered(&["5"])).unwrap();
    assert!(matches!(&record.event, Event::OutboundDrafted { shown, .. } if shown.len() == 1));
    assert!(soon(&outbox).await.is_none(), "nothing new to show");

    outbox.stream("c", under_way, " brown", None);
    let (id, text, _, shown) = text_of(&soon(&outbox).await.unwrap());
    assert_eq!((text.as_str(), shown), ("The quick brown", vec!["5".to_owned()]));
    assert!(outbox.settle(id, Outcome::Later(1000)).is_none());
    outbox.stream("c", under_way, " fox", None);
    assert!(soon(&outbox).await.is_none(), "the platform wants fewer edits");
    tokio::time::advance(Duration::from_secs(1)).await;
    let (id, text, ..) = text_of(&soon(&outbox).await.unwrap());
    assert_eq!(text, "The quick brown fox");
    // The end comes while a draft is on its way.
    outbox.queue("c", under_way, "The quick brown fox.", None, false);
    assert!(soon(&outbox).await.is_none());
    outbox.settle(id, delivered(&["5", "6"]));
    let (_, text, last, shown) = text_of(&soon(&outbox).await.unwrap());
    assert_eq!((text.as_str(), last, shown), ("The quick brown fox.", true, vec!["5".to_owned(), "6".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn work_is_shown_where_it_takes_long_and_ended_where_it_was_shown() {
    let outbox = Outbox::new();
    outbox.connect();
    outbox.at_work("short", true);
    outbox.at_work("short", false);
    outbox.at_work("long", true);
    assert!(soon(&outbox).await.is_none());
    tokio::time::advance(TYPING_AFTER).await;
    assert!(matches!(soon(&outbox).await, Some(Drawn::Typing(Typing { active: true, conversation_id })) if conversation_id == "long"));
    assert!(soon(&outbox).await.is_none());
    outbox.at_work("long", false);
    assert!(matches!(soon(&outbox).await, Some(Drawn::Typing(Typing { active: false, .. }))));
    assert!(outbox.lock().lanes.is_empty(), "nothing is kept of a conversation in which nothing waits");
}

#[tokio::test(start_paused = true)]
async fn so_many_notices_wait_and_no_more() {
    let outbox = Outbox::new();
    outbox.connect();
    for _ in 0..=NOTICES {
        outbox.notice("c", "n");
    }
    let mut seen = 0;
    while let Some(drawn) = soon(&outbox).await {
        seen += 1;
        outbox.settle(text_of(&drawn).0, delivered(&[]));
    }
    assert_eq!(seen, NOTICES);
    outbox.notice("c", "n");
    assert!(soon(&outbox).await.is_some());
}

#[tokio::test(start_paused = true)]
async fn what_is_put_once_is_put_again_only_after_its_connection() {
    let outbox = Outbox::new();
    // Nobody is there yet: it waits, and is not put a second time because somebody comes.
    let first = outbox.notice_once("c", "q", None);
    outbox.connect();
    assert!(first.is_some() && outbox.notice_once("c", "q", first).is_none());
    let (id, text, ..) = text_of(&soon(&outbox).await.unwrap());
    assert_eq!(text, "q");
    // The platform did not want it. Over this connection it is not sent again.
    assert!(outbox.settle(id, Outcome::Later(1)).is_none());
    assert!(outbox.notice_once("c", "q", first).is_none() && soon(&outbox).await.is_none());

    outbox.disconnect("gone");
    let second = outbox.notice_once("c", "q", first);
    assert!(second.is_some() && second != first);
    // While nothing was connected too: the next connection sends it once.
    outbox.connect();
    assert!(outbox.notice_once("c", "q", second).is_none());
    assert_eq!(text_of(&soon(&outbox).await.unwrap()).1, "q");
    assert!(soon(&outbox).await.is_none());

    // One that found no room was not put.
    outbox.disconnect("gone");
    (0..NOTICES).for_each(|_| outbox.notice("d", "n"));
    assert_eq!(outbox.notice_once("c", "q", second), None);
    outbox.disconnect("gone");
    assert!(outbox.notice_once("c", "q", second).is_some());
}

#[tokio::test(start_paused = true)]
async fn an_adapter_cannot_ask_for_one_attempt_after_the_other() {
    let outbox = Outbox::new();
    outbox.connect();
    outbox.queue("c", answer(1), "a", None, false);
    let began = Instant::now();
    for _ in 0..12 {
        let (id, ..) = text_of(&outbox.next().await);
        outbox.settle(id, Outcome::Later(0));
    }
    outbox.next().await;
    let took = began.elapsed();
    assert!(took > Duration::from_secs(60) && took < Duration::from_secs(120), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn what_never_reached_the_adapter_is_no_doubt() {
    let outbox = Outbox::new();
    outbox.connect();
    assert!(outbox.reserve("c") && outbox.reserve("d"));
    outbox.queue("c", answer(1), "a", None, true);
    outbox.queue("d", answer(2), "b", None, true);
    let (id, text, ..) = text_of(&soon(&outbox).await.unwrap());
    outbox.give_back(id);
    let Drawn::Outbound { outbound, record: None } = soon(&outbox).await.unwrap() else { panic!("it was attempted already") };
    let again = outbound.id;
    outbox.give_back(again);
    let records = outbox.disconnect("gone");
    assert_eq!(records.len(), 2);
    assert!(records.iter().all(|record| matches!(record.event, Event::OutboundOutcome { delivery: Delivery::Unsent, .. })), "{records:?}");
    outbox.connect();
    let drawn = soon(&outbox).await.unwrap();
    assert!(matches!(drawn, Drawn::Outbound { record: Some(_), .. }), "attempted anew: {drawn:?} {text}");
}

#[tokio::test(start_paused = true)]
async fn a_notice_is_for_now_or_for_nobody() {
    let outbox = Outbox::new();
    outbox.connect();
    outbox.notice("c", "n");
    let (id, ..) = text_of(&soon(&outbox).await.unwrap());
    assert!(outbox.settle(id, Outcome::Later(10)).is_none());
    tokio::time::advance(Duration::from_secs(60)).await;
    assert!(soon(&outbox).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn an_adapter_that_never_answers_is_noticed() {
    let outbox = Outbox::new();
    outbox.connect();
    outbox.queue("c", answer(1), "a", None, false);
    soon(&outbox).await.unwrap();
    tokio::time::advance(FORGOTTEN - Duration::from_secs(1)).await;
    assert!(!outbox.is_forgotten());
    tokio::time::advance(Duration::from_secs(2)).await;
    assert!(outbox.is_forgotten());
}
