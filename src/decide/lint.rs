//! What is odd about what git declares: rules that do nothing, and rules that say more than their author may have meant. Each
//! is a warning at its place, which can be silenced there with a reason.
//!
//! A warning is given only if it is true in every way to read the rules, and found by comparing rules one by one: a pattern
//! that several others cover together is not seen. So it costs little, however much git declares. Not here: mistakes that a
//! schema or a system finds.

use std::collections::BTreeMap;

use super::Empty;
use crate::access::cedar::CedarPolicy;
use crate::access::cedar::cover::{Extent, extents};
use crate::access::impact::Reading;
use crate::access::near::NearRules;
use crate::access::question::plainly_covers;
use crate::access::rule::{Dimension, Rule};
use crate::diagnostic::{Code, Diagnostic, SpecDiagnostic};
use crate::model::state::{Declared, Desired};
use crate::plan::estate::{self, DeclaredMeaning};
use crate::system::Judge;
use crate::system::semantics::{Meaning, cedar_at};

/// How many pairs of rules are compared within an object, and how many of different objects in a target: those of which one
/// may cover the other one by how their patterns begin. What is left over is not looked at.
const PAIRS: usize = 2_000_000;

/// Everything that is odd in a target.
#[must_use]
pub fn lint(target: &str, system: &dyn Judge, desired: &Desired) -> Vec<Diagnostic> {
    let Some(semantics) = system.semantics().filter(|semantics| !semantics.asks().is_empty()) else {
        return Vec::new();
    };
    let empty = Empty::default();
    let found = estate::meanings(&empty.with(target, system, desired), |declared, outline, meaning| {
        let placed = |trap: SpecDiagnostic| silencable(declared.placed(trap));
        let mut found: Vec<_> =
            semantics.traps(&declared.id.kind, &declared.spec()).into_iter().map(placed).collect();
        // Most objects have nothing odd in one way to read them, and then not in all.
        match outline {
            Meaning::Rules { readings, .. } if !of_object(declared, readings).is_empty() => {
                found.extend(of_object(declared, meaning().readings()));
            }
            Meaning::Cedar(policy) => found.extend(of_policy(declared, policy)),
            Meaning::Rules { .. } | Meaning::Nothing | Meaning::Unknown(_) => {}
        }
        found
    });
    let (mut diagnostics, mut objects) = (Vec::new(), Vec::new());
    for DeclaredMeaning { declared, outline, found } in found {
        diagnostics.extend(found);
        if let Meaning::Rules { readings, .. } = outline {
            objects.push((declared, readings));
        }
    }
    if semantics.decides_together() {
        diagnostics.extend(denied_elsewhere(&objects));
    }
    diagnostics
}

/// The rules of an object, each as it is in every way to read it, by its place.
type Placed<'a> = BTreeMap<&'a str, Vec<&'a Rule>>;

fn placed(readings: &[Reading]) -> Placed<'_> {
    let mut placed = Placed::new();
    for rule in readings.iter().flat_map(|reading| &reading.rules.rules).filter(|rule| !rule.at.is_empty()) {
        placed.entry(&rule.at).or_default().push(rule);
    }
    // What is not there in one way to read it says nothing then.
    placed.retain(|_, rules| rules.len() == readings.len());
    placed
}

/// Whether a rule says all that another one does, in every way to read them.
fn covers(cover: &[&Rule], rule: &[&Rule]) -> bool {
    cover.iter().zip(rule).all(|(cover, rule)| plainly_covers(cover, rule))
}

/// What a rule is to the others of its object.
struct Looks<R> {
    denies: fn(&R) -> bool,
    covers: fn(&R, &R) -> bool,
    is_empty: fn(&R) -> bool,
    is_everything: fn(&R) -> bool,
}

/// What is odd about the rules of an object by themselves.
fn of_object(declared: &Declared, readings: &[Reading]) -> Vec<Diagnostic> {
    let looks = Looks::<Vec<&Rule>> {
        denies: |rules| rules.iter().any(|rule| rule.denies),
        covers: |cover, rules| covers(cover, rules),
        is_empty: |_| false,
        is_everything: |rules| rules.iter().all(|rule| is_everything(rule)),
    };
    of_rules(declared, &placed(readings).into_iter().collect::<Vec<_>>(), &looks)
}

/// The same of a policy in Cedar.
fn of_policy(declared: &Declared, policy: &CedarPolicy) -> Vec<Diagnostic> {
    let looks = Looks::<Extent<'_>> {
        denies: Extent::denies,
        covers: Extent::covers,
        is_empty: Extent::is_empty,
        is_everything: Extent::is_everything,
    };
    let extents: Vec<_> =
        extents(&policy.rules).into_iter().enumerate().map(|(at, rule)| (cedar_at(at), rule)).collect();
    of_rules(declared, &extents, &looks)
}

fn of_rules<R>(declared: &Declared, placed: &[(impl AsRef<str>, R)], looks: &Looks<R>) -> Vec<Diagnostic> {
    let Looks { denies, covers, is_empty, is_everything } = looks;
    let most = PAIRS / placed.len().max(1);
    let mut diagnostics = Vec::new();
    for (index, (at, rules)) in placed.iter().enumerate() {
        let others = || placed.iter().enumerate().take(most).filter(move |(other, _)| *other != index);
        let line = |at: &dyn AsRef<str>| declared.place(at.as_ref()).line;
        let deny =
            || others().find(|(_, (_, other))| denies(other) && !denies(rules) && covers(other, rules));
        // Of two that say the same, the first one stays.
        let same = || {
            others().find(|(place, (_, other))| {
                denies(other) == denies(rules)
                    && covers(other, rules)
                    && (*place < index || !covers(rules, other))
            })
        };
        let found = if is_empty(rules) {
            let message = "this can never apply: what it asks for contradicts itself".to_owned();
            (Code::AccessNever, message, "remove it, or correct it")
        } else if let Some((_, (deny, _))) = deny() {
            let message =
                format!("this can never allow anything: the rule in line {} denies all of it", line(deny));
            (Code::AccessNever, message, "remove it, or narrow what is denied")
        } else if let Some((_, (other, _))) = same() {
            let message = format!("the rule in line {} says all that this one does", line(other));
            (Code::AccessCovered, message, "remove one of them, or correct it")
        } else if is_everything(rules) {
            let message = "this allows every action on everything".to_owned();
            (Code::AccessEverything, message, "name the actions and the resources that are needed")
        } else {
            continue;
        };
        let (code, message, help) = found;
        diagnostics
            .push(silencable(Diagnostic::new(code, message).at(declared.place(at.as_ref())).help(help)));
    }
    diagnostics
}

fn is_everything(rule: &Rule) -> bool {
    let any = |dimension: Dimension| {
        rule.scopes
            .get(&dimension)
            .is_some_and(|patterns| patterns.iter().any(|of| matches!(of.text(), "*" | "*:*")))
    };
    let is_narrowed = |dimension: &Dimension| matches!(dimension, Dimension::Key(_));
    !rule.denies
        && rule.conditions.is_empty()
        && rule.except.is_empty()
        && !rule.scopes.keys().any(is_narrowed)
        && any(Dimension::Action)
        && any(Dimension::Resource)
}

/// The allows of which a deny of another object leaves nothing.
fn denied_elsewhere<'a>(objects: &'a [(&'a Declared, Vec<Reading>)]) -> Vec<Diagnostic> {
    let all: Vec<_> = objects.iter().map(|(declared, readings)| (*declared, placed(readings))).collect();
    let rules = || {
        all.iter()
            .flat_map(|(declared, placed)| placed.iter().map(move |(at, rules)| (*declared, *at, rules)))
    };
    let (denies, allows): (Vec<_>, Vec<_>) =
        rules().partition(|(_, _, rules)| rules.iter().any(|rule| rule.denies));
    let Some(like) = objects.iter().find_map(|(_, readings)| readings.first()) else { return Vec::new() };
    let first = |rules: &[&'a Rule]| rules.first().copied();
    let near = NearRules::new(&like.rules, denies.iter().filter_map(|(_, _, rules)| first(rules)).collect());
    let mut left = PAIRS;
    let mut diagnostics = Vec::new();
    for (declared, at, rules) in allows {
        let near = first(rules).map(|rule| near.places(rule)).unwrap_or_default();
        left = left.saturating_sub(near.len());
        if left == 0 {
            break;
        }
        let near = near.into_iter().filter_map(|place| denies.get(place));
        let mut others = near.filter(|(of, _, _)| of.id != declared.id);
        if let Some((of, place, _)) = others.find(|(_, _, deny)| covers(deny, rules)) {
            let place = of.place(place);
            let message = format!(
                "this can never allow anything: {} `{}` denies all of it at {}:{}",
                of.id.kind, of.id.name, place.file, place.line
            );
            let help = "remove it, or narrow what is denied there";
            let diagnostic = Diagnostic::new(Code::AccessDenied, message).at(declared.place(at)).help(help);
            diagnostics.push(silencable(diagnostic));
        }
    }
    diagnostics
}

/// The warning with the way to silence it.
fn silencable(diagnostic: Diagnostic) -> Diagnostic {
    let help = diagnostic.help.as_deref().unwrap_or("correct it");
    let help =
        format!("{help}; or write `# enact: allow {} because REASON` on or above this line", diagnostic.code);
    diagnostic.help(help)
}

/// Whether a warning is silenced where it stands: by a comment on its line or the one above, with a reason.
#[must_use]
pub fn is_silenced(diagnostic: &Diagnostic, text: &str) -> bool {
    let Some(place) = &diagnostic.place else { return false };
    let says = |line: &str| {
        let comment =
            line.split_once("# enact: allow ").and_then(|(_, comment)| comment.split_once(" because "));
        comment.is_some_and(|(code, reason)| code == diagnostic.code.text() && !reason.trim().is_empty())
    };
    let lines = text.lines().skip(place.line.saturating_sub(2));
    lines.take(place.line.min(2)).any(says)
}
