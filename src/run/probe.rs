//! Probes a definition: compares what a live target does with what the definition says.
//!
//! Scratch objects are created, read, changed and deleted the way every manifest is, so that the results hold there
//! too. Only the questions that no manifest can ask (what does an update drop, are names unique) need requests of their
//! own, which the write step sends.
//!
//! Here: which questions are asked, in which order. Each file below asks some of them; the objects are in `objects`.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::config::target::Target;
use crate::defined::definition::Definition;
use crate::http::Http;
use objects::Objects;
use subject::Subject;
use verdict::ProbeVerdict;

mod create;
mod delete;
mod objects;
mod read;
mod subject;
mod update;
pub mod verdict;

/// Probes those of these kinds that have a scratch object. `name` must be free: existing objects are not touched.
///
/// Once `stop` is set, no further question is asked, and what was created is deleted.
pub async fn run(
    definition: &Definition,
    kinds: &BTreeSet<&str>,
    target: &Target,
    http: &Http,
    name: &str,
    stop: &AtomicBool,
) -> ProbeVerdict {
    let mut verdict = ProbeVerdict::default();
    let mut objects = Objects::new(&definition.name, target, http, name, stop);
    let mut subjects = subject::all(definition, target, name);
    subjects.retain(|subject| kinds.contains(subject.form.name.as_str()));
    verdict.diagnostics.extend(verdict::untried(definition, kinds, &target.config.name));
    if create::all_free(&objects, &mut verdict, &subjects).await {
        for subject in &subjects {
            if stop.load(Ordering::Relaxed) || !one_kind(&mut objects, &mut verdict, subject).await {
                break;
            }
        }
        // The last first, because it may refer to those before it.
        for subject in subjects.iter().rev() {
            delete::deletes(&mut objects, &mut verdict, subject).await;
        }
    }
    verdict
}

/// Probes one kind; false if going on makes no sense.
async fn one_kind(objects: &mut Objects<'_>, verdict: &mut ProbeVerdict, subject: &Subject<'_>) -> bool {
    if !create::creates(objects, verdict, subject).await {
        return false;
    }
    let Some(found) = read::reads_back(objects, verdict, subject).await else { return false };
    create::is_unique(objects, verdict, subject, &found).await;
    update::changes(objects, verdict, subject).await;
    update::leaves_out(objects, verdict, subject).await;
    update::goes_back(objects, verdict, subject).await;
    update::matches_versions(objects, verdict, subject).await;
    true
}
