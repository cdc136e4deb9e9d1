//! The ledger as its callers use it: through the public interface, each test with a folder of its own.

#![cfg(test)]

mod append;
mod approval;
mod child;
mod crash;
mod erase;
mod events;
mod grant;
mod group;
mod history;
mod outbox;
mod pairing;
mod prompt;
mod read;
mod state;
mod stop;
mod support;
mod tamper;
