use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::access::pattern::Pattern;
use crate::access::rule::{Dimension, Rule};
use crate::config::target::Config;
use crate::config::{self, Systems};
use crate::manifest::Files;
use crate::model::state::{Desired, LiveObject};
use crate::model::unmanaged::UnmanagedRule;
use crate::plan::input::{DeclaredCounts, PlanOptions};
use crate::resolve::{self, Reading, Taken};
use crate::system::registry::Registry;

const CONFIG: &str = "apiVersion: enact/v1\nkind: Config\nmanifests: [policies]\ntargets:\n\
    - {name: t, system: compiuta, url: 'https://example.com', auth: {header: {name: api-token, value: {env: X}}}}\n";

const GIT: &str = "apiVersion: compiuta/v1
kind: Role
metadata: {name: reader}
spec: {name: R, actions: ['iam:roles:get', 'iam:roles:list']}
---
apiVersion: compiuta/v1
kind: Policy
metadata: {name: a}
spec: {name: A, members: ['user:local:kim'], statements: [{effect: ALLOW, role: reader, resources: ['*'], tenants: ['*']}]}
";

struct Given {
    config: Config,
    desired: Desired,
    observed: Observed,
}

fn live(id: &str, body: Value) -> LiveObject {
    let remote = RemoteId::new(id).unwrap_or_else(|| panic!("{id}"));
    LiveObject { remote, name: id.to_owned(), system: false, body: body.into(), etag: None }
}

fn policy(id: &str, effect: &str, role: Value, actions: &[&str]) -> LiveObject {
    let statement =
        json!({"effect": effect, "role": role, "actions": actions, "resources": ["*"], "tenants": ["*"]});
    let body = json!({"id": id, "name": id, "members": ["user:local:kim"], "statements": [statement], "tenants": []});
    live(id, body)
}

/// Git widens a role that `a` names; `b` is not in git.
fn given() -> Given {
    let mut diagnostics = Vec::new();
    let systems = Systems::Known(Arc::new(Registry::built_in()));
    let config = config::load("enact.yaml", Path::new("."), CONFIG, systems, &mut diagnostics);
    let config = config.unwrap_or_else(|| panic!("{diagnostics:?}"));
    let files = Files::from([("policies/a.yaml".to_owned(), GIT.into())]);
    let mut reading = Reading::within(1000);
    let manifests = resolve::manifests(&config.registry, &files, &mut reading, &mut diagnostics);
    let claims = [config.targets[0].claim()];
    let mut desired = resolve::desired(
        &claims,
        &Taken::of(&claims, &manifests),
        PlanOptions::default().day,
        &mut diagnostics,
    );
    assert_eq!(diagnostics, []);
    let roles = vec![live(
        "reader",
        json!({"id": "reader", "name": "R", "actions": ["iam:roles:get"], "tenants": []}),
    )];
    let policies = vec![
        policy("a", "ALLOW", json!("reader"), &[]),
        policy("b", "DENY", Value::Null, &["iam:roles:list"]),
    ];
    let kinds = [("Role", roles), ("Policy", policies), ("Tenant", Vec::new())];
    let kinds = kinds.map(|(kind, found)| (kind.to_owned(), Ok(found))).into();
    let observed = Observed { kinds, ..Observed::default() };
    let desired = desired.remove("t").unwrap_or_default();
    Given { config, desired, observed }
}

impl Given {
    /// The rules of each side in the first reading: live, after the plan, declared.
    fn sides(&self, options: &PlanOptions) -> [Estate; 3] {
        let counts = DeclaredCounts::of(&self.desired);
        let input = PlanInput {
            target: "t",
            system: self.config.targets[0].system.as_ref(),
            desired: &self.desired,
            base: None,
            attempted: &Attempted::new(),
            given_up: &[],
            observed: &self.observed,
            counts: &counts,
            max_deletes: 100,
            refuses_new_access: false,
            guardrails: &[],
            unmanaged: &UnmanagedRule::default(),
            last_seen: None,
            options,
        };
        let plan = crate::plan::plan(&input);
        assert!(plan.is_sound(), "{:?}", plan.diagnostics);
        let index = input.observed.index(input.system.kinds());
        let comparison = Comparison::of(&input, &index);
        let planned = Sides::new(&input, &index, &comparison, &plan.changes)
            .live_and_planned()
            .map(|(_, planned)| planned);
        let sides = [super::live(&input), planned, declared(&input)];
        sides.map(|side| side.unwrap_or_else(|| panic!("compiuta has semantics")))
    }
}

/// Each rule with its actions.
fn rules(estate: &Estate) -> Vec<(String, Vec<&str>)> {
    let of = |rule: &'_ Rule| {
        let sign = if rule.denies { "! " } else { "" };
        format!("{sign}{}", rule.name.clone().unwrap_or_default())
    };
    let actions = |rule| -> Vec<_> {
        let Rule { scopes, .. }: &Rule = rule;
        scopes.get(&Dimension::Action).into_iter().flatten().map(Pattern::text).collect()
    };
    let rules = &estate.readings[0].rules.rules;
    rules.iter().map(|rule| (of(rule), actions(rule))).collect()
}

#[test]
fn an_estate_holds_what_is_live_with_roles_as_they_are_on_its_side() {
    let [live, planned, declared] = given().sides(&PlanOptions::default());
    let reads = "Policy a (role reader)".to_owned();
    let denies = ("! Policy b".to_owned(), vec!["iam:roles:list"]);
    let (one, two) = (vec!["iam:roles:get"], vec!["iam:roles:get", "iam:roles:list"]);
    assert_eq!(rules(&live), [(reads.clone(), one), denies.clone()]);
    assert_eq!(rules(&planned), [(reads.clone(), two.clone()), denies]);
    assert_eq!(rules(&declared), [(reads, two)]);
    for estate in [&live, &planned, &declared] {
        assert_eq!((estate.readings.len(), &estate.gaps), (2, &Vec::new()));
    }
    let origins = &planned.readings[0].origins;
    let place = |origin: &Origin| origin.place.as_ref().map(|place| (place.file.clone(), place.line));
    assert_eq!(place(&origins[0]), Some(("policies/a.yaml".to_owned(), 8)));
    assert_eq!(place(&origins[1]), None, "git does not declare it");
    assert_eq!(origins[0].rule.as_deref(), Some("role reader"));
}

#[test]
fn unreadable_is_not_absent_what_was_not_read_is_a_gap() {
    let gaps = |change: &dyn Fn(&mut Observed), options: &PlanOptions| {
        let mut given = given();
        change(&mut given.observed);
        let [live, planned, declared] = given.sides(options);
        assert_eq!(declared.gaps, [], "git alone is known");
        assert_eq!(live.gaps, planned.gaps);
        live.gaps.iter().map(Gap::reason).collect::<Vec<_>>()
    };
    let all = PlanOptions::default();
    let key = || ("Policy".to_owned(), policy("b", "DENY", Value::Null, &[]).remote);
    let listed = gaps(&|observed| observed.only_listed.extend([key()]), &all);
    assert_eq!(listed, ["of Policy `b`: it was not read in full"]);
    let strange = |observed: &mut Observed| {
        if let Some(Ok(found)) = observed.kinds.get_mut("Policy") {
            let mut body = found[1].body();
            body["until"] = json!("2027");
            found[1].body = body.into();
        }
    };
    let strange = gaps(&strange, &all);
    assert_eq!(strange, ["of Policy `b`: it has a field that enact does not know: `until`"]);
}
