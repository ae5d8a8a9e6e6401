//! JSON pointers (RFC 6901): made, taken apart, and used to change a value. Not here: reading by pointer, which
//! serde_json does.

use serde_json::{Map, Value};

/// The pointer to a field of what `parent` points to.
pub fn child(parent: &str, field: &str) -> String {
    format!("{parent}/{}", field.replace('~', "~0").replace('/', "~1"))
}

/// The fields along a pointer.
pub fn fields(pointer: &str) -> impl Iterator<Item = String> {
    pointer.split('/').skip(1).map(unescaped)
}

/// A field without a pointer's escapes; `~1` first, because `~01` would otherwise come out wrong.
pub fn unescaped(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

/// Whether `inner` points to the same place as `outer` or inside it.
pub fn is_within(inner: &str, outer: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether one of two pointers is within the other.
pub fn overlap(a: &str, b: &str) -> bool {
    is_within(a, b) || is_within(b, a)
}

/// Puts a value at a place, and makes the objects on the way.
pub fn put(value: &mut Value, at: &str, new: Value) {
    if let Some(place) = value.pointer_mut(at) {
        *place = new;
        return;
    }
    let mut place = value;
    for field in fields(at) {
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        let Some(map) = place.as_object_mut() else { return };
        place = map.entry(field).or_insert(Value::Null);
    }
    *place = new;
}

/// Removes a field from its object and returns it.
pub fn take(value: &mut Value, at: &str) -> Option<Value> {
    let (parent, _) = at.rsplit_once('/')?;
    let field = fields(at).last()?;
    value.pointer_mut(parent)?.as_object_mut()?.remove(&field)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_put_somewhere_is_found_and_taken_there() {
        let at = child(&child("", "a/b"), "c~1");
        assert_eq!(at, "/a~1b/c~01");
        let mut value = json!({"x": 1});
        put(&mut value, &at, json!(2));
        assert_eq!(value, json!({"x": 1, "a/b": {"c~1": 2}}));
        assert_eq!((take(&mut value, &at), take(&mut value, &at)), (Some(json!(2)), None));
        assert!(overlap("/a", "/a/b") && overlap("/a/b", "/a") && !overlap("/a", "/ab"));
        assert_eq!(fields(&at).collect::<Vec<_>>(), ["a/b", "c~1"]);
    }
}
