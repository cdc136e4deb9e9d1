//! One thing that a call does or says that it will do, parsed; its digest; and how a person is told of it.
//!
//! A plan's action comes from [`Action::from_intent`], that of a host call from the variants or [`Action::file`]. Where
//! both are the same thing they are equal and share a digest; no two different ones do.

use serde::Deserialize;
use wirken_types::Digest;
use wirken_types::credential::Origin;
use wirken_types::tool::Intent;

use crate::shown::quoted;

/// The workspace as components and the sandbox see it. A relative path is below it.
pub const WORKSPACE: &str = "/workspace";

/// Longer methods are no method of HTTP's registry.
const MAX_METHOD_BYTES: usize = 16;
/// Characters of one argument, path or name, and how many arguments, a person is shown.
const SHOWN_CHARS: usize = 400;
const SHOWN_ARGUMENTS: usize = 40;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// A program in the sandbox, with an argv that no shell reads.
    Exec {
        program: String,
        arguments: Vec<String>,
        /// The digest of what it is given to read; none for nothing.
        stdin: Option<Digest>,
    },
    /// A request. `method` in upper case; `path` with its query, as it leaves.
    Http { method: String, origin: Origin, path: String },
    /// A file or folder outside of what a component was given as its own. `path` as [`Action::file`] makes it.
    File { path: String, write: bool },
    /// A message to people.
    Send { account: String, conversation: String },
    /// What this host does not know, or what was said so that it cannot be read.
    Other { action: String, target: String, detail: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExecDetail {
    arguments: Vec<String>,
    #[serde(default)]
    stdin: Option<Digest>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HttpDetail {
    method: String,
    path: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SendDetail {
    channel: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoDetail {}

impl Action {
    /// What a component's plan claims. Whatever is not exactly of a known form is [`Action::Other`]: a key more than
    /// are known is a claim that nobody here can judge.
    pub fn from_intent(intent: &Intent) -> Self {
        Self::known(intent).unwrap_or_else(|| Self::Other {
            action: intent.action.clone(),
            target: intent.target.clone(),
            detail: intent.detail.clone(),
        })
    }

    fn known(intent: &Intent) -> Option<Self> {
        let Intent { action, target, detail } = intent;
        match action.as_str() {
            "exec" => {
                let ExecDetail { arguments, stdin } = read(detail)?;
                let stdin = stdin.filter(|digest| *digest != Digest::of(b""));
                Some(Self::Exec { program: target.clone(), arguments, stdin })
            }
            "http" => {
                let HttpDetail { method, path } = read(detail)?;
                let fits = (1..=MAX_METHOD_BYTES).contains(&method.len()) && method.bytes().all(|byte| byte.is_ascii_uppercase());
                let origin = Origin::parse(target).ok()?;
                (fits && path.starts_with('/')).then_some(Self::Http { method, origin, path })
            }
            "read" | "write" => {
                let NoDetail {} = read(detail)?;
                Some(Self::file(target, action == "write"))
            }
            "send" => {
                let SendDetail { channel: account } = read(detail)?;
                (!target.is_empty() && !account.is_empty()).then(|| Self::Send { account, conversation: target.clone() })
            }
            _ => None,
        }
    }

    /// As a plan says it: what [`Action::from_intent`] reads back as this very action.
    pub fn intent(&self) -> Intent {
        let (action, target, detail) = match self {
            Self::Exec { program, arguments, stdin } => {
                let mut detail = serde_json::json!({ "arguments": arguments });
                if let (Some(stdin), Some(detail)) = (stdin, detail.as_object_mut()) {
                    detail.insert("stdin".into(), stdin.to_hex().into());
                }
                ("exec", program.clone(), detail.to_string())
            }
            Self::Http { method, origin, path } => {
                ("http", origin.to_string(), serde_json::json!({ "method": method, "path": path }).to_string())
            }
            Self::File { path, write } => (if *write { "write" } else { "read" }, path.clone(), "{}".to_owned()),
            Self::Send { account, conversation } => ("send", conversation.clone(), serde_json::json!({ "channel": account }).to_string()),
            Self::Other { action, target, detail } => {
                return Intent { action: action.clone(), target: target.clone(), detail: detail.clone() };
            }
        };
        Intent { action: action.to_owned(), target, detail }
    }

    /// A file, by an absolute path or one within the workspace. Written so that the same file named in the same way has
    /// one path: `.` and doubled slashes go, `..` stays, because where it leads depends on links.
    pub fn file(path: &str, write: bool) -> Self {
        Self::File { path: crate::path::absolute(path), write }
    }

    /// Names this action and no other.
    pub fn digest(&self) -> Digest {
        match self {
            Self::Exec { program, arguments, stdin } => {
                let stdin = stdin.map(Digest::to_hex).unwrap_or_default();
                let mut parts = vec![stdin.as_bytes(), program.as_bytes()];
                parts.extend(arguments.iter().map(String::as_bytes));
                Digest::of_parts("wirken/action/exec", &parts)
            }
            Self::Http { method, origin, path } => {
                Digest::of_parts("wirken/action/http", &[method.as_bytes(), origin.to_string().as_bytes(), path.as_bytes()])
            }
            Self::File { path, write } => Digest::of_parts("wirken/action/file", &[path.as_bytes(), &[u8::from(*write)]]),
            Self::Send { account, conversation } => Digest::of_parts("wirken/action/send", &[account.as_bytes(), conversation.as_bytes()]),
            Self::Other { action, target, detail } => {
                Digest::of_parts("wirken/action/other", &[action.as_bytes(), target.as_bytes(), detail.as_bytes()])
            }
        }
    }

    /// One sentence in the host's words. What somebody else wrote stands between double quotes, and nothing in it can
    /// end them.
    pub fn words(&self) -> String {
        let quoted = |text: &str| quoted(text, SHOWN_CHARS);
        match self {
            Self::Exec { program, arguments, stdin } => {
                let input = stdin.map_or_else(String::new, |digest| format!(", and give it input with the SHA-256 digest {digest}"));
                format!("Run the program {} with {}{input}.", quoted(program), arguments_in_words(arguments))
            }
            Self::Http { method, origin, path } => {
                format!("Send a {} request to {} for {}.", quoted(method), quoted(&origin.to_string()), quoted(path))
            }
            Self::File { path, write: false } => format!("Read the file {}.", quoted(path)),
            Self::File { path, write: true } => format!("Write the file {}.", quoted(path)),
            Self::Send { account, conversation } => {
                format!("Send a message through the account {} to the conversation {}.", quoted(account), quoted(conversation))
            }
            Self::Other { action, target, detail } => format!(
                "Do something that this host does not know: the component calls it {}, to {}, with {}.",
                quoted(action),
                quoted(target),
                quoted(detail)
            ),
        }
    }
}

fn read<'a, T: Deserialize<'a>>(detail: &'a str) -> Option<T> {
    // An array would be taken for the fields in their order.
    detail.trim_start().starts_with('{').then(|| serde_json::from_str(detail).ok()).flatten()
}

fn arguments_in_words(arguments: &[String]) -> String {
    let list = |arguments: &[String]| arguments.iter().map(|text| quoted(text, SHOWN_CHARS)).collect::<Vec<_>>().join(", ");
    let total = arguments.len();
    match arguments {
        [] => "no arguments".to_owned(),
        [one] => format!("the argument {}", quoted(one, SHOWN_CHARS)),
        _ if total <= SHOWN_ARGUMENTS => format!("the arguments {}", list(arguments)),
        _ => {
            let half = SHOWN_ARGUMENTS / 2;
            let first = list(arguments.get(..half).unwrap_or_default());
            let last = list(arguments.get(total - half..).unwrap_or_default());
            let hidden = total - 2 * half;
            format!("the arguments {first}, [{hidden} of the {total} arguments are not shown here], {last}")
        }
    }
}

#[cfg(test)]
mod tests;
