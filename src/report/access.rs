//! What changes do to what is allowed, in words. What patterns and names say is untrusted, and each format makes it
//! safe; the verdicts are ours.

use serde_json::Value;

use super::TargetReport;
use crate::access::impact::{
    AccessChange, AttributeChange, Decision, Difference, Impact, Language, Scope, Verdict, Witness, Word,
};
use crate::access::rule::{Dimension, Effect};
use crate::model::change::Change;
use crate::model::plan::{
    AccessVerdicts, Masked, TargetAccess, TargetAccessChange, TargetAttributeChange, TargetDifference,
    TargetPlan,
};
use crate::report::value::quoted;
use crate::words::list;

/// How many patterns of a dimension, and how many differences of a change, are shown.
const PATTERNS: usize = 6;
const DIFFERENCES: usize = 8;

/// What is said of a target whose system nobody has told enact how to read.
pub(super) const NO_SEMANTICS: &str =
    "access: not known, as nothing says what the objects of this system allow";

/// Why nothing is said of a whole target.
pub(super) const ONLY_DECLARED: &str = "with `--only-declared` not every object is read";

/// One thing that a change does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AccessLine {
    /// The verdict.
    pub(super) label: &'static str,
    /// Whether something is gained by it, or lost.
    pub(super) gains: Option<bool>,
    /// What it is about. Untrusted.
    pub(super) what: String,
    /// A request that shows it. Untrusted.
    pub(super) witness: Option<String>,
}

impl AccessLine {
    fn plain(label: &'static str, what: String) -> Self {
        Self { label, gains: None, what, witness: None }
    }
}

/// What a change does; nothing if nobody asked or it says nothing by itself.
pub(super) fn lines(target: &TargetReport, change: &Change, all: bool) -> Vec<AccessLine> {
    let Difference { gained, lost, more, attributes } = match target.plan.impact(change) {
        None => return Vec::new(),
        Some(Impact::Unknown(reason)) => return vec![AccessLine::plain("UNKNOWN", reason.clone())],
        Some(Impact::Known(difference)) => difference,
    };
    if gained.is_empty() && lost.is_empty() && attributes.is_empty() {
        return vec![AccessLine::plain("EQUIVALENT", "no request is treated in another way".to_owned())];
    }
    let most = if all { usize::MAX } else { DIFFERENCES };
    let shown = |changes: &[AccessChange], gains: bool| -> Vec<AccessLine> {
        changes.iter().take(most).map(|change| line(change, gains)).collect()
    };
    let beside = attributes.iter().take(most).map(attribute).collect();
    let mut lines = [shown(gained, true), shown(lost, false), beside].concat();
    let hidden = [gained.len(), lost.len(), attributes.len()].map(|number| number.saturating_sub(most));
    let hidden: usize = hidden.iter().sum();
    let Masked { gained, lost } = target.plan.masked(change);
    let masked = [
        (gained, "others deny or allow the same: the target allows no more by this"),
        (lost, "others deny or allow the same: the target allows no less by this"),
    ];
    let masked = masked.into_iter().filter(|(is_masked, _)| *is_masked);
    lines.extend(masked.map(|(_, what)| AccessLine::plain("MASKED", what.to_owned())));
    match (hidden, more) {
        (0, false) => {}
        (0, true) => lines.push(AccessLine::plain("MORE", "differences like these".to_owned())),
        (hidden, more) => {
            let least = if *more { "at least " } else { "" };
            lines
                .push(AccessLine::plain("MORE", format!("{least}{hidden} other differences: JSON has them")));
        }
    }
    lines
}

fn line(change: &AccessChange, gains: bool) -> AccessLine {
    let label = label(gains, change.possible);
    AccessLine { label, gains: Some(gains), what: what(change, gains), witness: Some(witness(change)) }
}

fn label(gains: bool, possible: bool) -> &'static str {
    match (gains, possible) {
        (true, false) => "MORE PERMISSIVE",
        (true, true) => "POSSIBLY MORE PERMISSIVE",
        (false, false) => "LESS PERMISSIVE",
        (false, true) => "POSSIBLY LESS PERMISSIVE",
    }
}

/// What a plan does to what the whole target allows; nothing if nobody asked, or if its only change says the same.
pub(super) fn of_target(plan: &TargetPlan) -> Vec<AccessLine> {
    let difference = match &plan.target_access {
        TargetAccess::LeftOut => return Vec::new(),
        TargetAccess::OnlyDeclared => {
            return vec![AccessLine::plain("LEFT OUT", ONLY_DECLARED.to_owned())];
        }
        TargetAccess::Unknown(reason) => return vec![AccessLine::plain("UNKNOWN", reason.clone())],
        TargetAccess::Known(difference) => difference,
    };
    if says_the_same(plan, difference) {
        return Vec::new();
    }
    let TargetDifference { gained, lost, more: _, attributes, masked: _ } = difference;
    let line = |changes: &[TargetAccessChange], gains| {
        let TargetAccessChange { id: _, possible, witness } = changes.first()?;
        let example = format!("for example {}", decided(&witness.request, witness));
        let label = label(gains, *possible);
        Some(AccessLine { label, gains: Some(gains), what: example, witness: None })
    };
    let mut lines: Vec<_> = [line(gained, true), line(lost, false)].into_iter().flatten().collect();
    // Of each sort that no request shows.
    for TargetAttributeChange { id, change } in attributes {
        let own = attribute(change);
        if lines.iter().all(|line| line.gains != own.gains) {
            let what = format!("{} of {} {}", own.what, id.kind, term(&id.name));
            lines.push(AccessLine { what, ..own });
        }
    }
    match lines.is_empty() {
        true => vec![AccessLine::plain("EQUIVALENT", "no request is treated in another way".to_owned())],
        false => lines,
    }
}

/// Whether the verdict on the target repeats what stands below its only change.
fn says_the_same(plan: &TargetPlan, of_target: &TargetDifference) -> bool {
    let AccessVerdicts::Known(impacts) = &plan.access else { return false };
    let mut impacts = impacts.values();
    let (Some(Impact::Known(own)), None) = (impacts.next(), impacts.next()) else { return false };
    let same = |own: &[AccessChange], all: &[TargetAccessChange]| {
        let seen = |witness: &Witness| (witness.request.clone(), witness.before.effect, witness.after.effect);
        all.iter().all(|change| own.iter().any(|own| seen(&own.witness) == seen(&change.witness)))
            && own.is_empty() == all.is_empty()
    };
    same(&own.gained, &of_target.gained) && same(&own.lost, &of_target.lost)
}

/// What a change of a value beside the rules does.
fn attribute(change: &AttributeChange) -> AccessLine {
    let AttributeChange { attribute, before, after, verdict, possible, access } = change;
    let gains = match verdict {
        Verdict::MorePermissive => Some(true),
        Verdict::LessPermissive => Some(false),
        Verdict::Incomparable | Verdict::Equivalent | Verdict::Unknown => None,
    };
    let label = gains.map_or("DEPENDS", |gains| label(gains, *possible));
    let value = |value: &Value| value.as_str().map_or_else(|| value.to_string(), quoted);
    let mut what = format!("{attribute}: {} -> {}", value(before), value(after));
    if !access.is_empty() {
        what.push_str(&format!(", {}", scopes(access, Language::Cedar)));
    }
    if gains.is_none() {
        what.push_str(", and nothing says whether that allows more or less");
    }
    AccessLine { label, gains, what, witness: None }
}

/// Which requests are meant, in the patterns of their author.
fn what(change: &AccessChange, gains: bool) -> String {
    let AccessChange { access, except, more_exceptions, conditions, possible: _, through, witness } = change;
    let language = witness.language;
    let mut text = scopes(access, language);
    if !conditions.is_empty() {
        text.push_str(&format!(" if {}", list(conditions, PATTERNS)));
    }
    let mut exceptions: Vec<_> = except.iter().map(|except| scopes(except, language)).collect();
    exceptions.extend((*more_exceptions > 0).then(|| format!("{more_exceptions} more")));
    if !exceptions.is_empty() {
        text.push_str(&format!(", except {}", exceptions.join(" and ")));
    }
    match (gains, witness.before.effect, witness.after.effect) {
        (true, Effect::Denied, _) => text.push_str(", no longer denied"),
        (false, _, Effect::Denied) => text.push_str(", now denied"),
        _ => {}
    }
    if let Some(through) = through {
        text.push_str(&format!(", through {through}"));
    }
    text
}

fn witness(change: &AccessChange) -> String {
    let is_mentioned = |word: &&Word| {
        // In Cedar every part of a request is an entity, and each helps to see what is meant.
        if change.witness.language == Language::Cedar {
            return true;
        }
        let mut scopes = change.access.iter().chain(change.except.iter().flatten());
        scopes.any(|scope| scope.dimension == word.dimension)
    };
    decided(change.witness.request.iter().filter(is_mentioned), &change.witness)
}

/// A request and how it was and is decided.
fn decided<'a>(words: impl IntoIterator<Item = &'a Word>, witness: &Witness) -> String {
    let Witness { language, request: _, before, after } = witness;
    let one = |word: &Word| Scope { dimension: word.dimension.clone(), patterns: vec![word.word.clone()] };
    let request: Vec<_> = words.into_iter().map(one).collect();
    format!("{}: {} -> {}", scopes(&request, *language), decision(before), decision(after))
}

fn decision(decision: &Decision) -> String {
    let Decision { effect, rule, file, line, at: _ } = decision;
    let mut by = rule.as_ref().map(|rule| format!(" by {}", term(rule))).unwrap_or_default();
    if let (Some(file), Some(line)) = (file, line) {
        by.push_str(&format!(" ({file}:{line})"));
    }
    match effect {
        Effect::Allowed => format!("allowed{by}"),
        Effect::Denied => format!("denied{by}"),
        Effect::NotGranted => "not granted".to_owned(),
    }
}

/// Such as `s3:GetObject on my-bucket/* for team:local:ops in tenant one with s3:prefix home/`.
pub(super) fn scopes(scopes: &[Scope], language: Language) -> String {
    let patterns = |scope: &Scope| patterns(scope, language);
    let of = |wanted: &Dimension| scopes.iter().find(|scope| scope.dimension == *wanted);
    let action = of(&Dimension::Action).map(&patterns);
    let resource = of(&Dimension::Resource).map(&patterns);
    let resource = resource.map(|on| if action.is_some() { format!("on {on}") } else { on });
    let principal = of(&Dimension::Principal).map(|of| format!("for {}", patterns(of)));
    let also = of(&Dimension::AlsoPrincipal).map(|of| format!("who is also {}", patterns(of)));
    let is_every = |scope: &&Scope| scope.patterns == ["*"];
    let tenant = of(&Dimension::Tenant).filter(|tenant| !is_every(tenant));
    let tenant = tenant.map(|of| format!("in tenant {}", patterns(of)));
    let mut parts: Vec<_> = [action, resource, principal, also, tenant].into_iter().flatten().collect();
    for scope in scopes {
        if let Dimension::Key(key) = &scope.dimension {
            parts.push(format!("with {} {}", term(key), patterns(scope)));
        }
    }
    if parts.is_empty() { "anything".to_owned() } else { parts.join(" ") }
}

fn patterns(scope: &Scope, language: Language) -> String {
    match language {
        Language::Own => any_of(&scope.patterns),
        // Each ends with the quote of an id or with a type.
        Language::Cedar => list(&scope.patterns, PATTERNS),
    }
}

/// Patterns or names as a list.
pub(super) fn any_of(patterns: &[String]) -> String {
    let terms: Vec<_> = patterns.iter().map(|pattern| term(pattern)).collect();
    list(&terms, PATTERNS)
}

/// A pattern or a name, in quotes where its end would not be seen without.
pub(super) fn term(text: &str) -> String {
    let is_open = text.is_empty() || text.contains([',', '"', '\'']) || text.contains(char::is_whitespace);
    if is_open && !text.split(" in ").all(is_entity) { quoted(text) } else { text.to_owned() }
}

/// Whether it is like `User::"ana"`, whose end is seen, also in `User::"ana" in Team::"ops"`.
fn is_entity(text: &str) -> bool {
    let parts = text.split_once("::\"").and_then(|(kind, id)| Some((kind, id.strip_suffix('"')?)));
    let is_plain = |text: &str, more: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || more.contains(c))
    };
    parts.is_some_and(|(kind, id)| is_plain(kind, "_:") && is_plain(id, "_-./:@"))
}

/// How many changes have which verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct AccessTotals {
    pub(super) more_permissive: usize,
    pub(super) less_permissive: usize,
    pub(super) incomparable: usize,
    pub(super) equivalent: usize,
    pub(super) unknown: usize,
    /// How many of the first three are only possible.
    pub(super) possible: usize,
}

impl AccessTotals {
    /// Counts the changes of targets; `None` if nobody asked, or nothing is known of any system.
    pub(super) fn of(targets: &[TargetReport]) -> Option<Self> {
        let known = targets.iter().filter_map(|target| match &target.plan.access {
            AccessVerdicts::Known(impacts) => Some(impacts),
            AccessVerdicts::LeftOut | AccessVerdicts::NoSemantics => None,
        });
        let mut known = known.peekable();
        known.peek()?;
        let mut totals = Self::default();
        for impact in known.flat_map(|impacts| impacts.values()) {
            let count = match impact.verdict() {
                Verdict::MorePermissive => &mut totals.more_permissive,
                Verdict::LessPermissive => &mut totals.less_permissive,
                Verdict::Incomparable => &mut totals.incomparable,
                Verdict::Equivalent => &mut totals.equivalent,
                Verdict::Unknown => &mut totals.unknown,
            };
            *count += 1;
            totals.possible += usize::from(impact.is_only_possible());
        }
        Some(totals)
    }

    /// The counts in words; `None` if no change has a verdict.
    pub(super) fn words(self) -> Option<String> {
        let Self { more_permissive, less_permissive, incomparable, equivalent, unknown, possible } = self;
        let counts = [
            (more_permissive, "wider"),
            (less_permissive, "narrower"),
            (incomparable, "both wider and narrower"),
            (equivalent, "equivalent"),
            (unknown, "unknown"),
        ];
        let words: Vec<_> = counts
            .into_iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, word)| format!("{number} {word}"))
            .collect();
        let possible = if possible == 0 { String::new() } else { format!(" ({possible} only possibly)") };
        (!words.is_empty()).then(|| format!("access: {}{possible}", words.join(", ")))
    }
}
