//! Who could still give access back after a plan: the check behind the guard `last-administrator`. Not here: what an
//! object grants in general, in `compiuta`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::policy::{ADMIN_POLICY, ADMIN_TEAM, final_body, strings};
use crate::diagnostic::Diagnostic;
use crate::model::change::{Action, Change};
use crate::model::guard::Guard;
use crate::model::state::Observed;
use crate::system::body::{list, text};

/// Whoever may do this can give access back, to others too.
const ADMINISTRATION: [&str; 3] = ["iam", "policies", "update"];
/// What it has to be done to.
const PLACE: &str = "iam:policies:administrator-access";
/// The role of the administrators, if the roles were not read.
const OWNER: &str = "owner";

/// Reports the changes after which nobody, or not the team of the administrators, could administer the system any more:
/// by members or statements that go, by a deny that comes, by a role that is narrowed or deleted.
pub(super) fn lock_outs(changes: &[Change], observed: &Observed) -> Vec<Diagnostic> {
    let mut state = State::of(observed);
    let mut had = state.administrators();
    let mut found = Vec::new();
    for change in changes {
        // Most changes have nothing to do with it, and looking at everything after each would take long.
        let mattered = state.matters(change);
        state.make(change);
        if !mattered && !state.matters(change) {
            continue;
        }
        let has = state.administrators();
        let message = if had.contains(ADMIN_TEAM) && !has.contains(ADMIN_TEAM) {
            Some(format!("after this `{ADMIN_TEAM}` could not administer the system"))
        } else if !had.is_empty() && has.is_empty() {
            let last: Vec<_> = had.iter().map(|member| format!("`{member}`")).collect();
            Some(format!("after this nobody could administer the system; now {} can", last.join(", ")))
        } else {
            None
        };
        let help = format!("keep `{ADMIN_TEAM}` in `{ADMIN_POLICY}`, and deny its members nothing in `iam`");
        found.extend(message.map(|message| Guard::LastAdministrator.diagnostic(&change.id, message, &help)));
        had = has;
    }
    found
}

/// The policies and roles by id, on the way from what is live to what the plan makes of it.
struct State {
    policies: BTreeMap<String, Value>,
    roles: BTreeMap<String, Value>,
}

impl State {
    fn of(observed: &Observed) -> Self {
        let of = |kind: &str| {
            let found = observed.found(kind).iter();
            found.map(|found| (found.name.clone(), found.body())).collect()
        };
        Self { policies: of("Policy"), roles: of("Role") }
    }

    fn make(&mut self, change: &Change) {
        let objects = if change.id.kind == "Role" { &mut self.roles } else { &mut self.policies };
        match after(change) {
            Some(body) => objects.insert(change.id.name.clone(), body),
            None => objects.remove(&change.id.name),
        };
    }

    /// Whether the object of a change, as it is now, lets somebody administer the system or denies it.
    fn matters(&self, change: &Change) -> bool {
        let name = &change.id.name;
        if change.id.kind == "Role" {
            // With no role read, the owner's is taken to be one.
            return self.roles.is_empty() || self.roles.get(name).is_some_and(administrates);
        }
        self.policies.get(name).is_some_and(|policy| {
            ["ALLOW", "DENY"].into_iter().any(|effect| self.administers(policy, effect))
        })
    }

    /// The members whom a policy lets administer the system, and whom no policy denies it.
    fn administrators(&self) -> BTreeSet<String> {
        let of = |effect: &str| -> BTreeSet<&str> {
            let policies = self.policies.values().filter(|policy| self.administers(policy, effect));
            policies.flat_map(|policy| strings(policy.get("members").unwrap_or(&Value::Null))).collect()
        };
        let denied = of("DENY");
        let allowed = of("ALLOW").into_iter();
        let free = allowed.filter(|member| !denied.iter().any(|denied| denies(denied, member)));
        free.map(str::to_owned).collect()
    }

    /// Whether a statement with this effect is about administration.
    fn administers(&self, policy: &Value, effect: &str) -> bool {
        let is_about = |statement: &Value| {
            // An absent effect is protobuf's zero value.
            let is = if text(statement, "effect") == "DENY" { "DENY" } else { "ALLOW" };
            is == effect && reaches(statement) && self.acts(statement)
        };
        list(policy, "statements").iter().any(is_about)
    }

    fn acts(&self, statement: &Value) -> bool {
        let role = text(statement, "role");
        let unread = self.roles.is_empty() && role == OWNER;
        unread || administrates(statement) || self.roles.get(role).is_some_and(administrates)
    }
}

/// Whether the actions of a role or a statement are about administration.
fn administrates(object: &Value) -> bool {
    list(object, "actions").iter().filter_map(Value::as_str).any(is_administration)
}

/// Whether a statement holds where the policies are.
fn reaches(statement: &Value) -> bool {
    let tenants = strings(statement.get("tenants").unwrap_or(&Value::Null));
    let resources = strings(statement.get("resources").unwrap_or(&Value::Null));
    // What belongs to no tenant is `(unassigned)`, and so are the policies of the system itself.
    let in_tenant = tenants.contains("*") || tenants.contains("(unassigned)");
    in_tenant && (resources.is_empty() || resources.iter().any(|pattern| covers(pattern, PLACE)))
}

/// Whether a pattern such as `iam:*` or `*:update` is about administration.
fn is_administration(pattern: &str) -> bool {
    let [service, _, verb] = ADMINISTRATION;
    match pattern.split(':').collect::<Vec<_>>().as_slice() {
        ["*"] => true,
        [of, "*"] => *of == service,
        ["*", of] => *of == verb,
        parts => {
            parts.len() == 3
                && parts.iter().zip(ADMINISTRATION).all(|(part, of)| matches!(*part, "*") || *part == of)
        }
    }
}

/// Whether a pattern, perhaps with `*` at its end, means everything that the other means.
fn covers(pattern: &str, other: &str) -> bool {
    pattern == other || pattern.strip_suffix('*').is_some_and(|start| other.starts_with(start))
}

/// Whether a deny of these members takes a member's power: also one of all users that may be in its team.
fn denies(pattern: &str, member: &str) -> bool {
    let all_users = || {
        let (users, team) = (pattern.strip_prefix("user:")?, member.strip_prefix("team:")?);
        Some((users == "*" || users.ends_with(":*")) && covers(users, team))
    };
    covers(pattern, member) || all_users().unwrap_or(false)
}

/// The object after a change.
fn after(change: &Change) -> Option<Value> {
    let mut body = match change.action {
        Action::Delete => return None,
        Action::Create => change.requests.first()?.body.clone()?,
        Action::Update => final_body(change)?,
    };
    let members = change.fields.iter().find(|field| field.path == "/members");
    if let (Some(members), Some(body)) = (members, body.as_object_mut()) {
        body.insert("members".to_owned(), members.after.clone());
    }
    Some(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_about_administration_if_it_can_mean_it() {
        for pattern in [
            "*",
            "iam:*",
            "*:update",
            "iam:policies:*",
            "iam:*:update",
            "*:policies:update",
            "iam:policies:update",
        ] {
            assert!(is_administration(pattern), "{pattern}");
        }
        for pattern in ["core:*", "*:get", "iam:policies:get", "iam:users:update", "iam", ""] {
            assert!(!is_administration(pattern), "{pattern}");
        }
    }

    #[test]
    fn a_member_is_covered_by_itself_and_by_wider_patterns() {
        for pattern in ["*", "team:*", "team:local:*", "team:local:admins"] {
            assert!(covers(pattern, ADMIN_TEAM), "{pattern}");
        }
        for pattern in ["user:*", "team:local:admin", "team:ldap:*"] {
            assert!(!covers(pattern, ADMIN_TEAM), "{pattern}");
        }
        assert!(!covers("user:local:mara", "user:local:*"), "others are left");
    }

    #[test]
    fn a_deny_of_all_users_takes_the_power_of_every_team_of_theirs() {
        for pattern in ["*", "team:local:*", "user:*", "user:local:*", ADMIN_TEAM] {
            assert!(denies(pattern, ADMIN_TEAM), "{pattern}");
        }
        for pattern in ["user:ldap:*", "user:local:bob", "user:local:b*", "service:*", "team:local:others"] {
            assert!(!denies(pattern, ADMIN_TEAM), "{pattern}");
        }
        assert!(denies("user:local:*", "user:local:ann") && !denies("user:ldap:*", "user:local:ann"));
    }
}
