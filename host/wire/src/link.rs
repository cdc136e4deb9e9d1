//! A stream as messages, once both sides have proved themselves. It is given its stream, and opens none.

use std::io;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::AsyncReadExt;
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
    let pipe = Arc::new(Pipe { writer, queued: Mutex::new(0) });
    let writer = tokio::spawn(write(Arc::clone(&pipe), queue));
    (Receiver { reader, frames, buffer: vec![0; READ_BYTES], kind: PhantomData }, Sender { pipe, outgoing, writer, kind: PhantomData })
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
    pipe: Arc<Pipe>,
    outgoing: mpsc::Sender<Vec<u8>>,
    writer: JoinHandle<()>,
    kind: PhantomData<fn(S)>,
}

/// Where frames go: at once where none waits and there is room, else by way of the queue. To wake a task that only writes
/// costs more than the write.
struct Pipe {
    writer: OwnedWriteHalf,
    /// Frames in the queue, or taken from it and not written yet. While there is one, every other waits behind it.
    queued: Mutex<usize>,
}

impl<S: Message> Sender<S> {
    /// Waits where the other side reads too slowly.
    pub async fn send(&self, message: &S) -> Result<(), Closed> {
        let frame = encoded(message)?;
        let room = self.outgoing.reserve().await.map_err(|_| Closed)?;
        self.pipe.pass(frame, |rest| room.send(rest))
    }

    /// Gives the other side up where it reads too slowly.
    pub fn try_send(&self, message: &S) -> Result<(), Closed> {
        let frame = encoded(message)?;
        let room = self.outgoing.try_reserve().map_err(|_| Closed)?;
        self.pipe.pass(frame, |rest| room.send(rest))
    }

    /// Writes what waits, for so long, and hangs up.
    pub async fn close(self, patience: Duration) {
        drop(self.outgoing);
        // Whoever does not read by then never does.
        tokio::time::timeout(patience, self.writer).await.ok();
    }
}

impl Pipe {
    fn queued(&self) -> MutexGuard<'_, usize> {
        self.queued.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a frame, or what the socket does not take of it to the queue.
    fn pass(&self, mut frame: Vec<u8>, queue: impl FnOnce(Vec<u8>)) -> Result<(), Closed> {
        let mut queued = self.queued();
        if *queued == 0 {
            match self.writer.try_write(&frame) {
                Ok(written) if written == frame.len() => return Ok(()),
                Ok(written) => drop(frame.drain(..written)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return Err(Closed),
            }
        }
        *queued += 1;
        queue(frame);
        Ok(())
    }

    async fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            self.writer.writable().await?;
            match self.writer.try_write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn encoded(message: &impl Message) -> Result<Vec<u8>, Closed> {
    let mut frame = Vec::new();
    message.encode_frame(&mut frame).map_err(|_| Closed)?;
    Ok(frame)
}

async fn write(pipe: Arc<Pipe>, mut queue: mpsc::Receiver<Vec<u8>>) {
    while let Some(mut bytes) = queue.recv().await {
        let mut frames = 1;
        while bytes.len() < BATCH_BYTES
            && let Ok(more) = queue.try_recv()
        {
            bytes.extend_from_slice(&more);
            frames += 1;
        }
        if pipe.write_all(&bytes).await.is_err() {
            return;
        }
        *pipe.queued() -= frames;
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
