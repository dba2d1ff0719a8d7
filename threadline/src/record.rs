//! One record by its table and key, for programs that don't have its entity: [`record`](record()).

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, StreamTrait};

use crate::{
    as_of::{Image, Snapshot, fetch_image_of},
    codegen::TableName,
    entity::{JsonText, audit_change::Model as AuditChange},
    error::Result,
    query::{ChangeScope, Count, Moments, Page, PageToken, RecordKey, Timeline, moments, timeline},
};

/// Names a record by its table and its key, a JSON object with the value of each key column.
///
/// Where the entity is known, [`Audited::history`](crate::Audited::history) and
/// [`as_of`](crate::as_of()) check the key and the columns at compile time.
///
/// ```no_run
/// # async fn example(db: &sea_orm::DatabaseConnection) -> Result<(), Box<dyn std::error::Error>> {
/// use threadline::record;
///
/// let post = record("posts".parse()?, serde_json::from_str(r#"{"id": 42}"#)?);
/// let page = post.history().page_size(20).fetch(db).await?;
/// # Ok(()) }
/// ```
pub fn record(table: TableName, key: JsonText) -> Record {
    let key = RecordKey {
        table,
        key,
        as_recorded: false,
    };
    Record { key, scope: None }
}

/// One record by its table and key; see [`record`](record()).
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    key: RecordKey,
    scope: Option<ChangeScope>,
}

impl Record {
    /// Only what is in the scope. Default: all.
    ///
    /// Of a record that came into the scope, or left it, the history has the changes in scope. At an
    /// instant at which its newest change is out of scope it is as if nothing were known of it:
    /// [`Snapshot::BeforeHorizon`].
    pub fn in_scope(mut self, scope: &ChangeScope) -> Self {
        self.scope = Some(scope.clone());
        self
    }

    /// Takes the key as the trail has it, and does not ask the table: that may be gone, and so may
    /// the columns of the key. Changes of a partition are those of its root. Default: the table is
    /// there, and its columns read the values, so that `{"id": "7"}` finds the record `{"id": 7}`.
    ///
    /// ```
    /// use threadline::record;
    ///
    /// let key = serde_json::from_str(r#"{"id": 7}"#)?;
    /// let dropped = record("old_posts".parse()?, key).as_recorded();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn as_recorded(mut self) -> Self {
        self.key.as_recorded = true;
        self
    }

    /// The changes of the record and the TRUNCATE markers that ended it, newest first.
    pub fn history(self) -> RecordHistory {
        let timeline = timeline().record(&self).page_size(50);
        let timeline = match &self.scope {
            Some(scope) => timeline.in_scope(scope),
            None => timeline,
        };
        RecordHistory { timeline }
    }

    /// Reads the recorded image of the record at an instant.
    ///
    /// # Errors
    /// When the table is not there, a value of the key is not one of its column's type, or the
    /// database fails.
    pub async fn fetch_image<C: ConnectionTrait>(
        &self,
        at: DateTime<Utc>,
        db: &C,
    ) -> Result<Snapshot<Image>> {
        fetch_image_of(self.key.row_ref(), at, self.scope.as_ref(), db).await
    }

    /// Reads when the record changed around an instant, up to `number` times on each side, without
    /// the rows.
    ///
    /// # Errors
    /// As [`fetch_image`](Self::fetch_image).
    pub async fn fetch_moments<C: ConnectionTrait>(
        &self,
        at: DateTime<Utc>,
        number: u64,
        db: &C,
    ) -> Result<Moments> {
        moments(&self.key, self.scope.as_ref(), at, number, db).await
    }

    pub(crate) fn key(&self) -> &RecordKey {
        &self.key
    }
}

/// A query over the changes of one record; see [`Record::history`].
#[derive(Clone, Debug)]
#[must_use = "nothing is read before `fetch`"]
pub struct RecordHistory {
    timeline: Timeline,
}

impl RecordHistory {
    /// Only changes captured at this instant or later. Default: all.
    pub fn from(mut self, at: DateTime<Utc>) -> Self {
        self.timeline = self.timeline.from(at);
        self
    }

    /// Only changes captured at this instant or earlier. Default: all.
    pub fn to(mut self, at: DateTime<Utc>) -> Self {
        self.timeline = self.timeline.to(at);
        self
    }

    /// Sets the size of a page, 1 to [`MAX_PAGE_SIZE`](crate::MAX_PAGE_SIZE). Default: 50.
    pub fn page_size(mut self, size: u64) -> Self {
        self.timeline = self.timeline.page_size(size);
        self
    }

    /// Goes on where a page ended. Default: the newest change.
    pub fn after(mut self, token: PageToken) -> Self {
        self.timeline = self.timeline.after(token);
        self
    }

    /// Goes back to the page before a page: what is newer, and next to it. Still newest first.
    pub fn before(mut self, token: PageToken) -> Self {
        self.timeline = self.timeline.before(token);
        self
    }

    /// Counts the changes, up to `cap`.
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch).
    pub async fn count<C: ConnectionTrait>(&self, cap: u64, db: &C) -> Result<Count> {
        self.timeline.count(cap, db).await
    }

    /// Reads one page. In a scope it may end early and have a next one, see
    /// [`Timeline::scan_limit`].
    ///
    /// # Errors
    /// When the page token is not one of this query, the table is not there, a value of the key is
    /// not one of its column's type, or the database fails.
    pub async fn fetch<C: ConnectionTrait>(&self, db: &C) -> Result<Page<AuditChange>> {
        self.timeline.fetch(db).await
    }

    /// As [`fetch`](Self::fetch), and the page ends as well where its images fill so many bytes, see
    /// [`Timeline::fetch_within`].
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch).
    pub async fn fetch_within<C: ConnectionTrait + StreamTrait>(
        &self,
        bytes: usize,
        db: &C,
    ) -> Result<Page<AuditChange>> {
        self.timeline.fetch_within(bytes, db).await
    }
}
