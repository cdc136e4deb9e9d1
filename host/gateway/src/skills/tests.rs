use std::time::Duration;

use wirken_skills::{Library, Nothing, Root, Source};

use super::*;

/// Two skills in a data folder below a home, one in a workspace.
fn ready() -> (tempfile::TempDir, Ready) {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().canonicalize().unwrap();
    let home = base.join("home");
    for (path, front) in [
        ("home/.wirken/skills/notes", "description: Notes"),
        ("home/.wirken/skills/group/notes-2", "description: More\ncommand-dispatch: tool\ncommand-tool: keep"),
        ("work/skills/local", "description: Here"),
    ] {
        std::fs::create_dir_all(base.join(path)).unwrap();
        std::fs::write(base.join(path).join("SKILL.md"), format!("---\n{front}\n---\n")).unwrap();
    }
    let root = |source, path: &str| Root { source, path: base.join(path) };
    let roots = vec![root(Source::Workspace, "work/skills"), root(Source::Local, "home/.wirken/skills")];
    let inventory = Library::new(roots, Vec::new(), Duration::ZERO).look();
    let catalog = Catalog::of(&inventory, &Default::default(), None, &Nothing);
    let seen = Seen { home: Some(home), workspace: Some((base.join("work"), WORKSPACE)) };
    (folder, Ready::new(catalog, seen))
}

#[test]
fn a_path_leads_into_the_folder_of_one_skill_or_into_none() {
    let (folder, ready) = ready();
    let home = folder.path().canonicalize().unwrap().join("home");
    let home = home.to_str().unwrap();
    let found = |path: &str| ready.folder_of(path).map(|(folder, path)| (folder.folder.file_name().unwrap().to_owned(), path));
    for (path, name, absolute) in [
        ("~/.wirken/skills/notes/SKILL.md".to_owned(), "notes", format!("{home}/.wirken/skills/notes/SKILL.md")),
        (format!("{home}/.wirken/skills//notes/./a/b"), "notes", format!("{home}/.wirken/skills/notes/a/b")),
        (format!("{home}/.wirken/skills/notes"), "notes", format!("{home}/.wirken/skills/notes")),
        ("~/.wirken/skills/group/notes-2/x".to_owned(), "notes-2", format!("{home}/.wirken/skills/group/notes-2/x")),
        ("/workspace/skills/local/SKILL.md".to_owned(), "local", "/workspace/skills/local/SKILL.md".to_owned()),
    ] {
        assert_eq!(found(&path), Some((name.into(), absolute)), "{path}");
    }
    for path in [
        "~/.wirken/skills",
        "~/.wirken/skills/notes-3/SKILL.md",
        "~/.wirken/skills/group/SKILL.md",
        "~/.wirken/skills/notes/../../vault/key",
        "~/.wirken/vault/key",
        "~",
        "~root/.wirken/skills/notes/SKILL.md",
        "skills/local/SKILL.md",
        "notes/SKILL.md",
        "/etc/passwd",
        "",
    ] {
        assert_eq!(found(path), None, "{path}");
    }
}

#[test]
fn a_command_line_names_the_folders_whose_paths_stand_in_it() {
    let (folder, ready) = ready();
    let base = folder.path().canonicalize().unwrap().join("home/.wirken/skills");
    let base = base.to_str().unwrap();
    let named = |words: &[String]| -> Vec<String> {
        let named = ready.named(words.iter().map(String::as_str));
        named.iter().map(|folder| folder.folder.file_name().unwrap().to_string_lossy().into_owned()).collect()
    };
    for (words, names) in [
        (vec![format!("{base}/notes/run.sh")], vec!["notes"]),
        (vec!["sh".into(), "-c".into(), format!("cd '{base}/notes' && ./run.sh")], vec!["notes"]),
        (vec!["python3".into(), format!("--config={base}/notes/a")], vec!["notes"]),
        (vec![format!("{base}/notes/a"), format!("{base}/group/notes-2/b")], vec!["notes", "notes-2"]),
        (vec![format!("{base}/notes-3/a")], vec![]),
        (vec![format!("{base}/notes.old")], vec![]),
        (vec!["/workspace/skills/local/run.sh".into()], vec![]),
        (vec!["cat".into(), "notes".into()], vec![]),
    ] {
        assert_eq!(named(&words), names, "{words:?}");
    }
}

#[test]
fn a_message_calls_a_skill_at_its_beginning_or_names_some_within() {
    let (_folder, ready) = ready();
    let called = |text: &str, from| ready.called(text, from).unwrap();
    let told = "Use the \"notes\" skill for this request. Read its file first: ~/.wirken/skills/notes/SKILL.md";
    let plain = |told: String| Some(Called { skills: vec!["notes".into()], tool: None, told });
    assert_eq!(called("/notes buy milk", 0), plain(format!("{told}\n\nUser input:\nbuy milk")));
    assert_eq!(called("/notes", 0), plain(told.into()));
    assert_eq!(called("/skill notes buy", 0), plain(format!("{told}\n\nUser input:\nbuy")));
    assert_eq!(called("/notes@some_bot buy", 0), plain(format!("{told}\n\nUser input:\nbuy")));
    assert_eq!(called("use $notes here", 0), plain(format!("use $notes here\n\n{told}")));
    assert_eq!(called("[Ann writes]\n/notes buy", 13), plain(format!("[Ann writes]\n{told}\n\nUser input:\nbuy")));
    for text in ["[Ann writes]\n/notes buy", "notes", "/other", "/new", "say /notes", "$HOME", "\\$notes", ""] {
        assert_eq!(called(text, 0), None, "{text}");
    }
    let direct = called("/notes_2 a b", 0).unwrap();
    let arguments = serde_json::json!({ "command": "a b", "commandName": "notes_2", "skillName": "notes-2" });
    assert_eq!(direct.tool, Some(("keep".into(), arguments)));
}
