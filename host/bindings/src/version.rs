//! The versions of a world that this host links side by side.
//!
//! What a component exports is called through a trait over the host's own types, one for each world: [`ToolExports`] and
//! its like. A version is an implementation of it, with the conversion between its generated types and the host's, and a
//! line in the table of its world: [`ToolPre::VERSIONS`]. Nobody above sees which one a component is of.
//!
//! [`ToolExports`]: crate::ToolExports
//! [`ToolPre::VERSIONS`]: crate::ToolPre::VERSIONS

use std::pin::Pin;

use wasmtime::component::InstancePre;
use wasmtime::{Result, Store};
use wirken_engine::State;

/// A call into an instance.
pub type Called<'a, R> = Pin<Box<dyn Future<Output = Result<R>> + Send + 'a>>;

/// A component whose imports and exports fit one version of a world. `E` is what is called of its instances.
pub trait Link<T: 'static, E: ?Sized>: Send + Sync {
    fn instantiate<'a>(&'a self, store: &'a mut Store<State<T>>) -> Called<'a, Box<E>>;
}

/// One that is ready to be instantiated.
pub type Linked<T, E> = Box<dyn Link<T, E>>;

/// Fails where an export is missing, or of another shape.
pub type Linking<T, E> = fn(InstancePre<State<T>>) -> Result<Linked<T, E>>;

/// One version of a world.
pub struct Version<T: 'static, E: ?Sized + 'static> {
    /// As a manifest names it.
    pub world: &'static str,
    /// What a component of it exports.
    pub exports: &'static str,
    /// The interfaces whose types it is made of.
    pub types: &'static [&'static str],
    pub link: Linking<T, E>,
}

impl<T, E: ?Sized> Clone for Version<T, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, E: ?Sized> Copy for Version<T, E> {}

impl<T, E: ?Sized> std::fmt::Debug for Version<T, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Version").field("world", &self.world).finish_non_exhaustive()
    }
}

/// The version whose world a manifest names, of those that are offered.
pub fn offered<'v, T, E: ?Sized>(versions: &'v [Version<T, E>], world: &str) -> Option<&'v Version<T, E>> {
    versions.iter().find(|version| version.world == world)
}
