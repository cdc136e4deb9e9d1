//! What every component of a kind has to do, tried on the built component in the engine, under the limits of its manifest: what
//! `wirken component test` does after the component's own tests.
//!
//! It is driven by recorded traffic: for a provider the requests and responses of its API, for a channel sessions with its
//! platform, for a tool calls. What is recorded must happen; then the same is played in pieces, cut off, damaged, repeated and
//! refused, and what must not happen is looked for. Nothing here reaches a network, a file of the owner's or a person.
//!
//! `docs/authors.md` describes the recordings and lists the rules; a rule that a component breaks is told with what to do.

mod channel;
mod damage;
mod matching;
mod policy;
mod provider;
mod report;
mod tool;
mod traffic;

use wirken_engine::Engine;
use wirken_plugin::{Kind, Package};

pub use report::{Check, Report, Rule};
pub use traffic::{Error, Traffic};

/// Tries everything that a component of its kind has to do.
pub async fn conform(engine: &Engine, package: &Package, traffic: &Traffic) -> Report {
    let mut report = Report::default();
    match package.manifest.kind {
        Kind::Provider => provider::conform(engine, package.clone(), traffic, &mut report).await,
        Kind::Channel => channel::conform(engine, package.clone(), traffic, &mut report).await,
        Kind::Tool => tool::conform(engine, package, traffic, &mut report).await,
        Kind::Policy => policy::conform(engine, package.clone(), &mut report).await,
    }
    report
}
