//! Stand-ins for the host in native tests. Each records what it was asked, and [`Denied`] refuses everything, as a host
//! does where nothing is granted.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use super::{Command, Credentials, Error, Log, Messages, Output, Programs, Settings, Store};

/// Refuses all that can be refused.
#[derive(Clone, Copy, Debug, Default)]
pub struct Denied;

type Answer = dyn Fn(&Command) -> Result<Output, Error>;

/// A sandbox that answers as it is told.
pub struct Sandbox {
    answer: Box<Answer>,
    commands: RefCell<Vec<Command>>,
}

/// A store in memory.
#[derive(Debug, Default)]
pub struct Memory {
    values: RefCell<BTreeMap<String, Vec<u8>>>,
}

/// Keeps the messages: channel, conversation and text of each.
#[derive(Debug, Default)]
pub struct Outbox {
    sent: RefCell<Vec<(String, String, String)>>,
}

/// Keeps the log: level and message of each line.
#[derive(Debug, Default)]
pub struct Lines {
    lines: RefCell<Vec<(String, String)>>,
}

/// These credentials are there, and no others.
#[derive(Clone, Copy, Debug, Default)]
pub struct Named<'a>(pub &'a [&'a str]);

/// These settings, a JSON object.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a>(pub &'a str);

impl Sandbox {
    /// Asks `answer` what comes of each program.
    pub fn new(answer: impl Fn(&Command) -> Result<Output, Error> + 'static) -> Self {
        Self { answer: Box::new(answer), commands: RefCell::default() }
    }

    /// Each program ends well, with this on its standard output.
    pub fn printing(stdout: &str) -> Self {
        let output = Output { exit_code: 0, stdout: stdout.as_bytes().to_vec(), stderr: Vec::new(), truncated: false };
        Self::new(move |_| Ok(output.clone()))
    }

    /// What was run.
    pub fn commands(&self) -> Vec<Command> {
        self.commands.borrow().clone()
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("commands", &self.commands).finish_non_exhaustive()
    }
}

impl Outbox {
    /// What was sent.
    pub fn sent(&self) -> Vec<(String, String, String)> {
        self.sent.borrow().clone()
    }
}

impl Lines {
    /// What was logged.
    pub fn lines(&self) -> Vec<(String, String)> {
        self.lines.borrow().clone()
    }
}

impl Programs for Sandbox {
    fn run(&self, command: &Command) -> Result<Output, Error> {
        self.commands.borrow_mut().push(command.clone());
        (self.answer)(command)
    }
}

impl Store for Memory {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.values.borrow().get(key).cloned())
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), Error> {
        self.values.borrow_mut().insert(key.to_owned(), value.to_vec());
        Ok(())
    }

    fn delete(&self, key: &str) -> Result<(), Error> {
        self.values.borrow_mut().remove(key);
        Ok(())
    }

    fn keys(&self, prefix: &str) -> Result<Vec<String>, Error> {
        Ok(self.values.borrow().keys().filter(|key| key.starts_with(prefix)).cloned().collect())
    }
}

impl Messages for Outbox {
    fn send(&self, channel: &str, conversation_id: &str, text: &str) -> Result<(), Error> {
        self.sent.borrow_mut().push((channel.to_owned(), conversation_id.to_owned(), text.to_owned()));
        Ok(())
    }
}

impl Log for Lines {
    fn log(&self, level: &str, message: &str) {
        self.lines.borrow_mut().push((level.to_owned(), message.to_owned()));
    }
}

impl Credentials for Named<'_> {
    fn available(&self, name: &str) -> bool {
        self.0.contains(&name)
    }
}

impl Settings for Given<'_> {
    fn get(&self) -> String {
        self.0.to_owned()
    }
}

fn denied() -> Error {
    Error { kind: "denied".to_owned(), message: "not granted".to_owned() }
}

impl Programs for Denied {
    fn run(&self, _command: &Command) -> Result<Output, Error> {
        Err(denied())
    }
}

impl Store for Denied {
    fn get(&self, _key: &str) -> Result<Option<Vec<u8>>, Error> {
        Err(denied())
    }

    fn set(&self, _key: &str, _value: &[u8]) -> Result<(), Error> {
        Err(denied())
    }

    fn delete(&self, _key: &str) -> Result<(), Error> {
        Err(denied())
    }

    fn keys(&self, _prefix: &str) -> Result<Vec<String>, Error> {
        Err(denied())
    }
}

impl Messages for Denied {
    fn send(&self, _channel: &str, _conversation_id: &str, _text: &str) -> Result<(), Error> {
        Err(denied())
    }
}

impl Credentials for Denied {
    fn available(&self, _name: &str) -> bool {
        false
    }
}
