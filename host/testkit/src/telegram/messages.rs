//! Every message of every chat, and what became of it.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use serde_json::{Value, json};

use super::markup::Formatted;

/// What people see of a message now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Content {
    /// The caption, where there is a file.
    pub(crate) body: Formatted,
    /// `photo` or `document`, and what the API says of it.
    pub(crate) media: Option<(&'static str, Value)>,
    pub(crate) markup: Option<Value>,
    pub(crate) preview: Option<Value>,
}

#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) chat: i64,
    pub(crate) id: i64,
    pub(crate) from: Value,
    /// The bot's own.
    pub(crate) outgoing: bool,
    pub(crate) reply_to: Option<i64>,
    pub(crate) thread: Option<i64>,
    pub(crate) date: u64,
    pub(crate) edited: Option<u64>,
    pub(crate) content: Content,
    /// The texts so far, the first and the last included.
    pub(crate) versions: Vec<Version>,
    pub(crate) deleted: Option<Instant>,
}

/// A text of a message, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    pub text: String,
    pub at: Instant,
}

/// A message of the bot, as the record shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    pub chat: i64,
    pub message: i64,
    pub thread: Option<i64>,
    pub reply_to: Option<i64>,
    /// As people see it now: without the markup, trimmed. The caption, where there is a file.
    pub text: String,
    pub entities: Vec<Value>,
    pub reply_markup: Option<Value>,
    /// `photo` or `document`, and what the API says of it.
    pub media: Option<(&'static str, Value)>,
    /// Every text it had: the first as sent, the others by edits.
    pub versions: Vec<Version>,
    pub deleted: Option<Instant>,
}

#[derive(Debug)]
pub(crate) struct Messages {
    all: BTreeMap<(i64, i64), Message>,
    order: VecDeque<(i64, i64)>,
    /// The bot's own among them, and how many of those are forgotten.
    outgoing: VecDeque<(i64, i64)>,
    forgotten: usize,
    keep: usize,
}

impl Messages {
    pub(crate) fn new(keep: usize) -> Self {
        Self { all: BTreeMap::new(), order: VecDeque::new(), outgoing: VecDeque::new(), forgotten: 0, keep }
    }

    pub(crate) fn add(&mut self, mut message: Message) -> &Message {
        let key = (message.chat, message.id);
        message.versions = vec![Version { text: message.content.body.text.clone(), at: Instant::now() }];
        while self.order.len() >= self.keep.max(1) {
            if let Some(oldest) = self.order.pop_front().and_then(|oldest| self.all.remove(&oldest))
                && oldest.outgoing
            {
                self.outgoing.pop_front();
                self.forgotten = self.forgotten.saturating_add(1);
            }
        }
        self.order.push_back(key);
        if message.outgoing {
            self.outgoing.push_back(key);
        }
        self.all.entry(key).insert_entry(message).into_mut()
    }

    /// One that was not deleted.
    pub(crate) fn get(&self, chat: i64, id: i64) -> Option<&Message> {
        self.all.get(&(chat, id)).filter(|message| message.deleted.is_none())
    }

    pub(crate) fn get_mut(&mut self, chat: i64, id: i64) -> Option<&mut Message> {
        self.all.get_mut(&(chat, id)).filter(|message| message.deleted.is_none())
    }

    /// The bot's messages but for the first so many that it ever sent.
    pub(crate) fn sent_since(&self, count: usize) -> Vec<Sent> {
        let skipped = count.saturating_sub(self.forgotten);
        self.outgoing.iter().skip(skipped).filter_map(|key| self.all.get(key)).map(Message::record).collect()
    }
}

impl Message {
    /// Gives it another content, for the first time now or once more.
    pub(crate) fn edit(&mut self, content: Content) {
        self.versions.push(Version { text: content.body.text.clone(), at: Instant::now() });
        self.content = content;
        self.edited = Some(now());
    }

    /// In the API's words, but for what it answers.
    pub(crate) fn render(&self, chat: Value) -> Value {
        let mut message = json!({ "message_id": self.id, "from": self.from, "chat": chat, "date": self.date });
        let Some(fields) = message.as_object_mut() else { return message };
        let mut set = |name: &str, value: Option<Value>| value.map(|value| fields.insert(name.to_owned(), value));
        set("edit_date", self.edited.map(Value::from));
        set("message_thread_id", self.thread.map(Value::from));
        set("is_topic_message", self.thread.map(|_| true.into()));
        let Content { body, media, markup, preview } = &self.content;
        let (text, entities) = if media.is_some() { ("caption", "caption_entities") } else { ("text", "entities") };
        set(text, Some(body.text.as_str()).filter(|text| !text.is_empty()).map(Value::from));
        set(entities, Some(body.render()).filter(|entities| !entities.is_empty()).map(Value::from));
        if let Some((kind, media)) = media {
            set(kind, Some(media.clone()));
        }
        set("reply_markup", markup.clone().filter(|markup| markup.get("inline_keyboard").is_some()));
        set("link_preview_options", preview.clone());
        message
    }

    fn record(&self) -> Sent {
        Sent {
            chat: self.chat,
            message: self.id,
            thread: self.thread,
            reply_to: self.reply_to,
            text: self.content.body.text.clone(),
            entities: self.content.body.render(),
            reply_markup: self.content.markup.clone(),
            media: self.content.media.clone(),
            versions: self.versions.clone(),
            deleted: self.deleted,
        }
    }
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default()
}

/// The files that people and the bot sent. A file's id is its place in the list.
#[derive(Debug, Default)]
pub(crate) struct Files {
    all: Vec<Stored>,
}

#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) path: String,
    pub(crate) bytes: Bytes,
    /// As messages describe it.
    pub(crate) media: (&'static str, Value),
}

impl Files {
    /// Keeps a photo, in the two sizes of which one is the whole.
    pub(crate) fn add_photo(&mut self, bytes: &Bytes) -> (&'static str, Value) {
        let mut sizes = Vec::new();
        for (width, height) in [(90, 67), (800, 600)] {
            let number = self.all.len();
            sizes.push(json!({
                "file_id": file_id(number),
                "file_unique_id": format!("unique{number}"),
                "file_size": bytes.len(),
                "width": width,
                "height": height,
            }));
            let path = format!("photos/file_{number}.jpg");
            self.all.push(Stored { path, bytes: bytes.clone(), media: ("photo", sizes.clone().into()) });
        }
        ("photo", sizes.into())
    }

    pub(crate) fn add_document(&mut self, name: &str, media_type: &str, bytes: &Bytes) -> (&'static str, Value) {
        let number = self.all.len();
        let description = json!({
            "file_id": file_id(number),
            "file_unique_id": format!("unique{number}"),
            "file_size": bytes.len(),
            "file_name": name,
            "mime_type": media_type,
        });
        let extension =
            name.rsplit_once('.').map(|(_, extension)| extension).filter(|extension| extension.chars().all(char::is_alphanumeric));
        let path = format!("documents/file_{number}{}", extension.map(|extension| format!(".{extension}")).unwrap_or_default());
        let media = ("document", description);
        self.all.push(Stored { path, bytes: bytes.clone(), media: media.clone() });
        media
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Stored> {
        self.all.get(id.strip_prefix(FILE_ID)?.parse::<usize>().ok()?)
    }

    pub(crate) fn at(&self, path: &str) -> Option<&Stored> {
        self.all.iter().find(|stored| stored.path == path)
    }
}

const FILE_ID: &str = "BQACAgIAAxkBAAI";

fn file_id(number: usize) -> String {
    format!("{FILE_ID}{number}")
}
