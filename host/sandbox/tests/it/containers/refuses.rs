//! What is not run, and what the operator is told then.

use std::os::unix::fs::{chown, symlink};
use std::os::unix::net::UnixListener;

use bollard::models::{ContainerConfig, ContainerCreateBody};
use bollard::query_parameters::{CommitContainerOptionsBuilder, RemoveContainerOptionsBuilder, RemoveImageOptionsBuilder};
use wirken_sandbox::containers::Runtime;
use wirken_sandbox::program::{Program, ProgramError};

use super::stage::{Stage, image};

async fn unavailable(stage: &Stage) -> String {
    let described = stage.containers().describe().await;
    assert!(!described.is_ready());
    match stage.run(&stage.shell("echo > ran")).await {
        Err(ProgramError::Unavailable(why)) => {
            assert!(!stage.path("work/ran").exists());
            assert_eq!(described.refusals.join("; "), why);
            why
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn describes_what_there_is() {
    let stage = Stage::new();
    let described = stage.containers().describe().await;
    assert!(described.is_ready(), "{described:?}");
    let found = described.found.join("\n");
    println!("{found}\n{:?}", described.notes);
    for word in [
        "Docker ",
        ", API 1.",
        "as root",
        "bounds memory",
        "processes",
        &format!("image {}: there", image()),
        "no network",
        "512 MB",
        "256",
        "300 s",
        "64 MB",
    ] {
        assert!(found.contains(word), "{word}: {found}");
    }
    let mut gvisor = Stage::new();
    gvisor.settings.runtime = Runtime::Gvisor;
    assert!(gvisor.containers().describe().await.found.join("\n").contains("runtime runsc: there"));
}

#[tokio::test]
async fn says_what_to_do_where_no_engine_answers() {
    let mut stage = Stage::new();
    let socket = stage.settings.sockets.remove(0);
    assert!(unavailable(&stage).await.contains("install Docker or Podman"));
    let (absent, dead, file) = (stage.path("absent.sock"), stage.path("dead.sock"), stage.path("file"));
    drop(UnixListener::bind(&dead).unwrap());
    std::fs::write(&file, "").unwrap();
    stage.settings.sockets = vec![absent.clone(), dead.clone(), file];
    let told = unavailable(&stage).await;
    assert!(told.contains(&format!("there is no {}", absent.display())), "{told}");
    assert!(told.contains(&format!("nobody listens on {}", dead.display())) && told.contains("systemctl start"), "{told}");
    // One that is there is found behind them.
    stage.settings.sockets.push(socket);
    assert_eq!(stage.tells("echo found").await, "found\n");
}

#[tokio::test]
async fn something_else_on_the_socket_is_no_engine() {
    let mut stage = Stage::new();
    let path = stage.path("other.sock");
    let listener = UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = std::io::Write::write_all(&mut stream.unwrap(), b"220 some mail server\r\n");
        }
    });
    stage.settings.sockets = vec![path];
    assert!(unavailable(&stage).await.contains("does not answer as an engine does"));
}

#[tokio::test]
async fn says_how_to_get_an_image_that_is_not_there() {
    let mut stage = Stage::new();
    let digest = format!("sha256:{}", "0a".repeat(32));
    stage.settings.image = format!("debian@{digest}").parse().unwrap();
    assert!(unavailable(&stage).await.contains(&format!("docker pull debian@{digest}")));
    stage.settings.image = digest.parse().unwrap();
    assert!(unavailable(&stage).await.contains("is not on this machine"));
}

#[tokio::test]
async fn refuses_an_image_with_volumes() {
    let mut stage = Stage::new();
    let docker = stage.docker.clone().negotiate_version().await.unwrap();
    let body = ContainerCreateBody { image: Some(image()), ..ContainerCreateBody::default() };
    let container = docker.create_container(None, body).await.unwrap().id;
    let options = CommitContainerOptionsBuilder::default().container(&container).changes("VOLUME /data").build();
    let made = docker.commit_container(options, ContainerConfig::default()).await.unwrap().id;
    docker.remove_container(&container, Some(RemoveContainerOptionsBuilder::default().build())).await.unwrap();
    stage.settings.image = made.parse().unwrap();
    let told = unavailable(&stage).await;
    docker.remove_image(&made, Some(RemoveImageOptionsBuilder::default().force(true).build()), None).await.unwrap();
    assert!(told.contains("has volumes"), "{told}");
}

#[tokio::test]
async fn gives_no_folder_that_is_not_to_be_given() {
    let stage = Stage::new();
    symlink("/etc", stage.path("work/etc")).unwrap();
    let _socket = UnixListener::bind(stage.path("socket")).unwrap();
    for workspace in ["/", "/etc", "/run", "/dev", "/root", "/home", "/tmp"] {
        let program = Program { workspace: workspace.into(), ..stage.shell("echo > ran") };
        assert!(matches!(stage.run(&program).await, Err(ProgramError::Denied(_))), "{workspace}");
    }
    for workspace in ["work/etc", "data", "data/vault", "data/skills/one", "socket", "."] {
        let program = Program { workspace: stage.path(workspace), ..stage.shell("echo > ran") };
        assert!(matches!(stage.run(&program).await, Err(ProgramError::Denied(_))), "{workspace}");
    }
    for skill in ["data", "data/vault", "data/skills", "work", "socket", "."] {
        let program = Program { skill: Some(stage.path(skill)), ..stage.shell("echo > ran") };
        assert!(matches!(stage.run(&program).await, Err(ProgramError::Denied(_))), "{skill}");
    }
    assert!(!stage.path("ran").exists() && !stage.path("work/ran").exists());
    // A link in the workspace leads to the container's own files.
    assert_eq!(stage.tells("cat etc/hostname").await, "sandbox\n");
}

#[tokio::test]
async fn never_runs_as_root() {
    let mut stage = Stage::new();
    let (uid, _) = stage.settings.user;
    stage.settings.user = (0, 0);
    assert_eq!(stage.tells("id -u").await, format!("{uid}\n"));
    // Only root can give a folder to root.
    if rustix::process::geteuid().is_root() {
        chown(stage.path("work"), Some(0), Some(0)).unwrap();
        let told = stage.run(&stage.shell("id -u")).await.unwrap_err().to_string();
        assert!(told.contains("chown"), "{told}");
        std::fs::set_permissions(stage.path("work"), std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
        assert_eq!(stage.tells("id -u; id -g; echo x >file").await, "65534\n65534\n");
    }
}
