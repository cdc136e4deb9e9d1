//! Where a credential may go: to which origins, and at which place of a request.
//!
//! A person writes both into the vault's record; egress compares them with what a request names. The comparison is
//! made on parsed, normalised values and never on text, so that two spellings of one host cannot differ, and two hosts
//! cannot look alike. The secret itself is elsewhere, in wirken-secret.

mod origin;
mod place;
mod proxy;

pub use origin::{InvalidOrigin, Origin, OriginPattern, Wildcard};
pub use place::{HeaderName, InvalidPlace, PathPrefix, Place};
pub use proxy::{InvalidProxy, Proxy};
