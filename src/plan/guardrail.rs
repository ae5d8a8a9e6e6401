//! Whether the state that a plan leads to keeps the guardrails. They look at what is allowed and not at how it is written,
//! so that another spelling does not evade them.
//!
//! What is not known never passes. Not here: how guardrails are written, in `model::guardrail`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::access::allowed::{self, NoAnswer, Shown};
use crate::access::budget::Budget;
use crate::access::impact::{Decision, Difference, Impact, Witness, Word};
use crate::access::pattern::Pattern;
use crate::access::rule::{Dimension, Effect, Rule, RuleSet};
use crate::diagnostic::{Code, Diagnostic};
use crate::digest::digest;
use crate::model::change::Change;
use crate::model::guardrail::{
    Access, Amount, Attribute, Enforcement, Guardrail, GuardrailRule, Naming, NotGranted, Required,
};
use crate::model::plan::AccessVerdicts;
use crate::model::resource::ResourceId;
use crate::model::unmanaged::ObjectPattern;
use crate::plan::estate::{EstateReading, Sides, paired};
use crate::text::short;

/// How many steps each guardrail may take.
const STEPS: u64 = 10_000_000;
/// How many digits of a digest are a fingerprint.
const DIGITS: usize = 12;
/// How many findings of a guardrail are told apart.
const MOST: usize = 20;

/// What a guardrail found.
enum Finding {
    /// This, and what tells it from other findings.
    Failed { what: String, key: String, about: Option<ResourceId> },
    /// Nobody knows, for this reason.
    Unknown(String),
}

/// Checks the guardrails of a target.
pub(super) fn check(sides: &Sides<'_>, changes: &[Change], verdicts: &AccessVerdicts) -> Vec<Diagnostic> {
    let of_target = sides.input.guardrails.iter().filter(|guardrail| guardrail.is_about(sides.input.target));
    let checks = Checks { sides, changes, verdicts };
    let mut diagnostics = Vec::new();
    for guardrail in of_target {
        let findings = checks.findings(&guardrail.row.rule);
        diagnostics
            .extend(findings.into_iter().take(MOST).map(|finding| checks.diagnostic(guardrail, finding)));
    }
    diagnostics
}

struct Checks<'s, 'a> {
    sides: &'s Sides<'a>,
    changes: &'s [Change],
    verdicts: &'s AccessVerdicts,
}

impl Checks<'_, '_> {
    fn findings(&self, rule: &GuardrailRule) -> Vec<Finding> {
        match rule {
            GuardrailRule::Attribute(attribute) => {
                self.of_objects(&attribute.objects, |value, _| out_of_bounds(attribute, value))
            }
            GuardrailRule::Required(required) => {
                self.of_objects(&required.objects, |value, _| missing(required, value))
            }
            GuardrailRule::Naming(naming) => self.of_objects(&naming.objects, |_, id| misnamed(naming, id)),
            rule => self.of_access(rule),
        }
    }

    /// Each object that git declares and the pattern matches, as it will be.
    fn of_objects(&self, objects: &str, wrong: impl Fn(&Value, &ResourceId) -> Vec<String>) -> Vec<Finding> {
        // A pattern that is none was reported before.
        let Ok(pattern) = ObjectPattern::new(objects) else { return Vec::new() };
        let mut findings = Vec::new();
        let declared = self.sides.input.desired.values().filter(|declared| !declared.absent());
        for declared in declared.filter(|declared| pattern.matches(&declared.id.kind, &declared.id.name)) {
            let Some(value) = self.sides.proposed(declared) else { continue };
            findings.extend(wrong(&value, &declared.id).into_iter().map(|what| Finding::Failed {
                key: what.clone(),
                what,
                about: Some(declared.id.clone()),
            }));
        }
        findings
    }

    fn of_access(&self, rule: &GuardrailRule) -> Vec<Finding> {
        let is_equivalent = match self.verdicts {
            AccessVerdicts::Known(impacts) => {
                impacts.values().all(|impact| *impact == Impact::Known(Difference::default()))
            }
            AccessVerdicts::LeftOut | AccessVerdicts::NoSemantics => false,
        };
        if matches!(rule, GuardrailRule::NoNewAccess(_)) && (self.changes.is_empty() || is_equivalent) {
            return Vec::new();
        }
        let sides = self.sides;
        let (Some((live, planned)), Some(semantics)) = (sides.estates(), sides.input.system.semantics())
        else {
            return vec![Finding::Unknown("nothing says what the objects of this system allow".to_owned())];
        };
        let together = semantics.decides_together();
        let mut budget = Budget::new(STEPS, STEPS);
        let mut found: BTreeMap<String, String> = BTreeMap::new();
        for [before, after] in paired(live, planned) {
            match asked(rule, (&before, &after), together, &mut budget) {
                Ok(findings) => found.extend(findings),
                Err(why) => return vec![Finding::Unknown(why.reason().to_owned())],
            }
        }
        if planned.readings.is_empty()
            && live.readings.is_empty()
            && matches!(rule, GuardrailRule::AccessGranted(_))
        {
            found.insert(String::new(), "no policy says anything".to_owned());
        }
        match live.gaps.iter().chain(&planned.gaps).next() {
            Some(gap) if found.is_empty() => vec![Finding::Unknown(gap.reason())],
            _ => found.into_iter().map(|(key, what)| Finding::Failed { what, key, about: None }).collect(),
        }
    }

    fn diagnostic(&self, guardrail: &Guardrail, finding: Finding) -> Diagnostic {
        let name = short(&guardrail.row.name);
        let target = self.sides.input.target;
        let (diagnostic, waiver) = match finding {
            Finding::Unknown(reason) => {
                let message = format!("nobody knows whether the guardrail `{name}` holds: {reason}");
                let help =
                    "what is not known never passes: plan in full, or name the targets that it is about";
                (Diagnostic::new(Code::GuardrailUnknown, message).about(target).help(help), None)
            }
            Finding::Failed { what, key, about } => {
                let subject = about.map_or_else(|| target.to_owned(), |id| id.to_string());
                let fingerprint = digest(&serde_json::json!([guardrail.row.name, subject, key]).to_string());
                let hex = fingerprint.trim_start_matches("sha256:");
                let finding = hex.get(..DIGITS).unwrap_or(hex).to_owned();
                let mut waivers = guardrail.waivers.iter().filter(|waiver| waiver.finding == finding);
                let waiver = waivers.find(|waiver| self.sides.input.options.day < waiver.expires);
                let waived =
                    waiver.map(|waiver| format!(", waived until {}: {}", waiver.expires, waiver.reason));
                let message =
                    format!("the guardrail `{name}` does not hold: {what}{}", waived.unwrap_or_default());
                let help = match guardrail.row.enforcement {
                    Enforcement::Advisory => "it is advisory, so nothing is held back".to_owned(),
                    Enforcement::Mandatory => {
                        "change the manifests so that it holds; nothing is written to this target before"
                            .to_owned()
                    }
                    Enforcement::Waivable => format!(
                        "change the manifests so that it holds, or add a waiver with `finding: {finding}`"
                    ),
                };
                (Diagnostic::new(Code::GuardrailFailed, message).about(subject).help(help), waiver)
            }
        };
        let diagnostic = diagnostic.at(guardrail.place.clone());
        match guardrail.row.enforcement {
            Enforcement::Advisory => diagnostic.allowed(),
            Enforcement::Waivable if waiver.is_some() => diagnostic.allowed(),
            Enforcement::Mandatory | Enforcement::Waivable => diagnostic,
        }
    }
}

fn out_of_bounds(attribute: &Attribute, value: &Value) -> Vec<String> {
    let Attribute { objects: _, field, at_most, at_least } = attribute;
    let Some(found) = value.pointer(field).filter(|found| !found.is_null()) else { return Vec::new() };
    let Some(number) = found.as_f64() else { return vec![format!("`{field}` is no number")] };
    let above =
        at_most.filter(|most| number > *most).map(|most| format!("`{field}` is {found}, more than {most}"));
    let below = at_least
        .filter(|least| number < *least)
        .map(|least| format!("`{field}` is {found}, less than {least}"));
    above.into_iter().chain(below).collect()
}

fn missing(required: &Required, value: &Value) -> Vec<String> {
    let is_empty = |found: &Value| match found {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    };
    let missing = required.fields.iter().filter(|field| value.pointer(field).is_none_or(is_empty));
    missing.map(|field| format!("`{field}` is missing or empty")).collect()
}

fn misnamed(naming: &Naming, id: &ResourceId) -> Vec<String> {
    let is_like = |name: &String| {
        ObjectPattern::new(&format!("*/{name}")).is_ok_and(|like| like.matches(&id.kind, &id.name))
    };
    match naming.names.iter().any(is_like) {
        true => Vec::new(),
        false => vec![format!("its name is not like `{}`", naming.names.join("` or `"))],
    }
}

/// What a guardrail about access finds in one reading: what it is, by what tells it from others.
fn asked(
    rule: &GuardrailRule,
    sides: (&EstateReading, &EstateReading),
    together: bool,
    budget: &mut Budget,
) -> Result<Vec<(String, String)>, NoAnswer> {
    let boxes = match rule {
        GuardrailRule::AccessNotGranted(NotGranted { access, .. }) => access,
        GuardrailRule::NoNewAccess(requests) | GuardrailRule::AccessGranted(requests) => &requests.access,
        GuardrailRule::Attribute(_) | GuardrailRule::Required(_) | GuardrailRule::Naming(_) => {
            return Ok(Vec::new());
        }
    };
    let parts =
        if together { vec![(sides.0.rules.clone(), sides.1.rules.clone())] } else { by_object(sides) };
    let mut findings = Vec::new();
    for access in boxes {
        let within = within(access, &sides.1.rules);
        let key = serde_json::json!(access).to_string();
        match rule {
            GuardrailRule::AccessNotGranted(NotGranted { meaning: Amount::Whole, .. }) => {
                let all = whole(&parts, &sides.1.rules, &within, budget)?;
                if let (Some(possible), Some((witness, _))) = (
                    allowed::all_granted(&all, &within, budget)?,
                    allowed::granted(&all, &all, &within, budget)?,
                ) {
                    let if_so = if possible { ", if its conditions hold" } else { "" };
                    findings.push((key, format!("all of it is allowed{if_so}, such as {}", after(&witness))));
                }
            }
            GuardrailRule::AccessNotGranted(_) => {
                for (_, now) in &parts {
                    let shown = allowed::gained(&now.without_rules(), now, Some(&within), budget)?;
                    findings.extend(shown.into_iter().map(|shown| finding(&key, now, &shown, after)));
                }
            }
            GuardrailRule::NoNewAccess(_) => {
                for (then, now) in &parts {
                    let mut shown = allowed::gained(then, now, Some(&within), budget)?;
                    if !together {
                        // Whoever has this object may be allowed all by another one, as long as this one does not deny it.
                        let [then, now] = [then, now].map(beside_all);
                        shown.extend(allowed::gained(&then, &now, Some(&within), budget)?);
                    }
                    findings.extend(shown.into_iter().map(|shown| finding(&key, now, &shown, change)));
                }
            }
            _ => {
                let mut refused = None;
                let mut is_kept = false;
                for (then, now) in &parts {
                    match allowed::refused(then, now, &within, budget)? {
                        None => is_kept = true,
                        Some((witness, _)) => refused = refused.or(Some(witness)),
                    }
                }
                if let Some(witness) = refused.filter(|_| !is_kept) {
                    findings.push((key, format!("not all of it is allowed: {}", change(&witness))));
                } else if !is_kept {
                    findings.push((key, "no policy allows it".to_owned()));
                }
            }
        }
    }
    Ok(findings)
}

/// A finding, told from others by the rule that makes it.
fn finding(key: &str, now: &RuleSet, shown: &Shown, words: fn(&Witness) -> String) -> (String, String) {
    let Shown { by, possible, witness } = shown;
    let rule = match by {
        allowed::By::After(at) => now.rules.get(*at).map(spelled),
        // The deny that went is named by the decision.
        allowed::By::Before(_) => witness.before.rule.clone(),
    };
    let if_so = if *possible { ", if conditions hold that enact cannot look into" } else { "" };
    (format!("{key} {}", rule.unwrap_or_default()), format!("{}{if_so}", words(witness)))
}

/// What a rule says, wherever it stands: a waiver is for what is allowed.
fn spelled(rule: &Rule) -> String {
    let texts = |patterns: &[Pattern]| patterns.iter().map(|of| of.text().to_owned()).collect::<Vec<_>>();
    let all = |scopes: &BTreeMap<_, Vec<_>>| {
        scopes.iter().map(|(of, patterns): (&Dimension, _)| (of.clone(), texts(patterns))).collect::<Vec<_>>()
    };
    let (scopes, except) = (all(&rule.scopes), all(&rule.except));
    match except.is_empty() {
        true => serde_json::json!([rule.denies, scopes, rule.conditions]).to_string(),
        false => serde_json::json!([rule.denies, scopes, rule.conditions, except]).to_string(),
    }
}

/// The rules of each object on both sides.
fn by_object((before, after): (&EstateReading, &EstateReading)) -> Vec<(RuleSet, RuleSet)> {
    let ids: BTreeSet<_> = before.origins.iter().chain(&after.origins).map(|origin| &origin.id).collect();
    let empty = after.rules.without_rules();
    let mut parts: BTreeMap<&ResourceId, (RuleSet, RuleSet)> =
        ids.into_iter().map(|id| (id, (empty.clone(), empty.clone()))).collect();
    for (rule, origin) in before.rules.rules.iter().zip(&before.origins) {
        parts.entry(&origin.id).and_modify(|part| part.0.rules.push(rule.clone()));
    }
    for (rule, origin) in after.rules.rules.iter().zip(&after.origins) {
        parts.entry(&origin.id).and_modify(|part| part.1.rules.push(rule.clone()));
    }
    parts.into_values().collect()
}

/// The rules of all objects that do not deny any of this: whoever has them all is allowed the most of it.
fn whole(
    parts: &[(RuleSet, RuleSet)],
    all: &RuleSet,
    within: &Rule,
    budget: &mut Budget,
) -> Result<RuleSet, NoAnswer> {
    let mut most = all.without_rules();
    for (_, now) in parts {
        if parts.len() == 1 || !allowed::denies(now, within, budget)? {
            most.rules.extend(now.rules.iter().cloned());
        }
    }
    Ok(most)
}

/// The same rules, and one that allows everything.
fn beside_all(set: &RuleSet) -> RuleSet {
    let mut set = set.clone();
    set.rules.push(Rule { name: Some("any other policy".to_owned()), ..Rule::new(false) });
    set
}

/// The requests as a rule that applies to them.
fn within(access: &Access, set: &RuleSet) -> Rule {
    let Access { principals, actions, resources, tenants } = access;
    let scopes = [
        (Dimension::Principal, principals),
        (Dimension::Action, actions),
        (Dimension::Resource, resources),
        (Dimension::Tenant, tenants),
    ];
    let mut rule = Rule::new(false);
    for (dimension, texts) in scopes {
        let Some(texts) = texts else { continue };
        let folds = set.folds.contains(&dimension);
        let pattern = |text: &String| if folds { Pattern::glob(text).folded() } else { Pattern::glob(text) };
        rule = rule.on(dimension, texts.iter().map(pattern).collect());
    }
    rule
}

fn after(witness: &Witness) -> String {
    format!("{}: {}", request(&witness.request), decision(&witness.after))
}

/// A request, and how it is decided before and after.
pub(super) fn change(witness: &Witness) -> String {
    format!("{}: {} -> {}", request(&witness.request), decision(&witness.before), decision(&witness.after))
}

/// What a request says.
pub(super) fn request(words: &[Word]) -> String {
    let word = |word: &Word| {
        let dimension = match &word.dimension {
            Dimension::Principal => "principal",
            Dimension::AlsoPrincipal => "who is also",
            Dimension::Action => "action",
            Dimension::Resource => "resource",
            Dimension::Tenant => "tenant",
            Dimension::Key(key) => key,
        };
        format!("{dimension} `{}`", word.word)
    };
    words.iter().map(word).collect::<Vec<_>>().join(", ")
}

fn decision(decision: &Decision) -> String {
    let by = decision.rule.as_ref().map(|rule| format!(" by `{rule}`")).unwrap_or_default();
    match decision.effect {
        Effect::Allowed => format!("allowed{by}"),
        Effect::Denied => format!("denied{by}"),
        Effect::NotGranted => "not granted".to_owned(),
    }
}
