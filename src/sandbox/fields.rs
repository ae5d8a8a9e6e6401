//! Reading typed fields out of request bodies. Null is a wrong type here; an API that accepts it says so itself.

use std::collections::BTreeSet;

use serde_json::Value;

use super::collections::Object;
use super::problem::Problem;

/// A field as `read` understands it, if the object has it.
fn field<'a, T>(
    object: &'a Object,
    name: &str,
    what: &str,
    read: impl Fn(&'a Value) -> Option<T>,
) -> Result<Option<T>, Problem> {
    let Some(value) = object.get(name) else { return Ok(None) };
    read(value).map(Some).ok_or_else(|| Problem::invalid(format!("`{name}` must be {what}")))
}

/// A string, if the object has the field.
pub(crate) fn text<'a>(object: &'a Object, name: &str) -> Result<Option<&'a str>, Problem> {
    field(object, name, "a string", Value::as_str)
}

/// A boolean, if the object has the field.
pub(crate) fn boolean(object: &Object, name: &str) -> Result<Option<bool>, Problem> {
    field(object, name, "true or false", Value::as_bool)
}

/// An integer, if the object has the field.
pub(crate) fn integer(object: &Object, name: &str) -> Result<Option<i64>, Problem> {
    field(object, name, "an integer", Value::as_i64)
}

/// An object, if the object has the field.
pub(crate) fn object<'a>(object: &'a Object, name: &str) -> Result<Option<&'a Object>, Problem> {
    field(object, name, "an object", Value::as_object)
}

/// A list of objects, if the object has the field.
pub(crate) fn objects<'a>(object: &'a Object, name: &str) -> Result<Option<Vec<&'a Object>>, Problem> {
    field(object, name, "a list of objects", |value| value.as_array()?.iter().map(Value::as_object).collect())
}

/// A list of strings, if the object has the field.
pub(crate) fn texts<'a>(object: &'a Object, name: &str) -> Result<Option<Vec<&'a str>>, Problem> {
    field(object, name, "a list of strings", |value| value.as_array()?.iter().map(Value::as_str).collect())
}

/// A string with more than blanks in it, if the object has the field.
pub(crate) fn non_blank<'a>(object: &'a Object, name: &str) -> Result<Option<&'a str>, Problem> {
    match text(object, name)? {
        Some(blank) if blank.trim().is_empty() => {
            Err(Problem::invalid(format!("`{name}` must not be blank")))
        }
        found => Ok(found),
    }
}

/// The value of a field that a body must have.
pub(crate) fn required<T>(found: Option<T>, name: &str) -> Result<T, Problem> {
    found.ok_or_else(|| Problem::invalid(format!("`{name}` is required")))
}

/// The first string that a list holds twice.
pub(crate) fn repeated<'a>(list: &[&'a str]) -> Option<&'a str> {
    let mut seen = BTreeSet::new();
    list.iter().find(|item| !seen.insert(**item)).copied()
}

/// Refuses a list with an item that may not be in it.
pub(crate) fn check_items(name: &str, list: &[&str], is_valid: impl Fn(&str) -> bool) -> Result<(), Problem> {
    match list.iter().find(|item| !is_valid(item)) {
        Some(item) => Err(Problem::invalid(format!("`{item}` cannot be in `{name}`"))),
        None => Ok(()),
    }
}

/// The first field of an object that is not among the known ones.
pub(crate) fn unknown<'a>(object: &'a Object, known: &[&str]) -> Option<&'a str> {
    object.keys().map(String::as_str).find(|name| !known.contains(name))
}

/// The fields of a stored object beyond those of the contract: what a newer version of the API has added.
pub(crate) fn extras<'a>(stored: &'a Object, contract: &[&str]) -> Vec<&'a str> {
    stored.keys().map(String::as_str).filter(|name| !contract.contains(name)).collect()
}

/// The fields that a request may carry for a stored object: the writable ones and the extras.
pub(crate) fn accepted<'a>(writable: &[&'a str], read_only: &[&str], stored: &'a Object) -> Vec<&'a str> {
    let extras = extras(stored, read_only).into_iter().filter(|name| !writable.contains(name));
    writable.iter().copied().chain(extras).collect()
}

/// An object without its null fields, for an API in which null means absent.
pub(crate) fn without_nulls(mut object: Object) -> Object {
    object.retain(|_, value| !value.is_null());
    object
}

/// The fields of `object` that are among `names`.
pub(crate) fn only(object: &Object, names: &[&str]) -> Object {
    names.iter().filter_map(|name| object.get_key_value(*name)).map(|(k, v)| (k.clone(), v.clone())).collect()
}
