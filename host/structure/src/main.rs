//! Releases the packages of `wit/` that are newer than what is released: each gets a line in `wit/released.toml`, and may
//! not change any more. Nothing is released where anything is wrong.

use std::io::Write as _;
use std::process::ExitCode;

use wirken_structure::wit::{self, RECORD};

fn main() -> ExitCode {
    match release() {
        Ok(told) => {
            let _ = writeln!(std::io::stdout(), "{told}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            let _ = writeln!(std::io::stderr(), "wirken-release-wit: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn release() -> Result<String, String> {
    let start = std::env::current_dir().map_err(|error| error.to_string())?;
    let root = start.ancestors().find(|folder| folder.join("wit").is_dir() && folder.join("host").is_dir());
    let folder = root.ok_or("run this inside the repository")?.join("wit");
    let packages = wit::packages(&folder).map_err(|error| error.to_string())?;
    let mut record = wit::Record::read(&folder.join(RECORD)).map_err(|error| error.to_string())?;
    let released = record.release(&packages).map_err(|objections| objections.join("\n"))?;
    if released.is_empty() {
        return Ok("Nothing is new.".to_owned());
    }
    std::fs::write(folder.join(RECORD), record.text()).map_err(|error| error.to_string())?;
    Ok(format!("Released: {}.", released.join(", ")))
}
