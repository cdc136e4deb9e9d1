//! A component that crashes, and processes that lie: the gateway and every other channel go on.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use wirken_engine::Engine;
use wirken_gateway::Gateway;
use wirken_gateway::channel::{Account, ChannelParts, ChannelStatus, Channels, ProcessState};
use wirken_ledger::{LogFilter, Options, Reader, SessionFilter};
use wirken_types::channel::{Attachment, Conversation, Health, Inbound, InboundChoice, InboundMessage, Outcome, RemoteBlob, Sender};
use wirken_types::event::Event;
use wirken_vault::{KeySource, Vault};
use wirken_wire::limits::MAX_PIECE_BYTES;
use wirken_wire::{AdapterHandshake, AdapterStep, Boot, Frames, KeyPair, MediumNews, MediumOrder, ToAdapter, ToGateway, frame};

use crate::channel_commits::{account, channel_parts, gateway};

const SOON: Duration = Duration::from_secs(20);

/// A gateway in this process, with these accounts.
struct Here {
    folder: tempfile::TempDir,
    gateway: Gateway,
    channels: Channels,
    parts: Option<ChannelParts>,
}

impl Here {
    async fn new(accounts: impl FnOnce(&Engine) -> Vec<Account>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::create(&folder.path().join("vault"), &KeySource::KeyFile).unwrap();
        let engine = Engine::new(&wirken_engine::Options::default()).unwrap();
        let (gateway, _) = gateway(folder.path(), Options::default());
        let channels = Channels::prepare(&gateway, accounts(&engine), Some(&vault.sealer("channel-state"))).await.unwrap();
        let parts = Some(channel_parts(folder.path()));
        Self { folder, gateway, channels, parts }
    }

    fn start(&mut self) {
        self.channels.start(self.parts.take().unwrap()).unwrap();
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("adapters/adapters.sock")
    }

    fn reader(&self) -> Reader {
        Reader::open(&wirken_ledger::path_in(self.folder.path())).unwrap()
    }

    fn status(&self, account: &str) -> ChannelStatus {
        self.channels.status().into_iter().find(|status| status.account == account).unwrap()
    }

    fn rows(&self, action: &str) -> Vec<Event> {
        let filter = LogFilter { action: Some(action.into()), ..LogFilter::default() };
        self.reader().log(&filter).unwrap().into_iter().map(|row| row.event).collect()
    }

    /// Texts that were taken, in their order.
    fn taken(&self) -> Vec<String> {
        let reader = self.reader();
        let mut texts = Vec::new();
        for session in reader.sessions(&SessionFilter::default()).unwrap() {
            for row in reader.rows(session.id, 0).unwrap() {
                if let Event::Inbound { content: Some(content), .. } = row.event {
                    texts.push(wirken_types::chat::plain_text(&content));
                }
            }
        }
        texts
    }

    async fn until(&self, what: &str, mut look: impl FnMut(&Self) -> bool) {
        let began = Instant::now();
        while !look(self) {
            assert!(began.elapsed() < SOON, "never {what}: {:?} {:?}", self.channels.status(), self.taken());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn troubled(engine: &Engine, id: &str) -> Account {
    let mut account = account(engine, "fixtures/troubled-channel", "https://example.com", "a secret that nobody asks for");
    account.credentials.clear();
    account.given = "{}".into();
    account.id = id.into();
    account
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_that_crashes_the_component_is_kept_and_skipped_and_the_others_are_taken() {
    let mut here = Here::new(|engine| vec![troubled(engine, "account")]).await;
    here.start();
    here.until("all taken", |here| here.taken().len() >= 7).await;
    let expected: Vec<String> = [0, 1, 2, 4, 5, 6, 7].iter().map(|n| format!("update {n}")).collect();
    assert_eq!(here.taken(), expected);
    let skipped = here.rows("update-skipped");
    assert!(
        matches!(&skipped[..], [Event::UpdateSkipped { content: Some(content), reason, .. }] if content == "3" && reason.contains("nobody survives")),
        "{skipped:?}"
    );
    let status = here.status("account");
    assert_eq!((status.process, status.restarts, status.health.as_str()), (ProcessState::Running, 0, "ok"), "{status:?}");
    here.channels.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_crashes_the_component_has_failed_and_the_next_one_arrives() {
    let mut here = Here::new(|engine| vec![troubled(engine, "account")]).await;
    here.start();
    here.until("all taken", |here| here.taken().len() >= 7).await;
    let place = here.reader().sessions(&SessionFilter::default()).unwrap()[0].place.clone();
    let say = |key: &str, text: &str| wirken_gateway::Say {
        session: None,
        place: place.clone(),
        sender: "11".into(),
        key: key.into(),
        message: None,
        marks: Vec::new(),
        text: text.into(),
        files: Vec::new(),
    };
    here.until("quiet", |here| here.reader().outbox(None).unwrap().is_empty()).await;
    here.gateway.say(say("a", "crash")).await.unwrap();
    here.until("failed", |here| here.reader().outbox(None).unwrap().iter().any(|entry| entry.state == wirken_ledger::OutboxState::Failed))
        .await;
    here.gateway.say(say("b", "goes on")).await.unwrap();
    here.until("delivered", |here| {
        let outcomes = here.rows("outbound-outcome");
        matches!(outcomes.last(), Some(Event::OutboundOutcome { delivery: wirken_types::event::Delivery::Delivered, .. }))
            && here.reader().outbox(None).unwrap().len() == 1
    })
    .await;
    here.channels.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_cannot_run_says_why_and_keeps_no_other_from_running() {
    let mut here = Here::new(|engine| {
        let mut broken = troubled(engine, "broken");
        broken.hosted = Err("its credential is missing".into());
        vec![broken, troubled(engine, "account")]
    })
    .await;
    here.start();
    here.until("the other runs", |here| {
        here.status("account").process == ProcessState::Running && here.status("broken").process == ProcessState::Stopped
    })
    .await;
    assert_eq!(here.status("broken").detail, "its credential is missing");
    here.channels.stop().await;
}

// --- Who lies -------------------------------------------------------------------------------------------------------

/// What a stranger at the socket hears, until it is hung up on.
fn hears(socket: &Path, says: &[u8]) -> Vec<u8> {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream.write_all(says).ok();
    let mut heard = Vec::new();
    stream.read_to_end(&mut heard).ok();
    heard
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_of_the_same_user_is_not_let_in_whatever_it_says() {
    let mut here = Here::new(|engine| vec![troubled(engine, "account")]).await;
    here.start();
    here.until("it runs", |here| here.status("account").process == ProcessState::Running).await;
    let key = KeyPair::generate().unwrap();
    let hello = AdapterHandshake::new("account".into(), &key, key.public(), [7; 32]).unwrap().hello();
    let unknown = AdapterHandshake::new("unheard-of".into(), &key, key.public(), [7; 32]).unwrap().hello();
    let mut lies =
        vec![Vec::new(), frame(&hello).unwrap(), frame(&unknown).unwrap(), vec![0xff; 64], vec![0; 64], u32::MAX.to_le_bytes().to_vec()];
    lies.push(frame(&ToGateway::Beat.encode().unwrap()).unwrap());
    lies.push(frame(&vec![0x41; 4096]).unwrap());
    let socket = here.socket();
    for lie in lies {
        let (socket, said) = (socket.clone(), lie.clone());
        let heard = tokio::task::spawn_blocking(move || hears(&socket, &said)).await.unwrap();
        let text = String::from_utf8_lossy(&heard);
        assert!(text.contains("unknown-adapter") && heard.len() < 200, "{lie:?}: {text}");
    }
    let refused = here.rows("adapter-refused");
    assert!(refused.len() >= 5, "{refused:?}");
    assert!(refused.iter().all(
        |event| matches!(event, Event::System { detail, .. } if detail["reason"] == "other-process" && detail["pid"] == std::process::id())
    ));
    assert_eq!(here.status("account").restarts, 0);
    here.channels.stop().await;
}

/// What a process that stole its account's key does next, by the settings that it is started with.
#[test]
fn liar() {
    let Ok(pipe) = wirken_sandbox::inherited(3) else { return };
    let mut bytes = zeroize::Zeroizing::new(Vec::new());
    std::fs::File::from(pipe).read_to_end(&mut bytes).unwrap();
    let boot = Boot::decode(bytes).unwrap();
    let settings: serde_json::Value = serde_json::from_str(&boot.settings).unwrap();
    let lie = settings["lie"].as_str().unwrap_or_default().to_owned();
    let (stolen, impostor) = (KeyPair::from_seed(&boot.key.seed()), KeyPair::generate().unwrap());
    let key = if lie == "wrong-key" { &impostor } else { &stolen };
    let (mut stream, mut frames) = (UnixStream::connect(&boot.socket).unwrap(), Frames::new());
    let said = if lie == "other-account" { "honest".to_owned() } else { boot.account.clone() };
    let welcome = shake(&mut stream, &mut frames, &said, key, &boot);
    if !welcome {
        return;
    }
    let say = |stream: &mut UnixStream, message: &ToGateway| {
        let mut out = Vec::new();
        message.encode_frame(&mut out).unwrap();
        stream.write_all(&out)
    };
    say(&mut stream, &ToGateway::Health(Health { state: "lying".into(), detail: "a\n\u{1b}[31mb".into() })).unwrap();
    match lie.as_str() {
        "length" => drop(stream.write_all(&u32::MAX.to_le_bytes())),
        "garbage" => drop(stream.write_all(&frame(&[0x55; 300]).unwrap())),
        "hello-again" => {
            drop(stream.write_all(&frame(&AdapterHandshake::new(said, &stolen, boot.gateway, [1; 32]).unwrap().hello()).unwrap()))
        }
        "twice" => {
            let (mut second, mut frames) = (UnixStream::connect(&boot.socket).unwrap(), Frames::new());
            assert!(!shake(&mut second, &mut frames, &boot.account, &stolen, &boot));
            say(&mut stream, &ToGateway::Health(Health { state: "refused".into(), detail: String::new() })).unwrap();
        }
        "outcomes" => {
            for id in [0, 1, 2, u64::MAX] {
                say(&mut stream, &ToGateway::Outcome { id, outcome: Outcome::Delivered(vec!["x".into()]) }).unwrap();
            }
            say(&mut stream, &ToGateway::Health(Health { state: "counted".into(), detail: String::new() })).unwrap();
        }
        "choices" => {
            // The owner's own id, and questions that there may be.
            for id in 0..500_u64 {
                let choice = InboundChoice {
                    key: format!("choice-{id}"),
                    prompt_id: if id == 0 { "none".into() } else { format!("{id:032x}") },
                    choice_id: "once".into(),
                    conversation: Conversation { id: "chat".into(), kind: "direct".into(), parent: None, title: None },
                    sender: Sender { id: "11".into(), display_name: None, is_bot: false },
                };
                let inbounds = vec![Inbound::Choice(choice)];
                say(&mut stream, &ToGateway::Commit { id, inbounds, puts: Vec::new(), deletes: Vec::new() }).unwrap();
            }
            say(&mut stream, &ToGateway::Health(Health { state: "chosen".into(), detail: String::new() })).unwrap();
        }
        "file" => drop(say(&mut stream, &ToGateway::Medium { id: 1, news: MediumNews::Piece { bytes: vec![7; 100_000] } })),
        "wanted-file" => {
            // Somebody who may speak sends a picture; it is wanted once that is committed.
            let Inbound::Message(mut message) = stranger("11") else { panic!("a message was made") };
            let picture = RemoteBlob { token: "t".into(), media_type: "image/png".into(), name: None, size: None };
            message.attachments = vec![Attachment::Remote(picture)];
            let inbounds = vec![Inbound::Message(message)];
            say(&mut stream, &ToGateway::Commit { id: 1, inbounds, puts: Vec::new(), deletes: Vec::new() }).unwrap();
            let mut buffer = [0; 8192];
            let id = loop {
                let next = frames.next_frame().unwrap().map(|message| ToAdapter::decode(message).unwrap());
                match next {
                    Some(ToAdapter::Medium { id, order: MediumOrder::Wanted { token, .. } }) => {
                        assert_eq!(token, "t");
                        break id;
                    }
                    Some(_) => {}
                    None => match stream.read(&mut buffer).unwrap_or_default() {
                        0 => return,
                        count => frames.push(&buffer[..count]),
                    },
                }
            };
            // More than there is credit for, whatever is granted for what is put away meanwhile.
            say(&mut stream, &ToGateway::Medium { id, news: MediumNews::Begun { size: None } }).unwrap();
            let mut first = b"\x89PNG\r\n\x1a\n".to_vec();
            first.resize(MAX_PIECE_BYTES, 7);
            while say(&mut stream, &ToGateway::Medium { id, news: MediumNews::Piece { bytes: first.clone() } }).is_ok() {}
            return;
        }
        "chatter" => while say(&mut stream, &ToGateway::Beat).is_ok() {},
        "flood" => loop {
            // Strangers, commits, failures and log lines, as fast as they are taken.
            let strangers = (0..50).map(|n| stranger(&format!("s{n}"))).collect();
            let sent = say(&mut stream, &ToGateway::Commit { id: 1, inbounds: strangers, puts: Vec::new(), deletes: Vec::new() })
                .and_then(|()| say(&mut stream, &ToGateway::Trapped { reason: "x".repeat(10_000) }))
                .and_then(|()| say(&mut stream, &ToGateway::Skipped { reason: String::new(), body: vec![b'x'; 60_000] }))
                .and_then(|()| say(&mut stream, &ToGateway::Log { level: "error".into(), message: "x\ny".repeat(1000) }));
            if sent.is_err() {
                return;
            }
        },
        _ => {}
    }
    // Nothing more is said; the gateway hangs up, or ends.
    stream.read_to_end(&mut Vec::new()).ok();
}

fn stranger(id: &str) -> Inbound {
    Inbound::Message(InboundMessage {
        key: id.into(),
        id: id.into(),
        edit_of: None,
        forwarded: false,
        conversation: Conversation { id: id.into(), kind: "direct".into(), parent: None, title: None },
        sender: Sender { id: id.into(), display_name: None, is_bot: false },
        text: "let me in".into(),
        attachments: Vec::new(),
        reply_to: None,
        mentions_agent: true,
        sent_at_millis: None,
    })
}

/// Whether the gateway believed it.
fn shake(stream: &mut UnixStream, frames: &mut Frames, account: &str, key: &KeyPair, boot: &Boot) -> bool {
    let mut handshake = AdapterHandshake::new(account.into(), key, boot.gateway, [9; 32]).unwrap();
    stream.write_all(&frame(&handshake.hello()).unwrap()).unwrap();
    let mut buffer = [0; 8192];
    loop {
        while let Some(message) = frames.next_frame().unwrap() {
            match handshake.take(message) {
                Ok(AdapterStep::Proof(proof)) => stream.write_all(&frame(&proof).unwrap()).unwrap(),
                Ok(AdapterStep::Welcome(_)) => {
                    frames.authenticated();
                    return true;
                }
                Ok(AdapterStep::Refused(_)) | Err(_) => return false,
            }
        }
        match stream.read(&mut buffer).unwrap_or_default() {
            0 => return false,
            count => frames.push(&buffer[..count]),
        }
    }
}

/// A gateway whose one account is served by a liar; a second, honest one has the real process.
async fn lied_to(lie: &str) -> Here {
    let given = serde_json::json!({ "lie": lie }).to_string();
    let mut here = Here::new(|engine| {
        let mut liar = troubled(engine, "liar");
        liar.given = given;
        vec![liar]
    })
    .await;
    let parts = here.parts.as_mut().unwrap();
    parts.program = std::env::current_exe().unwrap();
    parts.argument = "channel_trouble::liar";
    here.start();
    here
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_cannot_prove_itself_is_refused_and_started_again() {
    for (lie, reason) in [("wrong-key", "bad-signature"), ("other-account", "unknown-adapter")] {
        let here = lied_to(lie).await;
        here.until("refused", |here| !here.rows("adapter-refused").is_empty()).await;
        let refused = here.rows("adapter-refused");
        assert!(matches!(&refused[0], Event::System { detail, .. } if detail["reason"] == reason), "{lie}: {refused:?}");
        here.until("restarting", |here| !here.rows("channel-restarting").is_empty()).await;
        assert!(here.taken().is_empty());
        here.channels.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_says_what_cannot_be_understood_is_hung_up_on_and_started_again() {
    for lie in ["length", "garbage", "hello-again"] {
        let here = lied_to(lie).await;
        here.until("restarting", |here| !here.rows("channel-restarting").is_empty()).await;
        assert!(here.taken().is_empty() && here.rows("adapter-refused").is_empty(), "{lie}");
        here.channels.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_sends_files_as_it_likes_is_hung_up_on_and_that_is_on_record() {
    for (lie, said) in [("file", ["nobody had asked for"; 2]), ("wanted-file", ["credit", "announced"])] {
        let here = lied_to(lie).await;
        here.until("restarting", |here| !here.rows("channel-restarting").is_empty()).await;
        let told = |event: &Event| match event {
            Event::System { detail, .. } => said.iter().any(|said| detail["reason"].as_str().unwrap().contains(said)),
            _ => false,
        };
        assert!(here.rows("channel-restarting").iter().any(told), "{lie}: {:?}", here.rows("channel-restarting"));
        here.channels.stop().await;
        let kept = std::fs::read_dir(wirken_ledger::Blobs::path_in(here.folder.path())).unwrap().count();
        assert_eq!(kept, 0, "{lie}: nothing of it stays");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_connection_of_an_account_is_refused_and_the_first_lives() {
    let here = lied_to("twice").await;
    here.until("refused", |here| here.status("liar").health == "refused" && !here.rows("adapter-refused").is_empty()).await;
    let refused = here.rows("adapter-refused");
    assert!(matches!(&refused[..], [Event::System { detail, .. }] if detail["reason"] == "connected-already"), "{refused:?}");
    assert_eq!(here.status("liar").process, ProcessState::Running);
    here.channels.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outcomes_of_what_was_never_handed_out_change_nothing_and_words_are_made_plain() {
    let here = lied_to("outcomes").await;
    here.until("lying", |here| here.status("liar").health == "counted" || here.status("liar").detail.contains("[31m")).await;
    here.until("counted", |here| here.status("liar").health == "counted").await;
    assert!(here.rows("outbound-outcome").is_empty());
    assert!(!here.status("liar").detail.contains(['\n', '\u{1b}']));
    here.channels.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_is_bounded_in_the_record() {
    let here = lied_to("flood").await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let failures = here.rows("channel-component-failed").len() + here.rows("update-skipped").len();
    assert!((1..=60).contains(&failures), "{failures}");
    let asked = here.rows("pairing-asked").len();
    assert!((1..=3).contains(&asked), "{asked} pairings");
    assert!(here.taken().is_empty());
    let size = std::fs::metadata(wirken_ledger::path_in(here.folder.path())).unwrap().len();
    assert!(size < 16 * 1024 * 1024, "the ledger has {size} bytes");
    here.channels.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_choice_with_the_owners_id_answers_nothing_and_is_on_record_so_often() {
    let here = lied_to("choices").await;
    here.until("chosen", |here| here.rows("answer-refused").len() >= 60).await;
    here.channels.stop().await;
    let refused = here.rows("answer-refused");
    assert_eq!(refused.len(), 60, "500 were sent");
    assert!(refused.iter().all(|event| matches!(event, Event::System { detail, .. } if detail["by"] == "11" && detail["via"] == "liar")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_never_stops_talking_keeps_nobody_from_stopping() {
    let here = lied_to("chatter").await;
    here.until("lying", |here| here.status("liar").health == "lying").await;
    tokio::time::timeout(SOON, here.channels.stop()).await.expect("the gateway stops");
}
