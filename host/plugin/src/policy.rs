//! A policy that has been loaded: pure, and asked in a fresh instance each time, so that it remembers nothing.
//!
//! It fails closed here and nowhere else: whoever asks gets an answer, and where the component gave none that can be taken,
//! the answer is a denial that says why.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use wasmtime::component::Linker;
use wirken_bindings::PolicyPre;
use wirken_engine::{CallError, Code, Engine, Limits};
use wirken_manifest::Manifest;
use wirken_types::chat::{Part, ToolCall, ToolResult};
use wirken_types::http::Blob;
use wirken_types::policy::{Context, Decision, Finding, Passage, Screening, Verdict};
use wirken_types::tool::Intent;

use crate::error::{LoadError, Problem};
use crate::package::{Fit, Info, Kind, Package, inspect};

/// How long one question may take where the manifest does not say: people and calls wait for it.
const DEADLINE: Duration = Duration::from_millis(250);

/// Of a reason, in characters.
const REASON_CHARS: usize = 400;
/// Findings of one screening, and of each its rule's name and its excerpt in characters.
const FINDINGS: usize = 64;
const RULE_CHARS: usize = 64;
const EXCERPT_CHARS: usize = 200;

/// A policy component, ready to be asked. Clones share it.
#[derive(Clone, Debug)]
pub struct PolicyPlugin {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    info: Info,
    engine: Engine,
    limits: Limits,
    /// The owner's, with defaults filled in.
    settings: String,
    pre: PolicyPre<()>,
    /// Whoever loads the component again shares it.
    _code: Code,
}

/// A policy of any version that is offered, linked to nothing.
pub(crate) fn fit(engine: &Engine, package: &Package) -> Result<Fit<PolicyPre<()>>, Problem> {
    let (info, code, version) = inspect(engine, package, Kind::Policy, PolicyPre::VERSIONS)?;
    info.check_pure()?;
    let pre = Linker::new(engine.wasmtime()).instantiate_pre(code.component()).and_then(|pre| PolicyPre::new(version, pre));
    let pre = pre.map_err(|error| info.misfit(version, &error))?;
    Ok(Fit { info, pre, code })
}

impl PolicyPlugin {
    /// `given` are the owner's values, without the manifest's defaults.
    pub fn load(engine: &Engine, package: Package, given: &Map<String, Value>) -> Result<Self, LoadError> {
        let component = package.manifest.name.clone();
        Self::try_load(engine, &package, given).map_err(|problem| LoadError { component, problem })
    }

    fn try_load(engine: &Engine, package: &Package, given: &Map<String, Value>) -> Result<Self, Problem> {
        let Fit { info, pre, code } = fit(engine, package)?;
        let settings = Value::Object(package.manifest.settings(given)?).to_string();
        let limits = limits(&package.manifest);
        Ok(Self { inner: Arc::new(Inner { info, engine: engine.clone(), limits, settings, pre, _code: code }) })
    }

    pub fn info(&self) -> &Info {
        &self.inner.info
    }

    pub fn name(&self) -> &str {
        &self.inner.info.name
    }

    /// Whether a call may be made.
    pub async fn check(&self, context: &Context, call: &ToolCall, intents: &[Intent]) -> Verdict {
        let asked = async { self.instance().await?.check(context, &self.inner.settings, call, intents).await };
        self.verdict(asked.await)
    }

    /// Whether a call may do this now.
    pub async fn check_effect(&self, context: &Context, call: &ToolCall, effect: &Intent) -> Verdict {
        let asked = async { self.instance().await?.check_effect(context, &self.inner.settings, call, effect).await };
        self.verdict(asked.await)
    }

    /// What is to become of a result.
    pub async fn review(&self, context: &Context, call: &ToolCall, output: &ToolResult) -> Decision {
        let asked = async { self.instance().await?.review(context, &self.inner.settings, call, output).await };
        let known: Vec<&Blob> =
            output.content.iter().filter_map(|part| if let Part::Blob(blob) = part { Some(blob) } else { None }).collect();
        match self.decision(asked.await) {
            Decision::Replace(parts) => match parts.iter().find_map(|part| unusable(part, &known)) {
                Some(why) => Decision::Refuse(format!("it would put {why} in the result's place")),
                None => Decision::Replace(parts),
            },
            decision => decision,
        }
    }

    /// What is to become of a text that a model wrote.
    pub async fn review_outbound(&self, context: &Context, text: &str, complete: bool) -> Decision {
        let asked = async { self.instance().await?.review_outbound(context, &self.inner.settings, text, complete).await };
        self.decision(asked.await)
    }

    /// What is to become of a text that a model is about to read, and what it holds.
    pub async fn screen(&self, context: &Context, passage: &Passage) -> Screening {
        let asked = async { self.instance().await?.screen(context, &self.inner.settings, passage).await };
        match asked.await {
            Ok(Screening { decision, findings }) => Screening { decision: self.decision(Ok(decision)), findings: bounded(findings) },
            Err(error) => Screening { decision: self.decision(Err(error)), findings: Vec::new() },
        }
    }

    /// The owner's settings with the manifest's defaults: a JSON document.
    pub fn settings(&self) -> &str {
        &self.inner.settings
    }

    /// A fresh instance, for whoever has to know why there is no answer; the functions above turn that into a denial.
    pub async fn instance(&self) -> Result<wirken_bindings::Policy<()>, CallError> {
        let Inner { engine, limits, pre, .. } = &*self.inner;
        // Who asks may hold an instance of its own meanwhile: a tool in the middle of a call, a decoder.
        pre.instantiate(engine.cell_beside((), limits)).await
    }

    fn verdict(&self, answer: Result<Verdict, CallError>) -> Verdict {
        match answer {
            Ok(Verdict::Allow) => Verdict::Allow,
            Ok(Verdict::Ask(reason)) => Verdict::Ask(line(&reason, REASON_CHARS)),
            Ok(Verdict::Deny(reason)) => Verdict::Deny(line(&reason, REASON_CHARS)),
            Err(error) => Verdict::Deny(self.failed(&error)),
        }
    }

    fn decision(&self, answer: Result<Decision, CallError>) -> Decision {
        match answer {
            Ok(Decision::Refuse(reason)) => Decision::Refuse(line(&reason, REASON_CHARS)),
            Ok(decision) => decision,
            Err(error) => Decision::Refuse(self.failed(&error)),
        }
    }

    fn failed(&self, error: &CallError) -> String {
        tracing::warn!(policy = self.name(), code = error.code(), "a policy did not answer");
        line(&format!("it did not answer ({error})"), REASON_CHARS)
    }
}

fn limits(manifest: &Manifest) -> Limits {
    let mut limits = Limits::asked(&manifest.limits);
    if manifest.limits.deadline_millis.is_none() {
        limits.deadline = DEADLINE;
    }
    limits
}

/// What a part is that cannot stand in a result. A blob is named by what the host keeps; a document is one.
fn unusable(part: &Part, known: &[&Blob]) -> Option<&'static str> {
    match part {
        Part::Blob(blob) if !known.contains(&blob) => Some("a blob that nobody has"),
        Part::Other(_, value) if serde_json::from_str::<serde::de::IgnoredAny>(value).is_err() => Some("something that is no JSON"),
        Part::Text(_) | Part::Blob(_) | Part::Other(..) => None,
    }
}

fn bounded(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.truncate(FINDINGS);
    let bounded = |Finding { rule, severity, excerpt }| Finding {
        rule: line(&rule, RULE_CHARS),
        severity: severity.clamp(1, 3),
        excerpt: line(&excerpt, EXCERPT_CHARS),
    };
    findings.into_iter().map(bounded).collect()
}

/// One line for people: what would move a terminal's cursor, turn the direction of the text or cannot be seen is left out.
fn line(text: &str, most: usize) -> String {
    let unseen = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}');
    text.chars().filter(|c| !unseen(*c)).map(|c| if c.is_control() { ' ' } else { c }).take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_answered_is_bounded_on_both_sides() {
        let exact = "ü".repeat(REASON_CHARS);
        assert_eq!(line(&exact, REASON_CHARS), exact);
        assert_eq!(line(&format!("{exact}x"), REASON_CHARS), exact);
        assert_eq!(line("a\u{1b}[2J\nb\u{202e}c\u{e0041}", 400), "a [2J bc");
        let finding = |severity| Finding { rule: "r".repeat(65), severity, excerpt: "e".repeat(201) };
        let found = bounded((0..=64).map(finding).collect());
        assert_eq!(found.len(), FINDINGS);
        assert_eq!(found.iter().map(|found| found.severity).collect::<Vec<_>>()[..5], [1, 1, 2, 3, 3]);
        assert!(found.iter().all(|found| found.rule.len() == RULE_CHARS && found.excerpt.len() == EXCERPT_CHARS));
    }

    #[test]
    fn a_part_that_nobody_can_read_is_named() {
        let blob = |id: &str| Blob { id: id.into(), media_type: "image/png".into(), name: None, size: 1 };
        let (mine, other) = (blob("a"), blob("b"));
        assert_eq!(unusable(&Part::Blob(mine.clone()), &[&mine]), None);
        assert!(unusable(&Part::Blob(other), &[&mine]).is_some());
        assert_eq!(unusable(&Part::Other("kind".into(), "{}".into()), &[]), None);
        assert!(unusable(&Part::Other("kind".into(), "{".into()), &[]).is_some());
    }
}
