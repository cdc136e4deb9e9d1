//! Each bound of a command, on both sides, and what is kept of an output.

use std::time::Duration;

use tokio::sync::mpsc;

use super::{Bounds, MAX_ARGUMENT_BYTES, MAX_WORD_BYTES, Output, Piece, Program, ProgramError};

fn program(arguments: Vec<String>) -> Program {
    Program { arguments, ..Program::new("p", "/w") }
}

fn refusal(program: &Program) -> String {
    match program.check().unwrap_err() {
        ProgramError::Invalid(why) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn refuses_a_command_that_no_system_could_start() {
    assert_eq!(program(vec!["".into(), "-x".into(), "ä".into()]).check(), Ok(()));
    assert!(refusal(&Program::new("", "/w")).contains("no program"));
    assert!(refusal(&Program::new("a\0b", "/w")).contains("zero byte"));
    assert!(refusal(&program(vec!["a\0".into()])).contains("zero byte"));
}

#[test]
fn bounds_each_word_and_all_of_them() {
    let word = "x".repeat(MAX_WORD_BYTES - 1);
    assert_eq!(program(vec![word.clone()]).check(), Ok(()));
    assert!(refusal(&program(vec![format!("{word}x")])).contains("131072 bytes of at most 131071"));
    assert!(refusal(&Program::new(format!("{word}x"), "/w")).contains("131072 bytes"));
    // "p" takes two bytes; seven full words leave one too small.
    let mut words = vec![word; 7];
    words.push("x".repeat(MAX_WORD_BYTES - 1 - 2));
    assert_eq!(words.iter().map(|word| word.len() + 1).sum::<usize>() + 2, MAX_ARGUMENT_BYTES);
    assert_eq!(program(words.clone()).check(), Ok(()));
    words[7].push('x');
    assert!(refusal(&program(words)).contains("1048577 bytes of at most 1048576"));
}

#[test]
fn a_program_shortens_its_time_and_never_lengthens_it() {
    let bounds = Bounds::default();
    let asking = |timeout| Program { timeout, ..Program::new("p", "/w") };
    let (second, wall) = (Duration::from_secs(1), bounds.wall);
    assert_eq!(wall, Duration::from_secs(300));
    for (asked, given) in
        [(None, wall), (Some(second), second), (Some(wall - second), wall - second), (Some(wall), wall), (Some(wall + second), wall)]
    {
        assert_eq!(bounds.time_of(&asking(asked)), given);
        assert_eq!(asking(asked).check(), Ok(()));
    }
    assert!(refusal(&asking(Some(Duration::ZERO))).contains("timeout of 0"));
}

#[tokio::test]
async fn keeps_and_passes_on_what_fits_of_each_stream() {
    let (sender, mut receiver) = mpsc::channel(16);
    let mut output = Output::new(4, sender);
    for piece in [Piece::Stdout(b"ab".to_vec()), Piece::Stderr(b"1234".to_vec()), Piece::Stdout(b"cd".to_vec()), Piece::Stdout(vec![])] {
        output.take(piece).await;
    }
    assert!(!output.truncated);
    output.take(Piece::Stderr(b"5".to_vec())).await;
    assert!(output.truncated);
    let ended = output.ended(3);
    assert_eq!((ended.code, &*ended.stdout, &*ended.stderr, ended.truncated), (3, &b"abcd"[..], &b"1234"[..], true));
    let mut passed = Vec::new();
    while let Some(piece) = receiver.recv().await {
        passed.push(piece);
    }
    assert_eq!(passed, [Piece::Stdout(b"ab".to_vec()), Piece::Stderr(b"1234".to_vec()), Piece::Stdout(b"cd".to_vec())]);
}

#[tokio::test]
async fn cuts_the_piece_that_passes_the_bound_and_goes_on_without_a_listener() {
    let (sender, mut receiver) = mpsc::channel(1);
    let mut output = Output::new(3, sender);
    output.take(Piece::Stdout(b"abcdef".to_vec())).await;
    assert_eq!(receiver.recv().await, Some(Piece::Stdout(b"abc".to_vec())));
    drop(receiver);
    output.take(Piece::Stderr(b"x".to_vec())).await;
    output.take(Piece::Stdout(b"g".to_vec())).await;
    let ended = output.ended(0);
    assert_eq!((&*ended.stdout, &*ended.stderr, ended.truncated), (&b"abc"[..], &b"x"[..], true));
}

#[test]
fn says_how_long_it_ran_and_of_which_kind_it_is() {
    let timeout = |after| ProgramError::Timeout { after }.to_string();
    assert!(timeout(Duration::from_secs(300)).contains("after 300 s:"));
    assert!(timeout(Duration::from_millis(1500)).contains("after 1500 ms:"));
    let text = String::new;
    let all = [
        ProgramError::Unavailable(text()),
        ProgramError::Denied(text()),
        ProgramError::Invalid(text()),
        ProgramError::Timeout { after: Duration::ZERO },
        ProgramError::Limit(text()),
        ProgramError::Failed(text()),
    ];
    assert_eq!(all.map(|error| error.kind()), ["unavailable", "denied", "invalid", "timeout", "limit", "failed"]);
}
