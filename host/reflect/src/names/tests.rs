use super::*;

fn assert_apt(names: &[String]) {
    for (index, name) in names.iter().enumerate() {
        assert!((1..=MAX_NAME_BYTES).contains(&name.len()), "{name}");
        assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'), "{name}");
        assert!(!names[..index].contains(name), "{name} twice in {names:?}");
    }
}

#[test]
fn a_name_is_the_functions_own_where_no_other_has_it() {
    assert_eq!(of_tools(&[(Some("a:b/ops@1.0.0"), "add"), (None, "sub"), (Some("plain"), "get-HTTP")]), ["add", "sub", "get-HTTP"]);
}

#[test]
fn those_that_clash_are_prefixed_no_further_than_needed() {
    let ops = Some("test:calc/ops@1.0.0");
    assert_eq!(of_tools(&[(ops, "add"), (Some("more"), "add"), (ops, "sub")]), ["ops_add", "more_add", "sub"]);
    assert_eq!(of_tools(&[(None, "add"), (ops, "add")]), ["add", "ops_add"]);
    assert_eq!(
        of_tools(&[(ops, "add"), (Some("other:calc/ops@1.0.0"), "add"), (Some("x:y/more"), "add")]),
        ["test_calc_ops_add", "other_calc_ops_add", "more_add"]
    );
    assert_eq!(of_tools(&[(ops, "add"), (Some("test:calc/ops@2.0.0"), "add")]), ["test_calc_ops_1_0_0_add", "test_calc_ops_2_0_0_add"]);
}

#[test]
fn long_names_are_cut_and_numbered() {
    let (fits, over) = ("f".repeat(64), "f".repeat(65));
    assert_eq!(of_tools(&[(None, &fits)]), std::slice::from_ref(&fits));
    let names = of_tools(&[(None, &fits), (None, &over), (Some("a:b/c"), &over), (Some("a:b/d"), &over)]);
    assert_apt(&names);
    assert_eq!(names[0], fits);
    assert_eq!(names[1], format!("{}_2", "f".repeat(62)));
    assert_eq!(names[2], format!("c_{}", "f".repeat(62)));
}

#[test]
fn other_characters_become_underscores() {
    let names = of_tools(&[(None, "a.b"), (None, "a b"), (None, "ä"), (None, ""), (Some("url=<https://x>"), "a.b")]);
    assert_apt(&names);
    assert_eq!(names[..4], ["a_b", "a_b_2", "_", "_2"]);
}

#[test]
fn sixty_four_of_one_name_are_told_apart() {
    let exports: Vec<String> = (0..64).map(|number| format!("{}:p/i@1.0.{number}", "n".repeat(70))).collect();
    let functions: Vec<_> = exports.iter().map(|export| (Some(export.as_str()), "f")).collect();
    let names = of_tools(&functions);
    assert_apt(&names);
    assert_eq!(names, of_tools(&functions));
}
