//! The skills of this installation: their folders, the configuration as it is now, and what programs find where they run.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc;
use wirken_config::{Config, SkillLoad};
use wirken_gateway::folder::Folder;
use wirken_gateway::{Ready, Runner, Sandbox, Skills};
use wirken_permissions::WORKSPACE;
use wirken_sandbox::program::{ENVIRONMENT, Program};
use wirken_skills::prompt::Seen;
use wirken_skills::{Catalog, Here, Library, Places, in_folders, roots};

use crate::environment::Environment;

/// How long a sandbox may take to say which programs it has.
const LISTING: Duration = Duration::from_secs(20);

/// The skills of one data folder.
pub(crate) struct OwnSkills {
    config_file: PathBuf,
    data: PathBuf,
    home: Option<PathBuf>,
    workspace: PathBuf,
    variables: Vec<String>,
    sandbox: Sandbox,
    /// What an image has does not change: it is named by its digest.
    in_image: Arc<OnceLock<HashSet<String>>>,
    state: Mutex<State>,
}

struct State {
    config: Arc<Config>,
    /// The file that it was read from, as it was then.
    stamp: Option<Stamp>,
    library: Library,
}

type Stamp = (u64, u64, i64, i64);

impl OwnSkills {
    pub(crate) fn new(environment: &Environment, folder: &Folder, config: &Config, workspace: &Path, sandbox: Sandbox) -> Self {
        let home = environment.home.as_ref().and_then(|home| home.canonicalize().ok());
        let (config_file, data, workspace) = (folder.config(), folder.root().to_owned(), workspace.to_owned());
        let library = library(config, home.as_deref(), &data, &workspace);
        let state = Mutex::new(State { config: Arc::new(config.clone()), stamp: stamp(&config_file), library });
        let variables = environment.variables.clone();
        Self { config_file, data, home, workspace, variables, sandbox, in_image: Arc::default(), state }
    }

    /// All that there is, judged here and now.
    pub(crate) fn catalog(&self) -> Catalog {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.read_again(&mut state);
        let last = state.library.last().filter(|_| !state.config.skills.load.watch);
        let inventory = last.unwrap_or_else(|| state.library.look());
        let config = Arc::clone(&state.config);
        drop(state);
        let value = serde_json::to_value(&*config).unwrap_or(Value::Null);
        let here = Here::new(self.programs(), self.variables.clone(), value);
        Catalog::of(&inventory, &config.skills, config.agent.skills.as_deref(), &here)
    }

    pub(crate) fn seen(&self) -> Seen {
        Seen { home: self.home.clone(), workspace: Some((self.workspace.clone(), WORKSPACE)) }
    }

    /// A configuration that changed counts from now on; one that cannot be read does not.
    fn read_again(&self, state: &mut State) {
        let now = stamp(&self.config_file);
        if now == state.stamp {
            return;
        }
        let read = fs::read_to_string(&self.config_file).map_err(|error| error.to_string());
        match read.and_then(|text| Config::parse(&text).map_err(|error| error.to_string())) {
            Ok(config) => {
                if config.skills.load != state.config.skills.load {
                    state.library = library(&config, self.home.as_deref(), &self.data, &self.workspace);
                }
                state.config = Arc::new(config);
            }
            Err(error) => tracing::warn!(error, "the configuration of skills stays as it was"),
        }
        state.stamp = now;
    }

    /// Whether a program would be found where programs run.
    fn programs(&self) -> Box<dyn Fn(&str) -> bool + Send + Sync> {
        match &self.sandbox {
            Sandbox::Missing(_) => Box::new(|_| false),
            Sandbox::Spaces(_) => {
                let path = ENVIRONMENT.iter().find(|(name, _)| *name == "PATH").map_or("", |(_, path)| *path);
                let folders: Vec<PathBuf> = path.split(':').map(PathBuf::from).collect();
                Box::new(move |name| in_folders(&folders, name))
            }
            Sandbox::Containers(_) => {
                let (sandbox, workspace, known) = (self.sandbox.clone(), self.workspace.clone(), Arc::clone(&self.in_image));
                // Where it cannot be asked, nothing is there for now; that is asked once in a look.
                let failed = OnceLock::new();
                Box::new(move |name| {
                    if known.get().is_none() && failed.get().is_none() {
                        match listed(&sandbox, &workspace) {
                            Ok(names) => drop(known.set(names)),
                            Err(error) => {
                                tracing::warn!(error, "which programs the image has could not be asked");
                                failed.set(()).ok();
                            }
                        }
                    }
                    known.get().is_some_and(|names| names.contains(name))
                })
            }
        }
    }
}

impl Skills for OwnSkills {
    fn look(&self) -> Option<Arc<Ready>> {
        Some(Arc::new(Ready::new(self.catalog(), self.seen())))
    }
}

fn library(config: &Config, home: Option<&Path>, data: &Path, workspace: &Path) -> Library {
    let load = &config.skills.load;
    let extra = SkillLoad::folders(&load.extra_dirs, home);
    let places = Places { workspace: Some(workspace), home, data: Some(data), bundled: None, extra: &extra };
    let targets = SkillLoad::folders(&load.allow_symlink_targets, home);
    Library::new(roots(places), targets, Duration::from_millis(load.watch_debounce_ms))
}

fn stamp(path: &Path) -> Option<Stamp> {
    let meta = fs::metadata(path).ok()?;
    Some((meta.ino(), meta.size(), meta.mtime(), meta.mtime_nsec()))
}

/// The names in the folders where the image looks for programs, by its own `ls`. To be called where waiting is allowed.
fn listed(sandbox: &Sandbox, workspace: &Path) -> Result<HashSet<String>, String> {
    let path = ENVIRONMENT.iter().find(|(name, _)| *name == "PATH").map_or("", |(_, path)| *path);
    let mut program = Program::new("ls", workspace);
    program.arguments = std::iter::once("-1").chain(path.split(':')).map(str::to_owned).collect();
    program.timeout = Some(LISTING);
    let run = async {
        let (pieces, mut written) = mpsc::channel(16);
        let drained = async { while written.recv().await.is_some() {} };
        tokio::join!(sandbox.run(&program, pieces), drained).0
    };
    let ended = match tokio::runtime::Handle::try_current() {
        Ok(runtime) => runtime.block_on(run),
        Err(_) => crate::parts::small_runtime().map_err(|error| error.to_string())?.block_on(run),
    };
    // It fails where one of the folders is not there, and lists the others all the same.
    let output = ended.map_err(|error| error.to_string())?.stdout;
    let names: HashSet<String> = String::from_utf8_lossy(&output).lines().filter(|line| !line.ends_with(':')).map(str::to_owned).collect();
    if names.contains("ls") { Ok(names) } else { Err("its `ls` does not name itself".to_owned()) }
}
