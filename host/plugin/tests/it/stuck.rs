//! A file that does not answer: the call that waits for it ends all the same, and the thread that it holds is left to it.
//!
//! The file is a pipe that nobody writes to, which is as a disk that hangs. Each call takes its deadline, and the last two
//! seconds more.

use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};
use serde_json::json;
use wirken_plugin::{Access, Grant, Owner, Ports, ToolEnd, ToolPlugin};
use wirken_types::chat::plain_text;
use wirken_types::event::ToolOutcome;

use crate::{engine, foreign::notes};

const DEADLINE: Duration = Duration::from_secs(1);

/// Lets go whoever waits to read.
fn answer(pipe: &Path) {
    drop(std::fs::OpenOptions::new().write(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(pipe));
}

async fn read(tool: &ToolPlugin) -> (ToolOutcome, Option<&'static str>, String) {
    let arguments = json!({ "path": "/workspace/pipe" }).to_string();
    let ToolEnd { outcome, code, content } = tool.call("read-note".into(), arguments, Ports::default()).await;
    (outcome, code, plain_text(&content))
}

#[tokio::test]
async fn a_file_that_does_not_answer_ends_its_call_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let mut package = notes();
    package.manifest.limits.deadline_millis = Some(u64::try_from(DEADLINE.as_millis()).unwrap());
    let grant = Grant { workspace: Some((folder.path().to_owned(), Access::ReadOnly)), ..Grant::default() };
    let settings = json!({ "server": "https://a.example" }).as_object().unwrap().clone();
    let tool = ToolPlugin::load(&engine(), package, &Owner { grant, settings, ..Owner::default() }).await.unwrap();

    let late = |after: Duration| {
        let pipe = pipe.clone();
        async move {
            tokio::time::sleep(after).await;
            answer(&pipe);
        }
    };
    let (end, ()) = tokio::join!(read(&tool), late(DEADLINE / 4));
    // A pipe that answers is no file that can be read from a place on, and the guest is told that.
    assert!(end.0 == ToolOutcome::Failed && end.1.is_none() && end.2.contains("seek"), "it answers in time: {end:?}");
    let (end, ()) = tokio::join!(read(&tool), late(DEADLINE + Duration::from_millis(500)));
    assert!(end.0 == ToolOutcome::Crashed && end.1 == Some("deadline"), "it answers too late: {end:?}");

    let stuck = read(&tool).await;
    assert!(stuck.0 == ToolOutcome::Crashed && stuck.2.contains("a file that it works on does not answer"), "{stuck:?}");
    std::fs::write(folder.path().join("note.txt"), "here").unwrap();
    let other = tool.call("read-note".into(), json!({ "path": "/workspace/note.txt" }).to_string(), Ports::default()).await;
    assert_eq!((other.outcome, plain_text(&other.content).as_str()), (ToolOutcome::Ok, "here"));
    // The thread waits still, and so would the end of this test.
    answer(&pipe);
}
