//! The specs of Polytomic's kinds as types: JSON Schema and documentation in one. Not here: what a schema cannot express,
//! in `check`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::system::body::UUID;

/// A role: a label that policies bind actions to. Its name is `metadata.name`.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RoleSpec {
    /// The organization it is created in. Only for credentials with access to several; it cannot change later.
    #[schemars(regex(pattern = UUID), extend("x-pattern-hint" = "a UUID"))]
    #[schemars(example = &"00000000-0000-4000-8000-000000000001")]
    pub(super) organization_id: Option<String>,
}

/// A policy: which roles may do which actions on the objects that use it.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicySpec {
    /// The roles of each action. Nobody may do an action that is not listed or has no roles.
    #[schemars(extend("x-nullable" = true, "x-list-type" = "map", "x-list-map-keys" = ["action"], "x-list-map-total" = true, "default" = []))]
    #[schemars(extend("examples" = [[{"action": "read", "roles": ["Warehouse operators", "Admin"]}]]))]
    pub(super) policy_actions: Option<Vec<PolicyAction>>,
    /// The organization it is created in. Only for credentials with access to several; it cannot change later.
    #[schemars(regex(pattern = UUID), extend("x-pattern-hint" = "a UUID"))]
    #[schemars(example = &"00000000-0000-4000-8000-000000000001")]
    pub(super) organization_id: Option<String>,
}

/// The roles that may do one action.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicyAction {
    /// Such as `read`, `edit`, `create`, `delete`, `apply_policy`, `sync_to` or `trigger`.
    #[schemars(length(min = 1))]
    #[schemars(example = &"edit")]
    pub(super) action: String,
    /// Roles by name: declared in git, or existing on the target, such as `Admin`.
    #[schemars(extend("x-list-type" = "set", "default" = []), inner(length(min = 1)))]
    #[schemars(example = ["Warehouse operators", "Admin"])]
    pub(super) roles: Option<Vec<String>>,
    /// Roles by id, for roles without a usable name.
    #[schemars(extend("x-list-type" = "set", "default" = []), inner(regex(pattern = UUID)))]
    #[schemars(example = ["00000000-0000-4000-8000-000000000001"])]
    pub(super) role_ids: Option<Vec<String>>,
}
