//! What the helper is told to run, and what it answers. Both ends are this binary: there is one version of the format.

use std::ffi::OsString;
use std::io::{Error, ErrorKind, Result};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::mounts::Folders;
use crate::program::{Bounds, Program, ProgramError};

/// One program, within its bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    /// Empty for a rehearsal: everything is done up to the program, and none is run.
    pub(super) program: String,
    pub(super) arguments: Vec<String>,
    pub(super) workspace: PathBuf,
    /// Where it is, and the path that it has inside.
    pub(super) skill: Option<(PathBuf, PathBuf)>,
    pub(super) memory: u64,
    pub(super) processes: u64,
    pub(super) temporary: u64,
    pub(super) seconds: u64,
}

impl Request {
    pub(super) fn new(program: &Program, folders: Folders, bounds: &Bounds) -> Self {
        let time = bounds.time_of(program);
        Self {
            program: program.program.clone(),
            arguments: program.arguments.clone(),
            workspace: folders.workspace,
            skill: folders.skill,
            memory: bounds.memory,
            processes: bounds.processes.into(),
            temporary: bounds.temporary,
            seconds: time.as_secs() + u64::from(time > Duration::from_secs(time.as_secs())),
        }
    }

    /// What shows whether this system has all that it takes. The folder stands in for a workspace.
    pub(super) fn rehearsal(bounds: &Bounds) -> Self {
        let program = Program::new("", "/usr");
        let folders = Folders { workspace: program.workspace.clone(), owner: (0, 0), mode: 0, skill: None };
        Self::new(&program, folders, bounds)
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for number in [self.memory, self.processes, self.temporary, self.seconds] {
            bytes.extend(number.to_le_bytes());
        }
        let none = Path::new("");
        let (skill, inside) = self.skill.as_ref().map_or((none, none), |(skill, inside)| (skill, inside));
        let folders = [&self.workspace, skill, inside].map(|folder| folder.as_os_str().as_bytes());
        let words = std::iter::once(&self.program).chain(&self.arguments).map(String::as_bytes);
        for part in folders.into_iter().chain(words) {
            bytes.extend((part.len() as u64).to_le_bytes());
            bytes.extend(part);
        }
        bytes
    }

    pub(super) fn decode(mut bytes: &[u8]) -> Result<Self> {
        let [memory, processes, temporary, seconds] = [number(&mut bytes)?, number(&mut bytes)?, number(&mut bytes)?, number(&mut bytes)?];
        let folders = [part(&mut bytes)?, part(&mut bytes)?, part(&mut bytes)?];
        let [workspace, skill, inside] = folders.map(|path| PathBuf::from(OsString::from_vec(path.to_vec())));
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_| malformed());
        let program = text(part(&mut bytes)?)?;
        let mut arguments = Vec::new();
        while !bytes.is_empty() {
            arguments.push(text(part(&mut bytes)?)?);
        }
        let skill = Some((skill, inside)).filter(|(skill, _)| !skill.as_os_str().is_empty());
        Ok(Self { program, arguments, workspace, skill, memory, processes, temporary, seconds })
    }
}

fn malformed() -> Error {
    Error::new(ErrorKind::InvalidData, "what was to be run does not read as this version writes it: start the gateway anew")
}

fn number(bytes: &mut &[u8]) -> Result<u64> {
    let (first, rest) = bytes.split_first_chunk().ok_or_else(malformed)?;
    *bytes = rest;
    Ok(u64::from_le_bytes(*first))
}

fn part<'a>(bytes: &mut &'a [u8]) -> Result<&'a [u8]> {
    let length = usize::try_from(number(bytes)?).map_err(|_| malformed())?;
    let (first, rest) = bytes.split_at_checked(length).ok_or_else(malformed)?;
    *bytes = rest;
    Ok(first)
}

/// How it went, as the helper tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// 128 and the signal's number where one ended it.
    Ended(i32),
    /// More memory than it may have.
    Memory,
    Unavailable(String),
    Invalid(String),
    Failed(String),
}

impl Outcome {
    pub(super) fn encode(&self) -> Vec<u8> {
        let (kind, text) = match self {
            Self::Ended(code) => (b'e', code.to_string()),
            Self::Memory => (b'm', String::new()),
            Self::Unavailable(text) => (b'u', text.clone()),
            Self::Invalid(text) => (b'i', text.clone()),
            Self::Failed(text) => (b'f', text.clone()),
        };
        [&[kind], text.as_bytes()].concat()
    }

    /// Silence is a failure too: whoever should have spoken was killed.
    pub(super) fn decode(bytes: &[u8]) -> Self {
        let told = bytes.split_first().map(|(kind, text)| (kind, String::from_utf8_lossy(text).into_owned()));
        match told {
            Some((b'e', code)) if code.parse::<i32>().is_ok() => Self::Ended(code.parse().unwrap_or_default()),
            Some((b'm', _)) => Self::Memory,
            Some((b'u', text)) => Self::Unavailable(text),
            Some((b'i', text)) => Self::Invalid(text),
            Some((b'f', text)) => Self::Failed(text),
            _ => Self::Failed("the sandbox was ended from outside, perhaps because the system ran out of memory".to_owned()),
        }
    }

    /// The exit code, or what the component is told in its place.
    pub(super) fn code(self, bounds: &Bounds) -> std::result::Result<i32, ProgramError> {
        Err(match self {
            Self::Ended(code) => return Ok(code),
            Self::Memory => ProgramError::Limit(format!(
                "the program and what it started wanted more than {} MB of memory, and were ended: give them less to do",
                bounds.memory / (1024 * 1024)
            )),
            Self::Unavailable(text) => ProgramError::Unavailable(text),
            Self::Invalid(text) => ProgramError::Invalid(text),
            Self::Failed(text) => ProgramError::Failed(text),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Outcome, Request};
    use crate::mounts::Folders;
    use crate::program::{Bounds, Program};

    fn folders() -> Folders {
        let skill = Some(("/mnt/skills/one".into(), "/skills/one".into()));
        Folders { workspace: "/home/somebody/work".into(), owner: (1, 1), mode: 0o700, skill }
    }

    fn request() -> Request {
        let mut program = Program::new("printf", "/home/somebody/work");
        program.arguments = vec!["%s".into(), String::new(), "é\n".into()];
        Request::new(&program, folders(), &Bounds::default())
    }

    #[test]
    fn a_request_arrives_as_it_was_sent() {
        let without = Request { skill: None, arguments: Vec::new(), ..request() };
        for sent in [request(), without, Request::rehearsal(&Bounds::default())] {
            assert_eq!(Request::decode(&sent.encode()).unwrap(), sent);
        }
    }

    #[test]
    fn a_request_that_is_cut_anywhere_is_refused() {
        let (sent, bytes) = (request(), request().encode());
        for length in 0..bytes.len() {
            // Between two words it reads as one with fewer.
            assert!(Request::decode(&bytes[..length]).is_err() || length > bytes.len() - 30, "{length}");
            assert_ne!(Request::decode(&bytes[..length]).ok(), Some(sent.clone()));
        }
    }

    #[test]
    fn a_part_of_a_second_counts_as_one() {
        let mut program = Program::new("true", "/");
        for (millis, seconds) in [(1, 1), (1000, 1), (1001, 2)] {
            program.timeout = Some(std::time::Duration::from_millis(millis));
            assert_eq!(Request::new(&program, folders(), &Bounds::default()).seconds, seconds);
        }
    }

    #[test]
    fn an_outcome_arrives_as_it_was_sent() {
        let text = || "why".to_owned();
        let all = [Outcome::Ended(137), Outcome::Memory, Outcome::Unavailable(text()), Outcome::Invalid(text()), Outcome::Failed(text())];
        for sent in all {
            assert_eq!(Outcome::decode(&sent.encode()), sent);
        }
    }

    #[test]
    fn silence_and_noise_are_failures() {
        for bytes in [&b""[..], b"e", b"ex", b"x1"] {
            assert!(matches!(Outcome::decode(bytes), Outcome::Failed(_)), "{bytes:?}");
        }
    }
}
