//! What pages say about how the audit stands, read now and then: [`Standing`].

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use super::{home, reads::Reads, visit::Visit};

/// For how long what was read is good.
const FRESH: Duration = Duration::from_secs(15);

/// How the audit stands, as of a few seconds ago. A page that finds it old reads it anew.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// How many tables need capture, for the header of every page.
    gaps: Kept<usize>,
    /// What the home page says.
    pub(super) chips: Kept<home::Standing>,
}

impl Standing {
    /// How many tables need capture, if that could be read.
    pub(super) fn gaps(&self) -> Option<usize> {
        self.gaps.last()
    }

    /// Notes what a page has read for itself.
    pub(super) fn note_gaps(&self, gaps: usize) {
        self.gaps.keep(Some(gaps));
    }

    /// Reads the count anew if it is old and the operator may see it. It is the last read of a page: where it fails, the
    /// page has what it needs, and says nothing about coverage for a while.
    pub(super) async fn refresh(&self, visit: &Visit, reads: &Reads) {
        let (true, true, Ok(health)) = (visit.sees_policies(), self.gaps.is_old(), visit.health())
        else {
            return;
        };
        // Others that come meanwhile go by what there is.
        self.gaps.keep(self.gaps());
        let report = health.fetch_coverage(reads.db()).await;
        let gaps = report.ok().map(|report| report.summary.uncovered);
        self.gaps.keep(gaps);
    }
}

/// What was read last, and when.
#[derive(Debug)]
pub(super) struct Kept<T: Copy>(Cell<Option<(Instant, Option<T>)>>);

impl<T: Copy> Default for Kept<T> {
    fn default() -> Self {
        Self(Cell::new(None))
    }
}

impl<T: Copy> Kept<T> {
    /// What was read last. `None` where it could not be read.
    pub(super) fn last(&self) -> Option<T> {
        self.0.get().and_then(|(_, last)| last)
    }

    /// Whether it is time to read it.
    pub(super) fn is_old(&self) -> bool {
        self.0.get().is_none_or(|(at, _)| at.elapsed() >= FRESH)
    }

    /// Keeps it for a while, also that it could not be read.
    pub(super) fn keep(&self, read: Option<T>) {
        self.0.set(Some((Instant::now(), read)));
    }
}
