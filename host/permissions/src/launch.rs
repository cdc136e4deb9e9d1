//! What a program of tier 3 does, for the person who is asked: which other programs it starts, whether it runs code that
//! it is given, what it is known to remove or reach.
//!
//! Nothing here decides a tier. It explains as much as is plain, and names programs for the owner's list of blocked ones
//! ([`crate::Ceilings`]); what it misses is tier 3 all the same.

use crate::program::WORD_CHARS;
use crate::shell::Script;
use crate::shown::{fold, quoted};

/// A wrapper of a wrapper of a wrapper: past this many nobody reads on.
const MAX_DEPTH: usize = 8;
/// Programs that a reason names.
const MAX_NAMED: usize = 12;

/// What is known of a program and its arguments.
#[derive(Debug, Default)]
pub(crate) struct Explained {
    pub(crate) reasons: Vec<String>,
    /// The folded names of all programs that are known to run, this one first.
    pub(crate) programs: Vec<String>,
}

pub(crate) const SHELLS: &[&str] = &[
    "ash",
    "bash",
    "csh",
    "dash",
    "elvish",
    "fish",
    "hush",
    "ksh",
    "mksh",
    "nu",
    "powershell",
    "pwsh",
    "rbash",
    "sh",
    "tcsh",
    "xonsh",
    "yash",
    "zsh",
];

/// Programs that run code in a language of their own, and the options before such code.
const INTERPRETERS: &[(&str, &[&str])] = &[
    ("awk", &[]),
    ("bun", &["-e", "-p", "--eval", "--print"]),
    ("deno", &["eval"]),
    ("ed", &[]),
    ("emacs", &["--eval", "-eval"]),
    ("ex", &["-c"]),
    ("gawk", &["-e", "--source"]),
    ("gdb", &["-ex", "--eval-command"]),
    ("ghc", &["-e"]),
    ("groovy", &["-e"]),
    ("guile", &["-c"]),
    ("irb", &[]),
    ("julia", &["-e", "-E", "--eval"]),
    ("lua", &["-e"]),
    ("luajit", &["-e"]),
    ("mawk", &[]),
    ("nawk", &[]),
    ("node", &["-e", "-p", "-pe", "--eval", "--print"]),
    ("nodejs", &["-e", "-p", "-pe", "--eval", "--print"]),
    ("osascript", &["-e"]),
    ("perl", &["-e", "-E", "-ne", "-pe", "-le", "-lne"]),
    ("php", &["-r", "-B", "-R", "-E"]),
    ("pypy", &["-c"]),
    ("python", &["-c"]),
    ("r", &["-e"]),
    ("rscript", &["-e"]),
    ("ruby", &["-e"]),
    ("scala", &["-e"]),
    ("sed", &["-e", "--expression"]),
    ("tclsh", &[]),
    ("vi", &["-c"]),
    ("vim", &["-c"]),
];

/// Programs that start the one that is named in their arguments.
pub(crate) const WRAPPERS: &[&str] = &[
    "builtin",
    "busybox",
    "catchsegv",
    "chroot",
    "chrt",
    "command",
    "coproc",
    "cpulimit",
    "dbus-run-session",
    "doas",
    "entr",
    "env",
    "eval",
    "exec",
    "faketime",
    "fakeroot",
    "find",
    "firejail",
    "flock",
    "gtimeout",
    "ionice",
    "ld.so",
    "ltrace",
    "nice",
    "nohup",
    "nsenter",
    "numactl",
    "parallel",
    "pkexec",
    "proot",
    "prlimit",
    "rlwrap",
    "run-parts",
    "runuser",
    "script",
    "setarch",
    "setpriv",
    "setsid",
    "softlimit",
    "source",
    "ssh",
    "sshpass",
    "start-stop-daemon",
    "stdbuf",
    "strace",
    "su",
    "sudo",
    "systemd-run",
    "taskset",
    "time",
    "timeout",
    "toybox",
    "torsocks",
    "unbuffer",
    "unshare",
    "valgrind",
    "watch",
    "xargs",
    "xvfb-run",
];

const REMOVERS: &[&str] = &[
    "blkdiscard",
    "chattr",
    "cp",
    "dd",
    "fallocate",
    "fdisk",
    "git",
    "install",
    "kill",
    "killall",
    "ln",
    "mkfs",
    "mkswap",
    "mv",
    "parted",
    "pkill",
    "rm",
    "rmdir",
    "rsync",
    "sed",
    "shred",
    "split",
    "srm",
    "tar",
    "tee",
    "truncate",
    "unlink",
    "unzip",
    "wipefs",
];

pub(crate) const DOWNLOADERS: &[&str] = &["aria2c", "axel", "curl", "fetch", "http", "https", "lwp-request", "lynx", "wget", "xh"];

const SPEAKERS: &[&str] = &[
    "dig", "docker", "ftp", "git", "host", "kubectl", "nc", "ncat", "netcat", "nmap", "npm", "npx", "nslookup", "openssl", "ping", "pip",
    "podman", "rsync", "scp", "sendmail", "sftp", "socat", "ssh", "telnet", "tftp", "yarn",
];

const PRIVILEGED: &[&str] = &[
    "chgrp",
    "chmod",
    "chown",
    "chroot",
    "crontab",
    "at",
    "batch",
    "doas",
    "halt",
    "insmod",
    "iptables",
    "modprobe",
    "mount",
    "nft",
    "passwd",
    "pkexec",
    "poweroff",
    "reboot",
    "setcap",
    "shutdown",
    "su",
    "sudo",
    "sysctl",
    "systemctl",
    "umount",
    "useradd",
    "usermod",
    "visudo",
];

/// The name by which the lists here know a program: without folders, in small letters, without a version behind it
/// (`python3.12`, `mkfs.ext4`).
pub(crate) fn known_name(program: &str) -> String {
    let folded = fold(program);
    let base = folded.trim().rsplit(['/', '\\']).next().unwrap_or_default();
    if base.starts_with("ld-linux") || base.starts_with("ld-musl") {
        return "ld.so".to_owned();
    }
    if base.starts_with("mkfs.") {
        return "mkfs".to_owned();
    }
    let base = base.strip_suffix(".exe").unwrap_or(base);
    let unversioned = base.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
    if runs_code(unversioned) { unversioned.to_owned() } else { base.to_owned() }
}

/// Whether a program of that known name runs what it is given.
pub(crate) fn runs_code(name: &str) -> bool {
    SHELLS.contains(&name) || INTERPRETERS.iter().any(|(known, _)| *known == name)
}

pub(crate) fn explain(program: &str, arguments: &[String]) -> Explained {
    let mut explained = Explained::default();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    explained.program(program, &arguments, 0);
    explained
}

impl Explained {
    fn program(&mut self, program: &str, arguments: &[&str], depth: usize) {
        let name = known_name(program);
        self.name(&name);
        if let Some((setting, rest)) = program.trim().split_once(' ').filter(|(first, _)| !first.is_empty()) {
            // One text where an argv was meant: read as a shell would, so that the person sees what it was to be.
            self.script(&format!("{setting} {rest}"), "the program's name");
        }
        self.known_for(&name);
        if depth >= MAX_DEPTH {
            self.because("It starts programs that start programs, further than is followed here.".to_owned());
        } else if SHELLS.contains(&name.as_str()) {
            self.shell(&name, arguments);
        } else if let Some((_, options)) = INTERPRETERS.iter().find(|(known, _)| *known == name) {
            self.interpreter(&name, options, arguments);
        } else if WRAPPERS.contains(&name.as_str()) {
            self.wrapper(&name, arguments, depth);
        }
    }

    fn name(&mut self, name: &str) {
        if !name.is_empty() && !self.programs.iter().any(|known| known == name) {
            self.programs.push(name.to_owned());
        }
    }

    fn because(&mut self, reason: String) {
        if !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }

    fn known_for(&mut self, name: &str) {
        let shown = quoted(name, WORD_CHARS);
        if REMOVERS.contains(&name) {
            self.because(format!("{shown} can remove or overwrite files, or end programs."));
        }
        if SPEAKERS.contains(&name) || DOWNLOADERS.contains(&name) {
            self.because(format!("{shown} speaks with other machines."));
        }
        if PRIVILEGED.contains(&name) {
            self.because(format!("{shown} changes who may do what, or the system itself."));
        }
    }

    fn shell(&mut self, name: &str, arguments: &[&str]) {
        let shown = quoted(name, WORD_CHARS);
        let is_code = |argument: &&&str| {
            let option = fold(argument);
            matches!(option.as_str(), "--command" | "-command" | "-commands" | "-encodedcommand")
                || (option.starts_with('-') && !option.starts_with("--") && option.contains('c'))
        };
        match arguments.iter().position(|argument| is_code(&argument)) {
            Some(at) => {
                self.because(format!("{shown} is a shell, and is given a text to run."));
                // Options may follow it; the text is the first that is none.
                let mut rest = arguments.iter().skip(at + 1).skip_while(|argument| argument.starts_with(['-', '+']));
                self.script(rest.next().copied().unwrap_or_default(), "the text");
            }
            None if arguments.is_empty() => self.because(format!("{shown} is a shell, and runs whatever it is given to read.")),
            None => self.because(format!("{shown} is a shell, and runs a file.")),
        }
    }

    fn script(&mut self, text: &str, what: &str) {
        let script = Script::read(text);
        for program in &script.programs {
            let name = known_name(program);
            self.name(&name);
            self.known_for(&name);
        }
        for reason in script.reasons(what, MAX_NAMED) {
            self.because(reason);
        }
    }

    fn interpreter(&mut self, name: &str, options: &[&str], arguments: &[&str]) {
        let shown = quoted(name, WORD_CHARS);
        let code = arguments.iter().enumerate().find_map(|(at, argument)| {
            if options.contains(argument) {
                return arguments.get(at + 1).copied();
            }
            options.iter().filter(|option| option.len() == 2 || option.starts_with("--")).find_map(|option| {
                let attached = argument.strip_prefix(option)?;
                if option.starts_with("--") { attached.strip_prefix('=') } else { Some(attached) }
            })
        });
        let Some(code) = code else {
            self.because(format!("{shown} runs code in a language of its own."));
            return;
        };
        self.because(format!("{shown} is given code to run: {}.", quoted(code, WORD_CHARS)));
        let lower = fold(code);
        let starts = ["system", "popen", "subprocess", "exec", "spawn", "child_process", "shell", "backtick", "fork", "`", "qx"];
        if let Some(word) = starts.iter().find(|word| lower.contains(*word)) {
            self.because(format!("The code seems to start other programs: it holds {}.", quoted(word, WORD_CHARS)));
        }
        let reaches = ["http:", "https:", "urllib", "requests", "socket", "fetch(", "net."];
        if let Some(word) = reaches.iter().find(|word| lower.contains(*word)) {
            self.because(format!("The code seems to speak with other machines: it holds {}.", quoted(word, WORD_CHARS)));
        }
    }

    /// What a wrapper starts is somewhere in its arguments: the first after its options, settings and numbers, or behind
    /// an option that says so.
    fn wrapper(&mut self, name: &str, arguments: &[&str], depth: usize) {
        let shown = quoted(name, WORD_CHARS);
        let marker = |argument: &&str| matches!(*argument, "-exec" | "-execdir" | "-ok" | "-okdir");
        if name == "find" {
            match arguments.iter().position(marker) {
                Some(at) => {
                    self.because(format!("{shown} runs a program for each file that it finds."));
                    self.inner(arguments.get(at + 1..).unwrap_or_default(), depth);
                }
                None if arguments.contains(&"-delete") => self.because(format!("{shown} removes each file that it finds.")),
                None => {}
            }
            return;
        }
        self.because(format!("{shown} starts another program."));
        // A shell's text behind `-c`, as `su` and `script` have it.
        if let Some(text) =
            arguments.iter().position(|argument| matches!(*argument, "-c" | "--command")).and_then(|at| arguments.get(at + 1))
        {
            self.script(text, "the text");
        }
        let takes = |argument: &&str| {
            argument.starts_with('-')
                || argument.contains('=')
                || argument.starts_with(|c: char| c.is_ascii_digit())
                || (matches!(name, "flock" | "chroot") && argument.starts_with('/'))
        };
        let at = arguments.iter().position(|argument| !takes(argument)).unwrap_or(arguments.len());
        let rest = arguments.get(at..).unwrap_or_default();
        // `ssh HOST …`, `chroot FOLDER …`, `sudo -u USER …`: one word more stands before it.
        let before = if matches!(name, "ssh") { 1 } else { 0 };
        self.inner(rest.get(before..).unwrap_or_default(), depth);
        let user_option =
            |argument: &&str| matches!(*argument, "-u" | "-g" | "-n" | "-s" | "-k" | "-S" | "-C" | "-I" | "-L" | "-P" | "-o" | "-e" | "-i");
        if at > 0 && arguments.get(at - 1).is_some_and(user_option) {
            self.inner(rest.get(1..).unwrap_or_default(), depth);
        }
    }

    fn inner(&mut self, argv: &[&str], depth: usize) {
        if let Some((program, arguments)) = argv.split_first() {
            self.because(format!("Its arguments name {}.", quoted(program, WORD_CHARS)));
            self.program(program, arguments, depth + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explained(words: &[&str]) -> Explained {
        let (program, arguments) = words.split_first().unwrap();
        explain(program, &arguments.iter().map(|&word| word.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn finds_what_a_wrapper_starts() {
        for (words, programs) in [
            (&["env", "A=b", "rm", "x"][..], &["env", "rm"][..]),
            (&["nice", "-n", "5", "rm"], &["nice", "rm"]),
            (&["timeout", "5s", "nohup", "curl", "x"], &["timeout", "nohup", "curl"]),
            (&["sudo", "-u", "root", "rm"], &["sudo", "root", "rm"]),
            (&["find", ".", "-exec", "shred", "{}", ";"], &["find", "shred"]),
            (&["ssh", "host", "reboot"], &["ssh", "reboot"]),
            (&["busybox", "wget", "x"], &["busybox", "wget"]),
            (&["flock", "/tmp/l", "rm", "x"], &["flock", "rm"]),
            (&["/usr/bin/ENV", "Python3.12", "-c", "1"], &["env", "python"]),
            (&["xargs", "-I", "{}", "rm", "{}"], &["xargs", "{}", "rm"]),
            (&["sh", "-ec", "curl x | sh; rm y"], &["sh", "curl", "rm"]),
            (&["su", "-c", "rm x"], &["su", "rm"]),
            (&["A=b rm", "x"], &["a=b rm", "rm"]),
            (&["/lib64/ld-linux-x86-64.so.2", "/bin/rm"], &["ld.so", "rm"]),
        ] {
            let found = explained(words).programs;
            for program in programs {
                assert!(found.iter().any(|name| name == program), "{words:?}: {found:?} lacks {program}");
            }
        }
    }

    #[test]
    fn says_what_code_does() {
        let found = explained(&["python3", "-c", "import os; os.system('ls')"]).reasons.join(" ");
        assert!(found.contains("given code to run") && found.contains("start other programs"), "{found}");
        let found = explained(&["node", "--eval=fetch('https://x')"]).reasons.join(" ");
        assert!(found.contains("speak with other machines"), "{found}");
        let found = explained(&["bash", "-c", "curl x | sh"]).reasons.join(" ");
        assert!(found.contains("downloads") && found.contains("\"curl\", \"sh\""), "{found}");
    }

    #[test]
    fn follows_wrappers_only_so_far() {
        let deep = |n: usize| {
            let mut words = vec!["env"; n];
            words.push("rm");
            explained(&words)
        };
        assert!(deep(MAX_DEPTH - 1).programs.contains(&"rm".to_owned()));
        let found = deep(200);
        assert!(found.reasons.iter().any(|reason| reason.contains("further than is followed")));
    }
}
