//! WebChat with a scripted gateway behind it, to look at the page: `cargo run -p wirken-webchat --example scripted`.
//!
//! A message that names `think`, `tool`, `exec`, `fail`, `busy`, `rich` or `forever` is answered in that way. Each line on
//! standard input makes a new log-in address.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails where it is surprised")]

#[path = "../tests/it/fake.rs"]
#[expect(dead_code, unused_imports, reason = "shared with the tests, which use all of it")]
mod fake;

use std::io::BufRead;
use std::time::Duration;

use wirken_types::Timestamp;
use wirken_webchat::{Logins, WebChat};

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the addresses are what this program is for")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let logins = Logins::default();
    let mut fake = fake::Fake::default();
    fake.pause = Duration::from_millis(25);
    let port = std::env::args().nth(1).map_or(Ok(0), |port| port.parse())?;
    let webchat = WebChat::bind(([127, 0, 0, 1], port).into(), fake, logins.clone())?;
    let address = webchat.local_addr();
    println!("{}", logins.issue(Timestamp::now())?.url(address));
    std::thread::spawn(move || {
        for _ in std::io::stdin().lock().lines() {
            if let Ok(token) = logins.issue(Timestamp::now()) {
                println!("{}", token.url(address));
            }
        }
    });
    webchat.serve(std::future::pending()).await;
    Ok(())
}
