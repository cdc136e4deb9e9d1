//! The one client: every HTTP request that leaves the process goes through [`Egress::send`].
//!
//! A request arrives as a component described it, and nothing in it is trusted. Its [`Authority`] says what the caller
//! decided beforehand. Between the two, in this order: the component's bytes are searched for secrets (`leak`), the
//! destination is judged by its URL (`destination`), credentials are placed where three sources agree (`place`, `path`), the
//! name is resolved and its addresses judged (`resolve`, `guard`), the connection is made (`transport`) or asked of the
//! owner's proxy (`proxy`), and the answer comes back bounded, timed and searched (`response`).
//!
//! Elsewhere: which component may send at all, and what is recorded of it (the caller); where secrets live (the vault).

mod authority;
mod blobs;
mod body;
mod client;
mod data;
mod destination;
mod error;
mod guard;
mod leak;
mod path;
mod place;
mod proxy;
mod request;
mod resolve;
mod response;
mod roots;
mod transport;

pub use authority::{Authority, Binding, Held};
pub use blobs::{Blobs, DenyBlobs, Pieces};
pub use client::{Egress, Limits, Options};
pub use data::PACE_MAX_MILLIS;
pub use error::{Direction, Error};
pub use guard::{Address, classify};
pub use place::decide as decide_placement;
pub use proxy::ProxyOptions;
pub use request::{HEADERS_MAX_BYTES, URL_MAX_BYTES, is_reserved};
pub use resolve::{DenyResolve, Dns, Resolve};
pub use response::Response;
pub use roots::{CA_FILE_MAX_BYTES, InvalidRoots, roots};
