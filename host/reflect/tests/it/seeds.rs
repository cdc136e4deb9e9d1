//! The component that the fuzz targets begin with is that of `every-type.wit`.

use wirken_reflect::Reflected;

use crate::support::component;

#[test]
fn the_fuzzers_component_is_what_its_wit_says() {
    let seed = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/reflect/seed-00");
    let made = component(include_str!("every-type.wit"));
    let told = |wasm: &[u8]| {
        Reflected::of(wasm).map(|reflected| {
            let told = |function: &wirken_reflect::Function| {
                (function.tool.clone(), function.description.clone(), function.arguments_schema.clone(), function.result_schema.clone())
            };
            (reflected.functions.iter().map(told).collect::<Vec<_>>(), reflected.refused, reflected.imports)
        })
    };
    if told(&std::fs::read(seed).unwrap_or_default()) != told(&made) {
        let anew = concat!(env!("CARGO_TARGET_TMPDIR"), "/every-type.wasm");
        std::fs::write(anew, made).unwrap();
        panic!("{seed} is another component: copy {anew} there");
    }
}
