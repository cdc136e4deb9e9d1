//! The message board that the scaffold of a channel speaks with, as that describes it. It is nobody's platform.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

pub(crate) const TOKEN: &str = "board-token-4f9c0d1e2b3a";
const SOON: Duration = Duration::from_secs(30);

/// It serves until the test is over.
pub(crate) struct Board {
    address: SocketAddr,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    messages: Vec<Value>,
    /// What was said through the channel: in which room, and what.
    said: Vec<(String, String)>,
    /// Requests without the token.
    refused: usize,
}

impl Board {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let (address, kept) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(Kept::default())));
        let theirs = Arc::clone(&kept);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let kept = Arc::clone(&theirs);
                std::thread::spawn(move || serve(stream.unwrap(), &kept));
            }
        });
        Self { address, kept }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Somebody writes in a room of their own.
    pub(crate) fn write(&self, from: &str, text: &str) {
        let mut kept = self.kept.lock().unwrap();
        let id = kept.messages.len() + 1;
        kept.messages.push(json!({ "id": id, "room": format!("with-{from}"), "from": from, "direct": true, "text": text }));
    }

    /// Waits for an answer in somebody's room.
    pub(crate) fn answered(&self, to: &str, part: &str) {
        let (began, room) = (Instant::now(), format!("with-{to}"));
        while !self.said().iter().any(|(said_in, text)| *said_in == room && text.contains(part)) {
            assert!(began.elapsed() < SOON, "{part:?} never came: {:?}; {} refused", self.said(), self.kept.lock().unwrap().refused);
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn said(&self) -> Vec<(String, String)> {
        self.kept.lock().unwrap().said.clone()
    }
}

/// One connection, request after request.
fn serve(stream: TcpStream, kept: &Mutex<Kept>) {
    let mut writer = stream.try_clone().unwrap();
    let mut reader = BufReader::new(stream);
    while let Some((head, body)) = read(&mut reader) {
        let (status, answer) = answer(&head, &body, &mut kept.lock().unwrap());
        let text = answer.to_string();
        let reply = format!("HTTP/1.1 {status} So\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{text}", text.len());
        if writer.write_all(reply.as_bytes()).is_err() {
            return;
        }
    }
}

/// The head's lines, in lower case but for the first, and the body; none at the end.
fn read(reader: &mut BufReader<TcpStream>) -> Option<(Vec<String>, Vec<u8>)> {
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => head.push(line.to_owned()),
        }
    }
    let length = head.iter().find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((head, body))
}

fn answer(head: &[String], body: &[u8], kept: &mut Kept) -> (u16, Value) {
    let known = |line: &String| line.to_lowercase().starts_with("authorization:") && line.ends_with(&format!("Bearer {TOKEN}"));
    if !head.iter().any(known) {
        kept.refused += 1;
        return (401, json!({}));
    }
    let line = &head[0];
    if let Some(rest) = line.strip_prefix("GET /messages?after=") {
        let after: u64 = rest.split([' ', '&']).next().unwrap().parse().unwrap();
        let new = kept.messages.iter().filter(|message| message["id"].as_u64().unwrap() > after);
        return (200, new.cloned().collect());
    }
    if line.starts_with("POST /messages ") {
        let said: Value = serde_json::from_slice(body).unwrap();
        let text = |key: &str| said[key].as_str().unwrap().to_owned();
        kept.said.push((text("room"), text("text")));
        return (201, json!({ "id": 1000 + kept.said.len() }));
    }
    (404, json!({}))
}
