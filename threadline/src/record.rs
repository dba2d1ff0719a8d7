//! One record by its table and key, for programs that don't have its entity: [`record`](record()).

use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, QuerySelect,
    sea_query::{CommonTableExpression, Expr, ExprTrait},
};

use crate::{
    as_of::{Image, Snapshot, fetch_image_of},
    codegen::TableName,
    entity::{JsonText, audit_change::Model as AuditChange},
    error::Result,
    query::{ChangeScope, MAX_PAGE_SIZE, Page, PageToken, fingerprint, history_of, row_ref_of},
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
    let scope = None;
    Record { table, key, scope }
}

/// One record by its table and key; see [`record`](record()).
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    table: TableName,
    key: JsonText,
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

    /// The changes of the record and the TRUNCATE markers that ended it, newest first.
    pub fn history(self) -> RecordHistory {
        RecordHistory {
            record: self,
            page_size: 50,
            after: None,
        }
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
        fetch_image_of(self.row_ref(), at, self.scope.as_ref(), db).await
    }

    fn row_ref(&self) -> CommonTableExpression {
        let key = Expr::val(self.key.as_str()).cast_as("jsonb");
        row_ref_of(self.table.quoted(), key)
    }
}

/// A query over the changes of one record; see [`Record::history`].
#[derive(Clone, Debug)]
#[must_use = "nothing is read before `fetch`"]
pub struct RecordHistory {
    record: Record,
    page_size: u64,
    after: Option<PageToken>,
}

impl RecordHistory {
    /// Sets the size of a page, 1 to [`MAX_PAGE_SIZE`]. Default: 50.
    pub fn page_size(mut self, size: u64) -> Self {
        self.page_size = size.clamp(1, MAX_PAGE_SIZE);
        self
    }

    /// Goes on where a page ended. Default: the newest change.
    pub fn after(mut self, token: PageToken) -> Self {
        self.after = Some(token);
        self
    }

    /// Reads one page.
    ///
    /// # Errors
    /// When the page token is not one of this query, the table is not there, a value of the key is
    /// not one of its column's type, or the database fails.
    pub async fn fetch<C: ConnectionTrait>(&self, db: &C) -> Result<Page<AuditChange>> {
        let query = fingerprint(&format!("record_history {:?}", self.record));
        let position = |token: &PageToken| token.position(query);
        let position = self.after.as_ref().map(position).transpose()?;
        let mut entries = history_of(self.record.row_ref(), position, self.record.scope.as_ref())
            .limit(self.page_size + 1)
            .all(db)
            .await?;
        let more = entries.len() as u64 > self.page_size;
        entries.truncate(usize::try_from(self.page_size).unwrap_or(usize::MAX));
        let next = entries
            .last()
            .filter(|_| more)
            .map(|last| PageToken::new(query, last.captured_at, last.id));
        let previous = None;
        Ok(Page {
            entries,
            next,
            previous,
        })
    }
}
