//! Policies: what an owner allows beyond what the host does.
//!
//! Each function of [`Policy`] has no objection until it is written. Nothing is imported, and nothing is remembered.

#[doc(hidden)]
pub mod bindings;
mod component;

pub use bindings::export;
pub use bindings::exports::wirken::policy::rules::{
    Context, Decision, Finding, Intent, Part, Passage, Screening, ToolCall, ToolResult, Verdict,
};
#[doc(hidden)]
pub use component::Component;

/// An owner's rules.
pub trait Policy {
    /// Before a tool call is approved; `intents` are what its plan says that it needs.
    fn check(_context: &Context, _call: &ToolCall, _intents: &[Intent]) -> Verdict {
        Verdict::Allow
    }

    /// At each thing that a running call asks of the host, with what it really asks for.
    fn check_effect(_context: &Context, _call: &ToolCall, _effect: &Intent) -> Verdict {
        Verdict::Allow
    }

    /// After a call, before the model reads its result.
    fn review(_context: &Context, _call: &ToolCall, _output: &ToolResult) -> Decision {
        Decision::Pass
    }

    /// A text that a model wrote, before it leaves for a person.
    fn review_outbound(_context: &Context, _text: &str, _complete: bool) -> Decision {
        Decision::Pass
    }

    /// A text on its way to a model.
    fn screen(_context: &Context, _passage: &Passage) -> Screening {
        Screening { decision: Decision::Pass, findings: Vec::new() }
    }
}

/// Makes a component of a policy: `wirken_guest::policy!(Mine);`.
#[macro_export]
macro_rules! policy {
    ($policy:ty) => {
        const _: () = {
            type Component = $crate::policy::Component<$policy>;
            // A linker of this machine's takes none of the names that are exported.
            #[cfg(target_arch = "wasm32")]
            $crate::policy::export! { Component with_types_in $crate::policy::bindings }
            #[cfg(not(target_arch = "wasm32"))]
            $crate::policy::fits::<Component>();
        };
    };
}

/// Compiles where a type is a component.
#[doc(hidden)]
pub const fn fits<C: bindings::exports::wirken::policy::rules::Guest>() {}

#[cfg(test)]
mod tests;
