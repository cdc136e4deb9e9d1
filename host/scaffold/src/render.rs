//! What stands in place of `{{name}}` and its like.
//!
//! A name holds lower-case letters, digits and hyphens alone, so that it needs no quoting in any of the files.

use wirken_manifest::Kind;

/// The words of one component.
pub(crate) struct Words([(&'static str, String); 6]);

impl Words {
    pub(crate) fn new(name: &str, kind: Kind) -> Self {
        // Cargo takes no package whose name begins with a digit.
        let package = if name.starts_with(|first: char| first.is_ascii_digit()) { format!("component-{name}") } else { name.to_owned() };
        let tool = name.replace('-', "_");
        let run = match kind {
            Kind::Tool => format!("    wirken component run . {tool} '{{\"text\":\"one two three\"}}'\n"),
            _ => String::new(),
        };
        let traffic = match kind {
            Kind::Policy => "",
            _ => "| `tests/traffic/` | what was recorded, which `wirken component test` plays in every way that it can go |\n",
        };
        Self([
            ("{{name}}", name.to_owned()),
            ("{{package}}", package),
            ("{{tool}}", tool),
            ("{{kind}}", kind.word().to_owned()),
            ("{{run}}\n", format!("{run}\n")),
            ("{{traffic}}\n", traffic.to_owned()),
        ])
    }

    pub(crate) fn fill(&self, template: &str) -> String {
        self.0.iter().fold(template.to_owned(), |text, (placeholder, word)| text.replace(placeholder, word))
    }
}
