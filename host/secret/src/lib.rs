//! Stub.
use std::sync::Arc;
use bytes::Bytes;
#[derive(Debug)]
pub struct Secret(Vec<u8>);
impl From<&str> for Secret { fn from(s: &str) -> Self { Self(s.as_bytes().to_vec()) } }
impl Secret { pub fn expose(&self) -> &[u8] { &self.0 } }
#[derive(Default)]
pub struct Scanner(Vec<(String, Vec<u8>)>);
#[derive(Debug)]
pub struct Found { pub label: String }
impl Scanner {
    pub fn new(s: Vec<(String, Vec<u8>)>) -> Self { Self(s) }
    pub fn scan(&self, b: &[u8]) -> Result<(), Found> {
        for (l, s) in &self.0 { if b.windows(s.len()).any(|w| w == s) { return Err(Found { label: l.clone() }); } }
        Ok(())
    }
}
pub struct ScanStream { s: Arc<Scanner>, held: Vec<u8> }
impl ScanStream {
    pub fn new(s: Arc<Scanner>) -> Self { Self { s, held: vec![] } }
    pub fn push(&mut self, b: Bytes) -> Result<Bytes, Found> {
        self.held.extend_from_slice(&b);
        self.s.scan(&self.held)?;
        let keep = self.s.0.iter().map(|x| x.1.len()).max().unwrap_or(1) - 1;
        let n = self.held.len().saturating_sub(keep);
        Ok(self.held.drain(..n).collect())
    }
    pub fn finish(&mut self) -> Result<Bytes, Found> { Ok(std::mem::take(&mut self.held).into()) }
}
