//! Rights that people gave: which stand, how each ends, and that checking finds one that nobody gave or that was revoked.

use wirken_ledger::{Batch, Chain, Error, KnownGrant, Ledger, Reader, Scope, Verdict, What, verify};
use wirken_types::approval::{Choice, Grant, Holder, Lasts};
use wirken_types::event::Event;
use wirken_types::{GrantId, SessionId, Timestamp};

use crate::support::{Home, answered, grant, granted, holder, one_turn, opened, put, question, revoke};

fn whole(reader: &Reader, sessions: &[SessionId]) {
    let chains = sessions.iter().map(|session| Chain::Session(*session)).chain([Chain::System]).map(Scope::Chain);
    for scope in chains.chain([Scope::All]) {
        let report = verify(reader, scope, &mut |_| ()).unwrap();
        assert!(matches!(report.verdict, Verdict::Ok | Verdict::Empty), "{report}");
    }
}

fn standing(reader: &Reader) -> Vec<GrantId> {
    reader.grants(None).unwrap().into_iter().map(|known| known.grant.id).collect()
}

async fn refused(ledger: &Ledger, chain: impl Into<Chain>, events: impl IntoIterator<Item = Event>) -> Error {
    let error = ledger.append(Batch::of(chain, events)).await.unwrap_err();
    assert!(error.is_refusal(), "{error}");
    error
}

#[tokio::test]
async fn a_right_stands_until_it_is_revoked_wherever_either_is_recorded() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, _) = one_turn(&ledger, "c").await;
    let (other, _) = one_turn(&ledger, "d").await;
    let reader = home.reader();
    let chains = [Chain::Session(session), Chain::Session(other), Chain::System];
    for (number, (given, revoked)) in chains.iter().flat_map(|given| chains.map(|revoked| (*given, revoked))).enumerate() {
        let (id, lasts) = (GrantId::generate(), Lasts::Until(Timestamp(5)));
        let at = Timestamp(100 * (number as u64 + 1));
        ledger.append(Batch::of(given, [granted(id, lasts)]).at(at)).await.unwrap();
        let mut known = KnownGrant { grant: grant(id, lasts), by: "owner".into(), given_at: at, revoked_at: None };
        // That its time is up is for those to say who read it.
        assert_eq!(reader.grants(None).unwrap(), [known.clone()]);
        whole(&reader, &[session, other]);
        let at = Timestamp(at.0 + 1);
        ledger.append(Batch::of(revoked, [revoke(id)]).at(at)).await.unwrap();
        known.revoked_at = Some(at);
        assert_eq!((reader.grants(None).unwrap(), reader.grant(id).unwrap()), (vec![], Some(known)));
        whole(&reader, &[session, other]);
    }
    assert_eq!(reader.grant(GrantId::generate()).unwrap(), None);
}

#[tokio::test]
async fn a_right_is_given_once_and_ends_once() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, _) = one_turn(&ledger, "c").await;
    let (id, lasts) = (GrantId::generate(), Lasts::Until(Timestamp(5)));
    let no_such = Error::NoSuchGrant { grant: id };
    assert_eq!(refused(&ledger, Chain::System, [revoke(id)]).await, no_such);
    assert_eq!(refused(&ledger, session, [revoke(id), granted(id, lasts)]).await, no_such);
    let before = Error::GrantedBefore { grant: id };
    assert_eq!(refused(&ledger, session, [granted(id, lasts), granted(id, lasts)]).await, before);
    ledger.append(Batch::of(session, [granted(id, lasts)])).await.unwrap();
    assert_eq!(refused(&ledger, Chain::System, [granted(id, lasts)]).await, before);
    assert_eq!(refused(&ledger, Chain::System, [revoke(id), revoke(id)]).await, no_such);
    ledger.append(Batch::of(Chain::System, [revoke(id)])).await.unwrap();
    assert_eq!(refused(&ledger, session, [revoke(id)]).await, no_such);
    // Revoked, it does not come back by being given anew.
    assert_eq!(refused(&ledger, session, [granted(id, lasts)]).await, before);
    // Given and revoked in one batch, of two chains.
    let id = GrantId::generate();
    ledger.append(Batch::of(session, [granted(id, lasts)]).with(Chain::System, [revoke(id)])).await.unwrap();
    assert_eq!(standing(&home.reader()), []);
    whole(&home.reader(), &[session]);
    let error = ledger.append_lazily(Batch::of(session, [granted(GrantId::generate(), lasts)])).await.unwrap_err();
    assert!(error.to_string().contains("not appended lazily"), "{error}");
}

#[tokio::test]
async fn a_right_for_a_session_ends_with_the_session() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, _) = one_turn(&ledger, "c").await;
    let (other, _) = one_turn(&ledger, "d").await;
    let [own, by_owner, revoked, remembered, others] = std::array::from_fn(|_| GrantId::generate());
    let (for_session, until) = (Lasts::Session(session), Lasts::Until(Timestamp(5)));
    let events = [own, revoked].map(|id| granted(id, for_session));
    ledger.append(Batch::of(session, events).with(session, [granted(remembered, until)])).await.unwrap();
    let events = [granted(by_owner, for_session), granted(others, Lasts::Session(other))];
    ledger.append(Batch::of(Chain::System, events).with(other, [revoke(revoked)]).at(Timestamp(10))).await.unwrap();
    let reader = home.reader();
    assert_eq!(reader.grants(None).unwrap().len(), 4);
    whole(&reader, &[session, other]);
    // What came first in the batch of the close counts, and nothing after it.
    let closed = || Event::SessionClosed { by: "ana".into() };
    let late = ledger.append(Batch::of(session, [closed()]).with(Chain::System, [revoke(own)])).await;
    assert_eq!(late, Err(Error::NoSuchGrant { grant: own }));
    let late = Batch::of(session, [closed()]).with(Chain::System, [granted(GrantId::generate(), for_session)]);
    assert_eq!(ledger.append(late).await, Err(Error::SessionClosed { session }));
    let last = GrantId::generate();
    ledger.append(Batch::of(session, [granted(last, for_session), closed()]).at(Timestamp(20))).await.unwrap();
    let ended = |id| reader.grant(id).unwrap().unwrap().revoked_at;
    assert_eq!([own, by_owner, last].map(ended), [Some(Timestamp(20)); 3]);
    assert_eq!([revoked, remembered, others].map(ended), [Some(Timestamp(10)), None, None]);
    assert_eq!(refused(&ledger, Chain::System, [revoke(own)]).await, Error::NoSuchGrant { grant: own });
    assert_eq!(refused(&ledger, Chain::System, [granted(GrantId::generate(), for_session)]).await, Error::SessionClosed { session });
    assert_eq!(refused(&ledger, session, [granted(GrantId::generate(), until)]).await, Error::SessionClosed { session });
    assert_eq!(refused(&ledger, session, [revoke(remembered)]).await, Error::SessionClosed { session });
    whole(&reader, &[session, other]);
}

#[tokio::test]
async fn a_right_is_for_a_session_that_is_open_and_its_own() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, _) = one_turn(&ledger, "c").await;
    let (other, _) = one_turn(&ledger, "d").await;
    let elsewhere = refused(&ledger, other, [granted(GrantId::generate(), Lasts::Session(session))]).await;
    assert!(elsewhere.to_string().contains("another session than the one it stands in"), "{elsewhere}");
    let unknown = SessionId::generate();
    let for_unknown = || granted(GrantId::generate(), Lasts::Session(unknown));
    assert_eq!(refused(&ledger, Chain::System, [for_unknown()]).await, Error::NotOpened { session: unknown });
    let opening = Batch::of(unknown, [opened("e")]).with(Chain::System, [for_unknown()]);
    ledger.append(opening).await.unwrap();
    assert_eq!(standing(&home.reader()).len(), 1);
    whole(&home.reader(), &[session, other, unknown]);
}

#[tokio::test]
async fn each_holder_has_his_own_rights() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, turn) = one_turn(&ledger, "c").await;
    let mine = |sender: &str, account: &str, agent: &str| {
        let mut grant = grant(GrantId::generate(), Lasts::Until(Timestamp(5)));
        (grant.holder.sender, grant.holder.account, grant.holder.agent) = (sender.into(), account.into(), agent.into());
        grant
    };
    let grants: Vec<Grant> = vec![
        mine("ana", "telegram-1", "main"),
        mine("bob", "telegram-1", "main"),
        mine("ana", "telegram-2", "main"),
        mine("ana", "telegram-1", "second"),
        mine("ana", "telegram-1", "main"),
    ];
    let approval = question();
    let mut events = vec![put(turn, approval), answered(turn, approval, Choice::Remember)];
    events.extend(grants.iter().map(|grant| Event::Granted { grant: grant.clone(), by: "ana".into() }));
    ledger.append(Batch::of(session, events)).await.unwrap();
    let reader = home.reader();
    let of = |holder: Option<&Holder>| -> Vec<Grant> { reader.grants(holder).unwrap().into_iter().map(|known| known.grant).collect() };
    assert_eq!(of(None), grants);
    assert_eq!(of(Some(&holder("ana"))), [grants[0].clone(), grants[4].clone()]);
    assert_eq!(of(Some(&holder("bob"))), [grants[1].clone()]);
    assert_eq!(of(Some(&grants[3].holder)), [grants[3].clone()]);
    assert_eq!(of(Some(&holder("eve"))), []);
    whole(&reader, &[session]);
}

#[tokio::test]
async fn the_end_of_a_right_is_bounded_on_both_sides() {
    let home = Home::new();
    let ledger = home.ledger();
    let most = u64::try_from(i64::MAX).unwrap();
    for (until, fits) in [(0, true), (most, true), (most + 1, false)] {
        let given = granted(GrantId::generate(), Lasts::Until(Timestamp(until)));
        let taken = ledger.append(Batch::of(Chain::System, [given])).await;
        assert_eq!(taken.is_ok(), fits, "{taken:?}");
    }
    assert_eq!(home.reader().grants(None).unwrap().len(), 2);
    whole(&home.reader(), &[]);
}

/// Somebody with the file gives himself a right, or takes back that one was revoked or ended. Each is found from the chain
/// where it was given, from the one that ended it, and from all together.
#[tokio::test]
async fn a_right_that_nobody_gave_or_that_had_ended_is_found() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, _) = one_turn(&ledger, "c").await;
    let (other, _) = one_turn(&ledger, "d").await;
    let [kept, revoked, ended] = std::array::from_fn(|_| GrantId::generate());
    let until = Lasts::Until(Timestamp(5));
    ledger.append(Batch::of(session, [granted(kept, until), granted(revoked, until)])).await.unwrap();
    let owners = [revoke(revoked), granted(ended, Lasts::Session(other))];
    ledger.append(Batch::of(Chain::System, owners).with(other, [Event::SessionClosed { by: "ana".into() }])).await.unwrap();
    ledger.close().await.unwrap();
    whole(&home.reader(), &[session, other]);
    let untouched = std::fs::read(home.path()).unwrap();
    let (first, second, system) = (Scope::Chain(session.into()), Scope::Chain(other.into()), Scope::Chain(Chain::System));
    for (sql, finds, at) in [
        (format!("UPDATE grants SET revoked_at = NULL WHERE id = '{revoked}'"), vec![first, system], (session.to_string(), 5)),
        (format!("UPDATE grants SET revoked_at = NULL WHERE id = '{ended}'"), vec![second, system], ("system".into(), 1)),
        (format!("UPDATE grants SET revoked_at = 7 WHERE id = '{kept}'"), vec![first], (session.to_string(), 4)),
        (format!("UPDATE grants SET key = 'exec rm' WHERE id = '{kept}'"), vec![first], (session.to_string(), 4)),
        (
            format!("INSERT INTO grants VALUES ('{}', 't', 'eve', 'main', 'exec', 'k', NULL, 9, 'eve', 0, NULL)", GrantId::generate()),
            vec![system],
            ("system".into(), 0),
        ),
        (format!("DELETE FROM grants WHERE id = '{kept}'"), vec![first], (session.to_string(), 4)),
    ] {
        home.meddle().execute_batch(&sql).unwrap();
        for scope in [first, second, system, Scope::All] {
            let report = verify(&home.reader(), scope, &mut |_| ()).unwrap();
            let caught = scope == Scope::All || finds.contains(&scope);
            let found = matches!(&report.verdict, Verdict::Broken { chain, seq, what: What::Grant(_) } if (chain, *seq) == (&at.0, at.1));
            assert_eq!((found, report.is_ok()), (caught, !caught), "{sql} {scope:?}: {report}");
        }
        std::fs::write(home.path(), &untouched).unwrap();
    }
}
