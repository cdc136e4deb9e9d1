//! What this system gives the second sandbox, piece by piece, for `wirken doctor`.

use rustix::process::geteuid;
use rustix::thread::secure_computing_mode;

use super::lacks::System;
use super::{Part, Spaces, rules};
use crate::calls::ARCHITECTURE_IS_KNOWN;
use crate::files::offered;
use crate::lacks::Landlock;

impl Spaces {
    /// Every piece, as far as it can be seen from here, and last a rehearsal: whether a program could be run now.
    ///
    /// Only the last one decides. The others say where to look.
    pub async fn describe(&self) -> Vec<Part> {
        let mut parts = vec![user(geteuid().is_root()), namespaces(&System::now()), landlock(offered()), filter()];
        let rehearsed = self.rehearse().await;
        let is_there = rehearsed.is_ok();
        let told = rehearsed.map_or_else(|error| error.to_string(), |()| "a program can be run".to_owned());
        parts.push(Part { name: "rehearsal", is_there, told });
        parts
    }
}

fn part(name: &'static str, is_there: bool, there: &str, missing: &str) -> Part {
    Part { name, is_there, told: if is_there { there } else { missing }.to_owned() }
}

fn user(is_root: bool) -> Part {
    part("ordinary user", !is_root, "wirken does not run as root", "wirken runs as root: run it as an ordinary user")
}

fn namespaces(system: &System) -> Part {
    let remedy = system.withheld();
    part("user namespaces", remedy.is_none(), "no setting withholds them", remedy.unwrap_or_default())
}

fn landlock(found: Landlock) -> Part {
    let missing = "it is missing, off or too old: use Linux 5.19 or newer with Landlock (add it to the boot option `lsm=`)";
    let there = match found {
        Landlock::Version(version) => format!("version {version}"),
        _ => String::new(),
    };
    part("Landlock", rules::check(found).is_ok(), &there, missing)
}

fn filter() -> Part {
    let is_there = ARCHITECTURE_IS_KNOWN && secure_computing_mode().is_ok();
    part("seccomp", is_there, "the filter of system calls can be installed", "this kernel or processor has none: use another system")
}

#[cfg(test)]
mod tests {
    use super::{Landlock, System, filter, landlock, namespaces, user};

    #[test]
    fn says_what_is_there_and_what_to_do_where_it_is_not() {
        assert!(user(false).is_there && !user(true).is_there);
        assert!(user(true).told.contains("ordinary user"));
        assert!(namespaces(&System::default()).is_there);
        let withheld = namespaces(&System { most_user_namespaces: Some(0), ..System::default() });
        assert!(!withheld.is_there && withheld.told.contains("user.max_user_namespaces"), "{withheld:?}");
        assert!(landlock(Landlock::Version(2)).is_there && !landlock(Landlock::Version(1)).is_there);
        assert!(landlock(Landlock::Off).told.contains("lsm="));
        assert!(filter().is_there);
    }
}
