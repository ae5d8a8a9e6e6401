//! Why one object is planned as it is: each side that a plan looks at, and what follows; as data, and as a page.

use super::content::{WhyBase, WhyChange, WhyContent, WhyDeclared, WhyRequest, WhySaid};
use super::labels;
use super::line::{Layout, LineMark, lines};
use super::value::quoted;
use crate::diagnostic::{Diagnostic, Place};
use crate::model::change::Change;
use crate::model::plan::TargetPlan;
use crate::model::request::Request;
use crate::model::resource::{RemoteId, ResourceId};
use crate::model::state::{Declared, Desired};
use crate::text::inline;
use crate::words::count;

/// What a plan says of an object with which there is nothing to do.
pub(super) const NOTHING: &str = "nothing is to be done";
/// What is said of an object of which nothing is known.
pub(super) const UNKNOWN: &str = "not known: something could not be read";

/// The width of the first column.
const COLUMN: usize = 10;
/// Up to this width, before and after share a line.
const WIDTH: usize = 80;

/// What is known of one object.
pub struct Why<'a> {
    /// Which object.
    pub id: &'a ResourceId,
    /// What git declares for its target.
    pub desired: &'a Desired,
    /// What git declared when the target was last applied, and at which commit; `None` if nothing is remembered.
    pub base: Option<(&'a Desired, String)>,
    /// The plan of its target.
    pub plan: &'a TargetPlan,
}

impl Why<'_> {
    /// Whether anybody knows an object of this name.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.desired.contains_key(self.id)
            || self.base.as_ref().is_some_and(|(base, _)| base.contains_key(self.id))
            || self.reason().is_some()
    }

    /// All of it.
    #[must_use]
    pub fn content(&self) -> WhyContent {
        let (change, kept) = self.change().unzip();
        WhyContent {
            id: self.id.clone(),
            declared: self.declaration().map(|declared| {
                let Place { file, line, column, .. } = declared.name_place();
                WhyDeclared { file, line, column, absent: declared.absent() }
            }),
            base: self
                .base
                .as_ref()
                .map(|(base, commit)| WhyBase { commit: commit.clone(), said: self.said(base) }),
            live: self.remote().map(|remote| remote.as_str().to_owned()),
            change: change.map(|change| self.planned_change(change)),
            reason: kept.flatten().or_else(|| self.reason()),
            page: self.page(),
        }
    }

    fn planned_change(&self, change: &Change) -> WhyChange {
        let request = |request: &Request| WhyRequest {
            method: request.method.as_str().to_owned(),
            path: request.path.to_string(),
        };
        WhyChange {
            action: change.action,
            cause: change.cause,
            fields: change.fields.clone(),
            turn: self.turn(),
            turns: self.plan.changes.len(),
            requests: change.requests.iter().map(request).collect(),
        }
    }

    /// Its turn among the changes that are written, from 1.
    fn turn(&self) -> Option<usize> {
        self.plan.changes.iter().position(|planned| planned.id == *self.id).map(|index| index + 1)
    }

    /// The page.
    fn page(&self) -> String {
        let ResourceId { target, kind, name } = self.id;
        let mut page = format!("{} {} {}\n\n", inline(target), inline(kind), quoted(name));
        let rows = [("declared", self.declared()), ("base", self.base()), ("live", self.live())];
        for (label, says) in rows {
            row(&mut page, label, &says);
        }
        match self.change() {
            Some((change, why)) => self.planned(&mut page, change, why),
            None => row(&mut page, "plan", &self.reason().unwrap_or_else(|| NOTHING.to_owned())),
        }
        page
    }

    fn declared(&self) -> String {
        match self.declaration() {
            Some(declared) => {
                let Place { file, line, column, .. } = declared.name_place();
                let absent = if declared.absent() { ", as absent" } else { "" };
                format!("{}:{line}:{column}{absent}", inline(&file))
            }
            None if self.desired.contains_key(self.id) => "no longer, and it is pruned".to_owned(),
            None => "nowhere".to_owned(),
        }
    }

    /// What git declares now: not what it gave up.
    fn declaration(&self) -> Option<&Declared> {
        self.desired.get(self.id).filter(|declared| !declared.orphan)
    }

    fn base(&self) -> String {
        let Some((base, commit)) = &self.base else {
            return "nothing is remembered of this target".to_owned();
        };
        match self.said(base) {
            WhySaid::Same => format!("{commit:.10} declared the same"),
            WhySaid::Different => format!("{commit:.10} declared something else"),
            WhySaid::Nothing => format!("{commit:.10} did not declare it"),
        }
    }

    fn said(&self, base: &Desired) -> WhySaid {
        let Some(then) = base.get(self.id) else { return WhySaid::Nothing };
        match self.desired.get(self.id).is_some_and(|now| now.differs(Some(then))) {
            true => WhySaid::Different,
            false => WhySaid::Same,
        }
    }

    /// The id of the live object.
    fn remote(&self) -> Option<&RemoteId> {
        let seen = self.change().and_then(|(change, _)| Some(&change.seen.as_ref()?.remote));
        let survivor = self.plan.survivors.iter().find(|survivor| survivor.id == *self.id);
        seen.or_else(|| self.plan.live.get(self.id)).or_else(|| Some(&survivor?.remote))
    }

    fn live(&self) -> String {
        match self.remote() {
            Some(remote) => format!("it is there, with the id {}", inline(remote.as_str())),
            None if self.is_unknown() => UNKNOWN.to_owned(),
            None => "it is not there".to_owned(),
        }
    }

    /// Whether the target could not be read, and so nothing is known of the object.
    fn is_unknown(&self) -> bool {
        self.remote().is_none() && self.plan.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// The change of the object, and why it is not written if it is not.
    fn change(&self) -> Option<(&Change, Option<String>)> {
        let plan = self.plan;
        let written = plan.changes.iter().map(|change| (change, plan.refused.get(&change.id).cloned()));
        let held = plan.held.iter().filter_map(|held| {
            let why = format!("held until {}: {}", held.until, inline(&held.reason));
            Some((held.change.as_ref()?, Some(why)))
        });
        let observed = plan.observed.iter().map(|observed| {
            let why = format!("lifecycle: {}", labels::lifecycle(observed.lifecycle));
            (&observed.change, Some(why))
        });
        written.chain(held).chain(observed).find(|(change, _)| change.id == *self.id)
    }

    /// Why nothing is to be done, or why nobody knows what is.
    fn reason(&self) -> Option<String> {
        let plan = self.plan;
        let unchanged = plan.unchanged.contains(self.id).then(|| "it is as declared".to_owned());
        let skipped = || plan.skipped.iter().find(|skipped| skipped.id == *self.id).map(labels::reason);
        let survivor = || plan.survivors.iter().find(|of| of.id == *self.id).map(labels::survivor);
        let unknown = || (self.change().is_none() && self.is_unknown()).then(|| UNKNOWN.to_owned());
        unchanged.or_else(skipped).or_else(survivor).or_else(unknown)
    }

    fn planned(&self, page: &mut String, change: &Change, why: Option<String>) {
        let cause = labels::cause(change.cause).map(|cause| format!(" ({cause})")).unwrap_or_default();
        let kept = why.map(|why| format!("; not written: {why}")).unwrap_or_default();
        row(page, "plan", &format!("{}{cause}{kept}", labels::action(change.action)));
        let layout = Layout { width: WIDTH, longest: usize::MAX, create: None, held: None };
        for line in lines(change, &layout) {
            let sign = match line.mark {
                LineMark::Added => '+',
                LineMark::Removed => '-',
                LineMark::Changed => '~',
                LineMark::Same => ' ',
            };
            row(page, "", &format!("{sign} {}", line.text));
        }
        if let Some(turn) = self.turn() {
            row(page, "order", &format!("{turn} of {}", count(self.plan.changes.len(), "change")));
        }
        for request in &change.requests {
            let path = request.path.to_string();
            row(page, "request", &format!("{} {}", request.method.as_str(), inline(&path)));
        }
    }
}

fn row(page: &mut String, label: &str, says: &str) {
    page.push_str(&format!("  {label:COLUMN$}{says}\n"));
}
