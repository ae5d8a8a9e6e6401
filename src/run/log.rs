//! The runs of a record, newest first, and what each did. Nothing is sent and no reference is moved.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::config::target::{Config, Target};
use crate::diagnostic::{Code, Diagnostic};
use crate::git::{Commit, Repository};
use crate::model::kind;
use crate::record::effect::{Effect, Entries};
use crate::record::entry::Entry;
use crate::record::path::{self, OBJECTS};
use crate::record::run::{RunJson, RunOutcome};
use crate::report::content::{LoggedRun, ObjectEffect, ObjectName, RunSummary, RunsContent};
use crate::run::history::History;
use crate::run::reads::Reads;
use crate::run::record::Record;
use crate::run::trust::Trust;
use crate::text::short;
use crate::words::list;

/// A run, as a record has it.
#[derive(Clone, Debug)]
pub struct Logged {
    /// The last commit that it wrote.
    pub record: Commit,
    /// The commit that it wrote before its first request; `None` if it wrote nothing to the target.
    pub begun: Option<Commit>,
    /// The record before the run.
    pub before: Option<Commit>,
    /// What the last commit says of it.
    pub run: RunJson,
}

/// The runs of a record.
pub(super) struct Runs<'a> {
    repository: &'a Repository,
    /// The next one's last commit.
    next: Option<Commit>,
}

impl<'a> Runs<'a> {
    /// The runs up to a commit of a record.
    pub(super) fn until(repository: &'a Repository, tip: Commit) -> Self {
        Self { repository, next: Some(tip) }
    }

    fn logged(&self, record: Commit) -> Result<Logged, Diagnostic> {
        let run = Record::run_of(self.repository, &record)?;
        let (mut begun, mut at, mut of) = (None, record, run.clone());
        let before = loop {
            if of.outcome == RunOutcome::Started {
                begun = Some(at);
            }
            let Some(earlier) = before(self.repository, &at, &of)? else { break None };
            of = Record::run_of(self.repository, &earlier)?;
            if of.run != run.run {
                break Some(earlier);
            }
            at = earlier;
        };
        Ok(Logged { record, begun, before, run })
    }
}

/// The commit of the record before one. The record itself says which: the first one's parent is the applied commit. Only
/// somebody who vouches for a record puts the same one on top of it.
pub(super) fn before(
    repository: &Repository,
    commit: &Commit,
    run: &RunJson,
) -> Result<Option<Commit>, Diagnostic> {
    let Some(parent) = repository.first_parent(commit)? else { return Ok(None) };
    if run.previous.as_ref() == Some(&parent.hex()) {
        return Ok(Some(parent));
    }
    let is_vouched = Record::run_of(repository, &parent).is_ok_and(|vouched| vouched == *run);
    Ok(is_vouched.then_some(parent))
}

impl Iterator for Runs<'_> {
    type Item = Result<Logged, Diagnostic>;

    fn next(&mut self) -> Option<Self::Item> {
        let record = self.next.take()?;
        let logged = self.logged(record);
        self.next = logged.as_ref().ok().and_then(|logged| logged.before);
        Some(logged)
    }
}

/// The entries of one object around a run, as `record::effect` takes them.
pub(super) struct Around {
    before: Option<Entry>,
    begun: Option<Entry>,
    after: Option<Entry>,
}

impl Around {
    pub(super) fn as_ref(&self) -> Entries<'_> {
        let Self { before, begun, after } = self;
        Entries { before: before.as_ref(), begun: begun.as_ref(), after: after.as_ref() }
    }
}

impl Logged {
    /// What the run did, object by object.
    fn effects(&self, repository: &Repository) -> Result<Vec<Effect>, Diagnostic> {
        let mut effects = Vec::new();
        for folder in self.folders(repository)? {
            effects.extend(self.effect(repository, &folder)?);
        }
        effects.sort_by(|a, b| (&a.kind, &a.name).cmp(&(&b.kind, &b.name)));
        Ok(effects)
    }

    /// The folders of the objects whose entries the run changed.
    pub(super) fn folders(&self, repository: &Repository) -> Result<BTreeSet<String>, Diagnostic> {
        let changed = |commit: &Commit| repository.changed_files(self.before.as_ref(), commit, OBJECTS);
        let mut files = changed(&self.record)?;
        // What was attempted and then not sent is no longer in the last commit.
        files.extend(self.begun.as_ref().map(changed).transpose()?.into_iter().flatten());
        let folder = |file: &String| Some(format!("{OBJECTS}/{}", path::split(file)?.0));
        Ok(files.iter().filter_map(folder).collect())
    }

    /// What the run did to the object of a folder; `None` if it left its entry alone.
    fn effect(&self, repository: &Repository, folder: &str) -> Result<Option<Effect>, Diagnostic> {
        let around = self.entries(repository, folder)?;
        let is_left = around.before == around.after && around.begun == around.after;
        Ok(Effect::of(&self.run.run, around.as_ref()).filter(|_| !is_left))
    }

    /// The entries of a folder before the run, when it began to write, and at its end.
    pub(super) fn entries(&self, repository: &Repository, folder: &str) -> Result<Around, Diagnostic> {
        let at = |commit: &Commit| Record::entry_at(repository, commit, folder);
        let before = self.before.as_ref().map(at).transpose()?.flatten();
        let after = at(&self.record)?;
        let begun = match &self.begun {
            Some(begun) if *begun != self.record => at(begun)?,
            _ => after.clone(),
        };
        Ok(Around { before, begun, after })
    }
}

/// Opens the repository of the records, and reads whose records are believed. `None` if that is not known.
pub(super) fn open(config: &Config, diagnostics: &mut Vec<Diagnostic>) -> Option<Option<History>> {
    let reads = Arc::new(Reads::within(&config.limits));
    let opened = History::open(config.folder(), None, &reads);
    let mut opened = opened.map_err(|diagnostic| diagnostics.push(diagnostic)).ok()?;
    if let Some(history) = &mut opened {
        // Nothing is done because of what is shown, so it is shown without the key, too.
        let trust = Trust::read(config, false).map_err(|wrong| diagnostics.push(wrong.allowed()));
        history.trust = trust.unwrap_or_default();
    }
    Some(opened)
}

/// The commit of a target's record. One that is not believed is reported: it can be looked at all the same.
pub(super) fn tip(
    target: &Target,
    history: &History,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Option<Commit>, Diagnostic> {
    let Some(tip) = history.record_tip(target)? else { return Ok(None) };
    let believed = history.trust.check(&history.repository, &tip);
    diagnostics.extend(believed.err().map(|untrusted| untrusted.about(&target.config.name)));
    Ok(Some(tip))
}

/// What of the records is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// Only these targets; empty is all.
    pub only: &'a [String],
    /// Only runs that changed what the record says of this object: its kind and its name.
    pub object: Option<(&'a str, &'a str)>,
    /// At most this many runs.
    pub limit: usize,
}

/// The last runs over these targets, newest first.
pub fn log(config: &Config, query: Query<'_>, diagnostics: &mut Vec<Diagnostic>) -> RunsContent {
    let named = |(kind, name): (&str, &str)| ObjectName { kind: kind.to_owned(), name: name.to_owned() };
    let folder = query.object.map(|(kind, name)| path::folder(kind, name));
    let mut found = each(config, query.only, diagnostics, |target, history, tip| {
        let mut found = Vec::new();
        for logged in Runs::until(&history.repository, tip) {
            let logged = logged?;
            let objects = match &folder {
                None => None,
                Some(folder) => match logged.effect(&history.repository, folder)? {
                    Some(effect) => Some(vec![shown(effect)]),
                    None => continue,
                },
            };
            found.push(of_target(target, &logged, objects));
            // One more than is shown says that there are older ones.
            if found.len() > query.limit {
                break;
            }
        }
        Ok(found)
    });
    if let Some((kind, _)) = query.object
        && found.runs.is_empty()
    {
        let targets = config.targets.iter();
        let asked = targets.filter(|of| query.only.is_empty() || query.only.contains(&of.config.name));
        if let Some(help) = kind::unknown(kind, asked.flat_map(|target| target.system.kinds())) {
            let message =
                format!("no record has a `{}`, and no target that was asked has such a kind", short(kind));
            diagnostics.push(Diagnostic::new(Code::CliTopic, message).help(help));
        }
    }
    found.object = query.object.map(named);
    found.runs.sort_by(|a, b| b.run.started.cmp(&a.run.started));
    found.older = found.runs.len() > query.limit;
    found.runs.truncate(query.limit);
    found
}

/// One run over each of these targets, with all that it did. `id` is its id, or the beginning of it that no other run
/// has.
pub fn show(config: &Config, only: &[String], id: &str, diagnostics: &mut Vec<Diagnostic>) -> RunsContent {
    let found = each(config, only, diagnostics, |target, history, tip| {
        let mut found = Vec::new();
        for logged in named(&history.repository, tip, id)? {
            let effects = logged.effects(&history.repository)?;
            found.push(of_target(target, &logged, Some(effects.into_iter().map(shown).collect())));
        }
        Ok(found)
    });
    let ids = found.runs.iter().map(|logged| logged.run.run.as_str());
    diagnostics.extend(wrong_id(id, ids));
    found
}

/// The runs of a record whose id begins like this.
pub(super) fn named(repository: &Repository, tip: Commit, id: &str) -> Result<Vec<Logged>, Diagnostic> {
    let mut found = Vec::new();
    for logged in Runs::until(repository, tip) {
        let logged = logged?;
        let is_whole = logged.run.run == id;
        if is_whole || logged.run.run.starts_with(id) {
            found.push(logged);
        }
        // No other run has the same.
        if is_whole {
            break;
        }
    }
    Ok(found)
}

/// Reports an id that is of no run, or of several.
pub(super) fn wrong_id<'a>(id: &str, found: impl Iterator<Item = &'a str>) -> Option<Diagnostic> {
    let ids: BTreeSet<_> = found.collect();
    let id = short(id);
    let (message, help) = match ids.len() {
        0 => (
            format!("no record in this clone has a run `{id}`"),
            "`enact log` lists the runs; fetch the records first if it was run elsewhere".to_owned(),
        ),
        1 => return None,
        _ => {
            let ids: Vec<_> = ids.into_iter().map(|id| format!("`{}`", short(id))).collect();
            (format!("`{id}` is the beginning of several runs"), format!("write one of {}", list(&ids, 5)))
        }
    };
    Some(Diagnostic::new(Code::RecordRun, message).help(help))
}

/// Asks the record of each target. What cannot be read is reported, and the rest is there.
fn each(
    config: &Config,
    only: &[String],
    diagnostics: &mut Vec<Diagnostic>,
    ask: impl Fn(&Target, &History, Commit) -> Result<Vec<LoggedRun>, Diagnostic>,
) -> RunsContent {
    let selected = config.select(only, diagnostics);
    let opened = open(config, diagnostics);
    let (in_git, remote) = (opened.as_ref().map(Option::is_some), config.record.remote.clone());
    let mut found = RunsContent { in_git, remote, ..RunsContent::default() };
    let Some(history) = opened.flatten() else { return found };
    for target in config.targets.iter().filter(|target| selected.contains(&target.config.name)) {
        let asked = tip(target, &history, diagnostics)
            .and_then(|tip| tip.map_or_else(|| Ok(Vec::new()), |tip| ask(target, &history, tip)));
        match asked {
            Ok(runs) => found.runs.extend(runs),
            Err(diagnostic) => diagnostics.push(diagnostic.about(&target.config.name)),
        }
    }
    found
}

fn of_target(target: &Target, logged: &Logged, objects: Option<Vec<ObjectEffect>>) -> LoggedRun {
    LoggedRun { target: target.config.name.clone(), run: summary(&logged.record, &logged.run), objects }
}

/// A run of a record.
pub(super) fn summary(record: &Commit, run: &RunJson) -> RunSummary {
    RunSummary {
        record: record.hex(),
        run: run.run.clone(),
        run_url: run.run_url.clone(),
        who: run.who.clone(),
        commit: run.commit.clone(),
        started: run.started.clone(),
        ended: run.ended.clone(),
        outcome: run.outcome,
        undoes: run.undoes.clone(),
        allowed: run.allowed.clone(),
        requests: run.requests,
        planned: run.planned,
        counts: run.counts.clone(),
    }
}

fn shown(effect: Effect) -> ObjectEffect {
    let Effect { kind, name, action, outcome, before, after } = effect;
    ObjectEffect { object: ObjectName { kind, name }, action, outcome, before, after }
}
