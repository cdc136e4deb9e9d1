//! A browser as far as the server can tell: requests and frames over a plain TCP connection.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{} {}", self.status, self.body))
    }

    /// What the next requests send beside their cookie.
    pub(crate) fn key(&self) -> String {
        self.json()["key"].as_str().expect("a key").to_owned()
    }

    /// What the next requests send as their cookie.
    pub(crate) fn cookie(&self) -> String {
        self.header("set-cookie").expect("a cookie").split(';').next().unwrap().to_owned()
    }
}

#[expect(clippy::disallowed_methods, reason = "a test of a server on loopback connects to it as anybody can")]
pub(crate) async fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// A request with exactly these headers.
pub(crate) async fn raw(address: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut request = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    if !body.is_empty() || method == "POST" {
        request += &format!("content-length: {}\r\n", body.len());
    }
    let mut stream = connect(address).await;
    // A server that refuses a body need not read all of it.
    let _ = stream.write_all(format!("{request}\r\n{body}").as_bytes()).await;
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await.expect("an answer");
    parse(&String::from_utf8_lossy(&answer))
}

fn parse(text: &str) -> Answer {
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.map(|line| line.split_once(": ").unwrap()).map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    Answer { status, headers, body: body.to_owned() }
}

/// A browser with its own cookie and key, on a page of the server.
#[derive(Clone)]
pub(crate) struct Browser {
    pub(crate) address: SocketAddr,
    pub(crate) cookie: String,
    pub(crate) key: String,
}

impl Browser {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "").await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        self.send("POST", path, body).await
    }

    async fn send(&self, method: &str, path: &str, body: &str) -> Answer {
        let (host, origin) = (self.address.to_string(), format!("http://{}", self.address));
        let headers = [
            ("host", host.as_str()),
            ("origin", &origin),
            ("cookie", &self.cookie),
            ("x-wirken-key", &self.key),
            ("content-type", "application/json"),
        ];
        raw(self.address, method, path, &headers, body).await
    }

    pub(crate) async fn socket(&self) -> Socket {
        let origin = format!("http://{}", self.address);
        let headers = [("origin", origin.as_str()), ("cookie", &self.cookie), ("sec-websocket-protocol", &self.protocols())];
        Socket::open(self.address, &headers).await.unwrap_or_else(|status| panic!("{status}"))
    }

    /// As a page's script asks for them.
    pub(crate) fn protocols(&self) -> String {
        format!("wirken-1, {}", self.key)
    }
}

/// A WebSocket, as little of it as a test needs.
pub(crate) struct Socket {
    stream: TcpStream,
    buffer: Vec<u8>,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Frame {
    Text(String),
    Ping,
    Close(u16),
}

impl Socket {
    /// The status of the refusal, if it is one.
    pub(crate) async fn open(address: SocketAddr, headers: &[(&str, &str)]) -> Result<Self, u16> {
        let mut request = format!(
            "GET /socket HTTP/1.1\r\nhost: {address}\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        );
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        let mut stream = connect(address).await;
        stream.write_all(format!("{request}\r\n").as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        match parse(&String::from_utf8_lossy(&head)).status {
            101 => Ok(Self { stream, buffer: Vec::new() }),
            status => Err(status),
        }
    }

    pub(crate) async fn say(&mut self, session: Value, key: &str, text: &str) {
        self.send(&serde_json::json!({"type": "say", "session": session, "key": key, "text": text})).await;
    }

    pub(crate) async fn send(&mut self, frame: &Value) {
        self.send_bytes(1, frame.to_string().as_bytes()).await;
    }

    pub(crate) async fn send_bytes(&mut self, opcode: u8, payload: &[u8]) {
        let mut bytes = vec![0x80 | opcode];
        match payload.len() {
            len @ 0..126 => bytes.push(0x80 | len as u8),
            len @ 126..65536 => {
                bytes.push(0x80 | 126);
                bytes.extend((len as u16).to_be_bytes());
            }
            len => {
                bytes.push(0x80 | 127);
                bytes.extend((len as u64).to_be_bytes());
            }
        }
        bytes.extend([0, 0, 0, 0]);
        bytes.extend(payload);
        // The server may have closed it meanwhile, which is for the next read to say.
        let _ = self.stream.write_all(&bytes).await;
    }

    /// The next frame; none when the connection ended.
    pub(crate) async fn frame(&mut self) -> Option<Frame> {
        let head = self.take(2).await?;
        let len = match head[1] & 0x7f {
            126 => u16::from_be_bytes(self.take(2).await?.try_into().unwrap()) as usize,
            127 => u64::from_be_bytes(self.take(8).await?.try_into().unwrap()) as usize,
            len => len as usize,
        };
        let payload = self.take(len).await?;
        Some(match head[0] & 0x0f {
            1 => Frame::Text(String::from_utf8(payload).unwrap()),
            8 => Frame::Close(payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code))),
            9 => Frame::Ping,
            other => panic!("opcode {other}"),
        })
    }

    async fn take(&mut self, len: usize) -> Option<Vec<u8>> {
        while self.buffer.len() < len {
            let read = tokio::time::timeout(Duration::from_secs(10), self.stream.read_buf(&mut self.buffer)).await.expect("a frame");
            if read.unwrap_or(0) == 0 {
                return None;
            }
        }
        Some(self.buffer.drain(..len).collect())
    }

    /// The next JSON frame.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            match self.frame().await {
                Some(Frame::Text(text)) => return serde_json::from_str(&text).unwrap(),
                Some(Frame::Ping) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The next frame for which this holds; those before it are dropped.
    pub(crate) async fn until(&mut self, holds: impl Fn(&Value) -> bool) -> Value {
        loop {
            let frame = self.next().await;
            if holds(&frame) {
                return frame;
            }
        }
    }

    pub(crate) async fn until_type(&mut self, name: &str) -> Value {
        self.until(|frame| frame["type"] == name).await
    }

    pub(crate) async fn until_recorded(&mut self, kind: &str) -> Value {
        self.until(|frame| frame["type"] == "recorded" && frame["event"]["kind"] == kind).await
    }
}
