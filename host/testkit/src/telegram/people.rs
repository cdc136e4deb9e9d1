//! Who talks to the bot, where, and what they say.

use bytes::Bytes;
use serde_json::{Value, json};

/// A person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: i64,
    pub first_name: String,
    pub username: Option<String>,
}

impl User {
    #[must_use]
    pub fn new(id: i64, first_name: impl Into<String>) -> Self {
        Self { id, first_name: first_name.into(), username: None }
    }

    /// With a name that others can mention.
    #[must_use]
    pub fn named(mut self, username: impl Into<String>) -> Self {
        self.username = Some(username.into());
        self
    }

    pub(crate) fn render(&self) -> Value {
        let mut user = json!({ "id": self.id, "is_bot": false, "first_name": self.first_name, "language_code": "en" });
        if let (Some(username), Some(user)) = (&self.username, user.as_object_mut()) {
            user.insert("username".to_owned(), username.as_str().into());
        }
        user
    }
}

/// Where people talk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chat {
    pub id: i64,
    pub(crate) kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Private(User),
    Group { title: String },
    Supergroup { title: String, forum: bool },
}

impl Chat {
    /// One person and the bot. It has the person's number.
    #[must_use]
    pub fn private(user: &User) -> Self {
        Self { id: user.id, kind: Kind::Private(user.clone()) }
    }

    /// A basic group, of a number that the real server would make: `-number`.
    #[must_use]
    pub fn group(number: u32, title: impl Into<String>) -> Self {
        Self { id: i64::from(number).saturating_neg(), kind: Kind::Group { title: title.into() } }
    }

    /// A supergroup: `-1000000000000 - number`. Its messages are numbered by themselves.
    #[must_use]
    pub fn supergroup(number: u32, title: impl Into<String>) -> Self {
        Self { id: SUPERGROUPS.saturating_sub(i64::from(number)), kind: Kind::Supergroup { title: title.into(), forum: false } }
    }

    /// A supergroup with topics.
    #[must_use]
    pub fn forum(number: u32, title: impl Into<String>) -> Self {
        Self { kind: Kind::Supergroup { title: title.into(), forum: true }, ..Self::supergroup(number, "") }
    }

    pub(crate) fn is_private(&self) -> bool {
        matches!(self.kind, Kind::Private(_))
    }

    pub(crate) fn is_supergroup(&self) -> bool {
        matches!(self.kind, Kind::Supergroup { .. })
    }

    pub(crate) fn is_forum(&self) -> bool {
        matches!(self.kind, Kind::Supergroup { forum: true, .. })
    }

    pub(crate) fn render(&self) -> Value {
        match &self.kind {
            Kind::Private(user) => {
                let mut chat = json!({ "id": self.id, "type": "private", "first_name": user.first_name });
                if let (Some(username), Some(chat)) = (&user.username, chat.as_object_mut()) {
                    chat.insert("username".to_owned(), username.as_str().into());
                }
                chat
            }
            Kind::Group { title } => {
                json!({ "id": self.id, "type": "group", "title": title, "all_members_are_administrators": true })
            }
            Kind::Supergroup { title, forum: false } => json!({ "id": self.id, "type": "supergroup", "title": title }),
            Kind::Supergroup { title, forum: true } => {
                json!({ "id": self.id, "type": "supergroup", "title": title, "is_forum": true })
            }
        }
    }
}

/// The number of a supergroup counts down from here.
const SUPERGROUPS: i64 = -1_000_000_000_000;

/// What a person says. Most often a text: `"hello".into()`.
#[derive(Clone, Debug, Default)]
pub struct Said {
    pub(crate) text: String,
    pub(crate) reply_to: Option<i64>,
    pub(crate) thread: Option<i64>,
    pub(crate) media: Option<Media>,
}

#[derive(Clone, Debug)]
pub(crate) enum Media {
    Photo(Bytes),
    Document { name: String, media_type: String, bytes: Bytes },
}

impl Said {
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// A photo; its text is the caption.
    #[must_use]
    pub fn photo(caption: impl Into<String>, jpeg: impl Into<Bytes>) -> Self {
        Self { media: Some(Media::Photo(jpeg.into())), ..Self::text(caption) }
    }

    /// A file; its text is the caption.
    #[must_use]
    pub fn document(caption: impl Into<String>, name: impl Into<String>, media_type: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        let media = Media::Document { name: name.into(), media_type: media_type.into(), bytes: bytes.into() };
        Self { media: Some(media), ..Self::text(caption) }
    }

    /// In answer to a message of the same chat.
    #[must_use]
    pub fn reply_to(mut self, message: i64) -> Self {
        self.reply_to = Some(message);
        self
    }

    /// In a topic of a forum, which exists from then on.
    #[must_use]
    pub fn thread(mut self, thread: i64) -> Self {
        self.thread = Some(thread);
        self
    }
}

impl From<&str> for Said {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Said {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}
