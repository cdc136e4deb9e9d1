//! One file per command.

pub(crate) mod ask;
pub(crate) mod audit;
pub(crate) mod channel;
pub(crate) mod completions;
pub(crate) mod component;
pub(crate) mod config;
pub(crate) mod credentials;
pub(crate) mod doctor;
pub(crate) mod permissions;
pub(crate) mod run;
pub(crate) mod sessions;
pub(crate) mod setup;
pub(crate) mod skill;
pub(crate) mod status;
pub(crate) mod webchat;
