//! Manifests from live objects: clean, by name, and with an empty plan after them. Pure; `cli/import.rs` writes them.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::environment::reference::escaped_value;
use crate::manifest::yaml;
use crate::manifest::yaml::write;
use crate::model::kind::{Kind, api_version};
use crate::model::names::Names;
use crate::model::resource::RemoteId;
use crate::model::state::{Desired, LiveObject, Observed};
use crate::system::Translate;

mod accept;
mod file_name;
mod left_out;
mod sound;
pub mod update;

use file_name::FileNames;
use left_out::LeftOut;
use sound::{dangling, refused, unsound};
use update::Only;

/// A manifest to be written.
#[derive(Debug, PartialEq, Eq)]
pub struct NewManifest {
    /// A file name without folder, unique in the import.
    pub file: String,
    /// The YAML document.
    pub text: String,
}

/// Where the manifests go.
#[derive(Clone, Copy, Debug)]
pub struct To<'a> {
    /// The system's name.
    pub system: &'a str,
    /// The path from the manifests to the JSON Schemas, for editors.
    pub schemas: Option<&'a str>,
    /// Whether a manifest says every field, also one that is at its default and grants nothing.
    pub all_fields: bool,
    /// The names of the files that are in their folder already.
    pub taken: &'a [String],
}

/// A manifest for every live object that the system does not manage itself and that git does not declare yet. An object
/// that no manifest can declare, such as one that shares its name, is reported: the import is incomplete without it.
/// `only` names the one object that matters, if there is one.
pub fn manifests(
    to: &To<'_>,
    system: &dyn Translate,
    desired: &Desired,
    observed: &Observed,
    only: Option<&Only>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<NewManifest> {
    let names = Names::new(system.kinds(), desired, observed, &observed.index(system.kinds()));
    let index = observed.index(system.kinds());
    let mut files = FileNames::beside(to.taken);
    let mut manifests = Vec::new();
    for kind in system.kinds() {
        let mut left_out = LeftOut::default();
        let known = known(kind, desired);
        let unreachable = observed.unreachable(&kind.name).iter();
        let reason = "no request can reach it, because its id cannot be part of a path";
        diagnostics.extend(unreachable.map(|found| undeclarable(kind, &found.name, None, reason)));
        for found in observed.found(&kind.name) {
            let is_wanted = only.is_none_or(|only| only.is(&kind.name, &found.name));
            if found.system || !is_wanted || known.contains(&kind.folded(&found.name)) {
                continue;
            }
            if index.named(kind, &found.name).len() > 1 {
                diagnostics.push(ambiguous(kind, found));
                continue;
            }
            let whole = system.whole_spec(kind, &found.body(), &names);
            let spec = kind.shape.for_manifest(&whole, to.all_fields);
            let text = document(to, kind, &found.name, &spec);
            let refused = || refused(system, kind, &spec);
            let lost = || dangling(kind, &found.name, &spec, &names);
            match unusable(to, kind, &text).or_else(refused).or_else(lost) {
                Some(reason) => {
                    diagnostics.push(undeclarable(kind, &found.name, Some(&found.remote), &reason));
                }
                None => {
                    left_out.add(kind, found);
                    manifests.push(NewManifest { file: files.add(&kind.name, &found.name), text });
                }
            }
        }
        diagnostics.extend(left_out.diagnostic(kind));
    }
    manifests
}

/// The names of objects that git declares, or gives another name to.
fn known(kind: &Kind, desired: &Desired) -> BTreeSet<String> {
    let declared = desired.values().filter(|declared| declared.id.kind == kind.name);
    declared.flat_map(|declared| declared.names().map(|name| kind.folded(name))).collect()
}

/// Why the text of a manifest would fail `validate`, if it would.
fn unusable(to: &To<'_>, kind: &Kind, text: &str) -> Option<String> {
    let mut diagnostics = Vec::new();
    let documents = yaml::parse(text, "", &mut diagnostics);
    let unread = diagnostics.into_iter().find(Diagnostic::is_error).map(|diagnostic| diagnostic.message);
    let api_version = api_version(to.system);
    unread.or_else(|| documents.into_iter().find_map(|document| unsound(&api_version, kind, document)))
}

fn undeclarable(kind: &Kind, name: &str, remote: Option<&RemoteId>, reason: &str) -> Diagnostic {
    let id = remote.map(|remote| format!(" ({remote})")).unwrap_or_default();
    let message = format!("the {} `{name}`{id} cannot be declared: {reason}", kind.name);
    Diagnostic::new(Code::ImportUndeclarable, message)
        .help("it was not imported; change it on the target first")
}

fn ambiguous(kind: &Kind, found: &LiveObject) -> Diagnostic {
    let message =
        format!("several live objects could be the {} `{}` ({})", kind.name, found.name, found.remote);
    Diagnostic::new(Code::ImportAmbiguous, message)
        .help("rename all but one on the target; this one was not imported")
}

fn document(to: &To<'_>, kind: &Kind, name: &str, spec: &Value) -> String {
    let To { system, schemas, .. } = *to;
    let editor = schemas
        .map(|folder| format!("# yaml-language-server: $schema={folder}/manifest.schema.json\n"))
        .unwrap_or_default();
    let name = write::scalar(&escaped_value(&Value::from(name)));
    let spec = match &escaped_value(spec) {
        Value::Object(map) if map.is_empty() => " {}\n".to_owned(),
        Value::Object(map) => format!("\n{}", write::block(map, 2)),
        other => format!(" {}\n", write::scalar(other)),
    };
    format!(
        "{editor}apiVersion: {}\nkind: {}\nmetadata:\n  name: {name}\nspec:{spec}",
        api_version(system),
        kind.name
    )
}
