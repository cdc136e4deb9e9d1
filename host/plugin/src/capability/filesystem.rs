//! `wasi:filesystem`: the agent's workspace, as one preopened folder. Symbolic links, `..` and absolute paths are
//! confined to it by the implementation underneath. Without a grant there is no folder at all.

use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemCtxView};
use wasmtime_wasi::p2::bindings::filesystem::{preopens, types};
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};
use wirken_engine::State;
use wirken_manifest::WorkspaceAccess;

use super::{Capability, Host, Offer};
use crate::authority::{Access, Authority};

pub(super) const CAPABILITY: Capability = Capability {
    interfaces: &["wasi:filesystem/types", "wasi:filesystem/preopens"],
    validate: |manifest| match manifest.filesystem.workspace {
        WorkspaceAccess::None => Err("add `workspace = \"read-only\"` or `\"read-write\"` under [filesystem]".into()),
        WorkspaceAccess::ReadOnly | WorkspaceAccess::ReadWrite => Ok(()),
    },
    offers: &[Offer {
        version: "0.2.12",
        link: |linker| {
            types::add_to_linker::<_, WasiFilesystem>(linker, view)?;
            preopens::add_to_linker::<_, WasiFilesystem>(linker, view)
        },
    }],
};

/// The name of the workspace as a guest sees it.
const GUEST_PATH: &str = "/workspace";

pub(super) fn prepare(builder: &mut WasiCtxBuilder, authority: &Authority) -> Result<(), String> {
    let Some((folder, access)) = &authority.workspace else { return Ok(()) };
    let permissions = match access {
        Access::None => return Ok(()),
        Access::ReadOnly => FsPerms::ReadOnly,
        Access::ReadWrite => FsPerms::ReadWrite,
    };
    match builder.preopened_dir(folder, GUEST_PATH, permissions) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("the workspace {} cannot be opened: {error}", folder.display())),
    }
}

fn view(state: &mut State<Host>) -> WasiFilesystemCtxView<'_> {
    let Host { table, wasi, .. } = &mut state.data;
    WasiFilesystemCtxView { ctx: wasi.filesystem(), table }
}
