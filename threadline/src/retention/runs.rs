use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::RetentionRun;
use crate::{
    entity::audit_retention_run::{Column, Entity},
    error::Result,
    query::{MAX_PAGE_SIZE, Page, PageToken, fingerprint},
};

/// Starts a query over the retention runs, newest first.
///
/// ```no_run
/// # async fn example(db: &sea_orm::DatabaseConnection) -> threadline::Result<()> {
/// let page = threadline::retention::runs().page_size(20).fetch(db).await?;
/// for run in page.entries {
///     println!("{}: {} changes", run.id, run.deleted_changes);
/// }
/// # Ok(()) }
/// ```
pub fn runs() -> RetentionRuns {
    RetentionRuns {
        page_size: 100,
        after: None,
    }
}

/// A query over the retention runs; see [`runs`].
#[derive(Clone, Debug)]
#[must_use = "nothing is read before `fetch`"]
pub struct RetentionRuns {
    page_size: u64,
    after: Option<PageToken>,
}

impl RetentionRuns {
    /// Sets how many runs a page has, from 1 to [`MAX_PAGE_SIZE`]. Default: 100.
    pub fn page_size(mut self, runs: u64) -> Self {
        self.page_size = runs.clamp(1, MAX_PAGE_SIZE);
        self
    }

    /// Begins where another page ended. Default: the newest.
    pub fn after(mut self, token: PageToken) -> Self {
        self.after = Some(token);
        self
    }

    /// Reads one page.
    ///
    /// # Errors
    /// [`Error::InvalidPageToken`](crate::Error::InvalidPageToken) when the token belongs to another
    /// query; otherwise when the database fails.
    pub async fn fetch<C: ConnectionTrait>(&self, db: &C) -> Result<Page<RetentionRun>> {
        let query = fingerprint("retention runs");
        let mut select = Entity::find().order_by_desc(Column::Id);
        if let Some(token) = &self.after {
            select = select.filter(Column::Id.lt(token.position(query)?.1));
        }
        let mut entries = select.limit(self.page_size + 1).all(db).await?;
        let more = entries.len() as u64 > self.page_size;
        if more {
            entries.pop();
        }
        let last = entries.last().filter(|_| more);
        let next = last.map(|last| PageToken::new(query, last.started_at, last.id));
        Ok(Page {
            entries,
            next,
            previous: None,
        })
    }
}
