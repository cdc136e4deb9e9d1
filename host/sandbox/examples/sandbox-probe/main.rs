//! What the tests of this crate start: one program in many roles, the first argument says which. Most are one attack or one
//! honest use, tried in a process of its own, with and without [`wirken_sandbox::harden`].
//!
//! A role that is a child answers on descriptor 3.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "what surprises a test's program ends it"
)]
#![cfg_attr(not(target_os = "linux"), allow(dead_code, unused_imports, reason = "nothing is confined elsewhere"))]

#[cfg(target_os = "linux")]
mod attacks;
#[cfg(target_os = "linux")]
mod lead;
#[cfg(target_os = "linux")]
mod looks;
#[cfg(target_os = "linux")]
mod raw;
#[cfg(target_os = "linux")]
mod scene;
#[cfg(target_os = "linux")]
mod space;
#[cfg(target_os = "linux")]
mod tries;
#[cfg(target_os = "linux")]
mod uses;

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rest = &arguments[1..];
    match arguments[0].as_str() {
        // Started by the tests, as the user that they chose.
        "lead" => lead::attacks(rest),
        "lead-uses" => lead::uses(rest),
        "lead-looking-in" => lead::looking_in(),
        "unrunnable" => lead::unrunnable(),
        "relayed" => lead::relayed(),
        "guardian" => lead::guardian(rest),
        // Started by those, and by the tests, with `wirken_sandbox::spawn`.
        "attack" => attacks::child(rest),
        "use" => uses::child(rest),
        "victim" => looks::victim(rest),
        "look" => looks::look(),
        "sleep" => looks::sleep(rest),
        "tied" => looks::tied(rest),
        "with-threads" => looks::with_threads(),
        "misled" => looks::misled(),
        "hardened" => looks::hardened(),
        "complain" => looks::complain(),
        // Started by the tests, as the gateway, and by that as its helper.
        "space-once" => space::once(rest),
        "space-many" => space::many(rest),
        "space-cancel" => space::cancel(rest),
        "space-describe" => space::describe(),
        "space-without" => space::without(rest),
        "space" => space::helper(rest),
        // Started by those as the program, and by the tests outside of the sandbox.
        "tries" => tries::all(rest),
        "try" => tries::one(rest),
        "who" => tries::who(),
        "eat" => tries::eat(rest),
        "pairs" => tries::pairs(rest),
        "bomb" => tries::bomb(),
        "rage" => tries::rage(),
        "pair" => tries::pair(),
        // What an attack starts where it can.
        "started" => std::process::exit(lead::STARTED),
        other => panic!("no role {other}"),
    }
}
