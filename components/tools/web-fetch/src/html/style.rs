//! What an element says about being seen: attributes, and the style that is written on it.
//!
//! Style sheets are not read. Of a style only what hides is: no box, no size, no contrast, or a place that nobody sees.

use super::tokens::Tag;

/// Two colours that differ by less in each part cannot be told apart.
const CONTRAST: u8 = 12;
/// A smaller letter cannot be read, in pixels.
const TINY_PIXELS: f32 = 1.5;
/// Past this, to the left or above, nothing is seen, in pixels.
const FAR_PIXELS: f32 = -500.0;
const FAINT: f32 = 0.05;
/// Of an em, in pixels.
const EM_PIXELS: f32 = 16.0;
/// A longer style is no style of a person's.
const MAX_STYLE_BYTES: usize = 16 * 1024;

type Colour = [u8; 3];

/// What an element has from those around it, unless it says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Look {
    colour: Option<Colour>,
    background: Option<Colour>,
    tiny: bool,
    invisible: bool,
}

impl Look {
    /// Whether text that looks so is not seen.
    pub(crate) fn hides(&self) -> bool {
        let alike = |(one, other): (Colour, Colour)| one.iter().zip(other).all(|(one, other)| one.abs_diff(other) < CONTRAST);
        self.tiny || self.invisible || self.colour.zip(self.background).is_some_and(alike)
    }
}

/// How an element looks within one that looks so, and whether all of it is gone whatever is in it.
pub(crate) fn of(tag: &Tag, around: Look) -> (Look, bool) {
    let mut stated = Stated { look: around, ..Stated::default() };
    if let Some(colour) = tag.attribute("color") {
        stated.foreground(colour);
    }
    if let Some(colour) = tag.attribute("bgcolor") {
        stated.background(colour);
    }
    if let Some(style) = tag.attribute("style") {
        stated.style(style);
    }
    let aside = tag.attribute("hidden").is_some()
        || tag.attribute("aria-hidden").is_some_and(|value| value.trim().eq_ignore_ascii_case("true"))
        || tag.attribute("role").is_some_and(|role| role.trim().eq_ignore_ascii_case("navigation"))
        || tag.name == "dialog" && tag.attribute("open").is_none();
    let gone = aside || stated.gone();
    (stated.look, gone)
}

#[derive(Debug, Default)]
struct Stated {
    look: Look,
    no_box: bool,
    faint: bool,
    far: bool,
    clipped: bool,
    flat: bool,
    cut: bool,
}

impl Stated {
    fn gone(&self) -> bool {
        self.no_box || self.faint || self.far || self.clipped || self.flat && self.cut
    }

    fn style(&mut self, style: &str) {
        if style.len() > MAX_STYLE_BYTES {
            self.no_box = true;
            return;
        }
        let style = plain(style);
        let declarations = declarations(&style);
        // What is important counts, wherever it stands.
        for important in [false, true] {
            for (name, value) in &declarations {
                let stripped = value.strip_suffix("important").and_then(|value| value.trim_end().strip_suffix('!'));
                if stripped.is_some() == important {
                    self.declare(name, stripped.unwrap_or(value).trim());
                }
            }
        }
    }

    fn declare(&mut self, name: &str, value: &str) {
        match name {
            "display" => self.no_box = value == "none",
            "visibility" => self.look.invisible = matches!(value, "hidden" | "collapse"),
            "content-visibility" => self.no_box |= value == "hidden",
            "opacity" => self.faint = number(value).is_some_and(|(number, unit)| number / if unit == "%" { 100.0 } else { 1.0 } < FAINT),
            "font-size" => self.size(value),
            "font" => {
                if let Some(size) =
                    value.split_whitespace().find(|part| part.starts_with(|first: char| first.is_ascii_digit() || first == '.'))
                {
                    self.size(size.split('/').next().unwrap_or_default());
                }
            }
            "color" => self.foreground(value),
            "background" | "background-color" => self.background(value),
            "left" | "right" | "top" | "bottom" | "text-indent" | "margin-left" | "margin-top" => {
                self.far |= pixels(value).is_some_and(|pixels| pixels < FAR_PIXELS);
            }
            "clip" => {
                let inner = value.strip_prefix("rect(").and_then(|rest| rest.strip_suffix(')'));
                let tight = |part: &str| pixels(part).is_some_and(|pixels| pixels.abs() <= 1.0);
                self.clipped |= inner.is_some_and(|inner| inner.split([',', ' ']).filter(|part| !part.is_empty()).all(tight));
            }
            "clip-path" => self.clipped |= matches!(value, "inset(50%)" | "inset(100%)" | "circle(0)"),
            "transform" => self.clipped |= value.starts_with("scale(0)") || value.starts_with("scale(0,"),
            "width" | "height" | "max-width" | "max-height" => self.flat |= pixels(value).is_some_and(|pixels| pixels <= 1.0),
            "overflow" => self.cut = matches!(value, "hidden" | "clip"),
            _ => {}
        }
    }

    fn size(&mut self, value: &str) {
        // Of the letters around it, which are taken to be of the usual size.
        let percent = |value: &str| number(value).and_then(|(number, unit)| (unit == "%").then_some(number / 100.0 * EM_PIXELS));
        self.look.tiny = percent(value).or_else(|| pixels(value)).is_some_and(|pixels| pixels < TINY_PIXELS);
    }

    fn foreground(&mut self, value: &str) {
        match colour(value) {
            Some(Paint::Colour(colour)) => self.look.colour = Some(colour),
            Some(Paint::None) => self.look.invisible = true,
            None => {}
        }
    }

    fn background(&mut self, value: &str) {
        let parts = || value.split_whitespace().filter_map(colour);
        if let Some(Paint::Colour(colour)) = colour(value).or_else(|| parts().next()) {
            self.look.background = Some(colour);
        }
    }
}

/// A style without comments and escapes, in lower case.
fn plain(style: &str) -> String {
    let mut plain = String::with_capacity(style.len());
    let mut rest = style;
    while let Some(at) = rest.find(['/', '\\']) {
        let (before, from) = rest.split_at(at);
        plain.push_str(before);
        rest = if let Some(comment) = from.strip_prefix("/*") {
            comment.split_once("*/").map_or("", |(_, rest)| rest)
        } else if let Some(escape) = from.strip_prefix('\\') {
            let digits = escape.bytes().take(6).take_while(u8::is_ascii_hexdigit).count();
            let (digits, rest) = escape.split_at(digits);
            let character = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
            plain.extend(character);
            if character.is_some() { rest.strip_prefix(' ').unwrap_or(rest) } else { rest }
        } else {
            plain.push('/');
            from.get(1..).unwrap_or_default()
        };
    }
    plain.push_str(rest);
    plain.make_ascii_lowercase();
    plain
}

/// Names and values; a semicolon in brackets or quotes is part of a value.
fn declarations(style: &str) -> Vec<(&str, &str)> {
    let mut declarations = Vec::new();
    let (mut start, mut depth, mut quote) = (0, 0_u32, None);
    for (at, byte) in style.bytes().chain([b';']).enumerate() {
        match (quote, byte) {
            (Some(open), _) if byte == open => quote = None,
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'(') => depth += 1,
            (None, b')') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if (byte == b';' && depth == 0 && quote.is_none()) || at == style.len() {
            declarations.extend(style.get(start..at).and_then(|declaration| declaration.split_once(':')));
            start = at + 1;
        }
    }
    declarations.into_iter().map(|(name, value)| (name.trim(), value.trim())).collect()
}

/// A number, and what follows it.
fn number(value: &str) -> Option<(f32, &str)> {
    let length = value.bytes().take_while(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+')).count();
    let (number, unit) = value.split_at(length);
    Some((number.parse().ok()?, unit.trim()))
}

fn pixels(value: &str) -> Option<f32> {
    let (number, unit) = number(value.trim())?;
    let pixels = match unit {
        "" | "px" => 1.0,
        "em" | "rem" | "ex" | "ch" => EM_PIXELS,
        "pt" => 4.0 / 3.0,
        "vw" | "vh" | "%" if number < 0.0 => 10.0,
        "cm" | "in" | "mm" | "pc" => 3.0,
        _ if number == 0.0 => 0.0,
        _ => return None,
    };
    Some(number * pixels)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Paint {
    Colour(Colour),
    /// Nothing is painted.
    None,
}

fn colour(value: &str) -> Option<Paint> {
    let value = value.trim().to_ascii_lowercase();
    if value == "transparent" {
        return Some(Paint::None);
    }
    let inner = ["rgb(", "rgba("].iter().find_map(|name| value.strip_prefix(name)).and_then(|rest| rest.strip_suffix(')'));
    if let Some(inner) = inner {
        let mut parts = inner.split([',', ' ', '/']).filter(|part| !part.is_empty()).filter_map(number);
        let mut part = || parts.next().map(|(number, unit)| if unit == "%" { number * 2.55 } else { number });
        let colour = [byte(part()?), byte(part()?), byte(part()?)];
        return Some(if part().is_some_and(|alpha| alpha < FAINT) { Paint::None } else { Paint::Colour(colour) });
    }
    NAMES.iter().find(|(name, _)| *name == value).map(|(_, colour)| Paint::Colour(*colour)).or_else(|| hexadecimal(&value))
}

/// With a `#` in a style; an attribute may leave it out.
fn hexadecimal(value: &str) -> Option<Paint> {
    let digits: Vec<u8> = value
        .strip_prefix('#')
        .unwrap_or(value)
        .chars()
        .map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    match digits.as_slice() {
        [red, green, blue] => Some(Paint::Colour([red * 17, green * 17, blue * 17])),
        [_, _, _, 0] | [_, _, _, _, _, _, 0, _] => Some(Paint::None),
        [red, green, blue, _] => Some(Paint::Colour([red * 17, green * 17, blue * 17])),
        [a, b, c, d, e, f] | [a, b, c, d, e, f, _, _] => Some(Paint::Colour([a * 16 + b, c * 16 + d, e * 16 + f])),
        _ => None,
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what a byte holds")]
fn byte(number: f32) -> u8 {
    number.clamp(0.0, 255.0) as u8
}

/// Those that hide text on the usual grounds, and the sixteen oldest.
const NAMES: [(&str, Colour); 27] = [
    ("white", [255, 255, 255]),
    ("snow", [255, 250, 250]),
    ("ivory", [255, 255, 240]),
    ("ghostwhite", [248, 248, 255]),
    ("floralwhite", [255, 250, 240]),
    ("whitesmoke", [245, 245, 245]),
    ("azure", [240, 255, 255]),
    ("mintcream", [245, 255, 250]),
    ("black", [0, 0, 0]),
    ("silver", [192, 192, 192]),
    ("gray", [128, 128, 128]),
    ("grey", [128, 128, 128]),
    ("lightgray", [211, 211, 211]),
    ("lightgrey", [211, 211, 211]),
    ("red", [255, 0, 0]),
    ("maroon", [128, 0, 0]),
    ("yellow", [255, 255, 0]),
    ("olive", [128, 128, 0]),
    ("lime", [0, 255, 0]),
    ("green", [0, 128, 0]),
    ("aqua", [0, 255, 255]),
    ("cyan", [0, 255, 255]),
    ("teal", [0, 128, 128]),
    ("blue", [0, 0, 255]),
    ("navy", [0, 0, 128]),
    ("fuchsia", [255, 0, 255]),
    ("purple", [128, 0, 128]),
];

#[cfg(test)]
mod tests {
    use super::super::tokens::{Token, Tokens};
    use super::*;

    fn hidden(tag: &str) -> bool {
        let Some(Token::Start(tag)) = Tokens::new(tag).next() else { panic!("{tag}") };
        let (look, gone) = of(&tag, Look::default());
        gone || look.hides()
    }

    #[test]
    fn what_hides_is_known_in_each_of_its_forms() {
        let styles = [
            "display:none",
            "DISPLAY : None !important",
            "display:block;display:none",
            "display:none!important;display:block",
            "dis/* x */play:none",
            "di\\73play:none",
            "d\\000069splay:none",
            "background:url(a;b);display:none",
            "content:';';display:none",
            "visibility:hidden",
            "visibility: collapse",
            "opacity:0",
            "opacity:.01",
            "opacity:1%",
            "font-size:0",
            "font-size:0px",
            "font-size:1px",
            "font-size:0.01em",
            "font-size:1%",
            "font:0/0 a",
            "font: italic 0px serif",
            "color:#fff;background:#fff",
            "color:white;background-color:#FFFFFF",
            "color:rgb(255,255,255);background:#fefefe url(x) no-repeat",
            "color:transparent",
            "color:rgba(0,0,0,0)",
            "color:#0000",
            "color:black;background:black",
            "position:absolute;left:-9999px",
            "position:absolute;left:-999em",
            "text-indent:-9999px",
            "position:absolute;top:-10000px",
            "clip:rect(0,0,0,0)",
            "clip: rect(1px 1px 1px 1px)",
            "clip-path:inset(50%)",
            "height:0;overflow:hidden",
            "overflow:hidden;width:1px",
            "transform:scale(0)",
            "content-visibility:hidden",
        ];
        for style in styles {
            assert!(hidden(&format!("<p style=\"{style}\">")), "{style}");
        }
        for tag in [
            "<p hidden>",
            "<p hidden=until-found>",
            "<p aria-hidden=true>",
            "<p aria-hidden=' TRUE '>",
            "<p role=navigation>",
            "<dialog>",
            "<font color=white style='background:white'>",
            "<td bgcolor=ffffff style=color:#fff>",
        ] {
            assert!(hidden(tag), "{tag}");
        }
    }

    #[test]
    fn what_only_looks_like_it_is_seen() {
        let styles = [
            "",
            ";;:;",
            "display:block",
            "display:none;display:block",
            "display:none;display:block!important",
            "visibility:visible",
            "opacity:0.5",
            "opacity:100%",
            "font-size:10px",
            "font-size:small",
            "font-size:80%",
            "font:12px/0 serif",
            "color:white",
            "background:white",
            "color:white;background:black",
            "color:#fff;background:#e0e0e0",
            "color:inherit;background:none",
            "text-indent:-20px",
            "margin-left:-100px",
            "left:-5%",
            "height:0",
            "overflow:hidden",
            "height:auto;overflow:hidden",
            "background:url('display:none')",
            "content:'display:none'",
            "clip:auto",
            "transform:scale(1)",
            "x-display:none",
        ];
        for style in styles {
            assert!(!hidden(&format!("<p style=\"{style}\">")), "{style}");
        }
        for tag in ["<p aria-hidden=false>", "<dialog open>", "<font color=white>", "<td bgcolor=white>", "<p role=main>"] {
            assert!(!hidden(tag), "{tag}");
        }
    }

    #[test]
    fn what_is_around_an_element_counts_until_it_says_otherwise() {
        let look = |tag: &str, around: Look| {
            let Some(Token::Start(tag)) = Tokens::new(tag).next() else { panic!("{tag}") };
            of(&tag, around).0
        };
        let tiny = look("<p style=font-size:0>", Look::default());
        assert!(tiny.hides() && look("<b>", tiny).hides() && !look("<b style=font-size:16px>", tiny).hides());
        let dark = look("<p style='background:black;color:white'>", Look::default());
        assert!(!dark.hides() && look("<b style=color:black>", dark).hides() && look("<b style=background:white>", dark).hides());
        let invisible = look("<p style=visibility:hidden>", Look::default());
        assert!(!look("<b style=visibility:visible>", invisible).hides());
    }

    #[test]
    fn a_style_has_a_longest_length() {
        let style = |bytes: usize| hidden(&format!("<p style=\"{}\">", "x".repeat(bytes)));
        assert!(!style(MAX_STYLE_BYTES) && style(MAX_STYLE_BYTES + 1));
    }
}
