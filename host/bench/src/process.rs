//! The binary as a process: started, timed until it is ready, weighed, and ended.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

pub(crate) struct Gateway {
    child: Child,
    pub(crate) url: String,
    pub(crate) first_line: Duration,
    pub(crate) ready: Duration,
}

pub(crate) fn set_up(binary: &Path, folder: &Path, base_url: &str) -> Result<()> {
    let mut command = Command::new(binary);
    command.env("WIRKEN_DATA_DIR", folder.join("data"));
    command.args([
        "setup",
        "--non-interactive",
        "--provider",
        "openai",
        "--model",
        crate::MODEL,
        "--setting",
        &format!("base-url={base_url}"),
    ]);
    // A vault with a key file, as a headless machine has it.
    command.args(["--key-file", "--credential-stdin"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().context("the binary does not start")?;
    if let Some(stdin) = child.stdin.as_mut() {
        std::io::Write::write_all(stdin, b"sk-bench-0123456789")?;
    }
    drop(child.stdin.take());
    if !child.wait()?.success() {
        bail!("wirken setup failed");
    }
    Ok(())
}

/// How long a command takes to its first line, which is a remark on stderr or its report on stdout.
pub(crate) fn first_line(binary: &Path, folder: &Path, args: &[&str], remark: bool) -> Result<Duration> {
    let mut command = Command::new(binary);
    command.env("WIRKEN_DATA_DIR", folder.join("data")).args(args).stdin(Stdio::null());
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
        let mut child = Command::new(binary)
            .env("WIRKEN_DATA_DIR", folder.join("data"))
            .args(["run", "-p", "0"])
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
                return Ok(Self { child, url, first_line: first_line.unwrap_or(ready), ready });
            }
        }
        bail!("the gateway ended before it was ready")
    }

    /// A new address to log in at.
    pub(crate) fn url_for_log_in(&self, binary: &Path, folder: &Path) -> Result<String> {
        let output = Command::new(binary).env("WIRKEN_DATA_DIR", folder.join("data")).args(["webchat", "login"]).output()?;
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

    /// Processor time so far.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let after_name = stat.rsplit_once(')').context("/proc/PID/stat")?.1;
        let ticks: u64 = after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
        Ok(Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64))
    }

    /// Memory that is its own, and its share of what it shares, in MiB.
    pub(crate) fn pss(&self) -> Result<f64> {
        let rollup = std::fs::read_to_string(format!("/proc/{}/smaps_rollup", self.child.id()))?;
        let line = rollup.lines().find(|line| line.starts_with("Pss:")).context("no Pss")?;
        let kib: f64 = line.split_whitespace().nth(1).context("no Pss")?.parse()?;
        Ok(kib / 1024.0)
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
