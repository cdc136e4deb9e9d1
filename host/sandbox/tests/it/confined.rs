//! What a confined process can do, next to what the same process can do that is not.

use crate::support::{Stage, answer};

/// What this machine gives nobody, by what else stands around the tests; there the filter's refusal looks as the machine's does.
fn is_off_here(attack: &str) -> bool {
    let setting = |path: &str| std::fs::read_to_string(path).ok().and_then(|value| value.trim().parse::<u32>().ok());
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    // A container's own filter.
    let filtered = !status.lines().any(|line| line.starts_with("Seccomp:") && line.ends_with('0'));
    match attack {
        "set up io_uring" => filtered || setting("/proc/sys/kernel/io_uring_disabled").is_none_or(|off| off != 0),
        "become root of a namespace" => {
            filtered
                || setting("/proc/sys/user/max_user_namespaces").is_none_or(|most| most == 0)
                || setting("/proc/sys/kernel/unprivileged_userns_clone") == Some(0)
                || setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == Some(1)
        }
        "take page faults" => filtered || setting("/proc/sys/vm/unprivileged_userfaultfd").is_none(),
        "find the session's keys" | "add a key" => filtered || !std::path::Path::new("/proc/keys").exists(),
        "make memory executable with a key" | "fork as clone3 does" | "make what can be read executable" => filtered,
        "trace another process" | "read another process's memory" | "write another process's memory" => filtered,
        "take another process's descriptor" | "read another process's memory by its file" => filtered,
        _ => false,
    }
}

#[test]
fn each_attack_works_for_an_ordinary_process_and_for_no_confined_one() {
    let report = wirken_sandbox::probe();
    assert!(report.is_complete(), "these tests need Linux 6.10 or newer with Landlock and seccomp: {:?}", report.lacking);
    let results = Stage::new().run("lead");
    assert!(results.len() > 60, "{results:?}");
    let mut wrong = Vec::new();
    for result in &results {
        let [attack, bare, confined] = &result[..] else { panic!("{result:?}") };
        let refused = match attack.as_str() {
            // What the filter cannot look into does not exist.
            "fork as clone3 does" => confined == "ENOSYS",
            _ => matches!(confined.as_str(), "EPERM" | "EACCES"),
        };
        if (bare != "done" && !is_off_here(attack)) || !refused {
            wrong.push(format!("{attack}: {bare} without, {confined} with"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_an_adapter_needs_still_works() {
    let results = Stage::new().run("lead-uses");
    let told = |name: &str| {
        let result = results.iter().find(|result| result[0] == name).unwrap_or_else(|| panic!("{name} was not tried"));
        (result[1].as_str(), result[2].as_str())
    };
    let both = |name: &str, what: &str| assert_eq!(told(name), (what, what), "{name}");
    both("threads", "56");
    both("TCP on one thread", "echo");
    both("TCP on many threads", "echo");
    both("a name looked up over UDP", "question");
    both("a pair of streams", "pair");
    both("a file that may be read", "for everybody");
    both("a folder that may be read", "1: a book");
    both("memory", "1");
    both("memory that is opened up later", "2");
    both("a file of memory", "3");
    both("a signal to oneself", "true");
    both("a panic that is caught", "true");
    both("abort", " signal Some(6)");
    both("one's own limits", "true");
}

#[test]
fn a_call_that_the_filter_does_not_know_does_not_exist() {
    let results = Stage::new().run("lead-uses");
    let confined = |name: &str| results.iter().find(|result| result[0] == name).map(|result| result[2].as_str());
    assert_ne!(confined("the last known call"), Some("no"));
    assert_ne!(confined("the last known call"), Some("refused"));
    assert_eq!(confined("the first unknown call"), Some("no"));
    if cfg!(target_arch = "x86_64") {
        const KILLED_BY_THE_FILTER: &str = " signal Some(31)";
        assert_eq!(confined("the last of the first set"), Some("no"));
        assert_eq!(confined("the second set of calls"), Some(KILLED_BY_THE_FILTER));
        let gate = results.iter().find(|result| result[0] == "the gate for programs of 32 bits").unwrap();
        // A kernel may have no such gate: then nobody gets through.
        assert!(gate[1] != "true" || gate[2] == KILLED_BY_THE_FILTER, "{gate:?}");
    }
}

#[test]
fn nobody_of_the_same_user_looks_into_a_confined_process() {
    let results = Stage::new().run("lead-looking-in");
    assert_eq!(results.len(), 12);
    for line in results.iter().map(|fields| fields[0].as_str()) {
        assert_eq!(line.ends_with(" true"), line.starts_with("bare "), "{line}");
    }
}

#[test]
fn the_kernel_agrees_that_it_is_hardened() {
    let told = answer(&["hardened"]);
    for line in [
        "as promised true",
        "no new privileges true",
        "dumpable NotDumpable",
        "core Rlimit { current: Some(0), maximum: Some(0) }",
        "capabilities CapabilitySet(0x0) CapabilitySet(0x0)",
    ] {
        assert!(told.lines().any(|said| said == line), "{line}: {told}");
    }
    assert!(told.contains(&format!("version {:?}", wirken_sandbox::probe().landlock_abi)), "{told}");
    assert!(told.lines().any(|said| said.starts_with("dies with its parent Some(")), "{told}");
}

#[test]
fn is_confined_with_one_thread_and_refused_with_two() {
    let told = answer(&["with-threads"]);
    assert!(told.starts_with("this process has 2 threads"), "{told}");
    assert!(told.ends_with("; true"), "{told}");
}

#[test]
fn does_not_leave_out_quietly_what_it_was_told_to_open() {
    let told = answer(&["misled"]);
    assert!(told.starts_with(r#"Readable { path: "/etc\0/hosts""#), "{told}");
}
