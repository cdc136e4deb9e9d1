//! What goes into a program and comes out of it.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use wirken_sandbox::program::{Bounds, Piece, Program, ProgramError};

use super::stage::{Stage, text};

#[tokio::test]
async fn passes_arguments_as_they_are_and_tells_the_exit_code() {
    let stage = Stage::new();
    let words = ["a b", "", "$HOME `id` ; | & > x", "--flag=\"x\"", "ä\n\u{1f600}"];
    let ended = stage.run(&stage.program("printf", &[&["[%s]"], &words[..]].concat())).await.unwrap();
    assert_eq!(text(&ended.stdout), words.map(|word| format!("[{word}]")).concat());
    assert_eq!((ended.code, ended.stderr.len(), ended.truncated), (0, 0, false));
    for code in [0, 1, 2, 42, 126, 127, 255] {
        assert_eq!(stage.run(&stage.shell(&format!("exit {code}"))).await.unwrap().code, code);
    }
    let ended = stage.run(&stage.shell("kill -TERM $$")).await.unwrap();
    assert_eq!(ended.code, 128 + 15);
    // Killed, and not for its memory.
    assert_eq!(stage.run(&stage.shell("kill -KILL $$")).await.unwrap().code, 128 + 9);
    assert_eq!(stage.left().await, 0);
}

#[tokio::test]
async fn gives_standard_input_and_closes_it() {
    let stage = Stage::new();
    let mut program = stage.program("sha256sum", &[]);
    // More than every buffer on the way.
    program.stdin = (0..3_000_000u32).map(|number| (number % 251) as u8).collect();
    std::fs::write(stage.path("work/same"), &program.stdin).unwrap();
    let told = text(&stage.run(&program).await.unwrap().stdout);
    let same = stage.tells("sha256sum same").await;
    assert_eq!(told.split(' ').next(), same.split(' ').next());
    // Without any, there is nothing to wait for.
    assert_eq!(stage.run(&stage.program("cat", &[])).await.unwrap().stdout, b"");
    // One that reads none of it, or some.
    assert_eq!(stage.run(&Program { stdin: vec![b'x'; 3_000_000], ..stage.shell("echo done") }).await.unwrap().stdout, b"done\n");
    let some = Program { stdin: b"first\nsecond\n".to_vec(), ..stage.shell("read line; echo got $line") };
    assert_eq!(stage.run(&some).await.unwrap().stdout, b"got first\n");
}

#[tokio::test]
async fn says_that_a_program_is_not_there() {
    let stage = Stage::new();
    std::fs::write(stage.path("work/no-program"), "x").unwrap();
    for name in ["no-such-program", "/no/such", "./no-program"] {
        let error = stage.run(&stage.program(name, &[])).await.unwrap_err();
        assert!(matches!(&error, ProgramError::Invalid(why) if why.contains(name)), "{name}: {error:?}");
    }
    // A shell's own answer is the shell's.
    assert_eq!(stage.run(&stage.shell("no-such-program")).await.unwrap().code, 127);
    assert_eq!(stage.left().await, 0);
}

#[tokio::test]
async fn passes_on_what_is_written_while_the_program_runs() {
    let stage = Stage::new();
    let (sender, mut pieces) = mpsc::channel(8);
    let script = "echo one; echo two >&2; while [ ! -e go ]; do sleep 0.05; done; echo three";
    let (containers, program) = (stage.containers(), stage.shell(script));
    let running = tokio::spawn(async move { containers.run(&program, sender).await });
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut take = |piece| match piece {
        Piece::Stdout(bytes) => out.extend(bytes),
        Piece::Stderr(bytes) => err.extend(bytes),
    };
    for _ in 0..2 {
        take(pieces.recv().await.unwrap());
    }
    assert!(!running.is_finished());
    std::fs::write(stage.path("work/go"), "").unwrap();
    while let Some(piece) = pieces.recv().await {
        take(piece);
    }
    assert_eq!((&*out, &*err), (&b"one\nthree\n"[..], &b"two\n"[..]));
    let ended = running.await.unwrap().unwrap();
    assert_eq!((ended.stdout, ended.stderr, ended.truncated), (out, err, false));
}

#[tokio::test]
async fn keeps_a_flood_to_its_bound_and_lets_the_program_go_on() {
    let mut stage = Stage::new();
    stage.settings.bounds = Bounds { output: 100_000, ..Bounds::default() };
    let (sender, mut pieces) = mpsc::channel(1);
    // 200 MB on one stream, and exactly the bound on the other.
    let program = stage.shell("head -c 200000000 /dev/zero; head -c 100000 /dev/zero >&2; echo end > mark; exit 3");
    let listener = tokio::spawn(async move {
        let mut passed = (0, 0);
        while let Some(piece) = pieces.recv().await {
            match piece {
                Piece::Stdout(bytes) => passed.0 += bytes.len(),
                Piece::Stderr(bytes) => passed.1 += bytes.len(),
            }
        }
        passed
    });
    let before = resident();
    let ended = stage.containers().run(&program, sender).await.unwrap();
    let grown = resident().saturating_sub(before);
    assert_eq!((ended.code, ended.stdout.len(), ended.stderr.len(), ended.truncated), (3, 100_000, 100_000, true));
    assert_eq!(listener.await.unwrap(), (100_000, 100_000));
    assert!(stage.path("work/mark").exists());
    // The other tests of this process have theirs too.
    assert!(grown < 64 * 1024, "{grown} KB more");
    let exact = stage.run(&stage.shell("head -c 100000 /dev/zero")).await.unwrap();
    assert_eq!((exact.stdout.len(), exact.truncated), (100_000, false));
    let one_more = stage.run(&stage.shell("head -c 100001 /dev/zero")).await.unwrap();
    assert_eq!((one_more.stdout.len(), one_more.truncated), (100_000, true));
}

/// Kilobytes of memory that this process has.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().split(' ').next()?.parse().ok()).unwrap()
}

#[tokio::test]
async fn a_listener_that_takes_nothing_holds_up_no_end() {
    let stage = Stage::new();
    let (sender, _pieces) = mpsc::channel(1);
    let program = Program { timeout: Some(Duration::from_secs(2)), ..stage.program("yes", &[]) };
    let begun = Instant::now();
    let error = stage.containers().run(&program, sender).await.unwrap_err();
    assert_eq!(error, ProgramError::Timeout { after: Duration::from_secs(2) });
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!(stage.left().await, 0);
}
