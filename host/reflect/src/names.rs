//! Names that models' APIs take for tools: 1 to 64 of `[A-Za-z0-9_-]`, each once in a component, the same every time.
//!
//! A function's own name, where no other function has it. Where one does, each that stands in an interface is prefixed
//! with the interface's name, then with the package's too, then with the version; what still clashes is numbered. WIT's
//! names hold no `_`, so that a prefixed name is no other function's own.

use std::collections::{HashMap, HashSet};

use crate::MAX_NAME_BYTES;
use crate::description::interface;

/// How often a name can be prefixed anew.
const FORMS: usize = 4;

/// A name for each function, which is given with the export that it stands in.
pub(crate) fn of_tools(functions: &[(Option<&str>, &str)]) -> Vec<String> {
    let mut forms = vec![0; functions.len()];
    for _ in 1..FORMS {
        let names = written(functions, &forms);
        let mut users: HashMap<&str, usize> = HashMap::new();
        for name in &names {
            *users.entry(name).or_default() += 1;
        }
        for ((form, name), (export, _)) in forms.iter_mut().zip(&names).zip(functions) {
            if export.is_some() && users.get(name.as_str()).is_some_and(|users| *users > 1) {
                *form += 1;
            }
        }
    }
    let mut taken = HashSet::new();
    written(functions, &forms).into_iter().map(|name| unused(&name, &mut taken)).collect()
}

fn written(functions: &[(Option<&str>, &str)], forms: &[usize]) -> Vec<String> {
    functions.iter().zip(forms).map(|((export, function), form)| name(*export, function, *form)).collect()
}

fn name(export: Option<&str>, function: &str, form: usize) -> String {
    let export = export.unwrap_or_default();
    let unversioned = export.split_once('@').map_or(export, |(name, _)| name);
    let whole = match form {
        0 => function.to_owned(),
        1 => format!("{}_{function}", interface(export)),
        2 => format!("{unversioned}_{function}"),
        _ => format!("{export}_{function}"),
    };
    let allowed = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    whole.chars().map(allowed).take(MAX_NAME_BYTES).collect()
}

fn unused(name: &str, taken: &mut HashSet<String>) -> String {
    let mut candidate = name.to_owned();
    let mut number = 2_usize;
    while candidate.is_empty() || !taken.insert(candidate.clone()) {
        let suffix = format!("_{number}");
        // Every character of a name is one byte.
        candidate = name.chars().take(MAX_NAME_BYTES.saturating_sub(suffix.len())).collect::<String>() + &suffix;
        number += 1;
    }
    candidate
}

#[cfg(test)]
mod tests;
