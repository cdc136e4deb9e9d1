//! The engine of the tests, and a workspace with a gateway's settings for it.

use std::collections::HashMap;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bollard::query_parameters::ListContainersOptionsBuilder;
use bollard::{API_DEFAULT_VERSION, Docker};
use tempfile::TempDir;
use tokio::sync::mpsc;
use wirken_sandbox::containers::{Containers, Runtime, Settings};
use wirken_sandbox::mounts::Places;
use wirken_sandbox::program::{Bounds, Ended, Piece, Program, ProgramError};

/// Who the gateway is where root runs the tests.
const SOMEBODY: u32 = 4321;

/// The folder that `.ci/docker` made.
pub(crate) fn engine() -> PathBuf {
    let link = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/docker");
    let folder = link.canonicalize().unwrap_or_default();
    let image = folder.join("image").exists();
    assert!(image, "no Docker of the tests runs: start it with `.ci/docker start`, or run the tests as `.ci/docker run cargo test …`");
    folder
}

pub(crate) fn image() -> String {
    std::fs::read_to_string(engine().join("image")).unwrap().trim().to_owned()
}

pub(crate) struct Stage {
    _folder: TempDir,
    pub(crate) settings: Settings,
    pub(crate) docker: Docker,
}

impl Stage {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let me = rustix::process::geteuid().as_raw();
        let user = if me == 0 { (SOMEBODY, SOMEBODY) } else { (me, rustix::process::getegid().as_raw()) };
        for name in ["work", "data/skills/one", "data/vault"] {
            std::fs::create_dir_all(root.join(name)).unwrap();
        }
        for name in ["work", "data/skills/one"] {
            std::fs::set_permissions(root.join(name), PermissionsExt::from_mode(0o700)).unwrap();
            chown(root.join(name), Some(user.0), Some(user.1)).unwrap();
        }
        let socket = engine().join("docker.sock");
        let data = root.join("data");
        let settings = Settings {
            sockets: vec![socket.clone()],
            image: image().parse().unwrap(),
            runtime: Runtime::Engine,
            owner: format!("test-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)),
            user,
            places: Places { skills: Some(data.join("skills")), own_workspace: None, homes: Vec::new(), data },
            bounds: Bounds::default(),
        };
        let docker = Docker::connect_with_unix(&socket.to_string_lossy(), 60, API_DEFAULT_VERSION).unwrap();
        Self { _folder: folder, settings, docker }
    }

    pub(crate) fn containers(&self) -> Containers {
        Containers::new(self.settings.clone())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.settings.places.data.parent().unwrap().join(name)
    }

    /// A program in the workspace. None of the tests' takes long: one that hangs is to be ended.
    pub(crate) fn program(&self, program: &str, arguments: &[&str]) -> Program {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Program { arguments, timeout: Some(Duration::from_secs(60)), ..Program::new(program, self.path("work")) }
    }

    pub(crate) fn shell(&self, script: &str) -> Program {
        self.program("sh", &["-c", script])
    }

    pub(crate) async fn run(&self, program: &Program) -> Result<Ended, ProgramError> {
        self.containers().run(program, nobody()).await
    }

    /// What a script told, which has to have succeeded.
    pub(crate) async fn tells(&self, script: &str) -> String {
        let ended = self.run(&self.shell(script)).await.unwrap();
        let told = text(&ended.stdout);
        assert_eq!(ended.code, 0, "{script}: {told}{}", text(&ended.stderr));
        told
    }

    /// How many containers this stage has.
    pub(crate) async fn left(&self) -> usize {
        let filters = HashMap::from([("label", vec![format!("wirken.owner={}", self.settings.owner)])]);
        let options = ListContainersOptionsBuilder::default().all(true).filters(&filters).build();
        self.docker.clone().negotiate_version().await.unwrap().list_containers(Some(options)).await.unwrap().len()
    }
}

/// Where pieces go that nobody wants. One end of a channel that is kept would hold up the program.
pub(crate) fn nobody() -> mpsc::Sender<Piece> {
    let (sender, receiver) = mpsc::channel(1);
    drop(receiver);
    sender
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
