//! `enact unlock`: its flags, and the question before a lock is removed. Removing it is in `run::unlock`.

use std::sync::Arc;

use clap::Args;

use super::args::Global;
use super::output::Output;
use crate::diagnostic::{Code, Diagnostic};
use crate::report::content::{Content, LockStatus, UnlockContent};
use crate::report::{Ending, Report};
use crate::run::history::History;
use crate::run::reads::Reads;
use crate::run::unlock::{find, remove};

#[derive(Args)]
pub(super) struct Unlock {
    /// The target, as enact.yaml names it
    #[arg(value_name = "TARGET")]
    target: String,
    /// Removes it without asking
    #[arg(short, long)]
    yes: bool,
}

impl Unlock {
    pub(super) fn run(self, global: &Global, output: &Output) -> Report {
        let mut report = Report::of("unlock");
        let Some(config) = global.config(&mut report.files, &mut report.diagnostics) else { return report };
        if config.select(std::slice::from_ref(&self.target), &mut report.diagnostics).is_empty() {
            return report;
        }
        let reads = Arc::new(Reads::within(&config.limits));
        let place = History::open(config.folder(), None, &reads).and_then(|history| {
            // Outside of git there is only a file, which is free as soon as its process has ended.
            let place = |history: History| {
                history.place(config.record.remote.clone(), config.secret_variables(), None)
            };
            history.map(place).transpose()
        });
        let removed = place.and_then(|place| {
            let Some(place) = place else { return Ok((None, false)) };
            let Some(found) = find(&self.target, &place)? else { return Ok((None, false)) };
            let lock = found.lock.as_ref().ok().map(LockStatus::from);
            if !self.yes && !output.can_ask() {
                return Err(nobody_to_ask());
            }
            if !self.yes && !output.agreed_to_unlock(&self.target, lock.as_ref()) {
                report.ending = Ending::Declined;
                return Ok((lock, false));
            }
            remove(&found, &place)?;
            Ok((lock, true))
        });
        match removed {
            Ok((lock, removed)) => {
                report.content = Content::Unlock(UnlockContent { target: self.target, lock, removed });
            }
            Err(diagnostic) => report.diagnostics.push(diagnostic.about(&self.target)),
        }
        report
    }
}

fn nobody_to_ask() -> Diagnostic {
    let message =
        "unlock asks before it removes a lock, and there is nobody to ask here; nothing was removed";
    Diagnostic::new(Code::CliNobodyToAsk, message)
        .help("make sure that the run is gone, then run the same command with `--yes`")
}
