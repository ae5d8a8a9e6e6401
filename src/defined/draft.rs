//! Drafts the definition of a system from an OpenAPI 3 document: what the document says, and as comments what it leaves
//! open. Every draft is a sound definition.
//!
//! Not here: reading the document's schemas (`document`), its paths (`place`), and one kind (`kind`, with its `operations`,
//! `paging` and `spec`).

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::defined::define;
use crate::manifest::yaml::{MAX_BYTES, write::block};
use crate::text::{inline, short};
use crate::words::count;

mod document;
mod drafter;
mod kind;
mod operations;
mod paging;
mod place;
mod spec;

use document::{Document, is_plain};
use kind::{Above, KindDraft};
use place::{Collection, parameter};

/// How many kinds a draft has at most.
const MOST_KINDS: usize = 200;
/// How many bytes its kinds may take; what is left is for its beginning and its end.
const MOST_BYTES: usize = MAX_BYTES - (128 << 10);
/// How many paths without a kind are named in it.
const MOST_LEFT_OUT: usize = 200;
/// The longest name of a kind that is made from a path.
const LONGEST: usize = 40;

/// A definition to go on with.
#[derive(Debug)]
pub struct Draft {
    /// Its text.
    pub text: String,
    /// How many kinds it has.
    pub kinds: usize,
    /// How many questions it has, in comments.
    pub questions: usize,
    /// How many paths of objects have no kind in it.
    pub left_out: usize,
}

/// A path without a kind, and why.
struct LeftOut {
    path: String,
    why: String,
}

/// Drafts the definition of a system of this name from a document; `url` is the path of the target's URL. An error says
/// what the document lacks.
pub fn draft(document: &Value, name: &str, url: &str) -> Result<Draft, String> {
    let is_version_3 = document.get("openapi").and_then(Value::as_str).is_some_and(|of| of.starts_with("3."));
    if !is_version_3 {
        return Err("it is not an OpenAPI document of version 3: it has no `openapi: 3`".to_owned());
    }
    let mut document = Document::new(document);
    let base = base(&document, url);
    let collections = place::collections(&document);
    let mut kinds: Vec<(KindDraft, Vec<&str>)> = Vec::new();
    let mut left_out = Vec::new();
    let mut taken = BTreeSet::new();
    for collection in collections.iter().filter(|collection| collection.is_written()) {
        let name = kind_name(collection, &mut taken);
        let kind = above(collection, &kinds).and_then(|above| {
            if kinds.len() == MOST_KINDS {
                return Err(format!("a draft has at most {MOST_KINDS} kinds"));
            }
            kind::kind(&mut document, collection, name, &base, above.as_ref())
        });
        match kind {
            Ok(kind) => kinds.push((kind, collection.parts.clone())),
            Err(why) => left_out.push(LeftOut { path: collection.path.to_owned(), why }),
        }
    }
    let mut kinds: Vec<_> = kinds.into_iter().map(|(kind, _)| kind).collect();
    let head = head(&document, name);
    sound(&head, &mut kinds, &mut left_out);
    if kinds.is_empty() {
        return Err("no path of it lists objects of which each has a path and a name of its own".to_owned());
    }
    if let Some(why) = problem(&head, &kinds.iter().collect::<Vec<_>>()) {
        return Err(format!("its draft would not be sound: {why}"));
    }
    let questions = kinds.iter().map(|kind| kind.questions.len()).sum();
    let passed_over = place::passed_over(&document);
    let text = text(&head, &kinds.iter().collect::<Vec<_>>()) + &ending(&left_out, passed_over);
    Ok(Draft { text, kinds: kinds.len(), questions, left_out: left_out.len() + passed_over })
}

/// What stands before the paths of the document: the path of its server, unless the target's URL has it.
fn base(document: &Document<'_>, url: &str) -> String {
    let server = document.at("/servers/0/url").and_then(Value::as_str).unwrap_or_default();
    let path = server
        .split_once("://")
        .map_or(server, |(_, rest)| rest.find('/').map_or("", |at| rest.get(at..).unwrap_or("")));
    let parts: Vec<_> = path.split('/').filter(|part| !part.is_empty()).collect();
    let is_known = parts.iter().all(|part| is_plain(part) && ![".", ".."].contains(part));
    let path: String = parts.iter().map(|part| format!("/{part}")).collect();
    if is_known && !url.trim_end_matches('/').ends_with(&path) { path } else { String::new() }
}

/// The object that a collection is below, if it is below one. A definition can have only one, which it knows.
fn above<'a>(
    collection: &'a Collection<'_>,
    kinds: &'a [(KindDraft, Vec<&str>)],
) -> Result<Option<Above<'a>>, String> {
    match collection.parameters().as_slice() {
        [] => Ok(None),
        [one] => {
            let at =
                collection.parts.iter().position(|part| parameter(part) == Some(one)).unwrap_or_default();
            let of = collection.parts.get(..at).unwrap_or_default();
            let kind = kinds.iter().find(|(_, parts)| parts == of).map(|(kind, _)| kind.name.as_str());
            let kind = kind.ok_or("what it is below has no kind here")?;
            Ok(Some(Above { kind, parameter: one }))
        }
        _ => Err("it is below two objects".to_owned()),
    }
}

/// A name for the kind of a collection that no other has, such as `Role` for `/api/roles`.
fn kind_name(collection: &Collection<'_>, taken: &mut BTreeSet<String>) -> String {
    let words: Vec<_> = collection.parts.iter().filter(|part| parameter(part).is_none()).collect();
    let camel = |words: &[&&str]| {
        let (last, before) = words.split_last().map_or(("", &[][..]), |(last, before)| (**last, before));
        let before: String = before.iter().map(|word| capital(&singular(word))).collect();
        let name: String = (before + &capital(&singular(last))).chars().take(LONGEST).collect();
        if name.starts_with(|first: char| first.is_ascii_uppercase()) { name } else { format!("Kind{name}") }
    };
    let from = |count: usize| camel(words.get(words.len().saturating_sub(count)..).unwrap_or_default());
    let mut names = (1..=words.len()).map(from).chain((2..).map(|number| format!("{}{number}", from(1))));
    // There is always another number.
    let name = names.find(|name| taken.insert(name.to_lowercase()));
    name.unwrap_or_default()
}

fn singular(word: &str) -> String {
    let ends = [
        ("ies", "y"),
        ("sses", "ss"),
        ("ches", "ch"),
        ("shes", "sh"),
        ("xes", "x"),
        ("uses", "us"),
        ("ss", "ss"),
        ("us", "us"),
        ("s", ""),
    ];
    let end = ends.into_iter().find_map(|(end, one)| Some(format!("{}{one}", word.strip_suffix(end)?)));
    end.filter(|word| !word.is_empty()).unwrap_or_else(|| word.to_owned())
}

/// The words of a text in one, each with a capital.
fn capital(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
    };
    words.map(word).collect()
}

/// The first lines of a definition.
fn head(document: &Document<'_>, name: &str) -> Map<String, Value> {
    let mut head = Map::from_iter([
        ("apiVersion".to_owned(), json!("enact/v1")),
        ("kind".to_owned(), json!("System")),
        ("name".to_owned(), json!(name)),
    ]);
    let title = document.at("/info/title").and_then(Value::as_str).unwrap_or("an API");
    let version = document.at("/info/version").and_then(Value::as_str).unwrap_or("without a version");
    let about = format!(
        "{}, {}; drafted from its OpenAPI document, and not tried yet.",
        short(title),
        short(version)
    );
    head.insert("about".to_owned(), json!(about));
    let schemes = document.at("/components/securitySchemes").and_then(Value::as_object);
    let mut auth: Vec<Value> = Vec::new();
    for scheme in schemes.into_iter().flatten().filter_map(|(_, scheme)| way(document.resolved(scheme))) {
        if !auth.contains(&scheme) {
            auth.push(scheme);
        }
    }
    if !auth.is_empty() {
        head.insert("auth".to_owned(), Value::Array(auth));
    }
    head
}

/// A way to authenticate, if a definition can have it.
fn way(scheme: &Value) -> Option<Value> {
    let text = |name: &str| scheme.get(name).and_then(Value::as_str);
    match (text("type")?, text("scheme").map(str::to_lowercase).as_deref(), text("in")) {
        ("http", Some("basic"), _) => Some(json!("basic")),
        ("http", Some("bearer"), _) | ("oauth2" | "openIdConnect", ..) => Some(json!("bearer")),
        ("apiKey", _, Some("header")) => {
            let name = text("name").filter(|name| is_plain(name))?;
            Some(if name.eq_ignore_ascii_case("authorization") {
                json!("bearer")
            } else {
                json!({"header": name})
            })
        }
        _ => None,
    }
}

/// Leaves out each kind that would not be sound, and those below it.
fn sound(head: &Map<String, Value>, kinds: &mut Vec<KindDraft>, left_out: &mut Vec<LeftOut>) {
    let mut kept: Vec<KindDraft> = Vec::new();
    let mut room = MOST_BYTES;
    for kind in std::mem::take(kinds) {
        let Some(left) = room.checked_sub(text(&Map::new(), &[&kind]).len()) else {
            let why = "a definition would be too large with it".to_owned();
            left_out.push(LeftOut { path: kind.path, why });
            continue;
        };
        room = left;
        let above = kept.iter().filter(|other| Some(&other.name) == kind.above.as_ref());
        let why = problem(head, &above.chain([&kind]).collect::<Vec<_>>());
        match why {
            None => kept.push(kind),
            Some(why) => left_out.push(LeftOut { path: kind.path, why }),
        }
    }
    *kinds = kept;
}

/// Why a definition with these kinds is not sound.
fn problem(head: &Map<String, Value>, kinds: &[&KindDraft]) -> Option<String> {
    let mut diagnostics = Vec::new();
    let defined = define("draft.yaml", &text(head, kinds), &mut diagnostics);
    let first = || diagnostics.into_iter().next().map(|problem| problem.message).unwrap_or_default();
    if defined.is_some() { None } else { Some(first()) }
}

fn text(head: &Map<String, Value>, kinds: &[&KindDraft]) -> String {
    let mut text = block(head, 0) + "kinds:\n";
    for KindDraft { name, fields, questions, .. } in kinds {
        for question in questions {
            text.push_str(&format!("  # question: {}\n", inline(question)));
        }
        let name = block(&Map::from_iter([("name".to_owned(), json!(name))]), 0);
        text.push_str(&format!("  - {name}{}", block(fields, 4)));
    }
    text
}

/// What has no kind, and how many paths were passed over, as comments.
fn ending(left_out: &[LeftOut], passed_over: usize) -> String {
    let line = |LeftOut { path, why }: &LeftOut| format!("# left out: {} ({})\n", short(path), short(why));
    let more = left_out.len().saturating_sub(MOST_LEFT_OUT);
    let more = (more > 0).then(|| format!("# left out: {}\n", count(more, "more path")));
    let why = "odd names, or more than a draft looks at";
    let odd = (passed_over > 0).then(|| format!("# left out: {} ({why})\n", count(passed_over, "path")));
    left_out.iter().take(MOST_LEFT_OUT).map(line).chain(more).chain(odd).collect()
}
