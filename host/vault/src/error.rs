//! What can go wrong with a vault, and what the person can do then.

use std::io;
use std::path::PathBuf;

use wirken_secret::SecretError;

#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error("there is no vault in {}: create one first", dir.display())]
    Missing { dir: PathBuf },
    #[error("there is a vault in {} already: open it, or move the folder away to begin anew", dir.display())]
    AlreadyExists { dir: PathBuf },
    #[error("{} holds both `key` and `key.age`: keep the one that belongs to the records, and move the other out of the folder", dir.display())]
    TwoKeys { dir: PathBuf },
    #[error(
        "{} holds records but no key, and only their own key can read them: put `key` or `key.age` back from a backup, or move `records.json` away to begin anew",
        dir.display()
    )]
    KeyLost { dir: PathBuf },

    #[error("the passphrase is empty: choose one that cannot be guessed, or choose a key file knowingly")]
    EmptyPassphrase,
    #[error("the passphrase is not valid UTF-8 text: type it instead of piping it from a file of another encoding")]
    PassphraseNotText,
    #[error("the passphrase does not open the vault: try again; nothing was changed")]
    WrongPassphrase,
    #[error("the vault is locked with a passphrase: give it to open the vault")]
    PassphraseNeeded,
    #[error("the vault has a key file and no passphrase: open it without one")]
    PassphraseUnused,
    #[error(
        "{} asks for 2^{work_factor} rounds of scrypt, and more than 2^{} could exhaust this machine: put the file back from a backup, because wirken did not write this one",
        path.display(),
        crate::key::MAX_WORK_FACTOR
    )]
    ExcessiveWork { path: PathBuf, work_factor: u8 },
    #[error("the key in {} is not the one of its records: put the key and `records.json` back from the same backup", dir.display())]
    WrongKey { dir: PathBuf },

    #[error("others can access {} (mode {mode:04o}): run `chmod {wanted:04o}` on it, and replace the credentials if others used this machine meanwhile", path.display())]
    Unprotected { path: PathBuf, mode: u32, wanted: u32 },
    #[error("{} belongs to user {owner}, and wirken runs as user {me}: run wirken as its owner, or give the file to user {me} with `chown`", path.display())]
    ForeignOwner { path: PathBuf, owner: u32, me: u32 },
    #[error("{} is damaged ({what}): put it back from a backup", path.display())]
    Damaged { path: PathBuf, what: &'static str },
    #[error("{} has version {version}, which this wirken does not know: use the newer wirken that wrote it", path.display())]
    UnknownVersion { path: PathBuf, version: u64 },

    #[error(
        "the record {component}/{name} was changed outside of wirken and cannot be read: check its origins with care, and add the credential again"
    )]
    RecordChanged { component: String, name: String },
    #[error(
        "the record {component}/{name} names a place that this wirken does not know: use the newer wirken that wrote it, or add the credential again"
    )]
    RecordUnknownPlace { component: String, name: String },
    #[error(
        "what is kept of {purpose} was changed outside of wirken, or belongs to another vault, and cannot be read: put the vault and the data folder back from the same backup, or remove it and begin anew"
    )]
    SealedChanged { purpose: String },
    #[error("{text:?} cannot name a record: use 1 to {} printable ASCII characters without spaces", crate::record::MAX_NAME_BYTES)]
    InvalidName { text: String },
    #[error("{component}/{name} has this very value already: ask the service for a new one, and give that")]
    SameSecret { component: String, name: String },
    #[error(transparent)]
    Secret(#[from] SecretError),

    #[error("cannot {action} {}: check that the disk has space and that the folder belongs to you", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    #[error("the system gave no random bytes: restart the machine, or report its kernel version if this stays")]
    Random(#[source] getrandom::Error),
    #[error("the vault could not encrypt: report this as a fault in wirken")]
    Encrypt,
}
