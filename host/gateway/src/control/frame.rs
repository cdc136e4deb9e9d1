//! Frames and proofs, the same on both sides: a big-endian `u32` length and that many bytes.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use wirken_secret::Secret;
use zeroize::Zeroizing;

/// No frame is larger, and no command.
pub const MAX_FRAME_BYTES: usize = 1024 * 1024;

/// The value of a credential is not longer.
pub const MAX_VALUE_BYTES: usize = 64 * 1024;

/// An answer, or a piece of one, in all its frames: a model's response may have 8 MiB, and grows where JSON escapes it.
const MAX_REPLY_BYTES: usize = 64 * 1024 * 1024;

pub(crate) const NONCE_BYTES: usize = 32;
pub(crate) const KEY_BYTES: usize = 32;

pub(crate) type Nonce = [u8; NONCE_BYTES];
pub(crate) type Key = Zeroizing<[u8; KEY_BYTES]>;

/// Which side a proof is from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Role {
    Server,
    Client,
}

pub(crate) async fn write(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).ok().filter(|_| bytes.len() <= MAX_FRAME_BYTES);
    let length = length.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the message is larger than 1 MiB"))?;
    stream.write_all(&length.to_be_bytes()).await?;
    stream.write_all(bytes).await?;
    stream.flush().await
}

pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let length = stream.read_u32().await? as usize;
    if length > MAX_FRAME_BYTES {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a frame is larger than 1 MiB"));
    }
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

/// A frame that holds a secret. Its buffer is made once, at its length, and wiped when the secret is dropped.
pub(crate) async fn read_value(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Secret> {
    let length = stream.read_u32().await? as usize;
    if length > MAX_VALUE_BYTES {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the value is larger than 64 KiB"));
    }
    let mut bytes = Zeroizing::new(vec![0; length]);
    stream.read_exact(&mut bytes).await?;
    Ok(Secret::new(std::mem::take(&mut *bytes)))
}

/// An answer of any length: a frame that is full is followed by another.
pub(crate) async fn write_reply(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    if bytes.len() > MAX_REPLY_BYTES {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the answer is larger than 64 MiB"));
    }
    let full = bytes.chunks_exact(MAX_FRAME_BYTES);
    let rest = full.remainder();
    for part in full {
        write(stream, part).await?;
    }
    write(stream, rest).await
}

pub(crate) async fn read_reply(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        let part = read(stream).await?;
        let last = part.len() < MAX_FRAME_BYTES;
        bytes.extend(part);
        if bytes.len() > MAX_REPLY_BYTES {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "an answer is larger than 64 MiB"));
        }
        if last {
            return Ok(bytes);
        }
    }
}

pub(crate) fn nonce() -> io::Result<Nonce> {
    let mut nonce = [0; NONCE_BYTES];
    getrandom::fill(&mut nonce).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(nonce)
}

pub(crate) fn proof(key: &Key, role: Role, server: &Nonce, client: &Nonce) -> Hmac<Sha256> {
    // HMAC pads a key to its block of 64 bytes with zeros; done here, the constructor cannot fail.
    let mut block = Zeroizing::new([0; 64]);
    for (to, from) in block.iter_mut().zip(key.iter()) {
        *to = *from;
    }
    let mut mac = Hmac::<Sha256>::new(&(*block).into());
    let role: &[u8] = match role {
        Role::Server => b"wirken-control-1 server",
        Role::Client => b"wirken-control-1 client",
    };
    for part in [role, server, client] {
        mac.update(part);
    }
    mac
}

pub(crate) fn nonce_from(bytes: &[u8]) -> io::Result<Nonce> {
    bytes.try_into().map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "a nonce has the wrong length"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_of_any_length_comes_whole() {
        for length in [0, 1, MAX_FRAME_BYTES - 1, MAX_FRAME_BYTES, MAX_FRAME_BYTES + 1, 2 * MAX_FRAME_BYTES] {
            let bytes: Vec<u8> = (0..length).map(|index| index.to_le_bytes()[0]).collect();
            let mut wire = Vec::new();
            write_reply(&mut wire, &bytes).await.unwrap();
            assert!(read_reply(&mut &wire[..]).await.unwrap() == bytes, "{length}");
        }
    }

    #[tokio::test]
    async fn values_are_bounded_on_both_sides() {
        for (length, taken) in [(MAX_VALUE_BYTES, true), (MAX_VALUE_BYTES + 1, false)] {
            let mut wire = Vec::new();
            write(&mut wire, &vec![b'x'; length]).await.unwrap();
            assert_eq!(read_value(&mut &wire[..]).await.is_ok(), taken, "{length}");
        }
    }

    #[tokio::test]
    async fn answers_are_bounded_on_both_sides() {
        let longest = vec![b'x'; MAX_REPLY_BYTES];
        let mut wire = Vec::new();
        write_reply(&mut wire, &longest).await.unwrap();
        assert_eq!(read_reply(&mut &wire[..]).await.unwrap().len(), MAX_REPLY_BYTES);
        assert!(write_reply(&mut wire, &[&longest[..], b"x"].concat()).await.is_err());
        // The same from a side that does not keep to it: a byte where the empty last frame was.
        wire.truncate(wire.len() - 4);
        write(&mut wire, b"x").await.unwrap();
        assert!(read_reply(&mut &wire[..]).await.is_err());
    }
}
