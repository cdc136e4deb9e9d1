//! This test binary, run once more as a process of its own: the only honest way to lose one.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const ROLE: &str = "WIRKEN_TEST_ROLE";
const LEDGER: &str = "WIRKEN_TEST_LEDGER";
const NUMBER: &str = "WIRKEN_TEST_NUMBER";

/// A child to be: the one test of that name, which plays that role with that ledger.
pub(crate) struct Child<'a> {
    pub(crate) test: &'a str,
    pub(crate) role: &'a str,
    pub(crate) ledger: &'a Path,
    pub(crate) number: u32,
    /// Blocks of 512 bytes that no file of it can grow past; the write fails then, and the process lives.
    pub(crate) file_limit: Option<u32>,
}

impl Child<'_> {
    #[expect(clippy::disallowed_methods, reason = "a process that dies cannot be this one")]
    fn command(&self) -> Command {
        let limit = self.file_limit.map(|blocks| format!("trap '' XFSZ; ulimit -f {blocks}; ")).unwrap_or_default();
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!(r#"{limit}exec "$0" --exact "$1" --nocapture"#)).arg(std::env::current_exe().unwrap());
        command.arg(self.test).env(ROLE, self.role).env(LEDGER, self.ledger).env(NUMBER, self.number.to_string());
        command
    }

    pub(crate) fn run(&self) -> Output {
        self.command().output().unwrap()
    }

    /// It ends when its input does.
    pub(crate) fn spawn(&self) -> std::process::Child {
        self.command().stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
    }
}

/// In the child: its ledger and number, when this is the role to play.
#[expect(clippy::disallowed_methods, reason = "how a test binary is told that it is a child")]
pub(crate) fn playing(role: &str) -> Option<(PathBuf, u32)> {
    (std::env::var(ROLE).ok()? == role).then(|| (std::env::var(LEDGER).unwrap().into(), std::env::var(NUMBER).unwrap().parse().unwrap()))
}

/// In the child: tells the parent that this was promised.
pub(crate) fn tell(what: &str) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    writeln!(out, "told {what}").unwrap();
    out.flush().unwrap();
}

/// In the parent: what it was told.
pub(crate) fn told(output: &Output) -> Vec<String> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().filter_map(|line| line.split_once("told ")).map(|(_, what)| what.to_owned()).collect()
}
