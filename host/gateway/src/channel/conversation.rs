//! What happens on a connection: what people said is committed, what is to be said is sent, and each side says that it
//! is alive.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};
use wirken_ledger::Batch;
use wirken_types::Timestamp;
use wirken_types::channel::{Attachment, Conversation, Inbound, InboundChoice, InboundMessage, RemoteBlob, State};
use wirken_types::event::{Event, Mark, Place};
use wirken_types::media::{self, Remote, described, is_picture};
use wirken_wire::limits::{BEAT, MAX_COMMITS, MAX_STATES, MAX_STATES_BYTES, SILENCE};
use wirken_wire::{ToAdapter, ToGateway};

use super::Runtime;
use super::admission::{self, Press, Verdict};
use super::answers;
use super::brand::{Channel, ChannelError, Incoming, Next};
use super::status::line;
use crate::{GatewayError, Say};

/// What is under way when the gateway stops gets this long.
const DRAIN: Duration = Duration::from_secs(2);
/// Files of one message that are fetched.
const FILES: usize = 10;
/// A line of an adapter's log, in characters.
const LINE: usize = 500;
/// Lines of its log that an adapter may write between two beats.
const LINES: u32 = 60;
/// Failures of its component that an adapter may tell, and within what time: each is a row.
pub(crate) const FAILURES: usize = 60;
pub(crate) const FAILURES_WITHIN: Duration = Duration::from_secs(600);

/// Why a connection is not served any more.
#[derive(Debug)]
pub(crate) enum Ended {
    /// The process hung up, fell silent, or said what cannot be understood.
    Gone(String),
    /// The component gave up, and starting it again would not help.
    Fatal(String),
    /// The gateway cannot go on.
    Gateway(GatewayError),
    /// The gateway stops; the process was told.
    Stop,
}

/// What an adapter asked to have committed.
struct Commit {
    id: u64,
    inbounds: Vec<Inbound>,
    puts: Vec<State>,
    deletes: Vec<String>,
}

pub(crate) async fn converse<'id>(
    channel: Channel<'id>,
    mut incoming: Incoming<'id>,
    runtime: Arc<Runtime>,
    stop: watch::Receiver<bool>,
) -> Ended {
    // What was asked over a connection before this one may never have been seen.
    if let Err(error) = runtime.gateway.ask_again(channel.account()).await {
        tracing::warn!(account = channel.account(), %error, "what waits to be allowed could not be asked again");
    }
    let mut served = Served { channel: &channel, runtime: &runtime, lines: 0 };
    match served.go(&mut incoming, stop).await {
        Ok(never) => match never {},
        Err(ended) => ended,
    }
}

struct Served<'a, 'id> {
    channel: &'a Channel<'id>,
    runtime: &'a Arc<Runtime>,
    /// Of the log, since the last beat.
    lines: u32,
}

impl<'a, 'id> Served<'a, 'id> {
    async fn go(&mut self, incoming: &mut Incoming<'id>, mut stop: watch::Receiver<bool>) -> Result<std::convert::Infallible, Ended> {
        let mut beat = tokio::time::interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut heard, mut silent) = (Instant::now(), false);
        let mut waiting: VecDeque<Commit> = VecDeque::new();
        let mut committing: Option<BoxFuture<'a, Result<u64, ChannelError>>> = None;
        let mut transfers = self.channel.transfers();
        loop {
            if committing.is_none()
                && let Some(commit) = waiting.pop_front()
            {
                let (channel, runtime) = (self.channel, self.runtime);
                committing = Some(Box::pin(carry_out(channel, runtime, commit)));
            }
            let listens = waiting.len() < MAX_COMMITS;
            if !listens {
                // It is this side that is slow.
                heard = Instant::now();
            }
            tokio::select! {
                biased;
                // Whatever the adapter says, and however fast, the other four have their turn.
                () = super::supervisor::told_to_stop(&mut stop) => return Err(self.stop(incoming).await?),
                done = async { match committing.as_mut() { Some(committing) => committing.await, None => std::future::pending().await } } => {
                    committing = None;
                    self.channel.answer(&ToAdapter::Committed { id: done? })?;
                }
                _ = beat.tick() => {
                    if heard.elapsed() <= SILENCE {
                        silent = false;
                    } else if std::mem::replace(&mut silent, true) {
                        // Twice: this process may have stood still itself, and what was said meanwhile was heard since.
                        return Err(Ended::Gone(format!("it said nothing for {} s", SILENCE.as_secs())));
                    }
                    if self.channel.is_forgotten() {
                        return Err(Ended::Gone("it never said what became of an answer".into()));
                    }
                    if self.lines > LINES {
                        tracing::warn!(account = self.channel.account(), lines = self.lines - LINES, "lines of its log were left out");
                    }
                    self.lines = 0;
                    self.channel.answer(&ToAdapter::Beat)?;
                }
                (id, order) = transfers.next() => self.channel.answer(&ToAdapter::Medium { id, order })?,
                next = incoming.next(self.channel), if listens => match next? {
                    Next::Message(ToGateway::Medium { id, news }) => {
                        heard = Instant::now();
                        transfers.take(id, news).map_err(|why| Ended::Gone(why.to_owned()))?;
                    }
                    Next::Message(message) => {
                        heard = Instant::now();
                        waiting.extend(self.told(message).await?);
                    }
                    Next::Draw(draw) => {
                        let outbound = self.channel.attempt(draw).await?;
                        self.channel.send(outbound)?;
                    }
                },
            }
        }
    }

    /// Tells the process to end, and hears what became of that which was under way.
    async fn stop(&mut self, incoming: &mut Incoming<'id>) -> Result<Ended, Ended> {
        self.channel.answer(&ToAdapter::Shutdown)?;
        let until = Instant::now() + DRAIN;
        while let Ok(Ok(message)) = tokio::time::timeout_at(until, incoming.message()).await {
            if let ToGateway::Outcome { id, outcome } = message {
                self.channel.settle(id, outcome).await?;
            }
        }
        Ok(Ended::Stop)
    }

    async fn told(&mut self, message: ToGateway) -> Result<Option<Commit>, Ended> {
        let status = &self.runtime.status;
        match message {
            ToGateway::Commit { id, inbounds, puts, deletes } => return Ok(Some(Commit { id, inbounds, puts, deletes })),
            ToGateway::Outcome { id, outcome } => self.channel.settle(id, outcome).await?,
            ToGateway::Health(health) => status.health(&health.state, &health.detail),
            ToGateway::Log { level, message } => self.log(&level, &message),
            ToGateway::Skipped { .. } | ToGateway::Trapped { .. } if !self.runtime.failures.passes() => {
                self.log("warn", "its component fails so often that it is not recorded any more");
            }
            ToGateway::Skipped { reason, body } => {
                let content = String::from_utf8_lossy(&body).into_owned();
                let account = self.channel.account().to_owned();
                let event = Event::UpdateSkipped { account, reason, content: Some(content) };
                self.runtime.gateway.record_event(event).await.map_err(Ended::Gateway)?;
            }
            ToGateway::Trapped { reason } => {
                self.runtime.record("channel-component-failed", serde_json::json!({ "reason": reason })).await;
            }
            ToGateway::Fatal { reason } => return Err(Ended::Fatal(reason)),
            ToGateway::Confined { lacking } => status.not_confined(lacking),
            // Taken out before.
            ToGateway::Beat | ToGateway::Medium { .. } => {}
        }
        Ok(None)
    }

    fn log(&mut self, level: &str, message: &str) {
        self.lines = self.lines.saturating_add(1);
        if self.lines > LINES {
            return;
        }
        let (account, message) = (self.channel.account(), line(message, LINE));
        match level {
            "error" => tracing::error!(account, message),
            "warn" => tracing::warn!(account, message),
            "info" => tracing::info!(account, message),
            _ => tracing::debug!(account, message),
        }
    }
}

impl From<ChannelError> for Ended {
    fn from(error: ChannelError) -> Self {
        match error {
            ChannelError::Closed => Self::Gone(error.to_string()),
            ChannelError::Gateway(error) => Self::Gateway(error),
        }
    }
}

/// First what people said, each conversation in its order, then the state in one transaction. A state is never ahead of
/// what it acknowledges: what is repeated after a stop in between is known by its key.
async fn carry_out(channel: &Channel<'_>, runtime: &Arc<Runtime>, commit: Commit) -> Result<u64, ChannelError> {
    let mut conversations: Vec<(String, Vec<InboundMessage>)> = Vec::new();
    for inbound in commit.inbounds {
        let message = match inbound {
            Inbound::Message(message) => message,
            Inbound::Choice(choice) => {
                press(channel, runtime, &choice).await?;
                continue;
            }
            // Nobody wants one.
            Inbound::Notice(_) => continue,
        };
        match conversations.iter_mut().find(|(id, _)| *id == message.conversation.id) {
            Some((_, messages)) => messages.push(message),
            None => conversations.push((message.conversation.id.clone(), vec![message])),
        }
    }
    let mut taking: FuturesUnordered<_> = conversations
        .into_iter()
        .map(|(_, messages)| async move {
            for message in messages {
                take(channel, runtime, message).await?;
            }
            Ok::<(), ChannelError>(())
        })
        .collect();
    while let Some(taken) = taking.next().await {
        taken?;
    }
    if !commit.puts.is_empty() || !commit.deletes.is_empty() {
        runtime.keep(&commit.puts, &commit.deletes)?;
        let changes = sealed(runtime, commit.puts, commit.deletes)?;
        let batch = Batch::new().with_state(&runtime.account.id, changes);
        runtime.gateway.registry.shared().ledger.append(batch).await.map_err(GatewayError::from)?;
    }
    Ok(commit.id)
}

/// Keys, and what they are to hold; nothing, where they are to be gone.
type Changes = Vec<(String, Option<Vec<u8>>)>;

fn sealed(runtime: &Runtime, puts: Vec<State>, deletes: Vec<String>) -> Result<Changes, ChannelError> {
    let mut changes: Vec<_> = deletes.into_iter().map(|key| (key, None)).collect();
    for State { key, value } in puts {
        let Some(sealer) = &runtime.sealer else { return Err(ChannelError::Closed) };
        let value = sealer.seal(&context(&runtime.account.id, &key), &value).map_err(|_| ChannelError::Closed)?;
        changes.push((key, Some(value)));
    }
    Ok(changes)
}

/// What a piece of state is bound to: another account's, or another key's, does not open.
fn context(account: &str, key: &str) -> Vec<u8> {
    let mut context = Vec::with_capacity(account.len() + key.len() + 1);
    context.extend_from_slice(account.as_bytes());
    // No account has it in its name.
    context.push(0);
    context.extend_from_slice(key.as_bytes());
    context
}

/// Why there is no state to start with.
#[derive(Debug)]
pub(crate) enum StateError {
    /// It could not be read this time.
    Unread(String),
    /// It cannot be opened, now or later.
    Lost(String),
}

/// The state of an account as it was committed.
pub(crate) async fn state_of(runtime: &Runtime) -> Result<Vec<State>, StateError> {
    let account = runtime.account.id.clone();
    let sealed = runtime.gateway.read(move |reader| reader.channel_state(&account)).await;
    let sealed = sealed.map_err(|error| StateError::Unread(error.to_string()))?;
    let mut state = Vec::with_capacity(sealed.len());
    for (key, value) in sealed {
        let Some(sealer) = &runtime.sealer else {
            return Err(StateError::Lost("its state is encrypted, and there is no vault to open it with".into()));
        };
        let value = sealer.open(&context(&runtime.account.id, &key), &value).map_err(|error| StateError::Lost(error.to_string()))?;
        state.push(State { key, value: value.to_vec() });
    }
    let mut kept = runtime.kept.lock().unwrap_or_else(PoisonError::into_inner);
    *kept = state.iter().map(|state| (state.key.clone(), state.key.len() + state.value.len())).collect();
    Ok(state)
}

impl Runtime {
    /// Counts what is about to be kept, and refuses what no honest process asks for: it was told the same bounds.
    fn keep(&self, puts: &[State], deletes: &[String]) -> Result<(), ChannelError> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        for key in deletes {
            kept.remove(key);
        }
        for State { key, value } in puts {
            kept.insert(key.clone(), key.len() + value.len());
        }
        if kept.len() > MAX_STATES || kept.values().sum::<usize>() > MAX_STATES_BYTES { Err(ChannelError::Closed) } else { Ok(()) }
    }
}

/// Takes a message, or what there is to do with it instead.
async fn take(channel: &Channel<'_>, runtime: &Arc<Runtime>, message: InboundMessage) -> Result<(), ChannelError> {
    let conversation = &message.conversation.id;
    match runtime.admission.decide(&message) {
        Verdict::Ignore => return Ok(()),
        Verdict::Tell(text) => {
            channel.notice(conversation, &text);
            return Ok(());
        }
        Verdict::Pair { code, expires_at } => return pair(channel, runtime, &message, &code, expires_at).await,
        Verdict::Take => {}
    }
    let place = place(runtime, &message.conversation);
    if message.conversation.is_direct() {
        match command(channel, runtime, &place, &message).await {
            Ok(false) => {}
            Ok(true) => return Ok(()),
            Err(ChannelError::Gateway(error)) if !ends(&error) => {
                not_taken(channel, runtime, &message, &error).await;
                return Ok(());
            }
            Err(error) => return Err(error),
        }
    }
    match answers::typed(channel, runtime, &place, &message).await {
        Ok(false) => {}
        Ok(true) => return Ok(()),
        Err(ChannelError::Gateway(error)) if !ends(&error) => {
            not_taken(channel, runtime, &message, &error).await;
            return Ok(());
        }
        Err(error) => return Err(error),
    }
    let direct = message.conversation.is_direct();
    let mut marks = Vec::new();
    marks.extend(message.forwarded.then_some(Mark::Forwarded));
    marks.extend((!direct).then_some(Mark::Shared));
    let say = Say {
        session: None,
        place,
        marks,
        sender: message.sender.id.clone(),
        key: message.key.clone(),
        message: (!direct).then(|| message.id.clone()),
        text: words(&message),
        files: wanted(&message),
    };
    match runtime.gateway.say(say).await {
        Ok(_) | Err(GatewayError::Empty) => Ok(()),
        Err(error) if ends(&error) => Err(error.into()),
        Err(error) => {
            not_taken(channel, runtime, &message, &error).await;
            Ok(())
        }
    }
}

/// Takes a press of a button, or what there is to do with it instead.
async fn press(channel: &Channel<'_>, runtime: &Arc<Runtime>, choice: &InboundChoice) -> Result<(), ChannelError> {
    match runtime.admission.decide_press(choice) {
        Press::Ignore => Ok(()),
        Press::Tell(text) => {
            channel.notice(&choice.conversation.id, &text);
            Ok(())
        }
        Press::Stranger { tell } => answers::pressed_by_stranger(channel, runtime, choice, tell).await,
        Press::Take => answers::chosen(channel, runtime, &place(runtime, &choice.conversation), choice).await,
    }
}

/// This message, or its session, is at fault: the others are not held up by it.
async fn not_taken(channel: &Channel<'_>, runtime: &Arc<Runtime>, message: &InboundMessage, error: &GatewayError) {
    let told_only = matches!(
        error,
        GatewayError::TooLong { .. } | GatewayError::HoldsSecret { .. } | GatewayError::Withheld { .. } | GatewayError::TooManySkills(_)
    );
    if !told_only {
        tracing::error!(account = runtime.account.id, %error, "a message could not be taken");
        runtime.record("message-not-taken", serde_json::json!({ "key": message.key, "reason": error.to_string() })).await;
    }
    channel.notice(&message.conversation.id, &format!("That was not read: {error}."));
}

/// Whether nothing more can be recorded, so that the platform has to keep what it has.
pub(super) fn ends(error: &GatewayError) -> bool {
    use wirken_ledger::Error as Ledger;
    matches!(error, GatewayError::Stopping | GatewayError::Ledger(Ledger::Stopped { .. } | Ledger::Closed | Ledger::Database { .. }))
}

fn place(runtime: &Runtime, conversation: &Conversation) -> Place {
    let (id, thread) = match &conversation.parent {
        Some(parent) => (parent.clone(), Some(conversation.id.clone())),
        None => (conversation.id.clone(), None),
    };
    Place { agent: runtime.account.agent.clone(), account: runtime.account.id.clone(), conversation: id, thread }
}

/// What the agent is told: who speaks where several do, and what came with it that it cannot see.
fn words(message: &InboundMessage) -> String {
    let mut text = String::new();
    if !message.conversation.is_direct() {
        let name = message.sender.display_name.as_deref().unwrap_or(&message.sender.id);
        let name: String = name.chars().filter(|c| !c.is_control() && !"[]()".contains(*c)).take(80).collect();
        text.push_str(&format!("[{name} ({}) writes]\n", message.sender.id));
    }
    if message.edit_of.is_some() {
        text.push_str("[This replaces an earlier message]\n");
    }
    if message.forwarded {
        text.push_str("[Forwarded: these are somebody else's words]\n");
    }
    // A line of theirs that looks like one of ours is moved away from the margin.
    for (at, line) in message.text.split('\n').enumerate() {
        text.push_str(if at > 0 { "\n" } else { "" });
        text.push_str(if line.starts_with('[') { " " } else { "" });
        text.push_str(line);
    }
    let mut shown = 0;
    for attachment in &message.attachments {
        let (described, why) = match attachment {
            // Nothing is in this host's store by an adapter's word.
            Attachment::Stored(blob) => (blob.described(), Some("it is not among those that you can see")),
            Attachment::Remote(remote) => {
                let why = unwanted(remote, shown);
                shown += usize::from(why.is_none());
                (described(&remote.media_type, remote.name.as_deref(), remote.size), why)
            }
        };
        text.push_str(&match why {
            Some(why) => format!("\n[A file came with it, which you cannot see, because {why}: {described}]"),
            None => format!("\n[A picture came with it: {described}]"),
        });
    }
    text
}

/// Why a file stays where it is, if it does; `shown` of the message are wanted already.
fn unwanted(remote: &RemoteBlob, shown: usize) -> Option<&'static str> {
    match remote {
        _ if !is_picture(&remote.media_type) => Some("only pictures are fetched"),
        _ if remote.size.is_some_and(|size| size > media::MAX_BYTES) => Some("it is too large"),
        _ if shown >= FILES => Some("too many came at once"),
        _ => None,
    }
}

/// What is fetched of what came with a message.
fn wanted(message: &InboundMessage) -> Vec<Remote> {
    let mut files = Vec::new();
    for attachment in &message.attachments {
        if let Attachment::Remote(remote) = attachment
            && unwanted(remote, files.len()).is_none()
        {
            let RemoteBlob { token, media_type, name, size } = remote.clone();
            files.push(Remote { token, media_type, name, size });
        }
    }
    files
}

/// `/new` and `/stop`, which are for the gateway and not for the agent. Each is carried out once, however often the platform
/// repeats it.
async fn command(channel: &Channel<'_>, runtime: &Arc<Runtime>, place: &Place, message: &InboundMessage) -> Result<bool, ChannelError> {
    let text = message.text.trim();
    if text != "/new" && text != "/stop" {
        return Ok(false);
    }
    let wanted = place.clone();
    let found = runtime.gateway.read(move |reader| reader.find_session(&wanted)).await?;
    let session = match found {
        Some(found) => channel.session(found.id).await?,
        None => None,
    };
    if let Some(session) = &session {
        let account = runtime.account.id.clone();
        let event = Event::Commanded { account, key: message.key.clone(), command: text.to_owned() };
        match runtime.gateway.registry.record(session.id(), vec![event]).await {
            Ok(()) => {}
            // It was given before, and what it ends is open yet: it was cut off.
            Err(GatewayError::Ledger(wirken_ledger::Error::Duplicate { chain, .. })) if text == "/new" && chain == session.id().into() => {}
            Err(GatewayError::Ledger(wirken_ledger::Error::Duplicate { .. })) => return Ok(true),
            Err(error) => return Err(error.into()),
        }
    }
    let said = match (text, session) {
        ("/stop", Some(session)) if runtime.gateway.stop(session.id(), "you stopped it").await? => return Ok(true),
        ("/stop", _) => "There is nothing to stop.",
        (_, Some(session)) => {
            runtime.gateway.close_session(session.id(), &runtime.account.id).await?;
            "This is a new conversation: what was said before is not remembered."
        }
        (_, None) => "This is a new conversation already.",
    };
    channel.notice(&message.conversation.id, said);
    Ok(true)
}

/// Gives a stranger a code, once that is recorded.
async fn pair(
    channel: &Channel<'_>,
    runtime: &Arc<Runtime>,
    message: &InboundMessage,
    code: &str,
    expires_at: Timestamp,
) -> Result<(), ChannelError> {
    let name = message.sender.display_name.as_ref().map(|name| name.chars().filter(|c| !c.is_control()).take(80).collect());
    let event = Event::PairingAsked {
        account: runtime.account.id.clone(),
        sender: message.sender.id.clone(),
        name,
        code: admission::digest(code),
        expires_at,
    };
    if let Err(error) = runtime.gateway.record_event(event).await {
        runtime.admission.not_asked(&message.sender.id);
        return Err(error.into());
    }
    channel.notice(&message.conversation.id, &admission::invitation(code));
    Ok(())
}
