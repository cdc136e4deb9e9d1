//! What is asked for, and that each thing an engine may leave out is noticed.

use std::collections::HashMap;
use std::time::Duration;

use bollard::models::{ContainerConfig, ContainerCreateBody, ContainerInspectResponse, DeviceMapping, HostConfig, MountPoint};

use super::{compare, environment, mounts, processor_seconds};
use crate::mounts::Folders;
use crate::program::Bounds;

fn folders() -> Folders {
    let skill = Some(("/var/home/a/s".into(), "/home/a/s".into()));
    Folders { workspace: "/srv/work".into(), owner: (1, 1), mode: 0o700, skill }
}

#[test]
fn mounts_the_workspace_to_write_and_the_skill_to_read() {
    let mounts = mounts(&folders(), false).unwrap();
    let told: Vec<_> =
        mounts.iter().map(|mount| (mount.source.as_deref().unwrap(), mount.target.as_deref().unwrap(), mount.read_only.unwrap())).collect();
    assert_eq!(told, [("/srv/work", "/workspace", false), ("/var/home/a/s", "/home/a/s", true)]);
    assert!(mounts.iter().all(|mount| mount.bind_options.as_ref().unwrap().non_recursive == Some(true)));
}

#[test]
fn refuses_names_that_podman_would_take_apart() {
    for (name, good) in [("/srv/a:b c", true), ("/srv/a,b", false), ("/srv/a\"b", false)] {
        let skill = Some((name.into(), name.into()));
        for folders in [Folders { workspace: name.into(), ..folders() }, Folders { skill, ..folders() }] {
            assert_eq!(mounts(&folders, true).is_ok(), good, "{name}");
            assert!(mounts(&folders, false).is_ok(), "{name}");
        }
    }
}

#[test]
fn sets_its_own_variables_and_takes_those_of_the_image_away() {
    let names = ["PATH", "JAVA_HOME", "LANG"].map(str::to_owned);
    let environment = environment(&names);
    assert_eq!(environment.iter().filter(|name| name.starts_with("PATH")).count(), 1);
    assert!(environment.contains(&"JAVA_HOME".to_owned()) && environment.contains(&"HOSTNAME".to_owned()));
    assert!(environment.contains(&"LANG=C.UTF-8".to_owned()) && !environment.contains(&"LANG".to_owned()));
}

#[test]
fn a_program_may_use_every_processor_for_its_time_and_little_more() {
    for (millis, processors, seconds) in [(300_000, 1, 302), (300_000, 8, 2402), (1_000, 2, 4), (1_001, 2, 6), (1, 1, 3), (1_000, 0, 3)] {
        assert_eq!(processor_seconds(Duration::from_millis(millis), processors), seconds, "{millis} ms on {processors}");
    }
    assert_eq!(processor_seconds(Duration::MAX, u32::MAX), i64::MAX);
}

fn asked() -> ContainerCreateBody {
    ContainerCreateBody {
        user: Some("1000:1000".to_owned()),
        host_config: Some(HostConfig {
            network_mode: Some("none".to_owned()),
            memory: Some(1),
            memory_swap: Some(1),
            pids_limit: Some(i64::from(Bounds::default().processes)),
            cap_drop: Some(vec!["ALL".to_owned()]),
            security_opt: Some(vec!["no-new-privileges".to_owned()]),
            readonly_rootfs: Some(true),
            mounts: Some(mounts(&folders(), false).unwrap()),
            tmpfs: Some(HashMap::from([("/tmp".to_owned(), String::new())])),
            runtime: Some("runsc".to_owned()),
            ..HostConfig::default()
        }),
        ..ContainerCreateBody::default()
    }
}

fn point(target: &str, source: &str, rw: bool) -> MountPoint {
    MountPoint { destination: Some(target.to_owned()), source: Some(source.to_owned()), rw: Some(rw), ..MountPoint::default() }
}

fn made() -> ContainerInspectResponse {
    ContainerInspectResponse {
        config: Some(ContainerConfig { user: asked().user, ..ContainerConfig::default() }),
        host_config: asked().host_config,
        mounts: Some(vec![point("/home/a/s", "/var/home/a/s", false), point("/workspace", "/srv/work", true)]),
        ..ContainerInspectResponse::default()
    }
}

fn objection(change: impl FnOnce(&mut ContainerInspectResponse)) -> Option<String> {
    let mut made = made();
    change(&mut made);
    compare(&asked(), &made, &Bounds::default()).err().map(|error| error.to_string())
}

fn host(change: impl FnOnce(&mut HostConfig)) -> Option<String> {
    objection(|made| change(made.host_config.as_mut().unwrap()))
}

#[test]
fn takes_what_was_asked_for() {
    assert_eq!(objection(|_| {}), None);
    // As engines write it.
    assert_eq!(host(|host| host.security_opt = Some(vec!["no-new-privileges:true".to_owned()])), None);
    assert_eq!(host(|host| host.cap_drop = Some(vec!["CAP_CHOWN".to_owned(), "CAP_KILL".to_owned()])), None);
    assert_eq!(host(|host| host.devices = Some(Vec::new())), None);
    assert_eq!(objection(|made| made.mounts.as_mut().unwrap().push(point("/tmp", "tmpfs", true))), None);
}

#[test]
fn notices_all_that_was_left_out_or_added() {
    let strings = |text: &str| Some(vec![text.to_owned()]);
    for (told, word) in [
        (host(|host| host.network_mode = Some("bridge".to_owned())), "no network"),
        (host(|host| host.network_mode = None), "no network"),
        (host(|host| host.memory = Some(0)), "bound of memory"),
        (host(|host| host.memory_swap = Some(-1)), "bound of swap"),
        (host(|host| host.pids_limit = None), "bound of processes"),
        (host(|host| host.pids_limit = Some(257)), "bound of processes"),
        (host(|host| host.cap_drop = None), "no capabilities"),
        (host(|host| host.cap_add = strings("SYS_ADMIN")), "no capabilities"),
        (host(|host| host.security_opt = None), "no new privileges"),
        (host(|host| host.security_opt.as_mut().unwrap().push("seccomp=unconfined".to_owned())), "no new privileges"),
        (host(|host| host.privileged = Some(true)), "no privileges"),
        (host(|host| host.devices = Some(vec![DeviceMapping::default()])), "no devices"),
        (host(|host| host.readonly_rootfs = Some(false)), "a root"),
        (host(|host| host.runtime = Some("runc".to_owned())), "the runtime"),
        (host(|host| host.runtime = None), "the runtime"),
        (objection(|made| made.host_config = None), "no network"),
        (objection(|made| made.config = None), "the user"),
        (objection(|made| made.config.as_mut().unwrap().user = Some("0:0".to_owned())), "the user"),
        (objection(|made| made.mounts = None), "the folders"),
        (objection(|made| made.mounts.as_mut().unwrap().truncate(1)), "the folders"),
        (objection(|made| made.mounts.as_mut().unwrap().push(point("/etc", "/etc", false))), "the folders"),
        (objection(|made| made.mounts.as_mut().unwrap()[0].rw = Some(true)), "the folders"),
        (objection(|made| made.mounts.as_mut().unwrap()[1].source = Some("/etc".to_owned())), "the folders"),
    ] {
        assert!(told.as_ref().is_some_and(|told| told.contains(word)), "{word}: {told:?}");
    }
}
