//! Guardrails: what must be true of a target after every plan, as the file that enact.yaml names says it.
//!
//! Not here: how they are read, in `config`, and checked, in `plan::guardrail`.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::diagnostic::Place;

/// Guardrails: what must be true of targets after every plan, and which findings are waived for a time.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Guardrails")]
pub struct GuardrailsFile {
    /// The version of this format.
    #[serde(rename = "apiVersion")]
    #[schemars(extend("const" = "enact/v1"))]
    pub api_version: String,
    /// Always `Guardrails`.
    #[schemars(extend("const" = "Guardrails"))]
    pub kind: String,
    /// The guardrails.
    pub guardrails: Vec<GuardrailRow>,
    /// Findings that are let through for a time.
    #[serde(default)]
    pub waivers: Vec<Waiver>,
}

/// One guardrail: exactly one rule, and where it counts.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Guardrail")]
pub struct GuardrailRow {
    /// Its name, in findings and waivers.
    #[schemars(length(min = 1))]
    pub name: String,
    /// What happens if it does not hold.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// The targets that it is about. Default: all.
    #[serde(default)]
    pub targets: Vec<String>,
    /// What it demands.
    pub rule: GuardrailRule,
}

/// What happens if a guardrail does not hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Enforcement {
    /// The plan warns.
    Advisory,
    /// Nothing is written to the target.
    #[default]
    Mandatory,
    /// The same, unless a waiver names the finding.
    Waivable,
}

/// What a guardrail demands: exactly one of these.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum GuardrailRule {
    /// These requests are not allowed, whatever policies say it.
    AccessNotGranted(NotGranted),
    /// No change allows more of these requests than is allowed now.
    NoNewAccess(Requests),
    /// All of these requests stay allowed.
    AccessGranted(Requests),
    /// A number in objects that git declares stays within bounds.
    Attribute(Attribute),
    /// Objects that git declares have these fields, and they are not empty.
    Required(Required),
    /// Objects that git declares have names like this.
    Naming(Naming),
}

/// Requests that must not be allowed.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotGranted {
    /// The requests: any of these.
    #[schemars(length(min = 1))]
    pub access: Vec<Access>,
    /// How many of them.
    #[serde(default)]
    pub meaning: Amount,
}

/// Some requests.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Requests {
    /// The requests: any of these.
    #[schemars(length(min = 1))]
    pub access: Vec<Access>,
}

/// How many of the requests must not be allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Amount {
    /// Any of them.
    #[default]
    Any,
    /// All of them together.
    Whole,
}

/// Requests, by what they say. In a pattern `*` is any run of characters. What is left out may be anything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AccessBox")]
pub struct Access {
    /// Who asks.
    #[schemars(length(min = 1))]
    pub principals: Option<Vec<String>>,
    /// What they want to do.
    #[schemars(length(min = 1))]
    pub actions: Option<Vec<String>>,
    /// To what.
    #[schemars(length(min = 1))]
    pub resources: Option<Vec<String>>,
    /// In which tenant.
    #[schemars(length(min = 1))]
    pub tenants: Option<Vec<String>>,
}

/// Bounds of a number.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attribute {
    /// Which objects, as a glob over `Kind/name`, such as `Policy/prod-*`.
    pub objects: String,
    /// The field, as a JSON pointer into the spec, such as `/max_duration_seconds`.
    #[schemars(regex(pattern = "^/"))]
    pub field: String,
    /// The most that it may be.
    pub at_most: Option<f64>,
    /// The least that it may be.
    pub at_least: Option<f64>,
}

/// Fields that must be there.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Required {
    /// Which objects, as a glob over `Kind/name`, such as `Policy/*`.
    pub objects: String,
    /// The fields, as JSON pointers into the spec, such as `/description`.
    #[schemars(length(min = 1), inner(regex(pattern = "^/")))]
    pub fields: Vec<String>,
}

/// What names look like.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Naming {
    /// Which objects, as a glob over `Kind/name`, such as `Policy/*`.
    pub objects: String,
    /// Their names: one of these globs, such as `team-*`.
    #[schemars(length(min = 1))]
    pub names: Vec<String>,
}

/// A finding that is let through for a time.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// The guardrail.
    pub guardrail: String,
    /// The fingerprint of the finding, as the plan shows it.
    #[schemars(regex(pattern = "^[0-9a-f]{12}$"), extend("x-pattern-hint" = "the 12 hexadecimal digits that the plan shows"))]
    pub finding: String,
    /// Why it is let through.
    #[schemars(regex(pattern = r"\S"))]
    pub reason: String,
    /// The day from which it counts no longer, in UTC.
    pub expires: Date,
}

/// A guardrail that was checked, with the waivers for it.
#[derive(Clone, Debug)]
pub struct Guardrail {
    /// As it is written.
    pub row: GuardrailRow,
    /// The waivers for it.
    pub waivers: Vec<Waiver>,
    /// Where it is written.
    pub place: Place,
}

impl Guardrail {
    /// Whether it is about a target.
    #[must_use]
    pub fn is_about(&self, target: &str) -> bool {
        self.row.targets.is_empty() || self.row.targets.iter().any(|about| about == target)
    }
}

impl GuardrailRule {
    /// Whether it looks at what a whole target allows.
    #[must_use]
    pub fn is_about_access(&self) -> bool {
        matches!(self, Self::AccessNotGranted(_) | Self::NoNewAccess(_) | Self::AccessGranted(_))
    }

    /// The objects that it is about, if it is about single ones.
    #[must_use]
    pub fn objects(&self) -> Option<&str> {
        match self {
            Self::Attribute(Attribute { objects, .. })
            | Self::Required(Required { objects, .. })
            | Self::Naming(Naming { objects, .. }) => Some(objects),
            Self::AccessNotGranted(_) | Self::NoNewAccess(_) | Self::AccessGranted(_) => None,
        }
    }
}

/// The JSON Schema of the file.
pub fn schema() -> Value {
    crate::schema::of::<GuardrailsFile>()
}
