//! What a tool may be granted beyond the standard WASI interfaces: the traits that capabilities implement, and the
//! functions that link them.

pub use crate::raw::v0_1::host::wirken::host::{credentials, exec, log, messages, settings, store, types};
