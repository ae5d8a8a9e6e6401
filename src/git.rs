//! The git repository: which commit a name means, its objects, its history, and what was applied. What is read from a
//! commit is in `source`.
//!
//! libgit2 only finds the repository, its objects and its references. Commits are parsed here: libgit2 lets
//! `.git/info/grafts`, `.git/shallow` and a commit-graph file replace what a commit says about its parents, while an
//! object that is read by its id can only be what was committed. libgit2 ignores replace references.
//!
//! Nothing in a repository's configuration can run a program from here: there is no checkout, status, hook or filter.
//! The one exception is the user's own `git`: in `remote` and `follow` for a remote that the configuration names, and in
//! `pack` for the objects of this repository.

mod applied;
mod follow;
mod history;
mod name;
mod pack;
pub mod reference;
pub mod remote;
pub mod signature;
pub mod tree;
pub mod update;
pub mod write;

use std::fmt;
use std::path::{Path, PathBuf};

use git2::{ErrorCode, ObjectType, Oid, RepositoryOpenFlags};

use crate::diagnostic::{Code, Diagnostic};

/// Larger objects are not read. A tree of a million names is smaller.
const MAX_OBJECT: usize = 64 << 20;
/// How to get the history that a shallow clone left out.
const DEEPEN: &str =
    "get the whole history: `git fetch --unshallow`, or `fetch-depth: 0` where the checkout is configured";

/// Repositories that enact cannot read: words in what libgit2 says of them, what they are, and what to do.
const UNREADABLE: [(&[&str], &str, &str); 3] = [
    (
        &["partialclone"],
        "it is a partial clone, so some objects are not here",
        "clone it without `--filter`, so that every object is here",
    ),
    (
        &["objectformat", "object format", "sha256"],
        "its objects have SHA-256 ids, and enact reads only SHA-1",
        "make a repository with `git init --object-format=sha1` for the manifests, or plan without `--rev` and `--base`",
    ),
    (
        &["refstorage", "reftable", "ref storage"],
        "it keeps its references in a reftable, and enact reads only files",
        "run `git refs migrate --ref-format=files` (git 2.46 or later), or clone it with `--ref-format=files`",
    ),
];

/// A git repository, with a working tree or bare.
pub struct Repository {
    git: git2::Repository,
}

/// A commit that is in the repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Commit(Oid);

impl Commit {
    /// The whole id.
    #[must_use]
    pub fn hex(&self) -> String {
        self.0.to_string()
    }
}

/// The first digits, for people.
impl fmt::Display for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.10}", self.hex())
    }
}

impl Repository {
    /// Opens the repository that a folder is in, or that it is. `None` if there is none up to the root of its file
    /// system. `GIT_DIR` and similar variables are ignored: they would move the record of what was applied elsewhere.
    pub fn discover(folder: &Path) -> Result<Option<Self>, Diagnostic> {
        let no_ceiling: [&Path; 0] = [];
        match git2::Repository::open_ext(folder, RepositoryOpenFlags::empty(), no_ceiling) {
            Ok(git) => Ok(Some(Self { git })),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(unopened(folder, &error)),
        }
    }

    /// Another handle of the same repository, for another thread or for reading later.
    pub fn reopened(&self) -> Result<Self, Diagnostic> {
        let path = self.git.path();
        git2::Repository::open(path).map(|git| Self { git }).map_err(|error| unopened(path, &error))
    }

    /// The folder of its objects and references, which all its working trees share.
    pub fn common_folder(&self) -> PathBuf {
        self.git.commondir().to_owned()
    }

    /// Who git says that its user is.
    pub fn user(&self) -> Option<String> {
        let signature = self.git.signature().ok()?;
        Some(format!("{} <{}>", signature.name().ok()?, signature.email().ok()?))
    }

    /// Whether this clone is shallow.
    #[must_use]
    pub fn is_shallow(&self) -> bool {
        self.git.is_shallow()
    }

    /// The path of a folder below the top of the working tree, with `/` between parts; empty at the top itself. `None`
    /// if it is outside, or the repository is bare.
    #[must_use]
    pub fn prefix_of(&self, folder: &Path) -> Option<String> {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let (top, folder) = (self.git.workdir()?.canonicalize().ok()?, folder.canonicalize().ok()?);
        let parts = folder.strip_prefix(top).ok()?.iter().map(|part| part.to_str());
        Some(parts.collect::<Option<Vec<_>>>()?.join("/"))
    }

    /// The tree of a commit.
    pub(crate) fn tree(&self, commit: &Commit) -> Result<Oid, Diagnostic> {
        Ok(self.content(commit.0)?.tree)
    }

    /// The size of an object of a kind, before it is read.
    pub(crate) fn size(&self, id: Oid, kind: ObjectType) -> Result<u64, Diagnostic> {
        let (size, is) =
            self.git.odb().and_then(|odb| odb.read_header(id)).map_err(|error| broken(id, &error))?;
        if is == kind { Ok(size as u64) } else { Err(mistaken(id, is, kind)) }
    }

    /// The bytes of an object of a kind. libgit2 checks them against the id.
    pub(crate) fn object(&self, id: Oid, kind: ObjectType) -> Result<Vec<u8>, Diagnostic> {
        if self.size(id, kind)? > MAX_OBJECT as u64 {
            let message = format!("object {id} is larger than {} MiB", MAX_OBJECT >> 20);
            return Err(Diagnostic::new(Code::GitObject, message).help("commit less in one folder"));
        }
        let odb = self.git.odb().map_err(|error| broken(id, &error))?;
        let object = odb.read(id).map_err(|error| broken(id, &error))?;
        if object.kind() == kind {
            Ok(object.data().to_vec())
        } else {
            Err(mistaken(id, object.kind(), kind))
        }
    }

    /// Keeps a text in the repository, and returns its id; `None` if it is there already, because it was committed or
    /// added. Nothing refers to it, so git forgets it after some weeks.
    pub fn keep(&self, text: &str) -> Result<Option<String>, Diagnostic> {
        let keep = || {
            let id = Oid::hash_object(ObjectType::Blob, text.as_bytes())?;
            if self.holds(id) {
                return Ok(None);
            }
            self.git.blob(text.as_bytes()).map(|id| Some(id.to_string()))
        };
        keep().map_err(|error: git2::Error| {
            let message = format!("git cannot keep a text: {}", error.message());
            Diagnostic::new(Code::GitObject, message).help("`git fsck` shows more")
        })
    }

    /// Whether an object is in the repository.
    fn holds(&self, id: Oid) -> bool {
        self.git.odb().is_ok_and(|odb| odb.exists(id))
    }

    /// Whether a commit is missing because this clone is shallow. Call it only for a missing commit: it reads a file.
    fn is_left_out(&self, id: Oid) -> bool {
        !self.holds(id) && self.is_shallow()
    }

    fn content(&self, id: Oid) -> Result<BlobContent, Diagnostic> {
        let bytes = self.object(id, ObjectType::Commit)?;
        BlobContent::new(&bytes).ok_or_else(|| {
            Diagnostic::new(Code::GitObject, format!("object {id} is not a commit that can be read"))
                .help("`git fsck` shows more")
        })
    }
}

/// What a commit says.
struct BlobContent {
    tree: Oid,
    parents: Vec<Oid>,
    /// The time that its committer claims. Never a proof of order.
    time: i64,
}

impl BlobContent {
    fn new(bytes: &[u8]) -> Option<Self> {
        let mut lines =
            bytes.split(|byte| *byte == b'\n').map(|line| std::str::from_utf8(line).unwrap_or_default());
        let tree = oid(lines.next()?.strip_prefix("tree ")?)?;
        let mut parents = Vec::new();
        let mut line = lines.next()?;
        while let Some(parent) = line.strip_prefix("parent ") {
            parents.push(oid(parent)?);
            line = lines.next()?;
        }
        // A name in it need not be UTF-8, so the line may be lost; then the commit only counts as old.
        let committer =
            lines.next().and_then(|line| line.rsplit(' ').nth(1)).and_then(|time| time.parse().ok());
        Some(Self { tree, parents, time: committer.unwrap_or_default() })
    }
}

/// Parses a whole id. [`Oid::from_str`] also takes the beginning of one.
fn oid(hex: &str) -> Option<Oid> {
    Oid::from_str(hex).ok().filter(|_| hex.len() == 40)
}

fn unopened(folder: &Path, error: &git2::Error) -> Diagnostic {
    let folder = folder.display();
    if error.code() == ErrorCode::Owner {
        return Diagnostic::new(
            Code::GitOwner,
            format!("the repository of `{folder}` belongs to another user"),
        )
        .help(
            "if you trust it: `git config --global --add safe.directory` with the folder of the repository",
        );
    }
    let reason = error.message().to_lowercase();
    let known = UNREADABLE.iter().find(|(words, _, _)| words.iter().any(|word| reason.contains(word)));
    let (why, help) = match known {
        Some((_, why, help)) => (*why, *help),
        None => (error.message(), "`git status` in that folder shows more"),
    };
    let message = format!("the repository of `{folder}` cannot be opened: {why}");
    Diagnostic::new(Code::GitRepository, message).help(help)
}

fn broken(id: Oid, error: &git2::Error) -> Diagnostic {
    if error.code() == ErrorCode::NotFound {
        return Diagnostic::new(Code::GitObject, format!("object {id} is missing from the repository"))
            .help("fetch all objects: `git fetch --refetch` without `--filter`, or clone again");
    }
    Diagnostic::new(Code::GitObject, format!("object {id} is damaged: {}", error.message()))
        .help("clone again; `git fsck` shows more")
}

fn mistaken(id: Oid, is: ObjectType, expected: ObjectType) -> Diagnostic {
    Diagnostic::new(Code::GitObject, format!("object {id} is a {is} where a {expected} is expected"))
        .help("`git fsck` shows more")
}
