//! The rules that hold the tree together: which room may depend on which, which names the host may not know, and
//! which words no file may hold, and that a released interface never changes. Its tests apply them to this tree.
//!
//! A new crate gets its place in [`ROOMS`] here, so that a dependency which points up is a failed test and not a habit.

pub mod wit;

/// Where a crate stands. Dependencies point to a lower number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Layer(u8),
    /// Only the command line depends on it.
    Embedded,
    /// Tests depend on it, or people run it; nothing that ships does.
    Tool,
}

/// Every crate of the host, by its folder's name.
pub const ROOMS: &[(&str, Place)] = &[
    ("suffix", Place::Layer(0)),
    ("types", Place::Layer(0)),
    ("secret", Place::Layer(0)),
    ("manifest", Place::Layer(1)),
    ("wire", Place::Layer(1)),
    ("turn", Place::Layer(1)),
    ("permissions", Place::Layer(1)),
    ("reflect", Place::Layer(1)),
    ("config", Place::Layer(2)),
    ("ledger", Place::Layer(2)),
    ("vault", Place::Layer(2)),
    ("store", Place::Layer(2)),
    ("egress", Place::Layer(2)),
    ("sandbox", Place::Layer(2)),
    ("engine", Place::Layer(2)),
    ("scaffold", Place::Layer(2)),
    ("bindings", Place::Layer(3)),
    ("installed", Place::Layer(3)),
    ("author", Place::Layer(3)),
    ("plugin", Place::Layer(4)),
    ("skills", Place::Layer(4)),
    ("conformance", Place::Layer(5)),
    ("adapters-native", Place::Layer(5)),
    ("gateway", Place::Layer(5)),
    ("webchat", Place::Layer(6)),
    ("cli", Place::Layer(7)),
    ("bundled", Place::Embedded),
    ("testkit", Place::Tool),
    ("guests", Place::Tool),
    ("structure", Place::Tool),
    ("bench", Place::Tool),
];

/// The dependencies that stay within a layer.
const WITHIN_A_LAYER: &[(&str, &str)] = &[("secret", "types"), ("types", "suffix")];

/// Why one crate may not depend on another, if it may not. Dev-dependencies are free.
pub fn objection(from: &str, to: &str) -> Option<String> {
    let (Some(from_place), Some(to_place)) = (place(from), place(to)) else {
        let unknown = if place(from).is_none() { from } else { to };
        return Some(format!("{unknown} has no place yet: give it one in host/structure/src/lib.rs"));
    };
    let why = match (from_place, to_place) {
        (_, Place::Tool) if from_place != Place::Tool => "it is for tests and tools only",
        (_, Place::Embedded) if from != "cli" => "only cli embeds components",
        (Place::Layer(high), Place::Layer(low)) if low > high => "dependencies point down",
        (Place::Layer(high), Place::Layer(low)) if low == high && !WITHIN_A_LAYER.contains(&(from, to)) => "they share a layer",
        (Place::Embedded, Place::Layer(low)) if low > 1 => "it holds bytes and what describes them",
        _ => return None,
    };
    Some(format!("{from} may not depend on {to}: {why}"))
}

fn place(room: &str) -> Option<Place> {
    ROOMS.iter().find(|(name, _)| *name == room).map(|(_, place)| *place)
}

/// Platforms and vendors whose names are words of their own: found anywhere in a text.
const NAMES: &[&str] = &[
    "anthropic",
    "bluebubbles",
    "chatgpt",
    "deepseek",
    "discord",
    "gemini",
    "googlechat",
    "imessage",
    "lmstudio",
    "mattermost",
    "mistral",
    "msteams",
    "ollama",
    "openai",
    "openrouter",
    "telegram",
    "whatsapp",
];

/// Those that are ordinary words too: found where they stand alone, or in an identifier.
const WORDS: &[&str] = &["bedrock", "claude", "grok", "matrix", "slack", "teams"];

/// The first name of a platform or vendor in a text.
pub fn name_in(text: &str) -> Option<&'static str> {
    let lower = text.to_lowercase();
    let named = NAMES.iter().find(|name| lower.contains(*name));
    named.or_else(|| WORDS.iter().find(|word| lower.split(|c: char| !c.is_alphanumeric()).any(|part| part == **word))).copied()
}
