//! The builder itself.

use std::time::SystemTime;

use crate::run::{build, root};

fn changed() -> Vec<(std::path::PathBuf, SystemTime)> {
    let mut files = Vec::new();
    for group in std::fs::read_dir(root().join("components/dist")).unwrap() {
        for guest in std::fs::read_dir(group.unwrap().path()).unwrap() {
            for file in std::fs::read_dir(guest.unwrap().path()).unwrap() {
                let file = file.unwrap();
                files.push((file.path(), file.metadata().unwrap().modified().unwrap()));
            }
        }
    }
    files.sort();
    files
}

#[test]
fn names_each_guest_with_its_imports_and_writes_nothing_twice() {
    let printed = build();
    let line = |guest: &str| printed.lines().find(|line| line.starts_with(guest)).unwrap_or_else(|| panic!("{guest}: {printed}"));
    assert!(line("tools/files").contains("wasi:filesystem/types@0.2.12"));
    assert!(line("tools/exec").contains("wirken:host/exec@0.1.0") && !line("tools/exec").contains("wasi:"));
    assert!(line("fixtures/impure-provider").contains("wirken:host/log@0.1.0"));
    assert!(!line("providers/demo").contains("wirken:host") && !line("providers/demo").contains("wasi:"));
    assert!(!line("policies/injection").contains("wirken:host") && !line("policies/injection").contains("wasi:"));
    let before = changed();
    assert_eq!(build(), printed);
    assert_eq!(changed(), before);
}
