//! What the test knows by itself of the objects of a book, and the promises that it holds a run to. Nothing of it is read
//! from a record.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use enact::model::change::Action;
use enact::model::plan::TargetPlan;
use enact::model::unmanaged::Coverage;
use serde_json::json;

use super::Chapter;
use crate::history::{Body, is_as_declared};
use crate::profile::{PROTECTED, Wish};
use crate::server::{Entry, Objects};

/// The fields that the API returns as git declares them.
pub(super) const FIELDS: [&str; 4] = ["text", "limit", "tags", "roles"];

type Name = (String, String);
type Id = (String, String);

/// How often a promise was at stake. One that never is would be kept by every bug.
#[derive(Default)]
pub(super) struct Stakes {
    /// What git gave up was alive while a run planned.
    pub(super) orphans: AtomicUsize,
    /// Everything was known that a delete needs.
    pub(super) evident: AtomicUsize,
    /// What git gave up was deleted.
    pub(super) deletes: AtomicUsize,
    /// An object was alive after its day.
    pub(super) expired: AtomicUsize,
    /// A run wrote while another one wanted to.
    pub(super) turns: AtomicUsize,
}

pub(super) static STAKES: Stakes = Stakes {
    orphans: AtomicUsize::new(0),
    evident: AtomicUsize::new(0),
    deletes: AtomicUsize::new(0),
    expired: AtomicUsize::new(0),
    turns: AtomicUsize::new(0),
};

fn is_not_read(plan: &TargetPlan, kind: &str) -> bool {
    matches!(&plan.coverage, Coverage::Counted(counted) if counted.not_counted.iter().any(|other| other == kind))
}

fn at_stake(what: &AtomicUsize) {
    what.fetch_add(1, Ordering::Relaxed);
}

#[derive(Default)]
pub(super) struct Known {
    /// Objects that a run created or wrote, or was seen to take over, by kind and id, with their names.
    ours: BTreeMap<Id, String>,
    /// What git declared of them when a run that ended found them so.
    verified: BTreeMap<Id, Body>,
    /// Every spec that git declared since then, by kind and name: a run may have attempted it.
    since: BTreeMap<Name, Vec<Body>>,
    /// Objects that somebody else made, or a request after its run had ended.
    pub(super) strangers: BTreeSet<Id>,
    /// Objects that somebody changed by hand since.
    pub(super) touched: BTreeSet<Id>,
    /// What the id of a role meant.
    roles: BTreeMap<String, String>,
    pub(super) broken: Vec<String>,
}

/// What git says of a chapter.
pub(super) struct Git<'a>(pub(super) &'a BTreeMap<(&'static str, &'static str), Wish>);

impl Git<'_> {
    fn wish(&self, kind: &str, name: &str) -> Option<&Wish> {
        self.0.values().find(|wish| (wish.kind, wish.name) == (kind, name))
    }

    /// Whether it wants an object.
    fn wants(&self, kind: &str, name: &str) -> bool {
        self.wish(kind, name).is_some_and(|wish| wish.spec.is_some() && !wish.is_expired())
    }
}

impl Known {
    /// Notes what roles are called.
    pub(super) fn see(&mut self, live: &Objects) {
        let roles = live.iter().filter(|((kind, _), _)| kind == "Role");
        let named = roles.filter_map(|((_, id), body)| Some((id.clone(), body["name"].as_str()?.to_owned())));
        self.roles.extend(named);
    }

    /// Git declares this from now on.
    pub(super) fn declares(&mut self, git: &Git<'_>) {
        for wish in git.0.values().filter(|wish| git.wants(wish.kind, wish.name)) {
            let name = (wish.kind.to_owned(), wish.name.to_owned());
            self.since.entry(name).or_default().push(wish.fields());
        }
    }

    /// A run that ended found an object as git declares it. Of a run whose end may be recorded all the same, it is not sure.
    pub(super) fn verified(&mut self, (kind, name, remote): (&str, &str, &str), spec: &Body, is_sure: bool) {
        let (id, name) = ((kind.to_owned(), remote.to_owned()), name.to_owned());
        if is_sure {
            self.since.insert((kind.to_owned(), name.clone()), vec![spec.clone()]);
            self.touched.remove(&id);
        } else {
            self.touched.insert(id.clone());
        }
        self.verified.insert(id.clone(), spec.clone());
        self.ours.insert(id, name);
    }

    /// *No orphan is ever forgotten*: what enact made, wrote or took over, and git does not declare, is in every plan.
    /// `live` is what was live when it was made.
    pub(super) fn no_orphan_forgotten(&mut self, plan: &TargetPlan, live: &Objects, git: &Git<'_>) {
        for ((kind, remote), object) in live {
            let Some(name) = self.ours.get(&(kind.clone(), remote.clone())).cloned() else { continue };
            if object["name"] != json!(name) {
                continue;
            }
            let is_deleted = plan.changes.iter().any(|change| {
                change.action == Action::Delete && (&change.id.kind, &change.id.name) == (kind, &name)
            });
            if let Some(wish) = git.wish(kind, &name) {
                if wish.is_expired() {
                    at_stake(&STAKES.expired);
                    if !is_deleted {
                        self.broken.push(format!("expired: {kind} {name} ({remote}) is to stay"));
                    }
                }
                continue;
            }
            at_stake(&STAKES.orphans);
            let survivor = plan.survivors.iter().find(|one| (&one.id.kind, &one.id.name) == (kind, &name));
            // One that took the place of another under its name is told by its id: it is not in git, and is shown as such
            // as long as its kind is read.
            let mut unmanaged = plan.coverage.unmanaged().iter().filter_map(|one| one.remote.as_ref());
            let is_shown = unmanaged.any(|other| other.as_str() == remote) || is_not_read(plan, kind);
            if self.strangers.contains(&(kind.clone(), remote.clone())) && is_shown {
                continue;
            }
            let is_evident = self.is_evident(kind, remote, object);
            if is_evident {
                at_stake(&STAKES.evident);
            }
            match survivor {
                None if !is_deleted => self.broken.push(format!(
                    "nothing-forgotten: {kind} {name} ({remote}) is alive, and no plan says so"
                )),
                Some(survivor) if is_evident => {
                    let reason = survivor.reason;
                    self.broken.push(format!("pruned: {kind} {name} ({remote}) stays: {reason:?}"));
                }
                _ => {}
            }
        }
    }

    /// Whether everything that a delete needs is known of an object, and it still is as git declared it.
    fn is_evident(&self, kind: &str, remote: &str, object: &Body) -> bool {
        let key = (kind.to_owned(), remote.to_owned());
        let protected = (json!(kind), &object["name"]) == (json!(PROTECTED.0), &json!(PROTECTED.1));
        let is_verified = |spec: &Body| !spec.is_empty() && self.is_as(object, spec);
        let verified = self.verified.get(&key).is_some_and(is_verified);
        verified && !protected && !self.touched.contains(&key)
    }

    /// *No delete without an entry*: what git does not name is deleted only if it was seen to be as git declared it, and
    /// still is, or as a run may have attempted to make it since. Then what the writes of these runs made of the objects.
    pub(super) fn writes(&mut self, runs: &[usize], log: &[Entry], git: &Git<'_>) {
        for entry in log {
            let (Some(by), Some(commit)) = (entry.by, &entry.commit) else { continue };
            let (kind, name) = (commit.kind.clone(), commit.name().to_owned());
            let key = (kind.clone(), commit.id.clone());
            match (&commit.before, &commit.after) {
                // The server did it after its run had ended: nobody can know whose it is. It is not in git, and a plan
                // says so.
                (None, _) if !runs.contains(&by.run) => drop(self.strangers.insert(key)),
                (None, Some(_)) => drop(self.ours.insert(key, name)),
                // What an attempt declared counts as set by git.
                (Some(_), Some(_)) if runs.contains(&by.run) => drop(self.ours.insert(key, name)),
                (Some(before), None) => {
                    let what = format!("run {} deletes {kind} {name} ({})", by.run, commit.id);
                    let is_late = !runs.contains(&by.run);
                    let why = match (git.wish(&kind, &name), self.verified.get(&key)) {
                        (Some(_), _) if git.wants(&kind, &name) && !is_late => Some("which git declares"),
                        (Some(_), _) => None,
                        (None, None) => Some("which was never seen to be as declared"),
                        (None, Some(_)) if (kind.as_str(), name.as_str()) == PROTECTED => {
                            Some("which was protected")
                        }
                        (None, Some(_)) if !self.was_declared(&kind, &name, before) => {
                            Some("which is not as git declared it")
                        }
                        (None, Some(_)) => {
                            at_stake(&STAKES.deletes);
                            None
                        }
                    };
                    self.broken.extend(why.map(|why| format!("delete-needs-evidence: {what}, {why}")));
                }
                _ => {}
            }
            if let (Some(after), "Role") = (&commit.after, commit.kind.as_str()) {
                self.roles.insert(commit.id.clone(), after["name"].as_str().unwrap().to_owned());
            }
        }
    }

    /// *One writer*: no two runs write in turns.
    pub(super) fn one_writer(&mut self, runs: &[usize], log: &[Entry]) {
        let own = log.iter().filter(|entry| entry.asked.method != "GET" && !entry.late);
        let mut turns: Vec<_> = own.filter_map(|entry| Some(entry.by?.run)).collect();
        turns.retain(|run| runs.contains(run));
        turns.dedup();
        if runs.len() > 1 && !turns.is_empty() {
            at_stake(&STAKES.turns);
        }
        if turns.len() > runs.len() {
            self.broken.push(format!("one-writer: runs write in turns: {turns:?}"));
        }
    }

    /// Whether an object is as git declared it when it was verified, or at some time since.
    fn was_declared(&self, kind: &str, name: &str, object: &Body) -> bool {
        let specs = self.since.get(&(kind.to_owned(), name.to_owned()));
        specs.into_iter().flatten().any(|spec| self.is_as(object, spec))
    }

    /// Whether a live object holds what was declared.
    fn is_as(&self, object: &Body, spec: &Body) -> bool {
        let name = |id: &str| self.roles.get(id).cloned();
        let same = |field: &&str| {
            spec.get(*field).is_none_or(|wanted| is_as_declared(field, &object[*field], wanted, name))
        };
        FIELDS.iter().all(same)
    }

    /// Every field that git gave up of an object that it still declares went back to its default.
    pub(super) fn given_up_fields(&mut self, chapters: &[Chapter], live: &Objects) {
        let last = Git(&chapters[chapters.len() - 1].wishes);
        let defaults = crate::world::defaults();
        for ((kind, remote), object) in live {
            let key = (kind.clone(), remote.clone());
            let name = object["name"].as_str().unwrap();
            let Some(wish) = last.wish(kind, name).filter(|_| last.wants(kind, name)) else { continue };
            if self.touched.contains(&key) || self.strangers.contains(&key) {
                continue;
            }
            let told: Vec<_> =
                chapters.iter().filter_map(|chapter| chapter.wishes.get(&(wish.kind, wish.name))).collect();
            for field in FIELDS.iter().filter(|field| **field != "roles") {
                let was_set = told.iter().any(|wish| wish.fields().get(*field) == Some(&object[*field]));
                let is_others = told.iter().any(|wish| wish.ignores(field));
                let declared = wish.fields().contains_key(*field);
                if was_set && !declared && !is_others && object[*field] != defaults[*field] {
                    let value = &object[*field];
                    self.broken.push(format!("given-up: {kind} {name} keeps {field} {value}"));
                }
            }
        }
    }
}
