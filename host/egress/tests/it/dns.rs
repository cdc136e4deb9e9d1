//! Names: what an answer may lead to, and the resolver itself against a name server of this test.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use tokio::net::UdpSocket;
use wirken_egress::{Dns, Egress, Options, Resolve};

use crate::support::*;

/// Answers every name with the same addresses.
struct Always(Vec<IpAddr>);

impl Resolve for Always {
    fn resolve(&self, _name: String) -> BoxFuture<'static, Result<Vec<IpAddr>, String>> {
        Box::pin(std::future::ready(Ok(self.0.clone())))
    }
}

fn resolving(addresses: &[&str]) -> Egress {
    let addresses = addresses.iter().map(|address| address.parse().expect(address)).collect();
    let mut options = Options { resolver: Arc::new(Always(addresses)), ..Options::default() };
    options.limits.connect = std::time::Duration::from_millis(100);
    Egress::new(options)
}

#[tokio::test]
async fn a_name_that_leads_to_a_closed_address_is_refused() {
    for address in
        ["127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "::ffff:127.0.0.1", "64:ff9b::a00:1", "0.0.0.0", "fd00::1"]
    {
        // Even where the human named the origin: what they wrote was a name.
        let (kind, sent, message) =
            refusal(&resolving(&[address]), get("https://api.example.com/"), own(&["https://api.example.com"])).await;
        assert_eq!((kind, sent), ("denied", false), "{address}: {message}");
        assert!(message.contains(address) && message.contains("api.example.com"), "{message}");
    }
}

#[tokio::test]
async fn a_name_without_an_answer_sends_nothing() {
    let (kind, sent, message) = refusal(&resolving(&[]), get("https://api.example.com/"), own(&["https://api.example.com"])).await;
    assert_eq!((kind, sent), ("connect", false));
    assert!(message.contains("api.example.com"), "{message}");
}

/// A name server that knows `known.example.com` by the given address, and no other name.
async fn name_server(address: [u8; 4]) -> SocketAddr {
    use hickory_resolver::proto::op::{Message, ResponseCode};
    use hickory_resolver::proto::rr::{RData, Record, RecordType, rdata::A};

    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let local = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 1500];
        while let Ok((read, peer)) = socket.recv_from(&mut buffer).await {
            let query = Message::from_vec(&buffer[..read]).unwrap();
            let question = query.queries.first().unwrap().clone();
            let mut answer = Message::response(query.metadata.id, query.metadata.op_code);
            answer.metadata.recursion_desired = true;
            answer.metadata.recursion_available = true;
            if question.name().to_ascii() != "known.example.com." {
                answer.metadata.response_code = ResponseCode::NXDomain;
            } else if question.query_type() == RecordType::A {
                let [a, b, c, d] = address;
                answer.answers.push(Record::from_rdata(question.name().clone(), 60, RData::A(A::new(a, b, c, d))));
            }
            answer.queries.push(question);
            socket.send_to(&answer.to_vec().unwrap(), peer).await.unwrap();
        }
    });
    local
}

fn asking(server: SocketAddr) -> Dns {
    let mut connection = ConnectionConfig::udp();
    connection.port = server.port();
    Dns::with_config(ResolverConfig::from_name_servers(vec![NameServerConfig::new(server.ip(), true, vec![connection])]))
}

#[tokio::test]
async fn the_resolver_asks_its_name_server() {
    let dns = asking(name_server([93, 184, 215, 14]).await);
    assert_eq!(dns.resolve("known.example.com".to_owned()).await, Ok(vec!["93.184.215.14".parse::<IpAddr>().unwrap()]));
    let missing = dns.resolve("unknown.example.com".to_owned()).await.expect_err("no such name");
    assert!(missing.contains("does not exist"), "{missing}");
}

#[tokio::test]
async fn a_name_server_cannot_lead_a_public_name_to_this_machine() {
    let server = serve(axum::Router::new()).await;
    let resolver = Arc::new(asking(name_server([127, 0, 0, 1]).await));
    let egress = Egress::new(Options { resolver, ..Options::default() });
    let origin = format!("https://known.example.com:{}", server.port());
    let (kind, sent, message) = refusal(&egress, get(&origin), own(&[&origin])).await;
    assert_eq!((kind, sent), ("denied", false), "{message}");
    let origin = "https://unknown.example.com";
    let (kind, sent, message) = refusal(&egress, get(origin), own(&[origin])).await;
    assert_eq!((kind, sent), ("connect", false), "{message}");
    assert!(message.contains("does not exist"), "{message}");
}
