//! What is not written although it differs: because it is held, or because enact only observes it. What a manifest says
//! of that is read in `lifecycle`.

use std::collections::BTreeMap;

use super::{Planner, Verdict, diagnostics, lifecycle};
use crate::diagnostic::Diagnostic;
use crate::manifest::Hold;
use crate::model::change::Action;
use crate::model::kind::{Kind, Named};
use crate::model::plan::{Held, OnlyObserved};
use crate::model::request::Id;
use crate::model::resource::ResourceId;
use crate::model::state::{Declared, LiveObject};

impl Planner<'_> {
    /// An object that nothing is written to for now, with what would be.
    pub(super) fn held(
        &self,
        kind: &Kind,
        declared: &Declared,
        live: Option<&LiveObject>,
        hold: &Hold,
    ) -> Verdict {
        let is_done = live.is_none() && declared.absent();
        let change = if is_done { None } else { self.comparison.difference(kind, declared, live) };
        let (id, Hold { until, reason }) = (declared.id.clone(), hold.clone());
        Verdict::Held(Box::new(Held { id, until, reason, change }))
    }

    pub(super) fn only_observes(&self, declared: &Declared, live: Option<&LiveObject>) -> bool {
        lifecycle::only_observes(declared, Action::of(declared.absent(), live.is_some()))
    }

    /// An object that is left to others, with how it differs.
    pub(super) fn observed(&self, kind: &Kind, declared: &Declared, live: Option<&LiveObject>) -> Verdict {
        let lifecycle = declared.manifest.lifecycle;
        match self.comparison.difference(kind, declared, live) {
            Some(change) => Verdict::Observed(Box::new(OnlyObserved { lifecycle, change })),
            None => Verdict::Unchanged,
        }
    }

    /// Names, in what is to be written, of objects that do not exist yet and are not created.
    pub(super) fn kept_from_existing(&self, kind: &Kind, declared: &Declared) -> Vec<Diagnostic> {
        let withheld = |Named { at, kind, name }: Named<'_>| {
            let Ok(Id::Later(symbol)) = self.comparison.names.id(kind, &name) else { return None };
            let named = self.input.desired.get(&symbol.resource)?;
            let hold = lifecycle::hold(named, self.input.options.day);
            let is_kept = hold.is_some() || lifecycle::only_observes(named, Action::Create);
            let diagnostic = is_kept.then(|| diagnostics::withheld(named, hold))?;
            Some(diagnostic.at(declared.place_at(&at)).about(&declared.id))
        };
        declared.named(kind).into_iter().filter_map(withheld).collect()
    }

    /// Deletes of objects that others name on the target, whose changes are not written: they would lead nowhere.
    pub(super) fn still_named(&self) -> Vec<Diagnostic> {
        let held = self.plan.held.iter().filter_map(|held| held.change.as_ref());
        let withheld = held.chain(self.plan.observed.iter().map(|observed| &observed.change));
        let deletes = self.plan.changes.iter().filter(|change| change.action == Action::Delete);
        let deletes: BTreeMap<_, _> = deletes.map(|change| (&change.id, change)).collect();
        let mut found = Vec::new();
        for change in withheld.filter(|_| !deletes.is_empty()) {
            let (Some(kind), Some(live)) = (self.input.system.kind(&change.id.kind), &change.seen) else {
                continue;
            };
            for Named { kind, name, .. } in kind.named_in(&live.name, &change.observed) {
                let id = ResourceId::new(self.input.target, kind, name);
                let gone = deletes.get(&id).and_then(|delete| self.input.desired.get(&delete.id));
                found.extend(gone.map(|gone| diagnostics::still_named(gone, &change.id)));
            }
        }
        found
    }
}
