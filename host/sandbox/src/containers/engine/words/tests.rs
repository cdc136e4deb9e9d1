//! Each reason to refuse, on both sides.

use std::io::{Error as IoError, ErrorKind};
use std::path::Path;

use bollard::errors::Error;
use bollard::models::{ImageConfig, ImageInspect};

use super::super::Facts;
use super::{assess, found, no_engine, unreachable};
use crate::containers::{Runtime, Settings};
use crate::mounts::Places;
use crate::program::Bounds;

fn settings(runtime: Runtime) -> Settings {
    Settings {
        sockets: Vec::new(),
        image: format!("debian@sha256:{}", "0a".repeat(32)).parse().unwrap(),
        runtime,
        owner: "owner".to_owned(),
        user: (1000, 1000),
        places: Places { data: "/data".into(), own_workspace: None, skills: None, homes: Vec::new() },
        bounds: Bounds::default(),
    }
}

/// An engine with all that is wanted.
fn good() -> Facts {
    Facts {
        socket: "/run/docker.sock".into(),
        version: "20.10".to_owned(),
        api: "1.40".to_owned(),
        cgroup: "cgroup version 2, systemd".to_owned(),
        memory: true,
        swap: true,
        processes: true,
        seccomp: true,
        runtimes: vec!["runc".to_owned()],
        ..Facts::default()
    }
}

/// The one reason why not, or nothing.
fn refusal(facts: &Facts, runtime: Runtime) -> Option<String> {
    let (refusals, _) = assess(facts, Some(&ImageInspect::default()), &settings(runtime));
    assert!(refusals.len() < 2, "{refusals:?}");
    refusals.into_iter().next()
}

#[test]
fn takes_an_engine_with_all_that_is_wanted() {
    assert_eq!(refusal(&good(), Runtime::Engine), None);
    let gvisor = Facts { runtimes: vec!["runsc".to_owned()], seccomp: false, ..good() };
    assert_eq!(refusal(&gvisor, Runtime::Gvisor), None);
    assert_eq!(refusal(&Facts { podman: true, rootless: true, ..good() }, Runtime::Engine), None);
    for api in ["1.40", "1.41", "1.53", "2.0"] {
        assert_eq!(refusal(&Facts { api: api.to_owned(), ..good() }, Runtime::Engine), None, "{api}");
    }
    assert_eq!(assess(&good(), Some(&ImageInspect::default()), &settings(Runtime::Engine)).1, Vec::<String>::new());
}

#[test]
fn refuses_one_that_cannot_hold_a_program() {
    for (facts, word) in [
        (Facts { rootless: true, ..good() }, "without root"),
        (Facts { memory: false, ..good() }, "bound memory"),
        (Facts { processes: false, ..good() }, "number of processes"),
        (Facts { seccomp: false, ..good() }, "seccomp"),
    ] {
        assert!(refusal(&facts, Runtime::Engine).unwrap().contains(word), "{word}");
    }
    for api in ["1.39", "1.9", "0.99", "", "1", "x.y"] {
        assert!(refusal(&Facts { api: api.to_owned(), ..good() }, Runtime::Engine).unwrap().contains("1.40 is needed"), "{api}");
    }
    assert!(refusal(&good(), Runtime::Gvisor).unwrap().contains("no runtime runsc"));
}

#[test]
fn refuses_an_image_that_is_missing_or_has_volumes() {
    let (refusals, _) = assess(&good(), None, &settings(Runtime::Engine));
    assert!(refusals.concat().contains("`docker pull debian@sha256:"));
    let image = |volumes: Vec<String>| ImageInspect {
        config: Some(ImageConfig { volumes: Some(volumes), ..ImageConfig::default() }),
        ..ImageInspect::default()
    };
    assert!(assess(&good(), Some(&image(vec!["/data".to_owned()])), &settings(Runtime::Engine)).0.concat().contains("has volumes"));
    assert!(assess(&good(), Some(&image(Vec::new())), &settings(Runtime::Engine)).0.is_empty());
}

#[test]
fn notes_what_holds_less() {
    let notes = |facts: Facts| assess(&facts, Some(&ImageInspect::default()), &settings(Runtime::Engine)).1.concat();
    assert!(notes(Facts { swap: false, ..good() }).contains("swapaccount=1"));
    assert!(notes(Facts { podman: true, ..good() }).contains("user namespaces"));
    assert!(notes(Facts { selinux: true, ..good() }).contains("container_file_t"));
}

#[test]
fn tells_what_was_found() {
    let told = found(&good(), false, &settings(Runtime::Gvisor)).join("\n");
    for word in
        ["Docker 20.10, API 1.40, as root, at /run/docker.sock", "bounds memory, swap, processes", "missing", "runtime runsc: missing"]
    {
        assert!(told.contains(word), "{word}: {told}");
    }
    let podman = Facts { podman: true, rootless: true, memory: false, swap: false, processes: false, ..good() };
    let told = found(&podman, true, &settings(Runtime::Engine)).join("\n");
    for word in ["Podman 20.10, API 1.40, rootless", "bounds nothing", ": there", "own runtime"] {
        assert!(told.contains(word), "{word}: {told}");
    }
}

#[test]
fn tells_what_to_do_where_a_socket_leads_nowhere() {
    let told = |kind| unreachable(Path::new("/run/x.sock"), &Error::from(IoError::from(kind)));
    assert_eq!(told(ErrorKind::NotFound), "there is no /run/x.sock");
    assert!(told(ErrorKind::PermissionDenied).contains("Podman's socket of this user"));
    assert!(told(ErrorKind::ConnectionRefused).contains("systemctl start"));
    assert!(told(ErrorKind::BrokenPipe).contains("does not answer"));
    assert!(no_engine(&[]).contains("install Docker"));
    assert!(no_engine(&["one".to_owned(), "two".to_owned()]).contains("one; two: install"));
}

#[test]
fn users_are_mapped_where_they_would_be_others() {
    let users = |podman, rootless, remapped| Facts { podman, rootless, remapped, ..good() }.users();
    assert_eq!(users(true, true, false), Some("keep-id"));
    assert_eq!(users(true, false, false), None);
    assert_eq!(users(false, false, true), Some("host"));
    assert_eq!(users(false, false, false), None);
}

#[test]
fn reads_what_an_engine_says_of_itself() {
    let version =
        serde_json::json!({"Version": "4.3.1", "ApiVersion": "1.41", "Components": [{"Name": "Podman Engine", "Version": "4.3.1"}]});
    let info = serde_json::json!({"NCPU": 4, "MemoryLimit": true, "SwapLimit": false, "PidsLimit": true, "CgroupVersion": "2", "CgroupDriver": "systemd",
        "Runtimes": {"crun": {"path": "crun"}}, "SecurityOptions": ["name=seccomp,profile=default", "name=rootless", "name=userns"]});
    let read =
        |info| super::super::facts("/s".into(), serde_json::from_value(version.clone()).unwrap(), serde_json::from_value(info).unwrap());
    let facts = read(info);
    assert!(facts.podman && facts.rootless && facts.remapped && facts.seccomp && facts.memory && !facts.swap && facts.processes);
    assert_eq!((&*facts.version, &*facts.api, &*facts.cgroup), ("4.3.1", "1.41", "cgroup version 2, systemd"));
    assert_eq!((facts.runtimes, facts.processors), (vec!["crun".to_owned()], 4));
    // What is not said is not there.
    let silent = read(serde_json::json!({"SecurityOptions": ["name=seccomp,profile=unconfined"]}));
    assert!(!silent.seccomp && !silent.memory && !silent.processes && !silent.rootless);
    assert!(silent.runtimes.is_empty() && silent.processors == 1);
}
