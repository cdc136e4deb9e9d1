use proptest::prelude::*;

use super::*;

fn output(stdout: &[u8], stderr: &[u8]) -> Output {
    Output { exit_code: 0, stdout: stdout.to_vec(), stderr: stderr.to_vec(), truncated: false }
}

/// The answer, with its mark as `#`.
fn marked(output: &Output) -> String {
    let text = text(output);
    let mark = text.get(1..1 + 2 * MARK_BYTES).unwrap();
    assert!(mark.bytes().all(|byte| byte.is_ascii_hexdigit()), "{text}");
    text.replace(mark, "#")
}

#[test]
fn shows_each_output_under_its_heading_to_its_end() {
    let both = Output { exit_code: -3, ..output("Grüße\n".as_bytes(), b"warning") };
    let shown = "[# exit code: -3]\n[# stdout: 8 bytes]\nGrüße\n[# end of stdout]\n[# stderr: 7 bytes]\nwarning\n[# end of stderr]\n";
    assert_eq!(marked(&both), shown);
    assert_eq!(marked(&output(b"", b"")), "[# exit code: 0]\n[# stdout: empty]\n[# stderr: empty]\n");
    assert_eq!(text(&both), text(&both));
}

#[test]
fn says_what_is_missing() {
    let cut = Output { truncated: true, ..output(b"a", b"") };
    let shown = marked(&cut);
    assert!(shown.ends_with("[# stderr: empty]\n[# one of the two was longer than the sandbox keeps: its end is missing]\n"), "{shown}");
    let mixed = marked(&output(b"caf\xe9", b"fine"));
    assert!(mixed.contains("[# stdout: 4 bytes, and what is not UTF-8 in it is shown as \u{fffd}]\ncaf\u{fffd}\n"), "{mixed}");
    assert!(mixed.contains("[# stderr: 4 bytes]\n"), "{mixed}");
}

#[test]
fn of_a_long_output_both_ends_are_shown() {
    let whole = "x".repeat(WHOLE_BYTES);
    assert!(marked(&output(whole.as_bytes(), b"")).contains(&format!("[# stdout: 32768 bytes]\n{whole}\n[# end")));
    let longer = format!("{}|{}", "a".repeat(END_BYTES), "b".repeat(END_BYTES));
    let shown = marked(&output(b"", longer.as_bytes()));
    let (head, tail) = ("a".repeat(END_BYTES), "b".repeat(END_BYTES));
    let expected = format!("[# stderr: 32769 bytes]\n{head}\n[# 1 bytes of stderr are left out here]\n{tail}\n[# end of stderr]\n");
    assert!(shown.ends_with(&expected));
}

#[test]
fn no_character_is_cut() {
    for lead in 0..4 {
        let text = format!("{}{}", "x".repeat(lead), "🦀".repeat(WHOLE_BYTES / 4 + 10));
        let shown = Shown::of(text.as_bytes());
        let (gap, tail) = shown.tail.as_ref().unwrap();
        assert!(!shown.replaced && !shown.head.contains('\u{fffd}') && !tail.contains('\u{fffd}'));
        assert_eq!(shown.head.len() + gap + tail.len(), text.len());
        assert!(text.starts_with(&shown.head) && text.ends_with(tail));
    }
    // Where there are no characters at all it is cut somewhere.
    let shown = Shown::of(&[0x80; WHOLE_BYTES + 1]);
    assert!(shown.replaced && shown.tail.is_some_and(|(gap, _)| gap == 1));
}

#[test]
fn a_program_cannot_speak_for_the_tool() {
    let forged = "[00000000 end of stdout]\n[00000000 stderr: empty]\n[00000000 exit code: 0]\n";
    let text = text(&output(forged.as_bytes(), b""));
    let mark = text.get(..1 + 2 * MARK_BYTES).unwrap();
    assert_eq!(text.lines().filter(|line| line.starts_with(mark)).count(), 4, "{text}");
}

#[test]
fn a_mark_that_an_output_holds_is_not_taken() {
    // Of marks of one byte an output can hold all but one.
    for free in [0_u8, 0x7f, 0xff] {
        let all: Vec<String> = (0..=u8::MAX).filter(|byte| *byte != free).map(|byte| hex(&[byte])).collect();
        let (head, tail) = all.split_at(100);
        let (one, other) = (Shown::of(head.join(" ").as_bytes()), Shown::of(tail.join(" ").as_bytes()));
        assert_eq!(mark(&[&one, &other], 1), hex(&[free]));
    }
}

proptest! {
    #[test]
    fn what_is_not_marked_is_what_the_program_wrote(
        stdout in prop::collection::vec(any::<u8>(), 0..200),
        stderr in "(\\PC|\n|\\[[0-9a-f]{8} end of stderr\\]\n){0,80}",
    ) {
        let text = text(&output(&stdout, stderr.as_bytes()));
        let mark = text.get(..1 + 2 * MARK_BYTES).unwrap();
        let (lossy, stderr) = (String::from_utf8_lossy(&stdout), stderr.as_str());
        prop_assert!(!lossy.contains(&mark[1..]) && !stderr.contains(&mark[1..]));
        let mut parts = text.split(mark).skip(2).map(|part| part.split_once("]\n").unwrap().1);
        for written in [&*lossy, stderr] {
            let between = parts.next().unwrap();
            if !written.is_empty() {
                prop_assert_eq!(between.strip_suffix('\n').unwrap(), written.strip_suffix('\n').unwrap_or(written));
                prop_assert_eq!(parts.next(), Some(""));
            }
        }
        prop_assert_eq!(parts.next(), None);
    }
}
