//! The least that any host of Wasmtime does for one call, with the engine's own settings: a store, an instance of what was
//! linked before, the call, and their end. No deadline, no bounds on what is handed over, no thread.

use anyhow::{Context, Result, anyhow};
use wasmtime::component::{
    Component, ComponentExportIndex, ComponentNamedList, ComponentType, Instance, InstancePre, Lift, Linker, Lower, TypedFunc,
};
use wasmtime::{Engine, Store};

const FUEL: u64 = 1_000_000_000;
/// In ticks of a clock that hardly runs here.
const EPOCHS: u64 = 1_000_000;

/// A function of a component, ready to be called in a fresh instance each time.
pub(super) struct Bare {
    engine: Engine,
    pre: InstancePre<()>,
    function: ComponentExportIndex,
}

impl Bare {
    pub(super) fn new(component: &Component, interface: &str, function: &str) -> Result<Self> {
        let engine = component.engine().clone();
        let pre = Linker::new(&engine).instantiate_pre(component).map_err(flat)?;
        let missing = || format!("no {function} in {interface}");
        let interface = component.get_export_index(None, interface).with_context(missing)?;
        let function = component.get_export_index(Some(&interface), function).with_context(missing)?;
        Ok(Self { engine, pre, function })
    }

    pub(super) fn call<P, R>(&self, arguments: P) -> Result<R>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift,
    {
        let (mut store, instance) = self.instantiate()?;
        let function: TypedFunc<P, R> = instance.get_typed_func(&mut store, self.function).map_err(flat)?;
        function.call(&mut store, arguments).map_err(flat)
    }

    /// An instance that is asked nothing.
    pub(super) fn instance(&self) -> Result<()> {
        self.instantiate().map(drop)
    }

    fn instantiate(&self) -> Result<(Store<()>, Instance)> {
        let mut store = Store::new(&self.engine, ());
        store.set_fuel(FUEL).map_err(flat)?;
        store.set_epoch_deadline(EPOCHS);
        let instance = self.pre.instantiate(&mut store).map_err(flat)?;
        Ok((store, instance))
    }
}

fn flat(error: wasmtime::Error) -> anyhow::Error {
    anyhow!("{error:#}")
}

/// What `wirken:tool/tools.call` returns.
pub(super) type Answer = Result<Vec<Part>, Failure>;

#[derive(Clone, Debug, ComponentType, Lift)]
#[component(variant)]
#[expect(dead_code, reason = "all cases have to be here for the types to be the same")]
pub(super) enum Part {
    #[component(name = "text")]
    Text(String),
    #[component(name = "blob")]
    Blob(Blob),
    #[component(name = "other")]
    Other((String, String)),
}

#[derive(Clone, Debug, ComponentType, Lift)]
#[component(record)]
#[expect(dead_code, reason = "as above")]
pub(super) struct Blob {
    id: String,
    #[component(name = "media-type")]
    media_type: String,
    name: Option<String>,
    size: u64,
}

#[derive(Clone, Debug, ComponentType, Lift)]
#[component(variant)]
#[expect(dead_code, reason = "as above")]
pub(super) enum Failure {
    #[component(name = "invalid-arguments")]
    InvalidArguments(String),
    #[component(name = "denied")]
    Denied(String),
    #[component(name = "failed")]
    Failed(String),
    #[component(name = "other")]
    Other((String, String)),
}

/// Of the example `geometry-rust`.
#[derive(Clone, Copy, Debug, ComponentType, Lift, Lower)]
#[component(record)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}
