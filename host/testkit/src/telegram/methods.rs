//! The methods that answer at once. What they refuse, and in which words, is what the real server refuses.

use std::time::Instant;

use serde_json::{Value, json};

use super::answer::{Done, Refusal};
use super::body::Arguments;
use super::markup::{Formatted, of_bot, utf16};
use super::messages::Content;
use super::updates::Webhook;
use super::world::{Place, World};

/// Of a text after its entities were parsed, in UTF-16 units.
const TEXT_MAX: usize = 4096;
const CAPTION_MAX: usize = 1024;
/// In bytes.
const CALLBACK_DATA_MAX: usize = 64;
/// Of a file that a bot may download, in bytes.
const DOWNLOAD_MAX: usize = 20 * 1024 * 1024;
const COMMANDS_MAX: usize = 100;

type Answer = Result<Done, Refusal>;

/// Does what a method does. `getUpdates` waits, and is elsewhere.
pub(crate) fn perform(world: &mut World, method: &str, arguments: &Arguments) -> Answer {
    match method.to_ascii_lowercase().as_str() {
        "getme" => get_me(world),
        "setwebhook" => set_webhook(world, arguments),
        "deletewebhook" => Ok(delete_webhook(world, arguments)),
        "getwebhookinfo" => Ok(webhook_info(world).into()),
        "sendmessage" => send_message(world, arguments),
        "sendphoto" => send_file(world, arguments, "photo"),
        "senddocument" => send_file(world, arguments, "document"),
        "editmessagetext" => edit_message_text(world, arguments),
        "deletemessage" => delete_message(world, arguments),
        "sendchataction" => send_chat_action(world, arguments),
        "answercallbackquery" => answer_callback_query(world, arguments),
        "getchat" => get_chat(world, arguments),
        "getfile" => get_file(world, arguments),
        "setmycommands" => set_my_commands(world, arguments),
        "getmycommands" => Ok(world.commands.get(&scope(arguments)?).cloned().unwrap_or_else(|| json!([])).into()),
        _ => Err(Refusal::not_found()),
    }
}

fn get_me(world: &World) -> Answer {
    let mut me = world.options.bot();
    if let Some(me) = me.as_object_mut() {
        me.insert("can_read_all_group_messages".to_owned(), (!world.options.privacy).into());
        me.insert("can_join_groups".to_owned(), true.into());
        for name in ["supports_inline_queries", "can_connect_to_business", "has_main_web_app"] {
            me.insert(name.to_owned(), false.into());
        }
    }
    Ok(me.into())
}

fn set_webhook(world: &mut World, arguments: &Arguments) -> Answer {
    let Some(url) = arguments.text("url") else { return Ok(delete_webhook(world, arguments)) };
    if !url.starts_with("https://") {
        return Err(Refusal::bad("bad webhook: An HTTPS URL must be provided for webhook"));
    }
    if let Some(kinds) = arguments.json("allowed_updates", "allowed_updates")? {
        world.updates.allow(&kinds);
    }
    forget_pending(world, arguments);
    world.updates.webhook = Some(Webhook { url, max_connections: arguments.clamped("max_connections", 40, 1..=100) });
    Ok(Done { result: true.into(), description: Some("Webhook was set") })
}

fn delete_webhook(world: &mut World, arguments: &Arguments) -> Done {
    forget_pending(world, arguments);
    let was_set = world.updates.webhook.take().is_some();
    let description = if was_set { "Webhook was deleted" } else { "Webhook is already deleted" };
    Done { result: true.into(), description: Some(description) }
}

fn forget_pending(world: &mut World, arguments: &Arguments) {
    if arguments.flag("drop_pending_updates") {
        world.updates.clear();
    }
}

fn webhook_info(world: &World) -> Value {
    let webhook = world.updates.webhook.as_ref();
    let mut info = json!({
        "url": webhook.map(|webhook| webhook.url.as_str()).unwrap_or_default(),
        "has_custom_certificate": false,
        "pending_update_count": world.updates.pending(),
    });
    if let Some(info) = info.as_object_mut() {
        if let Some(webhook) = webhook {
            info.insert("max_connections".to_owned(), webhook.max_connections.into());
        }
        if let Some(allowed) = world.updates.allowed() {
            info.insert("allowed_updates".to_owned(), allowed.iter().map(String::as_str).collect());
        }
    }
    info
}

fn send_message(world: &mut World, arguments: &Arguments) -> Answer {
    let body = formatted(arguments, "text", "entities")?;
    let markup = reply_markup(arguments)?;
    let preview = link_preview(arguments)?;
    let chat = writable_chat(world, arguments)?;
    let place = place(world, arguments, chat)?;
    if body.text.is_empty() {
        return Err(Refusal::bad("message text is empty"));
    }
    if utf16(&body.text) > TEXT_MAX {
        return Err(Refusal::bad("message is too long"));
    }
    send(world, chat, place, Content { body, media: None, markup, preview })
}

fn send_file(world: &mut World, arguments: &Arguments, kind: &'static str) -> Answer {
    let body = formatted(arguments, "caption", "caption_entities")?;
    let markup = reply_markup(arguments)?;
    let chat = writable_chat(world, arguments)?;
    let place = place(world, arguments, chat)?;
    if utf16(&body.text) > CAPTION_MAX {
        return Err(Refusal::bad("message caption is too long"));
    }
    let media = match (arguments.file(kind), arguments.text(kind)) {
        (Some(file), _) if file.bytes.is_empty() => return Err(Refusal::bad("file must be non-empty")),
        (Some(file), _) if kind == "photo" => world.files.add_photo(&file.bytes),
        (Some(file), _) => world.files.add_document(&file.name, &file.media_type, &file.bytes),
        (None, Some(id)) => {
            let known = world.files.get(&id).ok_or_else(|| Refusal::bad("wrong file identifier/HTTP URL specified"))?;
            known.media.clone()
        }
        (None, None) => return Err(Refusal::bad(format!("there is no {kind} in the request"))),
    };
    send(world, chat, place, Content { body, media: Some(media), markup, preview: None })
}

fn send(world: &mut World, chat: i64, place: Place, content: Content) -> Answer {
    world.spend(chat)?;
    let from = world.options.bot();
    let message = world.add_message(chat, from, place, content);
    Ok(world.render(&message).into())
}

fn edit_message_text(world: &mut World, arguments: &Arguments) -> Answer {
    let body = formatted(arguments, "text", "entities")?;
    let markup = reply_markup(arguments)?;
    if markup.as_ref().is_some_and(|markup| markup.get("inline_keyboard").is_none()) {
        return Err(Refusal::bad("inline keyboard expected"));
    }
    let preview = link_preview(arguments)?;
    let (chat, id) = addressed(world, arguments)?;
    let message = world.messages.get(chat, id).ok_or_else(|| Refusal::bad("message to edit not found"))?;
    if !message.outgoing {
        return Err(Refusal::bad("message can't be edited"));
    }
    if message.content.media.is_some() {
        return Err(Refusal::bad("there is no text in the message to edit"));
    }
    if body.text.is_empty() {
        return Err(Refusal::bad("message text is empty"));
    }
    if utf16(&body.text) > TEXT_MAX {
        return Err(Refusal::bad("MESSAGE_TOO_LONG"));
    }
    if message.content.body == body && message.content.markup == markup {
        return Err(Refusal::bad(
            "message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message",
        ));
    }
    world.spend(chat)?;
    let content = Content { body, media: None, markup, preview };
    world.messages.get_mut(chat, id).into_iter().for_each(|message| message.edit(content.clone()));
    Ok(world.messages.get(chat, id).map(|message| world.render(message)).unwrap_or_default().into())
}

fn delete_message(world: &mut World, arguments: &Arguments) -> Answer {
    let (chat, id) = addressed(world, arguments)?;
    let private = world.rooms.get(&chat).is_some_and(|room| room.chat.is_private());
    let message = world.messages.get_mut(chat, id).ok_or_else(|| Refusal::bad("message to delete not found"))?;
    // In a group it would have to be an administrator.
    if !message.outgoing && !private {
        return Err(Refusal::bad("message can't be deleted"));
    }
    message.deleted = Some(Instant::now());
    Ok(Value::Bool(true).into())
}

/// What people see that the bot does.
const ACTIONS: [&str; 11] = [
    "choose_sticker",
    "find_location",
    "record_video",
    "record_video_note",
    "record_voice",
    "typing",
    "upload_document",
    "upload_photo",
    "upload_video",
    "upload_video_note",
    "upload_voice",
];

fn send_chat_action(world: &mut World, arguments: &Arguments) -> Answer {
    let action = arguments.text("action").unwrap_or_default().to_ascii_lowercase();
    if !ACTIONS.contains(&action.as_str()) {
        return Err(Refusal::bad("wrong parameter action in request"));
    }
    let chat = writable_chat(world, arguments)?;
    place(world, arguments, chat)?;
    Ok(Value::Bool(true).into())
}

fn answer_callback_query(world: &mut World, arguments: &Arguments) -> Answer {
    let id = arguments.text("callback_query_id").unwrap_or_default();
    let pressed = world.presses.get_mut(&id);
    let answer = pressed.ok_or_else(|| Refusal::bad("query is too old and response timeout expired or query ID is invalid"))?;
    if arguments.text("text").is_some_and(|text| utf16(&text) > 200) {
        return Err(Refusal::bad("MESSAGE_TOO_LONG"));
    }
    *answer = Some(arguments.recorded());
    Ok(Value::Bool(true).into())
}

fn get_chat(world: &World, arguments: &Arguments) -> Answer {
    let chat = known_chat(world, arguments)?;
    let mut full = world.rooms.get(&chat).map(|room| room.chat.render()).unwrap_or_default();
    if let Some(full) = full.as_object_mut() {
        full.insert("accent_color_id".to_owned(), 0.into());
        full.insert("max_reaction_count".to_owned(), 11.into());
        let gifts = json!({
            "unlimited_gifts": false,
            "limited_gifts": false,
            "unique_gifts": false,
            "premium_subscription": false,
            "gifts_from_channels": false,
        });
        full.insert("accepted_gift_types".to_owned(), gifts);
    }
    Ok(full.into())
}

fn get_file(world: &World, arguments: &Arguments) -> Answer {
    let id = arguments.text("file_id").ok_or_else(|| Refusal::bad("file_id not specified"))?;
    let file = world.files.get(&id).ok_or_else(|| Refusal::bad("wrong file_id or the file is temporarily unavailable"))?;
    if file.bytes.len() > DOWNLOAD_MAX {
        return Err(Refusal::bad("file is too big"));
    }
    let unique = format!("unique-{}", file.path);
    Ok(json!({ "file_id": id, "file_unique_id": unique, "file_size": file.bytes.len(), "file_path": file.path }).into())
}

fn set_my_commands(world: &mut World, arguments: &Arguments) -> Answer {
    let commands = arguments.json("commands", "commands")?.unwrap_or_else(|| json!([]));
    let list = commands.as_array().ok_or_else(|| Refusal::bad("expected an Array of BotCommand"))?;
    if list.len() > COMMANDS_MAX {
        return Err(Refusal::bad("BOT_COMMANDS_TOO_MUCH"));
    }
    for command in list {
        let field = |name: &str| command.get(name).and_then(Value::as_str).unwrap_or_default();
        let name = field("command").trim_start_matches('/');
        let valid = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if !(1..=32).contains(&name.len()) || !name.bytes().all(valid) {
            return Err(Refusal::bad("BOT_COMMAND_INVALID"));
        }
        if !(1..=256).contains(&utf16(field("description"))) {
            return Err(Refusal::bad("BOT_COMMAND_DESCRIPTION_INVALID"));
        }
    }
    world.commands.insert(scope(arguments)?, commands);
    Ok(Value::Bool(true).into())
}

/// For whom commands are: a key, the same for the same scope and language.
fn scope(arguments: &Arguments) -> Result<String, Refusal> {
    let scope = arguments.json("scope", "bot command scope")?.filter(|scope| scope.get("type").and_then(Value::as_str) != Some("default"));
    let language = arguments.text("language_code").unwrap_or_default();
    Ok(format!("{language} {}", scope.unwrap_or_default()))
}

fn formatted(arguments: &Arguments, text: &str, entities: &str) -> Result<Formatted, Refusal> {
    let entities = arguments.json(entities, "entities")?;
    of_bot(&arguments.text(text).unwrap_or_default(), arguments.text("parse_mode").as_deref(), entities.as_ref())
}

fn link_preview(arguments: &Arguments) -> Result<Option<Value>, Refusal> {
    match arguments.json("link_preview_options", "link preview options")? {
        Some(options) if !options.is_object() => Err(Refusal::bad("object expected as link preview options")),
        options => Ok(options),
    }
}

fn known_chat(world: &World, arguments: &Arguments) -> Result<i64, Refusal> {
    let id = arguments.text("chat_id").ok_or_else(|| Refusal::bad("chat_id is empty"))?;
    let id = id.trim().parse::<i64>().ok().filter(|id| world.rooms.contains_key(id));
    id.ok_or_else(|| Refusal::bad("chat not found"))
}

/// A chat that the bot may write in.
fn writable_chat(world: &World, arguments: &Arguments) -> Result<i64, Refusal> {
    let id = known_chat(world, arguments)?;
    match world.rooms.get(&id) {
        Some(room) if !room.closed => Ok(id),
        Some(room) if room.chat.is_private() => Err(Refusal::forbidden("bot was blocked by the user")),
        Some(room) if room.chat.is_supergroup() => Err(Refusal::forbidden("bot was kicked from the supergroup chat")),
        _ => Err(Refusal::forbidden("bot was kicked from the group chat")),
    }
}

/// The message that a request is about.
fn addressed(world: &World, arguments: &Arguments) -> Result<(i64, i64), Refusal> {
    let chat = writable_chat(world, arguments)?;
    let message = arguments.integer("message_id").filter(|id| *id > 0);
    Ok((chat, message.ok_or_else(|| Refusal::bad("message identifier is not specified"))?))
}

fn place(world: &World, arguments: &Arguments, chat: i64) -> Result<Place, Refusal> {
    let room = world.rooms.get(&chat);
    let thread = arguments.integer("message_thread_id").filter(|thread| *thread != 0);
    if thread.is_some_and(|thread| !room.is_some_and(|room| room.chat.is_forum() && room.threads.contains(&thread))) {
        return Err(Refusal::bad("message thread not found"));
    }
    let parameters = arguments.json("reply_parameters", "reply parameters")?;
    if parameters.as_ref().is_some_and(|parameters| !parameters.is_object()) {
        return Err(Refusal::bad("object expected as reply parameters"));
    }
    let of_parameters = |name: &str| parameters.as_ref().and_then(|parameters| parameters.get(name));
    let wanted = of_parameters("message_id").and_then(Value::as_i64).or_else(|| arguments.integer("reply_to_message_id"));
    let anyway = of_parameters("allow_sending_without_reply").and_then(Value::as_bool);
    let anyway = anyway.unwrap_or_else(|| arguments.flag("allow_sending_without_reply"));
    let found = wanted.filter(|id| world.messages.get(chat, *id).is_some());
    if wanted.is_some_and(|id| id > 0) && found.is_none() && !anyway {
        return Err(Refusal::bad("message to be replied not found"));
    }
    // An answer stands where what it answers stands.
    let inherited = found.and_then(|id| world.messages.get(chat, id)).and_then(|message| message.thread);
    Ok(Place { reply_to: found, thread: thread.or(inherited) })
}

fn reply_markup(arguments: &Arguments) -> Result<Option<Value>, Refusal> {
    let Some(markup) = arguments.json("reply_markup", "reply keyboard markup")? else { return Ok(None) };
    if !markup.is_object() {
        return Err(Refusal::bad("object expected as reply markup"));
    }
    let Some(rows) = markup.get("inline_keyboard") else { return Ok(Some(markup)) };
    let rows = rows
        .as_array()
        .ok_or_else(|| Refusal::bad("field \"inline_keyboard\" of the InlineKeyboardMarkup should be an Array of Arrays"))?;
    for row in rows {
        let row = row
            .as_array()
            .ok_or_else(|| Refusal::bad("field \"inline_keyboard\" of the InlineKeyboardMarkup should be an Array of Arrays"))?;
        row.iter().try_for_each(check_button)?;
    }
    // A keyboard without a button is none.
    let empty = rows.iter().filter_map(Value::as_array).all(Vec::is_empty);
    Ok(Some(markup).filter(|_| !empty))
}

fn check_button(button: &Value) -> Result<(), Refusal> {
    let wrong = |why: &str| Err(Refusal::bad(format!("can't parse inline keyboard button: {why}")));
    match button.get("text").map(Value::as_str) {
        None => return wrong("Can't find field \"text\""),
        Some(None) => return wrong("Field \"text\" must be of type String"),
        Some(Some("")) => return Err(Refusal::bad("BUTTON_TEXT_INVALID")),
        Some(Some(_)) => {}
    }
    if let Some(data) = button.get("callback_data") {
        return match data.as_str() {
            None => wrong("Field \"callback_data\" must be of type String"),
            Some(data) if (1..=CALLBACK_DATA_MAX).contains(&data.len()) => Ok(()),
            Some(_) => Err(Refusal::bad("BUTTON_DATA_INVALID")),
        };
    }
    match button.get("url") {
        Some(url) if url.as_str().is_some_and(|url| url.contains("://")) => Ok(()),
        Some(_) => Err(Refusal::bad("BUTTON_URL_INVALID")),
        None if ["web_app", "switch_inline_query", "copy_text"].iter().any(|name| button.get(name).is_some()) => Ok(()),
        None => wrong("Text buttons are unallowed in the inline keyboard"),
    }
}
