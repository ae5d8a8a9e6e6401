//! Undoes a run: what git declared before it, from the record, takes the place of what git declares now, and is planned
//! like that. Nothing is sent here, and git is not changed: as long as it declares the new state, the next run brings that
//! back.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::target::{Config, Target};
use crate::diagnostic::{Code, Diagnostic};
use crate::git::Commit;
use crate::manifest::{Files, Header, Manifest};
use crate::model::kind::api_version;
use crate::model::resource::ResourceId;
use crate::model::state::{Declared, Desired, Recorded};
use crate::record::effect::Effect;
use crate::record::entry::{Entry, Verified};
use crate::record::run::Marks;
use crate::record::undo::{Left, Undo};
use crate::report::content::{LeftObject, ObjectName, UndoContent};
use crate::resolve;
use crate::run::history::History;
use crate::run::log::{self, Logged};
use crate::run::memory::Memory;
use crate::run::reads::Reads;
use crate::run::record::Record;

/// What undoes a run.
pub(super) struct Undoing<'a> {
    pub(super) config: &'a Config,
    pub(super) history: &'a History,
    pub(super) memories: &'a BTreeMap<String, Memory>,
    pub(super) reads: &'a Reads,
}

/// The run in the record of one target.
struct Found<'a> {
    target: &'a Target,
    logged: Logged,
    /// The record as it is now.
    record: &'a Record,
}

impl Undoing<'_> {
    /// Puts what was declared before the run in the place of what these targets are to hold. A target that the run was not
    /// for gets nothing.
    pub(super) fn plan(
        &self,
        id: &str,
        targets: &[&Target],
        desired: &mut BTreeMap<String, Desired>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<UndoContent> {
        let found = self.find(id, targets).map_err(|diagnostic| diagnostics.push(diagnostic)).ok()?;
        let ids = found.iter().map(|found| found.logged.run.run.as_str());
        if let Some(wrong) = log::wrong_id(id, ids) {
            diagnostics.push(wrong);
            return None;
        }
        let first = found.first()?;
        let (run, commit) = (first.logged.run.run.clone(), first.logged.run.commit.clone());
        let mut undo = UndoContent { run, commit, left: Vec::new(), declared: false };
        for found in &found {
            let name = &found.target.config.name;
            match self.target(found, &mut undo.left, diagnostics) {
                Ok(restored) => {
                    let now = desired.insert(name.clone(), restored.clone()).unwrap_or_default();
                    undo.declared |= restored.values().any(|then| is_still_declared(then, &now));
                }
                Err(diagnostic) => diagnostics.push(diagnostic.about(name)),
            }
        }
        undo.left.sort();
        desired.retain(|name, _| found.iter().any(|found| found.target.config.name == *name));
        Some(undo)
    }

    fn find<'a>(&'a self, id: &str, targets: &[&'a Target]) -> Result<Vec<Found<'a>>, Diagnostic> {
        let mut found = Vec::new();
        for target in targets {
            let name = &target.config.name;
            let record = self.memories.get(name).and_then(|memory| memory.record.as_ref());
            let Some(record) = record else { continue };
            let named = log::named(&self.history.repository, record.tip, id);
            let named = named.map_err(|diagnostic| diagnostic.about(name))?;
            found.extend(named.into_iter().map(|logged| Found { target, logged, record }));
        }
        Ok(found)
    }

    fn target(
        &self,
        found: &Found<'_>,
        left: &mut Vec<LeftObject>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Result<Desired, Diagnostic> {
        let Found { target, logged, record } = found;
        let repository = &self.history.repository;
        let marks = marks(logged.before.as_ref(), self.history)?;
        let mut desired = Desired::new();
        for folder in logged.folders(repository)? {
            let entries = logged.entries(repository, &folder)?;
            let Some(effect) = Effect::of(&logged.run.run, entries.as_ref()) else { continue };
            let now = record.entry(&folder)?;
            let Some(undo) = Undo::of(&effect, entries.as_ref(), now.as_ref()) else { continue };
            let Effect { kind, name, .. } = &effect;
            let id = ResourceId::new(&target.config.name, kind, name);
            let stays = |reason| LeftObject {
                target: target.config.name.clone(),
                object: ObjectName { kind: kind.clone(), name: name.clone() },
                reason,
            };
            match undo {
                Undo::Leave(reason) => left.push(stays(reason)),
                Undo::Remove => {
                    let marks = record.marks(&folder);
                    let created = now.as_ref().and_then(|now| created(target, &id, now, marks));
                    desired.extend(created.map(|created| (id, created)));
                }
                Undo::Restore { spec, verified } => {
                    let marks = marks.get(&folder).cloned().unwrap_or_default();
                    let restored = restored(target, &id, (spec, *verified), marks);
                    let wrong = self.problems(&restored);
                    if wrong.is_empty() {
                        desired.insert(id, restored);
                    } else {
                        left.push(stays(Left::Invalid));
                        diagnostics.extend(wrong);
                    }
                }
            }
        }
        Ok(desired)
    }

    /// What the schema of today has against a spec of then. It stands in no file that could be corrected.
    fn problems(&self, declared: &Declared) -> Vec<Diagnostic> {
        let Header { api_version, kind } = &declared.manifest.header;
        let metadata = serde_json::json!({"name": declared.id.name});
        let text = serde_json::json!({
            "apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": declared.spec()
        });
        let files = Files::from([(declared.manifest.file().to_owned(), text.to_string().into())]);
        let mut found = Vec::new();
        resolve::manifests(&self.config.registry, &files, &mut self.reads.manifests(), &mut found);
        let unplaced = |wrong: Diagnostic| Diagnostic { place: None, ..wrong };
        let wrong = found.into_iter().filter(Diagnostic::is_error);
        wrong.map(|wrong| unplaced(wrong).about(&declared.id).allowed()).collect()
    }
}

/// Whether git declares something else than what an undo brings back.
fn is_still_declared(then: &Declared, now: &Desired) -> bool {
    match now.get(&then.id) {
        Some(now) => now.absent() != then.absent() || now.manifest.spec != then.manifest.spec,
        None => !then.absent(),
    }
}

/// What the manifests said beside their specs before a run.
fn marks(before: Option<&Commit>, history: &History) -> Result<BTreeMap<String, Marks>, Diagnostic> {
    let run = before.map(|before| Record::run_of(&history.repository, before)).transpose()?;
    Ok(run.map(|run| run.marks).unwrap_or_default())
}

/// What was declared before. It still is of the commit of then.
fn restored(
    target: &Target,
    id: &ResourceId,
    (spec, verified): (serde_json::Value, Verified),
    marks: Marks,
) -> Declared {
    let recorded = Recorded {
        commit: Some(verified.commit),
        remote: verified.remote.map(|id| id.0),
        created: verified.created,
    };
    let header = Header { api_version: api_version(&target.config.system), kind: id.kind.clone() };
    let manifest = marks.put_on(Manifest::recorded(&verified.file, header, &id.name, &spec));
    Declared { recorded: Some(Arc::new(recorded)), ..Declared::new(id.clone(), Arc::new(manifest)) }
}

/// What the run created, as an object that is to be deleted only if it still is that.
fn created(target: &Target, id: &ResourceId, now: &Entry, marks: Marks) -> Option<Declared> {
    let (spec, verified) = (now.declared.clone()?, now.meta.verified.clone()?);
    Some(Declared { orphan: true, ..restored(target, id, (spec, verified), marks) })
}

/// Reports that there is no record to undo from.
pub(super) fn no_record() -> Diagnostic {
    Diagnostic::new(Code::RecordRun, "there is no git repository, so no run is recorded")
        .help("undo needs the record of the run: see docs/record.md")
}
