//! A probe of a definition: what a live target does, beside what the definition of its system says.
//!
//! Scratch objects are created, read, changed and deleted on the road that every manifest takes, so that what holds here
//! holds there. Only the questions that no manifest can ask (what does an update drop, are names unique) are asked with
//! requests of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Map, Value, json};

use crate::compare::diff::overlaid;
use crate::config::target::Target;
use crate::defined::definition::{Definition, KeyPart, KindForm, Mode, Scratch};
use crate::diagnostic::{Code, Diagnostic};
use crate::http::Http;
use crate::manifest::{Ensure, Manifest, yaml};
use crate::model::change::Action;
use crate::model::kind::{Kind, api_version};
use crate::model::plan::TargetPlan;
use crate::model::probe::ProbeCheck;
use crate::model::request::Request;
use crate::model::resource::ResourceId;
use crate::model::state::{Declared, Desired, LiveObject, Observed};
use crate::model::wire::{Attempt, Next, ReadError, Sent, Writer as _};
use crate::plan;
use crate::plan::compare::Comparison;
use crate::plan::input::{DeclaredCounts, PlanInput, PlanOptions, WriteOnly};
use crate::run::journal::Nowhere;
use crate::run::observe::observe;
use crate::run::write::{self, WriteInput};
use crate::schema::is_true;

/// What a probe found out.
#[derive(Debug, Default)]
pub struct Verdict {
    /// In the order in which they were tried.
    pub checks: Vec<ProbeCheck>,
    /// What kept the probe from going on, and what it had to leave behind.
    pub diagnostics: Vec<Diagnostic>,
}

/// Tries every kind that has a scratch object. `name` must be free: nothing that exists is touched.
///
/// Once `stop` is set nothing more is tried, and what was created is deleted.
pub async fn run(
    definition: &Definition,
    target: &Target,
    http: &Http,
    name: &str,
    stop: &AtomicBool,
) -> Verdict {
    let mut probe = Probe {
        definition,
        target,
        http,
        name,
        desired: Desired::new(),
        made: BTreeMap::new(),
        created: BTreeSet::new(),
        verdict: Verdict::default(),
        stop,
    };
    if probe.all_free().await {
        for (index, form) in definition.kinds.iter().enumerate() {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            if let Some(scratch) = &form.scratch
                && !probe.kind(index, form, scratch).await
            {
                break;
            }
        }
        probe.clean_up().await;
    }
    probe.verdict
}

struct Probe<'a> {
    definition: &'a Definition,
    target: &'a Target,
    http: &'a Http,
    name: &'a str,
    /// The scratch objects that are to exist.
    desired: Desired,
    /// Those that were created, as they were read then.
    made: BTreeMap<ResourceId, LiveObject>,
    /// Those whose create was answered with success.
    created: BTreeSet<ResourceId>,
    verdict: Verdict,
    stop: &'a AtomicBool,
}

/// One kind that is probed.
struct Subject<'a> {
    form: &'a KindForm,
    kind: &'a Kind,
    scratch: &'a Scratch,
    /// The scratch object.
    id: ResourceId,
    /// Where the kind is defined, as a JSON pointer.
    at: String,
}

impl<'a> Probe<'a> {
    /// Whether none of the scratch objects exists. If one does, it is somebody's.
    async fn all_free(&mut self) -> bool {
        let mut taken = Vec::new();
        for form in self.definition.kinds.iter().filter(|form| form.scratch.is_some()) {
            let Some(kind) = self.target.system.kind(&form.name) else { continue };
            let name = self.name_of(form);
            match self.everywhere(kind, &name).await {
                Ok(found) if found.is_empty() => {}
                Ok(_) => taken.push(
                    self.diagnostic(Code::ProbeTaken, format!("there is a {} `{name}` already", kind.name))
                        .help("nothing was written; give another name with `--scratch`"),
                ),
                Err(error) => {
                    taken.push(self.diagnostic(Code::ProbeUnreadable, error.message.clone()).help(
                        error.help.unwrap_or_else(|| {
                            "nothing was written; correct how the kind is read".to_owned()
                        }),
                    ))
                }
            }
        }
        let free = taken.is_empty();
        self.verdict.diagnostics.extend(taken);
        free
    }

    /// The objects of a name, looked for in every way that there is: one of the ways may be defined wrongly.
    async fn everywhere(&self, kind: &Kind, name: &str) -> Result<Vec<LiveObject>, ReadError> {
        let (system, reader) = (self.target.system.as_ref(), self.http.reader());
        let mut found = system.find(kind, name, &reader).await?;
        if kind.listed {
            let listed = system.list(kind, &reader).await?;
            let more = listed.into_iter().filter(|one| kind.folded(&one.name) == kind.folded(name));
            for one in more {
                if !found.iter().any(|known| known.remote == one.remote) {
                    found.push(one);
                }
            }
        }
        Ok(found)
    }

    fn diagnostic(&self, code: Code, message: String) -> Diagnostic {
        Diagnostic::new(code, message).about(&self.target.config.name)
    }

    /// The name of a kind's scratch object: what refers to other objects refers to theirs.
    fn name_of(&self, form: &KindForm) -> String {
        let Some(kind) = self.target.system.kind(&form.name) else { return self.name.to_owned() };
        let value = |label: &str| match form.key.get(label) {
            Some(KeyPart::Names { kind, .. }) => self.name_of_kind(kind),
            _ => self.name.to_owned(),
        };
        let values: Vec<_> = kind.name_form.parts().iter().map(|part| value(&part.label)).collect();
        kind.name_form.join(values.iter().map(String::as_str))
    }

    fn name_of_kind(&self, kind: &str) -> String {
        let form = self.definition.kinds.iter().find(|form| form.name == kind);
        form.map_or_else(|| self.name.to_owned(), |form| self.name_of(form))
    }

    /// Tries one kind; false if it makes no sense to go on.
    async fn kind(&mut self, index: usize, form: &'a KindForm, scratch: &'a Scratch) -> bool {
        let target = self.target;
        let Some(kind) = target.system.kind(&form.name) else { return false };
        let id = ResourceId::new(&target.config.name, &form.name, self.name_of(form));
        let subject = Subject { form, kind, scratch, id, at: format!("/kinds/{index}") };
        if !self.creates(&subject).await {
            return false;
        }
        let Some(found) = self.reads_back(&subject).await else { return false };
        self.made.insert(subject.id.clone(), found.clone());
        self.is_unique(&subject, &found).await;
        self.changes(&subject).await;
        self.leaves_out(&subject).await;
        self.matches_versions(&subject).await;
        true
    }

    fn declare(&mut self, subject: &Subject<'_>, spec: &Value, ensure: Ensure) -> bool {
        let spec = self.filled(spec);
        let document = json!({
            "apiVersion": api_version(&self.definition.name),
            "kind": subject.id.kind,
            "metadata": {"name": subject.id.name},
            "spec": spec,
        });
        let mut diagnostics = Vec::new();
        let mut documents = yaml::parse(&document.to_string(), "scratch", &mut diagnostics);
        let manifest =
            documents.pop().and_then(|document| Manifest::new("scratch", document, &mut diagnostics));
        let Some(manifest) = manifest else {
            self.verdict.diagnostics.extend(diagnostics);
            return false;
        };
        let manifest = Arc::new(Manifest { ensure, ..manifest });
        self.desired.insert(subject.id.clone(), Declared { id: subject.id.clone(), manifest, orphan: false });
        true
    }

    /// `{scratch}` in a spec is the scratch object of the kind that is referred to; all of them have the same name but for
    /// composite keys.
    fn filled(&self, spec: &Value) -> Value {
        match spec {
            Value::String(text) if text == "{scratch}" => Value::from(self.name),
            Value::Array(items) => items.iter().map(|item| self.filled(item)).collect(),
            Value::Object(map) => map
                .iter()
                .map(|(name, value)| (name.clone(), self.filled(value)))
                .collect::<Map<_, _>>()
                .into(),
            other => other.clone(),
        }
    }

    async fn send(&self, request: &Request, etag: Option<&str>) -> Sent {
        let writer = self.http.writer();
        let (key, mut attempt) = (writer.key(), 1);
        loop {
            let sent = writer.send(request, &Attempt { etag, key: &key }).await;
            match sent {
                // Nobody else writes the scratch object.
                Sent::Open { next: Next::Again, asked, .. } if writer.pause(attempt, asked).await => {
                    attempt += 1
                }
                sent => return sent,
            }
        }
    }

    async fn plan(&self) -> (Observed, TargetPlan) {
        let config = &self.target.config;
        let system = self.target.system.as_ref();
        let observed = observe(system, &self.desired, &self.http.reader(), config.limits.concurrency).await;
        let plan = plan::plan(&PlanInput {
            target: &config.name,
            system,
            desired: &self.desired,
            base: None,
            observed: &observed,
            counts: &DeclaredCounts::of(&self.desired),
            max_deletes: self.desired.len(),
            options: &PlanOptions { write_only: WriteOnly::Nothing, ..PlanOptions::default() },
        });
        (observed, plan)
    }

    /// Makes the target as declared, and says what kept it from that.
    async fn apply(&self, id: &ResourceId) -> Result<(), String> {
        let (observed, plan) = self.plan().await;
        if let Some(diagnostic) = error_about(&plan, id) {
            return Err(diagnostic.message.clone());
        }
        let target = WriteInput {
            system: self.target.system.as_ref(),
            desired: &self.desired,
            base: None,
            observed: &observed,
            reader: &self.http.reader(),
            writer: &self.http.writer(),
            write_only: WriteOnly::Nothing,
            concurrency: 1,
            journal: &Nowhere,
            stop: self.stop,
        };
        let ended = write::apply(&target, &plan).await;
        let mut wrong = ended.iter().filter(|ended| !ended.outcome.is_applied());
        let wrong = wrong.find(|ended| ended.change.id == *id);
        wrong.map_or(Ok(()), |ended| Err(ended.outcome.to_string()))
    }

    /// What a second plan would still do to the scratch object: the fields that did not come back as they were sent.
    async fn still_differs(&self, subject: &Subject<'_>) -> Option<String> {
        let (_, plan) = self.plan().await;
        if let Some(diagnostic) = error_about(&plan, &subject.id) {
            return Some(diagnostic.message.clone());
        }
        let change = plan.changes.iter().find(|change| change.id == subject.id)?;
        let field = |field: &crate::compare::diff::Field| {
            format!("`{}` is {} and was sent as {}", field.path, field.before, field.after)
        };
        Some(change.fields.iter().map(field).collect::<Vec<_>>().join("; "))
    }

    fn tell(
        &mut self,
        subject: &Subject<'_>,
        what: &str,
        at: &str,
        defined: impl Into<String>,
        found: Result<String, String>,
    ) {
        let agrees = found.is_ok();
        let (Ok(found) | Err(found)) = found;
        self.verdict.checks.push(ProbeCheck {
            kind: subject.id.kind.clone(),
            what: what.to_owned(),
            defined: defined.into(),
            found,
            agrees,
            pointer: format!("{}{at}", subject.at),
        });
    }

    async fn creates(&mut self, subject: &Subject<'_>) -> bool {
        if !self.declare(subject, &subject.scratch.spec, Ensure::Present) {
            return false;
        }
        let defined = subject.form.create.as_ref();
        let defined = defined.map_or("not at all".to_owned(), |create| words(&create.success));
        let done = self.apply(&subject.id).await;
        let created = done.is_ok();
        if created {
            self.created.insert(subject.id.clone());
        }
        self.tell(subject, "creates an object", "/create", defined, done.map(|()| "created".to_owned()));
        created
    }

    /// The object as it is read, if there is exactly one.
    async fn reads_back(&mut self, subject: &Subject<'_>) -> Option<LiveObject> {
        let (kind, reader) = (subject.kind, self.http.reader());
        let found = self.target.system.find(kind, &subject.id.name, &reader).await;
        let one = match found {
            Err(error) => Err(error.message),
            Ok(found) => match <[LiveObject; 1]>::try_from(found) {
                Ok([one]) => Ok(one),
                Err(found) => Err(format!("there are {} objects of this name", found.len())),
            },
        };
        let told = one.as_ref().map(|one| format!("`{}`", one.remote)).map_err(Clone::clone);
        self.tell(subject, "finds it by its key", "/key", subject.id.name.clone(), told);
        let one = one.ok()?;
        let differs = self.still_differs(subject).await;
        let as_sent = differs.map_or(Ok("all as sent".to_owned()), Err);
        self.tell(subject, "reads back what was sent", "/spec", "a repeat changes nothing", as_sent);
        self.every_field(subject, &one);
        self.list_is_whole(subject, &one).await;
        Some(one)
    }

    /// What a reply has and has not.
    fn every_field(&mut self, subject: &Subject<'_>, found: &LiveObject) {
        let spec = subject.scratch.spec.as_object().into_iter().flatten();
        let write_only = |name: &str| is(subject.form, name, "writeOnly");
        let shown = spec.clone().filter(|(name, _)| write_only(name) && found.body.get(name).is_some());
        let shown: Vec<_> = shown.map(|(name, _)| format!("`{name}`")).collect();
        if !shown.is_empty() {
            let found = Err(format!("replies have {}", shown.join(", ")));
            self.tell(subject, "never shows what is write-only", "/spec/properties", "writeOnly", found);
        }
        let missing = spec.filter(|(name, _)| !write_only(name) && found.body.get(name).is_none());
        let missing: Vec<_> = missing.map(|(name, _)| format!("`{name}`")).collect();
        let every = subject.form.returns_every_field;
        let told = match (missing.is_empty(), every) {
            (true, _) => Ok("all of the scratch object".to_owned()),
            (false, true) => Err(format!("no reply has {}", missing.join(", "))),
            (false, false) => Ok(format!("all but {}", missing.join(", "))),
        };
        let defined = if every { "every field" } else { "some may be left out" };
        self.tell(subject, "returns fields", "/returns_every_field", defined, told);
        self.unknown_fields(subject, found);
    }

    /// What only the server knows. A replacing update carries it over, so it must be nothing that moves by itself.
    fn unknown_fields(&mut self, subject: &Subject<'_>, found: &LiveObject) {
        let form = subject.form;
        let known = form.spec.get("properties").and_then(Value::as_object);
        let key = form.key.values().map(|part| match part {
            KeyPart::At(at) | KeyPart::Names { at, .. } => at.0.as_str(),
        });
        let pointers: Vec<_> = key.chain(form.id.as_ref().map(|id| id.0.as_str())).collect();
        let is_known = |name: &str| {
            known.is_some_and(|known| known.contains_key(name))
                || pointers.contains(&format!("/{name}").as_str())
        };
        let replaces = form.update.as_ref().is_some_and(|update| update.mode() == Mode::Replace);
        let unknown = found.body.as_object().into_iter().flatten().map(|(name, _)| name);
        let unknown: Vec<_> =
            unknown.filter(|name| !is_known(name)).map(|name| format!("`{name}`")).collect();
        if !unknown.is_empty() {
            let becomes =
                if replaces { "they are sent back with every update" } else { "they are left alone" };
            let found = Ok(format!("replies also have {}; {becomes}", unknown.join(", ")));
            self.tell(subject, "describes all fields", "/spec/properties", "only what stands there", found);
        }
    }

    async fn list_is_whole(&mut self, subject: &Subject<'_>, found: &LiveObject) {
        let Some(list) = &subject.form.list else { return };
        let listed = self.target.system.list(subject.kind, &self.http.reader()).await;
        let told = match listed.map(|all| all.into_iter().find(|one| one.remote == found.remote)) {
            Err(error) => Err(error.message),
            Ok(None) => Err("the list does not have it".to_owned()),
            Ok(Some(_)) if !list.whole => Ok("the list has it".to_owned()),
            Ok(Some(listed)) => {
                let fields = found.body.as_object().into_iter().flatten().map(|(name, _)| name);
                let missing = fields.filter(|name| listed.body.get(name).is_none());
                let missing: Vec<_> = missing.map(|name| format!("`{name}`")).collect();
                if missing.is_empty() {
                    Ok("in full".to_owned())
                } else {
                    Err(format!("without {}", missing.join(", ")))
                }
            }
        };
        let defined = if list.whole { "in full" } else { "not in full" };
        self.tell(subject, "lists it", "/list", defined, told);
    }

    /// Creates the object once more. Where the key is the path, that is an update, and there is nothing to ask.
    async fn is_unique(&mut self, subject: &Subject<'_>, found: &LiveObject) {
        if subject.form.id.is_none() {
            return;
        }
        let Some(request) = self.request(subject, None).await else { return };
        let sent = self.send(&request, None).await;
        let now = self.target.system.find(subject.kind, &subject.id.name, &self.http.reader()).await;
        let now = now.unwrap_or_default();
        let outcome = match (&sent, now.len()) {
            (Sent::Refused(reason) | Sent::Moved(reason), _) => {
                (true, format!("a second one is refused: {reason}"))
            }
            (_, 0 | 1) => (true, "a second one is not made".to_owned()),
            (_, several) => (false, format!("there are {several} of this name then")),
        };
        for twin in now.iter().filter(|twin| twin.remote != found.remote) {
            self.delete_found(subject, twin).await;
        }
        let told = if outcome.0 == subject.form.unique { Ok(outcome.1) } else { Err(outcome.1) };
        let defined = if subject.form.unique { "unique" } else { "not unique" };
        self.tell(subject, "keeps keys unique", "/unique", defined, told);
    }

    async fn changes(&mut self, subject: &Subject<'_>) {
        let Some(update) = &subject.form.update else { return };
        let spec = overlaid(&subject.scratch.spec, &subject.scratch.change);
        if !self.declare(subject, &spec, Ensure::Present) {
            return;
        }
        let done = match self.apply(&subject.id).await {
            Ok(()) => self.still_differs(subject).await.map_or(Ok("all as sent".to_owned()), Err),
            Err(reason) => Err(reason),
        };
        if done.is_err() {
            // What cannot be changed must not stand in the way of what comes next.
            self.declare(subject, &subject.scratch.spec, Ensure::Present);
        }
        self.tell(subject, "changes it", "/update", words(&update.success), done);
    }

    /// Sends an update that leaves out all that can be left out.
    async fn leaves_out(&mut self, subject: &Subject<'_>) {
        let Some(update) = &subject.form.update else { return };
        let (reader, system) = (self.http.reader(), self.target.system.as_ref());
        let find = async || {
            system
                .find(subject.kind, &subject.id.name, &reader)
                .await
                .ok()
                .and_then(|found| found.into_iter().next())
        };
        let Some(before) = find().await else { return };
        let Some((request, left_out)) = self.partial(subject, &before).await else { return };
        let sent = self.send(&request, before.etag.as_deref()).await;
        let Some(after) = find().await else { return };
        let defined = match update.mode() {
            Mode::Merge => "kept (merge)",
            Mode::Replace => "reset (replace)",
        };
        let told = match sent {
            Sent::Done(_) => compared(subject, update.mode(), &left_out, &before, &after),
            Sent::Refused(reason) | Sent::Moved(reason) | Sent::Open { reason, .. } => Err(reason),
        };
        self.tell(subject, "does with what an update leaves out", "/update/mode", defined, told);
        // Back to what is declared, for what comes next.
        let _ = self.apply(&subject.id).await;
    }

    /// An update of one field and what cannot be left out, and the fields that it leaves out.
    async fn partial(&self, subject: &Subject<'_>, before: &LiveObject) -> Option<(Request, Vec<String>)> {
        let mut request = self.request(subject, Some(before)).await?;
        let within = subject.form.update.as_ref().map(|update| update.within.0.clone()).unwrap_or_default();
        let required =
            crate::system::body::list(&subject.form.spec, "required").iter().filter_map(Value::as_str);
        let required: Vec<_> = required.collect();
        let one = subject.scratch.change.as_object()?.keys().next()?.clone();
        let declared = self.desired.get(&subject.id)?.spec().clone();
        let written: Vec<_> = declared.as_object()?.keys().cloned().collect();
        let left_out: Vec<_> = written
            .into_iter()
            .filter(|name| {
                *name != one && !required.contains(&name.as_str()) && before.body.get(name).is_some()
            })
            .collect();
        let body = request.body.as_mut()?.pointer_mut(&within)?.as_object_mut()?;
        let properties = subject.form.spec.get("properties")?.as_object()?;
        body.retain(|name, _| {
            !properties.contains_key(name) || *name == one || required.contains(&name.as_str())
        });
        for (name, value) in before.body.as_object()? {
            if required.contains(&name.as_str()) || *name == one {
                body.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        (!left_out.is_empty()).then_some((request, left_out))
    }

    /// The request that would create the scratch object, or change a live one as declared.
    async fn request(&self, subject: &Subject<'_>, live: Option<&LiveObject>) -> Option<Request> {
        let (observed, _) = self.plan().await;
        let sides = Comparison {
            system: self.target.system.as_ref(),
            base: None,
            names: crate::model::names::Names::new(self.target.system.kinds(), &self.desired, &observed),
            write_only: WriteOnly::Nothing,
        };
        let declared = self.desired.get(&subject.id)?;
        // Against an object with nothing in it every declared field differs.
        let emptied = live.map(|live| LiveObject { body: emptied(subject, &live.body), ..live.clone() });
        let change = sides.change(subject.kind, declared, emptied.as_ref()).ok()??;
        change.requests.into_iter().next()
    }

    async fn matches_versions(&mut self, subject: &Subject<'_>) {
        if !subject.form.update.as_ref().is_some_and(|update| update.if_match) {
            return;
        }
        let reader = self.http.reader();
        let found =
            self.target.system.find(subject.kind, &subject.id.name, &reader).await.unwrap_or_default();
        let Some(found) = found.first() else { return };
        let told = match (&found.etag, self.request(subject, Some(found)).await) {
            (None, _) => Err("`get` gives no `ETag`".to_owned()),
            (Some(_), None) => return,
            (Some(_), Some(request)) => match self.send(&request, Some("\"enact-stale\"")).await {
                Sent::Moved(_) => Ok("an older version is refused".to_owned()),
                Sent::Done(_) => Err("an older version is written all the same".to_owned()),
                Sent::Refused(reason) | Sent::Open { reason, .. } => Err(reason),
            },
        };
        self.tell(subject, "refuses a write to an older version", "/update/if_match", "412", told);
    }

    /// Deletes what was created, the last first, and looks whether it is gone.
    async fn clean_up(&mut self) {
        let definition = self.definition;
        for (index, form) in definition.kinds.iter().enumerate().rev() {
            let id = ResourceId::new(&self.target.config.name, &form.name, self.name_of(form));
            let (Some(kind), Some(scratch)) = (self.target.system.kind(&form.name), &form.scratch) else {
                continue;
            };
            if !self.desired.contains_key(&id) {
                continue;
            }
            let subject = Subject { form, kind, scratch, id, at: format!("/kinds/{index}") };
            self.deletes(&subject).await;
        }
    }

    async fn deletes(&mut self, subject: &Subject<'_>) {
        let (system, reader) = (self.target.system.as_ref(), self.http.reader());
        let found = self.everywhere(subject.kind, &subject.id.name).await;
        let Ok(found) = found else { return self.deletes_unread(subject).await };
        let Some(one) = found.first() else {
            if self.created.contains(&subject.id) {
                self.left_behind(subject, "it was created, and cannot be found");
            }
            return;
        };
        if subject.form.delete.is_none() {
            return self.left_behind(subject, "the definition says of no way to delete it");
        }
        for found in &found {
            self.delete_found(subject, found).await;
        }
        let after = system.find(subject.kind, &subject.id.name, &reader).await;
        let gone = after.as_ref().is_ok_and(Vec::is_empty);
        let told = match &after {
            Ok(found) if found.is_empty() => Ok("gone".to_owned()),
            Ok(_) => Err("it is still there".to_owned()),
            Err(error) => Err(error.message.clone()),
        };
        self.tell(subject, "deletes it", "/delete", "gone", told);
        if let (true, Some(get)) = (gone, &subject.form.get) {
            let told = match system.get(subject.kind, one, &reader).await {
                Ok(None) => Ok("as defined".to_owned()),
                Ok(Some(_)) => Err("it is answered as if it were there".to_owned()),
                Err(error) => Err(error.message),
            };
            self.tell(subject, "says that it is gone", "/get/gone", words(&get.gone), told);
        }
        self.desired.remove(&subject.id);
        if !gone {
            self.left_behind(subject, "it could not be deleted");
        }
    }

    /// Deletes what cannot be read any more, by what was read of it before.
    async fn deletes_unread(&mut self, subject: &Subject<'_>) {
        let gone = match self.made.get(&subject.id) {
            Some(made) => self.delete_found(subject, made).await,
            None => false,
        };
        let found =
            if gone { "deleted, though it could not be read any more" } else { "it cannot be read any more" };
        self.tell(subject, "deletes it", "/delete", "gone", Err(found.to_owned()));
        if !gone {
            self.left_behind(subject, found);
        }
    }

    /// Whether all requests that delete it were answered with success.
    async fn delete_found(&self, subject: &Subject<'_>, found: &LiveObject) -> bool {
        let names = crate::model::names::Names::default();
        let nothing = json!({});
        let draft = crate::system::Draft {
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
        let mut done = subject.form.delete.is_some();
        for request in self.target.system.requests(&draft).unwrap_or_default() {
            done &= matches!(self.send(&request, found.etag.as_deref()).await, Sent::Done(_));
        }
        done
    }

    fn left_behind(&mut self, subject: &Subject<'_>, why: &str) {
        let message = format!("the {} `{}` stays on the target: {why}", subject.id.kind, subject.id.name);
        let diagnostic = self.diagnostic(Code::ProbeLeftBehind, message).help("delete it there by hand");
        self.verdict.diagnostics.push(diagnostic);
    }
}

/// What a plan finds wrong about an object, or about all.
fn error_about<'a>(plan: &'a TargetPlan, id: &ResourceId) -> Option<&'a Diagnostic> {
    let id = id.to_string();
    let mut errors = plan.diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
    errors.find(|diagnostic| {
        diagnostic.subject.as_ref().is_none_or(|subject| *subject == id || subject.contains("every"))
    })
}

/// Whether the left out fields did what the definition says.
fn compared(
    subject: &Subject<'_>,
    mode: Mode,
    left_out: &[String],
    before: &LiveObject,
    after: &LiveObject,
) -> Result<String, String> {
    let mut wrong = Vec::new();
    for name in left_out {
        let (was, is) = (before.body.get(name), after.body.get(name));
        let default =
            subject.form.spec.pointer("/properties").and_then(|fields| fields.get(name)?.get("default"));
        let shape = subject.kind.shape.field(name);
        let same = |a: Option<&Value>, b: Option<&Value>| {
            shape.observed(a.unwrap_or(&Value::Null)) == shape.observed(b.unwrap_or(&Value::Null))
        };
        let shown = |value: Option<&Value>| value.map_or("absent".to_owned(), Value::to_string);
        match mode {
            Mode::Merge if !same(was, is) => wrong.push(format!("`{name}` became {}", shown(is))),
            Mode::Replace if same(was, is) && !same(is, default) => wrong.push(format!("`{name}` is kept")),
            Mode::Replace if !same(is, default) && is.is_some() => {
                let message = format!("`{name}` became {}, and its default is {}", shown(is), shown(default));
                wrong.push(message);
            }
            Mode::Merge | Mode::Replace => {}
        }
    }
    if wrong.is_empty() {
        Ok(left_out.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))
    } else {
        Err(wrong.join("; "))
    }
}

/// The object with nothing in the fields that can be declared.
fn emptied(subject: &Subject<'_>, body: &Value) -> Value {
    let mut body = body.clone();
    let known = subject.form.spec.get("properties").and_then(Value::as_object);
    if let (Some(body), Some(known)) = (body.as_object_mut(), known) {
        for (name, value) in body.iter_mut() {
            if known.contains_key(name) && !is(subject.form, name, "readOnly") {
                *value = Value::Null;
            }
        }
    }
    body
}

/// Whether the schema of a field of the spec says `true` for a keyword.
fn is(form: &KindForm, field: &str, keyword: &str) -> bool {
    form.field(field).is_some_and(|field| is_true(field, keyword))
}

fn words(statuses: &[u16]) -> String {
    match statuses {
        [] => "any 2xx".to_owned(),
        some => some.iter().map(u16::to_string).collect::<Vec<_>>().join(" or "),
    }
}
