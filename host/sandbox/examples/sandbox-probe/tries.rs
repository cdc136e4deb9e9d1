//! What a program would try that a model was talked into. Each works for an ordinary process of the same user, outside of the sandbox.

use std::fs;
use std::io::{self, Write};
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener, UnixStream};
use std::path::PathBuf;

use crate::raw::{call, page, signed};

/// Where things are, by their paths outside.
struct Target {
    folder: PathBuf,
    abstract_name: String,
    tcp: String,
    victim: i32,
}

type Try = fn(&Target) -> io::Result<()>;

const TRIES: &[(&str, Try)] = &[
    // The network.
    ("connect to a port of this machine", |target| connect(&target.tcp)),
    ("open a TCP socket", |_| socket(libc::AF_INET, libc::SOCK_STREAM)),
    ("open a UDP socket", |_| socket(libc::AF_INET, libc::SOCK_DGRAM)),
    ("open a TCP socket of version 6", |_| socket(libc::AF_INET6, libc::SOCK_STREAM)),
    ("ask for the interfaces", |_| socket(libc::AF_NETLINK, libc::SOCK_RAW)),
    ("open a socket of another kind", |_| socket(libc::AF_ALG, libc::SOCK_SEQPACKET)),
    // Sockets of others.
    ("connect to the session bus", |target| UnixStream::connect(target.folder.join("bus")).map(drop)),
    ("connect to docker.sock", |target| UnixStream::connect(target.folder.join("docker.sock")).map(drop)),
    ("connect to an abstract socket", |target| UnixStream::connect_addr(&SocketAddr::from_abstract_name(&target.abstract_name)?).map(drop)),
    ("connect to a socket in the workspace", |_| UnixStream::connect("sock").map(drop)),
    ("send to a socket in the workspace from a pair", |_| UnixDatagram::pair()?.0.send_to(b"x", "log").map(drop)),
    ("offer a socket in the workspace", |_| UnixListener::bind("mine").map(drop)),
    // Files of others.
    ("read a file of the same user", |target| fs::read(target.folder.join("home/secret")).map(drop)),
    ("list a folder of the same user", |target| fs::read_dir(target.folder.join("home")).map(drop)),
    ("read through a link in the workspace", |_| fs::read("link").map(drop)),
    ("list through a link in the workspace", |_| fs::read_dir("home/").map(drop)),
    ("read through the folder above", |_| fs::read("../home/secret").map(drop)),
    ("read through a process's root", |target| fs::read(format!("/proc/{}/root/etc/hostname", target.victim)).map(drop)),
    ("read the system's settings", |_| fs::read("/etc/fstab").map(drop)),
    ("list the system's devices", |_| fs::metadata("/dev/tty").map(drop)),
    ("list the system's hardware", |_| fs::read_dir("/sys/class").map(drop)),
    ("write beside the workspace", |target| fs::write(target.folder.join("home/new"), "x")),
    ("write through a link in the workspace", |_| fs::write("home/new", "x")),
    ("take over a file by a hard link", |target| fs::hard_link(target.folder.join("home/secret"), "hard")),
    // Other processes.
    ("read another process's command", |target| fs::read(format!("/proc/{}/cmdline", target.victim)).map(drop)),
    ("signal another process", |target| call(libc::SYS_kill, &[signed(target.victim), 0]).map(drop)),
    ("take a handle of another process", |target| call(libc::SYS_pidfd_open, &[signed(target.victim), 0]).map(drop)),
    ("find the system's first process", |_| {
        let comm = fs::read_to_string("/proc/1/comm")?;
        if comm.contains("sandbox-probe") { Err(io::ErrorKind::NotFound.into()) } else { Ok(()) }
    }),
    ("be traced", |_| call(libc::SYS_ptrace, &[0, 0, 0, 0]).map(drop)),
    ("read memory by number", |_| {
        let (page, mut byte) = (page(libc::PROT_READ)?, 0_u8);
        let (mine, theirs) = ([std::ptr::from_mut(&mut byte) as usize, 1], [page, 1_usize]);
        let myself = std::process::id() as usize;
        call(libc::SYS_process_vm_readv, &[myself, mine.as_ptr() as usize, 1, theirs.as_ptr() as usize, 1, 0]).map(drop)
    }),
    ("look into the first process", |target| {
        // Inside it is the sandbox's; outside, one of the same user.
        let process = if target.victim_is_visible() { target.victim } else { 1 };
        fs::read(format!("/proc/{process}/environ")).map(drop)
    }),
    // Namespaces and what they would give.
    ("make a namespace of users", |_| call(libc::SYS_unshare, &[signed(libc::CLONE_NEWUSER)]).map(drop)),
    ("fork into a namespace of users", |_| forked(call(libc::SYS_clone, &[signed(libc::CLONE_NEWUSER | libc::SIGCHLD)])?)),
    ("fork as clone3 does", |_| {
        let arguments = [0_u64, 0, 0, 0, u64::from(libc::SIGCHLD.unsigned_abs()), 0, 0, 0];
        forked(call(libc::SYS_clone3, &[arguments.as_ptr() as usize, size_of_val(&arguments)])?)
    }),
    ("mount in a namespace of its own", |_| {
        call(libc::SYS_unshare, &[signed(libc::CLONE_NEWUSER | libc::CLONE_NEWNS)])?;
        let (kind, place) = (c"tmpfs".as_ptr() as usize, c"/tmp".as_ptr() as usize);
        call(libc::SYS_mount, &[kind, place, kind, 0, 0]).map(drop)
    }),
    // The kernel.
    ("find the session's keys", |_| call(libc::SYS_keyctl, &[0, signed(-3), 1]).map(drop)),
    ("add a key", |_| {
        let (kind, name) = (c"user".as_ptr() as usize, c"wirken-test".as_ptr() as usize);
        call(libc::SYS_add_key, &[kind, name, b"x".as_ptr() as usize, 1, signed(-2)]).map(drop)
    }),
    ("set up io_uring", |_| {
        let parameters = [0_u8; 120];
        call(libc::SYS_io_uring_setup, &[1, parameters.as_ptr() as usize]).map(drop)
    }),
    ("make a file of memory", |_| call(libc::SYS_memfd_create, &[c"x".as_ptr() as usize, 0]).map(drop)),
    ("share memory by number", |_| {
        let segment = call(libc::SYS_shmget, &[signed(libc::IPC_PRIVATE), 4096, 0o600])?;
        call(libc::SYS_shmctl, &[segment, signed(libc::IPC_RMID), 0]).map(drop)
    }),
    ("take page faults", |_| call(libc::SYS_userfaultfd, &[1]).map(drop)),
    ("make what can be read executable", |_| call(libc::SYS_personality, &[0x0040_0000]).map(drop)),
    ("take a file by its handle", |_| {
        let (mut handle, mut mount) = ([128_u32; 40], 0_i32);
        let (path, at) = (c"/tmp".as_ptr() as usize, std::ptr::from_mut(&mut mount) as usize);
        call(libc::SYS_name_to_handle_at, &[signed(libc::AT_FDCWD), path, handle.as_mut_ptr() as usize, at, 0]).map(drop)
    }),
    ("make itself the last to be killed for memory", |_| fs::write("/proc/self/oom_score_adj", "1000")),
];

impl Target {
    fn victim_is_visible(&self) -> bool {
        fs::metadata(format!("/proc/{}", self.victim)).is_ok()
    }
}

#[expect(clippy::disallowed_methods, reason = "a program under test connects as it likes")]
fn connect(address: &str) -> io::Result<()> {
    TcpStream::connect(address).map(drop)
}

fn socket(family: i32, kind: i32) -> io::Result<()> {
    call(libc::SYS_socket, &[signed(family), signed(kind), 0]).map(drop)
}

fn forked(child: usize) -> io::Result<()> {
    if child == 0 {
        call(libc::SYS_exit_group, &[0])?;
    }
    call(libc::SYS_wait4, &[child, 0, 0, 0]).map(drop)
}

/// Each try in a process of its own, with a line that says how it went.
pub(crate) fn all(arguments: &[String]) {
    for (number, (name, _)) in TRIES.iter().enumerate() {
        #[expect(clippy::disallowed_methods, reason = "a program under test, as the shell would start it")]
        let output = std::process::Command::new("/proc/self/exe").arg("try").arg(number.to_string()).args(arguments).output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        println!("{name}\t{}", if output.status.success() { told } else { format!("{told}{}", output.status) });
    }
}

pub(crate) fn one(arguments: &[String]) {
    let target = Target {
        folder: arguments[1].clone().into(),
        abstract_name: arguments[2].clone(),
        tcp: arguments[3].clone(),
        victim: arguments[4].parse().unwrap(),
    };
    let (_, attempt) = TRIES[arguments[0].parse::<usize>().unwrap()];
    let told = match attempt(&target) {
        Ok(()) => "done".to_owned(),
        Err(error) => error.raw_os_error().map_or_else(|| error.to_string(), |number| format!("errno {number}")),
    };
    print!("{told}");
    io::stdout().flush().unwrap();
}

/// Who runs this, and what it has.
pub(crate) fn who() {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    for line in status.lines().filter(|line| ["Uid", "Gid", "Cap", "NoNewPrivs", "Seccomp:"].iter().any(|name| line.starts_with(name))) {
        println!("{}", line.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    for entry in fs::read_dir("/proc/self/fd").unwrap() {
        let path = entry.unwrap().path();
        println!("descriptor {} {}", path.file_name().unwrap().to_string_lossy(), path.read_link().unwrap_or_default().display());
    }
    println!("terminal {}", fs::File::open("/dev/tty").is_ok());
}

/// Fills memory by steps of a megabyte, and tells how far it came, in this many processes; they may hide first what they have.
pub(crate) fn eat(arguments: &[String]) {
    let (megabytes, processes): (usize, usize) = (arguments[0].parse().unwrap(), arguments[1].parse().unwrap());
    if arguments.get(2).is_some_and(|how| how == "hidden") {
        rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable).unwrap();
    }
    for _ in 1..processes {
        if call(libc::SYS_clone, &[signed(libc::SIGCHLD)]).unwrap() == 0 {
            break;
        }
    }
    let mut held = Vec::new();
    for megabyte in 0..megabytes {
        let mut block: Vec<u8> = Vec::new();
        if block.try_reserve_exact(1024 * 1024).is_err() {
            println!("refused after {megabyte}");
            return;
        }
        block.resize(1024 * 1024, 1);
        held.push(block);
    }
    println!("ate {}", held.len());
    io::stdout().flush().unwrap();
    if processes > 1 {
        std::thread::sleep(std::time::Duration::from_secs(20));
    }
}

/// Fills pairs of sockets in this many processes, and waits.
pub(crate) fn pairs(arguments: &[String]) {
    let (count, processes): (usize, usize) = (arguments[0].parse().unwrap(), arguments[1].parse().unwrap());
    for _ in 1..processes {
        if call(libc::SYS_clone, &[signed(libc::SIGCHLD)]).unwrap() == 0 {
            break;
        }
    }
    let mut held = Vec::new();
    for _ in 0..count {
        let (mut one, other) = UnixStream::pair().unwrap();
        one.set_nonblocking(true).unwrap();
        while one.write(&[0; 65536]).is_ok() {}
        held.push((one, other));
    }
    assert!(call(libc::SYS_setsockopt, &[signed(held[0].0.as_raw_fd()), 1, 7, [1_i32].as_ptr() as usize, 4]).is_err());
    println!("filled {}", held.len());
    io::stdout().flush().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(if processes > 1 { 20_000 } else { 300 }));
}

/// Forks until it is refused, and tells how many there were.
pub(crate) fn bomb() {
    let mut children = 0;
    let refused = loop {
        match call(libc::SYS_clone, &[signed(libc::SIGCHLD)]) {
            Ok(0) => loop {
                std::thread::sleep(std::time::Duration::from_secs(60));
            },
            Ok(_) => children += 1,
            Err(error) => break error,
        }
        if children > 5000 {
            println!("never refused");
            return;
        }
    };
    println!("{children} then errno {}", refused.raw_os_error().unwrap());
}

/// Signals everybody it can reach, and itself last.
pub(crate) fn rage() {
    for target in [1, -1, 0] {
        let signal = if target == 0 { libc::SIGTERM } else { libc::SIGKILL };
        drop(call(libc::SYS_kill, &[signed(target), signed(signal)]));
    }
}

/// A socket of its own pair still works, and so does a thread.
pub(crate) fn pair() {
    let (mut one, mut other) = UnixStream::pair().unwrap();
    one.write_all(b"pair").unwrap();
    let mut told = [0; 4];
    io::Read::read_exact(&mut other, &mut told).unwrap();
    assert!(one.as_raw_fd() > 2);
    let thread = std::thread::spawn(move || String::from_utf8(told.to_vec()).unwrap());
    println!("{}", thread.join().unwrap());
}
