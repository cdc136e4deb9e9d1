//! Components that no compiler makes, from text.

use std::path::Path;

use wirken_engine::Wasm;
use wirken_manifest::Manifest;
use wirken_plugin::Package;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// A core module made into a component of the world of tools. Pieces that are not given are those of one that has a tool
/// `act`, which answers with nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Module {
    pub(super) definitions: &'static str,
    pub(super) call: &'static str,
    pub(super) more: &'static str,
}

impl Default for Module {
    fn default() -> Self {
        Self { definitions: "i32.const 64", call: "i32.const 1024", more: "" }
    }
}

impl Module {
    pub(super) fn package(self) -> Package {
        let Self { definitions, call, more } = self;
        // At 64 a list of one definition, which stands at 32; at 1024 zeroes, which are an empty answer and an empty plan.
        let text = format!(
            r#"(module
                (memory (export "memory") 1)
                (data (i32.const 16) "act{{}}")
                (data (i32.const 32) "\10\00\00\00\03\00\00\00\00\00\00\00\00\00\00\00\13\00\00\00\02\00\00\00")
                (data (i32.const 64) "\20\00\00\00\01\00\00\00")
                (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
                (func (export "wirken:tool/tools@0.1.0#definitions") (result i32) {definitions})
                (func (export "wirken:tool/tools@0.1.0#plan") (param i32 i32 i32 i32) (result i32) i32.const 1024)
                (func (export "wirken:tool/tools@0.1.0#call") (param i32 i32 i32 i32) (result i32) {call})
                {more})"#
        );
        let mut resolve = Resolve::default();
        let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
        let packages = ["http", "chat", "tool"].map(|folder| resolve.push_dir(wit.join(folder)).unwrap().0);
        let world = resolve.select_world(&packages, Some("wirken:tool/tool@0.1.0")).unwrap();
        let mut module = wat::parse_str(text).unwrap();
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
        let component = ComponentEncoder::default().validate(true).module(&module).unwrap().encode().unwrap();
        package("wirken:tool/tool@0.1.0", "", component)
    }
}

/// A component of plain functions, as text.
pub(super) fn plain(limits: &str, text: &str) -> Package {
    package("reflected", limits, wat::parse_str(text).unwrap())
}

/// One that says it is of the world of tools, as text.
pub(super) fn of_tools(text: &str) -> Package {
    package("wirken:tool/tool@0.1.0", "", wat::parse_str(text).unwrap())
}

fn package(world: &str, limits: &str, wasm: Vec<u8>) -> Package {
    let manifest = format!(
        "name = \"made\"\nkind = \"tool\"\nversion = \"0.0.0\"\nworld = \"{world}\"\n[limits]\nfuel = 10_000_000\ndeadline-millis = 60_000\n{limits}"
    );
    Package { manifest: Manifest::parse(&manifest).unwrap(), wasm: Wasm::of(wasm) }
}
