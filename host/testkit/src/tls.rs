//! Servers that prove who they are, under an authority made for the test.

use std::error::Error;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;

/// An authority, as DER, and what proves a server to be the given names by it, speaking one of the given protocols.
pub fn identity(names: &[&str], protocols: &[&[u8]]) -> Result<(Vec<u8>, TlsAcceptor), Box<dyn Error>> {
    let mut root = CertificateParams::new(Vec::new())?;
    // Two of one name would be taken for each other.
    root.distinguished_name.push(DnType::CommonName, format!("the authority of {}", names.join(" and ")));
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = CertifiedIssuer::self_signed(root, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let leaf = CertificateParams::new(names)?.signed_by(&key, &root)?;
    let mut tls = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))?;
    tls.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    Ok((root.der().to_vec(), TlsAcceptor::from(Arc::new(tls))))
}

/// A certificate in the form that files have.
#[must_use]
pub fn pem(der: &[u8]) -> String {
    let text = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, der);
    format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
}
