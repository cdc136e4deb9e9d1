//! Folders on disk.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use wirken_skills::{Inventory, Library, MAX_CANDIDATES, MAX_FOLDERS, MAX_LOADED, Places, Root, Source, roots};

pub(crate) struct Tree(tempfile::TempDir);

impl Tree {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.0.path().canonicalize().unwrap().join(below)
    }

    pub(crate) fn skill(&self, folder: &str, front: &str) {
        self.text(&format!("{folder}/SKILL.md"), &format!("---\n{front}\n---\nDo it.\n"));
    }

    pub(crate) fn named(&self, folder: &str, name: &str) {
        self.skill(folder, &format!("name: {name}\ndescription: Does {name} from {folder}."));
    }

    fn text(&self, file: &str, text: &str) {
        let path = self.path(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn root(&self, folder: &str) -> Root {
        Root { source: Source::Local, path: self.path(folder) }
    }

    fn look(&self, targets: &[PathBuf]) -> Inventory {
        Library::new(vec![self.root("skills")], targets.to_vec(), Duration::ZERO).look().as_ref().clone()
    }
}

pub(crate) fn names(inventory: &Inventory) -> Vec<&str> {
    inventory.found.iter().map(|found| found.skill.name.as_str()).collect()
}

fn odd(inventory: &Inventory) -> String {
    let all = inventory.odd.iter().chain(&inventory.unloadable);
    all.map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_root_that_is_not_there_holds_nothing() {
    assert_eq!(Tree::new().look(&[]), Inventory::default());
}

#[test]
fn finds_skills_in_groups_down_to_six_levels() {
    let tree = Tree::new();
    tree.named("skills/one", "one");
    tree.named("skills/group/two", "two");
    tree.named("skills/a/b/c/d/e/six", "six");
    tree.named("skills/a/b/c/d/e/f/seven", "seven");
    assert_eq!(names(&tree.look(&[])), ["six", "two", "one"]);
}

#[test]
fn a_skill_holds_no_other_skill() {
    let tree = Tree::new();
    tree.named("skills/one", "one");
    tree.named("skills/one/inner", "inner");
    assert_eq!(names(&tree.look(&[])), ["one"]);
    tree.named("skills", "root");
    assert_eq!(names(&tree.look(&[])), ["root"]);
}

#[test]
fn hidden_folders_and_packages_of_scripts_are_passed_over() {
    let tree = Tree::new();
    for folder in [".git/a", "node_modules/b", ".hidden", "group/node_modules/c", "group/.d"] {
        tree.named(&format!("skills/{folder}"), "no");
    }
    tree.named("skills/node_modules2", "yes");
    assert_eq!(names(&tree.look(&[])), ["yes"]);
}

#[test]
fn a_file_of_another_name_is_no_skill_and_one_in_small_letters_is_named() {
    let tree = Tree::new();
    tree.text("skills/a/README.md", "x");
    tree.text("skills/b/skill.md", "---\nname: b\ndescription: b\n---\n");
    let inventory = tree.look(&[]);
    assert_eq!(names(&inventory), [""; 0]);
    assert!(odd(&inventory).contains("call it `SKILL.md`"), "{}", odd(&inventory));
}

#[test]
fn the_size_of_a_file_has_two_sides() {
    let tree = Tree::new();
    let front = "---\nname: n\ndescription: d\n---\n";
    tree.text("skills/most/SKILL.md", &format!("{front}{}", "x".repeat(256_000 - front.len())));
    tree.text("skills/over/SKILL.md", &format!("{front}{}", "x".repeat(256_001 - front.len())));
    let inventory = tree.look(&[]);
    assert_eq!(names(&inventory), ["n"]);
    assert!(odd(&inventory).contains("over/SKILL.md: it has more than 256000 bytes"), "{}", odd(&inventory));
}

#[test]
fn what_is_no_file_is_named_and_nothing_waits_for_it() {
    let tree = Tree::new();
    fs::create_dir_all(tree.path("skills/folder/SKILL.md")).unwrap();
    fs::create_dir_all(tree.path("skills/pipe")).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, tree.path("skills/pipe/SKILL.md"), rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let inventory = tree.look(&[]);
    assert_eq!(inventory.unloadable.len(), 2, "{}", odd(&inventory));
    assert!(inventory.unloadable.iter().all(|one| one.why == "it is no file"));
}

#[test]
fn a_link_out_of_the_root_needs_a_word_of_the_owner() {
    let tree = Tree::new();
    tree.named("elsewhere/far", "far");
    tree.named("skills/near", "near");
    symlink(tree.path("elsewhere/far"), tree.path("skills/far")).unwrap();
    let inventory = tree.look(&[]);
    assert_eq!(names(&inventory), ["near"]);
    assert!(odd(&inventory).contains("allow-symlink-targets"), "{}", odd(&inventory));
    let inventory = tree.look(&[tree.path("elsewhere")]);
    assert_eq!(names(&inventory), ["near", "far"]);
    assert_eq!(inventory.found[1].skill.folder, tree.path("elsewhere/far"));
    assert_eq!(odd(&inventory), "");
    assert_eq!(names(&tree.look(&[tree.path("else")])), ["near"], "a target is a folder and no beginning of a name");
}

#[test]
fn a_file_that_is_a_link_stays_within_the_root() {
    let tree = Tree::new();
    tree.named("elsewhere", "far");
    tree.text("skills/.shared/common.md", "---\nname: shared\ndescription: d\n---\n");
    for folder in ["in", "out", "gone"] {
        fs::create_dir_all(tree.path("skills").join(folder)).unwrap();
    }
    symlink("../.shared/common.md", tree.path("skills/in/SKILL.md")).unwrap();
    symlink("../../elsewhere/SKILL.md", tree.path("skills/out/SKILL.md")).unwrap();
    symlink("nowhere", tree.path("skills/gone/SKILL.md")).unwrap();
    let inventory = tree.look(&[]);
    assert_eq!(names(&inventory), ["shared"]);
    assert!(odd(&inventory).contains("out of its root") && odd(&inventory).contains("leads nowhere"), "{}", odd(&inventory));
}

#[test]
fn links_within_the_root_are_followed_once_and_never_in_circles() {
    let tree = Tree::new();
    tree.named("skills/real/one", "one");
    tree.named("skills/.store/two", "two");
    symlink(".", tree.path("skills/self")).unwrap();
    symlink("..", tree.path("skills/real/up")).unwrap();
    symlink("real/one", tree.path("skills/again")).unwrap();
    symlink(".store/two", tree.path("skills/called-two")).unwrap();
    symlink("nowhere", tree.path("skills/broken")).unwrap();
    let inventory = tree.look(&[]);
    assert_eq!(names(&inventory), ["one", "two"]);
    assert!(odd(&inventory).contains("broken: the link leads nowhere"), "{}", odd(&inventory));
}

#[test]
fn a_root_may_be_a_link_itself() {
    let tree = Tree::new();
    tree.named("real/one", "one");
    symlink(tree.path("real"), tree.path("skills")).unwrap();
    assert_eq!(names(&tree.look(&[])), ["one"]);
}

#[test]
fn a_name_that_is_no_utf_8_is_said() {
    use std::os::unix::ffi::OsStrExt as _;
    let tree = Tree::new();
    fs::create_dir_all(tree.path("skills").join(std::ffi::OsStr::from_bytes(b"\xff"))).unwrap();
    assert!(odd(&tree.look(&[])).contains("1 names in this folder are no UTF-8"));
}

#[test]
fn roots_stand_in_the_order_of_their_precedence() {
    let extra = [PathBuf::from("/x"), PathBuf::from("/y")];
    let places = Places {
        workspace: Some(Path::new("/w")),
        home: Some(Path::new("/h")),
        data: Some(Path::new("/h/.wirken")),
        bundled: Some(Path::new("/b")),
        extra: &extra,
    };
    let found: Vec<_> = roots(places).into_iter().map(|root| (root.source, root.path.to_str().unwrap().to_owned())).collect();
    let expected = [
        (Source::Workspace, "/w/skills"),
        (Source::Project, "/w/.agents/skills"),
        (Source::Personal, "/h/.agents/skills"),
        (Source::Local, "/h/.wirken/skills"),
        (Source::Bundled, "/b"),
        (Source::Extra, "/x"),
        (Source::Extra, "/y"),
    ]
    .map(|(source, path)| (source, path.to_owned()));
    assert_eq!(found, expected);
    assert_eq!(roots(Places::default()), []);
}

#[test]
fn everything_is_found_and_only_the_first_of_a_root_may_be_told() {
    let tree = Tree::new();
    for number in 0..MAX_LOADED + 1 {
        tree.named(&format!("skills/{number:04}"), &format!("s{number}"));
    }
    let inventory = tree.look(&[]);
    assert_eq!(inventory.found.len(), MAX_LOADED + 1);
    let beyond: Vec<_> = inventory.found.iter().map(|found| found.beyond_source).collect();
    assert_eq!(beyond.iter().filter(|beyond| **beyond).count(), 1);
    assert!(beyond[MAX_LOADED] && !beyond[MAX_LOADED - 1]);
}

#[test]
fn files_that_do_not_load_count_as_candidates() {
    let tree = Tree::new();
    for number in 0..MAX_CANDIDATES - 1 {
        tree.text(&format!("skills/{number:04}/SKILL.md"), "no skill");
    }
    tree.named("skills/a", "last");
    tree.named("skills/b", "beyond");
    let inventory = tree.look(&[]);
    assert_eq!(names(&inventory), ["last", "beyond"]);
    assert_eq!(inventory.found.iter().map(|found| found.beyond_source).collect::<Vec<_>>(), [false, true]);
    assert_eq!(inventory.unloadable.len(), MAX_CANDIDATES - 1);
}

#[test]
fn the_count_of_folders_has_two_sides() {
    let tree = Tree::new();
    for number in 0..MAX_FOLDERS - 2 {
        fs::create_dir_all(tree.path("skills").join(format!("{number:05}"))).unwrap();
    }
    tree.named("skills/z", "last");
    let inventory = tree.look(&[]);
    assert_eq!((names(&inventory), odd(&inventory).as_str()), (vec!["last"], ""));
    fs::create_dir(tree.path("skills/more")).unwrap();
    let inventory = tree.look(&[]);
    assert_eq!(names(&inventory), [""; 0]);
    assert!(odd(&inventory).contains("more than 20000 folders"), "{}", odd(&inventory));
}

#[test]
fn another_look_sees_what_was_added_changed_and_removed() {
    let tree = Tree::new();
    tree.named("skills/one", "one");
    tree.named("skills/group/two", "two");
    let mut library = Library::new(vec![tree.root("skills")], Vec::new(), Duration::ZERO);
    let first = library.look();
    assert_eq!(names(&first), ["two", "one"]);
    assert!(std::sync::Arc::ptr_eq(&first, &library.look()), "nothing changed");
    tree.named("skills/group/three", "three");
    assert_eq!(names(&library.look()), ["three", "two", "one"]);
    // Of the same length, at once: no time tells the two apart.
    tree.named("skills/one", "eno");
    assert_eq!(names(&library.look()), ["three", "two", "eno"]);
    fs::remove_file(tree.path("skills/one/SKILL.md")).unwrap();
    assert_eq!(names(&library.look()), ["three", "two"]);
    tree.named("skills/one/deeper", "deeper");
    assert_eq!(names(&library.look()), ["three", "two", "deeper"]);
    fs::rename(tree.path("skills/group"), tree.path("skills/other")).unwrap();
    assert_eq!(names(&library.look()), ["deeper", "three", "two"]);
    fs::remove_dir_all(tree.path("skills")).unwrap();
    assert_eq!(names(&library.look()), [""; 0]);
    assert_eq!(library.last(), Some(library.look()));
}

/// Waits for the time after which what was read is kept.
#[test]
fn a_change_to_what_was_kept_is_seen() {
    let tree = Tree::new();
    tree.named("skills/one", "one");
    tree.named("skills/group/two", "two");
    let mut library = Library::new(vec![tree.root("skills")], Vec::new(), Duration::ZERO);
    std::thread::sleep(Duration::from_millis(2_100));
    assert_eq!(names(&library.look()), ["two", "one"]);
    assert_eq!(names(&library.look()), ["two", "one"]);
    tree.named("skills/one", "eno");
    tree.named("skills/group/three", "three");
    assert_eq!(names(&library.look()), ["three", "two", "eno"]);
    fs::remove_dir_all(tree.path("skills/group/two")).unwrap();
    symlink(tree.path("skills/one"), tree.path("skills/group/two")).unwrap();
    assert_eq!(names(&library.look()), ["three", "eno"]);
}

#[test]
fn a_change_counts_when_it_has_rested() {
    let tree = Tree::new();
    tree.named("skills/one", "one");
    let settle = Duration::from_millis(300);
    let mut library = Library::new(vec![tree.root("skills")], Vec::new(), settle);
    assert_eq!(names(&library.look()), ["one"], "the first look waits for nothing");
    let changed = Instant::now();
    tree.named("skills/two", "two");
    let seen = library.look();
    if changed.elapsed() < settle {
        assert_eq!(names(&seen), ["one"]);
    }
    while names(&library.look()) != ["one", "two"] {
        assert!(changed.elapsed() < Duration::from_secs(20), "the change never counts");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(changed.elapsed() >= settle);
}
