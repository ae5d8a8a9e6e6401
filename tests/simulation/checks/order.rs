//! In which order a run writes: what is referred to before what refers to it, deletes last and backwards, nothing that
//! depends on a failed write, and nothing after an interruption.

use super::{AT_ONCE, Checker};
use crate::road::Run;
use crate::server::Commit;
use enact::model::change::{Action, Change};
use enact::model::outcome::Outcome;
use enact::model::resource::ResourceId;
use serde_json::{Value, json};

impl Checker<'_> {
    pub(super) fn order(&mut self, number: usize, run: &Run) {
        let commits = self.commits(number);
        let level = |commit: &Commit| match (commit.after.is_some(), commit.kind.as_str()) {
            (true, "Role") => 0,
            (true, _) => 1,
            (false, "Policy") => 2,
            (false, _) => 3,
        };
        if !commits.is_sorted_by_key(|(_, commit)| level(commit)) {
            self.breaks("order", format!("run {number} writes in another order than is safe"));
        }
        for (index, commit) in &commits {
            self.behind(number, run, *index, commit);
            let named = commit.after.as_ref().filter(|_| commit.kind == "Policy");
            let named = named.map(|after| after["roles"].clone());
            for role in named.as_ref().and_then(Value::as_array).into_iter().flatten() {
                self.reference(*index, role);
            }
        }
    }

    /// A delete waits for all writes before it, a policy for its roles.
    fn behind(&mut self, number: usize, run: &Run, index: usize, commit: &Commit) {
        let Some(report) = &run.report else { return };
        let id = ResourceId::new("t", &commit.kind, commit.name());
        let roles = self.ended.desired.get(&id).map(|declared| declared.spec()["roles"].clone());
        let named = |role: &str| {
            roles.as_ref().and_then(Value::as_array).is_some_and(|roles| roles.contains(&json!(role)))
        };
        let needs = |change: &Change| match commit.after {
            None => change.action != Action::Delete || (commit.kind == "Role" && change.id.kind == "Policy"),
            Some(_) => change.id.kind == "Role" && named(&change.id.name),
        };
        let mut failed = report.changes().filter(|(_, outcome)| !outcome.is_some_and(Outcome::is_applied));
        if let Some((change, _)) = failed.find(|(change, _)| needs(change)) {
            let what = format!("entry {index} is written although {} did not succeed", change.id);
            self.breaks("order", format!("{what} in run {number}"));
        }
    }

    /// Nothing begins after an interruption.
    pub(super) fn stop(&mut self, number: usize, run: &Run) {
        let Some(stopped) = run.stopped else { return };
        let most = if stopped < run.planned { 0 } else { AT_ONCE };
        if self.begun(number, stopped) > most {
            self.breaks("stop", format!("run {number} goes on after it was interrupted"));
        }
    }

    /// A policy that enact writes names no role that never existed.
    fn reference(&mut self, index: usize, role: &Value) {
        let by_name = !self.ended.world.profile.api.ids;
        let key = |entry: &Commit| if by_name { json!(entry.name()) } else { json!(entry.id) };
        let live = self.ended.world.live.iter().filter(|((kind, _), _)| kind == "Role");
        let mut known: Vec<_> =
            live.map(|((_, id), body)| if by_name { body["name"].clone() } else { json!(id) }).collect();
        let made = self.log()[..index].iter().filter_map(|entry| entry.commit.as_ref());
        known.extend(made.filter(|commit| commit.kind == "Role").map(key));
        if !known.contains(role) {
            self.breaks("order", format!("entry {index} names the role {role}, which never was"));
        }
    }
}
