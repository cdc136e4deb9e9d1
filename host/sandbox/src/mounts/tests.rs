//! Each rule on both sides, and what links and other kinds of files do to it.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use super::{Kind, Places, Role, check, check_pair, resolve};
use crate::program::{Program, ProgramError};

const DATA: &str = "/home/ann/.wirken";

fn places() -> Places {
    Places {
        data: DATA.into(),
        own_workspace: Some("/home/ann/.wirken/workspace".into()),
        skills: Some("/home/ann/.wirken/skills".into()),
        homes: vec!["/disk/people/bob".into()],
    }
}

/// With the data folder below none of the folders that are refused for other reasons.
fn elsewhere() -> Places {
    Places { data: "/elsewhere/wirken".into(), own_workspace: None, skills: None, ..places() }
}

/// Why not, or nothing.
fn refused(path: &str, role: Role) -> Option<String> {
    refused_with(path, role, &places())
}

fn refused_with(path: &str, role: Role, places: &Places) -> Option<String> {
    match check(Path::new(path), Kind::Folder, role, places) {
        Ok(()) => None,
        Err(ProgramError::Denied(why)) => Some(why),
        Err(other) => panic!("{path}: {other:?}"),
    }
}

#[test]
fn gives_folders_of_users() {
    for path in [
        "/home/ann/work",
        "/home/ann/work/.hidden",
        "/home/ann/work/a:b,c=d \"e\" 'f' $g",
        "/root/work",
        "/disk/people/bob/work",
        "/disk/work",
        "/srv/work",
        "/opt/work",
        "/mnt/disk",
        "/tmp/work",
        "/var/tmp/work",
        "/var/home/ann/work",
        "/var/lib/wirken/work",
        "/workspace",
        "/data",
        "/etcetera",
        "/library",
        "/variable/x",
    ] {
        for role in [Role::Workspace, Role::Skill] {
            assert_eq!(refused(path, role), None);
        }
    }
}

#[test]
fn keeps_folders_of_the_system() {
    for path in [
        "/bin",
        "/boot/grub",
        "/dev",
        "/dev/shm",
        "/etc",
        "/etc/ssh",
        "/lib",
        "/lib64",
        "/proc",
        "/proc/1/root",
        "/run",
        "/run/docker",
        "/run/user/1000",
        "/sbin",
        "/sys/fs/cgroup",
        "/usr",
        "/usr/local/bin",
        "/var",
        "/var/lib",
        "/var/lib/docker",
        "/var/lib/wirkens",
        "/var/log",
        "/private/etc",
    ] {
        for role in [Role::Workspace, Role::Skill] {
            assert!(refused_with(path, role, &elsewhere()).is_some_and(|why| why.contains("system")), "{path}");
        }
    }
}

#[test]
fn keeps_homes_and_what_holds_them() {
    for (path, word) in [
        ("/home", "others"),
        ("/Users", "others"),
        ("/tmp", "others"),
        ("/mnt", "others"),
        ("/var/home", "others"),
        ("/home/bob", "home folder"),
        ("/Users/bob", "home folder"),
        ("/var/home/bob", "home folder"),
        ("/root", "home folder"),
        ("/disk/people/bob", "home folder"),
        ("/disk/people", "home folder"),
        ("/disk", "home folder"),
        ("/home/bob/.ssh", "hidden"),
        ("/home/bob/.config/x/y", "hidden"),
        ("/root/.aws", "hidden"),
        ("/disk/people/bob/.docker", "hidden"),
    ] {
        for role in [Role::Workspace, Role::Skill] {
            assert!(refused_with(path, role, &elsewhere()).is_some_and(|why| why.contains(word)), "{path}");
        }
    }
}

#[test]
fn keeps_the_data_folder_but_for_its_own_workspace_and_its_skills() {
    assert_eq!(refused("/home/ann/.wirken/workspace", Role::Workspace), None);
    assert_eq!(refused("/home/ann/.wirken/skills/weather", Role::Skill), None);
    assert_eq!(refused("/home/ann/.wirken/skills/more/weather", Role::Skill), None);
    for (path, role) in [
        (DATA, Role::Workspace),
        (DATA, Role::Skill),
        ("/home/ann", Role::Workspace),
        ("/home/ann", Role::Skill),
        ("/home/ann/.wirken/vault", Role::Workspace),
        ("/home/ann/.wirken/vault", Role::Skill),
        ("/home/ann/.wirken/workspace/part", Role::Workspace),
        ("/home/ann/.wirken/workspace", Role::Skill),
        ("/home/ann/.wirken/skills", Role::Workspace),
        ("/home/ann/.wirken/skills", Role::Skill),
        ("/home/ann/.wirken/skills/weather", Role::Workspace),
        ("/home/ann/.wirken/skillset/x", Role::Skill),
    ] {
        assert!(refused(path, role).is_some_and(|why| why.contains("gateway's own data")), "{path} {role:?}");
    }
    let without = Places { own_workspace: None, skills: None, ..places() };
    for (path, role) in [("/home/ann/.wirken/workspace", Role::Workspace), ("/home/ann/.wirken/skills/weather", Role::Skill)] {
        assert!(check(Path::new(path), Kind::Folder, role, &without).is_err());
    }
    // The whole system holds it, wherever it is.
    for places in [places(), elsewhere()] {
        assert!(refused_with("/", Role::Workspace, &places).is_some_and(|why| why.contains("gateway's own data")));
    }
    let disk = Places { data: "/data/wirken".into(), ..without };
    assert!(check(Path::new("/data"), Kind::Folder, Role::Workspace, &disk).is_err());
    assert!(check(Path::new("/data/work"), Kind::Folder, Role::Workspace, &disk).is_ok());
}

#[test]
fn takes_folders_only_by_plain_names() {
    for (kind, word) in
        [(Kind::Socket, "a socket"), (Kind::Device, "a device"), (Kind::File, "not a folder"), (Kind::Other, "not a folder")]
    {
        let told = check(Path::new("/disk/work"), kind, Role::Workspace, &places()).unwrap_err().to_string();
        assert!(told.contains(word), "{told}");
    }
    for path in ["work", "../work", "/disk/../etc", ""] {
        assert!(refused(path, Role::Workspace).unwrap().contains("absolute"), "{path}");
    }
    assert!(refused("/disk/a\nb", Role::Workspace).unwrap().contains("control"));
    let bytes = OsStr::from_bytes(b"/disk/\xff");
    assert!(check(Path::new(bytes), Kind::Folder, Role::Workspace, &places()).unwrap_err().to_string().contains("UTF-8"));
}

#[test]
fn keeps_a_skill_out_of_the_workspace_and_of_what_the_sandbox_has() {
    let pair = |workspace: &str, skill: &str, inside: &str| check_pair(Path::new(workspace), Path::new(skill), Path::new(inside));
    assert_eq!(pair("/disk/work", "/disk/skill", "/disk/skill"), Ok(()));
    assert_eq!(pair("/tmp/work", "/tmp/skill", "/tmp/skill"), Ok(()));
    assert_eq!(pair("/disk/work", "/var/home/ann/skill", "/home/ann/skill"), Ok(()));
    assert_eq!(pair("/disk/work", "/disk/works", "/disk/works"), Ok(()));
    for (workspace, skill, inside) in [
        ("/disk/work", "/disk/work/skill", "/disk/work/skill"),
        ("/disk/work", "/disk/work", "/disk/work"),
        ("/disk/skill/work", "/disk/skill", "/disk/skill"),
        ("/disk/work", "/disk/skill", "/workspace/skill"),
        ("/disk/work", "/disk/skill", "/workspace"),
        ("/disk/work", "/disk/skill", "/usr/skill"),
        ("/disk/work", "/disk/skill", "/etc"),
        ("/disk/work", "/disk/skill", "/tmp"),
        ("/disk/work", "/disk/skill", "/"),
        ("/disk/work", "/disk/skill", "/disk/../skill"),
        ("/disk/work", "/disk/skill", "/disk/a\tb"),
    ] {
        assert!(matches!(pair(workspace, skill, inside), Err(ProgramError::Denied(_))), "{workspace} {skill} {inside}");
    }
}

/// A folder of the tests: below `/tmp` as they are started usually, and no home.
fn scene() -> (tempfile::TempDir, PathBuf, Places) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    for name in ["work", "data/vault", "data/skills/one"] {
        std::fs::create_dir_all(root.join(name)).unwrap();
    }
    let data = root.join("data");
    let places = Places { own_workspace: None, skills: Some(data.join("skills")), homes: vec![], data };
    (folder, root, places)
}

#[test]
fn follows_links_before_it_judges() {
    let (_folder, root, places) = scene();
    for (name, target) in [("to-etc", "/etc".into()), ("to-vault", root.join("data/vault")), ("to-work", root.join("work"))] {
        symlink(target, root.join(name)).unwrap();
    }
    symlink("/", root.join("work/up")).unwrap();
    let workspace = |name: &str| resolve(&Program::new("p", root.join(name)), &places);
    for name in ["to-etc", "to-vault", "work/up", "work/up/etc", "work/../data", "data/skills/one"] {
        assert!(matches!(workspace(name), Err(ProgramError::Denied(_))), "{name}");
    }
    for name in ["work", "to-work", "work/../work"] {
        assert_eq!(workspace(name).unwrap().workspace, root.join("work"), "{name}");
    }
    assert!(matches!(workspace("nothing"), Err(ProgramError::Unavailable(_))));
    assert!(matches!(resolve(&Program::new("p", "work"), &places), Err(ProgramError::Denied(_))));
}

#[test]
fn keeps_the_path_by_which_a_skill_was_given() {
    let (_folder, root, places) = scene();
    symlink(root.join("data/skills"), root.join("skills")).unwrap();
    let program = |skill: &str| Program { skill: Some(root.join(skill)), ..Program::new("p", root.join("work")) };
    let folders = resolve(&program("skills/one"), &places).unwrap();
    assert_eq!(folders.skill, Some((root.join("data/skills/one"), root.join("skills/one"))));
    assert!(matches!(resolve(&program("skills"), &places), Err(ProgramError::Denied(_))));
    symlink(root.join("data/vault"), root.join("data/skills/two")).unwrap();
    assert!(matches!(resolve(&program("skills/two"), &places), Err(ProgramError::Denied(_))));
}

#[test]
fn knows_sockets_files_and_devices_where_it_looks() {
    let (_folder, root, places) = scene();
    let _socket = UnixListener::bind(root.join("socket")).unwrap();
    std::fs::write(root.join("file"), b"").unwrap();
    symlink("/dev/null", root.join("device")).unwrap();
    for (name, word) in [("socket", "a socket"), ("file", "not a folder"), ("device", "a device")] {
        let told = resolve(&Program::new("p", root.join(name)), &places).unwrap_err().to_string();
        assert!(told.contains(word), "{told}");
    }
}
