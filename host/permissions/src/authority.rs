//! Who may answer a question, and with what. An answer is worth what the way is worth by which it came: the owner's own
//! surfaces may answer anything, a channel what its account is trusted with, and there only those whom the owner named.

use std::collections::BTreeSet;

use wirken_types::approval::{Choice, Tier};
use wirken_types::event::Place;
use wirken_types::{Digest, Timestamp};

use crate::question::choices;

/// By what way an answer came, as the host knows it. Nothing of it is what somebody says of himself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answerer<'a> {
    /// WebChat or the command line: whoever holds the machine's token, or its files.
    Owner,
    /// A message of a channel, from that account's own connection.
    Channel { account: &'a str, conversation: &'a str, thread: Option<&'a str>, sender: &'a str },
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<'a> {
    pub by: Answerer<'a>,
    pub choice: Choice,
    /// Of the question that the person saw.
    pub digest: Digest,
    pub at: Timestamp,
}

/// The question as it was recorded.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub place: &'a Place,
    pub tier: Tier,
    pub digest: Digest,
    pub expires_at: Timestamp,
}

/// What the owner lets a channel's account answer. The owner's own surfaces have no rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    pub max_tier: Tier,
    /// The senders who may answer. Nobody where it is empty: whoever may talk to the agent may not, for that alone, allow
    /// what it does.
    pub approvers: BTreeSet<String>,
}

impl Default for Rules {
    fn default() -> Self {
        Self { max_tier: Tier::Remembered, approvers: BTreeSet::new() }
    }
}

/// Why an answer does not count, and what to do instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("this question has expired: ask the agent again for what you want")]
    Expired,
    #[error("what is asked has changed since it was shown: look at the question again, and answer that")]
    Changed,
    #[error("that was taken before: where the question is still open, answer it again")]
    Repeated,
    #[error("this question is too long to be shown here whole: allow it in WebChat or with `wirken permissions`, or deny it here")]
    NotWhole,
    #[error("this cannot be answered so: a question of tier {} takes {}", u8::from(*.0), offered(*.0))]
    NotOffered(Tier),
    #[error("a question is answered where it was asked, in the same conversation, or by its owner in WebChat or on the command line")]
    Elsewhere,
    #[error(
        "you are not among those who may answer for this agent here: its owner can, in WebChat or on the command line, and can add you to the approvers of this account"
    )]
    NotAnApprover,
    #[error("this is of tier {}, and answers through this account count up to tier {}: answer in WebChat or on the command line", u8::from(*.asked), u8::from(*.max))]
    AboveChannel { asked: Tier, max: Tier },
}

fn offered(tier: Tier) -> &'static str {
    match tier {
        Tier::Always => "no answer, because it needs none",
        Tier::Remembered => "yes, session, always or no",
        Tier::EveryTime => "yes or no",
    }
}

/// Whether an answer counts. Who may answer is checked before anything else is told of the question.
pub fn may_answer(answer: &Answer<'_>, asked: &Asked<'_>, rules: &Rules) -> Result<(), Refusal> {
    if let Answerer::Channel { account, conversation, thread, sender } = &answer.by {
        let Place { account: at, conversation: inside, thread: below, .. } = asked.place;
        if at != account || inside != conversation || below.as_deref() != *thread {
            return Err(Refusal::Elsewhere);
        }
        if !rules.approvers.contains(*sender) {
            return Err(Refusal::NotAnApprover);
        }
        // To deny harms nobody.
        if answer.choice != Choice::Deny && asked.tier > rules.max_tier {
            return Err(Refusal::AboveChannel { asked: asked.tier, max: rules.max_tier });
        }
    }
    if answer.at >= asked.expires_at {
        return Err(Refusal::Expired);
    }
    if answer.digest != asked.digest {
        return Err(Refusal::Changed);
    }
    if !choices(asked.tier).contains(&answer.choice) {
        return Err(Refusal::NotOffered(asked.tier));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED_AT: Digest = Digest::ZERO;

    fn place() -> Place {
        Place { agent: "default".into(), account: "mail".into(), conversation: "c1".into(), thread: Some("t1".into()) }
    }

    fn rules(max_tier: Tier) -> Rules {
        Rules { max_tier, approvers: BTreeSet::from(["ann".to_owned()]) }
    }

    fn channel(sender: &str) -> Answerer<'_> {
        Answerer::Channel { account: "mail", conversation: "c1", thread: Some("t1"), sender }
    }

    fn try_it(by: Answerer<'_>, choice: Choice, tier: Tier, rules: &Rules) -> Result<(), Refusal> {
        let asked = Asked { place: &place(), tier, digest: ASKED_AT, expires_at: Timestamp(100) };
        may_answer(&Answer { by, choice, digest: ASKED_AT, at: Timestamp(99) }, &asked, rules)
    }

    #[test]
    fn the_owner_answers_at_any_tier() {
        for tier in [Tier::Remembered, Tier::EveryTime] {
            for choice in choices(tier) {
                assert_eq!(try_it(Answerer::Owner, *choice, tier, &Rules::default()), Ok(()));
            }
        }
    }

    #[test]
    fn a_channel_answers_up_to_its_tier_and_may_always_deny() {
        assert_eq!(try_it(channel("ann"), Choice::Remember, Tier::Remembered, &rules(Tier::Remembered)), Ok(()));
        assert_eq!(
            try_it(channel("ann"), Choice::Once, Tier::EveryTime, &rules(Tier::Remembered)),
            Err(Refusal::AboveChannel { asked: Tier::EveryTime, max: Tier::Remembered })
        );
        assert_eq!(try_it(channel("ann"), Choice::Deny, Tier::EveryTime, &rules(Tier::Remembered)), Ok(()));
        assert_eq!(try_it(channel("ann"), Choice::Once, Tier::EveryTime, &rules(Tier::EveryTime)), Ok(()));
        assert!(try_it(channel("ann"), Choice::Once, Tier::Remembered, &rules(Tier::Always)).is_err());
    }

    #[test]
    fn whoever_triggered_it_does_not_allow_it_by_that() {
        for choice in [Choice::Once, Choice::Deny] {
            assert_eq!(try_it(channel("eve"), choice, Tier::Remembered, &rules(Tier::EveryTime)), Err(Refusal::NotAnApprover));
            assert_eq!(try_it(channel("ann"), choice, Tier::Remembered, &Rules::default()), Err(Refusal::NotAnApprover));
        }
        assert_eq!(try_it(channel("Ann"), Choice::Once, Tier::Remembered, &rules(Tier::EveryTime)), Err(Refusal::NotAnApprover));
    }

    #[test]
    fn an_answer_comes_from_where_the_question_was_asked() {
        for (account, conversation, thread) in
            [("chat", "c1", Some("t1")), ("mail", "c2", Some("t1")), ("mail", "c1", Some("t2")), ("mail", "c1", None)]
        {
            let by = Answerer::Channel { account, conversation, thread, sender: "ann" };
            assert_eq!(try_it(by, Choice::Deny, Tier::Remembered, &rules(Tier::EveryTime)), Err(Refusal::Elsewhere));
        }
    }

    #[test]
    fn only_what_was_offered_counts() {
        for choice in [Choice::Session, Choice::Remember] {
            assert_eq!(try_it(Answerer::Owner, choice, Tier::EveryTime, &Rules::default()), Err(Refusal::NotOffered(Tier::EveryTime)));
        }
        assert_eq!(try_it(Answerer::Owner, Choice::Once, Tier::Always, &Rules::default()), Err(Refusal::NotOffered(Tier::Always)));
    }

    #[test]
    fn an_answer_is_for_what_was_shown_and_in_time() {
        let (place, owner) = (place(), Rules::default());
        let asked = Asked { place: &place, tier: Tier::Remembered, digest: ASKED_AT, expires_at: Timestamp(100) };
        let answer = |at, digest| Answer { by: Answerer::Owner, choice: Choice::Once, digest, at: Timestamp(at) };
        assert_eq!(may_answer(&answer(99, ASKED_AT), &asked, &owner), Ok(()));
        assert_eq!(may_answer(&answer(100, ASKED_AT), &asked, &owner), Err(Refusal::Expired));
        assert_eq!(may_answer(&answer(99, Digest::of(b"other")), &asked, &owner), Err(Refusal::Changed));
    }

    #[test]
    fn a_refusal_says_what_to_do_instead() {
        let all = [
            Refusal::Expired,
            Refusal::Changed,
            Refusal::NotOffered(Tier::EveryTime),
            Refusal::Elsewhere,
            Refusal::NotAnApprover,
            Refusal::AboveChannel { asked: Tier::EveryTime, max: Tier::Remembered },
        ];
        for (refusal, said) in
            all.iter().zip(["ask the agent again", "look at the question", "takes yes or no", "WebChat", "approvers", "tier 3"])
        {
            assert!(refusal.to_string().contains(said), "{refusal}");
        }
    }
}
