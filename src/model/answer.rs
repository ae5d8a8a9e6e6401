//! Places in answers, and what is there. Not here: the answers themselves, in `wire`.

use serde_json::Value;

/// Where an answer has something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerPlace {
    /// At a JSON pointer in the body.
    At(String),
    /// In a header.
    Header(String),
}

/// A value in an answer that means something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sign {
    /// Where it is, as a JSON pointer.
    pub at: String,
    /// Which value it is.
    pub value: SignValue,
}

/// Which value means something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignValue {
    /// One that is not empty.
    Something,
    /// This one. Null is also where there is nothing.
    Is(Value),
    /// Every other one.
    IsNot(Value),
}

impl Sign {
    /// A value that is not empty.
    pub fn something(at: String) -> Self {
        Self { at, value: SignValue::Something }
    }

    /// Whether an answer has it.
    pub fn is_in(&self, body: &Value) -> bool {
        match (&self.value, body.pointer(&self.at)) {
            (SignValue::Something, found) => found.is_some_and(says_something),
            (SignValue::Is(value), found) => found.unwrap_or(&Value::Null) == value,
            (SignValue::IsNot(value), found) => found.is_some_and(|found| found != value),
        }
    }
}

/// Whether a place for errors holds one.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Bool(true) => true,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(items) => items.iter().any(says_something),
        Value::Object(map) => map.values().any(says_something),
    }
}
