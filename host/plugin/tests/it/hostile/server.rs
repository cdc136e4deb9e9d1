//! Servers of this machine that write down what reaches them, and the real client between them and a guest.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use wirken_egress::{Authority, Egress, Error, Held, Options, Response};
use wirken_plugin::ports::{Answering, Requests};
use wirken_plugin::{Package, Ports, ToolPlugin};
use wirken_types::http::Request;

use super::tool_in;

/// One that says hello, or sends elsewhere who asks for `/redirect`.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// Each connection, with the head of what came over it.
    heard: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::leading_to("http://169.254.169.254/").await
    }

    pub(crate) async fn leading_to(location: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, heard) = (listener.local_addr().unwrap(), Arc::<Mutex<Vec<String>>>::default());
        let (log, location) = (Arc::clone(&heard), location.to_owned());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // Before a byte is read: a connection alone is something that reached it.
                let at = {
                    let mut log = log.lock().unwrap();
                    log.push(String::new());
                    log.len() - 1
                };
                tokio::spawn(serve(stream, Arc::clone(&log), at, location.clone()));
            }
        });
        Self { address, heard }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What each connection began with.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, log: Arc<Mutex<Vec<String>>>, at: usize, location: String) {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).await.is_ok() {
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let answer = if head.contains("/redirect") {
        format!("HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
    } else {
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello".to_owned()
    };
    log.lock().unwrap()[at] = head;
    stream.write_all(answer.as_bytes()).await.ok();
}

/// What the vault holds for a component, and for where.
pub(crate) const KEY: &str = "tok-0f1e2d3c4b5a69788796";

pub(crate) fn held_for(origin: &str) -> Held {
    let secret = Arc::new(wirken_secret::Secret::from_string(KEY.into()));
    Held { origins: vec![origin.parse().unwrap()], places: vec!["bearer".parse().unwrap()], secret }
}

/// Sends as a gateway does, without judging.
struct Sending {
    egress: Egress,
    authority: Authority,
}

impl Requests for Sending {
    fn send(&self, request: Request) -> Answering<'_, Result<Response, Error>> {
        Box::pin(self.egress.send(request, self.authority.clone()))
    }
}

/// A component that was granted all that it asks for, and what its calls go through.
pub(crate) struct Outside {
    pub(crate) tool: ToolPlugin,
    pub(crate) ports: Ports,
}

impl Outside {
    pub(crate) async fn of(package: Package, settings: Value, held: Option<Held>, options: Options) -> Self {
        let manifest = package.manifest.clone();
        let Value::Object(given) = settings.clone() else { panic!("settings are an object") };
        let all = manifest.settings(&given).unwrap();
        let authority = Authority::for_component(&manifest.name, &manifest, &given, &all, |_| held.clone()).unwrap();
        let credentials = held.iter().map(|_| "key".to_owned()).collect();
        let requests = Arc::new(Sending { egress: Egress::new(options), authority });
        let ports = Ports { requests, credentials: Arc::new(credentials), ..Ports::default() };
        Self { tool: tool_in(package, None, settings).await.unwrap(), ports }
    }

    pub(crate) async fn answer(&self, name: &str, arguments: Value) -> Value {
        super::answer(&self.tool, name, arguments, self.ports.clone()).await
    }

    /// What came of one request of `worldly`.
    pub(crate) async fn get(&self, url: &str) -> Value {
        self.act(json!({ "act": "request", "method": "GET", "url": url })).await
    }

    pub(crate) async fn act(&self, act: Value) -> Value {
        self.answer("act", json!({ "do": [act] })).await[0].clone()
    }
}
