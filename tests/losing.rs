//! A law over all built-in systems and a defined one: whatever is live and whatever git changes, a live field that git
//! does not declare is still there after the write, or nothing is written.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "in a test a wrong assumption should end it"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use enact::config::target::Config;
use enact::config::{self, Systems};
use enact::model::change::{Action, Change};
use enact::model::request::{Method, Request};
use enact::model::resource::RemoteId;
use enact::model::state::{Attempted, LiveObject, Observed};
use enact::model::unmanaged::UnmanagedRule;
use enact::plan::{
    self,
    input::{DeclaredCounts, PlanInput, PlanOptions},
};
use enact::resolve;
use enact::resolve::Reading;
use enact::system::registry::Registry;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

/// A system whose update replaces the object, with a list of each type.
const DEFINED: &str = "
apiVersion: enact/v1
kind: System
name: plain
kinds:
- name: Policy
  id: /id
  key: {name: /name}
  list: {path: /policies}
  create: {path: /policies}
  update: {method: PUT, path: '/policies/{id}', renames: true}
  delete: {path: '/policies/{id}'}
  spec:
    type: object
    properties:
      note: {type: string, default: ''}
      limits: {type: object, properties: {cpu: {type: integer, default: 0}, memory: {type: integer}}}
      keyed: {type: array, x-list-type: map, x-list-map-keys: [key], default: [], items: {type: object, properties: {
        key: {type: string}, n: {type: integer, default: 0},
        inner: {type: array, x-list-type: multiset, default: [], items: {type: object, properties: {v: {type: integer}}}}}}}
      bag: {type: array, x-list-type: multiset, default: [], items: {type: object, properties: {
        key: {type: string}, n: {type: integer, default: 0},
        inner: {type: array, x-list-type: multiset, default: [], items: {type: object, properties: {v: {type: integer}}}}}}}
      row: {type: array, default: [], items: {type: object, properties: {key: {type: string}, n: {type: integer, default: 0}}}}
";

/// The systems, each with the configuration of its target.
static SUBJECTS: LazyLock<Vec<(Subject, Config)>> = LazyLock::new(|| {
    let subject = |subject: Subject| {
        let config = config(&subject);
        (subject, config)
    };
    subjects().into_iter().map(subject).collect()
});

/// A system with specs to choose from; the live object has one of them, and git declares another one, or a part of it.
struct Subject {
    system: &'static str,
    settings: Value,
    specs: Vec<Value>,
    /// What a live object has besides its spec.
    live: fn(&Value) -> Value,
}

const ROLE: &str = "00000000-0000-4000-8000-000000000007";

fn subjects() -> Vec<Subject> {
    let statement = |actions: Value, values: Value| {
        json!({"effect": "allow", "actions": actions, "resources": ["b/*"],
        "conditions": [{"operator": "equals", "key": "k", "values": values}]})
    };
    let with_sid = |mut statement: Value, sid: &str| {
        statement["sid"] = json!(sid);
        statement
    };
    let rule = |tenants: Value| json!({"effect": "ALLOW", "role": "viewer", "tenants": tenants});
    let item = |key: &str, n: u8, v: u8| json!({"key": key, "n": n, "inner": [{"v": v}]});
    vec![
        Subject {
            system: "mycloud",
            settings: json!({}),
            specs: vec![
                json!({"description": "d"}),
                json!({"document": {"statements": [statement(json!(["a:b"]), json!(["x"]))]}}),
                json!({"document": {"statements": [statement(json!(["a:b", "a:c"]), json!(["x"])), with_sid(statement(json!(["a:b"]), json!(["x"])), "S")]}}),
                json!({"description": "e", "document": {"statements": [with_sid(statement(json!(["a:c"]), json!(["x", "y"])), "S")]}}),
            ],
            live: |spec| {
                let whole = json!({"id": "1", "name": "p", "description": "", "document": {"version": "2024-01-01", "statements": []}});
                laid_over(whole, spec)
            },
        },
        Subject {
            system: "compiuta",
            settings: json!({}),
            specs: vec![
                json!({"name": "A"}),
                json!({"name": "B", "members": ["user:local:a"]}),
                json!({"statements": [rule(json!(["a"]))]}),
                json!({"name": "A", "statements": [rule(json!(["a", "b"])), rule(json!(["c"]))]}),
            ],
            live: |spec| {
                let whole = json!({"id": "p", "type": "CUSTOM", "name": "A", "members": [], "tenants": [],
                    "statements": [{"effect": "DENY", "role": "editor", "actions": [], "resources": ["*"], "tenants": ["*"]}]});
                laid_over(whole, spec)
            },
        },
        Subject {
            system: "polytomic",
            settings: json!({}),
            specs: vec![
                json!({}),
                json!({"policy_actions": []}),
                json!({"policy_actions": [{"action": "read", "role_ids": [ROLE]}]}),
                json!({"policy_actions": [{"action": "read", "role_ids": [ROLE]}, {"action": "edit", "role_ids": [ROLE]}]}),
            ],
            live: |spec| {
                let whole = json!({"id": "1", "name": "p", "system": false,
                    "policy_actions": [{"action": "delete", "role_ids": []}, {"action": "edit", "role_ids": [ROLE]}]});
                laid_over(whole, spec)
            },
        },
        Subject {
            system: "jitsudo",
            settings: json!({"tenant": ROLE}),
            specs: vec![
                json!({"description": "d"}),
                json!({"enabled": false, "priority": 7}),
                json!({"priority": 1}),
            ],
            live: |spec| {
                let whole = json!({"id": "1", "name": "p", "enabled": true, "priority": 0, "max_duration_seconds": 60, "rules": []});
                laid_over(whole, spec)
            },
        },
        Subject {
            system: "plain",
            settings: json!({}),
            specs: vec![
                json!({"note": "n"}),
                json!({"limits": {"cpu": 1}, "keyed": [item("a", 1, 1), item("b", 1, 1)]}),
                json!({"limits": {"memory": 2}, "bag": [item("a", 1, 1), item("a", 1, 2)], "row": [{"key": "x"}]}),
                json!({"keyed": [item("b", 2, 1)], "bag": [item("a", 1, 1)], "row": [{"key": "y", "n": 1}, {"key": "x"}]}),
                json!({"keyed": [item("b", 0, 2), item("c", 0, 2)], "bag": [item("a", 2, 1), item("a", 1, 2)]}),
            ],
            live: |spec| {
                laid_over(
                    json!({"id": "1", "name": "p", "note": "", "limits": {"cpu": 0, "memory": 9}}),
                    spec,
                )
            },
        },
    ]
}

fn laid_over(mut whole: Value, spec: &Value) -> Value {
    for (name, value) in spec.as_object().unwrap() {
        match (&mut whole[name], value) {
            (Value::Object(below), Value::Object(above)) => below.extend(above.clone()),
            (place, value) => *place = value.clone(),
        }
    }
    whole
}

/// Puts a field that nobody knows into some of the objects inside a value, each with another value.
fn mark(value: &mut Value, at: String, chosen: &[Index]) -> Vec<(String, String)> {
    let mut places = Vec::new();
    objects(value, at, &mut places);
    let mut marks = BTreeMap::new();
    for (number, index) in chosen.iter().enumerate() {
        let place = index.get(&places).clone();
        value.pointer_mut(&place).unwrap()["from_the_future"] = json!(format!("mark {number}"));
        marks.insert(place, format!("mark {number}"));
    }
    marks.into_iter().collect()
}

fn objects(value: &Value, at: String, places: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            map.iter().for_each(|(name, inner)| objects(inner, format!("{at}/{name}"), places));
            places.push(at);
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.for_each(|(index, inner)| objects(inner, format!("{at}/{index}"), places));
        }
        _ => {}
    }
}

/// What a server holds after the requests, whatever they are about.
fn after(before: &Value, requests: &[Request]) -> Value {
    let mut stored = before.clone();
    for Request { method, path, body, .. } in requests {
        let about_itself = path.to_string().matches('/').count() == collection(path).matches('/').count() + 1;
        let Some(Value::Object(body)) = body.clone().filter(|_| about_itself) else { continue };
        match method {
            Method::Put => {
                let id = stored["id"].clone();
                stored = Value::Object(body);
                stored["id"] = id;
            }
            Method::Patch => stored.as_object_mut().unwrap().extend(body),
            Method::Post | Method::Delete => {}
        }
    }
    stored
}

fn collection(path: &enact::model::request::Path) -> String {
    let path = path.to_string();
    ["/api/permissions/policies", "/iam/policies", "/v1/iam/policies", "/v1/policies", "/policies"]
        .into_iter()
        .find(|of| path.starts_with(of))
        .unwrap()
        .to_owned()
}

fn config(subject: &Subject) -> Config {
    let mut registry = Registry::built_in();
    if subject.system == "plain" {
        let mut diagnostics = Vec::new();
        let (row, _) = enact::defined::define("plain.yaml", DEFINED, &mut diagnostics).unwrap();
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        assert!(registry.add(row).is_ok());
    }
    let target = json!({"name": "t", "system": subject.system, "url": "https://example.com",
        "auth": {"bearer": {"env": "X"}},
        "settings": subject.settings});
    let text =
        json!({"apiVersion": "enact/v1", "kind": "Config", "manifests": ["policies"], "targets": [target]});
    let mut diagnostics = Vec::new();
    let config = config::load(
        "enact.yaml",
        Path::new("."),
        &text.to_string(),
        Systems::Known(Arc::new(registry)),
        &mut diagnostics,
    );
    config.unwrap_or_else(|| unreachable!("{diagnostics:?}"))
}

/// The change of one object, and the codes of what is wrong with it.
fn planned(
    (subject, config): &(Subject, Config),
    live: &Value,
    spec: &Value,
) -> (Option<Change>, Vec<String>) {
    let manifest = json!({"apiVersion": format!("{}/v1", subject.system), "kind": "Policy", "metadata": {"name": "p"}, "spec": spec});
    let mut diagnostics = Vec::new();
    let files = [("policies/p.yaml".to_owned(), manifest.to_string().into())].into();
    let manifests =
        resolve::manifests(&config.registry, &files, &mut Reading::within(usize::MAX), &mut diagnostics);
    let desired = resolve::for_target(&config.targets[0].claim(), &manifests, &mut diagnostics);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let found = |id: &str, name: &str, body: &Value| LiveObject {
        remote: RemoteId::new(id).unwrap(),
        name: name.to_owned(),
        system: false,
        body: body.into(),
        etag: None,
    };
    let roles = ["viewer", "editor"].map(|role| found(role, role, &json!({"id": role, "name": role})));
    let policy = found(live["id"].as_str().unwrap(), "p", live);
    let observed = Observed {
        kinds: BTreeMap::from([
            ("Policy".to_owned(), Ok(vec![policy])),
            ("Role".to_owned(), Ok(roles.into())),
        ]),
        ..Observed::default()
    };
    let plan = plan::plan(&PlanInput {
        target: "t",
        system: config.targets[0].system.as_ref(),
        desired: &desired,
        base: None,
        attempted: &Attempted::new(),
        given_up: &[],
        observed: &observed,
        counts: &DeclaredCounts::of(&desired),
        max_deletes: 100,
        refuses_new_access: false,
        guardrails: &[],
        unmanaged: &UnmanagedRule::default(),
        last_seen: None,
        options: &PlanOptions::default(),
    });
    let codes = plan
        .diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.is_error())
        .map(|diagnostic| diagnostic.code.to_string());
    (plan.changes.into_iter().next(), codes.collect())
}

/// Whether git takes out the item of a list that a place is in, and nothing there says that it is another one: the list
/// is declared, and no item in it is new.
fn is_taken_out(place: &str, live: &Value, stored: &Value) -> bool {
    let parts: Vec<_> = place.split('/').collect();
    let lists = (1..=parts.len()).map(|end| parts[..end].join("/"));
    lists.filter(|at| live.pointer(at).is_some_and(Value::is_array)).any(|at| {
        let count = |value: &Value| value.pointer(&at).and_then(Value::as_array).map_or(0, Vec::len);
        count(stored) < count(live)
            || at == "/keyed"
            || at.ends_with("/statements")
                && live
                    .pointer(&at)
                    .unwrap()
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|statement| statement.get("sid").is_some())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn unmanaged_survives_whatever_is_live_and_whatever_git_changes(
        which in any::<Index>(), then in any::<Index>(), now in any::<Index>(),
        chosen in proptest::collection::vec(any::<Index>(), 0..4),
    ) {
        let one = which.get(&SUBJECTS);
        let subject = &one.0;
        let mut live = (subject.live)(then.get(&subject.specs));
        let marks = mark(&mut live, String::new(), &chosen);
        let spec = now.get(&subject.specs);
        let (change, codes) = planned(one, &live, spec);
        prop_assert!(codes.iter().all(|code| code == "plan/loses"), "{codes:?}");
        let Some(change) = change else { return Ok(()) };
        prop_assert_eq!(change.action, Action::Update);
        let stored = after(&live, &change.requests);
        for (place, mark) in marks {
            let kept = stored.to_string().contains(&mark) || is_taken_out(&place, &live, &stored);
            prop_assert!(kept, "{}: {place} of {live:#} is lost in {stored:#}", subject.system);
        }
        // What git does not name stays, also where enact knows it.
        for (name, value) in live.as_object().unwrap() {
            if spec.get(name).is_none() && !["id", "type", "system"].contains(&name.as_str()) {
                let same = plan_equal(&stored[name], value);
                prop_assert!(same, "{}: {name} of {live:#} in {stored:#}", subject.system);
            }
        }
        let (again, codes) = planned(one, &stored, spec);
        prop_assert!(again.is_none() && codes.is_empty(), "fixed-point: {again:?} {codes:?}");
    }
}

/// Whether two values hold the same: without the order of lists, and without what only says nothing.
fn plan_equal(a: &Value, b: &Value) -> bool {
    fn plain(value: &Value) -> Value {
        match value {
            Value::Array(items) => {
                let mut items: Vec<_> = items
                    .iter()
                    .map(plain)
                    .filter(|item| {
                        item.get("role_ids").is_none_or(|ids| *ids != json!([]))
                            || item.get("from_the_future").is_some()
                    })
                    .collect();
                items.sort_by_key(Value::to_string);
                Value::Array(items)
            }
            Value::Object(map) => map
                .iter()
                .map(|(name, value)| (name.clone(), plain(value)))
                .filter(|(name, value)| {
                    !(name == "resources" && *value == json!(["*"])
                        || name == "actions" && *value == json!([]))
                })
                .collect(),
            scalar => scalar.clone(),
        }
    }
    let sorted = |value: &Value| {
        let mut value = value.clone();
        value.sort_all_objects();
        plain(&value)
    };
    sorted(a) == sorted(b)
}
