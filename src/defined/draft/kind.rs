//! One kind of a draft: what an OpenAPI document says of the objects at one path, and what it leaves open.

use serde_json::{Map, Value, json};

use super::document::{Document, Schema, pointer};
use super::drafter::{Drafter, Identity};
use super::operations::Paths;
use super::paging::paging;
use super::place::{Collection, One, end, parameter};

/// The names of fields that are likely to name an object, the best first.
const NAMES: [&str; 10] = [
    "name",
    "key",
    "slug",
    "username",
    "login",
    "email",
    "title",
    "identifier",
    "display_name",
    "displayName",
];
/// The names of lists in an answer, the best first.
const LISTS: [&str; 6] = ["data", "items", "results", "values", "records", "resources"];

/// A kind as a definition has it, and what somebody has to find out.
pub(super) struct KindDraft {
    pub(super) name: String,
    /// The path of the list, as the document has it.
    pub(super) path: String,
    /// The kind that it is below, if it is below one.
    pub(super) above: Option<String>,
    /// All but the name, in the order in which people read it.
    pub(super) fields: Map<String, Value>,
    pub(super) questions: Vec<String>,
}

/// The object above that a list is below, with the part of the path that says which.
pub(super) struct Above<'a> {
    pub(super) kind: &'a str,
    pub(super) parameter: &'a str,
}

/// The kind for the objects of a collection, or why there can be none.
pub(super) fn kind<'a>(
    document: &mut Document<'a>,
    collection: &Collection<'a>,
    name: String,
    base: &str,
    above: Option<&Above<'_>>,
) -> Result<KindDraft, String> {
    let One { path: path_of_one, parameter, item: one } =
        collection.one.ok_or("no path is one object of it")?;
    let get = collection.list.get("get").ok_or("nothing lists it")?;
    let writes = ["post", "put", "patch", "delete"];
    if !writes.iter().any(|method| collection.list.contains_key(*method) || one.contains_key(*method)) {
        return Err("nothing writes it".to_owned());
    }
    let answer = document.answer(get).ok_or("its answer has no schema")?;
    let (items, object) = listed(document, &answer, collection)?;
    let mut drafter = Drafter { document, collection, base, object, questions: Vec::new() };
    let identity = drafter.identity(parameter)?;
    let mut fields = keyed(&identity, above);
    let above_in_path = above.map(|above| above.parameter);
    let path = drafter.path(above_in_path) + end(collection.path);
    let of_one = format!("{}/{}{}", drafter.path(above_in_path), identity.in_path, end(path_of_one));
    let mut list = Map::from_iter([("path".to_owned(), json!(path))]);
    if !items.is_empty() {
        list.insert("items".to_owned(), json!(items));
    }
    match paging(drafter.document, get, collection.list, &answer) {
        Some(paging) => drop(list.insert("paging".to_owned(), paging)),
        None => drafter.ask("does one answer hold all objects? If not, say `paging` in `list`"),
    }
    fields.insert("list".to_owned(), Value::Object(list));
    let paths = Paths { list: &path, one: &of_one };
    for (name, operation) in drafter.operations(&identity, one, paths) {
        fields.insert(name.to_owned(), operation);
    }
    fields.insert("spec".to_owned(), drafter.spec(&identity, one));
    let above = above.map(|above| above.kind.to_owned());
    Ok(KindDraft { name, path: collection.path.to_owned(), above, fields, questions: drafter.questions })
}

/// What of a kind says what identifies its objects.
fn keyed(identity: &Identity<'_>, above: Option<&Above<'_>>) -> Map<String, Value> {
    let (mut fields, mut key) = (Map::new(), Map::new());
    fields.extend(identity.id.map(|id| ("id".to_owned(), json!(pointer(&[id])))));
    if let Some(Above { kind, .. }) = above {
        key.insert("above".to_owned(), json!({"kind": kind}));
        fields.insert("named".to_owned(), json!("{above}/{name}"));
    }
    key.insert("name".to_owned(), json!(pointer(&[identity.name])));
    fields.insert("key".to_owned(), Value::Object(key));
    fields
}

/// Where an answer has a list of objects, as a JSON pointer, and the schema of one.
fn listed<'a>(
    document: &Document<'a>,
    answer: &Schema<'a>,
    collection: &Collection<'a>,
) -> Result<(String, Schema<'a>), String> {
    let objects = |schema: &Schema<'a>| {
        let item = document.schema(schema.get("items")?);
        (schema.kind() == Some("array") && !item.properties().is_empty()).then_some(item)
    };
    if let Some(object) = objects(answer) {
        return Ok((String::new(), object));
    }
    let inside = |name: &'a str, schema| Some((name, objects(&document.schema(schema))?));
    let mut lists: Vec<_> =
        answer.properties().into_iter().filter_map(|(name, schema)| inside(name, schema)).collect();
    let last = collection.parts.last().copied().unwrap_or_default();
    // A list of that name, or one that is usual, before others.
    lists.sort_by_key(|(name, _)| {
        let usual = LISTS.iter().position(|usual| usual == name).unwrap_or(LISTS.len());
        (*name != last, usual)
    });
    let (name, object) = lists.into_iter().next().ok_or("its answer holds no list of objects")?;
    Ok((pointer(&[name]), object))
}

impl<'a> Drafter<'a, '_> {
    /// What identifies an object, by the parameter in its path.
    fn identity(&mut self, parameter: &str) -> Result<Identity<'a>, String> {
        let properties = self.object.properties();
        let same = |a: &str, b: &str| plain(a) == plain(b);
        let own = properties.iter().map(|(name, _)| *name).find(|name| same(name, parameter));
        let is_id = |name: &str| ["id", "uuid", "uid"].iter().any(|end| plain(name).ends_with(end));
        let id = own.filter(|name| is_id(name)).or_else(|| {
            let ids = ["id", "uuid", "uid"].into_iter().filter(|_| is_id(parameter));
            ids.filter_map(|id| properties.iter().find(|(name, _)| same(name, id)))
                .map(|(name, _)| *name)
                .next()
        });
        let text = |name: &str| {
            let schema = properties.iter().find(|(known, _)| *known == name)?;
            (self.document.schema(schema.1).kind() == Some("string")).then_some(schema.0)
        };
        let name = NAMES.iter().find_map(|name| text(name));
        // An id that whoever creates an object gives is its name. Many APIs take a plain `id`, and give one to who has none.
        let chosen = |id: &str| match self.collection.list.get("post") {
            Some(post) => self
                .document
                .request(post)
                .is_some_and(|body| body.requires(id) || (plain(id) != "id" && body.property(id).is_some())),
            None => true,
        };
        match (id.filter(|id| !chosen(id)), own.or(id)) {
            (Some(id), _) => {
                let name = name.filter(|name| *name != id).ok_or("no text field could name an object")?;
                self.ask(format!("is `{name}` what people call an object, and does no other have the same? Then say `unique: true`"));
                Ok(Identity { id: Some(id), name, in_path: "{id}" })
            }
            (None, Some(name)) => Ok(Identity { id: None, name, in_path: "{name}" }),
            (None, None) => {
                let name = name.ok_or("no field is what its path has")?;
                if !plain(parameter).ends_with(&plain(name)) {
                    self.ask(format!("is `{{{parameter}}}` in the path what `{name}` has?"));
                }
                Ok(Identity { id: None, name, in_path: "{name}" })
            }
        }
    }

    /// The path of the list, without what may be at its end.
    fn path(&self, above: Option<&str>) -> String {
        let part = |part: &&str| match parameter(part) {
            Some(of) if Some(of) == above => "/{above}".to_owned(),
            _ => format!("/{part}"),
        };
        let parts: String = self.collection.parts.iter().map(part).collect();
        format!("{}{parts}", self.base)
    }
}

/// A name without what APIs write differently.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}
