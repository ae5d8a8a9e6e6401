//! JITSudo's rules at every moment of a change: the real API of the sandbox, and Cedar's own authorizer as the judge.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "in a test a wrong assumption should end it"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, OnceLock};

use cedar_policy::{Authorizer, Context, Decision, Entities, PolicySet};
use enact::config::target::Config;
use enact::config::{self, Systems};
use enact::manifest::Files;
use enact::model::request::{Request, Symbol};
use enact::model::resource::RemoteId;
use enact::model::state::{Attempted, Desired, LiveObject, Observed};
use enact::model::unmanaged::UnmanagedRule;
use enact::plan::input::{DeclaredCounts, PlanInput, PlanOptions};
use enact::resolve::Reading;
use enact::sandbox::{Hub, Seed, Served};
use enact::system::registry::Registry;
use enact::{plan, resolve};
use proptest::prelude::*;
use serde_json::{Value, json};

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

fn config() -> &'static Config {
    static CONFIG_OF_ALL: OnceLock<Config> = OnceLock::new();
    CONFIG_OF_ALL.get_or_init(|| {
        let systems = Systems::Known(Arc::new(Registry::built_in()));
        config::load("enact.yaml", Path::new("."), CONFIG, systems, &mut Vec::new()).unwrap()
    })
}

/// One declared rule: what it says, how it is spelled, and what is beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    forbids: bool,
    /// The account that it is about; `None` is all of them.
    account: Option<u8>,
    conditional: bool,
    /// Which of four spellings.
    spelling: u8,
    notice: Option<&'static str>,
    audit: bool,
}

impl Rule {
    fn declared(&self) -> Value {
        let effect = if self.forbids { "forbid" } else { "permit" };
        let mut rule = match (self.spelling, self.account) {
            (0, account) => json!({
                "effect": effect, "principal_scope_type": "any", "action_scope_type": "any",
                "resource_scope_type": if account.is_some() { "eq" } else { "any" },
                "resource_entity_type": account.map(|_| "AwsAccount"),
                "resource_entity_id": account.map(|account| account.to_string()),
                "conditions": self.conditional.then_some("when { context.a != 1 }"),
            }),
            (spelling, account) => {
                let resource =
                    account.map_or_else(String::new, |account| format!(" == AwsAccount::\"{account}\""));
                let condition = match (self.conditional, spelling) {
                    (false, _) => "",
                    (true, 1) => " when { context.a != 1 }",
                    (true, 2) => " unless { context.a == 1 }",
                    (true, _) => "\n  when { !(context.a == 1) }",
                };
                json!({"policy_text": format!("{effect} (principal, action, resource{resource}){condition};")})
            }
        };
        let map = rule.as_object_mut().unwrap();
        map.retain(|_, value| !value.is_null());
        map.extend(self.notice.map(|notice| ("notice".to_owned(), json!(notice))));
        if !self.audit {
            map.insert("audit_session".to_owned(), json!(false));
        }
        rule
    }
}

fn rule() -> impl Strategy<Value = Rule> {
    let account = prop_oneof![1 => Just(None), 3 => (1_u8..3).prop_map(Some)];
    let notice = prop_oneof![3 => Just(None), 1 => Just(Some("x")), 1 => Just(Some("y"))];
    let audit = proptest::bool::weighted(0.8);
    (any::<bool>(), account, proptest::bool::weighted(0.3), 0_u8..4, notice, audit).prop_map(
        |(forbids, account, conditional, spelling, notice, audit)| Rule {
            forbids,
            account,
            conditional,
            spelling,
            notice,
            audit,
        },
    )
}

/// A policy: its own fields and its rules.
#[derive(Clone, Debug)]
struct Policy {
    enabled: bool,
    hours: u32,
    rules: Vec<Rule>,
}

fn policy() -> impl Strategy<Value = Policy> {
    (proptest::bool::weighted(0.8), 1_u32..3, proptest::collection::vec(rule(), 0..5))
        .prop_map(|(enabled, hours, rules)| Policy { enabled, hours, rules })
}

/// A second policy, made from the first: rules changed in place, taken out, put in, and moved.
fn change() -> impl Strategy<Value = (Policy, Policy)> {
    let near = policy().prop_flat_map(|old| {
        let edits = proptest::collection::vec((0_usize..5, 0_u8..5, rule()), 0..4);
        (Just(old), edits, 1_u32..3).prop_map(|(old, edits, hours)| {
            let mut new = Policy { hours, ..old.clone() };
            for (at, how, rule) in edits {
                let at = at.min(new.rules.len());
                match (how, new.rules.get_mut(at)) {
                    (0, Some(old)) => *old = Rule { forbids: old.forbids, ..rule },
                    (1, Some(old)) => old.notice = rule.notice,
                    (2, Some(_)) => drop(new.rules.remove(at)),
                    (3, Some(old)) => {
                        let twin = Rule { spelling: rule.spelling, ..old.clone() };
                        new.rules.push(twin);
                    }
                    _ => new.rules.insert(at, rule),
                }
            }
            (old, new)
        })
    });
    prop_oneof![near, (policy(), policy())]
}

fn desired(policy: &Policy) -> Desired {
    let rules: Vec<_> = policy.rules.iter().map(Rule::declared).collect();
    let spec =
        json!({"enabled": policy.enabled, "max_duration_seconds": policy.hours * 3600, "rules": rules});
    let text = format!("apiVersion: jitsudo/v1\nkind: Policy\nmetadata: {{name: p}}\nspec: {spec}\n");
    let mut diagnostics = Vec::new();
    let files = Files::from([("policies/p.yaml".to_owned(), text.into())]);
    let manifests =
        resolve::manifests(&config().registry, &files, &mut Reading::within(usize::MAX), &mut diagnostics);
    let desired = resolve::for_target(&config().targets[0].claim(), &manifests, &mut diagnostics);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    desired
}

/// The API and what this run learned of it.
struct Api {
    hub: Hub,
    ids: BTreeMap<Symbol, RemoteId>,
}

impl Api {
    fn new() -> Self {
        let served = vec![Served { name: "t".to_owned(), system: "jitsudo".to_owned() }];
        Self { hub: Hub::in_memory(served, Seed::Empty).unwrap(), ids: BTreeMap::new() }
    }

    fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let mut request =
            axum::http::Request::new(body.map(Value::to_string).unwrap_or_default().into_bytes());
        *request.method_mut() = method.parse().unwrap();
        *request.uri_mut() = format!("/t{path}").parse().unwrap();
        let headers = request.headers_mut();
        headers.insert("x-api-key", "k".parse().unwrap());
        headers.insert("x-tenant-id", "00000000-0000-4000-8000-000000000000".parse().unwrap());
        if body.is_some() {
            headers.insert("content-type", "application/json".parse().unwrap());
        }
        let answer = self.hub.exchange(request).unwrap();
        let said = String::from_utf8_lossy(answer.body()).into_owned();
        assert!(answer.status().is_success(), "{method} {path} {body:?}: {said}");
        serde_json::from_str(&said).unwrap_or_default()
    }

    fn send(&mut self, request: &Request) {
        let whole = request.resolve(&self.ids).unwrap();
        let answer = self.call(whole.method.as_str(), &whole.path.to_string(), whole.body.as_ref());
        if let Some((symbol, at)) = &request.reveals {
            self.ids.insert(symbol.clone(), RemoteId::from_json(answer.pointer(at).unwrap()).unwrap());
        }
    }

    fn policy(&self) -> Option<Value> {
        let listed = self.call("GET", "/v1/policies", None);
        let id = listed.pointer("/data/0/id")?.as_str()?;
        Some(self.call("GET", &format!("/v1/policies/{id}"), None))
    }

    /// What a plan would write now.
    fn plan(&self, desired: &Desired) -> Vec<Request> {
        let live = self.policy().map(|body| LiveObject {
            remote: RemoteId::new(body["id"].as_str().unwrap()).unwrap(),
            name: "p".to_owned(),
            system: false,
            body: body.into(),
            etag: None,
        });
        let observed = Observed {
            kinds: BTreeMap::from([("Policy".to_owned(), Ok(live.into_iter().collect()))]),
            ..Observed::default()
        };
        let counts = DeclaredCounts::of(desired);
        let plan = plan::plan(&PlanInput {
            target: "t",
            system: config().targets[0].system.as_ref(),
            desired,
            base: None,
            attempted: &Attempted::new(),
            given_up: &[],
            observed: &observed,
            counts: &counts,
            max_deletes: 100,
            refuses_new_access: false,
            guardrails: &[],
            unmanaged: &UnmanagedRule::default(),
            last_seen: None,
            options: &PlanOptions::default(),
        });
        assert!(plan.is_sound(), "{:?}", plan.diagnostics);
        plan.changes.into_iter().flat_map(|change| change.requests).collect()
    }

    fn converge(&mut self, desired: &Desired) {
        for request in self.plan(desired) {
            self.send(&request);
        }
        assert_eq!(self.plan(desired), [], "fixed-point: {:#}", self.policy().unwrap_or_default());
    }

    /// Every request that is allowed now, with the hours that it is allowed for.
    fn allowed(&self) -> BTreeSet<(u8, u8, u32)> {
        let Some(policy) = self.policy().filter(|policy| policy["enabled"] == true) else {
            return BTreeSet::new();
        };
        let texts =
            policy["rules"].as_array().unwrap().iter().map(|rule| rule["policy_text"].as_str().unwrap());
        let set: PolicySet = texts.collect::<Vec<_>>().join("\n").parse().unwrap();
        let most = policy["max_duration_seconds"].as_u64().unwrap() / 3600;
        let mut allowed = BTreeSet::new();
        for (account, a) in (1..4).flat_map(|account| (0..3).map(move |a| (account, a))) {
            let uid = |text: String| text.parse().unwrap();
            let request = cedar_policy::Request::new(
                uid("User::\"u\"".to_owned()),
                uid("Action::\"request_access\"".to_owned()),
                uid(format!("AwsAccount::\"{account}\"")),
                Context::from_json_value(json!({"a": a}), None).unwrap(),
                None,
            );
            let response = Authorizer::new().is_authorized(&request.unwrap(), &set, &Entities::empty());
            if response.decision() == Decision::Allow {
                allowed.extend((1..=most).map(|hours| (account, a, hours as u32)));
            }
        }
        allowed
    }

    /// The live rules in their order, without how they are spelled.
    fn rules(&self) -> Vec<(String, Value, Value)> {
        let policy = self.policy().unwrap();
        let mut rules = policy["rules"].as_array().unwrap().clone();
        rules.sort_by_key(|rule| rule["ordinal"].as_i64());
        let of = |rule: Value| {
            let statement = enact::cedar::Statement::parse(rule["policy_text"].as_str().unwrap()).unwrap();
            (statement.structure().unwrap(), rule["notice"].clone(), rule["audit_session"].clone())
        };
        rules.into_iter().map(of).collect()
    }
}

/// Whether a request edits a rule in place.
fn edits(request: &Request) -> bool {
    let path = request.path.to_string();
    request.method.as_str() == "PATCH" && path.contains("/rules/") && !path.ends_with("/reorder")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 96, ..ProptestConfig::default() })]

    /// Whatever a run is cut off after, nothing is allowed that neither the old nor the new policy allows. As long as
    /// one permit is edited at most, nothing is refused that both allow. The next run writes the rest, and no more.
    #[test]
    fn crash_safe_no_prefix_of_the_writes_allows_what_neither_side_does((old, new) in change()) {
        let (before, after) = (desired(&old), desired(&new));
        let (mut api, mut other) = (Api::new(), Api::new());
        api.converge(&before);
        other.converge(&after);
        let sides = (api.allowed(), other.allowed());
        let may: BTreeSet<_> = sides.0.union(&sides.1).copied().collect();
        let must: BTreeSet<_> = sides.0.intersection(&sides.1).copied().collect();
        let requests = api.plan(&after);
        let edited = requests.iter().filter(|request| edits(request)).count();
        for (index, request) in requests.iter().enumerate() {
            api.send(request);
            let (now, rest) = (api.allowed(), &requests[index + 1..]);
            prop_assert!(now.is_subset(&may), "{now:?} after {request:?} of {requests:#?}");
            prop_assert!(edited > 1 || must.is_subset(&now), "{now:?} after {request:?} of {requests:#?}");
            let left = api.plan(&after);
            let same = |(rest, left): (&Request, &Request)| rest.fill(&api.ids).is_same_write(&left.fill(&api.ids));
            let is_rest = rest.len() == left.len() && rest.iter().zip(&left).all(same);
            prop_assert!(is_rest, "{left:#?} is not the rest of {requests:#?}");
        }
        prop_assert_eq!(api.plan(&after), vec![], "fixed-point");
        prop_assert_eq!(api.rules(), other.rules(), "the same rules in the same order");
    }
}
