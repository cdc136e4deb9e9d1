//! The browser's side of a turn: log in, open the socket, say something, wait for the recorded answer.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

static NEXT: AtomicU64 = AtomicU64::new(1);

/// How a turn ended.
#[derive(Debug)]
pub(crate) enum Turn {
    /// So long after the message the answer was there.
    Answered(Duration),
    /// With the frame that says so.
    Interrupted(String),
}

/// A browser that is logged in. What it opens are its pages.
pub(crate) struct Login {
    host: String,
    cookie: String,
    key: String,
}

pub(crate) struct Browser {
    socket: WebSocketStream<TcpStream>,
    session: Option<String>,
    /// The one that the page shows.
    watched: Option<String>,
    /// Of this browser, in the keys of its messages.
    id: u64,
    said: usize,
}

#[expect(clippy::disallowed_methods, reason = "the measured gateway is on this machine, and this is its client")]
async fn connect(host: &str) -> Result<TcpStream> {
    let stream = TcpStream::connect(host).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// One HTTP request on a connection of its own; the answer, head and body.
async fn post(host: &str, path: &str, body: &str) -> Result<String> {
    let mut stream = connect(host).await?;
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

impl Login {
    pub(crate) async fn new(url: &str) -> Result<Self> {
        let (address, token) = url.split_once("/#login=").context("no log-in token in the URL")?;
        let host = address.trim_start_matches("http://");
        let answer = post(host, "/login", &json!({ "token": token }).to_string()).await?;
        let cookie = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).context("no cookie")?;
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        let body = answer.split_once("\r\n\r\n").context("no body")?.1;
        let body: Value = serde_json::from_str(body)?;
        let key = body.get("key").and_then(Value::as_str).context("no key")?.to_owned();
        Ok(Self { host: host.to_owned(), cookie, key })
    }

    pub(crate) async fn open(&self) -> Result<Browser> {
        let Self { host, cookie, key } = self;
        let mut request = format!("ws://{host}/socket").into_client_request()?;
        request.headers_mut().insert("sec-websocket-protocol", format!("wirken-1, {key}").parse()?);
        request.headers_mut().insert("cookie", cookie.parse()?);
        request.headers_mut().insert("origin", format!("http://{host}").parse()?);
        let (socket, _) = tokio_tungstenite::client_async(request, connect(host).await?).await?;
        Ok(Browser { socket, session: None, watched: None, id: NEXT.fetch_add(1, Ordering::Relaxed), said: 0 })
    }
}

impl Browser {
    pub(crate) async fn log_in(url: &str) -> Result<Self> {
        Login::new(url).await?.open().await
    }

    /// The next message opens a chat.
    pub(crate) fn new_chat(&mut self) {
        self.session = None;
    }

    /// The chat that the next message belongs to; none before the first.
    pub(crate) fn chat(&self) -> Option<String> {
        self.session.clone()
    }

    /// The next message belongs to this chat.
    pub(crate) fn enter(&mut self, chat: Option<String>) {
        self.session = chat;
    }

    /// From the message's frame out to the recorded answer's frame in.
    pub(crate) async fn turn(&mut self, text: &str) -> Result<Duration> {
        match self.say(text).await? {
            Turn::Answered(took) => Ok(took),
            Turn::Interrupted(frame) => bail!("the turn was interrupted: {frame}"),
        }
    }

    /// Says something and waits until its turn is over.
    pub(crate) async fn say(&mut self, text: &str) -> Result<Turn> {
        self.said += 1;
        let key = format!("{:016x}{:016x}", self.id, self.said);
        let said = json!({ "type": "say", "session": self.session, "key": key, "text": text });
        let began = Instant::now();
        if self.session.is_some() && self.session != self.watched {
            let watch = json!({ "type": "watch", "session": self.session, "from": null });
            self.socket.send(Message::text(watch.to_string())).await?;
            self.watched.clone_from(&self.session);
        }
        self.socket.send(Message::text(said.to_string())).await?;
        let mut answered = None;
        loop {
            let frame = self.socket.next().await.context("the socket closed")??;
            let Message::Text(frame) = frame else { continue };
            let frame: Value = serde_json::from_str(&frame)?;
            let kind = frame.pointer("/event/kind").and_then(Value::as_str).unwrap_or_default();
            match frame.get("type").and_then(Value::as_str) {
                Some("accepted") => {
                    self.session = frame.get("session").and_then(Value::as_str).map(str::to_owned);
                    self.watched.clone_from(&self.session);
                }
                Some("error") => bail!("the gateway refused: {frame}"),
                Some("recorded") if kind == "outbound-queued" => answered = Some(began.elapsed()),
                Some("recorded") if kind == "turn-interrupted" => return Ok(Turn::Interrupted(frame.to_string())),
                Some("recorded") if kind == "turn-finished" => {
                    return answered.map(Turn::Answered).context("the turn ended without an answer");
                }
                _ => {}
            }
        }
    }
}

/// The model's server asked directly, with a streamed answer read to its end.
pub(crate) async fn direct(base_url: &str) -> Result<Duration> {
    let (host, path) = base_url.trim_start_matches("http://").split_once('/').context("no path")?;
    let body = json!({ "model": crate::MODEL, "stream": true, "messages": [{ "role": "user", "content": "hi" }] }).to_string();
    let began = Instant::now();
    let answer = post(host, &format!("/{path}/chat/completions"), &body).await?;
    let took = began.elapsed();
    if !answer.contains("[DONE]") {
        bail!("the fake model did not stream: {answer}");
    }
    Ok(took)
}
