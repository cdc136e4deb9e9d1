//! The program that the tests start, and a stage for it.

use std::io::{PipeReader, Read, Write, pipe};
use std::net::{TcpListener, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use wirken_sandbox::{Child, Spawn, spawn};

/// Somebody without rights: by convention the user who owns nothing.
pub(crate) const NOBODY: u32 = 65534;

pub(crate) fn probe() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let probe = tests.parent().and_then(Path::parent).unwrap().join("examples/sandbox-probe");
    assert!(probe.exists(), "{} is missing: run the tests without naming a target, so that the examples are built", probe.display());
    probe
}

/// Starts the program in a role, and gives the end on which it answers.
pub(crate) fn start(arguments: &[&str], mut descriptors: Vec<(OwnedFd, i32)>) -> (Child, PipeReader) {
    let (reader, writer) = pipe().unwrap();
    descriptors.push((writer.into(), 3));
    let arguments = arguments.iter().map(Into::into).collect();
    let child = spawn(Spawn { arguments, descriptors, ..Spawn::new(probe()) }).unwrap();
    (child, reader)
}

/// What it answered by its end.
pub(crate) fn answer(arguments: &[&str]) -> String {
    let (child, mut reader) = start(arguments, Vec::new());
    let mut told = String::new();
    reader.read_to_string(&mut told).unwrap();
    let status = child.wait().unwrap();
    assert!(status.success(), "{arguments:?}: {status}: {told}");
    told
}

/// Waits until it says that it runs.
pub(crate) fn asleep(reader: &mut PipeReader) {
    let mut told = [0; 7];
    reader.read_exact(&mut told).unwrap();
    assert_eq!(&told, b"asleep\n");
}

/// A folder of the user's in whose name the program runs, with sockets that anybody may connect to, and servers that echo.
pub(crate) struct Stage {
    folder: TempDir,
    abstract_name: String,
    tcp: String,
    udp: String,
    _sockets: (Vec<UnixListener>, UnixDatagram),
}

impl Stage {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let open = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        open(folder.path(), 0o755);
        if rustix::process::geteuid().is_root() {
            std::os::unix::fs::chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        // By another program: a file that this one is writing cannot be run, and a child that is forked off meanwhile has it open too.
        #[expect(clippy::disallowed_methods, reason = "a test copies a file")]
        let copied = Command::new("cp").arg(probe()).arg(at("probe")).status().unwrap();
        assert!(copied.success());
        open(&at("probe"), 0o755);
        let abstract_name = format!("wirken-{}", folder.path().display());
        let address = SocketAddr::from_abstract_name(&abstract_name).unwrap();
        let mut listeners = vec![UnixListener::bind_addr(&address).unwrap()];
        listeners.extend(["bus", "docker.sock"].map(|name| UnixListener::bind(at(name)).unwrap()));
        let log = UnixDatagram::bind(at("log")).unwrap();
        for name in ["bus", "docker.sock", "log"] {
            open(&at(name), 0o777);
        }
        Self { abstract_name, tcp: tcp_echo(), udp: udp_echo(), _sockets: (listeners, log), folder }
    }

    /// Runs the program in a role as an ordinary user, and gives the lines that it wrote, in their fields.
    pub(crate) fn run(&self, role: &str) -> Vec<Vec<String>> {
        let folder = self.folder.path();
        #[expect(clippy::disallowed_methods, reason = "a process of another user, which is not what the crate starts")]
        let mut command = Command::new(folder.join("probe"));
        command.arg(role).arg(folder).args([&self.abstract_name, &self.tcp, &self.udp]).current_dir(folder);
        if rustix::process::geteuid().is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        let output = command.output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {errors}", output.status);
        String::from_utf8(output.stdout).unwrap().lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
    }
}

pub(crate) fn tcp_echo() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut told = [0; 4];
            if stream.read_exact(&mut told).is_ok() {
                let _ = stream.write_all(&told);
            }
        }
    });
    address
}

fn udp_echo() -> String {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        let mut told = [0; 64];
        while let Ok((length, peer)) = socket.recv_from(&mut told) {
            let _ = socket.send_to(&told[..length], peer);
        }
    });
    address
}
