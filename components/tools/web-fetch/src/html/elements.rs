//! What is known of each element: how it nests, and what becomes of its text.

/// How the content of an element is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Tags,
    /// Text with references.
    Text,
    /// Nothing that is read.
    Raw,
}

pub(crate) fn content(name: &str) -> Content {
    match name {
        "title" | "textarea" | "plaintext" => Content::Text,
        "script" | "style" | "xmp" | "iframe" | "noembed" | "noframes" | "noscript" => Content::Raw,
        _ => Content::Tags,
    }
}

/// What becomes of an element's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Part of the line that it stands in.
    Inline,
    /// Lines of its own.
    Block,
    /// Lines of its own, and empty ones around them.
    Paragraph,
    Heading(u8),
    Pre,
    Code,
    Link,
    Raised,
    Quoted,
    List,
    Numbered,
    Item,
    Term,
    Meaning,
    Quote,
    Table,
    Row,
    Cell,
    HeadCell,
    Title,
    /// A line end, a rule, or nothing at all: these have no content.
    LineEnd,
    Rule,
    Void,
    /// Nothing of it is shown.
    Dropped,
}

pub(crate) fn kind(name: &str) -> Kind {
    match name {
        "p" | "hgroup" | "figure" | "dl" | "details" | "fieldset" => Kind::Paragraph,
        "address" | "article" | "aside" | "center" | "dialog" | "dir" | "div" | "figcaption" | "footer" | "form" | "header" | "legend"
        | "main" | "search" | "section" | "summary" | "body" | "html" | "caption" => Kind::Block,
        "h1" => Kind::Heading(1),
        "h2" => Kind::Heading(2),
        "h3" => Kind::Heading(3),
        "h4" => Kind::Heading(4),
        "h5" => Kind::Heading(5),
        "h6" => Kind::Heading(6),
        "pre" | "listing" | "plaintext" | "textarea" => Kind::Pre,
        "code" | "kbd" | "samp" | "tt" => Kind::Code,
        "a" => Kind::Link,
        "sup" => Kind::Raised,
        "q" => Kind::Quoted,
        "ul" | "menu" => Kind::List,
        "ol" => Kind::Numbered,
        "li" => Kind::Item,
        "dt" => Kind::Term,
        "dd" => Kind::Meaning,
        "blockquote" => Kind::Quote,
        "table" => Kind::Table,
        "tr" => Kind::Row,
        "td" => Kind::Cell,
        "th" => Kind::HeadCell,
        "title" => Kind::Title,
        "br" => Kind::LineEnd,
        "hr" => Kind::Rule,
        "area" | "base" | "basefont" | "bgsound" | "col" | "embed" | "frame" | "image" | "img" | "input" | "keygen" | "link" | "meta"
        | "param" | "source" | "track" | "wbr" => Kind::Void,
        "script" | "style" | "noscript" | "template" | "svg" | "iframe" | "object" | "applet" | "canvas" | "audio" | "video" | "select"
        | "datalist" | "nav" | "noembed" | "noframes" | "frameset" | "meter" | "progress" | "xmp" | "annotation" | "annotation-xml" => {
            Kind::Dropped
        }
        _ => Kind::Inline,
    }
}

/// Whether an end tag of another kind does not reach past it (HTML, section 13.2.4.2, the category *special*).
pub(crate) fn is_special(name: &str) -> bool {
    !matches!(kind(name), Kind::Inline | Kind::Link | Kind::Raised | Kind::Quoted | Kind::Code | Kind::Title | Kind::Void)
        && !matches!(name, "svg" | "canvas" | "audio" | "video" | "meter" | "progress" | "datalist" | "annotation")
        || matches!(name, "button" | "thead" | "tbody" | "tfoot" | "colgroup")
}

/// Whether no end tag but those of tables reaches past it (the same, *has an element in scope*).
pub(crate) fn is_boundary(name: &str) -> bool {
    matches!(name, "applet" | "button" | "caption" | "marquee" | "object" | "table" | "td" | "template" | "th")
}

/// Whether formatting that is left open within it ends with it.
pub(crate) fn is_marker(name: &str) -> bool {
    matches!(name, "applet" | "caption" | "marquee" | "object" | "td" | "template" | "th")
}

/// Whether it goes on in the next element where its own was closed without its end tag (the category *formatting*).
pub(crate) fn is_formatting(name: &str) -> bool {
    matches!(name, "a" | "b" | "big" | "code" | "em" | "font" | "i" | "nobr" | "s" | "small" | "strike" | "strong" | "tt" | "u")
}

pub(crate) fn is_table_part(name: &str) -> bool {
    matches!(name, "table" | "thead" | "tbody" | "tfoot" | "tr" | "td" | "th" | "caption" | "colgroup")
}

/// Whether an open paragraph ends where this begins.
pub(crate) fn ends_paragraph(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "aside"
            | "blockquote"
            | "center"
            | "dd"
            | "details"
            | "dialog"
            | "dir"
            | "div"
            | "dl"
            | "dt"
            | "fieldset"
            | "figcaption"
            | "figure"
            | "footer"
            | "form"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "header"
            | "hgroup"
            | "hr"
            | "li"
            | "listing"
            | "main"
            | "menu"
            | "nav"
            | "ol"
            | "p"
            | "plaintext"
            | "pre"
            | "search"
            | "section"
            | "summary"
            | "table"
            | "ul"
            | "xmp"
    )
}

/// Whether a picture in SVG or a formula ends where this begins (HTML, section 13.2.6.5).
pub(crate) fn ends_foreign(name: &str) -> bool {
    matches!(
        name,
        "b" | "big"
            | "blockquote"
            | "body"
            | "br"
            | "center"
            | "code"
            | "dd"
            | "div"
            | "dl"
            | "dt"
            | "em"
            | "embed"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "head"
            | "hr"
            | "i"
            | "img"
            | "li"
            | "listing"
            | "menu"
            | "meta"
            | "nobr"
            | "ol"
            | "p"
            | "pre"
            | "ruby"
            | "s"
            | "small"
            | "span"
            | "strike"
            | "strong"
            | "sub"
            | "sup"
            | "table"
            | "tt"
            | "u"
            | "ul"
            | "var"
    )
}
