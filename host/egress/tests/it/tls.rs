//! HTTPS to a server of this machine, under a root of this test.

use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use wirken_egress::{Egress, Options};

use crate::support::*;

/// A root, as DER, and a server that proves itself by it to be the given names.
async fn server(names: &[&str]) -> (Vec<u8>, SocketAddr) {
    let mut root = CertificateParams::new(Vec::new()).unwrap();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = CertifiedIssuer::self_signed(root, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let leaf = CertificateParams::new(names).unwrap().signed_by(&key, &root).unwrap();
    let tls = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut buffer = [0; 4096];
                let read = stream.read(&mut buffer).await.unwrap_or(0);
                let placed = String::from_utf8_lossy(&buffer[..read]).contains(&format!("authorization: Bearer {SECRET}\r\n"));
                let body = if placed { "placed" } else { "nothing" };
                let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    (root.der().to_vec(), address)
}

fn trusting(roots: Vec<Vec<u8>>) -> Egress {
    Egress::new(Options { extra_roots: roots, ..Options::default() })
}

#[tokio::test]
async fn reaches_a_server_that_proves_its_address() {
    let (root, server) = server(&["127.0.0.1"]).await;
    let origin = format!("https://{server}");
    let authority = bound(own(&[&origin]), "key", "bearer", SECRET);
    assert_eq!(text(&trusting(vec![root]), naming(get(&origin), "key"), authority).await, (200, "placed".to_owned()));
}

#[tokio::test]
async fn refuses_a_server_that_it_does_not_trust_or_that_is_another() {
    let (root, stranger) = server(&["127.0.0.1"]).await;
    let origin = format!("https://{stranger}");
    let (kind, sent, message) = refusal(&trusting(Vec::new()), get(&origin), own(&[&origin])).await;
    assert_eq!((kind, sent), ("tls", false), "{message}");
    let (other_root, other) = server(&["127.0.0.2", "example.com"]).await;
    let origin = format!("https://{other}");
    let (kind, sent, message) = refusal(&trusting(vec![root, other_root]), get(&origin), own(&[&origin])).await;
    assert_eq!((kind, sent), ("tls", false), "{message}");
}

#[tokio::test]
async fn a_server_without_tls_gets_no_request_byte() {
    let server = canned(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let origin = format!("https://{server}");
    let egress = limited(|limits| limits.connect = std::time::Duration::from_millis(500));
    let (kind, sent, message) = refusal(&egress, get(&origin), own(&[&origin])).await;
    assert!(matches!(kind, "tls" | "connect") && !sent, "{kind}: {message}");
}

#[tokio::test]
async fn a_root_that_is_no_certificate_is_said_to_be_none() {
    let (kind, sent, message) = refusal(&trusting(vec![b"junk".to_vec()]), get("https://8.8.8.8/"), own(&["https://8.8.8.8"])).await;
    assert_eq!((kind, sent), ("unavailable", false));
    assert!(message.contains("extra trust root"), "{message}");
}
