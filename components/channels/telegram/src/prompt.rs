//! Questions with buttons. A button carries at most 64 bytes, which come back when it is pressed: the ids of the prompt
//! and the choice where they fit, else a number that is remembered here. A number is good for one run of the component,
//! and a mark of this run stands before it: an old button is never taken for another choice.

use serde_json::{Value, json};

use crate::bounded::Bounded;
use crate::entity::{Formatted, Kind};
use crate::types::{Choice, Prompt};

/// Of a button's data, in bytes. Telegram's limit.
const MAX_DATA_BYTES: usize = 64;

/// Of a button's text, in bytes; clients cut longer ones.
const MAX_LABEL_BYTES: usize = 128;

/// Of one keyboard. Telegram's limit.
const MAX_BUTTONS: usize = 100;

/// Choices that are remembered.
const MAX_NUMBERED: usize = 2_000;

const SEPARATOR: char = '|';

#[derive(Debug)]
pub(crate) struct Prompts {
    run: String,
    next: u64,
    numbered: Bounded<String, (String, String)>,
}

impl Prompts {
    pub(crate) fn new(random: &[u8]) -> Self {
        let run = random.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self { run, next: 0, numbered: Bounded::new(MAX_NUMBERED) }
    }

    /// The buttons, one a line. None where Telegram takes not as many.
    pub(crate) fn keyboard(&mut self, prompt: &Prompt) -> Option<Value> {
        if prompt.choices.is_empty() || prompt.choices.len() > MAX_BUTTONS {
            return None;
        }
        let rows: Vec<_> = prompt.choices.iter().map(|choice| self.button(&prompt.id, choice)).collect();
        Some(json!({ "inline_keyboard": rows }))
    }

    fn button(&mut self, prompt: &str, Choice { id, label }: &Choice) -> Value {
        let label = if label.trim().is_empty() { id } else { label };
        let label = label.get(..label.floor_char_boundary(MAX_LABEL_BYTES)).unwrap_or_default();
        let label = if label.trim().is_empty() { "…" } else { label };
        json!([{ "text": label, "callback_data": self.data(prompt, id) }])
    }

    fn data(&mut self, prompt: &str, choice: &str) -> String {
        let direct = format!("{prompt}{SEPARATOR}{choice}");
        if direct.len() <= MAX_DATA_BYTES && !prompt.contains(SEPARATOR) {
            return direct;
        }
        self.next += 1;
        // Without the separator, so that it is never taken for ids.
        let number = format!("#{}.{}", self.run, self.next);
        self.numbered.insert(number.clone(), (prompt.to_owned(), choice.to_owned()));
        number
    }

    /// The prompt and the choice that a button stands for, as far as is known.
    pub(crate) fn chosen(&self, data: &str) -> Option<(String, String)> {
        if data.len() > MAX_DATA_BYTES {
            return None;
        }
        let ids = data.split_once(SEPARATOR).map(|(prompt, choice)| (prompt.to_owned(), choice.to_owned()));
        ids.or_else(|| self.numbered.get(&data.to_owned()).cloned())
    }
}

/// What people read above the buttons. A text of one line stands beside its label.
pub(crate) fn question(prompt: &Prompt) -> Formatted {
    let mut question = Formatted::default();
    question.push(prompt.title.trim(), Some(Kind::Bold));
    question.push("\n", None);
    for (label, text) in &prompt.literal {
        if text.contains('\n') {
            question.push(&format!("\n{label}\n"), None);
            question.push(text, Some(Kind::Pre(None)));
        } else {
            question.push(&format!("\n{label}: "), None);
            question.push(text, Some(Kind::Code));
        }
    }
    question
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompt(id: &str, choice: &str) -> Prompt {
        let choices = vec![Choice { id: choice.into(), label: "Yes".into() }];
        Prompt { id: id.into(), title: "Run it?".into(), literal: vec![("Command".into(), "rm *_x_*".into())], choices }
    }

    fn data(prompts: &mut Prompts, id: &str, choice: &str) -> String {
        let keyboard = prompts.keyboard(&prompt(id, choice)).unwrap();
        keyboard["inline_keyboard"][0][0]["callback_data"].as_str().unwrap().to_owned()
    }

    #[test]
    fn a_button_stands_for_its_choice_however_long_the_ids_are() {
        let mut prompts = Prompts::new(&[7; 32]);
        for (id, choice) in [
            ("p", "yes".to_owned()),
            ("p", "y|es".to_owned()),
            ("p|q", "yes".to_owned()),
            ("p", "x".repeat(62)),
            ("p", "x".repeat(63)),
            ("", "x".to_owned()),
            (&"ü".repeat(128), "ü".repeat(128)),
        ] {
            let data = data(&mut prompts, id, &choice);
            assert!(data.len() <= 64, "{data}");
            assert_eq!(prompts.chosen(&data), Some((id.to_owned(), choice)));
        }
        assert_eq!(data(&mut prompts, "p", "yes"), "p|yes");
    }

    #[test]
    fn an_old_button_is_not_taken_for_another_choice() {
        let (mut before, mut after) = (Prompts::new(&[1; 32]), Prompts::new(&[2; 32]));
        let old = data(&mut before, "p", &"x".repeat(99));
        data(&mut after, "q", &"y".repeat(99));
        assert_eq!(after.chosen(&old), None);
        assert_eq!((after.chosen("what"), after.chosen(&format!("p|{}", "x".repeat(63)))), (None, None));
    }

    #[test]
    fn shows_literal_text_as_it_is() {
        let shapes = |prompt: &Prompt| -> Vec<(Kind, usize, usize)> {
            question(prompt).entities.into_iter().map(|entity| (entity.kind, entity.offset, entity.length)).collect()
        };
        let mut prompt = prompt("p", "yes");
        assert_eq!(question(&prompt).text, "Run it?\n\nCommand: rm *_x_*");
        assert_eq!(shapes(&prompt), [(Kind::Bold, 0, 7), (Kind::Code, 18, 8)]);
        prompt.literal[0].1 = "rm\nCommand: ls".into();
        assert_eq!(question(&prompt).text, "Run it?\n\nCommand\nrm\nCommand: ls");
        assert_eq!(shapes(&prompt), [(Kind::Bold, 0, 7), (Kind::Pre(None), 17, 14)]);
    }

    #[test]
    fn refuses_more_buttons_than_telegram_takes() {
        let mut prompts = Prompts::new(&[]);
        let mut prompt = prompt("p", "yes");
        prompt.choices = (0..100).map(|number| Choice { id: number.to_string(), label: String::new() }).collect();
        let keyboard = prompts.keyboard(&prompt).unwrap();
        assert_eq!(keyboard["inline_keyboard"][99][0]["text"], "99");
        prompt.choices.push(Choice { id: "x".into(), label: "x".into() });
        assert_eq!(prompts.keyboard(&prompt), None);
        prompt.choices.clear();
        assert_eq!(prompts.keyboard(&prompt), None);
    }
}
