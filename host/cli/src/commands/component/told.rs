//! What a component asks for, in words that its owner reads before allowing it.

use wirken_manifest::{ANYWHERE, Access, Kind, Manifest};

/// One line for each thing; a component that asks for nothing has one too.
pub(crate) fn asks(manifest: &Manifest) -> Vec<String> {
    let mut lines = Vec::new();
    match manifest.filesystem.workspace {
        Access::None => {}
        Access::ReadOnly => lines.push("It may read the files of the workspace.".to_owned()),
        Access::ReadWrite => lines.push("It may read, change and remove the files of the workspace.".to_owned()),
    }
    for spec in &manifest.network.origins {
        lines.push(match (manifest.kind, spec.origin.as_str()) {
            (Kind::Tool, ANYWHERE) => {
                "It may send requests to any public host; you are asked about each that you did not open to it.".to_owned()
            }
            (Kind::Tool, _) => format!("It may read from {spec} without asking you; what changes something there is asked for."),
            _ => format!("Its requests go to {spec}."),
        });
    }
    for credential in &manifest.credentials {
        let needed = if credential.optional { "may carry" } else { "carry" };
        let origins = credential.origins.join(", ");
        lines.push(format!("Its requests to {origins} {needed} the credential {:?}, which it never sees.", credential.name));
    }
    if manifest.exec.run {
        lines.push("It may run programs in the sandbox; you are asked about each that is not known to be harmless.".to_owned());
    }
    if manifest.store.keep {
        lines.push("It may keep what it learns, for each person by itself.".to_owned());
    }
    if manifest.messages.send {
        lines.push("It may send messages to people through your channels; you are asked about each conversation.".to_owned());
    }
    if lines.is_empty() {
        lines.push("It asks for nothing: it computes, and answers.".to_owned());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thing_that_is_asked_for_has_its_line() {
        let head = "name = \"t\"\nkind = \"tool\"\nversion = \"0.1.0\"\nworld = \"w\"\n";
        let told = |rest: &str| asks(&Manifest::parse(&format!("{head}{rest}")).unwrap());
        assert_eq!(told("").len(), 1);
        for (rest, word) in [
            ("[filesystem]\nworkspace = \"read-only\"\n", "read the files"),
            ("[filesystem]\nworkspace = \"read-write\"\n", "remove"),
            ("[network]\norigins = [\"https://a.example\"]\n", "https://a.example"),
            ("[network]\norigins = [\"https://*\"]\n", "any public host"),
            ("[exec]\nrun = true\n", "programs"),
            ("[store]\nkeep = true\n", "keep"),
            ("[messages]\nsend = true\n", "messages"),
        ] {
            let lines = told(rest);
            assert!(lines.len() == 1 && lines[0].contains(word), "{lines:?}");
        }
    }
}
