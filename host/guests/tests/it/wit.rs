//! The interfaces, as their readers meet them.

use wit_parser::{Docs, Resolve, TypeDefKind, WorldItem};

use crate::run::root;

/// In the order in which they use one another.
const PACKAGES: [&str; 6] = ["http", "chat", "provider", "tool", "policy", "host"];

#[test]
fn everything_that_others_write_against_says_what_it_is() {
    let mut resolve = Resolve::default();
    let mut silent = Vec::new();
    let mut told = 0;
    let mut check = |name: String, docs: &Docs| {
        if docs.contents.as_deref().is_none_or(|text| text.trim().is_empty()) {
            silent.push(name);
        } else {
            told += 1;
        }
    };
    let packages = PACKAGES.map(|package| resolve.push_path(root().join("wit").join(package)).unwrap().0);
    for package in packages.map(|id| &resolve.packages[id]) {
        let name = &package.name;
        for (interface, id) in &package.interfaces {
            let interface_name = format!("{name}/{interface}");
            let interface = &resolve.interfaces[*id];
            check(interface_name.clone(), &interface.docs);
            for (function, item) in &interface.functions {
                check(format!("{interface_name}.{function}"), &item.docs);
            }
            for (ty, id) in &interface.types {
                let item = &resolve.types[*id];
                // What is used from elsewhere is told there.
                if !matches!(item.kind, TypeDefKind::Type(wit_parser::Type::Id(_))) {
                    check(format!("{interface_name}.{ty}"), &item.docs);
                }
            }
        }
        for (world, id) in &package.worlds {
            check(format!("{name}/{world}"), &resolve.worlds[*id].docs);
            assert!(resolve.worlds[*id].exports.values().all(|item| matches!(item, WorldItem::Interface { .. })));
        }
    }
    assert!(silent.is_empty(), "without a comment: {silent:?}");
    assert!(told > 50, "only {told} items were found");
}
