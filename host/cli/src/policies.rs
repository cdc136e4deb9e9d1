//! The policies that are in force: those that the owner listed, in his order, and behind them each that he added beside.
//!
//! Whoever adds one wants it asked, so that it is. The owner alone takes one out, by the list or by disabling it; whatever
//! else keeps one from being loaded keeps all of them as they were.

use std::collections::BTreeMap;

use anyhow::bail;
use wirken_config::{Config, MAX_POLICIES};
use wirken_engine::Engine;
use wirken_installed::Rest;
use wirken_manifest::Kind;
use wirken_plugin::{Package, PolicyPlugin};

use crate::shelf::{self, Shelf};

/// All of them, in their order. Where one cannot be loaded there are none, and `resting` has the reason; there stands too
/// which the owner does without.
pub(crate) fn load(
    engine: &Engine,
    shelf: &Shelf,
    config: &Config,
    resting: &mut BTreeMap<String, String>,
) -> anyhow::Result<Vec<PolicyPlugin>> {
    let mut policies = Vec::new();
    for (name, listed) in names(shelf, config)? {
        match plugin(engine, shelf, config, &name) {
            Ok(Some(policy)) => policies.push(policy),
            Ok(None) => drop(resting.insert(name, Rest::Disabled.to_string())),
            Err(error) => {
                resting.insert(name.clone(), format!("{error:#}"));
                return Err(error.context(if listed {
                    format!("the policy {name} of policies.order in config.toml cannot be put to use")
                } else {
                    format!("the policy {name}, which was added, cannot be put to use (`wirken component disable {name}` does without it)")
                }));
            }
        }
    }
    if policies.len() > MAX_POLICIES {
        bail!("{} policies would be in force, and {MAX_POLICIES} are the most: disable or remove one", policies.len());
    }
    Ok(policies)
}

fn plugin(engine: &Engine, shelf: &Shelf, config: &Config, name: &str) -> anyhow::Result<Option<PolicyPlugin>> {
    let Some(package) = package(shelf, name)? else { return Ok(None) };
    let given = config.components.get(name).map(|component| component.settings.clone()).unwrap_or_default();
    Ok(Some(PolicyPlugin::load(engine, package, &given)?))
}

/// Which there are to be, in their order, and whether each was listed.
pub(crate) fn names(shelf: &Shelf, config: &Config) -> anyhow::Result<Vec<(String, bool)>> {
    let mut names: Vec<(String, bool)> = config.policies.order.iter().map(|name| (name.clone(), true)).collect();
    for name in shelf.added_of(Kind::Policy)? {
        // One that nobody allowed yet waits, and one whose name is taken is nobody's policy.
        let waits = shelf::is_bundled(&name)? || shelf.added().consent(&name)?.component.is_none();
        if !waits && !config.policies.order.contains(&name) {
            names.push((name, false));
        }
    }
    Ok(names)
}

/// None where the owner disabled it.
fn package(shelf: &Shelf, name: &str) -> anyhow::Result<Option<Package>> {
    if !shelf::is_bundled(name)? && shelf.added().contains(name) {
        let installed = shelf.added().read(name)?;
        if installed.consent.disabled {
            return Ok(None);
        }
        match installed.rests() {
            Some(rest) => bail!("it is {rest}: {}", shelf::remedy(&rest, name)),
            None => return Ok(Some(Package { manifest: installed.manifest, wasm: installed.wasm })),
        }
    }
    shelf.find(Kind::Policy, name).map(|found| Some(found.into_package()))
}
