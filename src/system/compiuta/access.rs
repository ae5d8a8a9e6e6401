//! What a compiuta policy says of requests. Its API resembles Chef Automate's, whose rules are taken for its own: a deny
//! in any policy wins; a wildcard is a whole section, and the last one covers all deeper sections; a statement has the
//! actions of its role and its own; no resources means all of them. What no tenants means is tried both ways.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::spec::{Effect, Statement};
use crate::access::impact::Reading;
use crate::access::pattern::Pattern;
use crate::access::rule::{Dimension, Rule, RuleSet};
use crate::diagnostic::{Code, Diagnostic, SpecDiagnostic};
use crate::model::kind::Kind;
use crate::system::body::{list, text};
use crate::system::semantics::{Meaning, Other, Semantics, Side};

pub(super) struct Statements;

impl Semantics for Statements {
    fn meaning(&self, side: &Side<'_>) -> Meaning {
        // Who may change an object can depend on the tenants that it belongs to.
        let beside =
            BTreeMap::from([("tenants".to_owned(), side.object.get("tenants").cloned().unwrap_or_default())]);
        if !self.speaks(side.kind) {
            return Meaning::Rules { readings: Vec::new(), beside };
        }
        match [false, true].map(|no_tenants_is_all| rules(side, no_tenants_is_all)) {
            [Ok(none), Ok(all)] => {
                let assumes = "a statement without tenants applies in all of them";
                let readings = vec![Reading { assumes: "", rules: none }, Reading { assumes, rules: all }];
                Meaning::Rules { readings, beside }
            }
            [Err(reason), _] | [_, Err(reason)] => Meaning::Unknown(reason),
        }
    }

    fn fields(&self, kind: &Kind) -> Vec<String> {
        let fields: &[&str] = if self.speaks(kind) { &["members", "statements"] } else { &["actions"] };
        fields.iter().map(|field| (*field).to_owned()).collect()
    }

    /// The server takes no resources for all of them, so what is forgotten says most.
    fn traps(&self, kind: &str, spec: &Value) -> Vec<SpecDiagnostic> {
        if kind != "Policy" {
            return Vec::new();
        }
        let nobody = spec.get("members").and_then(Value::as_array).is_some_and(Vec::is_empty);
        let nobody = nobody.then(|| {
            let message = "nobody is a member, so nothing in this policy applies";
            Diagnostic::new(Code::AccessNever, message)
                .in_spec("/members")
                .help("add members, or remove the policy")
        });
        let statements = list(spec, "statements").iter().enumerate();
        let open = statements.filter(|(_, statement)| {
            text(statement, "effect") != "DENY" && list(statement, "resources").is_empty()
        });
        let open = open.map(|(index, _)| {
            let message = "a statement without resources allows its actions on all of them";
            Diagnostic::new(Code::AccessEveryResource, message)
                .in_spec(format!("/statements/{index}"))
                .help("if all are meant, write `resources: [\"*\"]`, else name them")
        });
        nobody.into_iter().chain(open).collect()
    }

    /// To its members.
    fn bounds(&self, side: &Side<'_>) -> Rule {
        let members = side.object.get("members").and_then(|members| texts(Some(members)).ok());
        let members = members.and_then(|members| members.iter().map(|member| path(member).ok()).collect());
        members.map_or_else(|| Rule::new(false), |members| Rule::new(false).on(Dimension::Principal, members))
    }

    fn asks(&self) -> Vec<Dimension> {
        vec![Dimension::Principal, Dimension::Action, Dimension::Resource, Dimension::Tenant]
    }

    fn pattern(&self, _reading: usize, dimension: &Dimension, text: &str) -> Result<Pattern, String> {
        let unknown = |_| match dimension {
            Dimension::Action => "is no action: write it like `core:things:get`".to_owned(),
            _ => "has a `*` or a `$` in the wrong place".to_owned(),
        };
        match dimension {
            Dimension::Principal | Dimension::AlsoPrincipal | Dimension::Resource => {
                path(text).map_err(unknown)
            }
            Dimension::Action => action(text).map_err(unknown),
            Dimension::Tenant => tenant(text).map_err(unknown),
            Dimension::Key(_) => Err("is part of a context, and compiuta decides nothing by one".to_owned()),
        }
    }

    /// A tenant has one set of policies.
    fn decides_together(&self) -> bool {
        true
    }

    /// A role has actions, and the statements that name it say who may do them, or may not.
    fn lends(&self, kind: &Kind) -> bool {
        kind.name == "Role"
    }
}

fn rules(side: &Side<'_>, no_tenants_is_all: bool) -> Result<RuleSet, String> {
    let statements = statements(side.object)?;
    // What the live statements hold beside what the schema knows is kept.
    self::statements(side.body)?;
    let members = texts(side.object.get("members"))?;
    let members = members.iter().map(|member| path(member)).collect::<Result<Vec<_>, _>>()?;
    let mut rules = Vec::new();
    for (index, statement) in statements.iter().enumerate().filter(|_| !members.is_empty()) {
        rules.extend(rule(statement, side.others, no_tenants_is_all)?.map(|rule| {
            let rule = rule.on(Dimension::Principal, members.clone());
            Rule { at: format!("/statements/{index}"), ..rule }
        }));
    }
    let forms = BTreeMap::from([(Dimension::Action, Pattern::sections(3, ':'))]);
    // A person has teams.
    Ok(RuleSet { rules, forms, company: Some(Pattern::glob("team:*")), ..RuleSet::default() })
}

fn statements(policy: &Value) -> Result<Vec<Statement>, String> {
    let read = list(policy, "statements").iter().map(Statement::deserialize).collect::<Result<_, _>>();
    read.map_err(|_| "its statements hold something that enact does not know".to_owned())
}

fn rule(
    statement: &Statement,
    others: &dyn Fn(&str, &str) -> Other,
    no_tenants_is_all: bool,
) -> Result<Option<Rule>, String> {
    let Statement { effect, role, actions, resources, tenants } = statement;
    let role = role.as_deref().filter(|role| !role.is_empty());
    let mut all = actions.clone().unwrap_or_default();
    let mut conditions = BTreeSet::new();
    match role.map(|role| (role, others("Role", role))) {
        Some((_, Other::Is(role))) => all.extend(texts(role.get("actions"))?),
        // Whatever the role has, if it has it.
        Some((_, Other::Elsewhere(reason))) => {
            all = vec!["*".to_owned()];
            conditions.insert(reason);
        }
        Some((_, Other::Unknown(reason))) => return Err(reason),
        // Deleting a role takes it out of all statements.
        Some((_, Other::Gone)) | None => {}
    }
    let actions = all.iter().map(|action| self::action(action)).collect::<Result<Vec<_>, _>>()?;
    let resources =
        resources.iter().flatten().map(|resource| path(resource)).collect::<Result<Vec<_>, _>>()?;
    let resources = if resources.is_empty() { vec![Pattern::any()] } else { resources };
    let mut tenants =
        tenants.iter().flatten().map(|tenant| self::tenant(tenant)).collect::<Result<Vec<_>, _>>()?;
    if tenants.is_empty() && no_tenants_is_all {
        tenants.push(Pattern::any());
    }
    let rule = Rule::new(matches!(effect, Some(Effect::Deny)))
        .on(Dimension::Action, actions)
        .on(Dimension::Resource, resources)
        .on(Dimension::Tenant, tenants);
    let name = role.map(|role| format!("role {role}"));
    Ok(Some(Rule { name, conditions, ..rule }).filter(|rule| !rule.scopes.values().any(Vec::is_empty)))
}

/// The texts of a list that holds nothing else.
fn texts(list: Option<&Value>) -> Result<Vec<String>, String> {
    match list {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(list) => Vec::deserialize(list)
            .map_err(|_| "it has a list that holds something else than texts".to_owned()),
    }
}

/// A member or a resource: `*` may stand alone, or as the whole last section.
fn path(text: &str) -> Result<Pattern, String> {
    let start = text.strip_suffix('*').filter(|start| start.is_empty() || start.ends_with(':'));
    // `${a2:username}` would be the name of whoever asks.
    if start.unwrap_or(text).contains(['*', '$']) {
        return Err(strange(text));
    }
    Ok(if start.is_some() { Pattern::glob(text) } else { Pattern::literal(text) })
}

/// An action: three sections, or one of the short forms of several.
fn action(text: &str) -> Result<Pattern, String> {
    let word = |section: &str| !section.is_empty() && !section.contains('*');
    let is_known = match text.split(':').collect::<Vec<_>>().as_slice() {
        ["*"] => true,
        ["*", verb] => word(verb),
        [service, "*"] => word(service),
        [service, "*", verb] => word(service) && word(verb),
        [service, of, "*"] => word(service) && word(of),
        [service, of, verb] => word(service) && word(of) && word(verb),
        _ => false,
    };
    // Over words of three sections, the short forms are plain globs.
    if is_known { Ok(Pattern::glob(text)) } else { Err(strange(text)) }
}

fn tenant(text: &str) -> Result<Pattern, String> {
    match text {
        "*" => Ok(Pattern::any()),
        text if text.contains('*') => Err(strange(text)),
        text => Ok(Pattern::literal(text)),
    }
}

fn strange(text: &str) -> String {
    format!("enact does not know what `{text}` matches")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::access::budget::Budget;
    use crate::access::impact::{Verdict, compare};

    fn meaning(policy: &Value) -> Meaning {
        let kinds = crate::system::registry::Registry::built_in();
        let kinds = kinds.kinds();
        let kind = kinds[&("compiuta/v1".to_owned(), "Policy".to_owned())];
        let others = |_: &str, name: &str| Other::Unknown(format!("no {name}"));
        Statements.meaning(&Side { kind, name: "p", object: policy, body: &Value::Null, others: &others })
    }

    fn policy(members: &[&str], actions: &[&str], resources: &[&str]) -> Value {
        let statement =
            json!({"effect": "ALLOW", "actions": actions, "resources": resources, "tenants": ["*"]});
        json!({"members": members, "statements": [statement]})
    }

    fn verdict(before: &Value, after: &Value) -> Verdict {
        match (meaning(before), meaning(after)) {
            (Meaning::Rules { readings: before, .. }, Meaning::Rules { readings: after, .. }) => {
                compare(&before, &after, &mut Budget::default()).verdict()
            }
            _ => Verdict::Unknown,
        }
    }

    /// What Chef's documents say of each form, section by section.
    fn by_section(pattern: &str, action: &str) -> bool {
        let [service, of, verb] = action.split(':').collect::<Vec<_>>()[..] else { return false };
        let is = |pattern: &str, section: &str| pattern == "*" || pattern == section;
        match pattern.split(':').collect::<Vec<_>>().as_slice() {
            ["*"] => true,
            ["*", last] => is(last, verb),
            [first, "*"] => is(first, service),
            [first, second, third] => is(first, service) && is(second, of) && is(third, verb),
            _ => false,
        }
    }

    #[test]
    fn sound_meaning_an_action_matches_by_its_sections() {
        let patterns = ["*", "*:get", "iam:*", "iam:*:get", "iam:roles:*", "iam:roles:get", "iam:get:*"];
        let longer = |starts: &[String]| -> Vec<String> {
            let more =
                |start: &String| ["iam", "roles", "get", "x"].map(|section| format!("{start}:{section}"));
            starts.iter().flat_map(more).collect()
        };
        let services = ["iam", "roles", "get", "x"].map(str::to_owned);
        for pattern in patterns {
            for action in longer(&longer(&services)) {
                let before = policy(&["*"], &[pattern], &["*"]);
                let after = policy(&["*"], &[pattern, &action], &["*"]);
                let is_in = verdict(&before, &after) == Verdict::Equivalent;
                assert_eq!(is_in, by_section(pattern, &action), "{pattern} {action}");
            }
        }
    }

    #[test]
    fn sound_meaning_a_wildcard_is_a_whole_last_section_and_covers_deeper_ones() {
        let on = |resources: &[&str]| policy(&["user:local:*"], &["*"], resources);
        assert_eq!(verdict(&on(&["a:*"]), &on(&["a:*", "a:b:c"])), Verdict::Equivalent);
        assert_eq!(verdict(&on(&["a:*"]), &on(&["a:*", "a"])), Verdict::MorePermissive);
        assert_eq!(verdict(&on(&["a:*"]), &on(&["*"])), Verdict::MorePermissive);
        assert_eq!(verdict(&on(&[]), &on(&["*"])), Verdict::Equivalent, "no resources means all");
        for strange in ["a*", "a:*:b", "user:${a2:username}"] {
            assert!(matches!(meaning(&on(&[strange])), Meaning::Unknown(_)), "{strange}");
        }
        for strange in ["iam", "iam:roles", "iam:ro*:get", "*:*:get", "iam:roles:get:more"] {
            assert!(matches!(meaning(&policy(&["*"], &[strange], &["*"])), Meaning::Unknown(_)), "{strange}");
        }
    }

    #[test]
    fn sound_meaning_what_is_not_known_of_a_statement_is_unknown() {
        for strange in
            [json!({"effect": "AUDIT"}), json!({"role": "r"}), json!({"actions": "*"}), json!({"when": 1})]
        {
            let policy = json!({"members": ["*"], "statements": [strange]});
            assert!(matches!(meaning(&policy), Meaning::Unknown(_)), "{policy}");
        }
    }

    #[test]
    fn nobody_is_no_member() {
        let nobody = policy(&[], &["*"], &["*"]);
        assert_eq!(verdict(&nobody, &policy(&[], &["iam:*"], &["*"])), Verdict::Equivalent);
        assert_eq!(verdict(&nobody, &policy(&["team:local:a"], &["*"], &["*"])), Verdict::MorePermissive);
    }
}
