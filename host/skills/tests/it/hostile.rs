//! Files as large as they may be, made to be slow to read. Each is read to an end; that this takes no time to speak of is
//! seen where the whole suite does not hang.

use std::path::Path;

use wirken_skills::{MAX_FILE_BYTES, Skill};

fn filled(piece: &str) -> String {
    let size = usize::try_from(MAX_FILE_BYTES).unwrap();
    let mut text = "---\nname: n\ndescription: d\n".to_owned();
    while text.len() + piece.len() + 5 < size {
        text.push_str(piece);
    }
    text.push_str("\n---\n");
    text
}

#[test]
fn large_files_of_one_thing_are_read_to_an_end() {
    for piece in [
        "[",
        "{",
        "]",
        "- ",
        "? ",
        "! ",
        "&a ",
        "*a ",
        "| ",
        "> ",
        "\"",
        "'",
        "\\",
        "#",
        "%",
        "@",
        "`",
        ":",
        ": ",
        "a: ",
        "a:\n ",
        "k: v\n",
        "\t",
        " ",
        "\n",
        "x",
        "é",
        "🦀",
        "- - ",
        "[[],",
        "{a: ",
        "{\"a\": [",
        "&a [",
        "*a,",
        "<<: *a\n",
        "key: |\n  text\n",
        "\"\\u0041",
        "--- \n",
        "...\n",
        "''",
        "description: a: b\n",
        "metadata:\n{\n",
        "\n- a\n b",
        "? a\n: b\n",
        "!!str ",
        "[a, b]: c\n",
    ] {
        let text = filled(piece);
        match Skill::parse(&text, Path::new("/s/n"), "n") {
            Ok(skill) => assert!(!skill.description.is_empty(), "{piece:?}"),
            Err(diagnostic) => assert!(!diagnostic.why.is_empty() && diagnostic.why.len() < 1_000, "{piece:?}"),
        }
    }
}

#[test]
fn large_metadata_is_read_to_an_end() {
    for piece in ["[", "{a:", "'", "\"", "//", "/*", "\\", "a,", "0x", "1e", "{openclaw:{requires:{bins:[", "\u{2028}"] {
        let quoted = piece.repeat(100_000 / piece.len()).replace('\'', "''");
        let text = format!("---\nname: n\ndescription: d\nmetadata: '{quoted}'\n---\n");
        assert!(Skill::parse(&text, Path::new("/s/n"), "n").is_ok(), "{piece:?}");
    }
}
