//! The channel as a component: the world's types to ours, and back. Nothing is decided here.

use wirken_guest::channel as wit;

use crate::{Connection, types};

wirken_guest::channel!(Connection);

impl wit::Channel for Connection {
    fn new(settings: &str, state: Vec<wit::State>, random: &[u8], recovering: bool) -> Self {
        let state: Vec<_> = state.into_iter().map(|wit::State { key, value }| types::State { key, value }).collect();
        Self::new(settings, &state, random, recovering)
    }

    fn start(&mut self, now_millis: u64) -> Vec<wit::Effect> {
        self.start(now_millis).into_iter().map(Into::into).collect()
    }

    fn handle(&mut self, now_millis: u64, event: wit::Event) -> Vec<wit::Effect> {
        self.handle(now_millis, event.into()).into_iter().map(Into::into).collect()
    }
}

impl From<wit::Event> for types::Event {
    fn from(event: wit::Event) -> Self {
        match event {
            wit::Event::HttpResponse(wit::Answered { id, response }) => Self::HttpResponse(id, response.into()),
            wit::Event::HttpFailed(wit::Unanswered { id, failure }) => Self::HttpFailed(id, failure.into()),
            wit::Event::Timer(id) => Self::Timer(id),
            wit::Event::Outbound(outbound) => Self::Outbound(outbound.into()),
            wit::Event::Typing(wit::Typing { conversation_id, active }) => Self::Typing(conversation_id, active),
            wit::Event::MediaWanted(token) => Self::MediaWanted(token),
            wit::Event::Poisoned(response) => Self::Poisoned(response.into()),
            wit::Event::Shutdown => Self::Shutdown,
            wit::Event::Stored(wit::StoredMedium { id, .. }) => Self::Stored(id),
            wit::Event::Webhook(_)
            | wit::Event::SocketOpen(_)
            | wit::Event::SocketFailed(_)
            | wit::Event::SocketText(_)
            | wit::Event::SocketBinary(_)
            | wit::Event::SocketClosed(_) => Self::Other,
        }
    }
}

impl From<wit::Response> for types::Response {
    fn from(wit::Response { status, headers, body }: wit::Response) -> Self {
        Self { status, headers: headers.into_iter().map(|wit::Header { name, value }| types::Header { name, value }).collect(), body }
    }
}

impl From<wit::Failure> for types::Failure {
    fn from(wit::Failure { kind, sent, message }: wit::Failure) -> Self {
        Self { kind, sent, message }
    }
}

impl From<wit::Outbound> for types::Outbound {
    fn from(wit::Outbound { id, attempt, conversation_id, reply_to, content }: wit::Outbound) -> Self {
        Self { id, attempt, conversation_id, reply_to, content: content.into() }
    }
}

impl From<wit::OutboundContent> for types::Content {
    fn from(content: wit::OutboundContent) -> Self {
        match content {
            wit::OutboundContent::Text(wit::Draft { shown, text, final_ }) => Self::Text(types::Draft { shown, text, last: final_ }),
            wit::OutboundContent::Prompt(wit::Prompt { id, title, literal, choices, expires_at_millis: _ }) => {
                Self::Prompt(types::Prompt {
                    id,
                    title,
                    literal: literal.into_iter().map(|wit::Literal { label, text }| (label, text)).collect(),
                    choices: choices.into_iter().map(|wit::Choice { id, label, style: _ }| types::Choice { id, label }).collect(),
                })
            }
            wit::OutboundContent::PromptClosed(wit::PromptEnd { shown, text }) => Self::PromptClosed(types::PromptEnd { shown, text }),
            wit::OutboundContent::Attachment(_) => Self::Attachment,
        }
    }
}

impl From<types::Effect> for wit::Effect {
    fn from(effect: types::Effect) -> Self {
        match effect {
            types::Effect::Http(id, request) => Self::Http(wit::HttpRequest { id, request: request.into() }),
            types::Effect::HttpCancel(id) => Self::HttpCancel(id),
            types::Effect::SetTimer(id, after_millis) => Self::SetTimer(wit::Timer { id, after_millis }),
            types::Effect::CancelTimer(id) => Self::CancelTimer(id),
            types::Effect::Inbound(inbound) => Self::Inbound(inbound.into()),
            types::Effect::Outcome(id, outcome) => Self::Outcome(wit::OutboundOutcome { id, outcome: outcome.into() }),
            types::Effect::Media(token, source) => {
                let source = source.map(|(id, request)| wit::HttpRequest { id, request: request.into() });
                Self::Media(wit::Medium { token, source })
            }
            types::Effect::StatePut(types::State { key, value }) => Self::StatePut(wit::State { key, value }),
            types::Effect::Health(state, detail) => Self::Health(wit::Health { state: state.to_owned(), detail }),
            types::Effect::Log(level, message) => Self::Log(wit::LogLine { level: level.to_owned(), message }),
            types::Effect::Fatal(message) => Self::Fatal(message),
        }
    }
}

impl From<types::Request> for wit::Request {
    fn from(types::Request { method, url, headers, body, credentials, timeout_millis }: types::Request) -> Self {
        Self {
            method: method.to_owned(),
            url,
            headers: headers.into_iter().map(|types::Header { name, value }| wit::Header { name, value }).collect(),
            body: if body.is_empty() { Vec::new() } else { vec![wit::Segment::Bytes(body)] },
            credentials,
            timeout_millis: Some(timeout_millis),
        }
    }
}

impl From<types::Outcome> for wit::Outcome {
    fn from(outcome: types::Outcome) -> Self {
        match outcome {
            types::Outcome::Delivered(ids) => Self::Delivered(ids),
            types::Outcome::Failed(types::Failure { kind, sent, message }) => Self::Failed(wit::Failure { kind, sent, message }),
            types::Outcome::InDoubt(why) => Self::InDoubt(why),
            types::Outcome::Later(millis) => Self::Later(millis),
        }
    }
}

impl From<types::Inbound> for wit::Inbound {
    fn from(inbound: types::Inbound) -> Self {
        match inbound {
            types::Inbound::Message(message) => Self::Message(message.into()),
            types::Inbound::Choice(types::InboundChoice { key, prompt_id, choice_id, conversation, sender }) => {
                Self::Choice(wit::InboundChoice { key, prompt_id, choice_id, conversation: conversation.into(), sender: sender.into() })
            }
            types::Inbound::Notice(types::InboundNotice { key, kind, conversation, sender, detail }) => Self::Notice(wit::InboundNotice {
                key,
                kind: kind.to_owned(),
                conversation: conversation.into(),
                sender: sender.map(Into::into),
                detail,
            }),
        }
    }
}

impl From<types::InboundMessage> for wit::InboundMessage {
    fn from(message: types::InboundMessage) -> Self {
        let remote = |types::RemoteBlob { token, media_type, name, size }| {
            wit::Attachment::Remote(wit::RemoteBlob { token, media_type, name, size })
        };
        Self {
            key: message.key,
            id: message.id,
            edit_of: message.edit_of,
            forwarded: message.forwarded,
            conversation: message.conversation.into(),
            sender: message.sender.into(),
            text: message.text,
            attachments: message.attachments.into_iter().map(remote).collect(),
            reply_to: message.reply_to,
            mentions_agent: message.mentions_agent,
            sent_at_millis: message.sent_at_millis,
        }
    }
}

impl From<types::Conversation> for wit::Conversation {
    fn from(types::Conversation { id, kind, parent, title }: types::Conversation) -> Self {
        Self { id, kind: kind.to_owned(), parent, title }
    }
}

impl From<types::Sender> for wit::Sender {
    fn from(types::Sender { id, display_name, is_bot }: types::Sender) -> Self {
        Self { id, display_name, is_bot }
    }
}
