//! A model's Markdown as Telegram's text and entities. What Telegram cannot show stays readable text: nothing of an
//! answer is lost, and nothing in it can make Telegram refuse it.
//!
//! `parse_mode` is never used: its escapes are many, and one that is missing loses the whole message.

mod table;
mod writer;

use pulldown_cmark::{CodeBlockKind, Event, LinkType, Options, Parser, Tag, TagEnd};

use crate::entity::{Formatted, Kind, is_visible};
use table::Table;
use writer::Writer;

/// Of a link's address, in bytes; a longer one is no link.
const MAX_URL_BYTES: usize = 2048;

/// Levels of lists that are indented.
const MAX_INDENT: usize = 8;

const RULE: &str = "———————";

/// What people are to see of a draft. The text as it came where nothing of it would be visible otherwise.
pub fn render(markdown: &str) -> Formatted {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut renderer = Renderer::new(markdown.len());
    for event in Parser::new_ext(markdown, options) {
        renderer.event(event);
        if renderer.writer.overflows() {
            return Formatted::plain(markdown);
        }
    }
    let rendered = renderer.writer.finish();
    if is_visible(&rendered.text) { rendered } else { Formatted::plain(markdown) }
}

struct Renderer {
    writer: Writer,
    /// The lists that are open: the next number, where they have numbers.
    lists: Vec<Option<u64>>,
    /// Quotes in quotes are one: Telegram knows no other.
    quotes: usize,
    code: Option<Code>,
    table: Option<Table>,
    links: Vec<Link>,
}

/// A code block under way.
struct Code {
    language: Option<String>,
    text: String,
}

/// A link or an image under way.
struct Link {
    address: String,
    image: bool,
    /// What was written before it.
    begin: usize,
}

impl Renderer {
    fn new(source_bytes: usize) -> Self {
        Self { writer: Writer::new(source_bytes), lists: Vec::new(), quotes: 0, code: None, table: None, links: Vec::new() }
    }

    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Code(code) => self.code(&code),
            Event::Text(text)
            | Event::Html(text)
            | Event::InlineHtml(text)
            | Event::InlineMath(text)
            | Event::DisplayMath(text)
            | Event::FootnoteReference(text) => self.text(&text),
            Event::SoftBreak | Event::HardBreak => self.text("\n"),
            Event::Rule => {
                self.writer.block(2);
                self.writer.text(RULE);
                self.writer.block(2);
            }
            Event::TaskListMarker(done) => self.text(if done { "☑ " } else { "☐ " }),
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(code) = &mut self.code {
            code.text.push_str(text);
        } else if let Some(table) = &mut self.table {
            table.text(text);
        } else {
            self.writer.text(text);
        }
    }

    fn code(&mut self, text: &str) {
        if let Some(table) = &mut self.table {
            table.text(text);
        } else if self.links.is_empty() {
            self.writer.exclusive(Kind::Code, text);
        } else {
            // Telegram shows a link or code, and the link is what would be lost.
            self.writer.text(text);
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Heading { .. } => {
                self.block();
                self.open(Kind::Bold);
            }
            Tag::BlockQuote(_) => {
                self.block();
                self.quotes += 1;
                if self.quotes == 1 {
                    self.writer.open(Kind::Blockquote);
                }
            }
            Tag::CodeBlock(kind) => {
                self.block();
                self.code = Some(Code { language: language(&kind), text: String::new() });
            }
            Tag::List(first) => {
                self.writer.block(if self.lists.is_empty() { 2 } else { 1 });
                self.lists.push(first);
            }
            Tag::Item => self.item(),
            Tag::Table(_) => {
                self.block();
                self.table = Some(Table::default());
            }
            Tag::Emphasis => self.open(Kind::Italic),
            Tag::Strong => self.open(Kind::Bold),
            Tag::Strikethrough => self.open(Kind::Strikethrough),
            Tag::Link { link_type, dest_url, .. } => self.link(link_type, &dest_url, false),
            Tag::Image { link_type, dest_url, .. } => self.link(link_type, &dest_url, true),
            Tag::TableHead | Tag::TableRow => self.table.iter_mut().for_each(Table::row),
            Tag::TableCell => self.table.iter_mut().for_each(Table::cell),
            Tag::Paragraph | Tag::HtmlBlock => self.block(),
            Tag::FootnoteDefinition(_)
            | Tag::DefinitionList
            | Tag::DefinitionListTitle
            | Tag::DefinitionListDefinition
            | Tag::Superscript
            | Tag::Subscript
            | Tag::MetadataBlock(_) => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => {
                self.close(&Kind::Bold);
                self.block();
            }
            TagEnd::BlockQuote(_) => {
                self.quotes = self.quotes.saturating_sub(1);
                if self.quotes == 0 {
                    self.writer.close(&Kind::Blockquote);
                }
                self.block();
            }
            TagEnd::CodeBlock => {
                if let Some(Code { language, text }) = self.code.take() {
                    self.writer.exclusive(Kind::Pre(language), text.trim_end_matches('\n'));
                }
                self.block();
            }
            TagEnd::List(_) => {
                self.lists.pop();
                self.block();
            }
            TagEnd::Item => self.writer.end_line(),
            TagEnd::Table => {
                if let Some(table) = self.table.take() {
                    self.writer.exclusive(Kind::Pre(None), &table.render());
                }
                self.block();
            }
            TagEnd::Emphasis => self.close(&Kind::Italic),
            TagEnd::Strong => self.close(&Kind::Bold),
            TagEnd::Strikethrough => self.close(&Kind::Strikethrough),
            TagEnd::Link | TagEnd::Image => self.end_link(),
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.block(),
            _ => {}
        }
    }

    /// The border of a block: an empty line, but none within a list.
    fn block(&mut self) {
        self.writer.block(if self.lists.is_empty() { 2 } else { 1 });
    }

    fn item(&mut self) {
        self.writer.block(1);
        let mark = match self.lists.last_mut() {
            Some(Some(number)) => {
                let mark = format!("{number}. ");
                *number = number.saturating_add(1);
                mark
            }
            _ => "• ".to_owned(),
        };
        let indent = self.lists.len().saturating_sub(1).min(MAX_INDENT);
        self.writer.text(&format!("{}{mark}", "  ".repeat(indent)));
        self.writer.hold();
    }

    fn open(&mut self, kind: Kind) {
        if self.table.is_none() {
            self.writer.open(kind);
        }
    }

    fn close(&mut self, kind: &Kind) {
        if self.table.is_none() {
            self.writer.close(kind);
        }
    }

    fn link(&mut self, link_type: LinkType, address: &str, image: bool) {
        // `<ada@example.com>`: Telegram finds that by itself.
        let address = if matches!(link_type, LinkType::Email) { "" } else { address };
        if self.links.is_empty() && is_link(address) {
            self.open(Kind::Link(address.to_owned()));
        }
        let begin = self.written();
        self.links.push(Link { address: address.to_owned(), image, begin });
    }

    fn end_link(&mut self) {
        let Some(Link { address, image, begin }) = self.links.pop() else { return };
        if image && self.written() == begin {
            self.text(if address.is_empty() { "image" } else { &address });
        } else if self.table.is_none() && !is_link(&address) && !address.is_empty() && self.written() > begin {
            self.text(&format!(" ({address})"));
        }
        if self.links.is_empty() && is_link(&address) {
            self.close(&Kind::Link(address));
        }
    }

    /// How much was written so far.
    fn written(&self) -> usize {
        self.table.as_ref().map_or_else(|| self.writer.units(), Table::written)
    }
}

/// Whether Telegram would open it. Any other address stands beside its text.
fn is_link(address: &str) -> bool {
    let (scheme, rest) = address.split_once(':').unwrap_or_default();
    let rest = match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" | "tg" => rest.strip_prefix("//").unwrap_or_default(),
        "mailto" => rest,
        _ => "",
    };
    !rest.is_empty() && address.len() <= MAX_URL_BYTES && !address.chars().any(|c| c.is_whitespace() || c.is_control())
}

/// What a fence names, where it looks like the name of a language.
fn language(kind: &CodeBlockKind<'_>) -> Option<String> {
    let CodeBlockKind::Fenced(info) = kind else { return None };
    let word = info.split([' ', ',', '\t', '{']).next().unwrap_or_default();
    let named = word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '#' | '-' | '_' | '.'));
    (named && !word.is_empty() && word.len() <= 32).then(|| word.to_owned())
}

#[cfg(test)]
mod tests;
