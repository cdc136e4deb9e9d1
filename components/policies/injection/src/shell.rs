//! Text that a shell or an interpreter would run. Only of what was encoded: in the open it is what manuals are full of.

/// What commands begin with, and what they hold.
const BEGINS: [&str; 18] = [
    "curl ",
    "wget ",
    "rm -",
    "bash ",
    "sh -",
    "sudo ",
    "powershell",
    "python -c",
    "python3 -c",
    "nc ",
    "chmod ",
    "eval",
    "exec",
    "iex",
    "cat /",
    "cat ~",
    "dd if=",
    "mkfs",
];
const HOLDS: [&str; 20] = [
    "| sh",
    "|sh",
    "| bash",
    "|bash",
    "/dev/tcp/",
    "rm -rf",
    "os.system",
    "subprocess",
    "invoke-expression",
    "downloadstring",
    "<script",
    "javascript:",
    "document.cookie",
    "/etc/passwd",
    "~/.ssh",
    "id_rsa",
    "base64 -d",
    "base64 --decode",
    "child_process",
    "; curl ",
];

/// In the open, only what hides what it runs.
const CONCEALED: [&str; 6] =
    ["base64 -d | sh", "base64 -d | bash", "base64 -d|sh", "base64 -d|bash", "base64 --decode | bash", "/dev/tcp/"];

pub(crate) fn is_command(text: &str) -> bool {
    let text = text.trim_start().to_ascii_lowercase();
    BEGINS.iter().any(|begin| text.starts_with(begin)) || HOLDS.iter().any(|part| text.contains(part))
}

/// Where a command stands that runs what it decodes, as bytes.
pub(crate) fn concealed(text: &str) -> Option<(usize, usize)> {
    CONCEALED.iter().find_map(|part| text.find(part).map(|at| (at, at + part.len())))
}
