//! The rules by their names, and what one of them found.

use crate::types::Severity;

/// "Ignore all previous instructions."
pub const OVERRIDE: &str = "instruction-override";
/// "You are now …", "system: …".
pub const ROLE: &str = "role-switch";
/// The marks with which models are told who speaks.
pub const TEMPLATE: &str = "chat-template";
/// What looks like a tool's call or result.
pub const MIMICRY: &str = "tool-mimicry";
/// Characters that nobody sees.
pub const HIDDEN: &str = "hidden-unicode";
/// Letters of one alphabet among those of another.
pub const MIXED: &str = "mixed-script";
/// Encoded text that instructs, or runs programs.
pub const ENCODED: &str = "encoded-command";
/// What carries text out.
pub const EXFILTRATION: &str = "exfiltration";
/// What wants to be allowed.
pub const APPROVAL: &str = "approval-lure";
/// What is to be kept from the user.
pub const SECRECY: &str = "secrecy";
/// A question for the model's instructions.
pub const PROBE: &str = "prompt-probe";
/// An order to use a tool.
pub const TOOL_ORDER: &str = "tool-order";
/// Meant for a model, and said so.
pub const ADDRESSED: &str = "addressed-to-model";
/// Any of these where a page does not show it.
pub const UNSEEN: &str = "hidden-markup";

/// A finding on its way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hit {
    pub(crate) rule: &'static str,
    pub(crate) severity: Severity,
    /// The first letter and the one behind the last, by number.
    pub(crate) first: u32,
    pub(crate) end: u32,
    /// Written so that it is not found.
    pub(crate) evades: bool,
}
