//! A credential's value comes into no session, whoever tells it.

use std::sync::Arc;

use wirken_gateway::GatewayError;
use wirken_ledger::{Chain, LogFilter, Options, Reader};
use wirken_secret::{Scanner, Secret};
use wirken_types::event::{Event, ToolOutcome};

use crate::support::{SECRET, ledger_path, open, over, say};

/// Every row and every byte of the ledger; the events of the system among them.
pub(crate) fn recorded(folder: &std::path::Path) -> Vec<Event> {
    for file in std::fs::read_dir(ledger_path(folder).parent().unwrap()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes()));
    }
    let filter = LogFilter { chain: Some(Chain::System), ..LogFilter::default() };
    Reader::open(&ledger_path(folder)).unwrap().log(&filter).unwrap().into_iter().map(|row| row.event).collect()
}

fn stopped(events: &[Event]) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    for event in events {
        if let Event::System { action, subject, detail } = event
            && action == "leak-stopped"
        {
            assert_eq!(detail["credential"], "script/key");
            found.push((subject.as_str(), detail["direction"].as_str().unwrap()));
        }
    }
    found
}

#[tokio::test]
async fn a_message_that_holds_a_secret_is_refused_and_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (gateway, ledger) = open(folder.path(), Options::default());
    let refused = gateway.say(say("c", "k", &format!("my key is {SECRET}"))).await.unwrap_err();
    assert!(matches!(&refused, GatewayError::HoldsSecret { label } if label == "script/key"), "{refused}");
    assert!(!refused.to_string().contains(SECRET));
    ledger.flush().await.unwrap();
    assert_eq!(stopped(&recorded(folder.path())), [("owner", "message")]);
    gateway.say(say("c", "k", "without it")).await.unwrap();
}

#[tokio::test]
async fn an_answer_that_tells_a_secret_in_pieces_ends_and_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (gateway, ledger) = open(folder.path(), Options::default());
    let accepted = gateway.say(say("c", "k", "tell")).await.unwrap();
    let end = over(&gateway, accepted.session, accepted.turn).await;
    assert!(matches!(&end, Event::TurnInterrupted { reason, .. } if reason.contains("script/key")), "{end:?}");
    let rows = gateway.rows(accepted.session).await.unwrap();
    assert!(rows.iter().all(|row| row.event.kind() != "outbound-queued"), "{rows:?}");
    ledger.flush().await.unwrap();
    assert_eq!(stopped(&recorded(folder.path())), [("script", "incoming")]);
}

#[tokio::test]
async fn a_result_that_holds_a_secret_is_withheld() {
    let folder = tempfile::tempdir().unwrap();
    let (gateway, ledger) = open(folder.path(), Options::default());
    let accepted = gateway.say(say("c", "k", "spill")).await.unwrap();
    assert!(matches!(over(&gateway, accepted.session, accepted.turn).await, Event::TurnFinished { .. }));
    let rows = gateway.rows(accepted.session).await.unwrap();
    let outcome = rows.iter().find_map(|row| if let Event::ToolFinished { outcome, .. } = &row.event { Some(*outcome) } else { None });
    assert_eq!(outcome, Some(ToolOutcome::Failed));
    ledger.flush().await.unwrap();
    assert_eq!(stopped(&recorded(folder.path())), [("count", "tool-result")]);
}

#[tokio::test]
async fn what_is_looked_for_changes_while_the_gateway_runs() {
    let folder = tempfile::tempdir().unwrap();
    let (gateway, _ledger) = open(folder.path(), Options::default());
    let scanner = |value: &str| Arc::new(Scanner::new([("script/other".to_owned(), Arc::new(Secret::from_string(value.into())))]).unwrap());
    gateway.say(say("c", "k1", "other-value-0123")).await.unwrap();
    gateway.set_scanner(scanner("other-value-0123"));
    let refused = gateway.say(say("c", "k2", "other-value-0123")).await.unwrap_err();
    assert!(matches!(&refused, GatewayError::HoldsSecret { label } if label == "script/other"), "{refused}");
    gateway.say(say("c", "k3", SECRET)).await.unwrap();
}
