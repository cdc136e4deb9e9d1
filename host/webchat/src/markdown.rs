//! Markdown as a tree of a few known elements, which the page builds one by one.
//!
//! What a model writes is a stranger's text. Raw HTML stays text, an image becomes a link to it, a link goes only where
//! a person may want to go by hand, and nothing is fetched. What is too large or too deep is no tree at all: the page
//! then shows the text as it is.

mod links;

use pulldown_cmark::{Alignment, CodeBlockKind, CowStr, Event, HeadingLevel, LinkType, Options, Parser, Tag, TextMergeStream};
use serde::Serialize;

use crate::bounds::{MARKDOWN_BYTES, MARKDOWN_DEPTH, MARKDOWN_NODES};

/// A text, or an element around others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Node {
    Text(String),
    Element(Element),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Element {
    #[serde(rename = "t")]
    kind: Kind,
    #[serde(rename = "c", skip_serializing_if = "Vec::is_empty")]
    children: Vec<Node>,
    /// Of a link: an absolute address whose scheme was checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    href: Option<String>,
    /// Of a numbered list: its first number, unless that is 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<u64>,
    /// Of a block of code: its language.
    #[serde(skip_serializing_if = "Option::is_none")]
    lang: Option<String>,
    /// Of a table's cell.
    #[serde(skip_serializing_if = "Option::is_none")]
    align: Option<&'static str>,
    /// Of a task.
    #[serde(skip_serializing_if = "Option::is_none")]
    done: Option<bool>,
}

/// The page knows exactly these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    P,
    H1,
    H2,
    H3,
    H4,
    H5,
    H6,
    Blockquote,
    Ul,
    Ol,
    Li,
    Pre,
    Code,
    Em,
    Strong,
    Del,
    A,
    Br,
    Hr,
    Table,
    Thead,
    Tr,
    Th,
    Td,
    Task,
    /// Around what this version shows without any form.
    Span,
}

/// None: show the text as it is.
pub(crate) fn tree(text: &str) -> Option<Vec<Node>> {
    if text.len() > MARKDOWN_BYTES {
        return None;
    }
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut builder = Builder::default();
    // An address may come in pieces, which are looked at as one.
    for event in TextMergeStream::new(Parser::new_ext(text, options)) {
        builder.event(event)?;
    }
    Some(builder.done)
}

#[derive(Default)]
struct Builder {
    done: Vec<Node>,
    open: Vec<Element>,
    nodes: usize,
    /// Links, and images that became links, around what comes next: a link in a link is none.
    links: usize,
    code: usize,
    aligns: Vec<Alignment>,
    head: bool,
    column: usize,
}

impl Builder {
    /// None when the tree became too large or too deep.
    fn event(&mut self, event: Event<'_>) -> Option<()> {
        match event {
            Event::Start(tag) => {
                let element = self.element(tag);
                self.open(element)
            }
            Event::End(_) => self.close(),
            Event::Text(text) if self.links == 0 && self.code == 0 => self.linked(&text),
            Event::Text(text)
            | Event::Html(text)
            | Event::InlineHtml(text)
            | Event::InlineMath(text)
            | Event::DisplayMath(text)
            | Event::FootnoteReference(text) => self.text(&text),
            Event::Code(text) => {
                self.open(Element::new(Kind::Code))?;
                self.text(&text)?;
                self.close()
            }
            Event::SoftBreak => self.text("\n"),
            Event::HardBreak => self.leaf(Element::new(Kind::Br)),
            Event::Rule => self.leaf(Element::new(Kind::Hr)),
            Event::TaskListMarker(done) => self.leaf(Element { done: Some(done), ..Element::new(Kind::Task) }),
        }
    }

    fn element(&mut self, tag: Tag<'_>) -> Element {
        let kind = match tag {
            Tag::Paragraph | Tag::HtmlBlock => Kind::P,
            Tag::Heading { level, .. } => heading(level),
            Tag::BlockQuote(_) => Kind::Blockquote,
            Tag::CodeBlock(block) => {
                self.code += 1;
                return Element { lang: language(&block), ..Element::new(Kind::Pre) };
            }
            Tag::List(None) => Kind::Ul,
            Tag::List(Some(start)) => return Element { start: (start != 1).then_some(start), ..Element::new(Kind::Ol) },
            Tag::Item => Kind::Li,
            Tag::Table(aligns) => {
                self.aligns = aligns;
                Kind::Table
            }
            Tag::TableHead => {
                (self.head, self.column) = (true, 0);
                Kind::Thead
            }
            Tag::TableRow => {
                (self.head, self.column) = (false, 0);
                Kind::Tr
            }
            Tag::TableCell => {
                let align = self.aligns.get(self.column).copied().and_then(alignment);
                self.column += 1;
                return Element { align, ..Element::new(if self.head { Kind::Th } else { Kind::Td }) };
            }
            Tag::Emphasis => Kind::Em,
            Tag::Strong => Kind::Strong,
            Tag::Strikethrough => Kind::Del,
            Tag::Link { link_type: LinkType::Email, dest_url, .. } => return self.link(&format!("mailto:{dest_url}")),
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => return self.link(&dest_url),
            Tag::FootnoteDefinition(_)
            | Tag::DefinitionList
            | Tag::DefinitionListTitle
            | Tag::DefinitionListDefinition
            | Tag::Superscript
            | Tag::Subscript
            | Tag::MetadataBlock(_) => Kind::Span,
        };
        Element::new(kind)
    }

    fn link(&mut self, address: &str) -> Element {
        self.links += 1;
        match links::allowed(address) {
            Some(href) if self.links == 1 => Element { href: Some(href), ..Element::new(Kind::A) },
            _ => Element::new(Kind::Span),
        }
    }

    fn count(&mut self) -> Option<()> {
        self.nodes += 1;
        (self.nodes <= MARKDOWN_NODES).then_some(())
    }

    fn open(&mut self, element: Element) -> Option<()> {
        self.count()?;
        self.open.push(element);
        (self.open.len() <= MARKDOWN_DEPTH).then_some(())
    }

    fn close(&mut self) -> Option<()> {
        let mut element = self.open.pop()?;
        match element.kind {
            Kind::Pre => self.code -= 1,
            // Every span opened by a tag of another kind than a link is impossible with the options above.
            Kind::A | Kind::Span => self.links = self.links.saturating_sub(1),
            _ => {}
        }
        if element.kind == Kind::A && element.children.is_empty() {
            element.children.extend(element.href.clone().map(Node::Text));
        }
        self.put(Node::Element(element));
        Some(())
    }

    fn leaf(&mut self, element: Element) -> Option<()> {
        self.count()?;
        self.put(Node::Element(element));
        Some(())
    }

    fn text(&mut self, text: &str) -> Option<()> {
        let siblings = self.siblings();
        if let Some(Node::Text(last)) = siblings.last_mut() {
            last.push_str(text);
            return Some(());
        }
        self.count()?;
        self.put(Node::Text(text.to_owned()));
        Some(())
    }

    /// Text in which bare web addresses are links.
    fn linked(&mut self, text: &str) -> Option<()> {
        for piece in links::split(text) {
            match piece {
                links::Piece::Text(text) => self.text(text)?,
                links::Piece::Link { shown, href } => {
                    self.count()?;
                    self.leaf(Element { href: Some(href), children: vec![Node::Text(shown.to_owned())], ..Element::new(Kind::A) })?;
                }
            }
        }
        Some(())
    }

    fn put(&mut self, node: Node) {
        self.siblings().push(node);
    }

    fn siblings(&mut self) -> &mut Vec<Node> {
        match self.open.last_mut() {
            Some(parent) => &mut parent.children,
            None => &mut self.done,
        }
    }
}

impl Element {
    fn new(kind: Kind) -> Self {
        Self { kind, children: Vec::new(), href: None, start: None, lang: None, align: None, done: None }
    }
}

fn heading(level: HeadingLevel) -> Kind {
    match level {
        HeadingLevel::H1 => Kind::H1,
        HeadingLevel::H2 => Kind::H2,
        HeadingLevel::H3 => Kind::H3,
        HeadingLevel::H4 => Kind::H4,
        HeadingLevel::H5 => Kind::H5,
        HeadingLevel::H6 => Kind::H6,
    }
}

fn alignment(alignment: Alignment) -> Option<&'static str> {
    match alignment {
        Alignment::None => None,
        Alignment::Left => Some("left"),
        Alignment::Center => Some("center"),
        Alignment::Right => Some("right"),
    }
}

/// The first word of what stands after the fence.
fn language(block: &CodeBlockKind<'_>) -> Option<String> {
    const LANGUAGE_CHARS: usize = 32;
    let CodeBlockKind::Fenced(info) = block else { return None };
    let word: &CowStr<'_> = info;
    let word: String = word.split_whitespace().next()?.chars().take(LANGUAGE_CHARS).collect();
    Some(word)
}

#[cfg(test)]
mod tests;
