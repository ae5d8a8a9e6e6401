//! What is live and git does not declare: of the kinds that were listed completely, so that it costs no request.
//!
//! A live object counts as declared if any declaration could mean it, by a name of now or before, for this target or
//! for another one of the same API: nobody is to hear that an object is unknown because a pattern in enact.yaml is wrong. What git gave up is known by the id
//! that was recorded, where there is one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::model::kind::Kind;
use crate::model::resource::{RemoteId, ResourceId};
use crate::model::state::{Declared, Index, LiveObject};
use crate::model::unmanaged::{Counted, Coverage, Unmanaged, UnmanagedMode};
use crate::plan::compare::Comparison;
use crate::plan::input::PlanInput;

/// Counts what is live, for a plan that has looked at everything that git declares.
pub(super) fn coverage(input: &PlanInput<'_>, index: &Index<'_>, comparison: &Comparison<'_>) -> Coverage {
    match input.unmanaged.mode {
        UnmanagedMode::Ignore => Coverage::Ignored,
        // Most of what git declares is not desired then.
        _ if input.options.undoes => Coverage::Ignored,
        _ if input.options.only_declared => Coverage::OnlyDeclared,
        UnmanagedMode::Report | UnmanagedMode::Refuse => {
            Coverage::Counted(Census { input, index, comparison, counted: Counted::default() }.run())
        }
    }
}

struct Census<'a> {
    input: &'a PlanInput<'a>,
    index: &'a Index<'a>,
    comparison: &'a Comparison<'a>,
    counted: Counted,
}

/// How a live object stands to git.
enum Standing {
    Managed,
    GivenUp,
    System,
    Excepted,
    Unmanaged,
}

impl Census<'_> {
    fn run(mut self) -> Counted {
        for kind in self.input.system.kinds() {
            let listing = self.input.observed.kinds.get(&kind.name);
            if !kind.listed || !matches!(listing, Some(Ok(_))) {
                self.counted.not_counted.push(kind.name.clone());
                continue;
            }
            self.counted.kinds.push(kind.name.clone());
            let git = Git::of(self.input, self.index, kind);
            for found in self.input.observed.found(&kind.name) {
                match self.standing(kind, &git, found) {
                    Standing::Managed => self.counted.managed += 1,
                    Standing::GivenUp => self.counted.given_up += 1,
                    Standing::System => self.counted.system += 1,
                    Standing::Excepted => self.counted.excepted += 1,
                    Standing::Unmanaged => self.counted.unmanaged.push(self.unmanaged(kind, found)),
                }
            }
            self.unreachable(kind, &git);
        }
        self.counted.unmanaged.sort_by(|a, b| (&a.id, &a.remote).cmp(&(&b.id, &b.remote)));
        self.counted
    }

    fn standing(&self, kind: &Kind, git: &Git<'_>, found: &LiveObject) -> Standing {
        if found.system {
            Standing::System
        } else if git.declares(kind, found) {
            Standing::Managed
        } else if git.declared(kind, found) {
            Standing::GivenUp
        } else if self.input.unmanaged.except.matches(&kind.name, &found.name) {
            Standing::Excepted
        } else {
            Standing::Unmanaged
        }
    }

    fn unmanaged(&self, kind: &Kind, found: &LiveObject) -> Unmanaged {
        let seen = self.input.last_seen.and_then(|seen| seen.get(&kind.name));
        Unmanaged {
            id: ResourceId::new(self.input.target, &kind.name, &found.name),
            remote: Some(found.remote.clone()),
            new: seen.map(|seen| !seen.contains(&found.remote)),
            content: self.content(kind, found),
        }
    }

    /// What an object holds, if somebody asked for it and it could be read.
    fn content(&self, kind: &Kind, found: &LiveObject) -> Option<Value> {
        let is_unread = self.input.observed.unread.contains_key(&(kind.name.clone(), found.remote.clone()));
        (self.input.options.unmanaged_content && !is_unread).then(|| self.comparison.content(kind, found))
    }

    /// An object without a usable id is alive, too. One that looks like a declared one has its own error.
    fn unreachable(&mut self, kind: &Kind, git: &Git<'_>) {
        let unreachable = self.input.observed.unreachable(&kind.name);
        if unreachable.is_empty() {
            return;
        }
        let names = git.now.iter().chain(&git.before);
        let looks: BTreeSet<_> = names.map(|name| kind.look(name)).collect();
        for found in unreachable {
            if looks.contains(&kind.look(&found.name)) {
                continue;
            }
            if self.input.unmanaged.except.matches(&kind.name, &found.name) {
                self.counted.excepted += 1;
                continue;
            }
            let id = ResourceId::new(self.input.target, &kind.name, &found.name);
            self.counted.unmanaged.push(Unmanaged { id, remote: None, new: None, content: None });
        }
    }
}

/// What git says of the objects of a kind, in any way.
struct Git<'a> {
    /// The names that it declares now, folded.
    now: BTreeSet<String>,
    /// The objects that it means now, whatever their names.
    meant: BTreeSet<&'a RemoteId>,
    /// The names that it only declared before, folded, of objects whose ids nobody recorded.
    before: BTreeSet<String>,
    /// The objects that it only declared before. Another one that has the name of such an object by now is none of them.
    recorded: BTreeSet<&'a RemoteId>,
}

impl<'a> Git<'a> {
    fn of(input: &PlanInput<'a>, index: &Index<'a>, kind: &Kind) -> Self {
        let is_of_kind = |declared: &&'a Declared| declared.id.kind == kind.name;
        let (orphans, declared): (Vec<_>, Vec<_>) =
            input.desired.values().filter(is_of_kind).partition(|declared| declared.orphan);
        let siblings = input.counts.siblings.get(&kind.name).into_iter().flatten().map(String::as_str);
        let given_up = input.given_up.iter().map(|given_up| &given_up.declared);
        let before = input.base.into_iter().flat_map(BTreeMap::values).chain(given_up).filter(is_of_kind);
        let (recorded, named): (Vec<_>, Vec<_>) =
            before.chain(orphans).partition(|declared| declared.recorded_id().is_some());
        let fold = |name: &str| kind.folded(name);
        Self {
            now: declared.iter().flat_map(|declared| declared.names()).chain(siblings).map(fold).collect(),
            meant: declared
                .iter()
                .flat_map(|declared| index.meant(kind, declared))
                .map(|found| &found.remote)
                .collect(),
            before: named.into_iter().flat_map(|declared| declared.names()).map(fold).collect(),
            recorded: recorded.into_iter().filter_map(Declared::recorded_id).collect(),
        }
    }

    fn declares(&self, kind: &Kind, found: &LiveObject) -> bool {
        self.now.contains(&kind.folded(&found.name)) || self.meant.contains(&found.remote)
    }

    fn declared(&self, kind: &Kind, found: &LiveObject) -> bool {
        self.before.contains(&kind.folded(&found.name)) || self.recorded.contains(&found.remote)
    }
}
