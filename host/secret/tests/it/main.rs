//! What holds for the crate as its users see it.

#[cfg(test)]
mod stream;
#[cfg(test)]
mod types;
