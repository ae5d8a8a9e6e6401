//! Helpers for the bodies that APIs return and take, and for the tables of the systems. Not here: anything that only
//! one system needs.

use serde_json::{Map, Value};

use crate::model::kind::Kind;
use crate::model::request::Path;
use crate::model::resource::RemoteId;
use crate::model::state::{Listed, LiveObject, Unreachable};
use crate::model::wire::ReadError;

/// A string field of an API's object; empty if it is absent.
pub(crate) fn text<'a>(body: &'a Value, field: &str) -> &'a str {
    body.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// An object of an API's list. No manifest means one whose name is empty or no text; but if no name is given at all,
/// maybe because it is hidden, the object could be any.
pub(crate) fn listed(path: &Path, body: &Value, name: &str, system: bool) -> Result<Listed, ReadError> {
    let name = match body.get(name) {
        Some(Value::String(name)) => name.clone(),
        Some(Value::Array(_) | Value::Object(_)) => String::new(),
        // A manifest writes it as text.
        Some(other @ (Value::Number(_) | Value::Bool(_))) => other.to_string(),
        Some(Value::Null) | None => return Err(ReadError::unexpected(path, "has an object without a name")),
    };
    Ok(match RemoteId::new(text(body, "id")) {
        Some(remote) => Ok(LiveObject { remote, name, system, body: body.into(), etag: None }),
        None => Err(Unreachable { name }),
    })
}

/// The one object that an API was asked for.
pub(crate) fn found(path: &Path, body: &Value, name: &str, system: bool) -> Result<LiveObject, ReadError> {
    let unusable = |_| ReadError::unexpected(path, "has an object without a usable id");
    listed(path, body, name, system)?.map_err(unusable)
}

/// A list field of an API's object; empty if it is absent or null.
pub(crate) fn list<'a>(body: &'a Value, field: &str) -> &'a [Value] {
    body.get(field).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A kind with the schema of its spec type, and the usual properties.
pub(crate) fn kind_of<S>(name: &str, about: &str) -> Kind
where
    S: schemars::JsonSchema,
{
    Kind::new(name, about, crate::schema::of::<S>())
}

/// Owned texts, for the tables of the systems.
pub(crate) fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

/// The pattern of a UUID, for schemas.
pub(crate) const UUID: &str = "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$";

/// Sets a field if there is a value; bodies leave out what is not declared.
pub(crate) fn insert_some(map: &mut Map<String, Value>, name: &str, value: Option<&Value>) {
    if let Some(value) = value {
        map.insert(name.to_owned(), value.clone());
    }
}
