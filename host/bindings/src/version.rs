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

use crate::{ChannelPre, PolicyPre, ProviderPre, ToolPre};

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

/// The newest version of a package, and the one before it: more are not linked side by side.
const SIDE_BY_SIDE: usize = 2;

/// Whether so many versions of a package may be linked.
pub const fn fit_side_by_side(versions: usize) -> bool {
    1 <= versions && versions <= SIDE_BY_SIDE
}

// A table with one version more does not compile: whoever adds one takes the oldest out.
const _: () = {
    assert!(fit_side_by_side(ToolPre::<()>::VERSIONS.len()), "wirken:tool has more versions than are linked side by side");
    assert!(fit_side_by_side(ProviderPre::<()>::VERSIONS.len()), "wirken:provider has more versions than are linked side by side");
    assert!(fit_side_by_side(ChannelPre::VERSIONS.len()), "wirken:channel has more versions than are linked side by side");
    assert!(fit_side_by_side(PolicyPre::<()>::VERSIONS.len()), "wirken:policy has more versions than are linked side by side");
};

/// The version whose world a manifest names, of those that are offered.
pub fn offered<'v, T, E: ?Sized>(versions: &'v [Version<T, E>], world: &str) -> Option<&'v Version<T, E>> {
    versions.iter().find(|version| version.world == world)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_and_the_one_before_it_are_linked_and_no_third() {
        assert_eq!([0, 1, 2, 3].map(fit_side_by_side), [false, true, true, false]);
    }

    /// Newest first, each once, and what one exports is of the version of its world.
    fn ordered<T, E: ?Sized>(versions: &[Version<T, E>]) {
        let number = |name: &str| -> Vec<u64> {
            let (_, version) = name.split_once('@').unwrap();
            version.split('.').map(|part| part.parse().unwrap()).collect()
        };
        assert!(versions.is_sorted_by(|newer, older| number(newer.world) > number(older.world)), "{versions:?}");
        for version in versions {
            assert_eq!(number(version.world), number(version.exports), "{version:?}");
        }
    }

    #[test]
    fn each_table_is_in_the_order_of_its_versions() {
        ordered(ToolPre::<()>::VERSIONS);
        ordered(ProviderPre::<()>::VERSIONS);
        ordered(ChannelPre::VERSIONS);
        ordered(PolicyPre::<()>::VERSIONS);
    }
}
