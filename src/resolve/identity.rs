//! One object, one declaration: what the targets of one API declare between them. Not here: objects that only the base
//! declared, in `base`.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::diagnostic::{Code, Diagnostic};
use crate::model::state::{Declared, Desired};
use crate::system::claim::Claim;
use crate::words::count;

/// Objects of one API by kind and folded name, which is what the API itself tells them apart by.
type Objects<'a> = BTreeMap<(&'a str, String), &'a Declared>;

/// Reports objects that two targets of one API declare, and former names that two objects of one API claim.
pub(super) fn check(
    claims: &[Claim<'_>],
    all: &BTreeMap<String, Desired>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut apis: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for claim in claims {
        apis.entry(claim.api).or_default().push(claim);
    }
    for claims in apis.values() {
        let objects = objects(claims, all, diagnostics);
        check_former_names(claims, all, &objects, diagnostics);
    }
}

/// What the targets declare, with their claims.
fn declared<'a>(
    claims: &'a [&Claim<'_>],
    all: &'a BTreeMap<String, Desired>,
) -> impl Iterator<Item = (&'a Claim<'a>, &'a Declared)> {
    claims.iter().flat_map(|claim| {
        all.get(claim.target).into_iter().flat_map(Desired::values).map(move |declared| (*claim, declared))
    })
}

/// Each object of an API with its first declaration; reports the others.
fn objects<'a>(
    claims: &'a [&Claim<'_>],
    all: &'a BTreeMap<String, Desired>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Objects<'a> {
    let mut objects = Objects::new();
    let mut shared: BTreeMap<(&str, &str), Vec<&Declared>> = BTreeMap::new();
    for (claim, declared) in declared(claims, all) {
        let Some(kind) = claim.system.kind(&declared.id.kind) else { continue };
        match objects.entry((&kind.name, kind.folded(&declared.id.name))) {
            Entry::Vacant(free) => drop(free.insert(declared)),
            Entry::Occupied(first) if is_same(first.get(), declared) => {
                let targets = (first.get().id.target.as_str(), declared.id.target.as_str());
                shared.entry(targets).or_default().push(declared);
            }
            Entry::Occupied(first) => diagnostics.push(twice(first.get(), declared)),
        }
    }
    diagnostics.extend(shared.iter().filter_map(|(targets, declared)| taken_twice(*targets, declared)));
    objects
}

fn twice(first: &Declared, second: &Declared) -> Diagnostic {
    let (target, place) = (&first.id.target, first.name_place());
    let kind = &second.id.kind;
    let message = format!(
        "the {kind} `{}` is declared twice: here for the target `{}`, and for `{target}`, which leads to the same API",
        second.id.name, second.id.target
    );
    Diagnostic::new(Code::ManifestDeclaredTwice, message)
        .at(second.name_place())
        .help(format!("the first one is at {}:{}; keep one of them; {APART}", place.file, place.line))
}

/// Reports the manifests that two targets of one API take, once.
fn taken_twice((first, second): (&str, &str), shared: &[&Declared]) -> Option<Diagnostic> {
    let one = shared.first()?;
    let others = match shared.len() - 1 {
        0 => String::new(),
        others => format!(" and {}", count(others, "other")),
    };
    let message = format!(
        "the targets `{first}` and `{second}` lead to the same API, and both take this manifest{others}"
    );
    let help = format!("narrow `include` of one of them in enact.yaml; {APART}");
    Some(Diagnostic::new(Code::ManifestDeclaredTwice, message).at(one.name_place()).help(help))
}

/// What to do if the URL and the settings do not tell the whole truth.
const APART: &str = "if their credentials lead to different tenants, name it in each: `tenant: NAME`";

/// Reports a former name that is still declared as an object, and one that two objects claim: one object cannot become
/// two.
fn check_former_names(
    claims: &[&Claim<'_>],
    all: &BTreeMap<String, Desired>,
    objects: &Objects<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut former = BTreeMap::new();
    for (claim, declared) in declared(claims, all) {
        let Some(kind) = claim.system.kind(&declared.id.kind) else { continue };
        for (index, name) in declared.manifest.previously.iter().enumerate() {
            let place = declared.manifest.place(&format!("/metadata/previously/{index}"));
            let wrong = |message: String, help: String| {
                Diagnostic::new(Code::ManifestPreviously, message).at(place.clone()).help(help)
            };
            let object = (kind.name.as_str(), kind.folded(name));
            let itself = |other: &&&Declared| is_same(other, declared) && declared.id.name != *name;
            let still = objects.get(&object).filter(|other| !itself(other));
            diagnostics.extend(still.map(|other| {
                let place = other.name_place();
                let message =
                    format!("the {} `{name}` cannot have become this one: it is still declared", kind.name);
                let other = format!("{}:{}", place.file, place.line);
                wrong(message, format!("remove the name here, or the other declaration at {other}"))
            }));
            let first = former.insert(object, declared).filter(|first| !is_same(first, declared));
            diagnostics.extend(first.map(|first| {
                let message = format!("`{name}` cannot have become this one: it became `{}`", first.id.name);
                wrong(message, "keep the former name in only one of them".to_owned())
            }));
        }
    }
}

/// Whether these are one declaration, perhaps taken by two targets.
fn is_same(one: &Declared, other: &Declared) -> bool {
    one.manifest.source.is_same(&other.manifest.source)
}
