//! What the agent says: whole and in order, refused, lost on the way, and in every shape that a model writes.

use std::collections::BTreeSet;

use serde_json::Value;
use wirken_types::channel::{Choice, Draft, OutboundContent, Outcome, Prompt, PromptEnd};
use wirken_types::http::{Header, Request};

use super::Subject;
use super::player::Player;
use super::recording::{Said, Step, What};
use crate::damage::NONSENSE;
use crate::provider::request::body;
use crate::report::{Report, Rule};

const FAILS: Rule = Rule { name: "send-fails", words: "a message that does not go out is not said to be delivered" };
const ORDER: Rule = Rule { name: "order", words: "a long text arrives whole, and its parts one after another" };
const SHAPES: Rule = Rule { name: "shapes", words: "a text or a question of any shape is sent, or refused, and gets one outcome" };

/// Words of the long text.
const WORDS: usize = 4000;
/// Requests and timers until one message must have its outcome.
const PATIENCE: usize = 2000;

/// A recorded outbound, and how the platform answered it.
struct Send<'a> {
    step: usize,
    said: &'a Said,
    answer: (u16, Vec<Header>, &'a [u8]),
}

impl Subject<'_> {
    pub(super) async fn sends(&self, report: &mut Report) {
        let sends: Vec<Send<'_>> = self.session.steps.iter().enumerate().filter_map(|(at, step)| self.send_of(at, step)).collect();
        for send in &sends {
            report.add(FAILS, &format!("{}, step {}", self.name, send.step + 1), self.fails(send).await);
        }
        // A new message, and not the end of one that is shown already.
        if let Some(send) =
            sends.iter().find(|send| matches!(send.said.content(), OutboundContent::Text(draft) if draft.shown.is_empty() && draft.last))
        {
            report.add(ORDER, self.name, self.order(send).await);
            report.add(SHAPES, self.name, self.shapes(send).await);
        }
    }

    /// An outbound that becomes a request, and the response that this gets later.
    fn send_of<'a>(&'a self, at: usize, step: &'a Step) -> Option<Send<'a>> {
        let What::Outbound(said) = &step.what else { return None };
        let name = step.effects.iter().find_map(|effect| effect.pointer("/http/as")).and_then(Value::as_str)?;
        let answered = |(at, step): (usize, &'a Step)| match &step.what {
            What::Response(answer) if answer.of == name => Some((answer.status, answer.headers(), self.bodies.get(at)?.as_slice())),
            _ => None,
        };
        let answer = self.session.steps.iter().enumerate().skip(at + 1).find_map(answered)?;
        Some(Send { step: at, said, answer })
    }

    /// The connection before a message, and the message handed over: what is under way for it.
    async fn hand_over(&self, send: &Send<'_>, content: OutboundContent) -> Result<(Player, u64, Others), String> {
        let mut player = self.play(send.step, &self.begin()).await?.player;
        // What the session does is judged by itself.
        player.broken = None;
        let others = Others { ids: player.requests.keys().copied().collect(), requests: player.requests.values().cloned().collect() };
        let (id, _) = player.say(&send.said.conversation_id, send.said.reply_to.clone(), content).await?;
        Ok((player, id, others))
    }

    async fn fails(&self, send: &Send<'_>) -> Result<(), String> {
        let is_new = matches!(send.said.content(), OutboundContent::Text(draft) if draft.shown.is_empty());
        for sent in [false, true] {
            let (mut player, id, others) = self.hand_over(send, send.said.content()).await?;
            let request = others.first_for_it(&player).ok_or("it sends nothing")?;
            player.fail(request, if sent { "interrupted" } else { "connect" }, sent).await?;
            match player.outcomes.get(&id) {
                Some(Outcome::Delivered(_)) => return Err(lost(sent, "it says `delivered`")),
                Some(Outcome::InDoubt(_)) if !sent => {
                    return Err(lost(sent, "it says `in-doubt`: nothing left, so that nothing is in doubt"));
                }
                Some(Outcome::Later(_) | Outcome::Failed(_)) if sent && is_new => {
                    return Err(lost(sent, "it says that nothing is shown: it may be shown, which is `in-doubt`"));
                }
                Some(_) => {}
                None if others.first_for_it(&player).is_some() || !player.timers.is_empty() => {}
                None => return Err(lost(sent, "it gives no outcome, and neither asks again nor waits for anything")),
            }
        }
        for status in [400, 401, 403, 404, 413, 429, 500, 502] {
            for nonsense in NONSENSE {
                let (mut player, id, others) = self.hand_over(send, send.said.content()).await?;
                let request = others.first_for_it(&player).ok_or("it sends nothing")?;
                let about =
                    |what: &str| format!("refused with status {status} and the body {:?}, {what}", String::from_utf8_lossy(nonsense));
                player.respond(request, status, Vec::new(), nonsense.to_vec()).await.map_err(|why| about(&why))?;
                match player.outcomes.get(&id) {
                    Some(Outcome::Delivered(_)) => return Err(about("it says `delivered`")),
                    Some(_) => {}
                    None if player.fatal || others.first_for_it(&player).is_some() || !player.timers.is_empty() => {}
                    None => return Err(about("it gives no outcome, and neither asks again nor waits for anything")),
                }
            }
        }
        Ok(())
    }

    async fn order(&self, send: &Send<'_>) -> Result<(), String> {
        let text = (0..WORDS).map(word).collect::<Vec<_>>().join(" ");
        let (mut player, id, others) = self.hand_over(send, draft(&text)).await?;
        let mut said = Vec::new();
        let outcome = self.deliver(send, &mut player, id, &others, &mut said).await?;
        let Outcome::Delivered(_) = outcome else {
            return match outcome {
                Outcome::Failed(_) => Ok(()),
                other => Err(format!("each of its requests was answered, and a text of {} bytes is {other:?}", text.len())),
            };
        };
        let said = String::from_utf8_lossy(&said).into_owned();
        let mut from = 0;
        for index in 0..WORDS {
            let word = word(index);
            match said.get(from..).and_then(|rest| rest.find(&word)) {
                Some(at) => from += at + word.len(),
                None if said.contains(&word) => return Err(format!("the word {index} of {WORDS} was sent before its turn")),
                None => return Err(format!("it says `delivered`, and the word {index} of {WORDS} was in none of its requests")),
            }
        }
        Ok(())
    }

    async fn shapes(&self, send: &Send<'_>) -> Result<(), String> {
        let texts = shapes().into_iter().map(|(what, text)| (what, draft(&text)));
        for (what, content) in texts.chain(questions()) {
            let about = |why: String| format!("given {what}, {why}");
            let (mut player, id, others) = self.hand_over(send, content).await.map_err(about)?;
            if let Some(request) = others.first_for_it(&player).and_then(|id| player.requests.get(&id)) {
                is_well_formed(request).map_err(about)?;
            }
            match self.deliver(send, &mut player, id, &others, &mut Vec::new()).await.map_err(about)? {
                Outcome::Delivered(_) | Outcome::Failed(_) => {}
                other => return Err(about(format!("each of its requests was answered, and it is {other:?}"))),
            }
            if let Some(why) = player.broken {
                return Err(about(why));
            }
        }
        Ok(())
    }

    /// Answers each request of a message as the recorded one was answered, until it has an outcome.
    async fn deliver(&self, send: &Send<'_>, player: &mut Player, id: u64, others: &Others, said: &mut Vec<u8>) -> Result<Outcome, String> {
        let (status, headers, answer) = &send.answer;
        for _ in 0..PATIENCE {
            if let Some(outcome) = player.outcomes.get(&id) {
                return Ok(outcome.clone());
            }
            let waiting: Vec<u64> = others.for_it(player).collect();
            match waiting.as_slice() {
                [request] => {
                    said.extend(player.requests.get(request).map(body).unwrap_or_default());
                    player.respond(*request, *status, headers.clone(), answer.to_vec()).await?;
                }
                [] if player.ring().await? => {}
                [] => return Err("it has no outcome, and nothing is under way for it".into()),
                _ => return Err("several of its requests are under way at once: the network decides which arrives first".into()),
            }
        }
        Err(format!("it has no outcome after {PATIENCE} requests and timers"))
    }
}

/// What was under way before a message, such as a poll.
struct Others {
    ids: BTreeSet<u64>,
    requests: Vec<Request>,
}

impl Others {
    /// What is under way for the message: neither an older request, nor one like those.
    fn for_it<'a>(&'a self, player: &'a Player) -> impl Iterator<Item = u64> + 'a {
        let path = super::player::without_query;
        let like = move |request: &Request| {
            self.requests.iter().any(|other| other.method == request.method && path(&other.url) == path(&request.url))
        };
        player.requests.iter().filter(move |(id, request)| !self.ids.contains(id) && !like(request)).map(|(id, _)| *id)
    }

    fn first_for_it(&self, player: &Player) -> Option<u64> {
        self.for_it(player).next()
    }
}

fn lost(sent: bool, what: &str) -> String {
    let how = if sent { "left, and no answer came" } else { "never left" };
    format!("of a message whose request {how}, {what}")
}

fn draft(text: &str) -> OutboundContent {
    OutboundContent::Text(Draft { shown: Vec::new(), text: text.to_owned(), last: true })
}

/// Questions, which a channel may show with buttons or refuse.
fn questions() -> Vec<(&'static str, OutboundContent)> {
    let prompt = |id: String, text: &str, choices: usize| {
        let choice = |at: usize| Choice { id: format!("{at}.{}", "0".repeat(16)), label: format!("{text} {at}"), style: "plain".into() };
        let literal = vec![("Action".to_owned(), text.to_owned()), ("Claim".to_owned(), format!("{text}\n{text}"))];
        let choices = (0..choices).map(choice).collect();
        OutboundContent::Prompt(Prompt { id, title: "May the agent do this?".into(), literal, choices, expires_at_millis: 1 })
    };
    let id = || "0123456789abcdef".repeat(2);
    vec![
        ("a question with four choices", prompt(id(), "Run \"ls\".", 4)),
        ("a question whose texts look like markup", prompt(id(), "**x** <b>&amp;</b> `y` \\*z @everyone", 2)),
        ("a question longer than a message", prompt(id(), &"ä".repeat(20_000), 1)),
        ("a question whose id is as long as one may be", prompt("x".repeat(256), "x", 1)),
        (
            "the end of a question that it does not know",
            OutboundContent::PromptClosed(PromptEnd { shown: Vec::new(), text: "Denied.".into() }),
        ),
    ]
}

fn word(index: usize) -> String {
    format!("w{index:04}")
}

fn is_well_formed(request: &Request) -> Result<(), String> {
    let json = request.headers.iter().any(|header| header.name.eq_ignore_ascii_case("content-type") && header.value.contains("json"));
    if json && serde_json::from_slice::<Value>(&body(request)).is_err() {
        return Err("the body of its request is no JSON, as its content-type says".into());
    }
    Ok(())
}

fn shapes() -> Vec<(&'static str, String)> {
    let text = |text: &str| text.to_owned();
    vec![
        ("one letter", text("a")),
        ("one sign of four bytes", text("👋")),
        ("white space alone", text(" \n\t ")),
        (
            "every kind of Markdown, unfinished",
            text("# **bold *both `code [link](https://a.example/?q=\"x\"&y=<z> ~~gone > quote\n```rust\nfn main() {"),
        ),
        ("a table and lists", text("| a | b |\n| --- | --- |\n| 1 | 2 |\n\n1. one\n   - two\n     * three\n")),
        ("markup of other kinds", text("<b>&amp;</b> <script>x</script> \\*not bold\\* __init__ @everyone <@123>")),
        ("quotes nested deeply", format!("{}deep", "> ".repeat(400))),
        ("emphasis nested deeply", format!("{}x{}", "*_".repeat(400), "_*".repeat(400))),
        ("control characters and turned direction", text("a\u{0}\u{7}\u{1b}[31mb\r\n\u{202e}c\u{2066}d\u{fffd}\u{feff}")),
        ("signs that join", format!("{} {}", "👩‍👩‍👧‍👦".repeat(300), "e\u{301}\u{302}".repeat(300))),
        ("one word without an end", "x".repeat(30_000)),
        ("lines without an end", "y\n".repeat(15_000)),
        ("a code block longer than a message", format!("```\n{}```", "let x = \"<&>\";\n".repeat(1_500))),
    ]
}
