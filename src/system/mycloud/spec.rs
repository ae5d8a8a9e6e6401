//! The spec of mycloud's kind as types: JSON Schema and documentation in one. Not here: what a schema cannot express, in
//! `mycloud`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An IAM policy. It is attached on the side of roles and groups.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicySpec {
    /// The purpose of the policy.
    #[schemars(extend("default" = ""))]
    #[schemars(example = &"Reads the monthly reports")]
    pub(super) description: Option<String>,
    /// What it allows and denies.
    #[schemars(extend("examples" = [{"version": "2024-01-01", "statements": [{"sid": "Read", "effect": "allow", "actions": ["s3:GetObject"], "resources": ["reports/*"]}]}]))]
    pub(super) document: Option<Document>,
}

/// The policy document. The API replaces it whole.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    /// The version of the policy language, not a date of your choice. A new policy gets `2024-01-01` if this is left
    /// out.
    #[schemars(example = &"2024-01-01")]
    pub(super) version: Option<String>,
    /// What is allowed and denied. Order does not matter.
    #[schemars(length(min = 1), extend("x-list-type" = "map", "x-list-map-keys" = ["sid"]))]
    #[schemars(extend("examples" = [[{"sid": "Read", "effect": "allow", "actions": ["s3:GetObject"], "resources": ["reports/*"]}]]))]
    pub(super) statements: Vec<Statement>,
}

/// One statement.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Statement {
    /// Its name, unique in the document. With one, a change to the statement is shown field by field.
    #[schemars(length(min = 1))]
    #[schemars(example = &"ReadReports")]
    pub(super) sid: Option<String>,
    /// Whether it allows or denies.
    #[schemars(example = &"allow")]
    pub(super) effect: Effect,
    /// Such as `s3:GetObject`, `s3:*` or `*`.
    #[schemars(length(min = 1), extend("x-list-type" = "set"), inner(regex(pattern = r"^(\*|[^:\s]+:\S+)$")))]
    #[schemars(example = ["s3:GetObject", "s3:ListBucket"])]
    pub(super) actions: Vec<String>,
    /// Such as `my-bucket/*`.
    #[schemars(length(min = 1), extend("x-list-type" = "set"), inner(length(min = 1)))]
    #[schemars(example = ["reports", "reports/*"])]
    pub(super) resources: Vec<String>,
    /// Conditions, all of which must hold.
    #[schemars(extend("x-list-type" = "multiset", "default" = []))]
    #[schemars(extend("examples" = [[{"operator": "equals", "key": "s3:prefix", "values": ["2026/"]}]]))]
    pub(super) conditions: Option<Vec<Condition>>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Effect {
    Allow,
    Deny,
}

/// A condition on the request.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Condition {
    /// Such as `equals`.
    #[schemars(length(min = 1))]
    #[schemars(example = &"equals")]
    pub(super) operator: String,
    /// Such as `s3:prefix`.
    #[schemars(length(min = 1))]
    #[schemars(example = &"s3:prefix")]
    pub(super) key: String,
    /// Values, any of which may match.
    #[schemars(length(min = 1), extend("x-list-type" = "set"))]
    #[schemars(example = ["2026/", "2027/"])]
    pub(super) values: Vec<String>,
}

/// The only version of the policy language that is known.
pub(super) const LANGUAGE: &str = "2024-01-01";
