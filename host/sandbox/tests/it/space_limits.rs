//! Each bound of the second sandbox, from both sides.

use crate::space_stage::{Stage, processes_with, soon};

const MIB: &str = "1048576";

#[test]
fn a_process_gets_no_more_memory_than_there_is() {
    let stage = Stage::new();
    assert_eq!(stage.run(&["./probe", "eat", "400", "1"]).stdout, "ate 400\n");
    let told = stage.run(&["./probe", "eat", "600", "1"]).stdout;
    let came: u32 = told.strip_prefix("refused after ").unwrap().trim().parse().unwrap();
    assert!((450..512).contains(&came), "{told}");
}

#[test]
fn many_processes_get_no_more_memory_than_one() {
    let stage = Stage::new();
    // Each is within its own limit.
    let told = stage.run(&["./probe", "eat", "200", "4"]);
    assert_eq!(told.how, "limit", "{told:?}");
    assert!(told.stderr.contains("more than 512 MB of memory"), "{told:?}");
    assert!(told.millis < 15_000, "{told:?}");
    let told = stage.run(&["./probe", "eat", "200", "4", "hidden"]);
    assert_eq!(told.how, "limit", "{told:?}");
    // As many within it together; they wait for 20 seconds, and are not waited for here.
    let told = stage.run_with(&["millis=1500"], &["./probe", "eat", "100", "4"]);
    assert_eq!(told.how, "timeout", "{told:?}");
}

#[test]
fn what_sockets_hold_counts_as_memory() {
    let stage = Stage::new();
    assert_eq!(stage.run(&["./probe", "pairs", "100", "1"]).stdout, "filled 100\n");
    let told = stage.run(&["./probe", "pairs", "100", "16"]);
    assert_eq!(told.how, "limit", "{told:?}");
}

#[test]
fn temporary_files_count_as_memory_and_have_a_bound_of_their_own() {
    let stage = Stage::new();
    let told = stage.shell(&format!("head -c $((64 * {MIB})) /dev/zero > /tmp/x && wc -c < /tmp/x"));
    assert_eq!((told.code, told.stdout.trim()), (0, "67108864"), "{told:?}");
    let told = stage.shell(&format!("head -c $((64 * {MIB} + 1)) /dev/zero > /tmp/x"));
    assert!(told.stderr.contains("No space left"), "{told:?}");
    let told = stage.run(&["perl", "-e", "for (1 .. 20000) { open F, '>', \"/tmp/$_\" or die \"$_: $!\" }"]);
    assert!(told.stderr.starts_with("16384: No space left"), "{told:?}");
    let told = stage.run_with(&["memory=67108864", "temporary=134217728"], &["sh", "-c", "head -c 100000000 /dev/zero > /tmp/x; sleep 5"]);
    assert_eq!(told.how, "limit", "{told:?}");
}

#[test]
fn a_fork_bomb_is_bounded() {
    let stage = Stage::new();
    // The program is one of them. 11 is EAGAIN.
    assert_eq!(stage.run(&["./probe", "bomb"]).stdout, "255 then errno 11\n");
    assert_eq!(stage.run_with(&["processes=8"], &["./probe", "bomb"]).stdout, "7 then errno 11\n");
    let told = stage.run_with(&["millis=2000"], &["sh", "-c", "b() { b | b & }; b; sleep 100"]);
    assert!(["timeout", "ended"].contains(&told.how.as_str()), "{told:?}");
    // Another sandbox of the same user is not held up by it.
    assert_eq!(stage.run(&["echo", "still"]).stdout, "still\n");
}

#[test]
fn a_file_has_a_bound() {
    let stage = Stage::new();
    assert_eq!(stage.shell("truncate -s 1G sparse && stat -c %s sparse").stdout.trim(), "1073741824");
    // SIGXFSZ.
    assert_eq!(stage.shell("exec truncate -s 1073741825 sparse2").code, 128 + 25);
}

#[test]
fn open_files_and_locked_memory_have_bounds_and_core_dumps_none() {
    let told = Stage::new().shell("ulimit -n; ulimit -l; ulimit -c; ulimit -v; ulimit -n 2000");
    assert_eq!(told.stdout.lines().collect::<Vec<_>>(), ["256", "64", "0", "524288"], "{told:?}");
    assert_ne!(told.code, 0);
}

#[test]
fn time_is_up_for_all_that_was_started() {
    let stage = Stage::new();
    let told = stage.run_with(&["millis=500"], &["sh", "-c", "setsid sleep 71234 & trap '' TERM INT HUP; sleep 71234"]);
    assert_eq!(
        (told.how.as_str(), told.stderr.as_str()),
        ("timeout", "the program was ended after 500 ms: give it less to do, or a longer timeout where there is one")
    );
    assert!((500..5_000).contains(&told.millis), "{told:?}");
    assert_eq!(processes_with("71234"), Vec::<String>::new());
    assert_eq!(stage.run_with(&["millis=20000"], &["sleep", "0.2"]).code, 0);
}

#[test]
fn what_it_wrote_before_its_time_was_up_has_been_passed_on() {
    let stage = Stage::new();
    let mut begun = stage.begin(&["sh", "-c", "echo first; sleep 1000"]);
    begun.go_on();
    begun.expect("dropped");
}

#[test]
fn output_is_kept_up_to_its_bound_and_no_program_waits_for_more() {
    let stage = Stage::new();
    let told = stage.run_with(&["flood=1"], &["sh", "-c", "yes | head -c 30000000; yes | head -c 30000000 >&2; exit 5"]);
    assert_eq!((told.code, told.truncated, told.stdout.len(), told.stderr.len()), (5, true, 1_048_576, 1_048_576));
    for (bytes, truncated) in [("100", false), ("101", true)] {
        let told = stage.run_with(&["output=100"], &["head", "-c", bytes, "/dev/zero"]);
        assert_eq!((told.stdout.len(), told.truncated), (100, truncated));
    }
}

#[test]
fn a_slow_listener_holds_up_the_program_and_not_its_end() {
    let stage = Stage::new();
    let told = stage.run_with(&["deaf=1", "millis=500"], &["sh", "-c", "setsid sleep 71005 & yes"]);
    assert_eq!(told.how, "timeout", "{told:?}");
    assert_eq!(processes_with("71005"), Vec::<String>::new());
    let told = stage.run_with(&["deaf=1"], &["head", "-c", "900000", "/dev/zero"]);
    assert_eq!((told.code, told.stdout.len(), told.truncated), (0, 900_000, false));
}

#[test]
fn stdin_arrives_whole_and_ends_whether_it_is_read_or_not() {
    let stage = Stage::new();
    assert_eq!(stage.run_with(&["stdin=a line"], &["cat"]).stdout, "a line");
    assert_eq!(stage.run(&["cat"]).stdout, "");
    assert_eq!(stage.run_with(&["stdin-bytes=3000000"], &["wc", "-c"]).stdout.trim(), "3000000");
    assert_eq!(stage.run_with(&["stdin-bytes=3000000"], &["true"]).code, 0);
    assert_eq!(stage.run_with(&["stdin-bytes=3000000"], &["sh", "-c", "exec 0<&-; sleep 0.2; exit 4"]).code, 4);
}

#[test]
fn a_long_command_arrives_whole_and_a_longer_one_is_refused() {
    let stage = Stage::new();
    // The test's own command line carries it, which bounds a word as the sandbox does.
    let word = "x".repeat(131_071 - 20);
    let mut command = vec!["sh", "-c", "echo $# ${#1}", "sh"];
    command.extend([word.as_str(); 7]);
    assert_eq!(stage.run(&command).stdout, "7 131051\n");
    command.extend([word.as_str(); 2]);
    assert_eq!(stage.run(&command).how, "invalid");
}

#[test]
fn ends_are_told_as_a_shell_tells_them() {
    let stage = Stage::new();
    for (script, code) in [("exit 0", 0), ("exit 3", 3), ("exit 255", 255), ("kill -9 $$", 137), ("kill -15 $$", 143), ("kill -11 $$", 139)]
    {
        assert_eq!(stage.shell(script).code, code, "{script}");
    }
    // The reader is gone: this signal is not ignored, as it is in the gateway.
    assert_eq!(stage.run(&["perl", "-e", "pipe R, W; close R; syswrite W, 'x'; exit 1"]).code, 128 + 13);
}

#[test]
fn says_why_a_program_cannot_be_run() {
    let stage = Stage::new();
    std::fs::write(stage.at("workspace/text"), "no program").unwrap();
    std::os::unix::fs::symlink("/nowhere", stage.at("workspace/dangling")).unwrap();
    for (program, words) in [
        ("no-such-program", "there is no program \"no-such-program\""),
        ("./no-such-program", "there is no program"),
        ("./dangling", "there is no program"),
        ("/etc/passwd", "not a program that may be run"),
        ("/usr", "not a program that may be run"),
    ] {
        let told = stage.run(&[program]);
        assert_eq!(told.how, "invalid", "{told:?}");
        assert!(told.stderr.contains(words), "{told:?}");
    }
    assert_eq!(stage.run_with(&["workspace=/"], &["true"]).how, "denied");
    assert_eq!(stage.run_with(&["workspace=/not/there"], &["true"]).how, "unavailable");
}

#[test]
fn says_why_a_file_that_is_no_program_is_not_run() {
    let stage = Stage::new();
    assert_eq!(stage.shell("echo text > text; chmod 755 text").code, 0);
    let told = stage.run(&["./text"]);
    assert!(told.how == "invalid" && told.stderr.contains("name the interpreter"), "{told:?}");
}

#[test]
fn signals_of_its_own_reach_nobody_outside() {
    let stage = Stage::new();
    // It signals everybody, and its group last, which is itself alone.
    assert_eq!(stage.run(&["./probe", "rage"]).code, 128 + 15);
    soon("the victim is gone", || stage.outside(&["pair"]) == "pair\n");
}
