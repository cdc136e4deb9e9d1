//! One function: how it is presented to a model, and the way of a call into it and back.

use jsonschema::Validator;
use serde_json::Value as Json;

use crate::description::{self, Comments};
use crate::types::{Field, Type};
use crate::{ArgumentError, MAX_DEFINITION_BYTES, Reason, ResultError, Value, lift, lower, parse, schema};

#[derive(Clone, Debug)]
pub struct Function {
    /// The interface that it stands in, with its version; none where the world itself exports it.
    pub export: Option<String>,
    /// As the component has it.
    pub name: String,
    /// What a model calls it: 1 to 64 of `[A-Za-z0-9_-]`, and no other function's of this component.
    pub tool: String,
    pub description: String,
    pub parameters: Vec<Field>,
    pub result: Option<Type>,
    /// The JSON Schema of its arguments, an object.
    pub arguments_schema: Json,
    /// The JSON Schema of [`Outcome::Done`].
    pub result_schema: Json,
    /// The JSON Schema of [`Outcome::Failed`], where the function returns a `result`.
    pub failure_schema: Option<Json>,
    validator: Validator,
}

/// What a call came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Done(Json),
    /// The function returned an `err`: the call is one that failed, and the model is told this.
    Failed(Json),
}

impl Function {
    pub(crate) fn new(
        comments: &Comments,
        export: Option<&str>,
        name: &str,
        parameters: Vec<Field>,
        result: Option<Type>,
    ) -> Result<Self, Reason> {
        let description = description::of(comments, export, name, &parameters, result.as_ref());
        let arguments_schema = schema::arguments(&parameters);
        if description.len() + arguments_schema.to_string().len() > MAX_DEFINITION_BYTES {
            return Err(Reason::TooLarge { of: "arguments" });
        }
        let (done, failed) = match &result {
            Some(Type::Result { ok, err }) => (ok.as_deref(), Some(err.as_deref())),
            other => (other.as_ref(), None),
        };
        let result_schema = schema::result(done);
        let failure_schema = failed.map(schema::result);
        let validator =
            jsonschema::draft202012::new(&arguments_schema).map_err(|error| Reason::Schema { reason: error.masked().to_string() })?;
        Ok(Self {
            export: export.map(str::to_owned),
            name: name.to_owned(),
            tool: name.to_owned(),
            description,
            arguments_schema,
            result_schema,
            failure_schema,
            validator,
            parameters,
            result,
        })
    }

    /// The values of a call, one for each parameter, from what a model wrote.
    pub fn lift(&self, arguments: &str) -> Result<Vec<Value>, ArgumentError> {
        let arguments = parse::parse(arguments)?;
        if !self.validator.is_valid(&arguments) {
            // What the types say names the one place that is wrong; a schema names its own keyword.
            return Err(match lift::arguments(&self.parameters, &arguments) {
                Err(error) => error,
                Ok(_) => self.schema_error(&arguments),
            });
        }
        lift::arguments(&self.parameters, &arguments)
    }

    fn schema_error(&self, arguments: &Json) -> ArgumentError {
        match self.validator.validate(arguments) {
            Err(error) => ArgumentError { path: error.instance_path().to_string(), message: error.masked().to_string() },
            Ok(()) => ArgumentError { path: String::new(), message: "the arguments do not fit the schema".to_owned() },
        }
    }

    /// What a call returned, as JSON. A function that returns a `result` has done its work with `ok`, and failed with `err`.
    pub fn lower(&self, result: Option<Value>) -> Result<Outcome, ResultError> {
        match (&self.result, result) {
            (None, None) => Ok(Outcome::Done(Json::Null)),
            (Some(Type::Result { ok, err }), Some(Value::Result(value))) => match value {
                Ok(value) => lower::payload(ok.as_deref(), value.as_deref()).map(Outcome::Done),
                Err(value) => lower::payload(err.as_deref(), value.as_deref()).map(Outcome::Failed),
            },
            (Some(ty), Some(value)) => lower::payload(Some(ty), Some(&value)).map(Outcome::Done),
            (Some(ty), None) => Err(lower::unfit(ty)),
            (None, Some(_)) => Err(ResultError::Unfit { expected: "result, because the function has none".to_owned() }),
        }
    }

    /// The arguments of a call as the JSON that [`Function::lift`] reads: what is left out is `null` here, numbers and flags
    /// are written in one way.
    pub fn lower_arguments(&self, arguments: &[Value]) -> Result<Json, ResultError> {
        lower::arguments(&self.parameters, arguments)
    }
}
