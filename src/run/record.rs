//! The record of a target in git: reads it. What its files hold is in `record`, what follows from it for a run in
//! `memory`, and how a run writes it in `recorder`.

use std::collections::BTreeMap;
use std::sync::Mutex;

use crate::config::target::Target;
use crate::diagnostic::{Code, Diagnostic};
use crate::git::tree::BlobId;
use crate::git::{Commit, Repository};
use crate::model::resource::{RemoteId, ResourceId};
use crate::model::unmanaged::Known;
use crate::record::entry::Entry;
use crate::record::path::{self, DECLARED, META, OBJECTS, RUN, UNMANAGED};
use crate::record::run::{Api, Marks, RunJson};
use crate::record::seen::Seen;
use crate::sync::lock;
use crate::text::inline;

/// The record of a target, as one commit holds it. Entries are read when they are asked for.
pub struct Record {
    repository: Mutex<Repository>,
    /// The commit of the record.
    pub tip: Commit,
    /// The run that wrote it.
    pub run: RunJson,
    /// The live objects that git did not declare then, if the run counted them.
    pub(super) unmanaged: Option<Known>,
    /// The files of each object, by its folder.
    objects: BTreeMap<String, Files>,
}

/// The files of one object.
#[derive(Clone, Copy, Debug, Default)]
struct Files {
    declared: Option<BlobId>,
    meta: Option<BlobId>,
}

impl Files {
    fn entry(self, repository: &Repository, tip: &Commit, folder: &str) -> Result<Entry, Diagnostic> {
        let Some(meta) = self.meta else {
            return Err(damaged(tip, &format!("`{folder}` holds no `{META}`")));
        };
        let declared = self.declared.map(|id| repository.blob(id)).transpose()?;
        let entry = Entry::parse(folder, declared.as_deref(), &repository.blob(meta)?);
        entry.map_err(|why| damaged(tip, &format!("`{folder}` {why}")))
    }
}

impl Record {
    /// Reads which objects a record holds. `repository` is a handle of its own, because entries are read later.
    pub(super) fn read(repository: Repository, tip: Commit) -> Result<Self, Diagnostic> {
        let run = Self::run_of(&repository, &tip)?;
        let mut objects: BTreeMap<String, Files> = BTreeMap::new();
        for (file, id) in repository.tree_files(&tip, OBJECTS)? {
            let Some((folder, name)) = path::split(&file) else { continue };
            let files = objects.entry(format!("{OBJECTS}/{folder}")).or_default();
            match name {
                DECLARED => files.declared = Some(id),
                META => files.meta = Some(id),
                _ => {}
            }
        }
        let unmanaged = match repository.file_at(&tip, UNMANAGED)? {
            Some(file) => Some(Seen::parse(&repository.blob(file)?)),
            None => None,
        };
        let unmanaged = unmanaged.transpose();
        let unmanaged = unmanaged.map_err(|why| damaged(&tip, &format!("it holds a `{UNMANAGED}` {why}")))?;
        Ok(Self { repository: Mutex::new(repository), tip, run, unmanaged, objects })
    }

    /// Reads only the run that wrote a record.
    pub(super) fn run_of(repository: &Repository, tip: &Commit) -> Result<RunJson, Diagnostic> {
        let Some(run) = repository.file_at(tip, RUN)? else {
            return Err(damaged(tip, &format!("it holds no `{RUN}`")));
        };
        let run = RunJson::parse(&repository.blob(run)?);
        run.map_err(|why| damaged(tip, &format!("it holds a `{RUN}` {why}")))
    }

    /// Whether it is the record of this target and of the API that the target leads to.
    pub(super) fn check(&self, target: &Target) -> Result<(), Diagnostic> {
        let names = [Some(&target.config.name), target.config.previously.as_ref()];
        if !names.contains(&Some(&self.run.target)) {
            let why = format!("it is of the target `{}`", self.run.target);
            return Err(damaged(&self.tip, &why));
        }
        if self.run.api == Api::from(&target.api) {
            Ok(())
        } else {
            Err(another_api(&self.tip, &self.run.api))
        }
    }

    /// The folders of its objects.
    pub(super) fn folders(&self) -> impl Iterator<Item = &str> {
        self.objects.keys().map(String::as_str)
    }

    /// Whether there is an entry in a folder.
    pub(super) fn holds(&self, folder: &str) -> bool {
        self.objects.contains_key(folder)
    }

    /// Whether this is what the last verified declaration of an object was, in every byte.
    pub(super) fn is_as_recorded(&self, folder: &str, declared: &[u8], marks: &Marks) -> bool {
        let is_settled = !self.run.open.contains(folder) && self.marks(folder) == *marks;
        let files = self.objects.get(folder).filter(|_| is_settled);
        files.and_then(|files| files.declared).is_some_and(|id| Some(id) == BlobId::of(declared))
    }

    /// What the manifest of an object said beside its spec.
    pub(super) fn marks(&self, folder: &str) -> Marks {
        self.run.marks.get(folder).cloned().unwrap_or_default()
    }

    /// Reads the entry of a folder; `None` if there is none.
    pub(super) fn entry(&self, folder: &str) -> Result<Option<Entry>, Diagnostic> {
        let Some(files) = self.objects.get(folder) else { return Ok(None) };
        files.entry(&lock(&self.repository), &self.tip, folder).map(Some)
    }

    /// Reads the entry of a folder in any commit of a record; `None` if there is none.
    pub(super) fn entry_at(
        repository: &Repository,
        tip: &Commit,
        folder: &str,
    ) -> Result<Option<Entry>, Diagnostic> {
        let file = |name: &str| repository.file_at(tip, &format!("{folder}/{name}"));
        let files = Files { declared: file(DECLARED)?, meta: file(META)? };
        match files {
            Files { declared: None, meta: None } => Ok(None),
            files => files.entry(repository, tip, folder).map(Some),
        }
    }

    /// The recorded id of an object. What cannot be read is not known.
    pub fn remote(&self, id: &ResourceId) -> Option<RemoteId> {
        let entry = self.entry(&path::folder(&id.kind, &id.name)).ok()??;
        Some(entry.meta.verified?.remote?.0)
    }
}

fn damaged(tip: &Commit, why: &str) -> Diagnostic {
    Diagnostic::new(Code::RecordDamaged, format!("the record {tip} cannot be used: {}", inline(why)))
        .help("nothing is deleted because of it; look at it with `git show`, and see docs/record.md for how to go back to a sound one")
}

fn another_api(tip: &Commit, api: &Api) -> Diagnostic {
    let message = format!(
        "the record {tip} is of another API, {} at {}, so it is no evidence of what is live here",
        inline(&api.system),
        inline(&api.url)
    );
    Diagnostic::new(Code::RecordAnotherApi, message)
        .help("if the target leads elsewhere on purpose, the next apply begins a new record")
}
