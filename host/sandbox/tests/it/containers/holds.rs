//! Each limit of a container, by a program that tries to break it, beside one that stays within.

use std::time::{Duration, Instant};

use bollard::models::{ContainerCreateBody, HostConfig};
use bollard::query_parameters::{LogsOptionsBuilder, RemoveContainerOptionsBuilder};
use futures_util::StreamExt;
use wirken_sandbox::program::{Program, ProgramError};

use super::stage::{Stage, image, text};

/// A program that is root's own and runs as him, by its mode, and what that made of it. What it starts here gives up such a gain
/// by itself, so that the program is looked at.
pub(super) const AS_ROOT: &str = "as-root -- sh -c 'grep ^Uid: /proc/$PPID/status'";

#[tokio::test]
async fn there_is_no_network() {
    let stage = Stage::new();
    assert_eq!(stage.tells("ls /sys/class/net").await, "lo\n");
    assert_eq!(stage.tells("cat /proc/net/route | tail -n +2; cat /proc/net/if_inet6 2>/dev/null | grep -v ' lo$' || true").await, "");
    let attempt = "for to in 1.1.1.1 172.17.0.1 169.254.169.254 127.0.0.1; do nc -w 2 $to 80 </dev/null && echo reached $to; done; \
                   nslookup example.com 1.1.1.1 >/dev/null 2>&1 && echo resolved; true";
    assert_eq!(stage.tells(attempt).await, "");
    // With itself it may speak.
    let own = "nc -l -p 8080 -e echo hello & sleep 0.5; nc 127.0.0.1 8080 </dev/null";
    assert!(stage.tells(own).await.contains("hello"));
}

#[tokio::test]
async fn memory_is_bounded_and_there_is_no_swap() {
    let stage = Stage::new();
    let limits = stage.tells("cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null || true").await;
    assert_eq!(limits.trim(), "536870912");
    assert_eq!(stage.tells("head -c 400m /dev/zero | tail -c 400m | wc -c").await.trim(), "419430400");
    // It keeps a line that never ends.
    let error = stage.run(&stage.program("tail", &["/dev/zero"])).await.unwrap_err();
    assert!(matches!(&error, ProgramError::Limit(why) if why.contains("512 MB of memory")), "{error:?}");
    // One of a program's children is killed, and the program goes on.
    assert_eq!(stage.tells("tail /dev/zero | wc -c; echo after").await, "0\nafter\n");
    // Temporary files count too.
    let both = "head -c 60m /dev/zero >/tmp/x; head -c 480m /dev/zero | tail -c 480m | wc -c; echo after";
    assert_eq!(stage.tells(both).await, "0\nafter\n");
    assert_eq!(stage.left().await, 0);
}

#[tokio::test]
async fn processes_are_bounded() {
    let stage = Stage::new();
    // Counted by the shell itself, which can start nothing any more when it is refused another.
    let start = |count| format!("trap 'set -- /proc/[0-9]*; echo $#' EXIT; i=0; while [ $i -lt {count} ]; do sleep 30 & i=$((i+1)); done");
    let count = async |started: u32| {
        let ended = stage.run(&stage.shell(&start(started))).await.unwrap();
        (text(&ended.stdout).trim().parse::<u32>().unwrap(), ended.code)
    };
    // Beside them are the shell and the first process.
    assert_eq!(count(254).await, (256, 0));
    let (most, code) = count(300).await;
    assert_eq!(most, 256);
    assert_ne!(code, 0);
    // One that spawns without end and count.
    let bomb = Program { timeout: Some(Duration::from_secs(3)), ..stage.shell("b() { b | b & }; b; while :; do sleep 1; b; done") };
    let begun = Instant::now();
    let ended = stage.run(&bomb).await;
    assert!(matches!(&ended, Err(ProgramError::Timeout { .. })) || ended.is_ok_and(|ended| ended.code != 0));
    assert!(begun.elapsed() < Duration::from_secs(30));
    assert_eq!(stage.left().await, 0);
}

#[tokio::test]
async fn only_the_workspace_and_temporary_files_can_be_written() {
    let stage = Stage::new();
    let (uid, gid) = stage.settings.user;
    let written = stage.tells("pwd; echo x >file; mkdir folder; cp /bin/busybox echo; ./echo runs; stat -c '%u:%g' file").await;
    assert_eq!(written, format!("/workspace\nruns\n{uid}:{gid}\n"));
    assert_eq!(std::fs::read(stage.path("work/file")).unwrap(), b"x\n");
    let attempt = "for at in / /bin /etc /etc/passwd /etc/hosts /etc/resolv.conf /etc/hostname /dev /dev/shm /dev/mqueue /proc /proc/sys/kernel/hostname \
                   /sys /sys/fs/cgroup /sys/fs/cgroup/memory /home /root /run /var /var/tmp /sbin/docker-init; do \
                   { echo x >$at || echo x >$at/x; } 2>/dev/null && echo wrote $at; done; true";
    let wrote = stage.tells(attempt).await;
    // A queue of messages is no file: what it holds counts as memory.
    assert!(wrote.lines().all(|line| line == "wrote /dev/mqueue"), "{wrote}");
    let full = |megabytes| format!("dd if=/dev/zero of=/tmp/x bs=1M count={megabytes} 2>&1 | tail -n 1; stat -c %s /tmp/x");
    assert!(stage.tells(&full(64)).await.ends_with("\n67108864\n"));
    assert!(stage.tells(&full(65)).await.ends_with("\n67108864\n"));
    assert!(stage.tells("dd if=/dev/zero of=/tmp/x bs=1M count=65 2>&1 || true").await.contains("No space left"));
    // Each program has its own.
    assert_eq!(stage.tells("ls -A /tmp; echo $HOME").await, "/tmp\n");
}

#[tokio::test]
async fn it_is_nobody_special_and_cannot_become_so() {
    let stage = Stage::new();
    let (uid, gid) = stage.settings.user;
    assert_eq!(stage.tells("id -u; id -g; id -G").await, format!("{uid}\n{gid}\n{gid}\n"));
    let status = stage.tells("cat /proc/self/status").await;
    for line in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert!(status.contains(&format!("{line}:\t0000000000000000")), "{line}: {status}");
    }
    assert!(status.contains("NoNewPrivs:\t1") && status.contains("Seccomp:\t2"), "{status}");
    let attempt = "for do in 'mount -t tmpfs none /tmp' 'umount /tmp' 'unshare -U true' 'unshare -m true' 'mknod /tmp/n c 1 1' 'chown 0 /workspace' \
                   'hostname x' 'chroot / true' 'nice -n -5 true' 'su -c true' 'setuidgid root true' 'dmesg'; do \
                   $do >/dev/null 2>&1 </dev/null && echo did $do; done; true";
    assert_eq!(stage.tells(attempt).await, "");
}

#[tokio::test]
async fn a_program_of_roots_gains_nothing() {
    let stage = Stage::new();
    let (uid, _) = stage.settings.user;
    let users = stage.tells(AS_ROOT).await;
    assert_eq!(users.split_whitespace().collect::<Vec<_>>(), [&["Uid:"][..], &[&*uid.to_string(); 4]].concat());
    // The same program, where it may: it is root.
    let docker = stage.docker.clone().negotiate_version().await.unwrap();
    let body = ContainerCreateBody {
        image: Some(image()),
        entrypoint: Some(["sh", "-c", AS_ROOT].map(str::to_owned).to_vec()),
        user: Some(uid.to_string()),
        host_config: Some(HostConfig { network_mode: Some("none".to_owned()), ..HostConfig::default() }),
        ..ContainerCreateBody::default()
    };
    let id = docker.create_container(None, body).await.unwrap().id;
    docker.start_container(&id, None).await.unwrap();
    let follow = LogsOptionsBuilder::default().stdout(true).stderr(true).follow(true).build();
    let told: Vec<_> = docker.logs(&id, Some(follow)).collect().await;
    let told: String = told.into_iter().map(|piece| piece.unwrap().to_string()).collect();
    docker.remove_container(&id, Some(RemoveContainerOptionsBuilder::default().force(true).build())).await.unwrap();
    assert_eq!(told.split_whitespace().nth(2), Some("0"), "{told}");
}

#[tokio::test]
async fn it_sees_its_own_system_and_nothing_of_the_host() {
    let stage = Stage::new();
    let mounts = stage.tells("cut -d' ' -f5 /proc/self/mountinfo | sort").await;
    let allowed = ["/", "/workspace", "/tmp", "/sbin/docker-init", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf"];
    let strange: Vec<_> = mounts
        .lines()
        .filter(|line| !allowed.contains(line) && !["/proc", "/sys", "/dev"].iter().any(|top| line.starts_with(top)))
        .collect();
    assert!(strange.is_empty() && mounts.contains("/workspace\n"), "{mounts}");
    assert_eq!(
        stage.tells("ls /dev | tr '\\n' ' '").await.split_whitespace().filter(|name| *name != "core").collect::<Vec<_>>(),
        ["fd", "full", "mqueue", "null", "ptmx", "pts", "random", "stderr", "stdin", "stdout", "tty", "urandom", "zero"]
    );
    // The first process is the container's own, and there are few.
    assert!(stage.tells("cat /proc/1/comm; echo /proc/[0-9]*").await.starts_with("docker-init\n/proc/1 "));
    assert_eq!(stage.tells("find / -xdev -type s 2>/dev/null; ls -d /run/docker.sock /var/run/docker.sock 2>/dev/null; true").await, "");
    // None of the kernel's memory and switches.
    let attempt = "for at in /proc/kcore /proc/keys /proc/timer_list /proc/sysrq-trigger /proc/1/root/etc/shadow /sys/firmware/x /proc/acpi/x; do \
                   head -c 1 $at 2>/dev/null | grep -q . && echo read $at; done; true";
    assert_eq!(stage.tells(attempt).await, "");
    let mut variables: Vec<_> = stage.tells("env").await.lines().map(str::to_owned).collect();
    variables.sort_unstable();
    // `PWD` and `SHLVL` are the shell's own.
    variables.retain(|variable| !variable.starts_with("PWD=") && !variable.starts_with("SHLVL="));
    assert_eq!(variables, ["HOME=/tmp", "LANG=C.UTF-8", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]);
    assert_eq!(stage.tells("ulimit -c; ulimit -n; ulimit -Hn; hostname").await, "0\n1024\n4096\nsandbox\n");
    let processors = stage.docker.clone().negotiate_version().await.unwrap().info().await.unwrap().ncpu.unwrap();
    let program = Program { timeout: Some(Duration::from_secs(7)), ..stage.shell("ulimit -St; ulimit -Ht") };
    let seconds = 7 * processors + 2;
    assert_eq!(text(&stage.run(&program).await.unwrap().stdout), format!("{seconds}\n{seconds}\n"));
}

#[tokio::test]
async fn a_skill_is_read_at_its_own_path_and_not_written() {
    let stage = Stage::new();
    let skill = stage.path("data/skills/one");
    std::fs::write(skill.join("run.sh"), "echo from the skill\n").unwrap();
    std::fs::write(stage.path("data/vault/secret"), "secret").unwrap();
    let script = format!(
        "sh {0}/run.sh; {{ echo x >{0}/run.sh; echo x >{0}/new; rm {0}/run.sh; }} 2>/dev/null && echo wrote; ls {0}/.. {0}/../..; true",
        skill.display()
    );
    let program = Program { skill: Some(skill.clone()), ..stage.shell(&script) };
    let ended = stage.run(&program).await.unwrap();
    assert_eq!(text(&ended.stdout), format!("from the skill\n{0}/..:\none\n\n{0}/../..:\nskills\n", skill.display()));
    assert_eq!(std::fs::read_to_string(skill.join("run.sh")).unwrap(), "echo from the skill\n");
    // Without the skill, its folder is not there.
    assert_eq!(stage.tells(&format!("ls {} 2>/dev/null; true", skill.display())).await, "");
}

#[tokio::test]
async fn folders_have_whatever_name_they_have() {
    let stage = Stage::new();
    let (uid, gid) = stage.settings.user;
    for name in ["a:b", "c,d=e", "f g", "h\"i'j\\k", "ä$x`y`", "ro", "target=x,readonly"] {
        let folder = stage.path(name);
        std::fs::create_dir(&folder).unwrap();
        std::os::unix::fs::chown(&folder, Some(uid), Some(gid)).unwrap();
        let program = Program { workspace: folder.clone(), ..stage.shell("echo x >file") };
        assert_eq!(stage.run(&program).await.unwrap().code, 0, "{name}");
        assert!(folder.join("file").exists(), "{name}");
        let skill = stage.path("data/skills").join(name);
        std::fs::create_dir(&skill).unwrap();
        std::fs::write(skill.join("file"), name).unwrap();
        let program = Program { skill: Some(skill.clone()), ..stage.program("cat", &[skill.join("file").to_str().unwrap()]) };
        assert_eq!(text(&stage.run(&program).await.unwrap().stdout), name);
    }
}
