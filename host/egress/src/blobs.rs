//! The port through which a body's blob segments become bytes. The store is elsewhere; here is only who refuses.

use std::fmt::Debug;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

/// The bytes of a blob as they are read. An error says that it is not what its id says.
pub type Pieces = BoxStream<'static, Result<Bytes, String>>;

/// Reads blobs by their id, which stands for their bytes: each time that one is opened it is the same.
pub trait Blobs: Debug + Send + Sync + 'static {
    /// A blob that the sender of the request may read, or the reason why there is none.
    fn open(&self, id: &str) -> BoxFuture<'static, Result<Pieces, String>>;
}

/// There are no blobs.
#[derive(Clone, Copy, Debug, Default)]
pub struct DenyBlobs;

impl Blobs for DenyBlobs {
    fn open(&self, _id: &str) -> BoxFuture<'static, Result<Pieces, String>> {
        Box::pin(std::future::ready(Err("bodies made of blobs are not available here: send the bytes themselves".to_owned())))
    }
}
