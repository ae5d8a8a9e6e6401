//! Times of objects, as the APIs print them. Timeouts are not here.

use serde_json::Value;

use super::collections::Object;

/// When seeded objects were created.
pub(crate) const SEEDED_AT: &str = "2026-01-05T09:00:00Z";

/// The present time.
pub(crate) fn now() -> Value {
    now_after(None)
}

/// Updates `updated_at` of an object, even if nothing else changes.
pub(crate) fn touch(object: &mut Object) {
    let now = now_after(object.get("updated_at"));
    object.insert("updated_at".into(), now);
}

/// The present time, but always later than `before`: two writes may share a clock tick.
fn now_after(before: Option<&Value>) -> Value {
    let tick = jiff::Span::new().microseconds(1);
    let now = jiff::Timestamp::now();
    let next = before.and_then(Value::as_str).and_then(|text| text.parse::<jiff::Timestamp>().ok());
    let next = next.and_then(|before| before.checked_add(tick).ok());
    let time = next.map_or(now, |next| next.max(now));
    Value::String(format!("{time:.6}"))
}
