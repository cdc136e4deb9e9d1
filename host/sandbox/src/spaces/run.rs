//! The gateway's side: starts the helper, feeds the program, passes on what it writes, and ends it when its time is over.

use std::fs::File;
use std::io::{self, PipeWriter, Seek, Write, pipe};
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::fs::{MemfdFlags, memfd_create};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::enter::{LEASH, REPORT, REPORT_BYTES, REQUEST, STDERR, STDIN, STDOUT};
use super::request::{Outcome, Request};
use super::{Helper, Spaces};
use crate::mounts::resolve;
use crate::program::{Ended, Output, Piece, Program, ProgramError};
use crate::{Child, Spawn};

/// What is read of an output at a time: as much as a pipe holds.
const PIECE_BYTES: usize = 64 * 1024;

/// How long the helper is given to end everything by itself, before it is killed, which ends everything too.
const GRACE: Duration = Duration::from_secs(5);

/// How long a rehearsal may take, which takes a moment.
const REHEARSAL: Duration = Duration::from_secs(30);

impl Spaces {
    /// Runs a program to its end, and passes on what it writes as it comes.
    ///
    /// When this comes back, nothing that the program started is left. Dropping the future kills all of it at once, and does not wait.
    pub async fn run(&self, program: &Program, pieces: mpsc::Sender<Piece>) -> Result<Ended, ProgramError> {
        program.check()?;
        let (folders, bounds) = (resolve(program, &self.settings.places)?, &self.settings.bounds);
        let output = Output::new(bounds.output, pieces);
        self.carry_out(Request::new(program, folders, bounds), &program.stdin, output, bounds.time_of(program)).await
    }

    /// Everything but a program.
    pub(super) async fn rehearse(&self) -> Result<(), ProgramError> {
        let (pieces, _nobody) = mpsc::channel(1);
        let bounds = &self.settings.bounds;
        self.carry_out(Request::rehearsal(bounds), &[], Output::new(0, pieces), REHEARSAL.min(bounds.wall)).await.map(drop)
    }

    async fn carry_out(&self, request: Request, stdin: &[u8], output: Output, after: Duration) -> Result<Ended, ProgramError> {
        let mut running = self.start(request).await.map_err(|error| failed("start its helper", &error))?;
        let ended = timeout(after, running.follow(stdin, output)).await;
        running.end().await;
        let (outcome, output) =
            ended.map_err(|_| ProgramError::Timeout { after })?.map_err(|error| failed("follow the program", &error))?;
        Ok(output.ended(outcome.code(&self.settings.bounds)?))
    }

    async fn start(&self, request: Request) -> io::Result<Running> {
        let helper = self.settings.helper.clone();
        // It forks. Should nobody wait for it any more, what it started is dropped, and so killed.
        let started = tokio::task::spawn_blocking(move || Started::new(helper, &request)).await;
        started.map_err(io::Error::other)??.watched()
    }
}

fn failed(what: &str, error: &io::Error) -> ProgramError {
    ProgramError::Failed(format!("the sandbox could not {what}: {error}"))
}

/// The helper, and the gateway's ends of what it was given.
struct Started {
    child: Child,
    leash: OwnedFd,
    report: OwnedFd,
    stdin: OwnedFd,
    stdout: OwnedFd,
    stderr: OwnedFd,
}

impl Started {
    fn new(helper: Helper, request: &Request) -> io::Result<Self> {
        // In memory: a command may be longer than a pipe is.
        let mut told = File::from(memfd_create("wirken-program", MemfdFlags::CLOEXEC)?);
        told.write_all(&request.encode())?;
        told.rewind()?;
        let ((report, its_report), (its_leash, leash)) = (pipe()?, pipe()?);
        let ((its_stdin, stdin), (stdout, its_stdout), (stderr, its_stderr)) = (pipe()?, pipe()?, pipe()?);
        let mut arguments = helper.arguments;
        arguments.push(std::process::id().to_string().into());
        let descriptors = vec![
            (told.into(), REQUEST),
            (its_report.into(), REPORT),
            (its_leash.into(), LEASH),
            (its_stdin.into(), STDIN),
            (its_stdout.into(), STDOUT),
            (its_stderr.into(), STDERR),
        ];
        let child = crate::spawn(Spawn { program: helper.program, arguments, descriptors, stderr: None })?;
        let (report, stdout, stderr) = (report.into(), stdout.into(), stderr.into());
        Ok(Self { child, leash: leash.into(), report, stdin: stdin.into(), stdout, stderr })
    }

    fn watched(self) -> io::Result<Running> {
        Ok(Running {
            child: self.child,
            leash: PipeWriter::from(self.leash),
            report: Receiver::from_owned_fd(self.report)?,
            stdin: Some(Sender::from_owned_fd(self.stdin)?),
            stdout: Receiver::from_owned_fd(self.stdout)?,
            stderr: Receiver::from_owned_fd(self.stderr)?,
        })
    }
}

struct Running {
    child: Child,
    leash: PipeWriter,
    report: Receiver,
    stdin: Option<Sender>,
    stdout: Receiver,
    stderr: Receiver,
}

impl Running {
    /// Until the helper has told how it went, and is about to end.
    async fn follow(&mut self, input: &[u8], mut output: Output) -> io::Result<(Outcome, Output)> {
        let (stdin, mut report) = (self.stdin.take(), Vec::new());
        let feed = async {
            if let Some(mut stdin) = stdin {
                // A program need not read what it is given.
                drop(stdin.write_all(input).await);
            }
        };
        let (mut first, mut second) = (vec![0; PIECE_BYTES], vec![0; PIECE_BYTES]);
        let listen = async {
            let mut open = (true, true);
            while open.0 || open.1 {
                tokio::select! {
                    read = self.stdout.read(&mut first), if open.0 => {
                        let bytes = first.get(..read?).unwrap_or_default();
                        open.0 = !bytes.is_empty();
                        output.take(Piece::Stdout(bytes.to_vec())).await;
                    }
                    read = self.stderr.read(&mut second), if open.1 => {
                        let bytes = second.get(..read?).unwrap_or_default();
                        open.1 = !bytes.is_empty();
                        output.take(Piece::Stderr(bytes.to_vec())).await;
                    }
                }
            }
            Ok::<_, io::Error>(())
        };
        let mut told = (&mut self.report).take(REPORT_BYTES);
        let hear = told.read_to_end(&mut report);
        let ((), listened, heard) = tokio::join!(feed, listen, hear);
        listened?;
        heard?;
        Ok((Outcome::decode(&report), output))
    }

    /// Has the helper end everything, where it has not, and waits until it has.
    async fn end(self) {
        let Self { child, leash, mut report, .. } = self;
        drop(leash);
        let mut rest = Vec::new();
        // What it tells now is of no more use; that it falls silent says that all have ended.
        drop(timeout(GRACE, report.read_to_end(&mut rest)).await);
        drop(child.kill());
        drop(tokio::task::spawn_blocking(move || child.wait()).await);
    }
}
