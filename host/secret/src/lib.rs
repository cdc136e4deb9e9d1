//! Secrets in memory, and the search for secrets where they must not be.
//!
//! [`Secret`] is the one type that holds the bytes of a credential: it is wiped on drop, and it can be neither printed,
//! compared, copied nor serialized, so that a leak in our own code does not compile. [`Scanner`] looks for secrets in
//! what others wrote: requests on their way out, answers on their way in, text on its way to a log.
//!
//! Nothing here performs I/O. Where secrets are stored is the vault's; where one may go is decided in egress.

mod encoding;
mod redact;
mod scanner;
mod secret;
mod stream;
mod text;

pub use redact::redact;
pub use scanner::{Leak, Scanner};
pub use secret::{MIN_SECRET_BYTES, Secret, SecretError};
pub use stream::ScanStream;
pub use text::ScanText;
