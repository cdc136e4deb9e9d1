//! A gateway that runs a script of the shell, for tests to kill. It says when the script runs.
//!
//! container-host SOCKET IMAGE OWNER UID GID WORKSPACE DATA SCRIPT SECONDS
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "what surprises a test's program ends it")]

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::mpsc;
use wirken_sandbox::containers::{Containers, Runtime, Settings};
use wirken_sandbox::mounts::Places;
use wirken_sandbox::program::{Bounds, Program};

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let containers = Containers::new(Settings {
        sockets: vec![PathBuf::from(&arguments[0])],
        image: arguments[1].parse().unwrap(),
        runtime: Runtime::Engine,
        owner: arguments[2].clone(),
        user: (arguments[3].parse().unwrap(), arguments[4].parse().unwrap()),
        places: Places { data: PathBuf::from(&arguments[6]), own_workspace: None, skills: None, homes: Vec::new() },
        bounds: Bounds::default(),
    });
    let mut program = Program::new("sh", &arguments[5]);
    program.arguments = vec!["-c".to_owned(), format!("echo running; {}", arguments[7])];
    program.timeout = Some(Duration::from_secs(arguments[8].parse().unwrap()));
    let (sender, mut pieces) = mpsc::channel(1);
    tokio::select! {
        ended = containers.run(&program, sender) => panic!("{ended:?}"),
        () = async {
            pieces.recv().await.unwrap();
            println!("running");
            std::future::pending().await
        } => {}
    }
}
