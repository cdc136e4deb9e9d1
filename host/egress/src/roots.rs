//! The owner's own authorities, from a file: a company's, or that of a proxy which looks into what passes.

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// The largest file of certificates that is read, in bytes. All the Web's authorities together take a quarter of it.
pub const CA_FILE_MAX_BYTES: usize = 1024 * 1024;

/// Why a file holds nothing to trust.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRoots {
    #[error("it has more than {CA_FILE_MAX_BYTES} bytes: name a file with the certificates of your own authorities alone")]
    TooLarge,
    #[error("it holds no certificate: write it in PEM form, which begins with `-----BEGIN CERTIFICATE-----`")]
    None,
    #[error("it holds a private key, which has no place beside certificates: name a file without it")]
    PrivateKey,
    #[error("certificate {number} in it cannot be read: {reason}")]
    Certificate { number: usize, reason: String },
}

/// Reads the certificates of a PEM file, one or a bundle, as DER.
pub fn roots(pem: &[u8]) -> Result<Vec<Vec<u8>>, InvalidRoots> {
    if pem.len() > CA_FILE_MAX_BYTES {
        return Err(InvalidRoots::TooLarge);
    }
    if PrivateKeyDer::from_pem_slice(pem).is_ok() {
        return Err(InvalidRoots::PrivateKey);
    }
    let mut store = RootCertStore::empty();
    let mut found = Vec::new();
    for (number, certificate) in (1..).zip(CertificateDer::pem_slice_iter(pem)) {
        let unreadable = |error: &dyn std::fmt::Display| InvalidRoots::Certificate { number, reason: error.to_string() };
        let certificate = certificate.map_err(|error| unreadable(&error))?;
        found.push(certificate.as_ref().to_vec());
        store.add(certificate).map_err(|error| unreadable(&error))?;
    }
    if found.is_empty() { Err(InvalidRoots::None) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate() -> (String, Vec<u8>) {
        let key = rcgen::KeyPair::generate().expect("a key");
        let certificate = rcgen::CertificateParams::new(vec!["ca.example.com".to_owned()]).expect("a name").self_signed(&key).expect("one");
        (pem(certificate.der()), certificate.der().to_vec())
    }

    fn pem(der: &[u8]) -> String {
        let text = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, der);
        format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
    }

    #[test]
    fn reads_one_and_a_bundle_with_remarks_between() {
        let (first, second) = (certificate(), certificate());
        assert_eq!(roots(first.0.as_bytes()), Ok(vec![first.1.clone()]));
        let bundle = format!("# Our own\n{}\nsubject: second\r\n{}", first.0, second.0.replace('\n', "\r\n"));
        assert_eq!(roots(bundle.as_bytes()), Ok(vec![first.1, second.1]));
    }

    #[test]
    fn says_what_is_wrong_with_a_file() {
        let (good, der) = certificate();
        assert_eq!(roots(b""), Err(InvalidRoots::None));
        assert_eq!(roots(&der), Err(InvalidRoots::None), "DER is not PEM");
        let key = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";
        assert_eq!(roots(format!("{good}{key}").as_bytes()), Err(InvalidRoots::PrivateKey));
        for bad in [pem(b"junk"), "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n".to_owned()] {
            let error = roots(format!("{good}{bad}").as_bytes()).expect_err("junk");
            assert!(matches!(error, InvalidRoots::Certificate { number: 2, .. }), "{error}");
        }
        let cut = good.get(..good.len() / 2).expect("a half");
        assert!(matches!(roots(cut.as_bytes()), Err(InvalidRoots::Certificate { number: 1, .. } | InvalidRoots::None)));
    }

    #[test]
    fn is_bounded_on_both_sides() {
        let (good, der) = certificate();
        let padded = |size: usize| format!("{good}{}", "#".repeat(size - good.len()));
        assert_eq!(roots(padded(CA_FILE_MAX_BYTES).as_bytes()), Ok(vec![der]));
        assert_eq!(roots(padded(CA_FILE_MAX_BYTES + 1).as_bytes()), Err(InvalidRoots::TooLarge));
    }
}
