//! The rules of a target, to be asked: as git declares them, or as they are live. What they say is in `decide`.

use crate::decide::{self, Asked};
use crate::diagnostic::Diagnostic;
use crate::run::observe::{observe_all, unread};
use crate::run::project::{Connected, Intent};

/// What git declares, as if there were nothing else. `None` if nobody has said how the objects of its system are read.
pub fn declared<'a>(intent: &Intent<'a>) -> Option<Asked<'a>> {
    let Intent { target, desired, .. } = *intent;
    decide::declared(&target.config.name, target.system.as_ref(), desired)
}

/// What the target holds, or what of it could not be read, and what to do if nothing better is known. Only reads are
/// sent. `None` as for [`declared`].
pub async fn live<'a>(at: &Connected<'a>, otherwise: &str) -> Result<Option<Asked<'a>>, Vec<Diagnostic>> {
    let Intent { target, desired, .. } = at.intent;
    let (name, system) = (&target.config.name, target.system.as_ref());
    let observed = observe_all(system, &at.http.reader(), target.config.limits.concurrency).await;
    match unread(&observed, name, otherwise) {
        unread if unread.is_empty() => Ok(decide::live(name, system, desired, &observed)),
        unread => Err(unread),
    }
}
