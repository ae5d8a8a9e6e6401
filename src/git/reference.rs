//! References: where they point, and moving them only from where they are expected.

use git2::{ErrorCode, ReferenceType};

use super::update::{Update, moved};
use super::{Commit, DEEPEN, Repository};
use crate::diagnostic::{Code, Diagnostic};
use crate::text::{inline, short};

impl Repository {
    /// Where a reference points to, whatever that is. `None` only if there is no such reference.
    pub fn target(&self, name: &str) -> Result<Option<Commit>, Diagnostic> {
        let reference = match self.git.find_reference(name) {
            Ok(reference) => reference,
            Err(error) if error.code() == ErrorCode::NotFound => return Ok(None),
            Err(error) => return Err(unusable(name, &format!("cannot be read: {}", error.message()))),
        };
        match reference.target().filter(|_| reference.kind() == Some(ReferenceType::Direct)) {
            Some(id) => Ok(Some(Commit(id))),
            None => Err(unusable(name, "points to another reference")),
        }
    }

    /// The commit that a reference points to. `None` only if there is no such reference.
    pub fn reference(&self, name: &str) -> Result<Option<Commit>, Diagnostic> {
        let Some(Commit(id)) = self.target(name)? else { return Ok(None) };
        match self.content(id) {
            Ok(_) => Ok(Some(Commit(id))),
            Err(_) if self.is_left_out(id) => {
                Err(unusable(name, "points to a commit that this shallow clone left out").help(DEEPEN))
            }
            Err(diagnostic) => Err(unusable(name, &format!("cannot be used: {}", diagnostic.message))),
        }
    }

    /// The names of the references that match a pattern such as `refs/enact/record/*`.
    pub fn references(&self, pattern: &str) -> Vec<String> {
        // Their names only: where each of them points is a file to read.
        let mut names = Vec::new();
        if let Ok(mut found) = self.git.references_glob(pattern) {
            let found = found.names().flatten();
            names.extend(found.map(str::to_owned));
        }
        names.sort_unstable();
        names
    }

    /// Whether a reference can be moved: takes its lock, and releases it.
    pub fn can_move(&self, name: &str) -> Result<(), Diagnostic> {
        let lock = self.git.transaction().and_then(|mut locks| locks.lock_ref(name));
        lock.map_err(|error| unmoved(name, &error))
    }

    /// Moves references, all or none, each only if it still is where it is expected.
    pub fn move_references(&self, updates: &[Update]) -> Result<(), Diagnostic> {
        let mut locks = self.git.transaction().map_err(|error| unmoved("the references", &error))?;
        for Update { name, from, to } in updates {
            let wrong = |error| unmoved(name, &error);
            // A lock or a record is not lost if a program is killed while it holds this one: it is a file.
            locks.lock_ref(name).map_err(wrong)?;
            // The comparison is made while the reference is locked.
            if self.target(name)? != *from {
                return Err(moved(name));
            }
            match to {
                Some(to) => {
                    // By default git keeps a log for branches only, and in a bare repository none.
                    self.git.reference_ensure_log(name).map_err(wrong)?;
                    locks.set_target(name, to.0, None, "enact").map_err(wrong)?;
                }
                None => locks.remove(name).map_err(wrong)?,
            }
        }
        locks.commit().map_err(|error| unmoved("the references", &error))
    }

    /// Moves one reference, if it still is where it is expected, or is there already.
    pub fn move_reference(
        &self,
        name: &str,
        from: Option<&Commit>,
        to: Option<&Commit>,
    ) -> Result<(), Diagnostic> {
        let update = Update { name: name.to_owned(), from: from.copied(), to: to.copied() };
        match self.move_references(&[update]) {
            Err(_) if self.reference(name)?.as_ref() == to => Ok(()),
            moved => moved,
        }
    }
}

fn unusable(name: &str, why: &str) -> Diagnostic {
    Diagnostic::new(Code::GitApplied, format!("`{}` {}", short(name), inline(why)))
        .help(format!("fetch it again, or delete it: `git update-ref -d {}`", short(name)))
}

fn unmoved(name: &str, error: &git2::Error) -> Diagnostic {
    let (why, help) = match error.code() {
        ErrorCode::Modified | ErrorCode::NotFound | ErrorCode::Exists => return moved(name),
        ErrorCode::Locked => (
            "is locked by another process".to_owned(),
            "wait for that process; if there is none, remove the `.lock` file beside the reference",
        ),
        _ => {
            (format!("cannot be moved: {}", error.message()), "make sure that the repository can be written")
        }
    };
    Diagnostic::new(Code::GitApplied, format!("`{}` {why}", short(name))).help(help)
}
