//! Roles of the second sandbox: a gateway that runs programs in it, and the helper that it starts.

use std::future::Future;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, mpsc};
use wirken_sandbox::mounts::Places;
use wirken_sandbox::program::{Bounds, Ended, Piece, Program, ProgramError};
use wirken_sandbox::spaces::{Helper, Settings, Spaces, enter};

/// What the gateway starts: this program, by the hidden command.
pub(crate) fn helper(arguments: &[String]) {
    if let Err(error) = enter(arguments[0].parse().unwrap()) {
        let source = std::error::Error::source(&error).map(ToString::to_string);
        panic!("{error}: {}", source.unwrap_or_default());
    }
}

fn on_a_runtime<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(work)
}

fn spaces(bounds: Bounds) -> Spaces {
    let helper = Helper { program: "/proc/self/exe".into(), arguments: vec!["space".into()] };
    let places = Places { data: "/data/of/the/gateway".into(), own_workspace: None, skills: None, homes: Vec::new() };
    Spaces::new(Settings { helper, places, bounds })
}

/// What a test asks for: settings as `name=value`, then `--`, then the command.
struct Asked {
    program: Program,
    bounds: Bounds,
    /// What comes is not kept.
    flood: bool,
    /// Nobody takes what comes, though somebody could.
    deaf: bool,
}

impl Asked {
    fn from_arguments(arguments: &[String]) -> Self {
        let split = arguments.iter().position(|argument| argument == "--").unwrap();
        let (settings, command) = (&arguments[..split], &arguments[split + 1..]);
        let mut asked = Self { program: Program::new(&command[0], ""), bounds: Bounds::default(), flood: false, deaf: false };
        asked.program.arguments = command[1..].to_vec();
        for setting in settings {
            let (name, value) = setting.split_once('=').unwrap();
            match name {
                "workspace" => asked.program.workspace = value.into(),
                "skill" => asked.program.skill = Some(value.into()),
                "stdin" => asked.program.stdin = value.into(),
                "stdin-bytes" => asked.program.stdin = vec![b'x'; value.parse().unwrap()],
                "millis" => asked.program.timeout = Some(Duration::from_millis(value.parse().unwrap())),
                "memory" => asked.bounds.memory = value.parse().unwrap(),
                "processes" => asked.bounds.processes = value.parse().unwrap(),
                "temporary" => asked.bounds.temporary = value.parse().unwrap(),
                "output" => asked.bounds.output = value.parse().unwrap(),
                "flood" => asked.flood = true,
                "deaf" => asked.deaf = true,
                other => panic!("no setting {other}"),
            }
        }
        asked
    }
}

async fn run(asked: Asked) -> Result<(Ended, Vec<Piece>), ProgramError> {
    let (pieces, mut received) = mpsc::channel(4);
    let spaces = spaces(asked.bounds);
    let listen = async {
        let mut all = Vec::new();
        if asked.deaf {
            tokio::time::sleep(Duration::from_secs(3)).await;
        }
        while let Some(piece) = received.recv().await {
            if !asked.flood {
                all.push(piece);
            }
        }
        all
    };
    let (ended, pieces) = tokio::join!(spaces.run(&asked.program, pieces), listen);
    Ok((ended?, pieces))
}

/// Runs one program, and tells how it went, then what it wrote.
pub(crate) fn once(arguments: &[String]) {
    let began = Instant::now();
    let result = on_a_runtime(run(Asked::from_arguments(arguments)));
    let mut out = std::io::stdout().lock();
    match result {
        Ok((ended, pieces)) => {
            let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
            for piece in pieces {
                match piece {
                    Piece::Stdout(bytes) => stdout.extend(bytes),
                    Piece::Stderr(bytes) => stderr.extend(bytes),
                }
            }
            let told = arguments.iter().any(|setting| setting.starts_with("flood="));
            assert!(told || (stdout == ended.stdout && stderr == ended.stderr), "what is passed on is what is kept");
            writeln!(out, "ended {} {} {} {}", ended.code, ended.truncated, began.elapsed().as_millis(), ended.stdout.len()).unwrap();
            out.write_all(&ended.stdout).unwrap();
            out.write_all(&ended.stderr).unwrap();
        }
        Err(error) => {
            writeln!(out, "{} - {} 0", error.kind(), began.elapsed().as_millis()).unwrap();
            write!(out, "{error}").unwrap();
        }
    }
}

/// Runs many, some at a time, and tells how many went well and how long each took.
pub(crate) fn many(arguments: &[String]) {
    let (workspace, count, at_a_time): (PathBuf, u32, usize) =
        (arguments[0].clone().into(), arguments[1].parse().unwrap(), arguments[2].parse().unwrap());
    on_a_runtime(async {
        let (spaces, permits) = (Arc::new(spaces(Bounds::default())), Arc::new(Semaphore::new(at_a_time)));
        let began = Instant::now();
        let tasks: Vec<_> = (0..count)
            .map(|number| {
                let (spaces, permits, workspace) = (Arc::clone(&spaces), Arc::clone(&permits), workspace.clone());
                tokio::spawn(async move {
                    let _permit = permits.acquire().await.unwrap();
                    let mut program = Program::new("sh", workspace);
                    program.arguments = ["-c", "cat; echo $0 > $0.txt; exit $0"].map(Into::into).to_vec();
                    program.arguments.push(number.to_string());
                    program.stdin = number.to_string().into_bytes();
                    let (began, (pieces, _nobody)) = (Instant::now(), mpsc::channel(1));
                    let ended = spaces.run(&program, pieces).await.unwrap();
                    assert_eq!((ended.code.unsigned_abs(), ended.stdout), (number, number.to_string().into_bytes()));
                    began.elapsed().as_micros()
                })
            })
            .collect();
        let mut times = Vec::new();
        for task in tasks {
            times.push(task.await.unwrap());
        }
        times.sort_unstable();
        let middle = times[times.len() / 2];
        println!(
            "{} in {} ms, the middle one {middle} us, the longest {} us",
            times.len(),
            began.elapsed().as_millis(),
            times.last().unwrap()
        );
    });
}

/// Starts a program, says so, and drops it; then tells that it did, and waits to be ended.
pub(crate) fn cancel(arguments: &[String]) {
    let asked = Asked::from_arguments(arguments);
    on_a_runtime(async {
        let (pieces, mut received) = mpsc::channel(4);
        let spaces = spaces(asked.bounds);
        let mut running = Box::pin(spaces.run(&asked.program, pieces));
        tokio::select! {
            ended = &mut running => panic!("{ended:?}"),
            piece = received.recv() => assert!(piece.is_some()),
        }
        println!("running");
        wait_for_a_line();
        drop(running);
        println!("dropped");
        wait_for_a_line();
    });
}

fn wait_for_a_line() {
    std::io::stdout().flush().unwrap();
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

/// What there is of the sandbox, a line for each piece.
pub(crate) fn describe() {
    for part in on_a_runtime(spaces(Bounds::default()).describe()) {
        println!("{}\t{}\t{}", part.name, part.is_there, part.told);
    }
}

/// The same as `once`, by a user from whom this is withheld.
pub(crate) fn without(arguments: &[String]) {
    match arguments[0].as_str() {
        "user-namespaces" => no_user_namespaces(),
        "landlock" => refuse(libc::SYS_landlock_create_ruleset, libc::EOPNOTSUPP),
        "mounts" => refuse(libc::SYS_open_tree, libc::EPERM),
        "proc" => refuse(libc::SYS_fsmount, libc::EPERM),
        "filter" => refuse(libc::SYS_seccomp, libc::EINVAL),
        "namespaces" => refuse_flag(libc::SYS_unshare, libc::CLONE_NEWNET, libc::EPERM),
        other => panic!("nothing like {other}"),
    }
    match arguments[1].as_str() {
        "describe" => describe(),
        _ => once(&arguments[1..]),
    }
}

/// In a namespace of one's own, whose settings are one's own.
fn no_user_namespaces() {
    let (user, group) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    crate::raw::call(libc::SYS_unshare, &[crate::raw::signed(libc::CLONE_NEWUSER)]).unwrap();
    for (file, text) in [
        ("self/setgroups", "deny".to_owned()),
        ("self/uid_map", format!("{user} {user} 1")),
        ("self/gid_map", format!("{group} {group} 1")),
        ("sys/user/max_user_namespaces", "0".to_owned()),
    ] {
        std::fs::write(Path::new("/proc").join(file), text).unwrap();
    }
}

fn refuse(call: libc::c_long, answer: i32) {
    install(call, Vec::new(), answer);
}

fn refuse_flag(call: libc::c_long, flag: i32, answer: i32) {
    use seccompiler::{SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompRule};
    let flag = u64::from(flag.unsigned_abs());
    let condition = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(flag), flag).unwrap();
    install(call, vec![SeccompRule::new(vec![condition]).unwrap()], answer);
}

fn install(call: libc::c_long, rules: Vec<seccompiler::SeccompRule>, answer: i32) {
    use seccompiler::{SeccompAction, SeccompFilter, apply_filter};
    let (rules, arch) = ([(call, rules)].into(), std::env::consts::ARCH.try_into().unwrap());
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::Errno(answer.unsigned_abs()), arch).unwrap();
    let program: seccompiler::BpfProgram = filter.try_into().unwrap();
    apply_filter(&program).unwrap();
}
