//! The fake Bot API, where its clients do not show it: each bound on both sides, the record, and what goes wrong.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wirken_testkit::telegram::{Chat, FakeTelegram, Fault, Options, Refusal, Said, User};

use crate::llm::client;

const SOON: Duration = Duration::from_secs(5);

fn ada() -> User {
    User::new(11, "Ada")
}

/// A server that Ada has written to, and her chat.
async fn start(options: Options) -> (FakeTelegram, Chat) {
    let server = FakeTelegram::start(options).await.unwrap();
    let chat = Chat::private(&ada());
    server.enter(&chat);
    (server, chat)
}

fn url(server: &FakeTelegram, method: &str) -> String {
    format!("{}/bot{}/{method}", server.origin(), server.token())
}

async fn try_call(server: &FakeTelegram, method: &str, parameters: &Value) -> reqwest::Result<(u16, Value)> {
    let request = client().post(url(server, method)).header("content-type", "application/json");
    let response = request.body(parameters.to_string()).send().await?;
    let status = response.status().as_u16();
    Ok((status, serde_json::from_str(&response.text().await?).unwrap()))
}

async fn call(server: &FakeTelegram, method: &str, parameters: Value) -> (u16, Value) {
    try_call(server, method, &parameters).await.unwrap()
}

/// What a call that is not refused returns.
async fn done(server: &FakeTelegram, method: &str, parameters: Value) -> Value {
    let (status, mut answer) = call(server, method, parameters).await;
    assert_eq!((status, &answer["ok"]), (200, &json!(true)), "{answer}");
    answer["result"].take()
}

/// Why a call is refused.
async fn refused(server: &FakeTelegram, method: &str, parameters: Value) -> String {
    let (status, answer) = call(server, method, parameters).await;
    assert_eq!((&answer["ok"], &answer["error_code"]), (&json!(false), &json!(status)), "{answer}");
    answer["description"].as_str().unwrap().to_owned()
}

async fn send(server: &FakeTelegram, chat: &Chat, text: &str) -> i64 {
    done(server, "sendMessage", json!({ "chat_id": chat.id, "text": text })).await["message_id"].as_i64().unwrap()
}

/// Waits for the first poll.
async fn polled(server: &FakeTelegram) {
    while server.requests_of("getUpdates") == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_text_has_up_to_4096_units_after_its_markup_is_gone() {
    let (server, chat) = start(Options::default()).await;
    let markup = |text: &str| json!({ "chat_id": chat.id, "text": format!("<b>{text}</b>"), "parse_mode": "HTML" });
    for (unit, most) in [("x", 4096), ("ö", 4096), ("🚀", 2048)] {
        let sent = done(&server, "sendMessage", markup(&unit.repeat(most))).await;
        assert_eq!(sent["entities"][0]["length"], 4096);
        assert_eq!(refused(&server, "sendMessage", markup(&unit.repeat(most + 1))).await, "Bad Request: message is too long");
        let mut edit = markup(&unit.repeat(most + 1));
        edit["message_id"] = sent["message_id"].clone();
        assert_eq!(refused(&server, "editMessageText", edit).await, "Bad Request: MESSAGE_TOO_LONG");
    }
    assert_eq!(refused(&server, "sendMessage", markup("")).await, "Bad Request: message text is empty");
    assert_eq!(refused(&server, "sendMessage", json!({ "chat_id": chat.id })).await, "Bad Request: message text is empty");
}

#[tokio::test]
async fn a_button_has_one_to_64_bytes_of_data_and_something_to_do() {
    let (server, chat) = start(Options::default()).await;
    let keyboard = |button: Value| json!({ "chat_id": chat.id, "text": "?", "reply_markup": { "inline_keyboard": [[button]] } });
    for (data, taken) in
        [("x".repeat(64), true), ("x".repeat(65), false), ("ö".repeat(32), true), ("ö".repeat(33), false), (String::new(), false)]
    {
        let (status, answer) = call(&server, "sendMessage", keyboard(json!({ "text": "a", "callback_data": data }))).await;
        assert_eq!(status == 200, taken, "{answer}");
        assert!(taken || answer["description"] == "Bad Request: BUTTON_DATA_INVALID", "{answer}");
    }
    for (button, why) in [
        (json!({ "text": "a" }), "Text buttons are unallowed in the inline keyboard"),
        (json!({ "text": 1, "url": "https://x.example" }), "Field \"text\" must be of type String"),
        (json!({ "callback_data": "x" }), "Can't find field \"text\""),
    ] {
        let expected = format!("Bad Request: can't parse inline keyboard button: {why}");
        assert_eq!(refused(&server, "sendMessage", keyboard(button)).await, expected);
    }
    let wrong = json!({ "chat_id": chat.id, "text": "?", "reply_markup": "{" });
    assert_eq!(refused(&server, "sendMessage", wrong).await, "Bad Request: can't parse reply keyboard markup JSON object");
}

#[tokio::test]
async fn a_command_a_caption_and_an_action_have_bounds() {
    let (server, chat) = start(Options::default()).await;
    let commands = |name: &str, description: &str| json!({ "commands": [{ "command": name, "description": description }] });
    for (name, description) in [("a", "b"), ("a_1".repeat(8).as_str(), "b".repeat(256).as_str())] {
        done(&server, "setMyCommands", commands(name, description)).await;
    }
    for name in ["", "A", "a-b", "a".repeat(33).as_str()] {
        assert_eq!(refused(&server, "setMyCommands", commands(name, "b")).await, "Bad Request: BOT_COMMAND_INVALID");
    }
    for description in ["", "b".repeat(257).as_str()] {
        assert_eq!(refused(&server, "setMyCommands", commands("a", description)).await, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID");
    }
    let spoken = server.say(&chat, &ada(), Said::document("", "a.txt", "text/plain", "x"));
    let update = done(&server, "getUpdates", json!({})).await;
    assert_eq!(update[0]["message"]["message_id"], spoken.message);
    let file = update[0]["message"]["document"]["file_id"].clone();
    let document = |caption: usize| json!({ "chat_id": chat.id, "document": file, "caption": "x".repeat(caption) });
    done(&server, "sendDocument", document(1024)).await;
    assert_eq!(refused(&server, "sendDocument", document(1025)).await, "Bad Request: message caption is too long");
    let action = json!({ "chat_id": chat.id, "action": "dancing" });
    assert_eq!(refused(&server, "sendChatAction", action).await, "Bad Request: wrong parameter action in request");
}

#[tokio::test]
async fn a_poll_takes_at_most_100_and_waits_for_the_first() {
    let (server, chat) = start(Options::default()).await;
    for number in 0..120 {
        server.say(&chat, &ada(), number.to_string());
    }
    for (limit, count) in
        [(json!(null), 100), (json!(100), 100), (json!(101), 100), (json!(1), 1), (json!(0), 1), (json!(-5), 1), (json!("7"), 7)]
    {
        let updates = done(&server, "getUpdates", json!({ "limit": limit })).await;
        assert_eq!(updates.as_array().unwrap().len(), count, "{limit}");
    }
    let last = done(&server, "getUpdates", json!({ "offset": -1 })).await[0].take();
    assert_eq!((&last["message"]["text"], server.pending()), (&json!("119"), 1));
    let offset = last["update_id"].as_i64().unwrap() + 1;
    let began = Instant::now();
    assert_eq!(done(&server, "getUpdates", json!({ "offset": offset, "timeout": 1 })).await, json!([]));
    assert!(began.elapsed() >= Duration::from_secs(1) && server.pending() == 0);
    let poll = done(&server, "getUpdates", json!({ "offset": offset, "timeout": 30 }));
    let before = server.requests_of("getUpdates");
    let speak = async {
        assert!(server.wait_for_requests("getUpdates", before, SOON).await);
        assert!(!server.wait_for_requests("getUpdates", before + 1, Duration::from_millis(50)).await, "there is no more than one");
        server.say(&chat, &ada(), "now");
        Instant::now()
    };
    let (updates, spoken) = tokio::join!(poll, speak);
    assert_eq!(updates[0]["message"]["text"], "now");
    assert!(spoken.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn a_webhook_ends_a_poll_and_must_be_https() {
    let (server, _chat) = start(Options::default()).await;
    let set = async {
        polled(&server).await;
        let (_, answer) = call(&server, "setWebhook", json!({ "url": "https://x.example/" })).await;
        assert_eq!(answer["description"], "Webhook was set");
    };
    let (why, ()) = tokio::join!(refused(&server, "getUpdates", json!({ "timeout": 30 })), set);
    assert_eq!(why, "Conflict: terminated by setWebhook request");
    assert!(refused(&server, "getUpdates", json!({})).await.starts_with("Conflict: can't use getUpdates method while webhook is active"));
    let why = refused(&server, "setWebhook", json!({ "url": "http://x.example/" })).await;
    assert_eq!(why, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook");
    for description in ["Webhook was deleted", "Webhook is already deleted"] {
        assert_eq!(call(&server, "deleteWebhook", json!({})).await.1["description"], description);
    }
}

#[tokio::test]
async fn a_chat_has_a_rate_of_its_own() {
    let (server, chat) = start(Options::default().rate(2, Duration::from_secs(30))).await;
    let other = Chat::group(5, "Garden");
    server.enter(&other);
    let message = send(&server, &chat, "one").await;
    done(&server, "editMessageText", json!({ "chat_id": chat.id, "message_id": message, "text": "one!" })).await;
    let response = client().get(format!("{}?chat_id={}&text=two", url(&server, "sendMessage"), chat.id)).send().await.unwrap();
    let header = response.headers()["retry-after"].to_str().unwrap().to_owned();
    let answer: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    let seconds: u32 = header.parse().unwrap();
    let description = format!("Too Many Requests: retry after {seconds}");
    let expected = json!({ "ok": false, "error_code": 429, "description": description, "parameters": { "retry_after": seconds } });
    assert_eq!(answer, expected);
    assert!((1..=30).contains(&seconds));
    send(&server, &other, "there is room elsewhere").await;
    assert_eq!(server.sent().len(), 2);
}

#[tokio::test]
async fn a_rate_passes() {
    let (server, chat) = start(Options::default().rate(1, Duration::from_millis(300))).await;
    send(&server, &chat, "one").await;
    while call(&server, "sendMessage", json!({ "chat_id": chat.id, "text": "two" })).await.0 == 429 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let at: Vec<_> = server.sent().iter().map(|sent| sent.versions[0].at).collect();
    assert!(at[1].duration_since(at[0]) >= Duration::from_millis(290));
}

#[tokio::test]
async fn a_group_shows_the_bot_what_is_for_it() {
    let bob = User::new(12, "Bob");
    for (options, hears_all) in [(Options::default().username("gate_bot"), false), (Options::default().without_privacy(), true)] {
        let (server, _private) = start(options).await;
        let group = Chat::supergroup(7, "Club");
        let told = |text: &str| server.say(&group, &bob, text).update.is_some();
        assert_eq!(told("hello"), hears_all);
        assert_eq!(told("me@gate_bot.example"), hears_all);
        assert_eq!(told("@gate_bots hello"), hears_all);
        assert_eq!(told("/ask@other_bot"), hears_all);
        assert!(told("/ask") && told("/ask@gate_bot now") || hears_all);
        assert!(told("so, @Gate_Bot?"));
        let mine = send(&server, &group, "I am here").await;
        assert!(server.say(&group, &bob, Said::text("good").reply_to(mine)).update.is_some());
        let theirs = server.say(&group, &bob, "hm").message;
        assert_eq!(server.say(&group, &bob, Said::text("hm").reply_to(theirs)).update.is_some(), hears_all);
        assert_eq!(server.edit(&group, theirs, "hm!").is_some(), hears_all);
        assert!(server.edit(&group, theirs, "/ask").is_some());
    }
}

#[tokio::test]
async fn a_supergroup_numbers_its_messages_by_itself() {
    let (server, chat) = start(Options::default()).await;
    let (group, club) = (Chat::group(5, "Garden"), Chat::supergroup(6, "Club"));
    server.enter(&group);
    server.enter(&club);
    let numbers = [send(&server, &chat, "a").await, send(&server, &group, "b").await, send(&server, &club, "c").await];
    assert_eq!(numbers, [100, 101, 1]);
    let order: Vec<_> = server.sent().into_iter().map(|sent| (sent.chat, sent.text)).collect();
    assert_eq!(order, [(11, "a".to_owned()), (-5, "b".to_owned()), (-1_000_000_000_006, "c".to_owned())]);
}

#[tokio::test]
async fn only_its_own_messages_are_the_bots_to_change() {
    let (server, chat) = start(Options::default()).await;
    let group = Chat::group(5, "Garden");
    let (here, there) = (server.say(&chat, &ada(), "mine").message, server.say(&group, &ada(), "/mine").message);
    let edit = json!({ "chat_id": chat.id, "message_id": here, "text": "yours" });
    assert_eq!(refused(&server, "editMessageText", edit).await, "Bad Request: message can't be edited");
    let delete = |chat: &Chat, message: i64| json!({ "chat_id": chat.id, "message_id": message });
    assert_eq!(refused(&server, "deleteMessage", delete(&group, there)).await, "Bad Request: message can't be deleted");
    done(&server, "deleteMessage", delete(&chat, here)).await;
    let unnamed = json!({ "chat_id": chat.id, "text": "x" });
    assert_eq!(refused(&server, "editMessageText", unnamed).await, "Bad Request: message identifier is not specified");
    server.block(&group);
    let send = json!({ "chat_id": group.id, "text": "x" });
    assert_eq!(refused(&server, "sendMessage", send.clone()).await, "Forbidden: bot was kicked from the group chat");
    server.unblock(&group);
    done(&server, "sendMessage", send).await;
}

#[tokio::test]
async fn a_wrong_token_and_a_wrong_path_lead_nowhere() {
    let (server, chat) = start(Options::default().token("42:right")).await;
    for (path, status) in [
        ("/bot42:right/getMe", 200),
        ("/bot42:right/GETME", 200),
        ("/bot42%3Aright/getme", 200),
        ("/bot42:wrong/getMe", 401),
        ("/botnonsense/getMe", 404),
        ("/bot42:right/makeCoffee", 404),
        ("/bot42:right/", 404),
        ("/bot42:right", 404),
        ("/", 404),
        ("/file/bot42:right/photos/nothing.jpg", 404),
        ("/file/bot42:wrong/photos/file_0.jpg", 401),
        ("/file/bot42:right/../../etc/passwd", 404),
    ] {
        let response = client().get(format!("{}{path}", server.origin())).send().await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{path}");
        let answer: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
        assert_eq!(answer["ok"], json!(status == 200), "{path}");
    }
    let response = client().put(url(&server, "getMe")).send().await.unwrap();
    assert_eq!(response.status().as_u16(), 405);
    assert_eq!((server.requests_of("getMe"), server.requests()), (6, 11));
    server.say(&chat, &ada(), Said::photo("", vec![1, 2, 3]));
    let photo = client().get(format!("{}/file/bot42:right/photos/file_1.jpg", server.origin())).send().await.unwrap();
    assert_eq!(photo.bytes().await.unwrap().as_ref(), [1, 2, 3]);
}

#[tokio::test]
async fn a_cut_request_had_its_effect_or_had_none() {
    let (server, chat) = start(Options::default()).await;
    let say = |text: &str| json!({ "chat_id": chat.id, "text": text });
    for (fault, count) in [(Fault::CutBefore, 0), (Fault::CutAfter, 1)] {
        server.fail("sendmessage", 1, fault);
        assert!(try_call(&server, "sendMessage", &say("x")).await.is_err());
        assert_eq!(server.sent().len(), count);
    }
    assert_eq!(server.calls().iter().map(|call| call.answer.is_some()).collect::<Vec<_>>(), [false, true]);
    server.fail("*", 2, Fault::Refuse(Refusal::new(500, "Internal Server Error")));
    assert_eq!(refused(&server, "getMe", json!({})).await, "Internal Server Error");
    assert_eq!(refused(&server, "sendMessage", say("y")).await, "Internal Server Error");
    server.fail("sendMessage", 9, Fault::Refuse(Refusal::too_many(7)));
    assert_eq!(call(&server, "sendMessage", say("y")).await.1["parameters"]["retry_after"], 7);
    server.recover();
    let pause = Duration::from_millis(200);
    for (fault, before_effect) in [(Fault::Delay(pause), true), (Fault::DelayAnswer(pause), false)] {
        server.fail("sendMessage", 1, fault);
        let began = Instant::now();
        send(&server, &chat, "late").await;
        let effect = server.sent().pop().unwrap().versions[0].at;
        let waited = if before_effect { effect.duration_since(began) } else { effect.elapsed() };
        assert!(waited >= pause, "{waited:?}");
    }
}

#[tokio::test]
async fn who_is_away_cannot_be_reached_and_forgets_nothing() {
    let (server, chat) = start(Options::default()).await;
    let first = send(&server, &chat, "before").await;
    let leave = async {
        polled(&server).await;
        server.leave().await;
    };
    let parameters = json!({ "timeout": 30 });
    let (poll, ()) = tokio::join!(try_call(&server, "getUpdates", &parameters), leave);
    assert!(poll.is_err());
    assert!(try_call(&server, "getMe", &json!({})).await.unwrap_err().is_connect());
    server.say(&chat, &ada(), "where are you?");
    server.come_back().await.unwrap();
    let updates = done(&server, "getUpdates", json!({})).await;
    assert_eq!((&updates[0]["message"]["text"], send(&server, &chat, "after").await), (&json!("where are you?"), first + 2));
    let origin = server.origin();
    drop(server);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(client().get(origin).send().await.is_err());
}

#[tokio::test]
async fn anything_can_be_an_update_and_anything_an_answer() {
    let (server, chat) = start(Options::default()).await;
    let spoken = server.say(&chat, &ada(), "once").update.unwrap();
    let odd = [json!(null), json!("text"), json!({ "message_id": "x" }), json!([[[]]])].map(|what| server.inject("message", what));
    assert_eq!(server.repeat_as_new(spoken), Some(odd[3] + 1));
    assert!(server.repeat(spoken) && !server.repeat(1));
    let updates = done(&server, "getUpdates", json!({})).await;
    let ids: Vec<_> = updates.as_array().unwrap().iter().map(|update| update["update_id"].as_i64().unwrap()).collect();
    assert_eq!(ids, [&[spoken, spoken][..], &odd, &[odd[3] + 1]].concat());
    assert_eq!((&updates[3]["message"], &updates[6]["message"]), (&json!("text"), &updates[0]["message"]));
    for body in ["", "<html>", "{\"ok\":true,\"result\":[{\"update_id\":\"x\"}]}"] {
        server.fail("getUpdates", 1, Fault::Answer { status: 200, body: body.to_owned() });
        let response = client().get(url(&server, "getUpdates")).send().await.unwrap();
        assert_eq!(response.text().await.unwrap(), body);
    }
}

#[tokio::test]
async fn the_record_is_bounded_and_tests_can_wait_for_it() {
    let (server, chat) = start(Options::default().keeping(3)).await;
    let wait = server.wait(SOON, |sent| sent.iter().find(|sent| sent.text == "4").cloned());
    let write = async {
        for number in 0..5 {
            send(&server, &chat, &number.to_string()).await;
        }
    };
    let (found, ()) = tokio::join!(wait, write);
    assert_eq!(found.unwrap().message, 104);
    assert!(server.wait(Duration::from_millis(50), |sent| sent.is_empty().then_some(())).await.is_none());
    let texts: Vec<_> = server.sent().into_iter().map(|sent| sent.text).collect();
    assert_eq!((texts, server.calls().len(), server.requests()), (vec!["2".into(), "3".into(), "4".into()], 3, 5));
    let since = |count| server.sent_since(count).len();
    assert_eq!([since(0), since(3), since(4), since(5)], [3, 2, 1, 0]);
    let (new, _) = tokio::join!(server.wait_since(5, SOON), send(&server, &chat, "5"));
    assert_eq!(new[0].text, "5");
    assert!(server.wait_since(6, Duration::from_millis(50)).await.is_empty());
    assert!(server.calls().is_sorted_by_key(|call| call.at));
    let last = server.calls().pop().unwrap();
    assert_eq!((last.method.as_str(), &last.parameters["text"]), ("sendMessage", &json!("5")));
    assert_eq!(last.answer.unwrap().unwrap()["message_id"], 105);
}

#[tokio::test]
async fn no_request_stops_the_server() {
    let (server, chat) = start(Options::default()).await;
    let numbers = ["-9223372036854775808", "9223372036854775807", "99999999999999999999", "", "x", "1.5", "null", "[]", "{}", "\"", "🚀"];
    let methods =
        ["getUpdates", "sendMessage", "editMessageText", "deleteMessage", "answerCallbackQuery", "getFile", "setMyCommands", "setWebhook"];
    let names = [
        "offset",
        "limit",
        "timeout",
        "chat_id",
        "message_id",
        "message_thread_id",
        "text",
        "entities",
        "reply_parameters",
        "reply_markup",
        "commands",
    ];
    for method in methods {
        for value in numbers.iter().filter(|value| method != "getUpdates" || !value.starts_with('9')) {
            let all: serde_json::Map<_, _> = names.iter().map(|name| ((*name).to_owned(), json!(value))).collect();
            let mut with_chat = all.clone();
            with_chat.insert("chat_id".to_owned(), chat.id.into());
            for parameters in [all, with_chat] {
                let (status, answer) = call(&server, method, parameters.into()).await;
                assert!(matches!(status, 200 | 400 | 403 | 404), "{method} {value}: {answer}");
            }
        }
    }
    for (kind, body) in [
        ("application/json", &b"\xff"[..]),
        ("application/json", b"[1"),
        ("application/x-www-form-urlencoded", b"text=%f0%9f&=&&a"),
        ("multipart/form-data", b"--"),
        ("multipart/form-data; boundary=", b"--\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n--x--"),
        ("multipart/form-data; boundary=x", b"--x\r\ncontent-disposition: form-data; name=text\r\n\r\n\xff\r\n--x--"),
        ("text/plain", b"x"),
    ] {
        let request = client().post(url(&server, "sendMessage")).header("content-type", kind).body(body);
        let status = request.send().await.unwrap().status().as_u16();
        assert_eq!(status, 400, "{kind} {body:?}");
    }
    done(&server, "deleteWebhook", json!({})).await;
    done(&server, "getMe", json!({})).await;
}
