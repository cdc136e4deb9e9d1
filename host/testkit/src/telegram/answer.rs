//! Answers in the API's words: what a method did, or why it did nothing.

use serde_json::{Value, json};

/// Why a request was refused. Its status is the response's too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    /// What people read, and what clients compare because there is nothing else.
    pub description: String,
    /// Seconds.
    pub retry_after: Option<u32>,
}

impl Refusal {
    #[must_use]
    pub fn new(status: u16, description: impl Into<String>) -> Self {
        Self { status, description: description.into(), retry_after: None }
    }

    /// 400.
    #[must_use]
    pub fn bad(why: impl AsRef<str>) -> Self {
        Self::new(400, format!("Bad Request: {}", why.as_ref()))
    }

    /// 403.
    #[must_use]
    pub fn forbidden(why: impl AsRef<str>) -> Self {
        Self::new(403, format!("Forbidden: {}", why.as_ref()))
    }

    /// 429, with the seconds to wait.
    #[must_use]
    pub fn too_many(retry_after: u32) -> Self {
        Self { retry_after: Some(retry_after), ..Self::new(429, format!("Too Many Requests: retry after {retry_after}")) }
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized")
    }

    pub(crate) fn not_found() -> Self {
        Self::new(404, "Not Found")
    }

    pub(crate) fn conflict(why: impl AsRef<str>) -> Self {
        Self::new(409, format!("Conflict: {}", why.as_ref()))
    }

    pub(crate) fn body(&self) -> Value {
        let mut body = json!({ "ok": false, "error_code": self.status, "description": self.description });
        if let (Some(seconds), Some(body)) = (self.retry_after, body.as_object_mut()) {
            body.insert("parameters".to_owned(), json!({ "retry_after": seconds }));
        }
        body
    }
}

/// What a method returns. Some say in words what they did.
#[derive(Clone, Debug)]
pub(crate) struct Done {
    pub(crate) result: Value,
    pub(crate) description: Option<&'static str>,
}

impl Done {
    pub(crate) fn body(&self) -> Value {
        let mut body = json!({ "ok": true, "result": self.result });
        if let (Some(description), Some(body)) = (self.description, body.as_object_mut()) {
            body.insert("description".to_owned(), description.into());
        }
        body
    }
}

impl From<Value> for Done {
    fn from(result: Value) -> Self {
        Self { result, description: None }
    }
}
