//! What guests share: the report that a panic leaves for the host, and the lines of an event stream.
//!
//! Deliberately tiny and without an import: a component holds only what its world grants, so nothing here may reach
//! for a clock, a log or an allocator of its own. Bindings stay in each guest, beside the world that it implements.

pub mod report;
pub mod sse;

pub use report::enter;
