//! History: which commit contains which. What was applied is in `applied`.

use std::collections::{BinaryHeap, HashSet};

use git2::{ObjectType, Oid};

use super::{Commit, DEEPEN, Repository, oid};
use crate::diagnostic::{Code, Diagnostic};

/// How many commits a walk visits at most.
const MAX_COMMITS: usize = 2_000_000;

impl Repository {
    /// Whether `new` contains `old`: is the same commit, or descends from it through any parent. If a shallow clone
    /// lacks the commits that would decide it, this is an `Err`, never `false`.
    pub fn is_ancestor(&self, old: &Commit, new: &Commit) -> Result<bool, Diagnostic> {
        let mut walk = Walk { next: BinaryHeap::new(), seen: HashSet::new(), hidden: false };
        let mut around = vec![new.0];
        loop {
            for id in around {
                if id == old.0 {
                    return Ok(true);
                }
                self.visit(id, &mut walk)?;
            }
            if walk.seen.len() > MAX_COMMITS {
                let message = format!("the history of {new} has more than {MAX_COMMITS} commits");
                return Err(Diagnostic::new(Code::GitHistory, message).help("use `--base`"));
            }
            match walk.next.pop() {
                Some((_, _, parents)) => around = parents,
                None if walk.hidden => return Err(shallow(old, new)),
                None => return Ok(false),
            }
        }
    }

    /// Whether `old` is `new` or one of its ancestors through first parents only: once the tip of the branch that `new` is
    /// the tip of. A commit that was only merged into it never was. An `Err` if a shallow clone lacks what decides it.
    pub fn is_first_parent(&self, old: &Commit, new: &Commit) -> Result<bool, Diagnostic> {
        let mut id = new.0;
        for _ in 0..MAX_COMMITS {
            if id == old.0 {
                return Ok(true);
            }
            if self.is_left_out(id) {
                return Err(shallow(old, new));
            }
            match self.content(id)?.parents.first() {
                Some(parent) => id = *parent,
                None => return Ok(false),
            }
        }
        let message = format!("the history of {new} has more than {MAX_COMMITS} commits");
        Err(Diagnostic::new(Code::GitHistory, message).help("use `--base`"))
    }

    /// The first parent of a commit.
    pub fn first_parent(&self, commit: &Commit) -> Result<Option<Commit>, Diagnostic> {
        Ok(self.content(commit.0)?.parents.first().copied().map(Commit))
    }

    /// The message of a commit.
    pub fn message(&self, commit: &Commit) -> Result<String, Diagnostic> {
        let bytes = self.object(commit.0, ObjectType::Commit)?;
        let text = String::from_utf8_lossy(&bytes);
        Ok(text.split_once("\n\n").map(|(_, message)| message.to_owned()).unwrap_or_default())
    }

    /// The time that the committer of a commit claims, in seconds since 1970.
    pub fn time(&self, commit: &Commit) -> Result<i64, Diagnostic> {
        Ok(self.content(commit.0)?.time)
    }

    /// The commit with this whole id, if it is here.
    pub fn held(&self, hex: &str) -> Option<Commit> {
        let id = oid(hex)?;
        self.content(id).is_ok().then_some(Commit(id))
    }

    fn visit(&self, id: Oid, walk: &mut Walk) -> Result<(), Diagnostic> {
        if !walk.seen.insert(id) {
            return Ok(());
        }
        match self.content(id) {
            Ok(content) => walk.next.push((content.time, id, content.parents)),
            Err(_) if self.is_left_out(id) => walk.hidden = true,
            Err(diagnostic) => return Err(diagnostic),
        }
        Ok(())
    }
}

struct Walk {
    /// Newest first only makes an early end likely: the answer never depends on the time that a commit claims.
    next: BinaryHeap<(i64, Oid, Vec<Oid>)>,
    seen: HashSet<Oid>,
    hidden: bool,
}

fn shallow(old: &Commit, new: &Commit) -> Diagnostic {
    let message = format!("this shallow clone does not show whether {new} contains {old}");
    Diagnostic::new(Code::GitShallow, message).help(DEEPEN)
}
