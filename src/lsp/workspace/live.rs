//! Which live value belongs to a place, and how it is shown. Nobody is asked here.

use lsp_types::Position;
use serde_json::{Map, Value};

use super::file::{Spot, Step};
use super::hover::cut;
use super::known::{TargetFiles, Workspace};
use crate::manifest::yaml::write;
use crate::model::kind::Kind;
use crate::model::names::Names;
use crate::model::state::LiveObject;
use crate::pointer::{child, take};
use crate::system::Translate;
use crate::text::inline;

/// More targets are not asked at once.
const TARGETS: usize = 4;

/// What is wanted of a live object, and of whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveQuestion {
    /// The targets that take the file.
    pub targets: Vec<String>,
    /// The kind of the object.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The names of the fields that lead to what is wanted of its spec; none for all of it.
    pub fields: Vec<String>,
}

impl Workspace {
    /// The live value that belongs to a position: an object where it is named, or a field of one. An item of a list has
    /// none of its own, because the live list may have another order.
    #[must_use]
    pub fn live_question(&self, path: &str, at: Position) -> Option<LiveQuestion> {
        let file = self.file(path)?;
        let spot = file.spot(at)?;
        let (version, kind, name, fields) = match self.object(path, file, &spot) {
            Some(object) => (object.api_version, object.kind, object.name, Vec::new()),
            None => {
                let mut declared = self.declarations_in(path, file);
                let own = declared.find(|found| std::ptr::eq(found.document, spot.document))?;
                (own.api_version, own.kind, own.name.to_owned(), fields(&spot)?)
            }
        };
        let takes = |target: &&TargetFiles| target.api_version == version && target.files.contains(path);
        let targets = self.targets.iter().filter(takes).take(TARGETS);
        let targets: Vec<_> = targets.map(|target| target.name.clone()).collect();
        // A name with a variable is another one for each target.
        let is_asked = !targets.is_empty() && !name.contains("${{");
        is_asked.then(|| LiveQuestion { targets, kind: kind.name.clone(), name, fields })
    }
}

/// The fields of the spec that lead to a place, or to the list that it is in.
fn fields(spot: &Spot<'_>) -> Option<Vec<String>> {
    let Some((Step::Field(top), steps)) = spot.path.0.split_first() else { return None };
    let fields: Vec<_> = steps
        .iter()
        .map_while(|step| match step {
            Step::Field(name) => Some(name.clone()),
            Step::Item(_) => None,
        })
        .collect();
    (top == "spec" && !fields.is_empty()).then_some(fields)
}

/// What a live object has where it was asked, in words of git, and without what may be secret.
#[must_use]
pub fn live_value(
    system: &dyn Translate,
    (kind, live): (&Kind, &LiveObject),
    fields: &[String],
    names: &Names,
) -> Option<Value> {
    let body = live.body();
    let pointer = fields.iter().fold(String::new(), |at, name| child(&at, name));
    // What is at its default is left out of the first one.
    let specs = [system.spec(kind, &body, names), system.live_spec(kind, &body, names)];
    specs.into_iter().find_map(|mut spec| {
        for secret in &kind.secrets {
            take(&mut spec, secret);
        }
        spec.pointer_mut(&pointer).map(Value::take)
    })
}

impl LiveQuestion {
    /// A live value as an editor shows it.
    #[must_use]
    pub fn shown(&self, target: &str, value: Value) -> String {
        let field = self.fields.last().map_or("spec", String::as_str);
        let text = write::block(&Map::from_iter([(field.to_owned(), value)]), 0);
        format!("live on {}:\n\n{}", inline(target), cut(text.lines()))
    }
}
