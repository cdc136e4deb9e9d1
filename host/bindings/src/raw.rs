//! Generated from `wit/`: a module for each version of the packages, and in it one for each world.

pub(crate) mod v0_1;
