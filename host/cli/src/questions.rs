//! Questions that a person answers on the terminal, made of what a manifest asks for.

use std::fs;
use std::io::{self, BufRead, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use serde_json::{Map, Value};
use wirken_manifest::{Credential, Manifest};
use wirken_secret::Secret;

use crate::args::Unlock;
use crate::{output, parts};

/// Who is asked.
pub(crate) struct Answers {
    pub(crate) interactive: bool,
}

impl Answers {
    /// Asks until the answer is one that can be taken.
    pub(crate) fn ask_until<T>(
        &self,
        question: &str,
        default: Option<&str>,
        mut take: impl FnMut(&str) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        loop {
            match take(&self.ask(question, default)?) {
                Ok(taken) => return Ok(taken),
                Err(error) => output::note(format_args!("{error:#}.")),
            }
        }
    }

    /// One line from the terminal; an empty one means the default.
    pub(crate) fn ask(&self, question: &str, default: Option<&str>) -> anyhow::Result<String> {
        loop {
            let mut out = io::stderr().lock();
            match default {
                Some(default) => write!(out, "{question} [{default}]: ")?,
                None => write!(out, "{question}: ")?,
            }
            out.flush()?;
            drop(out);
            let mut line = String::new();
            if io::stdin().lock().read_line(&mut line)? == 0 {
                bail!("the questions were not answered: nothing was changed");
            }
            match (line.trim(), default) {
                ("", Some(default)) => return Ok(default.to_owned()),
                ("", None) => output::note("An answer is needed."),
                (text, _) => return Ok(text.to_owned()),
            }
        }
    }
}

/// The human's settings: only those that differ from the defaults are written.
pub(crate) fn settings(answers: &Answers, manifest: &Manifest, typed: &[String]) -> anyhow::Result<Map<String, Value>> {
    let mut given = Map::new();
    for pair in typed {
        let (key, text) = pair.split_once('=').ok_or_else(|| anyhow!("--setting takes KEY=VALUE, and {pair:?} has no '='"))?;
        given.insert(key.to_owned(), setting_value(manifest, key, text));
    }
    let checked = |given: Map<String, Value>| {
        manifest.network_origins(&manifest.settings(&given)?)?;
        anyhow::Ok(given)
    };
    if answers.interactive {
        for key in asked_settings(manifest).filter(|key| !given.contains_key(*key)).map(str::to_owned).collect::<Vec<_>>() {
            let default = property(manifest, &key).and_then(|property| property.get("default")).and_then(Value::as_str);
            given = answers.ask_until(&key, default, |text| {
                let mut given = given.clone();
                if Some(text) != default {
                    given.insert(key.clone(), setting_value(manifest, &key, text));
                }
                checked(given)
            })?;
        }
    }
    checked(given)
}

/// Settings that say where requests go: a person confirms these.
pub(crate) fn asked_settings(manifest: &Manifest) -> impl Iterator<Item = &str> {
    manifest.network.origins.iter().filter_map(|spec| spec.origin.strip_prefix("{settings.")?.strip_suffix('}'))
}

pub(crate) fn property<'a>(manifest: &'a Manifest, key: &str) -> Option<&'a Value> {
    manifest.settings.get("properties")?.get(key)
}

/// Text stays text where the schema says so; a number or a boolean becomes one.
pub(crate) fn setting_value(manifest: &Manifest, key: &str, text: &str) -> Value {
    let is_text =
        property(manifest, key).and_then(|property| property.get("type")).and_then(Value::as_str).is_none_or(|kind| kind == "string");
    if is_text { Value::String(text.to_owned()) } else { serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())) }
}

pub(crate) fn value(answers: &Answers, owner: &str, credential: &Credential, stdin: bool) -> anyhow::Result<Option<Secret>> {
    if stdin {
        return parts::read_credential(io::stdin().lock(), "stdin").map(Some);
    }
    if answers.interactive {
        let description = credential.description.trim_end_matches('.');
        let hint = if credential.optional { ", or nothing for none" } else { "" };
        loop {
            let typed = parts::prompt_secret(&format!("{description} ({}{hint}): ", credential.name), "use --credential-stdin")?;
            if typed.is_empty() && credential.optional {
                return Ok(None);
            }
            match parts::credential(&typed) {
                Ok(secret) => return Ok(Some(secret)),
                Err(error) => output::note(format_args!("{error:#}.")),
            }
        }
    }
    if !credential.optional {
        output::note(format_args!("Keep its credential next: `wirken credentials add {} {}`.", owner, credential.name));
    }
    Ok(None)
}

/// How a new vault keeps its key. Only a person who is asked, or an option, chooses a file.
pub(crate) fn key_file(answers: &Answers, chosen: bool, unlock: &Unlock) -> anyhow::Result<bool> {
    if chosen || unlock.passphrase_file.is_some() {
        return Ok(chosen);
    }
    if !answers.interactive {
        bail!(
            "the credential needs a vault: choose --passphrase-file FILE, or --key-file to keep its key in a file that only you can read"
        );
    }
    let question = "Keep the vault under a passphrase (p), or its key in a file that only you can read (f)";
    answers.ask_until(question, Some("p"), |text| match text {
        "p" => Ok(false),
        "f" => Ok(true),
        other => Err(anyhow!("{other:?} is neither p nor f")),
    })
}

pub(crate) fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let partial = path.with_extension("toml.partial");
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&partial)
        .with_context(|| format!("could not write {}", partial.display()))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&partial, path).with_context(|| format!("could not write {}", path.display()))
}
