//! The journal of a run, in memory, on a disk that may be full.

use crate::road::{Peer, Site, lock};
use enact::model::outcome::Outcome;
use enact::model::resource::ResourceId;
use enact::report::Report;
use enact::report::json::event::WriteEnded;
use enact::run::journal::Journal;
use enact::run::whose::RunId;

/// A change that ended, as recorded.
pub(crate) type Line = (ResourceId, Outcome);

/// Where a run writes its lines.
pub(crate) struct Diary<'a, P> {
    pub(crate) site: &'a Site<'a, P>,
    pub(crate) run: usize,
}

impl<P: Peer + 'static> Journal for Diary<'_, P> {
    fn begin(&self, _run: &RunId, _report: &Report) {}

    fn record(&self, ended: &WriteEnded) {
        let record = &mut self.site.runs()[self.run];
        let server = lock(&self.site.server);
        match server.is_full(self.run, record.journal.len()) {
            true => drop(record.full.get_or_insert(server.length())),
            false => record.journal.push((ended.id.clone(), ended.outcome.clone())),
        }
    }

    fn end(&self, _report: &Report) {}

    fn broken(&self) -> Option<String> {
        self.site.runs()[self.run].full.map(|_| "the disk is full".to_owned())
    }
}
