//! The same, with gVisor between a program and the kernel.

use std::time::Duration;

use wirken_sandbox::containers::Runtime;
use wirken_sandbox::program::{Program, ProgramError};

use super::holds::AS_ROOT;
use super::stage::{Stage, nobody, text};

fn stage() -> Stage {
    let mut stage = Stage::new();
    stage.settings.runtime = Runtime::Gvisor;
    stage
}

#[tokio::test]
async fn a_program_has_another_kernel() {
    let stage = stage();
    assert!(stage.tells("dmesg").await.contains("gVisor"));
    assert_ne!(stage.tells("uname -r").await.trim(), std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap().trim());
    assert_eq!(stage.left().await, 0);
}

#[tokio::test]
async fn it_is_run_as_any_other() {
    let stage = stage();
    let program = Program { stdin: b"some input".to_vec(), ..stage.shell("cat; echo more >&2; echo x >file; exit 5") };
    let ended = stage.run(&program).await.unwrap();
    assert_eq!((ended.code, text(&ended.stdout), text(&ended.stderr)), (5, "some input".to_owned(), "more\n".to_owned()));
    assert_eq!(std::fs::read(stage.path("work/file")).unwrap(), b"x\n");
    let missing = stage.run(&stage.program("no-such-program", &[])).await.unwrap_err();
    assert!(matches!(missing, ProgramError::Invalid(_)), "{missing:?}");
    let skill = stage.path("data/skills/one");
    std::fs::write(skill.join("run.sh"), "echo from the skill\n").unwrap();
    let script = format!("sh {0}/run.sh; echo x 2>/dev/null >{0}/new && echo wrote; true", skill.display());
    let program = Program { skill: Some(skill), ..stage.shell(&script) };
    assert_eq!(text(&stage.run(&program).await.unwrap().stdout), "from the skill\n");
    assert_eq!(stage.left().await, 0);
}

#[tokio::test]
async fn it_is_held_as_any_other() {
    let stage = stage();
    let (uid, gid) = stage.settings.user;
    assert_eq!(stage.tells("id -u; id -g").await, format!("{uid}\n{gid}\n"));
    assert_eq!(stage.tells("tail -n +3 /proc/net/dev | grep -v ' *lo:'; true").await, "");
    assert_eq!(stage.tells("for to in 1.1.1.1 172.17.0.1; do nc -w 2 $to 80 </dev/null && echo reached $to; done; true").await, "");
    assert!(stage.tells("cat /proc/self/status").await.contains("CapEff:\t0000000000000000"));
    let users = stage.tells(AS_ROOT).await;
    assert_eq!(users.split_whitespace().nth(2), Some(&*uid.to_string()), "{users}");
    let attempt = "for at in / /bin /etc /etc/passwd /home /var /sys /proc/sys/kernel/hostname; do \
                   { echo x >$at || echo x >$at/x; } 2>/dev/null && echo wrote $at; done; true";
    assert_eq!(stage.tells(attempt).await, "");
    assert!(stage.tells("dd if=/dev/zero of=/tmp/x bs=1M count=64 2>&1; stat -c %s /tmp/x").await.contains("\n67108864\n"));
    assert!(stage.tells("dd if=/dev/zero of=/tmp/x bs=1M count=65 2>&1; true").await.contains("No space left"));
    assert_eq!(stage.tells("ls -d /run/docker.sock /var/run/docker.sock 2>/dev/null; true").await, "");
    assert_eq!(stage.left().await, 0);
}

#[tokio::test]
async fn its_limits_hold() {
    let stage = stage();
    assert_eq!(stage.tells("head -c 300m /dev/zero | tail -c 300m | wc -c").await.trim(), "314572800");
    // All of gVisor is ended then, and not one program.
    let error = stage.run(&stage.program("tail", &["/dev/zero"])).await.unwrap_err();
    assert!(matches!(&error, ProgramError::Limit(_)), "{error:?}");
    let second = Some(Duration::from_secs(1));
    let ended = stage.run(&Program { timeout: second, ..stage.shell("trap '' TERM; while :; do sleep 1; done") }).await;
    assert_eq!(ended.unwrap_err(), ProgramError::Timeout { after: Duration::from_secs(1) });
    let bomb = Program { timeout: Some(Duration::from_secs(5)), ..stage.shell("b() { b | b & }; b; while :; do sleep 1; b; done") };
    let ended = stage.run(&bomb).await;
    println!("fork bomb: {ended:?}");
    assert!(ended.is_err() || ended.is_ok_and(|ended| ended.code != 0));
    let containers = stage.containers();
    let program = stage.shell("sleep 1000");
    let running = containers.run(&program, nobody());
    assert!(tokio::time::timeout(Duration::from_secs(2), running).await.is_err());
    containers.settled().await;
    assert_eq!(stage.left().await, 0);
}
