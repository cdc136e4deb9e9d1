//! Children as an adapter is one, against the kernel that runs the tests.
//!
//! They start the example `sandbox-probe`, which cargo builds with them. What a user's processes may do to each other means
//! nothing as root: where that is who runs the tests, they become another user first.
#![cfg(target_os = "linux")]

#[cfg(test)]
mod confined;
#[cfg(test)]
mod containers;
#[cfg(test)]
mod parent;
#[cfg(test)]
mod space_ends;
#[cfg(test)]
mod space_holds;
#[cfg(test)]
mod space_limits;
#[cfg(test)]
mod space_stage;
#[cfg(test)]
mod spawned;
#[cfg(test)]
mod support;
