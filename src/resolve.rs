//! From texts to what each target should hold: every check that needs neither network nor credential.
//!
//! Not here: reading files (`source`), and comparing with what is live (`plan`).

pub mod base;
mod circle;
mod environment;
mod identity;
mod ignore;
mod reading;
mod taken;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use serde_json::Value;

use crate::diagnostic::{Code, Diagnostic, Suggestions};
use crate::manifest::{self, Manifest};
use crate::model::kind::{At, Kind, Named};
use crate::model::resource::ResourceId;
use crate::model::state::{Declared, Desired};
use crate::parallel;
use crate::plan::lifecycle;
use crate::system::claim::Claim;
use crate::text::spelling;

pub use environment::{taken_twice, unused_patches};
pub use reading::{Reading, manifests};
pub use taken::Taken;

/// What git declares for each target on a day, by the target's name.
pub fn desired(
    claims: &[Claim<'_>],
    taken: &Taken<'_>,
    day: Date,
    diagnostics: &mut Vec<Diagnostic>,
) -> BTreeMap<String, Desired> {
    let mut all = BTreeMap::new();
    for (claim, taken) in claims.iter().zip(taken.manifests()) {
        let mut desired = of_target(claim, taken, diagnostics);
        lifecycle::expire(&mut desired, day);
        all.insert(claim.target.to_owned(), desired);
    }
    for claim in claims {
        if let Some(desired) = all.get(claim.target) {
            check_target(claim, desired, day, diagnostics);
        }
    }
    identity::check(claims, &all, diagnostics);
    dedup(diagnostics);
    all
}

/// Warns about manifests that no target takes: they would never be applied.
pub fn unclaimed(taken: &Taken<'_>, diagnostics: &mut Vec<Diagnostic>) {
    for (manifest, takers) in taken.takers() {
        if takers.is_empty() {
            let message =
                format!("no target in enact.yaml takes this {} manifest", manifest.header.api_version);
            let help = "add a target of this system, or widen its `include`";
            diagnostics.push(
                Diagnostic::new(Code::ConfigUnclaimed, message)
                    .at(manifest.place("/metadata/name"))
                    .help(help),
            );
        }
    }
}

/// What these manifests declare for one target with its variables and patches, whatever the day.
pub fn for_target(
    claim: &Claim<'_>,
    manifests: &[Arc<Manifest>],
    diagnostics: &mut Vec<Diagnostic>,
) -> Desired {
    let taken = Taken::of(std::slice::from_ref(claim), manifests);
    taken.manifests().next().map(|taken| of_target(claim, taken, diagnostics)).unwrap_or_default()
}

/// What the manifests that a target takes declare for it.
fn of_target(claim: &Claim<'_>, manifests: &[&Arc<Manifest>], diagnostics: &mut Vec<Diagnostic>) -> Desired {
    let mut desired = Desired::new();
    let mut taken = BTreeMap::new();
    for manifest in environment::expand(claim, manifests, diagnostics) {
        let id = ResourceId::new(claim.target, &manifest.header.kind, &manifest.name);
        let Some(kind) = claim.system.kind(&id.kind) else { continue };
        match taken.entry((id.kind.clone(), kind.look(&id.name))) {
            Entry::Occupied(first) => {
                diagnostics.extend(desired.get(first.get()).map(|first| twice(first, &manifest)))
            }
            Entry::Vacant(free) => {
                free.insert(id.clone());
                desired.insert(id.clone(), Declared::new(id, manifest));
            }
        }
    }
    desired
}

fn twice(first: &Declared, second: &Manifest) -> Diagnostic {
    let place = first.name_place();
    let same = if first.id.name == second.name {
        String::new()
    } else if spelling::look(&first.id.name) == spelling::look(&second.name) {
        ", in two spellings that look the same".to_owned()
    } else {
        format!(" (as `{}`, and case makes no difference)", first.id.name)
    };
    let message = format!("the {} `{}` is declared twice{same}", second.header.kind, second.name);
    let help = format!("the first one is at {}:{}; keep one of them", place.file, place.line);
    Diagnostic::new(Code::ManifestDeclaredTwice, message).at(second.place("/metadata/name")).help(help)
}

fn check_target(claim: &Claim<'_>, desired: &Desired, day: Date, diagnostics: &mut Vec<Diagnostic>) {
    let suggestions = Suggestions::default();
    let kinds = claim.system.kinds();
    diagnostics.extend(circle::check(kinds, desired));
    let known =
        desired.values().filter_map(|declared| Some((claim.system.kind(&declared.id.kind)?, declared)));
    let known: Vec<_> = known.collect();
    let own = parallel::in_order(&known, |(kind, declared)| check_alone(claim, kind, declared), |_| false);
    diagnostics.extend(own.into_iter().flatten());
    for (kind, declared) in known {
        check_references((kinds, kind), declared, (desired, day), &suggestions, diagnostics);
    }
}

/// What is wrong with an object, whatever else is declared.
fn check_alone(claim: &Claim<'_>, kind: &Kind, declared: &Declared) -> Vec<Diagnostic> {
    let spec = declared.spec();
    let found = claim.system.check(kind, &spec).into_iter();
    let found = found.map(|diagnostic| declared.manifest.source.explain(declared.placed(diagnostic)));
    let mut found: Vec<_> = found.filter(|diagnostic| !is_refused(declared, diagnostic)).collect();
    found.extend(unknown_secrets(claim, kind, (declared, &spec)));
    found.extend(ignore::check(kind, declared, &spec));
    found
}

/// Whether the JSON Schema has already refused this place, so that it is not reported again in other words.
fn is_refused(declared: &Declared, diagnostic: &Diagnostic) -> bool {
    let place = diagnostic.place.as_ref();
    place.is_some_and(|place| declared.manifest.refused.iter().any(|refused| touches(refused, &place.path)))
}

/// Secrets that the target does not have in enact.yaml.
fn unknown_secrets(claim: &Claim<'_>, kind: &Kind, (declared, spec): (&Declared, &Value)) -> Vec<Diagnostic> {
    let named = |pointer: &String| {
        let name = spec.pointer(pointer)?.get("secret")?.as_str()?;
        Some((name, declared.place(&format!("{pointer}/secret"))))
    };
    let unknown = kind.secrets.iter().filter_map(named).filter(|(name, _)| !claim.secrets.contains(name));
    unknown
        .map(|(name, place)| {
            let message = format!("the target `{}` has no secret `{name}`", claim.target);
            let help = format!("say where it comes from in enact.yaml: `secrets: {{{name}: {{env: NAME}}}}`");
            Diagnostic::new(Code::ReferenceSecret, message).at(place).help(help)
        })
        .collect()
}

/// Whether one path is inside the other. A value that its schema refuses is not checked for its meaning too.
fn touches(a: &str, b: &str) -> bool {
    let inside = |outer: &str, inner: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    inside(a, b) || inside(b, a)
}

/// Checks references: a name that git deletes is an error. A name that git does not declare may be live, which only the
/// target knows.
fn check_references(
    (system_kinds, kind): (&[Kind], &Kind),
    declared: &Declared,
    (desired, day): (&Desired, Date),
    suggestions: &Suggestions,
    diagnostics: &mut Vec<Diagnostic>,
) {
    if declared.absent() {
        return;
    }
    for Named { at, kind, name } in declared.named(kind) {
        if let Some(problem) = spelling::problem(&name).filter(|_| at != At::Name) {
            diagnostics.push(manifest::wrong_name(&name, &problem).at(declared.place_at(&at)));
            continue;
        }
        let diagnostic = match desired.get(&ResourceId::new(&declared.id.target, kind, &name)) {
            Some(target) if target.absent() => Some(deleted_reference(kind, &name, target)),
            Some(target) => expiring_reference(declared, target, day),
            None => undeclared_reference(system_kinds, (kind, &name), desired, suggestions),
        };
        diagnostics.extend(diagnostic.map(|diagnostic| diagnostic.at(declared.place_at(&at))));
    }
}

fn deleted_reference(kind: &str, name: &str, target: &Declared) -> Diagnostic {
    let (at, why) = match target.manifest.expires.filter(|_| target.expired) {
        Some(day) => ("/metadata/expires", format!("expired on {day}")),
        None => ("/metadata/ensure", "is declared `ensure: absent`".to_owned()),
    };
    let place = target.manifest.place(at);
    Diagnostic::new(Code::ReferenceDeleted, format!("the {kind} `{name}` {why}"))
        .help(format!("remove it here, or keep the object at {}:{}", place.file, place.line))
}

/// Warns of a reference that the end of another object is about to break: from that day on no plan would be valid.
fn expiring_reference(from: &Declared, to: &Declared, day: Date) -> Option<Diagnostic> {
    let end = lifecycle::expires_soon(to, day)?;
    let outlives = from.manifest.expires.is_none_or(|own| own > end);
    let ResourceId { kind, name, .. } = &to.id;
    let place = to.manifest.place("/metadata/expires");
    outlives.then(|| {
        let message = format!("the {kind} `{name}` expires on {end}, and from then on this is an error");
        let help =
            format!("remove it here before that day, or keep the object at {}:{}", place.file, place.line);
        Diagnostic::new(Code::ReferenceExpiring, message).help(help)
    })
}

/// Warns only if another declared name is similar: any other name may be live.
fn undeclared_reference(
    kinds: &[Kind],
    (kind, name): (&str, &str),
    desired: &Desired,
    suggestions: &Suggestions,
) -> Option<Diagnostic> {
    let built_in = kinds.iter().find(|of| of.name == kind).map_or(&[][..], |kind| &kind.built_in);
    let declared = desired.keys().filter(|id| id.kind == kind).map(|id| id.name.as_str());
    let all = declared.chain(built_in.iter().map(String::as_str));
    let near = suggestions.nearest(name, all).filter(|near| *near != name)?;
    let message = format!("the {kind} `{name}` is not declared in git");
    Some(
        Diagnostic::new(Code::ReferenceUndeclared, message)
            .help(format!("did you mean `{near}`? plan finds out if it is live")),
    )
}

/// A mistake in a manifest that several targets take is reported once.
fn dedup(diagnostics: &mut Vec<Diagnostic>) {
    let mut seen = BTreeSet::new();
    diagnostics.retain(|diagnostic| {
        let Some(place) = &diagnostic.place else { return true };
        seen.insert((place.clone(), diagnostic.code, diagnostic.message.clone()))
    });
}
