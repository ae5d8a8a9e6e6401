//! The search against Cedar itself, over small universes in which conditions are true, false and errors.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityUid, Policy, PolicyId, PolicySet, Request,
};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

use super::all::{Requests, counterexample};
use super::compare::{CedarPolicy, Found, Sides, compare, difference};
use super::evaluate::evaluate;
use super::request::CedarRequest;
use super::rule::{CedarRule, Entity};
use super::search::CedarSearch;
use crate::access::attribute::Attribute;
use crate::access::budget::Budget;
use crate::access::impact::{Impact, Verdict};
use crate::access::order::search::Search;
use crate::access::rule::Effect;
use crate::cedar::Statement;

const PRINCIPALS: [&str; 6] = [
    "principal",
    r#"principal == U::"a""#,
    r#"principal in G::"g""#,
    "principal is U",
    r#"principal is U in G::"h""#,
    r#"principal == G::"g""#,
];
const ACTIONS: [&str; 5] = [
    "action",
    r#"action == Action::"p""#,
    r#"action in Action::"q""#,
    r#"action in [Action::"p", Action::"q"]"#,
    r#"action in [Action::"p", Action::"r"]"#,
];
const RESOURCES: [&str; 6] = [
    "resource",
    r#"resource == R::"1""#,
    r#"resource in R::"2""#,
    "resource is R",
    r#"resource == U::"a""#,
    r#"resource in U::"a""#,
];
/// `c`, `d` and `e` are attributes that may be missing, so that asking for them is an error.
const CONDITIONS: [&str; 11] = [
    "",
    "",
    "when { context.c }",
    "unless { context.c }",
    "when { context.c && context.d }",
    "when { context.d } when { context.c }",
    "unless { context.c && context.d }",
    "unless { context.d && context.c }",
    "unless { context.c || context.d }",
    "when { context.c || context.d }",
    "when { false } unless { context.c }",
];

fn text() -> impl Strategy<Value = String> {
    let effect = prop_oneof![2 => Just("permit"), 1 => Just("forbid")];
    (effect, select(&PRINCIPALS[..]), select(&ACTIONS[..]), select(&RESOURCES[..]), select(&CONDITIONS[..]))
        .prop_map(|(effect, principal, action, resource, condition)| {
            format!("{effect} ({principal}, {action}, {resource}) {condition};")
        })
}

/// The texts of some rules, each with whether it is audited.
type Texts = Vec<(String, bool)>;

fn texts() -> impl Strategy<Value = Texts> {
    proptest::collection::vec((text(), proptest::bool::weighted(0.7)), 0..4)
}

fn mutant(texts: &Texts, kind: u8, at: Index, other: (String, bool)) -> Texts {
    let mut texts = texts.clone();
    if texts.is_empty() {
        return vec![other];
    }
    let at = at.index(texts.len());
    match kind {
        0 => drop(texts.remove(at)),
        1 => texts[at].0 = texts[at].0.replace("when", "unless"),
        2 => texts[at].0 = texts[at].0.replacen("permit", "forbid", 1),
        3 => texts[at].1 = !texts[at].1,
        4 => texts.push(other),
        5 => texts[at].0 = texts[at].0.split(')').next().unwrap().to_owned() + ");",
        6 => texts[at] = other,
        // These change nothing.
        7 => texts.rotate_left(at),
        _ => texts.push(texts[at].clone()),
    }
    texts
}

fn pair() -> impl Strategy<Value = (Texts, Texts)> {
    let mutated = (texts(), 0_u8..9, any::<Index>(), (text(), any::<bool>()))
        .prop_map(|(texts, kind, at, other)| (texts.clone(), mutant(&texts, kind, at, other)));
    prop_oneof![1 => (texts(), texts()), 3 => mutated]
}

fn policy(texts: &Texts) -> CedarPolicy {
    let rule = |(text, audited): &(String, bool)| {
        CedarRule::read(&Statement::parse(text).unwrap(), "r", *audited).unwrap()
    };
    CedarPolicy { rules: texts.iter().map(rule).collect(), attributes: Vec::new() }
}

fn set(texts: &Texts) -> PolicySet {
    let policy = |(at, (text, _)): (usize, &(String, bool))| {
        Policy::parse(Some(PolicyId::new(at.to_string())), text).unwrap()
    };
    PolicySet::from_policies(texts.iter().enumerate().map(policy)).unwrap()
}

/// What Cedar says, and whether the permits that it follows are audited.
fn decided(
    texts: &Texts,
    set: &PolicySet,
    request: &Request,
    entities: &Entities,
) -> (Effect, BTreeSet<bool>) {
    let response = Authorizer::new().is_authorized(request, set, entities);
    let reasons: Vec<usize> =
        response.diagnostics().reason().map(|id| id.to_string().parse().unwrap()).collect();
    match response.decision() {
        Decision::Allow => (Effect::Allowed, reasons.iter().map(|at| texts[*at].1).collect()),
        Decision::Deny if reasons.is_empty() => (Effect::NotGranted, BTreeSet::new()),
        Decision::Deny => (Effect::Denied, BTreeSet::new()),
    }
}

/// A universe: which entities ask, what is below what, and what is known of the conditions.
#[derive(Clone, Debug)]
struct Asked {
    principal: &'static str,
    action: &'static str,
    resource: &'static str,
    edges: Vec<(&'static str, &'static str)>,
    context: BTreeMap<&'static str, bool>,
}

const EDGES: [(&str, &str); 8] = [
    (r#"U::"a""#, r#"G::"g""#),
    (r#"U::"a""#, r#"G::"h""#),
    (r#"U::"b""#, r#"G::"h""#),
    (r#"G::"h""#, r#"G::"g""#),
    (r#"Action::"p""#, r#"Action::"q""#),
    (r#"Action::"s""#, r#"Action::"q""#),
    (r#"R::"1""#, r#"R::"2""#),
    (r#"R::"2""#, r#"U::"a""#),
];

fn asked() -> impl Strategy<Value = Asked> {
    let principal = select(vec![r#"U::"a""#, r#"U::"b""#, r#"G::"g""#, r#"G::"h""#, r#"X::"x""#]);
    let action = select(vec![r#"Action::"p""#, r#"Action::"q""#, r#"Action::"r""#, r#"Action::"s""#]);
    let resource = select(vec![r#"R::"1""#, r#"R::"2""#, r#"R::"3""#, r#"U::"a""#, r#"X::"y""#]);
    let edges = proptest::sample::subsequence(EDGES.to_vec(), 0..=EDGES.len());
    let value = || select(vec![Some(true), Some(false), None]);
    (principal, action, resource, edges, [value(), value()]).prop_map(
        |(principal, action, resource, edges, values)| {
            let context = ["c", "d"].into_iter().zip(values).filter_map(|(name, value)| Some((name, value?)));
            Asked { principal, action, resource, edges, context: context.collect() }
        },
    )
}

/// An entity and everything above it.
fn above(edges: &[(&'static str, &'static str)], of: &'static str) -> Vec<&'static str> {
    let mut all = vec![of];
    let mut at = 0;
    while let Some(next) = all.get(at).copied() {
        let new: Vec<_> =
            edges.iter().filter(|(below, above)| *below == next && !all.contains(above)).collect();
        all.extend(new.iter().map(|(_, above)| above));
        at += 1;
    }
    all
}

fn entity(text: &str) -> Entity {
    Entity::of(text).unwrap()
}

fn uid(text: &str) -> EntityUid {
    text.parse().unwrap()
}

fn entities(edges: impl Iterator<Item = (String, String)>) -> Option<Entities> {
    let mut parents = BTreeMap::<String, Vec<String>>::new();
    for (below, above) in edges {
        parents.entry(above.clone()).or_default();
        parents.entry(below).or_default().push(above);
    }
    let entity = |text: &str| {
        let uid = uid(text);
        json!({"type": uid.type_name().to_string(), "id": uid.id().unescaped()})
    };
    let entities = parents.iter().map(|(below, above)| {
        let above: Vec<_> = above.iter().map(|above| entity(above)).collect();
        json!({"uid": entity(below), "attrs": {}, "parents": above})
    });
    Entities::from_json_value(Value::Array(entities.collect()), None).ok()
}

fn request(principal: &str, action: &str, resource: &str, context: Value) -> Request {
    let context = Context::from_json_value(context, None).unwrap();
    Request::new(uid(principal), uid(action), uid(resource), context, None).unwrap()
}

fn owned((below, above): &(&str, &str)) -> (String, String) {
    ((*below).to_owned(), (*above).to_owned())
}

fn found(before: &CedarPolicy, after: &CedarPolicy) -> Sides {
    difference(before, after, &mut Budget::default()).ok().flatten().expect("a verdict")
}

/// The context in which the conditions of a request have their values; `None` if there is a condition that is more than
/// an attribute: of the value of one the search does not know what follows for another.
fn context(texts: [&Texts; 2], request: &CedarRequest) -> Option<Value> {
    let rules = texts.map(|texts| policy(texts).rules).concat();
    let names = rules.iter().flat_map(|rule| &rule.conditions).map(|(condition, _)| condition.as_str());
    let is_plain = names.clone().all(|name| ["context.c", "context.d", "false"].contains(&name));
    let value = |(condition, wanted): &(String, bool)| {
        Some((condition.strip_prefix("context.")?.to_owned(), json!(wanted)))
    };
    is_plain.then(|| Value::Object(request.conditions.iter().filter_map(value).collect()))
}

/// What Cedar says of a request of ours.
fn replayed(texts: [&Texts; 2], ours: &CedarRequest, context: Value) -> [(Effect, BTreeSet<bool>); 2] {
    let edges = ours
        .parents
        .iter()
        .flat_map(|(below, above)| above.iter().map(move |above| (below.to_string(), above.to_string())));
    let entities = entities(edges).expect("a hierarchy without circles");
    let [principal, action, resource] =
        [&ours.principal, &ours.action, &ours.resource].map(Entity::to_string);
    let request = request(&principal, &action, &resource, context);
    texts.map(|texts| decided(texts, &set(texts), &request, &entities))
}

#[test]
fn a_rule_that_is_learned_later_names_no_entity_that_the_search_thinks_of() {
    let rules = |text: &str| policy(&vec![(text.to_owned(), true)]).rules;
    let permits = rules("permit (principal, action, resource);");
    let forbids = rules(r#"forbid (principal == Other::"x", action, resource);"#);
    let mut search = CedarSearch::new(permits.iter(), Budget::default());
    search.learn(forbids.iter());
    let found = search.find(&[&permits[0]], &[&forbids[0]]);
    assert!(found.ok().flatten().is_some(), "somebody else is permitted it");
}

/// Reading and deciding is slow without optimisation.
fn fewer() -> ProptestConfig {
    let all = ProptestConfig::default();
    ProptestConfig { cases: all.cases.div_ceil(4), ..all }
}

proptest! {
    #![proptest_config(fewer())]

    /// Whatever Cedar decides in another way, the search finds.
    #[test]
    fn what_cedar_decides_in_another_way_is_found((before, after) in pair(), asked in proptest::collection::vec(asked(), 24)) {
        let (then, now) = (policy(&before), policy(&after));
        let found = found(&then, &now);
        let sets = [set(&before), set(&after)];
        for asked in asked {
            let Some(entities) = entities(asked.edges.iter().map(owned)) else { continue };
            let request = request(asked.principal, asked.action, asked.resource, json!(asked.context));
            let (was, sorts) = decided(&before, &sets[0], &request, &entities);
            let (is, new_sorts) = decided(&after, &sets[1], &request, &entities);
            prop_assert!(is <= was || !found.gained.is_empty(), "gained {asked:?}\n{before:#?}\n{after:#?}");
            prop_assert!(is >= was || !found.lost.is_empty(), "lost {asked:?}\n{before:#?}\n{after:#?}");
            let has = |verdict| found.attributes.iter().any(|change| change.verdict == verdict);
            if was == Effect::Allowed && is == was {
                let gets = |sort| new_sorts.contains(&sort) && !sorts.contains(&sort);
                let loses = |sort| sorts.contains(&sort) && !new_sorts.contains(&sort);
                prop_assert!(has(Verdict::MorePermissive) || !(gets(false) || loses(true)), "{asked:?}\n{before:#?}\n{after:#?}");
                prop_assert!(has(Verdict::LessPermissive) || !(gets(true) || loses(false)), "{asked:?}\n{before:#?}\n{after:#?}");
            }
        }
    }

    /// Where no counterexample is, Cedar decides all as it should; one of a request that is named in full, which depends on
    /// nothing, Cedar decides otherwise.
    #[test]
    fn sound_meaning_all_requests_of_a_sort_are_decided_as_cedar_does(
        texts in texts(),
        asked in proptest::collection::vec((asked(), any::<[bool; 3]>(), proptest::option::weighted(0.3, asked())), 24),
        allows in any::<bool>(),
    ) {
        let (rules, set) = (policy(&texts).rules, set(&texts));
        for (asked, named, except) in asked {
            let Some(entities) = entities(asked.edges.iter().map(owned)) else { continue };
            let above = above(&asked.edges, asked.principal);
            let [action, resource] = [asked.action, asked.resource].map(entity);
            let but = |of: fn(&Asked) -> &'static str| except.iter().map(|except| entity(of(except))).collect::<Vec<_>>();
            let requests = Requests {
                subjects: named[0].then(|| above.iter().map(|above| entity(above)).collect()),
                action: named[1].then(|| action.clone()),
                resource: named[2].then(|| resource.clone()),
                except_subjects: but(|except| except.principal),
                except_actions: but(|except| except.action),
                except_resources: but(|except| except.resource),
            };
            let is_meant = !above.iter().any(|above| requests.except_subjects.contains(&entity(above)))
                && !requests.except_actions.contains(&action)
                && !requests.except_resources.contains(&resource);
            let request = request(asked.principal, asked.action, asked.resource, json!(asked.context));
            let (effect, _) = decided(&texts, &set, &request, &entities);
            let is_expected = (effect == Effect::Allowed) == allows;
            let found = counterexample(&rules, &requests, allows, &mut Budget::default());
            match found.expect("so little takes too much work") {
                None => prop_assert!(is_expected || !is_meant, "{asked:?} {named:?}\n{texts:#?}"),
                Some(found) if named == [true; 3] && found.depends.is_empty() => {
                    prop_assert!(!is_expected && is_meant, "{found:?} {asked:?}\n{texts:#?}");
                    prop_assert!(found.by.is_none() || effect != Effect::NotGranted, "{found:?} {asked:?}\n{texts:#?}");
                }
                Some(_) => {}
            }
        }
    }

    /// Whatever the search finds, Cedar decides in another way; what is certain, with any values of the conditions.
    #[test]
    fn what_is_found_cedar_decides_in_another_way((before, after) in pair()) {
        let found = found(&policy(&before), &policy(&after));
        for (all, gains) in [(&found.gained, true), (&found.lost, false)] {
            for Found { request, possible, .. } in all {
                let mut contexts: Vec<_> = context([&before, &after], request).into_iter().collect();
                if !possible {
                    for c in [json!({}), json!({"c": true}), json!({"c": false})] {
                        contexts.extend([Some(true), Some(false), None].map(|d| {
                            let mut context = c.clone();
                            if let Some(d) = d { context["d"] = json!(d); }
                            context
                        }));
                    }
                }
                for context in contexts {
                    let [(then, _), (now, _)] = replayed([&before, &after], request, context);
                    prop_assert!(if gains { then < now } else { now < then }, "{request:#?}\n{before:#?}\n{after:#?}");
                }
            }
        }
    }

    /// The plain evaluator, which judges every witness, says what Cedar says.
    #[test]
    fn the_plain_evaluator_is_cedar(texts in texts(), seed in text()) {
        let seed = vec![(seed, true)];
        let nothing = Vec::new();
        for Found { request, .. } in found(&policy(&nothing), &policy(&seed)).gained {
            let Some(context) = context([&texts, &seed], &request) else { continue };
            let [(cedar, _), _] = replayed([&texts, &nothing], &request, context);
            prop_assert_eq!(evaluate(&policy(&texts).rules, &request).0, cedar, "{:?}\n{:#?}", request, texts);
        }
    }

    #[test]
    fn back_is_the_opposite((before, after) in pair()) {
        let (then, now) = (policy(&before), policy(&after));
        let (there, back) = (found(&then, &now), found(&now, &then));
        prop_assert_eq!(there.gained.is_empty(), back.lost.is_empty());
        prop_assert_eq!(there.lost.is_empty(), back.gained.is_empty());
        prop_assert_eq!(there.attributes.is_empty(), back.attributes.is_empty());
    }

    #[test]
    fn a_budget_ends_in_unknown_and_never_in_another_verdict((before, after) in pair(), steps in 0_u64..60) {
        let (then, now) = (policy(&before), policy(&after));
        let whole = compare(&then, &now, &mut Budget::default());
        match compare(&then, &now, &mut Budget::new(steps, steps)) {
            Impact::Unknown(_) => {}
            known @ Impact::Known(_) => prop_assert_eq!(known, whole),
        }
    }
}

fn impact(before: &[&str], after: &[&str]) -> Impact {
    let texts = |texts: &[&str]| texts.iter().map(|text| ((*text).to_owned(), true)).collect();
    compare(&policy(&texts(before)), &policy(&texts(after)), &mut Budget::default())
}

fn verdict(before: &[&str], after: &[&str]) -> (Verdict, bool) {
    let impact = impact(before, after);
    (impact.verdict(), impact.is_only_possible())
}

#[test]
fn sound_meaning_an_error_is_neither_true_nor_false() {
    let all = "permit (principal, action, resource);";
    let when = "permit (principal, action, resource) when { context.c };";
    let unless = "permit (principal, action, resource) unless { context.c };";
    assert_eq!(verdict(&[when, unless], &[all]), (Verdict::MorePermissive, true));
    assert_eq!(verdict(&[when], &[unless]), (Verdict::Incomparable, true));
    let forbid = "forbid (principal, action, resource) when { context.c };";
    assert_eq!(verdict(&[all, forbid], &[all]), (Verdict::MorePermissive, true));
    let never = "permit (principal, action, resource) when { context.c } unless { context.c };";
    assert_eq!(verdict(&[never], &[]), (Verdict::Equivalent, false));
}

#[test]
fn sound_meaning_what_joins_conditions_is_not_reordered_where_an_error_could_show() {
    let with = |clause: &str| format!("permit (principal, action, resource) {clause};");
    let verdict = |one: &str, other: &str| verdict(&[&with(one)], &[&with(other)]);
    for [one, other] in [
        ["unless { context.c && context.d }", "unless { context.d && context.c }"],
        ["when { context.c || context.d }", "when { context.d || context.c }"],
    ] {
        assert_eq!(verdict(one, other), (Verdict::Incomparable, true));
    }
    let both = "when { context.c && context.d }";
    assert_eq!(verdict(both, "when { context.d } when { context.c }"), (Verdict::Equivalent, false));
    assert_eq!(verdict("when { context.c }", both), (Verdict::LessPermissive, true));
}

#[test]
fn sound_meaning_an_entity_is_in_itself_and_below_what_is_above_it() {
    let of = |principal: &str, resource: &str| format!("permit ({principal}, action, {resource});");
    let exact = |before: &str, after: &str| verdict(&[before], &[after]);
    let (equal, within) =
        (of(r#"principal == G::"g""#, "resource"), of(r#"principal in G::"g""#, "resource"));
    assert_eq!(exact(&equal, &within), (Verdict::MorePermissive, false));
    // A resource in whoever asks is in the group of whoever asks.
    let both = of(r#"principal == U::"a""#, r#"resource in U::"a""#);
    let in_group = r#"permit (principal == U::"a", action, resource in G::"g");"#;
    let asks = r#"permit (principal in G::"g", action, resource);"#;
    assert_eq!(verdict(&[&both, in_group, asks], &[in_group, asks]), (Verdict::LessPermissive, false));
    // Two entities cannot be below each other, so this permits nothing.
    let circle = r#"permit (principal == U::"a", action, resource in U::"a");"#;
    assert_eq!(verdict(&[circle], &[circle]), (Verdict::Equivalent, false));
}

#[test]
fn a_difference_is_told_in_the_words_of_its_author() {
    let before = [
        r#"@id("ours") permit (principal is User in Team::"ops", action == Action::"read", resource is Box);"#,
    ];
    let after = [
        r#"@id("ours") permit (principal is User in Team::"ops", action in [Action::"read", Action::"write"], resource is Box);"#,
        r#"forbid (principal == User::"eve", action, resource) unless { context.mfa };"#,
        r#"forbid (principal, action, resource == Box::"1");"#,
    ];
    let Impact::Known(found) = impact(&before, &after) else { panic!() };
    let [gained] = found.gained.as_slice() else { panic!("{:#?}", found.gained) };
    let patterns: Vec<_> = gained.access.iter().map(|scope| scope.patterns.join(", ")).collect();
    assert_eq!(
        patterns,
        [
            r#"principal is User in Team::"ops""#,
            r#"action in Action::"read", action in Action::"write""#,
            "resource is Box"
        ]
    );
    let except = gained.except.iter().flatten().flat_map(|scope| scope.patterns.clone()).collect::<Vec<_>>();
    assert_eq!(except, [r#"Action::"read""#, r#"Box::"1""#]);
    let words: Vec<_> = gained.witness.request.iter().map(|word| word.word.as_str()).collect();
    assert_eq!(words[0], r#"User::"x" in Team::"ops""#);
    assert_eq!(gained.witness.after.rule.as_deref(), Some("ours"));
    assert!(!gained.possible, "whatever holds, others than eve may");
    let lost = &found.lost[0];
    assert_eq!(lost.conditions, ["!(context.mfa)"]);
}

#[test]
fn sound_meaning_an_audit_belongs_to_what_is_permitted_and_not_to_the_text() {
    let one = "permit (principal, action, resource);";
    let of = |texts: &[(&str, bool)]| {
        policy(&texts.iter().map(|(text, audited)| ((*text).to_owned(), *audited)).collect())
    };
    let verdict = |before: &[(&str, bool)], after: &[(&str, bool)]| {
        let impact = compare(&of(before), &of(after), &mut Budget::default());
        (impact.verdict(), impact.is_only_possible())
    };
    assert_eq!(verdict(&[(one, true)], &[(one, false)]), (Verdict::MorePermissive, false));
    assert_eq!(verdict(&[(one, false)], &[(one, true)]), (Verdict::LessPermissive, false));
    let other = "permit (principal, action, resource) when { true };";
    assert_eq!(verdict(&[(one, true)], &[(other, false)]), (Verdict::MorePermissive, false));
    assert_eq!(verdict(&[(one, true)], &[(one, true), (other, false)]), (Verdict::MorePermissive, true));
    let forbid = "forbid (principal, action, resource);";
    assert_eq!(verdict(&[(forbid, true)], &[(forbid, false)]), (Verdict::Equivalent, false));
}

#[test]
fn a_longer_time_is_wider_if_something_is_permitted_on_both_sides() {
    let timed = |texts: &[&str], seconds: u64| {
        let texts: Texts = texts.iter().map(|text| ((*text).to_owned(), true)).collect();
        let attributes = vec![Attribute { name: "seconds", value: json!(seconds), more_is_wider: true }];
        CedarPolicy { attributes, ..policy(&texts) }
    };
    let one = "permit (principal, action, resource);";
    let verdict = |before, after| compare(&before, &after, &mut Budget::default()).verdict();
    assert_eq!(verdict(timed(&[one], 1), timed(&[one], 2)), Verdict::MorePermissive);
    assert_eq!(verdict(timed(&[], 1), timed(&[], 2)), Verdict::Equivalent);
    assert_eq!(verdict(timed(&[one], 2), CedarPolicy::default()), Verdict::LessPermissive);
}

#[test]
fn one_change_among_a_thousand_rules_is_exact() {
    let rule = |number: usize| {
        let effect = if number % 8 == 7 { "forbid" } else { "permit" };
        format!(
            "{effect} (principal in G::\"{}\", action == Action::\"{}\", resource == R::\"{number}\");",
            number % 20,
            number % 4
        )
    };
    let before: Texts = (0..1_000).map(|number| (rule(number), true)).collect();
    let mut after: Texts = before.iter().rev().cloned().collect();
    assert_eq!(
        compare(&policy(&before), &policy(&after), &mut Budget::default()).verdict(),
        Verdict::Equivalent
    );
    after[10].0 = r#"permit (principal in G::"1", action, resource);"#.to_owned();
    let found = found(&policy(&before), &policy(&after));
    assert_eq!(found.gained.len(), 1);
}
