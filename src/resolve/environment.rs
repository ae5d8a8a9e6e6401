//! Manifests as a target has them: with the values of its variables and with its patches. Each is checked against the
//! schema of its kind again. Not here: how a document is expanded, in `manifest::environment`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::reading::KindChecker;
use super::taken::Taken;
use crate::diagnostic::{Code, Diagnostic, Suggestions};
use crate::manifest::Manifest;
use crate::manifest::yaml::Budget;
use crate::parallel;
use crate::system::claim::Claim;
use crate::text::short;
use crate::words::{count, list};

/// The manifests that a target takes, as it has them. One that cannot be expanded is left out and reported.
pub(super) fn expand(
    claim: &Claim<'_>,
    taken: &[&Arc<Manifest>],
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Arc<Manifest>> {
    let kinds = claim.system.kinds().iter();
    let checkers: BTreeMap<_, _> = kinds.map(|kind| (kind.name.as_str(), KindChecker::of(kind))).collect();
    let work = |manifest: &&Arc<Manifest>| expanded(claim, &checkers, manifest);
    let mut budget = Budget::of(claim.environment.values);
    let (most, sum) = (budget.left(), AtomicUsize::new(0));
    let is_enough = |(_, weight, _): &Expanded| sum.fetch_add(*weight, Ordering::Relaxed) + weight > most;
    let mut all = Vec::new();
    for (manifest, weight, wrong) in parallel::in_order(taken, work, is_enough) {
        diagnostics.extend(wrong);
        if let Err(spent) = budget.spend(weight) {
            diagnostics.push(spent.about(claim.target));
            break;
        }
        all.extend(manifest);
    }
    all
}

/// A manifest as a target has it, how much it holds if that is not what is written, and what is wrong with it.
type Expanded = (Option<Arc<Manifest>>, usize, Vec<Diagnostic>);

fn expanded(
    claim: &Claim<'_>,
    checkers: &BTreeMap<&str, KindChecker<'_>>,
    manifest: &Arc<Manifest>,
) -> Expanded {
    let overlay = claim.environment.overlay(&manifest.header.kind, &manifest.name);
    if !manifest.is_open && overlay.patch.is_none() {
        return (Some(manifest.clone()), 0, Vec::new());
    }
    let (mut weight, mut wrong) = (0, Vec::new());
    let expand = || {
        let checker = checkers.get(manifest.header.kind.as_str())?;
        let (document, values) = overlay.expand(manifest.source.document()?, &mut wrong)?;
        weight = values;
        checker.manifest(&claim.api_version, &document, manifest.source.with(overlay), &mut wrong)
    };
    let expanded = expand().map(Arc::new);
    let explained = match &expanded {
        Some(manifest) => wrong.into_iter().map(|wrong| manifest.source.explain(wrong)).collect(),
        None => wrong,
    };
    (expanded, weight, explained)
}

/// Reports patches for objects that no manifest of their target declares.
pub fn unused_patches(claims: &[Claim<'_>], taken: &Taken<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let suggestions = Suggestions::default();
    let patched = claims.iter().zip(taken.manifests());
    for (claim, taken) in patched.filter(|(claim, _)| !claim.environment.patches.is_empty()) {
        let variables = &claim.environment.variables;
        let declared: BTreeSet<_> = taken
            .iter()
            .map(|manifest| (manifest.header.kind.clone(), variables.text(&manifest.name)))
            .collect();
        for ((kind, name), patch) in &claim.environment.patches {
            if declared.contains(&(kind.clone(), name.clone())) {
                continue;
            }
            let message = format!("no manifest of `{}` declares the {kind} `{}`", claim.target, short(name));
            let of_kind = declared.iter().filter(|(of, _)| of == kind).map(|(_, name)| name.as_str());
            let help = suggestions.nearest(name, of_kind).map_or_else(
                || "correct the name, remove the patch, or widen `include`".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            diagnostics.push(Diagnostic::new(Code::ConfigPatch, message).at(patch.whole()).help(help));
        }
    }
}

/// Warns of manifests that several targets take, one of them only because it does not say which are its own.
pub fn taken_twice(claims: &[Claim<'_>], taken: &Taken<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let mut shared: BTreeMap<Vec<&str>, Vec<&Manifest>> = BTreeMap::new();
    for (manifest, takers) in taken.takers().filter(|(_, takers)| takers.len() > 1) {
        let takers: Vec<_> = takers.iter().filter_map(|place| claims.get(*place)).collect();
        let apis: BTreeSet<_> = takers.iter().map(|claim| claim.api).collect();
        if apis.len() > 1 && takers.iter().any(|claim| claim.include.is_none()) {
            shared.entry(takers.iter().map(|claim| claim.target).collect()).or_default().push(manifest);
        }
    }
    for (targets, manifests) in shared {
        let Some(first) = manifests.first() else { continue };
        let others = match manifests.len() - 1 {
            0 => String::new(),
            others => format!(" and {}", count(others, "other")),
        };
        let silent = claims.iter().filter(|claim| claim.include.is_none()).map(|claim| claim.target);
        let silent: Vec<_> = silent.filter(|target| targets.contains(target)).map(code).collect();
        let targets: Vec<_> = targets.into_iter().map(code).collect();
        let message = format!("the targets {} all take this manifest{others}", list(&targets, NAMED));
        let help =
            format!("if it is meant for all of them, say so with `include` of {}", list(&silent, NAMED));
        diagnostics.push(
            Diagnostic::new(Code::ManifestTakenTwice, message).at(first.place("/metadata/name")).help(help),
        );
    }
}

/// How many targets a message names.
const NAMED: usize = 4;

fn code(target: &str) -> String {
    format!("`{target}`")
}
