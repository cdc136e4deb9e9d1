//! A file that the host wants: its id is looked up, and what comes of that is described as the request that brings it.
//! The bytes go to the host and never pass through here. <https://core.telegram.org/bots/api#getfile>

use serde_json::{Value, json};

use crate::api::{self, Answer};
use crate::core::{Core, Purpose};
use crate::people::text;
use crate::types::{Effect, Failure, Request};

/// As in component.toml: the token once more, where files are.
const CREDENTIAL: &str = "files";

/// Of a path that Telegram names. Its own have less than 100 bytes.
const MAX_PATH_BYTES: usize = 512;

/// Of a download, which may have 20 MB.
const TIMEOUT_MILLIS: u32 = 120_000;

/// Asks where the file with this id is.
pub(crate) fn wanted(core: &mut Core, token: String) {
    let asked = core.call("getFile", &json!({ "file_id": token }), Purpose::File(token.clone()));
    if asked.is_none() {
        refused(core, token, "too much is under way, or the channel ends");
    }
}

/// What Telegram says of where it is.
pub(crate) fn answered(core: &mut Core, token: String, answer: &Answer) {
    match answer {
        Answer::Done(file) => match path(file) {
            Some(path) => {
                let request = Request {
                    method: "GET",
                    url: core.settings.url(path),
                    headers: Vec::new(),
                    body: Vec::new(),
                    credentials: vec![CREDENTIAL.into()],
                    timeout_millis: TIMEOUT_MILLIS,
                };
                core.download(token, request);
            }
            None => refused(core, token, "Telegram names no path that it could be fetched from"),
        },
        Answer::Refused(refusal) => refused(core, token, &refusal.description),
        Answer::Unreadable => refused(core, token, "Telegram's answer to getFile cannot be read"),
    }
}

pub(crate) fn failed(core: &mut Core, token: String, failure: &Failure) {
    refused(core, token, &api::line(&failure.message));
}

fn refused(core: &mut Core, token: String, why: &str) {
    core.push(Effect::Media(token, Err(why.to_owned())));
}

/// Relative, and of characters that stand in a URL's path as they are. A server of one's own may name a file of its disk
/// instead, which nobody can fetch.
fn path(file: &Value) -> Option<&str> {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"?#%\\\"<>^`{|}".contains(&byte);
    let segment = |segment: &str| !matches!(segment, "" | "." | "..");
    text(file, "file_path").filter(|path| path.len() <= MAX_PATH_BYTES && path.bytes().all(plain) && path.split('/').all(segment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_a_path_that_stays_where_files_are() {
        let taken = |given: &str| path(&json!({ "file_path": given })).is_some();
        for good in ["photos/file_0.jpg", "documents/a-b_c~1.tar.gz", "x", "a/..b/c", &"x".repeat(512)] {
            assert!(taken(good), "{good}");
        }
        for bad in ["", "/var/lib/x.jpg", "a//b", "../x", "a/../b", "a/.", "a?b", "a#b", "a%2fb", "a\\b", "a b", "ä", &"x".repeat(513)] {
            assert!(!taken(bad), "{bad}");
        }
        assert_eq!((path(&json!({})), path(&json!({ "file_path": 7 }))), (None, None));
    }
}
