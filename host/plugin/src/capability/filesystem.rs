//! `wasi:filesystem`: the agent's workspace, as the first preopened folder, and behind it, where a call reads one, the folder
//! of a skill. Symbolic links, `..` and absolute paths are
//! confined to each by the implementation underneath. Without a grant there is no folder at all.

use std::os::fd::AsRawFd;

use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemCtxView};
use wasmtime_wasi::p2::bindings::filesystem::{preopens, types};
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};
use wirken_engine::State;
use wirken_manifest::Access;

use super::{Capability, Host, Offer};
use crate::authority::Authority;
use crate::ports::SkillFolder;

pub(super) const CAPABILITY: Capability = Capability {
    interfaces: &["wasi:filesystem/types", "wasi:filesystem/preopens"],
    validate: |manifest| match manifest.filesystem.workspace {
        Access::None => Err("add `workspace = \"read-only\"` or `\"read-write\"` under [filesystem]".into()),
        Access::ReadOnly | Access::ReadWrite => Ok(()),
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

pub(super) fn prepare(builder: &mut WasiCtxBuilder, authority: &Authority, skill: Option<&SkillFolder>) -> Result<(), String> {
    let Some((folder, access)) = &authority.workspace else { return Ok(()) };
    let permissions = match access {
        Access::None => return Ok(()),
        Access::ReadOnly => FsPerms::ReadOnly,
        Access::ReadWrite => FsPerms::ReadWrite,
    };
    if let Err(error) = builder.preopened_dir(folder, GUEST_PATH, permissions) {
        return Err(format!("the workspace {} cannot be opened: {error}", folder.display()));
    }
    // Behind the workspace: components take the first for it.
    let Some(skill) = skill.filter(|_| authority.skills) else { return Ok(()) };
    // By its descriptor: no path is walked twice, on which somebody may have put a link meanwhile.
    let opened = format!("/proc/self/fd/{}", skill.folder.as_raw_fd());
    match builder.preopened_dir(opened, &skill.path, FsPerms::ReadOnly) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("the folder of the skill {} cannot be opened: {error}", skill.path)),
    }
}

fn view(state: &mut State<Host>) -> WasiFilesystemCtxView<'_> {
    let Host { table, wasi, .. } = &mut state.data;
    WasiFilesystemCtxView { ctx: wasi.filesystem(), table }
}
