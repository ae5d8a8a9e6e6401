//! Which files of a tree are manifests. Visits every folder once, however many files are asked for. Reading is in
//! `read`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path};

use super::name;
use super::tree::{Entry, EntryKind, Tree};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::text::inline;

/// More manifests are a mistake in `manifests:`.
const MAX_FILES: usize = 250_000;
/// More names are not visited: in git, folders that hold each other's objects multiply and take no space.
pub(super) const MAX_NAMES: usize = 1_000_000;
/// Deeper folders are not entered.
const MAX_DEPTH: usize = 64;
/// More diagnostics about names and kinds help nobody.
const MAX_REFUSED: usize = 1000;

const TWIN: &str = "differs only in case from another name in its folder";
const CORRECT: &str = "correct `manifests` in enact.yaml";
/// What to do where there is nothing yet.
const BEGIN: &str =
    "put the first manifest there, let `enact import` do that, or correct `manifests` in enact.yaml";

/// Finds all manifests of a tree, by their path relative to `prefix`.
pub(super) fn list<T: Tree>(
    tree: &T,
    prefix: &str,
    manifests: &[String],
    diagnostics: &mut Vec<Diagnostic>,
) -> BTreeMap<String, T::Id> {
    let wanted = WantedPaths::new(prefix, manifests, diagnostics);
    let mut walk =
        FolderWalk { tree, prefix, names: 0, refused: 0, full: false, found: BTreeMap::new(), diagnostics };
    match tree.root() {
        Ok(root) => walk.folder(&root, &Folder::root(&wanted)),
        Err(diagnostic) => walk.diagnostics.push(diagnostic),
    }
    // If only some files were found, the others would look removed.
    if walk.full { BTreeMap::new() } else { walk.found }
}

/// The entries of `manifests`, part by part.
#[derive(Default)]
struct WantedPaths {
    /// An entry ends here: this very file, or everything in this folder.
    named: bool,
    below: BTreeMap<String, WantedPaths>,
}

impl WantedPaths {
    fn new(prefix: &str, manifests: &[String], diagnostics: &mut Vec<Diagnostic>) -> Self {
        let mut wanted = Self::default();
        for entry in manifests {
            match parts(entry) {
                Ok(parts) => wanted.add(prefix.split('/').filter(|part| !part.is_empty()).chain(parts)),
                Err(diagnostic) => diagnostics.push(diagnostic),
            }
        }
        wanted
    }

    fn add<'a>(&mut self, parts: impl Iterator<Item = &'a str>) {
        let mut at = self;
        for part in parts {
            at = at.below.entry(part.to_owned()).or_default();
        }
        at.named = true;
    }
}

fn parts(entry: &str) -> Result<Vec<&str>, Diagnostic> {
    let refuse = |why: &str| {
        let message = format!("`{}` in `manifests` {why}", inline(entry));
        Err(Diagnostic::new(Code::SourceOutside, message).help("name files and folders inside it"))
    };
    let mut parts = Vec::new();
    for part in Path::new(entry).components() {
        match part {
            Component::CurDir => {}
            Component::Normal(part) => parts.extend(part.to_str()),
            Component::Prefix(_) | Component::RootDir | Component::ParentDir => {
                return refuse("leads out of the folder of enact.yaml");
            }
        }
    }
    let odd = parts.iter().find_map(|part| name::odd(part));
    odd.map_or(Ok(parts), |why| refuse(&why))
}

/// A folder on the way.
struct Folder<'a> {
    path: String,
    depth: usize,
    /// Everything in it is asked for.
    whole: bool,
    /// What is asked for by name.
    wanted: Option<&'a WantedPaths>,
}

impl<'a> Folder<'a> {
    fn root(wanted: &'a WantedPaths) -> Self {
        Self { path: String::new(), depth: 0, whole: wanted.named, wanted: Some(wanted) }
    }

    fn wanted(&self, name: &str) -> Option<&'a WantedPaths> {
        self.wanted.and_then(|wanted| wanted.below.get(name))
    }

    fn below(&self) -> impl Iterator<Item = (&'a String, &'a WantedPaths)> {
        self.wanted.into_iter().flat_map(|wanted| &wanted.below)
    }

    fn join(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}/{name}", self.path) }
    }

    /// Whether everything below a name is asked for because everything here is. Hidden names must be named.
    fn covers(&self, name: &str) -> bool {
        self.whole && !name.starts_with('.')
    }
}

struct FolderWalk<'a, T: Tree> {
    tree: &'a T,
    prefix: &'a str,
    names: usize,
    refused: usize,
    /// There is too much of something; the walk ends.
    full: bool,
    /// By path relative to `prefix`.
    found: BTreeMap<String, T::Id>,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl<T: Tree> FolderWalk<'_, T> {
    fn folder(&mut self, id: &T::Id, folder: &Folder<'_>) {
        if self.full {
            return;
        }
        if folder.depth > MAX_DEPTH {
            return self.refuse(Code::SourceDepth, &folder.path, "is too deep", "nest fewer folders");
        }
        let mut entries = match self.tree.list(id, self.shown(&folder.path)) {
            Ok(entries) => entries,
            Err(diagnostic) => return self.diagnostics.push(diagnostic),
        };
        // Neither a file system nor a hostile tree guarantees an order.
        entries.sort_by(|a, b| (&a.name, a.kind, &a.id).cmp(&(&b.name, b.kind, &b.id)));
        let sound = self.sift(&entries, folder);
        for (name, entry) in &sound {
            self.entry(name, entry, folder);
        }
        // After an early end, a name that was not seen may still exist.
        for (name, _) in folder.below().filter(|(name, _)| !sound.contains_key(name.as_str())) {
            if !self.full {
                self.missing(folder, name, &entries);
            }
        }
    }

    /// The names that are asked for, without the refused ones.
    fn sift<'e>(
        &mut self,
        entries: &'e [Entry<T::Id>],
        folder: &Folder<'_>,
    ) -> BTreeMap<&'e str, &'e Entry<T::Id>> {
        let wanted: BTreeSet<_> = folder.below().map(|(name, _)| name::fold(name)).collect();
        let (mut sound, mut twins) = (BTreeMap::new(), BTreeMap::new());
        for entry in entries {
            if !self.count() {
                break;
            }
            let Ok(name) = std::str::from_utf8(&entry.name) else {
                let name = String::from_utf8_lossy(&entry.name);
                self.refuse_if(folder.whole, folder, &name, "is not UTF-8");
                continue;
            };
            if let Some(why) = name::odd(name) {
                self.refuse_if(folder.whole, folder, name, &why);
                continue;
            }
            let fold = name::fold(name);
            if folder.covers(name) || wanted.contains(&fold) {
                let twin = twins.insert(fold, name);
                let why = if twin == Some(name) { "is in its folder twice" } else { TWIN };
                self.refuse_if(twin.is_some(), folder, name, why);
                sound.entry(name).or_insert(entry);
            }
        }
        sound.retain(|name, _| folder.covers(name) || folder.wanted(name).is_some());
        sound
    }

    fn entry(&mut self, name: &str, entry: &Entry<T::Id>, folder: &Folder<'_>) {
        let path = folder.join(name);
        let wanted = folder.wanted(name);
        let named = wanted.is_some_and(|wanted| wanted.named);
        let whole = named || folder.covers(name);
        match entry.kind {
            EntryKind::Folder => {
                self.folder(&entry.id, &Folder { path, depth: folder.depth + 1, whole, wanted })
            }
            EntryKind::File => {
                for below in wanted.iter().flat_map(|wanted| wanted.below.keys()) {
                    self.refuse(Code::SourceMissing, &format!("{path}/{below}"), "does not exist", CORRECT);
                }
                if named || (whole && is_manifest(name)) {
                    self.add(&path, &entry.id);
                }
            }
            EntryKind::Link => {
                self.refuse(Code::SourceLink, &path, "is a symbolic link", "put the file itself there");
            }
            EntryKind::Submodule => {
                self.refuse(Code::SourceSubmodule, &path, "is a submodule", "keep its manifests here");
            }
            EntryKind::Other => {
                self.refuse(Code::SourceKind, &path, "is neither a file nor a folder", "remove it")
            }
        }
    }

    fn add(&mut self, path: &str, id: &T::Id) {
        self.found.insert(self.shown(path).to_owned(), id.clone());
        if self.found.len() > MAX_FILES {
            self.fill(&format!("`manifests` names more than {MAX_FILES} files"));
        }
    }

    /// Counts a name; false once there are too many of something.
    fn count(&mut self) -> bool {
        self.names += 1;
        if self.names > MAX_NAMES {
            self.fill(&format!("the folders in `manifests` hold more than {MAX_NAMES} names"));
        }
        !self.full
    }

    fn fill(&mut self, message: &str) {
        if !std::mem::replace(&mut self.full, true) {
            self.diagnostics.push(Diagnostic::new(Code::SourceTooMany, message).help(CORRECT));
        }
    }

    fn missing(&mut self, folder: &Folder<'_>, name: &str, entries: &[Entry<T::Id>]) {
        let names = entries.iter().filter_map(|entry| std::str::from_utf8(&entry.name).ok());
        let help = nearest(name, names).map(|near| format!("did you mean `{}`?", inline(near)));
        let help = help.as_deref().unwrap_or(BEGIN);
        self.refuse(Code::SourceMissing, &folder.join(name), "does not exist", help);
    }

    fn refuse_if(&mut self, condition: bool, folder: &Folder<'_>, name: &str, why: &str) {
        if condition {
            self.refuse(Code::SourceName, &folder.join(name), why, "rename it");
        }
    }

    fn refuse(&mut self, code: Code, path: &str, why: &str, help: &str) {
        self.refused += 1;
        if self.refused > MAX_REFUSED {
            return self.fill(&format!("more than {MAX_REFUSED} files and folders cannot be read"));
        }
        let message = format!("`{}` {why}", inline(self.shown(path)));
        self.diagnostics.push(Diagnostic::new(code, message).help(help));
    }

    /// A path as the user knows it: relative to the configuration's folder, if it is below that.
    fn shown<'p>(&self, path: &'p str) -> &'p str {
        let below = match self.prefix {
            "" if path.is_empty() => Some("."),
            "" => Some(path),
            prefix => path.strip_prefix(prefix).and_then(|path| path.strip_prefix('/')),
        };
        below.unwrap_or(path)
    }
}

fn is_manifest(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with(".yaml") || name.ends_with(".yml")
}
