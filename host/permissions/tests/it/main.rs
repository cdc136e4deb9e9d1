//! The whole way of a call through this crate: what it does, whether it may, and what is remembered of it.

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod decided;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod support;
