//! Mistakes in a compiuta spec that its JSON Schema cannot express. Not here: what a whole plan would do, in
//! `compiuta`.

use serde_json::Value;

use crate::diagnostic::{Code, Diagnostic, SpecDiagnostic};
use crate::system::body::{list, text};

/// All mistakes in a spec; a role has only tenants.
pub(super) fn check(spec: &Value) -> Vec<SpecDiagnostic> {
    let mut diagnostics = check_members(spec);
    diagnostics.extend(check_tenants(spec));
    diagnostics.extend(check_statements(spec));
    diagnostics
}

/// `(unassigned)` means the objects without a tenant, and `*` every tenant, so only a statement can have them.
fn check_tenants(spec: &Value) -> Option<SpecDiagnostic> {
    let index = list(spec, "tenants")
        .iter()
        .position(|tenant| ["(unassigned)", "*"].iter().any(|special| tenant == special))?;
    let message = "nothing can belong to this tenant: it only has a meaning in statements";
    Some(
        Diagnostic::new(Code::CompiutaTenant, message)
            .in_spec(format!("/tenants/{index}"))
            .help("name real tenants, or leave `tenants` empty"),
    )
}

fn check_members(spec: &Value) -> Vec<SpecDiagnostic> {
    let odd = list(spec, "members").iter().enumerate().filter_map(|(index, member)| {
        let member = member.as_str()?;
        (!is_member(member)).then(|| {
            let message = format!("`{member}` does not look like a member");
            let help = "members are `user:local:NAME`, `team:local:NAME`, `token:ID` or one of them with `*`";
            Diagnostic::new(Code::CompiutaMember, message).in_spec(format!("/members/{index}")).help(help)
        })
    });
    odd.collect()
}

/// Whether a text fits the grammar of Chef's IAM, from which compiuta is derived. That is a guess, hence only a
/// warning.
fn is_member(member: &str) -> bool {
    let literal = |part: &str| !part.is_empty() && !part.contains('*');
    match member.split(':').collect::<Vec<_>>().as_slice() {
        ["*"] | ["user" | "team" | "token" | "tls", "*"] => true,
        ["user" | "team", "local" | "ldap" | "saml", name] => *name == "*" || literal(name),
        ["token", id] => literal(id),
        ["tls", "service", name] => *name == "*" || literal(name),
        ["tls", "service", name, cert] => literal(name) && (*cert == "*" || literal(cert)),
        _ => false,
    }
}

fn check_statements(spec: &Value) -> Vec<SpecDiagnostic> {
    let empty =
        |statement: &Value| text(statement, "role").is_empty() && list(statement, "actions").is_empty();
    let statements = list(spec, "statements").iter().enumerate();
    statements
        .filter(|(_, statement)| empty(statement))
        .map(|(index, _)| {
            let message = "this statement has neither a role nor an action";
            Diagnostic::new(Code::CompiutaEmptyStatement, message)
                .in_spec(format!("/statements/{index}"))
                .help("add `role` or `actions`")
        })
        .collect()
}
