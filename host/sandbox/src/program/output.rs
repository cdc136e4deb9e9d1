//! What a program writes, as it writes it: passed on at once, kept up to a bound, and dropped past it.

use tokio::sync::mpsc;

/// Some of what a program wrote, in its order. Whether a byte came before one of the other stream is not known exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Stdout(Vec<u8>),
    Stderr(Vec<u8>),
}

/// Passes on and keeps what comes. It holds no more than the bound of each stream, however much comes.
///
/// Pieces together are what is kept: what passes the bound is not passed on either. Nobody has to listen: a receiver that is
/// gone is no error. One that is there and slow holds up the program.
#[derive(Debug)]
pub struct Output {
    bound: usize,
    pieces: mpsc::Sender<Piece>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    pub(super) truncated: bool,
}

impl Output {
    /// For a program with this [`crate::program::Bounds::output`].
    #[must_use]
    pub fn new(bound: usize, pieces: mpsc::Sender<Piece>) -> Self {
        Self { bound, pieces, stdout: Vec::new(), stderr: Vec::new(), truncated: false }
    }

    pub async fn take(&mut self, piece: Piece) {
        let (kept, mut bytes, wrap): (_, _, fn(Vec<u8>) -> Piece) = match piece {
            Piece::Stdout(bytes) => (&mut self.stdout, bytes, Piece::Stdout),
            Piece::Stderr(bytes) => (&mut self.stderr, bytes, Piece::Stderr),
        };
        let room = self.bound.saturating_sub(kept.len());
        self.truncated |= bytes.len() > room;
        bytes.truncate(room);
        if !bytes.is_empty() {
            kept.extend_from_slice(&bytes);
            let _ = self.pieces.send(wrap(bytes)).await;
        }
    }

    /// What was kept, of a program that ended like this.
    #[must_use]
    pub fn ended(self, code: i32) -> super::Ended {
        super::Ended { code, stdout: self.stdout, stderr: self.stderr, truncated: self.truncated }
    }
}
