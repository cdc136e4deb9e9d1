//! What is in them.

use std::collections::BTreeSet;
use std::path::Path;

use wirken_manifest::{Kind, Manifest};
use wirken_scaffold::{File, Language, scaffold};
use wit_parser::Resolve;

const KINDS: [Kind; 4] = [Kind::Tool, Kind::Provider, Kind::Channel, Kind::Policy];

/// Every scaffold there is, under a name that stands in each file as it is.
fn all() -> impl Iterator<Item = (String, Kind, Language, Vec<File>)> {
    let both = KINDS.into_iter().flat_map(|kind| Language::ALL.map(|language| (kind, language)));
    both.map(|(kind, language)| {
        let files = scaffold("my-3rd-thing", kind, language).unwrap();
        (format!("{} in {}", kind.word(), language.word()), kind, language, files)
    })
}

fn content<'a>(files: &'a [File], path: &str) -> &'a str {
    &files.iter().find(|file| file.path == path).unwrap_or_else(|| panic!("no {path}")).content
}

#[test]
fn every_placeholder_is_replaced_and_every_path_stays_inside() {
    let mut seen = 0;
    for (what, _, _, files) in all() {
        seen += 1;
        let paths: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths.len(), files.len(), "{what}");
        for File { path, content } in &files {
            assert!(!content.contains("{{") || path.ends_with(".rs") && path.starts_with("vendor/"), "{what}: {path}");
            assert!(content.ends_with('\n') && !content.ends_with("\n\n"), "{what}: {path}");
            assert!(!path.starts_with('/') && path.split('/').all(|part| !part.is_empty() && part != ".."), "{what}: {path}");
        }
    }
    assert_eq!(seen, 12);
}

#[test]
fn the_manifest_is_one_that_a_host_takes() {
    for (what, kind, language, files) in all() {
        let manifest = Manifest::parse(content(&files, "component.toml")).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!((manifest.name.as_str(), manifest.kind), ("my-3rd-thing", kind), "{what}");
        assert_eq!(manifest.world, format!("wirken:{0}/{0}@0.1.0", kind.word()), "{what}");
        assert_eq!(manifest.limits.fuel.is_some(), language != Language::Rust, "{what}");
    }
}

#[test]
fn the_interfaces_are_whole_and_hold_the_world_of_the_kind() {
    for (what, kind, language, files) in all() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &files);
        let mut resolve = Resolve::default();
        let wit = folder.path().join("wit");
        let world = if language == Language::Rust {
            for package in ["http", "chat", "host", "tool", kind.word()] {
                let path = wit.join(package);
                let known = resolve.package_names.keys().any(|name| name.name == package);
                if path.is_dir() && !known {
                    resolve.push_path(&path).unwrap_or_else(|error| panic!("{what}: {error:#}"));
                }
            }
            kind.word()
        } else {
            resolve.push_path(&wit).unwrap_or_else(|error| panic!("{what}: {error:#}"));
            "component"
        };
        let (_, world) = resolve.worlds.iter().find(|(_, item)| item.name == world).unwrap_or_else(|| panic!("{what}: no world"));
        assert_eq!(world.exports.len(), 1, "{what}");
    }
}

#[test]
fn the_interfaces_are_those_of_this_tree() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for (what, _, language, files) in all() {
        let below = if language == Language::Rust { "wit/" } else { "wit/deps/" };
        let mut compared = 0;
        for File { path, content } in &files {
            if let Some(path) = path.strip_prefix(below) {
                assert_eq!(*content, std::fs::read_to_string(root.join("wit").join(path)).unwrap(), "{what}: {path}");
                compared += 1;
            }
        }
        assert!(compared >= 3, "{what}: {compared}");
    }
}

/// Every file of the crate but its tests, so that one added there is missed here and not by an author.
#[test]
fn the_guest_crate_is_handed_out_whole() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../components");
    let files = scaffold("a", Kind::Tool, Language::Rust).unwrap();
    for (folder, crate_name) in [("sdk", "wirken-guest"), ("sdk-http", "wirken-guest-http")] {
        let below = format!("vendor/{crate_name}/src/");
        let handed: BTreeSet<String> = files.iter().filter_map(|file| file.path.strip_prefix(&below)).map(str::to_owned).collect();
        let mut there = BTreeSet::new();
        sources(&root.join(folder).join("src"), "", &mut there);
        assert_eq!(handed, there);
    }
    assert!(files.iter().filter(|file| file.path.starts_with("vendor/")).all(|file| !file.content.contains("mod tests;")));

    // Its dependencies are those that the guests of this tree are built with.
    let version = |text: &str, path: &[&str]| {
        let table: toml::Table = text.parse().unwrap();
        let mut value = &toml::Value::Table(table);
        for key in path {
            value = &value[*key];
        }
        value.as_str().unwrap().to_owned()
    };
    let workspace = std::fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let vendored = content(&files, "vendor/wirken-guest/Cargo.toml");
    let own = content(&files, "Cargo.toml");
    for name in ["wit-bindgen", "serde", "serde_json"] {
        let expected = version(&workspace, &["workspace", "dependencies", name, "version"]);
        assert_eq!(version(vendored, &["dependencies", name, "version"]), expected, "{name}");
        if name != "wit-bindgen" {
            assert_eq!(version(own, &["dependencies", name, "version"]), expected, "{name}");
        }
    }
    let http = content(&files, "vendor/wirken-guest-http/Cargo.toml");
    for name in ["wit-bindgen", "sha2", "url"] {
        assert_eq!(
            version(http, &["dependencies", name, "version"]),
            version(&workspace, &["workspace", "dependencies", name, "version"]),
            "{name}"
        );
    }
    let edition = version(&workspace, &["workspace", "package", "edition"]);
    assert_eq!((version(own, &["package", "edition"]), version(vendored, &["package", "edition"])), (edition.clone(), edition));
    let sdk: toml::Table = std::fs::read_to_string(root.join("sdk/Cargo.toml")).unwrap().parse().unwrap();
    assert_eq!(vendored.parse::<toml::Table>().unwrap()["features"], sdk["features"]);
}

/// A crate in Rust is linked as the guests of this tree are: with a stack of 128 KiB, and room for what is allocated first.
#[test]
fn a_component_is_linked_as_this_trees_guests_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let flags = |text: &str| {
        let table: toml::Table = text.parse().unwrap();
        let flags = table["target"]["wasm32-unknown-unknown"]["rustflags"].as_array().unwrap();
        flags.iter().map(|flag| flag.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for kind in KINDS {
        let files = scaffold("a", kind, Language::Rust).unwrap();
        let handed = flags(content(&files, ".cargo/config.toml"));
        let ours = std::fs::read_to_string(root.join("host/guests/src/compile.rs")).unwrap();
        let linked: Vec<&str> = ours.split('"').filter(|text| text.starts_with("-Clink-arg=")).collect();
        assert_eq!(handed, linked);
        assert!(handed[0].contains("stack-size"), "{handed:?}");
        let examples = std::fs::read_to_string(root.join("components/examples/.cargo/config.toml")).unwrap();
        assert_eq!(flags(&examples), handed);
    }
}

/// What the tests of the binary put to use is what an author begins with.
#[test]
fn the_fixtures_are_what_is_written() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../components/fixtures");
    for kind in [Kind::Provider, Kind::Channel, Kind::Policy] {
        let name = format!("scaffold-{}", kind.word());
        let files = scaffold(&name, kind, Language::Rust).unwrap();
        let read = |path: &str| std::fs::read_to_string(root.join(&name).join(path)).unwrap();
        assert_eq!(content(&files, "component.toml"), read("component.toml"), "{name}");
        let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
        let source = root.join(&name).join(manifest["lib"]["path"].as_str().unwrap());
        assert_eq!(content(&files, "src/lib.rs"), std::fs::read_to_string(source).unwrap(), "{name}");
    }
}

/// What a name becomes where a language is stricter than the manifest.
#[test]
fn a_name_stands_where_each_language_takes_it() {
    let rust = scaffold("3d-view", Kind::Tool, Language::Rust).unwrap();
    assert!(content(&rust, "Cargo.toml").contains("name = \"component-3d-view\"\n"));
    assert!(content(&rust, "component.toml").starts_with("name = \"3d-view\"\n"));
    assert!(content(&rust, "src/lib.rs").contains("const NAME: &str = \"3d_view\";"));
    let js = scaffold("3d-view", Kind::Provider, Language::JavaScript).unwrap();
    let package: serde_json::Value = serde_json::from_str(content(&js, "package.json")).unwrap();
    assert_eq!(package["name"], "3d-view");
    // Pinned to the letter: what is built years later is the same.
    assert!(
        package["devDependencies"]
            .as_object()
            .unwrap()
            .values()
            .all(|version| version.as_str().unwrap().starts_with(|c: char| c.is_ascii_digit()))
    );
    let python = scaffold("3d-view", Kind::Channel, Language::Python).unwrap();
    assert!(content(&python, "requirements.txt").lines().all(|line| line.starts_with('#') || line.contains("==")));
}

fn sources(folder: &Path, below: &str, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{below}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            sources(&entry.path(), &format!("{name}/"), found);
        } else if !name.ends_with("tests.rs") {
            found.insert(name);
        }
    }
}

fn write(folder: &Path, files: &[File]) {
    for File { path, content } in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
}
