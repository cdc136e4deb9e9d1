//! Questions to people on a messenger, with buttons: through the binary, the process of its channel, its component, and a
//! platform.

use std::fs;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use wirken_testkit::llm::FakeLlm;
use wirken_testkit::telegram::{Chat, FakeTelegram, Fault, Options, Refusal, Said, Sent, User};

use crate::approvals::{codes, until};
use crate::channel::{Running, add, kill};
use crate::component_life::{recorded, set_up};
use crate::gullible::{heard, results};
use crate::support::Wirken;

const SOON: Duration = Duration::from_secs(30);

struct World {
    telegram: FakeTelegram,
    wirken: Wirken,
    llm: FakeLlm,
    ada: User,
    with_ada: Chat,
    /// Whom the agent writes to.
    with_zoe: Chat,
}

fn configure(wirken: &Wirken, more: &str) {
    let path = wirken.data().join("config.toml");
    let config = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{config}\n{more}")).unwrap();
}

/// Ada may write and answer, Bob may write; Zoe is somebody else whom the bot knows.
async fn world() -> World {
    world_with("[channels.telegram.approvals]\napprovers = [\"11\"]\n").await
}

async fn world_with(approvals: &str) -> World {
    let telegram = FakeTelegram::start(Options::default()).await.unwrap();
    let (wirken, llm) = set_up().await;
    add(&wirken, &telegram, &["--allow", "11", "--allow", "12"]);
    configure(&wirken, approvals);
    let (ada, zoe) = (User::new(11, "Ada"), User::new(22, "Zoe"));
    let (with_ada, with_zoe) = (Chat::private(&ada), Chat::private(&zoe));
    telegram.enter(&with_zoe);
    World { telegram, wirken, llm, ada, with_ada, with_zoe }
}

/// The page of a gateway that runs, in a browser that is logged in.
struct Page(WebSocketStream<TcpStream>);

#[expect(clippy::disallowed_methods, reason = "a test of the page on loopback connects to it as anybody can")]
async fn connect(host: &str) -> TcpStream {
    TcpStream::connect(host).await.unwrap()
}

impl Page {
    async fn open(wirken: &Wirken) -> Self {
        let told = wirken.ok(&["webchat", "login"]);
        let url = told.split_whitespace().find(|word| word.contains("/#login=")).unwrap();
        let (address, token) = url.split_once("/#login=").unwrap();
        let host = address.trim_start_matches("http://");
        let body = json!({ "token": token }).to_string();
        let head = format!(
            "POST /login HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        let mut stream = connect(host).await;
        stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let cookie = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap().split(';').next().unwrap().to_owned();
        let body: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        let mut request = format!("ws://{host}/socket").into_client_request().unwrap();
        let headers = request.headers_mut();
        headers.insert("sec-websocket-protocol", format!("wirken-1, {}", body["key"].as_str().unwrap()).parse().unwrap());
        headers.insert("cookie", cookie.parse().unwrap());
        headers.insert("origin", format!("http://{host}").parse().unwrap());
        Self(tokio_tungstenite::client_async(request, connect(host).await).await.unwrap().0)
    }

    async fn send(&mut self, frame: &Value) {
        self.0.send(Message::text(frame.to_string())).await.unwrap();
    }

    async fn until(&mut self, holds: impl Fn(&Value) -> bool) -> Value {
        let found = async {
            loop {
                let Message::Text(frame) = self.0.next().await.unwrap().unwrap() else { continue };
                let frame = serde_json::from_str(&frame).unwrap();
                if holds(&frame) {
                    return frame;
                }
            }
        };
        tokio::time::timeout(SOON, found).await.unwrap()
    }
}

fn send(text: &str) -> String {
    format!("call send_message {}", json!({ "channel": "telegram", "conversation": "22", "text": text }))
}

fn has_buttons(sent: &Sent) -> bool {
    sent.reply_markup.as_ref().is_some_and(|markup| markup["inline_keyboard"].as_array().is_some_and(|rows| !rows.is_empty()))
}

fn buttons(sent: &Sent) -> Vec<(String, String)> {
    let rows = sent.reply_markup.as_ref().unwrap()["inline_keyboard"].as_array().cloned().unwrap();
    let of = |button: &Value, name: &str| button[name].as_str().unwrap().to_owned();
    rows.iter().flat_map(|row| row.as_array().unwrap()).map(|button| (of(button, "text"), of(button, "callback_data"))).collect()
}

fn labels(sent: &Sent) -> Vec<String> {
    buttons(sent).into_iter().map(|(label, _)| label).collect()
}

impl World {
    /// The question about a text, with its buttons.
    async fn asked(&self, about: &str) -> Sent {
        let found = |sent: &[Sent]| sent.iter().rfind(|sent| has_buttons(sent) && sent.text.contains(about)).cloned();
        self.telegram.wait(SOON, found).await.unwrap_or_else(|| panic!("{about:?} is not asked: {:?}", self.telegram.sent()))
    }

    async fn told(&self, chat: &Chat, part: &str, after: usize) -> String {
        let found = |sent: &[Sent]| {
            let mut here = sent.iter().skip(after).filter(|sent| sent.chat == chat.id && sent.text.contains(part));
            here.next().map(|sent| sent.text.clone())
        };
        self.telegram.wait(SOON, found).await.unwrap_or_else(|| panic!("{part:?} never came: {:?}", self.telegram.sent()))
    }

    /// The message without buttons, once it says this.
    async fn closed(&self, asked: &Sent, says: &str) -> Sent {
        let found = |sent: &[Sent]| {
            let now = sent.iter().find(|sent| (sent.chat, sent.message) == (asked.chat, asked.message))?;
            (now.text.contains(says) && !has_buttons(now)).then(|| now.clone())
        };
        self.telegram.wait(SOON, found).await.unwrap_or_else(|| panic!("{says:?} is not said: {:?}", self.telegram.sent()))
    }

    fn ada_asks(&self, text: &str) {
        self.telegram.say(&self.with_ada, &self.ada, send(text));
    }

    fn press(&self, asked: &Sent, button: &str) -> String {
        self.telegram.press(&self.with_ada, &self.ada, asked.message, button).unwrap()
    }

    fn told_zoe(&self, text: &str) -> usize {
        self.telegram.sent().iter().filter(|sent| sent.chat == self.with_zoe.id && sent.text.contains(text)).count()
    }

    async fn zoe_is_told(&self, text: &str) {
        self.told(&self.with_zoe, text, 0).await;
    }

    async fn says(&self, part: &str) -> String {
        self.told(&self.with_ada, part, 0).await
    }

    fn refusals(&self) -> Vec<String> {
        recorded(&self.wirken, "answer-refused").iter().map(|event| event["detail"]["reason"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_button_does_what_it_says() {
    let world = world().await;
    let _running = Running::start(&world.wirken);
    world.ada_asks("first");
    let asked = world.asked("first").await;
    assert_eq!(labels(&asked), ["Allow once", "Allow for this session", "Allow for 30 days", "Deny"]);
    let code = until("a question", || codes(&world.wirken).pop());
    let typed = format!("yes {code} | session {code} | always {code} (for 30 days) | no {code}");
    let action = "Action: Send a message through the account \"telegram\" to the conversation \"22\".";
    assert!(
        asked.text.starts_with("May the agent do this?") && asked.text.contains(&typed) && asked.text.contains(action),
        "{}",
        asked.text
    );
    let claim = asked.text.find("The component itself says").unwrap();
    assert!(asked.text.find("Action").unwrap() < claim && !asked.text[claim..].contains('\n'), "{}", asked.text);
    assert_eq!(world.told_zoe("first"), 0, "nothing leaves before the answer");
    let query = world.press(&asked, "Deny");
    let closed = world.closed(&asked, "Denied: by 11.").await;
    assert!(closed.text.starts_with(&asked.text), "the question stands still: {}", closed.text);
    until("an answer to the press", || world.telegram.answer_to(&query));
    until("the end", || results(&world.llm).iter().any(|result| result.contains("did not allow")).then_some(()));

    world.ada_asks("second");
    let asked = world.asked("second").await;
    world.press(&asked, "Allow once");
    world.zoe_is_told("second").await;
    world.closed(&asked, "Allowed once: by 11.").await;
    // Once is once.
    world.ada_asks("third");
    let asked = world.asked("third").await;
    world.press(&asked, "Allow for this session");
    world.zoe_is_told("third").await;
    world.closed(&asked, "Allowed for this session: by 11.").await;
    world.ada_asks("fourth");
    world.zoe_is_told("fourth").await;

    // What was for the session has ended with it.
    world.telegram.say(&world.with_ada, &world.ada, "/new");
    world.says("This is a new conversation").await;
    world.ada_asks("fifth");
    let asked = world.asked("fifth").await;
    world.press(&asked, "Allow for 30 days");
    world.zoe_is_told("fifth").await;
    world.closed(&asked, "Allowed, and remembered: by 11.").await;
    let sent = world.telegram.sent().len();
    world.telegram.say(&world.with_ada, &world.ada, "/new");
    world.told(&world.with_ada, "This is a new conversation", sent).await;
    world.ada_asks("sixth");
    world.zoe_is_told("sixth").await;
    assert_eq!(world.telegram.sent().iter().filter(|sent| sent.text.contains("May the agent")).count(), 4);
    let heard = heard(&world.llm);
    assert!(!heard.contains("deny.") && !heard.contains("Allow once"), "no model is told of a press");
    assert_eq!(world.refusals(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_counts_from_who_may_for_what_stood_above_it_where_it_was_asked_and_once() {
    let world = world().await;
    let World { telegram, wirken, ada, with_ada, .. } = &world;
    // A second bot, in which the same people have the same ids.
    let other = FakeTelegram::start(Options::default().token("987654321:AAanother-token_of-the-fake-Bot-API-00")).await.unwrap();
    let url = format!("api-url={}", other.origin());
    let args = ["channel", "add", "telegram", "--account", "work", "--allow", "11"];
    let args = [&args[..], &["--non-interactive", "--credential-stdin", "--setting", &url]].concat();
    assert!(wirken.run_with_input(&args, other.token().as_bytes()).status.success());
    configure(wirken, "[channels.work.approvals]\napprovers = [\"11\"]\n");
    let _running = Running::start(wirken);
    let (bob, eve) = (User::new(12, "Bob"), User::new(13, "Eve"));
    let (with_bob, with_eve) = (Chat::private(&bob), Chat::private(&eve));
    telegram.say(&with_bob, &bob, "hello");
    telegram.say(&with_eve, &eve, "hello");
    other.say(with_ada, ada, "hello");
    let of = |chat: &Chat| telegram.sent().iter().find(|sent| sent.chat == chat.id).map(|sent| sent.message);
    let (at_bob, at_eve) = (until("an answer", || of(&with_bob)), until("an answer", || of(&with_eve)));
    let at_other = until("an answer", || other.sent().first().map(|sent| sent.message));

    world.ada_asks("the secret text");
    let asked = world.asked("the secret text").await;
    let (_, data) = buttons(&asked)[0].clone();
    let (id, choice) = data.split_once('|').unwrap();
    let forged = |chat: &Chat, user: &User, message: i64, data: &str| telegram.forge(chat, user, message, data).unwrap();
    let mut refused = 0;
    let mut told = async |chat: &Chat, why: &str| {
        refused += 1;
        let said = world.told(chat, why, 0).await;
        assert!(!said.contains("secret"), "{said}");
        until("a record", || (world.refusals().len() == refused).then_some(()));
    };
    // In another conversation: by somebody else, and with the approver's own id.
    forged(&with_bob, &bob, at_bob, &data);
    told(&with_bob, "a question is answered where it was asked").await;
    let before = telegram.sent().len();
    forged(&with_bob, ada, at_bob, &data);
    refused_again(&world, &with_bob, "a question is answered where it was asked", before).await;
    told(&with_bob, "a question is answered where it was asked").await;
    // By a stranger, who is told nothing of it.
    forged(&with_eve, &eve, at_eve, &data);
    told(&with_eve, "I do not know you, so what you press counts for nothing.").await;
    // In the very conversation, by somebody who may write and not answer.
    forged(with_ada, &bob, asked.message, &data);
    told(with_ada, "you are not among those who may answer").await;
    // What did not stand below the question; and no question, and no answer.
    forged(with_ada, ada, asked.message, &format!("{id}|once.0000000000000000"));
    told(with_ada, "what is asked has changed").await;
    for data in [format!("{id}|twice"), format!("{}|{choice}", "f".repeat(32)), format!("{}|{choice}", &id[..31]), "x|y".to_owned()] {
        let before = telegram.sent().len();
        forged(with_ada, ada, asked.message, &data);
        refused_again(&world, with_ada, "there is no question with these buttons", before).await;
        told(with_ada, "there is no question with these buttons").await;
    }
    // Through another account of the same people.
    other.forge(with_ada, ada, at_other, &data).unwrap();
    let found = |sent: &[Sent]| sent.iter().any(|sent| sent.text.contains("a question is answered where it was asked")).then_some(());
    other.wait(SOON, found).await.unwrap();
    until("a record", || (world.refusals().len() == refused + 1).then_some(()));

    assert_eq!((codes(wirken).len(), world.told_zoe("secret")), (1, 0), "none of it was an answer");
    assert!(has_buttons(&world.asked("the secret text").await));
    let query = world.press(&asked, "Allow once");
    world.zoe_is_told("the secret text").await;
    world.closed(&asked, "Allowed once: by 11.").await;
    // The platform repeats it, and Ada's client still shows the buttons.
    let before = telegram.sent().len();
    assert!(telegram.repeat_press(&query));
    refused_again(&world, with_ada, "that was taken before", before).await;
    let before = telegram.sent().len();
    forged(with_ada, ada, asked.message, buttons(&asked)[3].1.as_str());
    refused_again(&world, with_ada, "this question is not open any more: 11 allowed it", before).await;
    // Whoever may not answer is not told either what came of it.
    let before = telegram.sent().len();
    forged(with_ada, &bob, asked.message, &data);
    refused_again(&world, with_ada, "you are not among those who may answer", before).await;
    assert_eq!(world.told_zoe("the secret text"), 1);
    until("the records", || (world.refusals().len() == refused + 4).then_some(()));
}

async fn refused_again(world: &World, chat: &Chat, why: &str, after: usize) {
    let said = world.told(chat, why, after).await;
    assert!(said.starts_with("This was not taken as an answer: "), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_ends_a_question_takes_its_buttons_away() {
    let world = world().await;
    let World { telegram, wirken, ada, with_ada, .. } = &world;
    let _running = Running::start(wirken);
    let code = || until("a question", || codes(wirken).pop());
    world.ada_asks("by the command line");
    let asked = world.asked("by the command line").await;
    wirken.ok(&["permissions", "pending", "approve", &code()]);
    world.closed(&asked, "Allowed once: by the owner, on the command line.").await;
    world.zoe_is_told("by the command line").await;

    world.ada_asks("typed");
    let asked = world.asked("\"typed\"").await;
    telegram.say(with_ada, ada, format!("no {}: not now", code()));
    world.closed(&asked, "Denied: by 11.").await;

    world.ada_asks("stopped");
    let asked = world.asked("stopped").await;
    telegram.say(with_ada, ada, "/stop");
    world.closed(&asked, "Not allowed: ").await;
    assert_eq!(codes(wirken), Vec::<String>::new());

    world.ada_asks("forgotten");
    let asked = world.asked("forgotten").await;
    telegram.say(with_ada, ada, "/new");
    world.closed(&asked, "Not allowed: ").await;
    assert_eq!((world.told_zoe("typed"), world.told_zoe("stopped"), world.told_zoe("forgotten")), (0, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_in_the_page_takes_the_buttons_away_and_one_by_a_button_is_seen_in_the_page() {
    let world = world().await;
    let World { wirken, .. } = &world;
    let _running = Running::start(wirken);
    let mut page = Page::open(wirken).await;
    world.ada_asks("in the page");
    let asked = world.asked("in the page").await;
    let (id, _) = buttons(&asked)[0].1.split_once('|').map(|(id, choice)| (id.to_owned(), choice.to_owned())).unwrap();
    page.send(&json!({ "type": "answer", "approval": id, "choice": "once" })).await;
    page.until(|frame| frame["type"] == "answered" && frame["approval"] == id.as_str()).await;
    world.closed(&asked, "Allowed once: by the owner, in WebChat.").await;
    world.zoe_is_told("in the page").await;

    world.ada_asks("by a button");
    let asked = world.asked("by a button").await;
    let id = buttons(&asked)[0].1.split_once('|').unwrap().0.to_owned();
    world.press(&asked, "Deny");
    world.closed(&asked, "Denied: by 11.").await;
    page.send(&json!({ "type": "answer", "approval": id, "choice": "once" })).await;
    let refused = page.until(|frame| frame.to_string().contains("11 denied it")).await;
    assert_ne!(refused["type"], "answered", "{refused}");
    assert_eq!(world.told_zoe("by a button"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn above_the_channels_tier_there_is_no_button_that_allows() {
    let world = world().await;
    let World { telegram, wirken, ada, with_ada, .. } = &world;
    let _running = Running::start(wirken);
    // Of no host that was opened: tier 3.
    telegram.say(with_ada, ada, format!("call web_fetch {}", json!({ "url": "http://127.0.0.1:9/it" })));
    let asked = world.asked("127.0.0.1").await;
    assert_eq!(labels(&asked), ["Deny"], "{}", asked.text);
    let code = until("a question", || codes(wirken).pop());
    let how = format!("It is allowed in WebChat, or with `wirken permissions pending show {code}`, and not here.");
    assert!(asked.text.starts_with("The agent asks to be allowed something.") && asked.text.contains(&how), "{}", asked.text);
    assert!(!asked.text.contains(&format!("yes {code}")), "{}", asked.text);
    // The data of a button that it never had.
    let (_, deny) = buttons(&asked)[0].clone();
    telegram.forge(with_ada, ada, asked.message, &deny.replace("deny", "once")).unwrap();
    world.says("answers through this account count up to tier 2").await;
    world.press(&asked, "Deny");
    world.closed(&asked, "Denied: by 11.").await;
    assert_eq!(world.refusals().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_group_who_may_answer_presses_and_whoever_else_does_is_told_by_name() {
    let world = world().await;
    let World { telegram, wirken, ada, .. } = &world;
    let _running = Running::start(wirken);
    let (garden, bob, eve) = (Chat::supergroup(5, "Garden"), User::new(12, "Bob"), User::new(13, "Eve"));
    // What Bob causes there, Ada may answer.
    telegram.say(&garden, &bob, Said::text(format!("@wirken_test_bot {}", send("from the garden"))));
    let asked = world.asked("from the garden").await;
    assert_eq!(asked.chat, garden.id);
    telegram.press(&garden, &bob, asked.message, "Allow once").unwrap();
    world.told(&garden, "Bob: This was not taken as an answer: you are not among those who may answer", 0).await;
    telegram.press(&garden, &eve, asked.message, "Deny").unwrap();
    world.told(&garden, "Eve: I do not know you, so what you press counts for nothing.", 0).await;
    assert_eq!((codes(wirken).len(), world.told_zoe("garden")), (1, 0));
    telegram.press(&garden, ada, asked.message, "Allow once").unwrap();
    world.zoe_is_told("from the garden").await;
    world.closed(&asked, "Allowed once: by 11.").await;
    assert_eq!(world.refusals().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_outlives_the_gateway_and_its_channels_process_and_is_put_once() {
    let world = world().await;
    let World { telegram, wirken, .. } = &world;
    let running = Running::start(wirken);
    world.ada_asks("patience");
    let asked = world.asked("patience").await;
    until("a record", || (recorded_of(wirken, "prompt-outcome") == 1).then_some(()));
    let pid = wirken.json(&["status"])["channels"][0]["pid"].as_u64().unwrap();
    kill(pid);
    until("another process", || (wirken.json(&["status"])["channels"][0]["restarts"] == 1).then_some(()));
    until("a connection", || (wirken.json(&["status"])["channels"][0]["health"] == "ok").then_some(()));
    drop(running);
    let running = Running::start(wirken);
    until("a connection", || (wirken.json(&["status"])["channels"][0]["health"] == "ok").then_some(()));
    world.press(&asked, "Allow once");
    world.zoe_is_told("patience").await;
    let closed = world.closed(&asked, "Allowed once: by 11.").await;
    assert!(closed.text.contains("Send a message through the account"), "what it was about stands in it: {}", closed.text);
    let asks = || telegram.sent().iter().filter(|sent| sent.versions[0].text.contains("May the agent")).count();
    assert_eq!(asks(), 1);

    // It is answered while the channel is away; it is told so as soon as it is back.
    world.ada_asks("meanwhile");
    let asked = world.asked("meanwhile").await;
    telegram.leave().await;
    let code = until("a question", || codes(wirken).pop());
    wirken.ok(&["permissions", "pending", "deny", &code]);
    drop(running);
    telegram.come_back().await.unwrap();
    let _running = Running::start(wirken);
    world.closed(&asked, "Denied: by the owner, on the command line.").await;
    assert_eq!((asks(), world.told_zoe("meanwhile")), (2, 0));
    assert!(wirken.ok(&["audit", "verify"]).contains("whole"));
}

fn recorded_of(wirken: &Wirken, kind: &str) -> usize {
    recorded(wirken, kind).len()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_may_not_have_arrived_is_put_again_and_one_that_has_no_buttons_is_put_in_words() {
    let world = world().await;
    let World { telegram, wirken, ada, with_ada, .. } = &world;
    let _running = Running::start(wirken);
    // It arrives, and nobody hears that it did.
    telegram.fail("sendMessage", 1, Fault::CutAfter);
    world.ada_asks("twice");
    let twice = |sent: &[Sent]| {
        let asked: Vec<Sent> = sent.iter().filter(|sent| has_buttons(sent) && sent.text.contains("twice")).cloned().collect();
        (asked.len() == 2).then_some(asked)
    };
    let asked = telegram.wait(SOON, twice).await.unwrap();
    world.press(&asked[0], "Allow once");
    world.zoe_is_told("twice").await;
    world.closed(&asked[1], "Allowed once: by 11.").await;
    // The one of which nobody knows keeps its buttons, which count for nothing.
    let before = telegram.sent().len();
    world.press(&asked[0], "Deny");
    refused_again(&world, with_ada, "this question is not open any more: 11 allowed it", before).await;
    assert_eq!(world.told_zoe("twice"), 1);
    world.says("It says:").await;

    // A platform that refuses the buttons.
    telegram.fail("sendMessage", 1, Fault::Refuse(Refusal::new(400, "Bad Request: BUTTON_DATA_INVALID")));
    world.ada_asks("in words");
    let words = world.told(with_ada, "in words", before).await;
    assert!(words.contains("Answer with nothing but one of"), "{words}");
    let code = until("a question", || codes(wirken).pop());
    telegram.say(with_ada, ada, format!("yes {code}"));
    world.zoe_is_told("in words").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_may_answer_there_are_no_buttons() {
    let world = world_with("").await;
    let World { telegram, wirken, ada, with_ada, .. } = &world;
    let _running = Running::start(wirken);
    world.ada_asks("nobody");
    let told = world.says("The agent asks to be allowed something.").await;
    assert!(told.contains("and not here"), "{told}");
    let message = telegram.sent().iter().find(|sent| sent.text == told).unwrap().message;
    assert!(telegram.sent().iter().all(|sent| !has_buttons(sent)));
    let id = wirken.json(&["permissions", "pending", "list"])["pending"][0]["approval"].as_str().unwrap().to_owned();
    telegram.forge(with_ada, ada, message, &format!("{id}|deny.0000000000000000")).unwrap();
    world.says("you are not among those who may answer").await;
    assert_eq!(codes(wirken).len(), 1);
}
