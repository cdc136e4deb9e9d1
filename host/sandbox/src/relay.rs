//! A child's diagnostics, on their way to this process's standard error stream.
//!
//! That stream is not handed to the child. It may be a terminal, and who holds one can read what is typed there, change its settings,
//! and steer it by what it writes.

use std::io::{self, PipeReader, Read, Write, pipe};
use std::os::fd::OwnedFd;

/// As much as a pipe takes in one piece.
const PIECE_BYTES: usize = 4096;

/// What one child may say in its life. More is read and dropped: a log is not to be filled by it.
const CHILD_BYTES: usize = 1024 * 1024;

/// What to give a child instead. A thread passes on what comes, until nobody can write any more.
pub(crate) fn to_our_stderr() -> io::Result<OwnedFd> {
    let (reader, writer) = pipe()?;
    std::thread::Builder::new().name("wirken-stderr".into()).spawn(move || pass_on(reader))?;
    Ok(writer.into())
}

fn pass_on(mut reader: PipeReader) {
    let mut piece = [0; PIECE_BYTES];
    let mut left = CHILD_BYTES;
    loop {
        match reader.read(&mut piece) {
            Ok(0) => return,
            // Where nobody takes it, it is read all the same: a child that complains must not stand still.
            Ok(length) => {
                let said = plain(piece.get(..length.min(left)).unwrap_or_default());
                left = left.saturating_sub(length);
                drop(io::stderr().lock().write_all(said.as_bytes()));
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

/// Without what a terminal would obey. A character that is cut in two by the end of a piece is lost.
fn plain(piece: &[u8]) -> String {
    let obeyed = |character: char| character.is_control() && !matches!(character, '\n' | '\t');
    String::from_utf8_lossy(piece)
        .chars()
        .map(|character| if obeyed(character) { char::REPLACEMENT_CHARACTER } else { character })
        .collect()
}
