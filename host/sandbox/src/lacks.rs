//! From what a kernel has to what it cannot enforce, in a person's words.

use crate::Report;

/// What the kernel has of Landlock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Landlock {
    Absent,
    /// Built in, and not among the security modules that were chosen at boot.
    Off,
    Version(u32),
}

/// The first versions of Landlock that know these (Linux 6.2, 6.7, 6.10, 6.12).
const KNOWS_TRUNCATE: u32 = 3;
const KNOWS_PORTS: u32 = 4;
const KNOWS_DEVICES: u32 = 5;
const KNOWS_SCOPES: u32 = 6;

/// The report on a kernel that has this of Landlock, and has the filter or not.
///
/// Each of the two stands in for some of what the other lacks. So a sentence is here only where neither enforces it.
pub(crate) fn report(landlock: Landlock, filter: bool) -> Report {
    let mut lacking = Vec::new();
    let mut say = |sentence: &str| lacking.push(sentence.to_owned());
    let version = match landlock {
        Landlock::Version(version) => version,
        Landlock::Absent => {
            say("this kernel has no Landlock (Linux 5.13 has): it reads every file of its user, and the memory of his other programs");
            0
        }
        Landlock::Off => {
            say(
                "Landlock is switched off (add it to the boot option `lsm=`): it reads every file of its user, and the memory of his other programs",
            );
            0
        }
    };
    if (1..KNOWS_DEVICES).contains(&version) {
        say("this kernel's Landlock does not know devices (Linux 6.10 does): a device that it may read takes its commands");
    }
    if version < KNOWS_PORTS {
        say(match filter {
            true => "this kernel's Landlock does not know ports (Linux 6.7 does): it can take a TCP port, though not listen on it",
            false => "this kernel's Landlock does not know ports (Linux 6.7 does): it can listen on TCP ports",
        });
    }
    if !filter {
        say("this system has no filter of system calls (seccomp): it can start programs, open Unix sockets and run new code");
        if version < KNOWS_SCOPES {
            say("this kernel's Landlock has no scopes (Linux 6.12 has): it can signal other processes of its user");
        }
        if (1..KNOWS_TRUNCATE).contains(&version) {
            say("this kernel's Landlock does not know truncation (Linux 6.2 does): it can empty files of its user");
        }
    }
    Report { landlock_abi: matches!(landlock, Landlock::Version(_)).then_some(version), lacking }
}

#[cfg(test)]
mod tests {
    use super::{Landlock, report};

    fn lacking(landlock: Landlock, filter: bool) -> Vec<&'static str> {
        let report = report(landlock, filter);
        assert_eq!(report.is_complete(), report.lacking.is_empty());
        let known =
            ["no Landlock (", "switched off", "know devices", "know ports", "no filter of system calls", "no scopes", "know truncation"];
        report.lacking.iter().map(|said| *known.iter().find(|word| said.contains(**word)).unwrap()).collect()
    }

    #[test]
    fn names_what_neither_enforces_on_both_sides_of_each_version() {
        assert_eq!(lacking(Landlock::Absent, true), ["no Landlock (", "know ports"]);
        assert_eq!(lacking(Landlock::Off, true), ["switched off", "know ports"]);
        for version in 1..4 {
            assert_eq!(lacking(Landlock::Version(version), true), ["know devices", "know ports"]);
        }
        assert_eq!(lacking(Landlock::Version(4), true), ["know devices"]);
        for version in 5..10 {
            assert!(lacking(Landlock::Version(version), true).is_empty());
        }
    }

    #[test]
    fn says_what_the_filter_would_have_stood_in_for() {
        let filter = "no filter of system calls";
        assert_eq!(lacking(Landlock::Absent, false), ["no Landlock (", "know ports", filter, "no scopes"]);
        assert_eq!(lacking(Landlock::Version(2), false), ["know devices", "know ports", filter, "no scopes", "know truncation"]);
        assert_eq!(lacking(Landlock::Version(3), false), ["know devices", "know ports", filter, "no scopes"]);
        assert_eq!(lacking(Landlock::Version(5), false), [filter, "no scopes"]);
        assert_eq!(lacking(Landlock::Version(6), false), [filter]);
    }

    #[test]
    fn tells_the_version_only_where_there_is_one() {
        assert_eq!(report(Landlock::Absent, true).landlock_abi, None);
        assert_eq!(report(Landlock::Off, true).landlock_abi, None);
        assert_eq!(report(Landlock::Version(7), true).landlock_abi, Some(7));
    }

    #[test]
    fn says_what_a_port_that_is_taken_is_good_for() {
        let said = |filter| report(Landlock::Version(3), filter).lacking.iter().find(|said| said.contains("ports")).unwrap().clone();
        assert!(said(true).ends_with("though not listen on it"));
        assert!(said(false).ends_with("it can listen on TCP ports"));
    }
}
