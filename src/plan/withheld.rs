//! What is not written although it differs: because it is held, or because enact only observes it. What a manifest says
//! of that is read in `lifecycle`.

use super::{Planner, Verdict, diagnostics, lifecycle};
use crate::diagnostic::Diagnostic;
use crate::manifest::Hold;
use crate::model::change::Action;
use crate::model::kind::{Kind, Named};
use crate::model::plan::{Held, OnlyObserved};
use crate::model::request::Id;
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
}
