//! Two sides of a stream: what is said arrives, in its order, however slowly it is read.

use std::time::Duration;

use tokio::net::UnixStream;
use wirken_types::channel::{Outcome, State};
use wirken_wire::limits::MAX_STATE_BYTES;
use wirken_wire::link::{Closed, QUEUE, Receiver, Sender, split};
use wirken_wire::{Frames, ToAdapter, ToGateway};

type Sides = (Sender<ToGateway>, Receiver<ToGateway>);

/// One direction is used; the other halves stay open beside it.
fn sides() -> (Sides, (Receiver<ToAdapter>, Sender<ToAdapter>)) {
    let (adapter, gateway) = UnixStream::pair().unwrap();
    let (back, sender) = split::<ToAdapter, ToGateway>(adapter, Frames::new());
    let (receiver, forth) = split::<ToGateway, ToAdapter>(gateway, Frames::new());
    ((sender, receiver), (back, forth))
}

/// From a few bytes to more than a socket takes at once.
fn message(id: u64) -> ToGateway {
    if id.is_multiple_of(7) {
        let value = vec![u8::try_from(id % 251).unwrap(); MAX_STATE_BYTES];
        let puts = (0..8).map(|key| State { key: key.to_string(), value: value.clone() }).collect();
        return ToGateway::Commit { id, inbounds: Vec::new(), puts, deletes: Vec::new() };
    }
    ToGateway::Outcome { id, outcome: Outcome::Delivered(vec![id.to_string()]) }
}

#[tokio::test]
async fn what_is_said_arrives_whole_and_in_its_order() {
    const MESSAGES: u64 = 600;
    let ((sender, mut receiver), _others) = sides();
    let reading = tokio::spawn(async move {
        for id in 0..MESSAGES {
            assert_eq!(receiver.next().await, Ok(message(id)));
            if id.is_multiple_of(50) {
                // Long enough for the socket to fill, so that frames are cut and queued.
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        receiver
    });
    for id in 0..MESSAGES {
        sender.send(&message(id)).await.unwrap();
    }
    let mut receiver = reading.await.unwrap();
    sender.close(Duration::from_secs(5)).await;
    assert_eq!(receiver.next().await, Err(Closed));
}

#[tokio::test]
async fn a_side_that_does_not_read_is_given_up_when_the_queue_is_full() {
    let ((sender, mut receiver), _others) = sides();
    // A multiple of seven: large, so that the socket is soon full.
    while sender.try_send(&message(7)).is_ok() {}
    let mut arrived = 0;
    while let Ok(Ok(told)) = tokio::time::timeout(Duration::from_secs(1), receiver.next()).await {
        assert_eq!(told, message(7));
        arrived += 1;
    }
    assert!(arrived >= QUEUE, "{arrived} of at least {QUEUE} were kept");
    assert!(sender.try_send(&message(1)).is_ok(), "there is room again");
    assert_eq!(receiver.next().await, Ok(message(1)));
}

#[tokio::test]
async fn what_waits_is_written_before_hanging_up_and_nothing_is_after_the_other_side_did() {
    let ((sender, mut receiver), _others) = sides();
    for _ in 0..20 {
        sender.send(&message(7)).await.unwrap();
    }
    let closing = tokio::spawn(sender.close(Duration::from_secs(5)));
    for _ in 0..20 {
        assert_eq!(receiver.next().await, Ok(message(7)));
    }
    closing.await.unwrap();
    assert_eq!(receiver.next().await, Err(Closed));

    let ((sender, receiver), others) = sides();
    drop((receiver, others));
    let noticed = async { while sender.send(&message(1)).await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(5), noticed).await.unwrap();
}
