//! What a component may do: its imports, its manifest, its owner's grant and the policy, all four agreeing.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::{Map, Value};
use wirken_manifest::{Manifest, Reach, ReachSpec, SettingsError, To};
use wirken_types::credential::{Origin, OriginPattern};

pub use wirken_manifest::Access;

/// What a component's code could use at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    pub filesystem: bool,
    pub http: bool,
    pub exec: bool,
    pub store: bool,
    pub messages: bool,
    pub credentials: bool,
}

/// What its manifest asks for, its settings filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    pub workspace: Access,
    /// Each as the manifest has it, and what that comes to.
    pub network: Vec<(ReachSpec, Reach)>,
    pub exec: bool,
    pub store: bool,
    pub messages: bool,
    pub credentials: BTreeSet<String>,
}

impl Asked {
    pub fn of(manifest: &Manifest, settings: &Map<String, Value>) -> Result<Self, SettingsError> {
        Ok(Self {
            workspace: manifest.filesystem.workspace,
            network: manifest.network.origins.iter().cloned().zip(manifest.reaches(settings)?).collect(),
            exec: manifest.exec.run,
            store: manifest.store.keep,
            messages: manifest.messages.send,
            credentials: manifest.credentials.iter().map(|credential| credential.name.clone()).collect(),
        })
    }
}

/// What the owner answers to a component's requests. The default grants nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grant {
    /// The agent's workspace, and how far it is open.
    pub workspace: Option<(PathBuf, Access)>,
    /// Whether a call that has the workspace may read the folders of skills.
    pub skills: bool,
    /// The entries of the manifest, as it writes them: what a setting fills in, the owner wrote.
    pub network: BTreeSet<String>,
    pub exec: bool,
    pub store: bool,
    pub messages: bool,
    pub credentials: BTreeSet<String>,
    /// Origins that it may read from without being asked about, beside those that it was granted by name.
    pub opened: Vec<OriginPattern>,
}

impl Grant {
    /// Everything that a manifest asks for, and to read skills: a component that came with this host, whose owner is told of
    /// no more than that.
    pub fn whole(asked: &Asked, workspace: Option<PathBuf>) -> Self {
        Self {
            workspace: workspace.map(|folder| (folder, asked.workspace)),
            skills: true,
            network: asked.network.iter().map(|(spec, _)| spec.to_string()).collect(),
            exec: asked.exec,
            store: asked.store,
            messages: asked.messages,
            credentials: asked.credentials.clone(),
            opened: Vec::new(),
        }
    }
}

/// What no grant goes beyond: the organization's word, or the owner's about all components. The default bounds nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ceiling {
    pub workspace: Access,
    /// Where requests may go at all; none for anywhere.
    pub network: Option<Vec<OriginPattern>>,
    pub exec: bool,
    pub store: bool,
    pub messages: bool,
    pub credentials: bool,
}

impl Default for Ceiling {
    fn default() -> Self {
        Self { workspace: Access::ReadWrite, network: None, exec: true, store: true, messages: true, credentials: true }
    }
}

/// What is in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Authority {
    pub workspace: Option<(PathBuf, Access)>,
    /// Whether a call may be given the folder of a skill to read.
    pub skills: bool,
    pub network: Network,
    pub exec: bool,
    pub store: bool,
    pub messages: bool,
    pub credentials: BTreeSet<String>,
}

/// Where requests may go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    reaches: Vec<Reach>,
    /// The policy's bound; none for none.
    within: Option<Vec<OriginPattern>>,
    opened: Vec<OriginPattern>,
}

impl Network {
    /// Whether any request may go anywhere.
    pub fn is_open(&self) -> bool {
        !self.reaches.is_empty()
    }

    /// Whether a request may go there. `path` without its query.
    pub fn covers(&self, method: &str, origin: &Origin, path: &str) -> bool {
        self.is_within(origin) && self.reaches.iter().any(|reach| reach.covers(method, origin, path))
    }

    /// Whether the owner opened this origin to the component by its name, or by its domain's.
    pub fn is_opened(&self, origin: &Origin) -> bool {
        let named = |reach: &Reach| matches!(&reach.to, To::Pattern(pattern) if pattern.matches(origin));
        self.is_within(origin) && (self.reaches.iter().any(named) || self.opened.iter().any(|pattern| pattern.matches(origin)))
    }

    fn is_within(&self, origin: &Origin) -> bool {
        self.within.as_ref().is_none_or(|within| within.iter().any(|pattern| pattern.matches(origin)))
    }

    /// In words, for an error.
    pub fn told(&self) -> String {
        let list: Vec<String> = self.reaches.iter().map(Reach::to_string).collect();
        let bound = if self.within.is_some() { ", as far as the policy of this host lets it" } else { "" };
        if list.is_empty() { "nothing".to_owned() } else { format!("{}{bound}", list.join("; ")) }
    }
}

/// Imports ∧ manifest ∧ grant ∧ policy.
pub fn effective(imported: Imported, asked: &Asked, grant: &Grant, ceiling: &Ceiling) -> Authority {
    let workspace = grant.workspace.as_ref().and_then(|(folder, granted)| {
        let access = asked.workspace.min(*granted).min(ceiling.workspace);
        (imported.filesystem && access > Access::None).then(|| (folder.clone(), access))
    });
    let network = if imported.http {
        let granted = asked.network.iter().filter(|(spec, _)| grant.network.contains(&spec.to_string()));
        Network {
            reaches: granted.map(|(_, reach)| reach.clone()).collect(),
            within: ceiling.network.clone(),
            opened: grant.opened.clone(),
        }
    } else {
        Network::default()
    };
    // A credential is of use to a request alone, and whether there is one is for `wirken:host/credentials` to tell.
    let usable = ceiling.credentials && (imported.http || imported.credentials);
    Authority {
        skills: workspace.is_some() && grant.skills,
        workspace,
        network,
        exec: imported.exec && asked.exec && grant.exec && ceiling.exec,
        store: imported.store && asked.store && grant.store && ceiling.store,
        messages: imported.messages && asked.messages && grant.messages && ceiling.messages,
        credentials: if usable { asked.credentials.intersection(&grant.credentials).cloned().collect() } else { BTreeSet::new() },
    }
}

/// What of a component's requests stands against its use, in words. For a provider and a channel, which are used with all
/// that they ask for, or not at all.
pub fn withheld(asked: &Asked, grant: &Grant, ceiling: &Ceiling) -> Vec<String> {
    let mut words = Vec::new();
    for (spec, reach) in &asked.network {
        let within = |list: &Vec<OriginPattern>| match &reach.to {
            To::Pattern(asked) => list.iter().any(|pattern| pattern.covers(asked)),
            To::Anywhere => false,
        };
        if !grant.network.contains(&spec.to_string()) {
            words.push(format!("it was not allowed to send requests to {spec}"));
        } else if !ceiling.network.as_ref().is_none_or(within) {
            words.push(format!("`ceiling.network` does not hold {}", reach.to));
        }
    }
    words.extend(asked.credentials.difference(&grant.credentials).map(|name| format!("it was not allowed the credential {name:?}")));
    if !ceiling.credentials && !asked.credentials.is_empty() {
        words.push("`ceiling.credentials` is false, and its requests carry credentials".to_owned());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMPORTS: Imported = Imported { filesystem: true, http: true, exec: true, store: true, messages: true, credentials: true };

    fn asked() -> Asked {
        let manifest = "name = \"t\"\nkind = \"tool\"\nversion = \"0.1.0\"\nworld = \"w\"\n\
            [network]\norigins = [\"https://a.example\", { origin = \"https://*.b.example\", methods = [\"GET\"], paths = [\"/v1/\"] }]\n\
            [filesystem]\nworkspace = \"read-write\"\n[exec]\nrun = true\n[store]\nkeep = true\n[messages]\nsend = true\n\
            [[credentials]]\nname = \"key\"\ndescription = \"k\"\norigins = [\"https://a.example\"]\nplace = { kind = \"bearer\" }\n";
        Asked::of(&Manifest::parse(manifest).unwrap(), &Map::new()).unwrap()
    }

    fn everything() -> (Imported, Asked, Grant, Ceiling) {
        let asked = asked();
        let grant = Grant::whole(&asked, Some(PathBuf::from("/workspace")));
        (IMPORTS, asked, grant, Ceiling::default())
    }

    fn origin(text: &str) -> Origin {
        Origin::parse(text).unwrap()
    }

    #[test]
    fn all_four_together_grant_what_was_asked_for() {
        let (imported, asked, grant, ceiling) = everything();
        let authority = effective(imported, &asked, &grant, &ceiling);
        assert_eq!(authority.workspace, Some((PathBuf::from("/workspace"), Access::ReadWrite)));
        assert!(authority.exec && authority.store && authority.messages);
        assert_eq!(authority.credentials.iter().collect::<Vec<_>>(), ["key"]);
        assert!(authority.network.covers("POST", &origin("https://a.example"), "/"));
        assert!(authority.network.covers("GET", &origin("https://x.b.example"), "/v1/y"));
        assert!(!authority.network.covers("POST", &origin("https://x.b.example"), "/v1/y"));
        assert!(!authority.network.covers("GET", &origin("https://c.example"), "/"));
    }

    /// Each row takes one of the four away from one authority; nothing else may change.
    #[test]
    fn one_that_disagrees_is_enough_and_takes_nothing_else() {
        type Change = fn(&mut (Imported, Asked, Grant, Ceiling));
        type Expect = fn(&mut Authority);
        let no_workspace: Expect = |authority| (authority.workspace, authority.skills) = (None, false);
        let no_skills: Expect = |authority| authority.skills = false;
        let no_network: Expect = |authority| authority.network.reaches.clear();
        let no_exec: Expect = |authority| authority.exec = false;
        let no_store: Expect = |authority| authority.store = false;
        let no_messages: Expect = |authority| authority.messages = false;
        let no_credentials: Expect = |authority| authority.credentials.clear();
        let rows: Vec<(&str, Change, Expect)> = vec![
            ("workspace, import", |all| all.0.filesystem = false, no_workspace),
            ("workspace, manifest", |all| all.1.workspace = Access::None, no_workspace),
            ("workspace, grant", |all| all.2.workspace = None, no_workspace),
            ("workspace, granted shut", |all| all.2.workspace = Some((PathBuf::from("/workspace"), Access::None)), no_workspace),
            ("workspace, policy", |all| all.3.workspace = Access::None, no_workspace),
            ("skills, grant", |all| all.2.skills = false, no_skills),
            ("network, manifest", |all| all.1.network.clear(), no_network),
            ("network, grant", |all| all.2.network.clear(), no_network),
            ("exec, import", |all| all.0.exec = false, no_exec),
            ("exec, manifest", |all| all.1.exec = false, no_exec),
            ("exec, grant", |all| all.2.exec = false, no_exec),
            ("exec, policy", |all| all.3.exec = false, no_exec),
            ("store, import", |all| all.0.store = false, no_store),
            ("store, manifest", |all| all.1.store = false, no_store),
            ("store, grant", |all| all.2.store = false, no_store),
            ("store, policy", |all| all.3.store = false, no_store),
            ("messages, import", |all| all.0.messages = false, no_messages),
            ("messages, manifest", |all| all.1.messages = false, no_messages),
            ("messages, grant", |all| all.2.messages = false, no_messages),
            ("messages, policy", |all| all.3.messages = false, no_messages),
            (
                "credentials, import",
                |all| (all.0.http, all.0.credentials) = (false, false),
                |authority| {
                    authority.credentials.clear();
                    authority.network = Network::default();
                },
            ),
            ("credentials, manifest", |all| all.1.credentials.clear(), no_credentials),
            ("credentials, grant", |all| all.2.credentials.clear(), no_credentials),
            ("credentials, policy", |all| all.3.credentials = false, no_credentials),
        ];
        for (row, change, expect) in rows {
            let mut all = everything();
            let mut expected = effective(all.0, &all.1, &all.2, &all.3);
            expect(&mut expected);
            change(&mut all);
            assert_eq!(effective(all.0, &all.1, &all.2, &all.3), expected, "{row}");
        }
    }

    #[test]
    fn the_narrowest_access_to_the_workspace_is_in_force() {
        use Access::{ReadOnly, ReadWrite};
        for (asked, granted, policy, expected) in [
            (ReadWrite, ReadWrite, ReadOnly, ReadOnly),
            (ReadWrite, ReadOnly, ReadWrite, ReadOnly),
            (ReadOnly, ReadWrite, ReadWrite, ReadOnly),
            (ReadWrite, ReadWrite, ReadWrite, ReadWrite),
        ] {
            let mut all = everything();
            all.1.workspace = asked;
            all.2.workspace = Some((PathBuf::from("/workspace"), granted));
            all.3.workspace = policy;
            let authority = effective(all.0, &all.1, &all.2, &all.3);
            assert_eq!(authority.workspace, Some((PathBuf::from("/workspace"), expected)));
        }
    }

    #[test]
    fn what_is_asked_for_anew_is_not_granted_with_what_was_granted_before() {
        let mut all = everything();
        let wider = Manifest::parse(
            "name = \"t\"\nkind = \"tool\"\nversion = \"0.2.0\"\nworld = \"w\"\n[network]\norigins = [\"https://a.example\", \"https://*.b.example\", \"https://*\"]\n",
        );
        all.1.network = Asked::of(&wider.unwrap(), &Map::new()).unwrap().network;
        let authority = effective(all.0, &all.1, &all.2, &all.3);
        assert!(authority.network.covers("POST", &origin("https://a.example"), "/"));
        assert!(!authority.network.covers("GET", &origin("https://x.b.example"), "/v1/y"), "it is another entry than the one granted");
        assert!(!authority.network.covers("GET", &origin("https://c.example"), "/"));
    }

    #[test]
    fn the_policy_bounds_the_network_of_every_component() {
        let mut all = everything();
        all.2.opened = vec!["https://docs.example".parse().unwrap()];
        all.3.network = Some(vec!["https://a.example".parse().unwrap()]);
        let network = effective(all.0, &all.1, &all.2, &all.3).network;
        assert!(network.covers("GET", &origin("https://a.example"), "/") && network.is_opened(&origin("https://a.example")));
        assert!(!network.covers("GET", &origin("https://x.b.example"), "/v1/y") && !network.is_opened(&origin("https://x.b.example")));
        assert!(!network.is_opened(&origin("https://docs.example")));
        all.3.network = None;
        let network = effective(all.0, &all.1, &all.2, &all.3).network;
        assert!(network.is_opened(&origin("https://docs.example")) && !network.covers("GET", &origin("https://docs.example"), "/"));
    }

    /// As for a provider: what is asked for by its origin and its credentials, all of it or nothing.
    #[test]
    fn what_is_used_whole_is_withheld_where_one_disagrees() {
        let (_, asked, grant, ceiling) = everything();
        assert_eq!(withheld(&asked, &grant, &ceiling), Vec::<String>::new());
        let origins =
            |list: &[&str]| Ceiling { network: Some(list.iter().map(|text| text.parse().unwrap()).collect()), ..Ceiling::default() };
        assert_eq!(withheld(&asked, &grant, &origins(&["https://a.example", "*.b.example"])), Vec::<String>::new());
        let one = |said: Vec<String>, word: &str| assert!(said.len() == 1 && said[0].contains(word), "{said:?}");
        one(withheld(&asked, &grant, &origins(&["https://a.example", "https://x.b.example"])), "https://*.b.example");
        one(withheld(&asked, &grant, &origins(&["*.b.example"])), "https://a.example");
        one(withheld(&asked, &grant, &Ceiling { credentials: false, ..Ceiling::default() }), "ceiling.credentials");
        let mut less = grant.clone();
        less.network.remove("https://a.example");
        one(withheld(&asked, &less, &ceiling), "https://a.example");
        let mut less = grant;
        less.credentials.clear();
        one(withheld(&asked, &less, &ceiling), "\"key\"");
    }

    #[test]
    fn any_public_host_is_none_that_was_opened_by_name() {
        let manifest = "name = \"t\"\nkind = \"tool\"\nversion = \"0.1.0\"\nworld = \"w\"\n[network]\norigins = [\"https://*\"]\n";
        let asked = Asked::of(&Manifest::parse(manifest).unwrap(), &Map::new()).unwrap();
        let network = effective(IMPORTS, &asked, &Grant::whole(&asked, None), &Ceiling::default()).network;
        assert!(network.covers("GET", &origin("https://c.example"), "/") && !network.is_opened(&origin("https://c.example")));
        assert!(!network.covers("GET", &origin("http://127.0.0.1:8080"), "/"));
    }
}
