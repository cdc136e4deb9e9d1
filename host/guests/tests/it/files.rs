//! The files tool on a real folder.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::{Value, json};
use wasmtime_wasi::FsPerms;
use wirken_engine::Limits;
use wirken_types::chat::Part;
use wirken_types::tool::ToolFailure;

use crate::run::tool;

async fn call(folder: Option<(&Path, FsPerms)>, name: &str, arguments: Value) -> Result<String, ToolFailure> {
    let mut tool = tool("tools/files", folder, &Limits { fuel: 5_000_000_000, ..Limits::DEFAULT }).await;
    let parts = tool.call(name, &arguments.to_string()).await.unwrap()?;
    let text = parts.iter().map(|part| if let Part::Text(text) = part { text.as_str() } else { panic!("{part:?}") });
    Ok(text.collect())
}

#[tokio::test]
async fn without_a_workspace_every_call_is_denied() {
    for name in ["files_list", "files_read", "files_write", "files_edit", "files_search", "other"] {
        let denied = call(None, name, json!({})).await;
        assert!(matches!(&denied, Err(ToolFailure::Denied(text)) if text == "no workspace is granted"), "{name}: {denied:?}");
    }
}

#[tokio::test]
async fn works_on_the_folder_that_is_granted() {
    let folder = tempfile::tempdir().unwrap();
    let granted = Some((folder.path(), FsPerms::ReadWrite));
    let large = "Grüße 🦀\n".repeat(30_000);
    call(granted, "files_write", json!({ "path": "a/b.txt", "content": "one two" })).await.unwrap();
    call(granted, "files_write", json!({ "path": "a/large.txt", "content": large })).await.unwrap();
    assert_eq!(std::fs::read_to_string(folder.path().join("a/large.txt")).unwrap(), large);
    call(granted, "files_edit", json!({ "path": "a/b.txt", "old_text": "two", "new_text": "zwei" })).await.unwrap();
    assert_eq!(call(granted, "files_read", json!({ "path": "a/b.txt" })).await.unwrap(), "one zwei");
    assert!(call(granted, "files_read", json!({ "path": "a/large.txt" })).await.unwrap().len() <= 64 * 1024);
    assert_eq!(call(granted, "files_search", json!({ "query": "zwei" })).await.unwrap(), "a/b.txt:1: one zwei");
    let listed = call(granted, "files_list", json!({ "recursive": true })).await.unwrap();
    assert_eq!(listed, format!("a/\na/b.txt (8 bytes)\na/large.txt ({} bytes)", large.len()));
    assert_eq!(std::fs::read_dir(folder.path().join("a")).unwrap().count(), 2);
}

#[tokio::test]
async fn a_file_keeps_its_mode_when_it_is_written_or_edited() {
    let folder = tempfile::tempdir().unwrap();
    let granted = Some((folder.path(), FsPerms::ReadWrite));
    for (name, mode) in [("run.sh", 0o755), (".env", 0o600)] {
        let path = folder.path().join(name);
        std::fs::write(&path, "a much longer text than the new one").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        call(granted, "files_write", json!({ "path": name, "content": "old" })).await.unwrap();
        call(granted, "files_edit", json!({ "path": name, "old_text": "old", "new_text": "new" })).await.unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode, "{name}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[tokio::test]
async fn a_file_that_is_linked_from_outside_stays_as_it_is_there() {
    let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (inner, outer) = (folder.path().join("linked"), outside.path().join("store"));
    std::fs::write(&outer, "theirs").unwrap();
    std::fs::hard_link(&outer, &inner).unwrap();
    let granted = Some((folder.path(), FsPerms::ReadWrite));
    call(granted, "files_write", json!({ "path": "linked", "content": "ours" })).await.unwrap();
    assert_eq!((std::fs::read_to_string(&inner).unwrap(), std::fs::read_to_string(&outer).unwrap()), ("ours".into(), "theirs".into()));
}

#[tokio::test]
async fn a_read_only_workspace_is_read_and_not_written() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a"), "old").unwrap();
    let granted = Some((folder.path(), FsPerms::ReadOnly));
    assert_eq!(call(granted, "files_read", json!({ "path": "a" })).await.unwrap(), "old");
    for path in ["a", "new", "folder/new"] {
        let denied = call(granted, "files_write", json!({ "path": path, "content": "x" })).await;
        assert!(matches!(&denied, Err(ToolFailure::Denied(text)) if text.contains("for reading only")), "{path}: {denied:?}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn no_path_and_no_link_leads_out() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret"), "hidden").unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.path().join("out")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("secret"), folder.path().join("link")).unwrap();
    std::os::unix::fs::symlink(".", folder.path().join("circle")).unwrap();
    let granted = Some((folder.path(), FsPerms::ReadWrite));
    let absolute = outside.path().join("secret");
    for path in ["out/secret", "link", "../secret", absolute.to_str().unwrap()] {
        assert!(call(granted, "files_read", json!({ "path": path })).await.is_err(), "{path}");
        assert!(call(granted, "files_write", json!({ "path": path, "content": "x" })).await.is_err(), "{path}");
    }
    assert_eq!(std::fs::read_to_string(&absolute).unwrap(), "hidden");
    let found = call(granted, "files_search", json!({ "query": "hidden" })).await.unwrap();
    assert!(found.starts_with("No line"), "{found}");
    let listed = call(granted, "files_list", json!({ "recursive": true })).await.unwrap();
    assert_eq!(listed, "circle (symbolic link)\nlink (symbolic link)\nout (symbolic link)");
}

#[tokio::test]
async fn a_pipe_holds_up_nobody() {
    let folder = tempfile::tempdir().unwrap();
    mknodat(CWD, folder.path().join("pipe"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let granted = Some((folder.path(), FsPerms::ReadWrite));
    for (name, arguments) in [
        ("files_read", json!({ "path": "pipe" })),
        ("files_write", json!({ "path": "pipe", "content": "x" })),
        ("files_edit", json!({ "path": "pipe", "old_text": "a", "new_text": "b" })),
    ] {
        let refused = call(granted, name, arguments).await;
        assert!(matches!(&refused, Err(ToolFailure::Failed(text)) if text.contains("not a regular file")), "{name}: {refused:?}");
    }
    assert_eq!(call(granted, "files_list", json!({})).await.unwrap(), "pipe (special file)");
}
