//! The environment, read once: every variable that wirken knows.

use std::env;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;

/// Names the data folder. Default: `~/.wirken`.
pub(crate) const DATA_DIR: &str = "WIRKEN_DATA_DIR";
/// What is logged to stderr, as `level` or `target=level,…`. Default: `warn`.
pub(crate) const LOG: &str = "WIRKEN_LOG";
/// Set to anything, it turns colours off.
const NO_COLOR: &str = "NO_COLOR";
const HOME: &str = "HOME";
/// Another compiler than cargo's own, for `component build`.
const RUSTC: &str = "RUSTC";

pub(crate) struct Environment {
    pub(crate) data_dir: Option<PathBuf>,
    pub(crate) home: Option<PathBuf>,
    pub(crate) log: Option<String>,
    pub(crate) color: bool,
    /// The names of all that are set to something.
    pub(crate) variables: Vec<String>,
    pub(crate) rustc: Option<OsString>,
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
pub(crate) fn read() -> Environment {
    let data_dir = env::var_os(DATA_DIR).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = env::var_os(HOME).filter(|value| !value.is_empty()).map(PathBuf::from);
    Environment {
        data_dir: data_dir.or_else(|| home.as_ref().map(|home| home.join(".wirken"))),
        home,
        log: env::var(LOG).ok(),
        variables: env::vars_os().filter(|(_, value)| !value.is_empty()).filter_map(|(name, _)| name.into_string().ok()).collect(),
        color: env::var_os(NO_COLOR).is_none() && std::io::stderr().is_terminal(),
        rustc: env::var_os(RUSTC).filter(|value| !value.is_empty()),
    }
}
