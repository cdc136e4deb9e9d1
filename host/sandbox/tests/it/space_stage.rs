//! A user without rights who has a workspace, things of his own beside it, and a gateway that runs programs for him.

use std::io::{BufRead, BufReader, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::geteuid;
use tempfile::TempDir;

use crate::support::{NOBODY, probe, tcp_echo};

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Told {
    /// `ended`, or the kind of error.
    pub(crate) how: String,
    pub(crate) code: i32,
    pub(crate) truncated: bool,
    pub(crate) millis: u64,
    pub(crate) stdout: String,
    /// Or the error's own words.
    pub(crate) stderr: String,
}

pub(crate) struct Stage {
    folder: TempDir,
    abstract_name: String,
    tcp: String,
    victim: Child,
    _sockets: (Vec<UnixListener>, UnixDatagram),
}

impl Stage {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["workspace", "home", "skill"] {
            std::fs::create_dir(at(name)).unwrap();
        }
        std::fs::write(at("home/secret"), "secret").unwrap();
        std::fs::write(at("skill/read.me"), "of the skill").unwrap();
        std::fs::write(at("skill/run"), "#!/bin/sh\ncat \"$(dirname \"$0\")/read.me\"\n").unwrap();
        symlink("../home/secret", at("workspace/link")).unwrap();
        symlink(at("home"), at("workspace/home")).unwrap();
        // By another program: a file that this one is writing cannot be run, and a child that is forked off meanwhile has it open too.
        for name in ["probe", "workspace/probe"] {
            assert!(command("cp").arg(probe()).arg(at(name)).status().unwrap().success());
        }
        let abstract_name = format!("wirken-space-{}", folder.path().display());
        let mut listeners = vec![UnixListener::bind_addr(&SocketAddr::from_abstract_name(&abstract_name).unwrap()).unwrap()];
        listeners.extend(["bus", "docker.sock", "workspace/sock"].map(|name| UnixListener::bind(at(name)).unwrap()));
        let log = UnixDatagram::bind(at("workspace/log")).unwrap();
        for name in ["bus", "docker.sock", "workspace/sock", "workspace/log", "probe", "workspace/probe", "skill/run"] {
            std::fs::set_permissions(at(name), std::fs::Permissions::from_mode(0o777)).unwrap();
        }
        if geteuid().is_root() {
            give(folder.path());
        }
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut victim = as_nobody("sleep");
        let victim = victim.arg("1000").spawn().unwrap();
        Self { abstract_name, tcp: tcp_echo(), victim, _sockets: (listeners, log), folder }
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What the tries are told of this place.
    pub(crate) fn targets(&self) -> [String; 4] {
        [self.folder.path().display().to_string(), self.abstract_name.clone(), self.tcp.clone(), self.victim.id().to_string()]
    }

    /// Runs this program in a role, as the user, outside of any sandbox and in the workspace.
    pub(crate) fn outside(&self, role: &[&str]) -> String {
        let output = as_nobody(self.at("workspace/probe")).args(role).current_dir(self.at("workspace")).output().unwrap();
        assert!(output.status.success(), "{role:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command in the sandbox.
    pub(crate) fn run(&self, command: &[&str]) -> Told {
        self.run_with(&[], command)
    }

    /// The same with settings.
    pub(crate) fn run_with(&self, settings: &[&str], command: &[&str]) -> Told {
        self.gateway(&["space-once"], settings, command)
    }

    /// The same in a shell.
    pub(crate) fn shell(&self, script: &str) -> Told {
        self.run(&["sh", "-c", script])
    }

    /// The same by a gateway in this role.
    pub(crate) fn gateway(&self, role: &[&str], settings: &[&str], command: &[&str]) -> Told {
        let output = self.command(role, settings, command).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command:?}: {}: {errors}", output.status);
        let end = output.stdout.iter().position(|byte| *byte == b'\n').unwrap();
        let line = String::from_utf8_lossy(&output.stdout[..end]).into_owned();
        let fields: Vec<_> = line.split(' ').collect();
        let (ended, rest) = (fields[0] == "ended", &output.stdout[end + 1..]);
        let (stdout, stderr) = rest.split_at(fields[fields.len() - 1].parse().unwrap());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Told {
            how: fields[0].to_owned(),
            code: if ended { fields[1].parse().unwrap() } else { -1 },
            truncated: ended && fields[2] == "true",
            millis: fields[fields.len() - 2].parse().unwrap(),
            stdout: text(stdout),
            stderr: text(stderr),
        }
    }

    /// A gateway that begins to run a command, and takes lines.
    pub(crate) fn begin(&self, command: &[&str]) -> Begun {
        let mut gateway = self.command(&["space-cancel"], &[], command).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (gateway.stdin.take().unwrap(), BufReader::new(gateway.stdout.take().unwrap()));
        let mut begun = Begun { gateway, input, output };
        begun.expect("running");
        begun
    }

    pub(crate) fn command(&self, role: &[&str], settings: &[&str], program: &[&str]) -> Command {
        let mut command = as_nobody(self.at("probe"));
        command.args(role);
        if !program.is_empty() {
            command.arg(format!("workspace={}", self.at("workspace").display())).args(settings).arg("--").args(program);
        }
        command
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.victim.kill().unwrap();
        self.victim.wait().unwrap();
    }
}

/// A gateway with a program that runs.
pub(crate) struct Begun {
    pub(crate) gateway: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Begun {
    pub(crate) fn expect(&mut self, line: &str) {
        let mut told = String::new();
        self.output.read_line(&mut told).unwrap();
        assert_eq!(told.trim(), line);
    }

    pub(crate) fn go_on(&mut self) {
        self.input.write_all(b"\n").unwrap();
    }
}

/// A program of this name whose command holds a word that no other has, so that it is found.
pub(crate) fn processes_with(word: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap() {
        let path = entry.unwrap().path().join("cmdline");
        let command = std::fs::read(&path).unwrap_or_default();
        let words: Vec<_> = command.split(|byte| *byte == 0).collect();
        // The gateways of the tests name the command too.
        if words.contains(&word.as_bytes()) && !words.iter().any(|part| part.starts_with(b"space-")) {
            found.push(path.display().to_string());
        }
    }
    found
}

/// Waits for what the kernel does in its own time.
pub(crate) fn soon(what: &str, holds: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < until, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[expect(clippy::disallowed_methods, reason = "processes of the tests' own")]
fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    Command::new(program)
}

fn as_nobody(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = command(program);
    if geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

fn give(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        std::os::unix::fs::lchown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
        if path.is_dir() && !path.is_symlink() {
            give(&path);
        }
    }
    chown(folder, Some(NOBODY), Some(NOBODY)).unwrap();
}
