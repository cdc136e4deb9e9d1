//! Paths and links that lead out of the workspace.

use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::{Value, json};
use wirken_plugin::{Ports, ToolPlugin};

use super::{answer, tool_in};

async fn tried(prying: &ToolPlugin, path: &str) -> Vec<(String, Value)> {
    let told = answer(prying, "escape", json!({ "path": path }), Ports::default()).await;
    told.as_object().unwrap_or_else(|| panic!("{path}: {told}")).clone().into_iter().collect()
}

/// All that there is below a folder, with what is in it.
fn content(folder: &Path) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.push((path.display().to_string(), String::new()));
            all.extend(content(&path));
        } else {
            all.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
        }
    }
    all.sort();
    all
}

pub(super) async fn path_escapes() {
    let world = tempfile::tempdir().unwrap();
    let (workspace, outside) = (world.path().join("workspace"), world.path().join("outside"));
    std::fs::create_dir_all(&workspace).unwrap();
    std::fs::create_dir_all(outside.join("deep")).unwrap();
    std::fs::write(outside.join("secret.txt"), "theirs").unwrap();
    // Links that the owner has there, or a program made.
    symlink(&outside, workspace.join("folder-link")).unwrap();
    symlink(outside.join("secret.txt"), workspace.join("file-link")).unwrap();
    symlink("../outside/secret.txt", workspace.join("relative-link")).unwrap();
    symlink("/proc/self/root", workspace.join("root-link")).unwrap();
    std::fs::create_dir(workspace.join("sub")).unwrap();
    symlink("folder-link", workspace.join("chain")).unwrap();
    let before = content(&outside);
    let prying = tool_in(crate::package("fixtures/prying"), Some(&workspace), json!({})).await.unwrap();
    let absolute = outside.join("secret.txt").display().to_string();
    let outward = [
        "../outside/secret.txt",
        "../outside",
        "sub/../../outside/secret.txt",
        "./.././outside/secret.txt",
        "..",
        "../..",
        absolute.as_str(),
        "/etc/passwd",
        "/proc/self/environ",
        "/",
        "//outside",
        "/workspace/../outside/secret.txt",
        "folder-link/secret.txt",
        "folder-link/new.txt",
        "folder-link/deep",
        "folder-link/../outside/secret.txt",
        "root-link/etc/passwd",
        "chain/secret.txt",
        "../outside/secret.txt\0.txt",
    ];
    for path in outward {
        for (what, came) in tried(&prying, path).await {
            assert!(came["refused"].is_string(), "{what} {path:?}: {came}");
        }
    }
    // The links themselves are the workspace's: they may be read as such, moved, and taken away. What they lead to may not.
    for path in ["file-link", "relative-link"] {
        for (what, came) in tried(&prying, path).await {
            let through = ["read", "write", "list", "stat", "make-directory"].contains(&what.as_str());
            assert!(!through || came["refused"].is_string(), "{what} {path:?}: {came}");
            assert!(!came.to_string().contains("theirs"), "{what} {path:?}: {came}");
        }
    }
    assert_eq!(content(&outside), before);
    assert!(!world.path().join("mine.txt").exists() && !world.path().join("taken.txt").exists());
    // What a letter only looks like is a name like any other, inside.
    for path in ["..\\outside\\secret.txt", "%2e%2e%2foutside", "．．", "C:\\x"] {
        let told = tried(&prying, path).await;
        let written = told.iter().find(|(what, _)| what == "write").map(|(_, came)| came.clone());
        assert_eq!(written, Some(json!({ "done": 11 })), "{path:?}: {told:?}");
    }
    assert_eq!(content(&outside), before);
    let told = tried(&prying, "new.txt").await;
    assert!(told.contains(&("write".into(), json!({ "done": 11 }))), "{told:?}");
}
