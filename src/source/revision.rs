//! A revision: blobs from git's object database. No checkout, no filter, no attribute, nothing from the working tree.

use std::collections::BTreeSet;

use git2::{ObjectType, Oid};

use super::objects::Revision;
use super::read::{Texts, read};
use super::walk;
use crate::diagnostic::{Code, Diagnostic};
use crate::git::{Commit, Repository};
use crate::manifest::Files;

/// Reads the manifests of a commit. `prefix` is the folder of enact.yaml in the repository, empty at its top. Every
/// diagnostic names the commit. What cannot be read is an error, so that nothing looks as if it had been removed.
pub fn revision(
    repository: &Repository,
    commit: &Commit,
    prefix: &str,
    manifests: &[String],
    texts: &mut Texts,
    diagnostics: &mut Vec<Diagnostic>,
) -> Files {
    let mut own = Vec::new();
    let files = read(&Revision { repository, commit }, prefix, manifests, texts, &mut own);
    diagnostics.extend(own.into_iter().map(|diagnostic| about(commit, diagnostic)));
    files
}

/// The manifests of the working tree, and the trusted files, that differ from the commit; in order.
///
/// `trusted` is enact.yaml and what it names, `working` what [`working_tree`](super::working_tree) read. What is as in the
/// commit need not be read from there: `texts` knows it. This compares
/// the very text that would be applied, so no ignore rule, no flag in the index and no sparse checkout hides a
/// difference, as they do from `git status`.
pub fn uncommitted(
    repository: &Repository,
    commit: &Commit,
    prefix: &str,
    manifests: &[String],
    trusted: &Files,
    working: &Files,
    texts: &mut Texts,
) -> Result<Vec<String>, Vec<Diagnostic>> {
    let (tree, mut diagnostics) = (Revision { repository, commit }, Vec::new());
    let mut committed = walk::list(&tree, prefix, manifests, &mut diagnostics);
    // Apart, so that the trusted files do not count as manifests.
    let trusted_names: Vec<_> = trusted.keys().cloned().collect();
    committed.extend(walk::list(&tree, prefix, &trusted_names, &mut diagnostics));
    // A folder that the commit does not hold yet is a difference, not a mistake in the commit.
    diagnostics.retain(|diagnostic| diagnostic.code != Code::SourceMissing);
    if !diagnostics.is_empty() {
        return Err(diagnostics.into_iter().map(|diagnostic| about(commit, diagnostic)).collect());
    }
    let names: BTreeSet<_> = working.keys().chain(trusted.keys()).collect();
    let removed = committed.keys().filter(|path| !names.contains(path));
    let mut differing: BTreeSet<_> = removed.cloned().collect();
    for (path, text) in working.iter().chain(trusted) {
        match committed.get(path).filter(|id| is_text(**id, text)) {
            // Line ends that a checkout changed are not in the blob.
            Some(id) if !text.contains("\r\n") => texts.note(*id, text),
            Some(_) => {}
            None => drop(differing.insert(path.clone())),
        }
    }
    Ok(differing.into_iter().collect())
}

/// Whether a blob is a text of the working tree, apart from line ends that a checkout may have changed.
fn is_text(id: Oid, text: &str) -> bool {
    let is = |text: &str| Oid::hash_object(ObjectType::Blob, text.as_bytes()).is_ok_and(|hash| hash == id);
    is(text) || (text.contains("\r\n") && is(&text.replace("\r\n", "\n")))
}

fn about(commit: &Commit, diagnostic: Diagnostic) -> Diagnostic {
    diagnostic.about(format_args!("commit {commit}"))
}
