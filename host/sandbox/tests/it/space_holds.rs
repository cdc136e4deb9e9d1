//! What a program in the second sandbox reaches, next to what the same program reaches outside.

use std::os::unix::fs::PermissionsExt;

use crate::space_stage::Stage;

/// What this machine gives nobody: there the sandbox's refusal looks as the machine's does.
fn is_off_here(attempt: &str) -> bool {
    let filtered =
        !std::fs::read_to_string("/proc/self/status").unwrap().lines().any(|line| line.starts_with("Seccomp:") && line.ends_with('0'));
    let missing =
        |path: &str| std::fs::read_to_string(path).ok().and_then(|text| text.trim().parse::<u32>().ok()).is_none_or(|value| value != 0);
    match attempt {
        "open a socket of another kind" | "open a TCP socket of version 6" | "read the system's settings" => true,
        "set up io_uring" => filtered || missing("/proc/sys/kernel/io_uring_disabled"),
        "find the session's keys" | "add a key" => filtered || !std::path::Path::new("/proc/keys").exists(),
        "take page faults" | "be traced" | "read memory by number" | "make what can be read executable" | "fork as clone3 does" => filtered,
        _ => false,
    }
}

#[test]
fn each_try_works_outside_and_none_inside() {
    let stage = Stage::new();
    let targets = stage.targets();
    let role: Vec<&str> = ["tries"].into_iter().chain(targets.iter().map(String::as_str)).collect();
    let outside = stage.outside(&role);
    for left in ["mine", "hard", "home/new"] {
        std::fs::remove_file(stage.at("workspace").join(left)).unwrap();
    }
    let command: Vec<&str> = ["./probe"].into_iter().chain(role).collect();
    let inside = stage.run(&command);
    assert_eq!((inside.how.as_str(), inside.code), ("ended", 0), "{inside:?}");
    assert_eq!(inside.stdout.lines().count(), outside.lines().count());
    assert!(outside.lines().count() > 40);
    let mut wrong = Vec::new();
    for (outside, inside) in outside.lines().zip(inside.stdout.lines()) {
        let ((name, outside), (_, inside)) = (outside.split_once('\t').unwrap(), inside.split_once('\t').unwrap());
        // Not allowed, not there, no such process or network, read-only.
        let refused = ["errno 1", "errno 2", "errno 3", "errno 13", "errno 30", "errno 38", "errno 97", "entity not found"];
        if (outside != "done" && !is_off_here(name)) || !refused.contains(&inside) {
            wrong.push(format!("{name}: {outside} outside, {inside} inside"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(!stage.at("home/new").exists());
}

#[test]
fn has_no_network_but_its_own_that_is_down() {
    let told = Stage::new().run(&["cat", "/proc/net/dev", "/proc/net/route"]);
    let interfaces: Vec<_> = told.stdout.lines().filter_map(|line| line.trim().split_once(':')).collect();
    assert_eq!(interfaces.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["lo"], "{told:?}");
    assert!(interfaces[0].1.split_whitespace().all(|count| count == "0"));
}

#[test]
fn is_nobody_with_nothing() {
    let stage = Stage::new();
    let told = stage.run(&["./probe", "who"]).stdout;
    for line in ["Uid: 1000 1000 1000 1000", "Gid: 1000 1000 1000 1000", "NoNewPrivs: 1", "Seccomp: 2", "terminal false"] {
        assert!(told.lines().any(|said| said == line), "{line}: {told}");
    }
    for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert!(told.lines().any(|said| said == format!("{set}: 0000000000000000")), "{set}: {told}");
    }
    // Three pipes, and the folder that is being listed.
    let descriptors: Vec<_> = told.lines().filter(|line| line.starts_with("descriptor ")).collect();
    assert_eq!(descriptors.len(), 4, "{told}");
    assert!(descriptors[..3].iter().all(|line| line.contains(" pipe:")), "{told}");
    assert_eq!(
        stage.shell("env | sort; id -un; hostname; pwd; umask").stdout.lines().filter(|line| !line.starts_with("PWD=")).collect::<Vec<_>>(),
        [
            "HOME=/tmp",
            "LANG=C.UTF-8",
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "sandbox",
            "sandbox",
            "/workspace",
            "0077",
        ]
    );
}

#[test]
fn sees_its_own_processes_only() {
    let told = Stage::new().shell("ls /proc | grep '^[0-9]' | wc -l; cat /proc/1/environ; kill -9 1; cat /proc/keys /proc/kallsyms");
    // The shell, and three that it starts at once; the first process is not to be seen.
    let count: u32 = told.stdout.trim().parse().unwrap();
    assert!((2..=4).contains(&count), "{told:?}");
    assert!(told.stderr.contains("No such file"), "{told:?}");
}

#[test]
fn gains_nothing_by_a_program_that_gives_its_owners_rights() {
    let stage = Stage::new();
    for program in ["su", "passwd"] {
        let told =
            stage.shell(&format!("test -u \"$(command -v {program})\" && grep -c nosuid /proc/self/mountinfo >/dev/null && echo set"));
        assert_eq!(told.stdout.trim(), "set", "{program}");
    }
    if rustix::process::geteuid().is_root() {
        let path = stage.at("workspace/probe");
        std::os::unix::fs::chown(&path, Some(0), Some(0)).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o6755)).unwrap();
        assert!(stage.outside(&["who"]).contains("Uid: 65534 0 0 0"));
    }
    assert!(stage.run(&["./probe", "who"]).stdout.contains("Uid: 1000 1000 1000 1000"));
}

#[test]
fn writes_its_workspace_and_temporary_files_and_nothing_else() {
    let stage = Stage::new();
    let told = stage.shell("echo kept > kept; mkdir -p a b; echo moved > a/x; mv a/x b/y; ln -s kept soft; echo t > /tmp/t; cat kept b/y soft /tmp/t /var/tmp/t /dev/shm/t");
    assert_eq!(told.stdout, "kept\nmoved\nkept\nt\nt\nt\n", "{told:?}");
    let path = stage.at("workspace/kept");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "kept\n");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(stage.shell("cat /tmp/t").stderr.contains("No such file"), "temporary files are gone with their program");
    for place in ["/", "/usr", "/usr/bin", "/etc", "/dev", "/proc", "/run", "/var", "/workspace/..", "/etc/alternatives"] {
        let told = stage.shell(&format!("echo x > {place}/new"));
        assert_ne!(told.code, 0, "{place}: {told:?}");
    }
    for file in ["/proc/sys/kernel/core_pattern", "/proc/self/oom_score_adj", "/etc/passwd", "/usr/bin/env"] {
        assert_ne!(stage.shell(&format!("echo 1 > {file}")).code, 0, "{file}");
    }
    assert_ne!(stage.shell("mknod /tmp/null c 1 3").code, 0);
    assert_eq!(stage.shell("mkfifo /tmp/f && echo x > /dev/null && head -c 4 /dev/urandom | wc -c").stdout.trim(), "4");
}

#[test]
fn a_link_that_leads_out_leads_nowhere() {
    let stage = Stage::new();
    for script in ["cat link", "cat home/secret", "ls home/", "cat ../home/secret", "ln -s /proc/1/root r; ls r/", "cp -L link copy"] {
        let told = stage.shell(script);
        assert_ne!(told.code, 0, "{script}: {told:?}");
        assert!(!told.stdout.contains("secret"), "{script}: {told:?}");
    }
    assert_eq!(std::fs::read_to_string(stage.at("workspace/link")).unwrap(), "secret");
}

#[test]
fn a_skill_is_read_and_run_at_its_own_path_and_not_written() {
    let stage = Stage::new();
    let (skill, program) = (stage.at("skill"), stage.at("skill/run"));
    let setting = format!("skill={}", skill.display());
    let told = stage.run_with(&[&setting], &[program.to_str().unwrap()]);
    assert_eq!((told.code, told.stdout.as_str()), (0, "of the skill"), "{told:?}");
    let script = format!("echo x > {0}/read.me || echo x > {0}/new || rm {0}/run || chmod 777 {0}/run", skill.display());
    assert_ne!(stage.run_with(&[&setting], &["sh", "-c", &script]).code, 0);
    // What is beside it on the host is not there, nor is the skill without being asked for.
    let parent = skill.parent().unwrap().display();
    assert_eq!(stage.run_with(&[&setting], &["ls", &parent.to_string()]).stdout, "skill\n");
    assert_ne!(stage.run(&["ls", skill.to_str().unwrap()]).code, 0);
}

#[test]
fn a_pair_of_its_own_and_threads_work() {
    assert_eq!(Stage::new().run(&["./probe", "pair"]).stdout, "pair\n");
}

#[test]
fn ordinary_programs_work() {
    let stage = Stage::new();
    for (script, told) in [
        ("printf 'b\\na\\n' | sort | tr a-z A-Z | paste -sd,", "A,B\n"),
        ("perl -e 'print 6 * 7'", "42"),
        ("awk 'BEGIN { print 1 + 1 }'", "2\n"),
        ("for i in 1 2 3; do (echo $i) & done; wait", "1\n2\n3\n"),
        ("tar cf x.tar probe && mkdir out && tar xf x.tar -C out && cmp probe out/probe && echo same", "same\n"),
        ("find . -name 'li*' | xargs -n1 echo", "./link\n"),
    ] {
        let mut lines: Vec<_> = stage.shell(script).stdout.lines().map(str::to_owned).collect();
        lines.sort();
        assert_eq!(lines, told.lines().collect::<Vec<_>>(), "{script}");
    }
}
