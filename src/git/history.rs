//! History: who comes before whom.

use std::collections::{BinaryHeap, HashSet};

use git2::Oid;

use super::{Commit, DEEPEN, Repository};
use crate::diagnostic::{Code, Diagnostic};

/// How far a walk goes, in commits.
const MAX_COMMITS: usize = 2_000_000;

impl Repository {
    /// Whether `new` contains `old`: is the same commit, or was made after it along any parent. A shallow clone that
    /// left out the part that would tell is an `Err`, never a `false`.
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
    /// Newest first only makes it likely to be done early: the answer never hangs on what a commit says of its time.
    next: BinaryHeap<(i64, Oid, Vec<Oid>)>,
    seen: HashSet<Oid>,
    hidden: bool,
}

fn shallow(old: &Commit, new: &Commit) -> Diagnostic {
    let message = format!("this shallow clone does not tell whether {new} contains {old}");
    Diagnostic::new(Code::GitShallow, message).help(DEEPEN)
}
