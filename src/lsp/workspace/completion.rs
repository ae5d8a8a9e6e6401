//! What could be written at a place: fields, values, and names of objects. What is inserted never says `null`, `[]` or `{}`
//! for a field, because that would be managed and empty.

use lsp_types::{
    CompletionItem, CompletionItemKind, InsertTextFormat, InsertTextMode, Position, Range, TextEdit,
};
use serde_json::{Map, Value, json};

use super::file::{Path, Step, is_at};
use super::known::{FILE_VERSION, TargetFiles, Workspace, header};
use super::names::Declaration;
use super::placeholder::{Reading, Typed};
use crate::manifest::yaml::{Document, Node, write};
use crate::schema::example;
use crate::schema::explain::Field;
use crate::text::{inline, short};

/// More names help nobody.
const MOST: usize = 1000;

/// Whether an editor can be given a text with places to fill in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Snippets {
    /// It can.
    Yes,
    /// It inserts a text as it is.
    #[default]
    No,
}

/// What is inserted, and where.
struct Insertion<'a> {
    typed: &'a Typed,
    range: Range,
    /// How many characters are before it, and how many of them are the blanks at the beginning of the line.
    indent: (usize, usize),
    snippets: Snippets,
}

impl Workspace {
    /// What could be written at a position.
    #[must_use]
    pub fn completion(&self, path: &str, at: Position, snippets: Snippets) -> Vec<CompletionItem> {
        let Some(file) = self.files.get(path) else { return Vec::new() };
        let Some(typed) = Typed::at(&file.lines, at) else { return Vec::new() };
        let range = file.lines.range_of(typed.bytes.clone());
        let insertion = Insertion { typed: &typed, range, indent: typed.indent(&file.lines), snippets };
        let items = typed.readings(path, &file.lines).into_iter().flat_map(|reading| match reading.is_key {
            true => self.fields(&reading, &insertion),
            false => self.values(path, &reading, &insertion),
        });
        let mut items: Vec<_> = items.collect();
        for (index, item) in items.iter_mut().enumerate() {
            item.sort_text = Some(format!("{index:05}"));
        }
        items
    }

    /// The fields that the mapping could still have.
    fn fields(&self, reading: &Reading, insertion: &Insertion<'_>) -> Vec<CompletionItem> {
        let Reading { document, path, .. } = reading;
        let parent = path.parent();
        let Some((root, names)) = self.schema_at(document, &parent) else { return Vec::new() };
        let Ok(field) = Field::at("", root, &names) else { return Vec::new() };
        let there = document.at(&parent.pointer()).and_then(Node::as_map).unwrap_or_default();
        let is_there = |name: &str| there.iter().any(|(key, _)| key.name == name);
        // Where a list is to be, the first field begins its first item.
        let begins_item = field.is_list(root) && matches!(parent.0.last(), Some(Step::Field(_)));
        let new = field.children(root).into_iter().filter(|child| !is_there(child.name));
        let item = |child: Field<'_>| {
            let values = match (parent.0.as_slice(), child.name) {
                ([], "apiVersion" | "kind") => self.header_values(document, child.name),
                _ => child.values(root),
            };
            let value = match values.first() {
                Some(first) => Some(first.clone()),
                None => example::of(root, &child),
            };
            let is_spec = parent.0.is_empty() && child.name == "spec" && !self.needs_fields(document);
            CompletionItem {
                kind: Some(CompletionItemKind::Field),
                detail: Some(child.kinds(root)),
                documentation: Some(child.about(root, "").trim_end().to_owned().into()),
                ..insertion.field(child.name, (value, &values), (begins_item, is_spec))
            }
        };
        new.map(item).collect()
    }

    /// Whether an object of the kind cannot be created without some field.
    fn needs_fields(&self, document: &Document) -> bool {
        self.kind_of(document).is_some_and(|(_, kind)| !kind.required.is_empty())
    }

    /// The values that a field or an item could have.
    fn values(&self, path: &str, reading: &Reading, insertion: &Insertion<'_>) -> Vec<CompletionItem> {
        let Reading { document, path: at, .. } = reading;
        let item = |kind, (value, about): (Value, String)| CompletionItem {
            kind: Some(kind),
            detail: Some(about),
            ..insertion.value(&value)
        };
        let names = self.target_names(document, at).or_else(|| self.object_names(path, document, at));
        match names {
            Some(names) => {
                let named =
                    |(name, from): (String, String)| item(CompletionItemKind::Reference, (name.into(), from));
                names.into_iter().take(MOST).map(named).collect()
            }
            None => {
                let listed = |(value, about): (Value, &str)| {
                    item(CompletionItemKind::EnumMember, (value, about.to_owned()))
                };
                self.listed(document, at).into_iter().map(listed).collect()
            }
        }
    }

    /// The names of objects that a place takes, and where each is from; `None` if it takes none.
    fn object_names(&self, path: &str, document: &Document, at: &Path) -> Option<Vec<(String, String)>> {
        let (version, kind) = self.kind_of(document)?;
        let (Step::Field(top), steps) = at.0.split_first()? else { return None };
        let is_meant = |pattern: &str| top == "spec" && is_at(steps, pattern);
        let reference = kind.references.iter().find(|reference| is_meant(&reference.pattern))?;
        let is_to_be = |found: &Declaration<'_>| {
            found.document.at("/metadata/ensure").and_then(Node::as_str) != Some("absent")
        };
        let declared = self.declarations().filter(|found| found.api_version == version);
        let declared = declared.filter(|found| found.kind.name == reference.kind && is_to_be(found));
        let declared = declared.filter(|found| self.share_target(path, found.path, version));
        let mut names: Vec<_> = declared
            .map(|found| (found.name.to_owned(), format!("{} in {}", found.kind.name, inline(found.path))))
            .collect();
        let own = self.kinds(version).iter().find(|kind| kind.name == reference.kind);
        let built_in = own.into_iter().flat_map(|kind| &kind.built_in);
        names.extend(built_in.map(|name| (name.clone(), format!("{} of the system", reference.kind))));
        names.sort();
        names.dedup_by(|one, other| one.0 == other.0);
        Some(names)
    }

    /// The names of targets, where a file of enact's own names some.
    fn target_names(&self, document: &Document, at: &Path) -> Option<Vec<(String, String)>> {
        let (version, kind) = header(document);
        let is_own = version == Some(FILE_VERSION) && kind != Some("Config");
        let is_target = matches!(at.names().last(), Some(&("target" | "targets")));
        let of = |target: &TargetFiles| (target.name.clone(), format!("a target of {}", target.api_version));
        (is_own && is_target).then(|| self.targets.iter().map(of).collect())
    }

    /// The values that the schema of a place lists or shows, each with what it is.
    fn listed(&self, document: &Document, at: &Path) -> Vec<(Value, &'static str)> {
        if let [Step::Field(name)] = at.0.as_slice()
            && matches!(name.as_str(), "apiVersion" | "kind")
        {
            return self.header_values(document, name).into_iter().map(|value| (value, "")).collect();
        }
        let Some((root, names)) = self.schema_at(document, at) else { return Vec::new() };
        let Ok(field) = Field::at("", root, &names) else { return Vec::new() };
        let is_in_list = matches!(at.0.last(), Some(Step::Item(_)));
        let wraps = field.is_list(root) && !is_in_list;
        let mut listed: Vec<_> = field.values(root).into_iter().map(|value| (value, "")).collect();
        if listed.is_empty() && field.is_flag(root) {
            listed.extend([(json!(true), ""), (json!(false), "")]);
        }
        if listed.is_empty() {
            listed.extend(example::scalars(root, &field).into_iter().map(|value| (value, "for example")));
        }
        listed.retain(|(value, _)| !value.is_null());
        let wrap = |(value, about)| (if wraps { Value::Array(vec![value]) } else { value }, about);
        listed.into_iter().map(wrap).collect()
    }

    /// What `apiVersion` or `kind` could be, as far as the other one leaves a choice.
    fn header_values(&self, document: &Document, field: &str) -> Vec<Value> {
        let (version, kind) = header(document);
        let known = |(of, name): &&(String, String)| match field {
            "apiVersion" => {
                kind.is_none_or(|kind| kind == name || !self.schemas.keys().any(|(_, known)| known == kind))
            }
            _ => version.is_none_or(|version| {
                version == of || !self.schemas.keys().any(|(known, _)| known == version)
            }),
        };
        let one = |(version, kind): &(String, String)| match field {
            "apiVersion" => version.clone(),
            _ => kind.clone(),
        };
        let mut values: Vec<_> = self.schemas.keys().filter(known).map(one).collect();
        values.sort();
        values.dedup();
        values.into_iter().map(Value::from).collect()
    }

    /// The schema that has a place, and the names that lead there in it.
    pub(super) fn schema_at<'a>(
        &'a self,
        document: &Document,
        at: &'a Path,
    ) -> Option<(&'a Value, Vec<&'a str>)> {
        let names = at.names();
        if let (["targets", "settings", rest @ ..], Some("Config")) = (names.as_slice(), header(document).1) {
            let row = Path(at.0.iter().take(2).cloned().collect()).pointer();
            let system = document.at(&row)?.get("system")?.as_str()?;
            return Some((&self.registry.get(system)?.settings, rest.to_vec()));
        }
        // All manifests have the same fields but those of their spec.
        let any = || self.schemas.values().next().filter(|_| names.first() != Some(&"spec"));
        Some((self.schema(document).or_else(any)?, names))
    }
}

impl Insertion<'_> {
    fn item(&self, label: &str, text: String, is_snippet: bool) -> CompletionItem {
        let (format, mode) = match self.snippets {
            Snippets::Yes if is_snippet => (InsertTextFormat::Snippet, InsertTextMode::AdjustIndentation),
            _ => (InsertTextFormat::PlainText, InsertTextMode::AsIs),
        };
        let quote = self.typed.quote.map(String::from).unwrap_or_default();
        CompletionItem {
            label: short(label),
            filter_text: Some(format!("{quote}{}", short(label))),
            insert_text_format: Some(format),
            insert_text_mode: Some(mode),
            text_edit: Some(TextEdit { range: self.range, new_text: text }.into()),
            ..CompletionItem::default()
        }
    }

    fn value(&self, value: &Value) -> CompletionItem {
        let text = match value {
            Value::Array(_) | Value::Object(_) => write::one_line(value),
            _ if self.typed.is_in_flow() => write::one_line(value),
            _ => write::scalar(value),
        };
        let label = value.as_str().map_or_else(|| text.clone(), str::to_owned);
        self.item(&label, text, false)
    }

    /// A field with a value to begin with, or one of several to choose from.
    fn field(
        &self,
        name: &str,
        (value, values): (Option<Value>, &[Value]),
        (begins_item, is_free): (bool, bool),
    ) -> CompletionItem {
        if self.typed.is_key {
            return self.item(name, write::scalar(&name.into()), false);
        }
        let (before, blanks) = self.indent;
        // An editor that fills in snippets gives each line the blanks of the first one.
        let indent = if self.snippets == Snippets::Yes { before.saturating_sub(blanks) } else { before };
        let (dash, indent) = if begins_item { ("- ", indent + 2) } else { ("", indent) };
        let head = format!("{dash}{}:", write::scalar(&name.into()));
        if is_free {
            return match self.snippets {
                Snippets::Yes if !self.typed.is_in_flow() => {
                    self.item(name, format!("{head}\n{}$0", " ".repeat(indent + 2)), true)
                }
                _ => self.item(name, format!("{head} {{}}"), false),
            };
        }
        let Some(value) = value else { return self.item(name, head, false) };
        let is_scalar = !value.is_object() && !value.is_array();
        let text = match (&value, self.typed.is_in_flow()) {
            (_, true) => format!("{head} {}", write::one_line(&value)),
            _ => {
                let text = write::block(&Map::from_iter([(name.to_owned(), value.clone())]), indent);
                format!("{dash}{}", text.trim())
            }
        };
        let is_one_line = !text.contains('\n');
        let options: Vec<_> = match &value {
            Value::Bool(_) => vec![json!(true), json!(false)],
            _ => values.iter().filter(|value| !value.is_null()).cloned().collect(),
        };
        let text = match (self.snippets, options.as_slice()) {
            (Snippets::No, _) => text,
            (_, [_, _, ..]) if is_scalar => {
                let options: Vec<_> =
                    options.iter().map(|value| escaped(&write::one_line(value), ",|")).collect();
                format!("{head} ${{1|{}|}}", options.join(","))
            }
            _ if is_scalar && is_one_line => {
                let value = text.strip_prefix(&head).unwrap_or_default().trim_start();
                format!("{head} ${{1:{}}}", escaped(value, ""))
            }
            _ => escaped(&text, ""),
        };
        self.item(name, text, true)
    }
}

/// A text in which nothing is a place to fill in.
fn escaped(text: &str, more: &str) -> String {
    let escape = |c: char| match matches!(c, '\\' | '$' | '}') || more.contains(c) {
        true => format!("\\{c}"),
        false => c.to_string(),
    };
    text.chars().map(escape).collect()
}
