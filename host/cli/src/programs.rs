//! Where programs run, from what the owner configured and what this machine is.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::Duration;

use wirken_config::{Config, ProgramSandbox};
use wirken_gateway::folder::Folder;
use wirken_gateway::{Policy, Sandbox};
use wirken_permissions::{Ceilings, Rules};
use wirken_sandbox::containers::{self, Containers, Runtime};
use wirken_sandbox::mounts::{self, Places};
use wirken_sandbox::program::{Bounds, Program};
use wirken_sandbox::spaces::{self, Helper, Spaces};
use wirken_types::approval::Tier;

/// The hidden command by which this binary is the second sandbox's helper.
pub(crate) const SPACE: &str = "space";

const OWNER_CHARS: usize = 16;

const NO_IMAGE: &str = "no sandbox is set up for programs, and none runs without one: set `programs.image` in config.toml to a container image by its \
                        digest, or, knowing what it holds less, `programs.sandbox = \"namespaces\"`; docs/permissions.md tells how";

/// The sandbox of programs. Where something is missing, it is the one that runs nothing and says why.
pub(crate) fn sandbox(folder: &Folder, config: &Config, home: Option<PathBuf>) -> Sandbox {
    let places = places(folder, home);
    let bounds = Bounds::default();
    match config.programs.sandbox {
        ProgramSandbox::Namespaces => {
            let helper = Helper { program: "/proc/self/exe".into(), arguments: vec![SPACE.into()] };
            Sandbox::Spaces(Spaces::new(spaces::Settings { helper, places, bounds }))
        }
        ProgramSandbox::Container => {
            let Some(image) = &config.programs.image else { return Sandbox::Missing(NO_IMAGE.into()) };
            let image = match image.parse() {
                Ok(image) => image,
                Err(error) => return Sandbox::Missing(format!("`programs.image` is not right: {error}")),
            };
            let owned = folder.root().metadata().map(|data| (data.uid(), data.gid()));
            let Ok(user) = owned else { return Sandbox::Missing("the data folder cannot be looked at".into()) };
            let runtime = if config.programs.gvisor { Runtime::Gvisor } else { Runtime::Engine };
            let sockets = config.programs.socket.clone().map_or_else(|| sockets(user.0), |socket| vec![socket]);
            let owner = match owner(folder) {
                Ok(owner) => owner,
                Err(error) => return Sandbox::Missing(format!("the data folder cannot be written: {error}")),
            };
            Sandbox::Containers(Containers::new(containers::Settings { sockets, image, runtime, owner, user, places, bounds }))
        }
    }
}

/// What the containers of this gateway are known by. Random, and kept: two gateways whose data folders have the same path on
/// two machines may share an engine, and what is another's is not ours to remove.
fn owner(folder: &Folder) -> std::io::Result<String> {
    let path = folder.root().join("programs.id");
    match std::fs::read_to_string(&path) {
        Ok(id) if id.len() == OWNER_CHARS && id.bytes().all(|byte| byte.is_ascii_hexdigit()) => return Ok(id),
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut random = [0; OWNER_CHARS / 2];
    getrandom::fill(&mut random).map_err(|error| std::io::Error::other(error.to_string()))?;
    let id: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    std::fs::write(&path, &id)?;
    Ok(id)
}

/// Where Docker and Podman listen.
fn sockets(user: u32) -> Vec<PathBuf> {
    let own = |path: &str| PathBuf::from(format!("/run/user/{user}/{path}"));
    vec![
        "/run/docker.sock".into(),
        "/var/run/docker.sock".into(),
        own("docker.sock"),
        own("podman/podman.sock"),
        "/run/podman/podman.sock".into(),
    ]
}

/// Whether a program may be given the workspace; why not, where it may not.
pub(crate) fn judge_workspace(folder: &Folder, config: &Config, home: Option<PathBuf>) -> Result<(), String> {
    let workspace = crate::parts::workspace(folder, config).map_err(|error| format!("{error:#}"))?;
    mounts::resolve(&Program::new("true", workspace), &places(folder, home)).map(drop).map_err(|error| error.to_string())
}

/// What this machine has of each sandbox, where none is set up.
pub(crate) async fn offered(folder: &Folder, home: Option<PathBuf>) -> Vec<String> {
    let mut offered = Vec::new();
    let user = folder.root().metadata().map(|data| data.uid()).unwrap_or_default();
    match sockets(user).into_iter().find(|socket| socket.exists()) {
        Some(socket) => offered.push(format!("a container engine listens at {}: set `programs.image`", socket.display())),
        None => offered.push("no container engine listens where Docker and Podman do".into()),
    }
    let helper = Helper { program: "/proc/self/exe".into(), arguments: vec![SPACE.into()] };
    let settings = spaces::Settings { helper, places: places(folder, home), bounds: Bounds::default() };
    let missing: Vec<String> =
        Spaces::new(settings).describe().await.into_iter().filter(|part| !part.is_there).map(|part| part.told).collect();
    offered.push(match missing.as_slice() {
        [] => "namespaces are there: `programs.sandbox = \"namespaces\"` would do".into(),
        missing => format!("namespaces would not do here: {}", missing.join("; ")),
    });
    offered
}

fn places(folder: &Folder, home: Option<PathBuf>) -> Places {
    // As it is written, and as it is: one may be a link.
    let homes = home.into_iter().flat_map(|home| [home.canonicalize().ok(), Some(home)]).flatten().collect();
    Places { data: folder.root().to_owned(), own_workspace: Some(folder.workspace()), skills: Some(folder.skills()), homes }
}

/// Who is asked, and what is not to happen.
pub(crate) fn policy(folder: &Folder, config: &Config, workspace: PathBuf) -> Policy {
    let approvals = &config.approvals;
    let channels = config.channels.iter().map(|(account, channel)| {
        let max_tier = Tier::try_from(channel.approvals.max_tier()).unwrap_or(Tier::Always);
        (account.clone(), Rules { max_tier, approvers: channel.approvals.approvers.clone() })
    });
    Policy {
        remember_days: approvals.remember_days(),
        expire: Duration::from_secs(u64::from(approvals.expire_minutes()) * 60),
        ceilings: Ceilings {
            allowed_tools: approvals.allowed_tools.clone(),
            blocked_tools: approvals.blocked_tools.clone(),
            blocked_programs: approvals.blocked_programs.clone(),
        },
        channels: channels.collect(),
        shared_workspace: config
            .channels
            .iter()
            .filter(|(_, channel)| channel.shared_workspace)
            .map(|(account, _)| account.clone())
            .collect(),
        workspace: Some(workspace),
        private: vec![folder.root().to_string_lossy().into_owned()],
    }
}

/// Whether the owner offers a tool to the agent at all.
pub(crate) fn offers(config: &Config, tool: &str) -> bool {
    let approvals = &config.approvals;
    approvals.allowed_tools.as_ref().is_none_or(|allowed| allowed.contains(tool)) && !approvals.blocked_tools.contains(tool)
}
