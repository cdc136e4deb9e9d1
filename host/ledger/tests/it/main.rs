//! The ledger as its callers use it: through the public interface, each test with a folder of its own.

mod append;
mod read;
mod support;
