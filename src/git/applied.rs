//! `refs/enact/applied/<target>`: the commit that a target was last brought to. It is the whole memory of enact.
//! Sending it to a remote is in `push`.

use git2::{ErrorCode, Oid, ReferenceType};

use super::{Commit, DEEPEN, Repository};
use crate::diagnostic::{Code, Diagnostic};
use crate::text::{inline, short};

impl Repository {
    /// The commit that was last applied to a target. `None` only if none was ever recorded here.
    pub fn applied(&self, target: &str) -> Result<Option<Commit>, Diagnostic> {
        let name = reference(target)?;
        let reference = match self.git.find_reference(&name) {
            Ok(reference) => reference,
            Err(error) if error.code() == ErrorCode::NotFound => return Ok(None),
            Err(error) => return Err(unusable(&name, &format!("cannot be read: {}", error.message()))),
        };
        let Some(id) = reference.target().filter(|_| reference.kind() == Some(ReferenceType::Direct)) else {
            return Err(unusable(&name, "points to another reference"));
        };
        match self.content(id) {
            Ok(_) => Ok(Some(Commit(id))),
            Err(_) if self.is_left_out(id) => {
                Err(unusable(&name, "points to a commit that this shallow clone left out").help(DEEPEN))
            }
            Err(diagnostic) => Err(unusable(&name, &format!("cannot be used: {}", diagnostic.message))),
        }
    }

    /// Whether the record of a target can be moved: takes its lock, and releases it.
    pub fn can_set_applied(&self, target: &str) -> Result<(), Diagnostic> {
        let name = reference(target)?;
        let lock = self.git.transaction().and_then(|mut locks| locks.lock_ref(&name));
        lock.map_err(|error| unmoved(&name, &error))
    }

    /// Records that a target was brought to `to`. `from` is what [`applied`](Self::applied) returned when the run
    /// began: if it has changed since, another run was faster, and nothing is moved. Only forward, unless `rollback`.
    pub fn set_applied(
        &self,
        target: &str,
        from: Option<&Commit>,
        to: &Commit,
        rollback: bool,
    ) -> Result<(), Diagnostic> {
        let name = reference(target)?;
        self.content(to.0)?;
        if let Some(from) = from.filter(|_| !rollback) {
            self.check_forward(&name, from, to)?;
        }
        // By default git keeps a log for branches only, and in a bare repository none.
        self.git.reference_ensure_log(&name).map_err(|error| unmoved(&name, &error))?;
        // The comparison is made while the reference is locked. Zero means a reference that does not exist yet.
        let old = from.map_or(Oid::ZERO_SHA1, |commit| commit.0);
        match self.git.reference_matching(&name, to.0, true, old, "enact: applied") {
            Ok(_) => Ok(()),
            // Another run has recorded the same.
            Err(_) if self.applied(target)? == Some(*to) => Ok(()),
            Err(error) => Err(unmoved(&name, &error)),
        }
    }

    fn check_forward(&self, name: &str, from: &Commit, to: &Commit) -> Result<(), Diagnostic> {
        // Incomplete history cannot justify moving a record.
        if self.is_ancestor(from, to).map_err(Diagnostic::refused)? {
            return Ok(());
        }
        let message = format!("`{name}` would move from {from} to {to}, which does not contain it");
        Err(Diagnostic::new(Code::GitAppliedBackwards, message)
            .help("apply a newer commit, or say that this is a rollback"))
    }
}

/// The reference of a target.
pub(super) fn reference(target: &str) -> Result<String, Diagnostic> {
    let name = format!("refs/enact/applied/{target}");
    let fits = target.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if fits && git2::Reference::is_valid_name(&name) {
        return Ok(name);
    }
    let message = format!("`{}` cannot be the name of a target in git", short(target));
    Err(Diagnostic::new(Code::GitApplied, message).help("use lower-case letters, digits, `-` and `_`"))
}

fn unusable(name: &str, why: &str) -> Diagnostic {
    Diagnostic::new(Code::GitApplied, format!("`{name}` {}", inline(why)))
        .help(format!("fetch it again, or delete it: `git update-ref -d {name}`"))
}

fn unmoved(name: &str, error: &git2::Error) -> Diagnostic {
    let (code, why, help) = match error.code() {
        ErrorCode::Modified | ErrorCode::NotFound => (
            Code::GitAppliedMoved,
            "was moved by another run meanwhile".to_owned(),
            "plan again: the other run has applied another commit",
        ),
        ErrorCode::Locked => (
            Code::GitApplied,
            "is locked by another process".to_owned(),
            "wait for that process; if there is none, remove the `.lock` file beside the reference",
        ),
        _ => (
            Code::GitApplied,
            format!("cannot be moved: {}", error.message()),
            "make sure that the repository can be written",
        ),
    };
    Diagnostic::new(code, format!("`{name}` {why}")).help(help)
}
