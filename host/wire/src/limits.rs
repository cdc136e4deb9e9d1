//! How much one message may hold, in bytes where nothing else is said. A platform's stranger, a component and a model
//! choose what is in it.

use std::time::Duration;

/// A frame after the handshake, without its length.
pub const MAX_FRAME_BYTES: usize = 16 * 1024 * 1024;

/// A frame before the peer is known.
pub const MAX_HANDSHAKE_BYTES: usize = 4 * 1024;

/// What a child is started with.
pub const MAX_BOOT_BYTES: usize = 4 * 1024 * 1024;

/// Entries of any list.
pub const MAX_LIST: usize = 4096;

/// An id or a key.
pub const MAX_ID_BYTES: usize = wirken_types::channel::MAX_ID_BYTES;

/// A word of a fixed vocabulary: a kind, a level, a style, a media type.
pub const MAX_WORD_BYTES: usize = 256;

/// A name, a title, a label, a medium's token.
pub const MAX_NAME_BYTES: usize = 4 * 1024;

/// A sentence for the operator: a reason, a line of the log, a failure.
pub const MAX_REASON_BYTES: usize = 16 * 1024;

/// What somebody said, and what else is known of it.
pub const MAX_TEXT_BYTES: usize = 400_000;

/// What is said to somebody: a model's whole answer, a prompt's literal.
pub const MAX_DRAFT_BYTES: usize = 4 * 1024 * 1024;

/// One value of a component's state.
pub const MAX_STATE_BYTES: usize = 64 * 1024;

/// An event that is kept for the operator.
pub const MAX_SKIPPED_BYTES: usize = 64 * 1024;

/// Pieces of state of one account, and all of them together: a start is given them in one frame.
pub const MAX_STATES: usize = 256;
pub const MAX_STATES_BYTES: usize = 4 * 1024 * 1024;

/// Ids of the messages that show one outbound.
pub const MAX_SHOWN: usize = 128;

/// Commits that may be unanswered: past it, the adapter tells its component nothing new, and the gateway listens no more.
pub const MAX_COMMITS: usize = 4;

/// A file that came with a message.
pub const MAX_MEDIUM_BYTES: usize = wirken_types::media::MAX_BYTES as usize;

/// A piece of one; and what each but the last has at least, so that credit bounds their number too.
pub const MAX_PIECE_BYTES: usize = 1024 * 1024;
pub const MIN_PIECE_BYTES: usize = 64 * 1024;

/// What of one may come before any of it was put away.
pub const MEDIUM_WINDOW: u32 = 4 * 1024 * 1024;

/// Files of one account that may come at once.
pub const MAX_MEDIA: usize = 2;

/// How often each side says that it is alive, and after what silence the other is taken for dead.
pub const BEAT: Duration = Duration::from_secs(10);
pub const SILENCE: Duration = Duration::from_secs(35);

/// A component's manifest, and its settings.
pub const MAX_DOCUMENT_BYTES: usize = 256 * 1024;

/// One secret.
pub const MAX_SECRET_BYTES: usize = 64 * 1024;

/// One certificate of the owner's own authorities.
pub const MAX_ROOT_BYTES: usize = 64 * 1024;

/// Structs within structs and lists. The schema has no recursion, and needs fewer than ten.
pub(crate) const MAX_NESTING: i32 = 16;
