//! What the host offers to tools, each as a trait: [`Host`] is the host itself, and [`fake`] has stand-ins for tests.
//!
//! Write what a tool does as a function over `&dyn Programs` or `&dyn Store`, and give it `&Host` in
//! [`Tool::call`](crate::tool::Tool::call). A component imports exactly what it calls: its manifest has to ask for that.

mod bindings;
#[cfg(not(target_arch = "wasm32"))]
pub mod fake;

use bindings::wirken::host;

pub use bindings::wirken::host::exec::{Command, Output};
pub use bindings::wirken::host::types::Error;

/// The host. Outside of WebAssembly there is none, and each call panics.
#[derive(Clone, Copy, Debug, Default)]
pub struct Host;

/// Runs programs in the sandbox: `wirken:host/exec`. The manifest asks with `run = true` under `[exec]`.
pub trait Programs {
    /// Waits for its end. An exit code other than 0 is an output, not an error.
    fn run(&self, command: &Command) -> Result<Output, Error>;
}

/// What this component keeps for whoever it works for: `wirken:host/store`.
pub trait Store {
    /// None where it was never set.
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Error>;
    /// In place of what it had.
    fn set(&self, key: &str, value: &[u8]) -> Result<(), Error>;
    /// One that is not there is no error.
    fn delete(&self, key: &str) -> Result<(), Error>;
    /// Those that begin with the prefix.
    fn keys(&self, prefix: &str) -> Result<Vec<String>, Error>;
}

/// Which credentials there are: `wirken:host/credentials`.
pub trait Credentials {
    /// Whether the host holds it. Its value never enters a component.
    fn available(&self, name: &str) -> bool;
}

/// Messages to people: `wirken:host/messages`.
pub trait Messages {
    /// Sends a text.
    fn send(&self, channel: &str, conversation_id: &str, text: &str) -> Result<(), Error>;
}

/// What the owner set: `wirken:host/settings`.
pub trait Settings {
    /// An object that fits the manifest's `[settings]`.
    fn get(&self) -> String;
}

/// Words for whoever looks after the host: `wirken:host/log`.
pub trait Log {
    /// level: `debug`, `info`, `warn`, `error`.
    fn log(&self, level: &str, message: &str);
}

impl Programs for Host {
    fn run(&self, command: &Command) -> Result<Output, Error> {
        host::exec::run(command)
    }
}

impl Store for Host {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        host::store::get(key)
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), Error> {
        host::store::set(key, value)
    }

    fn delete(&self, key: &str) -> Result<(), Error> {
        host::store::delete(key)
    }

    fn keys(&self, prefix: &str) -> Result<Vec<String>, Error> {
        host::store::keys(prefix)
    }
}

impl Credentials for Host {
    fn available(&self, name: &str) -> bool {
        host::credentials::available(name)
    }
}

impl Messages for Host {
    fn send(&self, channel: &str, conversation_id: &str, text: &str) -> Result<(), Error> {
        host::messages::send(channel, conversation_id, text)
    }
}

impl Settings for Host {
    fn get(&self) -> String {
        host::settings::get()
    }
}

impl Log for Host {
    fn log(&self, level: &str, message: &str) {
        host::log::log(level, message);
    }
}

/// The owner's settings as a type of the component's own.
pub fn settings<T: serde::de::DeserializeOwned>(settings: &dyn Settings) -> Result<T, Error> {
    serde_json::from_str(&settings.get())
        .map_err(|error| Error { kind: "failed".to_owned(), message: format!("the settings of this tool do not fit: {error}") })
}
