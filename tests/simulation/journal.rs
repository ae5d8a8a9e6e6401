//! The journal of a run, in memory, on a disk that may be full.

use crate::road::{Peer, Site, lock};
use enact::model::change::Change;
use enact::model::outcome::Outcome;
use enact::model::resource::ResourceId;
use enact::run::journal::Journal;

/// A change that ended, as recorded.
pub(crate) type Line = (ResourceId, Outcome);

/// Where a run writes its lines.
pub(crate) struct Diary<'a, P> {
    pub(crate) site: &'a Site<'a, P>,
    pub(crate) run: usize,
}

impl<P: Peer + 'static> Journal for Diary<'_, P> {
    fn record(&self, change: &Change, outcome: &Outcome) {
        let record = &mut self.site.runs()[self.run];
        let server = lock(&self.site.server);
        match server.is_full(self.run, record.journal.len()) {
            true => drop(record.full.get_or_insert(server.length())),
            false => record.journal.push((change.id.clone(), outcome.clone())),
        }
    }

    fn broken(&self) -> Option<String> {
        self.site.runs()[self.run].full.map(|_| "the disk is full".to_owned())
    }
}
