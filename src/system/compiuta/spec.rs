//! The specs of compiuta's kinds as types: JSON Schema and documentation in one. Not here: what a schema cannot
//! express, in `check`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A role: a named set of actions. Its id is `metadata.name`.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RoleSpec {
    /// The name that people see. It need not be unique.
    #[schemars(regex(pattern = r"\S"))]
    #[schemars(example = &"Line operator")]
    name: Option<String>,
    /// What the role allows, such as `core:things:get`, `core:*` or `*`.
    #[schemars(length(min = 1), extend("x-list-type" = "set", "uniqueItems" = true), inner(regex(pattern = ACTION)))]
    #[schemars(example = ["core:things:get", "core:things:list"])]
    actions: Option<Vec<String>>,
    /// The tenants that the role itself belongs to. A new role has none if this is left out.
    #[schemars(extend("x-list-type" = "set", "uniqueItems" = true, "default" = []))]
    #[schemars(example = ["plant-1"])]
    tenants: Option<Vec<String>>,
}

/// A policy: who its members are and what its statements allow or deny them. Its id is `metadata.name`.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicySpec {
    /// The name that people see. It need not be unique.
    #[schemars(regex(pattern = r"\S"))]
    #[schemars(example = &"Line B")]
    name: Option<String>,
    /// Users, teams and tokens, such as `team:local:line-a`. On a policy that the system manages, this is the
    /// only field that can be declared.
    #[schemars(extend("x-list-type" = "set", "uniqueItems" = true, "default" = []))]
    #[schemars(example = ["team:local:line-a", "user:local:mara"])]
    members: Option<Vec<String>>,
    /// What is allowed and denied. A deny in any policy wins.
    #[schemars(length(min = 1), extend("x-list-type" = "multiset"))]
    #[schemars(extend("examples" = [[{"effect": "ALLOW", "actions": ["core:things:get"], "resources": ["*"], "tenants": ["plant-1"]}]]))]
    statements: Option<Vec<Statement>>,
    /// The tenants that the policy itself belongs to. A new policy has none if this is left out.
    #[schemars(extend("x-list-type" = "set", "uniqueItems" = true, "default" = []))]
    #[schemars(example = ["plant-1"])]
    tenants: Option<Vec<String>>,
}

/// One statement. It needs a role or at least one action.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Statement {
    /// Whether it allows or denies.
    #[schemars(extend("default" = "ALLOW"))]
    #[schemars(example = &"DENY")]
    pub(super) effect: Option<Effect>,
    /// The id of a role whose actions it covers.
    #[schemars(extend("default" = ""))]
    #[schemars(example = &"line-operator")]
    pub(super) role: Option<String>,
    /// Actions that it covers in addition to the role's.
    #[schemars(extend("x-list-type" = "set", "uniqueItems" = true, "default" = []), inner(regex(pattern = ACTION)))]
    #[schemars(example = ["core:things:delete"])]
    pub(super) actions: Option<Vec<String>>,
    /// Resources that it covers. Default: all.
    #[schemars(extend("x-list-type" = "set", "uniqueItems" = true, "default" = ["*"], "x-grants" = true), inner(regex(pattern = RESOURCE)))]
    #[schemars(example = ["iam:policies:*"])]
    pub(super) resources: Option<Vec<String>>,
    /// The tenants in which it applies; `*` means every tenant.
    #[schemars(extend("x-list-type" = "set", "uniqueItems" = true, "default" = []))]
    #[schemars(example = ["plant-1", "plant-2"])]
    pub(super) tenants: Option<Vec<String>>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Effect {
    Allow,
    Deny,
}

const ACTION: &str =
    r"^(\*|\*:[a-z][A-Za-z]*|[a-z][A-Za-z]*:(\*|\*:[a-z][A-Za-z]*|[a-z][A-Za-z]*:(\*|[a-z][A-Za-z]*)))$";
const RESOURCE: &str = r"^(\*|[a-z][^:*]*(:[a-z][^:*]*)*(:\*)?)$";
