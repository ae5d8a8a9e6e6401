//! The promises as functions of the server's log and the reports.

use std::collections::{BTreeMap, BTreeSet};

use enact::apply::Outcome;
use enact::plan::{Action, Change};
use serde_json::{Value, json};

use crate::history::{Named, holds, last_read, moments, roles, want};
use crate::profile::KINDS;
use crate::road::{Ended, Run};
use crate::server::{Commit, Entry, Fault, Objects};

/// All promises that a world broke, in words.
pub(crate) fn check(ended: &Ended<'_>) -> Vec<String> {
    let mut checker = Checker { ended, roles: roles(ended), broken: Vec::new() };
    checker.entries();
    checker.pace();
    for (number, run) in ended.runs.iter().enumerate() {
        checker.plan(number, run);
        checker.outcomes(number, run);
        checker.order(number, run);
        checker.budget(number);
    }
    checker.end();
    checker.broken
}

struct Checker<'a> {
    ended: &'a Ended<'a>,
    roles: Objects,
    broken: Vec<String>,
}

impl Checker<'_> {
    fn log(&self) -> &[Entry] {
        &self.ended.server.log
    }

    fn breaks(&mut self, promise: &str, what: impl std::fmt::Display) {
        self.broken.push(format!("{promise}: {what}"));
    }

    /// What a run wrote, with the places in the log.
    fn commits(&self, run: usize) -> Vec<(usize, Commit)> {
        let of = self.log().iter().enumerate().filter(|(_, entry)| entry.by.is_some_and(|by| by.run == run));
        of.filter_map(|(index, entry)| Some((index, entry.commit.clone()?))).collect()
    }

    /// Whether anybody but a run wrote an object in a stretch of the log.
    fn others_wrote(&self, run: usize, from: usize, to: usize, of: impl Fn(&Commit) -> bool) -> bool {
        let others = self.log()[from..to].iter().filter(|entry| entry.by.is_none_or(|by| by.run != run));
        others.filter_map(|entry| entry.commit.as_ref()).any(of)
    }

    fn entries(&mut self) {
        for index in 0..self.log().len() {
            let entry = self.log()[index].clone();
            let Some(by) = entry.by else { continue };
            if entry.asked.method == "GET" {
                continue;
            }
            if !by.writing {
                self.breaks("plan-reads-only", format!("entry {index} is a write"));
            }
            self.protocol(index, &entry, by.run);
            if let Some(commit) = &entry.commit {
                self.duplicate(index, commit, by.run);
                self.unmanaged(index, commit, by.run);
                self.stale(index, commit, by.run);
            }
        }
    }

    /// What a single write owes the protocol of its API.
    fn protocol(&mut self, index: usize, entry: &Entry, run: usize) {
        let api = self.ended.world.profile.api;
        let body = entry.asked.body.as_ref();
        if body.is_some_and(|body| body.get("stamp").is_some()) {
            self.breaks("read-only", format!("entry {index} sends a field of the server"));
        }
        if let (true, "PUT", Some(id)) = (api.if_match, entry.asked.method.as_str(), &entry.asked.id) {
            let read = last_read(self.log(), run, index, &entry.asked.kind, id);
            let known = self.log()[..index].iter().rev().filter(|e| e.by.is_some_and(|by| by.run == run));
            let mut tags = known.flat_map(|e| e.saw.iter().filter(|(_, other, tag)| other == id && *tag > 0));
            let last = tags.next().map(|(_, _, tag)| format!("\"{tag}\""));
            if entry.asked.if_match.is_none() || entry.asked.if_match != last {
                let sent = &entry.asked.if_match;
                self.breaks("if-match", format!("entry {index} sends {sent:?}, {read:?} read {last:?}"));
            }
        }
        if let Some(key) = &entry.asked.key {
            let before: Vec<_> =
                self.log()[..index].iter().filter(|e| e.asked.key.as_ref() == Some(key)).cloned().collect();
            if before.iter().any(|e| e.asked.body != entry.asked.body) {
                self.breaks("keys", format!("entry {index} sends another body under a known key"));
            }
            if before.iter().any(|e| e.status >= 500) {
                self.breaks("keys", format!("entry {index} repeats a key after its failure was answered"));
            }
        }
        if api.keyed && entry.asked.method == "POST" {
            let own = self.log()[..index].iter().rev().find(|e| e.by.is_some_and(|by| by.run == run));
            let repeats =
                own.filter(|e| (&e.asked.method, &e.asked.body) == (&entry.asked.method, &entry.asked.body));
            let lost = repeats.filter(|e| e.status == 0 && e.fault != Some(Fault::NotSent));
            let other = lost.filter(|e| e.fault != Some(Fault::TooLarge) && e.asked.key != entry.asked.key);
            if other.is_some() {
                self.breaks("keys", format!("entry {index} repeats a lost create under another key"));
            }
        }
    }

    /// One declared object becomes at most one live object.
    fn duplicate(&mut self, index: usize, commit: &Commit, run: usize) {
        if commit.before.is_some() || commit.after.is_none() {
            return;
        }
        let now = moments(self.ended, &commit.kind, commit.name(), index, index + 1).pop().unwrap();
        if now.len() < 2 {
            return;
        }
        // Two runs at once on an API that takes a name twice can not see each other.
        let made_by = |id: &String| {
            let made = self.log().iter().find(|e| {
                e.commit.as_ref().is_some_and(|c| c.id == *id && c.before.is_none() && c.kind == commit.kind)
            });
            made.map(|entry| entry.by.map(|by| by.run))
        };
        let rivals = |other: &String| matches!(made_by(other), Some(Some(other)) if other != run);
        let others: Vec<_> = now.keys().filter(|id| **id != commit.id).collect();
        if self.ended.world.two && run < 2 && others.iter().all(|id| rivals(id)) {
            return;
        }
        self.breaks("no-duplicates", format!("entry {index} makes {} a second time", commit.name()));
    }

    /// Fields and objects that git does not declare.
    fn unmanaged(&mut self, index: usize, commit: &Commit, run: usize) {
        let Some(want) = want(self.ended, &commit.kind, commit.name()) else {
            return self.breaks("unmanaged-survives", format!("entry {index} writes an undeclared object"));
        };
        if commit.after.is_none() && !want.absent {
            return self.breaks("delete-needs-evidence", format!("entry {index} deletes a declared object"));
        }
        if commit.after.is_some() && want.absent {
            return self.breaks("unmanaged-survives", format!("entry {index} writes what is to be gone"));
        }
        let orphan = self.ended.desired.values().any(|declared| {
            declared.orphan && declared.id.name == commit.name() && declared.id.kind == commit.kind
        });
        let Some(before) = &commit.before else { return };
        let read = last_read(self.log(), run, index, &commit.kind, &commit.id);
        let is_it = |other: &Commit| other.kind == commit.kind && other.id == commit.id;
        let moved = self.others_wrote(run, read.unwrap_or(0), index, is_it);
        if orphan && !moved && !holds(self.ended, &self.roles, before, &want.fields) {
            return self.breaks("delete-needs-evidence", format!("entry {index} prunes what was changed"));
        }
        let Some(after) = &commit.after else { return };
        // Without a precondition nobody can see what happens between the last read and a whole PUT.
        if moved && self.ended.world.profile.api.replaces && !self.ended.world.profile.api.if_match {
            return;
        }
        for (field, value) in after {
            let ours = want.fields.contains_key(field) || field == "stamp";
            if !ours && before.get(field) != Some(value) {
                self.breaks("unmanaged-survives", format!("entry {index} changes `{field}`"));
            }
        }
    }

    /// An object is written only if it still is what the plan saw, as far as a last look can tell.
    fn stale(&mut self, index: usize, commit: &Commit, run: usize) {
        let record = &self.ended.runs[run];
        let of = |change: &&Change| change.id.kind == commit.kind && change.id.name == commit.name();
        let changes = record.plan.iter().flat_map(|plan| plan.changes.clone());
        let Some(change) = changes.into_iter().find(|change| of(&change)) else {
            return self.breaks("planned-only", format!("entry {index} was not planned"));
        };
        let (Some(seen), Some(want)) = (&change.seen, want(self.ended, &commit.kind, commit.name())) else {
            return;
        };
        if seen.remote.as_str() != commit.id {
            return self.breaks("stale-is-refused", format!("entry {index} writes another object"));
        }
        let reads = self.reads(run, index, &commit.kind, &commit.id);
        let own = self.commits(run).iter().any(|(at, other)| *at < index && other.id == commit.id);
        let looks = if reads.is_empty() { vec![index] } else { reads };
        let moved = |read: &usize| {
            let then = moments(self.ended, &commit.kind, commit.name(), 0, *read).pop()?;
            let then = then.get(&commit.id)?.clone();
            let mut known = want.fields.keys().filter(|field| seen.body.get(field).is_some());
            known.find(|field| !same_raw(field, &seen.body[field.as_str()], &then[field.as_str()])).cloned()
        };
        // Some looks are for other objects, so one that shows what the plan saw is enough.
        let all: Vec<_> = looks.iter().map(moved).collect();
        if let (false, Some(Some(field))) = (own || all.contains(&None), all.first()) {
            self.breaks("stale-is-refused", format!("entry {index}: `{field}` had moved at the last read"));
        }
        let many = |named: &Named| named.len() > 1;
        if moments(self.ended, &commit.kind, commit.name(), record.began, index).iter().all(many) {
            self.breaks("ambiguous", format!("entry {index} writes one of several objects of a name"));
        }
    }

    /// Where a run that had begun to write read an object, before an entry.
    fn reads(&self, run: usize, before: usize, kind: &str, id: &str) -> Vec<usize> {
        let sees = |entry: &Entry| {
            entry.by.is_some_and(|by| by.run == run && by.writing)
                && entry.saw.iter().any(|(of, other, _)| of == kind && other == id)
        };
        (self.ended.runs[run].planned..before).filter(|index| sees(&self.log()[*index])).collect()
    }

    /// Nobody sends before the time that the server asked for.
    fn pace(&mut self) {
        let mut until: BTreeMap<usize, (usize, u64)> = BTreeMap::new();
        for index in 0..self.log().len() {
            let entry = self.log()[index].clone();
            let Some(by) = entry.by else { continue };
            if let Some((asked, until)) = until.get(&by.run).filter(|(_, until)| entry.at < *until) {
                let what = format!("entry {index} at {} ms, {until} ms were asked for at {asked}", entry.at);
                // What was on its way when the answer came can not be called back.
                if entry.at > self.log()[*asked].at + 45 {
                    self.breaks("retry-after", what);
                }
            }
            if let Some(wait) = entry.retry_after.filter(|wait| *wait <= 300) {
                let asked = until.entry(by.run).or_default();
                *asked = (*asked).max((index, entry.at + wait * 1000));
            }
        }
    }

    /// Repeats cost the server at most a tenth more.
    fn budget(&mut self, run: usize) {
        let own: Vec<_> = self.log().iter().filter(|e| e.by.is_some_and(|by| by.run == run)).collect();
        let failed = |entry: &Entry| {
            entry.status == 0
                || matches!(entry.status, 401 | 408 | 425 | 429 | 500..)
                || entry.fault.is_some()
        };
        let mut last: BTreeMap<(&str, &str), (bool, usize)> = BTreeMap::new();
        let (mut repeats, mut longest) = (0, 0);
        for entry in &own {
            let key = (entry.asked.method.as_str(), entry.asked.path.as_str());
            let (fails, row) = last.get(&key).copied().unwrap_or_default();
            let row = if fails { row + 1 } else { 0 };
            repeats += usize::from(fails);
            longest = longest.max(row);
            last.insert(key, (failed(entry), row));
        }
        // The same may be asked for again, for another reason, after it was given up: once for each change.
        let fresh = 6 + 2 * self.ended.desired.len();
        let most = 10 + own.len() / 10 + fresh;
        if repeats > most {
            self.breaks("budget", format!("run {run} repeats {repeats} of {} requests", own.len()));
        }
    }

    fn plan(&mut self, number: usize, run: &Run) {
        if run.hangs {
            self.breaks("ends", format!("run {number} never ends"));
        }
        let Some(plan) = &run.plan else { return };
        if (plan.incomplete || !plan.is_sound()) && !self.commits(number).is_empty() {
            self.breaks("unreadable-is-not-absent", format!("run {number} writes without a sound plan"));
        }
        let log = self.log();
        let lost = |entry: &&Entry| entry.by.is_some_and(|by| by.run == number && !by.writing);
        let unread = log.iter().filter(lost).any(|entry| entry.fault.is_some());
        let quiet = |kind: &str| {
            let written = !self.others_wrote(number, run.began, run.planned, |commit| commit.kind == kind);
            written && (self.ended.world.lag == 0 || run.healed)
        };
        let mut wrong = Vec::new();
        for change in plan.changes.iter().filter(|change| quiet(&change.id.kind)) {
            let (kind, name) = (&change.id.kind, &change.id.name);
            let live = moments(self.ended, kind, name, run.began, run.planned).pop().unwrap();
            if change.action == Action::Create && !live.is_empty() {
                wrong.push(format!("run {number} plans to create {name}, which is there"));
            }
            if change.action == Action::Delete && live.is_empty() {
                wrong.push(format!("run {number} plans to delete {name}, which is not there"));
            }
        }
        for unchanged in plan.unchanged.iter().filter(|id| quiet(&id.kind) && quiet("Role")) {
            let live =
                moments(self.ended, &unchanged.kind, &unchanged.name, run.began, run.planned).pop().unwrap();
            let want = want(self.ended, &unchanged.kind, &unchanged.name).unwrap();
            if !self.is_as_wanted(&live, &want) {
                wrong.push(format!("run {number} holds {} for unchanged", unchanged.name));
            }
        }
        let ambiguous = plan.findings.iter().any(|finding| finding.code.contains("ambiguous"));
        if ambiguous && !self.ever_several() {
            wrong.push(format!("run {number} finds names ambiguous that are not"));
        }
        if !plan.is_sound() && !plan.incomplete && !unread && !ambiguous && quiet("Role") && quiet("Policy") {
            let codes: BTreeSet<_> = plan.findings.iter().map(|finding| finding.code).collect();
            wrong.push(format!("run {number} gives up without a reason: {codes:?}"));
        }
        wrong.into_iter().for_each(|what| self.breaks("unreadable-is-not-absent", what));
    }

    fn is_as_wanted(&self, live: &Named, want: &crate::history::Want) -> bool {
        match want.absent {
            true => live.is_empty(),
            false => live.values().any(|body| holds(self.ended, &self.roles, body, &want.fields)),
        }
    }

    /// Whether a name ever led to several objects, or may have seemed to.
    fn ever_several(&self) -> bool {
        let names =
            KINDS.iter().flat_map(|kind| crate::profile::NAMES.iter().map(move |name| (*kind, *name)));
        let end = self.log().len();
        names
            .into_iter()
            .any(|(kind, name)| moments(self.ended, kind, name, 0, end).iter().any(|n| n.len() > 1))
    }

    /// Every planned write ends in one outcome, and the outcome is true.
    fn outcomes(&mut self, number: usize, run: &Run) {
        let (Some(plan), Some(report)) = (&run.plan, &run.report) else { return };
        let tried = plan.is_sound() && !plan.changes.is_empty();
        if report.outcomes.len() != if tried { plan.changes.len() } else { 0 } {
            return self
                .breaks("one-outcome", format!("run {number} has {} outcomes", report.outcomes.len()));
        }
        if tried != report.verified.is_some() {
            self.breaks("verified", format!("run {number} is not verified"));
        }
        let commits = self.commits(number);
        for (change, outcome) in plan.changes.iter().zip(&report.outcomes) {
            let (kind, name) = (&change.id.kind, &change.id.name);
            let wrote = commits.iter().any(|(_, commit)| commit.kind == *kind && commit.name() == name);
            let told = format!("run {number}, {name}: {}", outcome.words());
            match outcome {
                Outcome::Applied => {
                    let want = want(self.ended, kind, name).unwrap();
                    let all = moments(self.ended, kind, name, run.planned, run.ended);
                    // Between the last read and a write, somebody else may change what the write does not send.
                    let is_it = |commit: &Commit| commit.kind == *kind && commit.name() == name;
                    if self.others_wrote(number, run.planned, run.ended, is_it) {
                        continue;
                    }
                    if !all.iter().any(|live| self.is_as_wanted(live, &want)) {
                        self.breaks("one-outcome", format!("{told}, and it never was"));
                    }
                }
                Outcome::Unknown { .. } => {}
                _ if wrote => self.breaks("one-outcome", format!("{told}, and it was written")),
                Outcome::Failed { .. }
                    if change.action == Action::Delete && self.was_gone(number, change) =>
                {
                    self.breaks("one-outcome", format!("{told}, and it was gone already"));
                }
                _ => {}
            }
        }
        let alone = run.healed || (self.ended.world.foreign == 0 && !self.ended.world.two);
        let alone = alone && self.ended.world.lag == 0;
        let all = report.outcomes.iter().all(|outcome| *outcome == Outcome::Applied);
        if let Some(verified) = report.verified.as_ref().filter(|_| alone && all && tried)
            && !verified.incomplete
            && !verified.changes.is_empty()
        {
            self.breaks("fixed-point", format!("run {number} applied all, and its own check finds more"));
        }
    }

    /// Whether the last delete of an object was answered honestly with 404.
    fn was_gone(&self, run: usize, change: &Change) -> bool {
        let remote = change.seen.as_ref().map(|seen| seen.remote.to_string());
        let own = self.log().iter().filter(|e| e.by.is_some_and(|by| by.run == run));
        let mut deletes = own.filter(|e| e.asked.method == "DELETE" && e.asked.id == remote);
        deletes.next_back().is_some_and(|e| e.fault.is_none() && e.status == 404)
    }

    /// Deletes come last, and only after all else went well; nothing begins after an interruption; references lead on.
    fn order(&mut self, number: usize, run: &Run) {
        let commits = self.commits(number);
        let delete = commits.iter().position(|(_, commit)| commit.after.is_none());
        if let Some(delete) = delete {
            if commits[delete..].iter().any(|(_, commit)| commit.after.is_some()) {
                self.breaks("order", format!("run {number} writes after a delete"));
            }
            let outcomes = run.report.iter().flat_map(|report| &report.outcomes);
            let changes = run.plan.iter().flat_map(|plan| &plan.changes);
            let mut failed = changes.zip(outcomes).filter(|(change, _)| change.action != Action::Delete);
            if failed.any(|(_, outcome)| *outcome != Outcome::Applied) {
                self.breaks("order", format!("run {number} deletes although a write before did not succeed"));
            }
        }
        if let Some(stopped) = run.stopped {
            let before: BTreeSet<_> =
                commits.iter().filter(|(at, _)| *at < stopped).map(|(_, c)| c.id.clone()).collect();
            let after: BTreeSet<_> = commits
                .iter()
                .filter(|(at, c)| *at >= stopped && !before.contains(&c.id))
                .map(|(_, c)| &c.id)
                .collect();
            let idle = stopped < run.planned;
            if after.len() > if idle { 0 } else { 3 } {
                self.breaks("stop", format!("run {number} goes on after it was interrupted"));
            }
        }
        for (index, commit) in commits.iter().filter(|(_, commit)| commit.kind == "Policy") {
            let named = commit.after.as_ref().map(|after| after["roles"].clone());
            for role in named.as_ref().and_then(Value::as_array).into_iter().flatten() {
                self.reference(*index, role);
            }
        }
    }

    /// A policy that enact writes names no role that was never there.
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

    /// Healed and run again, the world is as declared, and nothing is left to do.
    fn end(&mut self) {
        if self.ended.world.is_ambiguous() || (self.ended.world.two && self.ever_several()) {
            return;
        }
        let last = self.ended.runs.last().unwrap();
        if !last.is_idle() {
            self.breaks("fixed-point", "healed and run again, there still is something to do");
        }
        let began = last.began;
        if self.log()[began..].iter().any(|entry| entry.asked.method != "GET") {
            self.breaks("fixed-point", "the last run writes");
        }
        let end = self.log().len();
        for declared in self.ended.desired.values().filter(|declared| !declared.orphan) {
            let (kind, name) = (&declared.id.kind, &declared.id.name);
            let live = moments(self.ended, kind, name, end, end).pop().unwrap();
            let want = want(self.ended, kind, name).unwrap();
            if !self.is_as_wanted(&live, &want) {
                self.breaks("crash-safe", format!("{kind} {name} does not end as declared"));
            }
        }
        let theirs = self.ended.world.live.iter().filter(|_| self.ended.world.foreign == 0);
        for ((kind, id), body) in theirs {
            let name = body["name"].as_str().unwrap();
            let key = (kind.clone(), id.clone());
            if want(self.ended, kind, name).is_none() && self.ended.live.get(&key) != Some(body) {
                self.breaks("unmanaged-survives", format!("{kind} {name} is not as it was"));
            }
        }
    }
}

/// Whether two live values are the same; sets in any order.
fn same_raw(field: &str, a: &Value, b: &Value) -> bool {
    let sorted = |value: &Value| {
        let mut all: Vec<_> = value.as_array().into_iter().flatten().map(ToString::to_string).collect();
        all.sort();
        all
    };
    match field {
        "tags" | "roles" => sorted(a) == sorted(b),
        _ => a == b,
    }
}
