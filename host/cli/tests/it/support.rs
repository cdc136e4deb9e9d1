//! The binary over a data folder of its own.

use std::fs;
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use serde_json::Value;
use wirken_engine::{Engine, Options, Wasm};

/// Somebody without rights: by convention the user who owns nothing.
const NOBODY: u32 = 65534;

/// The bundled components, compiled once. Each compiles for seconds, and few tests are about that.
static COMPILED: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled");
    let engine = Engine::new(&Options { cache: Some(folder.clone()), ..Options::default() }).unwrap();
    let components = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../components/dist");
    for kind in ["channels", "policies", "providers", "tools"] {
        for component in fs::read_dir(components.join(kind)).unwrap() {
            let wasm = Wasm::of(fs::read(component.unwrap().path().join("component.wasm")).unwrap());
            engine.load(&wasm).unwrap();
        }
    }
    folder
});

pub(crate) struct Wirken {
    folder: tempfile::TempDir,
    /// Somebody else than whoever runs the tests.
    user: Option<u32>,
}

impl Wirken {
    /// Nothing is set up, and nothing has to be compiled.
    pub(crate) fn new() -> Self {
        let wirken = Self::cold();
        let cache = wirken.data().join("cache");
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&cache).unwrap();
        for compiled in fs::read_dir(&*COMPILED).unwrap() {
            let compiled = compiled.unwrap();
            fs::copy(compiled.path(), cache.join(compiled.file_name())).unwrap();
        }
        wirken
    }

    /// There is no data folder yet.
    pub(crate) fn cold() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), user: None }
    }

    /// As an ordinary user has it, also where root runs the tests: whatever is done is done as that user, by a copy of the binary
    /// that he can reach.
    #[expect(clippy::disallowed_methods, reason = "a file that this process is writing cannot be run, so that another writes it")]
    pub(crate) fn of_an_ordinary_user() -> Self {
        let mut wirken = Self::cold();
        if rustix::process::geteuid().is_root() {
            let folder = wirken.outside().to_owned();
            std::os::unix::fs::chown(&folder, Some(NOBODY), Some(NOBODY)).unwrap();
            assert!(Command::new("cp").arg(env!("CARGO_BIN_EXE_wirken")).arg(folder.join("wirken")).status().unwrap().success());
            wirken.user = Some(NOBODY);
        }
        wirken
    }

    /// Set up with the offline provider, its words unpaced.
    pub(crate) fn with_demo() -> Self {
        let wirken = Self::new();
        wirken.ok(&["setup", "--non-interactive", "--provider", "demo", "--setting", "pace-millis=0"]);
        wirken
    }

    /// Set up with a model at this address, which wants no key.
    pub(crate) fn with_model(base_url: &str) -> Self {
        Self::new().set_up_with_model(base_url)
    }

    pub(crate) fn set_up_with_model(self, base_url: &str) -> Self {
        let url = format!("base-url={base_url}");
        let given = ["--provider", "openai", "--model", "fake-model", "--setting", &url, "--setting", "auth=none"];
        self.ok(&[&["setup", "--non-interactive"], &given[..]].concat());
        self
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn outside(&self) -> &Path {
        self.folder.path()
    }

    #[expect(clippy::disallowed_methods, reason = "a test of the binary starts it")]
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = match self.user {
            None => Command::new(env!("CARGO_BIN_EXE_wirken")),
            Some(user) => {
                let mut command = Command::new(self.outside().join("wirken"));
                command.uid(user).gid(user).current_dir(self.outside());
                command
            }
        };
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
