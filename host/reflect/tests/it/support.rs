//! Components for tests, made of WIT: the types are what the WIT says, and the code does nothing.

use wirken_reflect::{Function, Reflected};
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{LiftLowerAbi, ManglingAndAbi, Resolve};

/// The component of the one world in a package.
pub(crate) fn component(wit: &str) -> Vec<u8> {
    component_of(wit, LiftLowerAbi::Sync)
}

pub(crate) fn component_of(wit: &str, abi: LiftLowerAbi) -> Vec<u8> {
    encoded(wit, None, abi)
}

/// The component of one world among the packages of a text.
pub(crate) fn component_in(wit: &str, world: &str) -> Vec<u8> {
    encoded(wit, Some(world), LiftLowerAbi::Sync)
}

fn encoded(wit: &str, world: Option<&str>, abi: LiftLowerAbi) -> Vec<u8> {
    let mut resolve = Resolve { all_features: true, ..Resolve::default() };
    let package = resolve.push_str("test.wit", wit).unwrap_or_else(|error| panic!("{error:#}\n{wit}"));
    let world = resolve.select_world(&[package], world).unwrap();
    let mut module = dummy_module(&resolve, world, ManglingAndAbi::Legacy(abi));
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&module).unwrap().validate(true).encode().unwrap_or_else(|error| panic!("{error:#}\n{wit}"))
}

pub(crate) fn reflected(wit: &str) -> Reflected {
    Reflected::of(&component(wit)).unwrap()
}

/// A function with one parameter, `a`, which it returns. `types` stand before it, and in the world.
pub(crate) fn echo(types: &str, ty: &str) -> Function {
    let wit = format!("package test:echo; world w {{ {types} export echo: func(a: {ty}) -> {ty}; }}");
    reflected(&wit).functions.remove(0)
}

/// A component with a section of its own at the end.
pub(crate) fn with_section(mut component: Vec<u8>, name: &str, data: &[u8]) -> Vec<u8> {
    let mut section = leb(name.len());
    section.extend(name.as_bytes());
    section.extend(data);
    component.push(0);
    component.extend(leb(section.len()));
    component.extend(section);
    component
}

pub(crate) fn leb(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let byte = u8::try_from(number & 0x7f).unwrap();
        number >>= 7;
        bytes.push(if number == 0 { byte } else { byte | 0x80 });
        if number == 0 {
            return bytes;
        }
    }
}
