//! Files that the gateway wants: the component says how each is fetched, and what comes goes to the gateway in pieces, as
//! fast as that gives credit. No more of a file than one piece is here at any time, and what is on its way.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};
use tokio::task::AbortHandle;
use wirken_egress::{Authority, Egress};
use wirken_types::channel::Event;
use wirken_types::http::{Failure, Request};
use wirken_types::media::amount;
use wirken_wire::limits::{MAX_MEDIA, MEDIUM_WINDOW, MIN_PIECE_BYTES};
use wirken_wire::{MediumNews, MediumOrder, ToGateway};

use super::{Driver, Ended, REQUESTS};
use crate::bounds;

/// Of each piece but the last: larger than the least, so that few are on their way.
const PIECE_BYTES: usize = 4 * MIN_PIECE_BYTES;

/// The files that are wanted.
pub(super) struct Media {
    wanted: HashMap<u64, Medium>,
    tell: mpsc::Sender<Told>,
    told: mpsc::Receiver<Told>,
}

/// One that is wanted.
struct Medium {
    token: String,
    most: u64,
    credit: Arc<Semaphore>,
    /// Once it is known how: the component's request, and what carries it out.
    fetching: Option<(u64, AbortHandle)>,
    /// It was told to the gateway whole.
    ended: bool,
}

/// What whoever fetches a file tells.
pub(super) struct Told {
    medium: u64,
    news: Result<MediumNews, Failure>,
}

impl Media {
    pub(super) fn new() -> Self {
        let (tell, told) = mpsc::channel(1);
        Self { wanted: HashMap::new(), tell, told }
    }

    /// What there is to tell the gateway. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Told {
        match self.told.recv().await {
            Some(told) => told,
            // This holds a sender itself.
            None => std::future::pending().await,
        }
    }

    /// Gives up what a request of the component fetches: the file's number, where there was one that has not ended.
    pub(super) fn cancel(&mut self, request: u64) -> Option<u64> {
        let found = self.wanted.iter().find(|(_, medium)| medium.fetching.as_ref().is_some_and(|(id, _)| *id == request));
        let medium = *found?.0;
        self.remove(medium).filter(|medium| !medium.ended).map(|_| medium)
    }

    fn remove(&mut self, medium: u64) -> Option<Medium> {
        let removed = self.wanted.remove(&medium)?;
        if let Some((_, task)) = &removed.fetching {
            task.abort();
        }
        Some(removed)
    }

    fn has(&self, request: u64) -> bool {
        self.wanted.values().any(|medium| medium.fetching.as_ref().is_some_and(|(id, _)| *id == request))
    }

    /// Nothing more comes of any of them: their numbers.
    pub(super) fn clear(&mut self) -> Vec<u64> {
        let all: Vec<u64> = self.wanted.keys().copied().collect();
        all.into_iter().filter(|id| self.remove(*id).is_some_and(|medium| !medium.ended)).collect()
    }
}

impl Driver {
    /// What the gateway says of a file.
    pub(super) async fn ordered(&mut self, id: u64, order: MediumOrder) -> Result<(), Ended> {
        match order {
            MediumOrder::Wanted { .. } if self.draining.is_some() || self.media.wanted.len() >= 2 * MAX_MEDIA => {
                self.not_fetched(id, "the channel has enough to do").await
            }
            MediumOrder::Wanted { token, most } => {
                let credit = Arc::new(Semaphore::new(usize::try_from(MEDIUM_WINDOW).unwrap_or_default()));
                if let Entry::Vacant(place) = self.media.wanted.entry(id) {
                    place.insert(Medium { token: token.clone(), most, credit, fetching: None, ended: false });
                    self.events.push_back(Event::MediaWanted(token));
                }
                Ok(())
            }
            MediumOrder::Credit { bytes } => {
                if let Some(medium) = self.media.wanted.get(&id) {
                    medium.credit.add_permits(usize::try_from(bytes).unwrap_or_default());
                }
                Ok(())
            }
            MediumOrder::Kept(blob) => {
                if let Some(Medium { fetching: Some((request, _)), .. }) = self.media.remove(id) {
                    self.events.push_back(Event::Stored(request, blob));
                }
                Ok(())
            }
            MediumOrder::Dropped => {
                let Some(medium) = self.media.remove(id) else { return Ok(()) };
                if let Some((request, _)) = medium.fetching {
                    let failure = Failure { kind: "interrupted".into(), sent: true, message: "the host does not want it any more".into() };
                    self.events.push_back(Event::HttpFailed(request, failure));
                }
                if medium.ended { Ok(()) } else { self.not_fetched(id, "it is not wanted any more").await }
            }
        }
    }

    /// How the component wants a file fetched, or why it cannot be.
    pub(super) async fn fetch(&mut self, token: &str, source: Result<(u64, Request), String>) -> Result<(), Ended> {
        let waits = |(_, medium): &(&u64, &Medium)| medium.token == token && medium.fetching.is_none();
        let medium = self.media.wanted.iter().find(waits).map(|(id, medium)| (*id, medium.most, Arc::clone(&medium.credit)));
        match (medium, source) {
            // It took too long to say so, and nobody waits for it any more.
            (None, Err(_)) => {}
            (None, Ok((request, _))) => self.events.push_back(Event::HttpFailed(request, unwanted())),
            (Some((id, ..)), Err(why)) => {
                self.media.remove(id);
                self.not_fetched(id, &why).await?;
            }
            (Some((id, ..)), Ok((request, _)))
                if self.draining.is_some() || self.media.has(request) || self.under_way.contains_key(&request) =>
            {
                self.media.remove(id);
                let message = format!("{REQUESTS} requests with ids of their own may be under way at once");
                self.events.push_back(Event::HttpFailed(request, Failure { kind: "limit".into(), sent: false, message: message.clone() }));
                self.not_fetched(id, &message).await?;
            }
            (Some((id, most, credit)), Ok((request, described))) => {
                let fetch = Fetch { medium: id, most, credit, tell: self.media.tell.clone() };
                let (egress, authority) = (self.egress.clone(), self.authority.clone());
                let task = tokio::spawn(fetch.run(egress, described, authority)).abort_handle();
                if let Some(medium) = self.media.wanted.get_mut(&id) {
                    medium.fetching = Some((request, task));
                }
            }
        }
        Ok(())
    }

    /// Tells the gateway what came of a file, and the component where nothing did.
    pub(super) async fn medium(&mut self, Told { medium: id, news }: Told) -> Result<(), Ended> {
        // It may have been dropped while this stood in line.
        let Some(medium) = self.media.wanted.get_mut(&id) else { return Ok(()) };
        match news {
            Ok(news) => {
                medium.ended |= news == MediumNews::Ended;
                Ok(self.link.send(&ToGateway::Medium { id, news }).await?)
            }
            Err(failure) => {
                let reason = failure.message.clone();
                if let Some(Medium { fetching: Some((request, _)), .. }) = self.media.remove(id) {
                    self.events.push_back(Event::HttpFailed(request, failure));
                }
                self.not_fetched(id, &reason).await
            }
        }
    }

    pub(super) async fn not_fetched(&mut self, id: u64, why: &str) -> Result<(), Ended> {
        let news = MediumNews::Failed { reason: bounds::reason(why.to_owned()) };
        Ok(self.link.send(&ToGateway::Medium { id, news }).await?)
    }
}

fn unwanted() -> Failure {
    Failure { kind: "invalid".into(), sent: false, message: "nobody wants the medium of this token".into() }
}

/// One file on its way.
struct Fetch {
    medium: u64,
    most: u64,
    credit: Arc<Semaphore>,
    tell: mpsc::Sender<Told>,
}

impl Fetch {
    async fn run(self, egress: Egress, request: Request, authority: Authority) {
        let news = self.stream(&egress, request, authority).await.map(|()| MediumNews::Ended);
        self.tell(news).await;
    }

    async fn stream(&self, egress: &Egress, request: Request, authority: Authority) -> Result<(), Failure> {
        let mut response = egress.send(request, authority).await?;
        if response.status != 200 {
            let message = format!("the platform answered with status {} where the file should be", response.status);
            return Err(Failure { kind: "protocol".into(), sent: true, message });
        }
        let size = response.header("content-length").and_then(|length| length.parse().ok());
        if size.is_some_and(|size| size > self.most) {
            return Err(self.too_large());
        }
        self.tell(Ok(MediumNews::Begun { size })).await;
        let (mut waiting, mut received) = (Vec::with_capacity(PIECE_BYTES), 0_u64);
        while let Some(chunk) = response.next_chunk().await? {
            received = received.saturating_add(chunk.len() as u64);
            if received > self.most {
                return Err(self.too_large());
            }
            let mut chunk = &chunk[..];
            while !chunk.is_empty() {
                let (now, later) = chunk.split_at(chunk.len().min(PIECE_BYTES - waiting.len()));
                waiting.extend_from_slice(now);
                chunk = later;
                if waiting.len() == PIECE_BYTES {
                    self.piece(std::mem::replace(&mut waiting, Vec::with_capacity(PIECE_BYTES))).await;
                }
            }
        }
        if !waiting.is_empty() {
            self.piece(waiting).await;
        }
        Ok(())
    }

    async fn piece(&self, bytes: Vec<u8>) {
        let count = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        // Nothing closes it.
        if let Ok(credit) = self.credit.acquire_many(count).await {
            credit.forget();
        }
        self.tell(Ok(MediumNews::Piece { bytes })).await;
    }

    async fn tell(&self, news: Result<MediumNews, Failure>) {
        // Nobody listens once the process ends.
        self.tell.send(Told { medium: self.medium, news }).await.ok();
    }

    fn too_large(&self) -> Failure {
        let message = format!("it has more than {}", amount(self.most));
        Failure { kind: "limit".into(), sent: true, message }
    }
}
