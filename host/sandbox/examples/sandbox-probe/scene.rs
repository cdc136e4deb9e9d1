//! What there is to attack: a folder of one user, with the secrets of others of that user's processes, and one such process.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

pub(crate) const SECRET: &str = "the secret of somebody else";

/// Where things are, as an attack is told in its arguments.
pub(crate) struct Scene {
    /// Made by the test: sockets, and a copy of this program.
    pub(crate) folder: PathBuf,
    pub(crate) abstract_name: String,
    pub(crate) tcp: String,
    pub(crate) udp: String,
    pub(crate) victim: i32,
    /// Where [`SECRET`] is in the victim's memory.
    pub(crate) address: usize,
}

impl Scene {
    pub(crate) fn from_arguments(arguments: &[String]) -> Self {
        let number = |index: usize| arguments.get(index).map_or(0, |number| number.parse().unwrap());
        Self {
            folder: PathBuf::from(&arguments[0]),
            abstract_name: arguments[1].clone(),
            tcp: arguments[2].clone(),
            udp: arguments[3].clone(),
            victim: i32::try_from(number(4)).unwrap(),
            address: number(5),
        }
    }

    pub(crate) fn arguments(&self) -> Vec<String> {
        vec![
            self.folder.to_str().unwrap().to_owned(),
            self.abstract_name.clone(),
            self.tcp.clone(),
            self.udp.clone(),
            self.victim.to_string(),
            self.address.to_string(),
        ]
    }

    pub(crate) fn vault(&self) -> PathBuf {
        self.folder.join("vault/credentials")
    }

    /// The folder of another adapter.
    pub(crate) fn state(&self) -> PathBuf {
        self.folder.join("state")
    }

    /// The file that a confined process may read, by the name that it is told; the other thing is the folder `shelf`.
    pub(crate) fn readable(&self) -> PathBuf {
        self.folder.join("link-to-readable")
    }

    /// As it was before any attack changed it.
    pub(crate) fn reset(&self) {
        for folder in [self.folder.join("vault"), self.state()] {
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir(&folder).unwrap();
        }
        fs::write(self.vault(), SECRET).unwrap();
        fs::set_permissions(self.vault(), fs::Permissions::from_mode(0o600)).unwrap();
        for file in ["offset", "old"] {
            fs::write(self.state().join(file), "state").unwrap();
        }
        fs::write(self.folder.join("readable"), "for everybody").unwrap();
        fs::create_dir_all(self.folder.join("shelf/deep")).unwrap();
        fs::write(self.folder.join("shelf/deep/book"), "a book").unwrap();
        let _ = fs::remove_file(self.readable());
        std::os::unix::fs::symlink("readable", self.readable()).unwrap();
    }
}
