//! Any types and any values: what the WIT says is what is read from the component's bytes, what fits the schema is lifted,
//! and lowering is its inverse.
//!
//! A document comes back as it was, but for what has two spellings: numbers, the order of flags, and an option that is
//! left out, which comes back as `null`; a number for an `f32` comes back as the nearest that it can be.

use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value as Json, json};
use wirken_reflect::{Case, Field, Function, Reflected, Type, Value};

use crate::support::component;

/// Words of WIT and of the mapping among them.
const NAMES: [&str; 10] = ["a", "record", "some", "ok", "err", "none", "long-name2", "HTTP-code", "type", "z9"];

fn leaf() -> impl Strategy<Value = Type> {
    select(vec![
        Type::Bool,
        Type::U8,
        Type::U16,
        Type::U32,
        Type::U64,
        Type::S8,
        Type::S16,
        Type::S32,
        Type::S64,
        Type::F32,
        Type::F64,
        Type::Char,
        Type::String,
    ])
}

fn names() -> impl Strategy<Value = Vec<String>> {
    prop::sample::subsequence(NAMES.to_vec(), 1..5).prop_map(|names| names.into_iter().map(str::to_owned).collect())
}

fn ty() -> impl Strategy<Value = Type> {
    let enums = prop_oneof![names().prop_map(Type::Enum), names().prop_map(Type::Flags)];
    prop_oneof![3 => leaf(), 1 => enums].prop_recursive(4, 12, 4, |inner| {
        let maybe = || prop::option::of(inner.clone().prop_map(Box::new));
        prop_oneof![
            inner.clone().prop_map(|ty| Type::List(Box::new(ty))),
            inner.clone().prop_map(|ty| Type::Option(Box::new(ty))),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Type::Tuple),
            (names(), prop::collection::vec(inner.clone(), 4)).prop_map(|(names, types)| Type::Record(fields(names, types))),
            (names(), prop::collection::vec(prop::option::of(inner.clone()), 4)).prop_map(|(names, types)| {
                Type::Variant(names.into_iter().zip(types).map(|(name, ty)| Case { name, ty, comment: None }).collect())
            }),
            (maybe(), maybe()).prop_map(|(ok, err)| Type::Result { ok, err }),
        ]
    })
}

fn fields(names: Vec<String>, types: Vec<Type>) -> Vec<Field> {
    names.into_iter().zip(types).map(|(name, ty)| Field { name, ty, comment: None }).collect()
}

/// Types as WIT writes them: those with a name are declared first.
#[derive(Default)]
struct Wit {
    declared: String,
    count: usize,
}

impl Wit {
    fn write(&mut self, ty: &Type) -> String {
        let optional = |wit: &mut Self, ty: &Option<Box<Type>>| ty.as_ref().map_or_else(|| "_".to_owned(), |ty| wit.write(ty));
        let (word, body) = match ty {
            Type::List(ty) => return format!("list<{}>", self.write(ty)),
            Type::Option(ty) => return format!("option<{}>", self.write(ty)),
            Type::Tuple(types) => return format!("tuple<{}>", types.iter().map(|ty| self.write(ty)).collect::<Vec<_>>().join(", ")),
            Type::Result { ok: None, err: None } => return "result".to_owned(),
            Type::Result { ok, err: None } => return format!("result<{}>", optional(self, ok)),
            Type::Result { ok, err } => return format!("result<{}, {}>", optional(self, ok), optional(self, err)),
            Type::Record(fields) => {
                ("record", fields.iter().map(|field| format!("%{}: {}", field.name, self.write(&field.ty))).collect::<Vec<_>>())
            }
            Type::Variant(cases) => {
                let case = |case: &Case| match &case.ty {
                    Some(ty) => format!("%{}({})", case.name, self.write(ty)),
                    None => format!("%{}", case.name),
                };
                ("variant", cases.iter().map(case).collect())
            }
            Type::Enum(names) => ("enum", names.iter().map(|name| format!("%{name}")).collect()),
            Type::Flags(names) => ("flags", names.iter().map(|name| format!("%{name}")).collect()),
            plain => return plain.to_string(),
        };
        self.count += 1;
        let name = format!("t{}", self.count);
        write!(self.declared, "{word} {name} {{ {} }} ", body.join(", ")).unwrap();
        name
    }
}

/// The function of a component with these parameters, which returns the first.
fn function(parameters: &[Field], in_interface: bool) -> Function {
    let mut wit = Wit::default();
    let written: Vec<String> = parameters.iter().map(|field| format!("%{}: {}", field.name, wit.write(&field.ty))).collect();
    let result = wit.write(&parameters[0].ty);
    let body = |prefix: &str| format!("{} {prefix} f: func({}) -> {result};", wit.declared, written.join(", "));
    let text = if in_interface {
        format!("package t:t@0.1.0; interface i {{ {} }} world w {{ export i; }}", body(""))
    } else {
        format!("package t:t; world w {{ {} }}", body("export"))
    };
    let mut reflected = Reflected::of(&component(&text)).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(reflected.functions[0].export.as_deref(), in_interface.then_some("t:t/i@0.1.0"));
    reflected.functions.remove(0)
}

/// Any document that fits a type.
fn document(ty: &Type) -> BoxedStrategy<Json> {
    let integer = |least: i128, most: i128| {
        let number = prop_oneof![Just(least), Just(most), least..=most, (-20_i128..20).prop_map(move |near| near.clamp(least, most))];
        (number, any::<bool>()).prop_map(|(value, as_float)| {
            if as_float && value.abs() <= 1 << 53 { Json::from(value as f64) } else { serde_json::from_str(&value.to_string()).unwrap() }
        })
    };
    match ty {
        Type::Bool => any::<bool>().prop_map(Json::from).boxed(),
        Type::U8 => integer(0, u8::MAX.into()).boxed(),
        Type::U16 => integer(0, u16::MAX.into()).boxed(),
        Type::U32 => integer(0, u32::MAX.into()).boxed(),
        Type::U64 => integer(0, u64::MAX.into()).boxed(),
        Type::S8 => integer(i8::MIN.into(), i8::MAX.into()).boxed(),
        Type::S16 => integer(i16::MIN.into(), i16::MAX.into()).boxed(),
        Type::S32 => integer(i32::MIN.into(), i32::MAX.into()).boxed(),
        Type::S64 => integer(i64::MIN.into(), i64::MAX.into()).boxed(),
        Type::F32 => prop_oneof![any::<f32>().prop_map(f64::from), -1e38..1e38_f64].prop_map(Json::from).boxed(),
        Type::F64 => prop_oneof![any::<f64>().prop_map(Json::from), any::<i64>().prop_map(Json::from)].boxed(),
        Type::Char => any::<char>().prop_map(|c| Json::from(c.to_string())).boxed(),
        Type::String => any::<String>().prop_map(Json::from).boxed(),
        Type::List(_) if ty.is_bytes() => prop::collection::vec(any::<u8>(), 0..9).prop_map(|bytes| Json::from(base64(&bytes))).boxed(),
        Type::List(ty) => prop::collection::vec(document(ty), 0..4).prop_map(Json::from).boxed(),
        Type::Tuple(types) => types.iter().map(document).collect::<Vec<_>>().prop_map(Json::from).boxed(),
        Type::Record(fields) => object(fields).boxed(),
        Type::Variant(cases) => {
            let case = |case: &Case| payload(case.name.clone(), case.ty.as_ref());
            prop::strategy::Union::new(cases.iter().map(case)).boxed()
        }
        Type::Enum(names) => select(names.clone()).prop_map(Json::from).boxed(),
        Type::Flags(names) => prop::sample::subsequence(names.clone(), 0..=names.len()).prop_shuffle().prop_map(Json::from).boxed(),
        Type::Option(inner) if inner.is_option() => prop_oneof![Just(Json::Null), payload("some".into(), Some(inner))].boxed(),
        Type::Option(inner) => prop_oneof![Just(Json::Null), document(inner)].boxed(),
        Type::Result { ok, err } => prop_oneof![payload("ok".into(), ok.as_deref()), payload("err".into(), err.as_deref())].boxed(),
    }
}

fn payload(name: String, ty: Option<&Type>) -> BoxedStrategy<Json> {
    match ty {
        Some(ty) => document(ty).prop_map(move |payload| json!({ name.as_str(): payload })).boxed(),
        None => Just(Json::from(name)).boxed(),
    }
}

/// An option's property may be left out.
fn object(fields: &[Field]) -> impl Strategy<Value = Json> + use<> {
    let field = |field: &Field| {
        let (name, optional) = (field.name.clone(), field.ty.is_option());
        (document(&field.ty), any::<bool>()).prop_map(move |(value, left_out)| (!(optional && left_out)).then_some((name.clone(), value)))
    };
    fields.iter().map(field).collect::<Vec<_>>().prop_map(|members| Json::Object(members.into_iter().flatten().collect()))
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let word = three.iter().chain([0, 0].iter()).take(3).fold(0_usize, |word, byte| word << 8 | usize::from(*byte));
        for place in 0..4 {
            let letter = char::from(ALPHABET[word >> (18 - 6 * place) & 63]);
            text.push(if place <= three.len() { letter } else { '=' });
        }
    }
    text
}

/// Whether two documents are one, but for what has two spellings.
fn same(ty: &Type, one: &Json, two: &Json) -> bool {
    match (ty, one, two) {
        (Type::Option(inner), Json::Object(one), Json::Object(two)) if inner.is_option() => same_case("some", Some(inner), one, two),
        (Type::Option(_), Json::Null, Json::Null) => true,
        (Type::Option(inner), one, two) => same(inner, one, two),
        (Type::F32, Json::Number(one), Json::Number(two)) => one.as_f64().unwrap() as f32 == two.as_f64().unwrap() as f32,
        (_, Json::Number(one), Json::Number(two)) if one.is_f64() || two.is_f64() => one.as_f64() == two.as_f64(),
        (Type::List(ty), Json::Array(one), Json::Array(two)) => {
            one.len() == two.len() && one.iter().zip(two).all(|(one, two)| same(ty, one, two))
        }
        (Type::Tuple(types), Json::Array(one), Json::Array(two)) => {
            types.len() == two.len() && types.iter().zip(one.iter().zip(two)).all(|(ty, (one, two))| same(ty, one, two))
        }
        (Type::Flags(names), Json::Array(one), Json::Array(two)) => {
            let set: Vec<Json> = names.iter().map(|name| Json::from(name.as_str())).filter(|name| one.contains(name)).collect();
            set == *two
        }
        (Type::Record(fields), Json::Object(one), Json::Object(two)) => {
            two.len() == fields.len()
                && fields.iter().all(|field| same(&field.ty, one.get(&field.name).unwrap_or(&Json::Null), &two[&field.name]))
        }
        (Type::Variant(cases), Json::Object(one), Json::Object(two)) => {
            cases.iter().any(|case| same_case(&case.name, case.ty.as_ref(), one, two))
        }
        (Type::Result { ok, err }, Json::Object(one), Json::Object(two)) => {
            same_case("ok", ok.as_deref(), one, two) || same_case("err", err.as_deref(), one, two)
        }
        (_, one, two) => one == two,
    }
}

fn same_case(name: &str, ty: Option<&Type>, one: &Map<String, Json>, two: &Map<String, Json>) -> bool {
    match (ty, one.get(name), two.get(name)) {
        (Some(ty), Some(one), Some(two)) => same(ty, one, two),
        _ => false,
    }
}

fn parameters() -> impl Strategy<Value = Vec<Field>> {
    (names(), prop::collection::vec(ty(), 4)).prop_map(|(names, types)| fields(names, types))
}

fn call() -> impl Strategy<Value = (Vec<Field>, Json, bool)> {
    parameters().prop_flat_map(|parameters| {
        let document = object(&parameters);
        (Just(parameters), document, any::<bool>())
    })
}

/// Documents of no type in particular, some of them nearly one.
fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        (-300_i32..300).prop_map(Json::from),
        select(NAMES.to_vec()).prop_map(Json::from),
        select(vec!["", "AA==", "AA", "NaN", "\u{1f600}"]).prop_map(Json::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::vec((select(NAMES.to_vec()), inner), 0..4)
                .prop_map(|members| Json::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())),
        ]
    })
}

/// Puts another document in one place of this one.
fn disturb(document: &mut Json, at: &mut usize, other: &Json) {
    if *at == 0 {
        document.clone_from(other);
    }
    *at = at.wrapping_sub(1);
    match document {
        Json::Array(items) => items.iter_mut().for_each(|item| disturb(item, at, other)),
        Json::Object(members) => members.values_mut().for_each(|member| disturb(member, at, other)),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 2000, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn what_the_wit_says_is_read_and_what_fits_it_comes_back((parameters, document, in_interface) in call()) {
        let function = function(&parameters, in_interface);
        prop_assert_eq!(&function.parameters, &parameters);
        prop_assert_eq!(function.result.as_ref(), Some(&parameters[0].ty));
        prop_assert!(jsonschema::is_valid(&function.arguments_schema, &document), "{document} in {}", function.arguments_schema);

        let values = function.lift(&document.to_string()).map_err(|error| TestCaseError::fail(format!("{error}: {document}")))?;
        let lowered = function.lower_arguments(&values).unwrap();
        prop_assert!(same(&Type::Record(parameters.clone()), &document, &lowered), "{document} became {lowered}");
        prop_assert_eq!(&function.lift(&lowered.to_string()).unwrap(), &values);

        let (done, failed) = match function.lower(Some(values[0].clone())).unwrap() {
            wirken_reflect::Outcome::Done(json) => (Some(json), None),
            wirken_reflect::Outcome::Failed(json) => (None, Some(json)),
        };
        prop_assert_eq!(failed.is_some(), matches!(values[0], Value::Result(Err(_))));
        if let Some(json) = done {
            prop_assert!(jsonschema::is_valid(&function.result_schema, &json), "{json} in {}", function.result_schema);
        }
        if let Some(json) = failed {
            prop_assert!(jsonschema::is_valid(function.failure_schema.as_ref().unwrap(), &json));
        }
    }

    #[test]
    fn the_types_and_the_schema_refuse_the_same_documents(
        (parameters, mut document, _) in call(),
        place in 0_usize..12,
        other in any_json(),
    ) {
        let function = function(&parameters, false);
        disturb(&mut document, &mut place.clone(), &other);
        let fits = jsonschema::is_valid(&function.arguments_schema, &document);
        match function.lift(&document.to_string()) {
            Ok(values) => {
                prop_assert!(fits, "{document} is lifted against {}", function.arguments_schema);
                let lowered = function.lower_arguments(&values).unwrap();
                prop_assert_eq!(function.lift(&lowered.to_string()).unwrap(), values);
            }
            Err(error) => {
                // What a schema cannot say.
                let beyond = error.message.contains("in digits alone") || error.message.contains("base64");
                prop_assert!(!fits || beyond, "{document}: {error} against {}", function.arguments_schema);
                prop_assert!(error.to_string().len() < 600, "{error}");
            }
        }
    }

    #[test]
    fn any_text_is_arguments_or_an_error(text in any::<String>(), parameters in parameters()) {
        let function = function(&parameters, false);
        if let Err(error) = function.lift(&text) {
            prop_assert!(!error.to_string().is_empty() && error.to_string().len() < 600);
        }
    }
}
