//! The body of a request: its segments, blobs among them, as one text that is searched before any of it leaves.
//!
//! Without blobs it is in memory already, and stays one piece. With blobs it may have many megabytes: so it is read twice,
//! piece by piece, once to be searched and measured, and once to be sent. A blob is the same both times, since whoever hands
//! out its bytes vouches for them by its id.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use hyper::body::{Body, Frame, SizeHint};
use wirken_secret::Scanner;
use wirken_types::http::Segment;

use crate::blobs::{Blobs, Pieces};
use crate::error::{Direction, Error};
use crate::leak;
use crate::resolve::BoxError;

/// A body that may leave.
pub(crate) enum Outgoing {
    /// None once it was sent.
    Whole(Option<Bytes>),
    Pieces {
        rest: BoxStream<'static, Result<Bytes, String>>,
        left: u64,
    },
}

#[derive(Clone)]
enum Part {
    Bytes(Bytes),
    Blob { id: String, base64: bool },
}

/// Joins segments, within a limit and without a secret.
pub(crate) async fn outgoing(segments: Vec<Segment>, limit: u64, blobs: Arc<dyn Blobs>, scanner: &Arc<Scanner>) -> Result<Outgoing, Error> {
    let parts: Vec<Part> = segments.into_iter().map(Part::from).collect();
    if !parts.iter().any(|part| matches!(part, Part::Blob { .. })) {
        let whole = joined(parts, limit)?;
        leak::scan_body(scanner, &whole)?;
        return Ok(Outgoing::Whole(Some(whole)));
    }
    let (mut total, mut scan) = (0_u64, leak::stream(scanner));
    let mut pieces = expanded(parts.clone(), Arc::clone(&blobs));
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(Error::Unavailable)?;
        total = within(total, piece.len(), limit)?;
        scan.push(piece).map_err(|leak| leak::found(leak, Direction::Outgoing))?;
    }
    scan.finish().map_err(|leak| leak::found(leak, Direction::Outgoing))?;
    Ok(Outgoing::Pieces { rest: expanded(parts, blobs), left: total })
}

impl From<Segment> for Part {
    fn from(segment: Segment) -> Self {
        match segment {
            Segment::Bytes(bytes) => Self::Bytes(bytes.into()),
            Segment::Blob(id) => Self::Blob { id, base64: false },
            Segment::BlobBase64(id) => Self::Blob { id, base64: true },
        }
    }
}

fn within(total: u64, more: usize, limit: u64) -> Result<u64, Error> {
    let total = total.saturating_add(more as u64);
    if total > limit { Err(Error::Limit { what: "the body of the request", bytes: limit, sent: false }) } else { Ok(total) }
}

fn joined(parts: Vec<Part>, limit: u64) -> Result<Bytes, Error> {
    let mut pieces: Vec<Bytes> =
        parts.into_iter().filter_map(|part| if let Part::Bytes(bytes) = part { Some(bytes) } else { None }).collect();
    let total = pieces.iter().try_fold(0, |total, piece| within(total, piece.len(), limit))?;
    if pieces.len() == 1 {
        return Ok(pieces.pop().unwrap_or_default());
    }
    let mut whole = BytesMut::with_capacity(usize::try_from(total).unwrap_or_default());
    pieces.iter().for_each(|piece| whole.extend_from_slice(piece));
    Ok(whole.freeze())
}

/// The whole body, each blob opened when its turn has come.
fn expanded(parts: Vec<Part>, blobs: Arc<dyn Blobs>) -> BoxStream<'static, Result<Bytes, String>> {
    let expand = move |part| -> Pieces {
        match part {
            Part::Bytes(bytes) => stream::once(std::future::ready(Ok(bytes))).boxed(),
            Part::Blob { id, base64: false } => stream::once(blobs.open(&id)).try_flatten().boxed(),
            Part::Blob { id, base64: true } => encoded(stream::once(blobs.open(&id)).try_flatten().boxed()),
        }
    };
    stream::iter(parts).flat_map(expand).boxed()
}

/// The same as padded base64, however it is cut: what is left of a group of three waits for what follows.
fn encoded(pieces: Pieces) -> Pieces {
    let begin = Some((pieces, Vec::new()));
    let encoded = stream::try_unfold(begin, |state| async {
        let Some((mut pieces, mut held)) = state else { return Ok(None) };
        let Some(piece) = pieces.try_next().await? else {
            return Ok((!held.is_empty()).then(|| (Bytes::from(STANDARD.encode(&held)), None)));
        };
        held.extend_from_slice(&piece);
        let rest = held.split_off(held.len() - held.len() % 3);
        Ok(Some((Bytes::from(STANDARD.encode(&held)), Some((pieces, rest)))))
    });
    encoded.try_filter(|piece| std::future::ready(!piece.is_empty())).boxed()
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.get_mut() {
            Self::Whole(bytes) => Poll::Ready(bytes.take().filter(|bytes| !bytes.is_empty()).map(|bytes| Ok(Frame::data(bytes)))),
            Self::Pieces { rest, left } => Poll::Ready(match ready!(rest.poll_next_unpin(context)) {
                None if *left == 0 => None,
                Some(Ok(piece)) if piece.len() as u64 <= *left => {
                    *left -= piece.len() as u64;
                    Some(Ok(Frame::data(piece)))
                }
                // Less or more than was searched is something else than what was searched.
                None | Some(Ok(_)) => Some(Err("a blob is not as long any more as it was".into())),
                Some(Err(why)) => Some(Err(why.into())),
            }),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(bytes) if bytes.as_ref().is_none_or(Bytes::is_empty))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match self {
            Self::Whole(bytes) => bytes.as_ref().map_or(0, |bytes| bytes.len() as u64),
            Self::Pieces { left, .. } => *left,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use futures_util::future::BoxFuture;
    use http_body_util::BodyExt;
    use wirken_secret::Secret;

    use super::*;

    /// Blobs in pieces of a given length. One that shrinks is shorter each time that it is read.
    #[derive(Debug)]
    struct Given {
        blobs: BTreeMap<&'static str, Vec<u8>>,
        piece: usize,
        shrinks: Option<std::sync::atomic::AtomicUsize>,
    }

    impl Given {
        fn new(piece: usize) -> Self {
            Self {
                blobs: BTreeMap::from([("a", b"0123456789".to_vec()), ("b", vec![7; 1000]), ("empty", Vec::new())]),
                piece,
                shrinks: None,
            }
        }
    }

    impl Blobs for Given {
        fn open(&self, id: &str) -> BoxFuture<'static, Result<Pieces, String>> {
            let mut bytes = self.blobs.get(id).cloned().ok_or_else(|| format!("there is no blob {id}"));
            if let (Ok(bytes), Some(read)) = (&mut bytes, &self.shrinks) {
                let less = read.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                bytes.truncate(bytes.len() - less);
            }
            let pieces = |bytes: Vec<u8>| bytes.chunks(self.piece).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect::<Vec<_>>();
            let opened = bytes.map(|bytes| stream::iter(pieces(bytes)).boxed());
            Box::pin(std::future::ready(opened))
        }
    }

    const SECRET: &str = "sk-live-4f9a8b7c6d5e4f3a2b1c";

    fn scanner() -> Arc<Scanner> {
        Arc::new(Scanner::new([("a/key".to_owned(), Arc::new(Secret::from_string(SECRET.to_owned())))]).expect("a scanner"))
    }

    async fn of(segments: Vec<Segment>, limit: u64, given: Given) -> Result<Outgoing, Error> {
        outgoing(segments, limit, Arc::new(given), &scanner()).await
    }

    fn mixed() -> Vec<Segment> {
        let bytes = |text: &str| Segment::Bytes(text.as_bytes().to_vec());
        let encoded = |id: &str| Segment::BlobBase64(id.to_owned());
        vec![bytes("<"), encoded("a"), bytes("|"), Segment::Blob("a".into()), bytes("|"), encoded("empty"), encoded("b"), bytes(">")]
    }

    #[tokio::test]
    async fn is_the_same_however_blobs_are_cut_and_has_the_length_that_it_says() {
        let expected = [&b"<MDEyMzQ1Njc4OQ==|0123456789|"[..], STANDARD.encode([7; 1000]).as_bytes(), b">"].concat();
        for piece in [1, 2, 3, 4, 7, 1000] {
            let body = of(mixed(), u64::MAX, Given::new(piece)).await.expect("a body");
            assert_eq!(body.size_hint().exact(), Some(expected.len() as u64));
            assert_eq!(body.collect().await.expect("all of it").to_bytes(), expected, "{piece}");
        }
        let whole = of(vec![Segment::Bytes(b"ab".to_vec()), Segment::Bytes(b"c".to_vec())], 3, Given::new(1)).await.expect("a body");
        assert_eq!((whole.size_hint().exact(), whole.is_end_stream()), (Some(3), false));
        assert_eq!(whole.collect().await.expect("all of it").to_bytes(), "abc");
        assert!(of(Vec::new(), 0, Given::new(1)).await.expect("a body").is_end_stream());
    }

    #[tokio::test]
    async fn has_its_limit_with_all_that_it_expands_to() {
        let length = 29 + 1336 + 1;
        assert!(of(mixed(), length, Given::new(10)).await.is_ok());
        let error = of(mixed(), length - 1, Given::new(10)).await.err().expect("too long");
        assert_eq!((error.kind(), error.sent()), ("limit", false));
    }

    #[tokio::test]
    async fn holds_no_secret_also_where_it_is_put_together_from_parts() {
        let mut given = Given::new(5);
        given.blobs.insert("half", SECRET[..10].into());
        given.blobs.insert("all", [b"...", SECRET.as_bytes()].concat());
        let split = vec![Segment::Blob("half".into()), Segment::Bytes(SECRET[10..].into())];
        assert_eq!(of(split, u64::MAX, given).await.err().expect("a leak").kind(), "leak");
        for segment in [Segment::Blob("all".into()), Segment::BlobBase64("all".into())] {
            let mut given = Given::new(5);
            given.blobs.insert("all", [b"...", SECRET.as_bytes()].concat());
            assert_eq!(of(vec![segment], u64::MAX, given).await.err().expect("a leak").kind(), "leak");
        }
    }

    #[tokio::test]
    async fn a_blob_that_is_not_there_is_refused_and_one_that_changes_is_not_sent_whole() {
        let error = of(vec![Segment::Blob("c".into())], u64::MAX, Given::new(1)).await.err().expect("refused");
        assert_eq!((error.kind(), error.sent()), ("unavailable", false));
        let given = Given { shrinks: Some(0.into()), ..Given::new(4) };
        let body = of(vec![Segment::Blob("a".into())], u64::MAX, given).await.expect("a body");
        assert!(body.collect().await.is_err());
    }
}
