use std::sync::Arc;

use tempfile::TempDir;
use wirken_ledger::{Ledger, Options};
use wirken_secret::{Scanner, Secret};
use wirken_types::Digest;

use super::*;

const SECRET: &str = "sk-live-4f9a8b7c6d5e4f3a2b1c";

/// One account's files, and where they are kept.
struct Here {
    folder: TempDir,
    blobs: Blobs,
    media: Media,
}

impl Here {
    fn new(total: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&folder.path().join("ledger.db"), Options::default()).unwrap();
        let secret = Arc::new(Secret::from_string(SECRET.into()));
        let screen = Screen::new(Arc::new(Scanner::new([("a/key".to_owned(), secret)]).unwrap()), ledger);
        let blobs = Blobs::open(&folder.path().join("files"), total, None).unwrap();
        let media = Media::new(Some(blobs.clone()), screen);
        Self { folder, blobs, media }
    }

    fn files(&self) -> usize {
        std::fs::read_dir(self.folder.path().join("files")).unwrap().count()
    }

    /// Somebody waits for a file, and a connection was told of it.
    async fn wanted(&self) -> (tokio::task::JoinHandle<Result<Blob, String>>, Transfers, u64) {
        let mut transfers = Transfers::new(self.media.clone());
        let waiting = self.ask();
        let (id, order) = transfers.next().await;
        assert_eq!(order, MediumOrder::Wanted { token: "t".into(), most: MAX_BYTES });
        (waiting, transfers, id)
    }

    fn ask(&self) -> tokio::task::JoinHandle<Result<Blob, String>> {
        let media = self.media.clone();
        let remote = Remote { token: "t".into(), media_type: "image/jpeg".into(), name: Some("cat".into()), size: None };
        tokio::spawn(async move { media.fetch(remote).await })
    }
}

fn png(size: usize) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    bytes.resize(size, 7);
    bytes
}

fn piece(bytes: &[u8]) -> MediumNews {
    MediumNews::Piece { bytes: bytes.to_vec() }
}

fn begun(size: Option<u64>) -> MediumNews {
    MediumNews::Begun { size }
}

#[tokio::test]
async fn a_picture_is_kept_under_the_kind_that_it_is() {
    let here = Here::new(u64::MAX);
    let (waiting, mut transfers, id) = here.wanted().await;
    let bytes = png(3 * MIN_PIECE_BYTES + 5);
    transfers.take(id, begun(Some(bytes.len() as u64))).unwrap();
    bytes.chunks(MIN_PIECE_BYTES).for_each(|chunk| transfers.take(id, piece(chunk)).unwrap());
    transfers.take(id, MediumNews::Ended).unwrap();
    let blob = waiting.await.unwrap().unwrap();
    assert_eq!((blob.media_type.as_str(), blob.name.as_deref(), blob.size), ("image/png", Some("cat"), bytes.len() as u64));
    assert_eq!(blob.id, Digest::of(&bytes).to_hex());
    assert_eq!(here.blobs.read(Digest::of(&bytes)).unwrap(), bytes);
    let mut orders = Vec::new();
    while orders.last() != Some(&MediumOrder::Kept(blob.clone())) {
        orders.push(transfers.next().await.1);
    }
    let credit: u32 = orders.iter().filter_map(|order| if let MediumOrder::Credit { bytes } = order { Some(*bytes) } else { None }).sum();
    assert_eq!(credit as usize, bytes.len(), "what was put away is given back");
}

#[tokio::test]
async fn an_adapter_that_breaks_the_rules_is_told_which() {
    let full = vec![7; MIN_PIECE_BYTES];
    type Case<'a> = (&'a str, Vec<MediumNews>, &'a str);
    let cases: [Case<'_>; 8] = [
        ("not begun", vec![piece(&full)], "had not begun"),
        ("ended, not begun", vec![MediumNews::Ended], "had not begun"),
        ("begun twice", vec![begun(None), begun(None)], "twice"),
        ("an empty piece", vec![begun(None), piece(&[])], "too small"),
        ("two short pieces", vec![begun(None), piece(&full[1..]), piece(&full[1..])], "too small"),
        ("more than announced", vec![begun(Some(full.len() as u64)), piece(&full), piece(&[7])], "more of a file than it had announced"),
        ("less than announced", vec![begun(Some(full.len() as u64 + 1)), piece(&full), MediumNews::Ended], "less"),
        (
            "more than its credit",
            std::iter::once(begun(None)).chain(vec![piece(&full); MEDIUM_WINDOW as usize / MIN_PIECE_BYTES + 1]).collect(),
            "credit",
        ),
    ];
    for (case, news, said) in cases {
        let here = Here::new(u64::MAX);
        let (_waiting, mut transfers, id) = here.wanted().await;
        let last = news.len() - 1;
        for (at, news) in news.into_iter().enumerate() {
            match transfers.take(id, news) {
                Ok(()) => assert!(at < last, "{case}: it was taken"),
                Err(why) => assert!(at == last && why.contains(said), "{case}: {at}: {why}"),
            }
        }
    }
    let mut transfers = Transfers::new(Here::new(u64::MAX).media);
    for news in [begun(None), piece(&full), MediumNews::Ended, MediumNews::Failed { reason: "x".into() }] {
        assert!(transfers.take(7, news).unwrap_err().contains("nobody"));
    }
}

#[tokio::test]
async fn the_whole_window_is_taken_and_the_largest_file_comes_with_credit() {
    let here = Here::new(u64::MAX);
    let (waiting, mut transfers, id) = here.wanted().await;
    transfers.take(id, begun(Some(MAX_BYTES))).unwrap();
    let bytes = png(usize::try_from(MAX_BYTES).unwrap());
    let mut credit = u64::from(MEDIUM_WINDOW);
    for chunk in bytes.chunks(MIN_PIECE_BYTES) {
        while credit < chunk.len() as u64 {
            if let (_, MediumOrder::Credit { bytes }) = transfers.next().await {
                credit += u64::from(bytes);
            }
        }
        credit -= chunk.len() as u64;
        transfers.take(id, piece(chunk)).unwrap();
    }
    transfers.take(id, MediumNews::Ended).unwrap();
    assert_eq!(waiting.await.unwrap().unwrap().size, MAX_BYTES);
}

#[tokio::test]
async fn what_is_no_picture_holds_a_secret_or_has_no_room_is_not_kept() {
    let mut with_secret = png(100);
    with_secret.extend_from_slice(SECRET.as_bytes());
    for (bytes, total, said) in [
        (b"%PDF-1.7 and so on and on".to_vec(), u64::MAX, "no picture"),
        (b"GIF".to_vec(), u64::MAX, "no picture"),
        (with_secret, u64::MAX, "credential a/key"),
        (png(101), 100, "no more room"),
    ] {
        let here = Here::new(total);
        let (waiting, mut transfers, id) = here.wanted().await;
        transfers.take(id, begun(None)).unwrap();
        transfers.take(id, piece(&bytes)).unwrap();
        transfers.take(id, MediumNews::Ended).unwrap();
        let why = waiting.await.unwrap().unwrap_err();
        assert!(why.contains(said), "{why}");
        assert_eq!((here.files(), here.blobs.used()), (0, 0), "{said}");
    }
    assert!(
        Media::new(None, Here::new(1).media.inner.screen.clone())
            .fetch(Remote { token: "t".into(), media_type: "image/png".into(), name: None, size: None })
            .await
            .is_err()
    );
}

#[tokio::test]
async fn whoever_stops_waiting_has_the_transfer_dropped() {
    let here = Here::new(u64::MAX);
    let (waiting, mut transfers, id) = here.wanted().await;
    transfers.take(id, begun(None)).unwrap();
    waiting.abort();
    assert_eq!(transfers.next().await, (id, MediumOrder::Dropped));
    // What was on its way meanwhile is no offence; its end is the last word.
    transfers.take(id, piece(&png(MIN_PIECE_BYTES))).unwrap();
    transfers.take(id, MediumNews::Failed { reason: "dropped".into() }).unwrap();
    assert!(transfers.take(id, MediumNews::Ended).is_err());
    assert_eq!(here.files(), 0);
}

#[tokio::test]
async fn a_connection_that_ends_leaves_the_file_to_the_next_and_not_for_ever() {
    let here = Here::new(u64::MAX);
    let (waiting, transfers, _) = here.wanted().await;
    drop(transfers);
    for _ in 1..TRIES {
        let mut transfers = Transfers::new(here.media.clone());
        let (id, order) = transfers.next().await;
        assert!(matches!(order, MediumOrder::Wanted { .. }));
        transfers.take(id, begun(None)).unwrap();
    }
    assert!(waiting.await.unwrap().unwrap_err().contains("process ended"));
    assert_eq!(here.files(), 0);
}

#[tokio::test]
async fn so_many_come_at_once_and_the_others_wait() {
    let here = Here::new(u64::MAX);
    let waiting: Vec<_> = (0..=MAX_MEDIA).map(|_| here.ask()).collect();
    let mut transfers = Transfers::new(here.media.clone());
    for _ in 0..MAX_MEDIA {
        assert!(matches!(transfers.next().await.1, MediumOrder::Wanted { .. }));
    }
    assert!(tokio::time::timeout(Duration::from_millis(50), transfers.next()).await.is_err(), "one more waits");
    transfers.take(1, MediumNews::Failed { reason: "gone".into() }).unwrap();
    // Its own end, and then the one that waited.
    let mut orders = Vec::new();
    while !matches!(orders.last(), Some((3, MediumOrder::Wanted { .. }))) {
        orders.push(transfers.next().await);
    }
    assert_eq!(waiting.len(), MAX_MEDIA + 1);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_longer_than_his_patience() {
    let here = Here::new(u64::MAX);
    let waiting = here.ask();
    let why = waiting.await.unwrap().unwrap_err();
    assert!(why.contains("60 s"), "{why}");
}
