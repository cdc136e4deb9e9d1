//! Everything that the server knows: chats, messages, updates, and what the bot did.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::answer::Refusal;
use super::fault::Faults;
use super::markup::{Formatted, of_person};
use super::messages::{Content, Files, Message, Messages, now};
use super::people::{Chat, Kind, Media, Said, User};
use super::updates::Updates;

/// What the server is like.
#[derive(Clone, Debug)]
pub struct Options {
    pub(crate) token: String,
    pub(crate) username: String,
    pub(crate) privacy: bool,
    pub(crate) rate: Option<(usize, Duration)>,
    pub(crate) keep: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            token: "123456789:AAtest-token_of-the-fake-Bot-API-0000".to_owned(),
            username: "wirken_test_bot".to_owned(),
            privacy: true,
            rate: None,
            keep: 20_000,
        }
    }
}

impl Options {
    /// Another token: a number, a colon, a secret.
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = token.into();
        self
    }

    /// What people mention the bot by.
    #[must_use]
    pub fn username(mut self, username: impl Into<String>) -> Self {
        self.username = username.into();
        self
    }

    /// Shows the bot every message of its groups.
    #[must_use]
    pub fn without_privacy(mut self) -> Self {
        self.privacy = false;
        self
    }

    /// Refuses more messages and edits than this within a time, in one chat.
    #[must_use]
    pub fn rate(mut self, messages: usize, within: Duration) -> Self {
        self.rate = Some((messages, within));
        self
    }

    /// Remembers so many messages, calls and updates.
    #[must_use]
    pub fn keeping(mut self, many: usize) -> Self {
        self.keep = many;
        self
    }

    pub(crate) fn bot_id(&self) -> i64 {
        self.token.split(':').next().and_then(|id| id.parse().ok()).unwrap_or(1)
    }

    pub(crate) fn bot(&self) -> Value {
        json!({ "id": self.bot_id(), "is_bot": true, "first_name": "Wirken", "username": self.username })
    }
}

/// What a person's message became.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spoken {
    pub message: i64,
    /// None where the bot is not told.
    pub update: Option<i64>,
}

/// A request that was not for updates.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// As the client spelled it.
    pub method: String,
    /// Objects as objects, even where they came as text.
    pub parameters: Value,
    pub at: Instant,
    /// What it was answered with; nothing where the connection was cut before it had an effect.
    pub answer: Option<Result<Value, Refusal>>,
}

#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) requests: u64,
    pub(crate) by_method: BTreeMap<String, u64>,
    pub(crate) calls: VecDeque<Call>,
}

#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) chat: Chat,
    /// Blocked by the person, or thrown out of the group.
    pub(crate) closed: bool,
    pub(crate) threads: BTreeSet<i64>,
    /// When messages went, as far back as the rate counts.
    pub(crate) sends: VecDeque<Instant>,
    next_message: i64,
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) options: Options,
    pub(crate) rooms: BTreeMap<i64, Room>,
    pub(crate) messages: Messages,
    pub(crate) files: Files,
    pub(crate) updates: Updates,
    pub(crate) record: Record,
    pub(crate) faults: Faults,
    /// By language and scope.
    pub(crate) commands: BTreeMap<String, Value>,
    /// Buttons that were pressed, and what the bot answered.
    pub(crate) presses: BTreeMap<String, Option<Value>>,
    /// Messages of people and basic groups are numbered together.
    next_message: i64,
}

impl World {
    pub(crate) fn new(options: Options) -> Self {
        let keep = options.keep;
        Self {
            options,
            rooms: BTreeMap::new(),
            messages: Messages::new(keep),
            files: Files::default(),
            updates: Updates::new(keep),
            record: Record::default(),
            faults: Faults::default(),
            commands: BTreeMap::new(),
            presses: BTreeMap::new(),
            next_message: 100,
        }
    }

    /// A chat that the bot may know from then on.
    pub(crate) fn enter(&mut self, chat: &Chat) -> &mut Room {
        self.rooms.entry(chat.id).or_insert_with(|| Room {
            chat: chat.clone(),
            closed: false,
            threads: BTreeSet::new(),
            sends: VecDeque::new(),
            next_message: 1,
        })
    }

    /// Closes a chat to the bot, or opens it again.
    pub(crate) fn close(&mut self, chat: &Chat, closed: bool) {
        if std::mem::replace(&mut self.enter(chat).closed, closed) == closed {
            return;
        }
        let by = match &chat.kind {
            Kind::Private(user) => user.clone(),
            _ => User::new(1, "Admin"),
        };
        let member = json!({ "user": self.options.bot(), "status": "member" });
        let banned = json!({ "user": self.options.bot(), "status": "kicked", "until_date": 0 });
        let (before, after) = if closed { (member, banned) } else { (banned, member) };
        let change = json!({
            "chat": chat.render(),
            "from": by.render(),
            "date": now(),
            "old_chat_member": before,
            "new_chat_member": after,
        });
        self.updates.push("my_chat_member", change);
    }

    fn number_message(&mut self, chat: i64) -> i64 {
        let own = self.rooms.get_mut(&chat).filter(|room| room.chat.is_supergroup()).map(|room| &mut room.next_message);
        let counter = own.unwrap_or(&mut self.next_message);
        let number = *counter;
        *counter = counter.saturating_add(1);
        number
    }

    pub(crate) fn add_message(&mut self, chat: i64, from: Value, place: Place, content: Content) -> Message {
        let id = self.number_message(chat);
        let outgoing = from.get("id").and_then(Value::as_i64) == Some(self.options.bot_id());
        let message = Message {
            chat,
            id,
            from,
            outgoing,
            reply_to: place.reply_to,
            thread: place.thread,
            date: now(),
            edited: None,
            content,
            versions: Vec::new(),
            deleted: None,
        };
        self.messages.add(message).clone()
    }

    /// A message in the API's words, with the one that it answers.
    pub(crate) fn render(&self, message: &Message) -> Value {
        let chat = self.rooms.get(&message.chat).map(|room| room.chat.render()).unwrap_or_default();
        let mut rendered = message.render(chat.clone());
        let answered = message.reply_to.and_then(|id| self.messages.get(message.chat, id)).map(|answered| answered.render(chat));
        if let (Some(answered), Some(fields)) = (answered, rendered.as_object_mut()) {
            fields.insert("reply_to_message".to_owned(), answered);
        }
        rendered
    }

    pub(crate) fn say(&mut self, chat: &Chat, user: &User, said: Said) -> Spoken {
        let room = self.enter(chat);
        if let Some(thread) = said.thread {
            room.threads.insert(thread);
        }
        let media = said.media.as_ref().map(|media| match media {
            Media::Photo(bytes) => self.files.add_photo(bytes),
            Media::Document { name, media_type, bytes } => self.files.add_document(name, media_type, bytes),
        });
        let content = Content { body: of_person(&said.text), media, ..Content::default() };
        let place = Place { reply_to: said.reply_to, thread: said.thread };
        let message = self.add_message(chat.id, user.render(), place, content);
        Spoken { message: message.id, update: self.tell("message", &message) }
    }

    pub(crate) fn edit(&mut self, chat: &Chat, message: i64, text: &str) -> Option<i64> {
        let edited = self.messages.get_mut(chat.id, message).filter(|message| !message.outgoing)?;
        edited.edit(Content { body: of_person(text), ..edited.content.clone() });
        let edited = edited.clone();
        self.tell("edited_message", &edited)
    }

    fn tell(&mut self, kind: &str, message: &Message) -> Option<i64> {
        if !self.reaches_the_bot(message) {
            return None;
        }
        let rendered = self.render(message);
        self.updates.push(kind, rendered)
    }

    /// In a group and with privacy: commands, mentions, and answers to the bot.
    ///
    /// A command that names no bot reaches it as if it were the last bot that spoke: there is no other here.
    fn reaches_the_bot(&self, message: &Message) -> bool {
        let private = self.rooms.get(&message.chat).is_none_or(|room| room.chat.is_private());
        let answers_it = message.reply_to.and_then(|id| self.messages.get(message.chat, id)).is_some_and(|answered| answered.outgoing);
        private || !self.options.privacy || answers_it || self.addresses_the_bot(&message.content.body)
    }

    fn addresses_the_bot(&self, body: &Formatted) -> bool {
        let units: Vec<u16> = body.text.encode_utf16().collect();
        body.entities.iter().any(|entity| {
            let end = entity.offset.saturating_add(entity.length);
            let word = String::from_utf16_lossy(units.get(entity.offset..end).unwrap_or_default());
            let named = word.split_once('@').map(|(_, name)| name.eq_ignore_ascii_case(&self.options.username));
            match entity.kind.as_str() {
                "mention" => named == Some(true),
                "bot_command" => named != Some(false),
                _ => false,
            }
        })
    }

    /// Presses a button of the bot by its data or its label, and gives the number of the query.
    pub(crate) fn press(&mut self, chat: i64, user: &User, message: i64, button: &str) -> Option<String> {
        let found = self.messages.get(chat, message).filter(|message| message.outgoing)?.clone();
        let rows = found.content.markup.as_ref()?.get("inline_keyboard")?.as_array()?;
        let is = |candidate: &Value, name: &str| candidate.get(name).and_then(Value::as_str) == Some(button);
        let pressed = rows.iter().filter_map(Value::as_array).flatten().find(|one| is(one, "callback_data") || is(one, "text"))?;
        let data = pressed.get("callback_data")?.as_str()?.to_owned();
        Some(self.query(&found, user, &data))
    }

    /// Sends any data with a message of the bot, as a client may that is not Telegram's own. None where there is no such message.
    pub(crate) fn forge(&mut self, chat: i64, user: &User, message: i64, data: &str) -> Option<String> {
        let found = self.messages.get(chat, message).filter(|message| message.outgoing)?.clone();
        Some(self.query(&found, user, data))
    }

    fn query(&mut self, message: &Message, user: &User, data: &str) -> String {
        let id = format!("{}", 4_000_000_000_000_u64.saturating_add(self.presses.len() as u64));
        self.presses.insert(id.clone(), None);
        let query = json!({
            "id": id,
            "from": user.render(),
            "message": self.render(message),
            "chat_instance": format!("{}", message.chat.unsigned_abs()),
            "data": data,
        });
        self.updates.push("callback_query", query);
        id
    }

    /// Counts a message against the chat's rate, or says how long to wait.
    pub(crate) fn spend(&mut self, chat: i64) -> Result<(), Refusal> {
        let (Some((most, within)), Some(room)) = (self.options.rate, self.rooms.get_mut(&chat)) else { return Ok(()) };
        let now = Instant::now();
        while room.sends.front().is_some_and(|sent| now.duration_since(*sent) >= within) {
            room.sends.pop_front();
        }
        if room.sends.len() >= most {
            let since = room.sends.front().map_or(Duration::ZERO, |sent| now.duration_since(*sent));
            let left = within.saturating_sub(since).as_millis().div_ceil(1_000).max(1);
            return Err(Refusal::too_many(u32::try_from(left).unwrap_or(u32::MAX)));
        }
        room.sends.push_back(now);
        Ok(())
    }

    pub(crate) fn note(&mut self, method: &str, parameters: Value, answer: Option<Result<Value, Refusal>>) {
        while self.record.calls.len() >= self.options.keep.max(1) {
            self.record.calls.pop_front();
        }
        self.record.calls.push_back(Call { method: method.to_owned(), parameters, at: Instant::now(), answer });
    }
}

/// Where in a chat a message stands.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Place {
    pub(crate) reply_to: Option<i64>,
    pub(crate) thread: Option<i64>,
}
