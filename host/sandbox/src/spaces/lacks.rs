//! What the second sandbox is made of, and what to do where a system withholds a piece of it.

use std::fmt::{self, Display, Formatter};
use std::io;

use super::request::Outcome;

/// A piece that an ordinary user must be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lack {
    OrdinaryUser,
    UserNamespaces,
    OtherNamespaces,
    Mounts,
    Proc,
    Landlock,
    Filter,
}

impl Display for Lack {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::OrdinaryUser => "an ordinary user",
            Self::UserNamespaces => "user namespaces",
            Self::OtherNamespaces => "namespaces of mounts, processes and the network",
            Self::Mounts => "mounts of its own",
            Self::Proc => "a /proc of its own",
            Self::Landlock => "Landlock",
            Self::Filter => "the filter of system calls (seccomp)",
        })
    }
}

/// The first version of Landlock that can tell one folder from another when a file is moved (Linux 5.19). Kernels that have it also count
/// processes for each namespace (5.14), on which the bound of processes rests, and know all the calls that mount by descriptors.
pub(super) const LANDLOCK: u32 = 2;

/// What is told, and to be done, where a piece is withheld.
pub(super) fn lacks(lack: Lack, error: &io::Error) -> Outcome {
    Outcome::Unavailable(sentence(lack, error, &System::now()))
}

fn sentence(lack: Lack, error: &io::Error, system: &System) -> String {
    match lack {
        Lack::OrdinaryUser => "the sandbox without a container engine does not run for root, who no limit of processes holds: \
            run wirken as an ordinary user, or install a container engine"
            .to_owned(),
        _ => format!(
            "the sandbox needs {lack}, which this system withholds ({error}): {}, or install a container engine",
            system.remedy(lack)
        ),
    }
}

/// The settings with which systems withhold namespaces, and what else tells why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct System {
    pub(super) most_user_namespaces: Option<u64>,
    pub(super) for_ordinary_users: Option<u64>,
    pub(super) restricted_by_apparmor: Option<u64>,
    /// A filter of system calls lies on this process already: it is in a container, or a service of that kind.
    pub(super) filtered: bool,
}

impl System {
    pub(super) fn now() -> Self {
        let setting = |path: &str| std::fs::read_to_string(path).ok().and_then(|text| text.trim().parse().ok());
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        Self {
            most_user_namespaces: setting("/proc/sys/user/max_user_namespaces"),
            for_ordinary_users: setting("/proc/sys/kernel/unprivileged_userns_clone"),
            restricted_by_apparmor: setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"),
            filtered: status.lines().any(|line| line.starts_with("Seccomp:") && !line.ends_with('0')),
        }
    }

    /// The setting that withholds namespaces, if one does.
    pub(super) fn withheld(&self) -> Option<&'static str> {
        match self {
            Self { for_ordinary_users: Some(0), .. } => Some("set the sysctl kernel.unprivileged_userns_clone to 1"),
            Self { most_user_namespaces: Some(0), .. } => Some("set the sysctl user.max_user_namespaces to 1000"),
            Self { restricted_by_apparmor: Some(1), .. } => {
                Some("allow wirken `userns` in a profile of AppArmor, or set the sysctl kernel.apparmor_restrict_unprivileged_userns to 0")
            }
            _ => None,
        }
    }

    fn remedy(&self, lack: Lack) -> &'static str {
        match (lack, self.withheld()) {
            (Lack::OrdinaryUser, _) => "run wirken as an ordinary user",
            (Lack::Landlock, _) => "use Linux 5.19 or newer with Landlock (add it to the boot option `lsm=`)",
            (Lack::Filter, _) => "use a kernel that is built with seccomp",
            (_, Some(remedy)) => remedy,
            _ if self.filtered => "run wirken outside of the container or service that filters its system calls",
            (Lack::Proc, _) => "run wirken outside of the container that covers parts of /proc",
            (Lack::UserNamespaces, _) => {
                "use a kernel that is built with user namespaces, and see whether user.max_user_namespaces is used up"
            }
            (Lack::OtherNamespaces | Lack::Mounts, _) => "use Linux 5.19 or newer, built with all namespaces",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Lack, System, sentence};

    fn told(lack: Lack, system: System) -> String {
        sentence(lack, &std::io::ErrorKind::PermissionDenied.into(), &system)
    }

    #[test]
    fn names_the_piece_and_the_setting_that_withholds_it() {
        let open =
            System { most_user_namespaces: Some(1000), for_ordinary_users: Some(1), restricted_by_apparmor: Some(0), filtered: false };
        for (system, word) in [
            (System { for_ordinary_users: Some(0), ..open }, "unprivileged_userns_clone to 1"),
            (System { most_user_namespaces: Some(0), ..open }, "max_user_namespaces to 1000"),
            (System { restricted_by_apparmor: Some(1), ..open }, "AppArmor"),
            (System { filtered: true, ..open }, "outside of the container"),
            (open, "built with user namespaces"),
        ] {
            let told = told(Lack::UserNamespaces, system);
            assert!(told.starts_with("the sandbox needs user namespaces, which this system withholds (permission denied): "), "{told}");
            assert!(told.contains(word) && told.ends_with("or install a container engine"), "{told}");
        }
    }

    #[test]
    fn what_is_no_matter_of_namespaces_is_not_blamed_on_their_settings() {
        let system = System { most_user_namespaces: Some(0), ..System::default() };
        assert!(told(Lack::Landlock, system).contains("lsm="));
        assert!(told(Lack::Filter, system).contains("built with seccomp"));
        assert!(told(Lack::OrdinaryUser, system).contains("does not run for root"));
        assert!(told(Lack::Proc, System::default()).contains("covers parts of /proc"));
    }
}
