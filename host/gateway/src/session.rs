//! One session: an actor that carries out what its turn asks for, in order.
//!
//! It holds nothing that the ledger could not rebuild: the conversation is a fold over recorded events, live as after a
//! restart. An actor without a turn ends after a while, and the next message starts it anew.

mod asking;
mod screening;
mod skills;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{mpsc, oneshot};
use wirken_ledger::{Batch, Row};
use wirken_turn::{Conversation, Effect, File, Input, Setup, Shown, Surface, ToolOrigin, Turn, files_of, not_fetched};
use wirken_types::approval::ApprovalId;
use wirken_types::chat::{Message, Part};
use wirken_types::event::{Event, Mark, Place};
use wirken_types::media::Remote;
use wirken_types::{SessionId, Timestamp, TurnId};

use crate::approvals;
use crate::channel::Outgoing;
use crate::permits::Planned;
use crate::pictures;
use crate::policies::{self, Answering};
use crate::registry::Watchers;
use crate::shared::Shared;
use crate::skills::{Folder, Ready};
use crate::{Accepted, GatewayError, Say, Update};
use asking::{Calling, reads_outside, speakers_of};
use screening::belongs_to;
use skills::{COMMAND, Direct};

/// How long an actor without work stays.
const IDLE: Duration = Duration::from_secs(20);

pub(crate) enum Command {
    Say { say: Box<Say>, reply: oneshot::Sender<Result<Accepted, GatewayError>> },
    Resume { turn: TurnId },
    Answer { answering: Box<approvals::Answering>, reply: oneshot::Sender<Result<(), GatewayError>> },
    AskAgain,
    Stop { reason: String, reply: oneshot::Sender<Result<bool, GatewayError>> },
    Close { by: String, reply: oneshot::Sender<Result<(), GatewayError>> },
}

/// What the turn waits for.
enum Work {
    Nothing,
    Asking(Answering),
    Waiting(Pin<Box<tokio::time::Sleep>>),
    Planning(Pin<Box<dyn Future<Output = Planned> + Send>>),
    /// A person is being asked.
    Deciding(ApprovalId, Pin<Box<tokio::time::Sleep>>),
    Calling(Calling),
}

struct Actor {
    id: SessionId,
    shared: Arc<Shared>,
    watchers: Watchers,
    running: Arc<AtomicBool>,
    conversation: Conversation,
    /// None until it is opened.
    place: Option<Place>,
    /// What is to be known of what was said in it.
    marks: BTreeSet<Mark>,
    /// A call has read words from outside: whoever carries out a call sets it.
    outside: Arc<AtomicBool>,
    /// Who speaks in the turn that runs.
    speakers: BTreeSet<String>,
    /// Where its answers go; none where whoever reads them reads the ledger.
    outgoing: Option<Outgoing>,
    turn: Option<Turn>,
    /// What the model is told of skills, as it is recorded.
    listed: String,
    /// The skills of the turn that runs.
    skills: Option<Arc<Ready>>,
    /// The call that a command makes in the turn that runs.
    direct: Option<Direct>,
    /// Whether the call that was planned last may write into the workspace.
    writes: bool,
    /// The skill's folder that it reads.
    reads: Option<Folder>,
    work: Work,
    /// Files that the turn waits for.
    fetching: FuturesUnordered<Fetching>,
}

/// A file on its way, and what is to be recorded of it.
type Fetching = Pin<Box<dyn Future<Output = (File, Event)> + Send>>;

pub(crate) async fn run(
    id: SessionId,
    shared: Arc<Shared>,
    mut inbox: mpsc::Receiver<Command>,
    watchers: Watchers,
    running: Arc<AtomicBool>,
) {
    let rows = match shared.read_history(move |reader| reader.rows(id, 0)).await {
        Ok(rows) => rows,
        Err(error) => return refuse_all(&mut inbox, &error).await,
    };
    let place = rows.first().and_then(|row| match &row.event {
        Event::SessionOpened { place } => Some(place),
        _ => None,
    });
    let outgoing = place.and_then(|place| Outgoing::to(&shared, id, place));
    let marks: BTreeSet<Mark> = rows.iter().flat_map(|row| marks_of(&row.event)).copied().collect();
    let shared_place = marks.contains(&Mark::Shared);
    let mut actor = Actor {
        id,
        shared,
        watchers,
        running,
        conversation: Conversation::replay(rows.iter().map(|row| &row.event)),
        place: place.cloned(),
        marks,
        outside: Arc::new(AtomicBool::new(rows.iter().any(|row| reads_outside(&row.event)))),
        speakers: if shared_place { speakers_of(None, &rows) } else { BTreeSet::new() },
        outgoing,
        turn: None,
        listed: skills::listed(rows.iter().map(|row| &row.event)),
        skills: None,
        direct: None,
        writes: false,
        reads: None,
        work: Work::Nothing,
        fetching: FuturesUnordered::new(),
    };
    let ended = actor.live(&mut inbox, rows).await;
    actor.running.store(false, Ordering::Relaxed);
    if let Err(error) = ended {
        tracing::error!(session = %id, %error, "a session stopped: what it does cannot be recorded");
        refuse_all(&mut inbox, &error).await;
    }
}

/// Answers everybody who waits with why nothing can be done, and takes no more.
async fn refuse_all(inbox: &mut mpsc::Receiver<Command>, error: &GatewayError) {
    inbox.close();
    while let Some(command) = inbox.recv().await {
        // A caller that went away needs no answer.
        match command {
            Command::Say { reply, .. } => drop(reply.send(Err(error.clone()))),
            Command::Answer { reply, .. } => drop(reply.send(Err(error.clone()))),
            Command::Stop { reply, .. } => drop(reply.send(Err(error.clone()))),
            Command::Close { reply, .. } => drop(reply.send(Err(error.clone()))),
            Command::Resume { .. } | Command::AskAgain => {}
        }
    }
}

/// What happened next.
enum Next {
    Command(Option<Command>),
    /// With what is to be recorded before.
    Inputs(Vec<Event>, Vec<Input>),
    Planned(Planned),
    Idle,
}

impl Actor {
    /// Runs until the session is closed, nobody needs it any more, or the ledger fails.
    async fn live(&mut self, inbox: &mut mpsc::Receiver<Command>, mut rows: Vec<Row>) -> Result<(), GatewayError> {
        loop {
            match self.next(inbox).await {
                Next::Inputs(events, inputs) => {
                    if !events.is_empty() {
                        self.record(events).await?;
                    }
                    // A piece of an answer makes no call.
                    if inputs.iter().any(|input| !matches!(input, Input::Step(_) | Input::Revised { .. } | Input::Fetched { .. }))
                        && self.offer().await?
                    {
                        continue;
                    }
                    for input in inputs {
                        let Some(turn) = &mut self.turn else { break };
                        let effects = turn.handle(input);
                        self.carry_out(effects).await?;
                    }
                }
                Next::Planned(Planned { verdict, writes, reads }) => {
                    if self.offer().await? {
                        continue;
                    }
                    (self.writes, self.reads) = (writes, reads);
                    if let Some(turn) = &mut self.turn {
                        let effects = turn.handle(Input::Planned(verdict));
                        self.carry_out(effects).await?;
                    }
                }
                Next::Idle | Next::Command(None) => return Ok(()),
                Next::Command(Some(Command::Say { say, reply })) => {
                    let result = self.say(*say).await;
                    let fatal = match &result {
                        Err(GatewayError::Ledger(error)) if !error.is_refusal() => result.as_ref().err().cloned(),
                        _ => None,
                    };
                    drop(reply.send(result));
                    if let Some(error) = fatal {
                        return Err(error);
                    }
                }
                Next::Command(Some(Command::Resume { turn })) => {
                    if self.turn.is_none() {
                        if let Some(place) = self.place.clone() {
                            self.skills = self.look(&place, &[]).await;
                        }
                        self.direct = Direct::of(turn, rows.iter().map(|row| &row.event));
                        let (turn, effects) = Turn::resume(turn, self.setup(), rows.iter().map(|row| &row.event));
                        if let Some(outgoing) = &mut self.outgoing {
                            outgoing.resume(&turn, &rows);
                        }
                        let shared = self.marks.contains(&Mark::Shared);
                        self.speakers = speakers_of((!shared).then(|| turn.id()), &rows);
                        self.begin(turn);
                        let effects = self.screened_again(effects).await;
                        self.carry_out(effects).await?;
                    }
                }
                Next::Command(Some(Command::Answer { answering, reply })) => {
                    let answered = self.answer(*answering).await;
                    let fatal = match &answered {
                        Err(GatewayError::Ledger(_)) => answered.as_ref().err().cloned(),
                        _ => None,
                    };
                    drop(reply.send(answered));
                    // The turn had moved on already: what it believes is not on record.
                    if let Some(error) = fatal {
                        return Err(error);
                    }
                }
                Next::Command(Some(Command::AskAgain)) => self.ask_person(),
                Next::Command(Some(Command::Stop { reason, reply })) => {
                    let was_running = self.stop(reason).await;
                    drop(reply.send(was_running.clone()));
                    was_running?;
                }
                Next::Command(Some(Command::Close { by, reply })) => {
                    let closed = self.close(by).await;
                    drop(reply.send(closed.clone()));
                    return closed;
                }
            }
            // Only a turn that is resumed needs them, and that comes first.
            rows = Vec::new();
        }
    }

    async fn next(&mut self, inbox: &mut mpsc::Receiver<Command>) -> Next {
        let idle = self.fetching.is_empty();
        let work = async {
            match &mut self.work {
                Work::Nothing if !idle => std::future::pending().await,
                Work::Nothing => {
                    tokio::time::sleep(IDLE).await;
                    Next::Idle
                }
                Work::Asking(answer) => match answer.next().await {
                    Some((events, inputs)) => Next::Inputs(events, inputs),
                    None => Next::Inputs(Vec::new(), vec![Input::ResponseEnded]),
                },
                Work::Waiting(sleep) => {
                    sleep.await;
                    Next::Inputs(Vec::new(), vec![Input::Waited])
                }
                Work::Planning(plan) => Next::Planned(plan.await),
                Work::Deciding(approval, until) => {
                    until.await;
                    let expired = Input::Expired { approval: *approval, reason: "nobody answered in time".into() };
                    Next::Inputs(Vec::new(), vec![expired])
                }
                Work::Calling(calling) => {
                    let (events, input) = (&mut calling.end).await;
                    Next::Inputs(events, vec![input])
                }
            }
        };
        tokio::select! {
            biased;
            command = inbox.recv() => Next::Command(command),
            Some((file, event)) = self.fetching.next() => Next::Inputs(vec![event], vec![Input::Fetched { file }]),
            next = work => next,
        }
    }

    async fn say(&mut self, say: Say) -> Result<Accepted, GatewayError> {
        let Say { place, sender, key, message, marks, text, files, .. } = say;
        if self.place.is_none() && self.outgoing.is_none() {
            self.outgoing = Outgoing::to(&self.shared, self.id, &place);
        }
        let running = self.turn.as_ref().map(Turn::id);
        let turn = running.unwrap_or_else(TurnId::generate);
        let account = place.account.clone();
        let (text, mut remarks) = self.heard(&place, &sender, &marks, running.is_some().then_some(turn), text).await?;
        remarks.iter_mut().for_each(|remark| belongs_to(remark, turn));
        if running.is_none() {
            self.skills = self.look(&place, &marks).await;
            self.direct = None;
            remarks.extend(self.lists(self.skills.as_deref()));
        }
        if let Some(called) = self.called(&account, &text)? {
            remarks.push(self.takes(turn, running.is_some(), called));
        }
        let content = Some(std::iter::once(Part::text(text)).chain(files.iter().map(Remote::part)).collect());
        let inbound = Event::Inbound { turn, account, key, sender, message: message.clone(), marks, content };
        let accepted = Accepted { session: self.id, turn, duplicate: false };
        let recorded = if running.is_some() {
            let files = files_of(&inbound);
            remarks.push(inbound);
            match (self.record(remarks).await, &mut self.turn) {
                (Ok(()), Some(turn)) => {
                    // What is said now is for the model.
                    if self.direct.take().is_some() {
                        let (provider, model) = self.shared.model.names();
                        turn.ask_of(provider, model);
                    }
                    let mut effects = turn.handle(Input::Said);
                    if !files.is_empty() {
                        effects.extend(turn.handle(Input::Sent { files }));
                    }
                    self.carry_out(effects).await
                }
                (recorded, _) => recorded,
            }
        } else {
            let mut before = if self.place.is_some() { Vec::new() } else { vec![Event::SessionOpened { place }] };
            before.append(&mut remarks);
            let (turn, effects) = Turn::start(turn, self.setup(), before, inbound);
            // Where several people speak, what one of them said before may be behind what another's turn does.
            if !self.marks.contains(&Mark::Shared) {
                self.speakers.clear();
            }
            (self.writes, self.reads) = (false, None);
            self.begin(turn);
            self.carry_out(effects).await.inspect_err(|_| self.end_turn())
        };
        match recorded {
            Ok(()) => {
                if let Some(outgoing) = &mut self.outgoing {
                    outgoing.answers(message);
                }
                Ok(accepted)
            }
            Err(GatewayError::Ledger(wirken_ledger::Error::Duplicate { chain, seq, .. })) => {
                // The turn that took it then.
                let rows = self.shared.read_history(move |reader| reader.rows(chain, seq)).await?;
                let turn = rows.first().and_then(|row| row.event.turn()).unwrap_or(accepted.turn);
                Ok(Accepted { session: chain.session().unwrap_or(self.id), turn, duplicate: true })
            }
            Err(error) => Err(error),
        }
    }

    async fn stop(&mut self, reason: String) -> Result<bool, GatewayError> {
        let Some(turn) = &mut self.turn else { return Ok(false) };
        let effects = turn.handle(Input::Stop { reason });
        self.carry_out(effects).await?;
        Ok(true)
    }

    async fn close(&mut self, by: String) -> Result<(), GatewayError> {
        self.stop("the session was closed".into()).await?;
        self.record(vec![Event::SessionClosed { by }]).await
    }

    fn begin(&mut self, turn: Turn) {
        self.turn = Some(turn);
        if let Some(outgoing) = &self.outgoing {
            outgoing.at_work(true);
        }
        self.running.store(true, Ordering::Relaxed);
    }

    fn end_turn(&mut self) {
        self.turn = None;
        if let Some(outgoing) = &self.outgoing {
            outgoing.at_work(false);
        }
        self.work = Work::Nothing;
        // Whoever fetches one hears that nobody waits for it any more.
        self.fetching.clear();
        self.running.store(false, Ordering::Relaxed);
    }

    /// Tells the turn which tools there are now. True where that ended what it waited for: what came of that is late.
    async fn offer(&mut self) -> Result<bool, GatewayError> {
        let tools = self.origins();
        let Some(turn) = &mut self.turn else { return Ok(false) };
        let effects = turn.offer(tools);
        let ended = !effects.is_empty();
        self.carry_out(effects).await?;
        Ok(ended)
    }

    /// Carries out effects in order; what follows a record waits until it is durable.
    async fn carry_out(&mut self, effects: Vec<Effect>) -> Result<(), GatewayError> {
        for effect in effects {
            self.goes_on(&effect);
            match effect {
                Effect::Record(events) => {
                    // Before the record is published, so that whoever hears of a turn's end finds it ended.
                    if self.turn.as_ref().is_some_and(Turn::ended) {
                        self.running.store(false, Ordering::Relaxed);
                    }
                    self.record(events).await?;
                }
                Effect::Ask => {
                    if let Some(outgoing) = &self.outgoing {
                        outgoing.restart();
                    }
                    let answer = match self.directly() {
                        Some(answer) => answer,
                        None => {
                            let system = Message::System(format!("{}{}", self.shared.instructions, self.listed));
                            let messages = std::iter::once(system).chain(self.conversation.messages().iter().cloned()).collect();
                            let messages = pictures::bounded(messages, |blob| self.shared.keeps(blob));
                            self.shared.model.ask(messages, self.shared.permits.tools.definitions())
                        }
                    };
                    let (provider, _) = self.shared.model.names();
                    self.work = self.reviewing(self.shared.screen.answer(provider, answer));
                }
                Effect::Abandon => self.abandon().await?,
                Effect::Wait(millis) => self.work = Work::Waiting(Box::pin(tokio::time::sleep(Duration::from_millis(millis)))),
                Effect::Plan(call) => self.work = Work::Planning(self.plan(call)),
                Effect::Await { approval, expires_at } => {
                    let left = Duration::from_millis(expires_at.0.saturating_sub(Timestamp::now().0));
                    self.work = Work::Deciding(approval, Box::pin(tokio::time::sleep(left)));
                    self.ask_person();
                }
                Effect::Call(call, allowed) => {
                    if let Some(turn) = self.turn.as_ref().map(Turn::id) {
                        self.work = Work::Calling(self.call(turn, call, allowed));
                    }
                }
                Effect::Show(shown) => {
                    if let Some(turn) = &self.turn {
                        if let (Some(outgoing), Shown::Text { text }) = (&self.outgoing, &shown) {
                            outgoing.stream(turn, text);
                        }
                        self.watchers.tell(Update::Glimpse { turn: turn.id(), shown });
                    }
                }
                Effect::Fetch(files) => self.fetch(files),
                Effect::End => self.end_turn(),
            }
        }
        if self.turn.as_ref().is_some_and(Turn::fetching) {
            // What came before has ended.
            self.work = Work::Nothing;
        }
        Ok(())
    }

    /// Stops what is under way. What a call had begun is recorded as cut off, before how the call ended.
    async fn abandon(&mut self) -> Result<(), GatewayError> {
        if let Work::Calling(calling) = std::mem::replace(&mut self.work, Work::Nothing) {
            let events = calling.cut_off();
            if !events.is_empty() {
                self.shared.ledger.append_lazily(Batch::of(self.id, events)).await?;
            }
        }
        Ok(())
    }

    /// Has files fetched, each by itself.
    fn fetch(&mut self, files: Vec<(File, Remote)>) {
        let Some(turn) = self.turn.as_ref().map(Turn::id) else { return };
        let media = self.place.as_ref().and_then(|place| self.shared.media(&place.account));
        for (file, remote) in files {
            let media = media.clone();
            self.fetching.push(Box::pin(async move {
                let fetched = match media {
                    Some(media) => media.fetch(remote.clone()).await,
                    None => Err("nobody is there who could fetch it".to_owned()),
                };
                let File { key, part } = file.clone();
                let event = match fetched {
                    Ok(blob) => Event::MediumFetched { turn, key, part, kept: true, content: Some(Part::Blob(blob)) },
                    Err(why) => not_fetched(turn, file.clone(), &remote, &why),
                };
                (file, event)
            }));
        }
    }

    /// Durable first, then part of the conversation, then shown and sent.
    async fn record(&mut self, mut events: Vec<Event>) -> Result<(), GatewayError> {
        let reserved = self.outgoing.as_ref().is_some_and(|outgoing| outgoing.reserve(&mut events));
        let at = Timestamp::now();
        let recorded = self.shared.ledger.append(Batch::of(self.id, events.iter().cloned()).at(at)).await;
        if let Some(outgoing) = &self.outgoing {
            match &recorded {
                Ok(_) => outgoing.queue(&events, reserved),
                Err(_) if reserved => outgoing.release(),
                Err(_) => {}
            }
        }
        for (event, row) in events.into_iter().zip(recorded?.rows) {
            self.conversation.apply(&event);
            if let Some(outgoing) = &self.outgoing {
                outgoing.over(&event);
            }
            self.marks.extend(marks_of(&event));
            match &event {
                Event::SessionOpened { place } => drop(self.place.get_or_insert_with(|| place.clone())),
                Event::SkillsListed { content, .. } => self.listed = content.clone().unwrap_or_default(),
                Event::Inbound { sender, .. } => drop(self.speakers.insert(sender.clone())),
                event if policies::taints(event) => self.outside.store(true, Ordering::Relaxed),
                _ => {}
            }
            self.watchers.tell(Update::Recorded { seq: row.seq, at, event: Arc::new(event) });
        }
        Ok(())
    }

    fn setup(&self) -> Setup {
        let (provider, model) = match &self.direct {
            Some(direct) => (COMMAND.to_owned(), direct.skill.clone()),
            None => self.shared.model.names(),
        };
        let surface = if self.outgoing.is_some() { Surface::Sends } else { Surface::Reads };
        Setup { provider, model, tools: self.origins(), surface }
    }

    /// The tools that there are now, and which component each is from.
    fn origins(&self) -> BTreeMap<String, ToolOrigin> {
        let mut tools = self.shared.permits.tools.origins();
        // A policy is asked before every call, also where nobody has to allow what it does.
        if !self.shared.permits.policies.is_empty() {
            tools.values_mut().for_each(|origin| origin.gated = true);
        }
        tools
    }
}

fn marks_of(event: &Event) -> &[Mark] {
    match event {
        Event::Inbound { marks, .. } => marks,
        _ => &[],
    }
}
