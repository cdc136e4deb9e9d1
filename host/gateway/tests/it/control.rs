//! The control socket: who is answered, who is not, and that both sides prove themselves.

use std::future::Future;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::pin::Pin;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use wirken_gateway::control::{
    Answer, Asked, Call, CallFailed, Handler, MAX_FRAME_BYTES, MAX_VALUE_BYTES, Reply, Request, Server, WORKING, call, call_with_value,
};
use wirken_secret::Secret;

const FOLDER: &str = "WIRKEN_TEST_CONTROL_FOLDER";

#[derive(Default)]
struct Recording {
    asked: Mutex<Vec<Request>>,
    refused: Mutex<Vec<&'static str>>,
    values: Mutex<Vec<Vec<u8>>>,
    /// Questions that were over, and whether somebody waited for them to the end.
    ended: Mutex<Vec<bool>>,
}

impl Handler for Recording {
    fn handle(&self, asked: Asked) -> Pin<Box<dyn Future<Output = Reply> + Send + '_>> {
        let Asked { request, value, progress } = asked;
        self.asked.lock().unwrap().push(request.clone());
        self.values.lock().unwrap().extend(value.map(|value| value.expose().to_vec()));
        Box::pin(async move {
            match request {
                Request::Status => Reply::Done(json!({ "running": true })),
                Request::CredentialAdd { .. } => Reply::Done(Value::Null),
                Request::Ask { message } => {
                    for piece in 0..message.parse().unwrap_or(0) {
                        progress.tell(json!(piece)).await.unwrap();
                    }
                    match message.as_str() {
                        "long" => progress.tell(json!("\"".repeat(2 * MAX_FRAME_BYTES))).await.unwrap(),
                        "for ever" => {
                            progress.tell(json!("begun")).await.unwrap();
                            progress.gone().await;
                            assert!(progress.tell(json!("late")).await.is_err());
                            // Whoever gave up waits for this, and whoever went does not cut it short.
                            tokio::time::sleep(Duration::from_millis(50)).await;
                        }
                        _ => {}
                    }
                    if message == "slow" {
                        tokio::time::sleep(Duration::from_secs(300)).await;
                    }
                    self.ended.lock().unwrap().push(message != "for ever");
                    Reply::Done(json!("over"))
                }
                _ => Reply::Refused("not here".into()),
            }
        })
    }

    fn refused(&self, _uid: u32, _pid: i32, reason: &'static str) {
        self.refused.lock().unwrap().push(reason);
    }
}

fn serve(folder: &Path) -> Arc<Recording> {
    let recording = Arc::new(Recording::default());
    tokio::spawn(Server::bind(folder).unwrap().serve(recording.clone()));
    recording
}

#[tokio::test]
async fn a_caller_with_the_key_is_answered() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("control");
    assert!(matches!(call(&folder, &Request::Status).await, Err(CallFailed::NotRunning)));
    let recording = serve(&folder);
    assert_eq!(call(&folder, &Request::Status).await.unwrap(), json!({ "running": true }));
    assert!(matches!(call(&folder, &Request::WebchatLogin).await, Err(CallFailed::Refused(why)) if why == "not here"));
    assert_eq!(recording.asked.lock().unwrap().len(), 2);
    for (path, mode) in [("", 0o700), ("control.sock", 0o600), ("control.key", 0o600)] {
        assert_eq!(std::fs::metadata(folder.join(path)).unwrap().permissions().mode() & 0o777, mode, "{path}");
    }
}

#[tokio::test]
async fn a_caller_without_the_key_is_refused_and_told_of() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("control");
    let recording = serve(&folder);
    let mut stream = UnixStream::connect(folder.join("control.sock")).await.unwrap();
    let frame = |bytes: &[u8]| [&u32::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat();
    stream.write_all(&frame(&[7; 32])).await.unwrap();
    let mut answer = [0; 4 + 32 + 4 + 32];
    stream.read_exact(&mut answer).await.unwrap();
    // The gateway's own proof, sent back.
    stream.write_all(&frame(&answer[40..])).await.unwrap();
    stream.write_all(&frame(br#"{"request":"status"}"#)).await.unwrap();
    let mut rest = Vec::new();
    // Closed or reset: nothing comes either way.
    stream.read_to_end(&mut rest).await.ok();
    assert!(rest.is_empty(), "{rest:?}");
    assert_eq!(*recording.refused.lock().unwrap(), ["no proof of control.key"]);
    assert!(recording.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_impostor_at_the_socket_learns_nothing() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("control");
    drop(Server::bind(&folder).unwrap());
    std::fs::remove_file(folder.join("control.sock")).unwrap();
    let listener = UnixListener::bind(folder.join("control.sock")).unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut nonce = [0; 36];
        stream.read_exact(&mut nonce).await.unwrap();
        stream.write_all(&[&32_u32.to_be_bytes()[..], &[1; 32], &32_u32.to_be_bytes()[..], &[2; 32]].concat()).await.unwrap();
        let mut more = Vec::new();
        stream.read_to_end(&mut more).await.ok();
        assert!(more.is_empty(), "the caller said something to an impostor");
    });
    assert!(matches!(call(&folder, &Request::Status).await, Err(CallFailed::Impostor)));
}

#[tokio::test]
async fn frames_are_bounded_on_both_sides() {
    // One past the bound is to end at once, and has long for it; one within is waited for.
    for (length, waits, patience) in [(1024_u32 * 1024, true, 300), (1024 * 1024 + 1, false, 4_000)] {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path().join("control");
        let _recording = serve(&folder);
        let mut stream = UnixStream::connect(folder.join("control.sock")).await.unwrap();
        stream.write_all(&length.to_be_bytes()).await.unwrap();
        let mut byte = [0];
        let ended = tokio::time::timeout(Duration::from_millis(patience), stream.read(&mut byte)).await;
        assert_eq!(ended.is_err(), waits, "{length}");
    }
}

fn ask(message: &str) -> Request {
    Request::Ask { message: message.into() }
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(10), "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn an_answer_comes_in_pieces_in_their_order_however_many_and_long() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("control");
    let recording = serve(&folder);
    let mut call = Call::begin(&folder, &ask("1000")).await.unwrap();
    for piece in 0..1000 {
        assert_eq!(call.next().await.unwrap(), Answer::Progress(json!(piece)));
    }
    assert_eq!(call.next().await.unwrap(), Answer::Done(json!("over")));
    let mut call = Call::begin(&folder, &ask("long")).await.unwrap();
    assert!(matches!(call.next().await.unwrap(), Answer::Progress(Value::String(text)) if text.len() == 2 * MAX_FRAME_BYTES));
    assert_eq!(call.next().await.unwrap(), Answer::Done(json!("over")));
    assert_eq!(*recording.ended.lock().unwrap(), [true, true]);
}

#[tokio::test]
async fn a_caller_that_reads_nothing_is_waited_for_and_holds_up_nobody_else() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("control");
    let recording = serve(&folder);
    let mut slow = Call::begin(&folder, &ask("100000")).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(recording.ended.lock().unwrap().is_empty(), "100 000 pieces were made for nobody");
    assert_eq!(call(&folder, &Request::Status).await.unwrap(), json!({ "running": true }));
    for piece in 0..100_000 {
        assert_eq!(slow.next().await.unwrap(), Answer::Progress(json!(piece)));
    }
    assert_eq!(slow.next().await.unwrap(), Answer::Done(json!("over")));
}

#[tokio::test]
async fn whoever_works_for_a_caller_learns_that_it_went() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("control");
    let recording = serve(&folder);
    let mut call = Call::begin(&folder, &ask("for ever")).await.unwrap();
    assert_eq!(call.next().await.unwrap(), Answer::Progress(json!("begun")));
    drop(call);
    until("its work ends", || *recording.ended.lock().unwrap() == [false]).await;
    let mut call = Call::begin(&folder, &ask("for ever")).await.unwrap();
    assert_eq!(call.next().await.unwrap(), Answer::Progress(json!("begun")));
    call.stop().await.unwrap();
    assert_eq!(*recording.ended.lock().unwrap(), [false, false], "it was over when the caller that gave up was told so");
}

#[tokio::test]
async fn commands_that_are_carried_out_are_bounded_on_both_sides() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("control");
    let recording = serve(&folder);
    let mut calls = Vec::new();
    for _ in 0..WORKING {
        let mut call = Call::begin(&folder, &ask("for ever")).await.unwrap();
        assert_eq!(call.next().await.unwrap(), Answer::Progress(json!("begun")));
        calls.push(call);
    }
    let refused = call(&folder, &Request::Status).await;
    assert!(matches!(&refused, Err(CallFailed::Refused(why)) if why.contains("try again")), "{refused:?}");
    drop(calls.pop());
    until("one is over", || !recording.ended.lock().unwrap().is_empty()).await;
    // The place is free a moment after the work is done.
    tokio::time::sleep(Duration::from_millis(50)).await;
    call(&folder, &Request::Status).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_answer_may_take_minutes_and_a_command_may_not() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("control");
    let recording = serve(&folder);
    let mut slow = Call::begin(&folder, &ask("slow")).await.unwrap();
    assert_eq!(slow.next().await.unwrap(), Answer::Done(json!("over")));
    assert!(matches!(call(&folder, &ask("slow")).await, Err(CallFailed::Io(error)) if error.kind() == std::io::ErrorKind::TimedOut));
    assert_eq!(*recording.ended.lock().unwrap(), [true]);
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_falls_silent_is_not_waited_for() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("control");
    let recording = serve(&folder);
    // It is answered through a socket between, which stops passing anything on.
    let stuck = temporary.path().join("stuck");
    std::fs::create_dir(&stuck).unwrap();
    std::fs::copy(folder.join("control.key"), stuck.join("control.key")).unwrap();
    let listener = UnixListener::bind(stuck.join("control.sock")).unwrap();
    let real = folder.join("control.sock");
    tokio::spawn(async move {
        let (caller, _) = listener.accept().await.unwrap();
        let (mut from, mut back) = caller.into_split();
        let (mut answers, mut to) = UnixStream::connect(real).await.unwrap().into_split();
        tokio::spawn(async move { tokio::io::copy(&mut from, &mut to).await });
        let mut proof = [0; 4 + 32 + 4 + 32];
        answers.read_exact(&mut proof).await.unwrap();
        back.write_all(&proof).await.unwrap();
        std::future::pending::<()>().await;
    });
    let mut call = Call::begin(&stuck, &ask("slow")).await.unwrap();
    let began = tokio::time::Instant::now();
    assert!(matches!(call.next().await, Err(CallFailed::Io(error)) if error.kind() == std::io::ErrorKind::TimedOut));
    assert!(began.elapsed() >= Duration::from_secs(30) && began.elapsed() < Duration::from_secs(31), "{:?}", began.elapsed());
    assert!(recording.ended.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_value_comes_beside_its_request_and_is_bounded() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("control");
    let recording = serve(&folder);
    let request = Request::CredentialAdd { component: "c".into(), name: "n".into(), origins: Vec::new(), places: Vec::new() };
    call_with_value(&folder, &request, &Secret::new(vec![b'x'; MAX_VALUE_BYTES])).await.unwrap();
    assert_eq!(recording.values.lock().unwrap().iter().map(Vec::len).collect::<Vec<_>>(), [MAX_VALUE_BYTES]);
    assert!(call_with_value(&folder, &request, &Secret::new(vec![b'x'; MAX_VALUE_BYTES + 1])).await.is_err());
    assert_eq!(recording.asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_caller_that_says_nothing_is_dropped_after_five_seconds() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("control");
    let _recording = serve(&folder);
    let began = Instant::now();
    let mut stream = UnixStream::connect(folder.join("control.sock")).await.unwrap();
    let mut byte = [0];
    assert_eq!(tokio::time::timeout(Duration::from_secs(9), stream.read(&mut byte)).await.unwrap().unwrap(), 0);
    assert!(began.elapsed() >= Duration::from_secs(5), "{:?}", began.elapsed());
}

fn frame(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat()
}

/// What a caller with this key says, whatever the gateway proves; then nothing may come.
async fn speaks_with(folder: &Path, key: &[u8]) -> Vec<u8> {
    let mut stream = UnixStream::connect(folder.join("control.sock")).await.unwrap();
    stream.write_all(&frame(&[7; 32])).await.unwrap();
    let mut answer = [0; 4 + 32 + 4 + 32];
    stream.read_exact(&mut answer).await.unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    for part in [&b"wirken-control-1 client"[..], &answer[4..36], &[7; 32]] {
        mac.update(part);
    }
    stream.write_all(&frame(&mac.finalize().into_bytes())).await.unwrap();
    stream.write_all(&frame(br#"{"request":"status"}"#)).await.unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.ok();
    rest
}

#[tokio::test]
async fn a_caller_with_another_key_is_refused() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("control");
    let recording = serve(&folder);
    let mut key = std::fs::read(folder.join("control.key")).unwrap();
    assert!(!speaks_with(&folder, &key).await.is_empty(), "the right key is taken");
    key[31] ^= 1;
    assert!(speaks_with(&folder, &key).await.is_empty());
    assert_eq!(*recording.refused.lock().unwrap(), ["no proof of control.key"]);
    assert_eq!(recording.asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_proof_is_good_for_one_connection() {
    let temporary = tempfile::tempdir().unwrap();
    let (folder, tapped) = (temporary.path().join("control"), temporary.path().join("tapped"));
    let recording = serve(&folder);
    // A socket between, which keeps what the caller says.
    std::fs::create_dir(&tapped).unwrap();
    std::fs::copy(folder.join("control.key"), tapped.join("control.key")).unwrap();
    let listener = UnixListener::bind(tapped.join("control.sock")).unwrap();
    let real = folder.join("control.sock");
    let tap = tokio::spawn(async move {
        let (caller, _) = listener.accept().await.unwrap();
        let (mut from, mut back) = caller.into_split();
        let (mut answers, mut to) = UnixStream::connect(real).await.unwrap().into_split();
        tokio::spawn(async move { tokio::io::copy(&mut answers, &mut back).await });
        let (mut kept, mut buffer) = (Vec::new(), [0; 4096]);
        while let Ok(count @ 1..) = from.read(&mut buffer).await {
            kept.extend(&buffer[..count]);
            to.write_all(&buffer[..count]).await.unwrap();
        }
        kept
    });
    call(&tapped, &Request::Status).await.unwrap();
    let kept = tap.await.unwrap();
    let mut stream = UnixStream::connect(folder.join("control.sock")).await.unwrap();
    stream.write_all(&kept).await.unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.ok();
    assert!(rest.len() <= 4 + 32 + 4 + 32, "more than a nonce and a proof came: {rest:?}");
    until("it is refused", || !recording.refused.lock().unwrap().is_empty()).await;
    assert_eq!(*recording.refused.lock().unwrap(), ["no proof of control.key"]);
    assert_eq!(recording.asked.lock().unwrap().len(), 1);
}

/// Runs in a child of the process that serves: knows the key, and is refused for what it is.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the parent tells the child through its environment")]
async fn child() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let answer = call(Path::new(&folder), &Request::Status).await;
    assert!(matches!(answer, Err(CallFailed::HungUp)), "{answer:?}");
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a test of what a child may do starts one")]
async fn a_process_that_the_gateway_started_is_refused_though_it_knows_the_key() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("control");
    let recording = serve(&folder);
    let program = std::env::current_exe().unwrap();
    // Itself, and through a process between.
    let mut direct = Command::new(&program);
    direct.args(["control::child", "--exact"]);
    let mut between = Command::new("sh");
    between.args(["-c", "\"$0\" control::child --exact; exit $?"]).arg(&program);
    for mut command in [direct, between] {
        command.env(FOLDER, &folder);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    assert_eq!(*recording.refused.lock().unwrap(), ["a process of the gateway's own"; 2]);
    assert!(recording.asked.lock().unwrap().is_empty());
    call(&folder, &Request::Status).await.unwrap();
}
