//! What an OpenAPI 3 document says, read within bounds: a document is somebody else's, and may be huge, or lead in circles.
//! Not here: what it means for a definition, in `kind`.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// How many references one after the other are followed.
const MOST_REFS: usize = 16;
/// How many schemas one may be joined of.
const MOST_PARTS: usize = 32;
/// How deep a schema is looked into.
const DEEPEST: usize = 6;
/// How many schemas all drafts of a document may hold.
const MOST_SCHEMAS: usize = 20_000;
/// How many properties of a schema are looked at.
const MOST_PROPERTIES: usize = 500;
/// How many allowed words are worth writing.
const MOST_WORDS: usize = 64;

pub(super) struct Document<'a> {
    root: &'a Value,
    /// How many schemas may still be written.
    left: usize,
}

/// A schema with all that its references and `allOf` say. What may also be null is what it is otherwise.
pub(super) struct Schema<'a> {
    parts: Vec<&'a Map<String, Value>>,
    is_nullable: bool,
}

impl<'a> Document<'a> {
    pub(super) fn new(root: &'a Value) -> Self {
        Self { root, left: MOST_SCHEMAS }
    }

    /// What is at a JSON pointer.
    pub(super) fn at(&self, pointer: &str) -> Option<&'a Value> {
        self.root.pointer(pointer)
    }

    /// A value, or what it refers to within the document.
    pub(super) fn resolved(&self, mut value: &'a Value) -> &'a Value {
        for _ in 0..MOST_REFS {
            let Some(reference) = value.get("$ref").and_then(Value::as_str) else { return value };
            let there = reference.strip_prefix('#').and_then(|at| self.root.pointer(at));
            value = there.unwrap_or(&Value::Null);
        }
        &Value::Null
    }

    /// The schema of the body of a request, if it has one.
    pub(super) fn request(&self, operation: &'a Value) -> Option<Schema<'a>> {
        self.content(self.resolved(operation.get("requestBody")?))
    }

    /// The schema of the first answer of success that has one.
    pub(super) fn answer(&self, operation: &'a Value) -> Option<Schema<'a>> {
        let responses = operation.get("responses")?.as_object()?.iter();
        let mut successes = responses.filter(|(status, _)| status.starts_with('2') || *status == "default");
        successes.find_map(|(_, response)| self.content(self.resolved(response)))
    }

    fn content(&self, of: &'a Value) -> Option<Schema<'a>> {
        let content = of.get("content")?.as_object()?;
        let (_, media) = content.iter().find(|(name, _)| name.contains("json") || *name == "*/*")?;
        Some(self.schema(media.get("schema")?))
    }

    /// A schema, but not yet those inside of it.
    pub(super) fn schema(&self, schema: &'a Value) -> Schema<'a> {
        let mut flat = Schema { parts: Vec::new(), is_nullable: false };
        self.join(schema, &mut flat);
        flat
    }

    fn join(&self, schema: &'a Value, flat: &mut Schema<'a>) {
        let Some(part) = self.resolved(schema).as_object() else { return };
        let is_known = flat.parts.iter().any(|known| std::ptr::eq(*known, part));
        if is_known || flat.parts.len() >= MOST_PARTS {
            return;
        }
        flat.parts.push(part);
        flat.is_nullable |= part.get("nullable") == Some(&Value::Bool(true));
        for name in ["allOf", "anyOf", "oneOf"] {
            let all = part.get(name).and_then(Value::as_array).into_iter().flatten();
            let (null, others): (Vec<_>, Vec<_>) =
                all.partition(|one| one.get("type").and_then(Value::as_str) == Some("null"));
            flat.is_nullable |= !null.is_empty();
            if name == "allOf" || others.len() == 1 {
                others.into_iter().for_each(|one| self.join(one, flat));
            }
        }
    }

    /// A schema as a definition has it: only what enact compares by, and no deeper than makes sense.
    pub(super) fn written(&mut self, schema: &'a Value) -> Map<String, Value> {
        self.at_depth(schema, 0)
    }

    fn at_depth(&mut self, schema: &'a Value, depth: usize) -> Map<String, Value> {
        let (schema, mut written) = (self.schema(schema), Map::new());
        self.left = self.left.saturating_sub(1);
        let Some(kind) = schema.kind().filter(|_| depth < DEEPEST && self.left > 0) else { return written };
        let given = if schema.is_nullable { json!([kind, "null"]) } else { json!(kind) };
        written.insert("type".to_owned(), given);
        if let Some(words) = schema.words().filter(|_| kind == "string") {
            let null = schema.is_nullable.then_some(Value::Null);
            let words = words.into_iter().map(Value::from).chain(null);
            written.insert("enum".to_owned(), words.collect());
        }
        if let ("array", Some(items)) = (kind, schema.get("items")) {
            written.insert("items".to_owned(), Value::Object(self.at_depth(items, depth + 1)));
        }
        let inside = schema.properties();
        if kind == "object" && !inside.is_empty() {
            let inside = inside
                .into_iter()
                .map(|(name, schema)| (name.to_owned(), Value::Object(self.at_depth(schema, depth + 1))));
            let inside: Map<_, _> = inside.collect();
            written.insert("properties".to_owned(), Value::Object(inside));
        }
        written
    }
}

impl<'a> Schema<'a> {
    /// What a keyword says, in the first part that has it.
    pub(super) fn get(&self, keyword: &str) -> Option<&'a Value> {
        self.parts.iter().find_map(|part| part.get(keyword))
    }

    /// Its type, if it is one.
    pub(super) fn kind(&self) -> Option<&'a str> {
        const KINDS: [&str; 6] = ["string", "integer", "number", "boolean", "array", "object"];
        let given = match self.get("type") {
            Some(Value::String(kind)) => Some(kind.as_str()),
            Some(Value::Array(kinds)) => {
                let mut others = kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null");
                others.next().filter(|_| others.next().is_none())
            }
            _ => self.get("properties").map(|_| "object"),
        };
        given.filter(|kind| KINDS.contains(kind))
    }

    /// Its properties whose names a manifest can have, each once.
    pub(super) fn properties(&self) -> Vec<(&'a str, &'a Value)> {
        let mut known = BTreeSet::new();
        let given = self.parts.iter().filter_map(|part| part.get("properties")?.as_object()).flatten();
        let given = given.filter(|(name, _)| is_plain(name) && known.insert(name.as_str()));
        given.take(MOST_PROPERTIES).map(|(name, schema)| (name.as_str(), schema)).collect()
    }

    /// How many more properties it has: with names that no manifest can have, or too many.
    pub(super) fn left_out(&self) -> usize {
        let given = self.parts.iter().filter_map(|part| part.get("properties")?.as_object()).flatten();
        given.map(|(name, _)| name).collect::<BTreeSet<_>>().len() - self.properties().len()
    }

    /// The schema of one property.
    pub(super) fn property(&self, name: &str) -> Option<&'a Value> {
        self.parts.iter().find_map(|part| part.get("properties")?.get(name))
    }

    /// Whether every object has this property.
    pub(super) fn requires(&self, name: &str) -> bool {
        let all = self.parts.iter().filter_map(|part| part.get("required")?.as_array()).flatten();
        all.into_iter().any(|required| required.as_str() == Some(name))
    }

    /// The texts that are allowed, if they are few.
    fn words(&self) -> Option<Vec<&'a str>> {
        let given = self.get("enum")?.as_array()?;
        let mut words: Vec<_> = given.iter().filter_map(Value::as_str).collect();
        words.sort_unstable();
        words.dedup();
        (!words.is_empty() && words.len() <= MOST_WORDS).then_some(words)
    }
}

/// Whether a name from a document is harmless wherever it is written: in a pointer, a path, or a comment.
pub(super) fn is_plain(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.@:".contains(&byte);
    (1..=100).contains(&name.len()) && name.bytes().all(is_plain)
}

/// A JSON pointer. Names in a draft have nothing to escape.
pub(super) fn pointer(names: &[&str]) -> String {
    names.iter().map(|name| format!("/{name}")).collect()
}
