//! Nothing is left of a program by any end; many run at a time; and nothing runs where a piece of the sandbox is withheld.

use std::time::Duration;

use crate::space_stage::{Stage, processes_with, soon};

const NONE: Vec<String> = Vec::new();

#[test]
fn what_it_leaves_behind_ends_with_it() {
    let told = Stage::new().shell("setsid sleep 71001 & (setsid sh -c 'sleep 71001 & sleep 71001' &) ; echo; exit 7");
    assert_eq!(told.code, 7, "{told:?}");
    // At once: when this is told, they are gone.
    assert_eq!(processes_with("71001"), NONE);
}

#[test]
fn ends_when_nobody_waits_for_it_any_more() {
    let stage = Stage::new();
    let mut begun = stage.begin(&["sh", "-c", "setsid sleep 71002 & echo; sleep 71002"]);
    soon("the program does not run", || processes_with("71002").len() == 2);
    begun.go_on();
    begun.expect("dropped");
    soon("it outlived whoever waited for it", || processes_with("71002").is_empty());
    soon("a helper is left", || helpers_of(begun.gateway.id()).is_empty());
    begun.go_on();
    assert!(begun.gateway.wait().unwrap().success());
}

#[test]
fn ends_with_a_gateway_that_is_killed() {
    let stage = Stage::new();
    let mut begun = stage.begin(&["sh", "-c", "trap '' TERM HUP; setsid sleep 71003 & echo; sleep 71003"]);
    soon("the program does not run", || processes_with("71003").len() == 2);
    let helpers = helpers_of(begun.gateway.id());
    assert!(!helpers.is_empty());
    // Rust's kill is SIGKILL.
    begun.gateway.kill().unwrap();
    begun.gateway.wait().unwrap();
    soon("it outlived its gateway", || processes_with("71003").is_empty());
    soon("a helper is left", || helpers_of(begun.gateway.id()).is_empty());
}

#[test]
fn ends_with_a_gateway_that_is_killed_while_it_starts() {
    let stage = Stage::new();
    for millis in (0..60).step_by(6) {
        let mut gateway = stage.command(&["space-once"], &[], &["sleep", "71004"]).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(millis));
        gateway.kill().unwrap();
        gateway.wait().unwrap();
        soon("it outlived its gateway", || processes_with("71004").is_empty() && helpers_of(gateway.id()).is_empty());
    }
}

/// Processes that are helpers of this gateway, in both namespaces: their command ends with its number.
fn helpers_of(gateway: u32) -> Vec<String> {
    processes_with(&gateway.to_string())
}

#[test]
fn a_hundred_run_at_eight_at_a_time() {
    let stage = Stage::new();
    let workspace = stage.at("workspace");
    let output = stage.command(&["space-many", workspace.to_str().unwrap(), "100", "8"], &[], &[]).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && told.starts_with("100 in "), "{told} {}", String::from_utf8_lossy(&output.stderr));
    for number in 0..100 {
        assert_eq!(std::fs::read_to_string(workspace.join(format!("{number}.txt"))).unwrap(), format!("{number}\n"));
    }
}

#[test]
fn nothing_runs_where_a_piece_is_withheld() {
    let stage = Stage::new();
    for (piece, words) in [
        ("user-namespaces", "needs user namespaces, which this system withholds"),
        ("namespaces", "needs namespaces of mounts"),
        ("mounts", "needs mounts of its own"),
        ("proc", "needs a /proc of its own"),
        ("landlock", "needs Landlock"),
        ("filter", "needs the filter of system calls"),
    ] {
        let told = stage.gateway(&["space-without", piece], &[], &["sh", "-c", "echo > ran"]);
        assert_eq!(told.how, "unavailable", "{told:?}");
        assert!(told.stderr.contains(words) && told.stderr.ends_with("or install a container engine"), "{told:?}");
        assert!(!stage.at("workspace/ran").exists(), "{piece}");
    }
    assert_eq!(stage.shell("echo > ran").code, 0);
    assert!(stage.at("workspace/ran").exists());
}

#[test]
fn describes_what_is_there_and_what_is_not() {
    let stage = Stage::new();
    let output = stage.command(&["space-describe"], &[], &[]).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(told.lines().count(), 5, "{told}");
    assert!(told.lines().all(|line| line.split('\t').nth(1) == Some("true")), "these tests need a kernel with all of it: {told}");
    let output = stage.command(&["space-without", "user-namespaces", "describe"], &[], &[]).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    let missing: Vec<_> = told.lines().filter(|line| line.split('\t').nth(1) == Some("false")).collect();
    assert_eq!(missing.len(), 2, "{told}");
    assert!(missing[0].starts_with("user namespaces\t") && missing[0].contains("user.max_user_namespaces to 1000"), "{told}");
    assert!(missing[1].starts_with("rehearsal\t"), "{told}");
}

#[test]
fn the_helper_is_nothing_without_a_gateway() {
    let stage = Stage::new();
    for (parent, words) in [(std::process::id(), "descriptor 3 was not given"), (1, "is not a child of 1")] {
        let output = stage.command(&["space", &parent.to_string()], &[], &[]).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && told.contains(words), "{told}");
    }
}

#[test]
fn refuses_root() {
    if rustix::process::geteuid().is_root() {
        let (probe, folder) = (crate::support::probe(), tempfile::tempdir().unwrap());
        #[expect(clippy::disallowed_methods, reason = "a gateway of root's")]
        let output = std::process::Command::new(probe)
            .arg("space-once")
            .arg(format!("workspace={}", folder.path().display()))
            .args(["--", "true"])
            .output()
            .unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        assert!(told.starts_with("unavailable ") && told.contains("does not run for root"), "{told}");
    }
}
