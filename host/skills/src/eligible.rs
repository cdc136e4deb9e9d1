//! Whether what a skill needs is there.

use crate::metadata::Metadata;

/// What a skill may ask of the place where its programs would run. Without a word from there, nothing is there.
pub trait Surroundings {
    /// `linux`, `darwin` or `win32`.
    fn os(&self) -> &str;
    /// A program of this name would be found and run.
    fn has_program(&self, name: &str) -> bool;
    /// The variable is set to something.
    fn has_variable(&self, name: &str) -> bool;
    /// The configuration holds something under a dotted path.
    fn holds(&self, path: &str) -> bool;
}

/// Nothing is there.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nothing;

impl Surroundings for Nothing {
    fn os(&self) -> &str {
        ""
    }

    fn has_program(&self, _: &str) -> bool {
        false
    }

    fn has_variable(&self, _: &str) -> bool {
        false
    }

    fn holds(&self, _: &str) -> bool {
        false
    }
}

/// Something that a skill needs and that is not there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lack {
    /// It is for these systems.
    Os(Vec<String>),
    Program(String),
    AnyProgram(Vec<String>),
    Variable {
        name: String,
        is_primary: bool,
    },
    Config(String),
}

impl std::fmt::Display for Lack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Os(systems) => write!(f, "it is for {} alone", systems.join(", ")),
            Self::Program(name) => write!(f, "the program `{name}` is not there"),
            Self::AnyProgram(names) => write!(f, "none of the programs `{}` is there", names.join("`, `")),
            Self::Variable { name, is_primary: true } => {
                write!(f, "`{name}` is not set: name a credential as `api-key` of its entry in the configuration")
            }
            Self::Variable { name, is_primary: false } => {
                write!(f, "`{name}` is not set: set it under `env` of its entry in the configuration")
            }
            Self::Config(path) => write!(f, "the configuration holds nothing under `{path}`"),
        }
    }
}

/// Everything that a skill lacks. `provides` tells which variables its entry in the configuration gives.
pub fn lacks(needs: &Metadata, provides: &dyn Fn(&str) -> bool, here: &dyn Surroundings) -> Vec<Lack> {
    let mut lacks = Vec::new();
    if !needs.os.is_empty() && !needs.os.iter().any(|os| os == here.os()) {
        lacks.push(Lack::Os(needs.os.clone()));
    }
    if needs.always {
        return lacks;
    }
    lacks.extend(needs.bins.iter().filter(|name| !here.has_program(name)).cloned().map(Lack::Program));
    if !needs.any_bins.is_empty() && !needs.any_bins.iter().any(|name| here.has_program(name)) {
        lacks.push(Lack::AnyProgram(needs.any_bins.clone()));
    }
    let missing = needs.env.iter().filter(|name| !provides(name) && !here.has_variable(name));
    lacks.extend(missing.map(|name| Lack::Variable { name: name.clone(), is_primary: needs.primary_env.as_ref() == Some(name) }));
    lacks.extend(needs.config.iter().filter(|path| !here.holds(path)).cloned().map(Lack::Config));
    lacks
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Here;

    impl Surroundings for Here {
        fn os(&self) -> &str {
            "linux"
        }

        fn has_program(&self, name: &str) -> bool {
            name == "git"
        }

        fn has_variable(&self, name: &str) -> bool {
            name == "HOME"
        }

        fn holds(&self, path: &str) -> bool {
            path == "agent.workspace"
        }
    }

    fn texts(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn names_everything_that_is_not_there_at_once() {
        let needs = Metadata {
            os: texts(&["darwin", "win32"]),
            bins: texts(&["git", "curl", "jq"]),
            any_bins: texts(&["npm", "bun"]),
            env: texts(&["HOME", "GIVEN", "KEY", "OTHER"]),
            config: texts(&["agent.workspace", "browser.enabled"]),
            primary_env: Some("KEY".to_owned()),
            ..Metadata::default()
        };
        let said: Vec<_> = lacks(&needs, &|name| name == "GIVEN", &Here).iter().map(Lack::to_string).collect();
        assert_eq!(
            said,
            [
                "it is for darwin, win32 alone",
                "the program `curl` is not there",
                "the program `jq` is not there",
                "none of the programs `npm`, `bun` is there",
                "`KEY` is not set: name a credential as `api-key` of its entry in the configuration",
                "`OTHER` is not set: set it under `env` of its entry in the configuration",
                "the configuration holds nothing under `browser.enabled`",
            ]
        );
    }

    #[test]
    fn one_of_any_is_enough_and_nothing_asked_is_nothing_lacking() {
        let needs = Metadata { any_bins: texts(&["npm", "git"]), os: texts(&["linux"]), ..Metadata::default() };
        assert_eq!(lacks(&needs, &|_| false, &Here), []);
        assert_eq!(lacks(&Metadata::default(), &|_| false, &Nothing), []);
    }

    #[test]
    fn always_skips_all_but_the_system() {
        let needs = Metadata { always: true, bins: texts(&["curl"]), env: texts(&["KEY"]), config: texts(&["x"]), ..Metadata::default() };
        assert_eq!(lacks(&needs, &|_| false, &Here), []);
        let needs = Metadata { os: texts(&["darwin"]), ..needs };
        assert_eq!(lacks(&needs, &|_| false, &Here), [Lack::Os(texts(&["darwin"]))]);
    }
}
