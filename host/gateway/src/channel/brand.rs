//! One authenticated connection of one account, as a type of its own.
//!
//! [`serve`] makes a [`Channel`] with a lifetime that nothing else has. What comes of that channel carries the lifetime,
//! and what goes into it has to carry the same: so an answer drawn from one account's outbox cannot be sent through
//! another's connection, no handle outlives its connection, and none is made of an id, however many channels there are
//! and whatever they connect.
//!
//! Each of these compiles, and the one beneath it, which differs in one place, does not:
//!
//! ```
//! use wirken_gateway::channel::{Channel, ChannelError, Outbound};
//!
//! fn sends<'a, 'b>(first: &Channel<'a>, second: &Channel<'b>, outbound: Outbound<'a>) -> Result<(), ChannelError> {
//!     first.send(outbound)
//! }
//! ```
//! ```compile_fail
//! use wirken_gateway::channel::{Channel, ChannelError, Outbound};
//!
//! fn sends<'a, 'b>(first: &Channel<'a>, second: &Channel<'b>, outbound: Outbound<'a>) -> Result<(), ChannelError> {
//!     second.send(outbound)
//! }
//! ```
//! ```
//! use wirken_gateway::channel::{Connection, serve};
//!
//! async fn kept(connection: Connection) {
//!     serve(connection, |channel, _| Box::pin(async move { channel.account().to_owned() })).await;
//! }
//! ```
//! ```compile_fail
//! use wirken_gateway::channel::{Connection, serve};
//!
//! async fn kept(connection: Connection) {
//!     serve(connection, |channel, _| Box::pin(async move { channel })).await;
//! }
//! ```
//! ```
//! use wirken_gateway::channel::{Channel, Session};
//!
//! async fn crosses<'a>(channel: &Channel<'a>, id: wirken_types::SessionId) -> Option<Session<'a>> {
//!     channel.session(id).await.ok().flatten()
//! }
//! ```
//! ```compile_fail
//! use wirken_gateway::channel::{Channel, Session};
//!
//! async fn crosses<'a>(channel: &Channel<'a>, id: wirken_types::SessionId) -> Option<Session<'a>> {
//!     Some(Session { id, brand: std::marker::PhantomData })
//! }
//! ```
//! ```
//! use wirken_gateway::channel::Outbound;
//!
//! fn passes<'long: 'short, 'short>(outbound: Outbound<'long>) -> Outbound<'long> {
//!     outbound
//! }
//! ```
//! ```compile_fail
//! use wirken_gateway::channel::Outbound;
//!
//! fn passes<'long: 'short, 'short>(outbound: Outbound<'long>) -> Outbound<'short> {
//!     outbound
//! }
//! ```

use std::marker::PhantomData;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use wirken_types::SessionId;
use wirken_types::channel::Outcome;
use wirken_wire::link::{Closed, Receiver, Sender};
use wirken_wire::{ToAdapter, ToGateway};

use super::media::{Media, Transfers};
use super::outbox::{Drawn, Outbox, Record};
use crate::GatewayError;
use crate::registry::Registry;

/// A connection that was authenticated as one account's.
pub struct Connection {
    pub(crate) account: String,
    pub(crate) sender: Sender<ToAdapter>,
    pub(crate) receiver: Receiver<ToGateway>,
    pub(crate) outbox: Outbox,
    pub(crate) media: Media,
    pub(crate) registry: Arc<Registry>,
}

/// Neither longer nor shorter: two of these lifetimes are never the same.
type Brand<'id> = PhantomData<fn(&'id ()) -> &'id ()>;

/// A connection while it is served: what goes out.
pub struct Channel<'id> {
    account: String,
    sender: Sender<ToAdapter>,
    outbox: Outbox,
    media: Media,
    registry: Arc<Registry>,
    brand: Brand<'id>,
}

/// The same connection: what comes in.
#[derive(Debug)]
pub struct Incoming<'id> {
    receiver: Receiver<ToGateway>,
    brand: Brand<'id>,
}

/// A session of this channel's account.
#[derive(Debug)]
pub struct Session<'id> {
    id: SessionId,
    brand: Brand<'id>,
}

/// Something of this channel's account that is to be sent.
#[derive(Debug)]
pub struct Draw<'id> {
    drawn: Drawn,
    brand: Brand<'id>,
}

/// The same, durable as attempted.
#[derive(Debug)]
pub struct Outbound<'id> {
    message: ToAdapter,
    brand: Brand<'id>,
}

/// What happens next on a channel.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and it is taken apart at once")]
pub enum Next<'id> {
    Message(ToGateway),
    Draw(Draw<'id>),
}

#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    #[error("its process hung up")]
    Closed,
    #[error(transparent)]
    Gateway(#[from] GatewayError),
}

impl From<Closed> for ChannelError {
    fn from(_: Closed) -> Self {
        Self::Closed
    }
}

/// Serves a connection for as long as `body` does. It is the only way to a [`Channel`].
pub async fn serve<T>(connection: Connection, body: impl for<'id> FnOnce(Channel<'id>, Incoming<'id>) -> BoxFuture<'id, T>) -> T {
    let Connection { account, sender, receiver, outbox, media, registry } = connection;
    outbox.connect();
    let channel = Channel { account, sender, outbox: outbox.clone(), media, registry: Arc::clone(&registry), brand: PhantomData };
    let result = body(channel, Incoming { receiver, brand: PhantomData }).await;
    // Whatever was handed out and not answered is in doubt from here on.
    let doubts = outbox.disconnect("the channel's process ended before it said whether this was delivered");
    if let Err(error) = record(&registry, doubts, true).await {
        tracing::error!(%error, "what is in doubt could not be recorded");
    }
    result
}

impl<'id> Incoming<'id> {
    /// The next message of the adapter, or the next thing to say. Dropping the future loses nothing.
    pub async fn next(&mut self, channel: &Channel<'id>) -> Result<Next<'id>, ChannelError> {
        tokio::select! {
            biased;
            message = self.receiver.next() => Ok(Next::Message(message?)),
            drawn = channel.outbox.next() => Ok(Next::Draw(Draw { drawn, brand: self.brand })),
        }
    }
}

impl<'id> Incoming<'id> {
    /// The next message of the adapter alone: nothing more is to be said.
    pub async fn message(&mut self) -> Result<ToGateway, ChannelError> {
        Ok(self.receiver.next().await?)
    }
}

impl<'id> Channel<'id> {
    pub fn account(&self) -> &str {
        &self.account
    }

    /// What was drawn, durable as attempted.
    pub async fn attempt(&self, draw: Draw<'id>) -> Result<Outbound<'id>, ChannelError> {
        let message = match draw.drawn {
            Drawn::Typing(typing) => ToAdapter::Typing(typing),
            Drawn::Outbound { outbound, record: attempt } => {
                if let Err(error) = record(&self.registry, attempt, false).await {
                    self.outbox.give_back(outbound.id);
                    return Err(error.into());
                }
                ToAdapter::Outbound(outbound)
            }
        };
        Ok(Outbound { message, brand: PhantomData })
    }

    /// Sends what was drawn from this very channel.
    pub fn send(&self, outbound: Outbound<'id>) -> Result<(), ChannelError> {
        let sent = self.sender.try_send(&outbound.message);
        if let (Err(_), ToAdapter::Outbound(unsent)) = (&sent, &outbound.message) {
            self.outbox.give_back(unsent.id);
        }
        Ok(sent?)
    }

    /// Whether the adapter has owed an outcome for so long that it never comes.
    pub fn is_forgotten(&self) -> bool {
        self.outbox.is_forgotten()
    }

    /// What became of something that was sent.
    pub async fn settle(&self, id: u64, outcome: Outcome) -> Result<(), ChannelError> {
        let settled = self.outbox.settle(id, outcome);
        Ok(record(&self.registry, settled, true).await?)
    }

    /// The files that this channel's account is asked for.
    pub(crate) fn transfers(&self) -> Transfers {
        Transfers::new(self.media.clone())
    }

    /// A text that belongs to no session, soon or not at all.
    pub fn notice(&self, conversation: &str, text: &str) {
        self.outbox.notice(conversation, text);
    }

    /// The one crossing from an id to a session: only where the session is of this account.
    pub async fn session(&self, id: SessionId) -> Result<Option<Session<'id>>, ChannelError> {
        let session = self.registry.read(move |reader| reader.session(id)).await?;
        Ok(session.filter(|session| session.place.account == self.account).map(|_| Session { id, brand: PhantomData }))
    }

    /// Answers whatever the adapter says that needs no more than an answer.
    pub fn answer(&self, message: &ToAdapter) -> Result<(), ChannelError> {
        match message {
            ToAdapter::Committed { .. } | ToAdapter::Beat | ToAdapter::Shutdown | ToAdapter::Medium { .. } => {
                Ok(self.sender.try_send(message)?)
            }
            // Those are drawn.
            ToAdapter::Outbound(_) | ToAdapter::Typing(_) => Err(ChannelError::Closed),
        }
    }
}

impl<'id> Session<'id> {
    pub fn id(&self) -> SessionId {
        let _: Brand<'id> = self.brand;
        self.id
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("account", &self.account).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Channel<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Channel").field("account", &self.account).finish_non_exhaustive()
    }
}

/// Records what there is to record. What is only told rides along with whatever is recorded next.
async fn record(registry: &Registry, records: impl IntoIterator<Item = Record>, rides_along: bool) -> Result<(), GatewayError> {
    for Record { session, event } in records {
        registry.record_outbound(session, event, rides_along).await?;
    }
    Ok(())
}
