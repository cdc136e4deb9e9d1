//! What a container may be, and whether the one that the engine made is that.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use bollard::models::{
    ContainerCreateBody, ContainerInspectResponse, HealthConfig, HostConfig, HostConfigLogConfig, Mount, MountBindOptions,
    MountBindOptionsPropagationEnum, MountType, ResourcesUlimits,
};

use super::Settings;
use super::engine::Engine;
use super::user::User;
use crate::mounts::Folders;
use crate::program::{Bounds, ENVIRONMENT, Program, ProgramError, WORKSPACE};

/// Files that a program may have open.
const OPEN_FILES: (i64, i64) = (1024, 4096);

/// Whose a container is.
pub(crate) const OWNER: &str = "wirken.owner";

pub(crate) fn shape(
    program: &Program,
    folders: &Folders,
    user: User,
    engine: &Engine,
    settings: &Settings,
) -> Result<ContainerCreateBody, ProgramError> {
    let mounts = mounts(folders, engine.facts.podman)?;
    let speaks = !program.stdin.is_empty();
    Ok(ContainerCreateBody {
        image: Some(settings.image.as_str().to_owned()),
        // Named even where there are no arguments: the image's own would be taken.
        entrypoint: Some(vec![program.program.clone()]),
        cmd: Some(program.arguments.clone()),
        user: Some(format!("{}:{}", user.uid, user.gid)),
        working_dir: Some(WORKSPACE.to_owned()),
        env: Some(environment(&engine.variables)),
        hostname: Some("sandbox".to_owned()),
        labels: Some(HashMap::from([(OWNER.to_owned(), settings.owner.clone())])),
        // Nothing else is to be run in it. Podman looks for a timer of systemd where none is taken away.
        healthcheck: engine.checks_health.then(|| HealthConfig { test: Some(vec!["NONE".to_owned()]), ..HealthConfig::default() }),
        attach_stdin: Some(speaks),
        open_stdin: Some(speaks),
        stdin_once: Some(speaks),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        tty: Some(false),
        network_disabled: Some(true),
        host_config: Some(host(mounts, settings.bounds.time_of(program), engine, settings)),
        ..ContainerCreateBody::default()
    })
}

fn host(mounts: Vec<Mount>, time: Duration, engine: &Engine, settings: &Settings) -> HostConfig {
    let bounds = &settings.bounds;
    let memory = signed(bounds.memory);
    // What can be written can be run there: the workspace is no different.
    let mut temporary = HashMap::from([("/tmp".to_owned(), format!("rw,exec,nosuid,nodev,mode=1777,size={}", bounds.temporary))]);
    if engine.facts.podman {
        // It makes these writable by itself where nothing else is there.
        temporary.extend(["/run", "/var/tmp"].map(|folder| (folder.to_owned(), "ro,noexec,nosuid,nodev,size=64k".to_owned())));
    }
    let seconds = processor_seconds(time, engine.facts.processors);
    let limit = |name: &str, (soft, hard)| ResourcesUlimits { name: Some(name.to_owned()), soft: Some(soft), hard: Some(hard) };
    HostConfig {
        network_mode: Some("none".to_owned()),
        memory: Some(memory),
        // Memory and swap together. An engine that does not count swap makes an error of it.
        memory_swap: engine.facts.swap.then_some(memory),
        pids_limit: Some(i64::from(bounds.processes)),
        // With the gateway goes who would end the program at its time. What then computes on ends by this.
        ulimits: Some(vec![limit("core", (0, 0)), limit("nofile", OPEN_FILES), limit("cpu", (seconds, seconds))]),
        cap_drop: Some(vec!["ALL".to_owned()]),
        security_opt: Some(vec!["no-new-privileges".to_owned()]),
        privileged: Some(false),
        readonly_rootfs: Some(true),
        tmpfs: Some(temporary),
        mounts: Some(mounts),
        // No `/dev/shm`, which would be more room for files.
        ipc_mode: Some("none".to_owned()),
        userns_mode: engine.facts.users().map(str::to_owned),
        // Buries processes that nobody waits for.
        init: Some(true),
        // Where the gateway is killed, the container goes when its program does. Podman forgets how that ended.
        auto_remove: Some(!engine.facts.podman),
        log_config: Some(HostConfigLogConfig { typ: Some("none".to_owned()), config: None }),
        runtime: settings.runtime.name().map(str::to_owned),
        ..HostConfig::default()
    }
}

/// Podman puts a mount into one line of options, in which a name could add others.
const PODMAN_BREAKS_AT: [char; 2] = [',', '"'];

fn mounts(folders: &Folders, podman: bool) -> Result<Vec<Mount>, ProgramError> {
    let mount = |source: &Path, target: &str, read_only| Mount {
        source: Some(source.to_string_lossy().into_owned()),
        target: Some(target.to_owned()),
        typ: Some(MountType::BIND),
        read_only: Some(read_only),
        bind_options: Some(MountBindOptions {
            propagation: Some(MountBindOptionsPropagationEnum::RPRIVATE),
            // What is mounted below was not judged, and would not be read-only.
            non_recursive: Some(true),
            ..MountBindOptions::default()
        }),
        ..Mount::default()
    };
    let skill = folders.skill.iter().map(|(source, inside)| mount(source, &inside.to_string_lossy(), true));
    let mounts: Vec<_> = std::iter::once(mount(&folders.workspace, WORKSPACE, false)).chain(skill).collect();
    let names = mounts.iter().flat_map(|mount| [&mount.source, &mount.target]).flatten();
    match podman.then(|| names.into_iter().find(|name| name.contains(PODMAN_BREAKS_AT))).flatten() {
        Some(name) => Err(ProgramError::Denied(format!("Podman takes no folder with a comma or a quotation mark: rename {name}"))),
        None => Ok(mounts),
    }
}

/// A name without a value takes a variable away.
fn environment(of_image: &[String]) -> Vec<String> {
    let ours = |name: &str| ENVIRONMENT.iter().any(|(our, _)| *our == name);
    let away = of_image.iter().map(String::as_str).chain(["HOSTNAME"]).filter(|name| !ours(name)).map(str::to_owned);
    ENVIRONMENT.iter().map(|(name, value)| format!("{name}={value}")).chain(away).collect()
}

/// What a process can use of the processors in its time, and a little more, so that no program meets it that ends in time.
fn processor_seconds(time: Duration, processors: u32) -> i64 {
    const MORE: u64 = 2;
    let seconds = time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0));
    signed(seconds.saturating_mul(u64::from(processors.max(1))).saturating_add(MORE))
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// Says what the engine left out of a container, or added: engines do so without an error.
pub(crate) fn compare(asked: &ContainerCreateBody, made: &ContainerInspectResponse, bounds: &Bounds) -> Result<(), ProgramError> {
    let nothing = HostConfig::default();
    let (wanted, has) = (asked.host_config.as_ref().unwrap_or(&nothing), made.host_config.as_ref().unwrap_or(&nothing));
    let user = made.config.as_ref().and_then(|config| config.user.as_ref());
    // Where it is inside, what of the host it is, and whether it can be written.
    let mut folders: Vec<_> =
        made.mounts.iter().flatten().map(|mount| (&mount.destination, &mount.source, mount.rw == Some(true))).collect();
    let mut expected: Vec<_> =
        wanted.mounts.iter().flatten().map(|mount| (&mount.target, &mount.source, mount.read_only != Some(true))).collect();
    // Podman lists those of temporary files too, Docker does not.
    let temporary =
        |target: &Option<String>| target.as_ref().is_some_and(|target| wanted.tmpfs.iter().flatten().any(|(at, _)| at == target));
    folders.retain(|(target, _, _)| !temporary(target));
    folders.sort_unstable();
    expected.sort_unstable();
    let no_privileges = |options: &Option<Vec<String>>| options.iter().flatten().any(|option| option.starts_with("no-new-privileges"));
    let unconfined = |options: &Option<Vec<String>>| options.iter().flatten().any(|option| option.contains("unconfined"));
    let kept = [
        ("no network", has.network_mode == wanted.network_mode),
        ("the bound of memory", has.memory == wanted.memory),
        ("the bound of swap", wanted.memory_swap.is_none() || has.memory_swap == wanted.memory_swap),
        ("the bound of processes", has.pids_limit == Some(i64::from(bounds.processes))),
        ("no capabilities", has.cap_drop.as_ref().is_some_and(|dropped| !dropped.is_empty()) && has.cap_add.iter().flatten().count() == 0),
        ("no new privileges", no_privileges(&has.security_opt) && !unconfined(&has.security_opt)),
        ("no privileges", has.privileged != Some(true)),
        ("no devices", has.devices.iter().flatten().count() == 0),
        ("a root that cannot be written", has.readonly_rootfs == Some(true)),
        ("the folders", folders == expected),
        ("the user", user == asked.user.as_ref()),
        ("the runtime", wanted.runtime.is_none() || has.runtime == wanted.runtime),
    ];
    match kept.iter().find(|(_, kept)| !kept) {
        None => Ok(()),
        Some((what, _)) => Err(ProgramError::Unavailable(format!(
            "the container engine did not keep to {what}, so that nothing was started: update it, or use another"
        ))),
    }
}

#[cfg(test)]
mod tests;
