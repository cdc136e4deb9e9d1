//! Files that came with messages: the model is asked once it is known what becomes of each.

use std::collections::BTreeMap;

use wirken_types::TurnId;
use wirken_types::chat::Part;
use wirken_types::event::Event;
use wirken_types::media::Remote;

use crate::effect::{Effect, File};
use crate::turn::{Phase, Turn};

/// Those of which it is not known yet what becomes of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Files(BTreeMap<File, Remote>);

/// The files that a message brings along.
pub fn files_of(event: &Event) -> Vec<(File, Remote)> {
    let Event::Inbound { key, content: Some(parts), .. } = event else { return Vec::new() };
    let file = |(at, part)| Remote::of(part).map(|remote| (File { key: key.clone(), part: at }, remote));
    (0..).zip(parts).filter_map(file).collect()
}

impl Files {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn add(&mut self, files: impl IntoIterator<Item = (File, Remote)>) {
        self.0.extend(files);
    }

    pub(crate) fn settle(&mut self, file: &File) -> bool {
        self.0.remove(file).is_some()
    }

    /// Follows what was recorded of a turn.
    pub(crate) fn follow(&mut self, event: &Event) {
        match event {
            Event::MediumFetched { key, part, .. } => _ = self.settle(&File { key: key.clone(), part: *part }),
            event => self.add(files_of(event)),
        }
    }

    /// What there is to do about all of them; nothing where there is none.
    pub(crate) fn fetch(&self) -> Option<Effect> {
        let files: Vec<_> = self.0.iter().map(|(file, remote)| (file.clone(), remote.clone())).collect();
        (!files.is_empty()).then_some(Effect::Fetch(files))
    }

    /// Gives up those that are open: nobody waits for them any more.
    pub(crate) fn give_up(&mut self, turn: TurnId) -> Vec<Event> {
        let files = std::mem::take(&mut self.0);
        let given_up = |(file, remote)| not_fetched(turn, file, &remote, "the turn ended before it had come");
        files.into_iter().map(given_up).collect()
    }
}

/// The row of a file that the model is not shown, and why.
pub fn not_fetched(turn: TurnId, file: File, remote: &Remote, why: &str) -> Event {
    let File { key, part } = file;
    let content = Some(Part::text(format!("[This file could not be fetched, so you cannot see it: {}: {why}]", remote.described())));
    Event::MediumFetched { turn, key, part, kept: false, content }
}

impl Turn {
    /// Somebody sent files along with what was said last.
    pub(crate) fn sent(&mut self, files: Vec<(File, Remote)>, effects: &mut Vec<Effect>) {
        self.files.add(files.iter().cloned());
        effects.push(Effect::Fetch(files));
    }

    pub(crate) fn fetched(&mut self, file: &File, effects: &mut Vec<Effect>) {
        if self.files.settle(file) && self.files.is_empty() && self.phase == Phase::Fetching {
            self.ask_again(Vec::new(), effects);
        }
    }
}
