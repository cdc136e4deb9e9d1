//! The credential vault: which secrets exist, and to which origins and places of a request each may go.
//!
//! One folder, mode 0700, holds all of it in files of mode 0600:
//!
//! * `key.age`, the vault's key under a passphrase, or `key`, the key itself, when the person chose to start without
//!   a passphrase. Exactly one of the two exists; it is written last, so that a vault exists when a key does.
//! * `records.json`, a check value of the key, and the records. In each only the secret is encrypted
//!   (XChaCha20-Poly1305); all that stands beside it is authenticated with it. Whoever edits a record's origins to
//!   send the key elsewhere makes that record unreadable, and no other.
//!
//! What this does not protect against: whoever can write to the folder can remove a record, or put back an older copy
//! of one or of the whole file, unnoticed. And the file shows which credentials exist, their origins and lengths.
//!
//! The caller holds the data folder's exclusive lock for as long as a [`Vault`] lives. The records are read once, at
//! opening, and written whole: of two writers without the lock, one would undo the other's changes.
//!
//! A [`Sealer`] encrypts what lies outside of this folder, with a key that is derived from the vault's for one purpose.
//!
//! Where a credential meets a request is egress; what asks the person for a passphrase is the command line.

mod error;
mod files;
mod key;
mod record;
mod rotation;
mod sealer;
mod vault;

pub use error::VaultError;
pub use key::{KeyKind, KeySource};
pub use rotation::{Age, ROTATE_AFTER_DAYS, Rotation, WARN_DAYS};
pub use sealer::Sealer;
pub use vault::{Added, Credential, NewRecord, RecordInfo, Vault};
