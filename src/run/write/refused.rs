//! Where a manifest declares what an API refused. Pure.

use serde_json::Value;

use crate::diagnostic::Place;
use crate::model::state::Declared;
use crate::pointer::child;

/// The place of the first field that the API names and git declares, or else of the object's name.
pub(super) fn place(declared: &Declared, fields: &[Vec<String>]) -> Place {
    let spec = declared.spec();
    let named = fields.iter().find_map(|steps| declared_field(&spec, steps));
    named.map_or_else(|| declared.name_place(), |pointer| declared.place(&pointer))
}

/// The JSON pointer of the declared field that these steps lead to, as far as git declares them. An API may begin at the
/// body, or at an envelope in it, so the first steps may be of no field.
fn declared_field(spec: &Value, steps: &[String]) -> Option<String> {
    (0..steps.len()).find_map(|start| {
        let (mut pointer, mut value) = (String::new(), spec);
        for step in steps.get(start..)? {
            let next = match value {
                Value::Object(map) => map.get(step),
                Value::Array(items) => step.parse().ok().and_then(|index: usize| items.get(index)),
                _ => None,
            };
            let Some(next) = next else { break };
            pointer = child(&pointer, step);
            value = next;
        }
        (!pointer.is_empty()).then_some(pointer)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_steps_of_an_api_lead_to_the_declared_field() {
        let spec = json!({"rules": [{"name": "a"}, {"name": "b", "a/b": 1}], "size": 2});
        let pointer = |steps: &str| {
            let steps: Vec<_> = steps.split_whitespace().map(str::to_owned).collect();
            declared_field(&spec, &steps)
        };
        assert_eq!(pointer("size").as_deref(), Some("/size"));
        assert_eq!(pointer("body rules 1 name").as_deref(), Some("/rules/1/name"));
        assert_eq!(pointer("data attributes size").as_deref(), Some("/size"));
        assert_eq!(pointer("rules 1 a/b").as_deref(), Some("/rules/1/a~1b"));
        assert_eq!(pointer("rules 7 name").as_deref(), Some("/rules"), "as far as git declares it");
        assert_eq!(pointer("size unit").as_deref(), Some("/size"));
        assert_eq!((pointer("metadata owner"), pointer("")), (None, None));
    }
}
