//! Reads the files of a tree, within bounds. Which files they are is in `walk`.

use std::collections::BTreeMap;
use std::sync::Arc;

use git2::Oid;

use super::tree::{MAX_FILE, Tree};
use super::walk;
use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::Files;
use crate::text::inline;

/// The text that a run has read, over all its revisions, and how much more it may read. In git a thousand names of one
/// blob take no space; here neither: a blob is read, kept and counted once.
#[derive(Debug)]
pub struct Texts {
    most: u64,
    left: u64,
    blobs: BTreeMap<Oid, Arc<str>>,
    /// What an editor holds of the working tree and has not written, by path relative to the configuration's folder.
    pub(super) unsaved: Arc<Files>,
}

impl Texts {
    /// Nothing read yet, and at most this many MiB to read.
    #[must_use]
    pub fn within(mib: u64) -> Self {
        Self { most: mib, left: mib.saturating_mul(1 << 20), blobs: BTreeMap::new(), unsaved: Arc::default() }
    }

    /// In the working tree, these texts are there instead of the files of their paths.
    #[must_use]
    pub fn with_unsaved(self, unsaved: &Arc<Files>) -> Self {
        Self { unsaved: unsaved.clone(), ..self }
    }

    /// Notes that a blob holds this text, so that it need not be read.
    pub(super) fn note(&mut self, blob: Oid, text: &Arc<str>) {
        self.blobs.entry(blob).or_insert_with(|| text.clone());
    }

    fn read<T: Tree>(&mut self, tree: &T, id: &T::Id, path: &str) -> Result<Arc<str>, Diagnostic> {
        let blob = tree.blob(id);
        if let Some(text) = blob.and_then(|blob| self.blobs.get(&blob)) {
            return Ok(text.clone());
        }
        let text: Arc<str> = self.read_file(tree, id, path)?.into();
        self.blobs.extend(blob.map(|blob| (blob, text.clone())));
        Ok(text)
    }

    fn read_file<T: Tree>(&mut self, tree: &T, id: &T::Id, path: &str) -> Result<String, Diagnostic> {
        let size = tree.size(id, path)?;
        if size > MAX_FILE {
            return Err(too_large(path));
        }
        self.left = self.left.checked_sub(size).ok_or_else(|| self.spent())?;
        String::from_utf8(tree.read(id, path)?).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            let message = format!("`{}` is not UTF-8 at byte {at}", inline(path));
            Diagnostic::new(Code::SourceEncoding, message).help("save it as UTF-8")
        })
    }

    fn spent(&self) -> Diagnostic {
        let message = format!("the manifests hold more than {} MiB of text", self.most);
        Diagnostic::new(Code::LimitText, message)
            .help("correct `manifests` in enact.yaml, or raise `limits.text_mib` there")
    }
}

/// Reads all manifests of a tree. `prefix` is the configuration's folder in it.
pub(super) fn read<T: Tree>(
    tree: &T,
    prefix: &str,
    manifests: &[String],
    texts: &mut Texts,
    diagnostics: &mut Vec<Diagnostic>,
) -> Files {
    let mut files = Files::new();
    for (path, id) in walk::list(tree, prefix, manifests, diagnostics) {
        match texts.read(tree, &id, &path) {
            Ok(text) => drop(files.insert(path, text)),
            Err(diagnostic) => {
                let is_last = diagnostic.code == Code::LimitText;
                diagnostics.push(diagnostic);
                if is_last {
                    break;
                }
            }
        }
    }
    files
}

fn too_large(path: &str) -> Diagnostic {
    let message = format!("`{}` is larger than 1 MiB", inline(path));
    Diagnostic::new(Code::SourceTooLarge, message).help("split it into several files")
}
