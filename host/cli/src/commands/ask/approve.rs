//! What the agent asks to be allowed while a question is answered: shown to whoever sits at the terminal, and answered there.

use std::io::{BufRead, IsTerminal};

use tokio::sync::mpsc;
use wirken_gateway::control::{self, CallFailed, Request};
use wirken_gateway::folder::Folder;
use wirken_gateway::{Gateway, GatewayError};
use wirken_permissions::{choices, code_of, question};
use wirken_types::approval::{ApprovalId, Choice, Question, Tier};

use super::ACCOUNT;
use crate::output;

/// What is asked, until it is answered.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) approval: ApprovalId,
    pub(super) tier: Tier,
}

/// How an answer reaches the session.
pub(super) enum Way<'a> {
    Gateway(&'a Folder),
    /// This process is all there is: nobody else can answer.
    Here(&'a Gateway),
}

impl Way<'_> {
    pub(super) async fn answer(&self, approval: ApprovalId, choice: Choice, note: Option<String>) -> anyhow::Result<()> {
        match self {
            Self::Gateway(folder) => match control::call(&folder.control(), &Request::ApprovalAnswer { approval, choice, note }).await {
                Ok(_) => {}
                // Somebody else was quicker, or its time was up: the answer goes on by itself.
                Err(CallFailed::Refused(reason)) => output::note(format_args!("That was not taken: {}.", output::one_line(&reason, 300))),
                Err(error) => return Err(error.into()),
            },
            Self::Here(gateway) => match gateway.answer_as_owner(approval, choice, note, ACCOUNT).await {
                // Its time was up just then; the turn goes on by itself.
                Ok(()) | Err(GatewayError::NotOpen(_)) => {}
                Err(error) => return Err(error.into()),
            },
        }
        Ok(())
    }

    /// Somebody was asked, and this is what whoever sits here has to know.
    pub(super) async fn ask(&self, asked: &Asked, lines: &mut Lines) -> anyhow::Result<()> {
        if lines.listen() {
            let code = code_of(asked.approval);
            let forms: Vec<String> = choices(asked.tier).iter().map(|choice| format!("`{} {code}`", word(*choice))).collect();
            output::note(format_args!("  Type one of {}; `no {code} WHY` tells the agent why.", forms.join(", ")));
            return Ok(());
        }
        match self {
            Self::Gateway(_) => {
                let code = code_of(asked.approval);
                output::note(format_args!(
                    "It waits for an answer: in WebChat, or by `wirken permissions pending approve {code}` (or deny)."
                ));
                Ok(())
            }
            Self::Here(_) => {
                output::note("Denied, since there is no terminal to ask on: answer one, or start the gateway with `wirken run`.");
                self.answer(asked.approval, Choice::Deny, Some("nobody is there to ask".into())).await
            }
        }
    }
}

/// What is typed, where somebody can type.
#[derive(Debug, Default)]
pub(super) struct Lines(Option<mpsc::Receiver<String>>);

impl Lines {
    /// Whether anybody is there. Reading begins with the first question: until then the terminal is not this command's.
    fn listen(&mut self) -> bool {
        if self.0.is_none() && std::io::stdin().is_terminal() {
            let (typed, lines) = mpsc::channel(1);
            // Not one of the runtime's: it waits for a person, and ends with the process.
            std::thread::spawn(move || {
                for line in std::io::stdin().lock().lines().map_while(Result::ok) {
                    if typed.blocking_send(line).is_err() {
                        return;
                    }
                }
            });
            self.0 = Some(lines);
        }
        self.0.is_some()
    }

    /// The next line; never, where nobody types.
    pub(super) async fn next(&mut self) -> String {
        if let Some(lines) = &mut self.0 {
            if let Some(line) = lines.recv().await {
                return line;
            }
            self.0 = None;
        }
        std::future::pending().await
    }
}

/// As it is typed.
fn word(choice: Choice) -> &'static str {
    match choice {
        Choice::Once => "yes",
        Choice::Session => "session",
        Choice::Remember => "always",
        Choice::Deny => "no",
    }
}

/// What a line says; none where it is no answer to this question. Its code has to be there: a line that was typed before the
/// question was shown, at whatever a model wrote to look like one, cannot have it.
pub(super) fn answer(line: &str, asked: &Asked) -> Option<(Choice, Option<String>)> {
    let mut words = line.trim().splitn(3, ' ');
    let (said, code, note) = (words.next()?.to_lowercase(), words.next()?, words.next().map(str::trim));
    let choice = choices(asked.tier).iter().copied().find(|choice| word(*choice) == said)?;
    let note = note.filter(|note| !note.is_empty()).map(str::to_owned);
    (code.eq_ignore_ascii_case(&code_of(asked.approval)) && (note.is_none() || choice == Choice::Deny)).then_some((choice, note))
}

/// The question, on the terminal.
pub(super) fn show(asked: &Question, tier: Tier, days: u32) {
    output::note("\nThe agent asks to be allowed something:");
    for (label, text) in question::render(asked, tier) {
        output::note(format_args!("  {label}: {text}"));
    }
    let offered: Vec<String> =
        choices(tier).iter().map(|choice| format!("{}: {}", word(*choice), question::label(*choice, days))).collect();
    output::note(format_args!("  Answers: {}.", offered.join(", ")));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_answer_only_with_the_code_and_where_it_was_offered() {
        let asked = |tier| Asked { approval: ApprovalId::from_random([0xa1; 16]), tier };
        let note = |text: &str| Some((Choice::Deny, Some(text.to_owned())));
        for (line, remembered, every_time) in [
            ("yes a1a1a1", Some((Choice::Once, None)), Some((Choice::Once, None))),
            (" YES A1A1A1 ", Some((Choice::Once, None)), Some((Choice::Once, None))),
            ("session a1a1a1", Some((Choice::Session, None)), None),
            ("always a1a1a1", Some((Choice::Remember, None)), None),
            ("no a1a1a1", Some((Choice::Deny, None)), Some((Choice::Deny, None))),
            ("no a1a1a1 not now, later", note("not now, later"), note("not now, later")),
            ("yes", None, None),
            ("yes 000000", None, None),
            ("yes a1a1a1 please", None, None),
            ("", None, None),
        ] {
            let said = |tier| answer(line, &asked(tier));
            assert_eq!((said(Tier::Remembered), said(Tier::EveryTime)), (remembered, every_time), "{line:?}");
        }
    }
}
