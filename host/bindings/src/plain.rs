//! A component that exports plain functions, called with values that are known at run time alone.

use wasmtime::component::{InstancePre, Val};
use wirken_engine::{CallError, Cell, State};
use wirken_reflect::Value;

/// A component with plain functions, linked and ready to be instantiated.
pub struct PlainPre<T: 'static> {
    pre: InstancePre<State<T>>,
}

impl<T: Send + 'static> PlainPre<T> {
    pub fn new(pre: InstancePre<State<T>>) -> Self {
        Self { pre }
    }

    /// Calls one function in an instance of its own: `export` is the interface that it stands in, none for the world.
    pub async fn call(
        &self,
        mut cell: Cell<T>,
        export: Option<&str>,
        function: &str,
        has_result: bool,
        arguments: Vec<Value>,
    ) -> Result<Option<Value>, CallError> {
        let running = cell.begin().await?;
        let arguments: Vec<Val> = arguments.into_iter().map(value_out).collect();
        let called = running.watch(async {
            let instance = self.pre.instantiate_async(cell.store()).await?;
            let missing = || wasmtime::Error::msg(format!("the function {function} is not there"));
            let within = match export {
                Some(export) => Some(instance.get_export_index(cell.store(), None, export).ok_or_else(missing)?),
                None => None,
            };
            let index = instance.get_export_index(cell.store(), within.as_ref(), function).ok_or_else(missing)?;
            let function = instance.get_func(cell.store(), index).ok_or_else(missing)?;
            let mut results = if has_result { vec![Val::Bool(false)] } else { Vec::new() };
            function.call_async(cell.store(), &arguments, &mut results).await?;
            Ok(results.pop())
        });
        let called = called.await;
        match cell.end(called)? {
            Some(value) => value_in(value).map(Some).ok_or_else(|| CallError::Host { message: "it returned what no tool returns".into() }),
            None => Ok(None),
        }
    }
}

impl<T> std::fmt::Debug for PlainPre<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PlainPre").finish_non_exhaustive()
    }
}

fn value_out(value: Value) -> Val {
    let boxed = |value: Option<Box<Value>>| value.map(|value| Box::new(value_out(*value)));
    match value {
        Value::Bool(value) => Val::Bool(value),
        Value::U8(value) => Val::U8(value),
        Value::U16(value) => Val::U16(value),
        Value::U32(value) => Val::U32(value),
        Value::U64(value) => Val::U64(value),
        Value::S8(value) => Val::S8(value),
        Value::S16(value) => Val::S16(value),
        Value::S32(value) => Val::S32(value),
        Value::S64(value) => Val::S64(value),
        Value::F32(value) => Val::Float32(value),
        Value::F64(value) => Val::Float64(value),
        Value::Char(value) => Val::Char(value),
        Value::String(value) => Val::String(value),
        Value::Bytes(bytes) => Val::List(bytes.into_iter().map(Val::U8).collect()),
        Value::List(values) => Val::List(values.into_iter().map(value_out).collect()),
        Value::Tuple(values) => Val::Tuple(values.into_iter().map(value_out).collect()),
        Value::Record(fields) => Val::Record(fields.into_iter().map(|(name, value)| (name, value_out(value))).collect()),
        Value::Variant(case, value) => Val::Variant(case, boxed(value)),
        Value::Enum(case) => Val::Enum(case),
        Value::Flags(names) => Val::Flags(names),
        Value::Option(value) => Val::Option(boxed(value)),
        Value::Result(result) => Val::Result(result.map(boxed).map_err(boxed)),
    }
}

/// None for what reflection refuses: a resource, a stream, a map.
fn value_in(value: Val) -> Option<Value> {
    let all = |values: Vec<Val>| values.into_iter().map(value_in).collect::<Option<Vec<Value>>>();
    let boxed = |value: Option<Box<Val>>| match value {
        Some(value) => value_in(*value).map(|value| Some(Box::new(value))),
        None => Some(None),
    };
    Some(match value {
        Val::Bool(value) => Value::Bool(value),
        Val::U8(value) => Value::U8(value),
        Val::U16(value) => Value::U16(value),
        Val::U32(value) => Value::U32(value),
        Val::U64(value) => Value::U64(value),
        Val::S8(value) => Value::S8(value),
        Val::S16(value) => Value::S16(value),
        Val::S32(value) => Value::S32(value),
        Val::S64(value) => Value::S64(value),
        Val::Float32(value) => Value::F32(value),
        Val::Float64(value) => Value::F64(value),
        Val::Char(value) => Value::Char(value),
        Val::String(value) => Value::String(value),
        Val::List(values) => Value::List(all(values)?),
        Val::Tuple(values) => Value::Tuple(all(values)?),
        Val::Record(fields) => {
            Value::Record(fields.into_iter().map(|(name, value)| Some((name, value_in(value)?))).collect::<Option<_>>()?)
        }
        Val::Variant(case, value) => Value::Variant(case, boxed(value)?),
        Val::Enum(case) => Value::Enum(case),
        Val::Flags(names) => Value::Flags(names),
        Val::Option(value) => Value::Option(boxed(value)?),
        Val::Result(Ok(value)) => Value::Result(Ok(boxed(value)?)),
        Val::Result(Err(value)) => Value::Result(Err(boxed(value)?)),
        _ => return None,
    })
}
