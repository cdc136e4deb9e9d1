//! What can be wrong with a wish for a new component.

/// Why there is no scaffold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("{shown:?} is no name for a component: use {words}")]
    Name { shown: String, words: &'static str },
    #[error("wirken uses the name {shown:?} itself: give the component another one")]
    Reserved { shown: String },
    #[error("{shown:?} is no language that a component can begin in: use rust, js or python")]
    Language { shown: String },
}
