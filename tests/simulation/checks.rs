//! The promises as functions of the server's log and the reports. What a run owes at its end is in `ends`.

use std::collections::{BTreeMap, BTreeSet};

use crate::fault::Fault;
use crate::history::{Named, holds, last_read, moments, roles, want};
use crate::road::Ended;
use crate::server::{Commit, Entry, Objects};
use enact::model::change::Change;
use enact::model::resource::ResourceId;
use serde_json::Value;

mod ends;
mod order;
mod plans;

/// How many changes a run may have in flight.
const AT_ONCE: usize = 3;

/// No run is silent for this many milliseconds: no server may ask for as much.
const LONGEST_WAIT: u64 = 400_000;
/// How many milliseconds may pass between the last look at an object and a write to it: a second of waiting, and the way
/// of the requests in between.
const FRESH: u64 = 2_000;

/// All promises that a world broke, in words.
pub(crate) fn check(ended: &Ended<'_>) -> Vec<String> {
    let mut checker = Checker { ended, roles: roles(ended), broken: Vec::new() };
    checker.entries();
    checker.pace();
    for (number, run) in ended.runs.iter().enumerate() {
        checker.plan(number, run);
        checker.outcomes(number, run);
        checker.exit(number, run);
        checker.journal(number, run);
        checker.order(number, run);
        checker.stop(number, run);
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

    /// The requests of a run, with their places in the log; not what became of them later.
    fn own(&self, run: usize) -> impl DoubleEndedIterator<Item = (usize, &Entry)> {
        self.log().iter().enumerate().filter(move |(_, entry)| entry.is_of(run) && !entry.late)
    }

    /// What a run wrote while it waited, with the places in the log.
    fn commits(&self, run: usize) -> Vec<(usize, Commit)> {
        self.own(run).filter_map(|(index, entry)| Some((index, entry.commit.clone()?))).collect()
    }

    /// Whether anybody else wrote an object in a part of the log. A write that the run no longer waited for counts.
    fn others_wrote(&self, run: usize, from: usize, to: usize, of: impl Fn(&Commit) -> bool) -> bool {
        let others = self.log()[from..to].iter().filter(|entry| !entry.is_of(run) || entry.late);
        others.filter_map(|entry| entry.commit.as_ref()).any(of)
    }

    fn entries(&mut self) {
        for index in 0..self.log().len() {
            let entry = self.log()[index].clone();
            let Some(by) = entry.by else { continue };
            if entry.asked.method == "GET" {
                continue;
            }
            if let (true, Some(commit)) = (entry.late, &entry.commit) {
                self.duplicate(index, commit, by.run);
            }
            if entry.late {
                continue;
            }
            if !by.writing {
                self.breaks("plan-reads-only", format!("entry {index} is a write"));
            }
            self.protocol(index, &entry, by.run);
            self.fresh(index, &entry, by.run);
            if let Some(commit) = &entry.commit {
                self.duplicate(index, commit, by.run);
                self.unmanaged(index, commit, by.run);
                self.stale(index, commit, by.run);
            }
        }
    }

    /// What a single write owes to the protocol of its API.
    fn protocol(&mut self, index: usize, entry: &Entry, run: usize) {
        let api = self.ended.world.profile.api;
        let body = entry.asked.body.as_ref();
        if body.is_some_and(|body| body.get("stamp").is_some()) {
            self.breaks("read-only", format!("entry {index} sends a field of the server"));
        }
        let is_update = matches!(entry.asked.method.as_str(), "PUT" | "PATCH");
        if let (true, true, Some(id)) = (api.if_match, is_update, &entry.asked.id) {
            let read = last_read(self.log(), run, index, &entry.asked.kind, id);
            let known = self.log()[..index].iter().rev().filter(|e| e.is_of(run));
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
            // An answer that came too late was received by nobody.
            if before.iter().filter(|e| !e.late && e.status >= 500).count() > 1 {
                self.breaks("keys", format!("entry {index} repeats a key that failed twice"));
            }
        }
        self.repeated(index, entry, run);
        // An update that creates an object again, because somebody has just deleted it, carries what it could know.
        let made =
            entry.commit.as_ref().filter(|commit| commit.before.is_none() && self.creates(run, commit));
        let declared = made.and_then(|made| {
            Some(self.ended.desired.get(&ResourceId::new("t", &made.kind, made.name()))?.spec())
        });
        let lacks = |field: &&String| body.is_none_or(|body| body.get(field.as_str()).is_none());
        if let Some(field) =
            declared.as_ref().and_then(Value::as_object).and_then(|declared| declared.keys().find(lacks))
        {
            self.breaks("create", format!("entry {index} leaves out `{field}`"));
        }
    }

    /// Whether a run planned to create an object.
    fn creates(&self, run: usize, commit: &Commit) -> bool {
        let id = ResourceId::new("t", &commit.kind, commit.name());
        let mut changes = self.ended.runs[run].plan.iter().flat_map(|plan| &plan.changes);
        changes.any(|change| change.id == id && change.seen.is_none())
    }

    /// A request without an answer is looked for before it is sent again, and sent again with its own key.
    fn repeated(&mut self, index: usize, entry: &Entry, run: usize) {
        let same = |e: &Entry| {
            (&e.asked.method, &e.asked.path, &e.asked.body)
                == (&entry.asked.method, &entry.asked.path, &entry.asked.body)
        };
        let before = self.own(run).take_while(|(at, _)| *at < index);
        let Some((at, last)) = before.filter(|(_, e)| same(e)).last() else { return };
        if !last.is_open() {
            return;
        }
        let keys = (last.asked.key.clone(), entry.asked.key.clone());
        let looks = |(of, e): (usize, &Entry)| {
            (at..index).contains(&of) && e.asked.method == "GET" && e.asked.kind == entry.asked.kind
        };
        if !self.own(run).any(looks) {
            self.breaks("look", format!("entry {index} is sent again without a look at what became of {at}"));
        }
        if keys.0 != keys.1 {
            self.breaks("keys", format!("entry {index} repeats entry {at} under another key"));
        }
    }

    /// No limit lies between the last look and a write.
    fn fresh(&mut self, index: usize, entry: &Entry, run: usize) {
        let shows = |e: &Entry| {
            let known = entry.asked.id.as_ref().filter(|_| self.ended.world.profile.api.ids);
            e.asked.kind == entry.asked.kind
                && known.is_none_or(|id| e.saw.iter().any(|(_, other, _)| other == id))
        };
        let before = self.own(run).take_while(|(at, _)| *at < index);
        let looks = before.filter(|(_, e)| e.asked.method == "GET" && e.status > 0 && shows(e));
        let age = looks.last().map_or(entry.at, |(_, look)| entry.at - look.at);
        if age > FRESH {
            self.breaks(
                "stale-is-refused",
                format!("entry {index} is sent {age} ms after the look before it"),
            );
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
        // Two runs at once on an API that accepts a name twice cannot see each other.
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
        if orphan && self.is_protected(commit) {
            return self.breaks("delete-needs-evidence", format!("entry {index} prunes what git protects"));
        }
        let Some(after) = &commit.after else { return };
        // Without a precondition, nothing shows what happens between the last read and a whole PUT.
        if moved && self.ended.world.profile.api.replaces && !self.ended.world.profile.api.if_match {
            return;
        }
        for (field, value) in after {
            let ours = want.fields.contains_key(field) || field == "stamp";
            let bent = self.ended.world.weather.quirk.is_some_and(|quirk| quirk.field() == field);
            if !ours && !bent && before.get(field) != Some(value) {
                self.breaks("unmanaged-survives", format!("entry {index} changes `{field}`"));
            }
        }
    }

    fn is_protected(&self, commit: &Commit) -> bool {
        let id = ResourceId::new("t", &commit.kind, commit.name());
        self.ended.desired.get(&id).is_some_and(|declared| declared.manifest.protect)
    }

    /// An object is only written if it still is what the plan saw, as far as a last look can show.
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
        let mut reads = self.reads(run, index, &commit.kind, &commit.id);
        // A request that is repeated was looked at in between.
        let of =
            |entry: &Entry| (&entry.asked.kind, entry.asked.id.as_ref()) == (&commit.kind, Some(&commit.id));
        let is_try = |(at, e): &(usize, &Entry)| *at < index && e.asked.method != "GET" && of(e);
        let tried = self.own(run).rfind(is_try).map(|(at, _)| at);
        if reads.last() > tried.as_ref() {
            reads.retain(|read| Some(*read) > tried);
        }
        let own = self.commits(run).iter().any(|(at, other)| *at < index && other.id == commit.id);
        let looks = if reads.is_empty() { vec![index] } else { reads };
        let seen = seen.body();
        let moved = |read: &usize| {
            let then = moments(self.ended, &commit.kind, commit.name(), 0, *read).pop()?;
            let then = then.get(&commit.id)?.clone();
            let mut known = want.fields.keys().filter(|field| seen.get(field).is_some());
            known.find(|field| !same_raw(field, &seen[field.as_str()], &then[field.as_str()])).cloned()
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
            entry.is_of(run)
                && entry.by.is_some_and(|by| by.writing)
                && entry.saw.iter().any(|(of, other, _)| of == kind && other == id)
        };
        (self.ended.runs[run].planned..before).filter(|index| sees(&self.log()[*index])).collect()
    }

    /// No run sends before the time that the server asked for, or waits for too long.
    fn pace(&mut self) {
        let mut until: BTreeMap<usize, (usize, u64)> = BTreeMap::new();
        let mut last: BTreeMap<usize, u64> = BTreeMap::new();
        for index in 0..self.log().len() {
            let entry = self.log()[index].clone();
            let Some(by) = entry.by.filter(|_| !entry.late) else { continue };
            if let Some((asked, until)) = until.get(&by.run).filter(|(_, until)| entry.at < *until) {
                let what = format!("entry {index} at {} ms, {until} ms were asked for at {asked}", entry.at);
                // What was on its way when the answer came cannot be called back.
                if entry.at > self.log()[*asked].at + 45 {
                    self.breaks("retry-after", what);
                }
            }
            let before = last.insert(by.run, entry.at).filter(|before| *before + LONGEST_WAIT < entry.at);
            if let Some(before) = before {
                let waited = (entry.at - before) / 1000;
                self.breaks("retry-after", format!("entry {index} was waited for {waited} s"));
            }
            if let Some(wait) = entry.retry_after.filter(|wait| *wait <= 300) {
                let asked = until.entry(by.run).or_default();
                *asked = (*asked).max((index, entry.at + wait * 1000));
            }
        }
    }

    /// Repeats cost the server at most a tenth more.
    fn budget(&mut self, run: usize) {
        let own: Vec<_> = self.own(run).map(|(_, entry)| entry).collect();
        // An answer that says that the limit is used up is a good one: what is read again after the wait is a new look.
        let failed = |entry: &Entry| {
            entry.status == 0
                || matches!(entry.status, 401 | 408 | 425 | 429 | 500..)
                || entry.fault.is_some_and(|fault| !matches!(fault, Fault::Spent { .. }))
        };
        let (mut failing, mut sent) = (BTreeMap::new(), BTreeSet::new());
        let (mut reads, mut writes) = (0, 0);
        for entry in &own {
            let asked = &entry.asked;
            if asked.method == "GET" {
                reads += usize::from(failing.insert(&asked.path, failed(entry)).unwrap_or_default());
            } else {
                let body = asked.body.as_ref().map(Value::to_string);
                writes += usize::from(!sent.insert((&asked.method, &asked.path, body)));
            }
        }
        let most = 10 + own.len() / 10;
        // The same may be read again for another reason after the run gave up on it: once for each change.
        let fresh = 6 + 2 * self.ended.desired.len();
        if writes > most || writes + reads > most + fresh {
            self.breaks("budget", format!("run {run} repeats {} of {} requests", writes + reads, own.len()));
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
