//! The envelope's JSON Schema, generated from types, so that editors complete and explain every kind.
//!
//! Editors show the doc comments of the types below. Not here: the schemas of specs, which come from the systems.

use jiff::civil::Date;
use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// Whether the object should exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ensure {
    /// The object exists and is as its spec says. This is the default.
    #[default]
    Present,
    /// The object is deleted. A review shows that this is on purpose.
    Absent,
}

/// What enact does about differences between the object and its spec.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Lifecycle {
    /// They are removed: the object is created, updated and deleted as declared. This is the default.
    #[default]
    Enforce,
    /// They are shown and never written. Nothing is created, updated or deleted, also not with `ensure: absent`, with
    /// `expires`, or by prune once the manifest is gone.
    Observe,
    /// The object is created if it is missing. After that differences are shown and never written; it is deleted like any
    /// other.
    CreateOnly,
}

/// Keeps every change of the object back until a day: nothing is created, updated or deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// The day from whose start (UTC) the object is written again, such as `2027-03-31`.
    #[schemars(extend("examples" = ["2027-03-31"]))]
    pub until: Date,
    /// Why it is held, as every plan shows it.
    #[schemars(length(min = 1, max = 500))]
    #[schemars(extend("examples" = ["Incident 42 is handled by hand"]))]
    pub reason: String,
}

/// What `enact` needs to know about the object and does not send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// The name by which the object is found in the live system.
    #[schemars(length(min = 1, max = 255))]
    #[schemars(extend("examples" = ["Warehouse operators"]))]
    pub name: String,
    /// Whether the object should exist: `present`, or `absent` to delete it.
    #[serde(default)]
    pub ensure: Ensure,
    /// Whether every plan that would delete the object is refused.
    #[serde(default)]
    pub protect: bool,
    /// The day on which the object goes, such as `2027-03-31`: from its start (UTC) every plan deletes the object, as if
    /// it were declared `ensure: absent`; until then the object is as declared. Not together with `protect`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Date")]
    #[schemars(extend("examples" = ["2027-03-31"]))]
    pub expires: Option<Date>,
    /// Whether differences are removed (`enforce`), only shown (`observe`), or only shown once the object exists
    /// (`create-only`).
    #[serde(default)]
    pub lifecycle: Lifecycle,
    /// Parts of the spec that are left to others, as JSON pointers such as `/description`. An item of a list with keys is
    /// named by its key, and `*` is every item: `/policy_actions/edit`, `/statements/*/condition`. The live value stays,
    /// also where git declares the list around it, and where a field that git no longer declares would go back to its
    /// default. What the spec declares cannot be ignored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("uniqueItems" = true, "items" = {
        "type": "string",
        "pattern": r"^(/([^~/]|~[01])*)+$",
        "x-pattern-hint": "a JSON pointer into the spec, such as `/description`",
    }))]
    #[schemars(extend("examples" = [["/description"]]))]
    pub ignore: Vec<String>,
    /// Keeps every change of the object back until a day, for example while an incident is handled by hand. Every plan
    /// shows it, and what would change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Hold")]
    #[schemars(extend("examples" = [{"until": "2027-03-31", "reason": "Incident 42 is handled by hand"}]))]
    pub hold: Option<Hold>,
    /// Former names of the object. A live object with one of them is renamed, and no new one is created.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["Warehouse admins"]]))]
    pub previously: Vec<String>,
}

/// A whole document of one kind; only its schema is used.
#[derive(JsonSchema)]
#[schemars(rename = "Manifest", deny_unknown_fields)]
#[expect(dead_code, reason = "its schema is read, not its values")]
struct ManifestSchema<S> {
    /// The system and the version of its manifests.
    #[schemars(rename = "apiVersion")]
    api_version: String,
    /// The kind of object.
    kind: String,
    metadata: Metadata,
    /// What the object should be. A field that is left out is not managed. Required unless `metadata.ensure` is
    /// `absent`.
    #[schemars(default, with = "S", skip_serializing_if = "Option::is_none")]
    spec: Option<S>,
}

/// The JSON Schema of a kind's documents, with a spec of the given schema; its `$defs` move to the root.
pub fn document_schema(mut spec: Json, api_version: &str, kind: &str, description: &str) -> Json {
    let mut schema = generator().into_root_schema_for::<ManifestSchema<Json>>();
    let definitions = spec.as_object_mut().and_then(|spec| {
        spec.remove("$schema");
        spec.remove("$defs")
    });
    if let (Some(Json::Object(theirs)), Some(Json::Object(ours))) = (definitions, schema.get_mut("$defs")) {
        ours.extend(theirs);
    }
    if let Some(place) = schema.pointer_mut("/properties/spec") {
        *place = spec;
    }
    pin(schema, api_version, kind, description)
}

fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12().into_generator()
}

/// Fixes `apiVersion` and `kind`, so that editors complete them and wrong ones are reported.
fn pin(mut schema: Schema, api_version: &str, kind: &str, description: &str) -> Json {
    schema.insert("title".to_owned(), json!(format!("{api_version} {kind}")));
    schema.insert("description".to_owned(), json!(description));
    for (field, value) in [("apiVersion", api_version), ("kind", kind)] {
        if let Some(Json::Object(property)) = schema.pointer_mut(&format!("/properties/{field}")) {
            property.remove("type");
            property.insert("const".to_owned(), json!(value));
        }
    }
    let absent = json!({
        "required": ["metadata"],
        "properties": {"metadata": {"required": ["ensure"], "properties": {"ensure": {"const": "absent"}}}},
    });
    schema.insert("if".to_owned(), absent);
    schema.insert("else".to_owned(), json!({"required": ["spec"]}));
    schema.to_value()
}
