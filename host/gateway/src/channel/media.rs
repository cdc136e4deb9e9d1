//! Files that came with messages, on their way through one account: who wants one waits here, and a connection fetches it.
//!
//! Sessions ask and know no connection; a connection draws what is asked for and knows no session, as with the outbox.
//! Nothing of a file is in memory but the pieces that the adapter had credit for: each is put away before there is credit
//! for more. An adapter is believed nothing: what it sends beyond its credit, beyond what it announced, or of a file that
//! nobody asked for, ends its connection.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc, oneshot};
use wirken_ledger::{BlobError, Blobs, Unfinished};
use wirken_secret::ScanStream;
use wirken_types::http::Blob;
use wirken_types::media::{MAX_BYTES, Remote, amount, picture};
use wirken_wire::limits::{MAX_MEDIA, MEDIUM_WINDOW, MIN_PIECE_BYTES};
use wirken_wire::{MediumNews, MediumOrder};

use crate::screen::Screen;

/// How long a turn waits for one file, from when it is asked for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// Connections over which one file is tried: it may be what ends them.
const TRIES: u32 = 3;
/// Pieces that wait to be put away: the window in the smallest pieces, the last one, and the end.
const PIECES: usize = MEDIUM_WINDOW as usize / MIN_PIECE_BYTES + 2;
/// Of the beginning, which tells what it is.
const BEGINNING: usize = 16;

/// The files of one account. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Media {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// None where there is no place for files.
    blobs: Option<Blobs>,
    screen: Screen,
    waiting: Mutex<VecDeque<Wanted>>,
    changed: Notify,
}

/// A file that somebody waits for.
#[derive(Debug)]
struct Wanted {
    remote: Remote,
    tries: u32,
    answer: oneshot::Sender<Result<Blob, String>>,
}

impl Media {
    pub(crate) fn new(blobs: Option<Blobs>, screen: Screen) -> Self {
        Self { inner: Arc::new(Inner { blobs, screen, waiting: Mutex::default(), changed: Notify::new() }) }
    }

    /// Has a file fetched and kept, or says in a few words why it is not. Whoever drops this does not want it any more.
    pub(crate) async fn fetch(&self, remote: Remote) -> Result<Blob, String> {
        if self.inner.blobs.is_none() {
            return Err("there is no place where files are kept".into());
        }
        let (answer, told) = oneshot::channel();
        self.wait(Wanted { remote, tries: 0, answer });
        match tokio::time::timeout(PATIENCE, told).await {
            Ok(told) => told.unwrap_or_else(|_| Err("the gateway ends".into())),
            Err(_) => Err(format!("it did not come within {} s", PATIENCE.as_secs())),
        }
    }

    fn wait(&self, wanted: Wanted) {
        self.waiting().push_back(wanted);
        self.inner.changed.notify_one();
    }

    /// The next that somebody still waits for.
    async fn next(&self) -> Wanted {
        loop {
            let next = {
                let mut waiting = self.waiting();
                waiting.retain(|wanted| !wanted.answer.is_closed());
                waiting.pop_front()
            };
            match next {
                Some(wanted) => return wanted,
                // There is one connection of an account, and so nobody else to take the sign.
                None => self.inner.changed.notified().await,
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Wanted>> {
        self.inner.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What comes over one connection.
#[derive(Debug)]
pub(crate) struct Transfers {
    media: Media,
    under_way: HashMap<u64, Transfer>,
    last: u64,
    order: mpsc::Sender<(u64, MediumOrder)>,
    orders: mpsc::Receiver<(u64, MediumOrder)>,
}

/// One file, as far as the adapter has to keep to what it was allowed.
#[derive(Debug)]
struct Transfer {
    pieces: mpsc::Sender<MediumNews>,
    begun: bool,
    /// Bytes that may come now.
    credit: u64,
    received: u64,
    announced: Option<u64>,
    /// A short piece came, which has to be the last.
    last: bool,
}

impl Transfers {
    pub(crate) fn new(media: Media) -> Self {
        let (order, orders) = mpsc::channel(PIECES);
        Self { media, under_way: HashMap::new(), last: 0, order, orders }
    }

    /// What the adapter is to be told next. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> (u64, MediumOrder) {
        let room = self.under_way.len() < MAX_MEDIA;
        tokio::select! {
            biased;
            Some((id, order)) = self.orders.recv() => {
                if let (MediumOrder::Credit { bytes }, Some(transfer)) = (&order, self.under_way.get_mut(&id)) {
                    transfer.credit = transfer.credit.saturating_add(u64::from(*bytes));
                }
                (id, order)
            }
            wanted = self.media.next(), if room => self.begin(wanted),
        }
    }

    fn begin(&mut self, wanted: Wanted) -> (u64, MediumOrder) {
        self.last += 1;
        let id = self.last;
        let (pieces, news) = mpsc::channel(PIECES);
        let transfer = Transfer { pieces, begun: false, credit: MEDIUM_WINDOW.into(), received: 0, announced: None, last: false };
        self.under_way.insert(id, transfer);
        let order = MediumOrder::Wanted { token: wanted.remote.token.clone(), most: MAX_BYTES };
        tokio::spawn(receive(self.media.clone(), wanted, news, Orders { id, order: self.order.clone() }));
        (id, order)
    }

    /// What the adapter says of a file, or what is wrong with that.
    pub(crate) fn take(&mut self, id: u64, news: MediumNews) -> Result<(), &'static str> {
        let transfer = self.under_way.get_mut(&id).ok_or("it spoke of a file that nobody had asked for")?;
        let ends = matches!(news, MediumNews::Ended | MediumNews::Failed { .. });
        transfer.check(&news)?;
        // Whoever has dropped it does not listen.
        if let Err(mpsc::error::TrySendError::Full(_)) = transfer.pieces.try_send(news) {
            return Err("it sent a file in too many pieces");
        }
        if ends {
            self.under_way.remove(&id);
        }
        Ok(())
    }
}

impl Transfer {
    fn check(&mut self, news: &MediumNews) -> Result<(), &'static str> {
        match news {
            MediumNews::Begun { .. } if self.begun => Err("it began a file twice"),
            MediumNews::Begun { size } => {
                (self.begun, self.announced) = (true, *size);
                Ok(())
            }
            MediumNews::Failed { .. } => Ok(()),
            _ if !self.begun => Err("it sent a file that it had not begun"),
            MediumNews::Piece { bytes } => {
                let count = bytes.len() as u64;
                if bytes.is_empty() || std::mem::replace(&mut self.last, bytes.len() < MIN_PIECE_BYTES) {
                    return Err("it sent a file in pieces that are too small");
                }
                self.credit = self.credit.checked_sub(count).ok_or("it sent more of a file than it had credit for")?;
                self.received = self.received.saturating_add(count);
                if self.received > self.announced.unwrap_or(MAX_BYTES) {
                    return Err("it sent more of a file than it had announced");
                }
                Ok(())
            }
            MediumNews::Ended => match self.announced {
                Some(size) if size != self.received => Err("it sent less of a file than it had announced"),
                _ => Ok(()),
            },
        }
    }
}

/// What the adapter is to be told of one file.
struct Orders {
    id: u64,
    order: mpsc::Sender<(u64, MediumOrder)>,
}

impl Orders {
    /// A connection that is gone needs to be told nothing.
    async fn give(&self, order: MediumOrder) {
        self.order.send((self.id, order)).await.ok();
    }
}

/// Puts away what comes of one file, until it ends, or nobody wants it any more.
async fn receive(media: Media, mut wanted: Wanted, mut news: mpsc::Receiver<MediumNews>, orders: Orders) {
    let mut file: Option<Incoming> = None;
    let end = loop {
        let news = tokio::select! {
            news = news.recv() => news,
            () = wanted.answer.closed() => return orders.give(MediumOrder::Dropped).await,
        };
        let stepped = match (news, file.take()) {
            // The connection is gone. The next one may fetch it.
            (None, _) => {
                wanted.tries += 1;
                if wanted.tries < TRIES {
                    return media.wait(wanted);
                }
                break Err("the channel's process ended while it was fetched".into());
            }
            (Some(MediumNews::Failed { reason }), _) => break Err(reason),
            (Some(MediumNews::Begun { .. }), _) => Incoming::begin(&media).await,
            (Some(MediumNews::Piece { bytes }), Some(incoming)) => {
                let count = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
                let written = incoming.write(bytes).await;
                if written.is_ok() {
                    orders.give(MediumOrder::Credit { bytes: count }).await;
                }
                written
            }
            (Some(MediumNews::Ended), Some(incoming)) => break incoming.finish(&wanted.remote).await,
            (Some(_), None) => Err("it came in the wrong order".into()),
        };
        match stepped {
            Ok(incoming) => file = Some(incoming),
            Err(why) => break Err(why),
        }
    };
    let order = match &end {
        Ok(blob) => MediumOrder::Kept(blob.clone()),
        Err(_) => MediumOrder::Dropped,
    };
    // First what the session waits for.
    wanted.answer.send(end).ok();
    orders.give(order).await;
}

/// A file that is coming.
struct Incoming {
    file: Unfinished,
    scan: ScanStream,
    screen: Screen,
    beginning: Vec<u8>,
}

impl Incoming {
    async fn begin(media: &Media) -> Result<Self, String> {
        let (blobs, screen) = (media.inner.blobs.clone(), media.inner.screen.clone());
        let blobs = blobs.ok_or("there is no place where files are kept")?;
        let file = blocking(move || blobs.begin(MAX_BYTES)).await?;
        Ok(Self { file, scan: screen.stream(), screen, beginning: Vec::new() })
    }

    async fn write(mut self, bytes: Vec<u8>) -> Result<Self, String> {
        let missing = BEGINNING.saturating_sub(self.beginning.len());
        self.beginning.extend(bytes.iter().take(missing));
        if self.beginning.len() == BEGINNING && picture(&self.beginning).is_none() {
            return Err(NO_PICTURE.into());
        }
        let bytes = bytes::Bytes::from(bytes);
        if let Err(leak) = self.scan.push(bytes.clone()) {
            let why = format!("it holds the value of the credential {}", leak.label);
            self.screen.record(&leak, "media", "incoming").await;
            return Err(why);
        }
        let mut file = self.file;
        self.file = blocking(move || file.write(&bytes).map(|()| file)).await?;
        Ok(self)
    }

    async fn finish(mut self, remote: &Remote) -> Result<Blob, String> {
        if let Err(leak) = self.scan.finish() {
            let why = format!("it holds the value of the credential {}", leak.label);
            self.screen.record(&leak, "media", "incoming").await;
            return Err(why);
        }
        let media_type = picture(&self.beginning).ok_or(NO_PICTURE)?;
        let file = self.file;
        let (digest, size) = blocking(move || file.finish()).await?;
        Ok(Blob { id: digest.to_hex(), media_type: media_type.to_owned(), name: remote.name.clone(), size })
    }
}

const NO_PICTURE: &str = "it is no picture of a kind that can be shown";

/// What touches the disk, where that may take time.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, BlobError> + Send + 'static) -> Result<T, String> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| "the gateway ends".to_owned())?.map_err(|error| match error {
        BlobError::TooLarge { most } => format!("it has more than {}", amount(most)),
        error => {
            tracing::warn!(%error, "a file could not be kept");
            match error {
                BlobError::Full { .. } => "there is no more room for files: the owner has to free some".to_owned(),
                _ => "it could not be kept on this machine's disk".to_owned(),
            }
        }
    })
}

#[cfg(test)]
mod tests;
