//! Questions with buttons: which are listed as shown, and that the list follows the rows whatever they say.

use wirken_ledger::{Batch, Chain, Error, KnownPrompt, PromptState, Reader, Scope, Verdict, verify};
use wirken_types::TurnId;
use wirken_types::approval::{ApprovalId, Choice};
use wirken_types::event::{Delivery, Event};

use crate::support::{Home, answered, one_turn, place, put, question};

fn attempted(turn: TurnId, approval: ApprovalId) -> Event {
    Event::PromptAttempted { turn, approval }
}

fn outcome(turn: TurnId, approval: ApprovalId, delivery: Delivery) -> Event {
    let shown = if delivery == Delivery::Delivered { vec!["17".into(), "18".into()] } else { Vec::new() };
    Event::PromptOutcome { turn, approval, delivery, detail: String::new(), shown }
}

fn closed(turn: TurnId, approval: ApprovalId, delivery: Delivery) -> Event {
    Event::PromptClosed { turn, approval, delivery, detail: String::new() }
}

fn states(reader: &Reader) -> Vec<(ApprovalId, PromptState)> {
    let report = verify(reader, Scope::All, &mut |_| ()).unwrap();
    assert_eq!(report.verdict, Verdict::Ok, "{report}");
    reader.prompts(None).unwrap().into_iter().map(|known| (known.approval, known.state)).collect()
}

#[tokio::test]
async fn a_question_is_listed_from_its_attempt_until_its_message_says_what_came_of_it() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, turn) = one_turn(&ledger, "c").await;
    let approval = question();
    ledger.append(Batch::of(session, [put(turn, approval), attempted(turn, approval)])).await.unwrap();
    let reader = home.reader();
    assert_eq!(states(&reader), [(approval, PromptState::Attempted)]);
    ledger.append(Batch::of(session, [outcome(turn, approval, Delivery::Delivered)])).await.unwrap();
    let (state, shown) = (PromptState::Shown, vec!["17".to_owned(), "18".to_owned()]);
    let known = KnownPrompt { approval, session, place: place("c"), turn, state, shown };
    assert_eq!(reader.prompts(Some(&known.place.account)).unwrap(), [known]);
    assert_eq!(reader.prompts(Some("another")).unwrap(), []);
    // The answer alone leaves the buttons where they are; and so does the end of the turn, and of the session.
    let end = Event::TurnFinished { turn, stop: "end".into() };
    ledger.append(Batch::of(session, [answered(turn, approval, Choice::Once), end])).await.unwrap();
    ledger.append(Batch::of(session, [Event::SessionClosed { by: "owner".into() }])).await.unwrap();
    assert_eq!(states(&reader), [(approval, PromptState::Shown)]);
    ledger.append(Batch::of(session, [closed(turn, approval, Delivery::Delivered)])).await.unwrap();
    assert_eq!(states(&reader), []);
}

#[tokio::test]
async fn one_that_is_not_known_to_be_shown_leaves_the_list() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, turn) = one_turn(&ledger, "c").await;
    let reader = home.reader();
    for delivery in [Delivery::Failed, Delivery::InDoubt, Delivery::Unsent] {
        let approval = question();
        ledger.append(Batch::of(session, [put(turn, approval), attempted(turn, approval)])).await.unwrap();
        assert_eq!(states(&reader), [(approval, PromptState::Attempted)]);
        ledger.append(Batch::of(session, [outcome(turn, approval, delivery)])).await.unwrap();
        assert_eq!(states(&reader), [], "{delivery:?}");
        // It is put again, and its message is given up.
        let again = [attempted(turn, approval), outcome(turn, approval, Delivery::Delivered), closed(turn, approval, Delivery::Failed)];
        ledger.append(Batch::of(session, again)).await.unwrap();
        assert_eq!(states(&reader), [], "{delivery:?}");
    }
}

#[tokio::test]
async fn whether_it_is_shown_is_waited_for() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, turn) = one_turn(&ledger, "c").await;
    let approval = question();
    for event in [attempted(turn, approval), outcome(turn, approval, Delivery::Delivered), closed(turn, approval, Delivery::Delivered)] {
        assert!(matches!(ledger.append_lazily(Batch::of(session, [event.clone()])).await, Err(Error::Invalid { .. })), "{event:?}");
        assert!(matches!(ledger.append(Batch::of(Chain::System, [event])).await, Err(Error::Invalid { .. })));
    }
}

#[tokio::test]
async fn a_listed_question_whose_row_says_otherwise_is_not_believed() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, turn) = one_turn(&ledger, "c").await;
    let approval = question();
    ledger.append(Batch::of(session, [put(turn, approval), attempted(turn, approval)])).await.unwrap();
    ledger.close().await.unwrap();
    home.meddle().execute("UPDATE prompts SET approval = ?1", ["f".repeat(32)]).unwrap();
    assert!(matches!(home.reader().prompts(None), Err(Error::Damaged { .. })));
    home.meddle().execute("UPDATE prompts SET seq = 0", []).unwrap();
    assert!(matches!(home.reader().prompts(None), Err(Error::Damaged { .. })));
}
