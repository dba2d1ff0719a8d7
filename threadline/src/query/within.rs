//! A page that is bounded in bytes too.

use futures_util::TryStreamExt as _;
use sea_orm::{ConnectionTrait, QuerySelect, StreamTrait};

use super::{
    page::{Page, PageToken},
    scope::withheld_columns,
    search::{Position, Search},
    timeline::Timeline,
    way::Way,
};
use crate::{
    entity::audit_change,
    error::{Error, Result},
};

impl Timeline {
    /// As [`fetch`](Self::fetch), and the page ends as well where its images fill so many bytes. It
    /// holds one change at least, however large that is.
    pub(crate) async fn fetch_within<C: ConnectionTrait + StreamTrait>(
        &self,
        bytes: usize,
        db: &C,
    ) -> Result<Page<audit_change::Model>> {
        self.filter.check()?;
        let mut search = Search::new(&self.filter, Way::Older, self.position()?, self.scan_limit);
        let mut entries: Vec<audit_change::Model> = Vec::new();
        let mut size = 0;
        let wanted = self.page_size + 1;
        let mut is_full = false;
        while !is_full && (entries.len() as u64) < wanted {
            let missing = wanted - entries.len() as u64;
            let Some(step) = search.step(missing, db).await? else {
                break;
            };
            let before = entries.len();
            // One by one, so that what does not fit any more is never held.
            let step = step.limit(missing);
            let step = match &self.filter.scope {
                Some(scope) => withheld_columns(scope, step),
                None => step,
            };
            let mut rows = step.stream(db).await.map_err(Error::from)?;
            while let Some(change) = rows.try_next().await? {
                if size >= bytes && !entries.is_empty() {
                    is_full = true;
                    break;
                }
                size += weight(&change);
                entries.push(change);
            }
            drop(rows);
            if !is_full {
                let found = (entries.len() - before) as u64;
                let last = entries[before..].last().map(place);
                search.found(found, last, db).await?;
            }
        }
        let next = if entries.len() as u64 == wanted {
            entries.pop();
            entries.last().map(place)
        } else if is_full {
            entries.last().map(place)
        } else {
            search.stopped()
        };
        let next = next.map(|(at, id)| PageToken::new(self.filter.fingerprint(), at, id));
        let previous = None;
        Ok(Page {
            entries,
            next,
            previous,
        })
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
