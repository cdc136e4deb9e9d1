//! From what an engine has to what a person is told: why no program runs, and what holds less than it could.

use std::io::ErrorKind;
use std::path::Path;

use bollard::errors::Error;
use bollard::models::ImageInspect;

use super::{Facts, OLDEST_API, Runtime, Settings};

const INSTEAD: &str = "install Docker or Podman, or, knowing what it holds less, set `programs.sandbox = \"namespaces\"`";

/// Why one socket leads to no engine.
pub(super) fn unreachable(socket: &Path, error: &Error) -> String {
    let socket = socket.display();
    match error {
        Error::IOError { err } if err.kind() == ErrorKind::NotFound => format!("there is no {socket}"),
        Error::IOError { err } if err.kind() == ErrorKind::PermissionDenied => format!(
            "{socket} may not be used by this user (join its group, which is as good as being root, or use Podman's socket of this user: \
             `systemctl --user enable --now podman.socket`)"
        ),
        Error::IOError { err } if err.kind() == ErrorKind::ConnectionRefused => {
            format!("nobody listens on {socket} (start it: `systemctl start docker` or `systemctl start podman.socket`)")
        }
        // What the client makes of it depends on how far it came.
        Error::HyperLegacyError { .. } | Error::HyperResponseError { .. } => format!("{socket} does not answer as an engine does"),
        error => format!("{socket} does not answer as an engine does: {error}"),
    }
}

/// What is to be done where no socket led to one.
pub(super) fn no_engine(failures: &[String]) -> String {
    match failures.is_empty() {
        true => format!("no socket of a container engine is known: {INSTEAD}"),
        false => format!("no container engine answers: {}: {INSTEAD}", failures.join("; ")),
    }
}

/// What was found, a line each.
pub(super) fn found(facts: &Facts, image: bool, settings: &Settings) -> Vec<String> {
    let name = if facts.podman { "Podman" } else { "Docker" };
    let rootless = if facts.rootless { "rootless" } else { "as root" };
    let bounds = &settings.bounds;
    let there = |there| if there { "there" } else { "missing" };
    let limits: Vec<_> = [("memory", facts.memory), ("swap", facts.swap), ("processes", facts.processes)]
        .into_iter()
        .filter_map(|(name, counted)| counted.then_some(name))
        .collect();
    let limits = if limits.is_empty() { "nothing".to_owned() } else { limits.join(", ") };
    vec![
        format!("{name} {}, API {}, {rootless}, at {}", facts.version, facts.api, facts.socket.display()),
        format!("{}; it bounds {limits}", facts.cgroup),
        format!("image {}: {}", settings.image, there(image)),
        match settings.runtime.name() {
            None => "the engine's own runtime".to_owned(),
            Some(name) => format!("runtime {name}: {}", there(facts.runtimes.iter().any(|runtime| runtime == name))),
        },
        format!(
            "each program: no network, {} MB of memory, {} processes, {} s, {} MB of temporary files",
            bounds.memory / 1024 / 1024,
            bounds.processes,
            bounds.wall.as_secs(),
            bounds.temporary / 1024 / 1024
        ),
    ]
}

/// Why no program runs, and what holds less than it could.
pub(super) fn assess(facts: &Facts, image: Option<&ImageInspect>, settings: &Settings) -> (Vec<String>, Vec<String>) {
    let (mut refusals, mut notes) = (Vec::new(), Vec::new());
    let mut refuse = |why: String| refusals.push(why);
    if facts.api().is_none_or(|api| api < OLDEST_API) {
        refuse(format!("this engine speaks API {}, and 1.40 is needed: update it (Docker 19.03 and Podman 4 have it)", facts.api));
    }
    if facts.rootless && !facts.podman {
        refuse(
            "this Docker runs without root, where no user but root can have the workspace: use Podman without root, or Docker with"
                .to_owned(),
        );
    }
    for (bounded, what) in [(facts.memory, "memory"), (facts.processes, "the number of processes")] {
        if !bounded {
            refuse(format!(
                "this engine cannot bound {what}: give it that controller ({}; without root it takes cgroup version 2, and systemd to \
                 delegate `memory pids`)",
                facts.cgroup
            ));
        }
    }
    // gVisor has no use for a filter of the host's calls.
    if !facts.seccomp && settings.runtime == Runtime::Engine {
        refuse(
            "this engine filters no system calls (seccomp): remove `seccomp-profile: unconfined` from its settings, or use gVisor"
                .to_owned(),
        );
    }
    if let Some(name) = settings.runtime.name()
        && !facts.runtimes.iter().any(|runtime| runtime == name)
    {
        refuse(format!("this engine has no runtime {name}: install gVisor and add `{name}` to `runtimes` in its settings, or choose none"));
    }
    match image {
        None => refuse(format!("the image {} is not on this machine: {}", settings.image, settings.image.remedy())),
        Some(image) => {
            if image.config.as_ref().and_then(|config| config.volumes.as_ref()).is_some_and(|volumes| !volumes.is_empty()) {
                refuse(format!("the image {} has volumes, which nothing would bound: choose one without", settings.image));
            }
        }
    }
    if !facts.swap {
        notes.push("this system does not count swap: a program may use it beside its memory (boot option `swapaccount=1`)".to_owned());
    }
    if facts.podman && settings.runtime == Runtime::Engine {
        notes.push("Podman's filter of system calls lets programs make user namespaces of their own, which Docker's does not".to_owned());
    }
    if facts.selinux {
        notes.push("SELinux is in force: programs read the workspace only where it has the type container_file_t (`chcon -Rt`)".to_owned());
    }
    (refusals, notes)
}

#[cfg(test)]
mod tests;
