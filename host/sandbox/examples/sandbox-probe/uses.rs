//! What a confined process has to be able to do still.

use std::io::{self, Read, Write};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::lead::answer;
use crate::raw::{call, page, raise_and_catch, read, signed, write};
use crate::scene::Scene;

type Use = fn(&Scene) -> io::Result<String>;

/// Every use, by its name. What it returns is the same with and without the confinement where nothing else is said in the tests.
pub(crate) const USES: &[(&str, Use)] = &[
    ("threads", |_| {
        let threads: Vec<_> = (0..8_u32).map(|number| std::thread::spawn(move || number * 2)).collect();
        Ok(threads.into_iter().map(|thread| thread.join().unwrap()).sum::<u32>().to_string())
    }),
    ("TCP on one thread", |scene| runtime(tokio::runtime::Builder::new_current_thread(), scene)),
    ("TCP on many threads", |scene| runtime(tokio::runtime::Builder::new_multi_thread(), scene)),
    ("a name looked up over UDP", |scene| {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0")?;
        socket.set_read_timeout(Some(Duration::from_secs(20)))?;
        socket.send_to(b"question", scene.udp.as_str())?;
        let mut answer = [0; 64];
        let (length, _) = socket.recv_from(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer[..length]).into_owned())
    }),
    ("a pair of streams", |_| {
        let (mut one, mut other) = std::os::unix::net::UnixStream::pair()?;
        one.write_all(b"pair")?;
        let mut told = [0; 4];
        other.read_exact(&mut told)?;
        Ok(String::from_utf8_lossy(&told).into_owned())
    }),
    ("a file that may be read", |scene| std::fs::read_to_string(scene.readable())),
    ("a folder that may be read", |scene| {
        let shelf = scene.folder.join("shelf");
        let listed = std::fs::read_dir(&shelf)?.count();
        Ok(format!("{listed}: {}", std::fs::read_to_string(shelf.join("deep/book"))?))
    }),
    ("memory", |_| {
        let page = page(libc::PROT_READ | libc::PROT_WRITE)?;
        write(page, 1);
        Ok(read(page).to_string())
    }),
    ("memory that is opened up later", |_| {
        let page = page(libc::PROT_NONE)?;
        call(libc::SYS_mprotect, &[page, 4096, signed(libc::PROT_READ | libc::PROT_WRITE)])?;
        write(page, 2);
        Ok(read(page).to_string())
    }),
    ("a file of memory", |_| {
        let file = call(libc::SYS_memfd_create, &[c"x".as_ptr() as usize, 0])?;
        call(libc::SYS_ftruncate, &[file, 4096])?;
        let protection = signed(libc::PROT_READ | libc::PROT_WRITE);
        let page = call(libc::SYS_mmap, &[0, 4096, protection, signed(libc::MAP_SHARED), file, 0])?;
        write(page, 3);
        Ok(read(page).to_string())
    }),
    ("a signal to oneself", |_| Ok((raise_and_catch(libc::SIGUSR1) == libc::SIGUSR1).to_string())),
    ("a panic that is caught", |_| {
        std::panic::set_hook(Box::new(|_| ()));
        Ok(std::panic::catch_unwind(|| panic!("on purpose")).is_err().to_string())
    }),
    ("abort", |_| std::process::abort()),
    ("one's own limits", |_| {
        let mut limit = [0_u64; 2];
        let myself = std::process::id() as usize;
        call(libc::SYS_prlimit64, &[0, 7, 0, limit.as_mut_ptr() as usize])?;
        call(libc::SYS_prlimit64, &[myself, 7, 0, limit.as_mut_ptr() as usize])?;
        Ok((limit[1] > 0).to_string())
    }),
    // The last call that the filter knows, and the first that it does not.
    ("the last known call", |_| Ok(exists(libc::SYS_set_mempolicy_home_node))),
    ("the first unknown call", |_| Ok(exists(libc::SYS_set_mempolicy_home_node + 1))),
    #[cfg(target_arch = "x86_64")]
    ("the second set of calls", |_| Ok(exists(libc::SYS_getppid + 0x4000_0000))),
    #[cfg(target_arch = "x86_64")]
    ("the last of the first set", |_| Ok(exists(0x3fff_ffff))),
    #[cfg(target_arch = "x86_64")]
    ("the gate for programs of 32 bits", |_| {
        let found = crate::raw::getpid_through_the_other_gate();
        Ok((found == i32::try_from(std::process::id()).unwrap()).to_string())
    }),
];

/// One use, in this process.
pub(crate) fn child(arguments: &[String]) {
    let scene = Scene::from_arguments(&arguments[2..]);
    let mut channel = answer();
    if arguments[0] == "confined" {
        crate::looks::confine(&scene);
    }
    let (_, used) = USES.iter().find(|(name, _)| *name == arguments[1]).unwrap();
    match used(&scene) {
        Ok(told) => write!(channel, "{told}").unwrap(),
        Err(error) => write!(channel, "failed: {error}").unwrap(),
    }
}

/// Whether there is a call of this number.
fn exists(number: libc::c_long) -> String {
    match call(number, &[0, 1, signed(-1), signed(-1)]) {
        Err(error) if error.raw_os_error() == Some(libc::ENOSYS) => "no".into(),
        Err(error) if error.raw_os_error() == Some(libc::EPERM) => "refused".into(),
        _ => "yes".into(),
    }
}

/// A runtime as an adapter has it: connections, timers, signals and blocking work.
fn runtime(mut builder: tokio::runtime::Builder, scene: &Scene) -> io::Result<String> {
    let address = scene.tcp.clone();
    builder.enable_all().build()?.block_on(async move {
        let tasks: Vec<_> = (0..4).map(|_| tokio::spawn(echoed(address.clone()))).collect();
        for task in tasks {
            assert_eq!(task.await.unwrap()?, "echo");
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
        let _stop = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        let blocking = tokio::task::spawn_blocking(|| "echo").await.unwrap();
        Ok(blocking.to_owned())
    })
}

async fn echoed(address: String) -> io::Result<String> {
    #[expect(clippy::disallowed_methods, reason = "it connects to the test that started it")]
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    stream.write_all(b"echo").await?;
    let mut told = [0; 4];
    stream.read_exact(&mut told).await?;
    Ok(String::from_utf8_lossy(&told).into_owned())
}
