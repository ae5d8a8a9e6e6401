//! Which orphans git really gave up. An object belongs to an API, not to a target: its manifest may have moved to another
//! target of that API, or may still be in the tree where no target takes it. What follows for a plan is in `plan`.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::config::file::Prune;
use crate::config::target::{Config, Target};
use crate::diagnostic::{Code, Diagnostic};
use crate::git::Commit;
use crate::manifest::{self, Files, Header, Manifest, yaml};
use crate::model::resource::{ApiId, ResourceId};
use crate::model::state::{Declared, Desired, Elsewhere};
use crate::resolve::base;
use crate::run::history::{Base, History};
use crate::run::memory::Memory;
use crate::source::Blobs;
use crate::system::claim::Claim;

/// More text is not searched for manifests that no target takes.
const MAX_TEXT: usize = 256 << 20;

/// What every manifest holds.
const MARK: &str = "apiVersion";

/// What git declares now, for all targets.
#[derive(Clone, Copy)]
pub(super) struct Now<'a> {
    pub(super) config: &'a Config,
    pub(super) manifests: &'a [Arc<Manifest>],
    /// The texts of the manifests.
    pub(super) files: &'a Files,
}

impl<'a> Now<'a> {
    fn target(self, name: &str) -> Option<&'a Target> {
        self.config.targets.iter().find(|target| target.config.name == name)
    }

    /// The other targets of the API of any of these.
    pub(super) fn siblings(self, targets: &[&Target]) -> Vec<&'a Target> {
        let is_one = |other: &Target| targets.iter().any(|target| target.config.name == other.config.name);
        let shares = |other: &Target| targets.iter().any(|target| target.api == other.api);
        self.config.targets.iter().filter(|other| shares(other) && !is_one(other)).collect()
    }
}

/// The orphans of each target, by its name.
pub(super) type Found = BTreeMap<String, Vec<Declared>>;

/// What is known of all targets, to tell where an orphan of one of them is.
pub(super) struct Orphans<'a> {
    pub(super) now: Now<'a>,
    /// What is remembered of each target, also of those that the run is not about and that share an API with one of its
    /// own.
    pub(super) memories: &'a BTreeMap<String, Memory>,
}

impl Orphans<'_> {
    /// Lets each target continue from the bases of its siblings, where it now declares what they did. A target without a
    /// base of its own gets one, if it took over an object.
    pub(super) fn adopt(
        &self,
        bases: &mut BTreeMap<String, Base>,
        desired: &BTreeMap<String, Desired>,
        targets: &[&Target],
    ) {
        let mut taken = BTreeMap::new();
        for target in targets {
            let name = &target.config.name;
            let (Some(desired), nothing) = (desired.get(name), Desired::new()) else { continue };
            let own = bases.get(name).map_or(&nothing, |base| &base.desired);
            for sibling in self.now.siblings(&[target]) {
                let from = &sibling.config.name;
                let base = bases.get(from).or_else(|| Some(&self.memories.get(from)?.base));
                let Some(base) = base else { continue };
                let adopted = base::adopted(name, desired, own, (from, &base.desired));
                if !adopted.is_empty() {
                    taken.entry(name.clone()).or_insert_with(Vec::new).push((base.emptied(), adopted));
                }
            }
        }
        for (target, taken) in taken {
            for (from, adopted) in taken {
                let base = bases.entry(target.clone()).or_insert(from);
                for (id, then) in adopted {
                    base.desired.entry(id).or_insert(then);
                }
            }
        }
    }

    /// What git gave up, of each of these targets: what is remembered and no longer declared. Some of it is elsewhere:
    /// with another target, or only in the tree. An orphan that a sibling declared later is an orphan of that one.
    pub(super) fn find(
        &self,
        history: &History,
        targets: &[&Target],
        desired: &BTreeMap<String, Desired>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Found {
        let mut found = Found::new();
        for target in targets {
            let name = &target.config.name;
            if let (Some(memory), Some(desired)) = (self.memories.get(name), desired.get(name)) {
                found.insert(name.clone(), base::orphans(desired, memory.objects()));
            }
        }
        for target in targets {
            if let Some(orphans) = found.get_mut(&target.config.name) {
                self.leave_to_siblings(history, target, desired, orphans);
            }
        }
        diagnostics.extend(self.search(history, &mut found).err());
        found
    }

    /// Finds the orphans of a target that its siblings declare now, and drops those that a sibling declared later.
    fn leave_to_siblings(
        &self,
        history: &History,
        target: &Target,
        desired: &BTreeMap<String, Desired>,
        orphans: &mut Vec<Declared>,
    ) {
        let Some(memory) = self.memories.get(&target.config.name) else { return };
        let siblings = self.now.siblings(&[target]);
        let declared: Vec<_> =
            siblings.iter().filter_map(|sibling| desired.get(&sibling.config.name)).collect();
        base::find_declared(target.system.as_ref(), orphans, &declared);
        for sibling in siblings {
            let of = &sibling.config.name;
            let Some(other) = self.memories.get(of) else { continue };
            if history.is_later(&other.base.commit, &memory.base.commit) || self.is_before(sibling, target) {
                orphans.retain(|orphan| orphan.elsewhere.is_some() || !other.base.declares(of, &orphan.id));
            }
        }
    }

    /// Whether another target of the run prunes what both declared in one commit.
    fn is_before(&self, one: &Target, other: &Target) -> bool {
        let commit =
            |target: &Target| self.memories.get(&target.config.name).map(|memory| memory.base.commit);
        let place = |target: &Target| {
            self.now.config.targets.iter().position(|of| of.config.name == target.config.name)
        };
        one.config.prune == Prune::Tracked && commit(one) == commit(other) && place(one) < place(other)
    }

    /// Looks for the manifests of the orphans that no target declares in everything that the commit holds.
    fn search(&self, history: &History, found: &mut Found) -> Result<(), Diagnostic> {
        let Some(now) = &history.commit else { return Ok(()) };
        let (mut tree, mut commits) = (None, BTreeMap::new());
        for (name, orphans) in found {
            let (Some(target), Some(memory)) = (self.now.target(name), self.memories.get(name)) else {
                continue;
            };
            let mut lost: Vec<_> = orphans.iter_mut().filter(|orphan| orphan.elsewhere.is_none()).collect();
            if lost.is_empty() {
                continue;
            }
            let tree = match &mut tree {
                Some(tree) => tree,
                empty => empty.insert(history.blobs(*now)?),
            };
            let files = lost.iter().map(|orphan| folder_of(orphan.manifest.file()).to_owned());
            let then: Vec<_> = memory.base.manifests.iter().cloned().chain(files).collect();
            let (held, foreign) = (self.held(tree, &then)?, self.foreign(&target.api));
            let open = self.open(target);
            for orphan in &mut lost {
                let commit = declared_at(orphan, history)?.unwrap_or(memory.base.commit);
                let then = match commits.entry(commit) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(free) => free.insert(history.blobs(commit)?),
                };
                let search = Search { target, now: tree, then, held: &held, foreign: &foreign, open: &open };
                orphan.elsewhere = search.find(orphan).map(Elsewhere::Held);
            }
        }
        Ok(())
    }

    /// Every document in the folders of manifests, of now and of the base, whatever the ending of its file.
    fn held(&self, tree: &Blobs<'_>, then: &[String]) -> Result<Held, Diagnostic> {
        let targets = &self.now.config.targets;
        let names = |manifest: &Manifest| -> BTreeSet<String> {
            targets.iter().map(|target| target.claim().environment.variables.text(&manifest.name)).collect()
        };
        let parsed = self.now.manifests.iter().flat_map(|manifest| {
            let names = if manifest.is_open { names(manifest) } else { [manifest.name.clone()].into() };
            names.into_iter().map(|name| Seen {
                file: manifest.file().to_owned(),
                header: manifest.header.clone(),
                name,
            })
        });
        let (mut seen, mut unread): (Vec<_>, _) = (parsed.collect(), Vec::new());
        let starts: BTreeSet<_> =
            self.now.config.manifests.iter().chain(then).map(|entry| start(entry)).collect();
        let files: BTreeSet<_> = starts.iter().flat_map(|start| tree.below(start)).collect();
        let mut left = MAX_TEXT;
        for file in files.into_iter().filter(|file| !self.now.files.contains_key(*file)) {
            let Some(text) = tree.text(file)? else { continue };
            left = left.checked_sub(text.len()).ok_or_else(too_much)?;
            let found = documents(file, &text);
            if found.is_empty() && text.contains(MARK) {
                unread.push(file.to_owned());
            }
            seen.extend(found);
        }
        Ok(Held { seen, unread })
    }

    /// The files with manifests of a target that have references.
    fn open(&self, target: &Target) -> BTreeSet<&str> {
        let claim = target.claim();
        let open = self.now.manifests.iter().filter(|manifest| manifest.is_open && claim.takes(manifest));
        open.map(|manifest| manifest.file()).collect()
    }

    /// The files with manifests that only targets of other APIs take.
    fn foreign(&self, api: &ApiId) -> BTreeSet<&str> {
        let (own, other): (Vec<_>, Vec<_>) =
            self.now.config.targets.iter().map(Target::claim).partition(|claim| claim.api == api);
        let foreign = self.now.manifests.iter().filter(|manifest| {
            let taken = |claims: &[Claim<'_>]| claims.iter().any(|claim| claim.takes(manifest));
            taken(&other) && !taken(&own)
        });
        foreign.map(|manifest| manifest.file()).collect()
    }
}

/// What the folders of manifests hold.
struct Held {
    seen: Vec<Seen>,
    /// Files that say that they hold manifests, and cannot be read, such as templates.
    unread: Vec<String>,
}

/// A document that says that it is a manifest.
struct Seen {
    file: String,
    header: Header,
    name: String,
}

/// Where a target's orphans are looked for.
struct Search<'a> {
    target: &'a Target,
    now: &'a Blobs<'a>,
    then: &'a Blobs<'a>,
    held: &'a Held,
    foreign: &'a BTreeSet<&'a str>,
    /// Files with manifests of the target whose names its variables may have changed.
    open: &'a BTreeSet<&'a str>,
}

impl Search<'_> {
    /// The file that still holds the manifest of an orphan: as it was at the base, under any path, or another document
    /// of the same kind and name, or a file that cannot be read and has the name of its file with another ending.
    fn find(&self, orphan: &Declared) -> Option<String> {
        let own = orphan.manifest.file();
        let kind = self.target.system.kind(&orphan.id.kind)?;
        let same = |seen: &&Seen| {
            seen.header == orphan.manifest.header && kind.folded(&seen.name) == kind.folded(&orphan.id.name)
        };
        let named = self.held.seen.iter().filter(same).map(|seen| seen.file.as_str());
        let stem = own.rsplit_once('.').map_or(own, |(stem, _)| stem);
        let is_renamed = |file: &&String| file.strip_prefix(stem).is_some_and(|rest| rest.starts_with('.'));
        let renamed = self.held.unread.iter().filter(is_renamed).map(String::as_str);
        let copies = self.now.copies(self.then, own).into_iter();
        let copies = copies.filter(|file| *file != own || !self.open.contains(own));
        named
            .chain(copies)
            .chain(renamed)
            .find(|file| *file == own || !self.is_of_another(file))
            .map(str::to_owned)
    }

    /// Whether a file was there at the base too, and only another API takes it: it is the manifest of that API's object,
    /// which may well be the same in every word.
    fn is_of_another(&self, file: &str) -> bool {
        self.foreign.contains(file) && self.then.holds(file)
    }
}

/// The commit whose declaration of an orphan was verified last, if the record says so.
fn declared_at(orphan: &Declared, history: &History) -> Result<Option<Commit>, Diagnostic> {
    let commit = orphan.recorded.as_ref().and_then(|recorded| recorded.commit.as_ref());
    commit.map(|commit| history.commit_of(commit)).transpose()
}

/// The folder of a file.
fn folder_of(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The beginning of the paths of an entry of `manifests`, and of what it may have been renamed to.
fn start(entry: &str) -> String {
    let parts = entry.split('/').filter(|part| !matches!(*part, "" | "."));
    parts.collect::<Vec<_>>().join("/")
}

/// The documents of a text that say that they are manifests, however unsound the text is otherwise.
fn documents(file: &str, text: &str) -> Vec<Seen> {
    if !text.contains(MARK) {
        return Vec::new();
    }
    let document = |document: yaml::Document| {
        let header = manifest::header(&document, &mut Vec::new())?;
        let name = document.get("metadata")?.to_json().get("name")?.as_str()?.to_owned();
        Some(Seen { file: file.to_owned(), header, name })
    };
    yaml::parse(text, file, &mut Vec::new()).into_iter().filter_map(document).collect()
}

fn too_much() -> Diagnostic {
    let message = format!(
        "the folders in `manifests` hold more than {} MiB, so it is not known whether manifests moved",
        MAX_TEXT >> 20
    );
    Diagnostic::new(Code::SourceTooLarge, message).help("correct `manifests` in enact.yaml")
}

impl Base {
    /// The same commit with nothing declared.
    fn emptied(&self) -> Self {
        let Self { commit, desired: _, manifests, leads_here, ahead } = self;
        let (commit, leads_here, ahead) = (*commit, *leads_here, *ahead);
        Self { commit, desired: Desired::new(), manifests: manifests.clone(), leads_here, ahead }
    }

    /// Whether it declares an object of another target of the same API.
    fn declares(&self, target: &str, id: &ResourceId) -> bool {
        let id = ResourceId { target: target.to_owned(), ..id.clone() };
        self.desired.get(&id).is_some_and(|declared| !declared.absent())
    }
}
