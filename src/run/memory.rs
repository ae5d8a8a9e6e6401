//! What is remembered of a target: what git declared for each object when it was last verified, what was attempted since,
//! and what git gave up. It comes from the record, or, before there is one, from the commit that an older enact applied.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::file::Prune;
use crate::config::target::Target;
use crate::diagnostic::Diagnostic;
use crate::manifest::{Header, Manifest};
use crate::model::kind::api_version;
use crate::model::resource::ResourceId;
use crate::model::state::{Attempted, Declared, Desired, Recorded};
use crate::model::survivor::Kept;
use crate::record::entry::{self, Entry};
use crate::record::path;
use crate::record::run::Marks;
use crate::run::history::{Base, History};
use crate::run::record::Record;
use crate::system::registry::Registry;

/// What is remembered of one target.
pub struct Memory {
    /// What git declared for each object when it was last verified.
    pub base: Base,
    /// What was attempted since.
    pub attempted: Attempted,
    /// Objects that were only ever attempted, as they were attempted last.
    pub unverified: Desired,
    /// Where it comes from; `None` if it is what an older enact left.
    pub record: Option<Record>,
}

impl Memory {
    /// What is remembered of a target: by its record, or else by what an older enact left. `None` if nothing is.
    pub(super) fn recall(
        history: &History,
        target: &Target,
        desired: &Desired,
        config: (&str, &Arc<Registry>),
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Result<Option<Self>, Diagnostic> {
        let name = &target.config.name;
        let Some(tip) = history.record_tip(target)? else {
            let applied = history.applied(target, config)?;
            applied.iter().try_for_each(|applied| history.trust.check_applied(&applied.commit))?;
            return Ok(applied.map(Self::of_applied));
        };
        history.trust.check(&history.repository, &tip)?;
        let record = Record::read(history.reopened()?, tip)?;
        record.check(target)?;
        let base = history.empty_base(history.commit_of(&record.run.commit)?)?;
        diagnostics.extend(history.overtaken(name, &base.commit)?);
        Self::of_record(record, target, desired, base).map(Some)
    }

    /// What an older enact left: the whole commit that was applied last.
    pub(super) fn of_applied(base: Base) -> Self {
        Self { base, attempted: Attempted::new(), unverified: Desired::new(), record: None }
    }

    /// Reads a record. What git still declares in the same words is taken from there, and nothing is read for it.
    pub(super) fn of_record(
        record: Record,
        target: &Target,
        desired: &Desired,
        base: Base,
    ) -> Result<Self, Diagnostic> {
        let mut memory = Self::of_applied(base);
        let now: BTreeMap<_, _> = desired
            .values()
            .filter(|declared| !declared.absent())
            .map(|declared| (path::folder(&declared.id.kind, &declared.id.name), declared))
            .collect();
        for folder in record.folders() {
            let same = now.get(folder).filter(|declared| {
                record.is_as_recorded(
                    folder,
                    &entry::declared(&declared.spec()),
                    &Marks::of(&declared.manifest),
                )
            });
            match same {
                Some(declared) => drop(memory.base.desired.insert(declared.id.clone(), (*declared).clone())),
                None => {
                    if let Some(entry) = record.entry(folder)? {
                        memory.add(target, &entry, record.marks(folder));
                    }
                }
            }
        }
        memory.record = Some(record);
        Ok(memory)
    }

    fn add(&mut self, target: &Target, entry: &Entry, marks: Marks) {
        let id = ResourceId::new(&target.config.name, &entry.meta.kind, &entry.meta.name);
        let attempted: Vec<_> = entry.attempted_specs().cloned().collect();
        if !attempted.is_empty() {
            self.attempted.insert(id.clone(), attempted);
        }
        match declared(target, &id, entry, marks) {
            Some(declared) if entry.declared.is_some() => drop(self.base.desired.insert(id, declared)),
            Some(declared) => drop(self.unverified.insert(id, declared)),
            None => {}
        }
    }

    /// Everything that enact made or took over, as far as it is known.
    pub(super) fn objects(&self) -> impl Iterator<Item = &Declared> {
        self.base.desired.values().chain(self.unverified.values())
    }

    /// Why an object that git gave up is not deleted by a run of this commit, whatever is live.
    pub(super) fn keeps(
        &self,
        declared: &Declared,
        target: &Target,
        history: &History,
    ) -> Result<Option<Kept>, Diagnostic> {
        if target.config.prune == Prune::Never {
            return Ok(Some(Kept::Never));
        }
        if !history.uncommitted.is_empty() {
            return Ok(Some(Kept::Uncommitted));
        }
        let commit = match &declared.recorded {
            None => self.base.commit,
            Some(recorded) => match &recorded.commit {
                None => return Ok(Some(Kept::Unverified)),
                Some(commit) => history.commit_of(commit)?,
            },
        };
        // A commit that was only merged was never what its branch declared.
        let was_applied = history.was_tip(&commit, &self.base.commit)?;
        Ok((!was_applied).then_some(Kept::SideBranch))
    }
}

/// What an entry says that git declared. Of an object that was never verified, what was attempted last.
fn declared(target: &Target, id: &ResourceId, entry: &Entry, marks: Marks) -> Option<Declared> {
    let verified = entry.meta.verified.as_ref();
    let last = entry.meta.attempted.iter().rfind(|attempt| attempt.spec.is_some());
    let spec = entry.declared.clone().or_else(|| last?.spec.clone())?;
    let file = verified.map(|verified| &verified.file).or_else(|| Some(&last?.file))?;
    let header = Header { api_version: api_version(&target.config.system), kind: id.kind.clone() };
    let manifest = marks.put_on(Manifest::recorded(file, header, &id.name, &spec));
    let recorded = Recorded {
        commit: verified.map(|verified| verified.commit.clone()),
        remote: verified.and_then(|verified| verified.remote.as_ref().map(|id| id.0.clone())),
        created: verified.is_some_and(|verified| verified.created),
    };
    Some(Declared { recorded: Some(Arc::new(recorded)), ..Declared::new(id.clone(), Arc::new(manifest)) })
}
