//! Policies: each question answered in time, whatever is in it, and by itself alone.

mod questions;

use serde_json::Map;
use wirken_engine::Engine;
use wirken_plugin::{Package, PolicyPlugin};

use crate::report::{Report, Rule};
use questions::{Answer, Question};

const LOADS: Rule = Rule { name: "loads", words: "it loads, and imports nothing but types" };
const ANSWERS: Rule = Rule { name: "answers", words: "it answers every question in time, whatever is in it" };
const REMEMBERS: Rule = Rule { name: "remembers", words: "what it was asked before changes no answer" };

/// Everything that a policy has to do.
pub(crate) async fn conform(engine: &Engine, package: Package, report: &mut Report) {
    let plugin = match PolicyPlugin::load(engine, package, &Map::new()) {
        Ok(plugin) => plugin,
        Err(error) => return report.add(LOADS, "", Err(error.problem.to_string())),
    };
    report.add(LOADS, "", Ok(()));
    let questions = questions::all();
    for function in Question::FUNCTIONS {
        let of_it = questions.iter().filter(|question| question.function() == function);
        let mut answers = Vec::new();
        let mut answered = Ok(());
        for question in of_it {
            match fresh(&plugin, question).await {
                Ok(answer) => answers.push((question, answer)),
                Err(why) => answered = answered.and(Err(why)),
            }
        }
        report.add(ANSWERS, function, answered);
        report.add(REMEMBERS, function, remembers(&plugin, &answers).await);
    }
}

async fn fresh(plugin: &PolicyPlugin, question: &Question) -> Result<Answer, String> {
    let about = |error: wirken_engine::CallError| format!("{error}, asked {}", shown(question));
    let mut instance = plugin.instance().await.map_err(about)?;
    question.ask(&mut instance, plugin.settings()).await.map_err(about)
}

/// One instance answers all of them as fresh ones did: a host may keep one.
async fn remembers(plugin: &PolicyPlugin, answers: &[(&Question, Answer)]) -> Result<(), String> {
    let mut kept = plugin.instance().await.map_err(|error| error.to_string())?;
    for (question, answer) in answers {
        let again = question.ask(&mut kept, plugin.settings()).await.map_err(|error| format!("asked by the same host again, {error}"))?;
        if again != *answer {
            return Err(format!(
                "an instance that was asked before answers otherwise than a fresh one: remember nothing. It was asked {}",
                shown(question)
            ));
        }
    }
    Ok(())
}

fn shown(question: &Question) -> String {
    let text = format!("{question:?}");
    let short: String = text.chars().take(300).collect();
    format!("{short}{}", if short.len() < text.len() { "…" } else { "" })
}
