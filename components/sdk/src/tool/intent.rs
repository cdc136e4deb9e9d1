//! What a call asks of the host, in the host's words, as the table in `wit/tool/tool.wit` has them.

use serde_json::json;

use super::Intent;

impl Intent {
    /// Reads a file or lists a folder, by its path below the workspace, which itself is `.`.
    pub fn read(path: &str) -> Self {
        Self { action: "read".to_owned(), target: path.to_owned(), detail: "{}".to_owned() }
    }

    /// Writes a file, by its path below the workspace.
    pub fn write(path: &str) -> Self {
        Self { action: "write".to_owned(), target: path.to_owned(), detail: "{}".to_owned() }
    }

    /// Runs a program that is given no input.
    pub fn exec(program: &str, arguments: &[String]) -> Self {
        Self { action: "exec".to_owned(), target: program.to_owned(), detail: json!({ "arguments": arguments }).to_string() }
    }

    /// Sends a request to an origin, such as `https://a.example`; the path with its query, as it will leave.
    pub fn http(method: &str, origin: &str, path: &str) -> Self {
        Self { action: "http".to_owned(), target: origin.to_owned(), detail: json!({ "method": method, "path": path }).to_string() }
    }

    /// Sends a message to a conversation.
    pub fn send(channel: &str, conversation_id: &str) -> Self {
        Self { action: "send".to_owned(), target: conversation_id.to_owned(), detail: json!({ "channel": channel }).to_string() }
    }
}
