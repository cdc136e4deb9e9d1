//! What a component written in Rust is made with: a plain trait for each world, and one line that exports it.
//!
//! | world | implement | and write |
//! | --- | --- | --- |
//! | `wirken:tool/tool` | [`tool::Tool`], once for each tool | `wirken_guest::tool!(One, Two);` |
//! | `wirken:provider/provider` | [`provider::Provider`] | `wirken_guest::provider!(Mine);` |
//! | `wirken:channel/channel` | [`channel::Channel`] | `wirken_guest::channel!(Mine);` |
//! | `wirken:policy/policy` | [`policy::Policy`] | `wirken_guest::policy!(Mine);` |
//!
//! Each is behind a feature of its world's name. The types are plain values, also on the machine that compiles, so that a
//! component is tested there with `cargo test` and no WebAssembly. What a tool asks of the host goes by a trait of
//! [`host`], for which [`host::fake`] has stand-ins.
//!
//! The feature `allocator`, which is there unless the default features are left out, sets the component's allocator: one with
//! an allocator of its own does without.
//!
//! A world is a module of three things: `bindings`, generated from `wit/`; a trait over its types; and `Component`, which
//! makes the one of the other. A new world is another such module and a macro of three lines.

mod panic;

#[cfg(feature = "channel")]
pub mod channel;
#[cfg(feature = "tool")]
pub mod host;
#[cfg(feature = "policy")]
pub mod policy;
#[cfg(feature = "provider")]
pub mod provider;
#[cfg(feature = "tool")]
pub mod tool;

pub use panic::{MESSAGE_BYTES, init};

/// It begins with the memory that the linker left free behind the data. To add a page costs the host two changes of the table of its
/// pages, and most instances need none.
#[cfg(all(feature = "allocator", target_arch = "wasm32"))]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;
