//! Why the browser's surface cannot be opened, each with what to do.

use std::net::SocketAddr;

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    #[error(
        "WebChat does not listen on {address}: it is reached from this machine only; use 127.0.0.1 (or [::1]), and reach it from elsewhere by an SSH tunnel: ssh -L {port}:127.0.0.1:{port} THIS_MACHINE",
        port = address.port()
    )]
    NotLoopback { address: SocketAddr },
    #[error("could not listen on {address}: stop what uses this port, or choose another one")]
    Bind { address: SocketAddr, source: std::io::Error },
    #[error("the operating system gave no random bytes ({0}), so no log-in can be made; see to the machine's entropy source")]
    NoRandom(getrandom::Error),
}
