//! The whole way from a component's bytes to the values of a call and back.

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod refused;
#[cfg(test)]
mod seeds;
#[cfg(test)]
mod support;
#[cfg(test)]
mod types;
