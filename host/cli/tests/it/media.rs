//! Pictures that people send: from the platform, through the channel's process, to the model.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::slice;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use wirken_testkit::llm::{FakeLlm, Recorded, Reply, Script};
use wirken_testkit::telegram::{Chat, FakeTelegram, Fault, Options, Refusal, Said, User};
use wirken_types::Digest;

use crate::channel::{Running, add, kill};
use crate::support::Wirken;

const SOON: Duration = Duration::from_secs(30);
const MIB: usize = 1024 * 1024;

/// Begins as a JPEG does; no two places are alike, so that nothing can be left out or changed in its order.
fn jpeg(size: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let mut bytes = vec![0xff, 0xd8, 0xff, 0xe0];
    while bytes.len() < size {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        bytes.push(state.to_be_bytes()[0]);
    }
    bytes
}

/// A bot, a model that says how many pictures it sees, and Ada, who may speak.
struct Scene {
    telegram: FakeTelegram,
    llm: FakeLlm,
    wirken: Wirken,
    ada: User,
    chat: Chat,
}

impl Scene {
    async fn new() -> Self {
        let telegram = FakeTelegram::start(Options::default()).await.unwrap();
        let llm = FakeLlm::start(Script::reply(|request| Reply::text(format!("I see {}.", pictures(request).len())))).await.unwrap();
        let wirken = Wirken::with_model(&llm.base_url());
        add(&wirken, &telegram, &["--allow", "11", "--allow", "12"]);
        let ada = User::new(11, "Ada");
        Self { telegram, llm, wirken, chat: Chat::private(&ada), ada }
    }

    fn say(&self, said: Said) {
        self.telegram.say(&self.chat, &self.ada, said);
    }

    /// The request that came after so many.
    async fn request(&self, before: usize) -> Recorded {
        self.until("a request", || self.llm.recorded().len() > before).await;
        self.llm.recorded()[before].clone()
    }

    async fn answered(&self, count: usize) {
        let answered = || self.telegram.sent().iter().filter(|sent| sent.text.starts_with("I see")).count() >= count;
        self.until("an answer", answered).await;
    }

    async fn until(&self, what: &str, mut is: impl FnMut() -> bool) {
        let began = Instant::now();
        while !is() {
            assert!(began.elapsed() < SOON, "{what} never came: {:?}; {:?}", self.telegram.sent(), self.telegram.calls());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn files(&self) -> PathBuf {
        self.wirken.data().join("ledger/files")
    }

    fn pid(&self) -> u64 {
        self.wirken.json(&["status"])["channels"][0]["pid"].as_u64().unwrap()
    }
}

/// The pictures of a request, as the model gets them.
fn pictures(request: &Value) -> Vec<Vec<u8>> {
    let messages = request["messages"].as_array().into_iter().flatten();
    let parts = messages.filter_map(|message| message["content"].as_array()).flatten();
    let urls = parts.filter_map(|part| part["image_url"]["url"].as_str());
    urls.map(|url| STANDARD.decode(url.strip_prefix("data:image/jpeg;base64,").unwrap()).unwrap()).collect()
}

#[tokio::test]
async fn a_photo_reaches_the_model_byte_for_byte_and_stays_in_the_conversation() {
    let scene = Scene::new().await;
    let _running = Running::start(&scene.wirken);
    // Several pieces, and one that is not whole.
    let photo = jpeg(3 * MIB / 2 + 1);
    scene.say(Said::photo("what is it?", photo.clone()));
    let request = scene.request(0).await;
    assert_eq!(pictures(&request.body), slice::from_ref(&photo));
    let text = request.body.to_string();
    assert!(text.contains("what is it?") && text.contains("[A picture came with it: image/jpeg (1.5 MB)]"), "it is told in words too");
    scene.answered(1).await;

    scene.say("and now?".into());
    assert_eq!(pictures(&scene.request(1).await.body), slice::from_ref(&photo), "the model is shown what was said before");
    scene.answered(2).await;

    let kept = scene.files().join(Digest::of(&photo).to_hex());
    assert_eq!(fs::read(&kept).unwrap(), photo);
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&kept), mode(&scene.files())), (0o600, 0o700));
    let rows = scene.wirken.json(&["audit", "log", "--action", "medium-fetched"]);
    let rows = rows["rows"].as_array().unwrap().clone();
    assert_eq!((rows.len(), rows[0]["event"]["kept"].as_bool()), (1, Some(true)), "{rows:?}");
    let session = scene.wirken.json(&["sessions", "list"])["sessions"][0]["id"].as_str().unwrap().to_owned();
    assert!(scene.wirken.ok(&["sessions", "show", &session]).contains("file: image/jpeg (1.5 MB)"));
    assert!(scene.wirken.ok(&["audit", "verify"]).contains("1 file"));
    let used = &scene.wirken.json(&["status"])["channels"][0];
    assert_eq!(used["restarts"], 0, "{used}");
}

#[tokio::test]
async fn what_cannot_be_fetched_is_told_to_the_model_and_the_turn_goes_on() {
    let scene = Scene::new().await;
    let _running = Running::start(&scene.wirken);
    let pdf = Said::document("", "a.pdf", "application/pdf", vec![1; 10]);
    let large = Said::document("", "large.jpg", "image/jpeg", jpeg(21 * MIB));
    type Case = (&'static str, Option<(&'static str, Fault)>, Said, &'static str);
    let photo = || Said::photo("", jpeg(300_000));
    let cases: [Case; 7] = [
        ("another kind", None, pdf, "only pictures are fetched: application/pdf a.pdf"),
        ("known to be too large", None, large, "it is too large: image/jpeg large.jpg"),
        ("refused", Some(("getFile", Fault::Refuse(Refusal::bad("file is too big")))), photo(), "Bad Request: file is too big"),
        ("gone", Some(("file", Fault::Answer { status: 404, body: String::new() })), photo(), "status 404"),
        ("cut", Some(("file", Fault::CutIn(100_000))), photo(), "could not be fetched"),
        ("no connection", Some(("file", Fault::CutBefore)), photo(), "could not be fetched"),
        ("no picture", None, Said::photo("", vec![b'x'; 1000]), "no picture of a kind"),
    ];
    for (at, (case, fault, said, told)) in cases.into_iter().enumerate() {
        if let Some((method, fault)) = fault {
            scene.telegram.fail(method, 1, fault);
        }
        scene.say(said);
        let request = scene.request(at).await;
        assert!(pictures(&request.body).is_empty(), "{case}");
        let last = request.body["messages"].as_array().unwrap().last().unwrap().to_string();
        assert!(last.contains(told), "{case}: {last}");
        scene.answered(at + 1).await;
    }
    assert_eq!(fs::read_dir(scene.files()).unwrap().count(), 0, "nothing of them is kept");
    assert_eq!((scene.telegram.requests_of("getFile"), scene.telegram.requests_of("file")), (5, 4), "nothing is fetched in vain");
}

#[tokio::test]
async fn nothing_of_a_stranger_is_fetched() {
    let scene = Scene::new().await;
    let _running = Running::start(&scene.wirken);
    let stranger = User::new(99, "Eve");
    scene.telegram.say(&Chat::private(&stranger), &stranger, Said::photo("look", jpeg(1000)));
    scene.until("a code", || scene.telegram.sent().iter().any(|sent| sent.text.contains("code"))).await;
    scene.say(Said::photo("look", jpeg(2000)));
    assert_eq!(pictures(&scene.request(0).await.body), [jpeg(2000)]);
    assert_eq!((scene.telegram.requests_of("getFile"), scene.telegram.requests_of("file")), (1, 1));
}

#[tokio::test]
async fn a_transfer_that_a_kill_cuts_off_is_made_again() {
    let scene = Scene::new().await;
    let running = Running::start(&scene.wirken);
    let photo = jpeg(MIB);
    let slowly = |scene: &Scene| scene.telegram.fail("file", 1, Fault::Slow { piece: 64 * 1024, pause: Duration::from_millis(400) });
    // First the channel's process, then the gateway.
    slowly(&scene);
    scene.say(Said::photo("one", photo.clone()));
    scene.until("a download", || scene.telegram.requests_of("file") == 1).await;
    kill(scene.pid());
    assert_eq!(pictures(&scene.request(0).await.body), slice::from_ref(&photo));
    scene.answered(1).await;
    assert_eq!(scene.telegram.requests_of("file"), 2);

    slowly(&scene);
    scene.say(Said::photo("two", jpeg(MIB + 1)));
    scene.until("a download", || scene.telegram.requests_of("file") == 3).await;
    assert!(scene.llm.recorded().len() == 1, "the model is asked only once the picture is there");
    drop(running);
    let _running = Running::start(&scene.wirken);
    assert_eq!(pictures(&scene.request(1).await.body), [photo, jpeg(MIB + 1)]);
    scene.answered(2).await;
    let names: Vec<_> = fs::read_dir(scene.files()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "nothing unfinished is left: {names:?}");
    assert_eq!(scene.telegram.sent().len(), 2, "each is answered once: {:?}", scene.telegram.sent());
}

/// The most that a process has had in memory, in KiB.
fn most(pid: u64) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test]
async fn a_large_one_holds_up_nobody_and_is_never_whole_in_the_channels_memory() {
    let scene = Scene::new().await;
    let _running = Running::start(&scene.wirken);
    scene.say("hello".into());
    scene.answered(1).await;
    let before = most(scene.pid());
    let photo = jpeg(19 * MIB);
    // It takes some seconds to come.
    scene.telegram.fail("file", 1, Fault::Slow { piece: MIB, pause: Duration::from_millis(150) });
    scene.say(Said::photo("large", photo.clone()));
    scene.until("a download", || scene.telegram.requests_of("file") == 1).await;
    let bob = User::new(12, "Bob");
    for number in 0..5 {
        scene.telegram.say(&Chat::private(&bob), &bob, format!("question {number}"));
        scene.answered(2 + number).await;
    }
    assert!(scene.llm.recorded().iter().all(|request| pictures(&request.body).is_empty()), "it is still coming");
    scene.answered(7).await;
    assert_eq!(pictures(&scene.llm.recorded()[6].body), [photo]);
    let grown = most(scene.pid()) - before;
    assert!(grown < 12 * 1024, "the channel's process grew by {grown} KiB");
}

#[tokio::test]
async fn the_record_says_when_a_file_is_missing_or_altered_and_a_start_removes_what_nothing_names() {
    let scene = Scene::new().await;
    let running = Running::start(&scene.wirken);
    let photo = jpeg(50_000);
    scene.say(Said::photo("", photo.clone()));
    scene.answered(1).await;
    drop(running);
    let kept = scene.files().join(Digest::of(&photo).to_hex());
    let (orphan, half) = (scene.files().join(Digest::of(b"orphan").to_hex()), scene.files().join("1-1.part"));
    fs::write(&orphan, b"orphan").unwrap();
    fs::write(&half, b"half").unwrap();
    scene.wirken.ok(&["audit", "verify"]);

    let mut altered = photo.clone();
    altered[40_000] ^= 1;
    fs::write(&kept, &altered).unwrap();
    let said = |wirken: &Wirken| String::from_utf8(wirken.run(&["audit", "verify"]).stdout).unwrap();
    assert!(said(&scene.wirken).contains("is not the one that was kept"), "{}", said(&scene.wirken));
    assert!(!scene.wirken.run(&["audit", "verify"]).status.success());
    // What was changed goes nowhere.
    let running = Running::start(&scene.wirken);
    assert!(!orphan.exists() && !half.exists() && kept.exists());
    scene.say("what was it?".into());
    let refused =
        |sent: &[wirken_testkit::telegram::Sent]| sent.iter().any(|sent| sent.text.contains("is not the one that was kept")).then_some(());
    scene.telegram.wait(SOON, refused).await.unwrap();
    assert_eq!(scene.llm.recorded().len(), 1);
    drop(running);
    fs::remove_file(&kept).unwrap();
    assert!(said(&scene.wirken).contains("is missing"), "{}", said(&scene.wirken));
    let _running = Running::start(&scene.wirken);
    scene.say("and now?".into());
    let request = scene.request(1).await;
    assert!(pictures(&request.body).is_empty() && request.body.to_string().contains("not there any more"), "the conversation goes on");
}
