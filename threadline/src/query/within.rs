//! A page that is bounded in bytes too.

use std::pin::pin;

use futures_util::TryStreamExt as _;
use sea_orm::{ConnectionTrait, Select, StreamTrait};

use super::{
    page::Page,
    scope::withheld_columns,
    search::{Position, Search},
    timeline::Timeline,
};
use crate::{
    entity::audit_change,
    error::{Error, Result},
};

/// How many bytes of images end a page of the operator surface and of `cargo threadline incident`.
pub const PAGE_BYTES: usize = 8 * 1024 * 1024;

impl Timeline {
    /// As [`fetch`](Self::fetch), and the page ends as well where its images fill so many bytes. It
    /// holds one change at least, however large that is. A page that ends early has a `next`, or a
    /// `previous` on the way back. For pages that are held in memory: see [`PAGE_BYTES`].
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch).
    pub async fn fetch_within<C: ConnectionTrait + StreamTrait>(
        &self,
        bytes: usize,
        db: &C,
    ) -> Result<Page<audit_change::Model>> {
        self.filter.check()?;
        let way = self.way();
        let mut search = Search::new(&self.filter, way, self.position()?, self.scan_limit);
        let wanted = self.page_size + 1;
        let mut within = Within::new(bytes);
        if let Some(first) = search.begin(wanted) {
            let mut rows = pin!(db.stream(&first).await?);
            while let Some(row) = rows.try_next().await? {
                if let Some(change) = search.take(&row)?
                    && !within.take(change)
                {
                    break;
                }
            }
            if !within.is_full {
                search.begun(within.changes.len() as u64, wanted);
            }
        }
        while !within.is_full && (within.changes.len() as u64) < wanted {
            let missing = wanted - within.changes.len() as u64;
            let Some(step) = search.step(missing, db).await? else {
                break;
            };
            let before = within.changes.len();
            let step = match &self.filter.scope {
                Some(scope) => withheld_columns(scope, step),
                None => step,
            };
            within.read(step, db).await?;
            if !within.is_full {
                let found = (within.changes.len() - before) as u64;
                let last = within.changes[before..].last().map(place);
                search.found(found, last, db).await?;
            }
        }
        let Within {
            changes: mut entries,
            is_full,
            ..
        } = within;
        let end = if entries.len() as u64 == wanted {
            entries.pop();
            entries.last().map(place)
        } else if is_full {
            entries.last().map(place)
        } else {
            search.stopped()
        };
        Ok(self.page(entries, end))
    }
}

/// Changes that are read one by one, so that what does not fit any more is never held.
#[derive(Debug)]
pub(crate) struct Within {
    bytes: usize,
    size: usize,
    /// What was read.
    pub(crate) changes: Vec<audit_change::Model>,
    /// Whether there was a change that did not fit any more.
    pub(crate) is_full: bool,
}

impl Within {
    pub(crate) const fn new(bytes: usize) -> Self {
        Self {
            bytes,
            size: 0,
            changes: Vec::new(),
            is_full: false,
        }
    }

    /// Reads what a query finds, until it is full.
    pub(crate) async fn read<C: ConnectionTrait + StreamTrait>(
        &mut self,
        query: Select<audit_change::Entity>,
        db: &C,
    ) -> Result<()> {
        let mut rows = query.stream(db).await.map_err(Error::from)?;
        while let Some(change) = rows.try_next().await? {
            if !self.take(change) {
                break;
            }
        }
        Ok(())
    }

    /// Takes the change if it fits.
    fn take(&mut self, change: audit_change::Model) -> bool {
        self.is_full = self.size >= self.bytes && !self.changes.is_empty();
        if !self.is_full {
            self.size += weight(&change);
            self.changes.push(change);
        }
        !self.is_full
    }
}

fn place(change: &audit_change::Model) -> Position {
    (change.captured_at, change.id)
}

/// About how many bytes a change has.
fn weight(change: &audit_change::Model) -> usize {
    let texts = [
        Some(&change.table_pk),
        change.data_after.as_ref(),
        change.changed_from.as_ref(),
        change.linked_pk.as_ref(),
        change.exact.as_ref(),
    ];
    texts
        .into_iter()
        .flatten()
        .map(|text| text.as_str().len())
        .sum()
}
