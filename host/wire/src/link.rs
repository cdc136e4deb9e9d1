//! A stream as messages, once both sides have proved themselves. It is given its stream, and opens none.

use std::marker::PhantomData;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::error::WireError;
use crate::{Frames, ToAdapter, ToGateway};

/// Messages that wait to be written.
pub const QUEUE: usize = 1024;
/// What is written at once where several messages wait, in bytes.
const BATCH_BYTES: usize = 256 * 1024;
/// Read at once.
const READ_BYTES: usize = 64 * 1024;

/// The other side is gone, does not read, or says what cannot be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed;

/// One side's messages.
pub trait Message: Sized + Send + 'static {
    /// A whole frame, its length included.
    fn encode_frame(&self, out: &mut Vec<u8>) -> Result<(), WireError>;
    fn decode(bytes: &[u8]) -> Result<Self, WireError>;
}

/// The two directions of a stream; `frames` holds what came after the handshake already.
pub fn split<R: Message, S: Message>(stream: UnixStream, mut frames: Frames) -> (Receiver<R>, Sender<S>) {
    frames.authenticated();
    let (reader, writer) = stream.into_split();
    let (outgoing, queue) = mpsc::channel(QUEUE);
    let writer = tokio::spawn(write(writer, queue));
    (Receiver { reader, frames, buffer: vec![0; READ_BYTES], kind: PhantomData }, Sender { outgoing, writer, kind: PhantomData })
}

/// What the other side says.
pub struct Receiver<R> {
    reader: OwnedReadHalf,
    frames: Frames,
    buffer: Vec<u8>,
    kind: PhantomData<fn() -> R>,
}

impl<R: Message> Receiver<R> {
    /// The next message. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Result<R, Closed> {
        loop {
            if let Some(frame) = self.frames.next_frame().map_err(|_| Closed)? {
                return R::decode(frame).map_err(|_| Closed);
            }
            let count = self.reader.read(&mut self.buffer).await.map_err(|_| Closed)?;
            let bytes = self.buffer.get(..count).filter(|bytes| !bytes.is_empty()).ok_or(Closed)?;
            self.frames.push(bytes);
        }
    }
}

/// What this side says.
pub struct Sender<S> {
    outgoing: mpsc::Sender<Vec<u8>>,
    writer: JoinHandle<()>,
    kind: PhantomData<fn(S)>,
}

impl<S: Message> Sender<S> {
    /// Waits where the other side reads too slowly.
    pub async fn send(&self, message: &S) -> Result<(), Closed> {
        self.outgoing.send(encoded(message)?).await.map_err(|_| Closed)
    }

    /// Gives the other side up where it reads too slowly.
    pub fn try_send(&self, message: &S) -> Result<(), Closed> {
        self.outgoing.try_send(encoded(message)?).map_err(|_| Closed)
    }

    /// Writes what waits, for so long, and hangs up.
    pub async fn close(self, patience: Duration) {
        drop(self.outgoing);
        // Whoever does not read by then never does.
        tokio::time::timeout(patience, self.writer).await.ok();
    }
}

fn encoded(message: &impl Message) -> Result<Vec<u8>, Closed> {
    let mut frame = Vec::new();
    message.encode_frame(&mut frame).map_err(|_| Closed)?;
    Ok(frame)
}

async fn write(mut writer: OwnedWriteHalf, mut queue: mpsc::Receiver<Vec<u8>>) {
    while let Some(mut bytes) = queue.recv().await {
        while bytes.len() < BATCH_BYTES
            && let Ok(more) = queue.try_recv()
        {
            bytes.extend_from_slice(&more);
        }
        if writer.write_all(&bytes).await.is_err() {
            return;
        }
    }
}

impl Message for ToGateway {
    fn encode_frame(&self, out: &mut Vec<u8>) -> Result<(), WireError> {
        self.encode_frame(out)
    }

    fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        Self::decode(bytes)
    }
}

impl Message for ToAdapter {
    fn encode_frame(&self, out: &mut Vec<u8>) -> Result<(), WireError> {
        self.encode_frame(out)
    }

    fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        Self::decode(bytes)
    }
}

impl<R> std::fmt::Debug for Receiver<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}

impl<S> std::fmt::Debug for Sender<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}
