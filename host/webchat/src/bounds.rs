//! Every bound of the browser's surface, named once.

use std::time::Duration;

/// How long a log-in token is good for.
pub const LOGIN_LIFETIME: Duration = Duration::from_secs(10 * 60);
/// Tokens that wait to be used; issuing one more drops the oldest.
pub const PENDING_LOGINS: usize = 16;

/// Browsers that are logged in at once; one more logs out the one that was idle longest.
pub const BROWSERS: usize = 16;
/// A browser that was idle for longer has to log in again. All of them have to when the gateway restarts.
pub const BROWSER_IDLE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The body of a request.
pub const BODY_BYTES: usize = 256 * 1024;
/// Unicode characters of one message.
pub const MESSAGE_CHARS: usize = 100_000;
/// A frame from the page. Any message within [`MESSAGE_CHARS`] fits, so that one past it is answered, not cut off.
pub const FRAME_BYTES: usize = 1024 * 1024;
/// Open sockets, of all browsers together.
pub const SOCKETS: usize = 32;
/// TCP connections, sockets among them. Any user of the machine can open one; past this they wait to be accepted, so
/// that they cannot use up the files that the gateway may open.
pub const CONNECTIONS: usize = 256;
/// How long a connection may last on which no logged-in browser has shown itself, whatever comes on it.
pub const STRANGER: Duration = Duration::from_secs(10);
/// How long nothing may come on a browser's connection. A socket's pings are answered more often.
pub const CONNECTION_IDLE: Duration = Duration::from_secs(120);
/// A socket is pinged this often,
pub const PING_EVERY: Duration = Duration::from_secs(30);
/// and given up when nothing came from it for so long,
pub const SILENCE: Duration = Duration::from_secs(90);
/// or when a frame could not be written for so long.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// Refusals that are recorded within [`REFUSALS_WITHIN`]: anybody on this machine can be refused as often as he likes.
pub const REFUSALS_RECORDED: usize = 10;
pub const REFUSALS_WITHIN: Duration = Duration::from_secs(10 * 60);
/// How long requests and sockets may take to end once the server is told to stop.
pub const SHUTDOWN: Duration = Duration::from_secs(3);

/// Chats in the list: the most recently used.
pub const LISTED_SESSIONS: usize = 500;
/// Open questions in the list: those that were asked first, which make room as they are answered.
pub const LISTED_APPROVALS: usize = 50;
/// Rights in the list: those that were given last.
pub const LISTED_GRANTS: usize = 500;
/// While a page is open, the questions and rights of sessions that it does not watch are looked at this often.
pub const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Frames that are written before one flush.
pub const FRAMES_PER_FLUSH: usize = 256;

/// Markdown past any of these is shown as plain text: bytes of the source,
pub const MARKDOWN_BYTES: usize = 128 * 1024;
/// elements and texts in the tree,
pub const MARKDOWN_NODES: usize = 20_000;
/// and elements within elements.
pub const MARKDOWN_DEPTH: usize = 24;
