//! References to objects of other kinds: which kinds can be referred to, and where a spec does so. Not here: resolving
//! them, in `model::names`.

use serde_json::Value;

use super::context::Context;
use crate::defined::definition::By;
use crate::defined::problems::Problems;
use crate::diagnostic::Code;
use crate::model::kind::Reference;
use crate::pointer::child;

/// All references, and those for which the API holds an id.
pub(super) fn compile(
    context: &Context<'_>,
    problems: &mut Problems<'_>,
) -> (Vec<Reference>, Vec<Reference>) {
    let (mut all, mut by_id) = (Vec::new(), Vec::new());
    for (pattern, form) in &context.kind.references {
        let place = child(&format!("{}/references", context.at), pattern);
        let (kind, by) = (form.kind(), form.by());
        let is_inside = kind == context.kind.name;
        if !is_inside && !can_refer(context, kind, &place, problems) {
            continue;
        }
        if !leads_to_text(&context.kind.spec, pattern) {
            let message = format!("`{pattern}` is not a text in `spec`");
            let help = "write a JSON pointer to a field of the spec, with `*` for every item of a list";
            problems.report(&place, Code::SystemReference, message, help);
        }
        if by == Some(By::Id) && !context.has_ids(kind) {
            let message = format!("the server gives no id to a {kind}");
            let help = "write `by: name`, or give that kind an `id`";
            problems.report(&place, Code::SystemReference, message, help);
        }
        let reference = Reference::new(pattern, kind);
        if by != Some(By::Name) && context.has_ids(kind) {
            by_id.push(reference.clone());
        }
        all.push(reference);
    }
    (all, by_id)
}

/// Whether a kind may be referred to from here.
pub(super) fn can_refer(context: &Context<'_>, kind: &str, place: &str, problems: &mut Problems<'_>) -> bool {
    let help = if context.earlier.contains_key(kind) {
        return true;
    } else if kind == context.kind.name {
        "a name cannot hold the name of another object of its kind: say it with `references`, as a field of `spec`"
    } else if context.all.contains(kind) {
        "objects are created in the order of the kinds: move that kind up, before this one"
    } else {
        "name a kind of this file"
    };
    let message = format!("`{kind}` cannot be referred to from here");
    problems.report(place, Code::SystemReference, message, help);
    false
}

/// Whether a pattern leads to a text in a schema, or to a value that may be text.
fn leads_to_text(root: &Value, pattern: &str) -> bool {
    let Some(path) = pattern.strip_prefix('/') else { return false };
    let referred = |schema: &'_ Value| match schema.get("$ref").and_then(Value::as_str) {
        Some(target) => target.strip_prefix('#').and_then(|at| root.pointer(at)).cloned(),
        None => Some(schema.clone()),
    };
    let step = |schema: Value, part: &str| {
        let schema = referred(&schema)?;
        let inside = if part == "*" { schema.get("items") } else { schema.get("properties")?.get(part) };
        inside.and_then(referred)
    };
    let end = path.split('/').try_fold(root.clone(), step);
    let is_text = |kind: &Value| kind == "string" || kind == "integer" || kind.is_array();
    end.is_some_and(|end| end.get("type").is_none_or(is_text))
}
