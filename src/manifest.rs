//! A manifest: one YAML document in the envelope that all kinds share.
//!
//! The road of a file: [`yaml::parse`] gives documents, [`header`] says which JSON Schema applies, the schema is
//! checked, and [`Manifest::new`] takes what passed. Not here: what a spec means, which its system knows.

mod envelope;
pub mod environment;
mod source;
pub mod yaml;

use jiff::civil::Date;
use serde_json::{Map, Value as Json};

/// The texts of manifests and other files of a repository, by path relative to the configuration's folder, with `/`
/// between parts. Texts are shared: in git one blob can have any number of names.
pub type Files = std::collections::BTreeMap<String, std::sync::Arc<str>>;

pub use source::Source;

pub use envelope::{Ensure, Hold, Lifecycle, Metadata, document_schema};

use crate::diagnostic::{Code, Diagnostic, Place};
use crate::packed::Packed;
use crate::text::{short, spelling};
use yaml::{Document, Node, Span};

/// The longest name, in characters.
pub const MAX_NAME: usize = 255;

/// What a document says it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Header {
    /// The system and its version, such as `polytomic/v1`.
    pub api_version: String,
    /// The kind, such as `Policy`.
    pub kind: String,
}

/// A document with a valid envelope.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// Where it is written.
    pub source: Source,
    /// What it says it is.
    pub header: Header,
    /// The natural key.
    pub name: String,
    /// Where in the file the name is; `None` if its text is not at hand. Kept, because each change is shown with it.
    pub name_at: Option<Span>,
    /// Whether the object should exist.
    pub ensure: Ensure,
    /// Whether the object may never be deleted.
    pub protect: bool,
    /// The day from which the object is to be gone.
    pub expires: Option<Date>,
    /// What enact does about differences.
    pub lifecycle: Lifecycle,
    /// The parts of its spec that are left to others, as JSON pointers.
    pub ignore: Vec<String>,
    /// What keeps its changes back.
    pub hold: Option<Hold>,
    /// Former names of the object.
    pub previously: Vec<String>,
    /// What the object should be; empty if the document has no spec.
    pub spec: Packed,
    /// The paths that its JSON Schema refused. Empty in every manifest that is planned.
    pub refused: Vec<String>,
    /// Whether it has references, so that only a target knows what it says: its name is as it is written, and the rest is
    /// empty. Never true of a manifest that is planned.
    pub is_open: bool,
}

/// Reads what a document says it is, or reports why that is not known.
pub fn header(document: &Document, diagnostics: &mut Vec<Diagnostic>) -> Option<Header> {
    if document.root.as_map().is_none() {
        let diagnostic = Diagnostic::new(Code::ManifestNotAMapping, "a manifest must be a mapping")
            .at(document.place(""))
            .help("start it with `apiVersion:` and `kind:`");
        diagnostics.push(diagnostic);
        return None;
    }
    let api_version = header_field(document, "apiVersion", "polytomic/v1", diagnostics);
    let kind = header_field(document, "kind", "Policy", diagnostics);
    Some(Header { api_version: api_version?, kind: kind? })
}

fn header_field(
    document: &Document,
    field: &str,
    example: &str,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<String> {
    let value = document.get(field);
    if let Some(text) = value.and_then(Node::as_str) {
        return Some(text.to_owned());
    }
    let (code, problem) = match value {
        None => (Code::ManifestMissingHeader, "is missing"),
        Some(_) => (Code::ManifestHeaderType, "must be text"),
    };
    let diagnostic = Diagnostic::new(code, format!("`{field}` {problem}"))
        .at(document.place(&format!("/{field}")))
        .help(format!("write it like `{field}: {example}`"));
    diagnostics.push(diagnostic);
    None
}

impl Manifest {
    /// Opens the envelope of a document that its JSON Schema has accepted, and checks the name.
    pub fn new(document: &Document, source: Source, diagnostics: &mut Vec<Diagnostic>) -> Option<Self> {
        Self::of_data(document, document.to_json(), source, diagnostics)
    }

    /// The same of a document whose data are at hand.
    pub fn of_data(
        document: &Document,
        mut data: Json,
        source: Source,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Self> {
        let header = header(document, diagnostics)?;
        let mut take = |field: &str| data.get_mut(field).map(Json::take);
        let metadata = metadata(take("metadata").unwrap_or_default(), document, diagnostics)?;
        diagnostics.extend(wrong_names(&metadata, document));
        diagnostics.extend(kept_and_expiring(&metadata, document));
        let mut spec = take("spec").unwrap_or_else(|| Json::Object(Map::new()));
        // The order in which a user writes fields has no meaning and must not change a plan.
        spec.sort_all_objects();
        let spec = Packed::of(&spec);
        let name_at = document.at("/metadata/name").map(|node| node.span);
        let Metadata { name, ensure, protect, expires, lifecycle, ignore, hold, previously } = metadata;
        Some(Self {
            source,
            header,
            name,
            name_at,
            ensure,
            protect,
            expires,
            lifecycle,
            ignore,
            hold,
            previously,
            spec,
            refused: Vec::new(),
            is_open: false,
        })
    }

    /// A document with references to variables: only a target knows what it says.
    pub fn open(document: &Document, header: Header, source: Source) -> Self {
        let name = document.at("/metadata/name");
        let text = name.and_then(Node::as_str).unwrap_or_default();
        let raw = Self::recorded(source.file(), header, text, &Json::Null);
        Self { name_at: name.map(|node| node.span), source, is_open: true, ..raw }
    }

    /// All that it says about its object, wherever it is written. Two that say the same differ in nothing that matters.
    pub fn said(&self) -> impl PartialEq + '_ {
        let Self {
            source: _,
            header,
            name,
            name_at: _,
            ensure,
            protect,
            expires,
            lifecycle,
            ignore,
            hold,
            previously,
            spec,
            refused: _,
            is_open: _,
        } = self;
        (header, name, ensure, protect, expires, lifecycle, ignore, hold, previously, spec)
    }

    /// A manifest as a record holds it. Its text is not there, so each of its places is the beginning of its file.
    pub fn recorded(file: &str, header: Header, name: &str, spec: &Json) -> Self {
        Self {
            source: Source::unread(file),
            header,
            name: name.to_owned(),
            name_at: None,
            ensure: Ensure::Present,
            protect: false,
            expires: None,
            lifecycle: Lifecycle::default(),
            ignore: Vec::new(),
            hold: None,
            previously: Vec::new(),
            spec: Packed::of(spec),
            refused: Vec::new(),
            is_open: false,
        }
    }

    /// Its file, as the user would type it.
    pub fn file(&self) -> &str {
        self.source.file()
    }

    /// Where its name is, if its text is at hand.
    pub fn name_place(&self) -> Option<Place> {
        Some(self.name_at?.place(self.file(), "metadata.name"))
    }

    /// The place of a JSON pointer in the document, or of its nearest ancestor that exists.
    pub fn place(&self, pointer: &str) -> Place {
        self.source.place(pointer)
    }
}

/// Names that no manifest may hold. The manifest is kept, so that two with one name are reported together.
fn wrong_names(metadata: &Metadata, document: &Document) -> Vec<Diagnostic> {
    let former = metadata.previously.iter().enumerate();
    let former = former.map(|(index, name)| (name, format!("/metadata/previously/{index}")));
    let names = [(&metadata.name, "/metadata/name".to_owned())].into_iter().chain(former);
    names
        .filter_map(|(name, at)| Some(wrong_name(name, &name_problem(name)?).at(document.place(&at))))
        .collect()
}

/// An object that may never be deleted and is to go on a day.
fn kept_and_expiring(metadata: &Metadata, document: &Document) -> Option<Diagnostic> {
    let day = metadata.expires.filter(|_| metadata.protect)?;
    let message = format!("this object is protected, and is also to be deleted on {day}");
    let diagnostic = Diagnostic::new(Code::ManifestExpires, message).at(document.place("/metadata/expires"));
    Some(diagnostic.help("remove `expires` or `protect: true`"))
}

/// The diagnostic for a name that has a problem.
pub fn wrong_name(name: &str, problem: &str) -> Diagnostic {
    let help = match spelling::look(name) {
        look if look == name || name_problem(&look).is_some() => {
            "names are compared exactly, so every character must be visible".to_owned()
        }
        look => format!("write it as `{}`; names that look the same must be the same", short(&look)),
    };
    Diagnostic::new(Code::ManifestName, format!("the name `{}` {problem}", short(name))).help(help)
}

/// Decodes the metadata. The schema has already checked it, so an error is rare and its message can be generic.
fn metadata(value: Json, document: &Document, diagnostics: &mut Vec<Diagnostic>) -> Option<Metadata> {
    serde_json::from_value(value)
        .map_err(|error| {
            let diagnostic =
                Diagnostic::new(Code::ManifestMetadata, format!("`metadata` cannot be used: {error}"))
                    .at(document.key_place("/metadata"))
                    .help("it needs at least a `name`");
            diagnostics.push(diagnostic);
        })
        .ok()
}

/// What is wrong with a name, as the end of a sentence that starts with the name.
pub fn name_problem(name: &str) -> Option<String> {
    let length = name.chars().count();
    if name.is_empty() {
        Some("is empty".to_owned())
    } else if length > MAX_NAME {
        Some(format!("has {length} characters, more than {MAX_NAME}"))
    } else {
        spelling::problem(name)
    }
}

#[cfg(test)]
mod tests;
