//! Asks what an update does. What a create does is asked in `create`.

use serde_json::Value;

use crate::compare::diff::overlaid;
use crate::defined::definition::Mode;
use crate::model::outcome::WriteResult;
use crate::model::request::Request;
use crate::model::state::LiveObject;
use crate::run::probe::objects::Objects;
use crate::run::probe::subject::Subject;
use crate::run::probe::verdict::{Found, ProbeVerdict, quoted, statuses};

/// A version that no server gives to an object.
const STALE: &str = "\"enact-stale\"";

/// Changes the scratch object as its definition says.
pub(super) async fn changes(objects: &mut Objects<'_>, verdict: &mut ProbeVerdict, subject: &Subject<'_>) {
    let Some(update) = &subject.form.update else { return };
    if let Err(diagnostics) = objects.declare(subject, &subject.changed_spec()) {
        return verdict.diagnostics.extend(diagnostics);
    }
    let done = match objects.apply(subject).await {
        Ok(()) => objects.still_differs(subject).await.map_or(Ok("all as sent".to_owned()), Err),
        Err(reason) => Err(reason),
    };
    if done.is_err() {
        // A change that failed must not affect the next questions.
        let declared = objects.declare(subject, &subject.scratch.spec);
        verdict.diagnostics.extend(declared.err().unwrap_or_default());
    }
    verdict.check(subject, "changes it", "/update", statuses(&update.success), done);
}

/// Sends an update without the fields that can be left out.
pub(super) async fn leaves_out(objects: &Objects<'_>, verdict: &mut ProbeVerdict, subject: &Subject<'_>) {
    let Some(update) = &subject.form.update else { return };
    let Some(before) = first(objects, subject).await else { return };
    let Some((request, left_out)) = partial(objects, subject, &before).await else { return };
    let outcome = objects.send(&[request], before.etag.as_deref()).await;
    let Some(after) = first(objects, subject).await else { return };
    let found = match outcome.reason() {
        None => compared(subject, update.mode(), &left_out, (&before, &after)),
        Some(reason) => Err(reason.to_owned()),
    };
    let defined = match update.mode() {
        Mode::Merge | Mode::MergePatch => "kept (merge)",
        Mode::Replace => "reset (replace)",
    };
    verdict.check(subject, "keeps or resets what an update leaves out", "/update/mode", defined, found);
    // Back to what is declared, for the next questions. If that fails, they report it.
    let _ = objects.apply(subject).await;
}

async fn first(objects: &Objects<'_>, subject: &Subject<'_>) -> Option<LiveObject> {
    objects.find(subject).await.ok()?.into_iter().next()
}

/// An update of one field and of those that cannot be left out, and the fields that it leaves out.
async fn partial(
    objects: &Objects<'_>,
    subject: &Subject<'_>,
    before: &LiveObject,
) -> Option<(Request, Vec<String>)> {
    let mut request = objects.request(subject, Some(before)).await?;
    let one = subject.scratch.change.as_object()?.keys().next()?;
    let stays = |name: &String| name == one || subject.requires(name) || subject.is("x-create-only", name);
    let (written, before) = (objects.spec(subject)?, before.body());
    let written = written.as_object()?.keys();
    let left_out = written.filter(|name| !stays(name) && before.get(name).is_some());
    let left_out: Vec<_> = left_out.cloned().collect();
    let within = subject.form.update.as_ref().map(|update| update.within.0.as_str()).unwrap_or_default();
    let body = request.body.as_mut()?.pointer_mut(within)?.as_object_mut()?;
    body.retain(|name, _| subject.form.field(name).is_none() || stays(name));
    for (name, value) in before.as_object()?.iter().filter(|(name, _)| stays(name)) {
        body.entry(name.clone()).or_insert_with(|| value.clone());
    }
    (!left_out.is_empty()).then_some((request, left_out))
}

/// Whether the left out fields became what the definition says.
fn compared(
    subject: &Subject<'_>,
    mode: Mode,
    left_out: &[String],
    (before, after): (&LiveObject, &LiveObject),
) -> Found {
    let (before, after) = (before.body(), after.body());
    let wrong = left_out.iter().filter_map(|name| {
        let default = subject.form.field(name).and_then(|field| field.get("default"));
        let (was, is) = (before.get(name), after.get(name));
        disagreement(subject, mode, name, [was, is, default])
    });
    let wrong: Vec<_> = wrong.collect();
    if wrong.is_empty() { Ok(quoted(left_out)) } else { Err(wrong.join("; ")) }
}

/// What a left out field became, if the definition says otherwise.
fn disagreement(
    subject: &Subject<'_>,
    mode: Mode,
    name: &str,
    [was, is, default]: [Option<&Value>; 3],
) -> Option<String> {
    let shape = subject.kind.shape.field(name);
    let observed = |value: Option<&Value>| shape.observed(value.unwrap_or(&Value::Null));
    let (stayed, is_default) = (observed(was) == observed(is), observed(is) == observed(default));
    let shown = |value: Option<&Value>| value.map_or("absent".to_owned(), Value::to_string);
    match mode {
        Mode::Merge | Mode::MergePatch if !stayed => Some(format!("`{name}` became {}", shown(is))),
        Mode::Replace if stayed && !is_default => Some(format!("`{name}` is kept")),
        Mode::Replace if !is_default && is.is_some() => {
            Some(format!("`{name}` became {}, and its default is {}", shown(is), shown(default)))
        }
        Mode::Merge | Mode::MergePatch | Mode::Replace => None,
    }
}

/// Sets every field back to its default, as a manifest does that no longer declares it.
pub(super) async fn goes_back(objects: &mut Objects<'_>, verdict: &mut ProbeVerdict, subject: &Subject<'_>) {
    let defaults = subject.defaults();
    if subject.form.update.is_none() || defaults.is_empty() {
        return;
    }
    let names = quoted(defaults.keys());
    let spec = overlaid(&subject.changed_spec(), &Value::Object(defaults));
    if let Err(diagnostics) = objects.declare(subject, &spec) {
        return verdict.diagnostics.extend(diagnostics);
    }
    let found = match objects.apply(subject).await {
        Ok(()) => objects.still_differs(subject).await.map_or(Ok(names), Err),
        Err(reason) => Err(reason),
    };
    verdict.check(subject, "goes back to its defaults", "/spec/properties", "each `default`", found);
    // Back to what the next questions are about. If that fails, they report it.
    let declared = objects.declare(subject, &subject.changed_spec());
    verdict.diagnostics.extend(declared.err().unwrap_or_default());
    let _ = objects.apply(subject).await;
}

/// Writes to a version that the object does not have.
pub(super) async fn matches_versions(
    objects: &Objects<'_>,
    verdict: &mut ProbeVerdict,
    subject: &Subject<'_>,
) {
    if !subject.form.update.as_ref().is_some_and(|update| update.if_match) {
        return;
    }
    let Some(live) = first(objects, subject).await else { return };
    let found = if live.etag.is_none() {
        Err("`get` gives no `ETag`".to_owned())
    } else {
        let Some(request) = objects.request(subject, Some(&live)).await else { return };
        let outcome = objects.send(&[request], Some(STALE)).await;
        match (outcome.result(), outcome.reason()) {
            (WriteResult::Conflict, _) => Ok("an older version is refused".to_owned()),
            (_, None) => Err("a write to an older version is accepted".to_owned()),
            (_, Some(reason)) => Err(reason.to_owned()),
        }
    };
    verdict.check(subject, "refuses a write to an older version", "/update/if_match", "412", found);
}
