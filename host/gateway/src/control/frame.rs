//! Frames and proofs, the same on both sides: a big-endian `u32` length and that many bytes.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use zeroize::Zeroizing;

/// No command or answer is larger.
pub(crate) const MAX_FRAME_BYTES: usize = 1024 * 1024;

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
