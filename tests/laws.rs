//! Laws that hold for every input: the three-way comparison against a small model, less history, order.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "in a test a wrong assumption should end it"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use enact::config::target::Config;
use enact::config::{self, Systems};
use enact::manifest::Files;
use enact::model::change::Action;
use enact::model::plan::TargetPlan;
use enact::model::resource::RemoteId;
use enact::model::state::{Attempted, Desired, LiveObject, Observed};
use enact::model::unmanaged::{
    Counted, Coverage, Except, Known, ObjectPattern, UnmanagedMode, UnmanagedRule,
};
use enact::plan;
use enact::plan::input::{DeclaredCounts, PlanInput, PlanOptions};
use enact::plan::lifecycle;
use enact::resolve::Reading;
use enact::resolve::{self, base};
use enact::system::registry::Registry;
use jiff::civil::{Date, date};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

const CONFIG: &str = "
apiVersion: enact/v1
kind: Config
manifests: [policies]
targets:
- name: t
  system: jitsudo
  url: https://example.com
  auth: {bearer: {env: X}}
  settings: {tenant: 00000000-0000-4000-8000-000000000000}
";

/// The fields that are looked at, with the API's defaults.
fn defaults() -> BTreeMap<&'static str, Value> {
    BTreeMap::from([("description", Value::Null), ("enabled", json!(true)), ("priority", json!(0))])
}

type Fields = BTreeMap<&'static str, Value>;

fn fields() -> impl Strategy<Value = Fields> {
    let description = prop_oneof![Just(Value::Null), "[a-c]".prop_map(Value::from)];
    let some =
        (proptest::option::of(description), proptest::option::of(any::<bool>()), proptest::option::of(0..3));
    some.prop_map(|(description, enabled, priority)| {
        let all = [
            ("description", description),
            ("enabled", enabled.map(Value::from)),
            ("priority", priority.map(Value::from)),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    })
}

/// Objects by name.
fn objects() -> impl Strategy<Value = BTreeMap<String, Fields>> {
    proptest::collection::btree_map("[a-d]", fields(), 0..4)
}

fn config() -> Config {
    let systems = Systems::Known(Arc::new(Registry::built_in()));
    config::load("enact.yaml", Path::new("."), CONFIG, systems, &mut Vec::new()).unwrap()
}

fn manifest(name: &str, fields: &Fields) -> String {
    let mut spec: Map<String, Value> =
        fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    spec.insert("max_duration_seconds".to_owned(), json!(60));
    format!(
        "apiVersion: jitsudo/v1\nkind: Policy\nmetadata: {{name: {name}}}\nspec: {}\n",
        Value::Object(spec)
    )
}

fn desired_of(config: &Config, files: &Files) -> Desired {
    let mut diagnostics = Vec::new();
    let manifests =
        resolve::manifests(&config.registry, files, &mut Reading::within(usize::MAX), &mut diagnostics);
    let desired = resolve::for_target(&config.targets[0].claim(), &manifests, &mut diagnostics);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    desired
}

/// What a manifest may say about the life of its object, seen from `TODAY`.
const LIVES: [&str; 8] = [
    "",
    "ensure: absent",
    "lifecycle: observe",
    "lifecycle: create-only",
    "hold: {until: 2027-01-02, reason: r}",
    "hold: {until: 2027-01-01, reason: r}",
    "expires: 2027-01-01",
    "expires: 2027-01-02",
];
const TODAY: Date = date(2027, 1, 1);

/// A manifest with several of them.
fn manifest_with(name: &str, fields: &Fields, lives: &[&str]) -> String {
    let metadata: String =
        lives.iter().filter(|life| !life.is_empty()).map(|life| format!(", {life}")).collect();
    manifest(name, fields).replacen(&format!("{{name: {name}}}"), &format!("{{name: {name}{metadata}}}"), 1)
}

/// Any two of them that do not say the same field twice.
fn lives() -> impl Strategy<Value = Vec<&'static str>> {
    let field = |life: &str| life.split(':').next().unwrap_or_default().to_owned();
    proptest::sample::subsequence(LIVES.to_vec(), 0..3).prop_filter("a field twice", move |lives| {
        lives.iter().map(|life| field(life)).collect::<BTreeSet<_>>().len() == lives.len()
    })
}

fn desired(config: &Config, objects: &BTreeMap<String, Fields>) -> Desired {
    let files =
        objects.iter().map(|(name, fields)| (format!("policies/{name}.yaml"), manifest(name, fields).into()));
    desired_of(config, &files.collect())
}

/// A live object: these fields, and defaults for the rest.
fn live(name: &str, fields: &Fields) -> LiveObject {
    let mut body: Map<String, Value> =
        defaults().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    body.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    body.extend([
        ("id".to_owned(), json!(name)),
        ("name".to_owned(), json!(name)),
        ("max_duration_seconds".to_owned(), json!(60)),
        ("rules".to_owned(), json!([])),
    ]);
    LiveObject {
        remote: RemoteId::new(name).unwrap(),
        name: name.to_owned(),
        system: false,
        body: Value::Object(body).into(),
        etag: None,
    }
}

fn observed(objects: impl IntoIterator<Item = LiveObject>) -> Observed {
    Observed {
        kinds: BTreeMap::from([("Policy".to_owned(), Ok(objects.into_iter().collect()))]),
        ..Observed::default()
    }
}

fn planned(config: &Config, desired: Desired, base: Option<&Desired>, observed: &Observed) -> TargetPlan {
    planned_under(&UnmanagedRule::default(), config, desired, base, observed)
}

fn planned_under(
    unmanaged: &UnmanagedRule,
    config: &Config,
    mut desired: Desired,
    base: Option<&Desired>,
    observed: &Observed,
) -> TargetPlan {
    if let Some(base) = base {
        base::settle_names(&mut desired, base);
        let orphans = base::orphans(&desired, base.values());
        desired.extend(orphans.into_iter().map(|orphan| (orphan.id.clone(), orphan)));
    }
    let counts = DeclaredCounts::of(&desired);
    let system = config.targets[0].system.as_ref();
    plan::plan(&PlanInput {
        target: "t",
        system,
        desired: &desired,
        base,
        attempted: &Attempted::new(),
        given_up: &[],
        observed,
        counts: &counts,
        max_deletes: 100,
        refuses_new_access: false,
        guardrails: &[],
        unmanaged,
        last_seen: None,
        options: &PlanOptions { day: TODAY, ..PlanOptions::default() },
    })
}

fn deletes(plan: &TargetPlan) -> BTreeSet<String> {
    let deleted = plan.changes.iter().filter(|change| change.action == Action::Delete);
    deleted.map(|change| change.id.name.clone()).collect()
}

/// What a server holds after it has done the requests of a plan.
fn after(plan: &TargetPlan, before: &[LiveObject]) -> Vec<LiveObject> {
    let mut objects: BTreeMap<String, LiveObject> =
        before.iter().map(|found| (found.name.clone(), found.clone())).collect();
    for change in &plan.changes {
        let name = &change.id.name;
        let sent = change.requests[0].body.clone().unwrap_or_default();
        match change.action {
            Action::Delete => drop(objects.remove(name)),
            Action::Create | Action::Update => {
                let found = objects.entry(name.clone()).or_insert_with(|| live(name, &Fields::new()));
                let sent = sent.as_object().unwrap().clone();
                let mut body = found.body();
                body.as_object_mut().unwrap().extend(sent);
                found.body = body.into();
            }
        }
    }
    objects.into_values().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Each field by the rule, in its simplest form: what git declares; otherwise the default of what it declared
    /// before; otherwise what is live.
    #[test]
    fn three_ways_end_where_the_model_says_and_stay_there(then in fields(), now in fields(), there in fields()) {
        let config = config();
        let one = |fields: &Fields| BTreeMap::from([("a".to_owned(), fields.clone())]);
        let (base, desired) = (desired(&config, &one(&then)), desired(&config, &one(&now)));
        let before = [live("a", &there)];
        let plan = planned(&config, desired.clone(), Some(&base), &observed(before.clone()));
        let end = after(&plan, &before);
        for (field, default) in defaults() {
            let model = match (now.get(field), then.get(field)) {
                (Some(declared), _) => declared.clone(),
                (None, Some(_)) => default,
                (None, None) => before[0].body()[field].clone(),
            };
            prop_assert_eq!(&end[0].body()[field], &model, "{}", field);
        }
        let again = planned(&config, desired, Some(&base), &observed(end));
        prop_assert!(again.changes.is_empty(), "fixed-point: {:?}", again.changes);
    }

    /// Hiding any part of the base deletes nothing more, and never what git declares.
    #[test]
    fn delete_needs_evidence_less_history_never_deletes_more(
        then in objects(), now in objects(), there in objects(), hidden in proptest::collection::btree_set("[a-d]", 0..4),
    ) {
        let config = config();
        let live: Vec<_> = there.iter().map(|(name, fields)| live(name, fields)).collect();
        let plan = |then: &BTreeMap<String, Fields>| {
            let base = desired(&config, then);
            planned(&config, desired(&config, &now), Some(&base), &observed(live.clone()))
        };
        let all = deletes(&plan(&then));
        let less = then.iter().filter(|(name, _)| !hidden.contains(*name)).map(|(name, fields)| (name.clone(), fields.clone()));
        prop_assert!(deletes(&plan(&less.collect())).is_subset(&all));
        prop_assert!(all.iter().all(|name| then.contains_key(name) && !now.contains_key(name)));
        let without = planned(&config, desired(&config, &now), None, &observed(live));
        prop_assert!(deletes(&without).is_empty(), "no base, no deletes");
    }

    /// What a base only observed was never set by enact: a field that git does not declare now stays as it is live.
    #[test]
    fn unmanaged_survives_what_was_only_observed_before(then in fields(), now in fields(), there in fields()) {
        let config = config();
        let text = manifest_with("a", &then, &["lifecycle: observe"]);
        let base = desired_of(&config, &Files::from([("policies/a.yaml".to_owned(), text.into())]));
        let desired = desired(&config, &BTreeMap::from([("a".to_owned(), now.clone())]));
        let before = [live("a", &there)];
        let end = after(&planned(&config, desired, Some(&base), &observed(before.clone())), &before);
        for field in defaults().into_keys() {
            let model = now.get(field).cloned().unwrap_or_else(|| before[0].body()[field].clone());
            prop_assert_eq!(end[0].body()[field].clone(), model, "{}", field);
        }
    }

    /// What is held or only observed is never written, every object ends in one list, and the plan after an apply is empty.
    #[test]
    fn fixed_point_whatever_manifests_say_about_the_life_of_their_objects(
        now in proptest::collection::btree_map("[a-d]", (fields(), lives()), 0..4), there in objects(),
    ) {
        let config = config();
        let files = now.iter().map(|(name, (fields, lives))| (format!("policies/{name}.yaml"), manifest_with(name, fields, lives).into()));
        let mut desired = desired_of(&config, &files.collect());
        lifecycle::expire(&mut desired, TODAY);
        let before: Vec<_> = there.iter().map(|(name, fields)| live(name, fields)).collect();
        let plan = planned(&config, desired.clone(), None, &observed(before.clone()));
        let end = after(&plan, &before);
        for (name, (_, lives)) in &now {
            let life = lives.join(" ");
            let is_held = life.contains("until: 2027-01-02");
            let is_observed = life.contains("observe") && !is_held;
            let of = |objects: &[LiveObject]| objects.iter().find(|found| found.name == *name).cloned();
            let is_left = is_held || is_observed || life.contains("create-only") && of(&before).is_some() && of(&end).is_some();
            prop_assert!(!is_left || of(&before) == of(&end), "{}: {}", name, life);
            let goes = life.contains("absent") || life.contains("expires: 2027-01-01");
            prop_assert!(is_held || is_observed || goes == of(&end).is_none(), "{}: {}", name, life);
            let lists = [
                plan.changes.iter().filter(|change| change.id.name == *name).count(),
                plan.unchanged.iter().filter(|id| id.name == *name).count(),
                plan.held.iter().filter(|held| held.id.name == *name).count(),
                plan.observed.iter().filter(|observed| observed.change.id.name == *name).count(),
            ];
            prop_assert_eq!(lists.iter().sum::<usize>(), 1, "{}: {} in {:?}", name, life, lists);
            prop_assert_eq!(lists[2], usize::from(is_held), "{}: {}", name, life);
        }
        let again = planned(&config, desired, None, &observed(end));
        prop_assert!(again.changes.is_empty(), "fixed-point: {:?}", again.changes);
        prop_assert_eq!(again.held.len(), plan.held.len());
    }

    /// Every live object is counted exactly once, how much git declares does not depend on the base, and nothing of it
    /// is part of what an approval is for.
    #[test]
    fn nothing_forgotten_every_live_object_is_counted_once(
        then in objects(), now in objects(), there in objects(), own in proptest::collection::btree_set("[a-d]", 0..2),
        except in proptest::collection::btree_set("[a-d]", 0..2), has_base: bool,
    ) {
        let config = config();
        let one = |(name, fields): (&String, &Fields)| LiveObject { system: own.contains(name), ..live(name, fields) };
        let live: Vec<_> = there.iter().map(one).collect();
        let patterns = except.iter().map(|name| ObjectPattern::new(&format!("Policy/{name}")).unwrap());
        let rule = UnmanagedRule { mode: UnmanagedMode::Report, except: Except::list(patterns.collect()) };
        let base = has_base.then(|| desired(&config, &then));
        let plan = |rule: &UnmanagedRule, base: Option<&Desired>| {
            planned_under(rule, &config, desired(&config, &now), base, &observed(live.clone()))
        };
        let counted = |plan: &TargetPlan| match &plan.coverage {
            Coverage::Counted(counted) => counted.clone(),
            other => panic!("{other:?}"),
        };
        let with = plan(&rule, base.as_ref());
        let Counted { managed, given_up, unmanaged, excepted, system, .. } = &counted(&with);
        prop_assert_eq!(managed + given_up + unmanaged.len() + excepted + system, live.len(), "nothing-forgotten");
        let of_git = |name: &String| now.contains_key(name) || has_base && then.contains_key(name);
        let foreign = there.keys().filter(|name| !own.contains(*name) && !of_git(name) && !except.contains(*name));
        let found: Vec<_> = unmanaged.iter().map(|found| &found.id.name).collect();
        prop_assert_eq!(found, foreign.collect::<Vec<_>>());
        let all = UnmanagedRule::default();
        let percent = |base| counted(&plan(&all, base)).percent();
        prop_assert_eq!(percent(base.as_ref()), percent(None));
        let ignored = plan(&UnmanagedRule { mode: UnmanagedMode::Ignore, ..all.clone() }, base.as_ref());
        prop_assert_eq!(&ignored.coverage, &Coverage::Ignored);
        let digest = |plan| plan::digest::of_writes([("u", plan)]);
        prop_assert_eq!(digest(&with), digest(&ignored));
        prop_assert_eq!(with.changes, ignored.changes);
    }

    /// A run that knows what the last one found marks what is new since.
    #[test]
    fn what_the_last_run_did_not_find_is_new(there in objects(), seen in proptest::collection::btree_set("[a-d]", 0..4)) {
        let config = config();
        let (none, live) = (Desired::new(), there.iter().map(|(name, fields)| live(name, fields)));
        let (observed, counts) = (observed(live), DeclaredCounts::of(&none));
        let ids = seen.iter().map(|name| RemoteId::new(name).unwrap()).collect();
        let known = Known::from([("Policy".to_owned(), ids)]);
        for last_seen in [None, Some(&known)] {
            let plan = plan::plan(&PlanInput {
                attempted: &Attempted::new(),
                given_up: &[],
                target: "t",
                system: config.targets[0].system.as_ref(),
                desired: &none,
                base: None,
                observed: &observed,
                counts: &counts,
                max_deletes: 100,
                refuses_new_access: false,
                guardrails: &[],
                unmanaged: &UnmanagedRule::default(),
                last_seen,
                options: &PlanOptions::default(),
            });
            for found in plan.coverage.unmanaged() {
                prop_assert_eq!(found.new, last_seen.map(|_| !seen.contains(&found.id.name)));
            }
        }
    }

    /// The order of files and of a server's list, and how manifests are spread over files, change nothing in a plan.
    #[test]
    fn deterministic_in_any_order(now in objects(), there in objects()) {
        let config = config();
        let live: Vec<_> = there.iter().map(|(name, fields)| live(name, fields)).collect();
        let one = planned(&config, desired(&config, &now), None, &observed(live.clone()));
        let documents: Vec<_> = now.iter().rev().map(|(name, fields)| manifest(name, fields)).collect();
        let files = if documents.is_empty() { Files::new() } else { Files::from([("policies/all.yaml".to_owned(), documents.join("---\n").into())]) };
        let other = planned(&config, desired_of(&config, &files), None, &observed(live.into_iter().rev()));
        prop_assert_eq!(plan::digest::of_writes([("u", &one)]), plan::digest::of_writes([("u", &other)]));
        prop_assert_eq!(one.changes, other.changes);
    }
}
