//! The binary as a process: started, timed until it is ready, weighed, and ended.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::ops::Range;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;

pub(crate) struct Gateway {
    child: Child,
    /// When it was started.
    pub(crate) began: Instant,
    pub(crate) url: String,
    pub(crate) first_line: Duration,
    pub(crate) ready: Duration,
}

fn wirken(binary: &Path, folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(binary);
    command.env("WIRKEN_DATA_DIR", folder.join("data")).args(args);
    command
}

/// Runs a command to its end with something on its stdin.
fn run_with_input(mut command: Command, input: &str) -> Result<()> {
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().context("the binary does not start")?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

pub(crate) fn set_up(binary: &Path, folder: &Path, base_url: &str) -> Result<()> {
    let mut command = wirken(binary, folder, &["setup", "--non-interactive", "--provider", "openai", "--model", crate::MODEL]);
    // A vault with a key file, as a headless machine has it.
    command.args(["--setting", &format!("base-url={base_url}"), "--key-file", "--credential-stdin"]);
    run_with_input(command, "sk-bench-0123456789")
}

/// Connects an account to an installation that is set up, lets these people write, and as often as they can.
pub(crate) fn add_channel(binary: &Path, folder: &Path, platform: &str, token: &str, people: Range<i64>) -> Result<()> {
    let mut command = wirken(binary, folder, &["channel", "add", "telegram", "--non-interactive", "--credential-stdin"]);
    command.args(["--setting", &format!("api-url={platform}")]);
    command.args(people.flat_map(|id| ["--allow".to_owned(), id.to_string()]));
    run_with_input(command, token)?;
    let mut config = OpenOptions::new().append(true).open(folder.join("data/config.toml"))?;
    config.write_all(b"\n[channels.telegram.limits]\nsender-per-minute = 1000000\naccount-per-minute = 1000000\n")?;
    Ok(())
}

/// How the one account does.
pub(crate) struct Adapter {
    /// None while it is not running.
    pid: Option<u32>,
    /// Starts after the first.
    pub(crate) restarts: u64,
    pub(crate) health: String,
}

impl Adapter {
    pub(crate) fn pid(&self) -> Result<u32> {
        self.pid.with_context(|| format!("the account's process does not run: {}", self.health))
    }

    pub(crate) fn is_running(&self) -> bool {
        self.pid.is_some()
    }
}

pub(crate) fn adapter(binary: &Path, folder: &Path) -> Result<Adapter> {
    let output = wirken(binary, folder, &["status", "--format", "json"]).output()?;
    let status: Value =
        serde_json::from_slice(&output.stdout).with_context(|| format!("wirken status: {}", String::from_utf8_lossy(&output.stderr)))?;
    let channel = status.pointer("/channels/0").with_context(|| format!("no account in {status}"))?;
    Ok(Adapter {
        pid: channel.get("pid").and_then(Value::as_u64).and_then(|pid| u32::try_from(pid).ok()),
        restarts: channel.get("restarts").and_then(Value::as_u64).with_context(|| format!("no restarts in {channel}"))?,
        health: channel.get("health").map(Value::to_string).unwrap_or_default(),
    })
}

/// Processor time of a process so far.
pub(crate) fn cpu_of(pid: u32) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let after_name = stat.rsplit_once(')').context("/proc/PID/stat")?.1;
    let ticks: u64 = after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Ok(Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64))
}

/// In MiB.
pub(crate) struct Memory {
    /// What is its own, and its share of what it shares.
    pub(crate) pss: f64,
    /// What is its own.
    pub(crate) private: f64,
}

pub(crate) fn memory_of(pid: u32) -> Result<Memory> {
    let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).map_err(|error| match error.kind() {
        ErrorKind::PermissionDenied => {
            anyhow!("the memory of process {pid} cannot be read: an account's process can be looked into only by root or with CAP_SYS_PTRACE; run this so")
        }
        _ => anyhow!("the memory of process {pid} cannot be read: {error}"),
    })?;
    let kib = |name: &str| -> Result<f64> {
        let line = rollup.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("no {name}"))?;
        Ok(line.split_whitespace().next().with_context(|| format!("no {name}"))?.parse()?)
    };
    Ok(Memory { pss: kib("Pss:")? / 1024.0, private: (kib("Private_Clean:")? + kib("Private_Dirty:")?) / 1024.0 })
}

/// Ends a process at once.
pub(crate) fn kill(pid: u32) -> Result<()> {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw).context("not a process")?;
    Ok(rustix::process::kill_process(pid, rustix::process::Signal::KILL)?)
}

/// How long a command takes to its first line, which is a remark on stderr or its report on stdout.
pub(crate) fn first_line(binary: &Path, folder: &Path, args: &[&str], remark: bool) -> Result<Duration> {
    let mut command = wirken(binary, folder, args);
    command.stdin(Stdio::null());
    if remark {
        command.stderr(Stdio::piped()).stdout(Stdio::null())
    } else {
        command.stdout(Stdio::piped()).stderr(Stdio::null())
    };
    let began = Instant::now();
    let mut child = command.spawn().context("the binary does not start")?;
    let mut output: Box<dyn std::io::Read> = match (child.stderr.take(), child.stdout.take()) {
        (Some(stderr), _) => Box::new(stderr),
        (None, Some(stdout)) => Box::new(stdout),
        (None, None) => bail!("no output"),
    };
    let mut line = String::new();
    let mut reader = BufReader::new(&mut output);
    reader.read_line(&mut line)?;
    let took = began.elapsed();
    std::io::copy(&mut reader, &mut std::io::sink())?;
    if !child.wait()?.success() || line.trim().is_empty() {
        bail!("wirken {args:?} failed: {line}");
    }
    Ok(took)
}

impl Gateway {
    /// Starts it and waits until it takes connections.
    pub(crate) fn start(binary: &Path, folder: &Path) -> Result<Self> {
        let began = Instant::now();
        let mut child = wirken(binary, folder, &["run", "-p", "0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("the binary does not start")?;
        let stdout = child.stdout.take().context("no output")?;
        let mut lines = BufReader::new(stdout).lines();
        let mut first_line = None;
        while let Some(line) = lines.next().transpose()? {
            first_line.get_or_insert_with(|| began.elapsed());
            if let Some(at) = line.find("http://") {
                let url = line.get(at..).unwrap_or_default().trim().to_owned();
                let ready = began.elapsed();
                // The rest is read so that the gateway never waits for us.
                std::thread::spawn(move || lines.for_each(drop));
                return Ok(Self { child, began, url, first_line: first_line.unwrap_or(ready), ready });
            }
        }
        bail!("the gateway ended before it was ready")
    }

    /// A new address to log in at.
    pub(crate) fn url_for_log_in(&self, binary: &Path, folder: &Path) -> Result<String> {
        let output = wirken(binary, folder, &["webchat", "login"]).output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let at = text.find("http://").with_context(|| format!("no address: {text} {}", String::from_utf8_lossy(&output.stderr)))?;
        Ok(text.get(at..).unwrap_or_default().split_whitespace().next().unwrap_or_default().to_owned())
    }

    pub(crate) fn files(&self) -> Result<usize> {
        Ok(std::fs::read_dir(format!("/proc/{}/fd", self.child.id()))?.count())
    }

    pub(crate) fn threads(&self) -> Result<usize> {
        Ok(std::fs::read_dir(format!("/proc/{}/task", self.child.id()))?.count())
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Processor time so far.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        cpu_of(self.pid())
    }

    /// Memory that is its own, and its share of what it shares, in MiB.
    pub(crate) fn pss(&self) -> Result<f64> {
        Ok(memory_of(self.pid())?.pss)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if let Ok(pid) = i32::try_from(self.child.id())
            && let Some(pid) = rustix::process::Pid::from_raw(pid)
        {
            rustix::process::kill_process(pid, rustix::process::Signal::TERM).ok();
        }
        self.child.wait().ok();
    }
}
