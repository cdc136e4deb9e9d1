//! How containers end, and that nothing is left of them.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use wirken_sandbox::containers::Containers;
use wirken_sandbox::program::{Bounds, Program, ProgramError};

use super::stage::{Stage, image, nobody, text};

/// Waits until the stage has so many containers.
async fn until(stage: &Stage, count: usize) {
    let begun = Instant::now();
    while stage.left().await != count {
        assert!(begun.elapsed() < Duration::from_secs(30), "{} containers and not {count}", stage.left().await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn ends_a_program_whose_time_is_up_however_it_tries_to_stay() {
    let mut stage = Stage::new();
    stage.settings.bounds = Bounds { wall: Duration::from_secs(3), ..Bounds::default() };
    let second = Some(Duration::from_secs(1));
    for (script, timeout, after) in [
        ("sleep 1000", second, 1),
        ("trap '' TERM INT HUP; while :; do sleep 1; done", second, 1),
        ("setsid sleep 1000 & setsid sh -c 'while :; do :; done' & wait", second, 1),
        // Nothing is to be read from it any more.
        ("exec >&- 2>&-; sleep 1000", second, 1),
        // What it asks for beyond the bound is not heard.
        ("sleep 1000", Some(Duration::from_secs(1000)), 3),
        ("sleep 1000", None, 3),
    ] {
        let begun = Instant::now();
        let error = stage.run(&Program { timeout, ..stage.shell(script) }).await.unwrap_err();
        assert_eq!(error, ProgramError::Timeout { after: Duration::from_secs(after) }, "{script}");
        assert!(begun.elapsed() >= Duration::from_secs(after) && begun.elapsed() < Duration::from_secs(after + 20), "{script}");
        assert_eq!(stage.left().await, 0, "{script}");
    }
    // One that closes them and ends in time tells its code.
    let ended = stage.run(&Program { timeout: second.map(|second| second * 2), ..stage.shell("exec >&- 2>&-; sleep 0.5; exit 7") }).await;
    assert_eq!(ended.unwrap().code, 7);
}

#[tokio::test]
async fn a_program_that_nobody_waits_for_is_ended() {
    let stage = Stage::new();
    let containers = stage.containers();
    // At every moment of its life: while it is made, while it starts, while it runs.
    for moment in [0, 5, 20, 50, 100, 200, 400, 1500] {
        let program = stage.shell("sleep 1000");
        let running = containers.run(&program, nobody());
        assert!(tokio::time::timeout(Duration::from_millis(moment), running).await.is_err());
    }
    containers.settled().await;
    assert_eq!(stage.left().await, 0);
}

/// A gateway that runs this script, for so many seconds at most, as soon as the script runs.
fn gateway(stage: &Stage, script: &str, seconds: u32) -> Child {
    let (uid, gid) = stage.settings.user;
    let tests = std::env::current_exe().unwrap();
    let host = tests.parent().unwrap().parent().unwrap().join("examples/container-host");
    assert!(host.exists(), "{} is missing: run the tests without naming a target, so that the examples are built", host.display());
    #[expect(clippy::disallowed_methods, reason = "a gateway that can be killed")]
    let mut gateway = Command::new(host)
        .arg(&stage.settings.sockets[0])
        .args([&image(), &stage.settings.owner, &format!("{uid}"), &format!("{gid}")])
        .args([stage.path("work"), stage.path("data")])
        .args([script, &seconds.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = [0; 8];
    gateway.stdout.take().unwrap().read_exact(&mut told).unwrap();
    assert_eq!(text(&told), "running\n");
    gateway
}

fn kill(mut gateway: Child) {
    gateway.kill().unwrap();
    gateway.wait().unwrap();
}

#[tokio::test]
async fn what_a_killed_gateway_left_is_swept_and_no_other() {
    let (stage, other) = (Stage::new(), Stage::new());
    let gateways = [&stage, &stage, &other].map(|stage| gateway(stage, "exec sleep 1000", 300));
    gateways.into_iter().for_each(kill);
    // What waits goes on for as long as it likes, which is why it is swept.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!((stage.left().await, other.left().await), (2, 1));
    assert_eq!(stage.containers().sweep().await, Ok(2));
    assert_eq!((stage.left().await, other.left().await), (0, 1));
    assert_eq!(stage.containers().sweep().await, Ok(0));
    assert_eq!(other.containers().sweep().await, Ok(1));
}

/// Takes some seconds: a program has three of them on each processor.
#[tokio::test]
async fn what_computes_on_after_its_gateway_was_killed_ends_by_itself() {
    let stage = Stage::new();
    kill(gateway(&stage, "while :; do :; done", 3));
    assert_eq!(stage.left().await, 1);
    let begun = Instant::now();
    until(&stage, 0).await;
    println!("gone after {:?}", begun.elapsed());
}

#[tokio::test]
async fn a_container_whose_program_ended_after_its_gateway_goes_by_itself() {
    let stage = Stage::new();
    let containers = stage.containers();
    let program = stage.shell("while [ ! -e go ]; do sleep 0.05; done");
    // A runtime that ends is as good as a gateway that does: nobody removes anything.
    let runtime = std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let running = containers.run(&program, nobody());
            assert!(tokio::time::timeout(Duration::from_secs(3), running).await.is_err());
        });
        runtime.shutdown_background();
    });
    tokio::task::spawn_blocking(|| runtime.join().unwrap()).await.unwrap();
    std::fs::write(stage.path("work/go"), "").unwrap();
    until(&stage, 0).await;
}

/// Takes half a minute: making a container takes the engine some tenths of a second, whatever runs in it.
#[tokio::test]
async fn runs_a_hundred_programs_eight_at_a_time_and_leaves_nothing() {
    let stage = Stage::new();
    let containers: Containers = stage.containers();
    let begun = Instant::now();
    let codes: Vec<_> = futures_util::stream::iter(0..100)
        .map(|number| {
            let (containers, program) = (&containers, stage.shell(&format!("echo {number} | tee out-{number}; exit {}", number % 7)));
            async move {
                let ended = containers.run(&program, nobody()).await.unwrap();
                assert_eq!(text(&ended.stdout), format!("{number}\n"));
                (number, ended.code)
            }
        })
        .buffer_unordered(8)
        .collect()
        .await;
    println!("100 programs: {:?}", begun.elapsed());
    assert_eq!(codes.len(), 100);
    for (number, code) in codes {
        assert_eq!(code, number % 7);
        assert_eq!(std::fs::read_to_string(stage.path(&format!("work/out-{number}"))).unwrap(), format!("{number}\n"));
    }
    assert_eq!(stage.left().await, 0);
}
