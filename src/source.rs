//! Manifests as files: which there are, and their text, from the working tree or from a git revision.
//!
//! One walk serves both, so that a file counts in one exactly if it counts in the other. Only how a folder is listed
//! and a file is read differs, behind [`Tree`].

mod name;
mod revision;
mod walk;
mod working_tree;

use crate::diagnostic::Diagnostic;
use crate::manifest::Files;
use crate::text::inline;

pub use revision::{revision, uncommitted};
pub use working_tree::working_tree;

/// Files larger than this are no manifests.
const MAX_FILE: u64 = 1 << 20;
/// More text than this is not read: in git a thousand names of one blob take no space, in memory they do.
const MAX_TEXT: u64 = 256 << 20;

/// Where files are: the working tree or a revision. `path` is only for diagnostics.
trait Tree {
    /// How a file or a folder is found again.
    type Id: Clone + Ord;

    /// The top folder.
    fn root(&self) -> Result<Self::Id, Diagnostic>;

    /// Everything in a folder, hidden or not, in any order.
    fn list(&self, folder: &Self::Id, path: &str) -> Result<Vec<Entry<Self::Id>>, Diagnostic>;

    /// The size of a file, before it is read.
    fn size(&self, file: &Self::Id, path: &str) -> Result<u64, Diagnostic>;

    /// The bytes of a file.
    fn read(&self, file: &Self::Id, path: &str) -> Result<Vec<u8>, Diagnostic>;
}

/// A name in a folder.
struct Entry<Id> {
    name: Vec<u8>,
    kind: Kind,
    id: Id,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Folder,
    File,
    Link,
    Submodule,
    Other,
}

/// Reads all manifests of a tree. `prefix` is the configuration's folder in it.
fn read<T: Tree>(tree: &T, prefix: &str, manifests: &[String], diagnostics: &mut Vec<Diagnostic>) -> Files {
    let (mut files, mut left) = (Files::new(), MAX_TEXT);
    for (path, id) in walk::list(tree, prefix, manifests, diagnostics) {
        match read_file(tree, &id, &path, &mut left) {
            Ok(text) => drop(files.insert(path, text)),
            Err(diagnostic) => diagnostics.push(diagnostic),
        }
        if left == 0 {
            break;
        }
    }
    files
}

/// `left` is how much text may still be read, and 0 once that was too little.
fn read_file<T: Tree>(tree: &T, id: &T::Id, path: &str, left: &mut u64) -> Result<String, Diagnostic> {
    let size = tree.size(id, path)?;
    if size > MAX_FILE {
        return Err(too_large(path));
    }
    *left = left.saturating_sub(size);
    if *left == 0 {
        let message = format!("the manifests hold more than {} MiB", MAX_TEXT >> 20);
        return Err(Diagnostic::error("source/too-large", message).help("correct `manifests` in enact.yaml"));
    }
    let bytes = tree.read(id, path)?;
    // A file can grow after its size was asked for.
    if bytes.len() as u64 > MAX_FILE {
        return Err(too_large(path));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let message = format!("`{}` is not UTF-8 at byte {at}", inline(path));
        Diagnostic::error("source/encoding", message).help("save it as UTF-8")
    })
}

fn too_large(path: &str) -> Diagnostic {
    let message = format!("`{}` is larger than 1 MiB", inline(path));
    Diagnostic::error("source/too-large", message).help("split it into several files")
}
