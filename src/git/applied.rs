//! `refs/enact/applied/<target>`: the commit that a target was last brought to. It was the whole memory of an older enact,
//! and is kept in step with the record.

use super::{Commit, Repository};
use crate::diagnostic::{Code, Diagnostic};
use crate::text::short;

impl Repository {
    /// The commit that an older enact last applied to a target. `None` only if none was ever recorded here.
    pub fn applied(&self, target: &str) -> Result<Option<Commit>, Diagnostic> {
        self.reference(&reference(target)?)
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
        self.move_reference(&name, from, Some(to))
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
