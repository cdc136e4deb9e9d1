//! Conversations as no recording has them: each becomes a request, or an error that says why not.

use wirken_types::chat::{AssistantItem, Message, Opaque, Part, ToolCall, ToolResult};
use wirken_types::http::Blob;
use wirken_types::provider::ChatRequest;

use super::{Subject, request};
use crate::report::{Report, Rule};

const CONVERSATIONS: Rule = Rule { name: "conversations", words: "every conversation becomes a request, or an error that says why not" };
const OPTIONS: Rule = Rule { name: "options", words: "an option that it does not know is an `invalid-request`" };

/// No API has an option of this name.
const NO_OPTION: &str = "no-such-option";

impl Subject<'_> {
    pub(super) async fn conversations(&self, name: &str, report: &mut Report) {
        report.add(CONVERSATIONS, name, self.every_conversation().await);
        report.add(OPTIONS, name, self.unknown_option().await);
    }

    async fn every_conversation(&self) -> Result<(), String> {
        let recorded = self.exchange.chat.request();
        for (what, messages) in conversations(&recorded.model) {
            let asked = ChatRequest { messages: [vec![Message::System("Be brief.".into())], messages].concat(), ..recorded.clone() };
            let described = self.plugin.encode(&self.target, &asked).await.map_err(|error| format!("given {what}, {error}"))?;
            match described {
                Ok(request) => request::is_allowed(&request, self.plugin.manifest(), &self.settings)
                    .map_err(|why| format!("given {what}, it describes a request that no host sends: {why}"))?,
                Err(error) if error.kind.is_empty() || error.message.trim().is_empty() => {
                    return Err(format!("given {what}, it answers an error without a kind or a message"));
                }
                Err(_) => {}
            }
        }
        Ok(())
    }

    async fn unknown_option(&self) -> Result<(), String> {
        let mut asked = self.exchange.chat.request();
        asked.options.push((NO_OPTION.into(), "1".into()));
        match self.plugin.encode(&self.target, &asked).await.map_err(|error| error.to_string())? {
            Err(error) if error.kind == "invalid-request" => Ok(()),
            Err(error) => Err(format!("it answers {error} to the option {NO_OPTION:?}: the kind is `invalid-request`")),
            Ok(_) => Err(format!("it passes over the option {NO_OPTION:?} in silence: the owner believes that it counts")),
        }
    }
}

fn conversations(model: &str) -> Vec<(&'static str, Vec<Message>)> {
    let user = |text: &str| Message::User(vec![Part::text(text)]);
    let call = |id: &str, arguments: &str| {
        AssistantItem::ToolCall(ToolCall { id: id.into(), name: "look_up".into(), arguments: arguments.into() })
    };
    let result = |id: &str, content: Vec<Part>, is_error| ToolResult { call_id: id.into(), name: "look_up".into(), content, is_error };
    let blob = Part::Blob(Blob { id: "0".repeat(64), media_type: "image/png".into(), name: Some("a\"b\n.png".into()), size: 7 });
    let opaque = |model: &str| AssistantItem::Opaque(Opaque { model: model.into(), value: "{\"signature\":\"x\"}".into() });
    vec![
        ("an empty message", vec![user("")]),
        ("no message but the system's", Vec::new()),
        ("a message without parts", vec![Message::User(Vec::new())]),
        ("several messages of a person", vec![user("one"), user("two")]),
        ("quotes, line ends and signs of every kind", vec![user("\" \\ \n \r \t \u{0} \u{7f} \u{202e} \u{fffd} 👩‍👩‍👧‍👦 日本語 <b>&amp;</b>")]),
        ("a message of 1 MiB", vec![user(&"long ".repeat(1 << 18))]),
        ("a file", vec![Message::User(vec![Part::text("See:"), blob.clone()])]),
        ("a part of a kind that nobody knows", vec![Message::User(vec![Part::Other("location".into(), "{\"lat\":1}".into())])]),
        (
            "a call and its result",
            vec![
                user("go"),
                Message::Assistant(vec![call("c1", "{\"q\":1}")]),
                Message::Tool(vec![result("c1", vec![Part::text("ok")], false)]),
            ],
        ),
        (
            "calls whose arguments are no JSON",
            vec![
                user("go"),
                Message::Assistant(vec![AssistantItem::Text("Well.".into()), call("c1", "{\"q\":"), call("c2", "")]),
                Message::Tool(vec![result("c1", vec![blob], true), result("c2", Vec::new(), true)]),
            ],
        ),
        (
            "what the model thought, state of this model and of another, and what nobody knows",
            vec![
                user("go"),
                Message::Assistant(vec![
                    AssistantItem::Reasoning("Hm.".into()),
                    opaque(model),
                    opaque("another"),
                    AssistantItem::Other("citation".into(), "{}".into()),
                    AssistantItem::Text("Yes.".into()),
                ]),
                user("on"),
            ],
        ),
        ("nothing but thoughts", vec![user("go"), Message::Assistant(vec![AssistantItem::Reasoning("Hm.".into())]), user("on")]),
    ]
}
