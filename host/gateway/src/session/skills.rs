//! What a session does with skills: it looks at them when a turn begins, records what the model is told of them, and takes
//! what a message calls.

use std::sync::Arc;

use futures_util::stream;
use serde_json::Value;
use wirken_types::TurnId;
use wirken_types::chat::{Message, ToolCall, plain_text};
use wirken_types::event::{Event, Mark, Place};
use wirken_types::provider::Event as Step;

use super::Actor;
use crate::skills::{Called, Ready};
use crate::{Answer, GatewayError, LOCAL_ACCOUNTS};

/// Who is named as having asked for a call that a skill's command makes, in place of a provider.
pub(super) const COMMAND: &str = "skill-command";

/// A call that a skill's command makes, past the model.
#[derive(Clone, Debug)]
pub(super) struct Direct {
    /// The skill.
    pub(super) skill: String,
    call: ToolCall,
    made: bool,
}

impl Direct {
    fn new(turn: TurnId, skill: String, tool: String, arguments: String) -> Self {
        let call = ToolCall { id: format!("command_{turn}"), name: tool, arguments };
        Self { skill, call, made: false }
    }

    /// The one of a turn that is taken up again.
    pub(super) fn of<'a>(turn: TurnId, events: impl Iterator<Item = &'a Event>) -> Option<Self> {
        let mut direct = None;
        for event in events.filter(|event| event.turn() == Some(turn)) {
            match event {
                Event::SkillCalled { skills, tool: Some(tool), content: Some(arguments), .. } => {
                    let skill = skills.first().cloned().unwrap_or_default();
                    direct = Some((Self::new(turn, skill, tool.clone(), arguments.clone()), 0));
                }
                // Somebody said more, which the model is to answer.
                Event::Inbound { .. } => match &mut direct {
                    Some((_, said)) if *said == 0 => *said = 1,
                    _ => direct = None,
                },
                Event::Responded { .. } => {
                    if let Some((direct, _)) = &mut direct {
                        direct.made = true;
                    }
                }
                _ => {}
            }
        }
        direct.map(|(direct, _)| direct)
    }
}

/// What the model is told of skills, as it was recorded last.
pub(super) fn listed<'a>(events: impl Iterator<Item = &'a Event>) -> String {
    let block = |event: &'a Event| match event {
        Event::SkillsListed { content, .. } => Some(content.clone().unwrap_or_default()),
        _ => None,
    };
    events.filter_map(block).last().unwrap_or_default()
}

impl Actor {
    /// The skills that there are for a turn at a place. Where several people read the answers there are none without the
    /// workspace: they are the owner's files.
    pub(super) async fn look(&mut self, place: &Place, marks: &[Mark]) -> Option<Arc<Ready>> {
        let shared = self.marks.contains(&Mark::Shared) || marks.contains(&Mark::Shared);
        if shared && !self.shared.permits.policy.shared_workspace.contains(&place.account) {
            return None;
        }
        let skills = Arc::clone(&self.shared.skills);
        // Nothing in it panics; were it to, there would be no skills.
        let ready = tokio::task::spawn_blocking(move || skills.look()).await.ok().flatten()?;
        if self.shared.screen.holds([ready.block().text.as_str()]) {
            tracing::error!("no skill is told of: the list of them holds the value of a credential; `wirken skill list` shows it");
            return None;
        }
        Some(ready)
    }

    /// What is to be recorded where the model is told of others than before.
    pub(super) fn lists(&self, ready: Option<&Ready>) -> Option<Event> {
        let (text, included) = ready.map(|ready| (ready.block().text.as_str(), ready.block().included)).unwrap_or_default();
        (text != self.listed)
            .then(|| Event::SkillsListed { skills: u64::try_from(included).unwrap_or(u64::MAX), content: Some(text.to_owned()) })
    }

    /// What a message calls by name.
    pub(super) fn called(&self, account: &str, text: &str) -> Result<Option<Called>, GatewayError> {
        let Some(ready) = &self.skills else { return Ok(None) };
        // What a channel says of a message stands before it, each line in brackets, and no line of the sender's begins so.
        let ours = |line: &&str| !LOCAL_ACCOUNTS.contains(&account) && line.starts_with('[');
        let from = text.split_inclusive('\n').take_while(ours).map(str::len).sum();
        Ok(ready.called(text, from)?)
    }

    /// The call that this makes past the model, and what is to be recorded. A message that joins a turn makes none: the
    /// model reads it.
    pub(super) fn takes(&mut self, turn: TurnId, joins: bool, called: Called) -> Event {
        let Called { skills, tool, told } = called;
        let (tool, content) = match tool.filter(|_| !joins) {
            Some((tool, arguments)) => {
                let arguments = Value::to_string(&arguments);
                let skill = skills.first().cloned().unwrap_or_default();
                self.direct = Some(Direct::new(turn, skill, tool.clone(), arguments.clone()));
                (Some(tool), arguments)
            }
            None => (None, told),
        };
        Event::SkillCalled { turn, skills, tool, content: Some(content) }
    }

    /// What answers instead of the model, where a command does: first its call, then the call's result.
    pub(super) fn directly(&mut self) -> Option<Answer> {
        let direct = self.direct.as_mut()?;
        let step = match self.conversation.messages().last() {
            _ if !direct.made => {
                direct.made = true;
                Step::ToolCall(direct.call.clone())
            }
            Some(Message::Tool(results)) => {
                let texts: Vec<String> = results.iter().map(|result| plain_text(&result.content)).collect();
                let text = texts.join("\n");
                Step::Text(if text.trim().is_empty() { "Done.".to_owned() } else { text })
            }
            _ => return None,
        };
        Some(Box::pin(stream::iter([Ok(vec![step, Step::Stop("end".into())])])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(text: Option<&str>) -> Event {
        Event::SkillsListed { skills: 1, content: text.map(str::to_owned) }
    }

    #[test]
    fn a_session_that_is_taken_up_tells_what_was_recorded_last() {
        let turn = TurnId::generate();
        assert_eq!(listed([].into_iter()), "");
        assert_eq!(listed([&block(Some("a")), &Event::TurnStarted { turn }, &block(Some("b"))].into_iter()), "b");
        assert_eq!(listed([&block(Some("a")), &block(Some(""))].into_iter()), "");
        assert_eq!(listed([&block(Some("a")), &block(None)].into_iter()), "", "what was erased is told no more");
    }

    #[test]
    fn a_commands_turn_that_is_taken_up_makes_its_call_once_and_not_where_somebody_said_more() {
        let turn = TurnId::generate();
        let called = Event::SkillCalled { turn, skills: vec!["look".into()], tool: Some("list".into()), content: Some("{}".into()) };
        let said = |turn| Event::Inbound {
            turn,
            account: "a".into(),
            key: "k".into(),
            sender: "s".into(),
            message: None,
            marks: Vec::new(),
            content: None,
        };
        let responded = Event::Responded { turn, round: 1, stop: "end".into(), usage: Vec::new(), content: None };
        let of = |events: &[&Event]| Direct::of(turn, events.iter().copied()).map(|direct| (direct.call.name, direct.made));
        let (first, other) = (said(turn), said(TurnId::generate()));
        assert_eq!(of(&[&called, &first]), Some(("list".into(), false)));
        assert_eq!(of(&[&called, &first, &other, &responded]), Some(("list".into(), true)));
        assert_eq!(of(&[&called, &first, &said(turn)]), None);
        assert_eq!(of(&[&first]), None);
        assert_eq!(Direct::of(TurnId::generate(), [&called, &first].into_iter()).map(|direct| direct.skill), None);
    }
}
