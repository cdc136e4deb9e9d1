//! A program that a component wants run, what bounds it, and what came of it: the same for every sandbox that can run one.
//!
//! The component chooses program, arguments, input and time, on behalf of a model that may have read anything; the host chooses
//! the folders and the bounds. No shell reads any of it unless the program is one.
//!
//! Which sandbox runs it is elsewhere: `containers` for one.

mod error;
mod output;

use std::path::PathBuf;
use std::time::Duration;

pub use error::ProgramError;
pub use output::{Output, Piece};

/// Where the workspace is inside, and where a program begins.
pub const WORKSPACE: &str = "/workspace";

/// Every variable that a program finds.
pub const ENVIRONMENT: &[(&str, &str)] =
    &[("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"), ("HOME", "/tmp"), ("LANG", "C.UTF-8")];

/// What one program is given on its command line at most, with the ends of the words: Linux takes twice as much with a stack of 8 MiB.
pub const MAX_ARGUMENT_BYTES: usize = 1024 * 1024;
/// What one word of it holds at most, with its end: Linux's `MAX_ARG_STRLEN`.
pub const MAX_WORD_BYTES: usize = 128 * 1024;

/// A program to be run once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// A name that is looked up in the sandbox's `PATH`, or a path as the sandbox has it.
    pub program: String,
    /// Without the program's own name.
    pub arguments: Vec<String>,
    /// All that it can read from its standard input, which is closed behind it.
    pub stdin: Vec<u8>,
    /// The folder of the host that it finds at [`WORKSPACE`], to read and to write.
    pub workspace: PathBuf,
    /// The folder of the skill whose program it is: it can be read, at the path that it has on the host.
    pub skill: Option<PathBuf>,
    /// How long it may take. None, and anything longer, is [`Bounds::wall`].
    pub timeout: Option<Duration>,
}

impl Program {
    /// A program without input, skill, or a time of its own.
    #[must_use]
    pub fn new(program: impl Into<String>, workspace: impl Into<PathBuf>) -> Self {
        let (arguments, stdin) = (Vec::new(), Vec::new());
        Self { program: program.into(), arguments, stdin, workspace: workspace.into(), skill: None, timeout: None }
    }

    /// Says of a command line that no system could start why not. The folders are judged elsewhere.
    pub fn check(&self) -> Result<(), ProgramError> {
        let invalid = |why: String| Err(ProgramError::Invalid(why));
        if self.program.is_empty() {
            return invalid("no program was named".to_owned());
        }
        let words = || std::iter::once(&self.program).chain(&self.arguments);
        if words().any(|word| word.contains('\0')) {
            return invalid("the command holds a zero byte, which ends a word: leave it out, or pass it on standard input".to_owned());
        }
        if let Some(long) = words().find(|word| word.len() >= MAX_WORD_BYTES) {
            let length = long.len();
            return invalid(format!("an argument has {length} bytes of at most {}: pass it on standard input", MAX_WORD_BYTES - 1));
        }
        let bytes: usize = words().map(|word| word.len() + 1).sum();
        if bytes > MAX_ARGUMENT_BYTES {
            return invalid(format!("the command has {bytes} bytes of at most {MAX_ARGUMENT_BYTES}: pass some of it on standard input"));
        }
        if self.timeout == Some(Duration::ZERO) {
            return invalid("a timeout of 0 leaves no time to start: leave it out, or give at least a millisecond".to_owned());
        }
        Ok(())
    }
}

/// What a program may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of memory for it and all that it starts, its temporary files among them. There is no swap beside it.
    pub memory: u64,
    /// Processes and threads at a time.
    pub processes: u32,
    /// From its start to its end.
    pub wall: Duration,
    /// Bytes of temporary files, which are in `/tmp` and gone with it.
    pub temporary: u64,
    /// Bytes that are kept of each of its two outputs.
    pub output: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        const MIB: u64 = 1024 * 1024;
        Self { memory: 512 * MIB, processes: 256, wall: Duration::from_secs(300), temporary: 64 * MIB, output: 1024 * 1024 }
    }
}

impl Bounds {
    /// How long this program may take.
    #[must_use]
    pub fn time_of(&self, program: &Program) -> Duration {
        program.timeout.map_or(self.wall, |asked| asked.min(self.wall))
    }
}

/// What came of a program that ended by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// 0 for success, by custom; 128 and the signal's number where one ended it, as a shell tells it.
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    /// One of the two was longer than [`Bounds::output`], and its end is missing.
    pub truncated: bool,
}

#[cfg(test)]
mod tests;
