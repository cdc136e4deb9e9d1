//! What a request may do, as its caller decided it: where it may go, which origins the human named, which credentials
//! are bound to it. Everything in here was settled before the component ran; nothing in it comes from the request.

use std::sync::Arc;

use wirken_secret::Secret;
use wirken_types::credential::{Origin, OriginPattern, Place};

/// The authority of one request.
#[derive(Debug, Default)]
pub struct Authority {
    /// Who asks, as the human would name it in a command. For messages only.
    pub component: String,
    /// Where the request may go at all.
    pub origins: Vec<OriginPattern>,
    /// Origins that the human wrote down, in settings or on a command line. They widen nothing in `origins`; only they
    /// open this machine's own addresses and a private address written as such.
    pub own: Vec<Origin>,
    /// The manifest's credential bindings, each with what the vault holds for it.
    pub credentials: Vec<Binding>,
}

/// A credential that a manifest declares.
#[derive(Debug)]
pub struct Binding {
    /// The name by which requests ask for it.
    pub name: String,
    /// Where the manifest wants it to go, its settings filled in.
    pub manifest_origins: Vec<OriginPattern>,
    pub place: Place,
    /// A request may go without it where the vault holds none.
    pub optional: bool,
    pub record: Option<Held>,
}

/// What the vault holds for a binding. Its origins and places are the human's.
#[derive(Debug)]
pub struct Held {
    pub origins: Vec<OriginPattern>,
    pub places: Vec<Place>,
    pub secret: Arc<Secret>,
}
