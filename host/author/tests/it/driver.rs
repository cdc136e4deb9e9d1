//! What is run, with which arguments, and what is said where it does not work. The programs are stand-ins.

use std::path::Path;

use wirken_author::{Error, Tools, build, create, detect};
use wirken_manifest::Kind;
use wirken_scaffold::{Language, scaffold};

/// A folder with a scaffold, and beside it the programs.
fn folder(kind: Kind, language: Language) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    create(&folder.path().join("it"), &scaffold("it", kind, language).unwrap()).unwrap();
    folder
}

/// A program that writes down its arguments and then does what `script` says.
fn program(path: &Path, script: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, format!("#!/bin/sh\nprintf '%s\\n' \"$@\" > \"$0.arguments\"\n{script}\n")).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn arguments(path: &Path) -> Vec<String> {
    let file = format!("{}.arguments", path.display());
    std::fs::read_to_string(file).unwrap().lines().map(str::to_owned).collect()
}

/// Builds, and says what was said of it.
fn run(folder: &Path, tools: &Tools) -> (Result<wirken_author::Built, Error>, Vec<String>) {
    let mut lines = Vec::new();
    let built = build(folder, tools, &mut |line| lines.push(line.to_owned()));
    (built, lines)
}

fn component(path: &Path) {
    std::fs::write(path, wat::parse_str("(component)").unwrap()).unwrap();
}

#[test]
fn a_folder_is_of_the_language_whose_file_it_holds() {
    for language in Language::ALL {
        assert_eq!(detect(&folder(Kind::Tool, language).path().join("it")).unwrap(), language);
    }
    let empty = tempfile::tempdir().unwrap();
    assert!(detect(empty.path()).unwrap_err().to_string().contains("a Cargo.toml, a package.json or an app.py was expected"));
}

#[test]
fn a_scaffold_is_written_once_and_never_over_another() {
    let folder = folder(Kind::Policy, Language::Rust);
    let path = folder.path().join("it");
    assert!(path.join("vendor/wirken-guest/src/tool/set.rs").is_file() && path.join("wit/policy/policy.wit").is_file());
    let files = scaffold("it", Kind::Tool, Language::Python).unwrap();
    assert!(matches!(create(&path, &files), Err(Error::Occupied { .. })));
    assert!(!path.join("app.py").exists());
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    create(&folder.path().join("empty"), &files).unwrap();
}

#[test]
fn javascript_is_installed_where_it_is_missing_and_not_again() {
    let folder = folder(Kind::Tool, Language::JavaScript);
    let (path, npm) = (folder.path().join("it"), folder.path().join("npm"));
    component(&folder.path().join("made.wasm"));
    let qjs = path.join("node_modules/.bin/componentize-qjs");
    program(&folder.path().join("qjs"), "cp ../made.wasm component.wasm");
    program(&npm, "mkdir -p node_modules/.bin && cp ../qjs node_modules/.bin/componentize-qjs");
    let tools = Tools { npm: npm.clone().into(), ..Tools::default() };
    let (built, lines) = run(&path, &tools);
    let built = built.unwrap();
    assert_eq!((built.language, built.bytes), (Language::JavaScript, 8));
    assert_eq!(built.path, path.join("component.wasm"));
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(arguments(&npm), ["install", "--no-audit", "--no-fund"]);
    let given = arguments(&qjs);
    let after = |flag: &str| given[given.iter().position(|word| word == flag).unwrap() + 1].as_str();
    assert_eq!((after("--wit"), after("--js"), after("--output")), ("wit", "src/component.js", "component.wasm"));
    assert!(given.contains(&"--sync".to_owned()) && given.contains(&"--stub-wasi".to_owned()));
    assert_eq!(run(&path, &tools).1.len(), 1);

    // With a lock file, what that says.
    std::fs::remove_dir_all(path.join("node_modules")).unwrap();
    std::fs::write(path.join("package-lock.json"), "{}").unwrap();
    run(&path, &tools).0.unwrap();
    assert_eq!(arguments(&npm)[0], "ci");
}

#[test]
fn python_is_installed_where_it_is_missing_and_not_again() {
    let folder = folder(Kind::Channel, Language::Python);
    let (path, python) = (folder.path().join("it"), folder.path().join("python"));
    component(&folder.path().join("made.wasm"));
    program(&folder.path().join("py"), "cp ../made.wasm component.wasm");
    program(&folder.path().join("pip"), "cp ../py .venv/bin/componentize-py");
    program(&python, "mkdir -p .venv/bin && cp ../pip .venv/bin/python");
    let tools = Tools { python: python.clone().into(), ..Tools::default() };
    let (built, lines) = run(&path, &tools);
    assert_eq!((built.unwrap().language, lines.len()), (Language::Python, 2));
    assert_eq!(arguments(&python), ["-m", "venv", ".venv"]);
    assert_eq!(arguments(&path.join(".venv/bin/python")).last().unwrap(), "requirements.txt");
    let given = arguments(&path.join(".venv/bin/componentize-py"));
    assert_eq!(given, ["--quiet", "--wit-path", "wit", "componentize", "app", "--stub-wasi", "--output", "component.wasm"]);
    assert_eq!(run(&path, &tools).1.len(), 1);
}

#[test]
fn a_program_that_is_missing_is_named_with_what_to_install() {
    for (language, words) in [(Language::Rust, "rustup.rs"), (Language::JavaScript, "nodejs.org"), (Language::Python, "python3-venv")] {
        let folder = folder(Kind::Tool, language);
        let none = || folder.path().join("none").into();
        let tools = Tools { cargo: none(), rustc: Some(none()), npm: none(), python: none() };
        let error = run(&folder.path().join("it"), &tools).0.unwrap_err();
        assert!(matches!(error, Error::Missing { .. }) && error.to_string().contains(words), "{error}");
    }
}

#[test]
fn a_compiler_without_the_target_is_told_how_to_get_it() {
    let folder = folder(Kind::Tool, Language::Rust);
    let rustc = folder.path().join("rustc");
    program(&rustc, "echo /nowhere/lib");
    let tools = Tools { rustc: Some(rustc.clone().into()), ..Tools::default() };
    let error = run(&folder.path().join("it"), &tools).0.unwrap_err();
    assert!(error.to_string().contains("rustup target add wasm32-unknown-unknown"), "{error}");
    assert_eq!(arguments(&rustc), ["--print", "target-libdir", "--target", "wasm32-unknown-unknown"]);
}

#[test]
fn a_tool_that_fails_or_makes_no_component_is_said_so() {
    let folder = folder(Kind::Tool, Language::JavaScript);
    let path = folder.path().join("it");
    let qjs = path.join("node_modules/.bin/componentize-qjs");
    program(&qjs, "exit 3");
    let error = run(&path, &Tools::default()).0.unwrap_err();
    assert_eq!(error.to_string(), "componentize-qjs failed: see the messages above");
    program(&qjs, "echo nonsense > component.wasm");
    let error = run(&path, &Tools::default()).0.unwrap_err();
    assert!(matches!(error, Error::NoComponent { .. }), "{error}");
    std::fs::write(path.join("package.json"), "no").unwrap();
    assert!(matches!(run(&path, &Tools::default()).0, Err(Error::Unreadable { .. })));
    // Without componentize-qjs in what npm installs.
    std::fs::remove_dir_all(path.join("node_modules")).unwrap();
    std::fs::write(path.join("package.json"), "{}").unwrap();
    let npm = folder.path().join("npm");
    program(&npm, "");
    let error = run(&path, &Tools { npm: npm.into(), ..Tools::default() }).0.unwrap_err();
    assert!(error.to_string().contains("add componentize-qjs to the devDependencies"), "{error}");
}
