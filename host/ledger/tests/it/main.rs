//! The ledger as its callers use it: through the public interface, each test with a folder of its own.

#![cfg(test)]

mod append;
mod erase;
mod events;
mod read;
mod support;
mod tamper;
