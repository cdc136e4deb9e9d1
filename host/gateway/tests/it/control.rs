//! The control socket: who is answered, who is not, and that both sides prove themselves.

use std::future::Future;
use std::os::unix::fs::PermissionsExt;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use wirken_gateway::control::{CallFailed, Handler, Reply, Request, Server, call};

#[derive(Default)]
struct Recording {
    asked: Mutex<Vec<Request>>,
    refused: Mutex<Vec<&'static str>>,
}

impl Handler for Recording {
    fn handle(&self, request: Request) -> Pin<Box<dyn Future<Output = Reply> + Send + '_>> {
        self.asked.lock().unwrap().push(request.clone());
        Box::pin(async move {
            match request {
                Request::Status => Reply::Done(json!({ "running": true })),
                _ => Reply::Refused("not here".into()),
            }
        })
    }

    fn refused(&self, _uid: u32, _pid: i32, reason: &'static str) {
        self.refused.lock().unwrap().push(reason);
    }
}

fn serve(folder: &std::path::Path) -> Arc<Recording> {
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
    let listener = tokio::net::UnixListener::bind(folder.join("control.sock")).unwrap();
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
        let ended = tokio::time::timeout(std::time::Duration::from_millis(patience), stream.read(&mut byte)).await;
        assert_eq!(ended.is_err(), waits, "{length}");
    }
}
