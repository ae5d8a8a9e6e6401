//! Asks how much of what was sent a read shows. Fields that an update drops are in `update`.

use serde_json::Value;

use crate::compare::loss::is_mask;
use crate::defined::definition::{ListForm, Mode};
use crate::model::state::LiveObject;
use crate::run::probe::objects::Objects;
use crate::run::probe::subject::Subject;
use crate::run::probe::verdict::{Found, ProbeVerdict, quoted};

/// The object as it is read, if there is exactly one.
pub(super) async fn reads_back(
    objects: &mut Objects<'_>,
    verdict: &mut ProbeVerdict,
    subject: &Subject<'_>,
) -> Option<LiveObject> {
    let one = find_one(objects, subject).await;
    let found = one.as_ref().map(|one| format!("`{}`", one.remote)).map_err(Clone::clone);
    verdict.check(subject, "finds it by its key", "/key", subject.id.name.clone(), found);
    let one = one.ok()?;
    objects.created.insert(subject.id.clone(), Some(one.clone()));
    let differs = objects.still_differs(subject).await;
    let as_sent = differs.map_or(Ok("all as sent".to_owned()), Err);
    verdict.check(subject, "reads back what was sent", "/spec", "a repeat changes nothing", as_sent);
    hides_what_is_write_only(verdict, subject, &one);
    returns_fields(verdict, subject, &one);
    describes_fields(verdict, subject, &one);
    shows_no_mask(verdict, subject, &one);
    lists(objects, verdict, subject, &one).await;
    Some(one)
}

async fn find_one(objects: &Objects<'_>, subject: &Subject<'_>) -> Result<LiveObject, String> {
    let found = objects.find(subject).await.map_err(|error| error.message)?;
    let one = <[LiveObject; 1]>::try_from(found);
    one.map(|[one]| one).map_err(|found| format!("there are {} objects of this name", found.len()))
}

/// The names of the fields of the scratch object.
fn sent<'a>(subject: &'a Subject<'_>) -> impl Iterator<Item = &'a String> {
    subject.scratch.spec.as_object().into_iter().flat_map(|spec| spec.keys())
}

/// The names of the fields of a reply.
fn fields(body: &Value) -> impl Iterator<Item = &String> {
    body.as_object().into_iter().flat_map(|body| body.keys())
}

fn hides_what_is_write_only(verdict: &mut ProbeVerdict, subject: &Subject<'_>, found: &LiveObject) {
    let body = found.body();
    let shown = sent(subject).filter(|name| subject.is("writeOnly", name) && body.get(name).is_some());
    let shown = quoted(shown);
    if !shown.is_empty() {
        let found = Err(format!("replies have {shown}"));
        verdict.check(subject, "never shows what is write-only", "/spec/properties", "writeOnly", found);
    }
}

fn returns_fields(verdict: &mut ProbeVerdict, subject: &Subject<'_>, found: &LiveObject) {
    let body = found.body();
    let missing = |name: &&String| !subject.is("writeOnly", name) && body.get(name).is_none();
    let missing = quoted(sent(subject).filter(missing));
    let all = subject.form.returns_every_field;
    let found = match (missing.is_empty(), all) {
        (true, _) => Ok("all of the scratch object".to_owned()),
        (false, true) => Err(format!("no reply has {missing}")),
        (false, false) => Ok(format!("all but {missing}")),
    };
    let defined = if all { "every field" } else { "some may be left out" };
    verdict.check(subject, "returns fields", "/returns_every_field", defined, found);
}

/// Reports fields that the definition does not describe. A replacing update sends them back, so none may change by
/// itself.
fn describes_fields(verdict: &mut ProbeVerdict, subject: &Subject<'_>, found: &LiveObject) {
    let unknown = quoted(fields(&found.body()).filter(|name| !subject.describes(name)));
    if unknown.is_empty() {
        return;
    }
    let replaces = subject.form.update.as_ref().is_some_and(|update| update.mode() == Mode::Replace);
    let becomes = if replaces { "they are sent back with every update" } else { "they are left alone" };
    let found = Ok(format!("replies also have {unknown}; {becomes}"));
    verdict.check(subject, "describes all fields", "/spec/properties", "no other fields", found);
}

/// Reports texts that look like masks: an update that sends one back would make it the value.
fn shows_no_mask(verdict: &mut ProbeVerdict, subject: &Subject<'_>, found: &LiveObject) {
    let body = found.body();
    let declared = |name: &str| subject.is("writeOnly", name) || subject.scratch.spec.get(name).is_some();
    let is_masked =
        |(name, value): &(&String, &Value)| !declared(name) && value.as_str().is_some_and(is_mask);
    let masked = quoted(body.as_object().into_iter().flatten().filter(is_masked).map(|(name, _)| name));
    if !masked.is_empty() {
        let found =
            Err(format!("replies show a mask in {masked}: mark it as `writeOnly`, with `x-replaces`"));
        verdict.check(subject, "shows values as they are", "/spec/properties", "no mask", found);
    }
}

async fn lists(objects: &Objects<'_>, verdict: &mut ProbeVerdict, subject: &Subject<'_>, found: &LiveObject) {
    let Some(list) = &subject.form.list else { return };
    let found = match objects.list(subject).await {
        Ok(all) => listed(subject, list, &all, found),
        Err(error) => Err(error.message),
    };
    let defined = if list.whole { "in full" } else { "not in full" };
    verdict.check(subject, "lists it", "/list", defined, found);
}

fn listed(subject: &Subject<'_>, list: &ListForm, all: &[LiveObject], found: &LiveObject) -> Found {
    let Some(listed) = all.iter().find(|one| one.remote == found.remote) else {
        return Err("the list does not have it".to_owned());
    };
    if !list.whole {
        return Ok("the list has it".to_owned());
    }
    let (listed, found) = (listed.body(), found.body());
    // What the server sets may move between two reads.
    let named = |is: &dyn Fn(&String) -> bool| quoted(fields(&found).filter(|name| is(name)));
    let missing = named(&|name| listed.get(name).is_none());
    let other = named(&|name| {
        let shown = listed.get(name);
        !subject.is("readOnly", name) && shown.is_some() && shown != found.get(name)
    });
    match (missing.as_str(), other.as_str()) {
        ("", "") => Ok("in full".to_owned()),
        ("", other) => Err(format!("it shows {other} otherwise than the object itself")),
        (missing, _) => Err(format!("without {missing}")),
    }
}
