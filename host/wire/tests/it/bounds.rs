//! Every text, list and blob of a message at its bound and beyond it, when it is written and when it is read.

use wirken_types::channel::{
    Attachment, Choice, Conversation, Draft, Health, Inbound, InboundChoice, InboundMessage, InboundNotice, Outbound, OutboundContent,
    Outcome, Prompt, PromptEnd, RemoteBlob, Sender, State, Typing,
};
use wirken_types::http::{Blob, Failure};
use wirken_wire::limits::{
    MAX_DRAFT_BYTES, MAX_FRAME_BYTES, MAX_ID_BYTES, MAX_LIST, MAX_MEDIUM_BYTES, MAX_NAME_BYTES, MAX_PIECE_BYTES, MAX_REASON_BYTES,
    MAX_SKIPPED_BYTES, MAX_STATE_BYTES, MAX_TEXT_BYTES, MAX_WORD_BYTES,
};
use wirken_wire::{MediumNews, MediumOrder, ToAdapter, ToGateway, WireError};

use crate::raw::{lengthened, replaced};

fn conversation() -> Conversation {
    Conversation { id: String::new(), kind: String::new(), parent: None, title: None }
}

fn sender() -> Sender {
    Sender { id: String::new(), display_name: None, is_bot: false }
}

fn message(change: impl FnOnce(&mut InboundMessage)) -> ToGateway {
    let mut message = InboundMessage {
        key: String::new(),
        id: String::new(),
        edit_of: None,
        forwarded: false,
        conversation: conversation(),
        sender: sender(),
        text: String::new(),
        attachments: vec![],
        reply_to: None,
        mentions_agent: false,
        sent_at_millis: None,
    };
    change(&mut message);
    inbound(Inbound::Message(message))
}

fn inbound(inbound: Inbound) -> ToGateway {
    ToGateway::Commit { id: 1, inbounds: vec![inbound], puts: vec![], deletes: vec![] }
}

fn choice(prompt_id: String, choice_id: String) -> ToGateway {
    inbound(Inbound::Choice(InboundChoice { key: String::new(), prompt_id, choice_id, conversation: conversation(), sender: sender() }))
}

fn notice(kind: String, detail: String) -> ToGateway {
    inbound(Inbound::Notice(InboundNotice { key: String::new(), kind, conversation: conversation(), sender: None, detail }))
}

fn put(key: String, value: Vec<u8>) -> ToGateway {
    ToGateway::Commit { id: 1, inbounds: vec![], puts: vec![State { key, value }], deletes: vec![] }
}

fn stored(id: String, media_type: String, name: Option<String>) -> ToGateway {
    message(|message| message.attachments = vec![Attachment::Stored(Blob { id, media_type, name, size: 1 })])
}

fn remote(token: String, media_type: String, name: Option<String>) -> ToGateway {
    message(|message| message.attachments = vec![Attachment::Remote(RemoteBlob { token, media_type, name, size: None })])
}

fn outcome(outcome: Outcome) -> ToGateway {
    ToGateway::Outcome { id: 1, outcome }
}

fn failed(kind: String, message: String) -> ToGateway {
    outcome(Outcome::Failed(Failure { kind, sent: true, message }))
}

fn outbound(content: OutboundContent) -> ToAdapter {
    ToAdapter::Outbound(Outbound { id: 1, attempt: 1, conversation_id: String::new(), reply_to: None, content })
}

fn draft(shown: Vec<String>, text: String) -> ToAdapter {
    outbound(OutboundContent::Text(Draft { shown, text, last: true }))
}

fn prompt(change: impl FnOnce(&mut Prompt)) -> ToAdapter {
    let mut prompt = Prompt { id: String::new(), title: String::new(), literal: vec![], choices: vec![], expires_at_millis: 1 };
    change(&mut prompt);
    outbound(OutboundContent::Prompt(prompt))
}

fn offer(id: String, label: String, style: String) -> ToAdapter {
    prompt(|prompt| prompt.choices = vec![Choice { id, label, style }])
}

fn news(news: MediumNews) -> ToGateway {
    ToGateway::Medium { id: 1, news }
}

fn order(order: MediumOrder) -> ToAdapter {
    ToAdapter::Medium { id: 1, order }
}

fn no() -> String {
    String::new()
}

type Text<M> = (&'static str, usize, fn(String) -> M);

const SHOWN: &str = "the ids of the messages that show it";

fn texts_to_gateway() -> Vec<Text<ToGateway>> {
    let of_messages: [Text<ToGateway>; 16] = [
        ("an inbound's key", MAX_ID_BYTES, |text| message(|message| message.key = text)),
        ("a message's id", MAX_ID_BYTES, |text| message(|message| message.id = text)),
        ("an edited message's id", MAX_ID_BYTES, |text| message(|message| message.edit_of = Some(text))),
        ("an answered message's id", MAX_ID_BYTES, |text| message(|message| message.reply_to = Some(text))),
        ("a message's text", MAX_TEXT_BYTES, |text| message(|message| message.text = text)),
        ("a conversation's id", MAX_ID_BYTES, |text| message(|message| message.conversation.id = text)),
        ("a conversation's kind", MAX_WORD_BYTES, |text| message(|message| message.conversation.kind = text)),
        ("a conversation's parent", MAX_ID_BYTES, |text| message(|message| message.conversation.parent = Some(text))),
        ("a conversation's title", MAX_NAME_BYTES, |text| message(|message| message.conversation.title = Some(text))),
        ("a sender's id", MAX_ID_BYTES, |text| message(|message| message.sender.id = text)),
        ("a sender's name", MAX_NAME_BYTES, |text| message(|message| message.sender.display_name = Some(text))),
        ("a blob's id", MAX_ID_BYTES, |text| stored(text, no(), None)),
        ("a media type", MAX_WORD_BYTES, |text| stored(no(), text, None)),
        ("a file's name", MAX_NAME_BYTES, |text| stored(no(), no(), Some(text))),
        ("a medium's token", MAX_NAME_BYTES, |text| remote(text, no(), None)),
        ("a media type", MAX_WORD_BYTES, |text| remote(no(), text, None)),
    ];
    let others: [Text<ToGateway>; 21] = [
        ("a medium's failure", MAX_REASON_BYTES, |reason| news(MediumNews::Failed { reason })),
        ("a file's name", MAX_NAME_BYTES, |text| remote(no(), no(), Some(text))),
        ("a prompt's id", MAX_ID_BYTES, |text| choice(text, no())),
        ("a choice's id", MAX_ID_BYTES, |text| choice(no(), text)),
        ("a notice's kind", MAX_WORD_BYTES, |text| notice(text, no())),
        ("a notice's detail", MAX_TEXT_BYTES, |text| notice(no(), text)),
        ("a state's key", MAX_ID_BYTES, |text| put(text, vec![])),
        ("a commit's deletes", MAX_ID_BYTES, |text| ToGateway::Commit { id: 1, inbounds: vec![], puts: vec![], deletes: vec![text] }),
        (SHOWN, MAX_ID_BYTES, |text| outcome(Outcome::Delivered(vec![text]))),
        ("a failure's kind", MAX_WORD_BYTES, |text| failed(text, no())),
        ("a failure's message", MAX_REASON_BYTES, |text| failed(no(), text)),
        ("an outcome's reason", MAX_REASON_BYTES, |text| outcome(Outcome::InDoubt(text))),
        ("a health's state", MAX_WORD_BYTES, |state| ToGateway::Health(Health { state, detail: no() })),
        ("a health's detail", MAX_REASON_BYTES, |detail| ToGateway::Health(Health { state: no(), detail })),
        ("a log's level", MAX_WORD_BYTES, |level| ToGateway::Log { level, message: no() }),
        ("a log's message", MAX_REASON_BYTES, |message| ToGateway::Log { level: no(), message }),
        ("a skipped event's reason", MAX_REASON_BYTES, |reason| ToGateway::Skipped { reason, body: vec![] }),
        ("a trap's reason", MAX_REASON_BYTES, |reason| ToGateway::Trapped { reason }),
        ("the end's reason", MAX_REASON_BYTES, |reason| ToGateway::Fatal { reason }),
        ("what the sandbox lacks", MAX_REASON_BYTES, |text| ToGateway::Confined { lacking: vec![text] }),
        ("an inbound's key", MAX_ID_BYTES, |key| {
            let (conversation, sender) = (conversation(), Some(sender()));
            inbound(Inbound::Notice(InboundNotice { key, kind: no(), conversation, sender, detail: no() }))
        }),
    ];
    of_messages.into_iter().chain(others).collect()
}

const TEXTS_TO_ADAPTER: [Text<ToAdapter>; 21] = [
    ("a medium's token", MAX_NAME_BYTES, |token| order(MediumOrder::Wanted { token, most: 1 })),
    ("a blob's id", MAX_ID_BYTES, |id| order(MediumOrder::Kept(Blob { id, media_type: no(), name: None, size: 1 }))),
    ("a media type", MAX_WORD_BYTES, |media_type| order(MediumOrder::Kept(Blob { id: no(), media_type, name: None, size: 1 }))),
    ("a file's name", MAX_NAME_BYTES, |name| order(MediumOrder::Kept(Blob { id: no(), media_type: no(), name: Some(name), size: 1 }))),
    ("a conversation's id", MAX_ID_BYTES, |conversation_id| ToAdapter::Typing(Typing { conversation_id, active: true })),
    ("a conversation's id", MAX_ID_BYTES, |conversation_id| match draft(vec![], no()) {
        ToAdapter::Outbound(outbound) => ToAdapter::Outbound(Outbound { conversation_id, ..outbound }),
        other => other,
    }),
    ("an answered message's id", MAX_ID_BYTES, |id| match draft(vec![], no()) {
        ToAdapter::Outbound(outbound) => ToAdapter::Outbound(Outbound { reply_to: Some(id), ..outbound }),
        other => other,
    }),
    (SHOWN, MAX_ID_BYTES, |text| draft(vec![text], no())),
    ("an outbound's text", MAX_DRAFT_BYTES, |text| draft(vec![], text)),
    (SHOWN, MAX_ID_BYTES, |text| outbound(OutboundContent::PromptClosed(PromptEnd { shown: vec![text], text: no() }))),
    ("an outbound's text", MAX_DRAFT_BYTES, |text| outbound(OutboundContent::PromptClosed(PromptEnd { shown: vec![], text }))),
    ("a prompt's id", MAX_ID_BYTES, |text| prompt(|prompt| prompt.id = text)),
    ("a prompt's title", MAX_NAME_BYTES, |text| prompt(|prompt| prompt.title = text)),
    ("a prompt's label", MAX_NAME_BYTES, |text| prompt(|prompt| prompt.literal = vec![(text, no())])),
    ("a prompt's text", MAX_DRAFT_BYTES, |text| prompt(|prompt| prompt.literal = vec![(no(), text)])),
    ("a choice's id", MAX_ID_BYTES, |text| offer(text, no(), no())),
    ("a choice's label", MAX_NAME_BYTES, |text| offer(no(), text, no())),
    ("a choice's style", MAX_WORD_BYTES, |text| offer(no(), no(), text)),
    ("a blob's id", MAX_ID_BYTES, |id| outbound(OutboundContent::Attachment(Blob { id, media_type: no(), name: None, size: 1 }))),
    ("a media type", MAX_WORD_BYTES, |media_type| {
        outbound(OutboundContent::Attachment(Blob { id: no(), media_type, name: None, size: 1 }))
    }),
    ("a file's name", MAX_NAME_BYTES, |name| {
        outbound(OutboundContent::Attachment(Blob { id: no(), media_type: no(), name: Some(name), size: 1 }))
    }),
];

fn check_text<M: std::fmt::Debug + PartialEq>(
    (what, max, with): Text<M>,
    encode: fn(&M) -> Result<Vec<u8>, WireError>,
    decode: fn(&[u8]) -> Result<M, WireError>,
) {
    let longest = with("x".repeat(max));
    let bytes = encode(&longest).unwrap();
    assert_eq!(decode(&bytes), Ok(longest), "{what}");
    let too_long = WireError::TooLong { what, bytes: max + 1, max };
    assert_eq!(encode(&with("x".repeat(max + 1))), Err(too_long.clone()));
    // A text ends with a zero.
    assert_eq!(decode(&lengthened(&bytes, max + 1)), Err(too_long));
    let marked = encode(&with("marked text".into())).unwrap();
    let broken = replaced(&marked, 1, b"marked", b"mark\xffd");
    assert_eq!(decode(&broken), Err(WireError::NotText { what }));
}

#[test]
fn each_text_from_an_adapter_has_its_bound_and_is_utf_8() {
    for field in texts_to_gateway() {
        check_text(field, ToGateway::encode, ToGateway::decode);
    }
}

#[test]
fn each_text_from_the_gateway_has_its_bound_and_is_utf_8() {
    for field in TEXTS_TO_ADAPTER {
        check_text(field, ToAdapter::encode, ToAdapter::decode);
    }
}

#[test]
fn each_blob_has_its_bound() {
    type Bytes = (&'static str, usize, fn(Vec<u8>) -> ToGateway);
    let fields: [Bytes; 3] = [
        ("a piece of a medium", MAX_PIECE_BYTES, |bytes| news(MediumNews::Piece { bytes })),
        ("a state's value", MAX_STATE_BYTES, |value| put(no(), value)),
        ("a skipped event", MAX_SKIPPED_BYTES, |body| ToGateway::Skipped { reason: no(), body }),
    ];
    for (what, max, with) in fields {
        let bytes = with(vec![7; max]).encode().unwrap();
        assert_eq!(ToGateway::decode(&bytes), Ok(with(vec![7; max])));
        let too_long = WireError::TooLong { what, bytes: max + 1, max };
        assert_eq!(with(vec![7; max + 1]).encode(), Err(too_long.clone()));
        assert_eq!(ToGateway::decode(&lengthened(&bytes, max)), Err(too_long));
    }
}

#[test]
fn each_list_has_its_bound() {
    type List<M> = (&'static str, fn(usize) -> M);
    let to_gateway: [List<ToGateway>; 6] = [
        ("a commit's inbounds", |count| {
            let notice = InboundNotice { key: no(), kind: no(), conversation: conversation(), sender: None, detail: no() };
            ToGateway::Commit { id: 1, inbounds: vec![Inbound::Notice(notice); count], puts: vec![], deletes: vec![] }
        }),
        ("a commit's puts", |count| ToGateway::Commit {
            id: 1,
            inbounds: vec![],
            puts: vec![State { key: no(), value: vec![] }; count],
            deletes: vec![],
        }),
        ("a commit's deletes", |count| ToGateway::Commit { id: 1, inbounds: vec![], puts: vec![], deletes: vec![no(); count] }),
        ("the attachments", |count| {
            let blob = Blob { id: no(), media_type: no(), name: None, size: 1 };
            message(|message| message.attachments = vec![Attachment::Stored(blob); count])
        }),
        (SHOWN, |count| outcome(Outcome::Delivered(vec![no(); count]))),
        ("what the sandbox lacks", |count| ToGateway::Confined { lacking: vec![no(); count] }),
    ];
    for (what, with) in to_gateway {
        assert_eq!(ToGateway::decode(&with(MAX_LIST).encode().unwrap()), Ok(with(MAX_LIST)), "{what}");
        assert_eq!(with(MAX_LIST + 1).encode(), Err(WireError::TooMany { what, count: MAX_LIST + 1, max: MAX_LIST }));
    }
    let to_adapter: [List<ToAdapter>; 4] = [
        (SHOWN, |count| draft(vec![no(); count], no())),
        (SHOWN, |count| outbound(OutboundContent::PromptClosed(PromptEnd { shown: vec![no(); count], text: no() }))),
        ("a prompt's texts", |count| prompt(|prompt| prompt.literal = vec![(no(), no()); count])),
        ("a prompt's choices", |count| prompt(|prompt| prompt.choices = vec![Choice { id: no(), label: no(), style: no() }; count])),
    ];
    for (what, with) in to_adapter {
        assert_eq!(ToAdapter::decode(&with(MAX_LIST).encode().unwrap()), Ok(with(MAX_LIST)), "{what}");
        assert_eq!(with(MAX_LIST + 1).encode(), Err(WireError::TooMany { what, count: MAX_LIST + 1, max: MAX_LIST }));
    }
}

#[test]
fn a_medium_has_its_bound() {
    let most = MAX_MEDIUM_BYTES as u64;
    let begun = |size| news(MediumNews::Begun { size: Some(size) });
    let wanted = |most| order(MediumOrder::Wanted { token: no(), most });
    assert_eq!(ToGateway::decode(&begun(most).encode().unwrap()), Ok(begun(most)));
    assert_eq!(ToAdapter::decode(&wanted(most).encode().unwrap()), Ok(wanted(most)));
    let too_long = WireError::TooLong { what: "a medium", bytes: MAX_MEDIUM_BYTES + 1, max: MAX_MEDIUM_BYTES };
    assert_eq!(begun(most + 1).encode(), Err(too_long.clone()));
    assert_eq!(wanted(most + 1).encode(), Err(too_long.clone()));
    let grown = |bytes: Vec<u8>| replaced(&bytes, 1, &most.to_le_bytes(), &(most + 1).to_le_bytes());
    assert_eq!(ToGateway::decode(&grown(begun(most).encode().unwrap())), Err(too_long.clone()));
    assert_eq!(ToAdapter::decode(&grown(wanted(most).encode().unwrap())), Err(too_long));
}

/// A commit whose parts keep their bounds may be too long as a whole.
#[test]
fn the_whole_has_its_bound() {
    let with = |count: usize, last: usize| {
        let states = (0..count).map(|index| State { key: index.to_string(), value: vec![7; MAX_STATE_BYTES] });
        let rest = State { key: "rest".into(), value: vec![7; last] };
        ToGateway::Commit { id: 1, inbounds: vec![], puts: states.chain([rest]).collect(), deletes: vec![] }
    };
    let taken = with(255, 0).encode().unwrap().len();
    let last = MAX_FRAME_BYTES - taken;
    let longest = with(255, last);
    let mut frame = Vec::new();
    longest.encode_frame(&mut frame).unwrap();
    assert_eq!(frame.len(), MAX_FRAME_BYTES + 4);
    assert_eq!(ToGateway::decode(&frame[4..]), Ok(longest));
    let mut out = b"kept".to_vec();
    let too_long = WireError::TooLong { what: "the message", bytes: MAX_FRAME_BYTES + 8, max: MAX_FRAME_BYTES };
    assert_eq!(with(255, last + 1).encode_frame(&mut out), Err(too_long));
    assert_eq!(out, b"kept");
    assert!(matches!(ToGateway::decode(&vec![0; MAX_FRAME_BYTES + 1]), Err(WireError::FrameTooLong { max: MAX_FRAME_BYTES, .. })));
}
