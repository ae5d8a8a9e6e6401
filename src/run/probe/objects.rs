//! The scratch objects of a probe: what is declared of them, and the way to the target. Only this file writes them; the
//! questions are in the other files.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde_json::{Value, json};

use crate::compare::diff::Field;
use crate::config::target::Target;
use crate::diagnostic::Diagnostic;
use crate::http::Http;
use crate::manifest::{Manifest, Source, yaml};
use crate::model::change::{Action, Change};
use crate::model::kind::api_version;
use crate::model::names::Names;
use crate::model::outcome::Outcome;
use crate::model::plan::TargetPlan;
use crate::model::request::Request;
use crate::model::resource::ResourceId;
use crate::model::state::{Declared, Desired, LiveObject, Observed};
use crate::model::wire::{Alone, ReadError, Writer as _};
use crate::plan::compare::Comparison;
use crate::plan::input::{DeclaredCounts, PlanOptions, WriteOnly};
use crate::run::journal::Nowhere;
use crate::run::plan::observe_and_plan;
use crate::run::probe::subject::Subject;
use crate::run::project::{Intent, NOTHING_ATTEMPTED};
use crate::run::recorder::Keys;
use crate::run::write;
use crate::run::write::ids::Ids;
use crate::run::write::input::WriteInput;
use crate::run::write::progress::{Progress, Seen, Unclear};
use crate::run::write::send::Sender;
use crate::run::write::tally::Tally;
use crate::system::{Draft, System};

/// The scratch objects of a probe.
pub(super) struct Objects<'a> {
    system_name: &'a str,
    target: &'a Target,
    http: &'a Http,
    name: &'a str,
    stop: &'a AtomicBool,
    /// Objects that are to exist.
    desired: Desired,
    counts: DeclaredCounts,
    options: PlanOptions,
    /// Objects whose create succeeded, each as it was read then.
    pub(super) created: BTreeMap<ResourceId, Option<LiveObject>>,
}

impl<'a> Objects<'a> {
    pub(super) fn new(
        system_name: &'a str,
        target: &'a Target,
        http: &'a Http,
        name: &'a str,
        stop: &'a AtomicBool,
    ) -> Self {
        Self {
            system_name,
            target,
            http,
            name,
            stop,
            desired: Desired::new(),
            counts: DeclaredCounts::default(),
            options: PlanOptions { write_only: WriteOnly::Nothing, ..PlanOptions::default() },
            created: BTreeMap::new(),
        }
    }

    pub(super) fn is_declared(&self, subject: &Subject<'_>) -> bool {
        self.desired.contains_key(&subject.id)
    }

    /// Declares the scratch object, as a manifest would.
    pub(super) fn declare(&mut self, subject: &Subject<'_>, spec: &Value) -> Result<(), Vec<Diagnostic>> {
        let document = json!({
            "apiVersion": api_version(self.system_name),
            "kind": subject.id.kind,
            "metadata": {"name": subject.id.name},
            "spec": subject.filled(spec, self.name),
        });
        let mut diagnostics = Vec::new();
        let document = yaml::parse(&document.to_string(), "scratch", &mut diagnostics).pop();
        let manifest = document
            .and_then(|document| Manifest::new(&document, Source::unread("scratch"), &mut diagnostics));
        let Some(manifest) = manifest else { return Err(diagnostics) };
        let declared = Declared::new(subject.id.clone(), Arc::new(manifest));
        self.desired.insert(subject.id.clone(), declared);
        self.counts = DeclaredCounts::of(&self.desired);
        Ok(())
    }

    /// The declared spec of the scratch object.
    pub(super) fn spec(&self, subject: &Subject<'_>) -> Option<Value> {
        self.desired.get(&subject.id).map(Declared::spec)
    }

    /// Removes the declaration.
    pub(super) fn forget(&mut self, subject: &Subject<'_>) {
        self.desired.remove(&subject.id);
        self.counts = DeclaredCounts::of(&self.desired);
    }

    fn system(&self) -> &'a dyn System {
        self.target.system.as_ref()
    }

    fn intent(&self) -> Intent<'_> {
        Intent {
            target: self.target,
            desired: &self.desired,
            base: None,
            attempted: &NOTHING_ATTEMPTED,
            given_up: &[],
            record: None,
            counts: &self.counts,
            options: &self.options,
            writes: true,
            guardrails: &[],
        }
    }

    async fn plan(&self) -> (Observed, TargetPlan) {
        observe_and_plan(&self.intent(), &self.http.reader()).await
    }

    /// Brings the target to what is declared, and says what prevented that for the scratch object.
    pub(super) async fn apply(&self, subject: &Subject<'_>) -> Result<(), String> {
        let (observed, plan) = self.plan().await;
        self.planned(&plan, subject)?;
        let input = WriteInput {
            ids: &Ids::default(),
            intent: self.intent(),
            refused: &plan.refused,
            observed: &observed,
            writer: &self.http.writer(),
            concurrency: 1,
            journal: &Nowhere,
            permit: &Alone,
            keys: &Keys::new(),
            stop: self.stop,
        };
        let ended = write::apply(&input, &plan.changes).await;
        let mut wrong = ended.iter().filter(|ended| !ended.outcome.is_applied());
        let wrong = wrong.find(|ended| ended.change.id == subject.id);
        wrong.map_or(Ok(()), |ended| Err(ended.outcome.to_string()))
    }

    /// What a second plan would still do to the scratch object: the fields that did not come back as sent.
    pub(super) async fn still_differs(&self, subject: &Subject<'_>) -> Option<String> {
        let (_, plan) = self.plan().await;
        let field =
            |field: &Field| format!("`{}` is {} and was sent as {}", field.path, field.before, field.after);
        match self.planned(&plan, subject) {
            Ok(change) => Some(change?.fields.iter().map(field).collect::<Vec<_>>().join("; ")),
            Err(why) => Some(why),
        }
    }

    /// The planned change of the scratch object, if it needs one; `Err` says why it cannot be planned.
    fn planned<'b>(&self, plan: &'b TargetPlan, subject: &Subject<'_>) -> Result<Option<&'b Change>, String> {
        let change = plan.changes.iter().find(|change| change.id == subject.id);
        let skipped = || plan.skipped.iter().any(|skipped| skipped.id == subject.id);
        if change.is_some() || plan.unchanged.contains(&subject.id) || skipped() {
            return Ok(change);
        }
        let others = self.desired.keys().filter(|other| **other != subject.id);
        let others: BTreeSet<_> = others.map(ToString::to_string).collect();
        let about_others =
            |diagnostic: &Diagnostic| diagnostic.subject.as_ref().is_some_and(|about| others.contains(about));
        let mut errors = plan.diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
        let why = errors.find(|diagnostic| !about_others(diagnostic));
        Err(why.map_or_else(|| "it cannot be planned".to_owned(), |why| why.message.clone()))
    }

    /// The request that would create the scratch object, or change a live one as declared.
    pub(super) async fn request(&self, subject: &Subject<'_>, live: Option<&LiveObject>) -> Option<Request> {
        let (observed, _) = self.plan().await;
        let comparison = Comparison {
            system: self.system(),
            base: None,
            attempted: &NOTHING_ATTEMPTED,
            names: Names::new(
                self.system().kinds(),
                &self.desired,
                &observed,
                &observed.index(self.system().kinds()),
            ),
            write_only: WriteOnly::Nothing,
            undoes: false,
        };
        let declared = self.desired.get(&subject.id)?;
        // Compared with an empty object, every declared field differs.
        let emptied = live.map(|live| subject.emptied(live));
        let change = comparison.change(subject.kind, declared, emptied.as_ref()).ok()??;
        change.requests.into_iter().next()
    }

    /// Sends requests of the probe's own, and repeats those that certainly were not done. There is no plan to look at
    /// the object with, so a lost answer stays lost.
    pub(super) async fn send(&self, requests: &[Request], etag: Option<&str>) -> Outcome {
        let (writer, ids) = (self.http.writer(), Ids::default());
        let turn = writer.turn();
        let sender = Sender {
            system: self.system(),
            turn: turn.as_ref(),
            ids: &ids,
            permit: &Alone,
            stop: &AtomicBool::new(false),
            tally: &Tally::default(),
            key: None,
        };
        let etag = etag.map(str::to_owned);
        let look = async |progress: &Progress| match progress.is_open() {
            true => Err(Unclear::Unseen("it is not known whether it was done".to_owned())),
            false => Ok(Seen { done: progress.done(), etag: etag.clone(), created: None }),
        };
        sender.send_all(requests, etag.clone(), look).await
    }

    /// Deletes an object; `Err` says why not.
    pub(super) async fn delete(&self, subject: &Subject<'_>, found: &LiveObject) -> Result<(), String> {
        let (names, nothing) = (Names::default(), json!({}));
        let draft = Draft {
            id: &subject.id,
            kind: subject.kind,
            action: Action::Delete,
            written: &nothing,
            declared: &nothing,
            live: Some(found),
            observed: &Value::Null,
            fields: &[],
            names: &names,
        };
        match self.system().requests(&draft) {
            Ok(requests) => {
                let outcome = self.send(&requests, found.etag.as_deref()).await;
                if outcome.is_applied() { Ok(()) } else { Err(outcome.to_string()) }
            }
            Err(diagnostic) => Err(diagnostic.message),
        }
    }

    /// The objects that have the name of the scratch object.
    pub(super) async fn find(&self, subject: &Subject<'_>) -> Result<Vec<LiveObject>, ReadError> {
        self.system().find(subject.kind, &subject.id.name, &self.http.reader()).await
    }

    /// All objects of the kind.
    pub(super) async fn list(&self, subject: &Subject<'_>) -> Result<Vec<LiveObject>, ReadError> {
        self.system().list(subject.kind, &self.http.reader()).await.map(|listing| listing.objects)
    }

    /// Reads an object that was found before.
    pub(super) async fn get(
        &self,
        subject: &Subject<'_>,
        found: &LiveObject,
    ) -> Result<Option<LiveObject>, ReadError> {
        self.system().get(subject.kind, found, &self.http.reader()).await
    }

    /// The objects that have the name of the scratch object, searched in every way, because one of the ways may be
    /// defined wrongly.
    pub(super) async fn find_everywhere(&self, subject: &Subject<'_>) -> Result<Vec<LiveObject>, ReadError> {
        let mut found = self.find(subject).await?;
        if subject.kind.listed {
            let name = |name: &str| subject.kind.folded(name);
            for listed in self.list(subject).await? {
                let is_known = found.iter().any(|known| known.remote == listed.remote);
                if name(&listed.name) == name(&subject.id.name) && !is_known {
                    found.push(listed);
                }
            }
        }
        Ok(found)
    }
}
