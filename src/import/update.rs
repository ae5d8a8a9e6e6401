//! The manifests that exist, with the live values in them. Pure; what changes in a spec is in `accept`, and the files are
//! written by the command.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::accept::{Nothing, Sides};
use super::sound::{dangling, refused, unsound};
use crate::compare::cause::Cause;
use crate::compare::diff::Field;
use crate::compare::ignore::Ignored;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::manifest::environment::reference::escaped_value;
use crate::manifest::yaml::edit::{Refusal, edit};
use crate::manifest::yaml::patch::Patch;
use crate::manifest::{Ensure, Files, Manifest, yaml};
use crate::model::kind::Kind;
use crate::model::names::Names;
use crate::model::resource::ResourceId;
use crate::model::state::{Attempted, Declared, Desired, Index, LiveObject, Observed};
use crate::packed::Packed;
use crate::plan::compare::Comparison;
use crate::plan::input::WriteOnly;
use crate::system::Judge;
use crate::words::list;

/// One object of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Only {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
}

impl Only {
    /// Whether an object is the one.
    #[must_use]
    pub fn is(&self, kind: &str, name: &str) -> bool {
        self.kind == kind && self.name == name
    }
}

/// What is known of a target whose live values are accepted.
#[derive(Clone, Copy)]
pub struct Live<'a> {
    /// Its API.
    pub system: &'a dyn Judge,
    /// What git declares for it.
    pub desired: &'a Desired,
    /// What git declared when it was last applied, if that is known.
    pub base: Option<&'a Desired>,
    /// What git set since then in attempts that were never verified.
    pub attempted: &'a Attempted,
    /// What it holds.
    pub observed: &'a Observed,
    /// The only object that matters, if there is one.
    pub only: Option<&'a Only>,
}

/// A file with live values in its manifests.
#[derive(Clone, Debug)]
pub struct Updated {
    /// The text that was read.
    pub before: Arc<str>,
    /// The new text.
    pub text: String,
    /// The objects whose manifests say something else now, with the fields: before, and as they are live.
    pub objects: Vec<(ResourceId, Vec<Field>)>,
}

/// The files of a run, with what was accepted so far.
pub struct Updates<'a> {
    files: &'a Files,
    updated: BTreeMap<String, Updated>,
    /// The specs of changed manifests, by file and document: several targets can take one manifest.
    specs: BTreeMap<(String, usize), Packed>,
}

/// Why a live object is not accepted.
struct Unaccepted {
    place: Option<Place>,
    reason: String,
}

impl Unaccepted {
    fn because(reason: impl Into<String>) -> Self {
        Self { place: None, reason: reason.into() }
    }
}

impl From<Refusal> for Unaccepted {
    fn from(Refusal { place, reason }: Refusal) -> Self {
        Self { place: Some(place), reason }
    }
}

impl<'a> Updates<'a> {
    /// Nothing is accepted yet in these files.
    #[must_use]
    pub fn of(files: &'a Files) -> Self {
        Self { files, updated: BTreeMap::new(), specs: BTreeMap::new() }
    }

    /// The files that say something else now, by path.
    #[must_use]
    pub fn updated(self) -> BTreeMap<String, Updated> {
        self.updated
    }

    /// Writes the live values of a target into the texts of its manifests. An object that cannot be accepted is reported,
    /// and its manifest stays as it is.
    pub fn accept(&mut self, live: &Live<'_>, diagnostics: &mut Vec<Diagnostic>) {
        let index = live.observed.index(live.system.kinds());
        let kinds = live.system.kinds();
        let names = || Names::new(kinds, live.desired, live.observed, &live.observed.index(kinds));
        let nothing = Attempted::default();
        let comparison = |base, attempted| Comparison {
            system: live.system,
            base,
            attempted,
            names: names(),
            write_only: WriteOnly::Nothing,
            undoes: false,
        };
        let shown = comparison(live.base, live.attempted);
        let target = Target { live, shown, bare: comparison(None, &nothing) };
        let wanted =
            |declared: &&Declared| live.only.is_none_or(|only| only.is(&declared.id.kind, &declared.id.name));
        for declared in live.desired.values().filter(|declared| !declared.orphan).filter(wanted) {
            let Some(kind) = live.system.kind(&declared.id.kind) else { continue };
            match meant(live, kind, declared, &index) {
                Ok(Some(found)) => self.object(&target, kind, declared, found, diagnostics),
                Ok(None) => {}
                Err(diagnostic) => diagnostics.push(diagnostic),
            }
        }
    }

    fn object(
        &mut self,
        target: &Target<'_>,
        kind: &Kind,
        declared: &Declared,
        found: &LiveObject,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let before = target.shown.fields(kind, declared, found);
        if before.is_empty() {
            return;
        }
        let accepted = self.accepted(target, kind, declared, found, Nothing::Null);
        let accepted = accepted
            .or_else(|first| self.accepted(target, kind, declared, found, Nothing::Empty).map_err(|_| first));
        let (document, text, now) = match accepted {
            Ok(accepted) => accepted,
            Err(unaccepted) => return diagnostics.push(not_accepted(declared, unaccepted)),
        };
        let left = target.shown.fields(kind, &now, found);
        diagnostics.extend(stays(declared, found, &left));
        let is_left = |field: &&Field| !left.iter().any(|left| left.path == field.path);
        let fields: Vec<_> = before.iter().filter(is_left).cloned().map(swapped).collect();
        if fields.is_empty() {
            return;
        }
        diagnostics.extend(takes_back(declared, &fields));
        let file = declared.manifest.file().to_owned();
        self.specs.insert((file.clone(), document), now.manifest.spec.clone());
        let before = self.files.get(&file).cloned().unwrap_or_default();
        let updated = self.updated.entry(file).or_insert_with(|| Updated {
            before,
            text: String::new(),
            objects: Vec::new(),
        });
        updated.text = text;
        updated.objects.push((declared.id.clone(), fields));
    }

    /// The number of the object's document, the text of its file and its declaration, with what is live.
    fn accepted(
        &self,
        target: &Target<'_>,
        kind: &Kind,
        declared: &Declared,
        found: &LiveObject,
        nothing: Nothing,
    ) -> Result<(usize, String, Declared), Unaccepted> {
        if declared.manifest.source.differs_by_target() {
            let reason = "it has variables or a patch, so it says something else for each target";
            return Err(Unaccepted::because(reason));
        }
        let (patch, now) = target.patch(kind, declared, found, nothing)?;
        let file = declared.manifest.file();
        let original = self.files.get(file).map_or("", AsRef::as_ref);
        let document = declared.manifest.source.index();
        let text = self.updated.get(file).map_or(original, |updated| &updated.text);
        if let Some(spec) = self.specs.get(&(file.to_owned(), document)) {
            let reason = "another target takes the same manifest, and holds something else";
            let is_same = *spec == now.manifest.spec;
            return if is_same {
                Ok((document, text.to_owned(), now))
            } else {
                Err(Unaccepted::because(reason))
            };
        }
        let text = edit(text, file, document, "/spec", &patch.mapped(&escaped_value))?;
        let written = documents(&text, file).into_iter().nth(document);
        let written = written.ok_or_else(|| Unaccepted::because("its manifest would not be sound"))?;
        let problem = unsound(&declared.manifest.header.api_version, kind, written)
            .or_else(|| refused(target.live.system, kind, &now.spec()))
            .or_else(|| dangling(kind, &now.id.name, &now.spec(), &target.bare.names));
        match problem {
            Some(problem) => Err(Unaccepted::because(problem)),
            None => Ok((document, text, now)),
        }
    }
}

/// A target, and how its objects compare.
struct Target<'a> {
    live: &'a Live<'a>,
    /// As plan shows it.
    shown: Comparison<'a>,
    /// Without a base: only what git declares now.
    bare: Comparison<'a>,
}

impl Target<'_> {
    /// What changes in the spec of an object, and its declaration then. It has to say all that is live in the declared
    /// fields: otherwise the next plan would not be empty.
    fn patch(
        &self,
        kind: &Kind,
        declared: &Declared,
        found: &LiveObject,
        nothing: Nothing,
    ) -> Result<(Patch, Declared), Unaccepted> {
        let system = self.live.system;
        let canonical = |spec: Value| {
            kind.shape.readable(kind.shape.declared(&system.declared(kind, &spec, &self.bare.names)))
        };
        let mut live = self.bare.observed(kind, found);
        // What is left to others stays out of the manifest.
        Ignored::new(&declared.manifest.ignore).forget(&kind.shape, &mut live);
        let (mut spelled, written) = (live.clone(), declared.spec());
        system.spell(kind, &mut [&mut spelled], &[&written, &found.body()]);
        let sides = Sides {
            shape: &kind.shape,
            written: &written,
            live: Some(&live),
            spelled: Some(&spelled),
            nothing,
            canonical: &canonical,
        };
        let patch = sides.patch();
        let spec = patch.apply(&written);
        let spec = spec.ok_or_else(|| Unaccepted::because("its spec is not a mapping"))?;
        let now = with_spec(declared, spec);
        let left = self.bare.fields(kind, &now, found);
        let left: Vec<_> = left.iter().filter(|field| !is_name(field, found)).map(code).collect();
        if left.is_empty() {
            Ok((patch, now))
        } else {
            Err(Unaccepted::because(format!("no manifest can say what is live in {}", list(&left, NAMED))))
        }
    }
}

/// Where a plan shows a new name.
const NAME: &str = "/name";
/// How many fields a message names.
const NAMED: usize = 4;

/// The live object that a declaration means; none if there is nothing to accept.
fn meant<'a>(
    live: &Live<'a>,
    kind: &Kind,
    declared: &Declared,
    index: &Index<'a>,
) -> Result<Option<&'a LiveObject>, Diagnostic> {
    let found = index.meant(kind, declared);
    match found.as_slice() {
        [] if declared.absent() => Ok(None),
        [] => Err(missing(kind, declared)),
        [_] if declared.manifest.ensure == Ensure::Absent => Err(absent(kind, declared)),
        [one] => Ok(Some(*one).filter(|one| live.system.writable(kind, one))),
        _ => {
            let message = format!("several live objects could be the {} `{}`", kind.name, declared.id.name);
            Err(Diagnostic::new(Code::ImportAmbiguous, message)
                .at(declared.name_place())
                .about(&declared.id.target)
                .help("rename all but one on the target; its manifest was left as it is"))
        }
    }
}

fn documents(text: &str, file: &str) -> Vec<yaml::Document> {
    yaml::parse(text, file, &mut Vec::new())
}

fn with_spec(declared: &Declared, mut spec: Value) -> Declared {
    // As in every manifest, so that the order in which fields were added does not matter.
    spec.sort_all_objects();
    let manifest = Manifest { spec: spec.into(), ..Manifest::clone(&declared.manifest) };
    Declared { manifest: Arc::new(manifest), ..declared.clone() }
}

/// From git's side: what it declared, and what it declares now.
fn swapped(Field { path, before, after, cause }: Field) -> Field {
    Field { path, before: after, after: before, cause }
}

/// Whether it is the name of the object itself, which a spec may have a field beside.
fn is_name(field: &Field, found: &LiveObject) -> bool {
    field.path == NAME && field.before == found.name.as_str() && field.after != field.before
}

fn code(field: &Field) -> String {
    format!("`{}`", field.path)
}

fn not_accepted(declared: &Declared, Unaccepted { place, reason }: Unaccepted) -> Diagnostic {
    let message =
        format!("what is live cannot be written into the manifest of `{}`: {reason}", declared.id.name);
    Diagnostic::new(Code::ImportNotAccepted, message)
        .at(place.unwrap_or_else(|| declared.name_place()))
        .about(&declared.id.target)
        .help("its manifest was left as it is: change it by hand; plan shows what differs")
}

fn missing(kind: &Kind, declared: &Declared) -> Diagnostic {
    let message = format!("git declares the {} `{}`, and it is not live", kind.name, declared.id.name);
    Diagnostic::new(Code::ImportMissing, message)
        .at(declared.name_place())
        .about(&declared.id.target)
        .help("apply creates it; to accept that it is gone, delete its manifest; if it has another name now, write that as `metadata.name`")
}

fn absent(kind: &Kind, declared: &Declared) -> Diagnostic {
    let message = format!("git wants the {} `{}` deleted, and it is live", kind.name, declared.id.name);
    Diagnostic::new(Code::ImportStillDiffers, message)
        .at(declared.place_of_ensure())
        .about(&declared.id.target)
        .help("apply deletes it; to keep it, remove `ensure: absent` and declare what it should be")
}

/// Reports manifests that other targets take, too, and whose other objects were not updated with them.
#[must_use]
pub fn shared(updated: &BTreeMap<String, Updated>, desired: &BTreeMap<String, Desired>) -> Vec<Diagnostic> {
    let objects: Vec<_> =
        updated.values().flat_map(|updated| updated.objects.iter().map(|(id, _)| id)).collect();
    let mut diagnostics = Vec::new();
    for id in &objects {
        let here = desired.get(&id.target).and_then(|desired| desired.get(id));
        for (target, others) in desired {
            let other = ResourceId { target: target.clone(), ..(*id).clone() };
            let is_one = |there: &&Declared| {
                let place = |declared: &Declared| (declared.name_place().line, declared.name_place().file);
                here.is_some_and(|here| place(here) == place(there))
            };
            if let Some(there) = others.get(&other).filter(is_one)
                && !objects.contains(&&other)
            {
                let message = format!("the manifest of `{}` also declares it for `{target}`", id.name);
                diagnostics.push(
                    Diagnostic::new(Code::ImportShared, message)
                        .at(there.name_place())
                        .about(&id.target)
                        .help(format!("apply brings `{target}` to the same; if they are to differ, give each a manifest of its own")),
                );
            }
        }
    }
    diagnostics
}

/// Reports what differs although the manifest says all that is live: git stopped declaring a field, or gives a new name.
fn stays(declared: &Declared, found: &LiveObject, left: &[Field]) -> Option<Diagnostic> {
    let (names, fields): (Vec<_>, Vec<_>) = left.iter().partition(|field| is_name(field, found));
    let fields: Vec<_> = fields.into_iter().map(code).collect();
    let what = match (fields.as_slice(), names.as_slice()) {
        ([], []) => return None,
        ([], _) => "its new name, which git declares".to_owned(),
        _ => format!("{}, which git does not declare any more", list(&fields, NAMED)),
    };
    let message = format!("what is live was accepted for `{}`, but for {what}", declared.id.name);
    Some(
        Diagnostic::new(Code::ImportStillDiffers, message)
            .at(declared.name_place())
            .about(&declared.id.target)
            .help("apply writes that; to keep what is live, declare it"),
    )
}

/// Reports changes in git that are not applied yet and that accepting takes back.
fn takes_back(declared: &Declared, fields: &[Field]) -> Option<Diagnostic> {
    let by_git = |field: &&Field| matches!(field.cause, Cause::Declared | Cause::Both);
    let fields: Vec<_> = fields.iter().filter(by_git).map(code).collect();
    let message = || {
        format!(
            "accepting what is live takes back what git has changed since the last apply: {}",
            list(&fields, NAMED)
        )
    };
    (!fields.is_empty()).then(|| {
        Diagnostic::new(Code::ImportTakesBack, message())
            .at(declared.name_place())
            .about(&declared.id.target)
            .help("if that was not meant, restore these lines with `git checkout -p`")
    })
}
