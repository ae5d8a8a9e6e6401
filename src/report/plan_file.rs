//! A reviewed plan: an approval, not a program. Apply plans again and goes on only if that is the plan that somebody
//! has seen; an edited file can only make it refuse. It holds no secret and no power. The files themselves are read and
//! written in `cli`.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::compare::diff::{MOVES_BY_ITSELF, places};
use crate::diagnostic::{Code, Diagnostic};
use crate::digest::digest;
use crate::report::{Report, json};
use crate::text::inert;

/// What is wrong with a change that is only in the fresh plan.
const NOT_REVIEWED: &str = "it would be changed now, and was not reviewed";

/// Larger files are not plans.
pub const MAX_BYTES: usize = 64 << 20;

/// What a plan file holds: the changes, and what they were made from.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PlanFile {
    format_version: u32,
    /// The version of enact.
    enact: String,
    /// The targets that it is for; apply takes these and no others.
    targets: BTreeSet<String>,
    /// The commit of the manifests; null outside of a repository.
    commit: Option<String>,
    /// The commit of the base.
    base_commit: Option<String>,
    /// The run that it undoes, if it is not what git declares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    undoes: Option<String>,
    /// The digest of enact.yaml.
    config: String,
    /// The digest of the JSON Schemas.
    schemas: String,
    /// The digest of all writes.
    digest: String,
    changes: Vec<Value>,
}

impl PlanFile {
    /// The plan of a report. `config` is the text of enact.yaml, `schemas` the digest of the JSON Schemas.
    pub fn new(report: &Report, config: &str, schemas: String) -> Self {
        let document = json::document(report);
        // A plan has no outcomes, whichever command made it, and is the same wherever its manifests stand. What it means
        // follows from what it writes and what is live.
        let change = |change: json::ChangeJson| {
            let of = json::ChangeJson { file: None, line: None, access: None, outcome: None, ..change };
            serde_json::to_value(of)
        };
        Self {
            format_version: document.format_version,
            enact: env!("CARGO_PKG_VERSION").to_owned(),
            targets: report.targets.iter().map(|target| target.plan.target.clone()).collect(),
            commit: document.commit,
            base_commit: document.base_commit,
            undoes: report.undo.as_ref().map(|undo| undo.run.clone()),
            config: digest(config),
            schemas,
            digest: document.digest,
            changes: document.changes.into_iter().filter_map(|of| change(of).ok()).collect(),
        }
    }

    /// The file's text.
    pub fn text(&self) -> String {
        // This could fail only for keys that are not strings, and there are none.
        serde_json::to_string_pretty(self).map(|text| inert::json(&text) + "\n").unwrap_or_default()
    }

    /// Reads a file's text.
    pub fn parse(file: &str, text: &str) -> Result<Self, Diagnostic> {
        serde_json::from_str(text).map_err(|error| {
            let message = format!("`{file}` is not a plan: {error}");
            Diagnostic::new(Code::ReviewFile, message).help("write one with `enact plan --out FILE`")
        })
    }

    /// Whether a text is a plan, of this or another version of enact.
    pub fn is_plan(text: &str) -> bool {
        /// What every version writes.
        #[derive(Deserialize)]
        struct Marks {
            #[serde(rename = "enact")]
            _enact: String,
            #[serde(rename = "digest")]
            _digest: String,
            #[serde(rename = "changes")]
            _changes: Vec<IgnoredAny>,
        }
        serde_json::from_str::<Marks>(text).is_ok()
    }

    /// The targets that apply takes with it, if these were asked for: all of its own, and no others.
    pub fn targets(&self, asked: &[String]) -> Result<Vec<String>, Diagnostic> {
        if asked.is_empty() || asked.iter().collect::<BTreeSet<_>>() == self.targets.iter().collect() {
            return Ok(self.targets.iter().cloned().collect());
        }
        let names = |names: Vec<&String>| {
            let names: Vec<_> = names.into_iter().map(|name| format!("`{}`", name)).collect();
            names.join(", ")
        };
        let (own, asked) = (names(self.targets.iter().collect()), names(asked.iter().collect()));
        let message = format!("the plan is for {own}, and `--target` names {asked}");
        Err(Diagnostic::new(Code::ReviewTargets, message).help(
            "leave `--target` out to apply the plan as it was reviewed, or make a plan for these targets",
        ))
    }

    /// The run that it undoes.
    pub fn undoes(&self) -> Option<&str> {
        self.undoes.as_deref()
    }

    /// What git makes of a fresh plan and was not reviewed, if the plan was reviewed before a merge: the commit and the base
    /// are others now, some of it may be done, and drift is put back whoever saw it.
    pub fn unreviewed(&self, fresh: &Self) -> Vec<Diagnostic> {
        let other = self.other_inputs(fresh).into_iter().map(input);
        let (reviewed, fresh) = (by_name(&self.changes), by_name(&fresh.changes));
        let new = fresh.iter().filter(|(_, fresh)| !is_drift(fresh)).filter_map(|(name, fresh)| {
            let found = match reviewed.get(name) {
                None => diagnostic(NOT_REVIEWED.to_owned()),
                Some(reviewed) => diagnostic(beyond(reviewed, fresh)?),
            };
            Some(found.about(name))
        });
        other.chain(new).collect()
    }

    /// What of the inputs is another one, but for the commits.
    fn other_inputs(&self, fresh: &Self) -> Vec<&'static str> {
        let inputs = [
            ("the format of plans", self.format_version != fresh.format_version),
            ("the version of enact", self.enact != fresh.enact),
            ("the choice of targets", self.targets != fresh.targets),
            ("the run that is undone", self.undoes != fresh.undoes),
            ("enact.yaml", self.config != fresh.config),
            ("the JSON Schemas", self.schemas != fresh.schemas),
        ];
        inputs.into_iter().filter(|(_, other)| *other).map(|(what, _)| what).collect()
    }

    /// What changed between the review and a fresh plan; empty if nothing did.
    pub fn moved(&self, fresh: &Self) -> Vec<Diagnostic> {
        let commits = [
            ("the commit", self.commit != fresh.commit),
            ("the base", self.base_commit != fresh.base_commit),
        ];
        let commits = commits.into_iter().filter(|(_, moved)| *moved).map(|(what, _)| what);
        let mut moved: Vec<_> = self.other_inputs(fresh).into_iter().chain(commits).map(input).collect();
        moved.extend(moved_changes(&self.changes, &fresh.changes));
        if moved.is_empty() && self != fresh {
            moved.push(input("the file itself"));
        }
        moved
    }
}

fn input(what: &str) -> Diagnostic {
    diagnostic(format!("{what} is not what the reviewed plan was made with"))
}

fn diagnostic(message: String) -> Diagnostic {
    Diagnostic::new(Code::ReviewMoved, message)
        .help("nothing was written: plan again with `--out`, and have the new plan reviewed")
}

fn by_name(changes: &[Value]) -> BTreeMap<String, &Value> {
    changes.iter().map(|change| (name(change), change)).collect()
}

/// Whether only the live side moved.
fn is_drift(part: &Value) -> bool {
    part.get("cause").and_then(Value::as_str) == Some("drift")
}

/// What of a change is not in the reviewed one, if anything is. A delete is of the object as it was seen.
fn beyond(reviewed: &Value, fresh: &Value) -> Option<String> {
    let same = |key: &str| reviewed.get(key) == fresh.get(key);
    if !same("action") {
        return Some("it would be changed in another way than was reviewed".to_owned());
    }
    if !same("seen") {
        return Some("it is not the object any more whose delete was reviewed".to_owned());
    }
    let (reviewed, fresh) = (fields(reviewed), fields(fresh));
    let is_new = |(path, field): &(&&str, &&Value)| {
        let wanted = |field: &Value| field.get("after").cloned();
        !is_drift(field) && reviewed.get(**path).map(|field| wanted(field)) != Some(wanted(field))
    };
    let paths: Vec<_> = fresh.iter().filter(is_new).map(|(path, _)| format!("`{path}`")).collect();
    (!paths.is_empty()).then(|| format!("it is not as reviewed in {}", paths.join(", ")))
}

/// The fields of a change by their paths.
fn fields(change: &Value) -> BTreeMap<&str, &Value> {
    let fields = change.get("fields").and_then(Value::as_array).into_iter().flatten();
    fields.map(|field| (field.get("path").and_then(Value::as_str).unwrap_or_default(), field)).collect()
}

fn moved_changes(reviewed: &[Value], fresh: &[Value]) -> Vec<Diagnostic> {
    let (reviewed, fresh) = (by_name(reviewed), by_name(fresh));
    let gone = reviewed.keys().filter(|name| !fresh.contains_key(*name));
    let gone = gone
        .map(|name| diagnostic("it was reviewed, and would not be changed any more".to_owned()).about(name));
    let other = fresh.iter().filter_map(|(name, fresh)| match reviewed.get(name) {
        None => Some(diagnostic(NOT_REVIEWED.to_owned()).about(name)),
        Some(reviewed) if reviewed != fresh => Some(diagnostic(difference(reviewed, fresh)).about(name)),
        Some(_) => None,
    });
    gone.chain(other).collect()
}

fn name(change: &Value) -> String {
    let text = |field: &str| change.get(field).and_then(Value::as_str).unwrap_or_default();
    format!("{}: {} \"{}\"", text("target"), text("kind"), text("name"))
}

fn difference(reviewed: &Value, fresh: &Value) -> String {
    let (before, after) = (fields(reviewed), fields(fresh));
    let differs = |path: &&&str| before.get(*path) != after.get(*path);
    let mut paths: Vec<_> = before.keys().chain(after.keys()).filter(differs).collect();
    paths.sort_unstable();
    paths.dedup();
    match paths.as_slice() {
        [] => other_requests(reviewed, fresh),
        paths => {
            let paths: Vec<_> = paths.iter().map(|path| format!("`{path}`")).collect();
            format!("it is not as reviewed in {}", paths.join(", "))
        }
    }
}

/// Where requests differ although no field does: they send back what is live.
fn other_requests(reviewed: &Value, fresh: &Value) -> String {
    let bodies = |change: &Value| -> Value {
        let requests = change.get("requests").and_then(Value::as_array).into_iter().flatten();
        requests.map(|request| request.get("body").cloned().unwrap_or_default()).collect()
    };
    let differ = places(&bodies(reviewed), &bodies(fresh));
    // The first part is the number of the request.
    let paths: BTreeSet<_> =
        differ.iter().filter_map(|path| Some(path.get(1..)?.split_once('/')?.1)).collect();
    let paths: Vec<_> = paths.iter().map(|path| format!("`/{path}`")).collect();
    match paths.as_slice() {
        [] => "its requests are not the reviewed ones".to_owned(),
        paths => format!("its requests are not the reviewed ones in {}, {MOVES_BY_ITSELF}", paths.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A plan with one change of an object, and with these fields of it.
    fn plan(change: &Value, more: &Value) -> PlanFile {
        let mut change = change.clone();
        let id = json!({"target": "t", "kind": "Role", "name": "r"});
        for part in [&id, more] {
            change.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
        }
        let mut file = json!({"format_version": 1, "enact": "1", "targets": ["t"], "commit": "a", "base_commit": null,
                              "config": "c", "schemas": "s", "digest": "d", "changes": [change]});
        if change["action"].is_null() {
            file["changes"] = json!([]);
        }
        serde_json::from_value(file).unwrap()
    }

    fn messages(reviewed: &PlanFile, fresh: &PlanFile) -> Vec<String> {
        reviewed.unreviewed(fresh).into_iter().map(|diagnostic| diagnostic.message).collect()
    }

    #[test]
    fn after_a_merge_only_what_git_makes_beyond_the_review_counts() {
        let field = |path: &str, after: &str, cause: &str| json!({"path": path, "before": "x", "after": after, "cause": cause});
        let update =
            |fields: Value| json!({"action": "update", "cause": "both", "seen": null, "fields": fields});
        let nothing = plan(&json!({}), &json!({}));
        let reviewed =
            plan(&update(json!([field("/a", "1", "declared"), field("/b", "2", "declared")])), &json!({}));
        let less = plan(&update(json!([field("/b", "2", "both"), field("/c", "3", "drift")])), &json!({}));
        let other = plan(&update(json!([field("/b", "3", "declared")])), &json!({}));
        let created =
            plan(&json!({"action": "create", "cause": "declared", "seen": null, "fields": []}), &json!({}));
        let drifted = plan(&update(json!([field("/z", "1", "drift")])), &json!({"cause": "drift"}));
        assert_eq!(messages(&reviewed, &nothing), [""; 0], "it is done");
        assert_eq!(messages(&reviewed, &less), [""; 0], "one part is done, and something drifted");
        assert_eq!(messages(&nothing, &drifted), [""; 0], "drift is put back whoever saw it");
        assert_eq!(messages(&reviewed, &other), ["it is not as reviewed in `/b`"]);
        assert_eq!(messages(&reviewed, &created), ["it would be changed in another way than was reviewed"]);
        assert_eq!(messages(&nothing, &reviewed), [NOT_REVIEWED]);
    }

    #[test]
    fn delete_needs_evidence_that_it_is_the_reviewed_object_and_inputs_may_not_move() {
        let delete = |seen: &str| {
            plan(&json!({"action": "delete", "cause": "declared", "fields": [], "seen": seen}), &json!({}))
        };
        assert_eq!(messages(&delete("a"), &delete("a")), [""; 0]);
        assert_eq!(
            messages(&delete("a"), &delete("b")),
            ["it is not the object any more whose delete was reviewed"]
        );
        let moved = PlanFile { commit: None, config: "other".to_owned(), ..delete("a") };
        assert_eq!(
            messages(&delete("a"), &moved),
            ["enact.yaml is not what the reviewed plan was made with"]
        );
    }
}
