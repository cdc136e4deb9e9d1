//! The binary as its users meet it.

mod commands;
mod kill;
mod support;
