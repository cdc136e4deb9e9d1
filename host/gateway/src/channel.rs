//! Channels: one process for each account on a messaging platform, kept running, and told apart by its type.
//!
//! Three things meet here and nowhere else. The supervisor starts an account's process, authenticates what connects, and
//! starts it again when it ends. A connection is served under a brand of its own. And the outbox of the account holds what
//! is to be said, so that sessions need to know of none of this.

mod admission;
mod answers;
mod brand;
mod conversation;
mod ended;
mod listener;
mod media;
mod outbox;
mod outgoing;
mod process;
mod status;
mod supervisor;

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use wirken_ledger::{ApprovalState, Batch, Chain, KnownPrompt, OutboxState, PromptState};
use wirken_plugin::ChannelPlugin;
use wirken_secret::Secret;
use wirken_types::Timestamp;
use wirken_types::event::{Delivery, Event};
use wirken_vault::Sealer;

pub use admission::{ApproveError, CODE_LIFE, PENDING};
pub use brand::{Channel, ChannelError, Connection, Draw, Incoming, Next, Outbound, Session, serve};
pub use status::{ChannelStatus, ProcessState};

pub(crate) use media::Media;
pub(crate) use outbox::Outbox;
pub(crate) use outgoing::{Outgoing, conversation};

use crate::{Gateway, GatewayError, Sparse};
use admission::Admission;
use ended::{Ends, ended};
use outbox::{Answer, Question};
use status::StatusCell;
use supervisor::Supervisor;

/// Rows in which the draft of an answer is looked for before it: those of one response.
const DRAFTS_BEFORE: u64 = 200;

/// An account on a platform, as it is configured.
#[derive(Debug)]
pub struct Account {
    /// Unique among accounts; it names sessions, credentials and state.
    pub id: String,
    pub agent: String,
    /// The component's name.
    pub component: String,
    /// What its process runs, or why nothing can be run; later ones come by [`Channels::rehost`].
    pub hosted: Result<Hosted, String>,
    /// The settings that the owner wrote, a JSON document.
    pub given: String,
    /// Those that it starts with; later ones come by [`Channels::recredential`].
    pub credentials: Vec<AccountCredential>,
    /// Senders who need no pairing.
    pub allow: Vec<String>,
    /// Whether groups are listened to at all.
    pub groups: bool,
    pub sender_per_minute: u32,
    pub account_per_minute: u32,
    /// Which credential it lacks; later ones are known by [`Channels::recredential`].
    pub missing: Option<String>,
}

/// A component, for the process of an account.
#[derive(Clone, Debug)]
pub struct Hosted {
    pub plugin: ChannelPlugin,
    /// `component.toml`, as the process reads it.
    pub manifest: String,
}

/// What an account's process is started with as it is now: its component, its credentials and what is missing of them, and
/// how it reaches the network.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) hosted: Result<Hosted, String>,
    pub(crate) credentials: Vec<AccountCredential>,
    pub(crate) missing: Option<String>,
    pub(crate) network: Arc<Network>,
    /// What was changed last.
    pub(crate) changed: &'static str,
}

const CREDENTIAL: &str = "its credential was changed";
const NETWORK: &str = "its way to the network was changed";
const COMPONENT: &str = "its component was changed";

/// How every account's process reaches the network.
#[derive(Debug, Default)]
pub struct Network {
    /// Certificates of the owner's own authorities, as DER.
    pub roots: Vec<Vec<u8>>,
    /// `http://host:port`.
    pub proxy: Option<String>,
    pub proxy_user: Option<String>,
    pub proxy_password: Option<AccountCredential>,
}

/// A credential of an account, for its process.
#[derive(Clone, Debug)]
pub struct AccountCredential {
    pub name: String,
    pub origins: Vec<String>,
    pub places: Vec<String>,
    pub secret: Arc<Secret>,
}

/// What all channels share.
#[derive(Debug)]
pub struct ChannelParts {
    /// A folder for the socket, closed to everybody else.
    pub folder: PathBuf,
    /// The program that is an account's process, and its first argument.
    pub program: PathBuf,
    pub argument: &'static str,
    /// A process that the kernel cannot confine wholly is not started.
    pub require_sandbox: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum ChannelsError {
    #[error("the socket for channels in {} cannot be made: {source}", folder.display())]
    Socket { folder: PathBuf, source: io::Error },
    #[error("there is no channel named {0:?}: `wirken channel list` names them")]
    Unknown(String),
    #[error(transparent)]
    Approve(#[from] ApproveError),
    #[error("{account} knows no sender {sender:?}: `wirken channel list --format json` names them")]
    NotPaired { account: String, sender: String },
    #[error(transparent)]
    Gateway(#[from] GatewayError),
}

/// All channels of a gateway. Dropping it ends their processes.
#[derive(Debug)]
pub struct Channels {
    accounts: HashMap<String, Arc<Runtime>>,
    supervisor: Mutex<Option<Supervisor>>,
}

/// One account while the gateway runs.
#[derive(Debug)]
pub(crate) struct Runtime {
    pub(crate) account: Account,
    /// What is wrong with its records: it cannot run until somebody has looked.
    pub(crate) damaged: Option<String>,
    pub(crate) gateway: Gateway,
    pub(crate) outbox: Outbox,
    pub(crate) media: Media,
    pub(crate) admission: Admission,
    pub(crate) status: StatusCell,
    pub(crate) sealer: Option<Sealer>,
    /// Whoever changes it wakes the supervisor. Nothing is left of it in `account`.
    pub(crate) held: watch::Sender<Held>,
    /// The keys of its state and how much each takes.
    pub(crate) kept: Mutex<HashMap<String, usize>>,
    /// How often its component may fail and be heard of it.
    pub(crate) failures: Sparse,
}

impl Channels {
    /// Takes over what an earlier run left, and starts nothing yet. It has to come before the gateway resumes turns.
    pub async fn prepare(gateway: &Gateway, accounts: Vec<Account>, sealer: Option<&Sealer>) -> Result<Self, ChannelsError> {
        let mut runtimes = HashMap::new();
        for mut account in accounts {
            let id = account.id.clone();
            let hosted = std::mem::replace(&mut account.hosted, Err(String::new()));
            let held = Held {
                hosted,
                credentials: std::mem::take(&mut account.credentials),
                missing: account.missing.take(),
                network: Arc::default(),
                changed: CREDENTIAL,
            };
            let outbox = Outbox::new();
            // One account's damaged row keeps none of the others from running.
            let damaged = restore(gateway, &id, &outbox).await.err().map(|error| error.to_string());
            let shared = gateway.registry.shared();
            let media = Media::new(shared.blobs.clone(), shared.screen.clone());
            shared.speak_through(&id, outbox.clone(), media.clone());
            let named = id.clone();
            let pairings = gateway.read(move |reader| reader.pairings(Some(&named))).await?;
            let runtime = Runtime {
                admission: Admission::new(&account, pairings),
                account,
                damaged,
                gateway: gateway.clone(),
                outbox,
                media,
                status: StatusCell::default(),
                sealer: sealer.cloned(),
                held: watch::Sender::new(held),
                kept: Mutex::default(),
                failures: Sparse::new(conversation::FAILURES, conversation::FAILURES_WITHIN),
            };
            runtimes.insert(id, Arc::new(runtime));
        }
        Ok(Self { accounts: runtimes, supervisor: Mutex::default() })
    }

    /// Starts the process of every account, and keeps it running.
    pub fn start(&self, parts: ChannelParts) -> Result<(), ChannelsError> {
        if self.accounts.is_empty() {
            return Ok(());
        }
        let folder = parts.folder.clone();
        let supervisor = Supervisor::start(parts, self.accounts.values().cloned().collect());
        let supervisor = supervisor.map_err(|source| {
            let error = ChannelsError::Socket { folder, source };
            self.accounts.values().for_each(|runtime| runtime.status.stopped(&error.to_string()));
            error
        })?;
        *self.supervisor.lock().unwrap_or_else(PoisonError::into_inner) = Some(supervisor);
        Ok(())
    }

    /// Ends all processes, each after it was told.
    pub async fn stop(&self) {
        let supervisor = self.supervisor.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(supervisor) = supervisor {
            supervisor.stop().await;
        }
    }

    pub fn status(&self) -> Vec<ChannelStatus> {
        let mut all: Vec<ChannelStatus> = self.accounts.values().map(|runtime| runtime.describe()).collect();
        all.sort_by(|a, b| a.account.cmp(&b.account));
        all
    }

    /// Lets in whoever was given this code; who that is, and whether they could be told.
    pub async fn approve(&self, account: &str, code: &str) -> Result<(String, bool), ChannelsError> {
        let runtime = self.runtime(account)?;
        let (sender, conversation) = runtime.admission.find(code)?;
        let event = Event::PairingApproved { account: account.to_owned(), sender: sender.clone() };
        runtime.gateway.record_event(event).await?;
        runtime.admission.approved(&sender);
        if let Some(conversation) = &conversation {
            runtime.outbox.notice(conversation, "You are connected: the owner let you in. What do you want to know?");
        }
        Ok((sender, conversation.is_some()))
    }

    /// Lets somebody in no longer.
    pub async fn revoke(&self, account: &str, sender: &str) -> Result<(), ChannelsError> {
        let runtime = self.runtime(account)?;
        if !runtime.admission.paired(sender) {
            return Err(ChannelsError::NotPaired { account: account.to_owned(), sender: sender.to_owned() });
        }
        let event = Event::PairingRevoked { account: account.to_owned(), sender: sender.to_owned() };
        runtime.gateway.record_event(event).await?;
        runtime.admission.revoked(sender);
        Ok(())
    }

    /// Gives an account other credentials: its process is started again with them, also where it had given up.
    pub fn recredential(&self, account: &str, credentials: Vec<AccountCredential>, missing: Option<String>) -> Result<(), ChannelsError> {
        self.runtime(account)?.held.send_modify(|held| {
            held.credentials = credentials;
            held.missing = missing;
            held.changed = CREDENTIAL;
        });
        Ok(())
    }

    /// Gives an account another version of its component, or the reason why there is none: a process that runs is ended, and
    /// started again where there is one. What is the same changes nothing.
    pub fn rehost(
        &self,
        account: &str,
        hosted: Result<Hosted, String>,
        credentials: Vec<AccountCredential>,
        missing: Option<String>,
    ) -> Result<(), ChannelsError> {
        self.runtime(account)?.held.send_if_modified(|held| {
            let same = match (&held.hosted, &hosted) {
                (Ok(before), Ok(now)) => before.manifest == now.manifest && before.plugin.info().digest == now.plugin.info().digest,
                (Err(before), Err(now)) => before == now,
                (Ok(_), Err(_)) | (Err(_), Ok(_)) => false,
            };
            if !same {
                *held = Held { hosted, credentials, missing, network: Arc::clone(&held.network), changed: COMPONENT };
            }
            !same
        });
        Ok(())
    }

    /// Gives every account another way to the network: a process that runs is started again with it.
    pub fn set_network(&self, network: Network) {
        let network = Arc::new(network);
        let change = |held: &mut Held| (held.network, held.changed) = (Arc::clone(&network), NETWORK);
        self.accounts.values().for_each(|runtime| runtime.held.send_modify(change));
    }

    fn runtime(&self, account: &str) -> Result<&Arc<Runtime>, ChannelsError> {
        self.accounts.get(account).ok_or_else(|| ChannelsError::Unknown(account.to_owned()))
    }
}

impl Runtime {
    fn describe(&self) -> ChannelStatus {
        self.status.describe(&self.account.id, &self.account.component, self.outbox.waiting())
    }

    /// Records what the operator has to know of this account.
    pub(crate) async fn record(&self, action: &str, detail: serde_json::Value) {
        if let Err(error) = self.gateway.record_system(action, &self.account.id, detail).await {
            tracing::error!(account = self.account.id, action, %error, "it could not be recorded");
        }
    }
}

/// What was queued is sent; of what was being sent when the gateway stopped nobody knows what became of it.
async fn restore(gateway: &Gateway, account: &str, outbox: &Outbox) -> Result<(), ChannelsError> {
    let named = account.to_owned();
    let entries = gateway.read(move |reader| reader.outbox(Some(&named))).await?;
    for entry in entries {
        let answer = Answer { session: entry.session, turn: entry.turn, outbound: entry.outbound };
        match entry.state {
            OutboxState::Queued => {
                let content = gateway.read(move |reader| reader.outbox_content(entry.session, entry.seq)).await?;
                match content {
                    Some(text) => {
                        let shown = drafted(gateway, answer, entry.seq).await?;
                        let age = Duration::from_millis(Timestamp::now().0.saturating_sub(entry.queued_at.0));
                        outbox.restore(outgoing::conversation(&entry.place), answer, &text, entry.attempt, shown, age);
                    }
                    None => settle(gateway, answer, Delivery::Failed, "its text was erased before it was sent").await?,
                }
            }
            OutboxState::Attempted => {
                settle(gateway, answer, Delivery::InDoubt, "the gateway stopped while it was being sent").await?;
            }
            OutboxState::Failed | OutboxState::InDoubt => {}
        }
    }
    let named = account.to_owned();
    for prompt in gateway.read(move |reader| reader.prompts(Some(&named))).await? {
        restore_prompt(gateway, prompt, outbox).await?;
    }
    Ok(())
}

/// A question that is shown is not put again, and where it is over, its message says so. One that was being sent may be shown:
/// its session puts it again.
async fn restore_prompt(gateway: &Gateway, prompt: KnownPrompt, outbox: &Outbox) -> Result<(), ChannelsError> {
    let KnownPrompt { approval, session, place, turn, state, shown } = prompt;
    if state == PromptState::Attempted {
        let (delivery, detail) = (Delivery::InDoubt, "the gateway stopped while it was being sent".to_owned());
        let event = Event::PromptOutcome { turn, approval, delivery, detail, shown: Vec::new() };
        return Ok(gateway.registry.record(session, vec![event]).await?);
    }
    let Some(known) = gateway.approval(approval).await? else { return Ok(()) };
    let about = known.question.as_ref().map(wirken_permissions::prompt::about).unwrap_or_default();
    let over = if known.state == ApprovalState::Open {
        None
    } else {
        let rows = gateway.rows_from(session, known.seq).await?;
        let end = rows.iter().filter_map(|row| ended(&row.event)).find(|(ends, _)| match ends {
            Ends::Question(its) => *its == approval,
            Ends::Turn(its) => *its == turn,
        });
        Some(end.map_or_else(|| "This is over.".to_owned(), |(_, what)| what))
    };
    let question = Question { session, turn, approval };
    outbox.restore_prompt(outgoing::conversation(&place), question, shown, over.as_deref(), &about);
    Ok(())
}

/// The messages that show the beginning of an answer: its row of the ledger stands before the one that queued it.
async fn drafted(gateway: &Gateway, answer: Answer, queued: u64) -> Result<Vec<String>, GatewayError> {
    let rows = gateway.rows_from(answer.session, queued.saturating_sub(DRAFTS_BEFORE)).await?;
    Ok(rows
        .into_iter()
        .rev()
        .find_map(|row| match row.event {
            Event::OutboundDrafted { turn, outbound, shown } if turn == answer.turn && outbound == answer.outbound => Some(shown),
            _ => None,
        })
        .unwrap_or_default())
}

async fn settle(gateway: &Gateway, answer: Answer, delivery: Delivery, why: &str) -> Result<(), GatewayError> {
    let Answer { session, turn, outbound } = answer;
    let event = Event::OutboundOutcome { turn, outbound, delivery, detail: why.to_owned(), shown: Vec::new() };
    gateway.registry.record(session, vec![event]).await
}

impl Gateway {
    /// Records something of the system's chain.
    pub(crate) async fn record_event(&self, event: Event) -> Result<(), GatewayError> {
        self.registry.shared().ledger.append(Batch::of(Chain::System, [event])).await?;
        Ok(())
    }
}
