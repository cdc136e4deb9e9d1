//! The port through which a body's blob segments become bytes. The store is elsewhere; here is only who refuses.

use std::fmt::Debug;

use bytes::Bytes;
use futures_util::future::BoxFuture;

/// Reads blobs by their id.
pub trait Blobs: Debug + Send + Sync + 'static {
    /// The bytes of a blob that the sender of the request may read, or the reason why there are none.
    fn read(&self, id: &str) -> BoxFuture<'static, Result<Bytes, String>>;
}

/// There are no blobs.
#[derive(Clone, Copy, Debug, Default)]
pub struct DenyBlobs;

impl Blobs for DenyBlobs {
    fn read(&self, _id: &str) -> BoxFuture<'static, Result<Bytes, String>> {
        Box::pin(std::future::ready(Err("bodies made of blobs are not available here: send the bytes themselves".to_owned())))
    }
}
