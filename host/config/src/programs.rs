//! `[programs]`: where programs run that people allow. Without it none does.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ConfigError, field};

/// The sandbox of programs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Programs {
    /// Which one. Default: `container`, which needs an `image`.
    #[serde(default)]
    pub sandbox: ProgramSandbox,
    /// The container's image by digest: `name@sha256:…`, or an image's own id, `sha256:…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Run containers under gVisor: `runsc` has to be one of the engine's runtimes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gvisor: bool,
    /// Where the container engine listens. Default: where Docker and Podman do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub socket: Option<PathBuf>,
}

/// What stands between a program and this machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProgramSandbox {
    /// A container of Docker or Podman.
    #[default]
    Container,
    /// Namespaces of the kernel, Landlock and a filter of system calls, without an engine. Programs are those of this
    /// machine, and memory is counted and not reserved.
    Namespaces,
}

impl Programs {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        if self.socket.as_ref().is_some_and(|path| !path.is_absolute()) {
            return Err(field("programs.socket", "it is not an absolute path"));
        }
        let namespaces = self.sandbox == ProgramSandbox::Namespaces;
        for (key, there) in [("image", self.image.is_some()), ("gvisor", self.gvisor), ("socket", self.socket.is_some())] {
            if namespaces && there {
                return Err(field(format!("programs.{key}"), "it is for containers; leave it out, or set `sandbox = \"container\"`"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    fn parse(lines: &str) -> Result<Config, String> {
        Config::parse(&format!("[provider]\ncomponent = \"demo\"\nmodel = \"demo\"\n{lines}")).map_err(|error| error.to_string())
    }

    #[test]
    fn a_second_sandbox_is_chosen_knowingly() {
        assert_eq!(parse("").unwrap().programs, Programs::default());
        assert_eq!(Programs::default().sandbox, ProgramSandbox::Container);
        for (lines, sandbox) in [
            ("sandbox = \"namespaces\"\n", ProgramSandbox::Namespaces),
            ("image = \"sha256:00\"\ngvisor = true\nsocket = \"/run/docker.sock\"\n", ProgramSandbox::Container),
        ] {
            let config = parse(&format!("[programs]\n{lines}")).unwrap();
            assert_eq!(config.programs.sandbox, sandbox);
            assert_eq!(Config::parse(&config.render().unwrap()), Ok(config));
        }
        for (lines, said) in [
            ("sandbox = \"none\"\n", "none"),
            ("socket = \"docker.sock\"\n", "absolute"),
            ("sandbox = \"namespaces\"\nimage = \"sha256:00\"\n", "programs.image"),
            ("sandbox = \"namespaces\"\ngvisor = true\n", "programs.gvisor"),
        ] {
            let error = parse(&format!("[programs]\n{lines}")).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}
