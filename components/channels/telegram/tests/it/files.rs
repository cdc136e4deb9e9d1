//! What a bot does where the host wants a file that came with a message.

use serde_json::json;
use telegram::types::{Event, Failure};

use crate::{Bot, Source};

fn asked(bot: &mut Bot, token: &str) {
    bot.handle(Event::MediaWanted(token.into()));
    assert_eq!(bot.parameters("getFile")["file_id"], token);
}

/// What it said last of a file.
fn said(bot: &Bot, token: &str) -> Source {
    let (of, source) = bot.media.last().unwrap();
    assert_eq!(of, token);
    source.clone()
}

#[test]
fn a_file_is_looked_up_and_described_as_the_request_that_brings_it() {
    let mut bot = Bot::polling();
    asked(&mut bot, "f");
    assert!(bot.media.is_empty(), "where it is has to be known first");
    bot.done("getFile", &json!({ "file_id": "f", "file_size": 9, "file_path": "photos/file_0.jpg" }));
    let (id, request) = said(&bot, "f").unwrap();
    assert_eq!((request.method, request.url.as_str()), ("GET", "https://api.telegram.org/photos/file_0.jpg"));
    assert_eq!(request.credentials, ["files"], "the host puts the token where files are");
    assert!(request.body.is_empty() && request.headers.is_empty());
    assert!(!bot.calls.contains_key(&id), "its id is its own");
    assert!(bot.handle(Event::Stored(id)).is_empty());
}

#[test]
fn what_telegram_refuses_is_told_in_its_words() {
    let mut bot = Bot::polling();
    asked(&mut bot, "f");
    bot.refuse("getFile", 400, "Bad Request: file is too big");
    assert_eq!(said(&bot, "f"), Err("Bad Request: file is too big".into()));
    asked(&mut bot, "g");
    bot.fail("getFile", "connect", false);
    assert!(said(&bot, "g").unwrap_err().contains("connect"));
    asked(&mut bot, "h");
    bot.respond("getFile", 200, "no JSON");
    assert!(said(&bot, "h").is_err());
    asked(&mut bot, "i");
    bot.done("getFile", &json!({ "file_id": "i", "file_path": "/var/lib/telegram-bot-api/x.jpg" }));
    assert!(said(&bot, "i").unwrap_err().contains("no path"), "a path of the server's disk is none of a URL");
}

#[test]
fn a_download_that_breaks_off_is_the_hosts_to_tell() {
    let mut bot = Bot::polling();
    asked(&mut bot, "f");
    bot.done("getFile", &json!({ "file_id": "f", "file_path": "a/b" }));
    let (id, _) = said(&bot, "f").unwrap();
    let failure = Failure { kind: "interrupted".into(), sent: true, message: "it broke off".into() };
    assert!(bot.handle(Event::HttpFailed(id, failure)).is_empty());
    // And the next one is looked up all the same.
    asked(&mut bot, "g");
}

#[test]
fn many_files_at_once_do_not_fill_the_hosts_queue() {
    let mut bot = Bot::polling();
    for number in 0..40 {
        bot.handle(Event::MediaWanted(number.to_string()));
    }
    assert_eq!((bot.under_way("getFile"), bot.media.len()), (12, 28));
    assert!(bot.media.iter().all(|(_, source)| source.is_err()));
}

#[test]
fn none_is_looked_up_once_it_ends() {
    let mut bot = Bot::polling();
    bot.handle(Event::Shutdown);
    bot.handle(Event::MediaWanted("f".into()));
    assert!(said(&bot, "f").is_err() && bot.under_way("getFile") == 0);
}
