//! Calls that need a person's leave, with components that lie about what they do: nothing runs that nobody allowed.

use std::sync::Arc;
use std::time::Duration;

use wirken_gateway::{Answering, Answers, GatewayError, Policy, Say};
use wirken_ledger::{Scope, Verdict};
use wirken_permissions::{Ceilings, Rules};
use wirken_types::Digest;
use wirken_types::approval::{ApprovalId, Choice, Holder, Tier};
use wirken_types::event::{Mark, Place, ToolOutcome};

use crate::here::{Here, here, with};
use crate::support::{Recording, ledger_path, open_with, over, question, say};

#[tokio::test]
async fn what_was_planned_and_allowed_is_run_and_recorded_before_it_is() {
    let here = here().await;
    let (session, turn) = here.call("1", "honest_ls").await;
    let known = question(&here.gateway).await;
    assert!(here.runner.ran().is_empty(), "nothing happens before the answer");
    assert_eq!((known.tier, known.session), (Tier::Remembered, session));
    let asked = known.question.clone().unwrap();
    assert_eq!((asked.component.as_str(), asked.tool.as_str(), asked.actions.len()), ("two-faced", "honest_ls", 1));
    let holder = Holder { agent: "default".into(), account: "webchat".into(), sender: "owner".into() };
    assert_eq!(asked.holder, Some(holder), "whose a longer answer would be");
    here.gateway.answer_as_owner(known.approval, Choice::Once, None, "test").await.unwrap();
    over(&here.gateway, session, turn).await;
    assert_eq!(here.runner.ran(), ["ls -a"]);
    let (outcome, text) = here.ended(session, turn).await;
    assert_eq!(outcome, ToolOutcome::Ok);
    assert!(text.contains("it ran"), "{text}");
    let kinds = here.kinds(session).await;
    let at = |kind: &str| kinds.iter().position(|its| *its == kind).unwrap_or_else(|| panic!("no {kind} in {kinds:?}"));
    assert!(at("approval-asked") < at("approval-answered") && at("approval-answered") < at("tool-started"));
    assert!(at("tool-started") < at("effect-started") && at("effect-started") < at("tool-finished"));

    // Once is once.
    here.call("2", "honest_ls").await;
    let again = question(&here.gateway).await;
    assert_ne!(again.approval, known.approval);
    let error = here.gateway.answer_as_owner(known.approval, Choice::Once, None, "test").await.unwrap_err();
    assert!(matches!(error, GatewayError::NotOpen(_)), "an answer replayed counts for nothing: {error}");
    assert_eq!(here.runner.ran().len(), 1);
}

#[tokio::test]
async fn a_denial_reaches_the_model_with_its_note_and_nothing_runs() {
    let here = here().await;
    let (session, turn) = here.call("1", "honest_ls").await;
    let known = question(&here.gateway).await;
    here.gateway.answer_as_owner(known.approval, Choice::Deny, Some("look into notes instead".into()), "test").await.unwrap();
    over(&here.gateway, session, turn).await;
    let (outcome, text) = here.ended(session, turn).await;
    assert_eq!(outcome, ToolOutcome::Denied);
    assert!(text.contains("look into notes instead"), "{text}");
    assert!(here.runner.ran().is_empty());
}

#[tokio::test]
async fn whoever_plans_one_thing_and_does_another_does_neither() {
    for tool in ["plans_ls_runs_rm", "adds_an_argument", "joins_its_arguments", "changes_its_input", "ignores_denied"] {
        let here = here().await;
        let (session, turn) = here.call(tool, tool).await;
        let planned = question(&here.gateway).await;
        here.gateway.answer_as_owner(planned.approval, Choice::Once, None, "test").await.unwrap();
        // The call was ended before it did what it had not said, and what it really wants is asked.
        let actual = loop {
            let known = question(&here.gateway).await;
            if known.approval != planned.approval {
                break known;
            }
        };
        assert_ne!(actual.action, planned.action, "{tool}");
        assert!(here.runner.ran().is_empty(), "{tool}: {:?}", here.runner.ran());
        here.gateway.answer_as_owner(actual.approval, Choice::Deny, None, "test").await.unwrap();
        over(&here.gateway, session, turn).await;
        assert_eq!(here.ended(session, turn).await.0, ToolOutcome::Denied, "{tool}");
        assert!(here.runner.ran().is_empty(), "{tool}");
        assert!(here.kinds(session).await.contains(&"tool-blocked"), "{tool}");
    }
}

#[tokio::test]
async fn what_a_call_really_does_is_asked_where_its_plan_says_nothing() {
    for tool in ["no_plan", "plans_nothing", "plan_hangs", "plan_panics", "plan_tries_exec"] {
        let here = here().await;
        let (outcome, text, asked) = here.answered(tool, Choice::Deny).await;
        assert_eq!((outcome, asked), (ToolOutcome::Denied, 1), "{tool}: {text}");
        assert!(here.runner.ran().is_empty(), "{tool}: a plan, or an unasked call, ran {:?}", here.runner.ran());
    }
    // A plan that says nothing, or ran nothing, is no reason to keep the call from what a person then allows.
    let here = here().await;
    let (outcome, text, asked) = here.answered("plans_nothing", Choice::Once).await;
    assert_eq!((outcome, asked), (ToolOutcome::Ok, 1), "{text}");
    assert_eq!(here.runner.ran(), ["ls -a"]);
}

#[tokio::test]
async fn a_plan_that_cannot_be_read_is_asked_for_every_time() {
    for tool in ["plans_the_unknown", "plans_without_detail"] {
        let here = here().await;
        here.call(tool, tool).await;
        let known = question(&here.gateway).await;
        assert_eq!(known.tier, Tier::EveryTime, "{tool}");
        let error = here.gateway.answer_as_owner(known.approval, Choice::Remember, None, "test").await.unwrap_err();
        assert!(matches!(error, GatewayError::NotAllowed(_)), "{tool}: {error}");
        assert!(here.runner.ran().is_empty());
    }
}

#[tokio::test]
async fn a_call_is_run_again_from_its_start_only_where_all_that_it_did_was_to_read() {
    let here = here().await;
    let (outcome, text, asked) = here.answered("reads_then_execs", Choice::Once).await;
    assert_eq!((outcome, asked), (ToolOutcome::Ok, 1), "{text}");
    assert!(text.contains("a note"), "{text}");
    assert_eq!(here.runner.ran(), ["ls -a"]);

    let here = crate::here::here().await;
    let (outcome, text, asked) = here.answered("writes_then_execs", Choice::Once).await;
    assert_eq!((outcome, asked), (ToolOutcome::Denied, 0), "{text}");
    assert!(text.contains("may have changed files"), "{text}");
    assert!(here.runner.ran().is_empty());

    let here = crate::here::here().await;
    let (outcome, text, asked) = here.answered("execs_then_more", Choice::Once).await;
    assert_eq!((outcome, asked), (ToolOutcome::Denied, 1), "{text}");
    assert_eq!(here.runner.ran(), ["ls -a"], "what was planned and allowed ran; the rest did not");
    assert!(text.contains("stands"), "{text}");
}

#[tokio::test]
async fn a_claim_cannot_pass_for_the_hosts_words() {
    let here = here().await;
    here.call("1", "lies_in_purpose").await;
    let known = question(&here.gateway).await;
    let lines = wirken_permissions::question::render(&known.question.unwrap(), known.tier);
    let (_, last) = lines.last().unwrap();
    assert!(last.contains("List the files"), "the claim comes last: {lines:?}");
    let words: String = lines.iter().map(|(_, text)| text.as_str()).collect();
    assert!(words.contains("rm") && !words.contains('\n') && !words.contains('\u{202e}') && !words.contains('\u{1b}'), "{words}");
    assert_eq!(known.tier, Tier::EveryTime);
}

#[tokio::test]
async fn a_grant_serves_its_holder_until_it_is_revoked_even_between_answer_and_effect() {
    let here = here().await;
    let (session, turn) = here.call("1", "honest_ls").await;
    let known = question(&here.gateway).await;
    here.gateway.answer_as_owner(known.approval, Choice::Remember, None, "test").await.unwrap();
    over(&here.gateway, session, turn).await;
    let grants = here.gateway.grants().await.unwrap();
    assert_eq!(grants.len(), 1);
    let (session, turn) = here.call("2", "honest_ls").await;
    over(&here.gateway, session, turn).await;
    assert_eq!(here.runner.ran().len(), 2, "nobody is asked again");

    // Somebody else at the same account is.
    let other = Say { sender: "somebody-else".into(), ..say("another chat", "3", "call honest_ls {}") };
    here.say(other).await;
    let asked = question(&here.gateway).await;
    here.gateway.answer_as_owner(asked.approval, Choice::Deny, None, "test").await.unwrap();

    here.gateway.revoke_grant(grants[0].grant.id, "owner").await.unwrap();
    assert!(here.gateway.revoke_grant(grants[0].grant.id, "owner").await.is_err(), "what is not there cannot be taken back");
    here.call("4", "honest_ls").await;
    assert_ne!(question(&here.gateway).await.approval, asked.approval);
    assert_eq!(here.runner.ran().len(), 2);
}

#[tokio::test]
async fn a_grant_that_is_revoked_while_its_call_runs_lets_nothing_more_happen() {
    let here = with(Policy::default(), Recording { waits: Some("ls".into()), ..Recording::default() }).await;
    let holder = Holder { agent: "default".into(), account: "webchat".into(), sender: "owner".into() };
    let given = here.gateway.grant_program(holder, "two-faced".into(), "ls".into(), vec!["-a".into()], "test").await.unwrap();
    let (session, turn) = here.call("1", "runs_ls_twice").await;
    here.runner.begun.notified().await;
    // The plan passed by the grant, and the first program runs under it. The second is judged when it comes.
    here.gateway.revoke_grant(given.grant.id, "owner").await.unwrap();
    here.runner.go_on.notify_one();
    over(&here.gateway, session, turn).await;
    let (outcome, text) = here.ended(session, turn).await;
    assert_eq!((outcome, here.runner.ran().len()), (ToolOutcome::Denied, 1), "{text}");
    assert!(text.contains("nobody had allowed") && text.contains("stands"), "{text}");
}

#[tokio::test]
async fn a_right_is_given_only_for_what_there_is() {
    let here = here().await;
    let holder = |account: &str| Holder { agent: "default".into(), account: account.into(), sender: "owner".into() };
    for (account, component) in [("telegarm", "two-faced"), ("webchat", "tow-faced")] {
        let error = here.gateway.grant_program(holder(account), component.into(), "ls".into(), Vec::new(), "test").await.unwrap_err();
        assert!(matches!(error, GatewayError::Unknown { .. }), "{error}");
    }
    here.gateway.grant_program(holder("webchat"), "two-faced".into(), "ls".into(), Vec::new(), "test").await.unwrap();
}

#[tokio::test]
async fn a_session_grant_ends_with_its_session() {
    let here = here().await;
    let (session, turn) = here.call("1", "honest_ls").await;
    let known = question(&here.gateway).await;
    here.gateway.answer_as_owner(known.approval, Choice::Session, None, "test").await.unwrap();
    over(&here.gateway, session, turn).await;
    let (session, turn) = here.call("2", "honest_ls").await;
    over(&here.gateway, session, turn).await;
    assert_eq!(here.runner.ran().len(), 2);
    here.say(say("elsewhere", "3", "call honest_ls {}")).await;
    let elsewhere = question(&here.gateway).await;
    here.gateway.answer_as_owner(elsewhere.approval, Choice::Deny, None, "test").await.unwrap();
    here.gateway.close_session(session, "owner").await.unwrap();
    assert!(here.gateway.grants().await.unwrap().is_empty());
    here.call("4", "honest_ls").await;
    question(&here.gateway).await;
    assert_eq!(here.runner.ran().len(), 2);
}

#[tokio::test]
async fn of_two_who_answer_at_once_the_second_is_told_so() {
    let here = here().await;
    let (session, turn) = here.call("1", "honest_ls").await;
    let known = question(&here.gateway).await;
    let (one, two) = tokio::join!(
        here.gateway.answer_as_owner(known.approval, Choice::Once, None, "webchat"),
        here.gateway.answer_as_owner(known.approval, Choice::Deny, None, "cli"),
    );
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    let refused = one.err().or(two.err()).unwrap();
    assert!(matches!(refused, GatewayError::NotOpen(_)), "{refused}");
    over(&here.gateway, session, turn).await;
    let answered = here.kinds(session).await.into_iter().filter(|kind| *kind == "approval-answered").count();
    assert_eq!(answered, 1);
}

fn by_channel(sender: &str, conversation: &str) -> Answers {
    Answers::Channel { account: "messenger".into(), conversation: conversation.into(), thread: None, sender: sender.into() }
}

#[tokio::test]
async fn only_who_may_answers_through_a_channel_and_only_what_was_asked_there() {
    let rules = Rules { max_tier: Tier::Remembered, approvers: ["owner".to_owned()].into() };
    let policy = Policy { channels: [("messenger".to_owned(), rules)].into(), ..Policy::default() };
    let here = with(policy, Recording::default()).await;
    let place = Place { agent: "default".into(), account: "messenger".into(), conversation: "home".into(), thread: None };
    let ask = |key: &str, tool: &str| Say { place: place.clone(), sender: "stranger".into(), ..say("", key, &format!("call {tool} {{}}")) };
    let (session, turn) = here.say(ask("1", "honest_ls")).await;
    let known = question(&here.gateway).await;
    let answering =
        |by: Answers, digest: Option<Digest>| Answering { approval: known.approval, choice: Choice::Once, note: None, digest, by };
    for (by, digest) in [
        (by_channel("stranger", "home"), None),
        (by_channel("owner", "elsewhere"), None),
        (Answers::Channel { account: "other".into(), conversation: "home".into(), thread: None, sender: "owner".into() }, None),
        (
            Answers::Channel { account: "messenger".into(), conversation: "home".into(), thread: Some("t".into()), sender: "owner".into() },
            None,
        ),
        (by_channel("owner", "home"), Some(Digest::of(b"another question"))),
    ] {
        let error = here.gateway.answer(answering(by.clone(), digest)).await.unwrap_err();
        assert!(matches!(error, GatewayError::NotAllowed(_)), "{by:?}: {error}");
    }
    // A forged id names nothing, whoever sends it.
    let forged = Answering { approval: ApprovalId::from_random([7; 16]), ..answering(by_channel("owner", "home"), None) };
    assert!(matches!(here.gateway.answer(forged).await, Err(GatewayError::UnknownApproval(_))));
    assert!(here.runner.ran().is_empty());
    here.gateway.answer(answering(by_channel("owner", "home"), Some(known.action))).await.unwrap();
    over(&here.gateway, session, turn).await;
    assert_eq!(here.runner.ran(), ["ls -a"]);

    // Above the channel's ceiling it is the owner's other surfaces that count.
    let (session, turn) = here.say(ask("2", "lies_in_purpose")).await;
    let known = question(&here.gateway).await;
    let answering = Answering { approval: known.approval, choice: Choice::Once, note: None, digest: None, by: by_channel("owner", "home") };
    let error = here.gateway.answer(answering).await.unwrap_err();
    assert!(error.to_string().contains("WebChat"), "{error}");
    here.gateway.answer_as_owner(known.approval, Choice::Once, None, "webchat").await.unwrap();
    over(&here.gateway, session, turn).await;
    assert_eq!(here.runner.ran(), ["ls -a", "rm -f note.txt"]);
    let refused = wirken_ledger::LogFilter { action: Some("answer-refused".into()), ..wirken_ledger::LogFilter::default() };
    let rows = wirken_ledger::Reader::open(&ledger_path(here.folder.path())).unwrap().log(&refused).unwrap();
    assert_eq!(rows.len(), 7, "each refusal is on record");
}

#[tokio::test]
async fn what_two_people_caused_together_is_remembered_for_neither() {
    let here = here().await;
    here.call("1", "honest_ls").await;
    let first = question(&here.gateway).await;
    let other = Say { sender: "somebody-else".into(), ..say("chat", "2", "call honest_ls {}") };
    let (session, _) = here.say(other).await;
    here.gateway.answer_as_owner(first.approval, Choice::Deny, None, "test").await.unwrap();
    let second = question(&here.gateway).await;
    assert_eq!((second.session, second.tier), (session, Tier::EveryTime));
    assert!(here.gateway.answer_as_owner(second.approval, Choice::Remember, None, "test").await.is_err());
    here.gateway.answer_as_owner(second.approval, Choice::Once, None, "test").await.unwrap();
    assert!(here.gateway.grants().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_question_waits_as_long_as_the_owner_says_and_survives_a_restart() {
    let here = here().await;
    let (session, turn) = here.call("1", "honest_ls").await;
    let known = question(&here.gateway).await;
    let Here { folder, gateway, ledger, runner } = here;
    drop(gateway);
    ledger.close().await.unwrap();
    let runner_after = Arc::new(Recording::default());
    let (gateway, ledger) = open_with(folder.path(), &["fixtures/two-faced"], Policy::default(), Arc::clone(&runner_after) as _).await;
    assert_eq!(gateway.resume().await.unwrap(), 1);
    let again = question(&gateway).await;
    assert_eq!((again.approval, again.expires_at), (known.approval, known.expires_at), "it is the same question");
    gateway.answer_as_owner(again.approval, Choice::Once, None, "test").await.unwrap();
    over(&gateway, session, turn).await;
    assert_eq!((runner.ran().len(), runner_after.ran()), (0, vec!["ls -a".to_owned()]));
    ledger.close().await.unwrap();
    let reader = wirken_ledger::Reader::open(&ledger_path(folder.path())).unwrap();
    assert_eq!(wirken_ledger::verify(&reader, Scope::All, &mut |_| {}).unwrap().verdict, Verdict::Ok);

    let short = with(Policy { expire: Duration::from_millis(50), ..Policy::default() }, Recording::default()).await;
    let (session, turn) = short.call("1", "honest_ls").await;
    over(&short.gateway, session, turn).await;
    let (outcome, text) = short.ended(session, turn).await;
    assert_eq!(outcome, ToolOutcome::Denied);
    assert!(text.contains("nobody answered in time"), "{text}");
    assert!(short.runner.ran().is_empty());
}

#[tokio::test]
async fn a_program_that_was_cut_off_by_a_stop_is_shown_as_interrupted_and_not_run_again() {
    let here = with(Policy::default(), Recording { hangs: Some("ls".into()), ..Recording::default() }).await;
    let (session, turn) = here.call("1", "honest_ls").await;
    let known = question(&here.gateway).await;
    here.gateway.answer_as_owner(known.approval, Choice::Once, None, "test").await.unwrap();
    here.runner.begun.notified().await;
    let Here { folder, gateway, ledger, .. } = here;
    // As if it were killed: nothing more is recorded of the run.
    drop(gateway);
    ledger.close().await.unwrap();
    let runner = Arc::new(Recording::default());
    let (gateway, _ledger) = open_with(folder.path(), &["fixtures/two-faced"], Policy::default(), Arc::clone(&runner) as _).await;
    gateway.resume().await.unwrap();
    over(&gateway, session, turn).await;
    let here = Here { folder, gateway, ledger: _ledger, runner };
    let (outcome, text) = here.ended(session, turn).await;
    assert_eq!(outcome, ToolOutcome::Interrupted, "{text}");
    assert!(here.runner.ran().is_empty(), "it is not run again");
    assert_eq!(here.effects(session).await, [ToolOutcome::Interrupted], "the record says of the program too how it ended");
    let kinds = here.kinds(session).await;
    let at = |kind: &str| kinds.iter().position(|its| *its == kind).unwrap();
    assert!(at("turn-resumed") < at("effect-finished") && at("effect-finished") < at("tool-finished"), "{kinds:?}");
    assert!(here.folder.path().exists());
    here.ledger.close().await.unwrap();
}

#[tokio::test]
async fn what_the_owner_forbids_is_not_asked_about() {
    let ceilings = Ceilings { blocked_programs: ["ls".to_owned()].into(), ..Ceilings::default() };
    let here = with(Policy { ceilings, ..Policy::default() }, Recording::default()).await;
    let (session, turn) = here.call("1", "honest_ls").await;
    over(&here.gateway, session, turn).await;
    assert_eq!(here.ended(session, turn).await.0, ToolOutcome::Denied);
    let (session, turn) = here.call("2", "no_plan").await;
    over(&here.gateway, session, turn).await;
    assert_eq!(here.ended(session, turn).await.0, ToolOutcome::Denied, "nor where the plan kept it back");
    assert!(here.gateway.approvals().await.unwrap().is_empty() && here.runner.ran().is_empty());
}

#[tokio::test]
async fn a_group_has_no_workspace_unless_the_owner_gave_it_one() {
    let place = Place { agent: "default".into(), account: "messenger".into(), conversation: "group".into(), thread: None };
    let ask = |marks: Vec<Mark>| Say { place: place.clone(), sender: "ana".into(), marks, ..say("", "1", "call reads_then_execs {}") };
    for (marks, shares, reads) in [(vec![Mark::Shared], false, false), (vec![Mark::Shared], true, true), (vec![], false, true)] {
        let shared_workspace = if shares { ["messenger".to_owned()].into() } else { Default::default() };
        let here = with(Policy { shared_workspace, ..Policy::default() }, Recording::default()).await;
        let (session, turn) = here.say(ask(marks.clone())).await;
        if reads {
            let known = question(&here.gateway).await;
            here.gateway.answer_as_owner(known.approval, Choice::Once, None, "test").await.unwrap();
        }
        over(&here.gateway, session, turn).await;
        let (_, text) = here.ended(session, turn).await;
        assert_eq!(text.contains("a note"), reads, "{marks:?} {shares}: {text}");
        assert_eq!(here.runner.ran().len(), usize::from(reads), "{marks:?} {shares}");
    }
}

#[tokio::test]
async fn what_leaves_is_asked_about_and_once_a_strangers_words_are_there_every_time() {
    let place = Place { agent: "default".into(), account: "messenger".into(), conversation: "home".into(), thread: None };
    for (marks, tool, tier) in [
        (vec![], "plans_to_answer", None),
        (vec![], "plans_to_send", Some(Tier::Remembered)),
        (vec![Mark::Forwarded], "plans_to_answer", None),
        (vec![Mark::Forwarded], "plans_to_send", Some(Tier::EveryTime)),
    ] {
        let here = here().await;
        let ask = Say { place: place.clone(), sender: "ana".into(), marks: marks.clone(), ..say("", "1", &format!("call {tool} {{}}")) };
        let (session, turn) = here.say(ask).await;
        if let Some(tier) = tier {
            let known = question(&here.gateway).await;
            assert_eq!(known.tier, tier, "{marks:?} {tool}");
            let judged = &known.question.unwrap().actions[0];
            assert_eq!(judged.key.is_none() && !judged.reasons.is_empty(), tier == Tier::EveryTime, "{judged:?}");
            here.gateway.answer_as_owner(known.approval, Choice::Deny, None, "test").await.unwrap();
        }
        over(&here.gateway, session, turn).await;
        let outcome = here.ended(session, turn).await.0;
        assert_eq!(outcome, if tier.is_some() { ToolOutcome::Denied } else { ToolOutcome::Ok }, "{marks:?} {tool}");
    }
}

#[tokio::test]
async fn words_that_were_forwarded_taint_a_session_for_good() {
    let here = here().await;
    let place = Place { agent: "default".into(), account: "messenger".into(), conversation: "home".into(), thread: None };
    let ask = |key: &str, marks: Vec<Mark>, text: &str| Say { place: place.clone(), sender: "ana".into(), marks, ..say("", key, text) };
    let (session, turn) = here.say(ask("1", vec![Mark::Forwarded], "what a stranger wrote")).await;
    over(&here.gateway, session, turn).await;
    let Here { folder, gateway, ledger, .. } = here;
    drop(gateway);
    ledger.close().await.unwrap();
    let runner = Arc::new(Recording::default());
    let (gateway, ledger) = open_with(folder.path(), &["fixtures/two-faced"], Policy::default(), Arc::clone(&runner) as _).await;
    let here = Here { folder, gateway, ledger, runner };
    here.say(ask("2", Vec::new(), "call plans_to_send {}")).await;
    let known = question(&here.gateway).await;
    assert_eq!((known.session, known.tier), (session, Tier::EveryTime), "also after a restart");
    assert!(here.folder.path().exists());
    here.ledger.close().await.unwrap();
}

#[tokio::test]
async fn files_that_are_keys_or_are_obeyed_are_asked_about_and_the_others_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = folder.path().join("workspace");
    std::fs::create_dir_all(workspace.join(".git/hooks")).unwrap();
    std::fs::write(workspace.join(".env"), "TOKEN=1").unwrap();
    let runner = Arc::new(Recording::default());
    let (gateway, ledger) = open_with(folder.path(), &["tools/files"], Policy::default(), Arc::clone(&runner) as _).await;
    let here = Here { folder, gateway, ledger, runner };
    for (key, call, asked) in [
        ("1", r#"call files_write {"path":"notes/today.md","content":"hello"}"#, false),
        ("2", r#"call files_read {"path":"notes/today.md"}"#, false),
        ("3", r#"call files_list {}"#, false),
        ("4", r#"call files_write {"path":".git/hooks/post-checkout","content":"curl"}"#, true),
        ("5", r#"call files_read {"path":".env"}"#, true),
    ] {
        let (session, turn) = here.say(say("chat", key, call)).await;
        if asked {
            let known = question(&here.gateway).await;
            assert_eq!(known.tier, Tier::EveryTime, "{call}");
            here.gateway.answer_as_owner(known.approval, Choice::Deny, None, "test").await.unwrap();
        }
        over(&here.gateway, session, turn).await;
        let (outcome, text) = here.ended(session, turn).await;
        assert_eq!(outcome, if asked { ToolOutcome::Denied } else { ToolOutcome::Ok }, "{call}: {text}");
    }
    assert!(!here.folder.path().join("workspace/.git/hooks/post-checkout").exists());
    here.ledger.close().await.unwrap();
}
