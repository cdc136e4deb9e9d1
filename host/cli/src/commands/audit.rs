//! `wirken audit`: the record of everything that happened, and whether it is whole.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::anyhow;
use serde::Serialize;
use wirken_ledger::{Blobs, Chain, LogFilter, NamedBlob, Reader, Report, Row, Scope, Verdict};
use wirken_types::Timestamp;
use wirken_types::chat::{Part, plain_text};
use wirken_types::event::Event;
use wirken_types::policy::Treatment;

use crate::args::Audit;
use crate::commands::sessions;
use crate::environment::Environment;
use crate::output::{self, Format, one_line};
use crate::parts;

/// Characters of a message that a line of the log shows.
const EXCERPT: usize = 80;
/// Of a tool's name, which a model may have made up.
const TOOL: usize = 64;

#[derive(Serialize)]
struct Log {
    rows: Vec<Row>,
}

pub(crate) fn run(environment: &Environment, args: Audit) -> anyhow::Result<ExitCode> {
    let folder = parts::folder(environment)?;
    match args {
        Audit::Log { action, session, since, number, report } => {
            let reader = parts::reader(&folder)?;
            let filter = LogFilter {
                action,
                chain: chain(reader.as_ref(), session)?,
                since: since.as_deref().map(moment).transpose()?,
                limit: Some(number),
            };
            let rows = match reader {
                Some(reader) => reader.log(&filter)?,
                None => Vec::new(),
            };
            output::report(report.format, &Log { rows }, |log| {
                if log.rows.is_empty() {
                    "Nothing is recorded that fits.".into()
                } else {
                    log.rows.iter().map(|row| line(row) + "\n").collect()
                }
            })?;
            Ok(ExitCode::SUCCESS)
        }
        Audit::Verify { session, report } => match parts::reader(&folder) {
            Ok(reader) => verify(reader.as_ref(), &Blobs::look(&Blobs::path_in(folder.root())), session, report.format),
            Err(error) => unreadable(error.downcast()?, report.format),
        },
    }
}

fn verify(reader: Option<&Reader>, files: &Blobs, session: Option<String>, format: Format) -> anyhow::Result<ExitCode> {
    let scope = chain(reader, session)?.map_or(Scope::All, Scope::Chain);
    let Some(reader) = reader else {
        let empty = Verified { verdict: "empty", rows: 0, chains: 0, files: 0, first_bad: None, checked_heads: false, says: EMPTY.into() };
        output::report(format, &empty, |empty| empty.says.clone())?;
        return Ok(ExitCode::SUCCESS);
    };
    let mut shown = 0;
    let checked = wirken_ledger::verify(reader, scope, &mut |progress| {
        if format == Format::Text && progress.rows >= shown + 50_000 {
            shown = progress.rows;
            output::note(format_args!("{} of {} rows …", progress.rows, progress.of));
        }
    });
    let verified = checked.and_then(|report| {
        let verified = Verified::of(&report);
        let chain = match scope {
            Scope::All => None,
            Scope::Chain(chain) => Some(chain),
        };
        if verified.verdict == "ok" { Ok(verified.with_files(&reader.named_blobs(chain)?, files)) } else { Ok(verified) }
    });
    let verified = match verified {
        Ok(verified) => verified,
        Err(error) => return unreadable(error, format),
    };
    output::report(format, &verified, |verified| verified.says.clone())?;
    Ok(ExitCode::from(u8::from(verified.verdict == "broken")))
}

/// What cannot be read as a ledger is no whole one; what could not be looked at is neither.
fn unreadable(error: wirken_ledger::Error, format: Format) -> anyhow::Result<ExitCode> {
    use wirken_ledger::Error;
    if !matches!(error, Error::Damaged { .. } | Error::Corrupt { .. } | Error::NotALedger { .. }) {
        return Err(error.into());
    }
    let says = format!("The ledger is damaged: {error}. Copy the file before anything else touches it.");
    let verified = Verified { verdict: "broken", rows: 0, chains: 0, files: 0, first_bad: None, checked_heads: false, says };
    output::report(format, &verified, |verified| verified.says.clone())?;
    Ok(ExitCode::FAILURE)
}

const EMPTY: &str = "The ledger is empty: nothing has been recorded here yet.";

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Verified {
    verdict: &'static str,
    rows: u64,
    chains: u64,
    /// Those that rows name, and that were found whole.
    files: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_bad: Option<Bad>,
    /// Whether signed heads were checked too.
    checked_heads: bool,
    /// The same in words, with what such a check cannot find.
    says: String,
}

#[derive(Serialize)]
struct Bad {
    chain: String,
    seq: u64,
    what: String,
}

impl Verified {
    fn of(report: &Report) -> Self {
        let (verdict, first_bad) = match &report.verdict {
            Verdict::Ok => ("ok", None),
            Verdict::Empty => ("empty", None),
            Verdict::Broken { chain, seq, what } => ("broken", Some(Bad { chain: chain.clone(), seq: *seq, what: what.to_string() })),
        };
        Self { verdict, rows: report.rows, chains: report.chains, files: 0, first_bad, checked_heads: false, says: report.says() }
    }

    /// The same with the files that rows name, up to the first that is not what it was.
    fn with_files(mut self, named: &[NamedBlob], files: &Blobs) -> Self {
        let mut whole = BTreeSet::new();
        for NamedBlob { chain, seq, digest } in named {
            if whole.contains(digest) {
                continue;
            }
            if let Err(error) = files.pieces(*digest, |_| {}) {
                let (chain, what) = (chain.to_string(), error.to_string());
                self.says =
                    format!("Row {seq} of chain {chain} names a file, and {what}. The rows themselves are as they were. {}", self.says);
                (self.verdict, self.first_bad) = ("broken", Some(Bad { chain, seq: *seq, what }));
                break;
            }
            whole.insert(*digest);
        }
        self.files = whole.len() as u64;
        if self.verdict == "ok" && self.files > 0 {
            let are = if self.files == 1 { "1 file is".to_owned() } else { format!("{} files are", self.files) };
            self.says = format!("{}\n{are} whole, of those that its rows name.", self.says.trim_end());
        }
        self
    }
}

/// The chain of a session, by its id or the end of it, or the system's.
fn chain(reader: Option<&Reader>, text: Option<String>) -> anyhow::Result<Option<Chain>> {
    match text {
        None => Ok(None),
        Some(text) if text == "system" => Ok(Some(Chain::System)),
        Some(text) => Ok(Some(sessions::find(reader, &text)?.id.into())),
    }
}

/// A time, or a span before now.
fn moment(text: &str) -> anyhow::Result<Timestamp> {
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Ok(Timestamp(u64::try_from(at.as_millisecond()).unwrap_or(0)));
    }
    let seconds = text.char_indices().last().and_then(|(at, unit)| {
        let number: u64 = text.get(..at)?.parse().ok()?;
        let unit = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            _ => return None,
        };
        number.checked_mul(unit)
    });
    let span =
        Duration::from_secs(seconds.ok_or_else(|| anyhow!("{text:?} is neither a time (2026-01-31T12:00:00Z) nor a span (90m, 2h, 7d)"))?);
    let span = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    Ok(Timestamp(Timestamp::now().0.saturating_sub(span)))
}

fn line(row: &Row) -> String {
    let chain = row.chain.to_string();
    let chain = chain.get(chain.len().saturating_sub(8)..).unwrap_or(&chain);
    format!("{}  {chain:<8} {:>4}  {:<18}  {}", output::time(row.at), row.seq, row.event.kind(), what(&row.event))
}

/// An event in words.
pub(crate) fn what(event: &Event) -> String {
    let erased = || "[erased]".to_owned();
    match event {
        Event::SessionOpened { place } => format!("{} in {}", place.agent, place.account),
        Event::SessionClosed { by } => format!("by {}", one_line(by, EXCERPT)),
        Event::Inbound { sender, content, .. } => {
            let text = content.as_deref().map_or_else(erased, plain_text);
            format!("{}: {}", one_line(sender, 40), one_line(&text, EXCERPT))
        }
        Event::MediumFetched { content, .. } => match content {
            Some(Part::Blob(blob)) => one_line(&blob.described(), EXCERPT),
            Some(other) => one_line(&plain_text(std::slice::from_ref(other)), 200),
            None => erased(),
        },
        Event::SkillsListed { skills, content } => {
            format!("{skills} told: {}", one_line(&content.clone().unwrap_or_else(erased), EXCERPT))
        }
        Event::SkillCalled { skills, tool, content, .. } => {
            let of = tool.as_ref().map_or_else(String::new, |tool| format!(" through the tool {}", one_line(tool, 60)));
            let content = content.clone().unwrap_or_else(erased);
            format!("{}{of}: {}", one_line(&skills.join(", "), 200), one_line(&content, EXCERPT))
        }
        Event::Commanded { account, command, .. } => format!("{} in {}", one_line(command, EXCERPT), one_line(account, 40)),
        Event::TurnStarted { .. } => String::new(),
        Event::TurnResumed { attempt, .. } => format!("for the {attempt}. time"),
        Event::Requested { round, provider, model, .. } => format!("round {round}: {} of {}", one_line(model, 60), one_line(provider, 40)),
        Event::Responded { round, stop, usage, .. } => {
            let usage: Vec<String> = usage.iter().map(|(name, count)| format!("{} {count}", one_line(name, 30))).collect();
            format!("round {round}: {} ({})", one_line(stop, 30), usage.join(", "))
        }
        Event::RequestFailed { error, message, .. } => format!("{}: {}", one_line(error, 30), one_line(message, 200)),
        Event::ToolStarted { tool, component, content, .. } => {
            let arguments = content.as_ref().map_or_else(erased, |call| call.arguments.clone());
            format!("{} of {component} {}", one_line(tool, TOOL), one_line(&arguments, EXCERPT))
        }
        Event::ToolFinished { tool, outcome, content, .. } => {
            let text = content.as_deref().map_or_else(erased, plain_text);
            format!("{}: {} {}", one_line(tool, TOOL), outcome_word(*outcome), one_line(&text, EXCERPT))
        }
        Event::OutboundQueued { content, .. } => one_line(&content.clone().unwrap_or_else(erased), EXCERPT),
        Event::OutboundAttempted { outbound, attempt, .. } => format!("answer {outbound}, for the {attempt}. time"),
        Event::OutboundDrafted { outbound, shown, .. } => format!("answer {outbound}, in {} messages so far", shown.len()),
        Event::PromptAttempted { approval, .. } => format!("question {}", wirken_permissions::code_of(*approval)),
        Event::PromptOutcome { approval, delivery, detail, .. } | Event::PromptClosed { approval, delivery, detail, .. } => {
            format!("question {}, {delivery:?}: {}", wirken_permissions::code_of(*approval), one_line(detail, EXCERPT)).to_lowercase()
        }
        Event::OutboundOutcome { delivery, detail, .. } => format!("{delivery:?}: {}", one_line(detail, EXCERPT)).to_lowercase(),
        Event::TurnFinished { stop, .. } => one_line(stop, 30),
        Event::TurnInterrupted { reason, .. } => one_line(reason, 200),
        Event::PairingAsked { account, sender, name, .. } => {
            let name = name.as_deref().map(|name| format!(" ({})", one_line(name, 40))).unwrap_or_default();
            format!("{}{name} at {}", one_line(sender, 60), one_line(account, 40))
        }
        Event::PairingApproved { account, sender } | Event::PairingRevoked { account, sender } => {
            format!("{} at {}", one_line(sender, 60), one_line(account, 40))
        }
        Event::UpdateSkipped { account, reason, content } => {
            let content = content.clone().unwrap_or_else(erased);
            format!("{}: {}: {}", one_line(account, 40), one_line(reason, 200), one_line(&content, EXCERPT))
        }
        Event::Screened { policy, source, name, treatment, severity, content, .. } => {
            let said = content.as_ref().map_or_else(erased, |remarks| {
                let found = remarks.findings.iter().map(|found| format!("{} {:?}", found.rule, found.excerpt));
                let said: Vec<String> = std::iter::once(remarks.reason.clone()).filter(|reason| !reason.is_empty()).chain(found).collect();
                said.join("; ")
            });
            let treated = match treatment {
                Treatment::Passed => "passed",
                Treatment::Replaced => "replaced",
                Treatment::Refused => "refused",
            };
            let from = if name.is_empty() { one_line(source, 40) } else { format!("{} {}", one_line(source, 40), one_line(name, TOOL)) };
            format!("{}: {from} {treated}, severity {severity}: {}", one_line(policy, 40), one_line(&said, 200))
        }
        Event::ApprovalAsked { approval, tier, content, .. } => {
            let words = content.as_ref().map_or_else(erased, |question| {
                let words: Vec<&str> = question.actions.iter().map(|judged| judged.words.as_str()).collect();
                words.join(" ")
            });
            format!("{} tier {}: {}", wirken_permissions::code_of(*approval), u8::from(*tier), one_line(&words, 200))
        }
        Event::ApprovalAnswered { approval, choice, by, via, .. } => {
            let choice = wirken_permissions::question::label(*choice, 0);
            let choice = choice.strip_suffix(" for 0 days").unwrap_or(&choice);
            format!("{} {choice}, by {} through {}", wirken_permissions::code_of(*approval), one_line(by, 60), one_line(via, 40))
        }
        Event::ApprovalExpired { approval, reason, .. } => {
            format!("{} {}", wirken_permissions::code_of(*approval), one_line(reason, 200))
        }
        Event::Granted { grant, by } => {
            let (holder, key) = (&grant.holder, one_line(&grant.key, 200));
            format!(
                "{} at {}: {key} of {}, by {}",
                one_line(&holder.sender, 60),
                one_line(&holder.account, 40),
                one_line(&grant.component, 40),
                one_line(by, 60)
            )
        }
        Event::GrantRevoked { grant, by } => format!("{grant} by {}", one_line(by, 60)),
        Event::EffectStarted { action, content, .. } => {
            format!("{}: {}", one_line(action, 30), one_line(&content.clone().unwrap_or_else(erased), 200))
        }
        Event::EffectFinished { outcome, detail, .. } => format!("{} {}", outcome_word(*outcome), one_line(detail, 200)),
        Event::ToolBlocked { tool, reason, .. } => format!("{}: {}", one_line(tool, TOOL), one_line(reason, 200)),
        Event::System { action, subject, detail } => format!("{action} {} {}", one_line(subject, 60), one_line(&detail.to_string(), 200)),
    }
}

pub(crate) fn outcome_word(outcome: wirken_types::event::ToolOutcome) -> &'static str {
    use wirken_types::event::ToolOutcome;
    match outcome {
        ToolOutcome::Ok => "done",
        ToolOutcome::Failed => "failed",
        ToolOutcome::Denied => "refused",
        ToolOutcome::Crashed => "crashed",
        ToolOutcome::Interrupted => "interrupted",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_time_or_a_span() {
        assert_eq!(moment("1970-01-01T00:00:01Z").unwrap(), Timestamp(1000));
        let now = Timestamp::now().0;
        for (text, seconds) in [("10s", 10), ("90m", 5400), ("2h", 7200), ("7d", 604_800)] {
            let ago = now - moment(text).unwrap().0;
            assert!(ago <= seconds * 1000 && ago + 5000 > seconds * 1000, "{text}");
        }
        for text in ["", "h", "-1h", "1w", "soon", "ü", "99999999999999999999d"] {
            assert!(moment(text).unwrap_err().to_string().contains("nor a span"), "{text}");
        }
    }
}
