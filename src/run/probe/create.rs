//! Asks what a create does. What an update does is asked in `update`.

use crate::diagnostic::{Code, Diagnostic};
use crate::model::outcome::{Outcome, WriteResult};
use crate::model::state::LiveObject;
use crate::run::probe::objects::Objects;
use crate::run::probe::subject::Subject;
use crate::run::probe::verdict::{Found, ProbeVerdict, diagnostic, statuses};

/// Whether none of the scratch objects exists. One that does belongs to somebody.
pub(super) async fn all_free(
    objects: &Objects<'_>,
    verdict: &mut ProbeVerdict,
    subjects: &[Subject<'_>],
) -> bool {
    let mut taken = Vec::new();
    for subject in subjects {
        taken.extend(why_not_free(objects, subject).await);
    }
    let free = taken.is_empty();
    verdict.diagnostics.extend(taken);
    free
}

async fn why_not_free(objects: &Objects<'_>, subject: &Subject<'_>) -> Option<Diagnostic> {
    match objects.find_everywhere(subject).await {
        Ok(found) if found.is_empty() => None,
        Ok(_) => {
            let message = format!("the {} `{}` already exists", subject.kind.name, subject.id.name);
            let taken = diagnostic(Code::ProbeTaken, message, subject);
            Some(taken.help("nothing was written; give another name with `--scratch`"))
        }
        Err(unread) => {
            let help = unread.help.as_deref();
            let help = help.unwrap_or("nothing was written; correct how the kind is read");
            let diagnostic = diagnostic(Code::ProbeUnreadable, unread.message, subject).about(&subject.id);
            Some(diagnostic.because(unread.cause).help(help))
        }
    }
}

/// Whether the scratch object can be created.
pub(super) async fn creates(
    objects: &mut Objects<'_>,
    verdict: &mut ProbeVerdict,
    subject: &Subject<'_>,
) -> bool {
    if let Err(diagnostics) = objects.declare(subject, &subject.scratch.spec) {
        verdict.diagnostics.extend(diagnostics);
        return false;
    }
    let defined = subject.form.create.as_ref();
    let defined = defined.map_or("not at all".to_owned(), |create| statuses(&create.success));
    let done = objects.apply(subject).await;
    let created = done.is_ok();
    if created {
        objects.created.insert(subject.id.clone(), None);
    }
    verdict.check(subject, "creates an object", "/create", defined, done.map(|()| "created".to_owned()));
    created
}

/// Creates the object once more. If the key is the path, that is an update, and there is nothing to ask.
pub(super) async fn is_unique(
    objects: &Objects<'_>,
    verdict: &mut ProbeVerdict,
    subject: &Subject<'_>,
    found: &LiveObject,
) {
    if subject.form.id.is_none() {
        return;
    }
    let Some(request) = objects.request(subject, None).await else { return };
    let outcome = objects.send(&[request], None).await;
    let now = objects.find(subject).await.unwrap_or_default();
    for twin in now.iter().filter(|twin| twin.remote != found.remote) {
        // One that stays is found at the end.
        let _ = objects.delete(subject, twin).await;
    }
    let defined = if subject.form.unique { "unique" } else { "not unique" };
    let found = uniqueness(subject.form.unique, &outcome, now.len());
    verdict.check(subject, "keeps keys unique", "/unique", defined, found);
}

/// What the second create says about keys, by how it ended and how many objects there are after it.
fn uniqueness(defined: bool, outcome: &Outcome, number: usize) -> Found {
    let (unique, words) = match (outcome.result(), outcome.reason(), number) {
        (WriteResult::Failed | WriteResult::Conflict, Some(reason), _) => {
            (true, format!("a second one is refused: {reason}"))
        }
        (_, _, 0 | 1) => (true, "no second one is created".to_owned()),
        (_, _, several) => (false, format!("there are {several} of this name afterwards")),
    };
    if unique == defined { Ok(words) } else { Err(words) }
}
