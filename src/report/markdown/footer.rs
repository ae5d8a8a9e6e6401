//! The end of a comment: what it was made from, so that a reader sees whether it is still the one that matters, and how
//! exactly that is applied.

use super::links::Links;
use crate::report::{Report, summary};
use crate::text::markdown::code;

/// Nothing if nothing is known.
pub(super) fn footer(report: &Report, links: Links<'_>) -> String {
    let Report { commit, base_commit, targets, .. } = report;
    let commit_of = |name: &str, commit: &Option<String>| {
        commit.as_ref().map(|commit| format!("{name} {}", links.to_commit(commit)))
    };
    let digest = (!targets.is_empty()).then(|| format!("digest {}", code(&report.digest())));
    let parts = [commit_of("commit", commit), commit_of("base", base_commit), digest, links.to_job()];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        return String::new();
    }
    let how = how(report).map(|how| format!(" {how}")).unwrap_or_default();
    format!("\n---\n\n{}.{how}\n", summary::capital(&parts.join(", ")))
}

/// How exactly this plan is written, whatever moves meanwhile.
fn how(report: &Report) -> Option<String> {
    let is_plan = report.command == "plan" && report.would_write();
    let commit = report.commit.as_ref().filter(|_| is_plan)?;
    let base = report.base_commit.as_ref().map(|base| format!(" --base {base}")).unwrap_or_default();
    let plan = code(&format!("enact plan --rev {commit}{base} --out plan.json"));
    Some(format!(
        "Exactly this is written by {plan} and {}, or after the merge with {}.",
        code("enact apply plan.json"),
        code("--after-merge")
    ))
}
