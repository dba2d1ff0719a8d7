//! What every page says about coverage, read now and then: [`Standing`].

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use super::{reads::Reads, visit::Visit};

/// For how long a count is good.
const FRESH: Duration = Duration::from_secs(15);

/// How many tables need capture, as of a few seconds ago. A page that finds the count old reads it anew.
#[derive(Debug, Default)]
pub(super) struct Standing {
    last: Cell<Option<(Instant, Option<usize>)>>,
}

impl Standing {
    /// The count, if there is one. `None` where it could not be read.
    pub(super) fn gaps(&self) -> Option<usize> {
        self.last.get().and_then(|(_, gaps)| gaps)
    }

    /// Notes a count that a page has read for itself.
    pub(super) fn note(&self, gaps: Option<usize>) {
        self.last.set(Some((Instant::now(), gaps)));
    }

    /// Reads the count anew if it is old and the operator may see it. It is the last read of a page: where it fails, the
    /// page has what it needs, and says nothing about coverage for a while.
    pub(super) async fn refresh(&self, visit: &Visit, reads: &Reads) {
        let fresh = self.last.get().is_some_and(|(at, _)| at.elapsed() < FRESH);
        let (true, false, Ok(health)) = (visit.sees_policies(), fresh, visit.health()) else {
            return;
        };
        // Others that come meanwhile go by what there is.
        self.note(self.gaps());
        let report = health.fetch_coverage(reads.db()).await;
        self.note(report.ok().map(|report| report.summary.uncovered));
    }
}
