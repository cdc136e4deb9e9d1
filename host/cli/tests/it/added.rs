//! A provider, a channel and a policy that the owner added: chosen, used, exchanged and taken out while the gateway runs. Each
//! is what `wirken component new` writes.
//!
//! Each test has a data folder of its own, in which the bundled components are compiled, and the message board is asked every
//! two seconds: on a slow machine some take longer than 20 s.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use wirken_engine::Wasm;
use wirken_installed::{Components, Consent};
use wirken_manifest::Manifest;
use wirken_testkit::llm::{FakeLlm, Reply, Script};

use crate::approvals::until;
use crate::board::{Board, TOKEN};
use crate::channel::Running;
use crate::support::{Wirken, stderr};

const KEY: &str = "sk-added-4f9c0d1e2b3a";

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../components/dist/fixtures").join(name)
}

/// Another version of a fixture: its manifest with this in it, which changes nothing of what it asks for.
fn version(wirken: &Wirken, name: &str, number: &str) -> String {
    let folder = wirken.outside().join(format!("{name}-{number}"));
    fs::create_dir_all(&folder).unwrap();
    let manifest = fs::read_to_string(fixture(name).join("component.toml")).unwrap();
    fs::write(folder.join("component.toml"), manifest.replace("\"0.1.0\"", &format!("\"{number}\""))).unwrap();
    fs::copy(fixture(name).join("component.wasm"), folder.join("component.wasm")).unwrap();
    folder.to_str().unwrap().to_owned()
}

fn add(wirken: &Wirken, name: &str) -> String {
    wirken.ok(&["component", "add", fixture(name).to_str().unwrap(), "--yes"])
}

fn inspected(wirken: &Wirken, name: &str) -> Value {
    wirken.json(&["component", "inspect", name])
}

fn state(wirken: &Wirken, name: &str) -> String {
    inspected(wirken, name)["state"].as_str().unwrap().to_owned()
}

/// Adds to the configuration, as an editor would.
fn configure(wirken: &Wirken, lines: &str) {
    let path = wirken.data().join("config.toml");
    let config = fs::read_to_string(&path).unwrap();
    fs::write(path, format!("{config}\n{lines}")).unwrap();
}

fn choose(wirken: &Wirken, llm: &FakeLlm, force: &[&str]) {
    let url = format!("base-url={}", llm.base_url());
    let args = ["setup", "--non-interactive", "--provider", "scaffold-provider", "--model", "fake-model", "--setting", &url];
    let output = wirken.run_with_input(&[&args, force, &["--key-file", "--credential-stdin"]].concat(), KEY.as_bytes());
    assert!(output.status.success(), "{}", stderr(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_added_provider_is_chosen_and_answers() {
    let llm = FakeLlm::start(Script::echo().with_key(KEY)).await.unwrap();
    let wirken = Wirken::new();
    assert!(add(&wirken, "scaffold-provider").contains("wirken setup --force --provider scaffold-provider"), "how it is chosen");
    assert_eq!(state(&wirken, "scaffold-provider"), "not chosen");
    assert!(wirken.fails(&["setup", "--non-interactive"]).contains("scaffold-provider"), "it is one of those to choose from");
    let unfit = ["setup", "--non-interactive", "--provider", "scaffold-provider", "--model", "m"];
    assert!(wirken.fails(&unfit).contains("base-url"), "its settings are its manifest's");
    choose(&wirken, &llm, &[]);
    assert_eq!((state(&wirken, "scaffold-provider"), state(&wirken, "demo")), ("in use".into(), "not chosen".into()));
    assert!(wirken.ok(&["ask", "-m", "does it answer?"]).contains("does it answer?"));
    wirken.ok(&["config", "check"]);
    assert_eq!(llm.last().unwrap().authorization.unwrap(), format!("Bearer {KEY}"));
    assert!(wirken.ok(&["credentials", "list"]).contains("scaffold-provider"));

    assert!(wirken.fails(&["component", "remove", "scaffold-provider"]).contains("wirken setup --force"));
    assert!(wirken.ok(&["component", "disable", "scaffold-provider"]).contains("Nothing answers"));
    for command in [&["ask", "-m", "and now?"][..], &["run", "--port", "0"]] {
        let said = wirken.fails(command);
        assert!(said.contains("scaffold-provider is disabled: `wirken component enable scaffold-provider`"), "{said}");
    }
    assert!(wirken.fails(&["config", "check"]).contains("wirken component enable scaffold-provider"));
    assert_eq!(llm.requests(), 1, "nothing is asked of what is disabled");
    assert!(wirken.ok(&["component", "enable", "scaffold-provider"]).contains("it answers"));
    assert!(wirken.ok(&["ask", "-m", "again"]).contains("again"));

    wirken.ok(&["setup", "--non-interactive", "--force", "--provider", "demo"]);
    wirken.ok(&["component", "remove", "scaffold-provider"]);
    let gone = wirken.fails(&["setup", "--non-interactive", "--force", "--provider", "scaffold-provider", "--model", "m"]);
    assert!(gone.contains("there is no provider component named \"scaffold-provider\""), "{gone}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_is_exchanged_while_it_answers_and_says_why_where_it_is_gone() {
    let slow = |request: &Value| {
        let text = request["messages"].as_array().and_then(|messages| messages.last()).unwrap()["content"].as_str().unwrap().to_owned();
        Reply::text(format!("to {text}")).after(if text == "slow" { 2_000 } else { 0 })
    };
    let llm = FakeLlm::start(Script::reply(slow).with_key(KEY)).await.unwrap();
    let wirken = Wirken::new();
    add(&wirken, "scaffold-provider");
    choose(&wirken, &llm, &[]);
    let _gateway = Running::start(&wirken);
    let under_way = wirken.command(&["ask", "-m", "slow"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    until("it is asked", || (llm.requests() == 1).then_some(()));
    let newer = version(&wirken, "scaffold-provider", "0.2.0");
    assert!(wirken.ok(&["component", "add", &newer, "--yes"]).contains("it answers from now on"));
    wirken.ok(&["component", "disable", "scaffold-provider"]);
    let said = wirken.fails(&["ask", "-m", "quick"]);
    assert!(said.contains("`wirken component enable scaffold-provider`"), "{said}");
    let output = under_way.wait_with_output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("to slow"), "what was under way was dropped: {}", stderr(&output));

    assert_eq!(state(&wirken, "scaffold-provider"), "disabled");
    wirken.ok(&["component", "enable", "scaffold-provider"]);
    assert!(wirken.ok(&["ask", "-m", "quick"]).contains("to quick"));
    let now = inspected(&wirken, "scaffold-provider");
    assert_eq!((&now["version"], &now["state"], &now["bundled"]), (&json!("0.2.0"), &json!("in use"), &json!(false)));
    // A file that is not the one that was allowed answers nothing either.
    let manifest = wirken.data().join("components/scaffold-provider/component.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("0.2.0", "0.2.1")).unwrap();
    wirken.ok(&["component", "reload"]);
    let said = wirken.fails(&["ask", "-m", "quick"]);
    assert!(said.contains("changed since it was allowed") && said.contains("component inspect scaffold-provider"), "{said}");
    assert_eq!(llm.requests(), 2);
    // What it needs to know may change with its version: the gateway says so, and takes the next one.
    let unfit = version(&wirken, "scaffold-provider", "0.3.0");
    let strict = fs::read_to_string(format!("{unfit}/component.toml")).unwrap();
    fs::write(format!("{unfit}/component.toml"), strict.replace("[\"base-url\"]", "[\"base-url\", \"region\"]")).unwrap();
    let said = wirken.ok(&["component", "add", &unfit, "--yes"]);
    assert!(said.contains("not in use") && said.contains("region"), "{said}");
    assert!(state(&wirken, "scaffold-provider").contains("region"));
    wirken.ok(&["component", "add", &newer, "--yes"]);
    assert!(wirken.ok(&["ask", "-m", "quick"]).contains("to quick"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ceiling_and_what_was_allowed_bound_an_added_provider() {
    let llm = FakeLlm::start(Script::echo().with_key(KEY)).await.unwrap();
    let wirken = Wirken::new();
    add(&wirken, "scaffold-provider");
    choose(&wirken, &llm, &[]);
    configure(&wirken, "[ceiling]\nnetwork = [\"https://docs.example\"]\n");
    let said = wirken.fails(&["ask", "-m", "hello"]);
    assert!(said.contains("`ceiling.network` does not hold http://127.0.0.1"), "{said}");
    let path = wirken.data().join("config.toml");
    let config = fs::read_to_string(&path).unwrap();
    fs::write(&path, config.replace("https://docs.example", &llm.origin())).unwrap();
    assert!(wirken.ok(&["ask", "-m", "hello"]).contains("hello"));
    let consent = wirken.data().join("components/scaffold-provider/consent.toml");
    let text = fs::read_to_string(&consent).unwrap();
    fs::write(&consent, text.replace("credentials = [\"api-key\"]", "credentials = []")).unwrap();
    let said = wirken.fails(&["ask", "-m", "hello"]);
    assert!(said.contains("it was not allowed the credential \"api-key\""), "{said}");
    assert_eq!(llm.requests(), 1);
}

/// Connects an account through the added channel.
fn connect(wirken: &Wirken, board: &Board, account: &str) {
    let url = format!("api-url={}", board.url());
    let args = ["channel", "add", "scaffold-channel", "--account", account, "--non-interactive", "--credential-stdin", "--allow", "ada"];
    let output = wirken.run_with_input(&[&args[..], &["--setting", &url]].concat(), TOKEN.as_bytes());
    assert!(output.status.success(), "{}", stderr(&output));
}

fn channel(wirken: &Wirken, account: &str) -> Value {
    let status = wirken.json(&["status"]);
    status["channels"].as_array().unwrap().iter().find(|channel| channel["account"] == account).unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_added_channel_connects_accounts_and_is_exchanged_while_they_run() {
    let llm = FakeLlm::start(Script::echo()).await.unwrap();
    let (wirken, board) = (Wirken::with_model(&llm.base_url()), Board::start());
    assert!(add(&wirken, "scaffold-channel").contains("wirken channel add scaffold-channel"));
    assert_eq!(state(&wirken, "scaffold-channel"), "not chosen");
    // The vault is made with the first credential.
    let args = ["credentials", "add", "openai", "api-key", "--stdin", "--key-file"];
    assert!(wirken.run_with_input(&args, KEY.as_bytes()).status.success());
    let unfit = ["channel", "add", "scaffold-channel", "--non-interactive"];
    assert!(wirken.fails(&unfit).contains("api-url"), "its settings are its manifest's");
    connect(&wirken, &board, "office");
    connect(&wirken, &board, "home");
    let now = inspected(&wirken, "scaffold-channel");
    assert_eq!((&now["state"], &now["accounts"]), (&json!("in use"), &json!(["home", "office"])));
    board.write("ada", "does it answer?");
    let _gateway = Running::start(&wirken);
    board.answered("ada", "does it answer?");
    wirken.ok(&["config", "check"]);
    until("it runs", || (channel(&wirken, "office")["health"] == "ok").then_some(()));
    assert!(wirken.ok(&["channel", "list"]).contains("office (scaffold-channel): ok"));

    // A change of something else ends no process.
    let pid = |account: &str| channel(&wirken, account)["pid"].as_u64();
    let before = pid("office");
    add(&wirken, "scaffold-policy");
    wirken.ok(&["component", "reload"]);
    assert_eq!(pid("office"), before);
    let newer = version(&wirken, "scaffold-channel", "0.2.0");
    assert!(wirken.ok(&["component", "add", &newer, "--yes"]).contains("it connects home, office"));
    until("it is started again", || pid("office").filter(|now| Some(*now) != before));
    until("it runs", || (channel(&wirken, "office")["health"] == "ok").then_some(()));
    board.write("ada", "and now?");
    board.answered("ada", "and now?");
    let answers = board.said().iter().filter(|(_, text)| text.contains("does it answer?")).count();
    assert_eq!(answers, 2, "each of the two accounts answers once, whatever was restarted: {:?}", board.said());

    let refused = wirken.fails(&["component", "remove", "scaffold-channel"]);
    assert!(refused.contains("home, office") && refused.contains("`wirken channel remove home`"), "{refused}");
    assert!(wirken.ok(&["component", "disable", "scaffold-channel"]).contains("through home, office"));
    let stopped = until("it stops", || Some(channel(&wirken, "home")).filter(|channel| channel["process"] == "stopped"));
    assert!(stopped["detail"].as_str().unwrap().contains("`wirken component enable scaffold-channel`"), "{stopped}");
    let said = board.said().len();
    board.write("ada", "while nobody listens");
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(board.said().len(), said);
    wirken.ok(&["component", "enable", "scaffold-channel"]);
    board.answered("ada", "while nobody listens");
    let log = wirken.ok(&["audit", "log", "--session", "system", "-n", "1000"]);
    assert!(log.contains("its component was changed") && !log.contains(TOKEN), "{log}");
}

#[test]
fn an_account_whose_component_is_gone_can_be_removed_with_its_credential() {
    let (wirken, board) = (Wirken::with_demo(), Board::start());
    add(&wirken, "scaffold-channel");
    let args = ["credentials", "add", "openai", "api-key", "--stdin", "--key-file"];
    assert!(wirken.run_with_input(&args, KEY.as_bytes()).status.success());
    connect(&wirken, &board, "office");
    // By no command of wirken's.
    fs::remove_dir_all(wirken.data().join("components/scaffold-channel")).unwrap();
    let said = wirken.fails(&["config", "check"]);
    assert!(said.contains("channels.office") && said.contains("`wirken channel remove office`"), "{said}");
    wirken.ok(&["channel", "remove", "office"]);
    assert!(!wirken.ok(&["credentials", "list"]).contains("office"));
    wirken.ok(&["config", "check"]);
}

fn policies(wirken: &Wirken) -> Value {
    wirken.json(&["status"])["policies"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_added_policy_is_asked_from_then_on_behind_those_that_are_listed() {
    let llm = FakeLlm::start(Script::echo()).await.unwrap();
    let wirken = Wirken::with_model(&llm.base_url());
    configure(&wirken, "[components.scaffold-policy.settings]\nwords = [\"voldemort\"]\n");
    let gateway = Running::start(&wirken);
    let asked = || wirken.ok(&["ask", "-m", "Say Voldemort."]);
    assert!(asked().contains("Voldemort"));
    assert!(add(&wirken, "scaffold-policy").contains("behind those that policies.order lists"));
    assert_eq!(policies(&wirken), json!(["injection", "scaffold-policy"]));
    assert_eq!((state(&wirken, "scaffold-policy"), state(&wirken, "injection")), ("in use".into(), "in use".into()));
    let withheld = asked();
    assert!(withheld.contains("The policy scaffold-policy withheld"), "{withheld}");

    assert!(wirken.ok(&["component", "disable", "scaffold-policy"]).contains("not in use"));
    assert_eq!((policies(&wirken), state(&wirken, "scaffold-policy")), (json!(["injection"]), "disabled".into()));
    assert!(asked().contains("Voldemort"));
    wirken.ok(&["component", "enable", "scaffold-policy"]);
    // One that cannot be loaded leaves those in force that are.
    let unfit = version(&wirken, "scaffold-policy", "0.2.0");
    let strict = fs::read_to_string(format!("{unfit}/component.toml")).unwrap();
    fs::write(format!("{unfit}/component.toml"), strict.replace("[settings.properties", "required = [\"more\"]\n\n[settings.properties"))
        .unwrap();
    let said = wirken.fails(&["component", "add", &unfit, "--yes"]);
    assert!(said.contains("more") && said.contains("the policies stay in force as they were before"), "{said}");
    assert!(state(&wirken, "scaffold-policy").contains("more"));
    assert!(asked().contains("withheld"));
    drop(gateway);
    let said = wirken.fails(&["run", "--port", "0"]);
    assert!(said.contains("`wirken component disable scaffold-policy` does without it"), "{said}");
    add(&wirken, "scaffold-policy");

    configure(&wirken, "[policies]\norder = [\"scaffold-policy\", \"injection\"]\n");
    let _gateway = Running::start(&wirken);
    assert_eq!(policies(&wirken), json!(["scaffold-policy", "injection"]));
    assert!(wirken.fails(&["component", "remove", "scaffold-policy"]).contains("policies.order"));
    assert!(wirken.ok(&["component", "disable", "scaffold-policy"]).contains("policies.order in config.toml names it"));
    assert_eq!(policies(&wirken), json!(["injection"]));
    let bundled = wirken.fails(&["component", "disable", "injection"]);
    assert!(bundled.contains("comes with wirken") && bundled.contains("policies.order"), "{bundled}");
}

#[test]
fn a_policy_that_is_not_the_one_allowed_stops_the_start_and_one_that_nobody_allowed_waits() {
    let wirken = Wirken::with_demo();
    add(&wirken, "scaffold-policy");
    let folder = wirken.data().join("components/scaffold-policy");
    let manifest = folder.join("component.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("0.1.0\"\nworld", "0.1.1\"\nworld")).unwrap();
    let said = wirken.fails(&["ask", "-m", "hello"]);
    assert!(said.contains("scaffold-policy") && said.contains("changed since it was allowed"), "{said}");
    assert!(wirken.fails(&["config", "check"]).contains("changed since it was allowed"));
    // What the owner disabled, he does without.
    wirken.ok(&["component", "disable", "scaffold-policy"]);
    wirken.ok(&["ask", "-m", "hello"]);
    fs::remove_file(folder.join("consent.toml")).unwrap();
    wirken.ok(&["ask", "-m", "hello"]);
    assert_eq!(state(&wirken, "scaffold-policy"), "not allowed yet");
    wirken.ok(&["component", "remove", "scaffold-policy"]);
}

/// Puts a component into the data folder as an earlier version of wirken might have: nothing of today's judges its name.
fn put(wirken: &Wirken, fixture_name: &str, name: &str) {
    let manifest = fs::read_to_string(fixture(fixture_name).join("component.toml")).unwrap();
    let manifest = manifest.replace(&format!("\"{fixture_name}\""), &format!("\"{name}\""));
    let wasm = Wasm::of(fs::read(fixture(fixture_name).join("component.wasm")).unwrap());
    let consent = Consent::whole(&Manifest::parse(&manifest).unwrap(), &manifest, &wasm);
    Components::of(&wirken.data()).put(&manifest, &wasm, &consent).unwrap();
}

#[test]
fn a_bundled_name_is_the_bundled_components() {
    let wirken = Wirken::with_demo();
    let names = [("scaffold-provider", "demo"), ("scaffold-policy", "injection"), ("worldly", "files")];
    names.iter().for_each(|(fixture, name)| put(&wirken, fixture, name));
    assert!(wirken.ok(&["ask", "-m", "hello"]).contains("demo"), "the bundled one answers");
    let listed = wirken.json(&["component", "list"]);
    for (_, name) in names {
        let both: Vec<(bool, String)> = listed["components"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|listed| listed["name"] == name)
            .map(|listed| (listed["bundled"].as_bool().unwrap(), listed["state"].as_str().unwrap().to_owned()))
            .collect();
        let [(true, bundled), (false, added)] = &both[..] else { panic!("{both:?}") };
        assert!(bundled == "in use" && added.contains("remove yours"), "{both:?}");
        assert_eq!(inspected(&wirken, name)["bundled"], json!(true));
        wirken.ok(&["component", "remove", name]);
    }
    assert!(wirken.fails(&["component", "remove", "demo"]).contains("comes with wirken"));
}

#[test]
fn a_name_that_something_else_has_is_refused() {
    let (wirken, board) = (Wirken::with_demo(), Board::start());
    add(&wirken, "scaffold-channel");
    let args = ["credentials", "add", "openai", "api-key", "--stdin", "--key-file"];
    assert!(wirken.run_with_input(&args, KEY.as_bytes()).status.success());
    connect(&wirken, &board, "office");
    let named = |kind: &str, name: &str| {
        let folder = version(&wirken, kind, name);
        let path = format!("{folder}/component.toml");
        let text = fs::read_to_string(fixture(kind).join("component.toml")).unwrap();
        fs::write(path, text.replace(&format!("name = \"{kind}\""), &format!("name = \"{name}\""))).unwrap();
        wirken.fails(&["component", "add", &folder, "--yes"])
    };
    for (kind, name, said) in [
        ("scaffold-provider", "openai", "bundled"),
        ("scaffold-provider", "network", "wirken uses the name"),
        ("scaffold-provider", "office", "an account is named office"),
        ("scaffold-provider", "scaffold-channel", "was added as a channel"),
    ] {
        let told = named(kind, name);
        assert!(told.contains(said), "{name}: {told}");
    }
    // And the other way round.
    add(&wirken, "scaffold-provider");
    let url = format!("api-url={}", board.url());
    let args = ["channel", "add", "scaffold-channel", "--account", "scaffold-provider", "--non-interactive", "--setting", &url];
    assert!(wirken.fails(&args).contains("is the name of a component"));
}

#[test]
fn an_added_tools_credential_is_kept_for_where_its_settings_say() {
    let wirken = Wirken::with_demo();
    add(&wirken, "worldly");
    configure(&wirken, "[components.worldly.settings]\nbase-url = \"http://localhost:7\"\n");
    let manifest = fs::read_to_string(fixture("worldly").join("component.toml")).unwrap();
    let name = Manifest::parse(&manifest).unwrap().credentials[0].name.clone();
    let args = ["credentials", "add", "worldly", &name, "--stdin", "--key-file"];
    let output = wirken.run_with_input(&args, KEY.as_bytes());
    assert!(output.status.success() && stderr(&output).contains("http://localhost:7"), "{}", stderr(&output));
}
