//! Asks what a delete does, and deletes whatever it can. What cannot be deleted is reported in `verdict`.

use crate::model::state::LiveObject;
use crate::run::probe::objects::Objects;
use crate::run::probe::subject::Subject;
use crate::run::probe::verdict::{ProbeVerdict, statuses};

/// Deletes the scratch object, if it was declared, and checks that it is gone.
pub(super) async fn deletes(objects: &mut Objects<'_>, verdict: &mut ProbeVerdict, subject: &Subject<'_>) {
    if !objects.is_declared(subject) {
        return;
    }
    let Ok(found) = objects.find_everywhere(subject).await else {
        return deletes_unread(objects, verdict, subject).await;
    };
    let Some(one) = found.first() else {
        if objects.created.contains_key(&subject.id) {
            verdict.left_behind(subject, "it was created, and cannot be found");
        }
        return;
    };
    if subject.form.delete.is_none() {
        return verdict.left_behind(subject, "the definition has no way to delete it");
    }
    let mut refused = None;
    for found in &found {
        refused = objects.delete(subject, found).await.err().or(refused);
    }
    if is_gone(objects, verdict, subject).await {
        says_that_it_is_gone(objects, verdict, subject, one).await;
    } else {
        let why = refused.map_or_else(String::new, |why| format!(": {why}"));
        verdict.left_behind(subject, &format!("it could not be deleted{why}"));
    }
    objects.forget(subject);
}

async fn is_gone(objects: &Objects<'_>, verdict: &mut ProbeVerdict, subject: &Subject<'_>) -> bool {
    let found = match objects.find(subject).await {
        Ok(found) if found.is_empty() => Ok("gone".to_owned()),
        Ok(_) => Err("it is still there".to_owned()),
        Err(error) => Err(error.message),
    };
    let gone = found.is_ok();
    verdict.check(subject, "deletes it", "/delete", "gone", found);
    gone
}

async fn says_that_it_is_gone(
    objects: &Objects<'_>,
    verdict: &mut ProbeVerdict,
    subject: &Subject<'_>,
    one: &LiveObject,
) {
    let Some(get) = &subject.form.get else { return };
    let found = match objects.get(subject, one).await {
        Ok(None) => Ok("as defined".to_owned()),
        Ok(Some(_)) => Err("the API answers as if it were there".to_owned()),
        Err(error) => Err(error.message),
    };
    verdict.check(subject, "says that it is gone", "/get/gone", statuses(&get.gone), found);
}

/// Deletes an object that can no longer be read, by what was read of it before.
async fn deletes_unread(objects: &Objects<'_>, verdict: &mut ProbeVerdict, subject: &Subject<'_>) {
    let gone = match objects.created.get(&subject.id) {
        Some(Some(created)) => {
            subject.form.delete.is_some() && objects.delete(subject, created).await.is_ok()
        }
        _ => false,
    };
    let found =
        if gone { "deleted, though it could not be read any more" } else { "it cannot be read any more" };
    verdict.check(subject, "deletes it", "/delete", "gone", Err(found.to_owned()));
    if !gone {
        verdict.left_behind(subject, found);
    }
}
