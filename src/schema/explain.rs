//! A JSON Schema as a page for people: a field, what it means, and the fields in it. Not here: which schema, in the command.

use serde_json::{Map, Value};

use super::check::words::{expected, json};
use crate::diagnostic::nearest;
use crate::text::wrap;

/// How many references a field is looked for behind; a schema may refer to itself.
pub(super) const DEPTH: usize = 8;
/// How wide a page is.
const WIDTH: usize = 100;

/// A field that a schema does not have.
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownField {
    /// As it was asked for.
    pub field: String,
    /// How many names before it were found.
    pub depth: usize,
    /// The next best, or all that there are.
    pub help: String,
}

/// The page of a field, by the names along its path; list items are passed over. An empty path is the schema itself.
pub fn page(title: &str, schema: &Value, path: &[&str]) -> Result<String, UnknownField> {
    let field = Field::at(title, schema, path)?;
    let mut page = match path {
        [] => title.to_owned(),
        path => format!("{title}: {}", path.join(".")),
    };
    page.push_str(&format!("\n\n{}", field.about(schema, "  ")));
    let fields = field.children(schema);
    if !fields.is_empty() {
        page.push_str("\nfields\n");
    }
    for child in fields {
        page.push_str(&format!("\n  {}\n{}", child.heading(schema), child.about(schema, "      ")));
    }
    Ok(page)
}

/// Every field of a schema below a path, as a table in Markdown; `None` if there is none. A list's items are `[]`.
pub fn table(schema: &Value, path: &str) -> Option<String> {
    let mut rows = Vec::new();
    let names: Vec<_> = path.split('.').filter(|name| !name.is_empty()).collect();
    let field = Field::at(path, schema, &names).ok()?;
    field.rows(schema, path, &[], &mut rows);
    (!rows.is_empty()).then(|| format!("| field | is | means |\n|---|---|---|\n{}", rows.concat()))
}

/// A text in lines that are not too long.
pub fn wrapped(text: &str, indent: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    if words.is_empty() { String::new() } else { wrap::fill(&words.join(" "), WIDTH, indent) + "\n" }
}

/// A field of a schema. `root` is that schema wherever it is asked for.
pub struct Field<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it may be.
    pub schema: &'a Value,
    /// Whether its mapping needs it.
    pub is_required: bool,
}

impl<'a> Field<'a> {
    /// The field at the end of a path of names; list items are passed over. An empty path is the schema itself.
    pub fn at(title: &'a str, root: &'a Value, path: &[&str]) -> Result<Self, UnknownField> {
        let whole = Field { name: title, schema: root, is_required: false };
        path.iter().enumerate().try_fold(whole, |field, (depth, name)| {
            field.child(root, name).map_err(|wrong| UnknownField { depth, ..wrong })
        })
    }

    fn heading(&self, root: &'a Value) -> String {
        format!("{}: {}", self.name, self.kinds(root))
    }

    /// What it may be, in words.
    pub fn kinds(&self, root: &'a Value) -> String {
        let required = if self.is_required { ", required" } else { "" };
        format!("{}{required}", kinds(root, self.schema))
    }

    /// Whether it can be nothing but a list.
    pub fn is_list(&self, root: &'a Value) -> bool {
        let mut parts = alternatives(root, self.schema, DEPTH);
        parts.any(|part| part.get("items").is_some())
            && !alternatives(root, self.schema, DEPTH).any(|part| part.get("properties").is_some())
    }

    /// Whether it is true or false.
    pub fn is_flag(&self, root: &'a Value) -> bool {
        self.parts(root).any(|part| part.get("type").is_some_and(|kind| kind == "boolean"))
    }

    /// The values that it, or an item of the list that it is, may have, if they can be listed.
    pub fn values(&self, root: &'a Value) -> Vec<Value> {
        self.parts(root).flat_map(listed).collect()
    }

    /// A row for each field in it, and for the fields of that.
    fn rows(&self, root: &'a Value, path: &str, above: &[&Value], rows: &mut Vec<String>) {
        let is_list = alternatives(root, self.schema, DEPTH).any(|part| part.get("items").is_some());
        let path = if is_list { format!("{path}[]") } else { path.to_owned() };
        for child in self.children(root) {
            let name = if path.is_empty() { child.name.to_owned() } else { format!("{path}.{}", child.name) };
            let required = if child.is_required { ", required" } else { "" };
            let about = child.paragraphs(root).join(" ").replace('|', "\\|");
            let about = about.split_whitespace().collect::<Vec<_>>().join(" ");
            rows.push(format!("| `{name}` | {}{required} | {about} |\n", kinds(root, child.schema)));
            // A field may hold others of its own sort.
            if !above.iter().any(|above| std::ptr::eq(*above, child.schema)) {
                child.rows(root, &name, &[above, &[child.schema]].concat(), rows);
            }
        }
    }

    /// What it means, what it may be, and how it is written.
    pub fn about(&self, root: &'a Value, indent: &str) -> String {
        self.paragraphs(root).iter().map(|text| wrapped(text, indent)).collect()
    }

    fn paragraphs(&self, root: &'a Value) -> Vec<String> {
        let all = || alternatives(root, self.schema, DEPTH);
        let text = self.schema.get("description").or_else(|| all().find_map(|part| part.get("description")));
        let text = text.and_then(Value::as_str).unwrap_or_default();
        let hint = all().find_map(|part| part.get("x-pattern-hint")?.as_str());
        let hint = hint.map(|hint| format!("It is {hint}."));
        let options = options(root, self.schema);
        let options = (!options.is_empty()).then(|| format!("One of: {}.", options.join(", ")));
        let default = self.schema.get("default").filter(|default| !is_empty(default));
        let default = default.map(|default| format!("Default: {}.", json(default)));
        let examples = self.schema.get("examples").or_else(|| all().find_map(|part| part.get("examples")));
        let examples = examples.and_then(Value::as_array).into_iter().flatten();
        let examples: Vec<_> = examples.map(Value::to_string).collect();
        let examples = (!examples.is_empty()).then(|| format!("For example: {}", examples.join(", ")));
        let rest = [hint, options, default, examples];
        let paragraphs = std::iter::once(text.to_owned()).chain(rest.into_iter().flatten());
        paragraphs.filter(|text| !text.is_empty()).collect()
    }

    fn child(&self, root: &'a Value, name: &str) -> Result<Self, UnknownField> {
        let children = self.children(root);
        let names: Vec<_> = children.iter().map(|child| child.name).collect();
        let help = || match nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if names.is_empty() => "there are no fields in it".to_owned(),
            None => format!("there are {}", names.join(", ")),
        };
        let unknown = UnknownField { field: name.to_owned(), depth: 0, help: help() };
        let named = children.into_iter().find(|child| child.name == name);
        named.or_else(|| self.any_child(root)).ok_or(unknown)
    }

    /// The field of any name, if the mapping takes one.
    fn any_child(&self, root: &'a Value) -> Option<Self> {
        let schema = self.parts(root).find_map(|part| part.get("additionalProperties"))?;
        schema.is_object().then_some(Self { name: self.name, schema, is_required: false })
    }

    /// The schemas that hold for it, or for each item of the list that it is.
    pub(super) fn parts(&self, root: &'a Value) -> impl Iterator<Item = &'a Value> {
        alternatives(root, self.schema, DEPTH).flat_map(move |part| match part.get("items") {
            Some(items) => alternatives(root, items, DEPTH).collect(),
            None => vec![part],
        })
    }

    /// The fields of the mapping, of each item of the list, or of any of its alternatives.
    pub fn children(&self, root: &'a Value) -> Vec<Self> {
        let mut fields: Vec<Self> = Vec::new();
        for part in self.parts(root) {
            let required = part.get("required").and_then(Value::as_array);
            let properties = part.get("properties").and_then(Value::as_object);
            for (name, schema) in properties.into_iter().flat_map(Map::iter) {
                if !fields.iter().any(|field| field.name == name) {
                    let is_required = required.is_some_and(|names| names.contains(&name.as_str().into()));
                    fields.push(Self { name, schema, is_required });
                }
            }
        }
        fields
    }
}

/// A schema without references and, instead of alternatives, each of them.
pub(super) fn alternatives<'a>(
    root: &'a Value,
    schema: &'a Value,
    depth: usize,
) -> impl Iterator<Item = &'a Value> {
    let mut found = Vec::new();
    collect(root, schema, depth, &mut found);
    found.into_iter()
}

fn collect<'a>(root: &'a Value, schema: &'a Value, depth: usize, found: &mut Vec<&'a Value>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    found.push(schema);
    let reference = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix('#'));
    if let Some(referred) = reference.and_then(|pointer| root.pointer(pointer)) {
        collect(root, referred, depth, found);
    }
    for keyword in ["anyOf", "oneOf", "allOf"] {
        for part in schema.get(keyword).and_then(Value::as_array).into_iter().flatten() {
            collect(root, part, depth, found);
        }
    }
}

/// The types that it may have, in words.
fn kinds(root: &Value, schema: &Value) -> String {
    let mut kinds: Vec<&str> = Vec::new();
    for part in alternatives(root, schema, DEPTH) {
        let names = match part.get("type") {
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(name)) => vec![name.as_str()],
            _ => Vec::new(),
        };
        kinds.extend(names.into_iter().filter(|name| *name != "null"));
    }
    kinds.dedup();
    let items = alternatives(root, schema, DEPTH).find_map(|part| part.get("items"));
    match (kinds.as_slice(), items) {
        ([], _) if options(root, schema).is_empty() => "any value".to_owned(),
        ([], _) => "a string".to_owned(),
        (["array"], Some(items)) => match kinds_of_items(root, items) {
            "" => "a list".to_owned(),
            plural => format!("a list of {plural}"),
        },
        (kinds, _) => expected(kinds),
    }
}

fn kinds_of_items(root: &Value, items: &Value) -> &'static str {
    let named = alternatives(root, items, DEPTH).find_map(|part| part.get("type")?.as_str());
    match named {
        Some("string") => "strings",
        Some("object") => "mappings",
        Some("number" | "integer") => "numbers",
        _ => "",
    }
}

/// The values that it may have.
fn options(root: &Value, schema: &Value) -> Vec<String> {
    alternatives(root, schema, DEPTH).flat_map(listed).map(|value| json(&value)).collect()
}

/// The values that a part of a schema lists.
fn listed(part: &Value) -> Vec<Value> {
    let listed = part.get("enum").and_then(Value::as_array).cloned().unwrap_or_default();
    listed.into_iter().chain(part.get("const").cloned()).collect()
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty() || fields.values().all(is_empty),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_is_found_behind_references_lists_and_alternatives() {
        let schema = json!({
            "description": "A thing.",
            "properties": {"rules": {"type": "array", "items": {"$ref": "#/$defs/Rule"}, "description": "Its rules."}},
            "required": ["rules"],
            "$defs": {"Rule": {
                "type": "object",
                "properties": {"effect": {"enum": ["allow", "deny"], "description": "What it does."}, "self": {"$ref": "#/$defs/Rule"}},
            }},
        });
        let whole = page("thing", &schema, &[]).unwrap();
        assert_eq!(
            whole,
            "thing\n\n  A thing.\n\nfields\n\n  rules: a list of mappings, required\n      Its rules.\n"
        );
        let effect = page("thing", &schema, &["rules", "self", "effect"]).unwrap();
        assert_eq!(effect, "thing: rules.self.effect\n\n  What it does.\n  One of: allow, deny.\n");
        let wrong = page("thing", &schema, &["rules", "efect"]).unwrap_err();
        assert_eq!(wrong.help, "did you mean `effect`?");
    }

    #[test]
    fn a_table_has_every_field_once_also_of_what_holds_itself() {
        let schema = json!({
            "properties": {"rules": {"type": "array", "items": {"$ref": "#/$defs/Rule"}, "description": "a |\nb"}},
            "$defs": {"Rule": {"type": "object", "properties": {"all": {"type": "array", "items": {"$ref": "#/$defs/Rule"}}}}},
        });
        let rows = table(&schema, "").unwrap();
        let expected = "| field | is | means |\n|---|---|---|\n\
            | `rules` | a list of mappings | a \\| b |\n\
            | `rules[].all` | a list of mappings |  |\n\
            | `rules[].all[].all` | a list of mappings |  |\n";
        assert_eq!(rows, expected);
        assert_eq!(table(&schema, "rules.all.none"), None);
    }

    #[test]
    fn a_text_is_wrapped_at_words() {
        let text = wrapped(&"word ".repeat(60), "  ");
        assert!(text.lines().all(|line| line.starts_with("  word") && line.len() <= WIDTH), "{text}");
        assert_eq!(wrapped("", "  "), "");
    }
}
