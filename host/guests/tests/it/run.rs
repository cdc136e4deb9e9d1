//! Builds the guests once, and instantiates them with as little as they ask for.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use wasmtime::component::{HasData, Linker, ResourceTable};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemCtxView};
use wasmtime_wasi::p2::bindings::filesystem::{preopens, types};
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder};
use wirken_bindings::host::types::Error;
use wirken_bindings::host::{credentials, exec, log, messages, store};
use wirken_bindings::{Provider, ProviderPre, Tool, ToolPre};
use wirken_engine::{Engine, Limits, Options, State, Wasm};

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What the builder printed.
#[expect(clippy::disallowed_methods, reason = "the program under test")]
pub(crate) fn build() -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_wirken-guests")).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A component's bytes.
pub(crate) fn component(path: &str) -> Vec<u8> {
    static BUILT: OnceLock<String> = OnceLock::new();
    BUILT.get_or_init(build);
    std::fs::read(root().join("components/dist").join(path).join("component.wasm")).unwrap()
}

/// What a tool works on in these tests: a folder, maybe, and refusals.
pub(crate) struct Host {
    table: ResourceTable,
    wasi: WasiCtx,
}

pub(crate) async fn tool(path: &str, workspace: Option<(&Path, FsPerms)>, limits: &Limits) -> Tool<Host> {
    let engine = Engine::new(&Options::default()).unwrap();
    let (code, _) = engine.load(&Wasm::of(component(path))).unwrap();
    let mut linker: Linker<State<Host>> = Linker::new(engine.wasmtime());
    types::add_to_linker::<_, WasiFilesystem>(&mut linker, view).unwrap();
    preopens::add_to_linker::<_, WasiFilesystem>(&mut linker, view).unwrap();
    exec::add_to_linker::<_, Refuse>(&mut linker, |_| Refuse).unwrap();
    store::add_to_linker::<_, Refuse>(&mut linker, |_| Refuse).unwrap();
    credentials::add_to_linker::<_, Refuse>(&mut linker, |_| Refuse).unwrap();
    messages::add_to_linker::<_, Refuse>(&mut linker, |_| Refuse).unwrap();
    log::add_to_linker::<_, Refuse>(&mut linker, |_| Refuse).unwrap();
    let mut builder = WasiCtxBuilder::new();
    if let Some((folder, permissions)) = workspace {
        builder.preopened_dir(folder, "/workspace", permissions).unwrap();
    }
    let host = Host { table: ResourceTable::new(), wasi: builder.build() };
    let pre = ToolPre::new(newest(ToolPre::VERSIONS), linker.instantiate_pre(code.component()).unwrap()).unwrap();
    pre.instantiate(engine.cell(host, limits)).await.unwrap()
}

/// A provider, given nothing. Fails where it asks for something.
pub(crate) async fn provider(path: &str, limits: &Limits) -> wasmtime::Result<Provider<()>> {
    let engine = Engine::new(&Options::default()).unwrap();
    let (code, _) = engine.load(&Wasm::of(component(path))).unwrap();
    let pre = Linker::new(engine.wasmtime()).instantiate_pre(code.component())?;
    let pre = ProviderPre::new(newest(ProviderPre::VERSIONS), pre)?;
    Ok(pre.instantiate(engine.cell((), limits)).await.unwrap())
}

fn newest<V>(versions: &[V]) -> &V {
    versions.first().unwrap()
}

fn view(state: &mut State<Host>) -> WasiFilesystemCtxView<'_> {
    let Host { table, wasi } = &mut state.data;
    WasiFilesystemCtxView { ctx: wasi.filesystem(), table }
}

/// Denies everything.
struct Refuse;

impl HasData for Refuse {
    type Data<'a> = Self;
}

fn denied() -> Error {
    Error { kind: "denied".into(), message: "not granted".into() }
}

impl exec::Host for Refuse {
    async fn run(&mut self, _command: exec::Command) -> Result<exec::Output, Error> {
        Err(denied())
    }
}

impl store::Host for Refuse {
    async fn get(&mut self, _key: String) -> Result<Option<Vec<u8>>, Error> {
        Err(denied())
    }

    async fn set(&mut self, _key: String, _value: Vec<u8>) -> Result<(), Error> {
        Err(denied())
    }

    async fn delete(&mut self, _key: String) -> Result<(), Error> {
        Err(denied())
    }

    async fn keys(&mut self, _prefix: String) -> Result<Vec<String>, Error> {
        Err(denied())
    }
}

impl credentials::Host for Refuse {
    async fn available(&mut self, _name: String) -> bool {
        false
    }
}

impl messages::Host for Refuse {
    async fn send(&mut self, _channel: String, _conversation_id: String, _text: String) -> Result<(), Error> {
        Err(denied())
    }
}

impl log::Host for Refuse {
    async fn log(&mut self, _level: String, _message: String) {}
}
