//! What a model is told of each tool.

use serde_json::{Value, json};

use crate::note::{MAX_TAGS, MAX_TEXT_BYTES};
use crate::tools::{DEFAULT_FOUND, DEFAULT_LISTED, MAX_FOUND, MAX_LISTED};

/// Name, description, and schema of the arguments.
pub(crate) fn all() -> Vec<(&'static str, &'static str, Value)> {
    let tags = |what: &str| json!({ "type": "array", "items": { "type": "string" }, "maxItems": MAX_TAGS, "description": what });
    let id = |what: &str| json!({ "type": "string", "description": what });
    vec![
        (
            "memory_save",
            "Keeps a note for later conversations with the same person or group. Save what they ask to remember, or what will \
             matter again; say it so that it is understood without this conversation. No passwords or keys.",
            object(
                &["text"],
                json!({
                    "text": { "type": "string", "minLength": 1, "description": format!("The note, at most {} KiB.", MAX_TEXT_BYTES / 1024) },
                    "tags": tags("Words to find it by, besides its own."),
                    "id": id("To replace a note: its id. A new id, of letters a to z, digits and hyphens, names a new note."),
                }),
            ),
        ),
        (
            "memory_search",
            "Searches the notes for words and returns those that match best, in full. Any of the words is enough; notes with more \
             of them come first.",
            object(
                &["query"],
                json!({
                    "query": { "type": "string", "minLength": 1, "description": "The words to look for." },
                    "tags": tags("Only notes with all of these tags."),
                    "limit": { "type": "integer", "minimum": 1, "maximum": MAX_FOUND, "description": format!("At most so many notes; {DEFAULT_FOUND} if left out.") },
                }),
            ),
        ),
        (
            "memory_list",
            "Lists the notes, the latest first, each with its beginning.",
            object(
                &[],
                json!({
                    "tags": tags("Only notes with all of these tags."),
                    "start": { "type": "integer", "minimum": 0, "description": "How many to pass over; 0 if left out." },
                    "limit": { "type": "integer", "minimum": 1, "maximum": MAX_LISTED, "description": format!("At most so many notes; {DEFAULT_LISTED} if left out.") },
                }),
            ),
        ),
        ("memory_forget", "Deletes a note for good.", object(&["id"], json!({ "id": id("The note's id.") }))),
    ]
}

fn object(required: &[&str], properties: Value) -> Value {
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}
