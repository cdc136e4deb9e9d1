//! The fake LLM as a program, for tests and measurements that are not written in Rust.
//!
//! It prints one line of JSON once it listens, and ends when its standard input does, so that it never outlives the
//! test that started it.

use std::io::{self, Read as _, Write as _};

use wirken_testkit::llm::{FakeLlm, Reply, Script};

const USAGE: &str = "Usage: fake-llm [--port PORT] [--key KEY] [--models A,B] [--reply JSON] [--keep REQUESTS] [--stay]

It listens on 127.0.0.1, on a free port unless one is given, and prints {\"port\":…,\"base_url\":…}.
It echoes the last message; a message `fake:{…}`, or --reply, says what to answer instead.
It ends with its standard input; with --stay it goes on until it is stopped.
";

/// What the command line asks for.
#[derive(Default)]
struct Arguments {
    port: u16,
    key: Option<String>,
    models: Option<String>,
    reply: Option<Reply>,
    keep: Option<usize>,
    stay: bool,
}

fn parse(mut given: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut arguments = Arguments::default();
    while let Some(name) = given.next() {
        if name == "--stay" {
            arguments.stay = true;
            continue;
        }
        let value = given.next().ok_or_else(|| format!("{name} needs a value, or is unknown"))?;
        let wrong = |error: &dyn std::fmt::Display| format!("{name} {value}: {error}");
        match name.as_str() {
            "--port" => arguments.port = value.parse().map_err(|error| wrong(&error))?,
            "--key" => arguments.key = Some(value),
            "--models" => arguments.models = Some(value),
            "--reply" => arguments.reply = Some(serde_json::from_str(&value).map_err(|error| wrong(&error))?),
            "--keep" => arguments.keep = Some(value.parse().map_err(|error| wrong(&error))?),
            _ => return Err(format!("{name} is unknown")),
        }
    }
    Ok(arguments)
}

fn script(arguments: &Arguments) -> Script {
    let mut script = match arguments.reply.clone() {
        Some(reply) => Script::reply(move |_| reply.clone()),
        None => Script::echo(),
    };
    if let Some(key) = &arguments.key {
        script = script.with_key(key);
    }
    if let Some(models) = &arguments.models {
        script = script.with_models(models.split(','));
    }
    if let Some(keep) = arguments.keep {
        script = script.keeping(keep);
    }
    script
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let arguments = match parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(wrong) => {
            io::stderr().write_all(format!("fake-llm: {wrong}\n\n{USAGE}").as_bytes())?;
            return Err(io::ErrorKind::InvalidInput.into());
        }
    };
    let server = FakeLlm::start_on(arguments.port, script(&arguments)).await?;
    let line = serde_json::json!({ "port": server.address().port(), "base_url": server.base_url() });
    let mut out = io::stdout();
    writeln!(out, "{line}")?;
    out.flush()?;
    if arguments.stay {
        return std::future::pending().await;
    }
    // A thread of its own: a read of a terminal or a pipe cannot be given up.
    let (ended, end) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        drop(io::copy(&mut io::stdin().lock().by_ref(), &mut io::sink()));
        let _ = ended.send(());
    });
    drop(end.await);
    Ok(())
}
