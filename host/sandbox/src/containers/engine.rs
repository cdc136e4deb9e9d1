//! Which engine there is, and whether it can hold a program as it has to be held.

use std::path::{Path, PathBuf};

use bollard::errors::Error;
use bollard::models::{ImageInspect, SystemInfo, SystemVersion};
use bollard::{API_DEFAULT_VERSION, Docker};

use super::{Runtime, Settings};
use crate::program::ProgramError;

mod words;

/// How long the engine may take to begin an answer. One that has much to do takes its time to make a container.
const ANSWER_SECONDS: u64 = 120;
/// The first version of the interface that mounts a folder without what is mounted below it (Docker 19.03).
const OLDEST_API: (u32, u32) = (1, 40);

/// An engine that can hold programs.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) docker: Docker,
    pub(crate) facts: Facts,
    /// The variables that the image sets, which no program shall see.
    pub(crate) variables: Vec<String>,
    /// Whether the image brings a program that looks after its health.
    pub(crate) checks_health: bool,
}

/// What an engine says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) socket: PathBuf,
    pub(crate) podman: bool,
    pub(crate) version: String,
    pub(crate) api: String,
    pub(crate) rootless: bool,
    /// Users inside are others outside, unless a container asks for the contrary.
    pub(crate) remapped: bool,
    pub(crate) cgroup: String,
    pub(crate) memory: bool,
    pub(crate) swap: bool,
    pub(crate) processes: bool,
    pub(crate) seccomp: bool,
    pub(crate) selinux: bool,
    pub(crate) runtimes: Vec<String>,
    /// How many there are to compute on.
    pub(crate) processors: u32,
}

/// What `wirken doctor` shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// What was found, a line each.
    pub found: Vec<String>,
    /// Why no program runs, and what to do: a sentence each. Empty where programs run.
    pub refusals: Vec<String>,
    /// What holds less than it could, a sentence each.
    pub notes: Vec<String>,
}

impl Description {
    /// Whether programs run.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.refusals.is_empty()
    }
}

/// The first engine that answers.
pub(crate) async fn find(settings: &Settings) -> Result<Docker, ProgramError> {
    Ok(first(settings).await?.0)
}

async fn first(settings: &Settings) -> Result<(Docker, PathBuf), ProgramError> {
    let mut failures = Vec::new();
    for socket in &settings.sockets {
        match open(socket).await {
            Ok(docker) => return Ok((docker, socket.clone())),
            Err(error) => failures.push(words::unreachable(socket, &error)),
        }
    }
    Err(ProgramError::Unavailable(words::no_engine(&failures)))
}

async fn open(socket: &Path) -> Result<Docker, Error> {
    // Told here, since the client forgets which of the two it was.
    tokio::net::UnixStream::connect(socket).await?;
    Docker::connect_with_unix(&socket.to_string_lossy(), ANSWER_SECONDS, API_DEFAULT_VERSION)?.negotiate_version().await
}

/// An engine that can hold a program, or why there is none.
pub(crate) async fn connect(settings: &Settings) -> Result<Engine, ProgramError> {
    let (docker, socket) = first(settings).await?;
    let (facts, image) = look(&docker, socket, settings).await.map_err(|error| failed("tell what it is", &error))?;
    let (refusals, _) = words::assess(&facts, image.as_ref(), settings);
    if !refusals.is_empty() {
        return Err(ProgramError::Unavailable(refusals.join("; ")));
    }
    let config = image.and_then(|image| image.config).unwrap_or_default();
    let checks_health = config.healthcheck.is_some();
    let set = config.env.unwrap_or_default();
    let variables = set.iter().filter_map(|variable| variable.split('=').next().map(str::to_owned)).collect();
    Ok(Engine { docker, facts, variables, checks_health })
}

async fn look(docker: &Docker, socket: PathBuf, settings: &Settings) -> Result<(Facts, Option<ImageInspect>), Error> {
    let facts = facts(socket, docker.version().await?, docker.info().await?);
    let image = match docker.inspect_image(settings.image.as_str()).await {
        Ok(image) => Some(image),
        Err(Error::DockerResponseServerError { status_code: 404, .. }) => None,
        Err(error) => return Err(error),
    };
    Ok((facts, image))
}

fn facts(socket: PathBuf, version: SystemVersion, info: SystemInfo) -> Facts {
    let components = version.components.unwrap_or_default();
    let options = info.security_options.unwrap_or_default();
    let option = |name: &str| options.iter().find(|option| option.split(',').next() == Some(name));
    let cgroup = |version: Option<_>, driver: Option<_>| match (version, driver) {
        (Some(version), Some(driver)) => format!("cgroup version {version}, {driver}"),
        (Some(version), None) => format!("cgroup version {version}"),
        _ => "cgroups of an unknown version".to_owned(),
    };
    Facts {
        socket,
        podman: components.iter().any(|part| part.name.starts_with("Podman")),
        version: version.version.or(info.server_version).unwrap_or_default(),
        api: version.api_version.unwrap_or_default(),
        rootless: option("name=rootless").is_some(),
        remapped: option("name=userns").is_some(),
        cgroup: cgroup(info.cgroup_version.map(|v| v.to_string()), info.cgroup_driver.map(|d| d.to_string())),
        memory: info.memory_limit == Some(true),
        swap: info.swap_limit == Some(true),
        processes: info.pids_limit == Some(true),
        seccomp: option("name=seccomp").is_some_and(|option| !option.contains("profile=unconfined")),
        selinux: option("name=selinux").is_some(),
        processors: info.ncpu.and_then(|count| u32::try_from(count).ok()).unwrap_or(1),
        runtimes: info.runtimes.unwrap_or_default().into_keys().collect(),
    }
}

/// What there is, and whether it will do.
pub(crate) async fn describe(settings: &Settings) -> Description {
    let (docker, socket) = match first(settings).await {
        Ok(found) => found,
        Err(error) => return Description { refusals: vec![error.to_string()], ..Description::default() },
    };
    match look(&docker, socket, settings).await {
        Err(error) => Description { refusals: vec![failed("tell what it is", &error).to_string()], ..Description::default() },
        Ok((facts, image)) => {
            let (refusals, notes) = words::assess(&facts, image.as_ref(), settings);
            Description { found: words::found(&facts, image.is_some(), settings), refusals, notes }
        }
    }
}

/// An engine that did not do what it was asked.
pub(crate) fn failed(what: &str, error: &Error) -> ProgramError {
    /// Enough of what an engine says, which may hold whole configurations.
    const TOLD: usize = 500;
    let told: String = error.to_string().chars().filter(|c| !c.is_control()).take(TOLD).collect();
    ProgramError::Failed(format!("the container engine could not {what}: {told}"))
}

impl Facts {
    /// Major and minor version of the interface.
    fn api(&self) -> Option<(u32, u32)> {
        let (major, minor) = self.api.split_once('.')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    }

    /// How the users of a container are to be mapped, where that has to be said.
    pub(crate) fn users(&self) -> Option<&'static str> {
        match (self.podman, self.rootless, self.remapped) {
            // Else the gateway's user would be root inside, and the one inside nobody outside.
            (true, true, _) => Some("keep-id"),
            (false, false, true) => Some("host"),
            _ => None,
        }
    }
}
