//! Tokens to text: what a tag opens and closes, and what is seen of it.

use wirken_guest_http::Target;

use super::elements::{self, Kind};
use super::open::{Open, Opening};
use super::style::{self, Look};
use super::tokens::{Tag, Token, Tokens};
use super::writer::Writer;

const MAX_TITLE_CHARACTERS: usize = 300;
/// What resolving the links of a page may cost, in bytes of the addresses that go in and come out. Past it, links are text.
const LINK_BYTES: usize = 4 * 1024 * 1024;
/// A longer address tells a server something, and is of no use to read.
const MAX_LINK_BYTES: usize = 1000;

pub(crate) fn read(html: &str, base: &Target) -> String {
    let mut reader = Reader {
        base: base.clone(),
        base_is_stated: false,
        link_room: LINK_BYTES,
        open: Open::default(),
        writer: Writer::default(),
        title: None,
        in_title: false,
    };
    for token in Tokens::new(html) {
        match token {
            Token::Text(text) => reader.text(&text),
            Token::Start(tag) => reader.start(&tag),
            Token::End(name) => reader.end(&name),
        }
    }
    reader.close_from(0);
    reader.finish()
}

struct Reader {
    base: Target,
    base_is_stated: bool,
    link_room: usize,
    open: Open,
    writer: Writer,
    title: Option<String>,
    in_title: bool,
}

impl Reader {
    fn finish(self) -> String {
        let text = self.writer.finish();
        let title: Vec<&str> = self.title.as_deref().unwrap_or_default().split_whitespace().collect();
        let title = title.join(" ");
        match title.char_indices().nth(MAX_TITLE_CHARACTERS) {
            _ if title.is_empty() => text,
            Some((end, _)) => format!("Title: {}…\n\n{text}", title.get(..end).unwrap_or_default()),
            None => format!("Title: {title}\n\n{text}"),
        }
        .trim_end()
        .to_owned()
    }

    fn text(&mut self, text: &str) {
        if self.open.is_hidden() {
            return;
        }
        if self.in_title {
            self.title.get_or_insert_default().extend(text.chars().filter(|character| !super::writer::is_unseen(*character)));
        } else {
            self.writer.text(text);
        }
    }

    fn start(&mut self, tag: &Tag) {
        let name = tag.name.as_str();
        match name {
            "html" | "body" => {
                let (look, _) = style::of(tag, self.open.look());
                return self.open.set_root(look);
            }
            "head" => return,
            "base" => return self.state_base(tag),
            _ => {}
        }
        let foreign = self.leave_foreign(name);
        if !foreign {
            self.imply_ends(name);
        }
        let mut kind = elements::kind(name);
        if foreign && kind == Kind::Title {
            kind = Kind::Inline;
        }
        // A second one is no title.
        if kind == Kind::Title && self.title.is_some() {
            kind = Kind::Dropped;
        }
        match kind {
            Kind::Void => return,
            Kind::LineEnd | Kind::Rule => {
                if !self.open.is_hidden() && !style_hides(tag, self.open.look()) {
                    self.writer.open(kind);
                }
                return;
            }
            _ if tag.closed && (foreign || matches!(name, "svg" | "math")) => return,
            Kind::Cell | Kind::HeadCell if self.within_table(&["tr"]).is_none() && self.open.place("table").is_some() => {
                self.imply_row();
            }
            _ => {}
        }
        let (look, gone) = style::of(tag, self.open.look());
        let gone = gone || kind == Kind::Dropped;
        if self.open.push(name, Opening { kind, gone, look }) {
            self.opened(kind, tag);
        }
    }

    fn opened(&mut self, kind: Kind, tag: &Tag) {
        match kind {
            Kind::Title => self.in_title = true,
            Kind::Link => {
                if let Some(address) = tag.attribute("href").and_then(|href| self.resolve(href)) {
                    self.writer.open_link(address);
                }
            }
            Kind::Numbered => self.writer.open_numbered(tag.attribute("start").and_then(|start| start.trim().parse().ok()).unwrap_or(1)),
            Kind::Table => self.writer.open_table(
                tag.attribute("role").is_some_and(|role| matches!(role.trim().to_ascii_lowercase().as_str(), "presentation" | "none")),
            ),
            kind => self.writer.open(kind),
        }
    }

    fn imply_row(&mut self) {
        let opening = Opening { kind: Kind::Row, gone: false, look: self.open.look() };
        if self.open.push("tr", opening) {
            self.writer.open(Kind::Row);
        }
    }

    fn end(&mut self, name: &str) {
        let place = self.open.place(name);
        match name {
            "html" | "body" | "head" => {}
            "br" => {
                if !self.open.is_hidden() {
                    self.writer.open(Kind::LineEnd);
                }
            }
            "p" => match place.filter(|place| self.in_scope(*place)) {
                Some(place) => self.close_from(place),
                None if !self.open.is_hidden() => self.writer.open(Kind::Paragraph),
                None => {}
            },
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                let heading = self.open.place_of_any(&["h1", "h2", "h3", "h4", "h5", "h6"]);
                self.close(heading.filter(|place| self.in_scope(*place)));
            }
            "table" => self.close(place),
            _ if elements::is_table_part(name) => self.close(self.within_table(&[name])),
            "li" => self.close(place.filter(|place| self.in_scope(*place) && Some(*place) > self.open.place_of_any(&["ul", "ol", "menu"]))),
            _ if elements::is_special(name) || elements::is_boundary(name) => self.close(place.filter(|place| self.in_scope(*place))),
            _ => match place.filter(|place| Some(*place) > self.open.last_special()) {
                Some(place) => self.close_from(place),
                None => {
                    if self.open.end_formatting(name, place) {
                        self.writer.close(elements::kind(name));
                    }
                }
            },
        }
    }

    /// Whether an end tag reaches a place. What bounds the reach of others can itself be reached.
    fn in_scope(&self, place: usize) -> bool {
        Some(place) >= self.open.last_boundary()
    }

    /// The outermost of what is open of several names, each the innermost of its own, within the innermost table.
    fn within_table(&self, names: &[&str]) -> Option<usize> {
        let table = self.open.place("table");
        names.iter().filter_map(|name| self.open.place(name)).filter(|place| Some(*place) > table).min()
    }

    fn close(&mut self, place: Option<usize>) {
        if let Some(place) = place {
            self.close_from(place);
        }
    }

    fn close_from(&mut self, place: usize) {
        let (writer, in_title) = (&mut self.writer, &mut self.in_title);
        let title = &mut self.title;
        self.open.close_from(place, &mut |kind| {
            if kind == Kind::Title {
                *in_title = false;
                title.get_or_insert_default();
            } else {
                writer.close(kind);
            }
        });
    }

    /// Whether what begins is part of a picture or a formula. Some elements end one.
    fn leave_foreign(&mut self, name: &str) -> bool {
        while let Some(place) = self.open.place_of_any(&["svg", "math"]) {
            // Within these the page is HTML again.
            let inner = self.open.place_of_any(&["foreignobject", "desc", "annotation-xml", "mtext", "mi", "mo", "mn", "ms"]);
            if inner > Some(place) {
                return false;
            }
            if !elements::ends_foreign(name) {
                return true;
            }
            self.close_from(place);
        }
        false
    }

    /// Closes what ends where this begins, though nothing says so.
    fn imply_ends(&mut self, name: &str) {
        if elements::ends_paragraph(name) {
            self.close(self.open.place("p").filter(|place| self.in_scope(*place)));
        }
        let within = |place: Option<usize>, bounds: &[&str], open: &Open| {
            place.filter(|place| Some(*place) > open.last_boundary() && Some(*place) > open.place_of_any(bounds))
        };
        match name {
            "li" => self.close(within(self.open.place("li"), &["ul", "ol", "menu"], &self.open)),
            "dt" | "dd" => self.close(within(self.open.place_of_any(&["dt", "dd"]), &["dl"], &self.open)),
            "a" if self.open.place("a").is_some() => self.end("a"),
            "button" => self.close(self.open.place("button").filter(|place| self.in_scope(*place))),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" if matches!(self.open.top(), Some(Kind::Heading(_))) => {
                self.close_from(self.open.len().saturating_sub(1));
            }
            "td" | "th" => self.close(self.within_table(&["td", "th", "caption"])),
            "tr" => self.close(self.within_table(&["tr", "td", "th", "caption"])),
            "thead" | "tbody" | "tfoot" => self.close(self.within_table(&["thead", "tbody", "tfoot", "tr", "td", "th", "caption"])),
            _ => {}
        }
    }

    /// The first one counts, and a long one would make each link long.
    fn state_base(&mut self, tag: &Tag) {
        if let Some(href) = tag.attribute("href").filter(|_| !self.base_is_stated) {
            self.base_is_stated = true;
            if let Ok(base) = self.base.join(href) {
                self.base = base;
            }
        }
    }

    /// Where a link leads, if that is a place to read.
    fn resolve(&mut self, href: &str) -> Option<String> {
        let cost = self.base.as_str().len() + href.len();
        self.link_room = self.link_room.checked_sub(cost)?;
        if href.trim_start().starts_with('#') {
            return None;
        }
        let target = self.base.join(href).ok()?;
        (target.as_str().len() <= MAX_LINK_BYTES).then(|| target.to_string())
    }
}

/// Whether what has no content would not be seen.
fn style_hides(tag: &Tag, around: Look) -> bool {
    style::of(tag, around).1
}
