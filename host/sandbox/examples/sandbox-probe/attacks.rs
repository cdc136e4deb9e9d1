//! What a taken-over adapter would try. Each works for an ordinary process of the same user.

use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixStream};
use std::path::Path;

use libc::{c_int, c_long};

use crate::lead::answer;
use crate::raw::{call, page, signed};
use crate::scene::{SECRET, Scene};

type Attack = fn(&Scene) -> io::Result<()>;

/// Every attack, by its name.
pub(crate) const ATTACKS: &[(&str, Attack)] = &[
    ("connect to the session bus", |scene| UnixStream::connect(scene.folder.join("bus")).map(drop)),
    ("connect to docker.sock", |scene| UnixStream::connect(scene.folder.join("docker.sock")).map(drop)),
    ("send to the log's socket", |scene| UnixDatagram::unbound()?.send_to(b"x", scene.folder.join("log")).map(drop)),
    ("send to the log's socket from a pair", |scene| UnixDatagram::pair()?.0.send_to(b"x", scene.folder.join("log")).map(drop)),
    ("connect to an abstract socket", |scene| UnixStream::connect_addr(&SocketAddr::from_abstract_name(&scene.abstract_name)?).map(drop)),
    ("open netlink", |_| socket(libc::AF_NETLINK, libc::SOCK_RAW, 0).map(drop)),
    ("take a TCP port", |_| std::net::TcpListener::bind("127.0.0.1:0").map(drop)),
    ("take a TCP port and not listen", |_| {
        let socket = socket(libc::AF_INET, libc::SOCK_STREAM, 0)?;
        Ok(rustix::net::bind(socket, &std::net::SocketAddr::from(([127, 0, 0, 1], 0)))?)
    }),
    ("listen without taking a port", |_| {
        let socket = socket(libc::AF_INET, libc::SOCK_STREAM, 0)?;
        call(libc::SYS_listen, &[signed(socket.as_raw_fd()), 1]).map(drop)
    }),
    ("read the vault", |scene| expect(fs::read(scene.vault())? == SECRET.as_bytes())),
    ("read /etc/passwd", |_| fs::read("/etc/passwd").map(drop)),
    ("list another adapter's folder", |scene| fs::read_dir(scene.state()).map(drop)),
    ("read another adapter's state", |scene| fs::read(scene.state().join("offset")).map(drop)),
    ("write another adapter's state", |scene| fs::write(scene.state().join("offset"), "0")),
    ("make a file for another adapter", |scene| fs::File::create_new(scene.state().join("new")).map(drop)),
    ("make a folder for another adapter", |scene| fs::create_dir(scene.state().join("new"))),
    ("make a link for another adapter", |scene| symlink(scene.vault(), scene.state().join("new"))),
    ("replace another adapter's state", |scene| fs::rename(scene.state().join("old"), scene.state().join("offset"))),
    ("link to the vault", |scene| fs::hard_link(scene.vault(), scene.state().join("new"))),
    ("remove another adapter's state", |scene| fs::remove_file(scene.state().join("old"))),
    ("empty another adapter's state", |scene| {
        let path = c_path(&scene.state().join("offset"));
        call(libc::SYS_truncate, &[path.as_ptr() as usize, 0]).map(drop)
    }),
    ("write what may be read", |scene| fs::write(scene.readable(), "x")),
    ("empty what may be read by opening it", |scene| {
        let path = c_path(&scene.readable());
        call(libc::SYS_openat, &[signed(libc::AT_FDCWD), path.as_ptr() as usize, signed(libc::O_RDONLY | libc::O_TRUNC)]).map(drop)
    }),
    ("open the vault to everybody", |scene| fs::set_permissions(scene.vault(), fs::Permissions::from_mode(0o666))),
    ("set a file's time", |scene| {
        let path = c_path(&scene.vault());
        call(libc::SYS_utimensat, &[signed(libc::AT_FDCWD), path.as_ptr() as usize, 0, 0]).map(drop)
    }),
    ("watch the vault", |scene| {
        let watch = call(libc::SYS_inotify_init1, &[0])?;
        let path = c_path(&scene.vault());
        call(libc::SYS_inotify_add_watch, &[watch, path.as_ptr() as usize, 2]).map(drop)
    }),
    ("read another process's memory by its file", |scene| {
        let mut found = vec![0; SECRET.len()];
        fs::File::open(format!("/proc/{}/mem", scene.victim))?.read_exact_at(&mut found, scene.address as u64)?;
        expect(found == SECRET.as_bytes())
    }),
    ("read another process's environment", |scene| fs::read(format!("/proc/{}/environ", scene.victim)).map(drop)),
    ("read another process's map", |scene| expect(!fs::read(format!("/proc/{}/maps", scene.victim))?.is_empty())),
    ("open another process's file", |scene| {
        let mut found = String::new();
        fs::File::open(format!("/proc/{}/fd/4", scene.victim))?.read_to_string(&mut found)?;
        expect(found == SECRET)
    }),
    ("write one's own memory by its file", |_| fs::OpenOptions::new().write(true).open("/proc/self/mem").map(drop)),
    ("signal another process", |scene| call(libc::SYS_kill, &[signed(scene.victim), signed(libc::SIGCONT)]).map(drop)),
    ("signal another process's thread", |scene| {
        call(libc::SYS_tgkill, &[signed(scene.victim), signed(scene.victim), signed(libc::SIGCONT)]).map(drop)
    }),
    ("signal every process", |_| call(libc::SYS_kill, &[signed(-1), 0]).map(drop)),
    ("queue a signal to another process", |scene| {
        // Who queues one says of himself that he did: code -1, then a number and a user.
        let mut information = [0_i32; 32];
        (information[0], information[2]) = (libc::SIGCONT, -1);
        call(libc::SYS_rt_sigqueueinfo, &[signed(scene.victim), signed(libc::SIGCONT), information.as_ptr() as usize]).map(drop)
    }),
    ("have a descriptor signal another process", |scene| {
        let (socket, _other) = UnixStream::pair()?;
        call(libc::SYS_fcntl, &[signed(socket.as_raw_fd()), signed(libc::F_SETOWN), signed(scene.victim)]).map(drop)
    }),
    ("have a descriptor signal another process by ioctl", |scene| {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0")?;
        call(libc::SYS_ioctl, &[signed(socket.as_raw_fd()), 0x8901, std::ptr::from_ref(&scene.victim) as usize]).map(drop)
    }),
    ("take a handle of another process", |scene| call(libc::SYS_pidfd_open, &[signed(scene.victim), 0]).map(drop)),
    ("take another process's descriptor", |scene| {
        let handle = call(libc::SYS_pidfd_open, &[signed(scene.victim), 0])?;
        call(libc::SYS_pidfd_getfd, &[handle, 4, 0]).map(drop)
    }),
    ("change another process's limits", |scene| {
        let limit = [64_u64, 64];
        call(libc::SYS_prlimit64, &[signed(scene.victim), 7, limit.as_ptr() as usize, 0]).map(drop)
    }),
    ("slow another process down", |scene| call(libc::SYS_setpriority, &[0, signed(scene.victim), 19]).map(drop)),
    ("trace another process", |scene| call(libc::SYS_ptrace, &[0x4206, signed(scene.victim), 0, 0]).map(drop)),
    ("read another process's memory", |scene| {
        let mut found = vec![0; SECRET.len()];
        copy(libc::SYS_process_vm_readv, scene, &mut found)?;
        expect(found == SECRET.as_bytes())
    }),
    ("write another process's memory", |scene| copy(libc::SYS_process_vm_writev, scene, &mut SECRET.as_bytes().to_vec())),
    ("start a program", |scene| start(scene, libc::SYS_execve)),
    ("start a program by a descriptor", |scene| start(scene, libc::SYS_execveat)),
    ("fork", |_| copied(call(libc::SYS_clone, &[signed(libc::SIGCHLD)])?)),
    ("fork as clone3 does", |_| {
        // struct clone_args: its fifth field is the signal at the end.
        let arguments = [0_u64, 0, 0, 0, u64::from(libc::SIGCHLD.unsigned_abs()), 0, 0, 0];
        copied(call(libc::SYS_clone3, &[arguments.as_ptr() as usize, size_of_val(&arguments)])?)
    }),
    ("map executable memory", |_| page(libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC).map(drop)),
    ("make memory executable", |_| {
        let page = page(libc::PROT_READ | libc::PROT_WRITE)?;
        call(libc::SYS_mprotect, &[page, 4096, signed(libc::PROT_READ | libc::PROT_EXEC)]).map(drop)
    }),
    ("make memory executable with a key", |_| {
        let page = page(libc::PROT_READ | libc::PROT_WRITE)?;
        call(libc::SYS_pkey_mprotect, &[page, 4096, signed(libc::PROT_READ | libc::PROT_EXEC), signed(-1)]).map(drop)
    }),
    ("map a file of memory executable", |_| {
        let file = call(libc::SYS_memfd_create, &[c"x".as_ptr() as usize, 0])?;
        call(libc::SYS_ftruncate, &[file, 4096])?;
        call(libc::SYS_mmap, &[0, 4096, signed(libc::PROT_READ | libc::PROT_EXEC), signed(libc::MAP_SHARED), file, 0]).map(drop)
    }),
    ("share memory by number", |_| {
        let segment = call(libc::SYS_shmget, &[signed(libc::IPC_PRIVATE), 4096, 0o600])?;
        call(libc::SYS_shmctl, &[segment, signed(libc::IPC_RMID), 0]).map(drop)
    }),
    ("set up io_uring", |_| {
        let parameters = [0_u8; 120];
        call(libc::SYS_io_uring_setup, &[1, parameters.as_ptr() as usize]).map(drop)
    }),
    ("find the session's keys", |_| call(libc::SYS_keyctl, &[0, signed(-3), 1]).map(drop)),
    ("add a key", |_| {
        let (kind, name) = (c"user".as_ptr() as usize, c"wirken-test".as_ptr() as usize);
        call(libc::SYS_add_key, &[kind, name, b"x".as_ptr() as usize, 1, signed(-2)]).map(drop)
    }),
    ("become root of a namespace", |_| call(libc::SYS_unshare, &[signed(libc::CLONE_NEWUSER)]).map(drop)),
    ("take page faults", |_| call(libc::SYS_userfaultfd, &[1]).map(drop)),
    ("make what can be read executable", |_| call(libc::SYS_personality, &[0x0040_0000]).map(drop)),
    ("become dumpable again", |_| prctl(libc::PR_SET_DUMPABLE, 1)),
    ("outlive the parent", |_| prctl(libc::PR_SET_PDEATHSIG, 0)),
];

/// One attack, in this process.
pub(crate) fn child(arguments: &[String]) {
    let scene = Scene::from_arguments(&arguments[2..]);
    let mut channel = answer();
    if arguments[0] == "confined" {
        crate::looks::confine(&scene);
    }
    let (_, attack) = ATTACKS.iter().find(|(name, _)| *name == arguments[1]).unwrap();
    match attack(&scene) {
        Ok(()) => write!(channel, "done").unwrap(),
        Err(error) => write!(channel, "{}", error.raw_os_error().map_or("wrong answer".into(), name)).unwrap(),
    }
}

fn name(number: c_int) -> String {
    match number {
        libc::EPERM => "EPERM".into(),
        libc::EACCES => "EACCES".into(),
        libc::ENOSYS => "ENOSYS".into(),
        other => format!("errno {other}"),
    }
}

fn expect(right: bool) -> io::Result<()> {
    if right { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
}

fn socket(family: c_int, kind: c_int, protocol: c_int) -> io::Result<OwnedFd> {
    let socket = call(libc::SYS_socket, &[signed(family), signed(kind), signed(protocol)])?;
    #[expect(unsafe_code, reason = "it came from a bare system call")]
    // SAFETY: it was opened just now, and nothing else knows its number.
    Ok(unsafe { OwnedFd::from_raw_fd(i32::try_from(socket).unwrap()) })
}

fn prctl(option: c_int, value: usize) -> io::Result<()> {
    call(libc::SYS_prctl, &[signed(option), value]).map(drop)
}

fn c_path(path: &Path) -> std::ffi::CString {
    std::ffi::CString::new(path.as_os_str().as_bytes()).unwrap()
}

/// Between a buffer of ours and the place of the secret in the victim.
fn copy(number: c_long, scene: &Scene, buffer: &mut [u8]) -> io::Result<()> {
    let (ours, theirs) = ([buffer.as_mut_ptr() as usize, buffer.len()], [scene.address, buffer.len()]);
    let done = call(number, &[signed(scene.victim), ours.as_ptr() as usize, 1, theirs.as_ptr() as usize, 1, 0])?;
    expect(done == buffer.len())
}

/// In place of this process, which answers no more then: its exit status tells.
fn start(scene: &Scene, number: c_long) -> io::Result<()> {
    let path = c_path(&scene.folder.join("probe"));
    let arguments = [path.as_ptr() as usize, c"started".as_ptr() as usize, 0];
    let nothing = [0_usize];
    let (path, arguments, environment) = (path.as_ptr() as usize, arguments.as_ptr() as usize, nothing.as_ptr() as usize);
    if number == libc::SYS_execve {
        return call(number, &[path, arguments, environment]).map(drop);
    }
    call(number, &[signed(libc::AT_FDCWD), path, arguments, environment, 0]).map(drop)
}

/// After a fork: the copy ends, and the original goes on.
fn copied(child: usize) -> io::Result<()> {
    if child == 0 {
        call(libc::SYS_exit_group, &[0])?;
    }
    call(libc::SYS_wait4, &[child, 0, 0, 0]).map(drop)
}
