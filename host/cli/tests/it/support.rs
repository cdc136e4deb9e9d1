//! The binary over a data folder of its own.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

pub(crate) struct Wirken {
    folder: tempfile::TempDir,
}

impl Wirken {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// Set up with the offline provider, its words unpaced.
    pub(crate) fn with_demo() -> Self {
        let wirken = Self::new();
        wirken.ok(&["setup", "--non-interactive", "--provider", "demo", "--setting", "pace-millis=0"]);
        wirken
    }

    /// Set up with a model at this address, which wants no key.
    pub(crate) fn with_model(base_url: &str) -> Self {
        let (wirken, url) = (Self::new(), format!("base-url={base_url}"));
        let given = ["--provider", "openai", "--model", "fake-model", "--setting", &url, "--setting", "auth=none"];
        wirken.ok(&[&["setup", "--non-interactive"], &given[..]].concat());
        wirken
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn outside(&self) -> &Path {
        self.folder.path()
    }

    #[expect(clippy::disallowed_methods, reason = "a test of the binary starts it")]
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wirken"));
        command.args(args).env("WIRKEN_DATA_DIR", self.data()).env_remove("WIRKEN_LOG").stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    pub(crate) fn run_with_input(&self, args: &[&str], input: &[u8]) -> Output {
        let mut child = self.command(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // A command that fails early does not read it.
        child.stdin.take().unwrap().write_all(input).ok();
        child.wait_with_output().unwrap()
    }

    pub(crate) fn ok(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.ok(&[args, &["--format", "json"]].concat())).unwrap()
    }

    /// What a command that must fail says.
    pub(crate) fn fails(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(!output.status.success(), "{args:?} succeeded");
        stderr(&output)
    }
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
