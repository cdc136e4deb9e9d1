//! The components that the binary brings along, embedded when it is built.

/// A bundled component.
#[derive(Clone, Copy, Debug)]
pub struct Bundled {
    /// `component.toml`.
    pub manifest: &'static str,
    pub wasm: &'static [u8],
}

/// All of them, in the order of their names.
pub const ALL: &[Bundled] = include!(concat!(env!("OUT_DIR"), "/bundled.rs"));
