//! `[network]`: a proxy and an authority of the owner's, for the gateway and for the processes of its channels.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::Value;
use wirken_testkit::llm::{FakeLlm, Script};
use wirken_testkit::proxy::{FakeProxy, Route, Rules};
use wirken_testkit::telegram::{Chat, FakeTelegram, Options, User};
use wirken_testkit::tls::{identity, pem};

use crate::channel::Running;
use crate::support::{Wirken, stderr};

const KEY: &str = "sk-first-4f9c0d1e2b3a";
const PASSWORD: &str = "correct-horse";
const OTHER_PASSWORD: &str = "battery-staple";
/// Names that no name server knows, and none is asked about.
const MODEL: &str = "llm.example.invalid";
const CHAT: &str = "chat.example.invalid";

/// A proxy that looks into what passes, as a company's does, and the authority that it signs with, as a file.
struct Company {
    proxy: FakeProxy,
    authority: String,
    tls: tokio_rustls::TlsAcceptor,
}

impl Company {
    async fn new(login: Option<&str>) -> Self {
        let (root, tls) = identity(&[MODEL, CHAT], &[b"http/1.1"]).unwrap();
        let rules = Rules { login: login.map(str::to_owned), routes: HashMap::new() };
        Self { proxy: FakeProxy::start(rules, None).await.unwrap(), authority: pem(&root), tls }
    }

    fn leads(&self, name: &str, to: SocketAddr) {
        let route = Route::Intercepted(self.tls.clone(), to);
        self.proxy.set(|rules| _ = rules.routes.insert(format!("{name}:443"), route));
    }

    /// What was asked of the proxy for this name, and how often.
    fn asked_for(&self, name: &str, login: Option<&str>) -> usize {
        let (target, login) = (format!("{name}:443"), login.map(str::to_owned));
        self.proxy.seen().iter().filter(|seen| seen.target == target && seen.login == login).count()
    }
}

/// Set up with a model at a name that only the proxy knows.
fn set_up(key: &str) -> Wirken {
    let (wirken, url) = (Wirken::new(), format!("base-url=https://{MODEL}/v1"));
    let given = ["--provider", "openai", "--model", "m", "--setting", &url, "--key-file", "--credential-stdin"];
    let output = wirken.run_with_input(&[&["setup", "--non-interactive"], &given[..]].concat(), key.as_bytes());
    assert!(output.status.success(), "{}", stderr(&output));
    wirken
}

/// Adds to the configuration, as an editor would.
fn configure(wirken: &Wirken, lines: &str) {
    let path = wirken.data().join("config.toml");
    let mut text = std::fs::read_to_string(&path).unwrap();
    let end = text.find("\n[network]").unwrap_or(text.len());
    text.truncate(end);
    write!(text, "\n[network]\n{lines}\n").unwrap();
    std::fs::write(&path, text).unwrap();
}

fn with_value(wirken: &Wirken, verb: &str, whose: &[&str], value: &str) -> (bool, String) {
    let output = wirken.run_with_input(&[&["credentials", verb], whose, &["--stdin"]].concat(), value.as_bytes());
    let said = stderr(&output);
    assert!(!said.contains(value) && output.stdout.is_empty(), "the value was shown: {said}");
    (output.status.success(), said)
}

fn channel(wirken: &Wirken, what: &str, is: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    loop {
        let state = wirken.json(&["status"])["channels"][0].clone();
        if is(&state) {
            return state;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{what}: {state}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_goes_through_the_proxy_and_its_password_can_be_rotated_meanwhile() {
    let llm = FakeLlm::start(Script::echo().with_key(KEY).with_models(["m"])).await.unwrap();
    let telegram = FakeTelegram::start(Options::default()).await.unwrap();
    let company = Company::new(Some(&format!("me:{PASSWORD}"))).await;
    company.leads(MODEL, llm.address());
    company.leads(CHAT, telegram.address());
    let wirken = set_up(KEY);
    let url = format!("api-url=https://{CHAT}");
    let connect = ["channel", "add", "telegram", "--non-interactive", "--credential-stdin", "--allow", "11", "--setting", &url];
    let output = wirken.run_with_input(&connect, telegram.token().as_bytes());
    assert!(output.status.success(), "{}", stderr(&output));
    let ca = wirken.outside().join("ca.pem");
    std::fs::write(&ca, &company.authority).unwrap();
    let address = company.proxy.address();
    configure(&wirken, &format!("proxy = \"http://{address}\"\nproxy-user = \"me\"\nca-file = {ca:?}"));
    assert_eq!(wirken.json(&["config", "check"])["ok"], true);
    let (kept, said) = with_value(&wirken, "add", &["network", "proxy"], PASSWORD);
    assert!(kept && said.contains(&format!("http://{address} is told it, and nobody else")), "{said}");

    // What some program put into the environment leads nowhere.
    let ask = |words: &str| {
        let mut command = wirken.command(&["ask", "-m", words]);
        for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"] {
            command.env(name, "http://127.0.0.1:9");
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(ask("hello there").contains("hello there"));
    assert!(company.asked_for(MODEL, Some("me:correct-horse")) >= 1);

    let running = Running::start(&wirken);
    let well = |state: &Value| state["process"] == "running" && state["health"] == "ok";
    let first = channel(&wirken, "it runs behind the proxy", well)["pid"].clone();
    assert!(company.asked_for(CHAT, Some("me:correct-horse")) >= 1);
    let (ada, chat) = (User::new(11, "Ada"), Chat::private(&User::new(11, "Ada")));
    telegram.say(&chat, &ada, "good morning");
    let answered = |part: &'static str| {
        telegram.wait(Duration::from_secs(20), move |sent| sent.iter().any(|sent| sent.text.contains(part)).then_some(()))
    };
    answered("good morning").await.unwrap();

    company.proxy.set(|rules| rules.login = Some(format!("me:{OTHER_PASSWORD}")));
    let (rotated, said) = with_value(&wirken, "rotate", &["network", "proxy"], OTHER_PASSWORD);
    assert!(rotated && said.contains("Rotated network/proxy"), "{said}");
    channel(&wirken, "it is started again with the new password", |state| well(state) && state["pid"] != first);
    assert!(company.asked_for(CHAT, Some("me:battery-staple")) >= 1);
    telegram.say(&chat, &ada, "good evening");
    answered("good evening").await.unwrap();
    assert!(ask("hello once more").contains("hello once more"));
    // Both are looked for: the old one may be in what is under way.
    for value in [PASSWORD, OTHER_PASSWORD] {
        assert!(wirken.fails(&["ask", "-m", &format!("is {value} good?")]).contains("network/proxy"), "{value}");
    }
    drop(running);
    assert!(ask("and without the gateway").contains("and without the gateway"));
    assert!(company.asked_for(MODEL, Some("me:battery-staple")) >= 1);
    let log = wirken.ok(&["audit", "log", "--session", "system"]);
    assert!(log.contains("credential-rotated") && !log.contains(PASSWORD) && !log.contains(OTHER_PASSWORD), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_proxy_refuses_says_what_to_do() {
    let llm = FakeLlm::start(Script::echo().with_key(KEY).with_models(["m"])).await.unwrap();
    let company = Company::new(Some(&format!("me:{PASSWORD}"))).await;
    let wirken = set_up(KEY);
    let address = company.proxy.address();
    let ca = wirken.outside().join("ca.pem");
    std::fs::write(&ca, &company.authority).unwrap();
    let proxy = format!("proxy = \"http://{address}\"\n");
    let asked = || wirken.fails(&["ask", "-m", "hello"]);

    let mut command = wirken.command(&["ask", "-m", "hello"]);
    let output = command.env("HTTPS_PROXY", format!("http://{address}")).output().unwrap();
    assert!(!output.status.success() && stderr(&output).contains(MODEL), "{}", stderr(&output));
    assert_eq!(company.proxy.seen(), [], "the environment named it");

    configure(&wirken, &proxy);
    let said = asked();
    assert!(said.contains("407") && said.contains("`proxy-user`") && said.contains("`wirken credentials add network proxy`"), "{said}");
    configure(&wirken, &format!("{proxy}proxy-user = \"me\""));
    assert!(with_value(&wirken, "add", &["network", "proxy"], OTHER_PASSWORD).0);
    let said = asked();
    assert!(said.contains("`wirken credentials rotate network proxy`"), "{said}");
    assert!(with_value(&wirken, "rotate", &["network", "proxy"], PASSWORD).0);
    let said = asked();
    assert!(said.contains("403 Forbidden") && said.contains(MODEL), "{said}");
    company.leads(MODEL, llm.address());
    let said = asked();
    assert!(said.contains("`ca-file`") && said.contains("[network]"), "{said}");
    let trusted = format!("proxy-user = \"me\"\nca-file = {ca:?}");
    configure(&wirken, &format!("{proxy}{trusted}"));
    assert!(wirken.ok(&["ask", "-m", "hello"]).contains("hello"));
    // Another proxy is not told this one's password.
    let before = company.proxy.seen().len();
    configure(&wirken, &format!("proxy = \"http://localhost:{}\"\n{trusted}", address.port()));
    let said = asked();
    assert!(said.contains(&format!("proxy:http://{address}")) && said.contains("keep it anew"), "{said}");
    assert_eq!(company.proxy.seen().len(), before);
    // One that is not there.
    configure(&wirken, "proxy = \"http://127.0.0.1:1\"");
    assert!(asked().contains("`network.proxy`"));
}

#[test]
fn what_the_section_says_is_checked_before_anything_starts() {
    let wirken = Wirken::with_demo();
    let junk = wirken.outside().join("junk.pem");
    std::fs::write(&junk, "no certificate").unwrap();
    let missing = wirken.outside().join("missing.pem");
    for (lines, said) in [
        (format!("ca-file = {missing:?}"), "No such file"),
        (format!("ca-file = {junk:?}"), "it holds no certificate"),
        ("ca-file = \"ca.pem\"".to_owned(), "not an absolute path"),
        ("proxy = \"http://me:correct-horse@proxy.example.com:3128\"".to_owned(), "`wirken credentials add network proxy`"),
    ] {
        configure(&wirken, &lines);
        for command in [&["config", "check"][..], &["run", "--port", "0"], &["ask", "-m", "hello"]] {
            let error = wirken.fails(command);
            assert!(error.contains(said) && !error.contains("correct-horse"), "{command:?}: {error}");
        }
    }
}

#[test]
fn the_proxys_password_needs_a_proxy_and_is_for_nothing_else() {
    let wirken = Wirken::with_demo();
    for (lines, whose, said) in [
        ("", &["network", "proxy"][..], "no proxy is configured"),
        ("proxy = \"http://proxy.example.com:3128\"", &["network", "proxy"], "`proxy-user`"),
        ("proxy = \"http://proxy.example.com:3128\"\nproxy-user = \"me\"", &["network", "token"], "it asks for proxy"),
        (
            "proxy = \"http://proxy.example.com:3128\"\nproxy-user = \"me\"",
            &["network", "proxy", "--origin", "https://a.example"],
            "leave --origin",
        ),
        ("proxy = \"http://proxy.example.com:3128\"\nproxy-user = \"me\"", &["network", "proxy", "--place", "bearer"], "leave --origin"),
    ] {
        configure(&wirken, lines);
        let (kept, error) = with_value(&wirken, "add", &[whose, &["--key-file"]].concat(), PASSWORD);
        assert!(!kept && error.contains(said), "{whose:?}: {error}");
    }
    assert!(!wirken.data().join("vault").exists());
    let (kept, error) = with_value(&wirken, "add", &["network", "proxy", "--key-file"], PASSWORD);
    assert!(kept, "{error}");
    let listed = &wirken.json(&["credentials", "list"])["credentials"][0];
    assert_eq!(listed["places"], serde_json::json!(["proxy:http://proxy.example.com:3128"]));
    assert_eq!(listed["origins"], serde_json::json!([]));
    // The name is the host's.
    let args = ["channel", "add", "telegram", "--account", "network", "--non-interactive", "--credential-stdin"];
    let output = wirken.run_with_input(&args, b"1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    assert!(!output.status.success() && stderr(&output).contains("wirken uses this name itself"), "{}", stderr(&output));
}
