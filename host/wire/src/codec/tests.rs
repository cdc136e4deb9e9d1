use super::*;
use crate::limits::MAX_LIST;
use crate::wire_capnp::{to_adapter, to_gateway};
use crate::{Boot, ToAdapter, ToGateway};

/// A message that no encoder makes.
fn from_adapter(fill: impl FnOnce(to_gateway::Builder<'_>)) -> Result<ToGateway, WireError> {
    let mut out = Vec::new();
    write::<to_gateway::Owned>(&mut out, Form::Message, 0, |root| {
        fill(root);
        Ok(())
    })
    .unwrap();
    ToGateway::decode(&out)
}

fn from_gateway(fill: impl FnOnce(to_adapter::Builder<'_>)) -> Result<ToAdapter, WireError> {
    let mut out = Vec::new();
    write::<to_adapter::Owned>(&mut out, Form::Message, 0, |root| {
        fill(root);
        Ok(())
    })
    .unwrap();
    ToAdapter::decode(&out)
}

fn missing<T>(what: &'static str) -> Result<T, WireError> {
    Err(WireError::Missing { what })
}

#[test]
fn what_must_be_there_is_not_made_up() {
    let inbound = |fill: fn(crate::wire_capnp::inbound::Builder<'_>)| from_adapter(|root| fill(root.init_commit().init_inbounds(1).get(0)));
    assert_eq!(inbound(|_| ()), missing("an inbound's conversation"));
    assert_eq!(
        inbound(|mut to| {
            to.reborrow().init_conversation();
        }),
        missing("an inbound's message")
    );
    let message = |mut to: crate::wire_capnp::inbound::Builder<'_>| {
        to.reborrow().init_conversation();
        to.init_message();
    };
    assert_eq!(inbound(message), missing("an inbound's sender"));
    let choice = |mut to: crate::wire_capnp::inbound::Builder<'_>| {
        to.reborrow().init_conversation();
        to.init_choice().set_choice_id("yes");
    };
    assert_eq!(inbound(choice), missing("an inbound's sender"));
    assert_eq!(from_adapter(|root| root.init_outcome().set_id(1)), missing("an outcome"));
    // The kind is an outbound's, and the pointer to it null.
    let mut null = Vec::new();
    write::<to_adapter::Owned>(&mut null, Form::Message, 0, |root| {
        root.init_outbound();
        Ok(())
    })
    .unwrap();
    let message = open(&null).unwrap();
    let words = message.get_root::<to_adapter::Reader<'_>>().unwrap().total_size().unwrap().word_count;
    let pointer = (2..usize::try_from(words).unwrap()).find(|word| null[word * 8] & 3 == 0 && null[word * 8 + 4..word * 8 + 8] != [0; 4]);
    let at = pointer.unwrap() * 8;
    drop(message);
    null[at..at + 8].fill(0);
    assert_eq!(ToAdapter::decode(&null), missing("an outbound"));
}

#[test]
fn refuses_lists_that_are_too_long_when_they_are_read() {
    let count = u32::try_from(MAX_LIST + 1).unwrap();
    let too_many = |what| Some(WireError::TooMany { what, count: MAX_LIST + 1, max: MAX_LIST });
    let inbounds = from_adapter(|root| {
        root.init_commit().init_inbounds(count);
    });
    assert_eq!(inbounds.err(), too_many("a commit's inbounds"));
    assert_eq!(
        from_adapter(|root| {
            root.init_commit().init_puts(count);
        })
        .err(),
        too_many("a commit's puts")
    );
    assert_eq!(
        from_adapter(|root| {
            root.init_commit().init_deletes(count);
        })
        .err(),
        too_many("a commit's deletes")
    );
    let attachments = from_adapter(|root| {
        let mut to = root.init_commit().init_inbounds(1).get(0);
        to.reborrow().init_conversation();
        to.reborrow().init_sender();
        to.init_message().init_attachments(count);
    });
    assert_eq!(attachments.err(), too_many("the attachments"));
    let shown = "the ids of the messages that show it";
    let delivered = from_adapter(|root| {
        root.init_outcome().init_outcome().init_delivered(count);
    });
    assert_eq!(delivered.err(), too_many(shown));
    let draft = from_gateway(|root| {
        root.init_outbound().init_content().init_text().init_shown(count);
    });
    assert_eq!(draft.err(), too_many(shown));
    let end = from_gateway(|root| {
        root.init_outbound().init_content().init_prompt_closed().init_shown(count);
    });
    assert_eq!(end.err(), too_many(shown));
    let literal = from_gateway(|root| {
        root.init_outbound().init_content().init_prompt().init_literal(count);
    });
    assert_eq!(literal.err(), too_many("a prompt's texts"));
    let choices = from_gateway(|root| {
        root.init_outbound().init_content().init_prompt().init_choices(count);
    });
    assert_eq!(choices.err(), too_many("a prompt's choices"));
}

#[test]
fn refuses_lists_of_credentials_that_are_too_long_when_they_are_read() {
    let count = u32::try_from(MAX_LIST + 1).unwrap();
    let boot = |fill: &dyn Fn(crate::wire_capnp::boot::Builder<'_>)| {
        let mut out = zeroize::Zeroizing::new(Vec::new());
        write::<crate::wire_capnp::boot::Owned>(&mut out, Form::Message, 0, |mut root| {
            root.set_seed(&[1; 32]);
            fill(root);
            Ok(())
        })
        .unwrap();
        Boot::decode(out).err()
    };
    let too_many = |what| Some(WireError::TooMany { what, count: MAX_LIST + 1, max: MAX_LIST });
    assert_eq!(
        boot(&|root| {
            root.init_credentials(count);
        }),
        too_many("the credentials")
    );
    let origins = |root: crate::wire_capnp::boot::Builder<'_>| {
        root.init_credentials(1).get(0).init_origins(count);
    };
    assert_eq!(boot(&origins), too_many("a credential's origins"));
    let places = |root: crate::wire_capnp::boot::Builder<'_>| {
        root.init_credentials(1).get(0).init_places(count);
    };
    assert_eq!(boot(&places), too_many("a credential's places"));
}
