//! The programs and their harmless options, one entry each. What is missing is missing on purpose, and the reason
//! stands where it is not plain.
//!
//! The options are those of GNU's programs, of `tree` and of `file`. One that BusyBox or toybox lacks is an error there;
//! none of these means something harmful to them.

use super::{Inspector, Operands};

pub(crate) fn find(name: &str) -> Option<&'static Inspector> {
    PROGRAMS.iter().find(|program| program.name == name)
}

const HELP: &[&str] = &["help", "version"];

const PLAIN: Inspector = Inspector {
    name: "",
    operands: Operands::None,
    flags: "",
    values: "",
    apart: "",
    perhaps: "",
    files: "",
    long: HELP,
    long_values: &[],
    long_perhaps: &[],
    long_files: &[],
    patterns: &[],
    digits: false,
};

#[rustfmt::skip]
const PROGRAMS: &[Inspector] = &[
    Inspector { name: "arch", ..PLAIN },
    Inspector {
        name: "basename", operands: Operands::Text,
        flags: "az", values: "s", long: &["help", "version", "multiple", "zero"], long_values: &["suffix"],
        ..PLAIN
    },
    Inspector {
        name: "cat", operands: Operands::Files,
        flags: "AbeEnstTuv",
        long: &["help", "version", "show-all", "number-nonblank", "show-ends", "number", "squeeze-blank", "show-tabs", "show-nonprinting"],
        ..PLAIN
    },
    Inspector {
        name: "cmp", operands: Operands::Places,
        flags: "bls", values: "in",
        long: &["help", "version", "print-bytes", "verbose", "silent", "quiet"], long_values: &["ignore-initial", "bytes"],
        ..PLAIN
    },
    Inspector {
        name: "comm", operands: Operands::Files,
        flags: "123z", long: &["help", "version", "check-order", "nocheck-order", "total", "zero-terminated"], long_values: &["output-delimiter"],
        ..PLAIN
    },
    Inspector {
        name: "cut", operands: Operands::Files,
        flags: "snz", values: "bcdf",
        long: &["help", "version", "complement", "only-delimited", "zero-terminated"],
        long_values: &["bytes", "characters", "delimiter", "fields", "output-delimiter"],
        ..PLAIN
    },
    // -s, --set and an operand without `+` set the clock; -f reads a file and repeats its lines.
    Inspector {
        name: "date", operands: Operands::Format,
        flags: "uR", values: "d", perhaps: "I", files: "r",
        long: &["help", "version", "utc", "universal", "rfc-email"],
        long_values: &["date", "rfc-3339"], long_perhaps: &["iso-8601"], long_files: &["reference"],
        ..PLAIN
    },
    Inspector {
        name: "df", operands: Operands::Places,
        flags: "ahHiklPTv", values: "tx",
        long: &["help", "version", "all", "human-readable", "si", "inodes", "local", "no-sync", "portability", "print-type", "total"],
        long_values: &["type", "exclude-type", "block-size"], long_perhaps: &["output"],
        ..PLAIN
    },
    // -r and -N show every file below two folders, those with credentials too; -l starts pr; --from-file, --to-file,
    // -X and -S name more files.
    Inspector {
        name: "diff", operands: Operands::Places,
        flags: "abBcdeEinpqstTuwyZ", values: "CFILUW",
        long: &[
            "help", "version", "normal", "brief", "report-identical-files", "ed", "rcs", "side-by-side", "left-column",
            "suppress-common-lines", "show-c-function", "expand-tabs", "initial-tab", "suppress-blank-empty", "ignore-case",
            "ignore-tab-expansion", "ignore-trailing-space", "ignore-space-change", "ignore-all-space", "ignore-blank-lines",
            "text", "strip-trailing-cr", "minimal", "speed-large-files",
        ],
        long_values: &["show-function-line", "label", "width", "tabsize", "ignore-matching-lines", "horizon-lines"],
        long_perhaps: &["context", "unified", "color"],
        ..PLAIN
    },
    Inspector { name: "dirname", operands: Operands::Text, flags: "z", long: &["help", "version", "zero"], ..PLAIN },
    // --files0-from and -X name more files.
    Inspector {
        name: "du", operands: Operands::Places,
        flags: "0abcDHhkLlmPSsx", values: "Bdt",
        long: &[
            "help", "version", "null", "all", "apparent-size", "bytes", "total", "dereference-args", "human-readable", "inodes",
            "dereference", "count-links", "no-dereference", "separate-dirs", "si", "summarize", "one-file-system",
        ],
        long_values: &["block-size", "max-depth", "threshold", "exclude", "time-style"], long_perhaps: &["time"],
        ..PLAIN
    },
    // Whatever follows is written back.
    Inspector { name: "echo", operands: Operands::Words, flags: "neE", long: &[], ..PLAIN },
    // -C compiles, -p sets a file's times, -z starts unpackers, -s reads devices, -f and -m name more files.
    Inspector {
        name: "file", operands: Operands::Files,
        flags: "0bEhikLNnrv", values: "F",
        long: &[
            "help", "version", "brief", "mime", "mime-type", "mime-encoding", "keep-going", "dereference", "no-dereference",
            "no-pad", "no-buffer", "raw", "extension", "apple", "print0",
        ],
        long_values: &["separator"],
        ..PLAIN
    },
    // -r, -R and -d recurse read every file below a folder, those with credentials too; -P can be made to run for ever.
    Inspector {
        name: "grep", operands: Operands::PatternThenFiles,
        flags: "EFGivwxcLlqsonHhbTzaUy", values: "emABC", files: "f",
        long: &[
            "help", "version", "extended-regexp", "fixed-strings", "basic-regexp", "ignore-case", "no-ignore-case", "invert-match",
            "word-regexp", "line-regexp", "count", "files-without-match", "files-with-matches", "only-matching", "quiet", "silent",
            "no-messages", "byte-offset", "with-filename", "no-filename", "line-number", "initial-tab", "null", "null-data", "text",
            "binary", "line-buffered",
        ],
        long_values: &["regexp", "max-count", "label", "after-context", "before-context", "context", "binary-files"],
        long_perhaps: &["color", "colour"], long_files: &["file"],
        patterns: &["e", "f", "regexp", "file"], digits: true,
        ..PLAIN
    },
    Inspector {
        name: "head", operands: Operands::Files,
        flags: "qvz", values: "cn", long: &["help", "version", "quiet", "silent", "verbose", "zero-terminated"],
        long_values: &["bytes", "lines"], digits: true,
        ..PLAIN
    },
    Inspector {
        name: "id", operands: Operands::Text,
        flags: "agGnruzZ", long: &["help", "version", "context", "group", "groups", "name", "real", "user", "zero"],
        ..PLAIN
    },
    Inspector {
        name: "ls", operands: Operands::Places,
        flags: "aAbBcCdfFgGhHiklLmnNopqQrRsStuUvxXZ1", values: "ITw",
        long: &[
            "help", "version", "all", "almost-all", "author", "escape", "ignore-backups", "directory", "file-type", "full-time",
            "group-directories-first", "no-group", "human-readable", "si", "dereference", "dereference-command-line", "inode",
            "kibibytes", "literal", "numeric-uid-gid", "hide-control-chars", "show-control-chars", "quote-name", "reverse",
            "recursive", "size", "context", "zero",
        ],
        long_values: &["block-size", "format", "hide", "ignore", "indicator-style", "quoting-style", "sort", "tabsize", "time", "time-style", "width"],
        long_perhaps: &["classify", "color"],
        ..PLAIN
    },
    Inspector {
        name: "md5sum", operands: Operands::Files,
        flags: "btz", long: &["help", "version", "binary", "tag", "text", "zero"],
        ..PLAIN
    },
    Inspector {
        name: "nl", operands: Operands::Files,
        flags: "p", values: "bdfhilnsvw", long: &["help", "version", "no-renumber"],
        long_values: &["body-numbering", "section-delimiter", "footer-numbering", "header-numbering", "line-increment", "number-format", "number-separator", "starting-line-number", "number-width"],
        ..PLAIN
    },
    Inspector { name: "nproc", long: &["help", "version", "all"], long_values: &["ignore"], ..PLAIN },
    // It has no options but these two; the first argument is a format, and one that begins with `-` is an error.
    Inspector { name: "printf", operands: Operands::Text, ..PLAIN },
    Inspector { name: "pwd", flags: "LP", long: &["help", "version", "logical", "physical"], ..PLAIN },
    Inspector {
        name: "readlink", operands: Operands::Places,
        flags: "efmnqsvz",
        long: &["help", "version", "canonicalize", "canonicalize-existing", "canonicalize-missing", "no-newline", "quiet", "silent", "verbose", "zero"],
        ..PLAIN
    },
    Inspector {
        name: "realpath", operands: Operands::Places,
        flags: "emLPqsz",
        long: &["help", "version", "canonicalize-existing", "canonicalize-missing", "logical", "physical", "quiet", "strip", "no-symlinks", "zero"],
        long_files: &["relative-to", "relative-base"],
        ..PLAIN
    },
    // -c reads the names of more files out of a file.
    Inspector {
        name: "sha256sum", operands: Operands::Files,
        flags: "btz", long: &["help", "version", "binary", "tag", "text", "zero"],
        ..PLAIN
    },
    Inspector {
        name: "stat", operands: Operands::Places,
        flags: "Lft", values: "c",
        long: &["help", "version", "dereference", "file-system", "terse"], long_values: &["format", "printf"],
        ..PLAIN
    },
    Inspector {
        name: "tac", operands: Operands::Files,
        flags: "br", values: "s", long: &["help", "version", "before", "regex"], long_values: &["separator"],
        ..PLAIN
    },
    // -f, -F, --follow and --retry never end.
    Inspector {
        name: "tail", operands: Operands::Files,
        flags: "qvz", values: "cn", long: &["help", "version", "quiet", "silent", "verbose", "zero-terminated"],
        long_values: &["bytes", "lines"], digits: true,
        ..PLAIN
    },
    // -o and -R write files, -l follows links out of where it began, --fromfile and --info name or read more of them.
    Inspector {
        name: "tree", operands: Operands::Places,
        flags: "aACcdDfFghiJnNpqQrsStuUvxX", apart: "ILP",
        long: &["help", "version", "noreport", "dirsfirst", "filesfirst", "prune", "du", "si", "inodes", "device", "ignore-case", "matchdirs"],
        ..PLAIN
    },
    // A word of the shell's; where it is a program, it says what another name would run.
    Inspector { name: "type", operands: Operands::Text, long: &[], ..PLAIN },
    Inspector {
        name: "uname",
        flags: "aimnoprsv",
        long: &["help", "version", "all", "kernel-name", "nodename", "kernel-release", "kernel-version", "machine", "processor", "hardware-platform", "operating-system"],
        ..PLAIN
    },
    // --files0-from names more files.
    Inspector {
        name: "wc", operands: Operands::Files,
        flags: "clLmw", long: &["help", "version", "bytes", "chars", "lines", "max-line-length", "words"], long_values: &["total"],
        ..PLAIN
    },
    Inspector { name: "which", operands: Operands::Text, flags: "a", long: &["help", "version", "all"], ..PLAIN },
    Inspector { name: "whoami", ..PLAIN },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_stands_once_and_says_each_option_once() {
        for (at, program) in PROGRAMS.iter().enumerate() {
            assert!(PROGRAMS.iter().skip(at + 1).all(|later| later.name > program.name), "{} is out of order", program.name);
            let short = [program.flags, program.values, program.apart, program.perhaps, program.files].concat();
            let long = [program.long, program.long_values, program.long_perhaps, program.long_files].concat();
            assert!(short.chars().all(|c| short.matches(c).count() == 1 && c.is_ascii_alphanumeric()), "{}", program.name);
            assert!(long.iter().all(|name| long.iter().filter(|other| *other == name).count() == 1), "{}", program.name);
            let known = |name: &&str| long.contains(name) || (name.len() == 1 && short.contains(*name));
            assert!(program.patterns.iter().all(known), "{}", program.name);
        }
    }
}
